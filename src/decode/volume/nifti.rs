//! NIfTI-1 and NIfTI-2 volumes in one file, plain or gzipped.
//!
//! Followed: the headers `nifti1.h` and `nifti2.h` of the NIfTI Data Format Working Group. The place is that of the sform
//! where it has a code, else that of the qform (as nibabel has it); a volume with neither has none. A slope of 0, and one
//! that is no number, mean that samples are not scaled.

use std::io::{Cursor, Read};

use super::gunzip::Gunzip;
use super::{Grid, Place, Sample};
use crate::decode::DecodeError;
use crate::decode::budget::{Budget, MAX_FILE_BYTES};
use crate::slice::{Format, Slice};

/// Bytes of the two headers.
const FIRST_BYTES: usize = 348;
const SECOND_BYTES: usize = 540;

/// What the reader of a gzip file may hold: its window and its buffer.
const READER_BYTES: usize = 1 << 20;

const fn damaged(reason: &'static str) -> DecodeError {
    DecodeError::VolumeDamaged { format: "NIfTI", reason }
}

/// Whether these bytes begin a NIfTI volume in one file.
pub(in crate::decode) fn is_volume(head: &[u8]) -> bool {
    let has = |offset: usize, magic: &[u8]| head.get(offset..).is_some_and(|rest| rest.starts_with(magic));
    has(344, b"n+1\0") || has(4, b"n+2\0\r\n\x1a\n")
}

/// The first bytes of a gzip file's content; fewer where it is damaged or shorter.
pub(in crate::decode) fn gzip_head(bytes: &[u8]) -> Vec<u8> {
    let mut head = Vec::new();
    let limit = u64::try_from(SECOND_BYTES).unwrap_or(0);
    // What could be read before an error stays in the buffer, and decides.
    let _ = Gunzip::new(bytes).take(limit).read_to_end(&mut head);
    head
}

pub(in crate::decode) fn decode(path: &str, bytes: &[u8], budget: &mut Budget) -> Result<Vec<Slice>, DecodeError> {
    read(path, Cursor::new(bytes), budget)
}

pub(in crate::decode) fn decode_gzip(path: &str, bytes: &[u8], budget: &mut Budget) -> Result<Vec<Slice>, DecodeError> {
    budget.take("the inflater", Some(READER_BYTES))?;
    read(path, Gunzip::new(bytes), budget)
}

fn read(path: &str, mut bytes: impl Read, budget: &mut Budget) -> Result<Vec<Slice>, DecodeError> {
    let mut head = vec![0_u8; FIRST_BYTES];
    let cut_off = |_| damaged("its header is cut off");
    bytes.read_exact(&mut head).map_err(cut_off)?;
    if is_second(&head)?.0 {
        head.resize(SECOND_BYTES, 0);
        bytes.read_exact(head.get_mut(FIRST_BYTES..).unwrap_or_default()).map_err(cut_off)?;
    }
    let (grid, data_offset) = header(&head)?;
    let skip = data_offset.saturating_sub(head.len());
    let limit = u64::try_from(skip).unwrap_or(u64::MAX);
    budget.work("inflating the volume", Some(skip))?;
    std::io::copy(&mut (&mut bytes).take(limit), &mut std::io::sink())
        .map_err(|_| damaged("its compressed data are damaged"))?;
    super::slices(path, &grid, bytes, budget)
}

/// Numbers of the header in its byte order.
struct Fields<'a> {
    head: &'a [u8],
    is_big_endian: bool,
}

macro_rules! field {
    ($name:ident, $kind:ty) => {
        fn $name(&self, at: usize) -> $kind {
            let bytes = self.head.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or_default();
            if self.is_big_endian { <$kind>::from_be_bytes(bytes) } else { <$kind>::from_le_bytes(bytes) }
        }
    };
}

impl Fields<'_> {
    field!(i16, i16);
    field!(i32, i32);
    field!(i64, i64);
    field!(f32, f32);
    field!(f64, f64);
}

/// What both versions of the header say.
struct Header {
    dim: [i64; 8],
    pixdim: [f64; 8],
    datatype: i16,
    offset: f64,
    slope: f64,
    intercept: f64,
    units: i32,
    qform_code: i32,
    sform_code: i32,
    quaternion: [f64; 3],
    qoffset: [f64; 3],
    srow: [[f64; 4]; 3],
}

/// Whether a header is that of NIfTI-2, and whether it is in big endian: both show in its first field, its length.
fn is_second(head: &[u8]) -> Result<(bool, bool), DecodeError> {
    let first: [u8; 4] = head.first_chunk().copied().unwrap_or_default();
    match (i32::from_le_bytes(first), i32::from_be_bytes(first)) {
        (348, _) => Ok((false, false)),
        (_, 348) => Ok((false, true)),
        (540, _) => Ok((true, false)),
        (_, 540) => Ok((true, true)),
        _ => Err(damaged("its header has neither of the two lengths")),
    }
}

fn header(head: &[u8]) -> Result<(Grid, usize), DecodeError> {
    let (is_second, is_big_endian) = is_second(head)?;
    let fields = Fields { head, is_big_endian };
    let header = if is_second { second(&fields) } else { first_version(&fields) };
    let grid = grid(&header, is_big_endian)?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between the two limits")]
    let offset = match header.offset {
        offset if offset >= 352.0 && offset <= MAX_FILE_BYTES as f64 => offset as usize,
        _ => return Err(damaged("its samples begin inside the header or behind the end")),
    };
    if is_second && offset < SECOND_BYTES {
        return Err(damaged("its samples begin inside the header or behind the end"));
    }
    Ok((grid, offset))
}

fn first_version(fields: &Fields<'_>) -> Header {
    let f = |at: usize| f64::from(fields.f32(at));
    let from = |start: usize, i: usize| start.saturating_add(i.saturating_mul(4));
    Header {
        dim: std::array::from_fn(|i| i64::from(fields.i16(40_usize.saturating_add(i.saturating_mul(2))))),
        pixdim: std::array::from_fn(|i| f(from(76, i))),
        datatype: fields.i16(70),
        offset: f(108),
        slope: f(112),
        intercept: f(116),
        units: i32::from(fields.head.get(123).copied().unwrap_or(0)),
        qform_code: i32::from(fields.i16(252)),
        sform_code: i32::from(fields.i16(254)),
        quaternion: std::array::from_fn(|i| f(from(256, i))),
        qoffset: std::array::from_fn(|i| f(from(268, i))),
        srow: std::array::from_fn(|row| {
            std::array::from_fn(|i| f(from(280_usize.saturating_add(row.saturating_mul(16)), i)))
        }),
    }
}

fn second(fields: &Fields<'_>) -> Header {
    let from = |start: usize, i: usize| start.saturating_add(i.saturating_mul(8));
    Header {
        dim: std::array::from_fn(|i| fields.i64(from(16, i))),
        pixdim: std::array::from_fn(|i| fields.f64(from(104, i))),
        datatype: fields.i16(12),
        #[allow(clippy::cast_precision_loss, reason = "an offset inside a file lies far below 2^53")]
        offset: fields.i64(168) as f64,
        slope: fields.f64(176),
        intercept: fields.f64(184),
        units: fields.i32(500),
        qform_code: fields.i32(344),
        sform_code: fields.i32(348),
        quaternion: std::array::from_fn(|i| fields.f64(from(352, i))),
        qoffset: std::array::from_fn(|i| fields.f64(from(376, i))),
        srow: std::array::from_fn(|row| {
            std::array::from_fn(|i| fields.f64(from(400_usize.saturating_add(row.saturating_mul(32)), i)))
        }),
    }
}

fn grid(header: &Header, is_big_endian: bool) -> Result<Grid, DecodeError> {
    let [n_axes, i, j, k, rest @ ..] = header.dim;
    // Axes beyond the declared number count as 1, whatever stands there.
    let count = |axis: i64, n: i64| if axis <= n_axes { n } else { 1 };
    let beyond = rest.iter().zip(4..).any(|(&n, axis)| count(axis, n) != 1);
    if !(2..=7).contains(&n_axes) || beyond {
        return Err(damaged("it has no two or three axes: a series of volumes, or a vector at each point"));
    }
    let size = [count(1, i), count(2, j), count(3, k)].map(|n| usize::try_from(n).ok().filter(|&n| n > 0));
    let [Some(nx), Some(ny), Some(nz)] = size else { return Err(damaged("an axis has no samples")) };
    let sample = match header.datatype {
        2 => Sample::U8,
        4 => Sample::I16,
        8 => Sample::I32,
        16 => Sample::F32,
        64 => Sample::F64,
        256 => Sample::I8,
        512 => Sample::U16,
        768 => Sample::U32,
        1024 => Sample::I64,
        1280 => Sample::U64,
        _ => return Err(damaged("its samples are colours, complex numbers or of a type that is not read")),
    };
    let is_scaled = header.slope != 0.0 && !header.slope.is_nan();
    let (slope, intercept) = if is_scaled { (header.slope, header.intercept) } else { (1.0, 0.0) };
    // xyzt_units, the lowest three bits: 1 metres, 3 micrometres; nothing counts as millimetres.
    let mm = match header.units & 7 {
        1 => 1000.0,
        3 => 0.001,
        _ => 1.0,
    };
    let [qfac, dx, dy, dz, ..] = header.pixdim;
    let axes = if header.sform_code > 0 {
        let [x, y, z] = header.srow;
        Some(std::array::from_fn(|column| [&x, &y, &z].map(|row| row.get(column).copied().unwrap_or(0.0))))
    } else if header.qform_code > 0 {
        Some(qform(header.quaternion, header.qoffset, [dx, dy, dz], qfac))
    } else {
        None
    };
    // NIfTI's x grows to the right and y to the front, DICOM's to the left and to the back.
    let to_patient = |[x, y, z]: [f64; 3]| [-x * mm, -y * mm, z * mm];
    let place = axes.map(|[a, b, c, origin]: [[f64; 3]; 4]| Place {
        origin: to_patient(origin),
        axes: [to_patient(a), to_patient(b), to_patient(c)],
    });
    let spacing_mm = [dx * mm, dy * mm, dz * mm];
    Ok(Grid { format: Format::Nifti, size: [nx, ny, nz], sample, is_big_endian, slope, intercept, spacing_mm, place })
}

/// Method 2 of nifti1.h: three columns and the offset, from a unit quaternion.
fn qform([b, c, d]: [f64; 3], offset: [f64; 3], [dx, dy, dz]: [f64; 3], qfac: f64) -> [[f64; 3]; 4] {
    let a = (1.0 - (b * b + c * c + d * d)).max(0.0).sqrt();
    let dz = if qfac < 0.0 { -dz } else { dz };
    let x = [a * a + b * b - c * c - d * d, 2.0 * (b * c + a * d), 2.0 * (b * d - a * c)];
    let y = [2.0 * (b * c - a * d), a * a + c * c - b * b - d * d, 2.0 * (c * d + a * b)];
    let z = [2.0 * (b * d + a * c), 2.0 * (c * d - a * b), a * a + d * d - c * c - b * b];
    [x.map(|v| v * dx), y.map(|v| v * dy), z.map(|v| v * dz), offset]
}

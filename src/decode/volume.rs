//! Slices out of a volume: a grid of samples with its place in the patient, as NIfTI and NRRD hold it.
//!
//! In: the grid as the header describes it, and its samples one plane after another. Out: a [`Slice`] per plane. Where
//! the place is known, the axes are permuted and turned round so that the planes are as axial as they can be, seen as
//! radiologists see them (columns to the patient's left, rows to the back); samples are never interpolated. Where it is
//! not known, the planes stay as they are in the file and say so by having no orientation.
//!
//! Volumes name no modality. Whether their values can be Hounsfield units, [`crate::series`] judges by the values.

mod gunzip;
pub(super) mod nifti;
pub(super) mod nrrd;

use std::io::{self, Read};

use super::DecodeError;
use super::budget::{Budget, check_shape};
use crate::geometry::is_plausible_size;
use crate::hounsfield::Rescale;
use crate::slice::{Format, Slice, SliceInfo, StoredValues};

/// What a plane takes beside its samples.
const PLANE_BYTES: usize = 2048;

/// Fractions that real samples are rounded to: 1/1024.
const FRACTIONS: f64 = 1024.0;

/// How one sample is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sample {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F32,
    F64,
}

impl Sample {
    fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }
}

/// Where a grid lies in the patient's space (DICOM's: x to the left, y to the back, z to the head), in mm.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Centre of the first sample.
    pub(super) origin: [f64; 3],
    /// The step from a sample to the next along each axis.
    pub(super) axes: [[f64; 3]; 3],
}

/// A grid of samples, the first axis varying fastest.
#[derive(Debug, Clone)]
pub(super) struct Grid {
    pub(super) format: Format,
    /// Samples along each axis, at least 1.
    pub(super) size: [usize; 3],
    pub(super) sample: Sample,
    pub(super) is_big_endian: bool,
    /// `hu = sample × slope + intercept`.
    pub(super) slope: f64,
    pub(super) intercept: f64,
    /// Distances between samples where the place is not known, in mm; 0 or less: not known either.
    pub(super) spacing_mm: [f64; 3],
    pub(super) place: Option<Place>,
}

impl Grid {
    /// Bytes of all samples; `None` if that does not fit into a `usize`.
    pub(super) fn bytes(&self) -> Option<usize> {
        self.size.iter().try_fold(self.sample.bytes(), |bytes, &n| bytes.checked_mul(n))
    }
}

/// How the planes of a grid become slices.
struct Turn {
    /// The axes that become columns, rows and slices.
    axes: [usize; 3],
    /// Whether each of them is turned round.
    reversed: [bool; 3],
}

/// Reads the samples and makes the slices.
pub(super) fn slices(
    path: &str,
    grid: &Grid,
    samples: impl Read,
    budget: &mut Budget,
) -> Result<Vec<Slice>, DecodeError> {
    let rescale = Rescale::new(grid.slope, grid.intercept)
        .ok_or(DecodeError::BadRescale { slope: grid.slope, intercept: grid.intercept })?;
    let [nx, ny, nz] = grid.size;
    let plane = nx.checked_mul(ny);
    let stored_bytes = if grid.sample.bytes() <= 2 { 2 } else { 4 };
    let volume = plane.and_then(|n| n.checked_mul(nz)).and_then(|n| n.checked_mul(stored_bytes));
    budget.take("the volume", volume)?;
    budget.take("the planes", nz.checked_mul(PLANE_BYTES.saturating_add(path.len())))?;
    let bytes = grid.bytes().and_then(|n| n.checked_mul(3));
    let steps = bytes.and_then(|n| n.checked_add(nz.checked_mul(PLANE_BYTES)?));
    budget.work("reading the planes", steps)?;
    budget.take("a plane", plane.and_then(|n| n.checked_mul(grid.sample.bytes().saturating_add(8))))?;
    let planes = read_planes(grid, plane.unwrap_or(0), samples)?;

    let turn = match &grid.place {
        Some(place) => {
            check_spacing(grid, place)?;
            turn(place)?
        }
        None => Turn { axes: [0, 1, 2], reversed: [false; 3] },
    };
    let planes = if turn.axes == [0, 1, 2] {
        let mut planes: Vec<_> = planes.into_iter().map(|plane| turned_in_plane(plane, nx, &turn)).collect();
        let [_, _, is_reversed] = turn.reversed;
        if is_reversed {
            planes.reverse();
        }
        planes
    } else {
        budget.take("the turned volume", volume)?;
        budget.work("turning the volume", volume.and_then(|n| n.checked_mul(8)))?;
        resliced(&planes, grid.size, &turn)
    };
    assemble(path, grid, rescale, &turn, planes)
}

/// The planes as they lie in the file, each in the narrowest type that holds it, with the fraction of its values.
fn read_planes(grid: &Grid, n: usize, mut samples: impl Read) -> Result<Vec<(StoredValues, f64)>, DecodeError> {
    let mut planes = Vec::new();
    let mut bytes = vec![0; n.saturating_mul(grid.sample.bytes())];
    for plane_idx in 0..grid.size[2] {
        samples.read_exact(&mut bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => DecodeError::VolumeTruncated { planes: grid.size[2], whole: plane_idx },
            _ => DecodeError::VolumeDamaged { format: name(grid.format), reason: "its compressed data are damaged" },
        })?;
        planes.push(plane_values(&bytes, grid)?);
    }
    Ok(planes)
}

fn name(format: Format) -> &'static str {
    match format {
        Format::Nifti => "NIfTI",
        _ => "NRRD",
    }
}

/// The values of one plane, and what one step of them is.
fn plane_values(bytes: &[u8], grid: &Grid) -> Result<(StoredValues, f64), DecodeError> {
    macro_rules! values {
        ($kind:ty) => {
            bytes.as_chunks().0.iter().map(|&chunk| {
                if grid.is_big_endian { <$kind>::from_be_bytes(chunk) } else { <$kind>::from_le_bytes(chunk) }
            })
        };
    }
    macro_rules! wide {
        ($kind:ty) => {
            values!($kind).map(|value| i32::try_from(value).ok()).collect::<Option<Vec<i32>>>()
        };
    }
    let wide = match grid.sample {
        Sample::U8 => return Ok((StoredValues::Unsigned(values!(u8).map(u16::from).collect()), 1.0)),
        Sample::I8 => return Ok((StoredValues::Signed(values!(i8).map(i16::from).collect()), 1.0)),
        Sample::U16 => return Ok((StoredValues::Unsigned(values!(u16).collect()), 1.0)),
        Sample::I16 => return Ok((StoredValues::Signed(values!(i16).collect()), 1.0)),
        Sample::U32 => wide!(u32),
        Sample::I32 => wide!(i32),
        Sample::U64 => wide!(u64),
        Sample::I64 => wide!(i64),
        Sample::F32 => return real_values(values!(f32).map(f64::from)),
        Sample::F64 => return real_values(values!(f64)),
    };
    Ok((narrowest(wide.ok_or(DecodeError::StoredValueTooLarge)?), 1.0))
}

/// Real samples: as they are where all are whole, else rounded to 1/1024.
fn real_values(values: impl Iterator<Item = f64> + Clone) -> Result<(StoredValues, f64), DecodeError> {
    let limit = f64::from(i32::MAX) / FRACTIONS;
    if values.clone().any(|value| !value.is_finite() || value.abs() > limit) {
        return Err(DecodeError::VolumeNotFinite);
    }
    let steps = if values.clone().all(|value| value.fract() == 0.0) { 1.0 } else { FRACTIONS };
    #[allow(clippy::cast_possible_truncation, reason = "below the limit times 1024, which 32 bits hold")]
    let stored = values.map(|value| (value * steps).round_ties_even() as i32).collect();
    Ok((narrowest(stored), 1.0 / steps))
}

/// In 16 bits where all values fit.
fn narrowest(values: Vec<i32>) -> StoredValues {
    if values.iter().all(|&value| i16::try_from(value).is_ok()) {
        StoredValues::Signed(values.into_iter().map(|value| i16::try_from(value).unwrap_or(0)).collect())
    } else {
        StoredValues::Wide(values)
    }
}

/// How far apart two lengths may be that say the same: headers round them.
const SAME_LENGTH: f64 = 0.01;

/// Refuses a header that says the distance between samples twice, and differently: by the axes in the patient's space,
/// and by itself.
fn check_spacing(grid: &Grid, place: &Place) -> Result<(), DecodeError> {
    let axes = place.axes.map(length).into_iter().zip(grid.spacing_mm).zip(grid.size);
    let contradicts = |((axis, mm), n): ((f64, f64), usize)| n > 1 && mm > 0.0 && (axis - mm).abs() > SAME_LENGTH * mm;
    if axes.into_iter().any(contradicts) {
        let reason = "its axes and the distances between its samples contradict each other";
        return Err(DecodeError::BadVolumePlace { reason });
    }
    Ok(())
}

/// Which axes become columns, rows and slices.
fn turn(place: &Place) -> Result<Turn, DecodeError> {
    let lengths = place.axes.map(length);
    let is_whole = lengths.iter().all(|&mm| mm.is_finite() && mm > 1e-6 && mm < 1e6);
    if !is_whole || !place.origin.iter().all(|mm| mm.is_finite()) {
        return Err(DecodeError::BadVolumePlace { reason: "an axis has no length, or a number is none" });
    }
    let cosine = |axis: usize, direction: usize| {
        let component = place.axes.get(axis).and_then(|axis| axis.get(direction)).copied().unwrap_or(0.0);
        component / lengths.get(axis).copied().unwrap_or(1.0)
    };
    let nearest = |direction: usize, taken: &[usize]| {
        let free = (0..3_usize).filter(|axis| !taken.contains(axis));
        free.max_by(|&a, &b| cosine(a, direction).abs().total_cmp(&cosine(b, direction).abs())).unwrap_or(0)
    };
    let slice = nearest(2, &[]);
    let column = nearest(0, &[slice]);
    let row = 3_usize.saturating_sub(slice).saturating_sub(column);
    let between = |a: usize, b: usize| (0..3).map(|d| cosine(a, d) * cosine(b, d)).sum::<f64>();
    if between(column, row).abs() > 0.01 {
        return Err(DecodeError::BadVolumePlace { reason: "the rows and columns of its planes are not perpendicular" });
    }
    let reversed = [cosine(column, 0) < 0.0, cosine(row, 1) < 0.0, cosine(slice, 2) < 0.0];
    Ok(Turn { axes: [column, row, slice], reversed })
}

fn length(axis: [f64; 3]) -> f64 {
    axis.iter().map(|mm| mm * mm).sum::<f64>().sqrt()
}

/// A plane whose axes stay in place, with columns or rows turned round.
fn turned_in_plane((values, step): (StoredValues, f64), cols: usize, turn: &Turn) -> (StoredValues, f64) {
    fn turned<T>(mut values: Vec<T>, cols: usize, [columns, rows, _]: [bool; 3]) -> Vec<T> {
        // Turning the whole round turns rows and columns; turning each row round takes the columns back.
        if rows {
            values.reverse();
        }
        if rows != columns {
            values.chunks_mut(cols.max(1)).for_each(<[T]>::reverse);
        }
        values
    }
    let values = match values {
        StoredValues::Unsigned(v) => StoredValues::Unsigned(turned(v, cols, turn.reversed)),
        StoredValues::Signed(v) => StoredValues::Signed(turned(v, cols, turn.reversed)),
        StoredValues::Wide(v) => StoredValues::Wide(turned(v, cols, turn.reversed)),
    };
    (values, step)
}

/// The planes of a volume whose axes change places. Planes of one step stay in 16 bits where all of them are.
fn resliced(planes: &[(StoredValues, f64)], size: [usize; 3], turn: &Turn) -> Vec<(StoredValues, f64)> {
    let [columns, rows, slices] = turn.axes.map(|axis| size.get(axis).copied().unwrap_or(0));
    let [nx, _, _] = size;
    // Planes of different steps are brought to the finest.
    let finest = planes.iter().map(|(_, step)| *step).fold(1.0, f64::min);
    let value = |at: [usize; 3]| {
        let (plane, step) = planes.get(at[2])?;
        let index = at[1].checked_mul(nx)?.checked_add(at[0])?;
        let value = match plane {
            StoredValues::Unsigned(v) => i32::from(*v.get(index)?),
            StoredValues::Signed(v) => i32::from(*v.get(index)?),
            StoredValues::Wide(v) => *v.get(index)?,
        };
        #[allow(clippy::cast_possible_truncation, reason = "1 or 1024")]
        let times = (step / finest) as i32;
        Some(value.saturating_mul(times))
    };
    let from_end =
        |at: usize, n: usize, reversed: bool| if reversed { n.saturating_sub(1).saturating_sub(at) } else { at };
    let slice = |slice_idx: usize| {
        let mut values = Vec::with_capacity(columns.saturating_mul(rows));
        for row in 0..rows {
            for column in 0..columns {
                let mut at = [0_usize; 3];
                let along = [(column, columns), (row, rows), (slice_idx, slices)];
                for ((axis, &(idx, n)), &reversed) in turn.axes.iter().zip(&along).zip(&turn.reversed) {
                    if let Some(to) = at.get_mut(*axis) {
                        *to = from_end(idx, n, reversed);
                    }
                }
                values.push(value(at).unwrap_or(0));
            }
        }
        (narrowest(values), finest)
    };
    (0..slices).map(slice).collect()
}

/// The slices with their places.
fn assemble(
    path: &str,
    grid: &Grid,
    rescale: Rescale,
    turn: &Turn,
    planes: Vec<(StoredValues, f64)>,
) -> Result<Vec<Slice>, DecodeError> {
    let of = |which: usize| turn.axes.get(which).copied().unwrap_or(0);
    let [cols, rows, n_slices] = turn.axes.map(|axis| grid.size.get(axis).copied().unwrap_or(0));
    let is_reversed = |which: usize| turn.reversed.get(which).copied().unwrap_or(false);
    // The axes after turning: columns, rows, slices.
    let axis = |which: usize| {
        let axis = grid.place.as_ref().and_then(|place| place.axes.get(of(which)).copied());
        let sign = if is_reversed(which) { -1.0 } else { 1.0 };
        axis.map(|axis| axis.map(|mm| mm * sign))
    };
    let counts = [cols, rows, n_slices];
    let origin = grid.place.as_ref().map(|place| {
        let mut origin = place.origin;
        for (which, &n) in counts.iter().enumerate() {
            if is_reversed(which) {
                #[allow(clippy::cast_precision_loss, reason = "sizes lie far below 2^53")]
                let steps = n.saturating_sub(1) as f64;
                let step = place.axes.get(of(which)).copied().unwrap_or_default();
                origin.iter_mut().zip(step).for_each(|(mm, step)| *mm += steps * step);
            }
        }
        origin
    });
    let spacing = match (axis(0), axis(1)) {
        (Some(column), Some(row)) => Some((length(column), length(row))),
        _ => {
            let [x, y, _] = grid.spacing_mm;
            (x.is_finite() && y.is_finite() && x > 0.0 && y > 0.0).then_some((x, y))
        }
    };
    check_shape(rows, cols)?;
    if let Some((x_mm, y_mm)) = spacing.filter(|&spacing| !is_plausible_size(rows, cols, spacing)) {
        return Err(DecodeError::ImplausibleSize { rows, cols, x_mm, y_mm });
    }
    let orientation = axis(0).zip(axis(1)).map(|(column, row)| {
        let unit = |axis: [f64; 3]| axis.map(|mm| mm / length(axis));
        let ([a, b, c], [d, e, f]) = (unit(column), unit(row));
        [a, b, c, d, e, f]
    });
    let mut slices = Vec::new();
    for (slice_idx, (stored, step)) in planes.into_iter().enumerate() {
        #[allow(clippy::cast_precision_loss, reason = "sizes lie far below 2^53")]
        let position = origin.zip(axis(2)).map(|(origin, axis)| {
            let [x, y, z] = axis.map(|mm| mm * slice_idx as f64);
            let [x0, y0, z0] = origin;
            [x0 + x, y0 + y, z0 + z]
        });
        let number = slice_idx.saturating_add(1);
        let info = SliceInfo {
            path: format!("{path}, plane {number}"),
            format: grid.format,
            series_id: Some(path.to_owned()),
            study_id: None,
            sop_instance_uid: None,
            number: i64::try_from(number).ok(),
            transfer_syntax: None,
            pixel_spacing_mm: spacing,
            thickness_mm: None,
            position_patient_mm: position,
            orientation_patient: orientation,
            window: None,
        };
        let scaled =
            rescale.in_steps(step).ok_or(DecodeError::BadRescale { slope: grid.slope, intercept: grid.intercept })?;
        slices.extend(Slice::new(info, rows, cols, stored, scaled));
    }
    Ok(slices)
}

//! NRRD volumes whose samples stand in the same file (`.nrrd`), raw or gzipped.
//!
//! Followed: "Definition of NRRD File Format" (teem.sourceforge.net). Samples in a file of their own, in text, in
//! hexadecimal or in bzip2 are refused by name. A space that is not one of the patient's gives no place.

use std::io::{Cursor, Read};

use super::gunzip::Gunzip;
use super::{Grid, Place, Sample};
use crate::decode::budget::Budget;
use crate::decode::error::printable;
use crate::decode::{DecodeError, ForeignFormat};
use crate::slice::{Format, Slice};

/// How long a header may be.
const MAX_HEADER_BYTES: usize = 1 << 16;

/// How many fields a header may have; the format knows fewer than forty.
const MAX_FIELDS: usize = 100;

/// What the reader of gzipped samples may hold.
const READER_BYTES: usize = 1 << 20;

const fn damaged(reason: &'static str) -> DecodeError {
    DecodeError::VolumeDamaged { format: "NRRD", reason }
}

/// The fields that are read, as they stand in the header.
#[derive(Default)]
struct Fields<'a> {
    kind: &'a str,
    dimension: &'a str,
    sizes: &'a str,
    encoding: &'a str,
    endian: &'a str,
    space: &'a str,
    directions: &'a str,
    origin: &'a str,
    spacings: &'a str,
    byte_skip: &'a str,
    line_skip: &'a str,
    units: &'a str,
    space_units: &'a str,
    sample_units: &'a str,
    is_quantized: bool,
    is_detached: bool,
}

pub(in crate::decode) fn decode(path: &str, bytes: &[u8], budget: &mut Budget) -> Result<Vec<Slice>, DecodeError> {
    let (text, data) = split(bytes).ok_or_else(|| damaged("its header has no end"))?;
    let fields = fields(text)?;
    check_units(&fields)?;
    if fields.is_detached {
        return Err(DecodeError::foreign(ForeignFormat::NrrdHeader));
    }
    let grid = grid(&fields)?;
    let line_skip: usize = number(fields.line_skip, 0).ok_or_else(|| damaged("its line skip is no number"))?;
    let mut data = data;
    for _ in 0..line_skip {
        let end = data.iter().position(|&byte| byte == b'\n').ok_or_else(|| damaged("it ends too early"))?;
        data = data.get(end.saturating_add(1)..).unwrap_or_default();
    }
    match fields.encoding {
        "raw" => {
            // −1: the samples are the last bytes of the file.
            if fields.byte_skip == "-1" {
                let needed = grid.bytes().and_then(|needed| data.len().checked_sub(needed));
                data = needed.and_then(|start| data.get(start..)).ok_or_else(|| damaged("it ends too early"))?;
                return super::slices(path, &grid, Cursor::new(data), budget);
            }
            let skip: usize = number(fields.byte_skip, 0).ok_or_else(|| damaged("its byte skip is no number"))?;
            super::slices(path, &grid, Cursor::new(data.get(skip..).unwrap_or_default()), budget)
        }
        "gzip" | "gz" => {
            budget.take("the inflater", Some(READER_BYTES))?;
            let skip: u64 = if fields.byte_skip == "-1" {
                0
            } else {
                number(fields.byte_skip, 0).ok_or_else(|| damaged("its byte skip is no number"))?
            };
            let mut samples = Gunzip::new(data);
            let limit = skip.min(u64::try_from(bytes.len()).unwrap_or(0));
            budget.work("inflating the volume", usize::try_from(limit).ok())?;
            std::io::copy(&mut (&mut samples).take(limit), &mut std::io::sink())
                .map_err(|_| damaged("its compressed data are damaged"))?;
            super::slices(path, &grid, samples, budget)
        }
        _ => Err(DecodeError::foreign(ForeignFormat::NrrdEncoding)),
    }
}

/// The header's text, and the samples behind the empty line.
fn split(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let head = bytes.get(..MAX_HEADER_BYTES).unwrap_or(bytes);
    let at = |end: &[u8]| head.windows(end.len()).position(|window| window == end).map(|at| (at, end.len()));
    let (end, length) = match (at(b"\n\n"), at(b"\r\n\r\n")) {
        (Some(a), Some(b)) => a.min(b),
        (a, b) => a.or(b)?,
    };
    let text = std::str::from_utf8(head.get(..end)?).ok()?;
    Some((text, bytes.get(end.checked_add(length)?..)?))
}

/// The fields; one that stands there twice leaves open which holds.
fn fields(text: &str) -> Result<Fields<'_>, DecodeError> {
    let mut fields = Fields::default();
    let mut seen: Vec<&str> = Vec::new();
    for line in text.lines().skip(1).filter(|line| !line.starts_with('#')) {
        // `key:=value` is a free pair, `field: value` a field.
        let Some((field, value)) = line.split_once(':') else { continue };
        if value.starts_with('=') {
            continue;
        }
        let value = value.trim();
        if seen.contains(&field) || seen.len() >= MAX_FIELDS {
            return Err(damaged("a field of its header stands there twice"));
        }
        seen.push(field);
        match field {
            "type" => fields.kind = value,
            "dimension" => fields.dimension = value,
            "sizes" => fields.sizes = value,
            "encoding" => fields.encoding = value,
            "endian" => fields.endian = value,
            "space" => fields.space = value,
            "space directions" => fields.directions = value,
            "space origin" => fields.origin = value,
            "spacings" => fields.spacings = value,
            "units" => fields.units = value,
            "space units" => fields.space_units = value,
            "sample units" | "sampleunits" => fields.sample_units = value,
            "old min" | "oldmin" | "old max" | "oldmax" => fields.is_quantized = true,
            "byte skip" | "byteskip" => fields.byte_skip = value,
            "line skip" | "lineskip" => fields.line_skip = value,
            "data file" | "datafile" => fields.is_detached = true,
            _ => {}
        }
    }
    Ok(fields)
}

/// Refuses lengths in something else than mm, and samples that are said to be something else than Hounsfield units.
fn check_units(fields: &Fields<'_>) -> Result<(), DecodeError> {
    let units = [fields.units, fields.space_units].into_iter().flat_map(|units| units.split('"'));
    let is_mm = |unit: &str| matches!(unit.trim(), "" | "mm" | "millimeter" | "millimeters" | "millimetre");
    if !units.into_iter().all(is_mm) {
        return Err(DecodeError::BadVolumePlace { reason: "its lengths are not in mm" });
    }
    if !matches!(fields.sample_units.trim_matches('"'), "" | "HU" | "hu" | "Hounsfield" | "hounsfield") {
        return Err(DecodeError::NotHounsfield { found: printable(fields.sample_units.as_bytes()) });
    }
    if fields.is_quantized {
        return Err(damaged("its samples were quantized, and stand for other values"));
    }
    Ok(())
}

fn number<T: std::str::FromStr>(text: &str, default: T) -> Option<T> {
    if text.is_empty() { Some(default) } else { text.parse().ok() }
}

fn grid(fields: &Fields<'_>) -> Result<Grid, DecodeError> {
    let sample = match fields.kind {
        "signed char" | "int8" | "int8_t" => Sample::I8,
        "uchar" | "unsigned char" | "uint8" | "uint8_t" => Sample::U8,
        "short" | "short int" | "signed short" | "signed short int" | "int16" | "int16_t" => Sample::I16,
        "ushort" | "unsigned short" | "unsigned short int" | "uint16" | "uint16_t" => Sample::U16,
        "int" | "signed int" | "int32" | "int32_t" => Sample::I32,
        "uint" | "unsigned int" | "uint32" | "uint32_t" => Sample::U32,
        "longlong" | "long long" | "long long int" | "signed long long" | "int64" | "int64_t" => Sample::I64,
        "ulonglong" | "unsigned long long" | "uint64" | "uint64_t" => Sample::U64,
        "float" => Sample::F32,
        "double" => Sample::F64,
        _ => return Err(damaged("its type is missing or not read")),
    };
    let n_axes: usize = fields.dimension.parse().map_err(|_| damaged("its dimension is no number"))?;
    let sizes: Option<Vec<usize>> =
        fields.sizes.split_whitespace().take(17).map(|n| n.parse().ok().filter(|&n| n > 0)).collect();
    let size = match sizes.as_deref() {
        Some(&[nx, ny]) if n_axes == 2 => [nx, ny, 1],
        Some(&[nx, ny, nz]) if n_axes == 3 => [nx, ny, nz],
        _ => return Err(damaged("it has no two or three axes with samples")),
    };
    let is_big_endian = match fields.endian {
        "big" => true,
        "little" => false,
        _ if matches!(sample, Sample::I8 | Sample::U8) => false,
        _ => return Err(damaged("its byte order is missing")),
    };
    let place = place(fields)?;
    let mut spacing_mm = [0.0; 3];
    for (to, from) in spacing_mm.iter_mut().zip(fields.spacings.split_whitespace()) {
        *to = from.parse().unwrap_or(0.0);
    }
    Ok(Grid { format: Format::Nrrd, size, sample, is_big_endian, slope: 1.0, intercept: 0.0, spacing_mm, place })
}

/// The place in a space of the patient; `None` for any other space.
fn place(fields: &Fields<'_>) -> Result<Option<Place>, DecodeError> {
    let [x, y] = match fields.space.to_ascii_lowercase().as_str() {
        "left-posterior-superior" | "lps" => [1.0, 1.0],
        "right-anterior-superior" | "ras" => [-1.0, -1.0],
        "left-anterior-superior" | "las" => [1.0, -1.0],
        _ => return Ok(None),
    };
    if fields.directions.is_empty() || fields.origin.is_empty() {
        return Ok(None);
    }
    let vectors = |text: &str| {
        let inside = text.split(')').map(|part| part.trim().trim_start_matches('('));
        let vector = |part: &str| {
            let numbers: Option<Vec<f64>> = part.split(',').take(4).map(|n| n.trim().parse().ok()).collect();
            <[f64; 3]>::try_from(numbers?).ok().map(|[a, b, c]| [a * x, b * y, c])
        };
        inside.filter(|part| !part.is_empty()).take(4).map(vector).collect::<Option<Vec<[f64; 3]>>>()
    };
    match (vectors(fields.directions).as_deref(), vectors(fields.origin).as_deref()) {
        (Some(&[a, b, c]), Some(&[origin])) => Ok(Some(Place { origin, axes: [a, b, c] })),
        _ => Err(DecodeError::BadVolumePlace { reason: "its space directions or origin cannot be read" }),
    }
}

//! 16-bit greyscale TIFF, one slice per page.
//!
//! TIFF has no field for Hounsfield units. Samples with a sign are taken for them as they are; samples without one are
//! taken as DeepLesion stores them, HU + 32768, like those of PNG, and [`crate::series`] warns where that cannot be.

use std::io::Cursor;

use tiff::ColorType;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::Tag;

use super::DecodeError;
use super::budget::{Budget, check_shape};
use super::error::printable;
use crate::hounsfield::Rescale;
use crate::slice::{Format, Slice, SliceInfo, StoredValues};

/// What the reader may hold beside the image: a strip or tile, tables of offsets.
const READER_BYTES: usize = 32 << 20;

/// Steps of [`Budget::work`] for a page, whatever its size.
const PAGE_STEPS: usize = 1 << 14;

/// Pages that a file may have.
const MAX_PAGES: usize = 4096;

fn damaged(error: &tiff::TiffError) -> DecodeError {
    DecodeError::TiffDamaged { reason: printable(error.to_string().as_bytes()) }
}

pub(super) fn decode(path: &str, bytes: &[u8], budget: &mut Budget) -> Result<Vec<Slice>, DecodeError> {
    budget.take("the TIFF reader", Some(READER_BYTES))?;
    let mut decoder = Decoder::new(Cursor::new(bytes)).map_err(|e| damaged(&e))?;
    let mut slices = Vec::new();
    loop {
        let colour = decoder.colortype().map_err(|e| damaged(&e))?;
        if colour != ColorType::Gray(16) {
            return Err(DecodeError::TiffNotGreyscale { found: printable(format!("{colour:?}").as_bytes()) });
        }
        // 1: 0 is black (TIFF 6.0, PhotometricInterpretation).
        if decoder.find_tag_unsigned::<u16>(Tag::PhotometricInterpretation).map_err(|e| damaged(&e))? != Some(1) {
            return Err(DecodeError::TiffNotGreyscale { found: "greyscale with 0 as white".to_owned() });
        }
        let (cols, rows) = decoder.dimensions().map_err(|e| damaged(&e))?;
        let (rows, cols) = (rows as usize, cols as usize);
        check_shape(rows, cols)?;
        let image_bytes = rows.checked_mul(cols).and_then(|n| n.checked_mul(2));
        let steps = image_bytes.and_then(|n| n.checked_mul(3)?.checked_add(PAGE_STEPS));
        budget.work("decoding the pages", steps)?;
        budget.take("the TIFF image", image_bytes)?;
        let mut limits = Limits::default();
        limits.decoding_buffer_size = image_bytes.unwrap_or(0);
        limits.intermediate_buffer_size = READER_BYTES / 2;
        limits.ifd_value_size = READER_BYTES / 4;
        decoder = decoder.with_limits(limits);
        let (stored, rescale) = match decoder.read_image().map_err(|e| damaged(&e))? {
            DecodingResult::U16(values) => (StoredValues::Unsigned(values), Some(Rescale::DEEPLESION)),
            DecodingResult::I16(values) => (StoredValues::Signed(values), Rescale::new(1.0, 0.0)),
            _ => return Err(DecodeError::TiffNotGreyscale { found: "of real numbers".to_owned() }),
        };
        let page = slices.len().saturating_add(1);
        let info = SliceInfo {
            path: path.to_owned(),
            format: Format::Tiff,
            series_id: None,
            study_id: None,
            sop_instance_uid: None,
            number: None,
            transfer_syntax: None,
            pixel_spacing_mm: None,
            thickness_mm: None,
            position_patient_mm: None,
            orientation_patient: None,
            window: None,
        };
        let rescale = rescale.ok_or(DecodeError::BadRescale { slope: 1.0, intercept: 0.0 })?;
        let slice = Slice::new(info, rows, cols, stored, rescale);
        slices.push(slice.ok_or_else(|| DecodeError::TiffDamaged { reason: "it holds no pixel".to_owned() })?);
        if !decoder.more_images() {
            return Ok(pages(path, slices));
        }
        if page >= MAX_PAGES {
            return Err(DecodeError::TiffDamaged { reason: "it has thousands of pages".to_owned() });
        }
        decoder.next_image().map_err(|e| damaged(&e))?;
    }
}

/// Several pages are a series of their own.
fn pages(path: &str, slices: Vec<Slice>) -> Vec<Slice> {
    if slices.len() < 2 {
        return slices;
    }
    let named = |(page, slice): (i64, Slice)| {
        slice.with_info(|info| {
            info.path = format!("{path}, page {page}");
            info.series_id = Some(path.to_owned());
            info.number = Some(page);
        })
    };
    (1..).zip(slices).map(named).collect()
}

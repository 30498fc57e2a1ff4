//! 16-bit greyscale PNG in the way DeepLesion ships it: `hu = stored − 32768`; and 8-bit greyscale PNG as a picture whose
//! Hounsfield units are lost: it is shown, and marked as such.
//!
//! The samples go on untouched: no gamma, no colour profile, no scaling to 8 bits. DeepLesion's readme states the
//! offset of 32768; a PNG carries no field that could confirm it, so a 16-bit greyscale PNG of another origin reads as
//! wrong Hounsfield units and nothing in the file can tell; [`crate::series`] warns of values that no CT has.

use std::io::Cursor;

use image::codecs::png::PngDecoder;
use image::{DynamicImage, ImageDecoder, ImageError, Limits};

use super::DecodeError;
use super::budget::{Budget, check_shape};
use super::dl_info;
use super::error::printable;
use crate::hounsfield::{Rescale, Window};
use crate::slice::{Format, Slice, SliceInfo, StoredValues};

/// The first eight bytes of every PNG (ISO/IEC 15948, 5.2).
pub(super) const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// What the reader may hold beside the image: rows, windows of the inflater, ancillary chunks.
const READER_BYTES: usize = 16 << 20;

pub(super) fn decode(path: &str, bytes: &[u8], budget: &mut Budget) -> Result<Slice, DecodeError> {
    let header = Header::read(bytes)?;
    header.check()?;
    let chunks = Chunks::survey(bytes)?;
    check_shape(header.height as usize, header.width as usize)?;
    let image_bytes = u64::from(header.width).checked_mul(u64::from(header.height)).and_then(|n| n.checked_mul(2));
    let image_bytes = image_bytes.and_then(|n| usize::try_from(n).ok());
    budget.take("the PNG image", image_bytes)?;
    budget.work("decoding the image", image_bytes.and_then(|n| n.checked_mul(3)))?;
    // Deflate never makes data much larger, so more than this is no image of this size.
    let plausible = image_bytes.and_then(|n| n.checked_mul(2)).and_then(|n| n.checked_add(1024));
    if plausible.is_none_or(|plausible| chunks.image_data_bytes > plausible) {
        return Err(damaged_by("it holds more image data than its size needs"));
    }
    budget.take("the PNG reader", Some(READER_BYTES))?;

    let mut limits = Limits::default();
    limits.max_image_width = Some(header.width);
    limits.max_image_height = Some(header.height);
    limits.max_alloc = u64::try_from(READER_BYTES).ok();
    let mut decoder = PngDecoder::with_limits(Cursor::new(bytes), limits).map_err(|e| damaged(&e))?;
    // The reader passes over a profile that is broken or beyond the limits.
    if chunks.has_profile && !decoder.icc_profile().is_ok_and(|profile| profile.is_some()) {
        return Err(damaged_by("its colour profile cannot be read"));
    }
    let image = match DynamicImage::from_decoder(decoder).map_err(|e| damaged(&e))? {
        DynamicImage::ImageLuma16(image) => Picture::Sixteen(image.into_raw()),
        DynamicImage::ImageLuma8(image) => Picture::Eight(image.into_raw()),
        // A tRNS chunk makes the reader add an alpha channel.
        _ => return Err(DecodeError::PngNotGreyscale { found: "greyscale with a transparent level" }),
    };
    budget.give_back(READER_BYTES);

    let (rows, cols) = (header.height as usize, header.width as usize);
    let (series_id, number) = dl_info::parse_name(path).unzip();
    let study_id = series_id.as_deref().and_then(dl_info::study_of).map(str::to_owned);
    let info = SliceInfo {
        path: path.to_owned(),
        format: Format::Png,
        series_id,
        study_id,
        sop_instance_uid: None,
        number,
        transfer_syntax: None,
        pixel_spacing_mm: None,
        thickness_mm: None,
        position_patient_mm: None,
        orientation_patient: None,
        window: None,
    };
    let slice = match image {
        Picture::Sixteen(values) => Slice::new(info, rows, cols, StoredValues::Unsigned(values), Rescale::DEEPLESION),
        Picture::Eight(values) => {
            let info = SliceInfo { window: Some(GREY_LEVELS), ..info };
            let values = StoredValues::Unsigned(values.into_iter().map(u16::from).collect());
            let levels = Rescale::new(1.0, 0.0);
            levels.and_then(|levels| Slice::new(info, rows, cols, values, levels)).map(Slice::without_hounsfield)
        }
    };
    slice.ok_or_else(|| damaged_by("the image has no pixels"))
}

/// The samples of a picture.
enum Picture {
    Sixteen(Vec<u16>),
    Eight(Vec<u8>),
}

/// The window that shows the grey levels 0 to 255 as they are.
const GREY_LEVELS: Window = Window { center_hu: 128.0, width_hu: 256.0 };

/// The fields of the IHDR chunk (ISO/IEC 15948, 11.2.2) that decide whether this can be a CT slice.
struct Header {
    width: u32,
    height: u32,
    bit_depth: u8,
    colour_type: u8,
}

impl Header {
    fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        let header = || {
            let (&kind, rest) = bytes.get(12..)?.split_first_chunk::<4>()?;
            let (&width, rest) = rest.split_first_chunk::<4>()?;
            let (&height, rest) = rest.split_first_chunk::<4>()?;
            let (&[bit_depth, colour_type], _) = rest.split_first_chunk::<2>()?;
            let (width, height) = (u32::from_be_bytes(width), u32::from_be_bytes(height));
            (&kind == b"IHDR").then_some(Self { width, height, bit_depth, colour_type })
        };
        header().ok_or_else(|| damaged_by("it has no image header"))
    }

    fn check(&self) -> Result<(), DecodeError> {
        if self.bit_depth != 16 && (self.bit_depth, self.colour_type) != (8, 0) {
            return Err(DecodeError::PngNot16Bit { bits: self.bit_depth });
        }
        match self.colour_type {
            0 => Ok(()),
            2 => Err(DecodeError::PngNotGreyscale { found: "a colour picture" }),
            3 => Err(DecodeError::PngNotGreyscale { found: "a picture with a palette" }),
            4 => Err(DecodeError::PngNotGreyscale { found: "greyscale with transparency" }),
            6 => Err(DecodeError::PngNotGreyscale { found: "a colour picture with transparency" }),
            _ => Err(damaged_by("its colour type does not exist")),
        }
    }
}

/// What the chunks say (ISO/IEC 15948, 5.3) that the reader does not.
struct Chunks {
    /// Length of all IDAT chunks together.
    image_data_bytes: usize,
    /// Whether there is an iCCP chunk.
    has_profile: bool,
}

impl Chunks {
    /// Steps over all chunks; refuses a file that ends before its IEND chunk does.
    fn survey(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut chunks = Self { image_data_bytes: 0, has_profile: false };
        let mut rest = bytes.get(SIGNATURE.len()..).unwrap_or_default();
        loop {
            let chunk = || {
                let (&length, rest) = rest.split_first_chunk::<4>()?;
                let (&kind, rest) = rest.split_first_chunk::<4>()?;
                let length = usize::try_from(u32::from_be_bytes(length)).ok()?;
                // Behind the data stands a checksum of four bytes.
                Some((kind, length, rest.get(length.checked_add(4)?..)?))
            };
            let (kind, length, behind) = chunk().ok_or_else(|| damaged_by("it ends too early"))?;
            match &kind {
                b"IDAT" => chunks.image_data_bytes = chunks.image_data_bytes.saturating_add(length),
                b"iCCP" => chunks.has_profile = true,
                b"IEND" => return Ok(chunks),
                _ => {}
            }
            rest = behind;
        }
    }
}

fn damaged_by(reason: &str) -> DecodeError {
    DecodeError::PngDamaged { reason: reason.to_owned() }
}

fn damaged(error: &ImageError) -> DecodeError {
    damaged_by(&printable(error.to_string().as_bytes()))
}

//! DICOM CT images in uncompressed transfer syntaxes.
//!
//! In: a DICOM file, with or without preamble and meta group, in implicit or explicit VR, little or big endian, or
//! deflated. Out: a [`Slice`]. The reader is the project's own because it has to be small, has to read files that break
//! the letter of the standard without harm to their pixels (long application-entity titles, missing meta groups), and
//! must never panic on those that break it to do harm.
//!
//! Followed: PS3.5 2024e (data structures and encoding), PS3.10 (file format), PS3.3 C.7.6.3 and C.8.2.1 (CT image).
//! Every gate asks one question: can the stored values be turned into Hounsfield units beyond doubt? What places or
//! scales the image and cannot be read is refused; what only helps the display (window, thickness, instance number)
//! is left out.

mod attributes;
mod dataset;
mod inflate;
mod meta;
mod pixels;
mod syntax;

pub(super) use meta::{Start, find_start};

use attributes::Attributes;
use dataset::{Encoding, PixelData};
use pixels::Layout;
use syntax::Syntax;

use super::DecodeError;
use super::budget::Budget;
use crate::hounsfield::{Rescale, Window};
use crate::slice::{Format, Slice, SliceInfo};

/// CT Image Storage.
const CT_IMAGE: &str = "1.2.840.10008.5.1.4.1.1.2";

pub(super) fn decode(path: &str, start: Start<'_>, budget: &mut Budget) -> Result<Slice, DecodeError> {
    let meta = meta::read(start)?;
    let uid = meta.transfer_syntax.as_str();
    let inflated;
    let (data_set, encoding) = match syntax::of(uid) {
        Syntax::Native(declared) => (meta.data_set, dataset::actual_encoding(meta.data_set, declared)),
        Syntax::Encapsulated => (meta.data_set, Encoding::ExplicitLittle),
        Syntax::Deflated => {
            inflated = inflate::inflate(meta.data_set, budget)?;
            (inflated.as_slice(), Encoding::ExplicitLittle)
        }
        Syntax::Unknown => return Err(unsupported(uid)),
    };
    let offset = if matches!(syntax::of(uid), Syntax::Deflated) { 0 } else { meta.data_set_offset };
    let attributes = dataset::read(data_set, offset, encoding)?;

    check_object(&attributes, meta.media_storage_class.as_deref())?;
    let is_encapsulated = matches!(syntax::of(uid), Syntax::Encapsulated);
    let (data, word_cells) = match attributes.pixel_data() {
        PixelData::Absent => return Err(DecodeError::NoPixelData),
        PixelData::Encapsulated if is_encapsulated => return Err(unsupported(uid)),
        PixelData::Native { data, word_cells } if !is_encapsulated => (data, word_cells),
        _ => return Err(DecodeError::PixelsContradictSyntax { uid: uid.to_owned(), name: syntax::name(uid) }),
    };
    let layout = layout(&attributes, encoding, word_cells)?;
    let rescale = rescale(&attributes)?;
    let info = info(path, uid, &attributes)?;
    let stored = pixels::stored_values(data, &layout, budget)?;
    Slice::new(info, layout.rows, layout.cols, stored, rescale).ok_or(DecodeError::NoPixelData)
}

fn unsupported(uid: &str) -> DecodeError {
    DecodeError::UnsupportedTransferSyntax { uid: uid.to_owned(), name: syntax::name(uid) }
}

/// Refuses what is not a single-frame CT slice. `media_storage_class` is the SOP class of the meta group, for objects
/// that carry none inside (DICOMDIR).
fn check_object(attributes: &Attributes<'_>, media_storage_class: Option<&str>) -> Result<(), DecodeError> {
    let class = attributes.text(attributes::SOP_CLASS_UID).or_else(|| media_storage_class.map(str::to_owned));
    let modality = attributes.text(attributes::MODALITY);
    let is_ct = match (class.as_deref(), modality.as_deref()) {
        (Some(CT_IMAGE), None | Some("CT")) | (None, Some("CT")) => true,
        (Some(class), None | Some("CT")) => {
            if let Some(name) = syntax::enhanced_ct_name(class) {
                return Err(DecodeError::EnhancedCt { name });
            }
            false
        }
        _ => false,
    };
    if !is_ct {
        let class_name = class.as_deref().map(|class| syntax::class_name(class).unwrap_or(class));
        let found = match (class_name, modality) {
            (Some(class), Some(modality)) => format!("{class} of modality {modality}"),
            (Some(class), None) => class.to_owned(),
            (None, Some(modality)) => format!("an object of modality {modality}"),
            (None, None) => "an object without SOP class and modality".to_owned(),
        };
        return Err(DecodeError::NotCtImage { found });
    }
    // PS3.3 C.8.2.1.1.1: value 3 of ImageType is AXIAL or LOCALIZER.
    if attributes.texts(attributes::IMAGE_TYPE).nth(2).is_some_and(|value| value == "LOCALIZER") {
        return Err(DecodeError::Localizer);
    }
    match attributes.integer(attributes::NUMBER_OF_FRAMES)? {
        None | Some(1) => Ok(()),
        Some(frames) => Err(DecodeError::MultiFrame { frames }),
    }
}

/// How the stored values lie in PixelData (PS3.5 8.1, PS3.3 C.7.6.3.1).
fn layout(attributes: &Attributes<'_>, encoding: Encoding, word_cells: bool) -> Result<Layout, DecodeError> {
    let samples = attributes.need_u16(attributes::SAMPLES_PER_PIXEL)?;
    let photometric = attributes.text(attributes::PHOTOMETRIC_INTERPRETATION);
    // MONOCHROME1 says that the display shows low values bright (C.7.6.3.1.2). The way to Hounsfield units is the
    // same, and this program shows Hounsfield units.
    if samples != 1 || !matches!(photometric.as_deref(), Some("MONOCHROME1" | "MONOCHROME2")) {
        let photometric = photometric.unwrap_or_else(|| "no photometric interpretation".to_owned());
        return Err(DecodeError::NotGreyscale { samples, photometric });
    }
    let rows = attributes.need_u16(attributes::ROWS)?;
    let cols = attributes.need_u16(attributes::COLUMNS)?;
    for (name, value) in [(attributes::ROWS, rows), (attributes::COLUMNS, cols)] {
        if value == 0 {
            return Err(attributes.bad(name, "1 or more"));
        }
    }
    let allocated = attributes.need_u16(attributes::BITS_ALLOCATED)?;
    if allocated != 8 && allocated != 16 {
        return Err(DecodeError::UnsupportedBitsAllocated { found: allocated });
    }
    let bits_stored = attributes.need_u16(attributes::BITS_STORED)?;
    if !(1..=allocated).contains(&bits_stored) {
        return Err(DecodeError::BadBitsStored { allocated, found: bits_stored });
    }
    // C.8.2.1.1.5 leaves one value only, so a file without HighBit leaves nothing open.
    let expected = bits_stored.saturating_sub(1);
    if let Some(found) = attributes.u16(attributes::HIGH_BIT)?
        && found != expected
    {
        return Err(DecodeError::BadHighBit { expected, found });
    }
    let signed = match attributes.need_u16(attributes::PIXEL_REPRESENTATION)? {
        0 => false,
        1 => true,
        _ => return Err(attributes.bad(attributes::PIXEL_REPRESENTATION, "0 (unsigned) or 1 (signed)")),
    };
    let cell = match (allocated, encoding) {
        // PS3.5 A.3: in big endian, OW swaps the bytes of each word, and with them neighbouring 8-bit cells.
        (8, Encoding::ExplicitBig) if word_cells => pixels::Cell::EightSwapped,
        (8, _) => pixels::Cell::Eight,
        (_, Encoding::ExplicitBig) => pixels::Cell::SixteenBig,
        _ => pixels::Cell::SixteenLittle,
    };
    Ok(Layout { rows: usize::from(rows), cols: usize::from(cols), cell, bits_stored, signed })
}

/// RescaleSlope and RescaleIntercept (PS3.3 C.11.1.1.2), both required of a CT image (C.8.2.1).
fn rescale(attributes: &Attributes<'_>) -> Result<Rescale, DecodeError> {
    // C.8.2.1.1.6 has HU for CT. US, unspecified, is what some scanners write into plain CT images; every other type
    // is a different quantity, such as the effective atomic number of a multi-energy scan.
    let kind = attributes.text(attributes::RESCALE_TYPE);
    if let Some(found) = kind.filter(|kind| kind != "HU" && kind != "US") {
        return Err(DecodeError::NotHounsfield { found });
    }
    let [slope] = attributes.need_decimals(attributes::RESCALE_SLOPE, "one number")?;
    let [intercept] = attributes.need_decimals(attributes::RESCALE_INTERCEPT, "one number")?;
    Rescale::new(slope, intercept).ok_or(DecodeError::BadRescale { slope, intercept })
}

fn info(path: &str, uid: &str, attributes: &Attributes<'_>) -> Result<SliceInfo, DecodeError> {
    // C.7.6.3 / 10.7.1.3: the distance between rows (y) comes first, then the one between columns (x).
    let spacing = attributes.decimals::<2>(attributes::PIXEL_SPACING, "two numbers above 0, in mm")?;
    if spacing.is_some_and(|spacing| spacing.iter().any(|&mm| mm <= 0.0)) {
        return Err(attributes.bad(attributes::PIXEL_SPACING, "two numbers above 0, in mm"));
    }
    let six = "six direction cosines of two perpendicular unit vectors";
    let orientation = attributes.decimals::<6>(attributes::IMAGE_ORIENTATION_PATIENT, six)?;
    if orientation.is_some_and(|cosines| !is_orthonormal(cosines)) {
        return Err(attributes.bad(attributes::IMAGE_ORIENTATION_PATIENT, six));
    }
    Ok(SliceInfo {
        path: path.to_owned(),
        format: Format::Dicom,
        series_id: attributes.text(attributes::SERIES_INSTANCE_UID),
        number: attributes.integer(attributes::INSTANCE_NUMBER).ok().flatten(),
        transfer_syntax: Some(uid.to_owned()),
        pixel_spacing_mm: spacing.map(|[y, x]| (x, y)),
        thickness_mm: attributes.decimals::<1>(attributes::SLICE_THICKNESS, "").ok().flatten().map(|[mm]| mm),
        position_patient_mm: attributes.decimals(attributes::IMAGE_POSITION_PATIENT, "three numbers, in mm")?,
        orientation_patient: orientation,
        window: window(attributes),
    })
}

/// Whether two vectors have length 1 and stand perpendicular, to a hundredth: files round their cosines.
fn is_orthonormal([a, b, c, d, e, f]: [f64; 6]) -> bool {
    let near = |value: f64, target: f64| (value - target).abs() < 0.01;
    near(a * a + b * b + c * c, 1.0) && near(d * d + e * e + f * f, 1.0) && near(a * d + b * e + c * f, 0.0)
}

/// The first of the file's windows (PS3.3 C.11.2.1.2); a width below 1 is no window.
#[allow(clippy::cast_possible_truncation, reason = "a display window needs no more than f32")]
fn window(attributes: &Attributes<'_>) -> Option<Window> {
    let first = |name| attributes.first_decimal(name).map(|value| value as f32);
    let (center_hu, width_hu) = (first(attributes::WINDOW_CENTER)?, first(attributes::WINDOW_WIDTH)?);
    (center_hu.is_finite() && width_hu.is_finite() && width_hu >= 1.0).then_some(Window { center_hu, width_hu })
}

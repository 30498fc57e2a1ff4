//! DICOM CT images, plain or compressed, single or with many frames.
//!
//! In: a DICOM file, with or without preamble and meta group, in implicit or explicit VR, little or big endian,
//! deflated, or with encapsulated pixels. Out: a [`Slice`] per frame. The reader is the project's own because it has to be small, has to read files that break
//! the letter of the standard without harm to their pixels (long application-entity titles, missing meta groups), and
//! must never panic on those that break it to do harm.
//!
//! Followed: PS3.5 2024e (data structures and encoding), PS3.10 (file format), PS3.3 C.7.6.3, C.8.2.1 (CT image),
//! C.7.6.16 (functional groups of enhanced CT) and C.11.1 (modality LUT and rescale).
//! Every gate asks one question: can the stored values be turned into Hounsfield units beyond doubt? What places or
//! scales the image and cannot be read is refused; what only helps the display (window, thickness, instance number)
//! is left out.

mod attributes;
mod dataset;
mod element;
mod frames;
mod inflate;
mod meta;
mod pixels;
mod syntax;

pub(super) use meta::{Start, find_start};

use attributes::Attributes;
use element::{Encoding, PixelData};
use frames::Frames;
use pixels::Layout;
use syntax::Syntax;

use super::DecodeError;
use super::budget::{Budget, check_shape};
use super::codec::{self, Expected};
use crate::geometry::is_plausible_size;
use crate::hounsfield::{Rescale, Window};
use crate::slice::{Format, Slice, SliceInfo, StoredValues};

/// CT Image Storage.
const CT_IMAGE: &str = "1.2.840.10008.5.1.4.1.1.2";

/// What a slice takes beside its pixels: its path, identifiers and geometry.
const SLICE_BYTES: usize = 2048;

pub(super) fn decode(path: &str, start: Start<'_>, budget: &mut Budget) -> Result<Vec<Slice>, DecodeError> {
    let meta = meta::read(start)?;
    let uid = meta.transfer_syntax.as_str();
    let inflated;
    let (data_set, offset, encoding) = match syntax::of(uid) {
        Syntax::Native(declared) => {
            (meta.data_set, meta.data_set_offset, dataset::actual_encoding(meta.data_set, declared))
        }
        Syntax::Encapsulated(_) => (meta.data_set, meta.data_set_offset, Encoding::ExplicitLittle),
        Syntax::Deflated => {
            inflated = inflate::inflate(meta.data_set, budget)?;
            (inflated.as_slice(), 0, Encoding::ExplicitLittle)
        }
        Syntax::Unknown => return Err(unsupported(uid)),
    };
    let attributes = dataset::read(data_set, offset, encoding)?;
    let n_frames = check_object(&attributes, meta.media_storage_class.as_deref())?;

    let codec = match syntax::of(uid) {
        Syntax::Encapsulated(codec) => Some(codec),
        _ => None,
    };
    let (stored, layout) = match (attributes.pixel_data(), codec) {
        (PixelData::Absent, _) => return Err(DecodeError::NoPixelData),
        (PixelData::Encapsulated(_), Some(None)) => return Err(unsupported(uid)),
        (PixelData::Encapsulated(fragments), Some(Some(codec))) => {
            let layout = layout(&attributes, encoding, false, n_frames)?;
            take_slices(path, &layout, budget)?;
            let frames = Frames::new(fragments, &attributes, n_frames, budget)?.frames(budget)?;
            let Layout { rows, cols, bits_allocated, .. } = layout;
            let expected = Expected { rows, cols, bits_allocated };
            let decoded = |bytes: &frames::FrameBytes<'_>| {
                pixels::decoded_frame(codec::decode(codec, bytes, expected, budget)?, &layout)
            };
            (frames.iter().map(decoded).collect::<Result<Vec<_>, _>>()?, layout)
        }
        (PixelData::Native { data, word_cells }, None) => {
            let layout = layout(&attributes, encoding, word_cells, n_frames)?;
            take_slices(path, &layout, budget)?;
            (pixels::native_frames(data, &layout, budget)?, layout)
        }
        _ => return Err(DecodeError::PixelsContradictSyntax { uid: uid.to_owned(), name: syntax::name(uid) }),
    };
    // Each frame looks into the groups that all share, and each group is a step or more.
    let shared = attributes.sequence(attributes::SHARED_FUNCTIONAL_GROUPS).map_or(0, |sequence| sequence.bytes.len());
    budget.work("the functional groups", shared.checked_mul(layout.frames))?;
    slices(path, uid, &attributes, &layout, stored)
}

/// Asks the budget for what the slices take beside their pixels.
fn take_slices(path: &str, layout: &Layout, budget: &mut Budget) -> Result<(), DecodeError> {
    let each = path.len().saturating_add(SLICE_BYTES);
    budget.take("the frames", layout.frames.checked_mul(each))
}

/// Puts the slices together, each frame with its own functional groups.
fn slices(
    path: &str,
    uid: &str,
    attributes: &Attributes<'_>,
    layout: &Layout,
    stored: Vec<StoredValues>,
) -> Result<Vec<Slice>, DecodeError> {
    let padding = padding(attributes, layout)?;
    let n_groups = attributes.sequence(attributes::PER_FRAME_FUNCTIONAL_GROUPS).map(dataset::items);
    if n_groups.is_some_and(|groups| groups.take(layout.frames.saturating_add(1)).count() > layout.frames) {
        return Err(DecodeError::FrameGroupsContradict { reason: "there are more of them than frames" });
    }
    let shared = dataset::first_item(attributes, attributes::SHARED_FUNCTIONAL_GROUPS)?;
    let mut per_frame = attributes.sequence(attributes::PER_FRAME_FUNCTIONAL_GROUPS).map(dataset::items);
    let is_enhanced = shared.is_some() || per_frame.is_some();
    let mut slices = Vec::new();
    for (frame_idx, stored) in stored.into_iter().enumerate() {
        let own = match per_frame.as_mut() {
            Some(items) => Some(
                items.next().ok_or(DecodeError::FrameGroupsMissing { frames: layout.frames, groups: frame_idx })??,
            ),
            None => None,
        };
        let groups = Groups { image: attributes, shared: shared.as_ref(), own: own.as_ref() };
        groups.check()?;
        let kind = groups.of(attributes::CT_IMAGE_FRAME_TYPE)?;
        if kind.texts(attributes::FRAME_TYPE).nth(2).is_some_and(|value| value == "LOCALIZER") {
            return Err(DecodeError::Localizer);
        }
        check_quantity(&kind, attributes::FRAME_TYPE)?;
        let mut info = info(path, uid, attributes, &groups, layout)?;
        if is_enhanced {
            info.path = format!("{path}, frame {}", frame_idx.saturating_add(1));
            info.number = i64::try_from(frame_idx).ok().and_then(|idx| idx.checked_add(1));
        }
        let (stored, rescale) = to_hounsfield(attributes, &groups, layout, stored)?;
        let slice = Slice::new(info, layout.rows, layout.cols, stored, rescale).ok_or(DecodeError::NoPixelData)?;
        slices.push(match padding {
            Some((first, last)) => {
                check_padding(&slice, rescale, first, last)?;
                slice.with_padding(first, last)
            }
            None => slice,
        });
    }
    Ok(slices)
}

/// Where an attribute of one frame may stand (PS3.3 C.7.6.16): in the frame's own functional groups, in those that all
/// frames share, or in the image itself.
struct Groups<'a, 'b> {
    image: &'b Attributes<'a>,
    shared: Option<&'b Attributes<'a>>,
    own: Option<&'b Attributes<'a>>,
}

impl<'a> Groups<'a, '_> {
    /// The attributes of one functional group.
    fn of(&self, group: attributes::Name) -> Result<Attributes<'a>, DecodeError> {
        for place in [self.own, self.shared].into_iter().flatten() {
            if let Some(item) = dataset::first_item(place, group)? {
                return Ok(item);
            }
        }
        Ok(self.image.clone())
    }

    /// Refuses groups that stand in two places with different content, of which nothing says which holds. C.7.6.16.1.1
    /// allows a group in one place only, but some writers repeat it.
    fn check(&self) -> Result<(), DecodeError> {
        for (group, names) in attributes::GROUPS {
            let mut places = Vec::new();
            for place in [self.own, self.shared].into_iter().flatten() {
                places.extend(dataset::first_item(place, group)?);
                if place.sequence(group).is_some_and(|sequence| dataset::items(sequence).nth(1).is_some()) {
                    return Err(DecodeError::FrameGroupsContradict { reason: "one of them holds several items" });
                }
            }
            if places.is_empty() {
                continue;
            }
            // The image itself may be without what stands in a group.
            let says = |place: &Attributes<'a>, name| place.text(name);
            for &name in names {
                let mut said = places.iter().map(|place| says(place, name));
                let first = said.next().flatten();
                if said.any(|other| other != first) {
                    let reason = "what all frames share and what one has of its own are not the same";
                    return Err(DecodeError::FrameGroupsContradict { reason });
                }
                if says(self.image, name).is_some_and(|of_image| Some(of_image) != first) {
                    let reason = "the image itself and a group of its frames say different things";
                    return Err(DecodeError::FrameGroupsContradict { reason });
                }
            }
        }
        Ok(())
    }
}

/// Values of ImageType and FrameType (PS3.3 C.8.2.1.1.1, C.8.15.2.1.1 and C.8.16.1.4, and what scanners write) that stand
/// for maps of another quantity, or for differences: blood flow and volume, times, materials, atomic numbers, densities.
const OTHER_QUANTITIES: [&str; 32] = [
    "CBF",
    "CBV",
    "MTT",
    "TTP",
    "TTD",
    "TMAX",
    "TTS",
    "RCBF",
    "RCBV",
    "BLOOD_FLOW",
    "BLOOD_VOLUME",
    "PERMEABILITY",
    "FLOW_EXTRACTION",
    "CALCIUM_MAP",
    "URIC_ACID",
    "FAT_FRACTION",
    "FAT_MAP",
    "PBV",
    "LUNG_PBV",
    "Z_EFFECTIVE",
    "Z_EFF",
    "EFF_ATOMIC_NUM",
    "RHO_Z",
    "ELECTRON_DENSITY",
    "MAT_SPECIFIC",
    "MAT_FRACTIONAL",
    "MAT_VALUE_BASED",
    "MATERIAL_DENSITY",
    "SUBTRACTION",
    "DIVISION",
    "STD_DEVIATION",
    "QUANTITY",
];

/// Refuses maps of another quantity than Hounsfield units, which CT scanners store as CT images.
fn check_quantity(attributes: &Attributes<'_>, name: attributes::Name) -> Result<(), DecodeError> {
    // The images from which a map of perfusion is made may say PERFUSION too, and are ORIGINAL.
    let is_derived = attributes.texts(name).next().is_some_and(|value| value.eq_ignore_ascii_case("DERIVED"));
    let other = |value: &String| {
        let word = value.to_ascii_uppercase().replace([' ', '-'], "_");
        OTHER_QUANTITIES.contains(&word.as_str())
            || word.contains("IODINE")
            || (is_derived && word.contains("PERFUSION"))
    };
    match attributes.texts(name).take(32).find(other) {
        Some(found) => Err(DecodeError::OtherQuantity { found }),
        None => Ok(()),
    }
}

/// No gas within the body is denser: what lies above is what the scan is about.
const DENSEST_GAS_HU: f64 = -500.0;

/// Refuses a range of padding values that covers more than a hundredth of the image with what is no gas: a few pixels
/// may have such a value by chance.
fn check_padding(slice: &Slice, rescale: Rescale, first: i32, last: i32) -> Result<(), DecodeError> {
    if rescale.hu(last).max(rescale.hu(first)) <= DENSEST_GAS_HU {
        return Ok(());
    }
    let covers = |&stored: &i32| (first..=last).contains(&stored) && rescale.hu(stored) > DENSEST_GAS_HU;
    let n = slice.stored().iter().filter(covers).count();
    if n.saturating_mul(100) > slice.stored().len() {
        return Err(DecodeError::PaddingCoversImage { first, last });
    }
    Ok(())
}

fn unsupported(uid: &str) -> DecodeError {
    DecodeError::UnsupportedTransferSyntax { uid: uid.to_owned(), name: syntax::name(uid) }
}

/// Refuses what is not a CT image, and gives the number of its frames. `media_storage_class` is the SOP class of the
/// meta group, for objects that carry none inside (DICOMDIR).
fn check_object(attributes: &Attributes<'_>, media_storage_class: Option<&str>) -> Result<usize, DecodeError> {
    let class = attributes.text(attributes::SOP_CLASS_UID).or_else(|| media_storage_class.map(str::to_owned));
    let modality = attributes.text(attributes::MODALITY);
    let is_enhanced = class.as_deref().is_some_and(syntax::is_enhanced_ct);
    let is_ct = match (class.as_deref(), modality.as_deref()) {
        (Some(CT_IMAGE), None | Some("CT")) | (None, Some("CT")) => true,
        (Some(_), None | Some("CT")) => is_enhanced,
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
    check_quantity(attributes, attributes::IMAGE_TYPE)?;
    let frames = attributes.integer(attributes::NUMBER_OF_FRAMES)?.unwrap_or(1);
    match usize::try_from(frames) {
        Ok(1) => Ok(1),
        Ok(n) if n > 1 && is_enhanced => Ok(n),
        _ => Err(DecodeError::MultiFrame { frames }),
    }
}

/// How the stored values lie in PixelData (PS3.5 8.1, PS3.3 C.7.6.3.1).
fn layout(
    attributes: &Attributes<'_>,
    encoding: Encoding,
    word_cells: bool,
    frames: usize,
) -> Result<Layout, DecodeError> {
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
    if !matches!(allocated, 8 | 16 | 32) {
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
        (16, Encoding::ExplicitBig) => pixels::Cell::SixteenBig,
        (16, _) => pixels::Cell::SixteenLittle,
        (_, Encoding::ExplicitBig) => pixels::Cell::ThirtyTwoBig,
        _ => pixels::Cell::ThirtyTwoLittle,
    };
    let (rows, cols) = (usize::from(rows), usize::from(cols));
    check_shape(rows, cols)?;
    Ok(Layout { rows, cols, frames, cell, bits_allocated: allocated, bits_stored, signed })
}

/// PixelPaddingValue and PixelPaddingRangeLimit (PS3.3 C.7.5.1.1.2): the stored values, both included, that stand for
/// pixels outside of the scan.
fn padding(attributes: &Attributes<'_>, layout: &Layout) -> Result<Option<(i32, i32)>, DecodeError> {
    let value = |name| {
        let value = attributes.stored_value(name, layout.signed)?;
        Ok(value.and_then(|value| i32::try_from(value).ok()))
    };
    let Some(first) = value(attributes::PIXEL_PADDING_VALUE)? else { return Ok(None) };
    let last = value(attributes::PIXEL_PADDING_RANGE_LIMIT)?.unwrap_or(first);
    Ok(Some((first.min(last), first.max(last))))
}

/// The stored values of a frame with their map to Hounsfield units: a rescale, or the values that a modality LUT makes
/// of them. C.11.1 allows one of the two; a CT image must have one (C.8.2.1, C.7.6.16.2.9).
fn to_hounsfield(
    attributes: &Attributes<'_>,
    groups: &Groups<'_, '_>,
    layout: &Layout,
    stored: StoredValues,
) -> Result<(StoredValues, Rescale), DecodeError> {
    let Some(lut) = dataset::first_item(attributes, attributes::MODALITY_LUT_SEQUENCE)? else {
        let transformation = groups.of(attributes::PIXEL_VALUE_TRANSFORMATION)?;
        let rescale = rescale(&transformation, groups.own.is_some() || groups.shared.is_some(), layout.bits_stored)?;
        check_reach(layout, rescale)?;
        return Ok((stored, rescale));
    };
    let transformation = groups.of(attributes::PIXEL_VALUE_TRANSFORMATION)?;
    let rescales = [attributes::RESCALE_SLOPE, attributes::RESCALE_INTERCEPT];
    if rescales.into_iter().any(|name| attributes.has(name) || transformation.has(name)) {
        return Err(DecodeError::BadModalityLut {
            reason: "it stands beside a rescale, and which one holds is unclear",
        });
    }
    let kind = lut.text(attributes::MODALITY_LUT_TYPE).unwrap_or_default();
    if kind != "HU" {
        return Err(DecodeError::NotHounsfield { found: kind });
    }
    let bad = |reason| DecodeError::BadModalityLut { reason };
    let descriptor: Vec<u16> = lut.words(attributes::LUT_DESCRIPTOR).take(4).collect();
    let &[n_entries, first, 16] = descriptor.as_slice() else {
        return Err(bad("its descriptor is not that of a table of 16-bit entries"));
    };
    // C.11.1.1.1: 0 stands for 65536, and the first value has the sign of the pixels.
    let n_entries = if n_entries == 0 { 1 << 16 } else { usize::from(n_entries) };
    let first = if layout.signed { i32::from(first.cast_signed()) } else { i32::from(first) };
    let entries: Vec<u16> = lut.words(attributes::LUT_DATA).take(n_entries.saturating_add(1)).collect();
    if entries.len() != n_entries {
        return Err(bad("it does not hold as many entries as its descriptor says"));
    }
    let last = n_entries.saturating_sub(1);
    let looked_up = stored.iter().map(|value| {
        let at = usize::try_from(value.saturating_sub(first)).unwrap_or(0).min(last);
        entries.get(at).copied().unwrap_or(0)
    });
    let identity = Rescale::new(1.0, 0.0).ok_or(DecodeError::BadRescale { slope: 1.0, intercept: 0.0 })?;
    Ok((StoredValues::Unsigned(looked_up.collect()), identity))
}

/// What air is at least: padding apart, no stored value of a scan needs to lie lower.
const AIR_HU: f64 = -950.0;

/// Refuses stored values that cannot reach air and water: their rescale is that of another depth, as when a scan was
/// squeezed into 8 bits and kept the intercept of its 16, or is missing, as where HU + 1024 are stored with an intercept
/// of 0.
fn check_reach(layout: &Layout, rescale: Rescale) -> Result<(), DecodeError> {
    let steps = 2.0_f64.powi(i32::from(layout.bits_stored));
    let (low, high) = if layout.signed { (-0.5 * steps, 0.5 * steps - 1.0) } else { (0.0, steps - 1.0) };
    let ends = [low, high].map(|stored| rescale.of(stored));
    let (low, high) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
    if low > AIR_HU || high < 0.0 {
        return Err(DecodeError::OutOfReach { bits_stored: layout.bits_stored, low, high });
    }
    Ok(())
}

/// RescaleSlope and RescaleIntercept (PS3.3 C.11.1.1.2), both required of a CT image (C.8.2.1).
fn rescale(attributes: &Attributes<'_>, is_enhanced: bool, bits_stored: u16) -> Result<Rescale, DecodeError> {
    // C.8.2.1.1.6 has HU for CT, and leaves the type out of plain images where it is HU. US, unspecified, stands for maps,
    // such as of perfusion, and every other type for a different quantity, such as the effective atomic number of a
    // multi-energy scan.
    let kind = attributes.text(attributes::RESCALE_TYPE);
    let kind = if is_enhanced { Some(kind.unwrap_or_else(|| "nothing".to_owned())) } else { kind };
    if let Some(found) = kind.filter(|kind| kind != "HU") {
        return Err(DecodeError::NotHounsfield { found });
    }
    let [slope] = attributes.need_decimals(attributes::RESCALE_SLOPE, "one number")?;
    let [intercept] = attributes.need_decimals(attributes::RESCALE_INTERCEPT, "one number")?;
    // Eight bits need steps of 16 HU and more to hold a scan, every other depth steps of about 1.
    let steepest = if bits_stored <= 8 { 64.0 } else { 10.0 };
    if !(0.1..=steepest).contains(&slope) {
        return Err(DecodeError::BadRescale { slope, intercept });
    }
    Rescale::new(slope, intercept).ok_or(DecodeError::BadRescale { slope, intercept })
}

fn info(
    path: &str,
    uid: &str,
    attributes: &Attributes<'_>,
    groups: &Groups<'_, '_>,
    layout: &Layout,
) -> Result<SliceInfo, DecodeError> {
    let measures = groups.of(attributes::PIXEL_MEASURES)?;
    let plane = groups.of(attributes::PLANE_ORIENTATION)?;
    // C.7.6.3 / 10.7.1.3: the distance between rows (y) comes first, then the one between columns (x).
    let spacing = measures.decimals::<2>(attributes::PIXEL_SPACING, "two numbers above 0, in mm")?;
    if spacing.is_some_and(|spacing| spacing.iter().any(|&mm| mm <= 0.0)) {
        return Err(measures.bad(attributes::PIXEL_SPACING, "two numbers above 0, in mm"));
    }
    let (rows, cols) = (layout.rows, layout.cols);
    if let Some([y_mm, x_mm]) = spacing.filter(|&[y, x]| !is_plausible_size(rows, cols, (x, y))) {
        return Err(DecodeError::ImplausibleSize { rows, cols, x_mm, y_mm });
    }
    let six = "six direction cosines of two perpendicular unit vectors";
    let orientation = plane.decimals::<6>(attributes::IMAGE_ORIENTATION_PATIENT, six)?;
    if orientation.is_some_and(|cosines| !is_orthonormal(cosines)) {
        return Err(plane.bad(attributes::IMAGE_ORIENTATION_PATIENT, six));
    }
    Ok(SliceInfo {
        path: path.to_owned(),
        format: Format::Dicom,
        series_id: attributes.identifier(attributes::SERIES_INSTANCE_UID),
        study_id: attributes.identifier(attributes::STUDY_INSTANCE_UID),
        sop_instance_uid: attributes.identifier(attributes::SOP_INSTANCE_UID),
        number: attributes.integer(attributes::INSTANCE_NUMBER).ok().flatten(),
        transfer_syntax: Some(uid.to_owned()),
        pixel_spacing_mm: spacing.map(|[y, x]| (x, y)),
        thickness_mm: measures.decimals::<1>(attributes::SLICE_THICKNESS, "").ok().flatten().map(|[mm]| mm),
        position_patient_mm: groups
            .of(attributes::PLANE_POSITION)?
            .decimals(attributes::IMAGE_POSITION_PATIENT, "three numbers, in mm")?,
        orientation_patient: orientation,
        window: window(&groups.of(attributes::FRAME_VOI_LUT)?),
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

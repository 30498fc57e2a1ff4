//! The attributes that a CT slice needs, and strict reading of their values (PS3.5 6.2).

use super::element::{Encoding, PixelData, Sequence};
use crate::decode::DecodeError;
use crate::decode::error::printable;
use crate::slice::lasting_id;

/// An attribute by tag and by its keyword in PS3.6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name {
    tag: u32,
    keyword: &'static str,
}

const fn name(tag: u32, keyword: &'static str) -> Name {
    Name { tag, keyword }
}

pub(super) const IMAGE_TYPE: Name = name(0x0008_0008, "ImageType");
pub(super) const SOP_CLASS_UID: Name = name(0x0008_0016, "SOPClassUID");
pub(super) const SOP_INSTANCE_UID: Name = name(0x0008_0018, "SOPInstanceUID");
pub(super) const MODALITY: Name = name(0x0008_0060, "Modality");
pub(super) const SLICE_THICKNESS: Name = name(0x0018_0050, "SliceThickness");
pub(super) const STUDY_INSTANCE_UID: Name = name(0x0020_000d, "StudyInstanceUID");
pub(super) const SERIES_INSTANCE_UID: Name = name(0x0020_000e, "SeriesInstanceUID");
pub(super) const INSTANCE_NUMBER: Name = name(0x0020_0013, "InstanceNumber");
pub(super) const IMAGE_POSITION_PATIENT: Name = name(0x0020_0032, "ImagePositionPatient");
pub(super) const IMAGE_ORIENTATION_PATIENT: Name = name(0x0020_0037, "ImageOrientationPatient");
pub(super) const SAMPLES_PER_PIXEL: Name = name(0x0028_0002, "SamplesPerPixel");
pub(super) const PHOTOMETRIC_INTERPRETATION: Name = name(0x0028_0004, "PhotometricInterpretation");
pub(super) const NUMBER_OF_FRAMES: Name = name(0x0028_0008, "NumberOfFrames");
pub(super) const ROWS: Name = name(0x0028_0010, "Rows");
pub(super) const COLUMNS: Name = name(0x0028_0011, "Columns");
pub(super) const PIXEL_SPACING: Name = name(0x0028_0030, "PixelSpacing");
pub(super) const BITS_ALLOCATED: Name = name(0x0028_0100, "BitsAllocated");
pub(super) const BITS_STORED: Name = name(0x0028_0101, "BitsStored");
pub(super) const HIGH_BIT: Name = name(0x0028_0102, "HighBit");
pub(super) const PIXEL_REPRESENTATION: Name = name(0x0028_0103, "PixelRepresentation");
pub(super) const PIXEL_PADDING_VALUE: Name = name(0x0028_0120, "PixelPaddingValue");
pub(super) const PIXEL_PADDING_RANGE_LIMIT: Name = name(0x0028_0121, "PixelPaddingRangeLimit");
pub(super) const WINDOW_CENTER: Name = name(0x0028_1050, "WindowCenter");
pub(super) const WINDOW_WIDTH: Name = name(0x0028_1051, "WindowWidth");
pub(super) const RESCALE_INTERCEPT: Name = name(0x0028_1052, "RescaleIntercept");
pub(super) const RESCALE_SLOPE: Name = name(0x0028_1053, "RescaleSlope");
pub(super) const RESCALE_TYPE: Name = name(0x0028_1054, "RescaleType");

pub(super) const LUT_DESCRIPTOR: Name = name(0x0028_3002, "LUTDescriptor");
pub(super) const MODALITY_LUT_TYPE: Name = name(0x0028_3004, "ModalityLUTType");
pub(super) const LUT_DATA: Name = name(0x0028_3006, "LUTData");
pub(super) const FRAME_TYPE: Name = name(0x0008_9007, "FrameType");
pub(super) const EXTENDED_OFFSET_TABLE: Name = name(0x7fe0_0001, "ExtendedOffsetTable");

pub(super) const MODALITY_LUT_SEQUENCE: Name = name(0x0028_3000, "ModalityLUTSequence");
pub(super) const SHARED_FUNCTIONAL_GROUPS: Name = name(0x5200_9229, "SharedFunctionalGroupsSequence");
pub(super) const PER_FRAME_FUNCTIONAL_GROUPS: Name = name(0x5200_9230, "PerFrameFunctionalGroupsSequence");
pub(super) const PIXEL_MEASURES: Name = name(0x0028_9110, "PixelMeasuresSequence");
pub(super) const PLANE_POSITION: Name = name(0x0020_9113, "PlanePositionSequence");
pub(super) const PLANE_ORIENTATION: Name = name(0x0020_9116, "PlaneOrientationSequence");
pub(super) const PIXEL_VALUE_TRANSFORMATION: Name = name(0x0028_9145, "PixelValueTransformationSequence");
pub(super) const FRAME_VOI_LUT: Name = name(0x0028_9132, "FrameVOILUTSequence");
pub(super) const CT_IMAGE_FRAME_TYPE: Name = name(0x0018_9329, "CTImageFrameTypeSequence");

/// Sequences that are looked into; all others are stepped over.
const SEQUENCES: [Name; 9] = [
    MODALITY_LUT_SEQUENCE,
    SHARED_FUNCTIONAL_GROUPS,
    PER_FRAME_FUNCTIONAL_GROUPS,
    PIXEL_MEASURES,
    PLANE_POSITION,
    PLANE_ORIENTATION,
    PIXEL_VALUE_TRANSFORMATION,
    FRAME_VOI_LUT,
    CT_IMAGE_FRAME_TYPE,
];

/// Functional groups whose contents must not contradict each other wherever they stand, with what they say.
pub(super) const GROUPS: [(Name, &[Name]); 4] = [
    (PIXEL_VALUE_TRANSFORMATION, &[RESCALE_SLOPE, RESCALE_INTERCEPT, RESCALE_TYPE]),
    (PIXEL_MEASURES, &[PIXEL_SPACING]),
    (PLANE_POSITION, &[IMAGE_POSITION_PATIENT]),
    (PLANE_ORIENTATION, &[IMAGE_ORIENTATION_PATIENT]),
];

const WANTED: [Name; 32] = [
    IMAGE_TYPE,
    SOP_CLASS_UID,
    SOP_INSTANCE_UID,
    MODALITY,
    SLICE_THICKNESS,
    STUDY_INSTANCE_UID,
    SERIES_INSTANCE_UID,
    INSTANCE_NUMBER,
    IMAGE_POSITION_PATIENT,
    IMAGE_ORIENTATION_PATIENT,
    SAMPLES_PER_PIXEL,
    PHOTOMETRIC_INTERPRETATION,
    NUMBER_OF_FRAMES,
    ROWS,
    COLUMNS,
    PIXEL_SPACING,
    BITS_ALLOCATED,
    BITS_STORED,
    HIGH_BIT,
    PIXEL_REPRESENTATION,
    PIXEL_PADDING_VALUE,
    PIXEL_PADDING_RANGE_LIMIT,
    WINDOW_CENTER,
    WINDOW_WIDTH,
    RESCALE_INTERCEPT,
    RESCALE_SLOPE,
    RESCALE_TYPE,
    LUT_DESCRIPTOR,
    MODALITY_LUT_TYPE,
    LUT_DATA,
    FRAME_TYPE,
    EXTENDED_OFFSET_TABLE,
];

/// Whether a tag is that of a sequence that is looked into.
pub(super) fn is_sequence(tag: u32) -> bool {
    SEQUENCES.iter().any(|name| name.tag == tag)
}

/// Those of VR US, or of US or SS.
const WORDS: [Name; 9] = [
    SAMPLES_PER_PIXEL,
    ROWS,
    COLUMNS,
    BITS_ALLOCATED,
    BITS_STORED,
    HIGH_BIT,
    PIXEL_REPRESENTATION,
    PIXEL_PADDING_VALUE,
    PIXEL_PADDING_RANGE_LIMIT,
];

/// Raw values of the wanted attributes of one data set or item.
#[derive(Debug, Clone)]
pub(super) struct Attributes<'a> {
    encoding: Encoding,
    // Invariant: at most one entry per wanted tag.
    values: Vec<(u32, &'a [u8])>,
    // Invariant: at most one entry per tag of SEQUENCES.
    sequences: Vec<(u32, Sequence<'a>)>,
    pixel_data: PixelData<'a>,
}

impl<'a> Attributes<'a> {
    pub(super) fn new(encoding: Encoding) -> Self {
        Self { encoding, values: Vec::new(), sequences: Vec::new(), pixel_data: PixelData::Absent }
    }

    /// Keeps a value if it is wanted; `false` if the tag has been there before.
    pub(super) fn insert(&mut self, tag: u32, value: &'a [u8]) -> bool {
        if self.values.iter().any(|&(known, _)| known == tag) {
            return false;
        }
        if WANTED.iter().any(|name| name.tag == tag) {
            self.values.push((tag, value));
        }
        true
    }

    /// Keeps a sequence; `false` if the tag has been there before.
    pub(super) fn insert_sequence(&mut self, tag: u32, sequence: Sequence<'a>) -> bool {
        let is_fresh = self.sequence_of(tag).is_none();
        if is_fresh {
            self.sequences.push((tag, sequence));
        }
        is_fresh
    }

    fn sequence_of(&self, tag: u32) -> Option<Sequence<'a>> {
        self.sequences.iter().find(|&&(known, _)| known == tag).map(|&(_, sequence)| sequence)
    }

    /// A sequence of [`SEQUENCES`]; `None` if it is absent.
    pub(super) fn sequence(&self, name: Name) -> Option<Sequence<'a>> {
        self.sequence_of(name.tag)
    }

    pub(super) fn set_pixel_data(&mut self, pixel_data: PixelData<'a>) {
        self.pixel_data = pixel_data;
    }

    pub(super) fn pixel_data(&self) -> PixelData<'a> {
        self.pixel_data
    }

    /// The value with its padding; `None` if the attribute is absent or empty.
    fn value(&self, name: Name) -> Option<&'a [u8]> {
        let value = self.raw(name)?;
        (!value.iter().all(|&byte| byte == b' ' || byte == 0)).then_some(value)
    }

    /// A text as it may stand in a message; `None` if it is absent or empty.
    pub(super) fn text(&self, name: Name) -> Option<String> {
        self.value(name).map(printable).filter(|text| !text.is_empty())
    }

    /// A text that tells things apart; `None` if it is absent or empty. One that is longer than the standard's 64
    /// characters is cut, with a digest of the whole behind it, so that two that differ behind the 64th stay two.
    pub(super) fn identifier(&self, name: Name) -> Option<String> {
        let text = self.text(name)?;
        let whole = self.value(name).map(trim).unwrap_or_default();
        if whole.len() <= 64 {
            return Some(text);
        }
        let digest = lasting_id(&[&String::from_utf8_lossy(whole)], 1);
        Some(format!("{} {digest}", text.get(..47).unwrap_or(&text)))
    }

    /// The values of a text with several, each without padding.
    pub(super) fn texts(&self, name: Name) -> impl Iterator<Item = String> + use<'a> {
        let value = self.value(name).unwrap_or_default();
        value.split(|&byte| byte == b'\\').map(printable)
    }

    /// Exactly `N` finite decimal numbers (VR DS); `None` if the attribute is absent or empty.
    pub(super) fn decimals<const N: usize>(
        &self,
        name: Name,
        expected: &'static str,
    ) -> Result<Option<[f64; N]>, DecodeError> {
        let Some(value) = self.value(name) else { return Ok(None) };
        // Splitting stops after one part too many, so a value of megabytes costs nothing.
        let parts: Option<Vec<f64>> =
            value.split(|&byte| byte == b'\\').take(N.saturating_add(1)).map(decimal).collect();
        let numbers = parts.and_then(|parts| <[f64; N]>::try_from(parts).ok());
        numbers.map(Some).ok_or_else(|| self.bad(name, expected))
    }

    pub(super) fn need_decimals<const N: usize>(
        &self,
        name: Name,
        expected: &'static str,
    ) -> Result<[f64; N], DecodeError> {
        self.decimals(name, expected)?.ok_or_else(|| missing(name))
    }

    /// The first of one or more decimal numbers; `None` if there is none that can be read.
    pub(super) fn first_decimal(&self, name: Name) -> Option<f64> {
        decimal(self.value(name)?.split(|&byte| byte == b'\\').next()?)
    }

    /// One whole number (VR IS); `None` if the attribute is absent or empty.
    pub(super) fn integer(&self, name: Name) -> Result<Option<i64>, DecodeError> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let number = std::str::from_utf8(trim(value)).ok().and_then(|text| text.parse().ok());
        number.map(Some).ok_or_else(|| self.bad(name, "one whole number"))
    }

    /// One unsigned 16-bit number (VR US); `None` if the attribute is absent or of length 0.
    pub(super) fn u16(&self, name: Name) -> Result<Option<u16>, DecodeError> {
        match self.raw(name) {
            None | Some([]) => Ok(None),
            Some(value) => self.word(value).map(Some).ok_or_else(|| self.bad(name, "one number of two bytes")),
        }
    }

    /// One number in the cells of the pixels (VR US or SS), of two or four bytes; `None` if absent or of length 0.
    pub(super) fn stored_value(&self, name: Name, is_signed: bool) -> Result<Option<i64>, DecodeError> {
        let is_big = self.encoding == Encoding::ExplicitBig;
        match self.raw(name) {
            None | Some([]) => Ok(None),
            Some(&[a, b]) => {
                let word = if is_big { u16::from_be_bytes([a, b]) } else { u16::from_le_bytes([a, b]) };
                Ok(Some(if is_signed { i64::from(word.cast_signed()) } else { i64::from(word) }))
            }
            Some(&[a, b, c, d]) => {
                let bytes = [a, b, c, d];
                let word = if is_big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
                Ok(Some(if is_signed { i64::from(word.cast_signed()) } else { i64::from(word) }))
            }
            Some(_) => Err(self.bad(name, "one number of two or four bytes")),
        }
    }

    /// The words of a table (VR US or OW); empty if the attribute is absent.
    pub(super) fn words(&self, name: Name) -> impl Iterator<Item = u16> {
        let is_big = self.encoding == Encoding::ExplicitBig;
        let pairs = self.raw(name).unwrap_or_default().as_chunks::<2>().0.iter();
        pairs.map(move |&pair| if is_big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) })
    }

    /// The bytes of a value as they are; empty if the attribute is absent.
    pub(super) fn bytes(&self, name: Name) -> &'a [u8] {
        self.raw(name).unwrap_or_default()
    }

    /// Whether the attribute is there and not empty.
    pub(super) fn has(&self, name: Name) -> bool {
        self.value(name).is_some()
    }

    fn raw(&self, name: Name) -> Option<&'a [u8]> {
        self.values.iter().find(|&&(tag, _)| tag == name.tag).map(|&(_, value)| value)
    }

    /// Two bytes as a number, in the byte order of the data set.
    fn word(&self, value: &[u8]) -> Option<u16> {
        let bytes = value.try_into().ok()?;
        Some(match self.encoding {
            Encoding::ExplicitBig => u16::from_be_bytes(bytes),
            Encoding::ImplicitLittle | Encoding::ExplicitLittle => u16::from_le_bytes(bytes),
        })
    }

    pub(super) fn need_u16(&self, name: Name) -> Result<u16, DecodeError> {
        self.u16(name)?.ok_or_else(|| missing(name))
    }

    /// The error for a value that cannot be accepted: two bytes are shown as a number where the attribute is one.
    pub(super) fn bad(&self, name: Name, expected: &'static str) -> DecodeError {
        let number = if WORDS.contains(&name) { self.raw(name).and_then(|value| self.word(value)) } else { None };
        let found = number.map_or_else(|| self.text(name).unwrap_or_default(), |number| number.to_string());
        DecodeError::BadAttribute { name: name.keyword, tag: written(name.tag), expected, found }
    }
}

fn missing(name: Name) -> DecodeError {
    DecodeError::MissingAttribute { name: name.keyword, tag: written(name.tag) }
}

fn written(tag: u32) -> String {
    format!("{:04X},{:04X}", tag >> 16, tag & 0xffff)
}

fn trim(value: &[u8]) -> &[u8] {
    let end = value.iter().rposition(|&byte| byte != 0).map_or(0, |at| at.saturating_add(1));
    value.get(..end).unwrap_or_default().trim_ascii()
}

/// One number of a DS (PS3.5 6.2): digits, sign, point, exponent; finite.
fn decimal(bytes: &[u8]) -> Option<f64> {
    let bytes = trim(bytes);
    // Rust would also read "inf" and "nan".
    let plain = bytes.iter().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(byte));
    let number: f64 = std::str::from_utf8(bytes).ok().filter(|_| plain)?.parse().ok()?;
    number.is_finite().then_some(number)
}

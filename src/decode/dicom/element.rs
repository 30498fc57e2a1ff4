//! One element after another (PS3.5 chapter 7): its tag, value representation, length and value.
//!
//! In: bytes and their encoding. Out: headers and values. Sequences are stepped over: by their length where they have
//! one, with a stack of bounded depth where they have not.

use crate::decode::DecodeError;

/// How deep sequences without a length may lie in each other. CT images need three or four levels.
const MAX_LEVELS: usize = 32;
/// What may be open at one time: each level is a sequence and its item.
const MAX_OPEN: usize = 2 * MAX_LEVELS;

pub(super) const PIXEL_DATA: u32 = 0x7fe0_0010;
pub(super) const ITEM: u32 = 0xfffe_e000;
const ITEM_END: u32 = 0xfffe_e00d;
const SEQUENCE_END: u32 = 0xfffe_e0dd;
const UNDEFINED_LENGTH: u32 = 0xffff_ffff;

/// Byte order and whether elements name their value representation (PS3.5 annex A).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    ImplicitLittle,
    ExplicitLittle,
    ExplicitBig,
}

/// The pixels of a data set.
#[derive(Debug, Clone, Copy)]
pub(super) enum PixelData<'a> {
    Absent,
    /// `word_cells`: written as OW, in words of 16 bits.
    Native {
        data: &'a [u8],
        word_cells: bool,
    },
    /// Items with the fragments of a compressed stream (PS3.5 A.4), up to their delimiter.
    Encapsulated(Fragments<'a>),
}

/// The items of encapsulated pixels. They are walked anew each time, since a file may hold millions of empty ones.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fragments<'a> {
    bytes: &'a [u8],
}

impl<'a> Fragments<'a> {
    /// Each item with the offset of its tag from the first item's.
    pub(super) fn items(self) -> impl Iterator<Item = (usize, &'a [u8])> {
        let mut reader = Reader::new(self.bytes, 0);
        std::iter::from_fn(move || {
            let at = reader.at;
            let length = reader.header(Encoding::ExplicitLittle).ok()?.length?;
            Some((at, reader.take(length).ok()?))
        })
    }
}

/// A sequence that is looked into: its items without the closing delimiter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sequence<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) offset: usize,
    pub(super) encoding: Encoding,
}

pub(super) fn is_delimiter(tag: u32) -> bool {
    tag >> 16 == 0xfffe
}

/// What stands before the value of an element.
pub(super) struct Header {
    pub(super) tag: u32,
    pub(super) vr: Option<[u8; 2]>,
    /// `None`: of undefined length, closed by a delimiter.
    pub(super) length: Option<usize>,
}

impl Header {
    /// PS3.5 6.2.2: a UN that is a sequence holds items in implicit VR little endian, whatever stands around it.
    pub(super) fn content_encoding(&self, outer: Encoding) -> Encoding {
        if self.vr == Some(*b"UN") { Encoding::ImplicitLittle } else { outer }
    }
}

/// A cursor over elements.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    offset: usize,
}

impl<'a> Reader<'a> {
    /// `offset` is where the bytes stand in the file, for messages.
    pub(super) fn new(bytes: &'a [u8], offset: usize) -> Self {
        Self { bytes, at: 0, offset }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// How many bytes have been read.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Where the next bytes stand in the file, for messages.
    pub(super) fn position_in_file(&self) -> usize {
        self.offset.saturating_add(self.at)
    }

    /// The next bytes, without moving.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Whether nothing but zeros is left, with which some media fill up their blocks.
    pub(super) fn is_at_end_or_padding(&self) -> bool {
        // The tag (0000,0000) exists in no data set, so its first bytes decide for every other element.
        self.is_at_end() || (self.rest().starts_with(&[0; 4]) && self.rest().iter().all(|&byte| byte == 0))
    }

    pub(super) fn header(&mut self, encoding: Encoding) -> Result<Header, DecodeError> {
        let start = self.at;
        let group = self.u16(encoding)?;
        let element = self.u16(encoding)?;
        let tag = (u32::from(group) << 16) | u32::from(element);
        let mut vr = None;
        let length = if encoding == Encoding::ImplicitLittle || is_delimiter(tag) {
            self.u32(encoding)?
        } else {
            let letters = self.array::<2>()?;
            vr = Some(letters);
            match length_form(letters) {
                Some(LengthForm::Long) => {
                    self.take(2)?;
                    self.u32(encoding)?
                }
                Some(LengthForm::Short) => u32::from(self.u16(encoding)?),
                None => return Err(self.damaged_at(start, "an element has no known value representation")),
            }
        };
        let length = match length {
            UNDEFINED_LENGTH => None,
            // A length that does not fit into a usize cannot fit into the file either.
            length => Some(usize::try_from(length).unwrap_or(usize::MAX)),
        };
        Ok(Header { tag, vr, length })
    }

    /// The next `length` bytes.
    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let left = self.rest().len();
        let (taken, _) = self.rest().split_at_checked(length).ok_or_else(|| DecodeError::DicomTruncated {
            offset: self.offset.saturating_add(self.at),
            needed: length,
            left,
        })?;
        self.at = self.at.saturating_add(length);
        Ok(taken)
    }

    /// The fragments of encapsulated pixels, and steps behind their delimiter.
    pub(super) fn take_fragments(&mut self) -> Result<Fragments<'a>, DecodeError> {
        let content = self.rest();
        let first = self.at;
        loop {
            let start = self.at;
            let header = self.header(Encoding::ExplicitLittle)?;
            match (header.tag, header.length) {
                (SEQUENCE_END, _) => {
                    let length = start.saturating_sub(first);
                    return Ok(Fragments { bytes: content.get(..length).unwrap_or_default() });
                }
                (ITEM, Some(length)) => _ = self.take(length)?,
                _ => return Err(self.damaged_at(start, "between the fragments of the pixels stands something else")),
            }
        }
    }

    /// The content of a sequence or item of undefined length, and steps behind its delimiter.
    pub(super) fn take_undefined(&mut self, outermost: Open) -> Result<&'a [u8], DecodeError> {
        let (content, first) = (self.rest(), self.at);
        self.skip_undefined(outermost)?;
        // A delimiter takes eight bytes: tag and length.
        let length = self.at.saturating_sub(first).saturating_sub(8);
        Ok(content.get(..length).unwrap_or_default())
    }

    /// Steps over the content of a sequence or item of undefined length, to behind its delimiter.
    fn skip_undefined(&mut self, outermost: Open) -> Result<(), DecodeError> {
        let mut open = vec![outermost];
        while let Some(&innermost) = open.last() {
            if open.len() > MAX_OPEN {
                return Err(DecodeError::DicomTooDeep { limit: MAX_LEVELS });
            }
            let start = self.at;
            match innermost {
                Open::Sequence(encoding) => {
                    let header = self.header(encoding)?;
                    match (header.tag, header.length) {
                        (SEQUENCE_END, _) => _ = open.pop(),
                        (ITEM, Some(length)) => _ = self.take(length)?,
                        (ITEM, None) => open.push(Open::Item(encoding)),
                        _ => return Err(self.damaged_at(start, "a sequence holds something else than items")),
                    }
                }
                Open::Item(encoding) => {
                    let header = self.header(encoding)?;
                    match (header.tag, header.length) {
                        (ITEM_END, _) => _ = open.pop(),
                        (tag, _) if is_delimiter(tag) => {
                            return Err(self.damaged_at(start, "an item is closed by the wrong delimiter"));
                        }
                        (_, Some(length)) => _ = self.take(length)?,
                        (_, None) => open.push(Open::Sequence(header.content_encoding(encoding))),
                    }
                }
            }
        }
        Ok(())
    }

    pub(super) fn damaged_at(&self, at: usize, reason: &'static str) -> DecodeError {
        DecodeError::DicomDamaged { offset: self.offset.saturating_add(at), reason }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let start = self.at;
        let taken = self.take(N)?;
        taken.try_into().map_err(|_| self.damaged_at(start, "an element is cut off"))
    }

    fn u16(&mut self, encoding: Encoding) -> Result<u16, DecodeError> {
        let bytes = self.array()?;
        Ok(if encoding == Encoding::ExplicitBig { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn u32(&mut self, encoding: Encoding) -> Result<u32, DecodeError> {
        let bytes = self.array()?;
        Ok(if encoding == Encoding::ExplicitBig { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }
}

/// What has been opened without a length and waits for its delimiter.
#[derive(Clone, Copy)]
pub(super) enum Open {
    Sequence(Encoding),
    Item(Encoding),
}

enum LengthForm {
    /// 16 bits behind the letters.
    Short,
    /// Two reserved bytes, then 32 bits.
    Long,
}

/// How explicit VR writes the length (PS3.5 7.1.2); `None` for letters that are no value representation.
fn length_form(vr: [u8; 2]) -> Option<LengthForm> {
    match &vr {
        b"OB" | b"OD" | b"OF" | b"OL" | b"OV" | b"OW" | b"SQ" | b"SV" | b"UC" | b"UN" | b"UR" | b"UT" | b"UV" => {
            Some(LengthForm::Long)
        }
        b"AE" | b"AS" | b"AT" | b"CS" | b"DA" | b"DS" | b"DT" | b"FD" | b"FL" | b"IS" | b"LO" | b"LT" | b"PN"
        | b"SH" | b"SL" | b"SS" | b"ST" | b"TM" | b"UI" | b"UL" | b"US" => Some(LengthForm::Short),
        _ => None,
    }
}

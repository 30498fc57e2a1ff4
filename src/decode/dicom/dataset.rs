//! The attributes of a data set or of an item in it (PS3.5 chapter 7).
//!
//! In: bytes and their encoding. Out: the attributes of one level that a CT slice needs, the few sequences that are
//! looked into, and where the pixels are. Other sequences are stepped over: by their length where they have one, with
//! a stack of bounded depth where they have not. The walk goes on behind the pixels to the end, because a file whose
//! structure breaks there was damaged.

use super::attributes::{self, Attributes};
use super::element::{Encoding, ITEM, Open, PIXEL_DATA, PixelData, Reader, Sequence, is_delimiter};
use crate::decode::DecodeError;

const SECOND_TIME: &str = "an attribute stands there for the second time";

/// The items of a sequence one after another, each with its attributes.
pub(super) fn items<'a>(sequence: Sequence<'a>) -> impl Iterator<Item = Result<Attributes<'a>, DecodeError>> {
    let Sequence { bytes, offset, encoding } = sequence;
    let mut reader = Reader::new(bytes, offset);
    std::iter::from_fn(move || {
        (!reader.is_at_end()).then(|| {
            let start = reader.position();
            let header = reader.header(encoding)?;
            if header.tag != ITEM {
                return Err(reader.damaged_at(start, "a sequence holds something else than items"));
            }
            let at = reader.position();
            let content = match header.length {
                Some(length) => reader.take(length)?,
                None => reader.take_undefined(Open::Item(encoding))?,
            };
            read(content, offset.saturating_add(at), encoding)
        })
    })
}

/// The first item of a sequence; `None` if there is none.
pub(super) fn first_item<'a>(
    attributes: &Attributes<'a>,
    name: attributes::Name,
) -> Result<Option<Attributes<'a>>, DecodeError> {
    attributes.sequence(name).and_then(|sequence| items(sequence).next()).transpose()
}

/// Reads the attributes of a data set or item. `offset` is where the bytes stand in the file, for messages.
pub(super) fn read(bytes: &[u8], offset: usize, encoding: Encoding) -> Result<Attributes<'_>, DecodeError> {
    let mut reader = Reader::new(bytes, offset);
    let mut attributes = Attributes::new(encoding);
    while !reader.is_at_end_or_padding() {
        let start = reader.position();
        let header = reader.header(encoding)?;
        if is_delimiter(header.tag) {
            return Err(reader.damaged_at(start, "an item or delimiter stands outside of any sequence"));
        }
        match (header.tag, header.length) {
            (PIXEL_DATA, _) if !matches!(attributes.pixel_data(), PixelData::Absent) => {
                return Err(reader.damaged_at(start, SECOND_TIME));
            }
            (PIXEL_DATA, None) => {
                attributes.set_pixel_data(PixelData::Encapsulated(reader.take_fragments()?));
            }
            (PIXEL_DATA, Some(length)) => {
                let word_cells = encoding == Encoding::ImplicitLittle || header.vr == Some(*b"OW");
                attributes.set_pixel_data(PixelData::Native { data: reader.take(length)?, word_cells });
            }
            (tag, length) => {
                let at = reader.position_in_file();
                let inner = header.content_encoding(encoding);
                let value = match length {
                    Some(length) => reader.take(length)?,
                    None => reader.take_undefined(Open::Sequence(inner))?,
                };
                let is_fresh = if attributes::is_sequence(tag) {
                    attributes.insert_sequence(tag, Sequence { bytes: value, offset: at, encoding: inner })
                } else {
                    length.is_none() || attributes.insert(tag, value)
                };
                if !is_fresh {
                    return Err(reader.damaged_at(start, SECOND_TIME));
                }
            }
        }
    }
    Ok(attributes)
}

/// The encoding that the first elements show: the declared one if they fit it, else the one that they fit. Files whose
/// meta group names the wrong one of the uncompressed syntaxes are known, and which one it is shows beyond doubt.
pub(super) fn actual_encoding(bytes: &[u8], declared: Encoding) -> Encoding {
    if fits(bytes, declared) { declared } else { probe(bytes).unwrap_or(declared) }
}

/// The encoding of a data set that nothing declares; `None` if its beginning is no data set.
pub(super) fn probe(bytes: &[u8]) -> Option<Encoding> {
    [Encoding::ExplicitLittle, Encoding::ExplicitBig, Encoding::ImplicitLittle].into_iter().find(|&e| fits(bytes, e))
}

/// Whether the first two elements are well-formed in this encoding, in rising order, and begin in group 0008 as every
/// data set does.
fn fits(bytes: &[u8], encoding: Encoding) -> bool {
    let mut reader = Reader::new(bytes, 0);
    let Ok(first) = reader.header(encoding) else { return false };
    if first.tag >> 16 != 0x0008 {
        return false;
    }
    let Some(length) = first.length else { return true };
    if reader.take(length).is_err() {
        return false;
    }
    if reader.is_at_end() {
        return true;
    }
    match reader.header(encoding) {
        Ok(second) => {
            let left = reader.rest().len();
            second.tag > first.tag && second.tag <= PIXEL_DATA && second.length.is_none_or(|length| length <= left)
        }
        Err(_) => false,
    }
}

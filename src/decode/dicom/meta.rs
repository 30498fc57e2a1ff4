//! Where the parts of a DICOM file begin, and what its meta group says (PS3.10 chapter 7).

use super::dataset;
use super::element::{Encoding, Reader};
use super::syntax;
use crate::decode::DecodeError;
use crate::decode::error::printable;

const PREAMBLE: usize = 128;
const PREFIX: &[u8] = b"DICM";

const MEDIA_STORAGE_SOP_CLASS_UID: u32 = 0x0002_0002;
const TRANSFER_SYNTAX_UID: u32 = 0x0002_0010;

/// A file that shows to be DICOM.
#[derive(Debug, Clone, Copy)]
pub(in crate::decode) struct Start<'a> {
    /// From behind the preamble on.
    rest: &'a [u8],
    /// Bytes before `rest`.
    offset: usize,
}

/// What the data set needs from the meta group.
pub(super) struct Meta<'a> {
    /// The declared UID, or that of the uncompressed encoding that the data set shows.
    pub(super) transfer_syntax: String,
    pub(super) media_storage_class: Option<String>,
    pub(super) data_set: &'a [u8],
    pub(super) data_set_offset: usize,
}

/// Recognises DICOM by the prefix behind the preamble, or without a preamble by a meta group or data set at the very
/// beginning.
pub(in crate::decode) fn find_start(bytes: &[u8]) -> Option<Start<'_>> {
    if let Some(rest) = bytes.get(PREAMBLE..).and_then(|rest| rest.strip_prefix(PREFIX)) {
        return Some(Start { rest, offset: PREAMBLE.saturating_add(PREFIX.len()) });
    }
    let start = Start { rest: bytes, offset: 0 };
    (begins_meta_group(bytes) || dataset::probe(bytes).is_some()).then_some(start)
}

/// Whether an element of group 0002 stands here; the meta group is always explicit VR little endian.
fn begins_meta_group(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x02, 0x00]) && Reader::new(bytes, 0).header(Encoding::ExplicitLittle).is_ok()
}

/// Reads the meta group. Its own length field is not needed and often wrong: the group ends where its tags end.
pub(super) fn read(start: Start<'_>) -> Result<Meta<'_>, DecodeError> {
    let mut reader = Reader::new(start.rest, start.offset);
    let (mut transfer_syntax, mut media_storage_class) = (None, None);
    while reader.rest().starts_with(&[0x02, 0x00]) {
        let at = reader.position();
        let header = reader.header(Encoding::ExplicitLittle)?;
        let length =
            header.length.ok_or_else(|| reader.damaged_at(at, "an element of the meta group has no length"))?;
        let value = reader.take(length)?;
        match header.tag {
            TRANSFER_SYNTAX_UID => transfer_syntax = Some(printable(value)),
            MEDIA_STORAGE_SOP_CLASS_UID => media_storage_class = Some(printable(value)),
            _ => {}
        }
    }
    let data_set = reader.rest();
    let data_set_offset = start.offset.saturating_add(reader.position());
    let transfer_syntax = match transfer_syntax.filter(|uid| !uid.is_empty()) {
        Some(uid) => uid,
        None => syntax::uid(dataset::probe(data_set).ok_or(DecodeError::DicomDamaged {
            offset: data_set_offset,
            reason: "neither a transfer syntax nor a data set can be made out",
        })?)
        .to_owned(),
    };
    Ok(Meta { transfer_syntax, media_storage_class, data_set, data_set_offset })
}

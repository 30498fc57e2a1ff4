//! From a file's bytes to a slice or a table: sniffing by content, limits, typed refusals.
//!
//! In: a path (its text is read, never the disk) and the file's bytes. Out: a [`Slice`] in stored values with its map
//! to Hounsfield units, or the rows of a DeepLesion table. What a file is, its content says; a name's ending is never
//! trusted. What cannot be trusted to hold Hounsfield units is refused: a wrong but plausible picture is worse than
//! none.
//!
//! Every number in a file is a stranger's: there is no index, no unchecked arithmetic and no recursion here, and the
//! budget is asked before every allocation whose size a file decides.

#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod budget;
mod codec;
mod dicom;
pub mod dl_info;
mod error;
mod png;
mod sniff;

pub use budget::{BUDGET_BYTES, MAX_FILE_BYTES};
pub use dl_info::DlInfo;
pub use error::DecodeError;

use budget::Budget;
use sniff::Kind;

use crate::slice::Slice;

/// What a file turned out to hold.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Decoded {
    /// One CT image.
    Slice(Box<Slice>),
    /// The frames of a multi-frame image, in the order of the file.
    Slices(Vec<Slice>),
    /// A DeepLesion table: lesions, spacing and windows of PNG slices.
    Table(DlInfo),
}

/// Decodes one file. `path` is the name that the slice carries on, and where a DeepLesion PNG says its series and
/// number; `bytes` are the whole file, untouched.
///
/// # Errors
/// A [`DecodeError`] with a stable code for everything that is not a CT image or a DeepLesion table that can be
/// trusted.
pub fn decode(path: &str, bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let mut budget = Budget::for_file(bytes.len())?;
    let slice = |slice| Decoded::Slice(Box::new(slice));
    match sniff::kind(bytes) {
        Kind::Dicom(start) => dicom::decode(path, start, &mut budget).map(one_or_more),
        Kind::Png => png::decode(path, bytes, &mut budget).map(slice),
        Kind::Csv => DlInfo::parse(bytes, &mut budget).map(Decoded::Table),
        Kind::Unsupported { format, advice } => Err(DecodeError::UnsupportedFormat { format, advice }),
        Kind::Unknown => Err(DecodeError::UnknownFormat),
    }
}

/// A single slice by itself, several as they are.
fn one_or_more(mut slices: Vec<Slice>) -> Decoded {
    match slices.pop() {
        Some(only) if slices.is_empty() => Decoded::Slice(Box::new(only)),
        last => {
            slices.extend(last);
            Decoded::Slices(slices)
        }
    }
}

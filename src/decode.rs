//! From a file's bytes to a slice or a table: sniffing by content, limits, typed refusals.
//!
//! In: a path (its text is read, never the disk) and the file's bytes. Out: one or more [`Slice`]s in stored values with
//! their map to Hounsfield units, the rows of a DeepLesion table, or all of these from an archive. What a file is, its content says; a name's ending is never
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
mod foreign;
mod png;
mod sniff;
mod tiff;
mod volume;
mod zip;

pub use budget::{BUDGET_BYTES, MAX_FILE_BYTES};
pub use dl_info::DlInfo;
pub use error::{DecodeError, DecodeErrorCode};
pub use foreign::{Advice, ForeignFormat};

use budget::Budget;
use sniff::Kind;
use volume::{nifti, nrrd};

use crate::slice::Slice;

/// What a file turned out to hold.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Decoded {
    /// One CT image.
    Slice(Box<Slice>),
    /// The frames of a multi-frame image or the planes of a volume, in order.
    Slices(Vec<Slice>),
    /// A DeepLesion table: lesions, spacing and windows of PNG slices.
    Table(DlInfo),
    /// What an archive holds.
    Archive(Box<Archive>),
}

/// What was read of the files in an archive.
#[derive(Debug, Clone, Default)]
pub struct Archive {
    /// Slices, in the order of the archive.
    pub slices: Vec<Slice>,
    /// DeepLesion tables.
    pub tables: Vec<DlInfo>,
    /// Files that were refused, by their path in the archive, and why.
    pub skipped: Vec<(String, DecodeError)>,
}

/// Decodes one file. `path` is the name that the slice carries on, and where a DeepLesion PNG says its series and
/// number; `bytes` are the whole file, untouched.
///
/// # Errors
/// A [`DecodeError`] with a stable code for everything that is not a CT image or a DeepLesion table that can be
/// trusted.
pub fn decode(path: &str, bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let mut budget = Budget::for_file(bytes.len())?;
    decode_within(path, bytes, &mut budget, true)
}

/// Decodes a file, or one in an archive, within a budget; an archive in an archive is refused.
fn decode_within(path: &str, bytes: &[u8], budget: &mut Budget, is_outermost: bool) -> Result<Decoded, DecodeError> {
    match sniff::kind(bytes) {
        Kind::Dicom(start) => dicom::decode(path, start, budget).map(one_or_more),
        Kind::Png => png::decode(path, bytes, budget).map(|slice| Decoded::Slice(Box::new(slice))),
        Kind::Tiff => tiff::decode(path, bytes, budget).map(one_or_more),
        Kind::Nifti => nifti::decode(path, bytes, budget).map(one_or_more),
        Kind::NiftiGzip => nifti::decode_gzip(path, bytes, budget).map(one_or_more),
        Kind::Nrrd => nrrd::decode(path, bytes, budget).map(one_or_more),
        Kind::Csv => DlInfo::parse(bytes, budget).map(Decoded::Table),
        Kind::Zip if is_outermost => zip::decode(path, bytes, budget),
        Kind::Zip => Err(DecodeError::foreign(ForeignFormat::NestedZip)),
        Kind::Foreign(format) => Err(DecodeError::foreign(format)),
        Kind::Unknown if bytes.is_empty() => Err(DecodeError::EmptyFile),
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

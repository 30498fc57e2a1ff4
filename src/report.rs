//! What goes out about a study: records for the page, documents of the command line and for exports.

pub mod bookmarks;
pub mod json;
mod records;

pub use records::{Comparison, DetectionRecord, SeriesInfo, SliceComparison, SliceSummary, SpacingInfo};

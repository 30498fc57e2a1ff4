//! DeepLesion's table `DL_info.csv`: lesions, spacing and windows of PNG slices.

use crate::detection::Truth;
use crate::geometry::Spacing;
use crate::hounsfield::Window;

pub(super) const DECODED_COLUMNS: usize = 0;

/// The rows of a `DL_info.csv`, one per marked lesion, in the file's order.
#[derive(Debug, Clone, PartialEq)]
pub struct DlInfo {
    rows: Vec<DlRow>,
}

/// One row: a key slice and at most one lesion on it. What a cell leaves empty is `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct DlRow {
    /// Name of the key slice's file, `000001_01_01_109.png`.
    pub file_name: String,
    /// `<patient>_<study>_<series>` of that name, `000001_01_01`.
    pub series_id: String,
    /// Slice number of that name, 109. The same number as in `Key_slice_index`.
    pub slice_number: i64,
    /// Patient index; the folds and bootstraps of an evaluation never split a patient.
    pub patient: u32,
    /// The marked lesion, its box half-open in image pixels.
    pub truth: Option<Truth>,
    /// In-plane spacing and distance between slices.
    pub spacing: Option<Spacing>,
    /// Size of the image in pixels, `(cols, rows)`.
    pub image_size: Option<(usize, usize)>,
    /// Centre of the lesion relative to the body, each 0..=1: x, y, z.
    pub normalized_location: Option<[f32; 3]>,
    /// Display window that the reader used.
    pub window: Option<Window>,
    /// First and last slice number that DeepLesion ships around the key slice.
    pub slice_range: Option<(i64, i64)>,
    /// The official split.
    pub split: Option<Split>,
}

/// DeepLesion's official split by patient, numbered 1 to 3 in its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// 1
    Train,
    /// 2
    Validation,
    /// 3
    Test,
}

impl DlInfo {
    /// The rows in the file's order.
    #[must_use]
    pub fn rows(&self) -> &[DlRow] {
        &self.rows
    }
}

/// Splits a DeepLesion name into series and slice number: `…/000001_01_01/109.png` and `…/000001_01_01_109.png` both
/// give `("000001_01_01", 109)`; any other name gives `None`.
#[must_use]
pub fn parse_name(path: &str) -> Option<(String, i64)> {
    let _ = path;
    None
}

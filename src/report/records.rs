//! Records about series, slices and detections for a viewer.

use serde::Serialize;

use crate::detection::Detection;
use crate::geometry::{BBox, Spacing};
use crate::hounsfield::Window;
use crate::series::Series;
use crate::slice::Slice;

/// What a viewer needs to know about a series.
#[derive(Debug, Clone, Serialize)]
pub struct SeriesInfo {
    /// SeriesInstanceUID, DeepLesion series, or folder.
    pub id: String,
    /// Rows of every slice.
    pub rows: usize,
    /// Columns of every slice.
    pub cols: usize,
    /// Distances between pixels and slices.
    pub spacing_mm: SpacingInfo,
    /// `PixelSpacing`, `DL_info` or `assumed`.
    pub spacing_source: String,
    /// How the slices were ordered, a sentence.
    pub rule: String,
    /// What a reader should know about the stack, sentences.
    pub warnings: Vec<String>,
    /// Window to open with.
    pub window: Window,
    /// Letters at the left, right, top and bottom edge, `R\L A\P`; `None` when the files do not say.
    pub orientation: Option<String>,
    /// Whether the values are Hounsfield units; otherwise the slices are shown and not searched.
    pub hounsfield: bool,
    /// The slices in order.
    pub slices: Vec<SliceSummary>,
}

/// [`Spacing`] as records carry it.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct SpacingInfo {
    /// Between columns, mm.
    pub x: f64,
    /// Between rows, mm.
    pub y: f64,
    /// Between slices, mm.
    pub z: Option<f64>,
}

/// What a viewer needs to know about a slice.
#[derive(Debug, Clone, Serialize)]
pub struct SliceSummary {
    /// Path as it was added.
    pub path: String,
    /// Position along the stack, mm.
    pub position_mm: Option<f64>,
    /// Boxes of the lesions that a table marks here, in image pixels.
    pub truth_px: Vec<BBox>,
}

/// A detection with its place in the study.
#[derive(Debug, Clone, Serialize)]
pub struct StudyDetection {
    /// Index of the series.
    pub series: usize,
    /// Identifier of the series.
    pub series_id: String,
    /// Index of the slice in its series.
    pub slice: usize,
    /// Box and score.
    #[serde(flatten)]
    pub detection: Detection,
}

/// The record about a series.
#[must_use]
pub fn series_info(series: &Series) -> SeriesInfo {
    let Spacing { x_mm, y_mm, z_mm } = series.spacing();
    let slice = |(slice_idx, slice): (usize, &Slice)| SliceSummary {
        path: slice.info().path.clone(),
        position_mm: series.z_mm(slice_idx),
        truth_px: series.truth(slice_idx).iter().map(|truth| truth.box_px).collect(),
    };
    SeriesInfo {
        id: series.id().to_owned(),
        rows: series.rows(),
        cols: series.cols(),
        spacing_mm: SpacingInfo { x: x_mm, y: y_mm, z: z_mm },
        spacing_source: series.spacing_source().to_string(),
        rule: series.rule().to_string(),
        warnings: series.warnings().iter().map(ToString::to_string).collect(),
        window: series.window(),
        orientation: series.orientation(),
        hounsfield: series.is_hounsfield(),
        slices: series.slices().iter().enumerate().map(slice).collect(),
    }
}

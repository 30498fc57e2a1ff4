//! Records about series, slices and detections, as a viewer gets them.

use serde::Serialize;

use crate::detection::{Detection, DetectionId};
use crate::froc::Step;
use crate::geometry::{BBox, Spacing};
use crate::hounsfield::Window;
use crate::series::{Note, OrderRule, Series, SeriesId, SpacingSource};
use crate::slice::{Slice, SliceId};

/// What a viewer needs to know about a series.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(missing_as_null))]
pub struct SeriesInfo {
    /// Lasts for as long as the study is open.
    pub id: SeriesId,
    /// SeriesInstanceUID, DeepLesion series, or folder; unique in the study.
    pub name: String,
    /// StudyInstanceUID, or `<patient>_<study>` of DeepLesion names; `None` where nothing says it.
    pub study: Option<String>,
    /// Rows of every slice.
    pub rows: usize,
    /// Columns of every slice.
    pub cols: usize,
    /// Distances between pixels and slices.
    pub spacing_mm: SpacingInfo,
    /// Where the distance between pixels comes from.
    pub spacing_source: SpacingSource,
    /// How the slices were ordered.
    pub rule: OrderRule,
    /// What a reader should know about the stack.
    pub notes: Vec<Note>,
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
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(missing_as_null))]
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
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(missing_as_null))]
pub struct SliceSummary {
    /// Lasts for as long as the study is open.
    pub id: SliceId,
    /// Path as it was added.
    pub path: String,
    /// Position along the stack, mm.
    pub position_mm: Option<f64>,
    /// Boxes of the lesions that a table marks here, in image pixels.
    pub truth_px: Vec<BBox>,
}

/// A detection with its id and its slice.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(missing_as_null))]
pub struct DetectionRecord {
    /// Lasts for as long as the study is open.
    pub id: DetectionId,
    /// The slice that it lies on.
    pub slice: SliceId,
    /// Box, score, diameters and type.
    #[serde(flatten)]
    pub detection: Detection,
}

/// What the detector found of what a table marks, on the slices that it marks and that were searched. Other slices say
/// nothing: nobody looked for lesions there.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(missing_as_null))]
pub struct Comparison {
    /// The slices that count, in their order.
    pub slices: Vec<SliceComparison>,
    /// The FROC curve, a point for each score, by falling score, from the model's score floor up.
    pub curve: Vec<Step>,
}

/// [`Comparison`] on one slice, at the threshold.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(missing_as_null))]
pub struct SliceComparison {
    /// The slice.
    pub slice: SliceId,
    /// Truth boxes.
    pub n_truth: usize,
    /// Truth boxes that a detection meets.
    pub n_hit: usize,
    /// Places, from 0, of the truth boxes that no detection meets.
    pub missed: Vec<usize>,
    /// Detections that meet no truth box.
    pub unmatched: Vec<DetectionId>,
}

impl SeriesInfo {
    /// The record about a series.
    #[must_use]
    pub fn new(series: &Series) -> Self {
        let Spacing { x_mm, y_mm, z_mm } = series.spacing();
        let slice = |(slice_idx, (slice, id)): (usize, (&Slice, &SliceId))| SliceSummary {
            id: id.clone(),
            path: slice.info().path.clone(),
            position_mm: series.z_mm(slice_idx),
            truth_px: series.truth(slice_idx).iter().map(|truth| truth.box_px).collect(),
        };
        Self {
            id: series.id().clone(),
            name: series.name().to_owned(),
            study: series.study_id().map(str::to_owned),
            rows: series.rows(),
            cols: series.cols(),
            spacing_mm: SpacingInfo { x: x_mm, y: y_mm, z: z_mm },
            spacing_source: series.spacing_source(),
            rule: series.rule(),
            notes: series.notes().to_vec(),
            window: series.window(),
            orientation: series.orientation(),
            hounsfield: series.is_hounsfield(),
            slices: series.slices().iter().zip(series.slice_ids()).enumerate().map(slice).collect(),
        }
    }
}

impl DetectionRecord {
    /// The records of one slice's detections, which come by falling score down to the model's score floor.
    #[must_use]
    pub fn of_slice(slice: &SliceId, detections: &[Detection]) -> Vec<Self> {
        let record = |(rank, &detection): (usize, &Detection)| Self {
            id: DetectionId::new(slice, rank),
            slice: slice.clone(),
            detection,
        };
        detections.iter().enumerate().map(record).collect()
    }
}

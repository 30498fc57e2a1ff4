//! What the detector says about one place of the body over all slices that show it.

use serde::Serialize;

use crate::detection::{Axes, DetectionId, TypeEstimate};
use crate::geometry::BBox;
use crate::slice::SliceId;

/// Detections on neighbouring slices that are taken for one thing: a row of the list. What a person marks in a table is
/// a [`crate::detection::Truth`].
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(missing_as_null))]
pub struct Lesion {
    /// The detection with the highest score, which names the lesion too: it stays when the threshold moves.
    pub id: DetectionId,
    /// The slice of that detection.
    pub slice: SliceId,
    /// The box of that detection, in image pixels.
    pub box_px: BBox,
    /// The score of that detection, 0..=1.
    pub score: f32,
    /// Place of the first slice in its series, from 0.
    pub first_slice_idx: usize,
    /// Place of the last slice in its series, from 0; slices between may have no detection.
    pub last_slice_idx: usize,
    /// The diameters with the longest long one among the lesion's slices, as RECIST 1.1 measures; `None` when the model
    /// has none.
    pub axes: Option<Axes>,
    /// The slice that those diameters lie on.
    pub axes_slice: Option<SliceId>,
    /// The type named by the detection with the highest score that names one.
    #[serde(rename = "type")]
    pub lesion_type: Option<TypeEstimate>,
    /// All detections of the lesion, in the order of the slices; at most one of each slice.
    pub detections: Vec<DetectionId>,
}

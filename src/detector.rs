//! The whole way of one slice: series and key slice → input → model → heads → suppression → detections.

use crate::detection::Detection;
use crate::heads::candidates;
use crate::input::{ImageFromInput, input_tensor};
use crate::model::{Model, ModelError, ModelSpec, RawHead};
use crate::nms::suppress;
use crate::series::{HounsfieldSeries, SpacingSource};

/// Every detection on one slice with a score of at least the spec's floor, by falling score, in image pixels.
///
/// # Errors
/// What the model reports; slices themselves cannot fail here.
pub fn detect(
    model: &mut impl Model,
    series: HounsfieldSeries<'_>,
    slice_idx: usize,
) -> Result<Vec<Detection>, ModelError> {
    let input = input_tensor(series, slice_idx, &model.spec().input);
    let heads = model.run(&input)?;
    detections(&heads, model.spec(), series, &input.image_from_input)
}

/// What follows the net: detections on a slice of `series` from the heads of its input.
///
/// # Errors
/// [`ModelError::SpecValue`] when the spec lacks a channel.
pub fn detections(
    heads: &[RawHead],
    spec: &ModelSpec,
    series: HounsfieldSeries<'_>,
    image_from_input: &ImageFromInput,
) -> Result<Vec<Detection>, ModelError> {
    let mm_per_px = (series.spacing_source() != SpacingSource::Assumed).then_some(spec.input.spacing_mm);
    let found = candidates(heads, spec, image_from_input, (series.rows(), series.cols()), mm_per_px)?;
    Ok(suppress(found, spec.nms_iou))
}

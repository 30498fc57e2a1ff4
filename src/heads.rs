//! From the net's raw heads to candidate boxes in image pixels.
//!
//! In: [`RawHead`]s and the way back to the image. Out: candidates, before non-maximum suppression.
//! The decoding is CenterNet's (Zhou et al. 2019, "Objects as Points"): a cell is a candidate where its heat is a
//! maximum of its 3×3 neighbourhood. Sizes are regressed without margin and DeepLesion's margin, a number of original
//! pixels, is added after mapping back, because in millimetres it depends on the slice's spacing. Outputs at different
//! strides learn different heats; the spec's map from heat to score makes them comparable.

use crate::detection::Detection;
use crate::geometry::BBox;
use crate::input::ImageFromInput;
use crate::measure::{AxisChannels, axes, lesion_type};
use crate::model::{Channel, ModelError, ModelSpec, RawHead};

/// Candidates of one slice of `rows × cols` image pixels, in no particular order. Heads come in the spec's order of
/// outputs. `mm_per_px` is the input's spacing, `None` where the slice's own is not known: then diameters have no length
/// in mm. A cell with a channel that is not a finite number is no candidate. On a plateau of equal heat every cell
/// counts; suppression then leaves one.
///
/// # Errors
/// [`ModelError::SpecValue`] when the spec lacks a channel.
pub fn candidates(
    heads: &[RawHead],
    spec: &ModelSpec,
    image_from_input: &ImageFromInput,
    (rows, cols): (usize, usize),
    mm_per_px: Option<f64>,
) -> Result<Vec<Detection>, ModelError> {
    let missing = || ModelError::SpecValue { reason: "channels must have heat, dx, dy, log_w, log_h".to_owned() };
    let [heat, dx, dy, log_w, log_h] = spec.positions(Channel::BOX).ok_or_else(missing)?;
    let (axis_channels, type_channels) = (spec.positions(Channel::AXES), spec.positions(Channel::TYPES));
    let mut all = Vec::new();
    for (head, output) in heads.iter().zip(&spec.outputs) {
        let n_cells = head.rows * head.cols;
        let mut found: Vec<(f32, usize)> = peaks(&head.values[heat * n_cells..][..n_cells], head.cols)
            .map(|(logit, at)| (output.score.score(logit), at))
            .filter(|&(score, _)| score >= spec.score_floor)
            .collect();
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        found.truncate(spec.top_k);
        for (score, at) in found {
            let value = |channel: usize| head.values[channel * n_cells + at];
            if !(0..spec.channels.len()).all(|channel| value(channel).is_finite()) {
                continue;
            }
            let stride = pixels(head.stride);
            let x = (pixels(at % head.cols) + value(dx)) * stride;
            let y = (pixels(at / head.cols) + value(dy)) * stride;
            let (half_w, half_h) = (0.5 * value(log_w).exp(), 0.5 * value(log_h).exp());
            let tight = BBox { x0: x - half_w, y0: y - half_h, x1: x + half_w, y1: y + half_h };
            let box_px = image_from_input.map(&tight).grown(spec.margin_px).clipped(pixels(cols), pixels(rows));
            let axes = axis_channels.map(|[log_long, log_short, sin_2theta, cos_2theta]| {
                let channels = AxisChannels {
                    log_long: value(log_long),
                    log_short: value(log_short),
                    sin_2theta: value(sin_2theta),
                    cos_2theta: value(cos_2theta),
                };
                axes([x, y], &channels, image_from_input, mm_per_px)
            });
            let has_finite_axes = axes.is_none_or(|axes| axes.is_some());
            if box_px.area() > 0.0 && has_finite_axes {
                let named = type_channels.zip(spec.types.as_ref());
                let lesion_type = named.and_then(|(channels, types)| lesion_type(channels.map(value), types));
                all.push(Detection { box_px, score, axes: axes.flatten(), lesion_type });
            }
        }
    }
    Ok(all)
}

/// Logits and indices of the cells that are at least as hot as their eight neighbours.
fn peaks(heat: &[f32], cols: usize) -> impl Iterator<Item = (f32, usize)> {
    let rows = heat.len() / cols;
    heat.iter().enumerate().filter_map(move |(at, &logit)| {
        let (x, y) = (at % cols, at / cols);
        let is_peak = (y.saturating_sub(1)..=(y + 1).min(rows - 1))
            .all(|ny| (x.saturating_sub(1)..=(x + 1).min(cols - 1)).all(|nx| logit >= heat[ny * cols + nx]));
        (is_peak && logit.is_finite()).then_some((logit, at))
    })
}

#[allow(clippy::cast_precision_loss, reason = "axes are far shorter than 2^24 pixels")]
fn pixels(n: usize) -> f32 {
    n as f32
}

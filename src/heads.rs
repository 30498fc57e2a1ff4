//! From the net's raw heads to candidate boxes in image pixels.
//!
//! In: [`RawHead`]s and the way back to the image. Out: candidates, before non-maximum suppression.
//! The decoding is CenterNet's (Zhou et al. 2019, "Objects as Points"): a cell is a candidate where its heat is a
//! maximum of its 3×3 neighbourhood. Sizes are regressed without margin and DeepLesion's margin, a number of original
//! pixels, is added after mapping back, because in millimetres it depends on the slice's spacing.

use crate::detection::Detection;
use crate::geometry::BBox;
use crate::input::ImageFromInput;
use crate::model::{Channel, ModelError, ModelSpec, RawHead};

/// Candidates of one slice of `cols × rows` image pixels, in no particular order. What is not a finite number is no
/// candidate. On a plateau of equal heat every cell counts; suppression then leaves one.
///
/// # Errors
/// [`ModelError::SpecValue`] when the spec lacks a channel.
pub fn candidates(
    heads: &[RawHead],
    spec: &ModelSpec,
    image_from_input: &ImageFromInput,
    (rows, cols): (usize, usize),
) -> Result<Vec<Detection>, ModelError> {
    let of = |channel| spec.channel(channel);
    let (heat, dx, dy) = (of(Channel::Heat)?, of(Channel::Dx)?, of(Channel::Dy)?);
    let (log_w, log_h) = (of(Channel::LogW)?, of(Channel::LogH)?);
    let mut all = Vec::new();
    for head in heads {
        let plane = |channel: usize| &head.values[channel * head.rows * head.cols..][..head.rows * head.cols];
        let mut found: Vec<(f32, usize)> =
            peaks(plane(heat), head.cols).filter(|&(score, _)| score >= spec.score_floor).collect();
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        found.truncate(spec.top_k);
        for (score, at) in found {
            let stride = pixels(head.stride);
            let x = (pixels(at % head.cols) + plane(dx)[at]) * stride;
            let y = (pixels(at / head.cols) + plane(dy)[at]) * stride;
            let (half_w, half_h) = (0.5 * plane(log_w)[at].exp(), 0.5 * plane(log_h)[at].exp());
            let tight = BBox { x0: x - half_w, y0: y - half_h, x1: x + half_w, y1: y + half_h };
            let box_px = image_from_input.map(&tight).grown(spec.margin_px).clipped(pixels(cols), pixels(rows));
            if box_px.area() > 0.0 {
                all.push(Detection { box_px, score });
            }
        }
    }
    Ok(all)
}

/// Scores and indices of the cells that are at least as hot as their eight neighbours.
fn peaks(heat: &[f32], cols: usize) -> impl Iterator<Item = (f32, usize)> {
    let rows = heat.len() / cols;
    heat.iter().enumerate().filter_map(move |(at, &logit)| {
        let (x, y) = (at % cols, at / cols);
        let is_peak = (y.saturating_sub(1)..=(y + 1).min(rows - 1))
            .all(|ny| (x.saturating_sub(1)..=(x + 1).min(cols - 1)).all(|nx| logit >= heat[ny * cols + nx]));
        (is_peak && logit.is_finite()).then(|| (sigmoid(logit), at))
    })
}

fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

#[allow(clippy::cast_precision_loss, reason = "axes are far shorter than 2^24 pixels")]
fn pixels(n: usize) -> f32 {
    n as f32
}

//! Greedy non-maximum suppression: of boxes that overlap, the one with the highest score stays.

use crate::detection::Detection;

/// Keeps detections by falling score; one goes when its intersection over union with a kept one is above `max_iou`
/// (strictly, as in torchvision). Equal scores are ordered by the box's edges, so the result does not depend on the
/// order of the input.
#[must_use]
pub fn suppress(mut candidates: Vec<Detection>, max_iou: f32) -> Vec<Detection> {
    let edges = |d: &Detection| <[f32; 4]>::from(d.box_px);
    candidates.sort_by(|a, b| {
        let ties = edges(a).into_iter().zip(edges(b)).map(|(x, y)| x.total_cmp(&y));
        b.score.total_cmp(&a.score).then_with(|| ties.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then))
    });
    let mut kept: Vec<Detection> = Vec::new();
    for candidate in candidates {
        if kept.iter().all(|k| k.box_px.iou(&candidate.box_px) <= max_iou) {
            kept.push(candidate);
        }
    }
    kept
}

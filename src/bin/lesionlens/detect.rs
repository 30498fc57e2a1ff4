//! `lesionlens detect`: detections on every slice.

use std::path::PathBuf;

use anyhow::Result;
use lesionlens::model::Model;
use lesionlens::report::json::{DetectionsReport, ImageDetections};
use lesionlens::study::Study;

use crate::files::read_each;

/// Decodes everything, arranges it into series and runs the detector on each slice that holds Hounsfield units.
pub(crate) fn detect(paths: &[PathBuf], threshold: Option<f32>, model: &mut impl Model) -> Result<DetectionsReport> {
    let mut study = Study::default();
    let errors = read_each(paths, |path, bytes| study.add_file(path, bytes).map(|_| ()));
    study.arrange();
    for slice in searchable(&study) {
        study.detect(model, &slice)?;
    }
    let threshold = threshold.unwrap_or(model.spec().default_threshold);
    let mut images = Vec::new();
    for series in study.series() {
        for (slice_idx, slice) in series.slice_ids().iter().enumerate() {
            let found = study.found(slice).unwrap_or_default().iter();
            let detections = found.filter(|detection| detection.score >= threshold).copied().collect();
            images.push(ImageDetections::new(series, slice_idx, detections));
        }
    }
    Ok(DetectionsReport::new(model.spec().id(), images, errors))
}

/// Ids of the slices that hold Hounsfield units.
pub(crate) fn searchable(study: &Study) -> Vec<String> {
    let series = study.series().iter().filter(|series| series.is_hounsfield());
    series.flat_map(|series| series.slice_ids()).map(ToString::to_string).collect()
}

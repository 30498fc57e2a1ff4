//! `lesionlens detect`: detections on every slice.

use std::path::PathBuf;

use anyhow::Result;
use lesionlens::detection::Detection;
use lesionlens::model::tract::TractModel;
use lesionlens::model::{Model, ModelId};
use lesionlens::study::Study;
use serde::{Deserialize, Serialize};

use crate::files::{Refusal, read_each};

/// Decodes everything, arranges it into series and runs the detector on each slice.
pub(crate) fn detect(paths: &[PathBuf], threshold: Option<f32>, model: &mut TractModel) -> Result<DetectReport> {
    let mut study = Study::default();
    let errors = read_each(paths, |path, bytes| study.add_file(path, bytes).map(|_| ()));
    study.arrange();
    let threshold = threshold.unwrap_or(model.spec().default_threshold);
    let mut images = Vec::new();
    for series_idx in 0..study.series().len() {
        for slice_idx in 0..study.series()[series_idx].slices().len() {
            study.detect(model, series_idx, slice_idx)?;
            let series = &study.series()[series_idx];
            let spacing = series.spacing();
            images.push(ImageDetections {
                path: series.slices()[slice_idx].info().path.clone(),
                series: series.id().to_owned(),
                slice: slice_idx,
                spacing_mm: (spacing.x_mm, spacing.y_mm, spacing.z_mm),
                spacing_source: series.spacing_source().to_string(),
                detections: study.on_slice(series_idx, slice_idx, threshold),
            });
        }
    }
    Ok(DetectReport { schema: SCHEMA.to_owned(), model: model.spec().id(), images, errors })
}

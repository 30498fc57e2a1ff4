//! `lesionlens detect`: detections on every slice.

use std::path::PathBuf;

use anyhow::Result;
use lesionlens::detection::Detection;
use lesionlens::model::tract::TractModel;
use lesionlens::model::{Model, ModelId};
use lesionlens::study::Study;
use serde::{Deserialize, Serialize};

use crate::files::{Refusal, read_each};

/// Name of the JSON's form.
const SCHEMA: &str = "lesionlens.detections/2";

/// The forms that are read. In the first one detections have a box and a score only.
pub(crate) const READ_SCHEMAS: [&str; 2] = ["lesionlens.detections/1", SCHEMA];

/// What `lesionlens detect --json` writes and `lesionlens froc --detections` reads.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DetectReport {
    pub(crate) schema: String,
    pub(crate) model: ModelId,
    pub(crate) images: Vec<ImageDetections>,
    #[serde(default)]
    pub(crate) errors: Vec<Refusal>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ImageDetections {
    pub(crate) path: String,
    pub(crate) series: String,
    /// Index in the ordered series, from 0.
    pub(crate) slice: usize,
    /// `[x, y, z]`: between columns, rows and slices; z is null where nothing says it.
    pub(crate) spacing_mm: (f64, f64, Option<f64>),
    /// `PixelSpacing`, `DL_info` or `assumed`.
    #[serde(default)]
    pub(crate) spacing_source: String,
    pub(crate) detections: Vec<Detection>,
}

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

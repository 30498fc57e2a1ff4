//! `lesionlens detect`: detections on every slice, written as they are made.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use lesionlens::model::Model;
use lesionlens::report::json::{DetectionsHead, ImageDetections, SeriesReport};
use lesionlens::study::Study;
use serde::Serialize;

use crate::files::read_each;

/// Decodes everything, arranges it into series and runs the detector on each slice that holds Hounsfield units. What is
/// known of files and series is written first, then each slice when it is done: if the program is stopped, what it found
/// until then is there. The whole is one JSON document.
pub(crate) fn detect(
    paths: &[PathBuf],
    threshold: Option<f32>,
    model: &mut impl Model,
    out: &mut impl Write,
) -> Result<()> {
    let mut study = Study::default();
    let errors = read_each(paths, |path, bytes| study.add_file(path, bytes).map(|_| ()))?;
    study.arrange();
    let threshold = threshold.unwrap_or(model.spec().default_threshold);
    let series = study.series().iter().map(SeriesReport::new).collect();
    let head = serde_json::to_string_pretty(&DetectionsHead::new(model.spec().id(), series, errors))?;
    // The list of images takes the place of the brace that ends the head.
    write!(out, "{},\n  \"images\": [", head.trim_end_matches(['\n', '}']))?;
    let mut is_first = true;
    for (series_idx, slice_idx) in places(&study) {
        let Some(series) = study.series().get(series_idx) else { continue };
        let Some(id) = series.slice_ids().get(slice_idx).map(ToString::to_string) else { continue };
        let found = if series.is_hounsfield() { study.detect(model, &id)? } else { Vec::new() };
        let detections = found.into_iter().map(|record| record.detection).filter(|found| found.score >= threshold);
        let Some(series) = study.series().get(series_idx) else { continue };
        let image = ImageDetections::new(series, slice_idx, detections.collect());
        writeln!(out, "{}", if is_first { "" } else { "," })?;
        write_indented(out, &image)?;
        out.flush()?;
        is_first = false;
    }
    writeln!(out, "\n  ]\n}}")?;
    Ok(())
}

/// Every slice: index of its series, and its index in it.
fn places(study: &Study) -> Vec<(usize, usize)> {
    let series = study.series().iter().enumerate();
    series.flat_map(|(series_idx, series)| (0..series.slices().len()).map(move |at| (series_idx, at))).collect()
}

/// An entry of a list in an object, as `serde_json` lays it out.
fn write_indented(out: &mut impl Write, value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    write!(out, "    {}", text.replace('\n', "\n    "))?;
    Ok(())
}

/// Ids of the slices that hold Hounsfield units.
pub(crate) fn searchable(study: &Study) -> Vec<String> {
    let series = study.series().iter().filter(|series| series.is_hounsfield());
    series.flat_map(|series| series.slice_ids()).map(ToString::to_string).collect()
}

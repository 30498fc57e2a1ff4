//! `lesionlens info`: what each file is.

use std::collections::BTreeMap;
use std::path::PathBuf;

use lesionlens::hounsfield::Window;
use lesionlens::series::{Series, SpacingSource, orientation_letters};
use lesionlens::slice::Slice;
use lesionlens::study::{AddedKind, Study};
use serde::Serialize;

use crate::files::{Refusal, read_each};

/// Looks at every file; tables among them give spacing and window to PNG slices. Files come out in the order in which
/// they went in, the refused ones last.
pub(crate) fn info(paths: &[PathBuf]) -> InfoReport {
    let mut study = Study::default();
    let mut tables = Vec::new();
    let mut place = BTreeMap::new();
    let refused = read_each(paths, |path, bytes| {
        let added = study.add_file(path, bytes)?;
        place.insert(path.to_owned(), place.len());
        if added.kind == AddedKind::Table {
            tables.push(TableInfo { path: path.to_owned(), format: "dl_info", n_rows: added.n_rows });
        }
        Ok(())
    });
    study.arrange();
    let slices = study.series().iter().flat_map(|series| series.slices().iter().map(move |slice| (series, slice)));
    let images = slices.map(|(series, slice)| (slice.info().path.clone(), FileInfo::Image(image_info(series, slice))));
    let tables = tables.into_iter().map(|table| (table.path.clone(), FileInfo::Table(table)));
    let mut files: Vec<(String, FileInfo)> = images.chain(tables).collect();
    files.sort_by_key(|(path, _)| place.get(path).copied());
    let files = files.into_iter().map(|(_, info)| info).chain(refused.into_iter().map(FileInfo::Refused)).collect();
    InfoReport { schema: "lesionlens.info/1", files }
}

fn image_info(series: &Series, slice: &Slice) -> ImageInfo {
    let info = slice.info();
    let (hu_min, hu_max) = slice.hu_range();
    let from_table = (series.spacing_source() == SpacingSource::DlInfo).then(|| series.window());
    ImageInfo {
        path: info.path.clone(),
        format: info.format.name(),
        rows: slice.rows(),
        cols: slice.cols(),
        frames: 1,
        transfer_syntax: info.transfer_syntax.clone(),
        spacing_mm: [series.spacing().x_mm, series.spacing().y_mm],
        spacing_source: series.spacing_source().to_string(),
        hu_min,
        hu_max,
        window: info.window.or(from_table),
        orientation: info.orientation_patient.map(orientation_letters),
        sha256_i32le: slice.stored_sha256_i32le(),
    }
}

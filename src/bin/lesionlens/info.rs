//! `lesionlens info`: what each file is.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use lesionlens::report::json::{FileInfo, ImageInfo, InfoReport, SeriesReport, TableInfo};
use lesionlens::study::{AddedKind, Study};

use crate::files::read_each;

/// Looks at every file; tables among them give spacing and window to PNG slices. Files come out in the order in which
/// they went in, the refused ones last.
pub(crate) fn info(paths: &[PathBuf]) -> Result<InfoReport> {
    let mut study = Study::default();
    let mut tables = Vec::new();
    let mut place = BTreeMap::new();
    let refused = read_each(paths, |path, bytes| {
        let added = study.add_file(path, bytes)?;
        place.insert(path.to_owned(), place.len());
        if added.kind == AddedKind::Table {
            tables.push(TableInfo::new(path, added.n_rows));
        }
        Ok(())
    })?;
    study.arrange();
    let slices = study.series().iter().flat_map(|series| series.slices().iter().map(move |slice| (series, slice)));
    let images =
        slices.map(|(series, slice)| (slice.info().path.clone(), FileInfo::Image(ImageInfo::new(series, slice))));
    let tables = tables.into_iter().map(|table| (table.path().to_owned(), FileInfo::Table(table)));
    let mut files: Vec<(String, FileInfo)> = images.chain(tables).collect();
    files.sort_by_key(|(path, _)| place.get(path).copied());
    let files = files.into_iter().map(|(_, info)| info).chain(refused.into_iter().map(FileInfo::Refused)).collect();
    let series = study.series().iter().map(SeriesReport::new).collect();
    Ok(InfoReport::new(files, series))
}

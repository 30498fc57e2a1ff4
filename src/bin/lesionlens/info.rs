//! `lesionlens info`: what each file is.

use std::path::PathBuf;

use lesionlens::decode::{Decoded, decode};
use lesionlens::hounsfield::Window;
use lesionlens::slice::Slice;
use serde::Serialize;

use crate::files::{Refusal, read_each};

#[derive(Debug, Serialize)]
pub(crate) struct InfoReport {
    schema: &'static str,
    files: Vec<FileInfo>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum FileInfo {
    Image(ImageInfo),
    Table { path: String, format: &'static str, n_rows: usize },
    Refused(Refusal),
}

#[derive(Debug, Serialize)]
struct ImageInfo {
    path: String,
    format: &'static str,
    rows: usize,
    cols: usize,
    frames: usize,
    transfer_syntax: Option<String>,
    /// `[x, y]`: between columns, between rows. What lies between slices, one file cannot say.
    spacing_mm: Option<[f64; 2]>,
    hu_min: f64,
    hu_max: f64,
    window: Option<Window>,
    /// ImageOrientationPatient as letters, `R\L A\P`.
    orientation: Option<String>,
    sha256_i32le: String,
}

/// Looks at every file; each one is decoded alone.
pub(crate) fn info(paths: &[PathBuf]) -> InfoReport {
    let mut files = Vec::new();
    let refused = read_each(paths, |path, bytes| {
        files.push(match decode(path, bytes)? {
            Decoded::Slice(slice) => FileInfo::Image(image_info(path, &slice)),
            Decoded::Table(table) => {
                FileInfo::Table { path: path.to_owned(), format: "dl_info", n_rows: table.rows().len() }
            }
            _ => return Err(lesionlens::decode::DecodeError::UnknownFormat),
        });
        Ok(())
    });
    files.extend(refused.into_iter().map(FileInfo::Refused));
    InfoReport { schema: "lesionlens.info/1", files }
}

fn image_info(path: &str, slice: &Slice) -> ImageInfo {
    let info = slice.info();
    let (hu_min, hu_max) = slice.hu_range();
    ImageInfo {
        path: path.to_owned(),
        format: info.format.name(),
        rows: slice.rows(),
        cols: slice.cols(),
        frames: 1,
        transfer_syntax: info.transfer_syntax.clone(),
        spacing_mm: info.pixel_spacing_mm.map(|(x_mm, y_mm)| [x_mm, y_mm]),
        hu_min,
        hu_max,
        window: info.window,
        orientation: info.orientation(),
        sha256_i32le: slice.stored_sha256_i32le(),
    }
}

//! JSON documents of the command line: what each file is, detections, FROC.

use serde::{Deserialize, Serialize};

use crate::decode::DecodeError;
use crate::detection::Detection;
use crate::froc::Report;
use crate::hounsfield::Window;
use crate::model::ModelId;

/// Name of the JSON's form.
const SCHEMA: &str = "lesionlens.detections/2";

/// The forms that are read. In the first one detections have a box and a score only.
pub const READ_SCHEMAS: [&str; 2] = ["lesionlens.detections/1", SCHEMA];

/// What `lesionlens detect --json` writes and `lesionlens froc --detections` reads.
#[derive(Debug, Serialize, Deserialize)]
pub struct DetectReport {
    pub schema: String,
    pub model: ModelId,
    pub images: Vec<ImageDetections>,
    #[serde(default)]
    pub errors: Vec<Refusal>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct ImageDetections {
    pub path: String,
    pub series: String,
    /// Index in the ordered series, from 0.
    pub slice: usize,
    /// `[x, y, z]`: between columns, rows and slices; z is null where nothing says it.
    pub spacing_mm: (f64, f64, Option<f64>),
    /// `PixelSpacing`, `DL_info` or `assumed`.
    #[serde(default)]
    pub spacing_source: String,
    pub detections: Vec<Detection>,
}

#[derive(Debug, Serialize)]
pub struct InfoReport {
    pub schema: &'static str,
    pub files: Vec<FileInfo>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum FileInfo {
    Image(ImageInfo),
    Table(TableInfo),
    Refused(Refusal),
}

#[derive(Debug, Serialize)]
pub struct TableInfo {
    pub path: String,
    pub format: &'static str,
    pub n_rows: usize,
}

#[derive(Debug, Serialize)]
pub struct ImageInfo {
    pub path: String,
    pub format: &'static str,
    pub rows: usize,
    pub cols: usize,
    pub frames: usize,
    pub transfer_syntax: Option<String>,
    /// `[x, y]`: between columns, between rows. A single file cannot say what lies between slices.
    pub spacing_mm: [f64; 2],
    /// `PixelSpacing`, `DL_info` or `assumed`.
    pub spacing_source: String,
    pub hu_min: f64,
    pub hu_max: f64,
    /// The file's own, or the table's; null where neither names one.
    pub window: Option<Window>,
    /// ImageOrientationPatient as letters, `R\L A\P`.
    pub orientation: Option<String>,
    pub sha256_i32le: String,
}

#[derive(Debug, Serialize)]
pub struct FrocReport {
    pub schema: &'static str,
    pub model: ModelId,
    pub bootstrap_samples: usize,
    #[serde(flatten)]
    pub report: Report,
    /// Key slices of the table that are not below the folder, or for which the file has no detections: not scored.
    pub missing: Vec<String>,
    pub errors: Vec<Refusal>,
}

/// A file that gave no slice, and why.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Refusal {
    /// Path as it was read.
    pub path: String,
    /// Stable code of the cause.
    pub code: String,
    /// The cause in a sentence.
    pub message: String,
}

impl Refusal {
    pub fn new(path: &str, error: &DecodeError) -> Self {
        Self { path: path.to_owned(), code: error.code().to_owned(), message: error.to_string() }
    }

    fn unreadable(path: &Path, error: &dyn std::error::Error) -> Self {
        Self { path: path.display().to_string(), code: "unreadable".to_owned(), message: error.to_string() }
    }
}


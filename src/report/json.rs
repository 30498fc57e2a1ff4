//! JSON documents: what each file is, detections, FROC. Their forms have names (`schema`), which change with them.

use serde::{Deserialize, Serialize};

use crate::detection::Detection;
use crate::fault::Reported;
use crate::froc::{BOOTSTRAP_SAMPLES, Report};
use crate::hounsfield::Window;
use crate::model::ModelId;
use crate::series::{Note, Series, SpacingSource, orientation_letters};
use crate::slice::Slice;

/// Name of the form of [`DetectionsReport`].
const DETECTIONS_SCHEMA: &str = "lesionlens.detections/2";

/// The forms of [`DetectionsReport`] that are read. In the first one detections have a box and a score only.
pub const READ_SCHEMAS: [&str; 2] = ["lesionlens.detections/1", DETECTIONS_SCHEMA];

/// Detections on slices: what `lesionlens detect --json` writes and `lesionlens froc --detections` reads.
#[derive(Debug, Serialize, Deserialize)]
pub struct DetectionsReport {
    /// One of [`READ_SCHEMAS`].
    pub schema: String,
    /// What made the detections.
    pub model: ModelId,
    /// Every slice, searched or not.
    pub images: Vec<ImageDetections>,
    /// Files that gave no slice.
    #[serde(default)]
    pub errors: Vec<Refusal>,
}

/// What a [`DetectionsReport`] says before its images.
#[derive(Debug, Serialize)]
pub struct DetectionsHead {
    schema: &'static str,
    model: ModelId,
    errors: Vec<Refusal>,
    series: Vec<SeriesReport>,
}

/// What is known about a series.
#[derive(Debug, Clone, Serialize)]
pub struct SeriesReport {
    /// Unique among the series.
    name: String,
    n_slices: usize,
    /// Whether the values are Hounsfield units; otherwise its slices are not searched.
    hounsfield: bool,
    /// What a reader should know, by code.
    notes: Vec<Note>,
}

/// Detections on one slice.
#[derive(Debug, Serialize, Deserialize)]
pub struct ImageDetections {
    /// Path as it was read.
    pub path: String,
    /// Name of its series.
    pub series: String,
    /// Index in the ordered series, from 0.
    pub slice: usize,
    /// `[x, y, z]`: between columns, rows and slices; z is null where nothing says it.
    pub spacing_mm: (f64, f64, Option<f64>),
    /// Name of a [`SpacingSource`].
    #[serde(default)]
    pub spacing_source: String,
    /// Whether the values are Hounsfield units; otherwise the slice was not searched.
    #[serde(default = "yes")]
    pub hounsfield: bool,
    /// By falling score.
    pub detections: Vec<Detection>,
}

/// What each file is: what `lesionlens info --json` writes.
#[derive(Debug, Serialize)]
pub struct InfoReport {
    schema: &'static str,
    files: Vec<FileInfo>,
    series: Vec<SeriesReport>,
}

/// What one file is.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum FileInfo {
    /// A slice; files with several have an entry for each.
    Image(ImageInfo),
    /// A table.
    Table(TableInfo),
    /// Neither.
    Refused(Refusal),
}

/// What a table is.
#[derive(Debug, Serialize)]
pub struct TableInfo {
    path: String,
    format: &'static str,
    n_rows: usize,
}

/// What a slice is.
#[derive(Debug, Serialize)]
pub struct ImageInfo {
    path: String,
    format: &'static str,
    rows: usize,
    cols: usize,
    frames: usize,
    transfer_syntax: Option<String>,
    /// `[x, y]`: between columns, between rows. A single file cannot say what lies between slices.
    spacing_mm: [f64; 2],
    spacing_source: SpacingSource,
    /// Name of the series that it belongs to.
    series: String,
    /// Whether its values are Hounsfield units, as its series says.
    hounsfield: bool,
    /// What a reader should know of its series, by code.
    notes: Vec<Note>,
    hu_min: f64,
    hu_max: f64,
    /// The file's own, or the table's; null where neither names one.
    window: Option<Window>,
    /// Orientation in the patient as letters, `R\L A\P`.
    orientation: Option<String>,
    sha256_i32le: String,
}

/// A detector scored on key slices: what `lesionlens froc --json` writes.
#[derive(Debug, Serialize)]
pub struct FrocReport {
    schema: &'static str,
    model: ModelId,
    bootstrap_samples: usize,
    #[serde(flatten)]
    report: Report,
    missing: Vec<String>,
    errors: Vec<Refusal>,
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

/// Reports of before said nothing of units: what they list was searched.
fn yes() -> bool {
    true
}

impl DetectionsHead {
    /// What the report says before its images.
    #[must_use]
    pub fn new(model: ModelId, series: Vec<SeriesReport>, errors: Vec<Refusal>) -> Self {
        Self { schema: DETECTIONS_SCHEMA, model, errors, series }
    }
}

impl SeriesReport {
    /// About a series.
    #[must_use]
    pub fn new(series: &Series) -> Self {
        Self {
            name: series.name().to_owned(),
            n_slices: series.slices().len(),
            hounsfield: series.is_hounsfield(),
            notes: series.notes().to_vec(),
        }
    }
}

impl ImageDetections {
    /// What is reported about a slice of a series, which must be there.
    #[must_use]
    pub fn new(series: &Series, slice_idx: usize, detections: Vec<Detection>) -> Self {
        let spacing = series.spacing();
        Self {
            path: series.slices().get(slice_idx).map(|slice| slice.info().path.clone()).unwrap_or_default(),
            series: series.name().to_owned(),
            slice: slice_idx,
            spacing_mm: (spacing.x_mm, spacing.y_mm, spacing.z_mm),
            spacing_source: series.spacing_source().name().to_owned(),
            hounsfield: series.is_hounsfield(),
            detections,
        }
    }
}

impl InfoReport {
    /// A report about files, in the order in which they are to be listed, and the series that they make.
    #[must_use]
    pub fn new(files: Vec<FileInfo>, series: Vec<SeriesReport>) -> Self {
        Self { schema: "lesionlens.info/1", files, series }
    }
}

impl TableInfo {
    /// About a `DL_info.csv`.
    #[must_use]
    pub fn new(path: &str, n_rows: usize) -> Self {
        Self { path: path.to_owned(), format: "dl_info", n_rows }
    }

    /// Path as it was read.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl ImageInfo {
    /// About a slice of a series.
    #[must_use]
    pub fn new(series: &Series, slice: &Slice) -> Self {
        let info = slice.info();
        let (hu_min, hu_max) = slice.hu_range();
        let from_table = (series.spacing_source() == SpacingSource::DlInfo).then(|| series.window());
        Self {
            path: info.path.clone(),
            format: info.format.name(),
            rows: slice.rows(),
            cols: slice.cols(),
            frames: 1,
            transfer_syntax: info.transfer_syntax.clone(),
            spacing_mm: [series.spacing().x_mm, series.spacing().y_mm],
            spacing_source: series.spacing_source(),
            series: series.name().to_owned(),
            hounsfield: series.is_hounsfield(),
            notes: series.notes().to_vec(),
            hu_min,
            hu_max,
            window: info.window.or(from_table),
            orientation: info.orientation_patient.map(orientation_letters),
            sha256_i32le: slice.stored_sha256_i32le(),
        }
    }
}

impl FrocReport {
    /// A report on a model. `missing`: key slices of the table that are not below the folder, or for which there are no
    /// detections; they are not scored.
    #[must_use]
    pub fn new(model: ModelId, report: Report, missing: Vec<String>, errors: Vec<Refusal>) -> Self {
        Self { schema: "lesionlens.froc/1", model, bootstrap_samples: BOOTSTRAP_SAMPLES, report, missing, errors }
    }
}

impl Refusal {
    /// A file that the decoder refused.
    #[must_use]
    pub fn new(path: &str, error: &impl Reported) -> Self {
        Self { path: path.to_owned(), code: error.code().to_owned(), message: error.to_string() }
    }

    /// A file at which a program ended, for whatever reason.
    #[must_use]
    pub fn of_program(path: &str, code: &str, message: &str) -> Self {
        Self { path: path.to_owned(), code: code.to_owned(), message: message.to_owned() }
    }

    /// A file that could not be read from the disk.
    #[must_use]
    pub fn unreadable(path: &str, error: &dyn std::error::Error) -> Self {
        Self { path: path.to_owned(), code: "FileUnreadable".to_owned(), message: error.to_string() }
    }
}

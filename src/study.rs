//! What a person has opened: decoded files, arranged into series, with the detections found so far.
//!
//! The page's worker and the command line both drive the pipeline through a [`Study`], so they cannot differ.

use serde::Serialize;
use thiserror::Error;

use crate::decode::{Archive, DecodeError, Decoded, DlInfo, decode};
use crate::detection::Detection;
use crate::detector::detections;
use crate::hounsfield::Window;
use crate::input::{ImageFromInput, InputTensor, input_tensor};
use crate::model::{Model, ModelError, ModelSpec, RawHead};
use crate::report::{SeriesInfo, StudyDetection, series_info};
use crate::series::{Series, arrange};
use crate::slice::Slice;
use crate::view::render;

/// Why a study could not do what was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StudyError {
    /// There is no such slice.
    #[error("there is no slice {slice_idx} in series {series_idx}")]
    NoSuchSlice {
        /// Index of the series that was asked for.
        series_idx: usize,
        /// Index of the slice that was asked for.
        slice_idx: usize,
    },
    /// The model failed.
    #[error(transparent)]
    Model(#[from] ModelError),
}

impl StudyError {
    /// Stable code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSuchSlice { .. } => "no_such_slice",
            Self::Model(error) => error.code(),
        }
    }
}

/// What a file that was added turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Added {
    /// Image or table.
    pub kind: AddedKind,
    /// Slices that it brought.
    pub n_slices: usize,
    /// Rows of a table.
    pub n_rows: usize,
    /// Files of an archive that were refused.
    pub n_skipped: usize,
}

/// Kinds of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AddedKind {
    /// One or more slices.
    Image,
    /// `DL_info.csv`.
    Table,
}

/// Decoded files and what was found on them.
#[derive(Debug, Default)]
pub struct Study {
    /// Added since the last call of [`Study::arrange`].
    added: Vec<Slice>,
    tables: Vec<DlInfo>,
    series: Vec<Series>,
    // Invariant: one entry per series and slice; `None` where the detector has not run.
    found: Vec<Vec<Option<Vec<Detection>>>>,
}

impl Study {
    /// Decodes a file and keeps what it holds until [`Study::arrange`].
    ///
    /// # Errors
    /// What [`decode`] refuses; the study is as it was before.
    pub fn add_file(&mut self, path: &str, bytes: &[u8]) -> Result<Added, DecodeError> {
        Ok(match decode(path, bytes)? {
            Decoded::Slice(slice) => {
                self.added.push(*slice);
                Added { kind: AddedKind::Image, n_slices: 1, n_rows: 0, n_skipped: 0 }
            }
            Decoded::Slices(mut slices) => {
                let n_slices = slices.len();
                self.added.append(&mut slices);
                Added { kind: AddedKind::Image, n_slices, n_rows: 0, n_skipped: 0 }
            }
            Decoded::Archive(archive) => {
                let Archive { mut slices, mut tables, skipped } = *archive;
                let n_rows = tables.iter().map(|table| table.rows().len()).sum();
                let (n_slices, n_skipped) = (slices.len(), skipped.len());
                self.added.append(&mut slices);
                self.tables.append(&mut tables);
                Added { kind: AddedKind::Image, n_slices, n_rows, n_skipped }
            }
            Decoded::Table(table) => {
                let n_rows = table.rows().len();
                self.tables.push(table);
                Added { kind: AddedKind::Table, n_slices: 0, n_rows, n_skipped: 0 }
            }
        })
    }

    /// Groups and orders everything that was added; detections made before are forgotten, since indices change.
    pub fn arrange(&mut self) {
        let mut slices: Vec<Slice> =
            std::mem::take(&mut self.series).into_iter().flat_map(Series::into_slices).collect();
        slices.append(&mut self.added);
        self.series = arrange(slices, &self.tables);
        self.found = self.series.iter().map(|series| vec![None; series.slices().len()]).collect();
    }

    /// The series in their order.
    #[must_use]
    pub fn series(&self) -> &[Series] {
        &self.series
    }

    /// Records about the series for a viewer.
    #[must_use]
    pub fn series_infos(&self) -> Vec<SeriesInfo> {
        self.series.iter().map(series_info).collect()
    }

    /// Opaque RGBA bytes of one slice with its rows and columns.
    ///
    /// # Errors
    /// [`StudyError::NoSuchSlice`].
    pub fn render(&self, series_idx: usize, slice_idx: usize, window: Window) -> Result<Picture, StudyError> {
        let series = self.series.get(series_idx);
        let slice = series.and_then(|series| series.slices().get(slice_idx));
        let slice = slice.ok_or(StudyError::NoSuchSlice { series_idx, slice_idx })?;
        Ok(Picture { rows: slice.rows(), cols: slice.cols(), rgba: render(slice, window) })
    }

    /// Digest of the stored values of one slice, as [`Slice::stored_sha256_i32le`] gives it: by it a decoder in a browser
    /// is compared with one outside.
    ///
    /// # Errors
    /// [`StudyError::NoSuchSlice`].
    pub fn fingerprint(&self, series_idx: usize, slice_idx: usize) -> Result<String, StudyError> {
        let slice = self.series.get(series_idx).and_then(|series| series.slices().get(slice_idx));
        slice.map(Slice::stored_sha256_i32le).ok_or(StudyError::NoSuchSlice { series_idx, slice_idx })
    }

    /// The net's input for one slice, for a net that runs elsewhere; its heads come back by [`Study::accept`].
    ///
    /// # Errors
    /// [`StudyError::NoSuchSlice`].
    pub fn input(&self, spec: &ModelSpec, series_idx: usize, slice_idx: usize) -> Result<InputTensor, StudyError> {
        let series = self.series.get(series_idx).filter(|series| slice_idx < series.slices().len());
        let series = series.ok_or(StudyError::NoSuchSlice { series_idx, slice_idx })?;
        Ok(input_tensor(series, slice_idx, &spec.input))
    }

    /// Keeps what heads say about one slice, every detection from the model's score floor up; nothing on slices without
    /// Hounsfield units.
    ///
    /// # Errors
    /// [`StudyError::NoSuchSlice`], or a spec without the channels that are needed.
    pub fn accept(
        &mut self,
        spec: &ModelSpec,
        series_idx: usize,
        slice_idx: usize,
        image_from_input: &ImageFromInput,
        heads: &[RawHead],
    ) -> Result<(), StudyError> {
        let series = self.series.get(series_idx);
        let found = self.found.get_mut(series_idx).and_then(|found| found.get_mut(slice_idx));
        let (Some(series), Some(found)) = (series, found) else {
            return Err(StudyError::NoSuchSlice { series_idx, slice_idx });
        };
        // Grey levels of a picture say nothing to a net that was trained on Hounsfield units.
        *found =
            Some(if series.is_hounsfield() { detections(heads, spec, series, image_from_input)? } else { Vec::new() });
        Ok(())
    }

    /// Runs the detector on one slice and keeps every detection from the model's score floor up.
    ///
    /// # Errors
    /// [`StudyError::NoSuchSlice`], or what the model reports.
    pub fn detect(&mut self, model: &mut impl Model, series_idx: usize, slice_idx: usize) -> Result<(), StudyError> {
        let input = self.input(model.spec(), series_idx, slice_idx)?;
        let heads = model.run(&input)?;
        self.accept(model.spec(), series_idx, slice_idx, &input.image_from_input, &heads)
    }

    /// Detections of one slice with a score of at least `threshold`, by falling score; none where the detector has not
    /// run.
    #[must_use]
    pub fn on_slice(&self, series_idx: usize, slice_idx: usize, threshold: f32) -> Vec<Detection> {
        let found = self.found.get(series_idx).and_then(|found| found.get(slice_idx));
        let found = found.into_iter().flatten().flatten();
        found.filter(|detection| detection.score >= threshold).copied().collect()
    }

    /// Detections with a score of at least `threshold`, by series, slice and falling score.
    #[must_use]
    pub fn detections(&self, threshold: f32) -> Vec<StudyDetection> {
        let mut all = Vec::new();
        for (series_idx, (series, found)) in self.series.iter().zip(&self.found).enumerate() {
            for slice_idx in 0..found.len() {
                let shown = self.on_slice(series_idx, slice_idx, threshold).into_iter();
                all.extend(shown.map(|detection| StudyDetection {
                    series: series_idx,
                    series_id: series.id().to_owned(),
                    slice: slice_idx,
                    detection,
                }));
            }
        }
        all
    }
}

/// Pixels for a canvas.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub cols: usize,
    /// Opaque RGBA, row-major.
    pub rgba: Vec<u8>,
}

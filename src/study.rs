//! What a person has opened: decoded files, arranged into series, with the detections found so far.
//!
//! The page's worker and the command line both drive the pipeline through a [`Study`], so they cannot differ. Slices are
//! addressed by ids that last for as long as the study is open ([`Series::slice_ids`]), so an answer that comes late
//! cannot land on another slice.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use strum::{EnumDiscriminants, EnumIter, IntoStaticStr};
use thiserror::Error;

use crate::decode::{Archive, DecodeError, Decoded, DlInfo, decode};
use crate::detection::{Axes, Detection, DetectionId};
use crate::detector::detections;
use crate::fault::{Fault, Reported};
use crate::froc::{self, EvalImage};
use crate::hounsfield::Window;
use crate::input::{ImageFromInput, InputTensor, input_tensor};
use crate::lesion::Lesion;
use crate::link::{Linking, Member, Searched, link};
use crate::model::{Model, ModelError, ModelSpec, RawHead};
use crate::report::bookmarks::{self, Bookmark, BookmarksRead, table_name};
use crate::report::{Comparison, DetectionRecord, SeriesInfo, SliceComparison};
use crate::series::{HounsfieldSeries, Series, arrange};
use crate::slice::{Slice, SliceId};
use crate::view::{render, thumbnail};

/// Why a study could not do what was asked. Serialized as `{ code, details }`, the details being the variant's fields.
#[derive(Debug, Error, Serialize, EnumDiscriminants)]
#[serde(tag = "code", content = "details")]
#[strum_discriminants(name(StudyErrorCode), derive(EnumIter, IntoStaticStr), non_exhaustive)]
#[strum_discriminants(doc = "The variants of [`StudyError`] without their fields.")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[non_exhaustive]
pub enum StudyError {
    /// There is no such slice.
    #[error("there is no slice {slice} in this study")]
    NoSuchSlice {
        /// The id that was asked for.
        slice: String,
    },
    /// Heads came for an input that was not handed out, or before slices were arranged anew.
    #[error("these heads belong to no input of this study: {reason}")]
    NoSuchInput {
        /// What does not fit.
        reason: String,
    },
    /// The slice holds no Hounsfield units, so no net may see it.
    #[error("the slice {slice} holds no Hounsfield units and is not searched")]
    NotSearchable {
        /// The id of the slice.
        slice: String,
    },
}

impl StudyErrorCode {
    /// Whose fault errors of this code are.
    #[must_use]
    pub fn fault(self) -> Fault {
        Fault::Program
    }
}

impl Reported for StudyError {
    fn name(&self) -> &'static str {
        "StudyError"
    }

    fn code(&self) -> &'static str {
        StudyErrorCode::from(self).into()
    }

    fn fault(&self) -> Fault {
        StudyErrorCode::from(self).fault()
    }
}

/// Why a slice could not be searched.
#[derive(Debug, Error)]
pub enum SearchError {
    /// The study cannot give the slice to a net.
    #[error(transparent)]
    Study(#[from] StudyError),
    /// The model failed.
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// What a file that was added turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
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
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub enum AddedKind {
    /// One or more slices.
    Image,
    /// `DL_info.csv`.
    Table,
}

/// Names the input of one slice while a net elsewhere works on it; comes back with the heads, unchanged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Ticket {
    slice: SliceId,
    /// How often slices had been arranged.
    arrangement: u32,
    rows: usize,
    cols: usize,
    image_from_input: ImageFromInput,
}

/// Decoded files and what was found on them.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use lesionlens::model::{Model, ModelSpec};
/// use lesionlens::model::tract::TractModel;
/// use lesionlens::phantom::{Phantom, SAMPLE_SEED};
/// use lesionlens::study::Study;
///
/// let (mut study, sample) = (Study::default(), Phantom::new(SAMPLE_SEED));
/// for file in [11, 12, 13, sample.n_slices()] {
///     let (path, bytes) = sample.file(file);
///     study.add_file(&path, &bytes)?;
/// }
/// study.arrange();
/// let slice = study.series()[0].slice_ids()[1].to_string();
///
/// let spec = ModelSpec::from_json(include_str!("../models/detector.json"))?;
/// let mut model = TractModel::load(spec, include_bytes!("../models/detector.onnx"))?;
/// let found = study.detect(&mut model, &slice)?;
/// assert!(found[0].detection.score >= model.spec().default_threshold);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct Study {
    /// Added since the last call of [`Study::arrange`].
    added: Vec<Slice>,
    tables: Vec<DlInfo>,
    series: Vec<Series>,
    // Invariant: one entry per slice of `series`.
    places: HashMap<SliceId, Place>,
    /// What was found on the slices that were searched since they were arranged.
    found: HashMap<SliceId, Vec<Detection>>,
    arrangement: u32,
}

/// Where a slice lies.
#[derive(Debug, Clone, Copy)]
struct Place {
    series_idx: usize,
    slice_idx: usize,
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

    /// Groups and orders everything that was added; detections made before are forgotten, since a slice may have got
    /// other neighbours or another spacing.
    pub fn arrange(&mut self) {
        let mut slices: Vec<Slice> =
            std::mem::take(&mut self.series).into_iter().flat_map(Series::into_slices).collect();
        slices.append(&mut self.added);
        self.series = arrange(slices, &self.tables);
        let places = self.series.iter().enumerate().flat_map(|(series_idx, series)| {
            let ids = series.slice_ids().iter().cloned().enumerate();
            ids.map(move |(slice_idx, id)| (id, Place { series_idx, slice_idx }))
        });
        self.places = places.collect();
        self.found.clear();
        self.arrangement += 1;
    }

    /// Forgets every slice, table and detection. Inputs that were handed out are not taken back.
    pub fn clear(&mut self) {
        *self = Self { arrangement: self.arrangement + 1, ..Self::default() };
    }

    /// The series in their order.
    #[must_use]
    pub fn series(&self) -> &[Series] {
        &self.series
    }

    /// Records about the series for a viewer.
    #[must_use]
    pub fn series_infos(&self) -> Vec<SeriesInfo> {
        self.series.iter().map(SeriesInfo::new).collect()
    }

    /// Opaque RGBA bytes of one slice with its rows and columns.
    ///
    /// # Errors
    /// [`StudyError::NoSuchSlice`].
    pub fn render(&self, slice: &str, window: Window) -> Result<Picture, StudyError> {
        let slice = self.slice(slice)?;
        Ok(Picture { rows: slice.rows(), cols: slice.cols(), rgba: render(slice, window) })
    }

    /// A small picture of a slice through the window that its series opens with; the longer side has at most `longest`
    /// pixels.
    ///
    /// # Errors
    /// [`StudyError::NoSuchSlice`].
    pub fn thumbnail(&self, slice: &str, longest: usize) -> Result<Picture, StudyError> {
        let (_, series, _) = self.place(slice)?;
        let (rows, cols, rgba) = thumbnail(self.slice(slice)?, series.window(), longest);
        Ok(Picture { rows, cols, rgba })
    }

    /// The Hounsfield value of one pixel, indices from 0; `None` outside of the slice, or where its values are no
    /// Hounsfield units.
    ///
    /// # Errors
    /// [`StudyError::NoSuchSlice`].
    pub fn hu_at(&self, slice: &str, col_idx: usize, row_idx: usize) -> Result<Option<f32>, StudyError> {
        let slice = self.slice(slice)?;
        Ok(slice.hu_at(col_idx, row_idx).filter(|_| slice.is_hounsfield()))
    }

    /// Digest of the stored values of one slice, as [`Slice::stored_sha256_i32le`] gives it: by it a decoder in a browser
    /// is compared with one outside.
    ///
    /// # Errors
    /// [`StudyError::NoSuchSlice`].
    pub fn fingerprint(&self, slice: &str) -> Result<String, StudyError> {
        Ok(self.slice(slice)?.stored_sha256_i32le())
    }

    /// The net's input for one slice, for a net that runs elsewhere; its heads come back by [`Study::accept`].
    ///
    /// # Errors
    /// [`StudyError::NoSuchSlice`], or [`StudyError::NotSearchable`] for a slice without Hounsfield units.
    pub fn input(&self, spec: &ModelSpec, slice: &str) -> Result<(Ticket, InputTensor), StudyError> {
        let (id, series, slice_idx) = self.searchable(slice)?;
        let input = input_tensor(series, slice_idx, &spec.input);
        let InputTensor { rows, cols, image_from_input, .. } = input;
        let ticket = Ticket { slice: id, arrangement: self.arrangement, rows, cols, image_from_input };
        Ok((ticket, input))
    }

    /// Keeps what the heads of a slice say, and gives it: every detection from the model's score floor up, by falling
    /// score. `values` are a list for each of the model's outputs, as [`RawHead::values`] has them.
    ///
    /// # Errors
    /// [`StudyError::NoSuchInput`] for a ticket from before slices were arranged, or what [`ModelSpec::heads`] refuses.
    pub fn accept(
        &mut self,
        spec: &ModelSpec,
        ticket: &Ticket,
        values: Vec<Vec<f32>>,
    ) -> Result<Vec<DetectionRecord>, SearchError> {
        if ticket.arrangement != self.arrangement {
            return Err(StudyError::NoSuchInput { reason: "slices were arranged anew".to_owned() }.into());
        }
        let heads = spec.heads((ticket.rows, ticket.cols), values)?;
        self.keep(spec, ticket.slice.as_str(), &ticket.image_from_input, &heads)
    }

    /// Runs the detector on one slice, keeps every detection from the model's score floor up, and gives them by falling
    /// score.
    ///
    /// # Errors
    /// What [`Study::input`] refuses, or what the model reports.
    pub fn detect(&mut self, model: &mut impl Model, slice: &str) -> Result<Vec<DetectionRecord>, SearchError> {
        let (_, input) = self.input(model.spec(), slice)?;
        let heads = model.run(&input)?;
        self.keep(model.spec(), slice, &input.image_from_input, &heads)
    }

    fn keep(
        &mut self,
        spec: &ModelSpec,
        slice: &str,
        image_from_input: &ImageFromInput,
        heads: &[RawHead],
    ) -> Result<Vec<DetectionRecord>, SearchError> {
        let (id, series, _) = self.searchable(slice)?;
        let found = detections(heads, spec, series, image_from_input)?;
        let records = DetectionRecord::of_slice(&id, &found);
        self.found.insert(id, found);
        Ok(records)
    }

    /// What was found on a slice since slices were arranged, from the model's score floor up, by falling score; `None`
    /// where it was not searched.
    #[must_use]
    pub fn found(&self, slice: &SliceId) -> Option<&[Detection]> {
        self.found.get(slice).map(Vec::as_slice)
    }

    /// Bookmarks as a table in the columns of `DL_info.csv`; those on slices that are not there are left out.
    ///
    /// # Errors
    /// [`DecodeError::CsvDamaged`] where the table cannot be written, which memory alone could prevent.
    pub fn bookmarks_csv(&self, bookmarks: &[Bookmark]) -> Result<String, DecodeError> {
        let row = |bookmark: &Bookmark| {
            let (_, series, slice_idx) = self.place(bookmark.slice.as_str()).ok()?;
            let path = &series.slices().get(slice_idx)?.info().path;
            Some(bookmarks::row(bookmark, series, slice_idx, path))
        };
        bookmarks::table(bookmarks.iter().filter_map(row))
    }

    /// The bookmarks of a table in the columns of `DL_info.csv` on the slices that are open. Of slices with one name, the
    /// first is meant.
    ///
    /// # Errors
    /// What is no such table, or has a cell that is no measurement.
    pub fn read_bookmarks(&self, bytes: &[u8]) -> Result<BookmarksRead, DecodeError> {
        let mut slices: HashMap<String, &SliceId> = HashMap::new();
        for series in &self.series {
            for (slice, id) in series.slices().iter().zip(series.slice_ids()) {
                slices.entry(table_name(&slice.info().path)).or_insert(id);
            }
        }
        bookmarks::read(bytes, |name| slices.get(name).map(|&id| id.clone()))
    }

    /// What was found so far with a score of `threshold` or more, linked over the slices of each series, by falling score;
    /// equal scores keep the order of series and slices.
    #[must_use]
    pub fn lesions(&self, threshold: f32) -> Vec<Lesion> {
        let mut lesions: Vec<Lesion> =
            self.series.iter().flat_map(|series| self.lesions_of(series, threshold)).collect();
        lesions.sort_by(|a, b| b.score.total_cmp(&a.score));
        lesions
    }

    fn lesions_of(&self, series: &Series, threshold: f32) -> Vec<Lesion> {
        let slices: Vec<Searched<'_>> = series
            .slice_ids()
            .iter()
            .enumerate()
            .map(|(slice_idx, id)| {
                let found = self.found(id).unwrap_or_default();
                let n_shown = found.partition_point(|detection| detection.score >= threshold);
                let detections = found.get(..n_shown).unwrap_or_default();
                Searched { z_mm: series.z_mm(slice_idx), detections }
            })
            .collect();
        let groups = link(&slices, Linking::default());
        groups.iter().filter_map(|members| lesion(series, &slices, members)).collect()
    }

    /// What was found so far of what the tables mark, on the slices that they mark: hits and misses with a score of
    /// `threshold` or more, and the curve over all scores. DeepLesion's possibly noisy marks do not count, as in
    /// [`froc`].
    #[must_use]
    pub fn compare(&self, threshold: f32) -> Comparison {
        let (mut slices, mut images) = (Vec::new(), Vec::new());
        for series in &self.series {
            for (slice_idx, id) in series.slice_ids().iter().enumerate() {
                let truth: Vec<_> = series.truth(slice_idx).iter().filter(|truth| !truth.noisy).cloned().collect();
                let Some(found) = self.found(id).filter(|_| !truth.is_empty()) else { continue };
                let n_shown = found.partition_point(|detection| detection.score >= threshold);
                let (hit, unmatched) = froc::matched(&truth, found.get(..n_shown).unwrap_or_default());
                slices.push(SliceComparison {
                    slice: id.clone(),
                    n_truth: truth.len(),
                    n_hit: hit.len(),
                    missed: (0..truth.len()).filter(|at| !hit.contains(at)).collect(),
                    unmatched: unmatched.into_iter().map(|rank| DetectionId::new(id, rank)).collect(),
                });
                images.push(EvalImage {
                    patient: 0,
                    source: String::new(),
                    mm_per_px: series.spacing().x_mm,
                    lesions: truth,
                    detections: found.to_vec(),
                });
            }
        }
        Comparison { slices, curve: froc::curve(&images) }
    }

    fn place(&self, slice: &str) -> Result<(&SliceId, &Series, usize), StudyError> {
        let missing = || StudyError::NoSuchSlice { slice: slice.to_owned() };
        let (id, place) = self.places.get_key_value(slice).ok_or_else(missing)?;
        let series = self.series.get(place.series_idx).ok_or_else(missing)?;
        Ok((id, series, place.slice_idx))
    }

    fn slice(&self, slice: &str) -> Result<&Slice, StudyError> {
        let (_, series, slice_idx) = self.place(slice)?;
        series.slices().get(slice_idx).ok_or_else(|| StudyError::NoSuchSlice { slice: slice.to_owned() })
    }

    fn searchable(&self, slice: &str) -> Result<(SliceId, HounsfieldSeries<'_>, usize), StudyError> {
        let (id, series, slice_idx) = self.place(slice)?;
        let series = series.hounsfield().ok_or_else(|| StudyError::NotSearchable { slice: slice.to_owned() })?;
        Ok((id.clone(), series, slice_idx))
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

/// A group of detections as one lesion; `None` for an empty one.
fn lesion(series: &Series, slices: &[Searched<'_>], members: &[Member]) -> Option<Lesion> {
    let all: Vec<(&SliceId, usize, &Detection)> = members
        .iter()
        .filter_map(|&Member { slice_idx, rank }| {
            let id = series.slice_ids().get(slice_idx)?;
            Some((id, rank, slices.get(slice_idx)?.detections.get(rank)?))
        })
        .collect();
    // Of equal ones the first is kept, so that the answer does not depend on how a maximum is looked for.
    let by_score = |a: &&(_, _, &Detection), b: &&(_, _, &Detection)| b.2.score.total_cmp(&a.2.score);
    let mut best_first: Vec<&(&SliceId, usize, &Detection)> = all.iter().collect();
    best_first.sort_by(by_score);
    let &&(slice, rank, best) = best_first.first()?;
    // Pixels may not be square, so millimetres are compared; a series that knows none compares pixels.
    let length = |detection: &Detection| {
        detection.axes.map_or(0.0, |Axes { long_px: [[x0, y0], [x1, y1]], long_mm, .. }| {
            long_mm.unwrap_or_else(|| (x1 - x0).hypot(y1 - y0))
        })
    };
    let mut longest_first: Vec<_> = all.iter().filter(|(_, _, detection)| detection.axes.is_some()).collect();
    longest_first.sort_by(|a, b| length(b.2).total_cmp(&length(a.2)));
    let longest = longest_first.first();
    Some(Lesion {
        id: DetectionId::new(slice, rank),
        slice: slice.clone(),
        box_px: best.box_px,
        score: best.score,
        first_slice_idx: members.first()?.slice_idx,
        last_slice_idx: members.last()?.slice_idx,
        axes: longest.and_then(|(_, _, detection)| detection.axes),
        axes_slice: longest.map(|(id, _, _)| (*id).clone()),
        lesion_type: best_first.iter().find_map(|(_, _, detection)| detection.lesion_type),
        detections: all.iter().map(|(id, rank, _)| DetectionId::new(id, *rank)).collect(),
    })
}

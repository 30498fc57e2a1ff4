//! Loose slices to ordered stacks with spacing, truth and window.
//!
//! In: decoded slices in any order, and the tables that were added with them. Out: one [`Series`] per stack. Slices
//! belong together when they share the series (or, without one, the folder), size, container and orientation. They are
//! ordered by their position along the slice normal; where not every slice has one, by number; where not every slice
//! has that either, by file name. The result does not depend on the order of the input. DICOM leaves open what to do
//! with slices at one position (repeated or overlapping scans): they all stay, in order of number, and a note says so.

mod group;
mod ids;
mod natural;
mod notes;
mod order;
mod orientation;
mod plausible;
mod spacing;

pub use ids::SeriesId;
pub use notes::{Note, NoteCode, Unit};
pub use order::{OrderRule, OrderRuleCode};
pub use orientation::orientation_letters;
pub use spacing::{ASSUMED_SPACING_MM, SpacingSource};

use std::collections::HashMap;
use std::ops::Deref;

use group::Group;
use order::Order;
use plausible::{Implausible, implausible};
use spacing::in_plane_spacing;

use crate::decode::DlInfo;
use crate::decode::dl_info::DlRow;
use crate::detection::Truth;
use crate::geometry::{Spacing, is_plausible_size};
use crate::hounsfield::Window;
use crate::slice::tally::Tally;
use crate::slice::{Format, Slice, SliceId};

/// Slices that belong together, in order, with what is known about the stack.
///
/// ```
/// use lesionlens::decode::{Decoded, decode};
/// use lesionlens::phantom::{Phantom, SAMPLE_SEED};
/// use lesionlens::series::{OrderRule, arrange};
///
/// let (sample, mut slices, mut tables) = (Phantom::new(SAMPLE_SEED), Vec::new(), Vec::new());
/// for file in [2, 1, 0, sample.n_slices()] {
///     let (path, bytes) = sample.file(file);
///     match decode(&path, &bytes) {
///         Ok(Decoded::Slice(slice)) => slices.push(*slice),
///         Ok(Decoded::Table(table)) => tables.push(table),
///         other => panic!("{other:?}"),
///     }
/// }
/// let series = &arrange(slices, &tables)[0];
/// assert_eq!(series.rule(), OrderRule::NameNumber { step_mm: Some(5.0) });
/// assert_eq!(series.z_mm(1).zip(series.z_mm(0)).map(|(upper, lower)| upper - lower), Some(5.0));
/// ```
#[derive(Debug, Clone)]
pub struct Series {
    id: SeriesId,
    name: String,
    // Invariant: at least one slice, all of one size; slice_ids, z_mm (where known) and truth have one entry per slice.
    slices: Vec<Slice>,
    slice_ids: Vec<SliceId>,
    z_mm: Option<Vec<f64>>,
    truth: Vec<Vec<Truth>>,
    spacing: Spacing,
    spacing_source: SpacingSource,
    rule: OrderRule,
    notes: Vec<Note>,
    /// Whether a net may see it: its files hold Hounsfield units, and its values and its size do not speak against them.
    is_hounsfield: bool,
    window: Window,
    orientation: Option<String>,
}

/// Groups slices into series, orders each, and attaches what the tables know about PNG slices. Series come in natural
/// order of their name.
#[must_use]
pub fn arrange(slices: Vec<Slice>, tables: &[DlInfo]) -> Vec<Series> {
    let mut rows_of_series: HashMap<&str, Vec<&DlRow>> = HashMap::new();
    for row in tables.iter().flat_map(DlInfo::rows) {
        rows_of_series.entry(&row.series_id).or_default().push(row);
    }
    let mut series: Vec<Series> = Vec::new();
    for group in group::split(slices) {
        let rows = match group.format {
            Format::Png => rows_of_series.get(group.id.as_str()).map_or(&[][..], Vec::as_slice),
            _ => &[],
        };
        series.push(build(group, rows));
    }
    series.sort_by(|a, b| natural::compare(&a.name, &b.name));
    ids::assign(&mut series);
    number_repeated_names(&mut series);
    series
}

/// Makes names unique: a second stack of one series (another orientation or size) becomes `<name> (2)`.
fn number_repeated_names(series: &mut [Series]) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for one in series {
        let times = seen.entry(one.name.clone()).or_default();
        *times += 1;
        if *times > 1 {
            one.name = format!("{} ({times})", one.name);
        }
    }
}

fn build(group: Group, all_rows: &[&DlRow]) -> Series {
    let mut notes = Vec::new();
    let (rows, cols) = (group.rows, group.cols);
    let fits = |row: &&&DlRow| row.image_size.is_none_or(|size| size == (cols, rows));
    let table: Vec<&DlRow> = all_rows.iter().filter(fits).copied().collect();
    if table.len() < all_rows.len() {
        notes.push(Note::TableOfOtherImages { n_rows: all_rows.len() - table.len() });
    }
    let table_spacing = table.iter().find_map(|row| row.spacing);

    let mut is_hounsfield = group.slices.iter().all(Slice::is_hounsfield);
    if !is_hounsfield {
        notes.push(Note::NotHounsfield);
    }
    let Order { slices, z_mm, rule, step_mm, gaps, n_duplicates } =
        order::order(group, table_spacing.and_then(|spacing| spacing.z_mm));
    notes.extend(gaps);
    if n_duplicates > 0 {
        notes.push(Note::Duplicates { n_slices: n_duplicates });
    }

    if let Some(degrees) = order::tilt(&slices) {
        notes.push(Note::Tilted { degrees });
    }

    if is_hounsfield && let Some(Implausible { beyond, dark, tissue, bright }) = implausible(&tally(&slices)) {
        is_hounsfield = false;
        notes.push(Note::ImplausibleHounsfield { n_slices: slices.len(), beyond, dark, tissue, bright });
    }

    let (in_plane, spacing_source, n_other) = in_plane_spacing(&slices, &table, table_spacing);
    if n_other > 0 {
        notes.push(Note::MixedSpacing { n_slices: n_other });
    }
    if !is_plausible_size(rows, cols, in_plane) {
        is_hounsfield = false;
        #[allow(clippy::cast_precision_loss, reason = "sides are far below 2^53")]
        let (width_mm, height_mm) = (cols as f64 * in_plane.0, rows as f64 * in_plane.1);
        notes.push(Note::ImplausibleSize { width_mm, height_mm });
    }
    let on_slice = |slice: &Slice| {
        let number = slice.info().number;
        table.iter().filter(move |row| Some(row.slice_number) == number)
    };
    let truth = slices.iter().map(|slice| distinct(on_slice(slice).filter_map(|row| row.truth.as_ref()))).collect();
    let window = slices
        .iter()
        .find_map(|slice| on_slice(slice).find_map(|row| row.window).or(slice.info().window))
        .or_else(|| table.iter().find_map(|row| row.window))
        .unwrap_or(Window::SOFT_TISSUE);
    let orientation = slices.first().and_then(|slice| slice.info().orientation_patient).map(orientation_letters);
    let name = slices.first().map(group::id).unwrap_or_default();
    let (x_mm, y_mm) = in_plane;
    Series {
        id: SeriesId::default(),
        name,
        slice_ids: Vec::new(),
        slices,
        z_mm,
        truth,
        spacing: Spacing { x_mm, y_mm, z_mm: step_mm },
        spacing_source,
        rule,
        notes,
        is_hounsfield,
        window,
        orientation,
    }
}

/// How the values of all slices lie along the Hounsfield scale.
fn tally(slices: &[Slice]) -> Tally {
    slices.iter().fold(Tally::default(), |mut sum, slice| {
        sum.add(slice.tally());
        sum
    })
}

/// Each truth once, also when the same table was added twice.
fn distinct<'a>(truths: impl Iterator<Item = &'a Truth>) -> Vec<Truth> {
    let mut distinct: Vec<Truth> = Vec::new();
    for truth in truths {
        if !distinct.contains(truth) {
            distinct.push(truth.clone());
        }
    }
    distinct
}

impl Series {
    /// Names the series for as long as its study is open.
    #[must_use]
    pub fn id(&self) -> &SeriesId {
        &self.id
    }

    /// SeriesInstanceUID, DeepLesion series, or folder; unique among the series of one call of [`arrange`].
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The study that the series belongs to: StudyInstanceUID, or `<patient>_<study>` of DeepLesion names; `None` where
    /// nothing says it.
    #[must_use]
    pub fn study_id(&self) -> Option<&str> {
        self.slices.first()?.info().study_id.as_deref()
    }

    /// Names of the slices for as long as their study is open, in the order of [`Series::slices`].
    #[must_use]
    pub fn slice_ids(&self) -> &[SliceId] {
        &self.slice_ids
    }

    /// Number of rows of every slice.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.slices.first().map_or(0, Slice::rows)
    }

    /// Number of columns of every slice.
    #[must_use]
    pub fn cols(&self) -> usize {
        self.slices.first().map_or(0, Slice::cols)
    }

    /// Distances between pixels and between slices; z is the median distance of neighbours, or DL_info's.
    #[must_use]
    pub fn spacing(&self) -> Spacing {
        self.spacing
    }

    /// Where the in-plane spacing comes from.
    #[must_use]
    pub fn spacing_source(&self) -> SpacingSource {
        self.spacing_source
    }

    /// How the slices were ordered.
    #[must_use]
    pub fn rule(&self) -> OrderRule {
        self.rule
    }

    /// What a reader should know about this stack.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Whether the values are Hounsfield units beyond reasonable doubt: the files say so, the values lie among each other
    /// as those of a CT, and the image is as large as one. Where it is `false`, a note says why.
    #[must_use]
    pub fn is_hounsfield(&self) -> bool {
        self.is_hounsfield
    }

    /// The series as a net may see it; `None` where [`Series::is_hounsfield`] is `false`.
    #[must_use]
    pub fn hounsfield(&self) -> Option<HounsfieldSeries<'_>> {
        self.is_hounsfield().then_some(HounsfieldSeries(self))
    }

    /// The series as a net may see it however its values lie: for values that the caller has made and knows to be
    /// Hounsfield units. `None` where the files say that they are none, or where the image is no size of a CT.
    #[must_use]
    pub fn trusted(&self) -> Option<HounsfieldSeries<'_>> {
        let Spacing { x_mm, y_mm, .. } = self.spacing;
        let is_sized = is_plausible_size(self.rows(), self.cols(), (x_mm, y_mm));
        (is_sized && self.slices.iter().all(Slice::is_hounsfield)).then_some(HounsfieldSeries(self))
    }

    /// The slices in order, at least one.
    #[must_use]
    pub fn slices(&self) -> &[Slice] {
        &self.slices
    }

    /// The slices alone, in order.
    #[must_use]
    pub fn into_slices(self) -> Vec<Slice> {
        self.slices
    }

    /// Position of a slice along the stack in mm, never falling with the index; `None` where nothing says it, or past
    /// the last slice.
    #[must_use]
    pub fn z_mm(&self, slice_idx: usize) -> Option<f64> {
        self.z_mm.as_ref()?.get(slice_idx).copied()
    }

    /// Lesions that a table marks on a slice; empty past the last slice.
    #[must_use]
    pub fn truth(&self, slice_idx: usize) -> &[Truth] {
        self.truth.get(slice_idx).map_or(&[], Vec::as_slice)
    }

    /// The window that the series opens with: the table's, else the files' own, else soft tissue.
    #[must_use]
    pub fn window(&self) -> Window {
        self.window
    }

    /// Patient directions at the left and right edge, then at the top and bottom edge, such as `R\L A\P`; `None` if
    /// the files do not say.
    #[must_use]
    pub fn orientation(&self) -> Option<String> {
        self.orientation.clone()
    }
}

/// A series whose values are Hounsfield units: grey levels of a picture say nothing to a net that was trained on them.
#[derive(Debug, Clone, Copy)]
// Invariant: is_hounsfield(), or trusted by who made the values; of a plausible size.
pub struct HounsfieldSeries<'a>(&'a Series);

impl Deref for HounsfieldSeries<'_> {
    type Target = Series;

    fn deref(&self) -> &Series {
        self.0
    }
}

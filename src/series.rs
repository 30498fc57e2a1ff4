//! Loose slices to ordered stacks with spacing, truth and window.
//!
//! In: decoded slices in any order, and the tables that were added with them. Out: one [`Series`] per stack. Slices
//! belong together when they share the series (or, without one, the folder), size, container and orientation. They are
//! ordered by their position along the slice normal; where not every slice has one, by number; where not every slice
//! has that either, by file name. The result does not depend on the order of the input. DICOM leaves open what to do
//! with slices at one position (repeated or overlapping scans): they all stay, in order of number, and a warning says
//! so.

mod group;
mod natural;
mod order;

use std::collections::HashMap;
use std::fmt;

use group::Group;
use order::Order;

use crate::decode::DlInfo;
use crate::decode::dl_info::DlRow;
use crate::detection::Truth;
use crate::geometry::Spacing;
use crate::hounsfield::Window;
use crate::slice::{Format, Slice, StoredValues};

/// In-plane spacing of slices whose files and tables say none.
pub const ASSUMED_SPACING_MM: f64 = 0.8;

/// No CT shows less: air is −1000 HU, and what scanners write outside of their field of view lies above −4096.
const LOWEST_HU: i32 = -4096;

/// Slices that belong together, in order, with what is known about the stack.
#[derive(Debug, Clone)]
pub struct Series {
    id: String,
    // Invariant: at least one slice, all of one size; z_mm (where known) and truth have one entry per slice.
    slices: Vec<Slice>,
    z_mm: Option<Vec<f64>>,
    truth: Vec<Vec<Truth>>,
    spacing: Spacing,
    spacing_source: SpacingSource,
    rule: OrderRule,
    warnings: Vec<Warning>,
    window: Window,
    orientation: Option<String>,
}

/// Where the in-plane spacing of a series comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpacingSource {
    /// The DICOM attribute PixelSpacing.
    PixelSpacing,
    /// The table `DL_info.csv`.
    DlInfo,
    /// Nothing says it: [`ASSUMED_SPACING_MM`], so every length in mm is a guess.
    Assumed,
}

impl fmt::Display for SpacingSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PixelSpacing => "PixelSpacing",
            Self::DlInfo => "DL_info",
            Self::Assumed => "assumed",
        })
    }
}

/// How the slices of a series were put in order; `Display` gives the sentence.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum OrderRule {
    /// By ImagePositionPatient along the normal that ImageOrientationPatient gives.
    Position,
    /// By InstanceNumber: not every file gives a position, or all give the same.
    InstanceNumber,
    /// By the slice number in a DeepLesion file name.
    NameNumber {
        /// Distance from one number to the next in mm, where a table gives it.
        step_mm: Option<f64>,
    },
    /// By file name, numbers in it compared as numbers.
    FileName,
}

impl fmt::Display for OrderRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Position => f.write_str("Ordered by ImagePositionPatient along the slice normal."),
            Self::InstanceNumber => {
                f.write_str("Ordered by InstanceNumber, because the files do not all give a position of their own.")
            }
            Self::NameNumber { step_mm: Some(mm) } => {
                write!(f, "Ordered by the slice number in the file name; DL_info puts numbers {mm} mm apart.")
            }
            Self::NameNumber { step_mm: None } => {
                f.write_str("Ordered by the slice number in the file name; the distance between slices is unknown.")
            }
            Self::FileName => f.write_str(
                "Ordered by file name, because the files do not all give a position or number of their own.",
            ),
        }
    }
}

/// What a reader of a series should know; `Display` gives the sentence. Slices are counted from 1 in it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// Neighbouring slices lie further apart than 1.5 times the usual distance.
    Gaps {
        /// How often.
        n_gaps: usize,
        /// Index of the slice before the first gap.
        after_idx: usize,
        /// The first gap.
        distance: f64,
        /// The usual distance.
        usual: f64,
        /// Whether both are in mm; otherwise they count slice numbers.
        unit: Unit,
    },
    /// Slices lie where the one before them lies.
    Duplicates {
        /// How many.
        n_slices: usize,
    },
    /// Slices have another in-plane spacing than the series, or none.
    MixedSpacing {
        /// How many.
        n_slices: usize,
    },
    /// More than half of the pixels of PNG or TIFF slices lie below what any CT shows, so their values are not HU + 32768.
    ImplausibleHounsfield {
        /// How many.
        n_slices: usize,
    },
    /// The values are grey levels of a picture, no Hounsfield units.
    NotHounsfield,
    /// Slices are shifted against the one before by more than a pixel within their plane: the gantry was tilted, and a
    /// stack of them is sheared.
    Tilted {
        /// Angle between the line through the slices and the normal of their planes, in degrees.
        degrees: f64,
    },
    /// Rows of a table name slices of this series with another image size; they are left out.
    TableOfOtherImages {
        /// How many.
        n_rows: usize,
    },
}

/// What a distance between slices is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Millimetres.
    Millimetre,
    /// Slice numbers.
    Number,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gaps { n_gaps, after_idx, distance, usual, unit } => {
                let (first, second) = (after_idx.saturating_add(1), after_idx.saturating_add(2));
                let times = if *n_gaps == 1 { "is 1 gap" } else { &format!("are {n_gaps} gaps") };
                match unit {
                    Unit::Millimetre => write!(
                        f,
                        "There {times} in this series; the first is between slices {first} and {second}: \
                         {distance:.1} mm instead of {usual:.1} mm."
                    ),
                    Unit::Number => write!(
                        f,
                        "There {times} in the numbers of this series; the first is between slices {first} and \
                         {second}: a step of {distance} instead of {usual}."
                    ),
                }
            }
            Self::Duplicates { n_slices: 1 } => f.write_str("1 slice lies at the same position as the one before it."),
            Self::Duplicates { n_slices } => {
                write!(f, "{n_slices} slices lie at the same position as the one before them.")
            }
            Self::MixedSpacing { n_slices } => {
                write!(f, "The pixel spacing of {n_slices} slices is missing or differs from the rest of this series.")
            }
            Self::ImplausibleHounsfield { n_slices } => {
                write!(
                    f,
                    "The values of {n_slices} PNG or TIFF slices lie below {LOWEST_HU} HU: they were not stored as HU + 32768, \
                     and nothing measured on them can be trusted."
                )
            }
            Self::NotHounsfield => f.write_str(
                "Not HU: these are 8-bit pictures, whose Hounsfield units are lost. They are shown and not searched.",
            ),
            Self::Tilted { degrees } => write!(
                f,
                "The gantry was tilted by {degrees:.1} degrees: each slice is right by itself, and positions in the stack \
                 are measured along the normal of the slices."
            ),
            Self::TableOfOtherImages { n_rows } => {
                write!(f, "{n_rows} rows of DL_info belong to images of another size and were left out.")
            }
        }
    }
}

/// Groups slices into series, orders each, and attaches what the tables know about PNG slices. Series come in natural
/// order of their id.
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
    series.sort_by(|a, b| natural::compare(&a.id, &b.id));
    number_repeated_ids(&mut series);
    series
}

/// Makes ids unique: a second stack of one series (another orientation or size) becomes `<id> (2)`.
fn number_repeated_ids(series: &mut [Series]) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for one in series {
        let times = seen.entry(one.id.clone()).or_default();
        *times += 1;
        if *times > 1 {
            one.id = format!("{} ({times})", one.id);
        }
    }
}

fn build(group: Group, all_rows: &[&DlRow]) -> Series {
    let mut warnings = Vec::new();
    let (rows, cols) = (group.rows, group.cols);
    let fits = |row: &&&DlRow| row.image_size.is_none_or(|size| size == (cols, rows));
    let table: Vec<&DlRow> = all_rows.iter().filter(fits).copied().collect();
    if table.len() < all_rows.len() {
        warnings.push(Warning::TableOfOtherImages { n_rows: all_rows.len() - table.len() });
    }
    let table_spacing = table.iter().find_map(|row| row.spacing);

    if !group.slices.iter().all(Slice::is_hounsfield) {
        warnings.push(Warning::NotHounsfield);
    }
    let Order { slices, z_mm, rule, step_mm, gaps, n_duplicates } =
        order::order(group, table_spacing.and_then(|spacing| spacing.z_mm));
    warnings.extend(gaps);
    if n_duplicates > 0 {
        warnings.push(Warning::Duplicates { n_slices: n_duplicates });
    }

    if let Some(degrees) = order::tilt(&slices) {
        warnings.push(Warning::Tilted { degrees });
    }

    let n_slices = slices.iter().filter(|slice| is_implausible_png(slice)).count();
    if n_slices > 0 {
        warnings.push(Warning::ImplausibleHounsfield { n_slices });
    }

    let (in_plane, spacing_source, n_other) = in_plane_spacing(&slices, &table, table_spacing);
    if n_other > 0 {
        warnings.push(Warning::MixedSpacing { n_slices: n_other });
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
    let id = slices.first().map(group::id).unwrap_or_default();
    let (x_mm, y_mm) = in_plane;
    Series {
        id,
        slices,
        z_mm,
        truth,
        spacing: Spacing { x_mm, y_mm, z_mm: step_mm },
        spacing_source,
        rule,
        warnings,
        window,
        orientation,
    }
}

/// Whether most pixels of a PNG or TIFF slice lie below [`LOWEST_HU`], as when another program stored HU + 1024.
fn is_implausible_png(slice: &Slice) -> bool {
    match (slice.info().format, slice.stored()) {
        (Format::Png | Format::Tiff, StoredValues::Unsigned(stored)) if slice.is_hounsfield() => {
            let n_low = stored.iter().filter(|&&value| i32::from(value) < LOWEST_HU + 32768).count();
            n_low > stored.len() / 2
        }
        _ => false,
    }
}

/// The spacing that most slices have (of equals, the first), where it comes from, and how many slices have another.
fn in_plane_spacing(
    slices: &[Slice],
    table: &[&DlRow],
    table_spacing: Option<Spacing>,
) -> ((f64, f64), SpacingSource, usize) {
    let same = |a: (f64, f64), b: (f64, f64)| (a.0 - b.0).abs() < 1e-3 * b.0 && (a.1 - b.1).abs() < 1e-3 * b.1;
    let known: Vec<(f64, f64)> = slices.iter().filter_map(|slice| slice.info().pixel_spacing_mm).collect();
    let n_like = |one: (f64, f64)| known.iter().filter(|&&other| same(one, other)).count();
    // Most series have one spacing, and then the first slice settles it.
    let most = match known.first() {
        Some(&first) if n_like(first) == known.len() => Some(first),
        Some(&first) => {
            let better = |best: (f64, f64), &next: &(f64, f64)| if n_like(next) > n_like(best) { next } else { best };
            Some(known.iter().fold(first, better))
        }
        None => None,
    };
    match (most, table_spacing) {
        (Some(most), _) => (most, SpacingSource::PixelSpacing, slices.len() - n_like(most)),
        (None, Some(spacing)) => {
            let used = (spacing.x_mm, spacing.y_mm);
            let differs = |row: &&&DlRow| row.spacing.is_some_and(|other| !same((other.x_mm, other.y_mm), used));
            (used, SpacingSource::DlInfo, table.iter().filter(differs).count())
        }
        (None, None) => ((ASSUMED_SPACING_MM, ASSUMED_SPACING_MM), SpacingSource::Assumed, 0),
    }
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

/// `R\L A\P` for an axial image seen from the feet: what lies at its left and right edge, then at its top and bottom
/// edge (DICOM PS3.3 C.7.6.2.1.1: x grows to the patient's left, y to the back, z to the head). A direction between
/// two axes gets the letter of every axis that it leans to by more than 20°, the nearest first.
#[must_use]
pub fn orientation_letters(cosines: [f64; 6]) -> String {
    let [a, b, c, d, e, f] = cosines;
    let toward = |direction: [f64; 3], sign: f64| {
        let mut axes: Vec<(f64, char)> = direction
            .iter()
            .zip([('L', 'R'), ('P', 'A'), ('H', 'F')])
            .map(|(&cosine, (plus, minus))| (cosine.abs(), if cosine * sign >= 0.0 { plus } else { minus }))
            .collect();
        axes.sort_by(|x, y| y.0.total_cmp(&x.0));
        let lean = 20.0_f64.to_radians().sin();
        let letters = axes.iter().enumerate().filter(|(rank, (cosine, _))| *rank == 0 || *cosine > lean);
        letters.map(|(_, &(_, letter))| letter).collect::<String>()
    };
    let (row, column) = ([a, b, c], [d, e, f]);
    format!("{}\\{} {}\\{}", toward(row, -1.0), toward(row, 1.0), toward(column, -1.0), toward(column, 1.0))
}

impl Series {
    /// SeriesInstanceUID, DeepLesion series, or folder; unique among the series of one call of [`arrange`].
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
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
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Whether the values of all slices are Hounsfield units.
    #[must_use]
    pub fn is_hounsfield(&self) -> bool {
        self.slices.iter().all(Slice::is_hounsfield)
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

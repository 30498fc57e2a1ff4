//! What a reader of a series should know.

use std::fmt;

use crate::slice::{Format, Slice, StoredValues};

/// No CT shows less: air is −1000 HU, and what scanners write outside of their field of view lies above −4096.
const LOWEST_HU: i32 = -4096;

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

/// Whether most pixels of a PNG or TIFF slice lie below [`LOWEST_HU`], as when another program stored HU + 1024.
pub(super) fn is_implausible_png(slice: &Slice) -> bool {
    match (slice.info().format, slice.stored()) {
        (Format::Png | Format::Tiff, StoredValues::Unsigned(stored)) if slice.is_hounsfield() => {
            let n_low = stored.iter().filter(|&&value| i32::from(value) < LOWEST_HU + 32768).count();
            n_low > stored.len() / 2
        }
        _ => false,
    }
}

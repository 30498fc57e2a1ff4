//! What a reader of a series should know, as codes and numbers.

use serde::Serialize;
use strum::{EnumDiscriminants, EnumIter, IntoStaticStr};

use crate::slice::{Format, Slice, StoredValues};

/// No CT shows less: air is −1000 HU, and what scanners write outside of their field of view lies above −4096.
const LOWEST_HU: i32 = -4096;

/// What a reader of a series should know. Serialized as an object with the variant's name as `code` beside its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, EnumDiscriminants)]
#[serde(tag = "code")]
#[strum_discriminants(name(NoteCode), derive(EnumIter, IntoStaticStr), non_exhaustive)]
#[strum_discriminants(doc = "The variants of [`Note`] without their numbers.")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(missing_as_null))]
#[non_exhaustive]
pub enum Note {
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
        /// What both are counted in.
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
        /// What no CT lies below.
        lowest_hu: i32,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub enum Unit {
    /// Millimetres.
    #[serde(rename = "mm")]
    Millimetre,
    /// Slice numbers.
    #[serde(rename = "number")]
    Number,
}

/// The note about slices whose values are not what their format promises; `None` where there is none of them.
pub(super) fn implausible(slices: &[Slice]) -> Option<Note> {
    let n_slices = slices.iter().filter(|slice| is_implausible(slice)).count();
    (n_slices > 0).then_some(Note::ImplausibleHounsfield { n_slices, lowest_hu: LOWEST_HU })
}

/// Whether most pixels of a PNG or TIFF slice lie below [`LOWEST_HU`], as when another program stored HU + 1024.
fn is_implausible(slice: &Slice) -> bool {
    match (slice.info().format, slice.stored()) {
        (Format::Png | Format::Tiff, StoredValues::Unsigned(stored)) if slice.is_hounsfield() => {
            let n_low = stored.iter().filter(|&&value| i32::from(value) < LOWEST_HU + 32768).count();
            n_low > stored.len() / 2
        }
        _ => false,
    }
}

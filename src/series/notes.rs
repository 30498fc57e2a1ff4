//! What a reader of a series should know, as codes and numbers.

use serde::Serialize;
use strum::{EnumDiscriminants, EnumIter, IntoStaticStr};

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
    /// The values of the series do not lie among each other as those of a CT, whatever its files say of them. It is shown
    /// and not searched.
    ImplausibleHounsfield {
        /// How many slices there are, all of which count.
        n_slices: usize,
        /// Share of values below air or above metal, from 0 to 1; what marks the outside of the scan is left out.
        beyond: f64,
        /// Share of air, lung and fat.
        dark: f64,
        /// Share of values from −30 to 300 HU.
        tissue: f64,
        /// Share of bone and denser.
        bright: f64,
    },
    /// The size of pixels makes an image larger than any scanner's field of view, or pixels that are no pixels of a CT. It
    /// is shown and not searched.
    ImplausibleSize {
        /// Width of the image.
        width_mm: f64,
        /// Height of the image.
        height_mm: f64,
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

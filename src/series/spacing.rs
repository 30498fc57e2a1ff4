//! How far apart the pixels of a series lie, and who says so.

use serde::Serialize;
use strum::{EnumIter, IntoStaticStr};

use crate::decode::dl_info::DlRow;
use crate::geometry::Spacing;
use crate::slice::{Format, Slice};

/// In-plane spacing of slices whose files and tables say none.
pub const ASSUMED_SPACING_MM: f64 = 0.8;

/// Spacings of how many slices are asked for the usual one.
const MAX_CANDIDATES: usize = 64;

/// Where the in-plane spacing of a series comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumIter, IntoStaticStr)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[non_exhaustive]
pub enum SpacingSource {
    /// The DICOM attribute PixelSpacing.
    PixelSpacing,
    /// The header of a NIfTI or NRRD volume.
    VolumeHeader,
    /// The table `DL_info.csv`.
    #[serde(rename = "DL_info")]
    #[strum(serialize = "DL_info")]
    DlInfo,
    /// Nothing says it: [`ASSUMED_SPACING_MM`], so every length in mm is a guess.
    #[serde(rename = "assumed")]
    #[strum(serialize = "assumed")]
    Assumed,
}

impl SpacingSource {
    /// The name that records and reports have for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Where a slice's own spacing comes from.
    fn of(format: Format) -> Self {
        match format {
            Format::Nifti | Format::Nrrd => Self::VolumeHeader,
            Format::Png | Format::Dicom | Format::Tiff => Self::PixelSpacing,
        }
    }
}

/// The spacing that most slices have (of equals, the first), where it comes from, and how many slices have another.
pub(super) fn in_plane_spacing(
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
            // Of files with many spacings, the first ones stand for all: asking each about each would take squares.
            let candidates = known.iter().take(MAX_CANDIDATES);
            let better = |best: (f64, f64), &next: &(f64, f64)| if n_like(next) > n_like(best) { next } else { best };
            Some(candidates.fold(first, better))
        }
        None => None,
    };
    match (most, table_spacing) {
        (Some(most), _) => {
            let format = slices.first().map_or(Format::Dicom, |slice| slice.info().format);
            (most, SpacingSource::of(format), slices.len() - n_like(most))
        }
        (None, Some(spacing)) => {
            let used = (spacing.x_mm, spacing.y_mm);
            let differs = |row: &&&DlRow| row.spacing.is_some_and(|other| !same((other.x_mm, other.y_mm), used));
            (used, SpacingSource::DlInfo, table.iter().filter(differs).count())
        }
        (None, None) => ((ASSUMED_SPACING_MM, ASSUMED_SPACING_MM), SpacingSource::Assumed, 0),
    }
}

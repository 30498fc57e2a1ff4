//! Loose slices to ordered stacks with spacing, truth and window.

use std::fmt;

use crate::decode::DlInfo;
use crate::detection::Truth;
use crate::geometry::Spacing;
use crate::hounsfield::Window;
use crate::slice::Slice;

/// Slices that belong together, in order, with what is known about the stack.
#[derive(Debug, Clone)]
pub struct Series {
    id: String,
    // Invariant: at least one slice, all of one size; z_mm and truth have one entry per slice.
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
    /// Nothing says it: 0.8 mm is assumed, and a measurement in mm would be a guess.
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
    /// By ImagePositionPatient along the slice normal.
    Position,
    /// By the file's slice number.
    Number,
    /// By file name.
    Name,
}

impl fmt::Display for OrderRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("")
    }
}

/// What a reader of a series should know; `Display` gives the sentence.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// More distance between two slices than in the rest of the stack.
    Gap,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("")
    }
}

/// Groups slices into series, orders each, and attaches what the tables know about PNG slices.
#[must_use]
pub fn arrange(slices: Vec<Slice>, tables: &[DlInfo]) -> Vec<Series> {
    let _ = (slices, tables);
    Vec::new()
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

    /// Distances between pixels and between slices.
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

    /// The slices in order.
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

    /// The window that the series opens with.
    #[must_use]
    pub fn window(&self) -> Window {
        self.window
    }

    /// Patient directions at the left and right edge, then at the top and bottom edge, such as `R\L A\P`.
    #[must_use]
    pub fn orientation(&self) -> Option<String> {
        self.orientation.clone()
    }
}

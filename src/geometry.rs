//! Boxes and spacings: the shapes that every stage shares.
//!
//! All boxes are half-open pixel edges: the pixel in column `c` covers `c..c + 1`, so a box around that one pixel is
//! `x0 = c, x1 = c + 1`. Other conventions (DeepLesion's 1-based inclusive corners) exist only in the readers.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

/// An axis-aligned box in pixel edges, half-open: `x0 <= x < x1`, `y0 <= y < y1`; x grows to the right, y downwards.
///
/// Which pixel space (`image`, `input`) the box lives in is said where it is used. Serialized as `[x0, y0, x1, y1]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(from = "[f32; 4]", into = "[f32; 4]")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(type = "[number, number, number, number]"))]
pub struct BBox {
    /// Left edge.
    pub x0: f32,
    /// Top edge.
    pub y0: f32,
    /// Right edge, exclusive.
    pub x1: f32,
    /// Bottom edge, exclusive.
    pub y1: f32,
}

impl From<[f32; 4]> for BBox {
    fn from([x0, y0, x1, y1]: [f32; 4]) -> Self {
        Self { x0, y0, x1, y1 }
    }
}

impl From<BBox> for [f32; 4] {
    fn from(b: BBox) -> Self {
        [b.x0, b.y0, b.x1, b.y1]
    }
}

impl BBox {
    /// Extent along x, never negative.
    #[must_use]
    pub fn width(&self) -> f32 {
        (self.x1 - self.x0).max(0.0)
    }

    /// Extent along y, never negative.
    #[must_use]
    pub fn height(&self) -> f32 {
        (self.y1 - self.y0).max(0.0)
    }

    /// Area in square pixels.
    #[must_use]
    pub fn area(&self) -> f32 {
        self.width() * self.height()
    }

    /// Centre `(x, y)`.
    #[must_use]
    pub fn center(&self) -> (f32, f32) {
        (0.5 * (self.x0 + self.x1), 0.5 * (self.y0 + self.y1))
    }

    /// The common part of two boxes; empty (area 0) when they do not overlap.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self {
            x0: self.x0.max(other.x0),
            y0: self.y0.max(other.y0),
            x1: self.x1.min(other.x1),
            y1: self.y1.min(other.y1),
        }
    }

    /// Intersection over union, 0..=1; 0 when both boxes are empty.
    #[must_use]
    pub fn iou(&self, other: &Self) -> f32 {
        let inter = self.intersection(other).area();
        let union = self.area() + other.area() - inter;
        if union > 0.0 { inter / union } else { 0.0 }
    }

    /// Every edge moved outwards by `margin`, in the box's own pixels.
    #[must_use]
    pub fn grown(&self, margin: f32) -> Self {
        Self { x0: self.x0 - margin, y0: self.y0 - margin, x1: self.x1 + margin, y1: self.y1 + margin }
    }

    /// The part inside an image of `cols` × `rows` pixels.
    #[must_use]
    pub fn clipped(&self, cols: f32, rows: f32) -> Self {
        Self {
            x0: self.x0.clamp(0.0, cols),
            y0: self.y0.clamp(0.0, rows),
            x1: self.x1.clamp(0.0, cols),
            y1: self.y1.clamp(0.0, rows),
        }
    }
}

/// Distances between pixels that images of a CT have, in mm.
pub const PIXEL_MM: RangeInclusive<f64> = 0.05..=10.0;

/// No field of view of a scanner is longer: a whole body seen from the front.
const MAX_SIDE_MM: f64 = 2600.0;

/// No field of view is larger.
const MAX_AREA_MM2: f64 = 1.7e6;

/// How many times longer than wide a pixel may be: of thick slices seen from the front, about ten times.
const MAX_ANISOTROPY: f64 = 20.0;

/// Pixels along one side of an image, and in all.
const MAX_SIDE_PX: usize = 8192;
const MAX_PIXELS: usize = 1 << 24;

/// Whether an image of this many pixels can be that of a CT. Larger ones cost more than any search can be worth.
#[must_use]
pub fn is_plausible_shape(rows: usize, cols: usize) -> bool {
    rows.max(cols) <= MAX_SIDE_PX && rows.checked_mul(cols).is_some_and(|n| n <= MAX_PIXELS)
}

/// Whether an image with `x_mm` between its columns and `y_mm` between its rows can be that of a CT. What stages after
/// decoding take grows with the image's size in mm, so every series that is searched has passed here.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "sides are far below 2^53")]
pub fn is_plausible_size(rows: usize, cols: usize, (x_mm, y_mm): (f64, f64)) -> bool {
    let (width, height) = (cols as f64 * x_mm, rows as f64 * y_mm);
    PIXEL_MM.contains(&x_mm)
        && PIXEL_MM.contains(&y_mm)
        && x_mm.max(y_mm) <= MAX_ANISOTROPY * x_mm.min(y_mm)
        && width.max(height) <= MAX_SIDE_MM
        && width * height <= MAX_AREA_MM2
}

/// Distances between the centres of neighbouring pixels and slices, in millimetres.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spacing {
    /// Between columns. Finite and above 0.
    pub x_mm: f64,
    /// Between rows. Finite and above 0.
    pub y_mm: f64,
    /// Between slices (not the slice thickness); `None` for a single slice of unknown stack.
    pub z_mm: Option<f64>,
}

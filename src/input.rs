//! From a series and a key slice to the net's input, and back from input pixels to image pixels.
//!
//! In: a [`HounsfieldSeries`] and the index of the key slice. Out: an [`InputTensor`] of three companded slices.
//! The steps and their arithmetic (f32, in this order, without fused multiply-add) are the same in
//! `training/lesionlens_training/twin/input.py`, and a golden file keeps both equal to the last bit:
//! 1. slices at the spec's offsets along the stack, linearly interpolated between neighbours; the key slice stands in
//!    where there is no neighbour or the gap is too wide;
//! 2. bilinear resampling to the spec's pixel spacing, x first;
//! 3. cropping to the body: the largest 4-connected region above a threshold in the key slice, with a margin;
//! 4. Hounsfield units to one byte through a companding table;
//! 5. padding on the right and at the bottom to a multiple that the net's strides divide.
//!
//! The 3-slice input follows 3DCE (Yan et al. 2018); companding replaces its single wide window so that lung, soft
//! tissue and bone each keep enough levels in one byte.

use serde::{Deserialize, Serialize};

use crate::geometry::BBox;
use crate::series::{HounsfieldSeries, Series};

/// How slices become the net's input: the `input` part of a model's spec.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputSpec {
    /// Name of the ONNX input.
    pub name: String,
    /// Pixel spacing that the net was trained at.
    pub spacing_mm: f64,
    /// Where the three input slices lie along the stack, relative to the key slice.
    pub offsets_mm: [f64; 3],
    /// Slices farther apart than this are not interpolated; the key slice stands in.
    pub max_gap_mm: f64,
    /// Rows and columns are padded to a multiple of this.
    pub multiple: usize,
    /// Piecewise linear table from Hounsfield units to levels 0..=255: `[hu, level]` knots, rising.
    pub companding: Vec<(i16, u8)>,
    /// How the body is cut out of the image.
    pub body: BodySpec,
}

/// How the body is cut out of the image.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BodySpec {
    /// The body is the largest connected region above this.
    pub threshold_hu: f32,
    /// Pixels of the input space left around it.
    pub margin_px: usize,
}

/// The net's input for one slice.
#[derive(Debug, Clone, PartialEq)]
pub struct InputTensor {
    /// `3 × rows × cols` levels, slice by slice, row-major.
    pub levels: Vec<u8>,
    /// Rows, a multiple of the spec's.
    pub rows: usize,
    /// Columns, a multiple of the spec's.
    pub cols: usize,
    /// The way back to the image.
    pub image_from_input: ImageFromInput,
}

/// The map from `input` pixels to `image` pixels: first the crop's origin is added, then the ratio applied.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct ImageFromInput {
    /// Column of the crop in the resampled image.
    pub crop_x: usize,
    /// Row of the crop in the resampled image.
    pub crop_y: usize,
    /// Image pixels per input pixel along x.
    pub ratio_x: f64,
    /// Image pixels per input pixel along y.
    pub ratio_y: f64,
}

impl ImageFromInput {
    /// Maps a box of `input` pixels to `image` pixels.
    #[must_use]
    pub fn map(&self, b: &BBox) -> BBox {
        let ([x0, y0], [x1, y1]) = (self.map_point([b.x0, b.y0]), self.map_point([b.x1, b.y1]));
        BBox { x0, y0, x1, y1 }
    }

    /// Maps a point `[x, y]` of `input` pixels to `image` pixels.
    #[must_use]
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "pixel coordinates are far below 2^23"
    )]
    pub fn map_point(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let along = |at: f32, crop: usize, ratio: f64| ((f64::from(at) + crop as f64) * ratio) as f32;
        [along(x, self.crop_x, self.ratio_x), along(y, self.crop_y, self.ratio_y)]
    }
}

/// A picture in Hounsfield units while it is on its way to the net.
#[derive(Debug, Clone)]
struct Picture {
    // Invariant: values.len() == rows × cols.
    rows: usize,
    cols: usize,
    values: Vec<f32>,
}

/// Builds the net's input around the slice `key_idx` of a series.
///
/// # Panics
/// Never for `key_idx < series.slices().len()`; a larger index is the caller's mistake.
#[must_use]
pub fn input_tensor(series: HounsfieldSeries<'_>, key_idx: usize, spec: &InputSpec) -> InputTensor {
    let spacing = series.spacing();
    let table = Companding::new(&spec.companding);
    let pictures = spec.offsets_mm.map(|offset_mm| {
        let picture = slice_at(&series, key_idx, offset_mm, spec.max_gap_mm);
        let n_out = |n_in: usize, mm: f64| n_resampled(n_in, mm, spec.spacing_mm);
        resample(&picture, n_out(picture.rows, spacing.y_mm), n_out(picture.cols, spacing.x_mm))
    });
    let key = &pictures[spec.offsets_mm.iter().position(|&o| o == 0.0).unwrap_or(1)];
    let body = body_box(key, spec.body.threshold_hu, spec.body.margin_px);

    let (rows, cols) = (body.rows.next_multiple_of(spec.multiple), body.cols.next_multiple_of(spec.multiple));
    let mut levels = vec![0; 3 * rows * cols];
    for (picture, out) in pictures.iter().zip(levels.chunks_exact_mut(rows * cols)) {
        for row in 0..body.rows {
            let from = (body.y0 + row) * picture.cols + body.x0;
            for (level, &hu) in out[row * cols..].iter_mut().zip(&picture.values[from..from + body.cols]) {
                *level = table.level(hu);
            }
        }
    }
    let ratio = |n_image: usize, n_input: usize| as_f64(n_image) / as_f64(n_input);
    let slice = &series.slices()[key_idx];
    InputTensor {
        levels,
        rows,
        cols,
        image_from_input: ImageFromInput {
            crop_x: body.x0,
            crop_y: body.y0,
            ratio_x: ratio(slice.cols(), key.cols),
            ratio_y: ratio(slice.rows(), key.rows),
        },
    }
}

/// The picture `offset_mm` along the stack from the key slice.
#[allow(clippy::cast_possible_truncation, reason = "a weight between 0 and 1")]
fn slice_at(series: &Series, key_idx: usize, offset_mm: f64, max_gap_mm: f64) -> Picture {
    let picture = |slice_idx: usize| {
        let slice = &series.slices()[slice_idx];
        Picture { rows: slice.rows(), cols: slice.cols(), values: slice.hu() }
    };
    let Some((below, above, weight)) = neighbours(series, key_idx, offset_mm, max_gap_mm) else {
        return picture(key_idx);
    };
    let (mut low, high) = (picture(below), picture(above));
    for (a, b) in low.values.iter_mut().zip(&high.values) {
        *a += (b - *a) * weight as f32;
    }
    low
}

/// The two adjacent slices around a position and the upper one's weight; `None` where the key slice stands in.
fn neighbours(series: &Series, key_idx: usize, offset_mm: f64, max_gap_mm: f64) -> Option<(usize, usize, f64)> {
    if offset_mm == 0.0 {
        return None;
    }
    let target = series.z_mm(key_idx)? + offset_mm;
    (1..series.slices().len()).find_map(|above| {
        let (a, b) = (series.z_mm(above - 1)?, series.z_mm(above)?);
        let fits = a <= target && target <= b && a < b && b - a <= max_gap_mm;
        fits.then(|| (above - 1, above, (target - a) / (b - a)))
    })
}

/// Two source pixels and the second one's weight, for every output pixel along one axis.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positions are clamped to the axis and weights lie between 0 and 1"
)]
fn axis_taps(n_in: usize, n_out: usize) -> Vec<(usize, usize, f32)> {
    let ratio = as_f64(n_in) / as_f64(n_out);
    let last = n_in - 1;
    let tap = |i: usize| {
        let src = ((as_f64(i) + 0.5) * ratio - 0.5).clamp(0.0, as_f64(last));
        let i0 = src.floor() as usize;
        (i0, (i0 + 1).min(last), (src - src.floor()) as f32)
    };
    (0..n_out).map(tap).collect()
}

/// Bilinear resampling, x first: pixel centres keep their place relative to the image's edges.
fn resample(picture: &Picture, rows: usize, cols: usize) -> Picture {
    if (rows, cols) == (picture.rows, picture.cols) {
        return picture.clone();
    }
    let taps_x = axis_taps(picture.cols, cols);
    let narrow: Vec<f32> = picture
        .values
        .chunks_exact(picture.cols)
        .flat_map(|row| taps_x.iter().map(move |&(a, b, w)| row[a] + (row[b] - row[a]) * w))
        .collect();
    let mut values = Vec::with_capacity(rows * cols);
    for (a, b, w) in axis_taps(picture.rows, rows) {
        let (upper, lower) = (&narrow[a * cols..(a + 1) * cols], &narrow[b * cols..(b + 1) * cols]);
        values.extend(upper.iter().zip(lower).map(|(u, l)| u + (l - u) * w));
    }
    Picture { rows, cols, values }
}

/// Number of pixels of an axis after resampling from one spacing to another, at least 1.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "decoders bound both the axis and the spacing, so the product is a small positive number"
)]
fn n_resampled(n: usize, from_mm: f64, to_mm: f64) -> usize {
    ((as_f64(n) * from_mm / to_mm).round_ties_even() as usize).max(1)
}

#[allow(clippy::cast_precision_loss, reason = "axes are far shorter than 2^52")]
fn as_f64(n: usize) -> f64 {
    n as f64
}

/// A crop in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Crop {
    x0: usize,
    y0: usize,
    rows: usize,
    cols: usize,
}

/// Bounding box of the largest 4-connected region above `threshold_hu`, grown by `margin_px` and clipped; the whole
/// picture when nothing is above. Of regions of equal size the one that comes first in reading order counts.
fn body_box(picture: &Picture, threshold_hu: f32, margin_px: usize) -> Crop {
    let (rows, cols) = (picture.rows, picture.cols);
    let mut unseen: Vec<bool> = picture.values.iter().map(|&hu| hu > threshold_hu).collect();
    let (mut best_size, mut best) = (0, [0, 0, cols - 1, rows - 1]);
    let mut stack = Vec::new();
    for start in 0..unseen.len() {
        if !unseen[start] {
            continue;
        }
        unseen[start] = false;
        stack.push(start);
        let (mut size, mut edges) = (0, [cols, rows, 0, 0]);
        while let Some(at) = stack.pop() {
            let (x, y) = (at % cols, at / cols);
            size += 1;
            edges = [edges[0].min(x), edges[1].min(y), edges[2].max(x), edges[3].max(y)];
            let next_to = [
                (x > 0).then(|| at - 1),
                (x + 1 < cols).then(|| at + 1),
                (y > 0).then(|| at - cols),
                (y + 1 < rows).then(|| at + cols),
            ];
            for next in next_to.into_iter().flatten() {
                if unseen[next] {
                    unseen[next] = false;
                    stack.push(next);
                }
            }
        }
        if size > best_size {
            (best_size, best) = (size, edges);
        }
    }
    let (x0, y0) = (best[0].saturating_sub(margin_px), best[1].saturating_sub(margin_px));
    let (x1, y1) = ((best[2] + margin_px).min(cols - 1), (best[3] + margin_px).min(rows - 1));
    Crop { x0, y0, rows: y1 - y0 + 1, cols: x1 - x0 + 1 }
}

/// The table from whole Hounsfield units to levels.
struct Companding {
    low_hu: f32,
    high_hu: f32,
    // Invariant: one level per whole Hounsfield unit from low_hu to high_hu.
    levels: Vec<u8>,
}

impl Companding {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "levels lie between two knots, which are bytes"
    )]
    fn new(knots: &[(i16, u8)]) -> Self {
        let mut levels = Vec::new();
        for pair in knots.windows(2) {
            let ((hu0, level0), (hu1, level1)) = (pair[0], pair[1]);
            let (span, rise) = (f64::from(hu1) - f64::from(hu0), f64::from(level1) - f64::from(level0));
            let level = |hu: i16| f64::from(level0) + (f64::from(hu) - f64::from(hu0)) * rise / span;
            levels.extend((hu0..hu1).map(|hu| level(hu).round_ties_even() as u8));
        }
        let (first, last) = (knots[0], knots[knots.len() - 1]);
        levels.push(last.1);
        Self { low_hu: f32::from(first.0), high_hu: f32::from(last.0), levels }
    }

    /// Level of a Hounsfield value; what is not a number counts as air.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the table's range; NaN casts to 0"
    )]
    fn level(&self, hu: f32) -> u8 {
        self.levels[(hu.round_ties_even().clamp(self.low_hu, self.high_hu) - self.low_hu) as usize]
    }
}

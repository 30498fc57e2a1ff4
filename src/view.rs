//! From a slice in Hounsfield units to the pixels of a canvas.

use crate::hounsfield::Window;
use crate::slice::Slice;

/// Opaque RGBA bytes, row-major, `4 × rows × cols` of them, grey through the window.
#[must_use]
pub fn render(slice: &Slice, window: Window) -> Vec<u8> {
    slice
        .hu()
        .into_iter()
        .flat_map(|hu| {
            let grey = window.grey(hu);
            [grey, grey, grey, u8::MAX]
        })
        .collect()
}

/// A small picture of a slice for a list: rows, columns and opaque RGBA bytes. The longer side has `longest` pixels, each
/// the grey of the mean Hounsfield value of the pixels that it covers; a slice that is smaller stays as it is.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "a mean over a handful of pixels")]
pub fn thumbnail(slice: &Slice, window: Window, longest: usize) -> (usize, usize, Vec<u8>) {
    let (rows, cols) = (slice.rows(), slice.cols());
    let step = rows.max(cols).div_ceil(longest.max(1)).max(1);
    let (small_rows, small_cols) = (rows.div_ceil(step), cols.div_ceil(step));
    let mut sums = vec![(0.0_f32, 0_usize); small_rows * small_cols];
    for (row_idx, row) in slice.hu().chunks(cols.max(1)).enumerate() {
        for (col_idx, hu) in row.iter().enumerate() {
            if let Some((sum, n)) = sums.get_mut(row_idx / step * small_cols + col_idx / step) {
                *sum += hu;
                *n += 1;
            }
        }
    }
    let grey = |(sum, n): (f32, usize)| window.grey(sum / n.max(1) as f32);
    let rgba = sums.into_iter().map(grey).flat_map(|grey| [grey, grey, grey, u8::MAX]).collect();
    (small_rows, small_cols, rgba)
}

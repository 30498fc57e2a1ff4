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

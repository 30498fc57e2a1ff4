//! RLE (PS3.5 annex G): the bytes of the pixels in planes, the most significant first, each run-length coded as in
//! TIFF's PackBits.

use super::{Cells, Context, Frame};
use crate::decode::DecodeError;
use crate::decode::budget::Budget;

/// Number of segments and fifteen offsets, little-endian words (G.5).
const HEADER_BYTES: usize = 64;

pub(super) fn decode(bytes: &[u8], context: Context, budget: &mut Budget) -> Result<Frame, DecodeError> {
    let damaged = |reason| context.damaged(reason);
    let expected = context.expected;
    let n = expected.rows.checked_mul(expected.cols);
    let planes = usize::from(expected.bits_allocated / 8);
    let header = bytes.get(..HEADER_BYTES).ok_or_else(|| damaged("its header is cut off"))?;
    let words: Vec<usize> = header.as_chunks::<4>().0.iter().map(|word| word_of(*word)).collect();
    let (&n_segments, offsets) = words.split_first().ok_or_else(|| damaged("its header is cut off"))?;
    if n_segments != planes {
        return Err(damaged("its number of segments is not the number of bytes of a pixel"));
    }
    let cell_bytes = if planes > 2 { 4 } else { 2 };
    let steps = n.and_then(|n| n.checked_mul(planes)?.checked_mul(context.codec.steps_per_pixel()));
    budget.work("decoding the image", steps)?;
    budget.take("the image", n.and_then(|n| n.checked_mul(cell_bytes)))?;
    let n = n.unwrap_or(0);
    let offsets = offsets.get(..planes).unwrap_or_default();
    let ends = offsets.iter().copied().skip(1).chain([bytes.len()]);
    let mut narrow = vec![0_u16; if planes > 2 { 0 } else { n }];
    let mut wide = vec![0_u32; if planes > 2 { n } else { 0 }];
    for (&start, end) in offsets.iter().zip(ends) {
        let segment = (start >= HEADER_BYTES).then(|| bytes.get(start..end)).flatten();
        let segment =
            segment.ok_or_else(|| damaged("its segments do not lie one behind the other inside the frame"))?;
        let whole = if planes > 2 {
            unpack(segment, &mut wide, |cell, byte| (cell << 8) | u32::from(byte))
        } else {
            unpack(segment, &mut narrow, |cell, byte| (cell << 8) | u16::from(byte))
        };
        whole.ok_or_else(|| damaged("a segment does not hold as many bytes as the image has pixels"))?;
    }
    let cells = if planes > 2 { Cells::Wide(wide) } else { Cells::Narrow(narrow) };
    Ok(Frame { cells, precision: expected.bits_allocated, is_signed: None })
}

fn word_of(bytes: [u8; 4]) -> usize {
    usize::try_from(u32::from_le_bytes(bytes)).unwrap_or(usize::MAX)
}

/// Unpacks one segment (G.3.2) and puts a byte into every cell; `None` if it ends too early or holds more. A byte of
/// padding at its end is allowed.
fn unpack<T: Copy>(segment: &[u8], cells: &mut [T], put: impl Fn(T, u8) -> T) -> Option<()> {
    let (mut rest, mut left) = (segment, cells);
    while !left.is_empty() {
        let (&control, behind) = rest.split_first()?;
        let control = control.cast_signed();
        if control >= 0 {
            let length = usize::from(control.unsigned_abs()).saturating_add(1);
            let (literal, behind) = behind.split_at_checked(length)?;
            let (run, later) = left.split_at_mut_checked(length)?;
            run.iter_mut().zip(literal).for_each(|(cell, &byte)| *cell = put(*cell, byte));
            (rest, left) = (behind, later);
        } else if control == i8::MIN {
            rest = behind;
        } else {
            let length = usize::from(control.unsigned_abs()).saturating_add(1);
            let (&byte, behind) = behind.split_first()?;
            let (run, later) = left.split_at_mut_checked(length)?;
            run.iter_mut().for_each(|cell| *cell = put(*cell, byte));
            (rest, left) = (behind, later);
        }
    }
    Some(())
}

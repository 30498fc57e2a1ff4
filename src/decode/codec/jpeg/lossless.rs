//! Lossless JPEG (ITU-T T.81 annex H): each sample is predicted from its neighbours and corrected by a Huffman-coded
//! difference, modulo 2¹⁶.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "sums of a few numbers of 16 bits; where overflow is checked, as under the fuzzer, one beyond it shows"
)]

use crate::decode::codec::bits::Bits;
use crate::decode::codec::huffman::{Entropy, Huffman, signed_bits};

/// One component, as its headers describe it.
pub(super) struct Image {
    pub(super) rows: usize,
    pub(super) cols: usize,
    pub(super) precision: u16,
    /// Selection value 1 to 7 (table H.1).
    pub(super) predictor: u8,
    /// Bits that were shifted out before coding (H.1.2.1), below the precision.
    pub(super) point_transform: u8,
    /// Samples between restarts, whole rows of them; 0: none.
    pub(super) restart_interval: usize,
}

/// The samples, row-major, or what is wrong.
pub(super) fn decode(image: &Image, table: &Huffman, coded: &Entropy<'_>) -> Result<Vec<u16>, &'static str> {
    let &Image { rows, cols, precision, predictor, point_transform, restart_interval } = image;
    if !(1..=7).contains(&predictor) || u16::from(point_transform) >= precision {
        return Err("its predictor or point transform does not exist");
    }
    let rows_between = match restart_interval {
        0 => rows,
        n if n.is_multiple_of(cols) => n.checked_div(cols).unwrap_or(rows),
        _ => return Err("its restart interval is no whole number of rows"),
    };
    let first = 1_u16 << precision.saturating_sub(1).saturating_sub(u16::from(point_transform));
    let mut samples = vec![0_u16; rows.saturating_mul(cols)];
    let mut intervals = coded.intervals();
    let mut above: Option<&[u16]> = None;
    let mut bits = intervals.next().ok_or("it ends too early")?;
    for (row_idx, row) in samples.chunks_exact_mut(cols).enumerate() {
        if row_idx > 0 && row_idx.is_multiple_of(rows_between) {
            bits = intervals.next().ok_or("a restart marker is missing")?;
            above = None;
        }
        let next = || difference(table, &mut bits);
        match above {
            // H.1.2.1: at the start and after a restart, half the range, then the sample to the left.
            None => decode_row(row, first, next),
            Some(above) => match predictor {
                1 => decode_below(row, above, next, |a, _, _| a),
                2 => decode_below(row, above, next, |_, b, _| b),
                3 => decode_below(row, above, next, |_, _, c| c),
                4 => decode_below(row, above, next, |a, b, c| a + b - c),
                5 => decode_below(row, above, next, |a, b, c| a + ((b - c) >> 1)),
                6 => decode_below(row, above, next, |a, b, c| b + ((a - c) >> 1)),
                _ => decode_below(row, above, next, |a, b, _| (a + b) >> 1),
            },
        }
        .ok_or("its coded data hold bits that are no code")?;
        if bits.is_overrun() {
            return Err("it ends too early");
        }
        above = Some(row);
    }
    if point_transform > 0 {
        samples.iter_mut().for_each(|sample| *sample <<= point_transform);
    }
    Ok(samples)
}

/// H.1.2.2: 32768 has no further bits.
#[inline]
fn difference(table: &Huffman, bits: &mut Bits<'_>) -> Option<i32> {
    match table.symbol(bits)? {
        size @ 0..16 => Some(signed_bits(bits, u32::from(size))),
        16 => Some(32768),
        _ => None,
    }
}

/// Sixteen bits of a sum: the arithmetic is modulo 2¹⁶ (H.1.2.1).
#[inline]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "modulo 2^16 is what the standard asks for")]
fn modulo(sum: i32) -> u16 {
    sum as u16
}

#[inline]
fn decode_row(row: &mut [u16], first: u16, mut next: impl FnMut() -> Option<i32>) -> Option<()> {
    let mut left = first;
    for sample in row {
        left = modulo(i32::from(left) + next()?);
        *sample = left;
    }
    Some(())
}

/// A row below another: its first sample is predicted from the one above, the others by `predict(left, above, above
/// left)`.
#[inline]
fn decode_below(
    row: &mut [u16],
    above: &[u16],
    mut next: impl FnMut() -> Option<i32>,
    predict: impl Fn(i32, i32, i32) -> i32,
) -> Option<()> {
    let (mut left, mut above_left, mut is_first) = (0, 0, true);
    for (sample, &above) in row.iter_mut().zip(above) {
        let above = i32::from(above);
        let prediction = if is_first { above } else { predict(left, above, above_left) };
        is_first = false;
        let value = modulo(prediction + next()?);
        *sample = value;
        (left, above_left) = (i32::from(value), above);
    }
    Some(())
}

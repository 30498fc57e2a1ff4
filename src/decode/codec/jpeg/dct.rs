//! The DCT processes of JPEG (ITU-T T.81 annexes F and G): coefficients of 8 × 8 blocks, and back to pixels.
//!
//! The inverse DCT is that of the Independent JPEG Group (`jidctint.c`, after Loeffler, Ligtenberg and Moschytz 1989),
//! in integers and to the last bit, since T.83 leaves a decoder a tolerance and this is the one that others are compared
//! with. It keeps two further bits between its passes for 8-bit samples and one for 12-bit samples.

#![allow(clippy::indexing_slicing, reason = "blocks have 64 entries and every index is masked or below 64 by its loop")]
#![allow(
    clippy::arithmetic_side_effects,
    reason = "indices below 64 + 16 and counts of bits; what coefficients of a stranger make is left to wrap by name"
)]

use crate::decode::DecodeError;
use crate::decode::budget::Budget;
use crate::decode::codec::bits::Bits;
use crate::decode::codec::huffman::{Entropy, Huffman, signed_bits};

/// Where the entries of a table in zigzag order lie in a block (figure A.6).
const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
];

/// One scan of the one component.
pub(super) struct Scan<'a> {
    pub(super) dc: Option<&'a Huffman>,
    pub(super) ac: Option<&'a Huffman>,
    /// First and last coefficient in zigzag order.
    pub(super) start: usize,
    pub(super) end: usize,
    /// Successive approximation: the bit position before, and that of this scan.
    pub(super) high: u32,
    pub(super) low: u32,
    /// Blocks between restarts; 0: none.
    pub(super) restart_interval: usize,
}

/// The coefficients of an image, before dequantization, in natural order.
pub(super) struct Coefficients {
    rows: usize,
    cols: usize,
    /// Blocks in a row of blocks.
    across: usize,
    blocks: Vec<[i16; 64]>,
    is_progressive: bool,
    /// Whether a scan has brought the DC coefficients.
    has_dc: bool,
}

const NO_CODE: &str = "its coded data hold bits that are no code";
const NO_TABLE: &str = "a Huffman table is missing";
const SHORT: &str = "it ends too early";

impl Coefficients {
    pub(super) fn new(
        rows: usize,
        cols: usize,
        is_progressive: bool,
        budget: &mut Budget,
    ) -> Result<Self, DecodeError> {
        let across = cols.div_ceil(8);
        let n_blocks = across.checked_mul(rows.div_ceil(8));
        budget.take("the coefficients", n_blocks.and_then(|n| n.checked_mul(128)))?;
        let blocks = vec![[0; 64]; n_blocks.unwrap_or(0)];
        Ok(Self { rows, cols, across, blocks, is_progressive, has_dc: false })
    }

    /// How many blocks there are, all of which each scan goes through.
    pub(super) fn n_blocks(&self) -> usize {
        self.blocks.len()
    }

    /// Reads one scan.
    pub(super) fn read(&mut self, scan: &Scan<'_>, coded: &Entropy<'_>) -> Result<(), &'static str> {
        let wrong = "its spectral selection or successive approximation does not exist";
        if self.is_progressive {
            let is_dc = scan.start == 0;
            let is_legal = scan.end < 64
                && scan.start <= scan.end
                && (!is_dc || scan.end == 0)
                && scan.low <= 13
                && (scan.high == 0 || scan.high == scan.low.saturating_add(1));
            if !is_legal {
                return Err(wrong);
            }
            self.has_dc |= is_dc;
        } else {
            // Table B.3; some encoders leave these fields of a sequential scan empty.
            self.has_dc = true;
        }
        let interval = if scan.restart_interval == 0 { usize::MAX } else { scan.restart_interval };
        let mut intervals = coded.intervals();
        for blocks in self.blocks.chunks_mut(interval) {
            let mut bits = intervals.next().ok_or("a restart marker is missing")?;
            let (mut dc, mut end_of_band) = (0_i32, 0_u32);
            // Whether bits run short is asked once per row of blocks.
            for row in blocks.chunks_mut(self.across.max(1)) {
                for block in row {
                    if self.is_progressive {
                        match (scan.start, scan.high) {
                            (0, 0) => dc_first(block, scan, &mut bits, &mut dc)?,
                            (0, _) => {
                                if bits.take(1) != 0 {
                                    block[0] |= 1_i16 << scan.low;
                                }
                            }
                            (_, 0) => ac_first(block, scan, &mut bits, &mut end_of_band)?,
                            _ => ac_refine(block, scan, &mut bits, &mut end_of_band)?,
                        }
                    } else {
                        sequential(block, scan, &mut bits, &mut dc)?;
                    }
                }
                if bits.is_overrun() {
                    return Err(SHORT);
                }
            }
        }
        Ok(())
    }

    /// The pixels, row-major; `quantization` in zigzag order.
    pub(super) fn pixels(&self, quantization: &[u16; 64], precision: u16) -> Result<Vec<u16>, &'static str> {
        if !self.has_dc {
            return Err("it has no scan of the first coefficients");
        }
        let mut steps = [0_i32; 64];
        for (&at, &step) in ZIGZAG.iter().zip(quantization) {
            steps[usize::from(at)] = i32::from(step);
        }
        let mut pixels = vec![0_u16; self.rows.saturating_mul(self.cols)];
        let bands = pixels.chunks_mut(self.cols.saturating_mul(8).max(1));
        for (band, blocks) in bands.zip(self.blocks.chunks_exact(self.across.max(1))) {
            for (block_idx, block) in blocks.iter().enumerate() {
                let samples =
                    if precision == 8 { inverse::<2>(block, &steps, 8) } else { inverse::<1>(block, &steps, 12) };
                let left = 8 * block_idx;
                let width = self.cols.saturating_sub(left).min(8);
                for (row, samples) in band.chunks_exact_mut(self.cols.max(1)).zip(samples.chunks_exact(8)) {
                    if let (Some(to), Some(from)) = (row.get_mut(left..left + width), samples.get(..width)) {
                        to.copy_from_slice(from);
                    }
                }
            }
        }
        Ok(pixels)
    }
}

#[inline]
#[allow(clippy::cast_possible_truncation, reason = "a coefficient of a sound image has at most 16 bits")]
fn coefficient(value: i32) -> i16 {
    value as i16
}

/// F.2.2: one block of a sequential scan.
#[inline]
fn sequential(block: &mut [i16; 64], scan: &Scan<'_>, bits: &mut Bits<'_>, dc: &mut i32) -> Result<(), &'static str> {
    let (Some(dc_table), Some(ac_table)) = (scan.dc, scan.ac) else { return Err(NO_TABLE) };
    let size = dc_table.symbol(bits).filter(|&size| size <= 16).ok_or(NO_CODE)?;
    *dc = dc.wrapping_add(signed_bits(bits, u32::from(size)));
    block[0] = coefficient(*dc);
    let mut at = 1_usize;
    while at < 64 {
        let symbol = ac_table.symbol(bits).ok_or(NO_CODE)?;
        let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
        if size == 0 {
            if run < 15 {
                break;
            }
            at += 16;
            continue;
        }
        at += run;
        let value = signed_bits(bits, size);
        let &to = ZIGZAG.get(at).ok_or("a block has more than 64 coefficients")?;
        block[usize::from(to)] = coefficient(value);
        at += 1;
    }
    Ok(())
}

/// G.1.2.1.
#[inline]
fn dc_first(block: &mut [i16; 64], scan: &Scan<'_>, bits: &mut Bits<'_>, dc: &mut i32) -> Result<(), &'static str> {
    let table = scan.dc.ok_or(NO_TABLE)?;
    let size = table.symbol(bits).filter(|&size| size <= 16).ok_or(NO_CODE)?;
    *dc = dc.wrapping_add(signed_bits(bits, u32::from(size)));
    block[0] = coefficient(dc.wrapping_shl(scan.low));
    Ok(())
}

/// G.1.2.2: the first scan of a band.
#[inline]
fn ac_first(
    block: &mut [i16; 64],
    scan: &Scan<'_>,
    bits: &mut Bits<'_>,
    end_of_band: &mut u32,
) -> Result<(), &'static str> {
    if *end_of_band > 0 {
        *end_of_band -= 1;
        return Ok(());
    }
    let table = scan.ac.ok_or(NO_TABLE)?;
    let mut at = scan.start;
    while at <= scan.end {
        let symbol = table.symbol(bits).ok_or(NO_CODE)?;
        let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
        if size == 0 {
            if run < 15 {
                *end_of_band = band_run(u32::from(symbol >> 4), bits) - 1;
                break;
            }
            at += 16;
            continue;
        }
        at += run;
        let value = signed_bits(bits, size).wrapping_shl(scan.low);
        let &to = ZIGZAG.get(at).ok_or("a block has more than 64 coefficients")?;
        block[usize::from(to)] = coefficient(value);
        at += 1;
    }
    Ok(())
}

/// How many blocks, this one included, have no more coefficients in the band; `run` is below 15.
#[inline]
fn band_run(run: u32, bits: &mut Bits<'_>) -> u32 {
    let more = if run > 0 { bits.take(run) } else { 0 };
    (1 << run) + more
}

/// G.1.2.3: a later scan of a band gives each known coefficient one more bit, and brings new ones of size 1.
#[inline]
fn ac_refine(
    block: &mut [i16; 64],
    scan: &Scan<'_>,
    bits: &mut Bits<'_>,
    end_of_band: &mut u32,
) -> Result<(), &'static str> {
    let one = 1_i16 << scan.low;
    let mut at = scan.start;
    if *end_of_band == 0 {
        let table = scan.ac.ok_or(NO_TABLE)?;
        while at <= scan.end {
            let symbol = table.symbol(bits).ok_or(NO_CODE)?;
            let (mut run, size) = (usize::from(symbol >> 4), symbol & 15);
            let fresh = match size {
                0 if run < 15 => {
                    *end_of_band = band_run(u32::from(symbol >> 4), bits);
                    break;
                }
                0 => 0,
                1 if bits.take(1) != 0 => one,
                1 => -one,
                _ => return Err(NO_CODE),
            };
            // Step over `run` coefficients that are still 0, refining those that are not.
            while at <= scan.end {
                let to = usize::from(ZIGZAG[at & 63]);
                at += 1;
                if block[to] != 0 {
                    refine(&mut block[to], one, bits);
                } else if run == 0 {
                    block[to] = fresh;
                    break;
                } else {
                    run -= 1;
                }
            }
        }
    }
    if *end_of_band > 0 {
        for &to in ZIGZAG.get(at..=scan.end).unwrap_or_default() {
            if block[usize::from(to)] != 0 {
                refine(&mut block[usize::from(to)], one, bits);
            }
        }
        *end_of_band -= 1;
    }
    Ok(())
}

#[inline]
fn refine(coefficient: &mut i16, one: i16, bits: &mut Bits<'_>) {
    if bits.take(1) != 0 && *coefficient & one == 0 {
        *coefficient = coefficient.wrapping_add(if *coefficient >= 0 { one } else { -one });
    }
}

/// Bits behind the point of the constants.
const CONST_BITS: u32 = 13;

/// One pass over eight values: the inverse DCT of `jidctint.c`, its results scaled by 2^CONST_BITS.
#[inline(always)]
fn pass(input: [i32; 8]) -> [i32; 8] {
    let [i0, i1, i2, i3, i4, i5, i6, i7] = input;
    let times = |a: i32, b: i32| a.wrapping_mul(b);
    let add = |a: i32, b: i32| a.wrapping_add(b);
    let sub = |a: i32, b: i32| a.wrapping_sub(b);
    // Even part: the constants are cos and sin of multiples of 22.5 degrees, scaled by 2^13.
    let z1 = times(add(i2, i6), 4433);
    let t2 = add(z1, times(i6, -15137));
    let t3 = add(z1, times(i2, 6270));
    let t0 = add(i0, i4).wrapping_shl(CONST_BITS);
    let t1 = sub(i0, i4).wrapping_shl(CONST_BITS);
    let (even0, even3) = (add(t0, t3), sub(t0, t3));
    let (even1, even2) = (add(t1, t2), sub(t1, t2));
    // Odd part.
    let z5 = times(add(add(i7, i3), add(i5, i1)), 9633);
    let z3 = add(times(add(i7, i3), -16069), z5);
    let z4 = add(times(add(i5, i1), -3196), z5);
    let z1 = times(add(i7, i1), -7373);
    let z2 = times(add(i5, i3), -20995);
    let odd0 = add(times(i7, 2446), add(z1, z3));
    let odd1 = add(times(i5, 16819), add(z2, z4));
    let odd2 = add(times(i3, 25172), add(z2, z3));
    let odd3 = add(times(i1, 12299), add(z1, z4));
    [
        add(even0, odd3),
        add(even1, odd2),
        add(even2, odd1),
        add(even3, odd0),
        sub(even3, odd0),
        sub(even2, odd1),
        sub(even1, odd2),
        sub(even0, odd3),
    ]
}

/// Divides by 2^n, rounding halves up.
#[inline(always)]
fn descale(value: i32, n: u32) -> i32 {
    value.wrapping_add(1 << (n - 1)) >> n
}

/// Dequantizes a block and transforms it into samples; `PASS_BITS` further bits are kept between the passes.
fn inverse<const PASS_BITS: u32>(block: &[i16; 64], steps: &[i32; 64], precision: u32) -> [u16; 64] {
    let middle = 1_i32 << (precision - 1);
    let highest = (1_i32 << precision) - 1;
    let sample = |value: i32| u16::try_from(value.wrapping_add(middle).clamp(0, highest)).unwrap_or(0);
    let dequantized = |at: usize| i32::from(block[at & 63]).wrapping_mul(steps[at & 63]);
    let mut between = [0_i32; 64];
    for col in 0..8_usize {
        let column: [i32; 8] = std::array::from_fn(|row| dequantized(8 * row + col));
        let out = if column.iter().skip(1).all(|&value| value == 0) {
            [column[0].wrapping_shl(PASS_BITS); 8]
        } else {
            pass(column).map(|value| descale(value, CONST_BITS - PASS_BITS))
        };
        for (row, value) in out.into_iter().enumerate() {
            between[(8 * row + col) & 63] = value;
        }
    }
    let mut samples = [0_u16; 64];
    for (to, from) in samples.as_chunks_mut::<8>().0.iter_mut().zip(between.as_chunks::<8>().0) {
        let shift = CONST_BITS + PASS_BITS + 3;
        *to = pass(*from).map(|value| sample(descale(value, shift)));
    }
    samples
}

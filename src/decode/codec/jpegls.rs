//! JPEG-LS (ITU-T T.87), lossless and near-lossless, of one component.
//!
//! Each sample is predicted from its left and upper neighbours, corrected by what the context has shown so far, and the
//! error is Golomb-coded; where the neighbours are alike, runs are coded instead (annex A). Preset coding parameters
//! are read (C.2.4.1), mapping tables and restart intervals are refused: no encoder of CT images writes them.

#![allow(clippy::indexing_slicing, reason = "contexts have fixed numbers and every index is computed below them")]
#![allow(
    clippy::arithmetic_side_effects,
    reason = "samples of 16 bits, indices of a row and counts of bits; what errors of a stranger add up to is left to wrap \
              by name, and where overflow is checked, as under the fuzzer, any other shows"
)]

use super::{Cells, Context, Frame};
use crate::decode::DecodeError;
use crate::decode::budget::Budget;

/// Regular contexts (A.3.3); two more are for samples that interrupt a run.
const N_REGULAR: usize = 365;

/// Lengths of runs by run index, as powers of two (A.2.1).
const J: [u8; 32] =
    [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// Frame header and coding parameters.
struct Parameters {
    rows: usize,
    cols: usize,
    precision: u16,
    component: u8,
}

/// The parameters of LSE type 1, 0 where the default holds.
#[derive(Default, Clone, Copy)]
struct Presets {
    maximum: i32,
    thresholds: [i32; 3],
    reset: i32,
}

pub(super) fn decode(bytes: &[u8], context: Context, budget: &mut Budget) -> Result<Frame, DecodeError> {
    let damaged = |reason| context.damaged(reason);
    let mut rest = bytes.strip_prefix(&[0xff, 0xd8]).ok_or_else(|| damaged("it does not begin as a JPEG-LS image"))?;
    let mut frame: Option<Parameters> = None;
    let mut presets = Presets::default();
    loop {
        let &[0xff, marker, l1, l0, ref behind @ ..] = rest else {
            return Err(damaged("a marker is missing"));
        };
        if marker == 0xff {
            rest = rest.get(1..).unwrap_or_default();
            continue;
        }
        let length = usize::from(u16::from_be_bytes([l1, l0])).checked_sub(2);
        let (segment, behind) = length
            .and_then(|length| behind.split_at_checked(length))
            .ok_or_else(|| damaged("a marker segment is cut off"))?;
        rest = behind;
        match marker {
            0xf7 => frame = Some(frame_header(segment, context, budget)?),
            0xf8 => presets = parameters(segment, context)?,
            0xdd => return Err(context.unsupported("restart intervals")),
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcf => {
                return Err(context.unsupported("a JPEG image under a transfer syntax of JPEG-LS"));
            }
            0xda => {
                let frame = frame.ok_or_else(|| damaged("a scan stands before the frame header"))?;
                let &[1, component, 0, near, 0, 0] = segment else {
                    return Err(damaged("its scan header is not that of one component"));
                };
                if component != frame.component {
                    return Err(damaged("its scan names another component than its frame header"));
                }
                let coder = Coder::new(&frame, presets, i32::from(near))
                    .ok_or_else(|| damaged("its coding parameters do not exist"))?;
                let cells = coder.decode(&frame, rest).map_err(damaged)?;
                return Ok(Frame { cells: Cells::Narrow(cells), precision: frame.precision, is_signed: None });
            }
            _ => {}
        }
    }
}

fn frame_header(segment: &[u8], context: Context, budget: &mut Budget) -> Result<Parameters, DecodeError> {
    let &[precision, r1, r0, c1, c0, n_components, component, _, _, ..] = segment else {
        return Err(context.damaged("its frame header is cut off"));
    };
    if n_components != 1 {
        return Err(context.unsupported("an image in colour"));
    }
    if !(2..=16).contains(&precision) {
        return Err(context.damaged("its precision is not one of those the standard has"));
    }
    let (rows, cols) = (usize::from(u16::from_be_bytes([r1, r0])), usize::from(u16::from_be_bytes([c1, c0])));
    let precision = u16::from(precision);
    context.check_size(rows, cols, precision, budget)?;
    Ok(Parameters { rows, cols, precision, component })
}

/// C.2.4.1.1.
fn parameters(segment: &[u8], context: Context) -> Result<Presets, DecodeError> {
    let Some((&1, rest)) = segment.split_first() else {
        return Err(context.unsupported("mapping tables or sizes beyond 16 bits"));
    };
    let words: Vec<i32> = rest.as_chunks::<2>().0.iter().map(|&pair| i32::from(u16::from_be_bytes(pair))).collect();
    let &[maximum, t1, t2, t3, reset] = words.as_slice() else {
        return Err(context.damaged("its coding parameters are cut off"));
    };
    Ok(Presets { maximum, thresholds: [t1, t2, t3], reset })
}

/// What the errors in one context have been (A.2).
#[derive(Debug, Clone, Copy)]
struct State {
    /// Sum of magnitudes.
    a: i32,
    /// Sum of errors; of the contexts that interrupt runs, the number of negative ones.
    b: i32,
    /// Correction of the prediction.
    c: i32,
    /// Number of errors.
    n: i32,
}

impl State {
    /// The parameter of the Golomb code (A.5.1).
    #[inline(always)]
    fn golomb(n: i32, a: i32) -> u32 {
        // The smallest k with n × 2^k ≥ a: where both have as many bits, or one more.
        let k = n.leading_zeros().saturating_sub(a.leading_zeros()).min(24);
        k + u32::from(n.wrapping_shl(k) < a)
    }
}

struct Coder {
    near: i32,
    maximum: i32,
    /// 2 × NEAR + 1.
    step: i32,
    range: i32,
    /// Bits of an error that is written plainly.
    plain_bits: u32,
    limit: u32,
    reset: i32,
    /// Quantized gradient −4..=4 for every difference −maximum..=maximum.
    quantized: Vec<i8>,
    states: [State; N_REGULAR + 2],
    run_index: usize,
}

impl Coder {
    /// `None` for parameters outside of what C.2.4.1.1 allows.
    fn new(frame: &Parameters, presets: Presets, near: i32) -> Option<Self> {
        let highest = 1_i32.checked_shl(u32::from(frame.precision))?.checked_sub(1)?;
        let maximum = if presets.maximum == 0 { highest } else { presets.maximum };
        if maximum > highest || maximum < 1 || near > (maximum / 2).min(255) {
            return None;
        }
        let reset = if presets.reset == 0 { 64 } else { presets.reset };
        let [d1, d2, d3] = default_thresholds(maximum, near)?;
        let pick = |preset: i32, default: i32| if preset == 0 { default } else { preset };
        let [t1, t2, t3] = presets.thresholds;
        let thresholds = [pick(t1, d1), pick(t2, d2), pick(t3, d3)];
        let rising = near < thresholds[0] && thresholds[0] <= thresholds[1] && thresholds[1] <= thresholds[2];
        if !rising || thresholds[2] > maximum || reset < 3 || reset > maximum.max(255) {
            return None;
        }
        let step = near.checked_mul(2)?.checked_add(1)?;
        let range = maximum.checked_add(near.checked_mul(2)?)?.checked_div(step)?.checked_add(1)?;
        let plain_bits = bits_for(range.checked_sub(1)?);
        let sample_bits = bits_for(maximum).max(2);
        let limit = sample_bits.checked_add(sample_bits.max(8))?.checked_mul(2)?;
        let a = range.checked_add(32)?.checked_div(64)?.max(2);
        let quantized = (maximum.checked_neg()?..=maximum).map(|d| quantize(d, near, thresholds)).collect();
        let states = [State { a, b: 0, c: 0, n: 1 }; N_REGULAR + 2];
        Some(Self { near, maximum, step, range, plain_bits, limit, reset, quantized, states, run_index: 0 })
    }

    fn decode(mut self, frame: &Parameters, coded: &[u8]) -> Result<Vec<u16>, &'static str> {
        let cols = frame.cols;
        let mut bits = StuffedBits::new(coded);
        let mut samples = vec![0_u16; frame.rows.saturating_mul(cols)];
        // One sample more on each side (A.2.1): the left one is the first of the row above, the right one its last.
        let mut above = vec![0_i32; cols.saturating_add(2)];
        let mut current = above.clone();
        for row in samples.chunks_exact_mut(cols) {
            current[0] = above[1];
            let (last, beyond) = (above[cols], &mut above[cols + 1]);
            *beyond = last;
            self.decode_row(&above, &mut current, &mut bits).ok_or("its coded data hold bits that are no code")?;
            if bits.is_overrun() {
                return Err("it ends too early");
            }
            for (sample, &value) in row.iter_mut().zip(&current[1..]) {
                *sample = u16::try_from(value).unwrap_or(0);
            }
            std::mem::swap(&mut above, &mut current);
        }
        Ok(samples)
    }

    #[inline(always)]
    fn gradient(&self, difference: i32) -> i32 {
        let at = (difference + self.maximum).cast_unsigned() as usize;
        i32::from(self.quantized.get(at).copied().unwrap_or(0))
    }

    /// Both rows have one sample more on each side.
    fn decode_row(&mut self, above: &[i32], current: &mut [i32], bits: &mut StuffedBits<'_>) -> Option<()> {
        let end = current.len().checked_sub(1)?;
        let mut at = 1_usize;
        let mut a = *current.first()?;
        let mut c = *above.first()?;
        let mut b = *above.get(1)?;
        // The difference of b and c is that of d and b one sample before, and so is its quantized value.
        let mut q2 = self.gradient(b - c);
        while at < end {
            let d = *above.get(at + 1)?;
            let (q1, q3) = (self.gradient(d - b), self.gradient(c - a));
            let q = 81 * q1 + 9 * q2 + q3;
            if q != 0 {
                a = self.regular(q, a, b, c, bits)?;
                *current.get_mut(at)? = a;
                (c, b, q2) = (b, d, q1);
                at += 1;
                continue;
            }
            let length = self.run_length(end - at, bits);
            let behind = at + length;
            current.get_mut(at..behind)?.fill(a);
            at = behind;
            if at < end {
                b = *above.get(at)?;
                a = self.interruption(a, b, bits)?;
                *current.get_mut(at)? = a;
                c = b;
                at += 1;
                b = *above.get(at)?;
                q2 = self.gradient(b - c);
            }
        }
        Some(())
    }

    /// A.4 to A.6: one sample in its context.
    #[inline(always)]
    fn regular(&mut self, q: i32, a: i32, b: i32, c: i32, bits: &mut StuffedBits<'_>) -> Option<i32> {
        let sign = q.signum();
        let state = self.states.get_mut(q.unsigned_abs() as usize)?;
        // A.4.1, the median of a, b and a + b − c.
        let (low, high) = (a.min(b), a.max(b));
        let predicted = if c >= high {
            low
        } else if c <= low {
            high
        } else {
            a + b - c
        };
        let predicted = (predicted + state.c * sign).clamp(0, self.maximum);
        let k = State::golomb(state.n, state.a);
        let mapped = bits.golomb(k, self.limit, self.plain_bits)?;
        // A.5.2, inverted.
        let mut error = (mapped >> 1) ^ -(mapped & 1);
        if self.near == 0 && k == 0 && state.b.wrapping_mul(2) <= -state.n {
            error = !error;
        }
        // A.6.
        state.b = state.b.wrapping_add(error.wrapping_mul(self.step));
        state.a = state.a.wrapping_add(error.wrapping_abs());
        if state.n == self.reset {
            state.a >>= 1;
            state.b >>= 1;
            state.n >>= 1;
        }
        state.n += 1;
        if state.b <= -state.n {
            state.b = state.b.wrapping_add(state.n).max(1_i32.wrapping_sub(state.n));
            state.c = (state.c - 1).max(-128);
        } else if state.b > 0 {
            state.b = state.b.wrapping_sub(state.n).min(0);
            state.c = (state.c + 1).min(127);
        }
        Some(self.restored(predicted, error.wrapping_mul(sign)))
    }

    /// The sample of a prediction and an error in steps (A.4.4, A.4.5).
    #[inline(always)]
    fn restored(&self, predicted: i32, error: i32) -> i32 {
        let mut value = predicted.wrapping_add(error.wrapping_mul(self.step));
        let turn = self.range * self.step;
        if value < -self.near {
            value = value.wrapping_add(turn);
        } else if value > self.maximum + self.near {
            value = value.wrapping_sub(turn);
        }
        value.clamp(0, self.maximum)
    }

    /// A.7.1: how many samples repeat the one before, at most `left`.
    fn run_length(&mut self, left: usize, bits: &mut StuffedBits<'_>) -> usize {
        let mut length = 0_usize;
        while bits.take(1) != 0 {
            let run = 1_usize << J[self.run_index & 31];
            let room = left - length;
            if run <= room {
                self.run_index = (self.run_index + 1).min(31);
            }
            length += run.min(room);
            if length == left {
                return length;
            }
        }
        let rest = bits.take(u32::from(J[self.run_index & 31]));
        (length + rest as usize).min(left)
    }

    /// A.7.2: the sample that ends a run.
    fn interruption(&mut self, a: i32, b: i32, bits: &mut StuffedBits<'_>) -> Option<i32> {
        let j = u32::from(J[self.run_index & 31]);
        let is_like = (a - b).abs() <= self.near;
        let kind = i32::from(is_like);
        let state = self.states.get_mut(if is_like { N_REGULAR + 1 } else { N_REGULAR })?;
        let k = State::golomb(state.n, state.a.wrapping_add(if is_like { state.n >> 1 } else { 0 }));
        let mapped = bits.golomb(k, self.limit - j - 1, self.plain_bits)?;
        let coded = mapped.wrapping_add(kind);
        let is_odd = coded & 1;
        let magnitude = coded.wrapping_add(is_odd) >> 1;
        let is_negative = (k != 0 || state.b.wrapping_mul(2) >= state.n) == (is_odd == 1);
        let error = if is_negative { magnitude.wrapping_neg() } else { magnitude };
        if error < 0 {
            state.b = state.b.wrapping_add(1);
        }
        state.a = state.a.wrapping_add(mapped.wrapping_add(1).wrapping_sub(kind) >> 1);
        if state.n == self.reset {
            state.a >>= 1;
            state.n >>= 1;
            state.b >>= 1;
        }
        state.n += 1;
        self.run_index = self.run_index.saturating_sub(1);
        let (predicted, sign) = if is_like { (a, 1) } else { (b, if a > b { -1 } else { 1 }) };
        Some(self.restored(predicted, error.wrapping_mul(sign)))
    }
}

/// Bits that a number takes.
fn bits_for(number: i32) -> u32 {
    32_u32.saturating_sub(number.leading_zeros())
}

/// A.3.3.
fn quantize(difference: i32, near: i32, [t1, t2, t3]: [i32; 3]) -> i8 {
    let magnitude = difference.abs();
    let level = match magnitude {
        m if m >= t3 => 4,
        m if m >= t2 => 3,
        m if m >= t1 => 2,
        m if m > near => 1,
        _ => 0,
    };
    if difference < 0 { -level } else { level }
}

/// C.2.4.1.1.1.
fn default_thresholds(maximum: i32, near: i32) -> Option<[i32; 3]> {
    let clamp = |value: i32, low: i32| if value > maximum || value < low { low } else { value };
    let grown = |base: i32, times: i32| base.checked_add(near.checked_mul(times)?);
    let (b1, b2, b3) = if maximum >= 128 {
        let factor = maximum.min(4095).checked_add(128)?.checked_div(256)?;
        (factor.checked_add(2)?, factor.checked_mul(4)?.checked_add(3)?, factor.checked_mul(17)?.checked_add(4)?)
    } else {
        let factor = 256_i32.checked_div(maximum.checked_add(1)?)?.max(1);
        let share = |value: i32| value.checked_div(factor).unwrap_or(value);
        return Some({
            let t1 = clamp(2.max(share(3).checked_add(near.checked_mul(3)?)?), near.checked_add(1)?);
            let t2 = clamp(3.max(share(7).checked_add(near.checked_mul(5)?)?), t1);
            let t3 = clamp(4.max(share(21).checked_add(near.checked_mul(7)?)?), t2);
            [t1, t2, t3]
        });
    };
    let t1 = clamp(grown(b1, 3)?, near.checked_add(1)?);
    let t2 = clamp(grown(b2, 5)?, t1);
    let t3 = clamp(grown(b3, 7)?, t2);
    Some([t1, t2, t3])
}

/// Bits of a JPEG-LS scan: behind a byte of ones stands a bit 0, which is left out (A.1); a 1 there begins a marker.
struct StuffedBits<'a> {
    rest: &'a [u8],
    /// The next bits, against the top.
    buffer: u64,
    n: u32,
    n_invented: u32,
    after_ones: bool,
}

impl<'a> StuffedBits<'a> {
    fn new(rest: &'a [u8]) -> Self {
        Self { rest, buffer: 0, n: 0, n_invented: 0, after_ones: false }
    }

    /// At least 32 valid bits.
    #[inline(always)]
    fn fill(&mut self) {
        if self.n >= 32 {
            return;
        }
        // Four bytes at once where none of them is 0xff: no byte of the complement is 0.
        if !self.after_ones
            && let Some((chunk, rest)) = self.rest.split_first_chunk::<4>()
        {
            let four = u32::from_be_bytes(*chunk);
            let holes = !four;
            if holes.wrapping_sub(0x0101_0101) & four & 0x8080_8080 == 0 {
                self.buffer |= u64::from(four) << (32 - self.n);
                self.n += 32;
                self.rest = rest;
                return;
            }
        }
        self.fill_bytewise();
    }

    /// At least 57 valid bits.
    #[cold]
    fn fill_bytewise(&mut self) {
        while self.n <= 56 {
            let width = if self.after_ones { 7 } else { 8 };
            match self.rest.split_first() {
                Some((&byte, rest)) if !(self.after_ones && byte >= 0x80) => {
                    self.buffer |= u64::from(byte) << (64 - width - self.n);
                    self.after_ones = byte == 0xff;
                    self.rest = rest;
                }
                _ => {
                    self.rest = &[];
                    self.after_ones = false;
                    self.n_invented = self.n_invented.saturating_add(width);
                }
            }
            self.n += width;
        }
    }

    /// At most 32 bits.
    #[inline(always)]
    fn take(&mut self, count: u32) -> u32 {
        self.fill();
        #[allow(clippy::cast_possible_truncation, reason = "at most 32 bits are left after the shift")]
        let bits = ((self.buffer >> 1) >> (63 - count)) as u32;
        self.buffer <<= count & 63;
        self.n -= count;
        bits
    }

    /// A.5.3: a Golomb code of parameter `k`, limited in length; `None` if it is longer.
    #[inline(always)]
    fn golomb(&mut self, k: u32, limit: u32, plain_bits: u32) -> Option<i32> {
        let escape = limit - plain_bits - 1;
        let mut zeros = 0_u32;
        loop {
            self.fill();
            let here = self.buffer.leading_zeros().min(self.n);
            zeros += here;
            if here < self.n {
                // With the 1 behind them.
                self.buffer = (self.buffer << (here & 63)) << 1;
                self.n -= here + 1;
                break;
            }
            self.buffer = 0;
            self.n = 0;
            if zeros > 128 {
                return None;
            }
        }
        if zeros < escape {
            let low = if k == 0 { 0 } else { self.take(k) };
            i32::try_from((zeros << k) | low).ok()
        } else if zeros == escape {
            i32::try_from(self.take(plain_bits) + 1).ok()
        } else {
            None
        }
    }

    /// Whether bits behind the end were used.
    fn is_overrun(&self) -> bool {
        self.n < self.n_invented
    }
}

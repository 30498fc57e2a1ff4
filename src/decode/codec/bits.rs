//! Bits of an entropy-coded segment, most significant first.
//!
//! Behind the end of a segment stand zeros without end, so that looking ahead needs no check; whether any of them was
//! used is asked once per row with [`Bits::is_overrun`].

#![allow(
    clippy::arithmetic_side_effects,
    reason = "counts of bits in a word of 64; where overflow is checked, as under the fuzzer, one beyond it shows"
)]

/// A reader over bytes from which byte stuffing has been removed.
#[derive(Debug, Clone)]
pub(super) struct Bits<'a> {
    rest: &'a [u8],
    /// The next bits, against the top.
    buffer: u64,
    /// Valid bits in the buffer, zeros behind the end included.
    n: u32,
    /// Zeros behind the end that were put into the buffer.
    n_invented: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, buffer: 0, n: 0, n_invented: 0 }
    }

    /// At least 32 valid bits.
    #[inline]
    fn fill(&mut self) {
        if self.n >= 32 {
            return;
        }
        if let Some((chunk, rest)) = self.rest.split_first_chunk::<4>() {
            self.buffer |= u64::from(u32::from_be_bytes(*chunk)) << (32 - self.n);
            self.rest = rest;
        } else {
            let mut last = [0; 4];
            last.iter_mut().zip(self.rest).for_each(|(to, from)| *to = *from);
            self.buffer |= u64::from(u32::from_be_bytes(last)) << (32 - self.n);
            #[allow(clippy::cast_possible_truncation, reason = "fewer than 4")]
            let missing = 4 - self.rest.len() as u32;
            self.n_invented = self.n_invented.saturating_add(8 * missing);
            self.rest = &[];
        }
        self.n += 32;
    }

    /// The next `count` bits, at most 32, without moving.
    #[inline]
    pub(super) fn peek(&mut self, count: u32) -> u32 {
        self.fill();
        // Two shifts, because one by 64 is none.
        #[allow(clippy::cast_possible_truncation, reason = "at most 32 bits are left after the shift")]
        let bits = ((self.buffer >> 1) >> (63 - count)) as u32;
        bits
    }

    /// Steps over bits that were peeked at.
    #[inline]
    pub(super) fn skip(&mut self, count: u32) {
        self.buffer <<= count & 63;
        self.n -= count;
    }

    /// The next `count` bits, at most 32.
    #[inline]
    pub(super) fn take(&mut self, count: u32) -> u32 {
        let bits = self.peek(count);
        self.skip(count);
        bits
    }

    /// Whether bits behind the end were used.
    pub(super) fn is_overrun(&self) -> bool {
        self.n < self.n_invented
    }
}

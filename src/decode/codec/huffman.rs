//! Huffman codes of JPEG (ITU-T T.81): tables, the numbers that follow their symbols, and the bytes of a scan.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "numbers of at most 16 bits; where overflow is checked, as under the fuzzer, one beyond it shows"
)]

use super::bits::Bits;

/// Bits that the fast table looks at.
const FAST_BITS: u32 = 9;

/// A Huffman table (annex C), decoded by a table of the first bits and, for longer codes, by the length.
pub(super) struct Huffman {
    /// Symbol and length of the code that begins with these bits; length 0 where it is longer.
    fast: Vec<(u8, u8)>,
    /// For each length, the first code beyond it, against the top of 16 bits.
    limits: [u32; 17],
    /// For each length, what to add to a code to get the index of its symbol.
    offsets: [i32; 17],
    symbols: Vec<u8>,
}

impl Huffman {
    /// `None` if the counts ask for more codes than there are, or if there is none.
    pub(super) fn new(counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let mut table =
            Self { fast: vec![(0, 0); 1 << FAST_BITS], limits: [0; 17], offsets: [0; 17], symbols: symbols.to_vec() };
        let (mut code, mut at) = (0_u32, 0_usize);
        for (length, &count) in (1_u32..).zip(counts) {
            let index = usize::try_from(length).ok()?;
            *table.offsets.get_mut(index)? = i32::try_from(at).ok()?.checked_sub(i32::try_from(code).ok()?)?;
            for _ in 0..count {
                let &symbol = symbols.get(at)?;
                if let Some(spare) = FAST_BITS.checked_sub(length) {
                    let first = usize::try_from(code << spare).ok()?;
                    let all = table.fast.get_mut(first..first.checked_add(1 << spare)?)?;
                    all.fill((symbol, u8::try_from(length).ok()?));
                }
                code = code.checked_add(1)?;
                at = at.checked_add(1)?;
            }
            if code > 1 << length {
                return None;
            }
            *table.limits.get_mut(index)? = code << 16_u32.saturating_sub(length);
            code <<= 1;
        }
        (!symbols.is_empty()).then_some(table)
    }

    /// The next symbol; `None` for bits that are no code.
    #[inline]
    pub(super) fn symbol(&self, bits: &mut Bits<'_>) -> Option<u8> {
        let ahead = bits.peek(16);
        let &(symbol, length) = self.fast.get((ahead >> (16 - FAST_BITS)) as usize)?;
        if length != 0 {
            bits.skip(u32::from(length));
            return Some(symbol);
        }
        self.long_symbol(ahead, bits)
    }

    #[cold]
    fn long_symbol(&self, ahead: u32, bits: &mut Bits<'_>) -> Option<u8> {
        let mut long = self.limits.iter().zip(0_u32..).skip_while(|&(_, length)| length <= FAST_BITS);
        let (_, length) = long.find(|&(&limit, _)| ahead < limit)?;
        bits.skip(length);
        let code = i32::try_from(ahead >> 16_u32.checked_sub(length)?).ok()?;
        let index = code.checked_add(*self.offsets.get(usize::try_from(length).ok()?)?)?;
        self.symbols.get(usize::try_from(index).ok()?).copied()
    }
}

/// T.81 F.2.2.1, EXTEND: the next `size` bits (at most 16) as a number, whose first bit says its sign.
#[inline]
pub(super) fn signed_bits(bits: &mut Bits<'_>, size: u32) -> i32 {
    if size == 0 {
        return 0;
    }
    let value = bits.take(size).cast_signed();
    if value < 1 << (size - 1) { value - (1 << size) + 1 } else { value }
}

/// The entropy-coded data of one scan, without its byte stuffing (B.1.1.5).
pub(super) struct Entropy<'a> {
    pub(super) bytes: Vec<u8>,
    /// Where each restart interval ends in `bytes`.
    ends: Vec<usize>,
    /// From the marker that ends the scan on.
    pub(super) behind: &'a [u8],
}

impl<'a> Entropy<'a> {
    pub(super) fn new(coded: &'a [u8]) -> Self {
        let mut bytes = Vec::with_capacity(coded.len());
        let mut ends = Vec::new();
        let mut rest = coded;
        loop {
            let at = rest.iter().position(|&byte| byte == 0xff).unwrap_or(rest.len());
            let (plain, behind) = rest.split_at(at);
            bytes.extend_from_slice(plain);
            rest = behind;
            match *rest {
                [_, 0, ref behind @ ..] => {
                    bytes.push(0xff);
                    rest = behind;
                }
                [_, 0xd0..=0xd7, ref behind @ ..] => {
                    ends.push(bytes.len());
                    rest = behind;
                }
                // Fill bytes before a marker.
                [_, 0xff, ..] => rest = rest.get(1..).unwrap_or_default(),
                _ => break,
            }
        }
        ends.push(bytes.len());
        Self { bytes, ends, behind: rest }
    }

    /// The restart intervals, one after another.
    pub(super) fn intervals(&self) -> impl Iterator<Item = Bits<'_>> {
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| Bits::new(self.bytes.get(start..end).unwrap_or_default()))
    }
}

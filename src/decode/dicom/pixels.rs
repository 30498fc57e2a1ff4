//! Stored values out of native pixel data (PS3.5 8.1).

use crate::decode::DecodeError;
use crate::decode::budget::Budget;
use crate::slice::StoredValues;

/// How the values lie in the bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    /// At least 1.
    pub(super) rows: usize,
    /// At least 1.
    pub(super) cols: usize,
    pub(super) cell: Cell,
    /// 1 up to the size of the cell; the lowest bits hold the value.
    pub(super) bits_stored: u16,
    pub(super) signed: bool,
}

/// One pixel cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cell {
    Eight,
    /// Two 8-bit cells in each big-endian word, the first in its low byte.
    EightSwapped,
    SixteenLittle,
    SixteenBig,
}

impl Cell {
    fn bytes(self) -> usize {
        match self {
            Self::Eight | Self::EightSwapped => 1,
            Self::SixteenLittle | Self::SixteenBig => 2,
        }
    }
}

/// The stored values: bits above BitsStored cut off (old files keep overlays there), sign extended from BitsStored.
///
/// PixelData must hold all pixels. It may be longer by less than one row and less than one column: that much is
/// padding, while a whole row or column more contradicts Rows or Columns, and the picture would come out skewed.
pub(super) fn stored_values(data: &[u8], layout: &Layout, budget: &mut Budget) -> Result<StoredValues, DecodeError> {
    let n = layout.rows.checked_mul(layout.cols);
    let needed = n.and_then(|n| n.checked_mul(layout.cell.bytes()));
    // Before the length is compared, so that an absurd size is named as such.
    budget.take("the image", n.and_then(|n| n.checked_mul(2)))?;
    let expected = needed.unwrap_or(usize::MAX);
    let least_contradiction = layout.rows.min(layout.cols).saturating_mul(layout.cell.bytes()).max(2);
    let excess = data.len().checked_sub(expected);
    if excess.is_none_or(|excess| excess >= least_contradiction) {
        return Err(DecodeError::PixelDataLength { expected, found: data.len() });
    }
    let data = match layout.cell {
        // The last of an odd number of cells has its partner in the padding.
        Cell::EightSwapped => data.get(..expected.next_multiple_of(2)),
        _ => data.get(..expected),
    };
    let data = data.ok_or(DecodeError::PixelDataLength { expected, found: excess.unwrap_or(0) })?;

    let n = n.unwrap_or(0);
    let pairs = data.as_chunks::<2>().0.iter();
    Ok(match layout.cell {
        Cell::Eight => collect(data.iter().map(|&byte| u16::from(byte)), n, layout),
        Cell::EightSwapped => {
            let cells = pairs.flat_map(|&[second, first]| [u16::from(first), u16::from(second)]);
            collect(cells.take(n), n, layout)
        }
        Cell::SixteenLittle => collect(pairs.map(|&pair| u16::from_le_bytes(pair)), n, layout),
        Cell::SixteenBig => collect(pairs.map(|&pair| u16::from_be_bytes(pair)), n, layout),
    })
}

/// Moving the value up against the top of 16 bits and back down cuts off what stands above it, and with an arithmetic
/// shift extends its sign. `n` is the number of cells.
fn collect(cells: impl Iterator<Item = u16>, n: usize, layout: &Layout) -> StoredValues {
    let shift = u32::from(16_u16.saturating_sub(layout.bits_stored));
    let at_top = cells.map(|cell| cell.wrapping_shl(shift));
    if layout.signed {
        let mut values = Vec::with_capacity(n);
        values.extend(at_top.map(|cell| cell.cast_signed().wrapping_shr(shift)));
        StoredValues::Signed(values)
    } else {
        let mut values = Vec::with_capacity(n);
        values.extend(at_top.map(|cell| cell.wrapping_shr(shift)));
        StoredValues::Unsigned(values)
    }
}

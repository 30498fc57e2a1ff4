//! Stored values out of pixel cells (PS3.5 8.1), plain or decompressed.

use crate::decode::DecodeError;
use crate::decode::budget::Budget;
use crate::decode::codec::{Cells, Frame};
use crate::slice::StoredValues;

/// How the values lie in the bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    /// At least 1.
    pub(super) rows: usize,
    /// At least 1.
    pub(super) cols: usize,
    /// At least 1.
    pub(super) frames: usize,
    pub(super) cell: Cell,
    /// 8, 16 or 32.
    pub(super) bits_allocated: u16,
    /// 1 up to BitsAllocated; the lowest bits hold the value.
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
    ThirtyTwoLittle,
    ThirtyTwoBig,
}

impl Cell {
    fn bytes(self) -> usize {
        match self {
            Self::Eight | Self::EightSwapped => 1,
            Self::SixteenLittle | Self::SixteenBig => 2,
            Self::ThirtyTwoLittle | Self::ThirtyTwoBig => 4,
        }
    }
}

impl Layout {
    /// Bytes of one frame when its pixels lie plainly; `None` if that does not fit into a `usize`.
    fn frame_bytes(&self) -> Option<usize> {
        self.rows.checked_mul(self.cols)?.checked_mul(self.cell.bytes())
    }

    /// Bytes of the stored values of one frame.
    fn stored_bytes(&self) -> Option<usize> {
        self.rows.checked_mul(self.cols)?.checked_mul(self.cell.bytes().max(2))
    }
}

/// The stored values of every frame: bits above BitsStored cut off (old files keep overlays there), sign extended from
/// BitsStored.
///
/// PixelData must hold all pixels. It may be longer by less than one row and less than one column: that much is
/// padding, while a whole row or column more contradicts Rows or Columns, and the picture would come out skewed.
pub(super) fn native_frames(
    data: &[u8],
    layout: &Layout,
    budget: &mut Budget,
) -> Result<Vec<StoredValues>, DecodeError> {
    let needed = layout.frame_bytes().and_then(|n| n.checked_mul(layout.frames));
    budget.work("reading the image", needed)?;
    // Before the length is compared, so that an absurd size is named as such.
    budget.take("the image", layout.stored_bytes().and_then(|n| n.checked_mul(layout.frames)))?;
    let expected = needed.unwrap_or(usize::MAX);
    let least_contradiction = layout.rows.min(layout.cols).saturating_mul(layout.cell.bytes()).max(2);
    let excess = data.len().checked_sub(expected);
    if excess.is_none_or(|excess| excess >= least_contradiction) {
        return Err(DecodeError::PixelDataLength { expected, found: data.len() });
    }
    let frame_bytes = layout.frame_bytes().unwrap_or(usize::MAX).max(1);
    if layout.cell == Cell::EightSwapped {
        return swapped_frames(data, layout, frame_bytes);
    }
    data.chunks_exact(frame_bytes).take(layout.frames).map(|frame| plain_values(frame, layout)).collect()
}

fn plain_values(frame: &[u8], layout: &Layout) -> Result<StoredValues, DecodeError> {
    let pairs = frame.as_chunks::<2>().0.iter();
    let fours = frame.as_chunks::<4>().0.iter();
    match layout.cell {
        Cell::Eight | Cell::EightSwapped => Ok(narrow(frame.iter().map(|&byte| u16::from(byte)), layout)),
        Cell::SixteenLittle => Ok(narrow(pairs.map(|&pair| u16::from_le_bytes(pair)), layout)),
        Cell::SixteenBig => Ok(narrow(pairs.map(|&pair| u16::from_be_bytes(pair)), layout)),
        Cell::ThirtyTwoLittle => wide(fours.map(|&four| u32::from_le_bytes(four)), layout),
        Cell::ThirtyTwoBig => wide(fours.map(|&four| u32::from_be_bytes(four)), layout),
    }
}

/// PS3.5 A.3: in big endian, OW swaps the bytes of each word, and with them neighbouring cells, across frames too.
fn swapped_frames(data: &[u8], layout: &Layout, frame_bytes: usize) -> Result<Vec<StoredValues>, DecodeError> {
    let cells = |frame_idx: usize| {
        let start = frame_idx.saturating_mul(frame_bytes);
        // The last of an odd number of cells has its partner in the padding.
        let cell = move |at: usize| data.get(at ^ 1).or(data.get(at)).copied().map_or(0, u16::from);
        (start..start.saturating_add(frame_bytes)).map(cell)
    };
    Ok((0..layout.frames).map(|frame_idx| narrow(cells(frame_idx), layout)).collect())
}

/// The stored values of a decompressed frame.
///
/// The frame's own precision may be below BitsStored where values have no sign, or are given back with the sign of the
/// precision; it may be above as long as no value needs the bits in excess.
pub(super) fn decoded_frame(frame: Frame, layout: &Layout) -> Result<StoredValues, DecodeError> {
    // The other way round, values are those of the header's sign in as many bits: encoders that know no signs write that.
    if frame.is_signed == Some(true) && !layout.signed {
        return Err(DecodeError::SignContradictsHeader);
    }
    let (precision, bits_stored) = (frame.precision, layout.bits_stored);
    let contradiction = || DecodeError::PrecisionContradictsHeader { precision, bits_stored };
    match frame.cells {
        Cells::Narrow(cells) => {
            if precision > bits_stored {
                // What lies above BitsStored must be nothing, or the sign repeated.
                let spare = u32::from(16_u16.saturating_sub(bits_stored));
                let unused = u32::from(16_u16.saturating_sub(precision));
                let fits = |&cell: &u16| {
                    let whole = cell.wrapping_shl(unused);
                    let kept = cell.wrapping_shl(spare);
                    if layout.signed {
                        whole.cast_signed().wrapping_shr(unused) == kept.cast_signed().wrapping_shr(spare)
                    } else {
                        whole.wrapping_shr(unused) == kept.wrapping_shr(spare)
                    }
                };
                if !cells.iter().all(fits) {
                    return Err(contradiction());
                }
            }
            // Fewer bits than stored: the sign stands at the top of the precision.
            let bits = bits_stored.min(precision);
            Ok(narrow(cells.into_iter(), &Layout { bits_stored: bits, ..*layout }))
        }
        Cells::Wide(cells) => wide(cells.into_iter(), layout),
    }
}

/// Moving the value up against the top of 16 bits and back down cuts off what stands above it, and with an arithmetic
/// shift extends its sign.
fn narrow(cells: impl Iterator<Item = u16>, layout: &Layout) -> StoredValues {
    let shift = u32::from(16_u16.saturating_sub(layout.bits_stored));
    let at_top = cells.map(|cell| cell.wrapping_shl(shift));
    let n = layout.rows.saturating_mul(layout.cols);
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

/// The same for cells of 32 bits. Values from 2³¹ on are refused: they hold no Hounsfield units.
fn wide(cells: impl Iterator<Item = u32>, layout: &Layout) -> Result<StoredValues, DecodeError> {
    let shift = u32::from(32_u16.saturating_sub(layout.bits_stored));
    let mut values = Vec::with_capacity(layout.rows.saturating_mul(layout.cols));
    for cell in cells {
        let at_top = cell.wrapping_shl(shift);
        let value = if layout.signed {
            at_top.cast_signed().wrapping_shr(shift)
        } else {
            i32::try_from(at_top.wrapping_shr(shift)).map_err(|_| DecodeError::StoredValueTooLarge)?
        };
        values.push(value);
    }
    Ok(StoredValues::Wide(values))
}

//! High-throughput JPEG 2000 (ITU-T T.814) by `openjph-core`.
//!
//! The decoder reads one tile-part per tile, in the order of the tiles, whatever their headers say. So the parts of an
//! image of one tile are put together before, and an image of several tiles, which no encoder of CT images writes, is
//! refused.

use openjph_core::codestream::Codestream;
use openjph_core::file::MemInfile;

use super::Context;
use super::j2k_header::{Header, TilePart};
use crate::decode::DecodeError;

/// Marker segments in the header of a tile-part that say nothing which decoding needs: PLT and COM.
fn is_needless(header: &[u8]) -> bool {
    let mut rest = header;
    while let &[0xff, 0x58 | 0x64, l1, l0, ..] = rest {
        let length = usize::from(u16::from_be_bytes([l1, l0])).saturating_add(2);
        rest = rest.get(length..).unwrap_or_default();
    }
    rest.is_empty()
}

/// The codestream with all packets of its tile in one part.
pub(super) fn merge_parts(
    codestream: &[u8],
    header: &Header,
    parts: &[TilePart<'_>],
    context: Context,
) -> Result<Vec<u8>, DecodeError> {
    let is_simple = |part: &TilePart<'_>| part.tile == 0 && is_needless(part.header);
    if header.n_tiles != 1 || !parts.iter().all(is_simple) {
        return Err(context.unsupported("divided into tiles, as high-throughput coding"));
    }
    let packets = parts.iter().map(|part| part.packets.len()).fold(0, usize::saturating_add);
    let mut merged = codestream.get(..header.main_header_bytes).unwrap_or_default().to_vec();
    let length = u32::try_from(packets.saturating_add(14)).unwrap_or(0);
    merged.extend([0xff, 0x90, 0, 10, 0, 0]);
    merged.extend(length.to_be_bytes());
    merged.extend([0, 1, 0xff, 0x93]);
    parts.iter().for_each(|part| merged.extend_from_slice(part.packets));
    merged.extend([0xff, 0xd9]);
    Ok(merged)
}

/// The cells of the one component.
pub(super) fn decode(codestream: &[u8], header: &Header) -> Result<Vec<u16>, &'static str> {
    let broken = "its coded data break the rules of the format or end too early";
    let mut file = MemInfile::new(codestream);
    let mut decoder = Codestream::new();
    decoder.read_headers(&mut file).map_err(|_| broken)?;
    decoder.create(&mut file).map_err(|_| broken)?;
    let half = 1_i32 << header.precision.saturating_sub(1);
    let (low, high) = if header.is_signed {
        (half.wrapping_neg(), half.wrapping_sub(1))
    } else {
        (0, half.wrapping_mul(2).wrapping_sub(1))
    };
    let mut cells = Vec::with_capacity(header.rows.saturating_mul(header.cols));
    for _ in 0..header.rows {
        let line = decoder.pull(0).ok_or(broken)?;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 16 bits before")]
        cells.extend(line.iter().map(|&sample| sample.clamp(low, high) as u16));
    }
    Ok(cells)
}

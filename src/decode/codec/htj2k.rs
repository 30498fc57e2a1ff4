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

/// The main header with the segments that decoding needs, each checked: SIZ, CAP, COD, QCD. The decoder indexes by what
/// they say. What only helps to find packets, or is a comment, is left out, and whatever changes decoding is refused.
fn main_header(codestream: &[u8], context: Context) -> Result<Vec<u8>, DecodeError> {
    let mut kept = vec![0xff, 0x4f];
    let mut rest = codestream.get(2..).unwrap_or_default();
    let (mut levels, mut steps) = (None, None);
    while let &[0xff, marker, l1, l0, ..] = rest {
        if marker == 0x90 {
            break;
        }
        let length = usize::from(u16::from_be_bytes([l1, l0])).saturating_add(2);
        let whole = rest.get(..length).ok_or_else(|| context.damaged("its main header is cut off"))?;
        let segment = whole.get(4..).unwrap_or_default();
        rest = rest.get(length..).unwrap_or_default();
        match marker {
            // SIZ has been read by j2k_header; CAP names the features of T.814.
            0x51 | 0x50 => kept.extend_from_slice(whole),
            0x52 if levels.is_none() => {
                levels = Some(coding_style(segment).ok_or_else(|| context.damaged("its coding style does not exist"))?);
                kept.extend_from_slice(whole);
            }
            0x5c if steps.is_none() => {
                steps = Some(segment);
                kept.extend_from_slice(whole);
            }
            // COM, TLM, PLM, CRG.
            0x64 | 0x55 | 0x57 | 0x63 => {}
            _ => return Err(context.unsupported("with parameters of their own for a component or region")),
        }
    }
    let (Some((levels, is_reversible)), Some(steps)) = (levels, steps) else {
        return Err(context.damaged("its main header lacks a coding style or quantization"));
    };
    let n_bands = usize::from(levels).saturating_mul(3).saturating_add(1);
    // A.6.4: no quantization in bytes, or a step for every band in words.
    let is_whole = match steps.split_first() {
        Some((style, values)) if style & 31 == 0 => is_reversible && values.len() == n_bands,
        Some((style, values)) if style & 31 == 2 => !is_reversible && values.len() == n_bands.saturating_mul(2),
        _ => false,
    };
    if is_whole { Ok(kept) } else { Err(context.damaged("its quantization does not fit its coding style")) }
}

/// A.6.1: decomposition levels and whether the transform is reversible; `None` for what is not read.
fn coding_style(segment: &[u8]) -> Option<(u8, bool)> {
    let (&[style, order, l1, l0, _, levels, width, height, blocks, transform], precincts) =
        segment.split_first_chunk::<10>()?;
    // One layer, blocks of at most 4096 samples in high-throughput coding, no packet markers.
    let is_legal = style & !1 == 0
        && order <= 4
        && [l1, l0] == [0, 1]
        && levels <= 32
        && width <= 8
        && height <= 8
        && width.saturating_add(height) <= 8
        && blocks & 0x40 != 0
        && transform <= 1;
    // At a resolution above the lowest, a precinct holds at least one sample of each of its bands.
    let are_whole = if style & 1 == 0 {
        precincts.is_empty()
    } else {
        precincts.len() == usize::from(levels).saturating_add(1) && precincts.iter().all(|&p| p & 15 > 0 && p >> 4 > 0)
    };
    (is_legal && are_whole).then_some((levels, transform == 1))
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
    // T.800 B.10.8 and T.814: in packets, a byte of ones is followed by less than 0x90. The decoder takes that for granted.
    let holds_marker = |part: &TilePart<'_>| part.packets.array_windows().any(|&[a, b]| a == 0xff && b > 0x8f);
    if parts.iter().any(holds_marker) {
        return Err(context.damaged("its coded data hold a marker"));
    }
    let packets = parts.iter().map(|part| part.packets.len()).fold(0, usize::saturating_add);
    let mut merged = main_header(codestream, context)?;
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

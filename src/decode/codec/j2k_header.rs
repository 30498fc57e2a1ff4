//! The main header of a JPEG 2000 codestream (ITU-T T.800 annex A), as far as it says what decoding will take.
//!
//! The decoders allocate for every tile, precinct and code-block that a header announces, before any of their data is
//! seen. So the header is read here first, and a codestream that announces more of them than an image of its size needs
//! is refused.

use super::Context;
use crate::decode::DecodeError;

/// What a codestream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) rows: usize,
    pub(super) cols: usize,
    pub(super) precision: u16,
    pub(super) is_signed: bool,
    /// Whether the blocks are coded as in T.814 (Rsiz bit 14).
    pub(super) is_high_throughput: bool,
    /// Packets to come, all tiles together.
    pub(super) n_packets: usize,
    pub(super) n_tiles: usize,
    /// Bytes before the first tile-part.
    pub(super) main_header_bytes: usize,
}

/// RGN (A.6.3) shifts the coefficients of a region by up to 255 bits. No encoder of CT images writes it.
const REGION: &str = "with a region of interest";

/// Packets that an image may have: 64 tiles of 6 resolutions, 32 layers and some precincts are far below.
const MAX_PACKETS: usize = 1 << 17;
/// Tiles that an image may have.
const MAX_TILES: usize = 1 << 12;

/// The codestream inside a JP2 file (T.800 annex I), which some encoders store although PS3.5 A.4.4 asks for the
/// codestream alone; the bytes themselves if they are one.
pub(super) fn codestream(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes;
    if rest.starts_with(&[0xff, 0x4f, 0xff, 0x51]) {
        return Some(rest);
    }
    loop {
        let (length, behind) = rest.split_first_chunk::<4>()?;
        let (kind, behind) = behind.split_first_chunk::<4>()?;
        let content = match u32::from_be_bytes(*length) {
            0 => behind,
            1 => {
                let (length, content) = behind.split_first_chunk::<8>()?;
                content.get(..usize::try_from(u64::from_be_bytes(*length)).ok()?.checked_sub(16)?)?
            }
            length => behind.get(..usize::try_from(length).ok()?.checked_sub(8)?)?,
        };
        if kind == b"jp2c" {
            return content.starts_with(&[0xff, 0x4f, 0xff, 0x51]).then_some(content);
        }
        let header = if *length == [0, 0, 0, 1] { 16_usize } else { 8 };
        rest = rest.get(header.checked_add(content.len())?..)?;
    }
}

/// Reads SIZ, COD and what may stand beside them, up to the first tile.
pub(super) fn read(codestream: &[u8], context: Context) -> Result<Header, DecodeError> {
    let cut_off = || context.damaged("its main header is cut off");
    let mut rest = codestream.get(2..).ok_or_else(cut_off)?;
    let mut header: Option<Header> = None;
    let mut n_packets: usize = 0;
    loop {
        let (&[0xff, marker, l1, l0], behind) = rest.split_first_chunk::<4>().ok_or_else(cut_off)? else {
            return Err(context.damaged("a marker is missing in its main header"));
        };
        if marker == 0x90 {
            break;
        }
        let length = usize::from(u16::from_be_bytes([l1, l0])).checked_sub(2);
        let (segment, behind) = length.and_then(|length| behind.split_at_checked(length)).ok_or_else(cut_off)?;
        rest = behind;
        match marker {
            0x51 => header = Some(size(segment, context)?),
            // COD and COC: the packets of the component they are for.
            0x52 | 0x53 => {
                let header = header.ok_or_else(|| context.damaged("SIZ is not the first marker"))?;
                let n = packets(segment, marker == 0x53, &header);
                let n = n.filter(|&n| n <= MAX_PACKETS);
                let n = n.ok_or_else(|| context.damaged("it announces more packets than its size needs"))?;
                n_packets = n_packets.max(n);
            }
            0x5e => return Err(context.unsupported(REGION)),
            _ => {}
        }
    }
    let header = header.ok_or_else(|| context.damaged("it has no image size"))?;
    if n_packets == 0 {
        return Err(context.damaged("it has no coding style"));
    }
    let main_header_bytes = codestream.len().saturating_sub(rest.len());
    Ok(Header { n_packets, main_header_bytes, ..header })
}

/// The packets of one tile, or of a part of it.
pub(super) struct TilePart<'a> {
    pub(super) tile: usize,
    /// Marker segments between SOT and SOD.
    pub(super) header: &'a [u8],
    pub(super) packets: &'a [u8],
}

/// The tile-parts behind the main header (A.4.2). They must fill the codestream to its end, and every tile must have
/// one: a decoder takes what is missing for a picture without detail.
pub(super) fn tile_parts<'a>(
    codestream: &'a [u8],
    header: &Header,
    context: Context,
) -> Result<Vec<TilePart<'a>>, DecodeError> {
    let mut parts: Vec<TilePart<'a>> = Vec::new();
    let mut seen = vec![false; header.n_tiles];
    let mut n_packets = header.n_packets;
    let mut rest = codestream.get(header.main_header_bytes..).unwrap_or_default();
    while let Some((&[0xff, 0x90, 0, 10, i1, i0, p3, p2, p1, p0, _, _], behind)) = rest.split_first_chunk::<12>() {
        let length = usize::try_from(u32::from_be_bytes([p3, p2, p1, p0])).unwrap_or(usize::MAX);
        // The length counts from the marker on; 0 stands for all up to the end marker.
        let body = if length == 0 {
            behind.strip_suffix(&[0xff, 0xd9])
        } else {
            length.checked_sub(12).and_then(|length| behind.get(..length))
        };
        let body = body.ok_or_else(|| context.damaged("it ends too early"))?;
        rest = behind.get(body.len()..).unwrap_or_default();
        let tile = usize::from(u16::from_be_bytes([i1, i0]));
        n_packets = n_packets.saturating_add(check_tile_header(body, header, context)?);
        if n_packets > MAX_PACKETS {
            return Err(context.damaged("it announces more packets than its size needs"));
        }
        let (header, packets) = split_header(body).ok_or_else(|| context.damaged("the header of a tile is cut off"))?;
        *seen.get_mut(tile).ok_or_else(|| context.damaged("a tile lies outside of the image"))? = true;
        parts.push(TilePart { tile, header, packets });
        if parts.len() > MAX_PACKETS {
            return Err(context.damaged("it is divided into too many parts"));
        }
    }
    // Some encoders leave the end marker out; a byte of padding makes the length even.
    if !(matches!(rest, [] | [0]) || rest.starts_with(&[0xff, 0xd9])) || !seen.iter().all(|&seen| seen) {
        return Err(context.damaged("it ends too early"));
    }
    Ok(parts)
}

/// How many packets the coding styles in the header of a tile-part announce, each as if it held for the whole image.
fn check_tile_header(body: &[u8], header: &Header, context: Context) -> Result<usize, DecodeError> {
    let cut_off = || context.damaged("the header of a tile is cut off");
    let (segments, _) = split_header(body).ok_or_else(cut_off)?;
    let (mut rest, mut n) = (segments, 0_usize);
    while let &[_, marker, l1, l0, ref behind @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([l1, l0])).checked_sub(2);
        let (segment, behind) = length.and_then(|length| behind.split_at_checked(length)).ok_or_else(cut_off)?;
        rest = behind;
        match marker {
            0x52 | 0x53 => {
                let packets = packets(segment, marker == 0x53, header);
                let packets = packets.ok_or_else(|| context.damaged("the coding style of a tile does not exist"))?;
                n = n.saturating_add(packets);
            }
            0x5e => return Err(context.unsupported(REGION)),
            _ => {}
        }
    }
    Ok(n)
}

/// The marker segments before SOD, and what stands behind it.
fn split_header(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut at: usize = 0;
    loop {
        match body.get(at..)? {
            [0xff, 0x93, packets @ ..] => return Some((body.get(..at)?, packets)),
            [0xff, _, l1, l0, ..] => {
                at = at.checked_add(2)?.checked_add(usize::from(u16::from_be_bytes([*l1, *l0])))?;
            }
            _ => return None,
        }
    }
}

/// A.5.1.
fn size(segment: &[u8], context: Context) -> Result<Header, DecodeError> {
    let fields = || {
        let (rsiz, rest) = segment.split_first_chunk::<2>()?;
        let (words, rest) = rest.split_first_chunk::<32>()?;
        let mut words = words.as_chunks::<4>().0.iter().map(|word| u32::from_be_bytes(*word));
        let mut next = || usize::try_from(words.next()?).ok();
        let [x1, y1, x0, y0, tile_w, tile_h, tile_x0, tile_y0] =
            [next()?, next()?, next()?, next()?, next()?, next()?, next()?, next()?];
        let (n_components, rest) = rest.split_first_chunk::<2>()?;
        let &[depth, across, down] = rest.first_chunk::<3>()?;
        let tiles_across = x1.checked_sub(tile_x0)?.div_ceil(tile_w.max(1));
        let tiles_down = y1.checked_sub(tile_y0)?.div_ceil(tile_h.max(1));
        let header = Header {
            rows: y1.checked_sub(y0)?,
            cols: x1.checked_sub(x0)?,
            precision: u16::from(depth & 0x7f).checked_add(1)?,
            is_signed: depth & 0x80 != 0,
            is_high_throughput: u16::from_be_bytes(*rsiz) & 0x4000 != 0,
            n_packets: 0,
            n_tiles: tiles_across.checked_mul(tiles_down)?,
            main_header_bytes: 0,
        };
        let is_single = u16::from_be_bytes(*n_components) == 1;
        let is_whole = across == 1 && down == 1 && tile_w > 0 && tile_h > 0;
        Some((header, is_single, is_whole))
    };
    let (header, is_single, is_whole) = fields().ok_or_else(|| context.damaged("its image size contradicts itself"))?;
    if !is_single {
        return Err(context.unsupported("an image in colour"));
    }
    if !is_whole || header.n_tiles == 0 || header.n_tiles > MAX_TILES {
        return Err(context.damaged("its size is divided into too many tiles"));
    }
    Ok(header)
}

/// A.6.1 and A.6.2: how many packets a coding style makes of an image, all its tiles together.
fn packets(segment: &[u8], is_component: bool, header: &Header) -> Option<usize> {
    let (&style, rest) = segment.split_first()?;
    let (n_layers, style, rest) = if is_component {
        // COC: component, style of the component.
        let (&style, rest) = rest.split_first()?;
        (1, style, rest)
    } else {
        let (&[_, l1, l0, _], rest) = rest.split_first_chunk::<4>()?;
        (usize::from(u16::from_be_bytes([l1, l0])), style, rest)
    };
    let (&[n_levels, _, _, _, _], precincts) = rest.split_first_chunk::<5>()?;
    if n_levels > 32 || n_layers == 0 {
        return None;
    }
    let mut n: usize = 0;
    for resolution in 0..=n_levels {
        let exponents = if style & 1 != 0 { *precincts.get(usize::from(resolution))? } else { 0xff };
        let shrink = u32::from(n_levels.checked_sub(resolution)?);
        let along = |length: usize, exponent: u8| {
            let length = length.checked_shr(shrink)?.checked_add(1)?;
            length.div_ceil(1 << exponent).checked_add(1)
        };
        // Per tile the edges add at most one in each direction, which `along` has counted.
        let across = along(header.cols, exponents & 15)?;
        let down = along(header.rows, exponents >> 4)?;
        n = n.checked_add(across.checked_mul(down)?.max(header.n_tiles))?;
    }
    n.checked_mul(n_layers)
}

//! JPEG 2000 (ITU-T T.800) by `hayro-jpeg2000`, and the choice of the high-throughput decoder.

use hayro_jpeg2000::{DecodeSettings, DecoderContext, Image};

use super::j2k_header::{self, Header};
use super::{Cells, Context, Frame, htj2k};
use crate::decode::DecodeError;
use crate::decode::budget::Budget;

/// What the decoder holds per pixel: coefficients, the transform's output, and the finished component, each in 32
/// bits, with the coding passes of its blocks.
const BYTES_PER_PIXEL: usize = 24;

/// What a packet takes: its part of a tag tree, of a precinct, of the list of blocks.
const BYTES_PER_PACKET: usize = 64;

pub(super) fn decode(bytes: &[u8], context: Context, budget: &mut Budget) -> Result<Frame, DecodeError> {
    let codestream = j2k_header::codestream(bytes);
    let codestream = codestream.ok_or_else(|| context.damaged("it does not begin as a JPEG 2000 image"))?;
    let header = j2k_header::read(codestream, context)?;
    context.check_size(header.rows, header.cols, header.precision, budget)?;
    let n = header.rows.checked_mul(header.cols);
    let working = n
        .and_then(|n| n.checked_mul(BYTES_PER_PIXEL))
        .and_then(|bytes| bytes.checked_add(header.n_packets.checked_mul(BYTES_PER_PACKET)?))
        .and_then(|bytes| bytes.checked_add(codestream.len().checked_mul(2)?));
    budget.take("the JPEG 2000 decoder", working)?;
    let parts = j2k_header::tile_parts(codestream, &header, context)?;
    let cells = if header.is_high_throughput {
        let merged = htj2k::merge_parts(codestream, &header, &parts, context)?;
        htj2k::decode(&merged, &header)
    } else {
        part_1(codestream, &header)
    };
    budget.give_back(working.unwrap_or(0));
    let cells = cells.map_err(|reason| context.damaged(reason))?;
    if n != Some(cells.len()) {
        return Err(context.damaged("it does not hold as many pixels as its size says"));
    }
    Ok(Frame { cells: Cells::Narrow(cells), precision: header.precision, is_signed: Some(header.is_signed) })
}

fn part_1(codestream: &[u8], header: &Header) -> Result<Vec<u16>, &'static str> {
    let settings = DecodeSettings { strict: true, ..DecodeSettings::default() };
    let broken = "its coded data break the rules of the format or end too early";
    let image = Image::new(codestream, &settings).map_err(|_| broken)?;
    let mut decoder = DecoderContext::default();
    let decoded = image.decode(&mut decoder).map_err(|_| broken)?;
    let samples = decoded.components().first().ok_or("it has no component")?.samples();
    // The decoder adds half the range whether or not the samples have a sign.
    let half = f32::from(1_u16 << header.precision.saturating_sub(1));
    let shift = if header.is_signed { half } else { 0.0 };
    Ok(samples.iter().map(|&sample| header.cell((sample - shift).round_ties_even())).collect())
}

impl Header {
    /// A sample in two's complement, clamped to the range of the precision; NaN becomes 0.
    #[inline]
    fn cell(&self, sample: f32) -> u16 {
        let full = f32::from(u16::MAX >> 16_u16.saturating_sub(self.precision));
        let half = (full + 1.0) * 0.5;
        let (low, high) = if self.is_signed { (-half, half - 1.0) } else { (0.0, full) };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 16 bits before")]
        let cell = (sample.clamp(low, high) as i32) as u16;
        cell
    }
}

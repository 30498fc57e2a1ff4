//! Compressed frames of DICOM images, from a whole frame's bytes to the cells of its pixels.
//!
//! In: the bytes of one frame, put together from its fragments, and what the header says about it. Out: one cell per
//! pixel, row-major, as if the frame had been stored uncompressed (PS3.5 8.2). A frame's own size, number of components
//! and precision are compared with the header before anything is allocated from them: a frame that contradicts its
//! header is refused, whichever of the two is right. A frame that ends too early is refused as well, since what is
//! missing would look like air.

mod bits;
mod htj2k;
mod huffman;
mod j2k_header;
mod jpeg;
mod jpeg2000;
mod jpegls;
mod rle;

use super::DecodeError;
use super::budget::Budget;

/// A family of compressed frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    /// RLE (PS3.5 annex G).
    Rle,
    /// All Huffman-coded processes of JPEG (ITU-T T.81): sequential and progressive DCT, lossless.
    Jpeg,
    /// JPEG-LS (ITU-T T.87), lossless and near-lossless.
    JpegLs,
    /// JPEG 2000 (ITU-T T.800) and its high-throughput kind (T.814); the codestream says which it is.
    Jpeg2000,
}

impl Codec {
    /// Steps of [`Budget::work`] that a pixel takes.
    fn steps_per_pixel(self) -> usize {
        match self {
            Self::Rle => 2,
            Self::Jpeg => 6,
            Self::JpegLs => 8,
            Self::Jpeg2000 => 24,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Rle => "RLE",
            Self::Jpeg => "JPEG",
            Self::JpegLs => "JPEG-LS",
            Self::Jpeg2000 => "JPEG 2000",
        }
    }
}

/// What the header says about a frame.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected {
    /// At least 1.
    pub(super) rows: usize,
    /// At least 1.
    pub(super) cols: usize,
    /// 8, 16 or 32.
    pub(super) bits_allocated: u16,
}

/// The pixels of one frame.
#[derive(Debug)]
pub(super) struct Frame {
    /// `rows × cols` cells: the value in the lowest `precision` bits, in two's complement where it is negative.
    pub(super) cells: Cells,
    /// Bits of a value, at most BitsAllocated.
    pub(super) precision: u16,
    /// Whether the frame itself says that its values have a sign; `None` where its format has no way to say so.
    pub(super) is_signed: Option<bool>,
}

/// Cells in the narrowest type that holds BitsAllocated.
#[derive(Debug)]
pub(super) enum Cells {
    /// 8 or 16 bits.
    Narrow(Vec<u16>),
    /// 32 bits.
    Wide(Vec<u32>),
}

/// Decodes one frame.
pub(super) fn decode(
    codec: Codec,
    bytes: &[u8],
    expected: Expected,
    budget: &mut Budget,
) -> Result<Frame, DecodeError> {
    let context = Context { codec, expected };
    match codec {
        Codec::Rle => rle::decode(bytes, context, budget),
        Codec::Jpeg => jpeg::decode(bytes, context, budget),
        Codec::JpegLs => jpegls::decode(bytes, context, budget),
        Codec::Jpeg2000 => jpeg2000::decode(bytes, context, budget),
    }
}

/// What every decoder needs to know, and to refuse with.
#[derive(Debug, Clone, Copy)]
struct Context {
    codec: Codec,
    expected: Expected,
}

impl Context {
    fn damaged(self, reason: &'static str) -> DecodeError {
        DecodeError::FrameDamaged { codec: self.codec.name(), reason }
    }

    fn unsupported(self, what: &'static str) -> DecodeError {
        DecodeError::FrameUnsupported { codec: self.codec.name(), what }
    }

    /// Compares the frame's own size with the header's, and asks the budget for its cells of 16 bits and for the work of
    /// decoding them.
    fn check_size(self, rows: usize, cols: usize, bits: u16, budget: &mut Budget) -> Result<(), DecodeError> {
        let Expected { rows: header_rows, cols: header_cols, bits_allocated } = self.expected;
        if (rows, cols) != (header_rows, header_cols) || bits > bits_allocated || bits > 16 {
            return Err(DecodeError::FrameContradictsHeader {
                codec: self.codec.name(),
                found: format!("{cols} x {rows} pixels of {bits} bits"),
                expected: format!("{header_cols} x {header_rows} pixels of at most {} bits", bits_allocated.min(16)),
            });
        }
        let n = rows.checked_mul(cols);
        budget.work("decoding the image", n.and_then(|n| n.checked_mul(self.codec.steps_per_pixel())))?;
        budget.take("the image", n.and_then(|n| n.checked_mul(2)))
    }
}

//! JPEG (ITU-T T.81): marker segments, Huffman tables, and which process decodes the scans.
//!
//! Read are the processes 1, 2, 4 (sequential), 6, 8, 10, 12 (progressive) and 14 (lossless), each with Huffman coding
//! and one component, with 8 or 12 bits (DCT) or 2 to 16 bits (lossless). Which process it is, the frame header says;
//! the transfer syntax is not asked, because encoders mix them up and the frame leaves no doubt.

mod dct;
mod lossless;

use dct::{Coefficients, Scan};

use super::huffman::{Entropy, Huffman};
use super::{Cells, Context, Frame};
use crate::decode::DecodeError;
use crate::decode::budget::Budget;

const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;
const DQT: u8 = 0xdb;
const DHT: u8 = 0xc4;
const DRI: u8 = 0xdd;

/// Steps of [`Budget::work`] for a marker segment: a table in it is built anew, whether or not a scan follows.
const SEGMENT_STEPS: usize = 2048;

/// How the scans are coded, by the number in SOFn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Process {
    Sequential,
    Progressive,
    Lossless,
}

/// The frame header (B.2.2) of a frame with one component.
#[derive(Debug, Clone, Copy)]
struct FrameHeader {
    process: Process,
    precision: u16,
    component: u8,
    quantization: u8,
}

/// The scan header (B.2.3).
struct ScanHeader<'a> {
    tables: [u8; 2],
    start: u8,
    end: u8,
    high: u8,
    low: u8,
    behind: &'a [u8],
}

/// What the marker segments before a scan have set.
#[derive(Default)]
struct Tables {
    /// In zigzag order.
    quantization: [Option<[u16; 64]>; 4],
    dc: [Option<Huffman>; 4],
    ac: [Option<Huffman>; 4],
    restart_interval: usize,
}

pub(super) fn decode(bytes: &[u8], context: Context, budget: &mut Budget) -> Result<Frame, DecodeError> {
    let damaged = |reason| context.damaged(reason);
    let mut rest = bytes.strip_prefix(&[0xff, SOI]).ok_or_else(|| damaged("it does not begin as a JPEG image"))?;
    let mut tables = Tables::default();
    let mut header: Option<FrameHeader> = None;
    let mut dct: Option<Coefficients> = None;
    let mut lossless: Option<Vec<u16>> = None;
    loop {
        let (marker, behind) = next_marker(rest, context)?;
        rest = behind;
        if marker == EOI {
            break;
        }
        if matches!(marker, 0x01 | 0xd0..=0xd7) {
            continue;
        }
        let (segment, behind) = segment_of(rest).ok_or_else(|| damaged("a marker segment is cut off"))?;
        rest = behind;
        budget.work("reading the tables", Some(SEGMENT_STEPS))?;
        match marker {
            DQT => quantization_tables(segment, &mut tables).ok_or_else(|| damaged("a quantization table is wrong"))?,
            DHT => huffman_tables(segment, &mut tables).ok_or_else(|| damaged("a Huffman table is wrong"))?,
            DRI => {
                let length = segment.first_chunk().ok_or_else(|| damaged("the restart interval is cut off"))?;
                tables.restart_interval = usize::from(u16::from_be_bytes(*length));
            }
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf | 0xf7 => {
                if header.is_some() {
                    return Err(damaged("it holds a second frame header"));
                }
                let frame = frame_header(marker, segment, context, budget)?;
                if frame.process != Process::Lossless {
                    let (rows, cols) = (context.expected.rows, context.expected.cols);
                    let is_progressive = frame.process == Process::Progressive;
                    dct = Some(Coefficients::new(rows, cols, is_progressive, budget)?);
                }
                header = Some(frame);
            }
            SOS => {
                let frame = header.ok_or_else(|| damaged("a scan stands before the frame header"))?;
                let scan = scan_header(segment, frame, rest).ok_or_else(|| damaged("a scan header is wrong"))?;
                let coded = Entropy::new(scan.behind);
                rest = coded.behind;
                budget.take("the scan", Some(coded.bytes.len()))?;
                let blocks = dct.as_ref().map_or(0, Coefficients::n_blocks);
                let band = usize::from(scan.end.saturating_sub(scan.start)).saturating_add(8);
                budget.work("decoding the scans", blocks.checked_mul(band.min(32)))?;
                let [dc, ac] = scan.tables.map(usize::from);
                let dc = tables.dc.get(dc).and_then(Option::as_ref);
                if frame.process == Process::Lossless {
                    let table = dc.ok_or_else(|| damaged("a Huffman table is missing"))?;
                    let image = lossless::Image {
                        rows: context.expected.rows,
                        cols: context.expected.cols,
                        precision: frame.precision,
                        predictor: scan.start,
                        point_transform: scan.low,
                        restart_interval: tables.restart_interval,
                    };
                    if lossless.is_some() {
                        return Err(damaged("it holds a second scan"));
                    }
                    lossless = Some(lossless::decode(&image, table, &coded).map_err(damaged)?);
                } else if let Some(coefficients) = dct.as_mut() {
                    let scan = Scan {
                        dc,
                        ac: tables.ac.get(ac).and_then(Option::as_ref),
                        start: usize::from(scan.start),
                        end: usize::from(scan.end),
                        high: u32::from(scan.high),
                        low: u32::from(scan.low),
                        restart_interval: tables.restart_interval,
                    };
                    coefficients.read(&scan, &coded).map_err(damaged)?;
                }
                budget.give_back(coded.bytes.len());
                // A sequential or lossless frame of one component has one scan; what follows it says nothing new.
                if frame.process != Process::Progressive {
                    break;
                }
            }
            _ => {}
        }
    }
    let frame = header.ok_or_else(|| damaged("it has no frame header"))?;
    let cells = match (lossless, dct) {
        (Some(values), _) => values,
        (None, Some(coefficients)) => {
            let table = tables.quantization.get(usize::from(frame.quantization)).copied().flatten();
            let table = table.ok_or_else(|| damaged("its quantization table is missing"))?;
            coefficients.pixels(&table, frame.precision).map_err(damaged)?
        }
        (None, None) => return Err(damaged("it has no scan")),
    };
    Ok(Frame { cells: Cells::Narrow(cells), precision: frame.precision, is_signed: None })
}

/// The next marker and what stands behind it; fill bytes are stepped over.
fn next_marker(bytes: &[u8], context: Context) -> Result<(u8, &[u8]), DecodeError> {
    let Some((0xff, mut rest)) = bytes.split_first().map(|(&byte, rest)| (byte, rest)) else {
        return Err(context.damaged(if bytes.is_empty() { "it ends too early" } else { "a marker is missing" }));
    };
    loop {
        match rest.split_first() {
            Some((0xff, behind)) => rest = behind,
            Some((&marker, behind)) => return Ok((marker, behind)),
            None => return Err(context.damaged("it ends too early")),
        }
    }
}

/// The content of a marker segment, and what stands behind it.
fn segment_of(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)).checked_sub(2)?)
}

fn frame_header(marker: u8, segment: &[u8], context: Context, budget: &mut Budget) -> Result<FrameHeader, DecodeError> {
    let process = match marker {
        0xc0 | 0xc1 => Process::Sequential,
        0xc2 => Process::Progressive,
        0xc3 => Process::Lossless,
        0xf7 => return Err(context.unsupported("a JPEG-LS image under a transfer syntax of JPEG")),
        0xc5..=0xc7 => return Err(context.unsupported("hierarchical coding")),
        _ => return Err(context.unsupported("arithmetic coding")),
    };
    let Some(&[precision, r1, r0, c1, c0, n_components]) = segment.first_chunk::<6>() else {
        return Err(context.damaged("its frame header is cut off"));
    };
    let Some(&[component, _, quantization]) = segment.get(6..9).and_then(|rest| rest.first_chunk::<3>()) else {
        return Err(context.damaged("its frame header is cut off"));
    };
    if n_components != 1 {
        return Err(context.unsupported("an image in colour"));
    }
    let is_legal = match process {
        Process::Lossless => (2..=16).contains(&precision),
        _ => precision == 8 || precision == 12,
    };
    if !is_legal {
        return Err(context.damaged("its precision is not one of those the standard has"));
    }
    let (rows, cols) = (u16::from_be_bytes([r1, r0]), u16::from_be_bytes([c1, c0]));
    let precision = u16::from(precision);
    context.check_size(usize::from(rows), usize::from(cols), precision, budget)?;
    Ok(FrameHeader { process, precision, component, quantization })
}

fn scan_header<'a>(segment: &[u8], frame: FrameHeader, behind: &'a [u8]) -> Option<ScanHeader<'a>> {
    let &[1, component, tables, start, end, approximation] = segment else { return None };
    (component == frame.component).then_some(ScanHeader {
        tables: [tables >> 4, tables & 15],
        start,
        end,
        high: approximation >> 4,
        low: approximation & 15,
        behind,
    })
}

/// B.2.4.1.
fn quantization_tables(mut segment: &[u8], tables: &mut Tables) -> Option<()> {
    while let Some((&first, rest)) = segment.split_first() {
        let mut table = [0_u16; 64];
        if first >> 4 == 0 {
            let (values, behind) = rest.split_first_chunk::<64>()?;
            table.iter_mut().zip(values).for_each(|(to, &from)| *to = u16::from(from));
            segment = behind;
        } else {
            let (values, behind) = rest.split_at_checked(128)?;
            table.iter_mut().zip(values.as_chunks().0).for_each(|(to, &from)| *to = u16::from_be_bytes(from));
            segment = behind;
        }
        *tables.quantization.get_mut(usize::from(first & 15))? = Some(table);
    }
    Some(())
}

/// B.2.4.2.
fn huffman_tables(mut segment: &[u8], tables: &mut Tables) -> Option<()> {
    while let Some((&first, rest)) = segment.split_first() {
        let (counts, rest) = rest.split_first_chunk::<16>()?;
        let n: usize = counts.iter().map(|&count| usize::from(count)).sum();
        let (symbols, behind) = rest.split_at_checked(n)?;
        let table = Huffman::new(counts, symbols)?;
        let class = if first >> 4 == 0 { &mut tables.dc } else { &mut tables.ac };
        *class.get_mut(usize::from(first & 15))? = Some(table);
        segment = behind;
    }
    Some(())
}

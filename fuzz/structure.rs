//! Changes to files that keep their structure: one field of a DICOM element, of a NIfTI header or of a zip directory gets a
//! value that means something, and everything around it stays valid. Changes of single bytes hardly ever get behind the
//! first check.
//!
//! Shared by the targets of cargo-fuzz beside this file, as their mutator, and by `tests/decode/fuzz.rs`.

/// Numbers at which readers break.
const NUMBERS: [i64; 14] = [0, 1, -1, 2, 7, 8, 12, 16, 255, 4096, 32_767, 65_535, 0x7fff_ffff, 0xffff_fffe];

/// Decimal texts at which readers break.
const TEXTS: [&str; 18] = [
    "0",
    "1",
    "-1",
    "-1024",
    "0.001",
    "1e-9",
    "1e308",
    "-1e308",
    "100000",
    "nan",
    "inf",
    "",
    "HU",
    "US",
    "1\\0\\0\\0\\1\\0",
    "0.8\\0.8",
    "1e-300\\1e300",
    "DERIVED\\SECONDARY\\AXIAL\\IODINE",
];

/// Real numbers at which readers break.
const REALS: [f32; 12] =
    [0.0, 1.0, -1.0, 0.8, 1e-30, 1e30, 352.0, -1024.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX];

/// Changes one field; leaves files of other kinds as they are. `below` gives a number below its argument.
pub(crate) fn change(bytes: &mut Vec<u8>, below: &mut dyn FnMut(usize) -> usize) -> bool {
    if bytes.get(128..132) == Some(b"DICM") {
        return dicom(bytes, below).is_some();
    }
    if bytes.get(344..348) == Some(b"n+1\0") {
        return nifti(bytes, below).is_some();
    }
    bytes.starts_with(b"PK") && zip(bytes, below).is_some()
}

/// One element of the outermost level, explicit VR little endian: start, start of its value, its end.
fn elements(bytes: &[u8]) -> Vec<(usize, usize, usize)> {
    let mut found = Vec::new();
    let mut at = 132;
    while let Some(header) = bytes.get(at..at + 8) {
        let vr = &header[4..6];
        let is_long = [b"OB", b"OW", b"OV", b"SQ", b"UN", b"UT"].iter().any(|long| vr == *long);
        let (start, length) = if is_long {
            let Some(length) = bytes.get(at + 8..at + 12) else { break };
            (at + 12, u32::from_le_bytes([length[0], length[1], length[2], length[3]]) as usize)
        } else {
            (at + 8, usize::from(u16::from_le_bytes([header[6], header[7]])))
        };
        let Some(end) = start.checked_add(length).filter(|&end| end <= bytes.len()) else { break };
        found.push((at, start, end));
        at = end;
    }
    found
}

fn dicom(bytes: &mut Vec<u8>, below: &mut dyn FnMut(usize) -> usize) -> Option<()> {
    let elements = elements(bytes);
    let &(at, start, end) = elements.get(below(elements.len()))?;
    match below(8) {
        0 => _ = bytes.drain(at..end),
        1 => {
            let copy = bytes[at..end].to_vec();
            bytes.splice(end..end, copy);
        }
        2 => {
            // Another element's value.
            let &(_, from, to) = elements.get(below(elements.len()))?;
            let value = bytes[from..to].to_vec();
            set(bytes, at, start, end, value);
        }
        _ if matches!(&bytes[at + 4..at + 6], b"US" | b"SS") => {
            let number = NUMBERS[below(NUMBERS.len())];
            set(bytes, at, start, end, number.to_le_bytes()[..2].to_vec());
        }
        _ if matches!(&bytes[at + 4..at + 6], b"OB" | b"OW" | b"SQ" | b"UN") => {
            let n = below(end - start + 1);
            let value = bytes[start..start + n].to_vec();
            set(bytes, at, start, end, value);
        }
        _ => {
            let mut value = TEXTS[below(TEXTS.len())].as_bytes().to_vec();
            value.resize(value.len().next_multiple_of(2), b' ');
            set(bytes, at, start, end, value);
        }
    }
    Some(())
}

/// Gives an element another value, and its header the length of it.
fn set(bytes: &mut Vec<u8>, at: usize, start: usize, end: usize, value: Vec<u8>) {
    let length = u32::try_from(value.len()).unwrap_or(0).to_le_bytes();
    if start - at == 12 {
        bytes[at + 8..at + 12].copy_from_slice(&length);
    } else {
        bytes[at + 6..at + 8].copy_from_slice(&length[..2]);
    }
    bytes.splice(start..end, value);
}

/// Offset and width of the fields of NIfTI-1 that a reader uses: dim, datatype, codes in 16 bits; pixdim, offset, slope,
/// intercept, quaternion, sform as real numbers.
fn nifti(bytes: &mut [u8], below: &mut dyn FnMut(usize) -> usize) -> Option<()> {
    const WORDS: [usize; 12] = [40, 42, 44, 46, 48, 50, 70, 72, 252, 254, 123, 122];
    if below(2) == 0 {
        let at = WORDS[below(WORDS.len())];
        let number = NUMBERS[below(NUMBERS.len())].to_le_bytes();
        bytes.get_mut(at..at + 2)?.copy_from_slice(&number[..2]);
    } else {
        let at =
            [76, 80, 84, 88, 108, 112, 116, 256, 268][below(9)].max(280 * usize::from(below(3) == 0)) + 4 * below(3);
        let number = REALS[below(REALS.len())].to_le_bytes();
        bytes.get_mut(at..at + 4)?.copy_from_slice(&number);
    }
    Some(())
}

/// A field of an entry of the central directory, or of its end.
fn zip(bytes: &mut [u8], below: &mut dyn FnMut(usize) -> usize) -> Option<()> {
    let of = |signature: &[u8]| -> Vec<usize> {
        (0..bytes.len().saturating_sub(4)).filter(|&at| bytes[at..].starts_with(signature)).collect()
    };
    let (signature, fields): (&[u8], &[(usize, usize)]) = match below(3) {
        0 => (b"PK\x01\x02", &[(8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (30, 2), (32, 2), (42, 4)]),
        1 => (b"PK\x03\x04", &[(6, 2), (8, 2), (26, 2), (28, 2)]),
        _ => (b"PK\x05\x06", &[(4, 2), (8, 2), (10, 2), (12, 4), (16, 4)]),
    };
    let places = of(signature);
    let &place = places.get(below(places.len()))?;
    let (offset, width) = fields[below(fields.len())];
    let number = NUMBERS[below(NUMBERS.len())].to_le_bytes();
    bytes.get_mut(place + offset..place + offset + width)?.copy_from_slice(&number[..width]);
    Some(())
}

//! Whatever the bytes are, the answer is a slice, a table or a typed error.

use lesionlens::decode::{Decoded, decode};
use proptest::prelude::*;

use crate::dicom::nested;
use crate::png::grey16;
use crate::write::{Container, DataSet, ENCODINGS, Value};

/// Decodes; of a slice, its promises must hold.
fn answers(bytes: &[u8]) {
    match decode("000001_01_01/001.png", bytes) {
        Ok(Decoded::Slice(slice)) => {
            assert_eq!(slice.stored().len(), slice.rows() * slice.cols());
            let (low, high) = slice.hu_range();
            assert!(low.is_finite() && low <= high);
        }
        Ok(_) => {}
        Err(error) => {
            assert!(!error.code().is_empty());
            assert!(error.to_string().chars().all(|c| !c.is_control()));
        }
    }
}

/// Beginnings that lead into each reader.
fn beginnings() -> Vec<Vec<u8>> {
    let mut data_set = DataSet::ct();
    data_set.set(0x0008_1140, "SQ", Value::Raw(nested(3)));
    let mut all = vec![Vec::new(), b"\x89PNG\r\n\x1a\n".to_vec(), b"File_name,Bounding_boxes\n".to_vec()];
    for (encoding, _) in ENCODINGS {
        for container in [Container::Part10, Container::Bare] {
            all.push(data_set.file(encoding, container));
        }
    }
    all.push(grey16(&[7; 64], 8, 8));
    all.push(b"File_name,Bounding_boxes\n000001_01_01_001.png,\"1, 2, 3, 4\"\n".to_vec());
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn on_arbitrary_bytes(
        which in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        tail in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let all = beginnings();
        let beginning = which.get(&all);
        let mut bytes = beginning[..cut.index(beginning.len() + 1)].to_vec();
        bytes.extend(tail);
        answers(&bytes);
    }

    #[test]
    fn on_mutated_files(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..5), 1..6),
    ) {
        let all = beginnings();
        let mut bytes = which.get(&all).clone();
        for (at, value, kind) in changes {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = value,
                1 => bytes[at] ^= 1 << (value % 8),
                2 => bytes.insert(at, value),
                3 => _ = bytes.remove(at),
                // Lengths and sizes at their extremes.
                _ => bytes.iter_mut().skip(at).take(4).for_each(|byte| *byte = if value < 128 { 0xff } else { 0 }),
            }
        }
        answers(&bytes);
    }
}

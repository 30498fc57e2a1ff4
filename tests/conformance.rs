//! Real files of other projects' test sets against what their reference decoders make of them
//! (`../shared/conformance`, which stays outside of the repository).

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use lesionlens::decode::{Decoded, decode};
use serde::Deserialize;

const CT_IMAGE: &str = "1.2.840.10008.5.1.4.1.1.2";

/// Uncompressed transfer syntaxes.
const NATIVE: [&str; 4] = ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"];

/// Its reference reader fails inside a UN of undefined length, whose items are little endian in a big-endian file (PS3.5
/// 6.2.2), and so expects a refusal. The file is a CT slice; its twin, the same image in little endian, says which.
const READ_BEYOND_REFERENCE: &str = "fo-dicom/Tests/Test Data/GH177_D_CLUNIE_CT1_IVRLE_BigEndian_undefined_length.dcm";
const TWIN: &str = "fo-dicom/Tests/Test Data/GH177_D_CLUNIE_CT1_IVRLE_BigEndian_ELE_undefinded_length.dcm";

#[derive(Deserialize)]
struct Expectations {
    files: BTreeMap<String, Expected>,
}

#[derive(Deserialize)]
struct Expected {
    kind: String,
    check: Option<String>,
    modality: Option<String>,
    sop: Option<String>,
    ts: Option<String>,
    shape: Option<Vec<usize>>,
    hu_min: Option<f64>,
    hu_max: Option<f64>,
    sha256_i32le: Option<String>,
    #[serde(default)]
    zst: bool,
}

impl Expected {
    /// Whether this is a single CT slice whose pixels lie uncompressed and which the reference decodes.
    fn is_readable(&self) -> bool {
        self.kind == "dicom"
            && self.sop.as_deref() == Some(CT_IMAGE)
            && self.modality.as_deref().is_none_or(|modality| modality == "CT")
            && self.ts.as_deref().is_some_and(|ts| NATIVE.contains(&ts))
            && self.check.as_deref() == Some("exact")
    }
}

#[test]
fn readable_ct_files_equal_the_reference_and_all_others_are_refused() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance");
    let Ok(json) = fs::read(folder.join("expected.json")) else {
        println!("SKIPPED: {} is absent", folder.display());
        return;
    };
    let expectations: Expectations = serde_json::from_slice(&json).expect("expected.json");
    let (mut n_read, mut refused) = (0, BTreeMap::<&str, usize>::new());
    for (name, expected) in &expectations.files {
        let mut bytes = fs::read(folder.join("files").join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        if expected.zst {
            bytes = unpacked(&bytes);
        }
        let reference = match name.as_str() {
            READ_BEYOND_REFERENCE => expectations.files.get(TWIN),
            _ => expected.is_readable().then_some(expected),
        };
        match (decode(name, &bytes), reference) {
            (Ok(Decoded::Slice(slice)), Some(reference)) => {
                let (low, high) = slice.hu_range();
                assert_eq!(Some(vec![slice.rows(), slice.cols()]), reference.shape, "{name}");
                assert_eq!(Some(slice.stored_sha256_i32le()), reference.sha256_i32le, "{name}");
                assert_eq!((Some(low), Some(high)), (reference.hu_min, reference.hu_max), "{name}");
                println!("read     {name}");
                n_read += 1;
            }
            (Err(error), None) => {
                println!("refused  {name}: {error} [{}]", error.code());
                *refused.entry(error.code()).or_default() += 1;
            }
            (answer, reference) => panic!("{name}: {answer:?}, a reference: {}", reference.is_some()),
        }
    }
    println!("{n_read} files equal the reference; refused: {refused:?}");
    assert_eq!(n_read + refused.values().sum::<usize>(), expectations.files.len());
    assert!(n_read > 0);
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut decoder = ruzstd::decoding::StreamingDecoder::new(bytes).expect("a zstandard frame");
    decoder.read_to_end(&mut out).expect("a whole zstandard frame");
    out
}

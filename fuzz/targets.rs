//! What each fuzz target does with its bytes: makes a file of them that leads into one parser, and takes it the whole way,
//! to the picture and to the net's input.
//!
//! Shared by the targets of cargo-fuzz beside this file and by `tests/decode/fuzz.rs`.

use std::sync::LazyLock;

use lesionlens::model::ModelSpec;
use lesionlens::study::Study;

/// The shipped model's, which says how inputs are made.
static SPEC: LazyLock<Option<ModelSpec>> =
    LazyLock::new(|| ModelSpec::from_json(include_str!("../models/detector.json")).ok());

/// The targets by name.
#[allow(dead_code, reason = "each target of cargo-fuzz names itself")]
pub(crate) const TARGETS: [&str; 12] =
    ["any", "dicom", "rle", "jpeg", "jpegls", "jpeg2000", "png", "tiff", "nifti", "nrrd", "zip", "table"];

/// Decodes bytes as the target has it, arranges what comes out, and draws and searches its first and last slices up to the
/// net. What comes out must keep its promises.
pub(crate) fn run(target: &str, data: &[u8]) {
    let file = match target {
        "dicom" => [&[0; 128][..], b"DICM", data].concat(),
        "rle" => ct_image("5", data),
        "jpeg" => ct_image("4.70", data),
        "jpegls" => ct_image("4.80", data),
        "jpeg2000" => ct_image("4.90", data),
        "png" => [b"\x89PNG\r\n\x1a\n", data].concat(),
        "tiff" => [b"II*\0", data].concat(),
        "nifti" => nifti(data),
        "nrrd" => [b"NRRD0004\n", data].concat(),
        "zip" => [b"PK\x03\x04", data].concat(),
        "table" => [b"File_name,Bounding_boxes\n", data].concat(),
        _ => data.to_vec(),
    };
    go_through(&file);
}

/// The whole way of one file.
pub(crate) fn go_through(file: &[u8]) {
    let mut study = Study::default();
    match study.add_file("fuzz/000001_01_01/001", file) {
        Ok(_) => study.arrange(),
        Err(error) => {
            assert!(!error.code().is_empty() && !error.to_string().contains(char::is_control));
            return;
        }
    }
    let spec = SPEC.as_ref().expect("the shipped spec");
    for series in study.series() {
        assert!(series.slices().iter().all(|slice| slice.stored().len() == slice.rows() * slice.cols()));
        assert!(series.is_hounsfield() || !series.notes().is_empty(), "nothing says why it is not searched");
        let ids = series.slice_ids();
        for id in ids.iter().take(1).chain(ids.last()) {
            let picture = study.render(id.as_str(), series.window()).expect("a slice of the study");
            assert_eq!(picture.rgba.len(), 4 * picture.rows * picture.cols);
            match study.input(spec, id.as_str()) {
                Ok((_, input)) => assert_eq!(input.levels.len(), 3 * input.rows * input.cols),
                Err(_) => assert!(!series.is_hounsfield()),
            }
        }
    }
}

/// A CT image of 29 × 43 pixels, as those of `tests/golden/codecs.json`, with the bytes as its one fragment.
fn ct_image(syntax: &str, stream: &[u8]) -> Vec<u8> {
    let mut out = [&[0; 128][..], b"DICM"].concat();
    let mut element = |group: u16, number: u16, vr: &[u8; 2], value: &[u8]| {
        let even = value.len().next_multiple_of(2);
        out.extend(group.to_le_bytes());
        out.extend(number.to_le_bytes());
        out.extend(vr);
        out.extend(u16::try_from(even).unwrap_or(0).to_le_bytes());
        out.extend(value);
        out.extend(vec![0; even - value.len()]);
    };
    element(2, 0x10, b"UI", format!("1.2.840.10008.1.2.{syntax}").as_bytes());
    element(8, 0x16, b"UI", b"1.2.840.10008.5.1.4.1.1.2");
    element(8, 0x60, b"CS", b"CT");
    element(0x28, 2, b"US", &[1, 0]);
    element(0x28, 4, b"CS", b"MONOCHROME2 ");
    element(0x28, 0x10, b"US", &[29, 0]);
    element(0x28, 0x11, b"US", &[43, 0]);
    for (number, value) in [(0x100, 16), (0x101, 16), (0x102, 15), (0x103, 0)] {
        element(0x28, number, b"US", &[value, 0]);
    }
    element(0x28, 0x1052, b"DS", b"-1024 ");
    element(0x28, 0x1053, b"DS", b"1 ");
    out.extend(b"\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\0\0\0\0\xfe\xff\0\xe0");
    let even = stream.len().next_multiple_of(2);
    out.extend(u32::try_from(even).unwrap_or(0).to_le_bytes());
    out.extend(stream);
    out.extend(vec![0; even - stream.len()]);
    out.extend(b"\xfe\xff\xdd\xe0\0\0\0\0");
    out
}

/// The bytes as a NIfTI-1 file, with the fields in it that make it one.
fn nifti(data: &[u8]) -> Vec<u8> {
    let mut file = data.to_vec();
    file.resize(file.len().max(352), 0);
    file[..4].copy_from_slice(&348_i32.to_le_bytes());
    file[344..348].copy_from_slice(b"n+1\0");
    file
}

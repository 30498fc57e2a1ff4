//! The same files through an independent program, dicom-rs (`dicom-object`, `dicom-pixeldata`), as far as it reads them.

use dicom_pixeldata::{ConvertOptions, ModalityLutOption, PixelDecoder};
use lesionlens::slice::Slice;

use crate::codecs::{Golden, enhanced};
use crate::write::{DataSet, ENCODINGS, Encoding, Value, header};
use crate::{slice, slices};

/// A file with the whole meta group that dicom-rs asks for.
fn part10(data_set: &DataSet, encoding: Encoding, uid: &str) -> Vec<u8> {
    let mut meta = DataSet { elements: Vec::new() };
    meta.set(0x0002_0001, "OB", Value::Bytes(vec![0, 1]));
    meta.text(0x0002_0002, "UI", "1.2.840.10008.5.1.4.1.1.2");
    meta.text(0x0002_0003, "UI", "1.2.3");
    meta.text(0x0002_0010, "UI", uid);
    meta.text(0x0002_0012, "UI", "2.25.1");
    let meta = meta.bytes(Encoding::Explicit);
    let length = u32::try_from(meta.len()).expect("short").to_le_bytes();
    let group_length = header(Encoding::Explicit, 0x0002_0000, *b"UL", 4);
    [&[0; 128][..], b"DICM", &group_length, &length, &meta, &data_set.bytes(encoding)].concat()
}

/// The stored values of all frames as dicom-rs reads them; `None` where it does not.
fn theirs(file: &[u8]) -> Option<Vec<i32>> {
    let object = dicom_object::from_reader(file).ok()?;
    let pixels = object.decode_pixel_data().ok()?;
    pixels.to_vec_with_options(&ConvertOptions::new().with_modality_lut(ModalityLutOption::None)).ok()
}

fn ours(slices: &[Slice]) -> Vec<i32> {
    slices.iter().flat_map(|slice| slice.stored().iter()).collect()
}

#[test]
fn compressed_streams_have_the_values_that_dicom_rs_gives_them() {
    let (mut n_compared, mut n_all) = (0, 0);
    for golden in Golden::all() {
        n_all += 1;
        let (data_set, uid) = golden.encapsulated();
        let file = part10(&data_set, Encoding::Explicit, &uid);
        let Some(theirs) = theirs(&file) else { continue };
        let ours = ours(&[slice(&golden.name, &file)]);
        let worst = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).max();
        // Decoders of lossy JPEG may differ by 1.
        let tolerance = i32::from(golden.is_lossy());
        assert!(ours.len() == theirs.len() && worst <= Some(tolerance), "{}: {worst:?}", golden.name);
        n_compared += 1;
    }
    println!("{n_compared} of {n_all} streams compared; dicom-rs with its pure Rust codecs reads no others");
    assert!(n_compared >= 15, "{n_compared}");
}

#[test]
fn plain_pixels_have_the_values_that_dicom_rs_gives_them() {
    for (encoding, uid) in ENCODINGS {
        for (bits_stored, signed) in [(16_u16, true), (16, false), (12, false)] {
            let mut data_set = DataSet::ct();
            data_set.word(0x0028_0101, bits_stored);
            data_set.word(0x0028_0102, bits_stored - 1);
            data_set.word(0x0028_0103, u16::from(signed));
            data_set.set(0x7fe0_0010, "OW", Value::Words((0..12).map(|i| i * 340).collect()));
            let file = part10(&data_set, encoding, uid);
            let theirs = theirs(&file).expect("dicom-rs reads it");
            assert_eq!(ours(&[slice(uid, &file)]), theirs, "{uid} {bits_stored} {signed}");
        }
    }
}

#[test]
fn frames_of_an_enhanced_ct_have_the_values_that_dicom_rs_gives_them() {
    let mut data_set = enhanced(3);
    data_set.set(0x7fe0_0010, "OW", Value::Words((0..12).map(|i| i * 7).collect()));
    let file = part10(&data_set, Encoding::Explicit, "1.2.840.10008.1.2.1");
    assert_eq!(ours(&slices("enhanced", &file)), theirs(&file).expect("dicom-rs reads it"));
}

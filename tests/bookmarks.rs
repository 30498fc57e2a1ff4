//! Bookmarks in DeepLesion's columns, out and in.
#![allow(clippy::unwrap_used, reason = "a test ends where its own material is broken")]

use lesionlens::decode::DecodeError;
use lesionlens::phantom::{Phantom, SAMPLE_SEED};
use lesionlens::report::bookmarks::{Bookmark, table_name};
use lesionlens::slice::SliceId;
use lesionlens::study::Study;

fn study() -> (Study, Vec<SliceId>) {
    let phantom = Phantom::new(SAMPLE_SEED);
    let mut study = Study::default();
    for file in [11, 12, phantom.n_slices()] {
        let (path, bytes) = phantom.file(file);
        study.add_file(&path, &bytes).unwrap();
    }
    study.arrange();
    let ids = study.series()[0].slice_ids().to_vec();
    (study, ids)
}

fn bookmark(slice: &SliceId) -> Bookmark {
    Bookmark { slice: slice.clone(), long_px: [[100.0, 50.0], [120.0, 50.0]], short_px: [[110.0, 45.0], [110.0, 57.0]] }
}

#[test]
fn a_row_has_deeplesions_columns_and_coordinates() {
    let (study, ids) = study();
    let csv = study.bookmarks_csv(&[bookmark(&ids[1])]).unwrap();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let row = reader.records().next().unwrap().unwrap();
    let cell = |name: &str| row.get(headers.iter().position(|header| header == name).unwrap()).unwrap();
    assert_eq!(cell("File_name"), "990002_01_01_013.png");
    assert_eq!([cell("Patient_index"), cell("Study_index"), cell("Series_ID")], ["990002", "1", "1"]);
    assert_eq!(cell("Key_slice_index"), "13");
    // The middle of the first pixel is 1 in the table and a half here.
    assert_eq!(cell("Measurement_coordinates"), "100.500, 50.500, 120.500, 50.500, 110.500, 45.500, 110.500, 57.500");
    assert_eq!(cell("Bounding_boxes"), "95.500, 40.500, 125.500, 62.500");
    assert_eq!(cell("Lesion_diameters_Pixel_"), "20.000, 12.000");
    assert_eq!(cell("Spacing_mm_px_"), "0.8, 0.8, 5");
    assert_eq!(cell("Image_size"), "512, 512");
    assert_eq!([cell("Patient_gender"), cell("Patient_age")], ["", ""], "nothing about the person");
}

#[test]
fn what_was_written_is_read_back_on_the_slices_that_are_open() {
    let (study, ids) = study();
    let bookmarks = [bookmark(&ids[0]), bookmark(&ids[1])];
    let csv = study.bookmarks_csv(&bookmarks).unwrap();
    let more = format!(
        "{csv}990009_01_01_001.png,,,,,\"1,2,3,4,5,6,7,8\",,,,,,,,,,,,\n990002_01_01_012.png,,,,,,,,,,,,,,,,,\n"
    );
    let read = study.read_bookmarks(more.as_bytes()).unwrap();
    assert_eq!(read.bookmarks, bookmarks);
    assert_eq!((read.n_elsewhere, read.n_unmeasured), (1, 1));
}

#[test]
fn other_files_and_broken_cells_are_refused() {
    let (study, _) = study();
    let read = |text: &str| study.read_bookmarks(text.as_bytes()).unwrap_err();
    assert!(matches!(read("a,b\n1,2\n"), DecodeError::CsvNotDlInfo { missing: "File_name" }));
    let cell = |cell: &str| format!("File_name,Measurement_coordinates\na.png,\"{cell}\"\n");
    for bad in ["1,2,3", "1,2,3,4,5,6,7,NaN", "1,2,3,4,5,6,7,x"] {
        assert!(matches!(read(&cell(bad)), DecodeError::CsvBadCell { line: 2, .. }), "{bad}");
    }
}

#[test]
fn a_slice_is_known_by_deeplesions_name_or_its_files() {
    for (path, name) in [
        ("x/000001_01_01/109.png", "000001_01_01_109.png"),
        ("000001_01_01_109.png", "000001_01_01_109.png"),
        ("scan/IM0001.dcm", "IM0001.dcm"),
    ] {
        assert_eq!(table_name(path), name);
    }
}

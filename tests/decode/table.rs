//! DeepLesion's table.

use lesionlens::decode::dl_info::{DlRow, Split};
use lesionlens::decode::{Decoded, DlInfo, decode};
use lesionlens::detection::LesionType;
use lesionlens::geometry::{BBox, Spacing};
use lesionlens::hounsfield::Window;

use crate::refusal;

const HEADER: &str = "File_name,Patient_index,Study_index,Series_ID,Key_slice_index,Measurement_coordinates,\
    Bounding_boxes,Lesion_diameters_Pixel_,Normalized_lesion_location,Coarse_lesion_type,Possibly_noisy,Slice_range,\
    Spacing_mm_px_,Image_size,DICOM_windows,Patient_gender,Patient_age,Train_Val_Test\r\n";

const FULL: &str = "000029_01_01_063.png,29,1,1,63,\"341.9, 318.3, 354.8, 338.2, 358.1, 324.2, 339.9, 334.1\",\
    \"334.936, 313.399, 363.12, 343.273\",\"23.6943, 20.7037\",\"0.687513, 0.72774, 0.651195\",6,1,\"57, 69\",\
    \"0.976562, 0.976563, 5\",\"512, 768\",\"-160, 240\",F,62.0,3\r\n";

const SPARSE: &str = "910006_01_01_007.png,,,,,,\"74, 61, 100, 82\",,,,,,,,,,,\r\n";

fn table(text: &str) -> DlInfo {
    match decode("DL_info.csv", text.as_bytes()) {
        Ok(Decoded::Table(table)) => table,
        other => panic!("should be a table: {other:?}"),
    }
}

#[test]
fn a_full_row_gives_every_fact() {
    let table = table(&format!("{HEADER}{FULL}"));
    let [row] = table.rows() else { panic!("one row: {table:?}") };
    let truth = row.truth.as_ref().expect("a box");
    assert_eq!(row.file_name, "000029_01_01_063.png");
    assert_eq!((row.series_id.as_str(), row.slice_number, row.patient), ("000029_01_01", 63, 29));
    // 1-based inclusive corners become half-open edges: only the upper left corner moves.
    assert_eq!(truth.box_px, BBox { x0: 333.936, y0: 312.399, x1: 363.12, y1: 343.273 });
    assert_eq!((truth.long_px, truth.short_px), (Some(23.6943), Some(20.7037)));
    assert_eq!((truth.lesion_type, truth.noisy), (Some(LesionType::Kidney), true));
    assert_eq!(row.normalized_location, Some([0.687_513, 0.727_74, 0.651_195]));
    assert_eq!(row.spacing, Some(Spacing { x_mm: 0.976_562, y_mm: 0.976_563, z_mm: Some(5.0) }));
    assert_eq!(row.image_size, Some((512, 768)), "columns, rows");
    assert_eq!(row.window, Some(Window { center_hu: 40.0, width_hu: 400.0 }));
    assert_eq!(row.slice_range, Some((57, 69)));
    assert_eq!(row.split, Some(Split::Test));
}

#[test]
fn empty_cells_are_unknown_facts() {
    for text in [
        format!("{HEADER}{SPARSE}"),
        "\u{feff}Bounding_boxes,File_name\n\"74, 61, 100, 82\",910006_01_01_007.png".into(),
    ] {
        let table = table(&text);
        let [
            DlRow {
                patient,
                truth: Some(truth),
                spacing,
                image_size,
                normalized_location,
                window,
                slice_range,
                split,
                ..
            },
        ] = table.rows()
        else {
            panic!("one row with a box: {table:?}")
        };
        assert_eq!(*patient, 910_006, "from the file name");
        assert_eq!(truth.box_px, BBox { x0: 73.0, y0: 60.0, x1: 100.0, y1: 82.0 });
        assert_eq!((truth.long_px, truth.short_px, truth.lesion_type, truth.noisy), (None, None, None, false));
        assert_eq!((spacing, image_size, normalized_location), (&None, &None, &None));
        assert_eq!((window, slice_range, split), (&None, &None, &None));
    }
}

#[test]
fn a_row_without_box_has_no_truth_and_an_empty_table_has_no_rows() {
    let table_without_box = table("File_name,Bounding_boxes\n000001_01_01_001.png,\n");
    assert_eq!(table_without_box.rows().len(), 1);
    assert!(table_without_box.rows().iter().all(|row| row.truth.is_none()));
    assert!(table(HEADER).rows().is_empty());
}

#[test]
fn other_tables_are_refused() {
    for text in ["a,b\n1,2\n", "series,source,patient\nx,y,z\n", "File_name,Boxes\n000001_01_01_001.png,1\n"] {
        assert_eq!(refusal("other.csv", text.as_bytes()).code(), "CsvNotDlInfo", "{text}");
    }
    assert_eq!(refusal("ragged.csv", format!("{HEADER}{FULL}a,b\n").as_bytes()).code(), "CsvDamaged");
}

#[test]
fn cells_that_hold_something_else_are_named_with_their_line() {
    for (good, bad, column) in [
        ("000029_01_01_063.png", "slice 63", "File_name"),
        (",29,", ",twenty-nine,", "Patient_index"),
        ("334.936, 313.399, 363.12, 343.273", "334.936, 313.399, 363.12", "Bounding_boxes"),
        ("334.936, 313.399, 363.12, 343.273", "1, 2, nan, 4", "Bounding_boxes"),
        ("334.936, 313.399, 363.12, 343.273", "5, 5, 4, 9", "Bounding_boxes"),
        ("23.6943, 20.7037", "23.6943", "Lesion_diameters_Pixel_"),
        ("0.687513, 0.72774, 0.651195", "here", "Normalized_lesion_location"),
        (",6,1,", ",kidney,1,", "Coarse_lesion_type"),
        (",6,1,", ",6,2,", "Possibly_noisy"),
        ("57, 69", "69, 57", "Slice_range"),
        ("0.976562, 0.976563, 5", "0, 0.976563, 5", "Spacing_mm_px_"),
        ("512, 768", "512, 0", "Image_size"),
        ("-160, 240", "240, -160", "DICOM_windows"),
        (",62.0,3", ",62.0,4", "Train_Val_Test"),
    ] {
        let text = format!("{HEADER}{SPARSE}{}", FULL.replace(good, bad));
        let error = refusal("DL_info.csv", text.as_bytes());
        assert_eq!(error.code(), "CsvBadCell", "{column}");
        let message = error.to_string();
        assert!(message.contains(column) && message.contains("line 3"), "{message}");
    }
}

#[test]
#[ignore = "reads ../shared/data: cargo xtask test shared"]
fn the_tables_in_shared_parse_entirely() {
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    // The second one grows.
    for (name, n_least) in [("DL_info_test_split.csv", 4909), ("ct-lesions/DL_info.csv", 453)] {
        let bytes = std::fs::read(data.join(name)).expect(name);
        let Ok(Decoded::Table(table)) = decode(name, &bytes) else { panic!("{name} should be a table") };
        let n_rows = String::from_utf8(bytes).expect(name).lines().count() - 1;
        assert!(n_rows >= n_least, "{name}: {n_rows} rows");
        assert_eq!(table.rows().len(), n_rows);
        assert!(table.rows().iter().all(|row| row.truth.is_some() && row.spacing.is_some() && row.split.is_some()));
        println!("{name}: {n_rows} rows");
    }
}

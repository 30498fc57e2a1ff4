//! Arranging slices through the public interface: what belongs together, in which order, how far apart, with which
//! truth and window.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use lesionlens::decode::{Decoded, DlInfo, decode};
use lesionlens::geometry::BBox;
use lesionlens::hounsfield::{Rescale, Window};
use lesionlens::series::{Note, OrderRule, Series, SpacingSource, Unit, arrange};
use lesionlens::slice::{Format, Slice, SliceInfo, StoredValues};

const AXIAL: [f64; 6] = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0];

/// A DICOM slice of one series at a height.
fn dicom(path: &str, z: f64) -> SliceInfo {
    SliceInfo {
        path: path.to_owned(),
        format: Format::Dicom,
        series_id: Some("1.2.3".to_owned()),
        study_id: Some("1.2".to_owned()),
        sop_instance_uid: Some(format!("1.2.3.{path}")),
        number: None,
        transfer_syntax: None,
        pixel_spacing_mm: Some((0.7, 0.8)),
        thickness_mm: Some(9.0),
        position_patient_mm: Some([-100.0, -50.0, z]),
        orientation_patient: Some(AXIAL),
        window: None,
    }
}

/// A PNG slice as the decoder gives it.
fn png(path: &str) -> SliceInfo {
    let (series_id, number) = lesionlens::decode::dl_info::parse_name(path).unzip();
    SliceInfo {
        path: path.to_owned(),
        format: Format::Png,
        series_id,
        study_id: None,
        sop_instance_uid: None,
        number,
        transfer_syntax: None,
        pixel_spacing_mm: None,
        thickness_mm: None,
        position_patient_mm: None,
        orientation_patient: None,
        window: None,
    }
}

fn sized(info: SliceInfo, rows: usize, cols: usize) -> Slice {
    // Air over soft tissue.
    let stored = (0..rows * cols).map(|at| if at < cols { 32768 - 1000 } else { 32768 + 40 }).collect();
    let stored = StoredValues::Unsigned(stored);
    Slice::new(info, rows, cols, stored, Rescale::DEEPLESION).expect("a whole image")
}

fn small(info: SliceInfo) -> Slice {
    sized(info, 2, 2)
}

fn table(rows: &str) -> DlInfo {
    let text = format!("File_name,Bounding_boxes,Spacing_mm_px_,Image_size,DICOM_windows,Coarse_lesion_type\n{rows}");
    match decode("DL_info.csv", text.as_bytes()) {
        Ok(Decoded::Table(table)) => table,
        other => panic!("should be a table: {other:?}"),
    }
}

/// Arranges slices that must form one series, in the given and in the reversed order.
fn one(infos: &[SliceInfo], tables: &[DlInfo]) -> Series {
    let forwards = arrange(infos.iter().cloned().map(small).collect(), tables);
    let backwards = arrange(infos.iter().rev().cloned().map(small).collect(), tables);
    assert_eq!(summary(&forwards), summary(&backwards), "the order of the input must not matter");
    let [series] = <[Series; 1]>::try_from(forwards).expect("one series");
    series
}

fn summary(series: &[Series]) -> Vec<(String, Vec<String>)> {
    series.iter().map(|series| (series.name().to_owned(), paths(series))).collect()
}

fn paths(series: &Series) -> Vec<String> {
    series.slices().iter().map(|slice| slice.info().path.clone()).collect()
}

fn z_mm(series: &Series) -> Vec<Option<f64>> {
    (0..series.slices().len()).map(|slice_idx| series.z_mm(slice_idx)).collect()
}

#[test]
fn positions_order_slices_whatever_names_and_numbers_say() {
    let mut infos = vec![dicom("a", 15.0), dicom("b", 5.0), dicom("c", 10.0)];
    for (number, info) in infos.iter_mut().enumerate() {
        info.number = i64::try_from(number).ok();
    }
    let series = one(&infos, &[]);
    assert_eq!(paths(&series), ["b", "c", "a"]);
    assert_eq!(z_mm(&series), [Some(5.0), Some(10.0), Some(15.0)]);
    assert_eq!((series.name(), series.study_id()), ("1.2.3", Some("1.2")));
    let spacing = series.spacing();
    assert_eq!((spacing.x_mm, spacing.y_mm), (0.7, 0.8));
    assert_eq!(spacing.z_mm, Some(5.0), "from positions, not from the thickness of 9 mm");
    assert_eq!(series.spacing_source(), SpacingSource::PixelSpacing);
    assert_eq!(series.rule(), OrderRule::ImagePosition);
    assert_eq!(series.notes(), []);
    assert_eq!(series.window(), Window::SOFT_TISSUE);
    assert_eq!(series.z_mm(3), None);
    assert!(series.truth(3).is_empty());
}

#[test]
fn a_tilted_or_coronal_stack_is_measured_along_its_normal() {
    // 30 degrees: the normal of the tilted plane is (0, −sin, cos) up to sign.
    let (sin, cos) = (0.5, 3.0_f64.sqrt() / 2.0);
    let tilted: Vec<SliceInfo> = (0..3_u8)
        .map(|i| {
            let mut info = dicom(&format!("{i}"), f64::from(i) * 4.0);
            info.orientation_patient = Some([1.0, 0.0, 0.0, 0.0, cos, sin]);
            info
        })
        .collect();
    let series = one(&tilted, &[]);
    assert!((series.spacing().z_mm.expect("three slices") - 4.0 * cos).abs() < 1e-9);
    let &[Note::Tilted { degrees }] = series.notes() else { panic!("one note: {:?}", series.notes()) };
    assert!((degrees - 30.0).abs() < 1e-6, "{degrees}");

    // Columns run downwards to the feet, rows to the left, so the normal points to the back.
    let coronal: Vec<SliceInfo> = [30.0, 10.0, 20.0]
        .into_iter()
        .map(|y| {
            let mut info = dicom(&format!("{y}"), 0.0);
            info.orientation_patient = Some([1.0, 0.0, 0.0, 0.0, 0.0, -1.0]);
            info.position_patient_mm = Some([0.0, y, 0.0]);
            info
        })
        .collect();
    let series = one(&coronal, &[]);
    assert_eq!(paths(&series), ["10", "20", "30"]);
    assert_eq!(series.spacing().z_mm, Some(10.0));
}

#[test]
fn without_all_positions_numbers_decide_then_names() {
    let mut infos = vec![dicom("s9", 0.0), dicom("s10", 0.0), dicom("s1", 0.0)];
    let series = one(&infos, &[]);
    assert_eq!(paths(&series), ["s1", "s9", "s10"], "equal positions order nothing");
    assert_eq!(z_mm(&series), [None; 3]);
    assert_eq!(series.spacing().z_mm, None);
    assert_eq!(series.rule(), OrderRule::FileName);

    for (info, number) in infos.iter_mut().zip([3, 2, 1]) {
        info.number = Some(number);
    }
    infos[0].position_patient_mm = None;
    let series = one(&infos, &[]);
    assert_eq!(paths(&series), ["s1", "s10", "s9"]);
    assert_eq!(series.rule(), OrderRule::InstanceNumber);
}

#[test]
fn gaps_duplicates_and_mixed_spacing_are_warned_of() {
    let mut infos: Vec<SliceInfo> =
        [0.0, 5.0, 5.0, 10.0, 30.0, 35.0, 60.0].iter().enumerate().map(|(i, &z)| dicom(&format!("{i}"), z)).collect();
    infos[0].pixel_spacing_mm = Some((0.5, 0.5));
    infos[1].pixel_spacing_mm = None;
    let series = one(&infos, &[]);
    let gaps = Note::Gaps { n_gaps: 2, after_idx: 3, distance: 20.0, usual: 5.0, unit: Unit::Millimetre };
    assert_eq!(series.notes(), [gaps, Note::Duplicates { n_slices: 1 }, Note::MixedSpacing { n_slices: 2 }]);
    assert_eq!(series.spacing().x_mm, 0.7, "what most slices have");
    assert_eq!(series.slices().len(), 7, "nothing is dropped");
}

#[test]
fn series_size_container_and_orientation_separate_slices() {
    let mut other_series = dicom("f", 0.0);
    other_series.series_id = Some("1.2.10".to_owned());
    let mut sagittal = dicom("e", 0.0);
    sagittal.orientation_patient = Some([0.0, 1.0, 0.0, 0.0, 0.0, -1.0]);
    let mut rounded = dicom("b", 5.0);
    rounded.orientation_patient = Some([1.0, 0.0004, 0.0, 0.0, 0.9999, 0.0]);
    let slices = vec![
        small(dicom("a", 0.0)),
        small(rounded),
        sized(dicom("d", 0.0), 2, 3),
        small(sagittal),
        small(other_series),
        small(png("x/1.png")),
        small(png("x/2.png")),
        small(png("y/1.png")),
        small(png("loose.png")),
    ];
    let series = arrange(slices, &[]);
    let ids: Vec<(&str, usize)> = series.iter().map(|series| (series.name(), series.slices().len())).collect();
    assert_eq!(
        ids,
        [
            ("1.2.3", 2),
            ("1.2.3 (2)", 1),
            ("1.2.3 (3)", 1),
            ("1.2.10", 1),
            ("files without a folder", 1),
            ("x", 2),
            ("y", 1)
        ]
    );
}

#[test]
fn orientation_is_told_in_letters() {
    for (cosines, letters) in [
        (AXIAL, "R\\L A\\P"),
        ([-1.0, 0.0, 0.0, 0.0, -1.0, 0.0], "L\\R P\\A"),
        ([1.0, 0.0, 0.0, 0.0, 0.0, -1.0], "R\\L H\\F"),
        ([0.0, 1.0, 0.0, 0.0, 0.0, -1.0], "A\\P H\\F"),
        // GE's gantry tilt of 18.5 degrees is still named after the nearest axis, one of 30 degrees names both.
        ([1.0, 0.0, 0.0, 0.0, 0.948_323_7, -0.317_304_7], "R\\L A\\P"),
        ([1.0, 0.0, 0.0, 0.0, 0.866, -0.5], "R\\L AH\\PF"),
    ] {
        let mut info = dicom("a", 0.0);
        info.orientation_patient = Some(cosines);
        assert_eq!(one(&[info], &[]).orientation().as_deref(), Some(letters), "{cosines:?}");
    }
    assert_eq!(one(&[png("000001_01_01/001.png")], &[]).orientation(), None);
}

const ROWS: &str = "000001_01_01_009.png,\"11, 21, 30, 40\",\"0.5, 0.6, 2.5\",\"2, 2\",\"-1400, 200\",5\n\
    000001_01_01_009.png,\"51, 61, 70, 80\",\"0.5, 0.6, 2.5\",\"2, 2\",\"-1400, 200\",1\n\
    000002_01_01_009.png,\"1, 1, 2, 2\",\"0.9, 0.9, 1\",\"2, 2\",\"-160, 240\",1\n";

#[test]
fn a_table_gives_png_slices_their_spacing_window_and_truth() {
    for names in [
        ["000001_01_01/008.png", "000001_01_01/009.png", "000001_01_01/010.png"],
        ["all/000001_01_01_008.png", "all/000001_01_01_009.png", "all/000001_01_01_010.png"],
    ] {
        // The same table twice must not double the truth.
        let series = one(&names.map(png), &[table(ROWS), table(ROWS)]);
        assert_eq!(series.name(), "000001_01_01");
        assert_eq!(paths(&series), names);
        let spacing = series.spacing();
        assert_eq!((spacing.x_mm, spacing.y_mm, spacing.z_mm), (0.5, 0.6, Some(2.5)));
        assert_eq!(series.spacing_source(), SpacingSource::DlInfo);
        assert_eq!(z_mm(&series), [Some(20.0), Some(22.5), Some(25.0)]);
        assert_eq!(series.rule(), OrderRule::NameNumber { step_mm: Some(2.5) });
        assert_eq!(series.window(), Window { center_hu: -600.0, width_hu: 1600.0 });
        let boxes: Vec<BBox> = series.truth(1).iter().map(|truth| truth.box_px).collect();
        assert_eq!(boxes, [BBox::from([10.0, 20.0, 30.0, 40.0]), BBox::from([50.0, 60.0, 70.0, 80.0])]);
        assert!(series.truth(0).is_empty() && series.truth(2).is_empty());
        assert_eq!(series.notes(), []);
    }
}

#[test]
fn without_a_table_spacing_is_assumed_and_marked() {
    let series = one(&[png("000001_01_01/002.png"), png("000001_01_01/010.png"), png("000001_01_01/011.png")], &[]);
    let spacing = series.spacing();
    assert_eq!((spacing.x_mm, spacing.y_mm, spacing.z_mm), (0.8, 0.8, None));
    assert_eq!(series.spacing_source(), SpacingSource::Assumed);
    assert_eq!(series.spacing_source().name(), "assumed");
    assert_eq!(z_mm(&series), [None; 3]);
    let gaps = Note::Gaps { n_gaps: 1, after_idx: 0, distance: 8.0, usual: 1.0, unit: Unit::Number };
    assert_eq!(series.notes(), [gaps]);
}

#[test]
fn a_table_of_images_of_another_size_is_left_out() {
    let series = one(&[png("000001_01_01/009.png")], &[table(&ROWS.replace("\"2, 2\"", "\"512, 512\""))]);
    assert!(series.truth(0).is_empty());
    assert_eq!(series.spacing_source(), SpacingSource::Assumed);
    assert_eq!(series.notes(), [Note::TableOfOtherImages { n_rows: 2 }]);
}

#[test]
fn values_that_no_ct_shows_are_shown_and_not_searched() {
    // Another program's HU + 1024, read as HU + 32768.
    let stored = StoredValues::Unsigned(vec![1024, 1064, 0, 65535]);
    let slice = Slice::new(png("x.png"), 2, 2, stored, Rescale::DEEPLESION).expect("a whole image");
    let series = arrange(vec![slice], &[]);
    assert_eq!(series.len(), 1);
    let [Note::ImplausibleHounsfield { n_slices: 1, beyond, dark, tissue, bright }] = series[0].notes() else {
        panic!("one note: {:?}", series[0].notes());
    };
    assert_eq!((*beyond, *dark, *tissue, *bright), (1.0, 0.0, 0.0, 0.0));
    assert!(!series[0].is_hounsfield() && series[0].hounsfield().is_none());
}

#[test]
fn the_window_of_the_file_comes_before_soft_tissue() {
    let mut info = dicom("a", 0.0);
    info.window = Some(Window { center_hu: 300.0, width_hu: 1500.0 });
    assert_eq!(one(&[info], &[]).window(), Window { center_hu: 300.0, width_hu: 1500.0 });
}

#[test]
fn ids_depend_on_the_files_alone_and_not_on_what_else_is_opened() {
    let ids = |series: &[Series]| -> Vec<(String, Vec<String>)> {
        let of_slices = |series: &Series| series.slice_ids().iter().map(ToString::to_string).collect();
        series.iter().map(|series| (series.id().as_str().to_owned(), of_slices(series))).collect()
    };
    let mut sagittal = dicom("t", 0.0);
    sagittal.orientation_patient = Some([0.0, 1.0, 0.0, 0.0, 0.0, -1.0]);
    let axial = [dicom("a", 0.0), dicom("b", 5.0)];
    let alone = ids(&arrange(axial.iter().cloned().map(small).collect(), &[]));
    let both = arrange(axial.into_iter().chain([sagittal.clone()]).map(small).collect(), &[]);
    let of_sagittal = ids(&arrange(vec![small(sagittal)], &[]));
    let both = ids(&both);
    assert_eq!(both.len(), 2);
    assert!(both.contains(&alone[0]) && both.contains(&of_sagittal[0]), "{both:?}");

    // The same file twice: the second one is told apart.
    let twice = ids(&arrange(vec![small(dicom("a", 0.0)), small(dicom("a", 0.0))], &[]));
    let [first, second] = &*twice[0].1 else { panic!("two slices: {twice:?}") };
    assert_eq!((first.len(), second), (16, &format!("{first}-2")));
    assert_eq!(alone[0].1[0], *first);
}

#[test]
fn nothing_gives_nothing() {
    assert!(arrange(Vec::new(), &[]).is_empty());
}

/// Values as a function of their index, by name.
type Values = (&'static str, fn(i32) -> i32);

/// Whether a series of one slice passes whose 64 × 64 values are a function of their index.
fn passes(hu: impl Fn(i32) -> i32) -> bool {
    let stored = StoredValues::Wide((0..4096).map(hu).collect());
    let slice = Slice::new(dicom("a", 0.0), 64, 64, stored, Rescale::new(1.0, 0.0).expect("a rescale"));
    arrange(vec![slice.expect("a whole image")], &[])[0].is_hounsfield()
}

/// A body in a round field of view: padding, air with noise, lung, fat, soft tissue, bone, by the share of each.
fn body(at: i32) -> i32 {
    let noise = at * 37 % 41 - 20;
    match at % 100 {
        0..20 => -2000,
        20..60 => -1000 + noise,
        60..65 => -850 + noise,
        65..75 => -100 + noise,
        75..97 => 50 + noise,
        _ => 700 + noise,
    }
}

#[test]
fn values_that_lie_as_those_of_a_ct_pass() {
    let cases: [Values; 7] = [
        ("a body", body),
        ("with metal", |at| if at % 50 == 0 { 15_000 } else { body(at) }),
        ("within the body, without any air", |at| body(65 + at % 35 + at / 35 * 100)),
        ("air flattened", |at| body(at).max(-1000)),
        ("with contrast", |at| if at % 10 == 8 { 400 } else { body(at) }),
        ("a child in a large field of view", |at| if at % 100 < 95 { -1000 } else { body(65 + at % 35) }),
        ("all air", |_| -1000),
    ];
    for (what, hu) in cases {
        assert!(passes(hu), "{what}");
    }
}

#[test]
fn values_that_do_not_lie_as_those_of_a_ct_fail() {
    let cases: [Values; 12] = [
        ("HU + 1024", |at| (body(at) + 1024).max(0)),
        ("HU + 1024, padding outside", |at| if body(at) == -2000 { -2000 } else { body(at) + 1024 }),
        ("HU + 1024, padding that looks like air", |at| if body(at) == -2000 { -1024 } else { body(at) + 1024 }),
        ("HU + 1000", |at| body(at).max(-1024) + 1000),
        ("stored as HU + 32768 would be", |at| body(at) + 1024 - 32768),
        ("stretched over 16 bits", |at| (body(at) + 160).clamp(0, 400) * 163 - 32768),
        ("an MR image", |at| at % 900),
        ("an MR image around its mean", |at| at % 900 - 300),
        ("a phase map", |at| at % 4096 * 2 - 4096),
        ("a mask", |at| i32::from(at % 3 == 0)),
        ("nothing", |_| 0),
        ("a photograph", |at| at * 16 - 32768),
    ];
    for (what, hu) in cases {
        assert!(!passes(hu), "{what}");
    }
}

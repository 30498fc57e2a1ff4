//! The synthetic study: its truth and its layout. That its bytes are the same on every machine, `common/sample.rs` says.
//! Nothing here touches a file, so the tests run natively and as WebAssembly.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use lesionlens::decode::{Decoded, decode};
use lesionlens::phantom::{MARGIN_PX, Phantom, PhantomLesion, SAMPLE_SEED};
use lesionlens::series::arrange;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const SIDE: usize = 512;
const PIXEL_MM: f32 = 0.8;

/// The centre in image pixels.
fn center_px(lesion: &PhantomLesion) -> (f32, f32) {
    let px = |mm: f32| mm / PIXEL_MM + 0.5 * SIDE as f32;
    (px(lesion.center_mm[0]), px(lesion.center_mm[1]))
}

fn table(phantom: &Phantom) -> String {
    String::from_utf8(phantom.file(phantom.n_slices()).1).unwrap()
}

#[test]
fn a_study_depends_on_its_seed_alone() {
    let (a, b, other) = (Phantom::new(7), Phantom::new(7), Phantom::new(8));
    assert_eq!(a.file(20), b.file(20));
    assert_eq!(table(&a), table(&b));
    assert_ne!(a.hu(20), other.hu(20));
    assert_ne!(table(&a), table(&other));
    for (l, m) in a.lesions().iter().zip(other.lesions()) {
        assert_ne!(l.center_mm, m.center_mm, "{}", l.name);
    }
}

#[test]
fn there_are_enough_slices_and_lesions_of_many_types() {
    for seed in 0..12 {
        let phantom = Phantom::new(seed);
        assert!(phantom.n_slices() >= 40);
        assert_eq!(phantom.n_files(), phantom.n_slices() + 1);
        assert_eq!(phantom.lesions().len(), 12);
        let mut types: Vec<_> = phantom.lesions().iter().map(|lesion| lesion.lesion_type).collect();
        types.sort();
        types.dedup();
        assert_eq!(types.len(), 7, "seed {seed}");
        for lesion in phantom.lesions() {
            assert!((7.0..52.0).contains(&lesion.long_mm()), "seed {seed}: {} {}", lesion.name, lesion.long_mm());
        }
    }
}

#[test]
fn every_box_is_the_extent_and_five_pixels_and_holds_the_center() {
    for seed in 0..12 {
        for lesion in Phantom::new(seed).lesions() {
            let (x, y) = center_px(lesion);
            let key = lesion.marks.first().unwrap();
            assert!(lesion.marks.iter().all(|mark| mark.long_px <= key.long_px), "{}", lesion.name);
            for mark in &lesion.marks {
                let (extent, outer) = (mark.extent_px, mark.box_px());
                let what = format!("seed {seed}, {} on slice {}: {extent:?} {outer:?}", lesion.name, mark.slice_idx);
                assert_eq!(outer, extent.grown(MARGIN_PX), "{what}");
                assert!(outer.x0 < x && x < outer.x1 && outer.y0 < y && y < outer.y1, "{what}");
                assert!(0.0 < mark.short_px && mark.short_px <= mark.long_px, "{what}");
                for [px, py] in mark.diameters_px {
                    let inside = extent.x0 < px && px < extent.x1 && extent.y0 < py && py < extent.y1;
                    assert!(inside, "{what}: {px} {py}");
                }
                assert!(mark.long_px + 1.0 >= extent.width().max(extent.height()), "{what}");
            }
        }
    }
}

#[test]
fn the_core_of_a_lesion_has_its_value_and_stands_out() {
    for seed in [SAMPLE_SEED, 2, 3] {
        let phantom = Phantom::new(seed);
        for lesion in phantom.lesions() {
            let key = lesion.marks.first().unwrap();
            let hu = phantom.hu(key.slice_idx);
            let (x, y) = center_px(lesion);
            let radius = 0.5 * key.short_px;
            // Mean over the pixels whose distance from the centre lies in a range.
            let mean = |from: f32, to: f32| {
                let at = |i: usize| ((i % SIDE) as f32 + 0.5 - x, (i / SIDE) as f32 + 0.5 - y);
                let ring = hu.iter().enumerate().filter(|&(i, _)| {
                    let (dx, dy) = at(i);
                    (from..to).contains(&(dx * dx + dy * dy).sqrt())
                });
                let values: Vec<f32> = ring.map(|(_, &v)| f32::from(v)).collect();
                values.iter().sum::<f32>() / values.len() as f32
            };
            let (core, around) = (mean(0.0, 0.5 * radius), mean(0.6 * key.long_px + 2.0, 0.6 * key.long_px + 5.0));
            let what = format!("seed {seed}, {}: core {core}, around {around}", lesion.name);
            assert!((core - lesion.core_hu).abs() < 60.0, "{what}, meant {}", lesion.core_hu);
            assert!((core - around).abs() > 20.0, "{what}");
        }
    }
}

#[test]
fn the_files_pass_the_way_of_dropped_files_with_their_truth() {
    let phantom = Phantom::new(SAMPLE_SEED);
    let (mut slices, mut tables) = (Vec::new(), Vec::new());
    for i in 0..phantom.n_files() {
        let (path, bytes) = phantom.file(i);
        match decode(&path, &bytes).unwrap() {
            Decoded::Slice(slice) => slices.push(*slice),
            Decoded::Table(table) => tables.push(table),
            other => panic!("{path}: {other:?}"),
        }
    }
    assert_eq!((slices.len(), tables.len()), (phantom.n_slices(), 1));
    let all = arrange(slices, &tables);
    let [series] = all.as_slice() else { panic!("{} series", all.len()) };
    assert_eq!(series.name(), "990002_01_01");
    assert_eq!((series.rows(), series.cols()), (SIDE, SIDE));
    let spacing = series.spacing();
    assert_eq!((spacing.x_mm, spacing.y_mm, spacing.z_mm), (0.8, 0.8, Some(5.0)));
    assert_eq!(series.slices()[30].hu(), phantom.hu(30).into_iter().map(f32::from).collect::<Vec<f32>>());
    for (slice_idx, slice) in series.slices().iter().enumerate() {
        assert_eq!(slice.info().path, format!("Images_png/990002_01_01/{:03}.png", slice_idx + 1));
        let mut expected: Vec<_> = phantom
            .lesions()
            .iter()
            .flat_map(|lesion| lesion.marks.iter().map(|mark| (mark, lesion.lesion_type)))
            .filter(|(mark, _)| mark.slice_idx == slice_idx)
            .map(|(mark, lesion_type)| (<[f32; 4]>::from(mark.box_px()), Some(lesion_type)))
            .collect();
        let mut found: Vec<_> =
            series.truth(slice_idx).iter().map(|truth| (<[f32; 4]>::from(truth.box_px), truth.lesion_type)).collect();
        let order = |list: &mut Vec<([f32; 4], _)>| list.sort_by(|a, b| a.0[0].total_cmp(&b.0[0]));
        order(&mut expected);
        order(&mut found);
        assert_eq!(found, expected, "slice {slice_idx}");
    }
}

#[test]
fn the_table_has_the_columns_of_deeplesion_and_no_person() {
    let table = table(&Phantom::new(SAMPLE_SEED));
    let mut lines = table.lines();
    assert_eq!(
        lines.next(),
        Some(
            "File_name,Patient_index,Study_index,Series_ID,Key_slice_index,Measurement_coordinates,Bounding_boxes,\
             Lesion_diameters_Pixel_,Normalized_lesion_location,Coarse_lesion_type,Possibly_noisy,Slice_range,\
             Spacing_mm_px_,Image_size,DICOM_windows,Patient_gender,Patient_age,Train_Val_Test"
        )
    );
    for line in lines {
        assert!(line.starts_with("990002_01_01_"), "{line}");
        assert!(line.ends_with(",\"0.8, 0.8, 5\",\"512, 512\",\"-160, 240\",,,3"), "{line}");
    }
}

//! The stages from raw heads to detections, and the shipped model end to end.
#![allow(clippy::unwrap_used, reason = "a test ends where its own material is broken")]

mod common;

use lesionlens::detection::Detection;
use lesionlens::detector::detect;
use lesionlens::geometry::BBox;
use lesionlens::heads::candidates;
use lesionlens::input::{ImageFromInput, InputTensor};
use lesionlens::model::tract::TractModel;
use lesionlens::model::{Model, ModelError, ModelSpec, RawHead};
use lesionlens::nms::suppress;
use proptest::prelude::*;

/// A spec of a model that finds boxes and nothing else.
fn spec() -> ModelSpec {
    common::spec(&common::BOX_CHANNELS)
}

fn shipped() -> TractModel {
    let (spec, onnx) = common::shipped_model();
    TractModel::load(ModelSpec::from_json(&spec).unwrap(), &onnx).unwrap()
}

/// A head of stride 4 with 6 × 8 cells, cold but for some cells: (column, row, logit, dx, dy, width, height).
fn head(hot: &[(usize, usize, f32, f32, f32, f32, f32)]) -> RawHead {
    let (rows, cols) = (6, 8);
    let mut values = vec![0.0; 5 * rows * cols];
    values[..rows * cols].fill(-9.0);
    for &(x, y, logit, dx, dy, width, height) in hot {
        for (channel, value) in [logit, dx, dy, width.ln(), height.ln()].into_iter().enumerate() {
            values[(channel * rows + y) * cols + x] = value;
        }
    }
    RawHead { stride: 4, rows, cols, values }
}

const IDENTITY: ImageFromInput = ImageFromInput { crop_x: 0, crop_y: 0, ratio_x: 1.0, ratio_y: 1.0 };

#[test]
fn a_peak_becomes_a_box_with_margin_in_image_pixels() {
    let found = candidates(&[head(&[(3, 2, 0.0, 0.5, 0.25, 6.0, 4.0)])], &spec(), &IDENTITY, (100, 100), None).unwrap();
    // Centre (3.5, 2.25) × 4 = (14, 9); 6 × 4 px without margin; 5 px on each side.
    let close = |a: f32, b: f32| (a - b).abs() < 1e-4;
    let [Detection { box_px, score, axes: None, lesion_type: None }] = found[..] else { panic!("{found:?}") };
    assert!(close(score, 0.5), "{score}");
    assert!(
        close(box_px.x0, 6.0) && close(box_px.x1, 22.0) && close(box_px.y0, 2.0) && close(box_px.y1, 16.0),
        "{box_px:?}"
    );
}

#[test]
fn margins_are_image_pixels_whatever_the_ratio() {
    let map = ImageFromInput { crop_x: 10, crop_y: 20, ratio_x: 0.5, ratio_y: 2.0 };
    let found = candidates(&[head(&[(3, 2, 0.0, 0.5, 0.25, 6.0, 4.0)])], &spec(), &map, (100, 100), None).unwrap();
    // x: (14 + 10) × 0.5 = 12, half width 1.5; y: (9 + 20) × 2 = 58, half height 4.
    let BBox { x0, y0, x1, y1 } = found[0].box_px;
    for (edge, expected) in [(x0, 5.5), (x1, 18.5), (y0, 49.0), (y1, 67.0)] {
        assert!((edge - expected).abs() < 1e-3, "{edge} {expected}");
    }
}

#[test]
fn only_finite_local_maxima_above_the_floor_are_candidates_and_boxes_stay_in_the_image() {
    let cold = spec().score_floor;
    let below = (cold / (1.0 - cold)).ln() - 0.01;
    let table: [(&str, &[_], usize); 5] = [
        ("a lower neighbour is no peak", &[(3, 2, 2.0, 0.5, 0.5, 4., 4.), (4, 3, 1.0, 0.5, 0.5, 4., 4.)], 1),
        ("two cells apart are two peaks", &[(2, 2, 2.0, 0.5, 0.5, 4., 4.), (4, 2, 1.0, 0.5, 0.5, 4., 4.)], 2),
        ("below the floor", &[(3, 2, below, 0.5, 0.5, 4., 4.)], 0),
        ("not a number", &[(3, 2, f32::NAN, 0.5, 0.5, 4., 4.)], 0),
        ("size not a number", &[(3, 2, 1.0, 0.5, 0.5, f32::NAN, 4.)], 0),
    ];
    for (name, hot, n) in table {
        let found = candidates(&[head(hot)], &spec(), &IDENTITY, (24, 32), None).unwrap();
        assert_eq!(found.len(), n, "{name}: {found:?}");
    }
    let huge = candidates(&[head(&[(0, 0, 1.0, 0.5, 0.5, 1e30, 1e30)])], &spec(), &IDENTITY, (24, 32), None).unwrap();
    assert_eq!(huge[0].box_px, BBox { x0: 0.0, y0: 0.0, x1: 32.0, y1: 24.0 });
}

#[test]
fn suppression_keeps_the_higher_score_and_drops_only_above_the_limit() {
    let at = |x0: f32, score: f32| Detection::new(BBox { x0, y0: 0.0, x1: x0 + 10.0, y1: 10.0 }, score);
    // Shifted by 5 of 10 the overlap is 1/3.
    let kept = |limit| suppress(vec![at(5.0, 0.4), at(0.0, 0.9), at(30.0, 0.2)], limit).len();
    assert_eq!((kept(0.33), kept(1.0 / 3.0), kept(0.34)), (2, 3, 3));
    assert_eq!(suppress(vec![at(5.0, 0.4), at(0.0, 0.9)], 0.3), [at(0.0, 0.9)]);
}

proptest! {
    #[test]
    fn suppression_does_not_depend_on_order_and_leaves_no_overlap(
        boxes in prop::collection::vec((0.0f32..50.0, 0.0f32..50.0, 1.0f32..30.0, 1.0f32..30.0, 0u8..4), 0..20),
        limit in 0.05f32..0.9,
    ) {
        let all: Vec<Detection> = boxes
            .iter()
            .map(|&(x0, y0, w, h, s)| Detection::new(BBox { x0, y0, x1: x0 + w, y1: y0 + h }, f32::from(s) / 4.0))
            .collect();
        let kept = suppress(all.clone(), limit);
        let mut reversed = all.clone();
        reversed.reverse();
        prop_assert_eq!(&kept, &suppress(reversed, limit));
        for (i, a) in kept.iter().enumerate() {
            prop_assert!(kept[..i].iter().all(|b| a.box_px.iou(&b.box_px) <= limit && b.score >= a.score));
        }
        let covered = |d: &Detection| kept.iter().any(|k| k == d || k.box_px.iou(&d.box_px) > limit);
        prop_assert!(all.iter().all(covered));
    }

    #[test]
    fn overlap_is_symmetric_and_between_0_and_1(edges in prop::array::uniform8(-20.0f32..20.0)) {
        let [a0, a1, a2, a3, b0, b1, b2, b3] = edges;
        let a = BBox { x0: a0.min(a2), y0: a1.min(a3), x1: a0.max(a2), y1: a1.max(a3) };
        let b = BBox { x0: b0.min(b2), y0: b1.min(b3), x1: b0.max(b2), y1: b1.max(b3) };
        prop_assert_eq!(a.iou(&b), b.iou(&a));
        prop_assert!((0.0..=1.000_001).contains(&a.iou(&b)));
        prop_assert!(a.area() == 0.0 || (a.iou(&a) - 1.0).abs() < 1e-6);
    }
}

#[test]
fn the_shipped_model_runs_at_several_sizes_and_gives_the_same_bytes_again() {
    let mut model = shipped();
    for (rows, cols) in [(64, 96), (96, 64), (128, 128)] {
        let levels: Vec<u8> = (0..3 * rows * cols).map(|i| u8::try_from(i * 37 % 251).unwrap()).collect();
        let input = InputTensor { levels, rows, cols, image_from_input: IDENTITY };
        let heads = model.run(&input).unwrap();
        let outputs = &model.spec().outputs;
        assert_eq!(heads.len(), outputs.len());
        for (head, output) in heads.iter().zip(outputs) {
            assert_eq!((head.rows, head.cols), (rows / output.stride, cols / output.stride));
            assert!(head.values.iter().all(|v| v.is_finite()));
        }
        assert_eq!(heads, model.run(&input).unwrap());
    }
}

#[test]
fn detections_lie_in_the_image_by_falling_score() {
    let disc = |x: usize, y: usize, r: i64| {
        let (x, y) = (i64::try_from(x).unwrap() - 96, i64::try_from(y).unwrap() - 80);
        x * x + y * y < r * r
    };
    let series = common::axial_series((160, 192), (0.8, 0.8), &[0.0, 2.5, 5.0], |x, y, _| match () {
        () if disc(x, y, 12) => 120,
        () if disc(x, y, 70) => 40,
        () => -1000,
    });
    let mut model = shipped();
    let info = model.spec().info();
    let found = detect(&mut model, series.trusted().unwrap(), 1).unwrap();
    assert!(found.len() >= 2, "down to the floor there is something to order: {}", found.len());
    assert!(found.windows(2).all(|pair| pair[0].score >= pair[1].score));
    for Detection { box_px, score, axes, lesion_type } in found {
        assert!((0.0..=1.0).contains(&score));
        assert!(box_px.x0 >= 0.0 && box_px.y0 >= 0.0 && box_px.x1 <= 192.0 && box_px.y1 <= 160.0);
        assert_eq!(axes.is_some(), info.has_axes);
        assert!(axes.is_none_or(|axes| axes.long_mm >= axes.short_mm && axes.short_mm > Some(0.0)));
        assert!(info.has_types || lesion_type.is_none());
    }
}

#[test]
fn a_model_that_is_not_the_pinned_one_is_refused() {
    let (text, mut onnx) = common::shipped_model();
    onnx[500] ^= 0x10;
    let error = TractModel::load(ModelSpec::from_json(&text).unwrap(), &onnx).err().unwrap();
    assert!(matches!(error, ModelError::Sha256 { .. }), "{error}");
}

#[test]
fn each_output_has_its_own_way_from_heat_to_score() {
    let mut json = common::spec_json(&common::BOX_CHANNELS);
    json["outputs"][1]["score"] = serde_json::json!({"scale": 2.0, "offset": -1.0});
    let spec = ModelSpec::from_json(&json.to_string()).unwrap();
    let one = head(&[(3, 2, 1.0, 0.5, 0.5, 4.0, 4.0)]);
    let heads = [one.clone(), RawHead { stride: 8, ..one }];
    let found = candidates(&heads, &spec, &IDENTITY, (100, 100), None).unwrap();
    let sigmoid = |logit: f32| 1.0 / (1.0 + (-logit).exp());
    assert_eq!(found.iter().map(|d| d.score).collect::<Vec<_>>(), [sigmoid(1.0), sigmoid(2.0 * 1.0 - 1.0)]);

    // The floor is one of scores: this output's cells now pass with a lower heat.
    json["outputs"][0]["score"] = serde_json::json!({"scale": 1.0, "offset": 5.0});
    let spec = ModelSpec::from_json(&json.to_string()).unwrap();
    let weak = head(&[(3, 2, -4.0, 0.5, 0.5, 4.0, 4.0)]);
    let found = candidates(std::slice::from_ref(&weak), &spec, &IDENTITY, (100, 100), None).unwrap();
    assert!(found.iter().any(|d| (d.score - sigmoid(1.0)).abs() < 1e-6), "{found:?}");
    assert_eq!(candidates(&[weak], &self::spec(), &IDENTITY, (100, 100), None).unwrap(), []);
}

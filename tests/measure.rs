//! Diameters and types, from raw heads to detections.
#![allow(clippy::unwrap_used, reason = "a test ends where its own material is broken")]

mod common;

use std::f32::consts::PI;

use common::{AXIS_CHANNELS, BOX_CHANNELS, TYPE_CHANNELS};
use lesionlens::detection::{Axes, Detection, LesionType, TypeEstimate};
use lesionlens::heads::candidates;
use lesionlens::input::{ImageFromInput, InputTensor};
use lesionlens::model::{Model, ModelError, ModelSpec, RawHead};
use lesionlens::series::{Series, arrange};
use proptest::prelude::*;
use serde_json::json;

const IDENTITY: ImageFromInput = ImageFromInput { crop_x: 0, crop_y: 0, ratio_x: 1.0, ratio_y: 1.0 };
const SIZE: (usize, usize) = (512, 512);
const STRIDE: f32 = 4.0;

/// A cell with a lesion whose centre is in the middle of it.
#[derive(Debug, Clone, Copy)]
struct Lesion {
    long: f32,
    short: f32,
    sin_2theta: f32,
    cos_2theta: f32,
    types: [f32; 8],
}

/// 20 × 10 px along x, of no type in particular.
const ALONG_X: Lesion = Lesion { long: 20.0, short: 10.0, sin_2theta: 0.0, cos_2theta: 1.0, types: [0.0; 8] };

fn at_angle(theta: f32) -> Lesion {
    Lesion { sin_2theta: (2.0 * theta).sin(), cos_2theta: (2.0 * theta).cos(), ..ALONG_X }
}

fn measuring() -> ModelSpec {
    common::spec(&[&BOX_CHANNELS[..], &AXIS_CHANNELS, &TYPE_CHANNELS].concat())
}

/// A head of 30 × 30 cells with one hot cell in column 10 and row 20; its centre is (42, 82) in input pixels.
fn head(lesion: Lesion) -> RawHead {
    let (rows, cols) = (30, 30);
    let Lesion { long, short, sin_2theta, cos_2theta, types } = lesion;
    let mut cell = vec![2.0, 0.5, 0.5, long.ln(), short.ln(), long.ln(), short.ln(), sin_2theta, cos_2theta];
    cell.extend(types);
    let mut values = vec![0.0; cell.len() * rows * cols];
    values[..rows * cols].fill(-9.0);
    for (channel, value) in cell.into_iter().enumerate() {
        values[(channel * rows + 20) * cols + 10] = value;
    }
    RawHead { stride: 4, rows, cols, values }
}

const CENTER: [f32; 2] = [10.5 * STRIDE, 20.5 * STRIDE];

fn found(lesion: Lesion, spec: &ModelSpec, map: &ImageFromInput, mm_per_px: Option<f64>) -> Vec<Detection> {
    candidates(&[head(lesion)], spec, map, SIZE, mm_per_px).unwrap()
}

fn axes_of(lesion: Lesion, map: &ImageFromInput, mm_per_px: Option<f64>) -> Axes {
    found(lesion, &measuring(), map, mm_per_px)[0].axes.unwrap()
}

fn type_of(types: [f32; 8], spec: &ModelSpec) -> Option<TypeEstimate> {
    found(Lesion { types, ..ALONG_X }, spec, &IDENTITY, None)[0].lesion_type
}

/// Whether two lines are the same one, whichever end comes first.
#[track_caller]
fn assert_line(line: [[f32; 2]; 2], expected: [[f32; 2]; 2]) {
    let same = |a: [[f32; 2]; 2], b: [[f32; 2]; 2]| {
        a.iter().flatten().zip(b.iter().flatten()).all(|(a, b)| (a - b).abs() < 1e-3)
    };
    let [start, end] = expected;
    assert!(same(line, [start, end]) || same(line, [end, start]), "{line:?}, expected {expected:?}");
}

fn length([[x0, y0], [x1, y1]]: [[f32; 2]; 2]) -> f32 {
    (x1 - x0).hypot(y1 - y0)
}

#[test]
fn a_lesion_along_x_has_its_axes_along_x_and_y() {
    let [x, y] = CENTER;
    let axes = axes_of(ALONG_X, &IDENTITY, Some(0.8));
    assert_line(axes.long_px, [[x - 10.0, y], [x + 10.0, y]]);
    assert_line(axes.short_px, [[x, y - 5.0], [x, y + 5.0]]);
    assert_eq!(axes.long_mm.map(|mm| (mm * 1e3).round()), Some(16_000.0));
    assert_eq!(axes.short_mm.map(|mm| (mm * 1e3).round()), Some(8_000.0));
}

#[test]
fn the_angle_runs_from_x_towards_y_which_points_down() {
    let [x, y] = CENTER;
    let half = 10.0 * 0.5_f32.sqrt();
    // The long axis from upper left to lower right, then from lower left to upper right.
    assert_line(axes_of(at_angle(PI / 4.0), &IDENTITY, None).long_px, [[x - half, y - half], [x + half, y + half]]);
    assert_line(axes_of(at_angle(-PI / 4.0), &IDENTITY, None).long_px, [[x - half, y + half], [x + half, y - half]]);
    assert_line(axes_of(at_angle(PI / 2.0), &IDENTITY, None).long_px, [[x, y - 10.0], [x, y + 10.0]]);
}

#[test]
fn sine_and_cosine_that_changed_places_mirror_the_line_at_the_diagonal_of_22_5_degrees() {
    let lesion = at_angle(PI / 12.0);
    let swapped = Lesion { sin_2theta: lesion.cos_2theta, cos_2theta: lesion.sin_2theta, ..lesion };
    assert_line(
        axes_of(swapped, &IDENTITY, None).long_px,
        axes_of(at_angle(PI / 4.0 - PI / 12.0), &IDENTITY, None).long_px,
    );
}

#[test]
fn only_the_direction_of_sine_and_cosine_counts() {
    let lesion = at_angle(0.3);
    for factor in [1e-3, 0.5, 7.0] {
        let scaled =
            Lesion { sin_2theta: factor * lesion.sin_2theta, cos_2theta: factor * lesion.cos_2theta, ..lesion };
        assert_line(axes_of(scaled, &IDENTITY, None).long_px, axes_of(lesion, &IDENTITY, None).long_px);
    }
    let without = Lesion { sin_2theta: 0.0, cos_2theta: 0.0, ..lesion };
    assert_line(axes_of(without, &IDENTITY, None).long_px, axes_of(ALONG_X, &IDENTITY, None).long_px);
}

#[test]
fn a_short_diameter_is_never_longer_than_the_long_one() {
    let axes = axes_of(Lesion { short: 35.0, ..ALONG_X }, &IDENTITY, Some(0.8));
    let [x, y] = CENTER;
    assert_line(axes.short_px, [[x, y - 10.0], [x, y + 10.0]]);
    assert_eq!(axes.short_mm, axes.long_mm);
}

#[test]
fn ends_are_mapped_to_the_image_and_lengths_are_those_of_the_input() {
    // Image pixels of 1.6 × 0.4 mm: half as many across as in the input, twice as many down.
    let map = ImageFromInput { crop_x: 8, crop_y: 4, ratio_x: 0.5, ratio_y: 2.0 };
    let [x, y] = [(CENTER[0] + 8.0) * 0.5, (CENTER[1] + 4.0) * 2.0];
    let along_x = axes_of(ALONG_X, &map, Some(0.8));
    assert_line(along_x.long_px, [[x - 5.0, y], [x + 5.0, y]]);
    assert_line(along_x.short_px, [[x, y - 10.0], [x, y + 10.0]]);

    let oblique = axes_of(at_angle(PI / 4.0), &map, Some(0.8));
    let half = 10.0 * 0.5_f32.sqrt();
    assert_line(oblique.long_px, [[x - 0.5 * half, y - 2.0 * half], [x + 0.5 * half, y + 2.0 * half]]);
    for axes in [along_x, oblique] {
        let mm = |line: [[f32; 2]; 2]| length(line.map(|[x, y]| [1.6 * x, 0.4 * y]));
        assert!((mm(axes.long_px) - axes.long_mm.unwrap()).abs() < 1e-3, "{axes:?}");
        assert!((mm(axes.short_px) - axes.short_mm.unwrap()).abs() < 1e-3, "{axes:?}");
    }
}

#[test]
fn ends_beyond_the_image_are_kept_and_the_box_is_clipped() {
    let map = ImageFromInput { ratio_x: 0.1, ..IDENTITY };
    let [detection] = found(Lesion { long: 200.0, ..ALONG_X }, &measuring(), &map, None)[..] else { panic!() };
    assert!(detection.box_px.x0 >= 0.0);
    assert_line(detection.axes.unwrap().long_px, [[-5.8, CENTER[1]], [14.2, CENTER[1]]]);
}

#[test]
fn cells_with_a_channel_that_is_no_finite_number_are_no_candidates() {
    type Change = fn(&mut Lesion);
    let table: [(&str, Change); 8] = [
        ("long is not a number", |l| l.long = f32::NAN),
        ("long is infinite", |l| l.long = f32::INFINITY),
        ("long is nothing", |l| l.long = 0.0),
        ("short is not a number", |l| l.short = f32::NAN),
        ("sine is not a number", |l| l.sin_2theta = f32::NAN),
        ("cosine is infinite", |l| l.cos_2theta = f32::INFINITY),
        ("a type is not a number", |l| l.types[7] = f32::NAN),
        ("a type is infinite", |l| l.types[0] = f32::INFINITY),
    ];
    for (name, change) in table {
        let mut lesion = ALONG_X;
        change(&mut lesion);
        assert_eq!(found(lesion, &measuring(), &IDENTITY, Some(0.8)), [], "{name}");
    }
    // A logarithm of 200 is finite, the diameter is not.
    let mut endless = head(ALONG_X);
    endless.values[(5 * 30 + 20) * 30 + 10] = 200.0;
    assert_eq!(candidates(&[endless], &measuring(), &IDENTITY, SIZE, None).unwrap(), []);
}

#[test]
fn a_type_is_named_from_its_smallest_share_on() {
    let spec = measuring();
    let logit = |share: f32| (7.0 * share / (1.0 - share)).ln();
    for (at, lesion_type) in LesionType::ALL.into_iter().enumerate() {
        let mut types = [0.0; 8];
        types[at] = logit(0.61);
        let TypeEstimate { name, probability } = type_of(types, &spec).unwrap();
        assert_eq!(name, lesion_type);
        assert!((probability - 0.61).abs() < 1e-5, "{probability}");
        types[at] = logit(0.59);
        assert_eq!(type_of(types, &spec), None);
    }
    assert_eq!(type_of([0.0; 8], &spec), None);
    // Logits far beyond what an exponential holds.
    let mut huge = [-3e38; 8];
    huge[4] = 3e38;
    assert_eq!(type_of(huge, &spec), Some(TypeEstimate { name: LesionType::Lung, probability: 1.0 }));
}

#[test]
fn a_temperature_levels_the_shares_and_of_equal_ones_the_first_counts() {
    let mut json = common::spec_json(&[&BOX_CHANNELS[..], &TYPE_CHANNELS].concat());
    json["types"] = json!({"temperature": 2.0, "min_probability": 0.125});
    let spec = ModelSpec::from_json(&json.to_string()).unwrap();
    let of = |types: [f32; 8]| {
        let channels = head(Lesion { types, ..ALONG_X });
        // This model has no channels for axes.
        let n_cells = channels.rows * channels.cols;
        let mut values = channels.values[..5 * n_cells].to_vec();
        values.extend(&channels.values[9 * n_cells..]);
        let found = candidates(&[RawHead { values, ..channels }], &spec, &IDENTITY, SIZE, Some(0.8)).unwrap();
        assert_eq!(found[0].axes, None);
        found[0].lesion_type.unwrap()
    };
    let estimate = of([0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(estimate.name, LesionType::Mediastinum);
    let expected = 1.5_f32.exp() / (1.5_f32.exp() + 7.0);
    assert!((estimate.probability - expected).abs() < 1e-6, "{}", estimate.probability);
    assert_eq!(of([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]).name, LesionType::Bone);
    assert_eq!(of([0.0, 0.0, 0.0, 2.0, 0.0, 2.0, 0.0, 0.0]).name, LesionType::Liver);
}

proptest! {
    #[test]
    fn lines_cross_in_the_centre_at_right_angles_and_have_the_lengths_that_are_said(
        long in 1.0f32..200.0, ratio in 0.1f32..1.0, theta in -1.5f32..1.5,
    ) {
        let axes = axes_of(Lesion { long, short: ratio * long, ..at_angle(theta) }, &IDENTITY, Some(0.8));
        for (line, mm) in [(axes.long_px, axes.long_mm), (axes.short_px, axes.short_mm)] {
            prop_assert!((0.8 * length(line) - mm.unwrap()).abs() < 1e-2);
            let [[x0, y0], [x1, y1]] = line;
            prop_assert!((0.5 * (x0 + x1) - CENTER[0]).abs() < 1e-3 && (0.5 * (y0 + y1) - CENTER[1]).abs() < 1e-3);
        }
        let along = |[[x0, y0], [x1, y1]]: [[f32; 2]; 2]| (x1 - x0, y1 - y0);
        let ((lx, ly), (sx, sy)) = (along(axes.long_px), along(axes.short_px));
        prop_assert!((lx * sx + ly * sy).abs() <= 1e-3 * long * long);
        prop_assert!((lx * theta.sin() - ly * theta.cos()).abs() < 1e-2 * long, "along the angle");
        prop_assert!(axes.short_mm <= axes.long_mm);
    }
}

/// A net that says the same of every slice.
struct Constant(ModelSpec);

impl Model for Constant {
    fn spec(&self) -> &ModelSpec {
        &self.0
    }

    fn run(&mut self, _: &InputTensor) -> Result<Vec<RawHead>, ModelError> {
        Ok(vec![head(ALONG_X)])
    }
}

fn detected(series: &Series) -> Axes {
    lesionlens::detector::detect(&mut Constant(measuring()), series.trusted().unwrap(), 0).unwrap()[0].axes.unwrap()
}

#[test]
fn lengths_in_mm_are_said_only_where_the_spacing_is_known() {
    let series = common::axial_series((256, 256), (0.8, 1.6), &[0.0], |_, _, _| 40);
    let known = detected(&series);
    assert!((known.long_mm.unwrap() - 16.0).abs() < 1e-4 && (known.short_mm.unwrap() - 8.0).abs() < 1e-4);

    let mut slices = series.into_slices();
    let slice = slices.remove(0);
    let mut info = slice.info().clone();
    info.pixel_spacing_mm = None;
    let rescale = lesionlens::hounsfield::Rescale::new(1.0, 0.0).unwrap();
    let slice =
        lesionlens::slice::Slice::new(info, slice.rows(), slice.cols(), slice.stored().clone(), rescale).unwrap();
    let assumed = detected(&arrange(vec![slice], &[])[0]);
    assert_eq!((assumed.long_mm, assumed.short_mm), (None, None));
    assert!(length(assumed.long_px) > 1.0);
}

#[test]
fn a_detection_is_written_with_axes_and_type_and_read_without_them() {
    let mut types = [0.0; 8];
    types[6] = 20.0;
    let lesion = Lesion { long: 16.0, short: 8.0, types, ..ALONG_X };
    let [detection] = found(lesion, &measuring(), &IDENTITY, Some(0.5))[..] else { panic!() };
    let json = serde_json::to_value(detection).unwrap();
    assert_eq!(json["type"]["name"], "soft tissue");
    assert_eq!(json["axes"]["long_px"].as_array().unwrap().len(), 2);
    assert!((json["axes"]["long_mm"].as_f64().unwrap() - 8.0).abs() < 1e-5);
    let read: Detection = serde_json::from_value(json).unwrap();
    assert_eq!(read, detection);

    let plain = Detection::new(detection.box_px, detection.score);
    let old = json!({"box_px": <[f32; 4]>::from(plain.box_px), "score": plain.score});
    assert_eq!(serde_json::from_value::<Detection>(old).unwrap(), plain);
    assert_eq!(serde_json::to_value(plain).unwrap()["axes"], json!(null));
    assert_eq!(serde_json::to_value(plain).unwrap()["type"], json!(null));
}

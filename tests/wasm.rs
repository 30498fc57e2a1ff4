//! The door for the page's worker, tested inside a browser.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "a test ends where its own material is broken")]

#[path = "common/convolution.rs"]
mod twin;

use js_sys::Reflect;
use lesionlens::input::{ImageFromInput, InputTensor};
use lesionlens::model::tract::TractModel;
use lesionlens::model::{Model, ModelSpec, hex};
use lesionlens::wasm::{Net, Workbench};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

const SPEC: &str = include_str!("../models/detector.json");
const ONNX: &[u8] = include_bytes!("../models/detector.onnx");

fn bench() -> Workbench {
    Workbench::new(SPEC, ONNX).unwrap()
}

fn get(value: &JsValue, name: &str) -> JsValue {
    Reflect::get(value, &name.into()).unwrap()
}

fn text(value: &JsValue, name: &str) -> String {
    get(value, name).as_string().unwrap()
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of pixels")]
fn pixels(value: &JsValue) -> usize {
    value.as_f64().unwrap() as usize
}

fn items(value: JsValue) -> Vec<JsValue> {
    value.dyn_into::<js_sys::Array>().unwrap().iter().collect()
}

/// A bench with three neighbouring slices and the table of the sample study.
fn bench_with_sample() -> Workbench {
    let mut bench = bench();
    let last = bench.sample_size() - 1;
    for file in [10, 11, 12, last] {
        let sample = bench.sample_file(file).unwrap();
        let bytes = get(&sample, "bytes").dyn_into::<js_sys::Uint8Array>().unwrap().to_vec();
        bench.add_file(&text(&sample, "path"), &bytes).unwrap();
    }
    bench
}

#[wasm_bindgen_test]
fn the_sample_study_is_decoded_arranged_rendered_and_searched() {
    let mut bench = bench_with_sample();
    let series = items(bench.arrange().unwrap());
    assert_eq!(series.len(), 1);
    assert_eq!(text(&series[0], "spacing_source"), "DL_info");
    assert_eq!(items(get(&series[0], "slices")).len(), 3);

    let picture = bench.render(0, 1, 40.0, 400.0).unwrap();
    assert_eq!((picture.width(), picture.height()), (512, 512));
    let rgba = picture.data();
    assert!(rgba.0.chunks_exact(4).all(|p| p[0] == p[1] && p[1] == p[2] && p[3] == 255), "opaque grey");
    assert!(rgba.0.iter().step_by(4).any(|&grey| grey > 60 && grey < 250), "a body is seen");

    bench.detect(0, 1).unwrap();
    let info = bench.model_info().unwrap();
    let floor = get(&info, "score_floor").as_f64().unwrap();
    let all = items(bench.detections(0.0).unwrap());
    for detection in &all {
        assert_eq!(get(detection, "slice").as_f64(), Some(1.0));
        assert!(get(detection, "score").as_f64().unwrap() >= floor - 1e-6);
        assert_eq!(items(get(detection, "box_px")).len(), 4);
        let axes = get(detection, "axes");
        assert_eq!(!axes.is_null(), get(&info, "has_axes").is_truthy());
        if !axes.is_null() {
            let ends = items(get(&axes, "long_px"));
            assert!(ends.len() == 2 && ends.into_iter().all(|end| items(end).len() == 2));
            assert!(get(&axes, "long_mm").as_f64() >= get(&axes, "short_mm").as_f64(), "the sample's spacing is known");
        }
        let named = get(detection, "type");
        assert!(named.is_null() || get(&info, "has_types").is_truthy() && !text(&named, "name").is_empty());
    }
    assert!(items(bench.detections(1.1).unwrap()).is_empty(), "no score is above 1");

    bench.clear();
    assert!(items(bench.arrange().unwrap()).is_empty());
    assert!(items(bench.detections(0.0).unwrap()).is_empty());
}

#[wasm_bindgen_test]
fn figures_are_those_of_the_nearest_operating_point_at_or_below() {
    let mut spec: Value = serde_json::from_str(SPEC).unwrap();
    spec["operating_points"] = json!([
        {"threshold": 0.1, "sensitivity": 0.64, "sensitivity_95": [0.5, 0.8], "marks_per_slice": 4.1},
        {"threshold": 0.2, "sensitivity": 0.5, "sensitivity_95": [0.3, 0.7], "marks_per_slice": 1.5},
    ]);
    spec["evidence"] = json!({"sensitivity": "On lesions.", "marks": "On slices."});
    spec["default_threshold"] = json!(0.25);
    let bench = Workbench::new(&spec.to_string(), ONNX).unwrap();
    assert!(bench.operating_point(0.09).unwrap().is_null());
    let point = bench.operating_point(0.15).unwrap();
    assert_eq!(get(&point, "sensitivity").as_f64(), Some(0.64));
    assert_eq!(get(&point, "marks_per_slice").as_f64(), Some(4.1));
    let interval: Vec<Option<f64>> = items(get(&point, "sensitivity_95")).iter().map(JsValue::as_f64).collect();
    assert_eq!(interval, [Some(0.5), Some(0.8)]);

    let info = bench.model_info().unwrap();
    assert_eq!(items(get(&info, "operating_points")).len(), 2);
    assert_eq!(get(&get(&info, "default_operating_point"), "sensitivity").as_f64(), Some(0.5));
    assert_eq!(text(&get(&info, "evidence"), "marks"), "On slices.");

    spec["operating_points"] = json!([]);
    let bench = Workbench::new(&spec.to_string(), ONNX).unwrap();
    assert!(bench.operating_point(1.0).unwrap().is_null());
    assert!(get(&bench.model_info().unwrap(), "default_operating_point").is_null());
}

#[wasm_bindgen_test]
fn errors_carry_name_code_and_message() {
    let mut bench = bench();
    let check = |error: JsValue, name: &str, code: &str| {
        assert!(error.is_instance_of::<js_sys::Error>());
        assert_eq!((text(&error, "name").as_str(), text(&error, "code").as_str()), (name, code));
        assert!(text(&error, "message").len() > 10);
    };
    check(bench.add_file("notes.txt", b"no image at all").unwrap_err(), "DecodeError", "UnknownFormat");
    check(bench.render(0, 0, 40.0, 400.0).map(JsValue::from).unwrap_err(), "StudyError", "NoSuchSlice");
    check(bench.detect(3, 1).unwrap_err(), "StudyError", "NoSuchSlice");
    let mut tampered = ONNX.to_vec();
    tampered[1000] ^= 1;
    let error = Workbench::new(SPEC, &tampered).err().unwrap();
    check(error, "ModelError", "ModelSha256");
    check(Workbench::new("{", ONNX).err().unwrap(), "ModelError", "ModelSpecSyntax");
}

#[wasm_bindgen_test]
fn a_net_in_another_worker_finds_what_the_detector_finds() {
    let text = |bench: &Workbench| js_sys::JSON::stringify(&bench.detections(0.0).unwrap()).unwrap();
    let mut bench = bench_with_sample();
    bench.arrange().unwrap();
    bench.detect(0, 1).unwrap();
    let expected = text(&bench);
    bench.arrange().unwrap();
    assert_ne!(text(&bench), expected, "arranging forgets detections");

    let input = bench.input(0, 1).unwrap();
    let levels = get(&input, "levels").dyn_into::<js_sys::Uint8Array>().unwrap().to_vec();
    let [rows, cols] = ["rows", "cols"].map(|name| pixels(&get(&input, name)));
    let mut net = Net::new(SPEC, ONNX).unwrap();
    assert_eq!(net.not_integer(), None);
    let heads = items(net.run(levels, rows, cols).unwrap().into()).into_iter();
    let heads: Vec<js_sys::Float32Array> = heads.map(|head| head.dyn_into().unwrap()).collect();
    bench.accept(0, 1, heads.clone()).unwrap();
    assert_eq!(text(&bench), expected);

    let code = |error: JsValue| get(&error, "code").as_string();
    let twice = bench.accept(0, 1, heads.clone()).unwrap_err();
    assert_eq!(code(twice), Some("NoSuchSlice".to_owned()), "an input's heads are taken once");
    bench.input(0, 1).unwrap();
    let missing = bench.accept(0, 1, vec![heads[0].clone()]).unwrap_err();
    assert_eq!(code(missing), Some("ModelOutputShape".to_owned()));
    bench.input(0, 1).unwrap();
    bench.clear();
    assert!(bench.accept(0, 1, heads).is_err(), "heads of a study that is gone are not taken");
}

#[wasm_bindgen_test]
fn kernels_equal_the_definition_bit_for_bit_in_a_browser() {
    for seed in 0..150 {
        twin::check(seed);
    }
}

#[wasm_bindgen_test]
fn a_random_net_equals_the_integer_reference_in_numpy_in_a_browser() {
    const NET: &[u8] = include_bytes!("golden/quantized_net.onnx");
    let golden: Value = serde_json::from_str(include_str!("golden/quantized_net.json")).unwrap();
    let mut spec: Value = serde_json::from_str(SPEC).unwrap();
    spec["sha256"] = json!(hex(&Sha256::digest(NET)));
    let mut channels = vec!["heat", "dx", "dy", "log_w", "log_h", "log_long", "log_short", "sin_2theta", "cos_2theta"];
    channels.extend(["type_bone", "type_abdomen", "type_mediastinum", "type_liver"]);
    channels.extend(["type_lung", "type_kidney", "type_soft_tissue", "type_pelvis"]);
    spec["channels"] = json!(channels);
    spec["types"] = json!({"temperature": 1.0, "min_probability": 0.6});
    let mut model = TractModel::load(ModelSpec::from_json(&spec.to_string()).unwrap(), NET).unwrap();
    assert_eq!(model.not_integer(), None);
    let number = |name: &str| usize::try_from(golden[name].as_u64().unwrap()).unwrap();
    let levels: Vec<u8> = serde_json::from_value(golden["levels"].clone()).unwrap();
    let image_from_input = ImageFromInput { crop_x: 0, crop_y: 0, ratio_x: 1.0, ratio_y: 1.0 };
    let input = InputTensor { levels, rows: number("rows"), cols: number("cols"), image_from_input };
    for (head, name) in model.run(&input).unwrap().iter().zip(["s4", "s8"]) {
        let expected: Vec<f32> = serde_json::from_value(golden["outputs"][name].clone()).unwrap();
        assert!(head.values == expected, "{name} differs");
    }
}

//! The door for the page's worker, tested inside a browser.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "a test ends where its own material is broken")]

#[path = "common/sample.rs"]
mod sample;
#[path = "common/convolution.rs"]
mod twin;

use js_sys::{Float32Array, Reflect};
use lesionlens::detection::Detection;
use lesionlens::input::{ImageFromInput, InputTensor};
use lesionlens::model::tract::TractModel;
use lesionlens::model::{Model, ModelSpec, hex};
use lesionlens::wasm::{Net, Sample, Workbench, memory_bytes};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

const SPEC: &str = include_str!("../models/detector.json");
const ONNX: &[u8] = include_bytes!("../models/detector.onnx");

fn bench() -> Workbench {
    Workbench::new(SPEC).unwrap()
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

/// A bench with the slices of [`sample::FILES`] and the table of the sample study, arranged, and the ids of the slices.
fn bench_with_sample() -> (Workbench, Vec<String>) {
    let (mut bench, study) = (bench(), Sample::new());
    for file in sample::FILES.into_iter().chain([study.n_files() - 1]) {
        let file = study.file(file).unwrap();
        let bytes = get(&file, "bytes").dyn_into::<js_sys::Uint8Array>().unwrap().to_vec();
        bench.add_file(&text(&file, "path"), &bytes).unwrap();
    }
    let ids = slice_ids(&bench.arrange().unwrap());
    (bench, ids)
}

fn slice_ids(series: &JsValue) -> Vec<String> {
    let slices = items(series.clone()).into_iter().flat_map(|series| items(get(&series, "slices")));
    slices.map(|slice| text(&slice, "id")).collect()
}

/// The ticket of a slice's input, and the heads that a net makes of it.
fn heads(bench: &Workbench, net: &mut Net, slice: &str) -> (JsValue, Vec<Float32Array>) {
    let input = bench.input(slice).unwrap();
    let levels = get(&input, "levels").dyn_into::<js_sys::Uint8Array>().unwrap().to_vec();
    let [rows, cols] = ["rows", "cols"].map(|name| pixels(&get(&input, name)));
    let heads = items(net.run(levels, rows, cols).unwrap().into()).into_iter();
    (get(&input, "ticket"), heads.map(|head| head.dyn_into().unwrap()).collect())
}

fn json(value: &JsValue) -> String {
    js_sys::JSON::stringify(value).unwrap().into()
}

#[wasm_bindgen_test]
fn the_sample_study_has_the_bytes_it_has_everywhere() {
    sample::check_bytes();
}

#[wasm_bindgen_test]
fn the_sample_study_is_decoded_arranged_and_rendered() {
    let (mut bench, ids) = bench_with_sample();
    let series = items(bench.arrange().unwrap());
    assert_eq!((series.len(), ids.len()), (1, 3));
    assert_eq!(text(&series[0], "spacing_source"), "DL_info");
    assert_eq!(text(&get(&series[0], "rule"), "code"), "NameNumber");
    assert_eq!(get(&get(&series[0], "rule"), "step_mm").as_f64(), Some(5.0));
    assert_eq!((text(&series[0], "name"), text(&series[0], "study")), ("990002_01_01".into(), "990002_01".into()));
    assert_eq!(slice_ids(&series.iter().collect::<js_sys::Array>().into()), ids, "ids last");

    let picture = bench.render(&ids[1], 40.0, 400.0).unwrap();
    assert_eq!((picture.width(), picture.height()), (512, 512));
    let rgba = picture.data();
    assert!(rgba.0.chunks_exact(4).all(|p| p[0] == p[1] && p[1] == p[2] && p[3] == 255), "opaque grey");
    assert!(rgba.0.iter().step_by(4).any(|&grey| grey > 60 && grey < 250), "a body is seen");
    assert_eq!(bench.fingerprint(&ids[1]).unwrap().len(), 64);
    assert!(memory_bytes() > 1e6);

    bench.clear();
    assert!(items(bench.arrange().unwrap()).is_empty());
}

#[wasm_bindgen_test]
fn the_shipped_net_finds_a_given_lesion_of_the_sample_study() {
    let (mut bench, ids) = bench_with_sample();
    let mut net = Net::new(SPEC, ONNX).unwrap();
    assert_eq!(net.not_integer(), None);
    let (ticket, heads) = heads(&bench, &mut net, &ids[1]);
    let records = items(bench.accept(ticket.clone(), heads.clone()).unwrap());
    let found: Vec<Detection> = serde_json::from_str(&json(&records.iter().collect::<js_sys::Array>())).unwrap();
    let spec = ModelSpec::from_json(SPEC).unwrap();
    sample::check_lesion(&found, &spec);
    sample::check_native(&found, &spec);
    let first = &records[0];
    assert_eq!((text(first, "id"), text(first, "slice")), (format!("{}.0", ids[1]), ids[1].clone()));
    let axes = get(first, "axes");
    let ends = items(get(&axes, "long_px"));
    assert!(ends.len() == 2 && ends.into_iter().all(|end| items(end).len() == 2));
    assert!(get(&axes, "long_mm").as_f64() >= get(&axes, "short_mm").as_f64(), "the sample's spacing is known");

    let code = |error: JsValue| get(&error, "code").as_string();
    let missing = bench.accept(ticket.clone(), vec![heads[0].clone()]).unwrap_err();
    assert_eq!(code(missing).as_deref(), Some("ModelOutputShape"));
    let foreign = bench.accept(js_sys::Object::new().into(), heads.clone()).unwrap_err();
    assert_eq!(code(foreign).as_deref(), Some("NoSuchInput"));
    bench.clear();
    let late = bench.accept(ticket, heads).unwrap_err();
    assert_eq!(code(late).as_deref(), Some("NoSuchInput"), "heads of a study that is gone are not taken");
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
    let bench = Workbench::new(&spec.to_string()).unwrap();
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
    let bench = Workbench::new(&spec.to_string()).unwrap();
    assert!(bench.operating_point(1.0).unwrap().is_null());
    assert!(get(&bench.model_info().unwrap(), "default_operating_point").is_null());
}

#[wasm_bindgen_test]
fn errors_carry_name_code_fault_details_and_message() {
    let mut bench = bench();
    let check = |error: JsValue, name: &str, code: &str, fault: &str| {
        assert!(error.is_instance_of::<js_sys::Error>());
        assert_eq!((text(&error, "name").as_str(), text(&error, "code").as_str()), (name, code));
        assert_eq!(text(&error, "fault"), fault);
        assert!(text(&error, "message").len() > 10);
        error
    };
    let notes = bench.add_file("notes.txt", b"no image at all").unwrap_err();
    let notes = check(notes, "DecodeError", "UnknownFormat", "file");
    assert_eq!(get(&notes, "unrelated").as_bool(), Some(true));
    assert!(get(&notes, "details").is_object());
    let pdf = check(bench.add_file("a.pdf", b"%PDF-1.7\n").unwrap_err(), "DecodeError", "UnsupportedFormat", "file");
    let details = get(&pdf, "details");
    assert_eq!((text(&details, "format").as_str(), text(&details, "advice").as_str()), ("Pdf", "NoHounsfield"));
    let png = check(bench.add_file("a.png", b"\x89PNG\r\n\x1a\n").unwrap_err(), "DecodeError", "PngDamaged", "file");
    assert_eq!(get(&png, "unrelated").as_bool(), Some(false));

    let missing = bench.render("7", 40.0, 400.0).map(JsValue::from).unwrap_err();
    let missing = check(missing, "StudyError", "NoSuchSlice", "program");
    assert_eq!(text(&get(&missing, "details"), "slice"), "7");
    check(bench.input("7").unwrap_err(), "StudyError", "NoSuchSlice", "program");

    let mut tampered = ONNX.to_vec();
    tampered[1000] ^= 1;
    let error = check(Net::new(SPEC, &tampered).err().unwrap(), "ModelError", "ModelSha256", "program");
    assert_eq!(text(&get(&error, "details"), "expected").len(), 64);
    check(Workbench::new("{").err().unwrap(), "ModelError", "ModelSpecSyntax", "program");
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

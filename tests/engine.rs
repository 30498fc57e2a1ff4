//! The whole net: integer convolutions against plain tract, and against an integer reference in NumPy.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test ends where its own material is broken")]

mod common;

use common::{AXIS_CHANNELS, BOX_CHANNELS, TYPE_CHANNELS, shipped_model, spec_json};
use lesionlens::input::{ImageFromInput, InputTensor};
use lesionlens::model::tract::TractModel;
use lesionlens::model::{Model, ModelSpec, RawHead, hex};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Scales are powers of two.
const EXACT: &[u8] = include_bytes!("golden/quantized_net.onnx");
/// Scales are not.
const FREE: &[u8] = include_bytes!("golden/quantized_net_free.onnx");
const GOLDEN: &str = include_str!("golden/quantized_net.json");

/// The shipped model's spec, for one of the golden nets.
fn spec_of(onnx: &[u8]) -> ModelSpec {
    let mut spec = spec_json(&[&BOX_CHANNELS[..], &AXIS_CHANNELS[..], &TYPE_CHANNELS[..]].concat());
    spec["sha256"] = json!(hex(&Sha256::digest(onnx)));
    ModelSpec::from_json(&spec.to_string()).unwrap()
}

fn both(spec: &ModelSpec, onnx: &[u8]) -> [TractModel; 2] {
    [TractModel::load(spec.clone(), onnx).unwrap(), TractModel::load_plain(spec.clone(), onnx).unwrap()]
}

fn input(rows: usize, cols: usize, levels: Vec<u8>) -> InputTensor {
    let image_from_input = ImageFromInput { crop_x: 0, crop_y: 0, ratio_x: 1.0, ratio_y: 1.0 };
    InputTensor { levels, rows, cols, image_from_input }
}

/// Levels without any order, a quarter of them at the ends.
fn noise(rows: usize, cols: usize, seed: u64) -> InputTensor {
    let mut state = seed;
    let mut level = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let [kind, level, ..] = state.to_be_bytes();
        if kind < 64 { if level < 128 { 0 } else { 255 } } else { level }
    };
    input(rows, cols, std::iter::repeat_with(&mut level).take(3 * rows * cols).collect())
}

fn bits(heads: &[RawHead]) -> Vec<Vec<u32>> {
    heads.iter().map(|head| head.values.iter().map(|value| value.to_bits()).collect()).collect()
}

#[test]
fn the_shipped_net_runs_as_integers_and_equals_plain_tract_bit_for_bit() {
    let (spec, onnx) = shipped_model();
    let [mut integer, mut plain] = both(&ModelSpec::from_json(&spec).unwrap(), &onnx);
    assert_eq!(integer.not_integer(), None);
    assert!(plain.not_integer().is_some());
    for (seed, (rows, cols)) in [(64, 96), (32, 32), (224, 160)].into_iter().enumerate() {
        let input = noise(rows, cols, seed.try_into().unwrap());
        let (found, expected) = (integer.run(&input).unwrap(), plain.run(&input).unwrap());
        assert!(bits(&found) == bits(&expected), "heads differ at {rows} × {cols}");
    }
}

#[test]
fn a_random_net_equals_the_integer_reference_in_numpy() {
    let golden: Value = serde_json::from_str(GOLDEN).unwrap();
    let number = |name: &str| usize::try_from(golden[name].as_u64().unwrap()).unwrap();
    let levels: Vec<u8> = serde_json::from_value(golden["levels"].clone()).unwrap();
    let input = input(number("rows"), number("cols"), levels);
    for mut model in both(&spec_of(EXACT), EXACT) {
        let heads = model.run(&input).unwrap();
        for (head, name) in heads.iter().zip(["s4", "s8"]) {
            let expected: Vec<f32> = serde_json::from_value(golden["outputs"][name].clone()).unwrap();
            assert!(head.values == expected, "{name} differs, integer: {}", model.not_integer().is_none());
        }
    }
}

#[test]
fn a_net_with_free_scales_is_run_by_plain_tract_which_says_why() {
    let [mut model, mut plain] = both(&spec_of(FREE), FREE);
    let reason = model.not_integer().unwrap();
    assert!(reason.contains("not a power of two"), "{reason}");
    let input = noise(64, 32, 5);
    assert_eq!(bits(&model.run(&input).unwrap()), bits(&plain.run(&input).unwrap()));
}

#[test]
fn the_same_bytes_come_out_of_every_run_whatever_ran_before() {
    let mut model = TractModel::load(spec_of(EXACT), EXACT).unwrap();
    let (small, large) = (noise(32, 64, 1), noise(96, 128, 2));
    let first = bits(&model.run(&small).unwrap());
    let of_large = bits(&model.run(&large).unwrap());
    assert_eq!(bits(&model.run(&small).unwrap()), first);
    assert_eq!(bits(&model.run(&large).unwrap()), of_large);
}

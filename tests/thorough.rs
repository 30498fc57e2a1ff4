//! The setting "thorough": heads of a slice and of its mirror image, averaged.
#![allow(clippy::unwrap_used, reason = "a test ends where its own material is broken")]

mod common;

use lesionlens::input::{ImageFromInput, InputTensor};
use lesionlens::model::tract::TractModel;
use lesionlens::model::{Channel, Model, ModelError, ModelSpec, RawHead};
use lesionlens::thorough::Thorough;

const STRIDE: usize = 4;

/// A net in closed form over the first row of each cell. `centred`: what it says of a mirrored slice is the mirror image
/// of what it says of the slice; otherwise its heat is the cell's left pixel.
struct Closed {
    spec: ModelSpec,
    centred: bool,
    n_runs: usize,
}

impl Closed {
    fn new(centred: bool) -> Self {
        let (spec, _) = common::shipped_model();
        Self { spec: ModelSpec::from_json(&spec).unwrap(), centred, n_runs: 0 }
    }

    fn value(&self, channel: Channel, cell: &[f32]) -> f32 {
        let sum: f32 = cell.iter().sum();
        let moment: f32 = (0_u8..).zip(cell).map(|(at, level)| (f32::from(at) + 0.5) * level).sum();
        match channel {
            Channel::Heat if !self.centred => cell[0],
            Channel::Dx => moment / sum / 4.0,
            Channel::Sin2Theta => cell[0] + cell[1] - cell[2] - cell[3],
            _ => sum,
        }
    }
}

impl Model for Closed {
    fn spec(&self) -> &ModelSpec {
        &self.spec
    }

    fn run(&mut self, input: &InputTensor) -> Result<Vec<RawHead>, ModelError> {
        self.n_runs += 1;
        let (rows, cols) = (input.rows / STRIDE, input.cols / STRIDE);
        let mut values = Vec::new();
        for &channel in &self.spec.channels {
            for row in 0..rows {
                for col in 0..cols {
                    let at = row * STRIDE * input.cols + col * STRIDE;
                    let cell: Vec<f32> = input.levels[at..at + STRIDE].iter().map(|&v| f32::from(v)).collect();
                    values.push(self.value(channel, &cell));
                }
            }
        }
        Ok(vec![RawHead { stride: STRIDE, rows, cols, values }])
    }
}

fn input() -> InputTensor {
    let (rows, cols) = (8, 16);
    let levels = (0..3 * rows * cols).map(|i| u8::try_from(i * 37 % 251 + 1).unwrap()).collect();
    let image_from_input = ImageFromInput { crop_x: 3, crop_y: 1, ratio_x: 1.25, ratio_y: 1.25 };
    InputTensor { levels, rows, cols, image_from_input }
}

#[test]
fn a_net_that_sees_a_mirrored_slice_as_the_mirror_image_answers_as_before() {
    let mut net = Closed::new(true);
    let plain = net.run(&input()).unwrap();
    let twice = Thorough(&mut net).run(&input()).unwrap();
    assert_eq!(net.n_runs, 3);
    assert_eq!((twice[0].rows, twice[0].cols), (2, 4));
    for (a, b) in plain[0].values.iter().zip(&twice[0].values) {
        assert!((a - b).abs() < 1e-4, "{a} {b}");
    }
}

#[test]
fn another_net_answers_with_the_mean_of_a_cell_and_of_its_mirror_image() {
    let given = input();
    let heads = Thorough(&mut Closed::new(false)).run(&given).unwrap();
    let heat = Closed::new(false).spec.positions([Channel::Heat]).unwrap()[0];
    for row in 0..2 {
        for col in 0..4 {
            let at = row * STRIDE * given.cols + col * STRIDE;
            // The left pixel of the mirrored cell is the cell's right one.
            let mean = 0.5 * (f32::from(given.levels[at]) + f32::from(given.levels[at + 3]));
            let found = heads[0].values[heat * 8 + row * 4 + col];
            assert!((mean - found).abs() < 1e-6, "{mean} {found}");
        }
    }
}

#[test]
fn heads_of_the_shipped_net_are_the_mean_of_two_runs_and_differ_from_one() {
    let (spec, onnx) = common::shipped_model();
    let mut net = TractModel::load(ModelSpec::from_json(&spec).unwrap(), &onnx).unwrap();
    let (rows, cols) = (64, 96);
    let levels: Vec<u8> = (0..3 * rows * cols).map(|i| u8::try_from((i * 7919) % 241).unwrap()).collect();
    let image_from_input = ImageFromInput { crop_x: 0, crop_y: 0, ratio_x: 1.0, ratio_y: 1.0 };
    let given = InputTensor { levels, rows, cols, image_from_input };
    let mut turned = given.clone();
    for row in turned.levels.chunks_exact_mut(cols) {
        row.reverse();
    }
    let (plain, other) = (net.run(&given).unwrap(), net.run(&turned).unwrap());
    let twice = Thorough(&mut net).run(&given).unwrap();
    let heat = net.spec().positions([Channel::Heat]).unwrap()[0];
    assert_eq!(twice.len(), 2);
    for ((a, b), mean) in plain.iter().zip(&other).zip(&twice) {
        let n = a.rows * a.cols;
        assert_ne!(a.values, mean.values);
        for at in 0..n {
            let there = at / a.cols * a.cols + (a.cols - 1 - at % a.cols);
            let want = 0.5 * (a.values[heat * n + at] + b.values[heat * n + there]);
            assert!((want - mean.values[heat * n + at]).abs() < 1e-6);
        }
    }
}

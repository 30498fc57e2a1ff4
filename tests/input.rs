//! The input pipeline equals its Python twin to the last bit (`tests/golden/input.py` wrote the golden file).
#![allow(clippy::unwrap_used, reason = "a test ends where its own material is broken")]

mod common;

use lesionlens::geometry::BBox;
use lesionlens::input::{ImageFromInput, input_tensor};
use lesionlens::model::{ModelSpec, hex};
use serde::Deserialize;
use sha2::{Digest, Sha256};

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    rows: usize,
    cols: usize,
    fill: String,
    body: Option<[usize; 4]>,
    island: Option<[usize; 4]>,
    spacing_mm: (f64, f64),
    positions_mm: Vec<f64>,
    key: usize,
    expected: Expected,
}

#[derive(Deserialize)]
struct Expected {
    shape: [usize; 3],
    origin: [usize; 2],
    ratio: [f64; 2],
    sha256: String,
    first_row_of_key: Vec<u8>,
    cropped: [usize; 2],
}

impl Case {
    /// The formula in the golden file.
    fn hu(&self, x: usize, y: usize, z: usize) -> i16 {
        let inside = |edges: Option<[usize; 4]>| {
            edges.is_some_and(|[c0, r0, c1, r1]| (c0..c1).contains(&x) && (r0..r1).contains(&y))
        };
        let value = |modulus: usize, sum: usize, offset: i16| i16::try_from(sum % modulus).unwrap() + offset;
        match self.fill.as_str() {
            "noise" => value(2000, x * 7 + y * 13 + z * 29, -1000),
            "body" if inside(self.island) => value(300, x * 3 + y * 5 + z, 1300),
            "body" if inside(self.body) => value(700, x * 7 + y * 13 + z * 29 + (x * y) % 11 * 31, -300),
            _ => -1000,
        }
    }
}

fn spec() -> ModelSpec {
    ModelSpec::from_json(&common::shipped_model().0).unwrap()
}

#[test]
fn input_tensor_equals_the_python_twin() {
    let golden: Golden = serde_json::from_str(include_str!("golden/input.json")).unwrap();
    assert!(golden.cases.len() >= 8);
    for case in golden.cases {
        let name = &case.name;
        let hu = |x, y, z| case.hu(x, y, z);
        let series = common::axial_series((case.rows, case.cols), case.spacing_mm, &case.positions_mm, hu);
        let tensor = input_tensor(series.trusted().unwrap(), case.key, &spec().input);
        let [n, rows, cols] = case.expected.shape;
        assert_eq!((3, tensor.rows, tensor.cols), (n, rows, cols), "{name}: shape");
        let map = tensor.image_from_input;
        assert_eq!([map.crop_x, map.crop_y], case.expected.origin, "{name}: origin");
        assert_eq!([map.ratio_x, map.ratio_y], case.expected.ratio, "{name}: ratio");
        let row = &tensor.levels[rows * cols..][case.expected.cropped[0] / 2 * cols..][..16];
        assert_eq!(row, case.expected.first_row_of_key, "{name}: first levels of the key slice");
        assert_eq!(hex(&Sha256::digest(&tensor.levels)), case.expected.sha256, "{name}: levels");
    }
}

#[test]
fn boxes_of_input_pixels_come_back_to_image_pixels() {
    let map = ImageFromInput { crop_x: 10, crop_y: 4, ratio_x: 2.0, ratio_y: 0.5 };
    let back = map.map(&BBox { x0: 0.0, y0: 0.0, x1: 5.0, y1: 6.0 });
    assert_eq!(back, BBox { x0: 20.0, y0: 2.0, x1: 30.0, y1: 5.0 });
}

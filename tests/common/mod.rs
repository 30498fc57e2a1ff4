//! Series and paths that several tests need.
#![allow(dead_code, reason = "every test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test ends where its own material is broken")]

use std::path::{Path, PathBuf};

use lesionlens::hounsfield::Rescale;
use lesionlens::model::ModelSpec;
use lesionlens::series::{Series, arrange};
use lesionlens::slice::{Format, Slice, SliceInfo, StoredValues};
use serde_json::{Value, json};

/// A path of the material that lies beside the checkout. Tests that read from there are ignored unless asked for.
pub(crate) fn shared(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(path)
}

/// The shipped model's spec and ONNX file.
pub(crate) fn shipped_model() -> (String, Vec<u8>) {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let spec = std::fs::read_to_string(models.join("detector.json")).unwrap();
    let onnx = std::fs::read(models.join("detector.onnx")).unwrap();
    (spec, onnx)
}

/// The channels that every model has.
pub(crate) const BOX_CHANNELS: [&str; 5] = ["heat", "dx", "dy", "log_w", "log_h"];
/// The channels that a model with diameters has besides.
pub(crate) const AXIS_CHANNELS: [&str; 4] = ["log_long", "log_short", "sin_2theta", "cos_2theta"];
/// The channels that a model with types has besides.
pub(crate) const TYPE_CHANNELS: [&str; 8] = [
    "type_bone",
    "type_abdomen",
    "type_mediastinum",
    "type_liver",
    "type_lung",
    "type_kidney",
    "type_soft_tissue",
    "type_pelvis",
];

/// The shipped model's spec as JSON, with these channels, plain sigmoids for scores and no figures, whatever the
/// shipped model has.
pub(crate) fn spec_json(channels: &[&str]) -> Value {
    let mut spec: Value = serde_json::from_str(&shipped_model().0).unwrap();
    spec["channels"] = json!(channels);
    for output in spec["outputs"].as_array_mut().unwrap() {
        output["score"] = json!({"scale": 1.0, "offset": 0.0});
    }
    let fields = spec.as_object_mut().unwrap();
    for key in ["types", "operating_points", "evidence", "thorough"] {
        fields.remove(key);
    }
    if channels.contains(&TYPE_CHANNELS[0]) {
        spec["types"] = json!({"temperature": 1.0, "min_probability": 0.6});
    }
    spec
}

/// [`spec_json`], read.
pub(crate) fn spec(channels: &[&str]) -> ModelSpec {
    ModelSpec::from_json(&spec_json(channels).to_string()).unwrap()
}

/// An axial series whose Hounsfield values are a function of column, row and slice index.
pub(crate) fn axial_series(
    (rows, cols): (usize, usize),
    spacing_mm: (f64, f64),
    positions_mm: &[f64],
    hu: impl Fn(usize, usize, usize) -> i16,
) -> Series {
    let slice = |(z, &position_mm): (usize, &f64)| {
        let info = SliceInfo {
            path: format!("generated/{z}.dcm"),
            format: Format::Dicom,
            series_id: Some("1.2.3".to_owned()),
            study_id: None,
            sop_instance_uid: None,
            number: i64::try_from(z).ok(),
            transfer_syntax: Some("1.2.840.10008.1.2.1".to_owned()),
            pixel_spacing_mm: Some(spacing_mm),
            thickness_mm: None,
            position_patient_mm: Some([0.0, 0.0, position_mm]),
            orientation_patient: Some([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]),
            window: None,
        };
        let values = (0..rows * cols).map(|at| hu(at % cols, at / cols, z)).collect();
        Slice::new(info, rows, cols, StoredValues::Signed(values), Rescale::new(1.0, 0.0).unwrap()).unwrap()
    };
    let mut series = arrange(positions_mm.iter().enumerate().map(slice).collect(), &[]);
    assert_eq!(series.len(), 1, "one series");
    series.remove(0)
}

//! FROC against reports of the training code's twin: `tests/golden/froc.json`, by `tests/golden/froc.py`.
#![allow(clippy::unwrap_used, reason = "a test ends where its own material is broken")]

use lesionlens::detection::{Detection, LesionType, Truth};
use lesionlens::froc::{EvalImage, evaluate};
use lesionlens::geometry::BBox;
use serde_json::{Value, json};

/// The type with this name, `None` for null.
fn lesion_type(name: &Value) -> Option<LesionType> {
    (1..=8).filter_map(LesionType::from_number).find(|known| Some(known.name()) == name.as_str())
}

#[allow(clippy::cast_possible_truncation, reason = "the file's lengths are exact in f32")]
fn lesion(made: &Value) -> Truth {
    Truth {
        box_px: serde_json::from_value::<BBox>(made["box_px"].clone()).unwrap(),
        long_px: made["long_px"].as_f64().map(|length| length as f32),
        short_px: None,
        lesion_type: lesion_type(&made["type"]),
        noisy: false,
    }
}

fn image(made: &Value) -> EvalImage {
    EvalImage {
        patient: made["patient"].as_i64().unwrap(),
        source: made["source"].as_str().unwrap().to_owned(),
        mm_per_px: made["mm_per_px"].as_f64().unwrap(),
        lesions: made["lesions"].as_array().unwrap().iter().map(lesion).collect(),
        detections: serde_json::from_value::<Vec<Detection>>(made["detections"].clone()).unwrap(),
    }
}

/// Fails unless both are the same: figures of `expected` are texts and must give the very f64 of `found`.
fn assert_same(place: &str, expected: &Value, found: &Value) {
    match (expected, found) {
        (Value::Array(expected), Value::Array(found)) => {
            assert_eq!(expected.len(), found.len(), "{place}: number of entries");
            for (i, (expected, found)) in expected.iter().zip(found).enumerate() {
                assert_same(&format!("{place}[{i}]"), expected, found);
            }
        }
        (Value::Object(expected), Value::Object(found)) => {
            assert!(expected.keys().eq(found.keys()), "{place}: {expected:?} and {found:?} have other keys");
            for (key, expected) in expected {
                assert_same(&format!("{place}.{key}"), expected, &found[key]);
            }
        }
        (Value::String(expected), Value::Number(found)) => {
            let (expected, found) = (expected.parse::<f64>().unwrap(), found.as_f64().unwrap());
            assert_eq!(expected.to_bits(), found.to_bits(), "{place}: {expected} and {found}");
        }
        _ => assert_eq!(expected, found, "{place}"),
    }
}

#[test]
fn the_training_codes_froc_and_this_one_agree_to_the_last_digit() {
    let text = include_str!("golden/froc.json");
    let golden: Value = serde_json::from_str(text).unwrap();
    let cases = golden["cases"].as_array().unwrap();
    assert!(cases.len() >= 10, "{} cases", cases.len());
    for case in cases {
        let images: Vec<EvalImage> = case["images"].as_array().unwrap().iter().map(image).collect();
        let report = json!(evaluate(&images));
        assert_same(case["name"].as_str().unwrap(), &case["expected"], &report);
    }
}

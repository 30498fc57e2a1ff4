//! The model's spec file: what is read from it, and every reason to refuse one.
#![allow(clippy::unwrap_used, reason = "a test ends where its own material is broken")]

mod common;

use common::{AXIS_CHANNELS, BOX_CHANNELS, TYPE_CHANNELS};
use lesionlens::detection::LesionType;
use lesionlens::model::{Channel, ModelSpec, OperatingPoint};
use serde_json::{Value, json};

/// A spec with everything in it.
fn full() -> Value {
    let mut spec = common::spec_json(&[&BOX_CHANNELS[..], &AXIS_CHANNELS, &TYPE_CHANNELS].concat());
    spec["operating_points"] = json!([
        {"threshold": 0.05, "sensitivity": 0.64, "sensitivity_95": [0.5, 0.8], "marks_per_slice": 4.1},
        {"threshold": 0.1, "sensitivity": 0.55, "sensitivity_95": [0.4, 0.7], "marks_per_slice": 2.0},
        {"threshold": 0.35, "sensitivity": 0.3, "sensitivity_95": [0.1, 0.5], "marks_per_slice": 0.25},
    ]);
    spec["evidence"] = json!({"sensitivity": "On 22 lesions of 5 patients.", "marks": "On 40 slices without a box."});
    spec
}

fn read(spec: &Value) -> ModelSpec {
    ModelSpec::from_json(&spec.to_string()).unwrap()
}

/// A full spec with one change is refused for its value, with a sentence that holds `sentence`.
#[track_caller]
fn check_refused(sentence: &str, change: impl FnOnce(&mut Value)) {
    let mut spec = full();
    change(&mut spec);
    let error = ModelSpec::from_json(&spec.to_string()).unwrap_err();
    assert_eq!(error.code(), "ModelSpecValue", "{error}");
    assert!(error.to_string().contains(sentence), "{error}");
}

/// A full spec with one change is refused for its form.
#[track_caller]
fn check_syntax(change: impl FnOnce(&mut Value)) {
    let mut spec = full();
    change(&mut spec);
    assert_eq!(ModelSpec::from_json(&spec.to_string()).unwrap_err().code(), "ModelSpecSyntax");
}

#[test]
fn the_shipped_spec_is_read() {
    let spec = ModelSpec::from_json(&common::shipped_model().0).unwrap();
    let info = spec.info();
    assert_eq!(info.has_types, spec.types.is_some());
    assert_eq!(info.evidence.is_some(), !info.operating_points.is_empty());
}

#[test]
fn axes_and_types_are_optional_each_for_itself() {
    for (axes, types) in [(false, false), (true, false), (false, true), (true, true)] {
        let mut channels = BOX_CHANNELS.to_vec();
        channels.extend(AXIS_CHANNELS.iter().filter(|_| axes));
        channels.extend(TYPE_CHANNELS.iter().filter(|_| types));
        let info = common::spec(&channels).info();
        assert_eq!((info.has_axes, info.has_types), (axes, types));
        assert_eq!((info.operating_points.len(), info.default_operating_point, info.evidence), (0, None, None));
    }
}

#[test]
fn channels_are_found_wherever_they_stand() {
    let mut spec = full();
    spec["channels"].as_array_mut().unwrap().reverse();
    let spec = read(&spec);
    assert_eq!(spec.positions(Channel::BOX), Some([16, 15, 14, 13, 12]));
    assert_eq!(spec.positions(Channel::AXES), Some([11, 10, 9, 8]));
    assert_eq!(spec.positions(Channel::TYPES), Some([7, 6, 5, 4, 3, 2, 1, 0]));
}

#[test]
fn type_channels_stand_in_the_order_of_deeplesions_numbers() {
    for (channel, lesion_type) in TYPE_CHANNELS.iter().zip(LesionType::ALL) {
        assert_eq!(*channel, format!("type_{}", lesion_type.name().replace(' ', "_")));
    }
    for (number, lesion_type) in (1..).zip(LesionType::ALL) {
        assert_eq!(LesionType::from_number(number), Some(lesion_type));
        assert_eq!(serde_json::to_value(lesion_type).unwrap(), json!(lesion_type.name()));
    }
    for number in [i32::MIN, -1, 0, 9] {
        assert_eq!(LesionType::from_number(number), None);
    }
}

#[test]
fn an_operating_point_is_the_nearest_one_at_or_below() {
    let spec = read(&full());
    let threshold = |at: f32| spec.operating_point(at).map(|point| point.threshold);
    for (at, expected) in [
        (0.0, None),
        (0.049, None),
        (0.05, Some(0.05)),
        // A slider adds up its steps, so that at 0.35 it holds a number just beside.
        (0.35_f32.next_down(), Some(0.35)),
        (0.05_f32.next_up(), Some(0.05)),
        (0.0999, Some(0.05)),
        (0.1, Some(0.1)),
        (0.34, Some(0.1)),
        (0.35, Some(0.35)),
        (1.0, Some(0.35)),
        (f32::NAN, None),
    ] {
        assert_eq!(threshold(at), expected, "at {at}");
    }
    let expected =
        OperatingPoint { threshold: 0.35, sensitivity: 0.3, sensitivity_95: [0.1, 0.5], marks_per_slice: 0.25 };
    let mut with_default = full();
    with_default["default_threshold"] = json!(0.4);
    assert_eq!(read(&with_default).info().default_operating_point, Some(expected));
}

#[test]
fn values_that_make_no_sense_are_refused_with_a_sentence() {
    check_refused("schema is lesionlens.model/1, not", |s| s["schema"] = json!("lesionlens.model/1"));
    check_refused("spacing_mm must be above 0", |s| s["input"]["spacing_mm"] = json!(0));
    check_refused("0, the key slice", |s| s["input"]["offsets_mm"] = json!([-2.0, 1.0, 2.0]));
    check_refused("max_gap_mm", |s| s["input"]["max_gap_mm"] = json!(-1.0));
    check_refused("multiple must be", |s| s["input"]["multiple"] = json!(0));
    check_refused("stride must divide", |s| s["input"]["multiple"] = json!(6));
    check_refused("two knots", |s| s["input"]["companding"] = json!([[0, 0]]));
    check_refused("knots must rise", |s| s["input"]["companding"] = json!([[0, 0], [0, 9]]));
    check_refused("no output", |s| s["outputs"] = json!([]));
    check_refused("margin_px", |s| s["margin_px"] = json!(-1.0));
    check_refused("must be 0..=1", |s| s["score_floor"] = json!(1.5));
    check_refused("must be 0..=1", |s| s["nms_iou"] = json!(-0.1));
    check_refused("must be 0..=1", |s| s["default_threshold"] = json!(7));
}

#[test]
fn scores_need_a_scale_above_0_and_finite_numbers() {
    for score in [
        json!({"scale": 0.0, "offset": 0.0}),
        json!({"scale": -1.0, "offset": 0.0}),
        json!({"scale": 1e300, "offset": 0.0}),
        json!({"scale": 1.0, "offset": -1e300}),
    ] {
        check_refused("the score of output s8 needs", |s| s["outputs"][1]["score"] = score);
    }
    check_syntax(|s| {
        s["outputs"][0].as_object_mut().unwrap().remove("score");
    });
    check_syntax(|s| s["outputs"][0]["score"] = json!({"scale": 1.0}));
}

#[test]
fn channels_come_once_and_in_whole_groups() {
    for missing in BOX_CHANNELS {
        check_refused("channels must have heat", |s| drop_channel(s, missing));
    }
    for missing in AXIS_CHANNELS {
        check_refused("log_long, log_short, sin_2theta and cos_2theta come all or not at all", |s| {
            drop_channel(s, missing);
        });
    }
    for missing in TYPE_CHANNELS {
        check_refused("the eight type channels come all or not at all", |s| drop_channel(s, missing));
    }
    for twice in ["heat", "log_long", "type_bone"] {
        check_refused("stands there twice", |s| s["channels"].as_array_mut().unwrap().push(json!(twice)));
    }
    check_syntax(|s| s["channels"][0] = json!("warmth"));
}

fn drop_channel(spec: &mut Value, name: &str) {
    spec["channels"].as_array_mut().unwrap().retain(|channel| channel != name);
}

#[test]
fn types_come_with_their_channels_and_only_with_them() {
    check_refused("types does not say how to read them", |s| s["types"] = Value::Null);
    check_refused("there are no type channels", |s| {
        for name in TYPE_CHANNELS {
            drop_channel(s, name);
        }
    });
    check_refused("temperature of types must be above 0", |s| s["types"]["temperature"] = json!(0.0));
    check_refused("temperature of types must be above 0", |s| s["types"]["temperature"] = json!(1e300));
    check_refused("min_probability of types must be 0..=1", |s| s["types"]["min_probability"] = json!(1.01));
    check_syntax(|s| s["types"]["more"] = json!(1));
}

#[test]
fn figures_must_be_possible_in_order_and_have_evidence() {
    let figures = |name: &'static str, value: Value| move |s: &mut Value| s["operating_points"][1][name] = value;
    for (sentence, name, value) in [
        ("at threshold -0.1: the threshold must be 0..=1", "threshold", json!(-0.1)),
        ("the threshold must be 0..=1", "threshold", json!(1e300)),
        ("the thresholds of operating_points must rise", "threshold", json!(0.05)),
        ("the thresholds of operating_points must rise", "threshold", json!(0.5)),
        ("at threshold 0.1: sensitivity must be 0..=1", "sensitivity", json!(55)),
        ("both ends of sensitivity_95 must be 0..=1", "sensitivity_95", json!([-0.1, 0.5])),
        ("both ends of sensitivity_95 must be 0..=1", "sensitivity_95", json!([0.1, 1.5])),
        ("the lower end of sensitivity_95 must come first", "sensitivity_95", json!([0.7, 0.4])),
        ("marks_per_slice must not be negative", "marks_per_slice", json!(-0.5)),
    ] {
        check_refused(sentence, figures(name, value));
    }
    let thorough = |points: Value| {
        move |s: &mut Value| s["thorough"] = json!({ "default_threshold": 0.3, "operating_points": points })
    };
    check_refused("thorough needs a default_threshold", thorough(json!([])));
    let point = json!({ "threshold": 0.1, "sensitivity": 7, "sensitivity_95": [0.1, 0.2], "marks_per_slice": 1.0 });
    check_refused("sensitivity must be 0..=1", thorough(json!([point])));
    check_refused("operating_points need evidence", |s| s["evidence"] = Value::Null);
    check_refused("a sentence on sensitivity and one on marks", |s| s["evidence"]["marks"] = json!(" "));
    check_syntax(|s| {
        s["operating_points"][0].as_object_mut().unwrap().remove("marks_per_slice");
    });
}

#[test]
fn keys_that_are_missing_or_unknown_are_refused() {
    for key in ["schema", "name", "file", "sha256", "input", "outputs", "channels", "margin_px", "default_threshold"] {
        check_syntax(|s| {
            s.as_object_mut().unwrap().remove(key);
        });
    }
    check_syntax(|s| s["extra"] = json!(1));
    assert_eq!(ModelSpec::from_json("{").unwrap_err().code(), "ModelSpecSyntax");
}

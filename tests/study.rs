//! A study as the page and the command line drive it: ids, inputs and heads, and what the shipped net finds.
#![allow(clippy::unwrap_used, reason = "a test ends where its own material is broken")]

mod common;
#[path = "common/sample.rs"]
mod sample;

use std::path::Path;

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use lesionlens::detection::Detection;
use lesionlens::fault::{Fault, Reported};
use lesionlens::input::InputTensor;
use lesionlens::model::tract::TractModel;
use lesionlens::model::{Model, ModelError, ModelSpec};
use lesionlens::phantom::{Phantom, SAMPLE_SEED};
use lesionlens::study::{SearchError, Study, StudyError};

fn shipped() -> TractModel {
    let (spec, onnx) = common::shipped_model();
    TractModel::load(ModelSpec::from_json(&spec).unwrap(), &onnx).unwrap()
}

/// The slices of [`sample::FILES`] with the table.
fn sample_study() -> Study {
    let phantom = Phantom::new(SAMPLE_SEED);
    let mut study = Study::default();
    for file in sample::FILES.into_iter().chain([phantom.n_slices()]) {
        let (path, bytes) = phantom.file(file);
        study.add_file(&path, &bytes).unwrap();
    }
    study.arrange();
    study
}

fn ids(study: &Study) -> Vec<String> {
    study.series().iter().flat_map(|series| series.slice_ids()).map(ToString::to_string).collect()
}

fn heads(model: &mut TractModel, input: &InputTensor) -> Vec<Vec<f32>> {
    model.run(input).unwrap().into_iter().map(|head| head.values).collect()
}

#[test]
fn the_sample_study_has_the_bytes_it_has_everywhere() {
    sample::check_bytes();
}

#[test]
fn the_shipped_net_finds_a_given_lesion_of_the_sample_study() {
    let (mut study, mut model) = (sample_study(), shipped());
    let slice = ids(&study)[1].clone();
    let records = study.detect(&mut model, &slice).unwrap();
    let found: Vec<Detection> = records.iter().map(|record| record.detection).collect();
    if std::env::var_os("LESIONLENS_WRITE_GOLDEN").is_some() {
        let golden = sample::Found { model_sha256: model.spec().sha256.clone(), detections: found.clone() };
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/sample_detections.json");
        std::fs::write(path, serde_json::to_string_pretty(&golden).unwrap() + "\n").unwrap();
        return println!("written; run the tests again without LESIONLENS_WRITE_GOLDEN");
    }
    sample::check_lesion(&found, model.spec());
    sample::check_native(&found, model.spec());
    let id = &study.series()[0].slice_ids()[1];
    assert_eq!(study.found(id), Some(found.as_slice()));
    let names: Vec<&str> = records.iter().map(|record| record.id.as_str()).collect();
    assert_eq!((names[0], names[1]), (format!("{slice}.0").as_str(), format!("{slice}.1").as_str()));
    assert!(records.iter().all(|record| record.slice == *id));
    assert_eq!(study.found(&study.series()[0].slice_ids()[0]), None, "not searched");
}

#[test]
fn heads_of_a_net_elsewhere_say_what_the_detector_says() {
    let (mut study, mut model) = (sample_study(), shipped());
    let slice = ids(&study)[1].clone();
    let expected = study.detect(&mut model, &slice).unwrap();
    let spec = model.spec().clone();

    let (ticket, input) = study.input(&spec, &slice).unwrap();
    let values = heads(&mut model, &input);
    let ticket = serde_json::from_value(serde_json::to_value(&ticket).unwrap()).unwrap();
    assert_eq!(study.accept(&spec, &ticket, values.clone()).unwrap(), expected);

    let short = study.accept(&spec, &ticket, vec![values[0].clone()]).unwrap_err();
    assert!(matches!(short, SearchError::Model(ModelError::OutputShape { .. })), "{short}");

    study.arrange();
    assert_eq!(ids(&study)[1], slice, "ids last");
    assert_eq!(study.found(&study.series()[0].slice_ids()[1]), None, "detections are forgotten");
    let late = study.accept(&spec, &ticket, values.clone()).unwrap_err();
    assert!(matches!(late, SearchError::Study(StudyError::NoSuchInput { .. })), "{late}");
    study.clear();
    assert!(study.series().is_empty());
    assert!(study.accept(&spec, &ticket, values).is_err(), "heads of a study that is gone are not taken");
}

#[test]
fn slices_without_hounsfield_units_are_never_handed_to_a_net() {
    let mut picture = Vec::new();
    let grey: Vec<u8> = (0..64 * 64).map(|i| u8::try_from(i % 251).unwrap()).collect();
    PngEncoder::new(&mut picture).write_image(&grey, 64, 64, ExtendedColorType::L8).unwrap();
    let mut study = sample_study();
    study.add_file("picture.png", &picture).unwrap();
    study.arrange();
    let series = study.series().iter().find(|series| !series.is_hounsfield()).unwrap();
    let slice = series.slice_ids()[0].to_string();
    let mut model = shipped();
    let refused = study.input(model.spec(), &slice).unwrap_err();
    assert_eq!((refused.code(), refused.fault()), ("NotSearchable", Fault::Program));
    assert!(matches!(study.detect(&mut model, &slice), Err(SearchError::Study(StudyError::NotSearchable { .. }))));
}

#[test]
fn slices_that_are_not_there_are_refused_by_their_id() {
    let study = sample_study();
    let spec = ModelSpec::from_json(&common::shipped_model().0).unwrap();
    let refused = study.input(&spec, "no such id").unwrap_err();
    assert_eq!((refused.code(), refused.to_string().contains("no such id")), ("NoSuchSlice", true));
    assert_eq!(study.fingerprint("").unwrap_err().code(), "NoSuchSlice");
    assert_eq!(study.fingerprint(&ids(&study)[0]).unwrap().len(), 64);
}

//! One study and the detector, for one worker.

use std::cell::OnceCell;
use std::collections::HashMap;

use js_sys::Reflect;
use wasm_bindgen::prelude::*;
use web_sys::ImageData;

use super::records::{decode_error, model_error, pixels, record, study_error};
use crate::hounsfield::Window;
use crate::input::ImageFromInput;
use crate::model::tract::TractModel;
use crate::model::{Model, ModelSpec};
use crate::phantom::{Phantom, SAMPLE_SEED};
use crate::study::{Study, StudyError};

/// One study and the detector, for one worker. After a trap the instance is unusable: end the worker.
#[wasm_bindgen]
pub struct Workbench {
    model: TractModel,
    study: Study,
    sample: OnceCell<Phantom>,
    /// Slices whose input was handed out and whose heads have not come back.
    out: HashMap<(usize, usize), Given>,
}

/// What is kept of an input until its heads come.
struct Given {
    image_from_input: ImageFromInput,
    size: (usize, usize),
}

#[wasm_bindgen]
impl Workbench {
    /// Takes the model's spec and its ONNX file, whose SHA-256 must be the spec's.
    ///
    /// # Errors
    /// `ModelError`.
    #[wasm_bindgen(constructor)]
    pub fn new(spec_json: &str, onnx: &[u8]) -> Result<Workbench, JsValue> {
        let spec = ModelSpec::from_json(spec_json).map_err(|e| model_error(&e))?;
        let model = TractModel::load(spec, onnx).map_err(|e| model_error(&e))?;
        Ok(Self { model, study: Study::default(), sample: OnceCell::new(), out: HashMap::new() })
    }

    /// Name, digest, thresholds and figures of the model.
    ///
    /// # Errors
    /// None in practice: the record always converts.
    #[wasm_bindgen(js_name = modelInfo, unchecked_return_type = "ModelInfo")]
    pub fn model_info(&self) -> Result<JsValue, JsValue> {
        record(&self.model.spec().info())
    }

    /// What was measured at the highest threshold that is not above this one; `null` where nothing was.
    ///
    /// # Errors
    /// None in practice: the record always converts.
    #[wasm_bindgen(js_name = operatingPoint, unchecked_return_type = "OperatingPoint | null")]
    pub fn operating_point(&self, threshold: f32) -> Result<JsValue, JsValue> {
        record(&self.model.spec().operating_point(threshold))
    }

    /// Decodes a file and keeps its slices or rows until [`Workbench::arrange`].
    ///
    /// # Errors
    /// `DecodeError`; the other files are not touched by it.
    #[wasm_bindgen(js_name = addFile, unchecked_return_type = "Added")]
    pub fn add_file(&mut self, path: &str, bytes: &[u8]) -> Result<JsValue, JsValue> {
        record(&self.study.add_file(path, bytes).map_err(|e| decode_error(&e))?)
    }

    /// Forgets every slice, table and detection.
    pub fn clear(&mut self) {
        self.study = Study::default();
        self.out.clear();
    }

    /// Groups and orders what was added.
    ///
    /// # Errors
    /// None in practice: the records always convert.
    #[wasm_bindgen(unchecked_return_type = "SeriesInfo[]")]
    pub fn arrange(&mut self) -> Result<JsValue, JsValue> {
        self.study.arrange();
        self.out.clear();
        record(&self.study.series_infos())
    }

    /// One slice as canvas pixels through a window in Hounsfield units.
    ///
    /// # Errors
    /// `StudyError` for a slice that is not there.
    pub fn render(&self, series: usize, slice: usize, center_hu: f32, width_hu: f32) -> Result<ImageData, JsValue> {
        let window = Window { center_hu, width_hu };
        let picture = self.study.render(series, slice, window).map_err(|e| study_error(&e))?;
        let (cols, rows) = (pixels(picture.cols), pixels(picture.rows));
        // A copy: a picture that is only a view of this module's memory would change with it.
        let rgba = js_sys::Uint8ClampedArray::from(picture.rgba.as_slice());
        ImageData::new_with_js_u8_clamped_array_and_sh(&rgba, cols, rows)
    }

    /// Digest of the stored values of one slice.
    ///
    /// # Errors
    /// `StudyError` for a slice that is not there.
    pub fn fingerprint(&self, series: usize, slice: usize) -> Result<String, JsValue> {
        self.study.fingerprint(series, slice).map_err(|e| study_error(&e))
    }

    /// Bytes of the module's memory, which never shrinks.
    #[wasm_bindgen(js_name = memoryBytes)]
    #[must_use]
    pub fn memory_bytes(&self) -> f64 {
        let buffer = Reflect::get(&wasm_bindgen::memory(), &"buffer".into());
        let length = buffer.and_then(|buffer| Reflect::get(&buffer, &"byteLength".into()));
        length.ok().and_then(|length| length.as_f64()).unwrap_or(0.0)
    }

    /// Runs the detector on one slice and keeps what it finds.
    ///
    /// # Errors
    /// `StudyError` for a slice that is not there, or what the model reports.
    pub fn detect(&mut self, series: usize, slice: usize) -> Result<(), JsValue> {
        self.study.detect(&mut self.model, series, slice).map_err(|e| study_error(&e))
    }

    /// The net's input for one slice, to be run by a [`Net`] in another worker; [`Workbench::accept`] takes its heads.
    ///
    /// # Errors
    /// `StudyError` for a slice that is not there.
    #[wasm_bindgen(unchecked_return_type = "NetInput")]
    pub fn input(&mut self, series: usize, slice: usize) -> Result<JsValue, JsValue> {
        let input = self.study.input(self.model.spec(), series, slice).map_err(|e| study_error(&e))?;
        let record = js_sys::Object::new();
        Reflect::set(&record, &"levels".into(), &js_sys::Uint8Array::from(input.levels.as_slice()).into())?;
        Reflect::set(&record, &"rows".into(), &pixels(input.rows).into())?;
        Reflect::set(&record, &"cols".into(), &pixels(input.cols).into())?;
        let given = Given { image_from_input: input.image_from_input, size: (input.rows, input.cols) };
        self.out.insert((series, slice), given);
        Ok(record.into())
    }

    /// Keeps what the heads of a slice say. Heads of a slice whose input was not asked for since slices were arranged
    /// are not taken.
    ///
    /// # Errors
    /// `StudyError` for a slice that is not there, `ModelError` for heads of another shape.
    pub fn accept(&mut self, series: usize, slice: usize, heads: Vec<js_sys::Float32Array>) -> Result<(), JsValue> {
        let (series_idx, slice_idx) = (series, slice);
        let missing = StudyError::NoSuchSlice { series_idx, slice_idx };
        let Given { image_from_input, size } =
            self.out.remove(&(series, slice)).ok_or_else(|| study_error(&missing))?;
        let spec = self.model.spec();
        let values = heads.iter().map(js_sys::Float32Array::to_vec).collect();
        let heads = spec.heads(size, values).map_err(|e| model_error(&e))?;
        self.study.accept(spec, series, slice, &image_from_input, &heads).map_err(|e| study_error(&e))
    }

    /// Detections of all slices so far with a score of at least `threshold`, by series, slice and falling score.
    ///
    /// # Errors
    /// None in practice: the records always convert.
    #[wasm_bindgen(unchecked_return_type = "Detection[]")]
    pub fn detections(&self, threshold: f32) -> Result<JsValue, JsValue> {
        record(&self.study.detections(threshold))
    }

    /// Number of files of the synthetic sample study.
    #[wasm_bindgen(js_name = sampleSize)]
    #[must_use]
    pub fn sample_size(&self) -> usize {
        self.sample().n_files()
    }

    /// One file of the synthetic sample study, made on the spot.
    ///
    /// # Errors
    /// None in practice: the record always converts.
    #[wasm_bindgen(js_name = sampleFile, unchecked_return_type = "SampleFile")]
    pub fn sample_file(&self, file: usize) -> Result<JsValue, JsValue> {
        let (path, bytes) = self.sample().file(file);
        let sample = js_sys::Object::new();
        Reflect::set(&sample, &"path".into(), &path.into())?;
        Reflect::set(&sample, &"bytes".into(), &js_sys::Uint8Array::from(bytes.as_slice()).into())?;
        Ok(sample.into())
    }
}

impl Workbench {
    /// The sample study; placing its organs takes longer than everything else at start-up, so it waits until asked for.
    fn sample(&self) -> &Phantom {
        self.sample.get_or_init(|| Phantom::new(SAMPLE_SEED))
    }
}

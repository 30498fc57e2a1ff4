//! The net alone, without decoding before it and suppression after it: what the page has in workers of its own, and
//! what `cargo xtask bench` times.

use js_sys::{Array, Float32Array};
use wasm_bindgen::prelude::*;

use super::records::thrown_model;
use crate::input::{ImageFromInput, InputTensor};
use crate::model::tract::TractModel;
use crate::model::{Model, ModelError, ModelSpec};
use crate::thorough::Thorough;

/// A net that takes levels and gives heads.
#[wasm_bindgen]
pub struct Net {
    model: TractModel,
}

#[wasm_bindgen]
impl Net {
    /// As the page runs it. Takes the model's spec and its ONNX file, whose SHA-256 must be the spec's.
    ///
    /// # Errors
    /// `ModelError`.
    #[wasm_bindgen(constructor)]
    pub fn new(spec_json: &str, onnx: &[u8]) -> Result<Net, JsValue> {
        Self::load(spec_json, onnx, TractModel::load)
    }

    /// By tract's own operators.
    ///
    /// # Errors
    /// `ModelError`.
    #[cfg(feature = "plain")]
    pub fn plain(spec_json: &str, onnx: &[u8]) -> Result<Net, JsValue> {
        Self::load(spec_json, onnx, TractModel::load_plain)
    }

    /// Why the net does not run as integer convolutions; `undefined` where it does.
    #[wasm_bindgen(js_name = notInteger)]
    #[must_use]
    pub fn not_integer(&self) -> Option<String> {
        self.model.not_integer().map(str::to_owned)
    }

    /// Heads of one slice, in the spec's order: channels × rows × columns each. `levels` are 3 × rows × columns.
    ///
    /// # Errors
    /// `ModelError`.
    #[wasm_bindgen(unchecked_return_type = "Float32Array[]")]
    pub fn run(&mut self, levels: Vec<u8>, rows: usize, cols: usize) -> Result<Array, JsValue> {
        heads(&mut self.model, levels, rows, cols)
    }

    /// The same with the setting "thorough": the mean of the heads of the slice and of its mirror image.
    ///
    /// # Errors
    /// `ModelError`.
    #[wasm_bindgen(js_name = runThorough, unchecked_return_type = "Float32Array[]")]
    pub fn run_thorough(&mut self, levels: Vec<u8>, rows: usize, cols: usize) -> Result<Array, JsValue> {
        heads(&mut Thorough(&mut self.model), levels, rows, cols)
    }
}

fn heads(model: &mut impl Model, levels: Vec<u8>, rows: usize, cols: usize) -> Result<Array, JsValue> {
    let image_from_input = ImageFromInput { crop_x: 0, crop_y: 0, ratio_x: 1.0, ratio_y: 1.0 };
    let heads = model.run(&InputTensor { levels, rows, cols, image_from_input }).map_err(thrown_model)?;
    Ok(heads.iter().map(|head| Float32Array::from(head.values.as_slice())).collect())
}

impl Net {
    fn load(
        spec_json: &str,
        onnx: &[u8],
        load: fn(ModelSpec, &[u8]) -> Result<TractModel, ModelError>,
    ) -> Result<Net, JsValue> {
        let model = ModelSpec::from_json(spec_json).and_then(|spec| load(spec, onnx));
        model.map(|model| Self { model }).map_err(thrown_model)
    }
}

//! What crosses to JavaScript: records, and `Error` objects.

use std::error::Error;

use js_sys::Reflect;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::decode::DecodeError;
use crate::model::ModelError;
use crate::study::StudyError;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
export type OperatingPoint = {
  threshold: number, sensitivity: number, sensitivity_95: [number, number], marks_per_slice: number,
};
export type ModelInfo = {
  name: string, sha256: string, default_threshold: number, score_floor: number, has_axes: boolean, has_types: boolean,
  operating_points: OperatingPoint[], default_operating_point: OperatingPoint | null,
  evidence: { sensitivity: string, marks: string } | null,
};
export type Added = { kind: "image" | "table", n_slices: number, n_rows: number, n_skipped: number };
export type SliceSummary = { path: string, position_mm: number | null, truth_px: [number, number, number, number][] };
export type SeriesInfo = {
  id: string, rows: number, cols: number,
  spacing_mm: { x: number, y: number, z: number | null }, spacing_source: "PixelSpacing" | "DL_info" | "assumed",
  rule: string, warnings: string[], window: { center_hu: number, width_hu: number }, orientation: string | null, hounsfield: boolean,
  slices: SliceSummary[],
};
export type Line = [[number, number], [number, number]];
export type Detection = {
  series: number, series_id: string, slice: number, box_px: [number, number, number, number], score: number,
  axes: { long_px: Line, short_px: Line, long_mm: number | null, short_mm: number | null } | null,
  type: { name: string, probability: number } | null,
};
export type NetInput = { levels: Uint8Array, rows: number, cols: number };
export type SampleFile = { path: string, bytes: Uint8Array };
"#;

/// A plain JavaScript object or array.
pub(super) fn record(value: &impl Serialize) -> Result<JsValue, JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    value.serialize(&serializer).map_err(JsValue::from)
}

#[allow(clippy::cast_possible_truncation, reason = "decoders bound rows and columns far below 2^32")]
pub(super) fn pixels(n: usize) -> u32 {
    n as u32
}

pub(super) fn decode_error(error: &DecodeError) -> JsValue {
    js_error("DecodeError", error.code(), error)
}

pub(super) fn model_error(error: &ModelError) -> JsValue {
    js_error("ModelError", error.code(), error)
}

pub(super) fn study_error(error: &StudyError) -> JsValue {
    match error {
        StudyError::Model(error) => model_error(error),
        _ => js_error("StudyError", error.code(), error),
    }
}

/// An `Error` with name, code and the whole chain of causes.
fn js_error(name: &str, code: &str, error: &(dyn Error + 'static)) -> JsValue {
    let chain: Vec<String> = std::iter::successors(Some(error), |&e| e.source()).map(ToString::to_string).collect();
    let js = js_sys::Error::new(&chain.join(": "));
    js.set_name(name);
    // Setting a property of an Error made here cannot fail.
    let _ = Reflect::set(&js, &"code".into(), &code.into());
    js.into()
}

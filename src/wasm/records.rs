//! What crosses to JavaScript: records, and `Error` objects.

use std::error::Error;

use js_sys::{Object, Reflect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

use crate::fault::Reported;
use crate::model::ModelError;
use crate::study::{SearchError, StudyError};

/// What crosses in a form that no Rust type has.
#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** The net's input for one slice. The levels are the caller's to hand on. */
export interface NetInput { ticket: Ticket; levels: Uint8Array; rows: number; cols: number; }
/** One file of the sample study. The bytes are the caller's to hand on. */
export interface SampleFile { path: string; bytes: Uint8Array; }
/** What is thrown, besides being an `Error`. */
export type Refused = (DecodeError | ModelError | StudyError) & {
  name: "DecodeError" | "ModelError" | "StudyError"; fault: Fault; unrelated: boolean; message: string;
};
"#;

/// A plain JavaScript object or array.
pub(super) fn record(value: &(impl Serialize + ?Sized)) -> Result<JsValue, JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    value.serialize(&serializer).map_err(JsValue::from)
}

/// An object with values that no serializer makes.
pub(super) fn object<const N: usize>(fields: [(&str, JsValue); N]) -> Result<JsValue, JsValue> {
    let object = Object::new();
    for (name, value) in fields {
        Reflect::set(&object, &name.into(), &value)?;
    }
    Ok(object.into())
}

/// A record that was handed out, as it comes back.
pub(super) fn returned<T: DeserializeOwned>(value: JsValue) -> Result<T, JsValue> {
    serde_wasm_bindgen::from_value(value)
        .map_err(|error| thrown(&StudyError::NoSuchInput { reason: error.to_string() }))
}

/// Rows or columns for JavaScript.
#[allow(clippy::cast_possible_truncation, reason = "decoders bound rows and columns far below 2^32")]
pub(super) fn pixels(n: usize) -> u32 {
    n as u32
}

/// An `Error` with name, code, fault, details and the whole chain of causes.
pub(super) fn thrown<E: Reported + Serialize + 'static>(error: &E) -> JsValue {
    let first: Option<&(dyn Error + 'static)> = Some(error);
    let chain: Vec<String> = std::iter::successors(first, |&e| e.source()).map(ToString::to_string).collect();
    let js = js_sys::Error::new(&chain.join(": "));
    js.set_name(error.name());
    let details = record(error).and_then(|fields| Reflect::get(&fields, &"details".into()));
    let details = details.ok().filter(JsValue::is_object).unwrap_or_else(|| Object::new().into());
    let fault = record(&error.fault()).unwrap_or_default();
    let fields = [
        ("code", error.code().into()),
        ("fault", fault),
        ("unrelated", error.is_unrelated().into()),
        ("details", details),
    ];
    for (name, value) in fields {
        // Setting a property of an Error made here cannot fail.
        let _ = Reflect::set(&js, &name.into(), &value);
    }
    js.into()
}

/// [`thrown`] for either of both.
pub(super) fn thrown_search(error: &SearchError) -> JsValue {
    match error {
        SearchError::Study(error) => thrown(error),
        SearchError::Model(error) => thrown(error),
    }
}

/// [`thrown`] for a model.
pub(super) fn thrown_model(error: ModelError) -> JsValue {
    thrown(&error)
}

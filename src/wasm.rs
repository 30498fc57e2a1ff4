//! The room that names wasm-bindgen: what the page's workers call.
//!
//! Every function converts, calls one function of the crate, and converts back; nothing is kept but the objects that the
//! page holds. Bytes come in as they are in the file; records, RGBA pixels and `Error` objects go out. An `Error` carries
//! the Rust type in `name`, a stable `code`, whose `fault` it is, the variant's fields as `details`, and the chain of
//! causes in `message`. Records are declared where they live, and `tsify` makes their TypeScript. Indices count from 0.

mod net;
mod records;
mod sample;
mod study;

pub use net::Net;
pub use sample::Sample;
pub use study::Workbench;

use js_sys::Reflect;
use wasm_bindgen::prelude::*;

/// Bytes of the module's memory, which never shrinks.
#[wasm_bindgen(js_name = memoryBytes)]
#[must_use]
pub fn memory_bytes() -> f64 {
    let buffer = Reflect::get(&wasm_bindgen::memory(), &"buffer".into());
    let length = buffer.and_then(|buffer| Reflect::get(&buffer, &"byteLength".into()));
    length.ok().and_then(|length| length.as_f64()).unwrap_or(0.0)
}

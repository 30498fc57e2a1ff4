//! The synthetic sample study.

use wasm_bindgen::prelude::*;

use super::records::object;
use crate::phantom::{Phantom, SAMPLE_SEED};

/// The synthetic sample study, file by file.
#[wasm_bindgen]
pub struct Sample {
    phantom: Phantom,
}

#[wasm_bindgen]
impl Sample {
    /// Places the organs, which takes longer than anything else at start-up: to be made when it is asked for.
    #[wasm_bindgen(constructor)]
    #[must_use]
    #[allow(clippy::new_without_default, reason = "JavaScript calls it")]
    pub fn new() -> Self {
        Self { phantom: Phantom::new(SAMPLE_SEED) }
    }

    /// Number of files.
    #[wasm_bindgen(js_name = nFiles)]
    #[must_use]
    pub fn n_files(&self) -> usize {
        self.phantom.n_files()
    }

    /// One file, made on the spot.
    ///
    /// # Errors
    /// None in practice: the record always converts.
    #[wasm_bindgen(unchecked_return_type = "SampleFile")]
    pub fn file(&self, file: usize) -> Result<JsValue, JsValue> {
        let (path, bytes) = self.phantom.file(file);
        object([("path", path.into()), ("bytes", js_sys::Uint8Array::from(bytes.as_slice()).into())])
    }
}

//! One opened study and what searching it needs, without a net.

use js_sys::{Float32Array, Uint8Array, Uint8ClampedArray};
use wasm_bindgen::prelude::*;
use web_sys::ImageData;

use super::records::{object, pixels, record, returned, thrown, thrown_model, thrown_search};
use crate::hounsfield::Window;
use crate::model::ModelSpec;
use crate::report::bookmarks::Bookmark;
use crate::study::{Picture, Study, Ticket};

/// One opened study; a worker may hold several. After a trap the instance is unusable: end the worker.
#[wasm_bindgen]
pub struct Workbench {
    spec: ModelSpec,
    study: Study,
}

#[wasm_bindgen]
impl Workbench {
    /// Takes the model's spec; the ONNX file is needed by a [`super::Net`] alone.
    ///
    /// # Errors
    /// `ModelError`.
    #[wasm_bindgen(constructor)]
    pub fn new(spec_json: &str) -> Result<Workbench, JsValue> {
        let spec = ModelSpec::from_json(spec_json).map_err(thrown_model)?;
        Ok(Self { spec, study: Study::default() })
    }

    /// Name, digest, thresholds and figures of the model.
    ///
    /// # Errors
    /// None in practice: the record always converts.
    #[wasm_bindgen(js_name = modelInfo, unchecked_return_type = "ModelInfo")]
    pub fn model_info(&self) -> Result<JsValue, JsValue> {
        record(&self.spec.info())
    }

    /// What was measured at the highest threshold that is not above this one; `null` where nothing was.
    ///
    /// # Errors
    /// None in practice: the record always converts.
    #[wasm_bindgen(js_name = operatingPoint, unchecked_return_type = "OperatingPoint | null")]
    pub fn operating_point(&self, threshold: f32) -> Result<JsValue, JsValue> {
        record(&self.spec.operating_point(threshold))
    }

    /// Decodes a file and keeps its slices or rows until [`Workbench::arrange`].
    ///
    /// # Errors
    /// `DecodeError`; the other files are not touched by it.
    #[wasm_bindgen(js_name = addFile, unchecked_return_type = "Added")]
    pub fn add_file(&mut self, path: &str, bytes: &[u8]) -> Result<JsValue, JsValue> {
        record(&self.study.add_file(path, bytes).map_err(|error| thrown(&error))?)
    }

    /// Forgets every slice, table and detection.
    pub fn clear(&mut self) {
        self.study.clear();
    }

    /// Groups and orders what was added.
    ///
    /// # Errors
    /// None in practice: the records always convert.
    #[wasm_bindgen(unchecked_return_type = "SeriesInfo[]")]
    pub fn arrange(&mut self) -> Result<JsValue, JsValue> {
        self.study.arrange();
        record(&self.study.series_infos())
    }

    /// One slice as canvas pixels through a window in Hounsfield units.
    ///
    /// # Errors
    /// `StudyError` for a slice that is not there.
    pub fn render(&self, slice: &str, center_hu: f32, width_hu: f32) -> Result<ImageData, JsValue> {
        let window = Window { center_hu, width_hu };
        image_data(&self.study.render(slice, window).map_err(|error| thrown(&error))?)
    }

    /// A small picture of a slice through its series' own window; the longer side has at most `longest` pixels.
    ///
    /// # Errors
    /// `StudyError` for a slice that is not there.
    pub fn thumbnail(&self, slice: &str, longest: u32) -> Result<ImageData, JsValue> {
        image_data(&self.study.thumbnail(slice, longest as usize).map_err(|error| thrown(&error))?)
    }

    /// The Hounsfield value of one pixel, indices from 0; `undefined` outside, or where values are no Hounsfield units.
    ///
    /// # Errors
    /// `StudyError` for a slice that is not there.
    #[wasm_bindgen(js_name = huAt)]
    pub fn hu_at(&self, slice: &str, col_idx: u32, row_idx: u32) -> Result<Option<f32>, JsValue> {
        self.study.hu_at(slice, col_idx as usize, row_idx as usize).map_err(|error| thrown(&error))
    }

    /// What was found so far from `threshold` up, linked over slices, by falling score.
    ///
    /// # Errors
    /// None in practice: the records always convert.
    #[wasm_bindgen(unchecked_return_type = "Lesion[]")]
    pub fn lesions(&self, threshold: f32) -> Result<JsValue, JsValue> {
        record(&self.study.lesions(threshold))
    }

    /// What was found so far of what tables mark, from `threshold` up, and the FROC curve of it.
    ///
    /// # Errors
    /// None in practice: the records always convert.
    #[wasm_bindgen(unchecked_return_type = "Comparison")]
    pub fn compare(&self, threshold: f32) -> Result<JsValue, JsValue> {
        record(&self.study.compare(threshold))
    }

    /// A person's diameters as a table in DeepLesion's columns.
    ///
    /// # Errors
    /// `StudyError` for what are no bookmarks.
    #[wasm_bindgen(js_name = bookmarksCsv)]
    pub fn bookmarks_csv(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Bookmark[]")] bookmarks: JsValue,
    ) -> Result<String, JsValue> {
        let bookmarks: Vec<Bookmark> = returned(bookmarks)?;
        self.study.bookmarks_csv(&bookmarks).map_err(|error| thrown(&error))
    }

    /// The diameters that such a table has for open slices.
    ///
    /// # Errors
    /// `DecodeError` for another file.
    #[wasm_bindgen(js_name = readBookmarks, unchecked_return_type = "BookmarksRead")]
    pub fn read_bookmarks(&self, bytes: &[u8]) -> Result<JsValue, JsValue> {
        record(&self.study.read_bookmarks(bytes).map_err(|error| thrown(&error))?)
    }

    /// Digest of the stored values of one slice.
    ///
    /// # Errors
    /// `StudyError` for a slice that is not there.
    pub fn fingerprint(&self, slice: &str) -> Result<String, JsValue> {
        self.study.fingerprint(slice).map_err(|error| thrown(&error))
    }

    /// The net's input for one slice, to be run by a [`super::Net`]; [`Workbench::accept`] takes its heads.
    ///
    /// # Errors
    /// `StudyError` for a slice that is not there or holds no Hounsfield units.
    #[wasm_bindgen(unchecked_return_type = "NetInput")]
    pub fn input(&self, slice: &str) -> Result<JsValue, JsValue> {
        let (ticket, input) = self.study.input(&self.spec, slice).map_err(|error| thrown(&error))?;
        object([
            ("ticket", record(&ticket)?),
            ("levels", Uint8Array::from(input.levels.as_slice()).into()),
            ("rows", pixels(input.rows).into()),
            ("cols", pixels(input.cols).into()),
        ])
    }

    /// Keeps what the heads of a slice say, and gives it: every detection from the model's score floor up, by falling
    /// score. The ticket is the one that came with the input.
    ///
    /// # Errors
    /// `StudyError` for a ticket from before slices were arranged, `ModelError` for heads of another shape.
    #[wasm_bindgen(unchecked_return_type = "DetectionRecord[]")]
    pub fn accept(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Ticket")] ticket: JsValue,
        heads: Vec<Float32Array>,
    ) -> Result<JsValue, JsValue> {
        let ticket: Ticket = returned(ticket)?;
        let values = heads.iter().map(Float32Array::to_vec).collect();
        record(&self.study.accept(&self.spec, &ticket, values).map_err(|error| thrown_search(&error))?)
    }
}

/// A copy for the page: a picture that is only a view of this module's memory would change with it.
fn image_data(picture: &Picture) -> Result<ImageData, JsValue> {
    let (cols, rows) = (pixels(picture.cols), pixels(picture.rows));
    let rgba = Uint8ClampedArray::from(picture.rgba.as_slice());
    ImageData::new_with_js_u8_clamped_array_and_sh(&rgba, cols, rows)
}

//! The detector's model: what its spec file promises, and the trait that runs it.
//!
//! In: a spec (`models/detector.json`), the ONNX file it names, and [`InputTensor`]s. Out: one [`RawHead`] per stride,
//! floating point, before any sigmoid. The engine behind [`Model`] is [`tract`]; nothing else names it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::input::{InputSpec, InputTensor};

pub mod tract;

/// Why a model cannot be used. The fault is always with the model's files, never with the person's slices.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The spec is not JSON of the expected shape.
    #[error("the model's spec cannot be read")]
    SpecSyntax(#[source] serde_json::Error),
    /// The spec is well-formed, but a value in it makes no sense.
    #[error("the model's spec is not usable: {0}")]
    SpecValue(String),
    /// The ONNX file is not the one that the spec pins.
    #[error("the model file has SHA-256 {found}, the spec pins {expected}: fetch the file again")]
    Sha256 {
        /// Lower-case hexadecimal digest in the spec.
        expected: String,
        /// Digest of the bytes at hand.
        found: String,
    },
    /// The inference engine refused the model or failed while it ran.
    #[error("the inference engine could not {action}")]
    Engine {
        /// What was being done, to follow "could not".
        action: &'static str,
        /// The engine's own chain of causes.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The model's outputs are not what its spec says.
    #[error("output {name} of the model has shape {found:?}, its spec says {expected:?}")]
    OutputShape {
        /// Name of the output.
        name: String,
        /// Shape by the spec: batch, channels, rows, columns.
        expected: [usize; 4],
        /// Shape that came out.
        found: Vec<usize>,
    },
}

impl ModelError {
    /// Stable code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::SpecSyntax(_) => "model_spec_syntax",
            Self::SpecValue(_) => "model_spec_value",
            Self::Sha256 { .. } => "model_sha256",
            Self::Engine { .. } => "model_engine",
            Self::OutputShape { .. } => "model_output_shape",
        }
    }
}

/// Everything about a model that is not in its ONNX file. Read by [`ModelSpec::from_json`] only, so every spec in the
/// program has been checked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSpec {
    schema: String,
    /// Name and version, for reports.
    pub name: String,
    /// File name of the ONNX file, beside the spec.
    pub file: String,
    /// SHA-256 of the ONNX file, lower-case hexadecimal.
    pub sha256: String,
    /// How slices become the net's input.
    pub input: InputSpec,
    /// The net's outputs, finest first.
    pub outputs: Vec<OutputSpec>,
    /// Meaning of the channels of every output, in order.
    pub channels: Vec<Channel>,
    /// Pixels of the original image added on each side of a lesion's extent, as DeepLesion's boxes have them.
    pub margin_px: f32,
    /// Candidates below this score are dropped, 0..1.
    pub score_floor: f32,
    /// Most candidates kept per output before non-maximum suppression.
    pub top_k: usize,
    /// Of two boxes with a larger intersection over union than this, the one with the lower score goes, 0..=1.
    pub nms_iou: f32,
    /// Score from which a detection is shown unless a person moves the slider, 0..1.
    pub default_threshold: f32,
}

/// One output of the net.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputSpec {
    /// Name of the ONNX output.
    pub name: String,
    /// Input pixels per cell.
    pub stride: usize,
}

/// Meaning of one channel of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Logit of a lesion's centre lying in this cell.
    Heat,
    /// Column of the centre from the cell's left edge, in cells.
    Dx,
    /// Row of the centre from the cell's upper edge, in cells.
    Dy,
    /// Natural logarithm of the lesion's width in input pixels, without margin.
    LogW,
    /// Natural logarithm of the lesion's height in input pixels, without margin.
    LogH,
}

/// Name and digest of a model, as reports carry them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelId {
    /// Name and version.
    pub name: String,
    /// SHA-256 of the ONNX file, lower-case hexadecimal.
    pub sha256: String,
}

/// What a viewer needs to know about a model.
#[derive(Debug, Clone, Serialize)]
pub struct ModelInfo {
    /// Name and digest.
    #[serde(flatten)]
    pub id: ModelId,
    /// Score from which a detection is shown unless a person moves the slider.
    pub default_threshold: f32,
    /// Lowest score that is kept.
    pub score_floor: f32,
}

impl ModelSpec {
    /// Reads and checks a spec file's text.
    ///
    /// # Errors
    /// [`ModelError::SpecSyntax`] or [`ModelError::SpecValue`].
    pub fn from_json(text: &str) -> Result<Self, ModelError> {
        let spec: Self = serde_json::from_str(text).map_err(ModelError::SpecSyntax)?;
        spec.check().map_err(ModelError::SpecValue)?;
        Ok(spec)
    }

    /// Name and digest.
    #[must_use]
    pub fn id(&self) -> ModelId {
        ModelId { name: self.name.clone(), sha256: self.sha256.clone() }
    }

    /// What a viewer needs to know.
    #[must_use]
    pub fn info(&self) -> ModelInfo {
        ModelInfo { id: self.id(), default_threshold: self.default_threshold, score_floor: self.score_floor }
    }

    /// Position of a channel in every output.
    ///
    /// # Errors
    /// [`ModelError::SpecValue`] when the model has no such channel.
    pub fn channel(&self, channel: Channel) -> Result<usize, ModelError> {
        let missing = || ModelError::SpecValue(format!("the channel {channel:?} is missing"));
        self.channels.iter().position(|&c| c == channel).ok_or_else(missing)
    }

    /// Checks that `onnx` is the file that the spec pins.
    ///
    /// # Errors
    /// [`ModelError::Sha256`].
    pub fn verify(&self, onnx: &[u8]) -> Result<(), ModelError> {
        let found = hex(&Sha256::digest(onnx));
        if found == self.sha256 { Ok(()) } else { Err(ModelError::Sha256 { expected: self.sha256.clone(), found }) }
    }

    fn check(&self) -> Result<(), String> {
        let ensure = |holds: bool, what: &str| if holds { Ok(()) } else { Err(what.to_owned()) };
        let unit = |value: f32| (0.0..=1.0).contains(&value);
        let input = &self.input;
        ensure(self.schema == "lesionlens.model/1", "schema is not lesionlens.model/1")?;
        ensure(input.spacing_mm.is_finite() && input.spacing_mm > 0.0, "spacing_mm must be above 0")?;
        ensure(input.offsets_mm.iter().all(|o| o.is_finite()), "offsets_mm must be finite")?;
        ensure(input.offsets_mm.contains(&0.0), "one of offsets_mm must be 0, the key slice")?;
        ensure(input.max_gap_mm >= 0.0, "max_gap_mm must not be negative")?;
        ensure((1..=1024).contains(&input.multiple), "multiple must be 1 to 1024")?;
        ensure(input.companding.len() >= 2, "companding needs two knots")?;
        let rising = input.companding.windows(2).all(|w| matches!(w, [a, b] if a.0 < b.0 && a.1 <= b.1));
        ensure(rising, "companding knots must rise")?;
        ensure(!self.outputs.is_empty(), "there is no output")?;
        let strides_fit = self.outputs.iter().all(|o| o.stride > 0 && input.multiple.is_multiple_of(o.stride));
        ensure(strides_fit, "every stride must divide the input's multiple")?;
        ensure(self.margin_px.is_finite() && self.margin_px >= 0.0, "margin_px must not be negative")?;
        ensure(
            unit(self.score_floor) && unit(self.default_threshold) && unit(self.nms_iou),
            "score_floor, default_threshold and nms_iou must be 0..=1",
        )?;
        let needed = [Channel::Heat, Channel::Dx, Channel::Dy, Channel::LogW, Channel::LogH];
        ensure(needed.iter().all(|c| self.channels.contains(c)), "channels must have heat, dx, dy, log_w, log_h")
    }
}

/// Lower-case hexadecimal digits of bytes.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// One output of the net for one slice.
#[derive(Debug, Clone, PartialEq)]
pub struct RawHead {
    /// Input pixels per cell.
    pub stride: usize,
    /// Cells along y.
    pub rows: usize,
    /// Cells along x.
    pub cols: usize,
    /// `channels × rows × cols` values, row-major inside a channel, channels in the spec's order.
    pub values: Vec<f32>,
}

/// A net that turns input tensors into raw heads.
pub trait Model {
    /// The spec that the net was loaded with.
    fn spec(&self) -> &ModelSpec;

    /// Runs the net on one slice; heads come in the spec's order of outputs.
    ///
    /// # Errors
    /// [`ModelError::Engine`] or [`ModelError::OutputShape`].
    fn run(&mut self, input: &InputTensor) -> Result<Vec<RawHead>, ModelError>;
}

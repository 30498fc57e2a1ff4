//! The detector's model: what its spec file promises, and the trait that runs it.
//!
//! In: a spec (`models/detector.json`), the ONNX file it names, and [`InputTensor`]s. Out: one [`RawHead`] per stride,
//! floating point, before any sigmoid. The engine behind [`Model`] is [`tract`], over the
//! integer convolutions of [`convolution`] and [`kernels`].

pub mod convolution;
mod error;
pub mod kernels;
mod spec;
pub mod tract;

pub use error::{ModelError, ModelErrorCode};
pub use spec::{
    Channel, Evidence, ModelId, ModelInfo, ModelSpec, OperatingPoint, OutputSpec, ScoreSpec, ThoroughSpec, TypesSpec,
};

use crate::input::InputTensor;

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

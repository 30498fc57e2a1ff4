//! Why a model cannot be used.

use thiserror::Error;

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

//! Why a model cannot be used.

use serde::Serialize;
use strum::{EnumDiscriminants, EnumIter, IntoStaticStr};
use thiserror::Error;

use crate::fault::{Fault, Reported};

/// Why a model cannot be used. The fault is always with the model's files, never with the person's slices. Serialized as
/// `{ code, details }`, the details being the variant's fields but for other errors.
#[derive(Debug, Error, Serialize, EnumDiscriminants)]
#[serde(tag = "code", content = "details")]
#[strum_discriminants(name(ModelErrorCode), derive(EnumIter, IntoStaticStr), strum(prefix = "Model"), non_exhaustive)]
#[strum_discriminants(doc = "The variants of [`ModelError`] without their fields.")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(missing_as_null))]
#[non_exhaustive]
pub enum ModelError {
    /// The spec is not JSON of the expected shape.
    #[error("the model's spec cannot be read")]
    #[serde(rename = "ModelSpecSyntax")]
    SpecSyntax {
        /// What the JSON reader says.
        #[source]
        #[serde(skip)]
        source: serde_json::Error,
    },
    /// The spec is well-formed, but a value in it makes no sense.
    #[error("the model's spec is not usable: {reason}")]
    #[serde(rename = "ModelSpecValue")]
    SpecValue {
        /// Which value, and why.
        reason: String,
    },
    /// The ONNX file is not the one that the spec pins.
    #[error("the model file has SHA-256 {found}, the spec pins {expected}: fetch the file again")]
    #[serde(rename = "ModelSha256")]
    Sha256 {
        /// Lower-case hexadecimal digest in the spec.
        expected: String,
        /// Digest of the bytes at hand.
        found: String,
    },
    /// The inference engine refused the model or failed while it ran.
    #[error("the inference engine could not {action}")]
    #[serde(rename = "ModelEngine")]
    Engine {
        /// What was being done, to follow "could not".
        action: &'static str,
        /// The engine's own chain of causes.
        #[source]
        #[serde(skip)]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The model's outputs are not what its spec says.
    #[error("output {name} of the model has shape {found:?}, its spec says {expected:?}")]
    #[serde(rename = "ModelOutputShape")]
    OutputShape {
        /// Name of the output.
        name: String,
        /// Shape by the spec: batch, channels, rows, columns.
        expected: [usize; 4],
        /// Shape that came out.
        found: Vec<usize>,
    },
}

impl ModelErrorCode {
    /// Whose fault errors of this code are.
    #[must_use]
    pub fn fault(self) -> Fault {
        Fault::Program
    }
}

impl ModelError {
    /// A stable word for the cause: the name of the variant behind `Model`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        ModelErrorCode::from(self).into()
    }
}

impl Reported for ModelError {
    fn name(&self) -> &'static str {
        "ModelError"
    }

    fn code(&self) -> &'static str {
        self.code()
    }

    fn fault(&self) -> Fault {
        ModelErrorCode::from(self).fault()
    }
}

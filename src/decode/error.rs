//! Why a file was refused.

use super::dl_info::DECODED_COLUMNS;

/// Why a file was refused. The message says what was found and what to do; [`DecodeError::code`] is stable.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// No format that the program knows by its first bytes.
    #[error("this is no CT image that Lesionlens knows")]
    UnknownFormat,
    /// A size over the limits.
    #[error("too large: {what} {bytes:?} {limit}")]
    TooLarge {
        /// What would have been allocated.
        what: &'static str,
        /// How many bytes it would have taken; `None` when the number is beyond counting.
        bytes: Option<usize>,
        /// The limit in bytes.
        limit: usize,
    },
}

impl DecodeError {
    /// A stable word for the cause, in snake_case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        let _ = DECODED_COLUMNS;
        match self {
            Self::UnknownFormat => "unknown_format",
            Self::TooLarge { .. } => "too_large",
        }
    }
}

//! What every error of this crate says beside its sentence: a stable code, and whose fault it is.

use serde::Serialize;

/// Whose fault an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub enum Fault {
    /// The person's file: damaged, contradictory, or nothing that is read here.
    File,
    /// This program's or its model's: a person can do nothing about it.
    Program,
    /// Nobody's: a file asks for more than this program gives to one.
    Limit,
}

/// An error that a program can act on.
pub trait Reported: std::error::Error {
    /// Name of the error's type.
    fn name(&self) -> &'static str;

    /// Stable word for the cause: the name of the variant.
    fn code(&self) -> &'static str;

    /// Whose fault it is.
    fn fault(&self) -> Fault;

    /// Whether the file is nothing to look at at all: one that happens to lie in a folder is then counted, not refused.
    fn is_unrelated(&self) -> bool {
        false
    }
}

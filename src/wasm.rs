//! The one file that names wasm-bindgen: what the page's worker calls.
//!
//! Every method converts, calls one function of the crate, and converts back. Bytes come in as they are in the file;
//! records, RGBA pixels and `Error` objects go out. An `Error` carries the Rust type in `name`, a stable `code`, and
//! the chain of causes in `message`. Indices count from 0.

mod net;
mod records;
mod study;

pub use net::Net;
pub use study::Workbench;

//! Decoding through the public interface: what is read, what is refused and with which code, and that no bytes make it
//! panic.

mod dicom;
mod dicom_refused;
mod independent;
mod never_panics;
mod other_formats;
mod png;
mod table;
mod write;

use lesionlens::decode::{DecodeError, Decoded, decode};
use lesionlens::slice::Slice;

/// Decodes a file that must be a slice.
fn slice(path: &str, bytes: &[u8]) -> Slice {
    match decode(path, bytes) {
        Ok(Decoded::Slice(slice)) => *slice,
        other => panic!("{path} should be a slice, is {other:?}"),
    }
}

/// Why a file was refused.
fn refusal(path: &str, bytes: &[u8]) -> DecodeError {
    match decode(path, bytes) {
        Err(error) => error,
        Ok(decoded) => panic!("{path} should be refused, is {decoded:?}"),
    }
}

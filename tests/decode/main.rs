//! Decoding through the public interface: what is read, what is refused and with which code, and that no bytes make it
//! panic.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod codecs;
mod dicom;
mod dicom_refused;
mod differential;
mod fuzz;
mod independent;
mod mutants;
mod never_panics;
mod other_formats;
mod png;
mod table;
mod volumes;
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

/// Decodes a file that must hold several slices.
fn slices(path: &str, bytes: &[u8]) -> Vec<Slice> {
    match decode(path, bytes) {
        Ok(Decoded::Slices(slices)) => slices,
        other => panic!("{path} should be several slices, is {other:?}"),
    }
}

/// Why a file was refused.
fn refusal(path: &str, bytes: &[u8]) -> DecodeError {
    match decode(path, bytes) {
        Err(error) => error,
        Ok(_) => panic!("{path} should be refused, is read"),
    }
}

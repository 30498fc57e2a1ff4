//! A deflated data set (PS3.5 A.5: RFC 1951 without a zlib header).

use std::io::Read;

use flate2::read::DeflateDecoder;

use crate::decode::DecodeError;
use crate::decode::budget::Budget;
use crate::decode::error::printable;

const STEP: usize = 64 << 10;

/// Inflates all of it. The budget counts what the buffer takes while it grows, the old one and the new one together.
pub(super) fn inflate(bytes: &[u8], budget: &mut Budget) -> Result<Vec<u8>, DecodeError> {
    let what = "the inflated data set";
    let mut decoder = DeflateDecoder::new(bytes);
    let mut out: Vec<u8> = Vec::new();
    let mut step = vec![0; STEP];
    loop {
        let n = decoder
            .read(&mut step)
            .map_err(|error| DecodeError::DeflateDamaged { reason: printable(error.to_string().as_bytes()) })?;
        let Some(read) = step.get(..n).filter(|read| !read.is_empty()) else { return Ok(out) };
        budget.work("inflating the data set", read.len().checked_mul(2))?;
        let length = out.len().saturating_add(n);
        if length > out.capacity() {
            let old = out.capacity();
            let new = old.saturating_mul(2).max(STEP);
            budget.take(what, Some(new))?;
            out.reserve_exact(new.saturating_sub(out.len()));
            budget.give_back(old);
        }
        out.extend_from_slice(read);
    }
}

//! Writes the stored values of a file's first slice to standard output, as little-endian 32-bit integers, row-major:
//! `cargo run --example stored -- FILE > VALUES`. `tests/golden/lossy.py` compares them with reference decoders.

use std::io::Write;

use anyhow::{Context, Result, bail};
use lesionlens::decode::{Decoded, decode};

fn main() -> Result<()> {
    let path = std::env::args().nth(1).context("usage: cargo run --example stored -- FILE")?;
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {path}"))?;
    let slice = match decode(&path, &bytes)? {
        Decoded::Slice(slice) => *slice,
        Decoded::Slices(slices) => slices.into_iter().next().context("a slice")?,
        _ => bail!("{path} is no slice"),
    };
    let values: Vec<u8> = slice.stored().iter().flat_map(i32::to_le_bytes).collect();
    std::io::stdout().write_all(&values).context("cannot write")
}

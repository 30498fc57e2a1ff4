//! Build tasks of Lesionlens: `cargo xtask serve` and `cargo xtask test`.
fn main() {}

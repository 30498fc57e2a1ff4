//! The command line of Lesionlens.
fn main() {}

//! The hostile files of the shared conformance folder: a typed answer within 2 s and within the memory budget, and the
//! next good file decodes as if nothing had happened. One test, so that the allocator counts nothing else.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use lesionlens::decode::{BUDGET_BYTES, Decoded, decode};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What an answer may allocate beside the budget: messages, buffers of fixed size.
const FIXED_BYTES: usize = 4 << 20;

#[test]
#[ignore = "reads ../shared/conformance: cargo xtask test shared"]
fn hostile_files_get_a_typed_answer_in_time_and_within_the_budget() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance/malformed");
    let entries = fs::read_dir(&folder).expect("the folder of hostile files");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    assert!(paths.len() >= 50, "{} files", paths.len());
    let good = fs::read(folder.join("preamble_html.dcm")).expect("a good image");
    let fingerprint = |bytes: &[u8]| match decode("good", bytes) {
        Ok(Decoded::Slice(slice)) => slice.stored_sha256_i32le(),
        other => panic!("the good file should stay good: {other:?}"),
    };
    let expected = fingerprint(&good);

    for path in &paths {
        let name = path.file_name().expect("a file").to_string_lossy();
        let bytes = fs::read(path).expect("a readable file");
        let before = ALLOCATOR.current_usage();
        ALLOCATOR.reset_peak_usage();
        let start = Instant::now();
        let answer = decode(&name, &bytes);
        let (took, peak) = (start.elapsed(), ALLOCATOR.peak_usage() - before);
        // These are good images: with hostile text around them, with 32 bits per pixel, and in an archive whose names
        // climb out of it, which are shown and never followed.
        let is_image = ["pn_", "preamble_", "bits_32_32_31", "zip_slip"].iter().any(|start| name.starts_with(start));
        match &answer {
            Ok(_) => assert!(is_image, "{name} should be refused"),
            Err(error) => assert!(!is_image, "{name} should be read: {error}"),
        }
        let code = answer.as_ref().map_or_else(|error| error.code(), |_| "read");
        println!("{name:50} {code:30} {:6.1} ms {:7.2} MiB", took.as_secs_f64() * 1e3, peak as f64 / 1048576.0);
        assert!(took < Duration::from_secs(2), "{name}: {took:?}");
        assert!(peak <= BUDGET_BYTES + FIXED_BYTES, "{name}: {peak} bytes");
        drop(answer);
        assert_eq!(fingerprint(&good), expected, "after {name}");
    }
    println!("{} hostile files", paths.len());
}

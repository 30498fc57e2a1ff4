//! Every code, as a committed file: a code that changes is seen, and whoever has words for them need not run this program.
#![allow(clippy::unwrap_used, reason = "a test ends where its own material is broken")]

use std::fs;
use std::path::Path;

use lesionlens::codes::codes;
use lesionlens::series::SpacingSource;
use serde_json::Value;
use strum::IntoEnumIterator;

#[test]
fn the_committed_list_has_every_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/codes.json");
    let text = serde_json::to_string_pretty(&codes()).unwrap() + "\n";
    if std::env::var_os("LESIONLENS_WRITE_GOLDEN").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "tests/golden/codes.json is not current: run this test with LESIONLENS_WRITE_GOLDEN=1");
}

#[test]
fn every_error_has_a_code_of_its_own_in_upper_camel_case() {
    let codes = serde_json::to_value(codes()).unwrap();
    let errors = codes["errors"].as_array().unwrap();
    let mut names: Vec<&str> = errors.iter().map(|error| error["code"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 55 + 5 + 3, "a new error is named here and in tests/golden/codes.json");
    for name in &names {
        assert!(name.starts_with(|c: char| c.is_ascii_uppercase()) && name.chars().all(|c| c.is_ascii_alphanumeric()));
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), errors.len(), "no two errors share a code");
    let is_model = |error: &&Value| error["name"] == "ModelError";
    assert!(errors.iter().filter(is_model).all(|error| error["code"].as_str().unwrap().starts_with("Model")));
}

#[test]
fn records_spell_codes_as_the_list_does() {
    for source in SpacingSource::iter() {
        assert_eq!(serde_json::to_value(source).unwrap(), source.name());
    }
}

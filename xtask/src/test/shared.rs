//! Rust tests that read real files beside the checkout (`../shared`), which are no part of it. `cargo test` ignores them;
//! the stage `shared` runs those whose files are there, and names the others.
//!
//! Each is marked `#[ignore = "reads ../shared/FOLDER: cargo xtask test shared"]`.

use anyhow::{Context, Result, bail};

const BEFORE: &str = "#[ignore = \"reads ";
const AFTER: &str = ": cargo xtask test shared\"]";

/// A test that is run only when its folder is there.
#[derive(Debug, PartialEq)]
pub(super) struct SharedTest {
    /// The test program as cargo names it.
    pub(super) target: String,
    pub(super) name: String,
    /// What it reads, from the repository's root.
    pub(super) folder: String,
}

/// The marked tests of one file in `tests/`; a test that is ignored for another reason is an error.
pub(super) fn tests_in(file: &str, text: &str) -> Result<Vec<SharedTest>> {
    let mut tests = Vec::new();
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        if !line.starts_with("#[ignore") {
            continue;
        }
        let folder = line.strip_prefix(BEFORE).and_then(|rest| rest.strip_suffix(AFTER));
        let Some(folder) = folder.filter(|folder| folder.starts_with("../shared/")) else {
            bail!("{file}: {line} is no {BEFORE}../shared/FOLDER{AFTER}, so no stage would run the test");
        };
        let name = lines.find_map(|line| line.strip_prefix("fn ")?.split('(').next());
        let first = file.trim_start_matches("tests/").split('/').next().unwrap_or_default();
        tests.push(SharedTest {
            target: first.trim_end_matches(".rs").to_string(),
            name: name.with_context(|| format!("{file}: no test follows {line}"))?.to_string(),
            folder: folder.to_string(),
        });
    }
    Ok(tests)
}

/// How many tests passed, by what the test programs of one run of cargo printed.
pub(super) fn n_passed(printed: &str) -> usize {
    let results = printed.lines().filter_map(|line| line.strip_prefix("test result: ok. "));
    results.filter_map(|result| result.split(' ').next()?.parse::<usize>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marked_tests_are_found_with_their_program_and_folder() {
        let text = "#[test]\n#[ignore = \"reads ../shared/data: cargo xtask test shared\"]\nfn reads_a_table() {}\n\
                    #[test]\nfn plain() {}\n";
        let expected = |target: &str| SharedTest {
            target: target.to_string(),
            name: "reads_a_table".to_string(),
            folder: "../shared/data".to_string(),
        };
        assert_eq!(tests_in("tests/decode/table.rs", text).unwrap(), [expected("decode")]);
        assert_eq!(tests_in("tests/froc.rs", text).unwrap(), [expected("froc")]);
    }

    #[test]
    fn a_test_that_no_stage_would_run_is_an_error() {
        for mark in ["#[ignore]", "#[ignore = \"slow\"]", "#[ignore = \"reads ../data: cargo xtask test shared\"]"] {
            let error = tests_in("tests/a.rs", &format!("#[test]\n{mark}\nfn a() {{}}")).unwrap_err();
            assert!(error.to_string().contains("no stage"), "{error}");
        }
    }

    #[test]
    fn passed_tests_are_counted_over_all_programs() {
        let result = "; 0 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.10s";
        let printed = format!(
            "running 1 test\ntest a ... ok\ntest result: ok. 1 passed{result}\ntest result: ok. 2 passed{result}\n"
        );
        assert_eq!(n_passed(&printed), 3);
        assert_eq!(n_passed("running 0 tests\n"), 0);
    }
}

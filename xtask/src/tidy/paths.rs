//! Files and folders that ARCHITECTURE.md names between backticks: each must be there.

/// Findings for names with a slash or an extension of a source file that no tracked file has.
pub(super) fn check(architecture: &str, files: &[String]) -> Vec<String> {
    let mut findings = Vec::new();
    for (at, line) in architecture.lines().enumerate() {
        for name in line.split('`').skip(1).step_by(2).filter(|name| is_path(name)) {
            let inside = format!("/{}", name.trim_end_matches('/'));
            let is_there = files.iter().any(|file| {
                let whole = format!("/{file}");
                let ends = whole.match_indices(&inside).map(|(from, found)| &whole[from + found.len()..]);
                ends.into_iter().any(|rest| rest.is_empty() || rest.starts_with(['/', '.']))
            });
            if !is_there {
                findings.push(format!("ARCHITECTURE.md:{}: there is no {name}", at + 1));
            }
        }
    }
    findings
}

fn is_path(name: &str) -> bool {
    let is_plain = name.chars().all(|character| character.is_ascii_alphanumeric() || "_-./".contains(character));
    let has_extension = [".rs", ".js", ".mjs", ".py", ".toml"].iter().any(|extension| name.ends_with(extension));
    // A schema such as lesionlens.model/2 is no path.
    is_plain && !name.starts_with("lesionlens.") && (name.contains('/') || has_extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_a_file_is_found_and_others_are_not() {
        let files = ["src/model/tract.rs", "src/model/tract/plain.rs", "tests/e2e/lock.test.mjs", "tests/engine.rs"];
        let files = files.map(String::from);
        let text =
            "`model/tract`, `plain.rs`, `e2e/lock`, `src/`, `tests/engine.rs`, `cargo xtask`, `lesionlens.model/2`";
        assert_eq!(check(text, &files), [""; 0]);
        let found = check("one\n`tests/gone.rs` and `odel/tract`, `engine`", &files);
        assert_eq!(
            found,
            ["ARCHITECTURE.md:2: there is no tests/gone.rs", "ARCHITECTURE.md:2: there is no odel/tract"]
        );
    }
}

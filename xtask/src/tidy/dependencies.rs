//! Dependencies: each pinned to one version, and each of cargo's and npm's named in ARCHITECTURE.md between backticks.

use anyhow::{Context, Result};
use serde_json::Value as Json;
use toml::{Table, Value};

const KINDS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// Findings for a Cargo.toml.
pub(super) fn cargo(file: &str, text: &str, architecture: &str) -> Result<Vec<String>> {
    let manifest: Table = text.parse().with_context(|| file.to_string())?;
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    let tables = std::iter::once(&manifest).chain(targets.filter_map(Value::as_table));
    let mut findings = Vec::new();
    for kind in tables.flat_map(|table| KINDS.iter().filter_map(|kind| table.get(*kind)?.as_table())) {
        for (name, dependency) in kind {
            let version = dependency.as_str().or_else(|| dependency.get("version")?.as_str());
            if !version.is_some_and(|version| version.starts_with('=')) {
                findings.push(format!("{file}: {name} is not pinned with `=`"));
            }
            findings.extend(unnamed(file, name, architecture));
        }
    }
    Ok(findings)
}

/// Findings for a package.json.
pub(super) fn npm(file: &str, text: &str, architecture: &str) -> Result<Vec<String>> {
    let package: Json = serde_json::from_str(text).with_context(|| file.to_string())?;
    let mut findings = Vec::new();
    for kind in ["dependencies", "devDependencies"].iter().filter_map(|kind| package.get(kind)?.as_object()) {
        for (name, version) in kind {
            if !version.as_str().is_some_and(|version| version.starts_with(|first: char| first.is_ascii_digit())) {
                findings.push(format!("{file}: {name} is not pinned to one version"));
            }
            findings.extend(unnamed(file, name, architecture));
        }
    }
    Ok(findings)
}

/// Findings for a pip requirements file.
pub(super) fn python(file: &str, text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    let loose = lines.filter(|line| !line.is_empty() && !line.starts_with('-') && !line.contains("=="));
    loose.map(|line| format!("{file}: {line} is not pinned with `==`")).collect()
}

fn unnamed(file: &str, name: &str, architecture: &str) -> Option<String> {
    let named = architecture.contains(&format!("`{name}`"));
    (!named).then(|| format!("{file}: ARCHITECTURE.md does not say what `{name}` is for"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_of_cargo_is_read() {
        let text =
            "[dependencies]\na = \"=1.0.0\"\nb = \"1\"\n[target.'cfg(unix)'.dev-dependencies]\nc = { path = \"c\" }";
        let found = cargo("Cargo.toml", text, "`a` reads, `b` writes").unwrap();
        assert_eq!(
            found,
            [
                "Cargo.toml: b is not pinned with `=`",
                "Cargo.toml: c is not pinned with `=`",
                "Cargo.toml: ARCHITECTURE.md does not say what `c` is for"
            ]
        );
    }

    #[test]
    fn npm_and_python_pins_are_exact() {
        let package = r#"{"devDependencies": {"a": "1.0.0", "b": "^1.0.0"}}"#;
        assert_eq!(npm("package.json", package, "`a` `b`").unwrap(), ["package.json: b is not pinned to one version"]);
        let found = python("requirements.txt", "# packages\nnumpy==2.0.0\ntorch>=2\n");
        assert_eq!(found, ["requirements.txt: torch>=2 is not pinned with `==`"]);
    }
}

//! Checks of the sources that no compiler makes: layers, words, pinned dependencies, quoted figures, file sizes,
//! unfinished marks.
//!
//! What git tracks or would track is looked at. Every finding is one line that names file and line; all are printed.

mod dependencies;
mod figures;
mod layers;
mod paths;
mod words;

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::command::output;
use crate::project::{Project, read, read_text};

/// Largest file that may be committed, in bytes.
const MAX_FILE_BYTES: u64 = 3_000_000;

/// Runs every check; the error lists all findings.
pub(crate) fn check(project: &Project) -> Result<()> {
    let files = files(project)?;
    let mut findings = Vec::new();
    let mut sources = Vec::new();
    for file in &files {
        let path = project.path(file);
        let bytes = path.metadata()?.len();
        if bytes > MAX_FILE_BYTES {
            findings.push(format!("{file}: {bytes} bytes, more than {MAX_FILE_BYTES}"));
        }
        // A binary file is no text to read; its size is all there is to check.
        let Ok(text) = String::from_utf8(read(&path)?) else { continue };
        findings.extend(words::unfinished(file, &text));
        if file.starts_with("www/words/") || has_extension(file, "md") {
            findings.extend(words::forbidden(file, &text));
        }
        sources.push((file.clone(), text));
    }
    findings.extend(layers::check(&sources));
    let architecture = read_text(&project.path("ARCHITECTURE.md"))?;
    findings.extend(paths::check(&architecture, &files));
    for file in files.iter().filter(|file| Path::new(file).ends_with("Cargo.toml")) {
        findings.extend(dependencies::cargo(file, &read_text(&project.path(file))?, &architecture)?);
    }
    for file in files.iter().filter(|file| Path::new(file).ends_with("package.json")) {
        findings.extend(dependencies::npm(file, &read_text(&project.path(file))?, &architecture)?);
    }
    let requirements = "training/requirements.txt";
    findings.extend(dependencies::python(requirements, &read_text(&project.path(requirements))?));
    findings.extend(figures::check(
        &read_text(&project.path("README.md"))?,
        project.path("models/detector.onnx").metadata()?.len(),
        &read_text(&project.path("training/results/figures.json"))?,
        &read_text(&project.path("docs/conformance.md"))?,
    )?);
    if !findings.is_empty() {
        bail!("tidy found {} things:\n{}", findings.len(), findings.join("\n"));
    }
    println!("tidy: {} files looked at, nothing found", files.len());
    Ok(())
}

/// The repository's files as git names them, without those that are ignored or removed.
fn files(project: &Project) -> Result<Vec<String>> {
    let names = output(
        Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(project.root()),
    )?;
    let mut files: Vec<_> = names.split('\0').filter(|name| project.path(name).is_file()).map(String::from).collect();
    files.sort();
    files.dedup();
    Ok(files)
}

fn has_extension(file: &str, extension: &str) -> bool {
    Path::new(file).extension().is_some_and(|found| found == extension)
}

//! Puts the page together: `www/` as it is, the module, the model, and the list of files that start-up verifies.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use walkdir::WalkDir;

use super::sha256_hex;
use crate::command::output;
use crate::manifest::Manifest;
use crate::project::{Project, read, read_text, write};

/// The module's name in wasm-pack's output folder.
pub(super) const WASM: &str = "lesionlens_bg.wasm";
/// The module in `dist/`.
pub(super) const WASM_IN_DIST: &str = "pkg/lesionlens_bg.wasm";
/// The JavaScript around the module in `dist/`.
pub(super) const GLUE: &str = "pkg/lesionlens.js";
/// The worker's script in `dist/`.
pub(super) const WORKER: &str = "engine/worker.js";

const BUILD_START: &str = r#"<script type="application/json" id="build">"#;
const BUILD_END: &str = "</script>";

/// Writes every file of the page into `dist`; nothing is compressed yet.
pub(super) fn assemble(project: &Project, manifest: &Manifest, package: &Path, wasm: &[u8], dist: &Path) -> Result<()> {
    copy_folder(&project.path("www"), dist)?;
    write(&dist.join(WASM_IN_DIST), wasm)?;
    for name in ["lesionlens.js", "lesionlens.d.ts"] {
        write(&dist.join("pkg").join(name), &read(&package.join(name))?)?;
    }
    for file in [&manifest.model.spec, &manifest.model.file, "models/README.md"] {
        write(&dist.join(file), &read(&project.path(file))?)?;
    }
    let entry = |path: &str| -> Result<Value> {
        let bytes = read(&dist.join(path))?;
        Ok(json!({ "path": path, "sha256": sha256_hex(&bytes), "bytes": bytes.len() }))
    };
    let build = json!({
        "version": version(project)?,
        "commit": commit(project),
        "files": {
            "wasm": entry(WASM_IN_DIST)?,
            "glue": entry(GLUE)?,
            "worker": entry(WORKER)?,
            "model": entry(&manifest.model.file)?,
            "spec": entry(&manifest.model.spec)?,
        },
    });
    let index = dist.join("index.html");
    let page = with_build(&read_text(&index)?, &build).with_context(|| format!("{}", index.display()))?;
    write(&index, page.as_bytes())
}

/// The page with that record as the content of its `#build` element.
fn with_build(page: &str, build: &Value) -> Result<String> {
    let Some((before, rest)) = page.split_once(BUILD_START) else { bail!("the page has no {BUILD_START}") };
    let Some((_, after)) = rest.split_once(BUILD_END) else { bail!("#build has no {BUILD_END}") };
    if after.contains(BUILD_START) {
        bail!("the page has {BUILD_START} twice");
    }
    // Inside a script element only `<` could end it early.
    let build = build.to_string().replace('<', "\\u003c");
    Ok(format!("{before}{BUILD_START}{build}{BUILD_END}{after}"))
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    for entry in WalkDir::new(from).sort_by_file_name() {
        let entry = entry?;
        if entry.file_type().is_file() {
            write(&to.join(entry.path().strip_prefix(from)?), &fs::read(entry.path())?)?;
        }
    }
    Ok(())
}

/// The package's version in Cargo.toml.
fn version(project: &Project) -> Result<String> {
    let manifest: toml::Table = read_text(&project.path("Cargo.toml"))?.parse()?;
    let version = manifest.get("package").and_then(|package| package.get("version")?.as_str());
    Ok(version.context("Cargo.toml names no version")?.to_string())
}

/// The commit that the page was built from, marked when the checkout differs from it; `unknown` outside of git.
fn commit(project: &Project) -> String {
    let mut git = Command::new("git");
    git.args(["describe", "--always", "--dirty", "--exclude=*", "--abbrev=12"]).current_dir(project.root());
    output(&mut git).unwrap_or_else(|_| "unknown".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_replaces_what_stood_in_the_page() {
        let page = format!("<p>a</p>{BUILD_START} {{}} {BUILD_END}<script src=x></script>");
        let page = with_build(&page, &json!({ "commit": "</script>" })).unwrap();
        let expected = "{\"commit\":\"\\u003c/script>\"}";
        assert_eq!(page, format!("<p>a</p>{BUILD_START}{expected}{BUILD_END}<script src=x></script>"));
    }

    #[test]
    fn a_page_without_the_element_or_with_two_is_refused() {
        assert!(with_build("<p></p>", &json!({})).is_err());
        assert!(with_build(BUILD_START, &json!({})).is_err());
        let one = format!("{BUILD_START}{BUILD_END}");
        assert!(with_build(&format!("{one}{one}"), &json!({})).is_err());
    }

    #[test]
    fn folders_are_copied_with_what_lies_below() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write(&from.path().join("elements/a.js"), b"a").unwrap();
        copy_folder(from.path(), to.path()).unwrap();
        assert_eq!(read(&to.path().join("elements/a.js")).unwrap(), b"a");
    }
}

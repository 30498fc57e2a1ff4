//! Puts the page together: `www/` as it is, the module, the model, the list of files that start-up verifies, and the
//! digests by which the browser checks every script and the style sheet before it uses them.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
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

/// What page and workers give up, in `dist/`.
const SCOPE: &str = "start/scope.js";

/// The service worker. Nothing imports it, and it lists `index.html`, so that cannot hold its digest.
const OFFLINE: &str = "offline.js";
const OFFLINE_FILES: &str = "const FILES = {};";

const BUILD_START: &str = r#"<script type="application/json" id="build">"#;
const IMPORT_MAP_START: &str = r#"<script type="importmap">"#;
const INLINE_START: &str = "<script>";
const SCRIPT_END: &str = "</script>";
/// Where the policy takes the digests of scripts that stand in the page itself.
const POLICY_SCRIPTS: &str = "script-src 'self'";
const STYLE: (&str, &str) = (r#"<link rel="stylesheet" href="style.css""#, "style.css");
const MAIN: (&str, &str) = (r#"<script type="module" src="main.js""#, "main.js");

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
            "scope": entry(SCOPE)?,
            "model": entry(&manifest.model.file)?,
            "spec": entry(&manifest.model.spec)?,
        },
    });
    let index = dist.join("index.html");
    let page = read_text(&index)?;
    let page = (|| {
        let page = with_json(&page, BUILD_START, &build)?;
        let page = with_json(&page, IMPORT_MAP_START, &json!({ "integrity": script_digests(dist)? }))?;
        let page = with_digest(&page, STYLE, dist)?;
        let page = with_digest(&page, MAIN, dist)?;
        with_inline_digests(&page)
    })()
    .with_context(|| format!("{}", index.display()))?;
    write(&index, page.as_bytes())?;
    let offline = dist.join(OFFLINE);
    write(&offline, with_files(&read_text(&offline)?, dist)?.as_bytes())
}

/// The service worker's script with the digest of every file that it keeps.
fn with_files(script: &str, dist: &Path) -> Result<String> {
    if script.matches(OFFLINE_FILES).count() != 1 {
        bail!("{OFFLINE} must have {OFFLINE_FILES} once");
    }
    let mut files = Map::new();
    for entry in WalkDir::new(dist).sort_by_file_name() {
        let entry = entry?;
        let inside = entry.path().strip_prefix(dist)?.to_string_lossy().replace('\\', "/");
        if entry.file_type().is_file() && inside != OFFLINE && !inside.ends_with(".d.ts") {
            files.insert(inside, sha256_hex(&read(entry.path())?).into());
        }
    }
    Ok(script.replace(OFFLINE_FILES, &format!("const FILES = {};", Value::Object(files))))
}

/// Writes SHA256SUMS over everything in `dist`, as `sha256sum --check` reads it.
pub(super) fn sums(dist: &Path) -> Result<()> {
    let mut sums = String::new();
    for entry in WalkDir::new(dist).sort_by_file_name() {
        let entry = entry?;
        if entry.file_type().is_file() {
            let path = entry.path().strip_prefix(dist)?.to_string_lossy().replace('\\', "/");
            sums += &format!("{}  {path}\n", sha256_hex(&read(entry.path())?));
        }
    }
    write(&dist.join("SHA256SUMS"), sums.as_bytes())
}

/// The page with that record as the content of the element that begins so.
fn with_json(page: &str, start: &str, record: &Value) -> Result<String> {
    let Some((before, rest)) = page.split_once(start) else { bail!("the page has no {start}") };
    let Some((_, after)) = rest.split_once(SCRIPT_END) else { bail!("{start} has no {SCRIPT_END}") };
    if after.contains(start) {
        bail!("the page has {start} twice");
    }
    // Inside a script element only `<` could end it early.
    let record = record.to_string().replace('<', "\\u003c");
    Ok(format!("{before}{start}{record}{SCRIPT_END}{after}"))
}

/// The digest of every script, by the address that a module is imported from.
fn script_digests(dist: &Path) -> Result<Map<String, Value>> {
    let mut digests = Map::new();
    for entry in WalkDir::new(dist).sort_by_file_name() {
        let entry = entry?;
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "js") {
            let inside = path.strip_prefix(dist)?.to_string_lossy().replace('\\', "/");
            if inside == OFFLINE {
                continue;
            }
            digests.insert(format!("./{inside}"), integrity(&read(path)?).into());
        }
    }
    Ok(digests)
}

/// The page with an `integrity` on the element that begins so.
fn with_digest(page: &str, (start, file): (&str, &str), dist: &Path) -> Result<String> {
    if page.matches(start).count() != 1 {
        bail!("the page must have {start} once");
    }
    let digest = integrity(&read(&dist.join(file))?);
    Ok(page.replace(start, &format!(r#"{start} integrity="{digest}""#)))
}

/// The page with the digests of the scripts that stand in it in its policy, without which the browser runs none of them.
fn with_inline_digests(page: &str) -> Result<String> {
    let mut policy = POLICY_SCRIPTS.to_string();
    for start in [IMPORT_MAP_START, INLINE_START] {
        for rest in page.split(start).skip(1) {
            let Some((script, _)) = rest.split_once(SCRIPT_END) else { bail!("{start} has no {SCRIPT_END}") };
            policy += &format!(" '{}'", integrity(script.as_bytes()));
        }
    }
    if page.matches(POLICY_SCRIPTS).count() != 1 {
        bail!("the page must have {POLICY_SCRIPTS} once");
    }
    Ok(page.replace(POLICY_SCRIPTS, &policy))
}

/// A digest as subresource integrity and policies write it.
fn integrity(bytes: &[u8]) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(bytes)))
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
        let page = format!("<p>a</p>{BUILD_START} {{}} {SCRIPT_END}<script src=x></script>");
        let page = with_json(&page, BUILD_START, &json!({ "commit": "</script>" })).unwrap();
        let expected = "{\"commit\":\"\\u003c/script>\"}";
        assert_eq!(page, format!("<p>a</p>{BUILD_START}{expected}{SCRIPT_END}<script src=x></script>"));
    }

    #[test]
    fn a_page_without_the_element_or_with_two_is_refused() {
        assert!(with_json("<p></p>", BUILD_START, &json!({})).is_err());
        assert!(with_json(BUILD_START, BUILD_START, &json!({})).is_err());
        let one = format!("{BUILD_START}{SCRIPT_END}");
        assert!(with_json(&format!("{one}{one}"), BUILD_START, &json!({})).is_err());
    }

    #[test]
    fn scripts_in_the_page_are_named_in_its_policy_by_their_digests() {
        let page = format!("<meta content=\"{POLICY_SCRIPTS} blob:\">{INLINE_START}abc{SCRIPT_END}");
        // SHA-256 of "abc" in FIPS 180-2, in base64.
        let expected = "script-src 'self' 'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=' blob:";
        assert!(with_inline_digests(&page).unwrap().contains(expected));
        assert!(with_inline_digests("<p></p>").is_err());
    }

    #[test]
    fn the_service_worker_lists_every_file_but_itself_and_types() {
        let dist = tempfile::tempdir().unwrap();
        for file in ["a/b.js", "a/b.d.ts", OFFLINE] {
            write(&dist.path().join(file), b"abc").unwrap();
        }
        let script = with_files(OFFLINE_FILES, dist.path()).unwrap();
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(script, format!("const FILES = {{\"a/b.js\":\"{digest}\"}};"));
        assert!(with_files("", dist.path()).is_err());
    }

    #[test]
    fn sums_name_every_file_but_themselves() {
        let dist = tempfile::tempdir().unwrap();
        write(&dist.path().join("a/b.js"), b"abc").unwrap();
        sums(dist.path()).unwrap();
        let written = read_text(&dist.path().join("SHA256SUMS")).unwrap();
        assert_eq!(written, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a/b.js\n");
    }

    #[test]
    fn folders_are_copied_with_what_lies_below() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write(&from.path().join("elements/a.js"), b"a").unwrap();
        copy_folder(from.path(), to.path()).unwrap();
        assert_eq!(read(&to.path().join("elements/a.js")).unwrap(), b"a");
    }
}

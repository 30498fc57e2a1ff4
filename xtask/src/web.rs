//! Builds the page: compile, optimise, prove that the module starts, copy, compress, weigh.
//!
//! In go `www/`, the crate and the model; out comes `dist/`, which any static host can serve from any folder. `dist/`
//! is replaced only after everything has passed.

mod assemble;
mod bom;
mod sizes;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use std::{env, fs};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::command::{output, run};
use crate::compress::Cache;
use crate::manifest::{Manifest, Model, Profile, Wasm};
use crate::project::{Project, read, read_text, remove_folder, write};
use crate::tools;

/// Builds `dist/` with that profile of wasm-pack.toml.
pub(crate) fn build(project: &Project, profile_name: &str) -> Result<()> {
    let started = Instant::now();
    let manifest = Manifest::read(project)?;
    let profile = manifest.profile(profile_name)?;
    check_model(project, &manifest.model)?;
    tools::install(project, &manifest)?;

    let mut cache = Cache::new(project.target("xtask-cache"));
    let package = compile(project, &manifest.wasm, "wasm-pack")?;
    let wasm = optimise(project, &mut cache, profile, &read(&package.join(assemble::WASM))?)?;

    let dist = project.path("dist.part");
    remove_folder(&dist)?;
    assemble::assemble(project, &manifest, &package, &wasm, &dist)?;
    check_start(project, &manifest.model, &dist)?;
    let sizes = sizes::compress(&dist, &mut cache, profile.brotli_quality)?;
    write(&dist.join("bom.cdx.json"), &bom::bill(project, &manifest.wasm, &manifest.model)?)?;
    assemble::sums(&dist)?;
    cache.prune()?;

    print!("{}", sizes.table(&manifest.budget));
    write(&project.target("sizes.json"), sizes.json(&manifest.budget).to_string().as_bytes())?;
    if profile.wasm_opt.is_empty() {
        println!("profile {profile_name}: not optimised, so not held to the budgets");
    } else {
        sizes.enforce(&manifest.budget)?;
    }
    remove_folder(&project.dist())?;
    fs::rename(&dist, project.dist())?;
    println!("built {} in {:.0} s", project.dist().display(), started.elapsed().as_secs_f64());
    Ok(())
}

/// Lower-case hexadecimal SHA-256.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Node: the program that NODE names, or the one in PATH.
pub(crate) fn node() -> OsString {
    env::var_os("NODE").unwrap_or_else(|| "node".into())
}

/// Sets what every compilation for WebAssembly has in common, so that page and tests share their dependencies.
pub(crate) fn set_features(command: &mut Command, wasm: &Wasm) {
    // The default features are those of the command line.
    command.args(["--locked", "--no-default-features", "--features", &wasm.features.join(",")]);
    // This variable takes precedence over RUSTFLAGS and over configuration files.
    command.env("CARGO_ENCODED_RUSTFLAGS", wasm.rustflags.join("\u{1f}"));
}

/// The model's SHA-256 must be the same in three places: the file itself, wasm-pack.toml and the model's spec.
fn check_model(project: &Project, model: &Model) -> Result<()> {
    #[derive(Deserialize)]
    struct Spec {
        file: String,
        sha256: String,
    }
    let found = sha256_hex(&read(&project.path(&model.file))?);
    if found != model.sha256 {
        bail!("{} has SHA-256 {found}, wasm-pack.toml expects {}", model.file, model.sha256);
    }
    let spec: Spec = serde_json::from_str(&read_text(&project.path(&model.spec))?).context(model.spec.clone())?;
    if spec.sha256 != found {
        bail!("{} has SHA-256 {found}, {} expects {}", model.file, model.spec, spec.sha256);
    }
    if Path::new(&model.file).file_name().is_none_or(|name| name != spec.file.as_str()) {
        bail!("{} describes the file {}, wasm-pack.toml names {}", model.spec, spec.file, model.file);
    }
    Ok(())
}

/// Compiles the crate and writes the JavaScript around it to that folder of `target/`, whose path is returned.
pub(crate) fn compile(project: &Project, wasm: &Wasm, folder: &str) -> Result<PathBuf> {
    let package = project.target(folder);
    let mut command = tools::command(project, "wasm-pack")?;
    // wasm-opt is run here, with the manifest's arguments; `no-install` keeps wasm-pack from downloading tools.
    command.args(["build", "--target", "web", "--mode", "no-install", "--no-opt", "--no-pack"]);
    command.args(["--out-name", "lesionlens", "--profile", &wasm.cargo_profile, "--out-dir"]).arg(&package).arg("--");
    set_features(&mut command, wasm);
    run(&mut command)?;
    Ok(package)
}

/// Runs wasm-opt over the linked module, or copies the earlier result for the same module and arguments.
fn optimise(project: &Project, cache: &mut Cache, profile: &Profile, linked: &[u8]) -> Result<Vec<u8>> {
    if profile.wasm_opt.is_empty() {
        return Ok(linked.to_vec());
    }
    let mut command = tools::command(project, "wasm-opt")?;
    let version = output(tools::command(project, "wasm-opt")?.arg("--version"))?;
    cache.get(&format!("{version} {}", profile.wasm_opt.join(" ")), linked, || {
        let (from, to) = (project.target("wasm-opt/linked.wasm"), project.target("wasm-opt/optimised.wasm"));
        write(&from, linked)?;
        run(command.args(&profile.wasm_opt).arg(&from).arg("--output").arg(&to))?;
        read(&to)
    })
}

/// Starts the built module once and loads the model into it: a module that dies at start-up is never published.
fn check_start(project: &Project, model: &Model, dist: &Path) -> Result<()> {
    run(Command::new(node())
        .arg(project.path("xtask/check-start.mjs"))
        .arg(dist.join(assemble::GLUE))
        .arg(dist.join(assemble::WASM_IN_DIST))
        .arg(dist.join(&model.spec))
        .arg(dist.join(&model.file)))
    .context("the built module does not start")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_fips_180_2s_for_abc() {
        assert_eq!(sha256_hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}

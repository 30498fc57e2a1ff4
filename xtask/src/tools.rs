//! The pinned build tools in `.tools/`: wasm-pack and wasm-bindgen by cargo, binaryen by npm.
//!
//! Nothing is downloaded as a prebuilt binary, and nothing outside the repository is changed. A tool that is there in
//! the pinned version is left alone.

use std::ffi::{OsStr, OsString};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::command::{output, run};
use crate::manifest::Manifest;
use crate::project::{Project, read, read_text, remove_folder, write};
use crate::web::sha256_hex;

/// Installs what is missing or has another version.
pub(crate) fn install(project: &Project, manifest: &Manifest) -> Result<()> {
    wasm_target(project)?;
    let tools = &manifest.tools;
    let wasm_pack = format!("wasm-pack@{}", tools.wasm_pack);
    cargo_install(project, "wasm-pack", &tools.wasm_pack, &[wasm_pack.as_ref()])?;
    let bindgen = project.path("xtask/bindgen");
    cargo_install(project, "wasm-bindgen", &tools.wasm_bindgen_cli, &["--path".as_ref(), bindgen.as_ref()])?;
    remove_folder(&project.target("tools"))?;
    npm_install(project, "binaryen", &tools.binaryen)
}

/// The toolchain's parts that `rust-toolchain.toml` names: rustup adds them by itself only where it installs that
/// toolchain anew.
pub(crate) fn wasm_target(project: &Project) -> Result<()> {
    run(Command::new("rustup").args(["target", "add", "wasm32-unknown-unknown"]).current_dir(project.root()))
}

/// A command that finds the pinned tools before any other.
pub(crate) fn command(project: &Project, program: &str) -> Result<Command> {
    let tools = project.tools();
    let mut folders = vec![tools.join("bin"), tools.join("npm/node_modules/.bin")];
    folders.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let path: OsString = env::join_paths(folders).context("PATH")?;
    // The program itself is looked up in this process's PATH, not in the one that is set for it.
    let own = [tools.join("bin").join(program), tools.join("npm/node_modules/.bin").join(program)];
    let program = own.into_iter().find(|path| path.exists()).map_or_else(|| program.into(), OsString::from);
    let mut command = Command::new(program);
    command.env("PATH", path).current_dir(project.root());
    Ok(command)
}

/// Installs a folder's development packages as its package-lock.json has them, when that file has changed since. The
/// empty folder is the repository's root.
pub(crate) fn npm_ci(project: &Project, folder: &str) -> Result<()> {
    let folder = project.path(folder);
    let lock = sha256_hex(&read(&folder.join("package-lock.json"))?);
    let stamp = folder.join("node_modules/.lesionlens-lock");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    let mut npm = command(project, "npm")?;
    run(npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(folder))?;
    write(&stamp, lock.as_bytes())
}

/// A Python environment with the packages that the training code pins; returns a command for its interpreter.
pub(crate) fn training_python(project: &Project) -> Result<Command> {
    let requirements = project.path("training/requirements.txt");
    let pins = sha256_hex(&read(&requirements)?);
    let venv = project.tools().join("venv");
    let python = venv.join("bin/python");
    let stamp = venv.join("lesionlens-requirements");
    if !fs::read_to_string(&stamp).is_ok_and(|installed| installed == pins) {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
        run(Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--requirement"])
            .arg(&requirements))?;
        write(&stamp, pins.as_bytes())?;
    }
    let mut command = Command::new(python);
    command.current_dir(project.root());
    Ok(command)
}

/// Runs `cargo install` unless the program is there and says that version.
fn cargo_install(project: &Project, program: &str, version: &str, source: &[&OsStr]) -> Result<()> {
    let path = project.tools().join("bin").join(program);
    if path.exists() && output(Command::new(&path).arg("--version"))?.split(' ').nth(1) == Some(version) {
        return Ok(());
    }
    run(Command::new("cargo")
        .args(["install", "--locked", "--force", "--root"])
        .arg(project.tools())
        .arg("--target-dir")
        .arg(project.target("tools"))
        .args(source)
        // They run for seconds in all, so compiling them quickly saves more than running them quickly.
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"))
}

fn npm_install(project: &Project, package: &str, version: &str) -> Result<()> {
    #[derive(Deserialize)]
    struct Installed {
        version: String,
    }
    let folder = project.tools().join("npm");
    let installed = || -> Result<String> {
        let text = read_text(&folder.join("node_modules").join(package).join("package.json"))?;
        Ok(serde_json::from_str::<Installed>(&text)?.version)
    };
    if installed().is_ok_and(|found| found == version) {
        return Ok(());
    }
    write(&folder.join("package.json"), b"{\"private\":true}\n")?;
    run(Command::new("npm")
        .args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--save-exact"])
        .arg(format!("{package}@{version}"))
        .current_dir(&folder))?;
    let found = installed()?;
    if found != version {
        bail!("npm installed {package} {found} where {version} was asked for");
    }
    Ok(())
}

//! What each stage of `cargo xtask test` runs.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::browser::Browser;
use crate::command::run;
use crate::manifest::Manifest;
use crate::project::{Project, remove_folder};
use crate::{tidy, tools, web};

/// One check.
pub(super) struct Stage {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    /// Earlier stages without which this one says nothing.
    pub(super) needs: &'static [&'static str],
    pub(super) run: fn(&Project) -> Result<()>,
}

/// Every stage, in the order of running: what is quick and what others need comes first.
pub(super) const STAGES: &[Stage] = &[
    Stage { name: "fmt", what: "rustfmt changes nothing", needs: &[], run: fmt },
    Stage { name: "tidy", what: "layers, words, pinned dependencies, file sizes", needs: &[], run: tidy::check },
    Stage { name: "clippy", what: "clippy, natively and for WebAssembly", needs: &[], run: clippy },
    Stage { name: "native", what: "cargo test", needs: &[], run: native },
    Stage { name: "tools", what: "pinned build tools, npm packages, Chromium", needs: &[], run: install },
    Stage { name: "types", what: "tsc over the page's scripts", needs: &["tools"], run: types },
    Stage { name: "web", what: "the page builds, starts and keeps its byte budgets", needs: &["tools"], run: page },
    Stage { name: "wasm", what: "the module's own tests in headless Chromium", needs: &["tools"], run: wasm },
    Stage { name: "e2e", what: "the built page in headless Chromium", needs: &["tools", "web"], run: e2e },
    Stage { name: "training", what: "pytest over the training code", needs: &[], run: training },
];

/// Longest time for one file of end-to-end tests, in milliseconds.
const E2E_TIMEOUT_MS: u32 = 900_000;
/// Longest time for the module's tests in the browser, in seconds.
const WASM_TIMEOUT_S: u32 = 600;

fn cargo(project: &Project, arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(project.root());
    command
}

fn fmt(project: &Project) -> Result<()> {
    run(&mut cargo(project, &["fmt", "--all", "--check"]))?;
    run(&mut cargo(project, &["fmt", "--check", "--manifest-path", "xtask/bindgen/Cargo.toml"]))
}

fn clippy(project: &Project) -> Result<()> {
    run(&mut cargo(project, &["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    let mut command = cargo(project, &["clippy", "--package", "lesionlens", "--lib", "--test", "wasm"]);
    command.args(["--target", "wasm32-unknown-unknown"]);
    web::set_features(&mut command, &Manifest::read(project)?.wasm);
    run(command.args(["--", "-D", "warnings"]))
}

fn native(project: &Project) -> Result<()> {
    run(&mut cargo(project, &["test", "--locked", "--package", "lesionlens"]))?;
    // The kernels of processors without a form of their own.
    let portable = ["--features", "portable", "--test", "convolution"];
    run(cargo(project, &["test", "--locked", "--package", "lesionlens"]).args(portable))?;
    run(&mut cargo(project, &["test", "--locked", "--package", "xtask"]))
}

fn install(project: &Project) -> Result<()> {
    tools::install(project, &Manifest::read(project)?)?;
    tools::npm_ci(project, "")?;
    Browser::ensure()?;
    Ok(())
}

fn types(project: &Project) -> Result<()> {
    run(Command::new(project.path("node_modules/.bin/tsc")).arg("--noEmit").current_dir(project.root()))
}

fn page(project: &Project) -> Result<()> {
    web::build(project, "full")
}

fn wasm(project: &Project) -> Result<()> {
    let browser = Browser::ensure()?;
    let wasm = Manifest::read(project)?.wasm;
    // The page's own cargo profile, so that its compiled dependencies are used again.
    let mut command = cargo(project, &["test", "--package", "lesionlens", "--test", "wasm"]);
    command.args(["--target", "wasm32-unknown-unknown", "--profile", &wasm.cargo_profile]);
    web::set_features(&mut command, &wasm);
    let runner = project.tools().join("bin/wasm-bindgen-test-runner");
    run(command
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner)
        .env("CHROMEDRIVER", browser.chromedriver)
        .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", project.path("xtask/webdriver.json"))
        .env("WASM_BINDGEN_TEST_TIMEOUT", WASM_TIMEOUT_S.to_string())
        .env("WASM_BINDGEN_USE_BROWSER", "1"))
}

fn e2e(project: &Project) -> Result<()> {
    let browser = Browser::ensure()?;
    let files = e2e_files(project)?;
    // The command line and the files come from the profile of the native tests, whose dependencies are optimised.
    let fixtures = project.target("e2e-fixtures");
    remove_folder(&fixtures)?;
    run(cargo(project, &["run", "--locked", "--package", "lesionlens", "--example", "fixtures", "--"]).arg(&fixtures))?;
    run(&mut cargo(project, &["build", "--locked", "--package", "lesionlens", "--bins", "--examples"]))?;
    run(Command::new(web::node())
        .args(["--test", "--test-concurrency=1", "--test-reporter=spec"])
        .arg(format!("--test-timeout={E2E_TIMEOUT_MS}"))
        .args(files)
        .current_dir(project.root())
        .env("LESIONLENS_DIST", project.dist())
        .env("LESIONLENS_BIN", project.target("debug/lesionlens"))
        .env("LESIONLENS_FIXTURES", fixtures)
        .env("CHROMIUM", browser.chromium))
}

/// The test files of the page, named one by one: node's own search differs between its versions.
fn e2e_files(project: &Project) -> Result<Vec<PathBuf>> {
    let folder = project.path("tests/e2e");
    let entries = fs::read_dir(&folder).with_context(|| format!("{}", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.ends_with(".test.js") || name.ends_with(".test.mjs") {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        bail!("{} holds no *.test.js", folder.display());
    }
    Ok(files)
}

fn training(project: &Project) -> Result<()> {
    run(tools::training_python(project)?
        .args(["-m", "pytest", "training/tests"])
        .env("PYTHONPATH", project.path("training")))
}

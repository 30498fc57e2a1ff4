//! What each stage of `cargo xtask test` runs.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use walkdir::WalkDir;

use super::{shared, skipped};
use crate::browser::Browser;
use crate::command::{run, run_and_read};
use crate::manifest::Manifest;
use crate::project::{Project, read_text, remove_folder};
use crate::{tidy, tools, web};

/// One check.
pub(super) struct Stage {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    /// Earlier stages without which this one says nothing.
    pub(super) needs: &'static [&'static str],
    pub(super) run: fn(&Project) -> Result<Ran>,
}

/// What a stage that did not fail has run.
#[derive(Debug, PartialEq)]
pub(super) enum Ran {
    All,
    /// All but these tests, each with the reason; at least one ran.
    Without(Vec<String>),
    /// None: each of these was left out.
    Nothing(Vec<String>),
}

/// Every stage, in the order of running: what is quick and what others need comes first.
pub(super) const STAGES: &[Stage] = &[
    Stage { name: "fmt", what: "rustfmt changes nothing", needs: &[], run: fmt },
    Stage {
        name: "tidy",
        what: "layers, words, pinned dependencies, quoted figures, file sizes",
        needs: &[],
        run: tidy,
    },
    Stage { name: "clippy", what: "clippy, natively and for WebAssembly", needs: &[], run: clippy },
    Stage { name: "native", what: "cargo test", needs: &[], run: native },
    Stage { name: "doc", what: "rustdoc without warnings, and its examples", needs: &[], run: doc },
    Stage { name: "shared", what: "the Rust tests that read real files from ../shared", needs: &[], run: shared },
    Stage { name: "tools", what: "pinned build tools, npm packages, Chromium", needs: &[], run: install },
    Stage { name: "format", what: "prettier changes no script", needs: &["tools"], run: format },
    Stage { name: "web", what: "the page builds, starts and keeps its byte budgets", needs: &["tools"], run: page },
    // The types of what crosses to JavaScript come with the built module.
    Stage { name: "types", what: "tsc over every script", needs: &["tools", "web"], run: types },
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

fn fmt(project: &Project) -> Result<Ran> {
    run(&mut cargo(project, &["fmt", "--all", "--check"]))?;
    run(&mut cargo(project, &["fmt", "--check", "--manifest-path", "xtask/bindgen/Cargo.toml"]))?;
    Ok(Ran::All)
}

fn tidy(project: &Project) -> Result<Ran> {
    tidy::check(project)?;
    Ok(Ran::All)
}

fn clippy(project: &Project) -> Result<Ran> {
    run(&mut cargo(project, &["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    let mut command = cargo(project, &["clippy", "--package", "lesionlens", "--lib", "--test", "wasm"]);
    command.args(["--target", "wasm32-unknown-unknown"]);
    web::set_features(&mut command, &Manifest::read(project)?.wasm);
    run(command.args(["--", "-D", "warnings"]))?;
    Ok(Ran::All)
}

/// Everything but the examples in the documentation, which the next stage runs.
fn native(project: &Project) -> Result<Ran> {
    let all = ["test", "--locked", "--package", "lesionlens", "--lib", "--bins", "--tests"];
    run(&mut cargo(project, &all))?;
    // The kernels of processors without a form of their own.
    let portable = ["--features", "portable", "--test", "convolution"];
    run(cargo(project, &["test", "--locked", "--package", "lesionlens"]).args(portable))?;
    run(&mut cargo(project, &["test", "--locked", "--package", "xtask"]))?;
    Ok(Ran::All)
}

fn doc(project: &Project) -> Result<Ran> {
    let mut command = cargo(project, &["doc", "--locked", "--no-deps", "--package", "lesionlens"]);
    run(command.env("RUSTDOCFLAGS", "-D warnings"))?;
    let printed = run_and_read(&mut cargo(project, &["test", "--locked", "--package", "lesionlens", "--doc"]))?;
    if shared::n_passed(&printed) == 0 {
        bail!("the documentation has no example that was run");
    }
    Ok(Ran::All)
}

fn shared(project: &Project) -> Result<Ran> {
    let mut tests = Vec::new();
    for entry in WalkDir::new(project.path("tests")).sort_by_file_name() {
        let path = entry?.into_path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let file = path.strip_prefix(project.root())?.to_string_lossy();
            tests.extend(shared::tests_in(&file, &read_text(&path)?)?);
        }
    }
    if tests.is_empty() {
        bail!("no test is marked as one that reads ../shared");
    }
    let (here, absent): (Vec<_>, Vec<_>) = tests.iter().partition(|test| project.path(&test.folder).is_dir());
    let left_out: Vec<_> =
        absent.iter().map(|test| format!("{}: tests/{} reads {}", test.name, test.target, test.folder)).collect();
    if here.is_empty() {
        return Ok(Ran::Nothing(left_out));
    }
    let mut command = cargo(project, &["test", "--locked", "--package", "lesionlens"]);
    for target in here.iter().map(|test| &test.target).collect::<BTreeSet<_>>() {
        command.args(["--test", target]);
    }
    let printed = run_and_read(command.args(["--", "--ignored"]).args(here.iter().map(|test| &test.name)))?;
    let n_passed = shared::n_passed(&printed);
    if n_passed != here.len() {
        bail!("{n_passed} tests passed where {} are marked", here.len());
    }
    Ok(without(left_out))
}

fn install(project: &Project) -> Result<Ran> {
    tools::install(project, &Manifest::read(project)?)?;
    tools::npm_ci(project, "")?;
    Browser::ensure()?;
    Ok(Ran::All)
}

fn format(project: &Project) -> Result<Ran> {
    let mut prettier = Command::new(project.path("node_modules/.bin/prettier"));
    run(prettier.args(["--check", "**/*.{js,mjs}"]).current_dir(project.root()))?;
    Ok(Ran::All)
}

fn types(project: &Project) -> Result<Ran> {
    for scripts in ["tsconfig.json", "tsconfig.tools.json"] {
        let mut tsc = Command::new(project.path("node_modules/.bin/tsc"));
        run(tsc.args(["--noEmit", "--project", scripts]).current_dir(project.root()))?;
    }
    Ok(Ran::All)
}

fn page(project: &Project) -> Result<Ran> {
    web::build(project, "full")?;
    Ok(Ran::All)
}

fn wasm(project: &Project) -> Result<Ran> {
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
        .env("WASM_BINDGEN_USE_BROWSER", "1"))?;
    Ok(Ran::All)
}

fn e2e(project: &Project) -> Result<Ran> {
    let browser = Browser::ensure()?;
    let files = e2e_files(project)?;
    // The command line and the files come from the profile of the native tests, whose dependencies are optimised.
    let fixtures = project.target("e2e-fixtures");
    remove_folder(&fixtures)?;
    run(cargo(project, &["run", "--locked", "--package", "lesionlens", "--example", "fixtures", "--"]).arg(&fixtures))?;
    run(&mut cargo(project, &["build", "--locked", "--package", "lesionlens", "--bins", "--examples"]))?;
    let tap = project.target("e2e.tap");
    run(Command::new(web::node())
        .args(["--test", "--test-concurrency=1"])
        .args(["--test-reporter=spec", "--test-reporter-destination=stdout", "--test-reporter=tap"])
        .arg(format!("--test-reporter-destination={}", tap.display()))
        .arg(format!("--test-timeout={E2E_TIMEOUT_MS}"))
        .args(files)
        .current_dir(project.root())
        .env("LESIONLENS_DIST", project.dist())
        .env("LESIONLENS_BIN", project.target("debug/lesionlens"))
        .env("LESIONLENS_FIXTURES", fixtures)
        .env("CHROMIUM", browser.chromium))?;
    let tap = read_text(&tap)?;
    if skipped::n_passed_by_node(&tap) == 0 {
        bail!("no test of the page was run");
    }
    Ok(without(skipped::by_node(&tap)))
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

fn training(project: &Project) -> Result<Ran> {
    // Its evaluation is compared with the program's.
    run(&mut cargo(project, &["build", "--locked", "--package", "lesionlens", "--bin", "lesionlens"]))?;
    let printed = run_and_read(
        tools::training_python(project)?
            .args(["-m", "pytest", "-rs", "training/tests"])
            .env("LESIONLENS", project.target("debug/lesionlens"))
            .env("PYTHONPATH", project.path("training")),
    )?;
    Ok(without(skipped::by_pytest(&printed)))
}

fn without(left_out: Vec<String>) -> Ran {
    if left_out.is_empty() { Ran::All } else { Ran::Without(left_out) }
}

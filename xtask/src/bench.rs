//! The benchmark in `bench/`: the built page's engine beside onnxruntime-web and, in a module of their own with the
//! feature `plain`, tract's operators.

use std::path::{Path, absolute};
use std::process::Command;

use anyhow::Result;

use crate::browser::Browser;
use crate::command::run as run_command;
use crate::manifest::Manifest;
use crate::project::Project;
use crate::{tools, web};

/// Builds the page, runs the benchmark in Chromium, and writes its figures to `json` where a path is given.
pub(crate) fn run(project: &Project, json: Option<&Path>) -> Result<()> {
    // Relative to where cargo was called, which is not where the benchmark runs.
    let json = json.map(absolute).transpose()?;
    let mut manifest = Manifest::read(project)?;
    tools::install(project, &manifest)?;
    tools::npm_ci(project, "")?;
    tools::npm_ci(project, "bench")?;
    let browser = Browser::ensure()?;
    manifest.wasm.features.push("plain".to_string());
    web::compile(project, &manifest.wasm, "bench/plain")?;
    web::build(project, "full")?;
    run_command(
        Command::new(web::node())
            .arg("bench/run.mjs")
            .args(json)
            .current_dir(project.root())
            .env("CHROMIUM", browser.chromium)
            .env("BENCH_BUILDS", project.target("bench")),
    )
}

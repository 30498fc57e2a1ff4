//! Build tasks of Lesionlens: `cargo xtask serve` and `cargo xtask test`, and the steps that they are made of.

mod bench;
mod browser;
mod command;
mod compress;
mod manifest;
mod project;
mod serve;
mod test;
mod tidy;
mod tools;
mod web;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use lexopt::prelude::*;

const HELP: &str = "\
cargo xtask COMMAND

  serve [--port N] [--profile fast]  install the tools, build the page, serve it on 127.0.0.1 (port 8080 or the next free)
  test [STAGE…]                      every check, or only the named stages; `test --list` names them
  web [--profile fast]               build the page into dist/; `fast` skips wasm-opt and the byte budgets
  bench [--json PATH]                build the page and time its engine beside onnxruntime-web and plain tract
  tools                              install the pinned build tools into .tools/
  tidy                               layers, words, pinned dependencies, quoted figures, file sizes
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut args = lexopt::Parser::from_env();
    let command = match args.next()? {
        Some(Value(name)) => name.string()?,
        Some(Long("help") | Short('h')) | None => "help".to_string(),
        Some(other) => return Err(other.unexpected().into()),
    };
    let mut options = Options { port: 8080, profile: "full".to_string(), list: false, json: None, names: Vec::new() };
    while let Some(arg) = args.next()? {
        match arg {
            Long("port") if command == "serve" => options.port = args.value()?.parse()?,
            Long("profile") if ["serve", "web"].contains(&command.as_str()) => {
                options.profile = args.value()?.string()?;
            }
            Long("json") if command == "bench" => options.json = Some(args.value()?.into()),
            Long("list") if command == "test" => options.list = true,
            Value(name) if command == "test" => options.names.push(name.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let project = project::Project::find()?;
    match command.as_str() {
        "serve" => {
            web::build(&project, &options.profile)?;
            serve::serve(&project, options.port)
        }
        "test" if options.list => {
            test::list();
            Ok(())
        }
        "test" => test::run(&project, &options.names),
        "web" => web::build(&project, &options.profile),
        "bench" => bench::run(&project, options.json.as_deref()),
        "tools" => tools::install(&project, &manifest::Manifest::read(&project)?),
        "tidy" => tidy::check(&project),
        "help" => {
            print!("{HELP}");
            Ok(())
        }
        unknown => bail!("there is no command {unknown:?}\n\n{HELP}"),
    }
}

/// What may stand behind the command's name.
struct Options {
    port: u16,
    profile: String,
    list: bool,
    json: Option<PathBuf>,
    names: Vec<String>,
}

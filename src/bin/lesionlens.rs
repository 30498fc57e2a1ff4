//! The command line of Lesionlens: `info`, `detect` and `froc` over batches of files, `phantom` for a synthetic study.
//!
//! What a file is refused for goes into the JSON beside the others' results; the exit status is 0 when the JSON was
//! written.

mod args;
mod froc_command;
mod reports;
mod study;

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use clap::Parser;
use lesionlens::detector::detect;
use lesionlens::model::tract::TractModel;
use lesionlens::model::{Model, ModelSpec};
use lesionlens::phantom::Phantom;
use serde::Serialize;

use crate::args::{Args, Command};
use crate::reports::{DetectReport, ImageReport, InfoReport};
use crate::study::{Study, read_files};

fn main() -> Result<()> {
    match Args::parse().command {
        Command::Info { paths, json: _ } => print_json(&info(&paths)),
        Command::Detect { paths, threshold, model, json: _ } => print_json(&detect_all(&paths, threshold, &model)?),
        Command::Froc(froc) => print_json(&froc_command::froc(&froc)?),
        Command::Phantom { out_dir, seed } => write_phantom(&out_dir, seed),
    }
}

fn print_json(report: &impl Serialize) -> Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, report)?;
    writeln!(out)?;
    Ok(())
}

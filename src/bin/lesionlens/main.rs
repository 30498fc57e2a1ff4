//! The command line of Lesionlens: `info`, `detect` and `froc` over batches of files, `phantom` for a synthetic study.
//!
//! What a file is refused for goes into the JSON beside the others' results; the exit status is 0 when the JSON was
//! written. No file ends the program: a child process goes through each before (`vet`), and detections are written as they
//! are made.

mod args;
mod detect;
mod files;
mod froc;
mod info;
mod link;
mod vet;

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use clap::Parser;
use lesionlens::codes::codes;
use lesionlens::model::Model;
use lesionlens::phantom::Phantom;
use lesionlens::thorough::Thorough;
use serde::Serialize;

use crate::args::{Args, Command};

fn main() -> Result<()> {
    match Args::parse().command {
        Command::Info { paths, .. } => print_json(&info::info(&paths)?),
        Command::Detect { paths, threshold, model, .. } => {
            let (mut net, mut out) = (model.load()?, std::io::stdout().lock());
            if model.thorough {
                let threshold = threshold.or_else(|| net.spec().thorough.as_ref().map(|spec| spec.default_threshold));
                detect::detect(&paths, threshold, &mut Thorough(&mut net), &mut out)
            } else {
                detect::detect(&paths, threshold, &mut net, &mut out)
            }
        }
        Command::Vet => vet::serve(),
        Command::Link { paths, model } => print_json(&link::measure(&paths, &mut model.load()?)?),
        Command::Codes => print_json(&codes()),
        Command::Froc(args) => print_json(&froc::froc(&args)?),
        Command::Phantom { out_dir, seed } => write_phantom(&out_dir, seed),
    }
}

fn print_json(report: &impl Serialize) -> Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, report)?;
    writeln!(out)?;
    Ok(())
}

fn write_phantom(out_dir: &Path, seed: u64) -> Result<()> {
    let phantom = Phantom::new(seed);
    for i in 0..phantom.n_files() {
        let (name, bytes) = phantom.file(i);
        let path = out_dir.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("making the folder {}", folder.display()))?;
        }
        fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

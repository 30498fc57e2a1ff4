//! Words of the command line.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use lesionlens::model::ModelSpec;
use lesionlens::model::tract::TractModel;

/// The shipped model, so that the program works wherever it is copied to.
pub(crate) const SHIPPED_SPEC: &str = include_str!("../../../models/detector.json");
const SHIPPED_ONNX: &[u8] = include_bytes!("../../../models/detector.onnx");

/// Detects lesions on CT slices. Research and teaching software, not a medical device.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Says what each file is: format, size, spacing, Hounsfield range, digest of the stored values.
    Info {
        /// Files, folders, or `DL_info.csv` tables.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// Print JSON; it is the only form, and the flag is there so that scripts say what they expect.
        #[arg(long, default_value_t = true)]
        json: bool,
    },
    /// Runs the detector on every slice.
    Detect {
        /// Files, folders, or `DL_info.csv` tables that give truth and spacing to PNG slices.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// Lowest score that is reported, 0 to 1; by default the model's own threshold.
        #[arg(long)]
        threshold: Option<f32>,
        #[command(flatten)]
        model: ModelArg,
        /// Print JSON, the only form.
        #[arg(long, default_value_t = true)]
        json: bool,
    },
    /// Goes through the files that its standard input names; for this program itself.
    #[command(name = crate::vet::COMMAND, hide = true)]
    Vet,
    /// Counts marks and false marks on stacks with truth, linked over slices and not.
    Link {
        /// Files, folders, and the `DL_info.csv` tables that give truth to PNG slices.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        #[command(flatten)]
        model: ModelArg,
    },
    /// Lists every code that errors, series and detections carry.
    Codes,
    /// Scores detections on the key slices of a folder in DeepLesion's layout.
    Froc(FrocArgs),
    /// Writes a synthetic study in DeepLesion's layout.
    Phantom {
        /// Folder to write to.
        out_dir: PathBuf,
        /// Seed; 1 is the page's sample study.
        #[arg(long, default_value_t = lesionlens::phantom::SAMPLE_SEED)]
        seed: u64,
    },
}

/// Words of `lesionlens froc`.
#[derive(Debug, clap::Args)]
pub(crate) struct FrocArgs {
    /// Folder with `<series>/<slice>.png`.
    pub(crate) images_dir: PathBuf,
    /// `DL_info.csv` with the marked lesions. A `sources.csv` beside it names the source of each series.
    pub(crate) dl_info_csv: PathBuf,
    /// Score the detections of this file (as `lesionlens detect --json` writes it) instead of running the detector.
    #[arg(long)]
    pub(crate) detections: Option<PathBuf>,
    /// Only the patients of one of DeepLesion's official splits.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=3))]
    pub(crate) split: Option<u8>,
    #[command(flatten)]
    pub(crate) model: ModelArg,
    /// Print JSON, the only form.
    #[arg(long, default_value_t = true)]
    pub(crate) json: bool,
}

/// Which model to run.
#[derive(Debug, clap::Args)]
pub(crate) struct ModelArg {
    /// Spec of another model than the shipped one; its ONNX file lies beside it.
    #[arg(long = "model", value_name = "SPEC.json")]
    spec: Option<PathBuf>,
    /// Look at each slice twice, as it is and mirrored, and take the mean: finds more, in twice the time.
    #[arg(long)]
    pub(crate) thorough: bool,
}

impl ModelArg {
    /// Reads the model and checks its digest.
    pub(crate) fn load(&self) -> Result<TractModel> {
        let Some(path) = &self.spec else {
            return Ok(TractModel::load(ModelSpec::from_json(SHIPPED_SPEC)?, SHIPPED_ONNX)?);
        };
        let read = |path: &Path| fs::read(path).with_context(|| format!("reading {}", path.display()));
        let spec = ModelSpec::from_json(&String::from_utf8(read(path)?)?)?;
        let onnx = read(&path.with_file_name(&spec.file))?;
        Ok(TractModel::load(spec, &onnx)?)
    }
}

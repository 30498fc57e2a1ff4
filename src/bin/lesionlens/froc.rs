//! `lesionlens froc`: the detector, or a file of detections, scored on key slices in DeepLesion's layout.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use lesionlens::decode::dl_info::{DlRow, Split};
use lesionlens::decode::{Decoded, decode};
use lesionlens::detection::Detection;
use lesionlens::froc::{EvalImage, evaluate};
use lesionlens::model::{Model, ModelId};
use lesionlens::report::json::{DetectionsReport, FrocReport, READ_SCHEMAS, Refusal};
use lesionlens::slice::Slice;
use lesionlens::study::Study;
use lesionlens::thorough::Thorough;

use crate::args::FrocArgs;
use crate::files::read_each;

/// A key slice: series and slice number.
type Key = (String, i64);

pub(crate) fn froc(args: &FrocArgs) -> Result<FrocReport> {
    let csv = fs::read(&args.dl_info_csv).with_context(|| format!("reading {}", args.dl_info_csv.display()))?;
    let Decoded::Table(table) = decode("DL_info.csv", &csv)? else {
        bail!("{} is not a DL_info.csv", args.dl_info_csv.display());
    };
    let sources = sources(&args.dl_info_csv.with_file_name("sources.csv"))?;
    let mut keys: BTreeMap<Key, Vec<&DlRow>> = BTreeMap::new();
    for row in table.rows().iter().filter(|row| args.split.is_none_or(|split| row.split.map(number) == Some(split))) {
        keys.entry((row.series_id.clone(), row.slice_number)).or_default().push(row);
    }
    let found = match &args.detections {
        Some(path) => from_file(path)?,
        None => {
            let mut net = args.model.load()?;
            if args.model.thorough {
                run(&args.images_dir, &keys, &csv, &mut Thorough(&mut net))?
            } else {
                run(&args.images_dir, &keys, &csv, &mut net)?
            }
        }
    };
    let (mut images, mut missing) = (Vec::new(), Vec::new());
    for (key, rows) in &keys {
        let Some(detections) = found.detections.get(key) else {
            missing.push(format!("{}/{:03}.png", key.0, key.1));
            continue;
        };
        let Some(row) = rows.first() else { continue };
        images.push(EvalImage {
            patient: i64::from(row.patient),
            source: sources.get(&key.0).cloned().unwrap_or_else(|| "unknown".to_owned()),
            mm_per_px: row.spacing.map_or(0.8, |spacing| spacing.x_mm),
            lesions: rows.iter().filter_map(|row| row.truth.clone()).filter(|truth| !truth.noisy).collect(),
            detections: detections.clone(),
        });
    }
    ensure!(!images.is_empty(), "no key slice of the table is below {}", args.images_dir.display());
    Ok(FrocReport::new(found.model, evaluate(&images), missing, found.errors))
}

fn number(split: Split) -> u8 {
    match split {
        Split::Train => 1,
        Split::Validation => 2,
        Split::Test => 3,
    }
}

struct Found {
    model: ModelId,
    detections: BTreeMap<Key, Vec<Detection>>,
    errors: Vec<Refusal>,
}

/// Detections that another run, or another detector, wrote. Images are known by series and slice number in the path.
fn from_file(path: &Path) -> Result<Found> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let report: DetectionsReport =
        serde_json::from_str(&text).with_context(|| format!("reading {}", path.display()))?;
    let (schema, known) = (report.schema.as_str(), READ_SCHEMAS.join(" or "));
    ensure!(READ_SCHEMAS.contains(&schema), "{} has schema {schema}, expected {known}", path.display());
    let mut detections = BTreeMap::new();
    for image in report.images {
        let key = lesionlens::decode::dl_info::parse_name(&image.path)
            .with_context(|| format!("{} is no path in DeepLesion's layout", image.path))?;
        detections.insert(key, image.detections);
    }
    Ok(Found { model: report.model, detections, errors: report.errors })
}

/// Runs the detector on the key slices, a study for each series, with every slice of it at hand as neighbours.
fn run(images_dir: &Path, keys: &BTreeMap<Key, Vec<&DlRow>>, table: &[u8], model: &mut impl Model) -> Result<Found> {
    let mut found = Found { model: model.spec().id(), detections: BTreeMap::new(), errors: Vec::new() };
    let series_ids: BTreeSet<&String> = keys.keys().map(|(series_id, _)| series_id).collect();
    for (n_done, series_id) in series_ids.iter().enumerate() {
        eprintln!("{} of {} series: {series_id}", n_done + 1, series_ids.len());
        let mut study = Study::default();
        study.add_file("DL_info.csv", table)?;
        let folder = [images_dir.join(series_id)];
        found.errors.extend(read_each(&folder, |path, bytes| study.add_file(path, bytes).map(|_| ())));
        study.arrange();
        for (key, slice) in key_slices(&study, keys) {
            let records = study.detect(model, &slice)?;
            found.detections.insert(key, records.into_iter().map(|record| record.detection).collect());
        }
    }
    Ok(found)
}

/// The key slices of a study, each with its id.
fn key_slices(study: &Study, keys: &BTreeMap<Key, Vec<&DlRow>>) -> Vec<(Key, String)> {
    let series = study.series().iter().filter(|series| series.is_hounsfield());
    let slices = series.flat_map(|series| series.slices().iter().zip(series.slice_ids()));
    let key = |slice: &Slice| slice.info().series_id.clone().zip(slice.info().number);
    let keyed = slices.filter_map(|(slice, id)| Some((key(slice)?, id.to_string())));
    keyed.filter(|(key, _)| keys.contains_key(key)).collect()
}

/// Source of each series, from an optional table with the columns `series` and `source`.
fn sources(path: &Path) -> Result<BTreeMap<String, String>> {
    if !path.exists() {
        return Ok(BTreeMap::new());
    }
    let mut reader = csv::Reader::from_path(path)?;
    let headers = reader.headers()?.clone();
    let column = |name: &str| headers.iter().position(|header| header == name);
    let (Some(series), Some(source)) = (column("series"), column("source")) else {
        bail!("{} has no columns series and source", path.display());
    };
    reader
        .records()
        .map(|record| {
            let record = record?;
            Ok((record[series].to_owned(), record[source].to_owned()))
        })
        .collect()
}

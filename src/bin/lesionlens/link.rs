//! `lesionlens link`: what linking over slices does to the marks of whole stacks with truth.
//!
//! Truth boxes of one lesion on neighbouring slices are linked by the same rule, since the table does not say which belong
//! together. A detection meets a truth box from an intersection over union of 0.5 up. A truth lesion is found when one of
//! its boxes is met; linking changes no box, so it is found or missed with and without. What changes is how many marks a
//! reader must look at, and how many of these meet no truth.

use std::collections::BTreeSet;

use anyhow::Result;
use lesionlens::detection::Detection;
use lesionlens::link::{Linking, Member, Searched, link};
use lesionlens::model::{Model, ModelId};
use lesionlens::report::json::Refusal;
use lesionlens::series::Series;
use lesionlens::study::Study;
use serde::Serialize;

use crate::detect::searchable;
use crate::files::read_each;

/// Intersection over union from which a detection meets a truth box.
const MEETS: f32 = 0.5;

/// What is printed.
#[derive(Debug, Serialize)]
pub(crate) struct LinkReport {
    schema: &'static str,
    model: ModelId,
    min_iou: f32,
    max_gap_mm: f64,
    n_series: usize,
    n_slices: usize,
    n_truth_boxes: usize,
    n_truth_lesions: usize,
    thresholds: Vec<AtThreshold>,
    errors: Vec<Refusal>,
}

/// Sums over all series at one threshold.
#[derive(Debug, Default, Serialize)]
struct AtThreshold {
    threshold: f32,
    /// Truth lesions with a box that is met, by detections and so by lesions.
    n_found: usize,
    /// Marks of the unlinked list, and those that meet no truth box.
    n_detections: usize,
    n_false_detections: usize,
    /// Marks of the linked list, and those of which no detection meets a truth box.
    n_lesions: usize,
    n_false_lesions: usize,
    /// Truth lesions that several lesions meet.
    n_split: usize,
    /// Lesions that meet several truth lesions.
    n_merged: usize,
}

/// Searches every slice and counts at each of the model's operating points, or its default threshold where it has none.
pub(crate) fn measure(paths: &[std::path::PathBuf], model: &mut impl Model) -> Result<LinkReport> {
    let mut study = Study::default();
    let errors = read_each(paths, |path, bytes| study.add_file(path, bytes).map(|_| ()));
    study.arrange();
    for slice in searchable(&study) {
        study.detect(model, &slice)?;
    }
    let rule = Linking::default();
    let spec = model.spec();
    let mut thresholds: Vec<f32> = spec.operating_points.iter().map(|point| point.threshold).collect();
    if thresholds.is_empty() {
        thresholds.push(spec.default_threshold);
    }
    let truths: Vec<(&Series, Stack, Vec<Vec<Member>>)> = study
        .series()
        .iter()
        .map(|series| {
            let truth =
                stack(series, |idx| series.truth(idx).iter().map(|truth| Detection::new(truth.box_px, 1.0)).collect());
            let groups = truth.linked(rule);
            (series, truth, groups)
        })
        .collect();
    let at = |threshold: f32| {
        let mut sum = AtThreshold { threshold, ..AtThreshold::default() };
        for (series, truth, truth_groups) in &truths {
            let found = stack(series, |idx| {
                let found = series.slice_ids().get(idx).and_then(|id| study.found(id)).unwrap_or_default();
                found.iter().filter(|detection| detection.score >= threshold).copied().collect()
            });
            count(&mut sum, &found, truth, truth_groups, rule);
        }
        sum
    };
    Ok(LinkReport {
        schema: "lesionlens.link/1",
        model: spec.id(),
        min_iou: rule.min_iou,
        max_gap_mm: rule.max_gap_mm,
        n_series: truths.len(),
        n_slices: truths.iter().map(|(series, ..)| series.slices().len()).sum(),
        n_truth_boxes: truths.iter().flat_map(|(_, truth, _)| &truth.0).map(|(_, boxes)| boxes.len()).sum(),
        n_truth_lesions: truths.iter().map(|(.., groups)| groups.len()).sum(),
        thresholds: thresholds.into_iter().map(at).collect(),
        errors,
    })
}

/// Positions and boxes of a series' slices.
struct Stack(Vec<(Option<f64>, Vec<Detection>)>);

fn stack(series: &Series, boxes: impl Fn(usize) -> Vec<Detection>) -> Stack {
    Stack((0..series.slices().len()).map(|idx| (series.z_mm(idx), boxes(idx))).collect())
}

impl Stack {
    fn linked(&self, rule: Linking) -> Vec<Vec<Member>> {
        let slices: Vec<Searched<'_>> =
            self.0.iter().map(|(z_mm, detections)| Searched { z_mm: *z_mm, detections }).collect();
        link(&slices, rule)
    }

    fn get(&self, member: Member) -> Option<&Detection> {
        self.0.get(member.slice_idx)?.1.get(member.rank)
    }
}

fn count(sum: &mut AtThreshold, found: &Stack, truth: &Stack, truth_groups: &[Vec<Member>], rule: Linking) {
    let met_by = |member: Member| -> BTreeSet<usize> {
        let on_slice = |truth_idx: &usize| {
            let boxes = truth_groups.get(*truth_idx).into_iter().flatten().filter(|t| t.slice_idx == member.slice_idx);
            let mut pairs = boxes.filter_map(|&t| truth.get(t).zip(found.get(member)));
            pairs.any(|(truth, detection)| truth.box_px.iou(&detection.box_px) >= MEETS)
        };
        (0..truth_groups.len()).filter(on_slice).collect()
    };
    let lesions = found.linked(rule);
    let mut n_lesions_of = vec![0_usize; truth_groups.len()];
    for members in &lesions {
        let met: Vec<BTreeSet<usize>> = members.iter().map(|&member| met_by(member)).collect();
        sum.n_detections += members.len();
        sum.n_false_detections += met.iter().filter(|met| met.is_empty()).count();
        let all: BTreeSet<usize> = met.into_iter().flatten().collect();
        sum.n_lesions += 1;
        sum.n_false_lesions += usize::from(all.is_empty());
        sum.n_merged += usize::from(all.len() > 1);
        for truth_idx in all {
            if let Some(n) = n_lesions_of.get_mut(truth_idx) {
                *n += 1;
            }
        }
    }
    sum.n_found += n_lesions_of.iter().filter(|&&n| n > 0).count();
    sum.n_split += n_lesions_of.iter().filter(|&&n| n > 1).count();
}

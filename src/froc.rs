//! FROC: sensitivity against false positives per image, with bootstrap intervals and strata.
//!
//! In: per image the lesions a person marked and the detections. Out: a [`Report`].
//! The protocol is the one of DeepLesion's reference implementations (Yan et al. 2018; 3DCE; MULAN): detections of all
//! images are sorted by score; one that meets no lesion of its image is a false positive; one that meets lesions finds
//! every one of them that was not found yet; a further one on a lesion already found counts neither way. The inclusive
//! "+1" overlap of those implementations is the plain overlap of half-open boxes here.
//! What they leave open is closed thus: equal scores keep the order of images and of detections inside an image; the
//! sensitivity at a rate is the highest one reached without exceeding it (a step function: no interpolation, and no
//! extrapolation where a detector makes fewer false positives).

use serde::Serialize;

use crate::detection::{Detection, LesionType, Truth};
use crate::geometry::BBox;

/// False positives per image at which sensitivity is reported.
pub const RATES: [f64; 6] = [0.5, 1.0, 2.0, 4.0, 8.0, 16.0];

/// How many of [`RATES`] the mean is taken over, from the first.
const N_MEAN: usize = 4;

/// Resamples behind each interval.
pub const BOOTSTRAP_SAMPLES: usize = 1000;

/// Seed of the resampling; the same detections give the same interval everywhere.
const BOOTSTRAP_SEED: u64 = 0x4c65_7369_6f6e;

/// When a detection meets a lesion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Criterion {
    /// Intersection over union of at least 0.5: the headline figure.
    Iou50,
    /// Intersection over the detection's own area of at least 0.5 (`IoBB`).
    Iobb50,
    /// The detection's centre lies in the lesion's box.
    Center,
}

impl Criterion {
    fn is_met(self, detection: &BBox, lesion: &BBox) -> bool {
        match self {
            Self::Iou50 => detection.iou(lesion) >= 0.5,
            Self::Iobb50 => {
                let area = detection.area();
                area > 0.0 && detection.intersection(lesion).area() / area >= 0.5
            }
            Self::Center => {
                let (x, y) = detection.center();
                (lesion.x0..lesion.x1).contains(&x) && (lesion.y0..lesion.y1).contains(&y)
            }
        }
    }
}

/// One image of the evaluation.
#[derive(Debug, Clone)]
pub struct EvalImage {
    /// Patients are what the bootstrap resamples.
    pub patient: i64,
    /// Where the image comes from, for strata.
    pub source: String,
    /// Millimetres per pixel, for the strata of size.
    pub mm_per_px: f64,
    /// Lesions marked on it; noisy ones must have been left out.
    pub lesions: Vec<Truth>,
    /// What the detector said, in any order.
    pub detections: Vec<Detection>,
}

/// Sensitivities of one criterion, over all lesions or one stratum. Shares are 0..=1.
#[derive(Debug, Clone, Serialize)]
pub struct Curve {
    /// What counts as found.
    pub criterion: Criterion,
    /// Number of lesions.
    pub n_lesions: usize,
    /// Sensitivity at each of [`RATES`].
    pub sensitivity: [f64; RATES.len()],
    /// Mean over the first four rates.
    pub mean_sensitivity: f64,
    /// 95 % percentile bootstrap interval of the mean, over patients; `None` with fewer than two patients.
    pub mean_interval_95: Option<[f64; 2]>,
}

/// A part of the lesions; false positives are those of all images.
#[derive(Debug, Clone, Serialize)]
pub struct Stratum {
    /// `source`, `type` or `long_diameter`.
    pub by: &'static str,
    /// The stratum's name, `unknown` where the annotation does not say.
    pub name: String,
    /// Its figures by [`Criterion::Iou50`].
    #[serde(flatten)]
    pub curve: Curve,
}

/// Everything that is reported about one detector on one set of images.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Number of images.
    pub n_images: usize,
    /// Number of patients.
    pub n_patients: usize,
    /// Number of lesions.
    pub n_lesions: usize,
    /// Number of detections.
    pub n_detections: usize,
    /// The rates, false positives per image.
    pub false_positives_per_image: [f64; RATES.len()],
    /// Figures by each criterion, [`Criterion::Iou50`] first.
    pub curves: Vec<Curve>,
    /// Figures of parts of the lesions.
    pub strata: Vec<Stratum>,
}

/// One point of a FROC curve: what is found, and at what price, with all detections down to a score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Step {
    /// The lowest score that counts.
    pub score: f32,
    /// False positives per image.
    pub false_positives_per_image: f64,
    /// Share of the lesions that are found, 0..=1.
    pub sensitivity: f64,
}

/// The whole curve by [`Criterion::Iou50`], a point for each score that occurs, by falling score; empty without images
/// or lesions.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub fn curve(images: &[EvalImage]) -> Vec<Step> {
    let cohort = Cohort::new(images);
    let (n_images, n_lesions) = (images.len() as f64, cohort.lesions.len() as f64);
    if images.is_empty() || cohort.lesions.is_empty() {
        return Vec::new();
    }
    let mut steps: Vec<Step> = Vec::new();
    let (mut n_false, mut n_found) = (0_usize, 0_usize);
    let mut scores: Vec<f32> = images.iter().flat_map(|image| image.detections.iter().map(|d| d.score)).collect();
    scores.sort_by(|a, b| b.total_cmp(a));
    for (score, event) in scores.into_iter().zip(cohort.events(Criterion::Iou50)) {
        n_false += usize::from(event.is_false_positive);
        n_found += event.found.len();
        let step = Step {
            score,
            false_positives_per_image: n_false as f64 / n_images,
            sensitivity: n_found as f64 / n_lesions,
        };
        match steps.last_mut() {
            Some(last) if last.score.total_cmp(&score).is_eq() => *last = step,
            _ => steps.push(step),
        }
    }
    steps
}

/// What one image's detections say about its lesions, by [`Criterion::Iou50`]: places in the list of lesions that are
/// found, and of detections that meet no lesion.
#[must_use]
pub fn matched(lesions: &[Truth], detections: &[Detection]) -> (Vec<usize>, Vec<usize>) {
    let meets = |lesion: &Truth, detection: &Detection| Criterion::Iou50.is_met(&detection.box_px, &lesion.box_px);
    let is_found = |lesion: &Truth| detections.iter().any(|detection| meets(lesion, detection));
    let is_false = |detection: &Detection| !lesions.iter().any(|lesion| meets(lesion, detection));
    let places = |are: Vec<bool>| are.into_iter().enumerate().filter(|&(_, is)| is).map(|(at, _)| at).collect();
    (places(lesions.iter().map(is_found).collect()), places(detections.iter().map(is_false).collect()))
}

/// Scores detections against lesions.
#[must_use]
pub fn evaluate(images: &[EvalImage]) -> Report {
    let cohort = Cohort::new(images);
    let curves = [Criterion::Iou50, Criterion::Iobb50, Criterion::Center]
        .map(|criterion| cohort.curve(criterion, &cohort.events(criterion), |_| true))
        .to_vec();
    let events = cohort.events(Criterion::Iou50);
    let strata = [
        ("source", cohort.strata(|lesion| lesion.source.clone())),
        ("type", cohort.strata(|lesion| type_name(lesion.truth.lesion_type))),
        ("long_diameter", cohort.strata(|lesion| size_class(lesion).to_owned())),
    ]
    .into_iter()
    .flat_map(|(by, classes)| {
        let (cohort, events) = (&cohort, &events);
        let mut names = classes.clone();
        names.sort();
        names.dedup();
        names.into_iter().map(move |name| {
            let curve = cohort.curve(Criterion::Iou50, events, |lesion_idx| classes[lesion_idx] == name);
            Stratum { by, name, curve }
        })
    })
    .collect();
    Report {
        n_images: images.len(),
        n_patients: cohort.n_patients,
        n_lesions: cohort.lesions.len(),
        n_detections: images.iter().map(|image| image.detections.len()).sum(),
        false_positives_per_image: RATES,
        curves,
        strata,
    }
}

fn type_name(lesion_type: Option<LesionType>) -> String {
    lesion_type.map_or_else(|| "unknown".to_owned(), |t| t.name().to_owned())
}

/// Size strata of DeepLesion's literature. Without a RECIST diameter the longer edge of the box, less the 5 pixels on
/// each side, stands in.
fn size_class(lesion: &Lesion<'_>) -> &'static str {
    let truth = lesion.truth;
    let from_box = || truth.box_px.width().max(truth.box_px.height()) - 10.0;
    let long_mm = f64::from(truth.long_px.unwrap_or_else(from_box)) * lesion.mm_per_px;
    if long_mm < 10.0 {
        "<10 mm"
    } else if long_mm <= 30.0 {
        "10-30 mm"
    } else {
        ">30 mm"
    }
}

/// A lesion with what its image says about it.
struct Lesion<'a> {
    truth: &'a Truth,
    patient_idx: usize,
    mm_per_px: f64,
    source: &'a String,
}

/// What one detection, in falling order of score, adds to the curve.
struct Event {
    patient_idx: usize,
    is_false_positive: bool,
    /// Lesions found by it for the first time.
    found: Vec<usize>,
}

/// The images with patients numbered from 0 and lesions numbered over all images.
struct Cohort<'a> {
    images: &'a [EvalImage],
    n_patients: usize,
    patient_of_image: Vec<usize>,
    lesions: Vec<Lesion<'a>>,
    first_lesion_of_image: Vec<usize>,
}

impl<'a> Cohort<'a> {
    fn new(images: &'a [EvalImage]) -> Self {
        let mut patients: Vec<i64> = images.iter().map(|image| image.patient).collect();
        patients.sort_unstable();
        patients.dedup();
        let index = |patient: i64| patients.partition_point(|&p| p < patient);
        let (mut lesions, mut first_lesion_of_image) = (Vec::new(), Vec::new());
        for image in images {
            first_lesion_of_image.push(lesions.len());
            lesions.extend(image.lesions.iter().map(|truth| Lesion {
                truth,
                patient_idx: index(image.patient),
                mm_per_px: image.mm_per_px,
                source: &image.source,
            }));
        }
        Self {
            images,
            n_patients: patients.len(),
            patient_of_image: images.iter().map(|image| index(image.patient)).collect(),
            lesions,
            first_lesion_of_image,
        }
    }

    /// The class of every lesion.
    fn strata(&self, class: impl Fn(&Lesion<'_>) -> String) -> Vec<String> {
        self.lesions.iter().map(class).collect()
    }

    /// Detections of all images by falling score. What a detection finds depends on its own image only, so a patient
    /// drawn twice in the bootstrap contributes its events twice.
    fn events(&self, criterion: Criterion) -> Vec<Event> {
        let mut order: Vec<(usize, &Detection)> = Vec::new();
        for (image_idx, image) in self.images.iter().enumerate() {
            order.extend(image.detections.iter().map(|detection| (image_idx, detection)));
        }
        order.sort_by(|a, b| b.1.score.total_cmp(&a.1.score));
        let mut is_found = vec![false; self.lesions.len()];
        let event = |(image_idx, detection): (usize, &Detection)| {
            let first = self.first_lesion_of_image[image_idx];
            let truths = self.images[image_idx].lesions.iter().enumerate();
            let met: Vec<usize> = truths
                .filter(|(_, truth)| criterion.is_met(&detection.box_px, &truth.box_px))
                .map(|(i, _)| first + i)
                .collect();
            let is_false_positive = met.is_empty();
            let found = met.into_iter().filter(|&lesion| !std::mem::replace(&mut is_found[lesion], true)).collect();
            Event { patient_idx: self.patient_of_image[image_idx], is_false_positive, found }
        };
        order.into_iter().map(event).collect()
    }

    fn curve(&self, criterion: Criterion, events: &[Event], belongs: impl Fn(usize) -> bool) -> Curve {
        let members: Vec<bool> = (0..self.lesions.len()).map(belongs).collect();
        let once = vec![1; self.n_patients];
        let sensitivity = self.sensitivity(events, &members, &once).unwrap_or_default();
        Curve {
            criterion,
            n_lesions: members.iter().filter(|&&m| m).count(),
            sensitivity,
            mean_sensitivity: mean(&sensitivity[..N_MEAN]),
            mean_interval_95: self.interval(events, &members),
        }
    }

    /// Sensitivity at each rate when patient `p` is there `weights[p]` times; `None` without any lesion.
    #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    fn sensitivity(&self, events: &[Event], members: &[bool], weights: &[u32]) -> Option<[f64; RATES.len()]> {
        let weight = |patient_idx: usize| u64::from(weights[patient_idx]);
        let n_images: u64 = self.patient_of_image.iter().map(|&p| weight(p)).sum();
        let of_members = self.lesions.iter().zip(members).filter(|&(_, &member)| member);
        let n_lesions: u64 = of_members.map(|(lesion, _)| weight(lesion.patient_idx)).sum();
        if n_lesions == 0 {
            return None;
        }
        let (mut n_found, mut n_false) = (0_u64, 0_u64);
        let mut best = [0_u64; RATES.len()];
        for event in events {
            if event.is_false_positive {
                n_false += weight(event.patient_idx);
            }
            n_found += event.found.iter().filter(|&&l| members[l]).count() as u64 * weight(event.patient_idx);
            for (best, rate) in best.iter_mut().zip(RATES) {
                if n_false as f64 <= rate * n_images as f64 {
                    *best = n_found;
                }
            }
        }
        Some(best.map(|found| found as f64 / n_lesions as f64))
    }

    /// Percentile bootstrap over patients. Resamples without any lesion of the stratum are drawn again by going on.
    fn interval(&self, events: &[Event], members: &[bool]) -> Option<[f64; 2]> {
        if self.n_patients < 2 {
            return None;
        }
        let mut random = SplitMix64(BOOTSTRAP_SEED);
        let mut means = Vec::with_capacity(BOOTSTRAP_SAMPLES);
        for _ in 0..BOOTSTRAP_SAMPLES {
            let mut weights = vec![0; self.n_patients];
            for _ in 0..self.n_patients {
                weights[random.below(self.n_patients)] += 1;
            }
            means.extend(self.sensitivity(events, members, &weights).map(|s| mean(&s[..N_MEAN])));
        }
        means.sort_by(f64::total_cmp);
        Some([percentile(&means, 0.025)?, percentile(&means, 0.975)?])
    }
}

#[allow(clippy::cast_precision_loss, reason = "a handful of values")]
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Nearest-rank percentile of sorted values.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rank between 1 and the number of values"
)]
fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let rank = ((share * sorted.len() as f64).ceil() as usize).max(1);
    sorted.get(rank - 1).copied()
}

/// Steele, Lea and Flood 2014: small, and easily written again where a figure is checked by another program.
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`: the upper 32 bits scaled (Lemire 2019, without rejection; the bias is below 1e-6).
    #[allow(clippy::cast_possible_truncation, reason = "the product of two 32-bit numbers, shifted, is below n")]
    fn below(&mut self, n: usize) -> usize {
        (((self.next() >> 32) * n as u64) >> 32) as usize
    }
}

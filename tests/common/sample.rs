//! What must hold for the sample study on every machine: its bytes, and what the shipped net finds on one of its slices.
//!
//! `tests/golden/sample_detections.json` is what the native detector finds there; `tests/study.rs` writes it anew where
//! `LESIONLENS_WRITE_GOLDEN` is set, as a new model asks for.
#![allow(dead_code, reason = "every test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test ends where its own material is broken")]

use lesionlens::detection::{Detection, LesionType};
use lesionlens::geometry::BBox;
use lesionlens::model::ModelSpec;
use lesionlens::phantom::{Phantom, SAMPLE_SEED};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Files of the slice that is searched and of its neighbours.
pub(crate) const FILES: [usize; 3] = [11, 12, 13];

/// The lung lesion that the table marks on the slice of file 12.
const LESION: BBox = BBox { x0: 134.0, y0: 232.0, x1: 154.0, y1: 252.0 };

/// Detections on that slice, and the model that found them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Found {
    pub(crate) model_sha256: String,
    pub(crate) detections: Vec<Detection>,
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Pixels and table of the sample study.
pub(crate) fn check_bytes() {
    let phantom = Phantom::new(SAMPLE_SEED);
    for (slice_idx, hash) in [
        (12, "5edc781254cf946b34d642dab84e6fd994c5fbf90abcedfd5847836b68a1b59d"),
        (39, "22863a8ea49fef7d39f02e63fec94fa9274a87a2713e6d2761b9d2c4bd621efa"),
    ] {
        let pixels: Vec<u8> = phantom.hu(slice_idx).iter().flat_map(|hu| hu.to_le_bytes()).collect();
        assert_eq!(sha256(&pixels), hash, "slice {slice_idx}");
    }
    let table = phantom.file(phantom.n_slices()).1;
    assert_eq!(sha256(&table), "b4ab335c74734edec8b3bb2758dcfb8c296bba68132c5ebda097aafa7fd9fe4f");
}

/// The net has found [`LESION`] at the score from which detections are shown.
pub(crate) fn check_lesion(detections: &[Detection], spec: &ModelSpec) {
    let finds = |found: &&Detection| found.score >= spec.default_threshold && found.box_px.iou(&LESION) >= 0.5;
    let found = detections.iter().find(finds);
    assert!(found.is_some(), "the lesion is not among {detections:?}");
    let lesion_type = found.and_then(|found| found.lesion_type).map(|estimate| estimate.name);
    assert!(spec.types.is_none() || lesion_type == Some(LesionType::Lung), "{lesion_type:?}");
}

/// Holds detections to the native ones. The heads are the same to the bit everywhere; exponentials and arcs behind them
/// may differ in their last bits.
pub(crate) fn check_native(detections: &[Detection], spec: &ModelSpec) {
    let golden: Found = serde_json::from_str(include_str!("../golden/sample_detections.json")).unwrap();
    assert_eq!(golden.model_sha256, spec.sha256, "run tests/study.rs with LESIONLENS_WRITE_GOLDEN=1");
    assert!(golden.detections.len() >= 5);
    assert_eq!(detections.len(), golden.detections.len());
    for (found, native) in detections.iter().zip(&golden.detections) {
        let edges = |detection: &Detection| <[f32; 4]>::from(detection.box_px);
        let lines = |detection: &Detection| detection.axes.map(|axes| [axes.long_px, axes.short_px]);
        let numbers = |detection: &Detection| {
            let ends = lines(detection).into_iter().flatten().flatten().flatten();
            edges(detection).into_iter().chain(ends).collect::<Vec<f32>>()
        };
        let (a, b) = (numbers(found), numbers(native));
        let apart = a.iter().zip(&b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(a.len() == b.len() && apart < 1e-2, "{found:?}, natively {native:?}");
        assert!((found.score - native.score).abs() < 1e-5, "{found:?}, natively {native:?}");
        let name = |detection: &Detection| detection.lesion_type.map(|estimate| estimate.name);
        assert_eq!(name(found), name(native));
    }
}

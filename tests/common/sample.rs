//! What must hold for the sample study on every machine: its bytes, and what the shipped net finds on one of its slices.
#![allow(dead_code, reason = "every test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test ends where its own material is broken")]

use lesionlens::detection::LesionType;
use lesionlens::geometry::BBox;
use lesionlens::phantom::{Phantom, SAMPLE_SEED};
use sha2::{Digest, Sha256};

/// Files of the slice that is searched and of its neighbours.
pub(crate) const FILES: [usize; 3] = [11, 12, 13];

/// The lung lesion that the table marks on the slice of file 12.
pub(crate) const LESION: BBox = BBox { x0: 134.0, y0: 232.0, x1: 154.0, y1: 252.0 };

/// What the net says about that slice from a score of 0.1 up, with its neighbours beside it, as the command line found
/// it: box, score, type.
pub(crate) const FOUND: [([f32; 4], f32, Option<LesionType>); 5] = [
    ([134.5957, 232.20116, 154.75781, 252.28664], 0.908_209_6, Some(LesionType::Lung)),
    ([335.7477, 287.771, 362.15805, 316.64648], 0.536_625_4, Some(LesionType::Lung)),
    ([250.56459, 266.63837, 275.50916, 291.07013], 0.172_080_47, Some(LesionType::Abdomen)),
    ([417.0499, 270.51202, 458.86172, 320.18964], 0.124_340_87, Some(LesionType::SoftTissue)),
    ([52.06096, 267.235, 99.571365, 323.29968], 0.119_810_61, Some(LesionType::SoftTissue)),
];

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

/// Holds detections, by falling score, to [`FOUND`], and to have found [`LESION`]. The heads are the same to the bit
/// everywhere; exponentials and arcs behind them may differ in their last bits.
pub(crate) fn check_found(detections: &[(BBox, f32, Option<LesionType>)]) {
    let best = detections.first().unwrap();
    assert!(best.0.iou(&LESION) > 0.8 && best.1 > 0.8 && best.2 == Some(LesionType::Lung), "{best:?}");
    let shown: Vec<_> = detections.iter().filter(|(_, score, _)| *score >= 0.1).collect();
    assert_eq!(shown.len(), FOUND.len(), "{shown:?}");
    for ((box_px, score, name), (expected_px, expected, expected_name)) in shown.into_iter().zip(FOUND) {
        let apart = <[f32; 4]>::from(*box_px).iter().zip(expected_px).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(apart < 1e-2 && (score - expected).abs() < 1e-4, "{box_px:?} {score}, expected {expected_px:?}");
        assert_eq!(*name, expected_name);
    }
}

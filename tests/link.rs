//! Linking detections over slices.
#![allow(clippy::unwrap_used, reason = "a test ends where its own material is broken")]

use std::collections::HashSet;

use lesionlens::detection::Detection;
use lesionlens::geometry::BBox;
use lesionlens::link::{Linking, Member, Searched, link};
use proptest::prelude::*;

fn at(x: f32, score: f32) -> Detection {
    Detection::new(BBox { x0: x, y0: 10.0, x1: x + 20.0, y1: 30.0 }, score)
}

/// Groups as lists of `(slice, rank)`.
fn linked(slices: &[Vec<Detection>], z_mm: impl Fn(usize) -> Option<f64>) -> Vec<Vec<(usize, usize)>> {
    let searched: Vec<Searched<'_>> =
        slices.iter().enumerate().map(|(i, detections)| Searched { z_mm: z_mm(i), detections }).collect();
    let pairs = |members: Vec<Member>| members.iter().map(|m| (m.slice_idx, m.rank)).collect();
    link(&searched, Linking::default()).into_iter().map(pairs).collect()
}

fn every_mm(step_mm: u32) -> impl Fn(usize) -> Option<f64> {
    move |slice_idx| Some(f64::from(step_mm) * f64::from(u32::try_from(slice_idx).unwrap()))
}

#[test]
fn boxes_that_overlap_on_neighbouring_slices_are_one_lesion() {
    let slices = vec![vec![at(0.0, 0.5)], vec![at(4.0, 0.9), at(100.0, 0.4)], vec![at(8.0, 0.3)]];
    assert_eq!(linked(&slices, every_mm(2)), [vec![(0, 0), (1, 0), (2, 0)], vec![(1, 1)]]);
}

#[test]
fn two_lesions_side_by_side_stay_two() {
    // 13 of 27 columns in common with the other one is more than the least overlap; the better overlap wins.
    let slices = vec![vec![at(0.0, 0.9), at(9.0, 0.8)], vec![at(9.0, 0.9), at(0.0, 0.8)]];
    assert_eq!(linked(&slices, every_mm(2)), [vec![(0, 0), (1, 1)], vec![(0, 1), (1, 0)]]);
}

#[test]
fn a_lesion_goes_on_over_a_slice_that_misses_it_within_the_gap() {
    let slices = vec![vec![at(0.0, 0.9)], vec![], vec![at(0.0, 0.9)]];
    for (step_mm, n_lesions) in [(1, 1), (2, 1), (3, 2), (10, 2)] {
        assert_eq!(linked(&slices, every_mm(step_mm)).len(), n_lesions, "slices every {step_mm} mm");
    }
    assert_eq!(linked(&slices, |_| None).len(), 2, "without positions only neighbours are linked");
}

#[test]
fn neighbours_are_linked_up_to_ten_millimetres_or_without_positions() {
    let slices = vec![vec![at(0.0, 0.9)], vec![at(0.0, 0.9)]];
    assert_eq!(linked(&slices, every_mm(10)).len(), 1);
    assert_eq!(linked(&slices, every_mm(11)).len(), 2);
    assert_eq!(linked(&slices, |_| None).len(), 1);
}

proptest! {
    #[test]
    fn every_detection_is_in_one_lesion_and_a_lesion_has_one_on_a_slice(
        xs in prop::collection::vec(prop::collection::vec(0_u8..120, 0..6), 0..12),
        step_mm in 1_u32..7,
    ) {
        let slices: Vec<Vec<Detection>> =
            xs.iter().map(|row| row.iter().map(|&x| at(f32::from(x), 0.5)).collect()).collect();
        let groups = linked(&slices, every_mm(step_mm));
        let n_detections: usize = slices.iter().map(Vec::len).sum();
        let distinct: HashSet<_> = groups.iter().flatten().collect();
        prop_assert_eq!(groups.iter().map(Vec::len).sum::<usize>(), n_detections);
        prop_assert_eq!(distinct.len(), n_detections);
        for group in &groups {
            for pair in group.windows(2) {
                let [(one, a), (other, b)] = [pair[0], pair[1]];
                prop_assert!(one < other, "one detection of a slice, in order");
                let (a, b) = (slices[one][a], slices[other][b]);
                prop_assert!(a.box_px.iou(&b.box_px) >= Linking::default().min_iou);
                let apart_mm = u64::from(step_mm) * u64::try_from(other - one).unwrap();
                prop_assert!(apart_mm <= 10 && (other - one == 1 || apart_mm <= 5));
            }
        }
    }
}

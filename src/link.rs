//! Links detections over slices into what a person would call one lesion.
//!
//! In: the detections of a series' slices, each slice's by falling score, and where the slices lie. Out: groups of
//! detections, at most one of each slice.
//! The method is the IOU tracker (Bochinski, Eiselein, Sikora: High-speed tracking-by-detection without using image
//! information, AVSS 2017), slices in place of frames: going through the stack, each detection joins the track whose last
//! box it overlaps best. The source leaves open what to do with several candidates, with slices on which a track is not
//! seen, and with ties. Here all pairs of a slice are taken by falling overlap, equal ones by the order of tracks and of
//! scores; a track may go on over slices without it up to [`Linking::max_gap_mm`]; the direct neighbour may lie further
//! away than that, up to twice, since thick slices leave no other. Where no position is known only direct neighbours are
//! linked. A track is never dropped for being short: a lesion may show on one slice.

use crate::detection::Detection;

/// When a detection continues a track.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Linking {
    /// Least intersection over union of both boxes, 0..=1.
    pub min_iou: f32,
    /// Largest distance between both slices in mm, where others lie between them.
    pub max_gap_mm: f64,
}

impl Default for Linking {
    fn default() -> Self {
        Self { min_iou: 0.3, max_gap_mm: 5.0 }
    }
}

impl Linking {
    fn reaches(self, from: (usize, Option<f64>), to: (usize, Option<f64>)) -> bool {
        let is_next = to.0 - from.0 == 1;
        match from.1.zip(to.1) {
            Some((a, b)) => (b - a).abs() <= if is_next { 2.0 * self.max_gap_mm } else { self.max_gap_mm },
            None => is_next,
        }
    }
}

/// A detection by its place: the slice in the stack, and the rank among that slice's, both from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Member {
    /// Slice in the stack.
    pub slice_idx: usize,
    /// Place in the slice's list.
    pub rank: usize,
}

/// One slice of a stack.
#[derive(Debug, Clone, Copy)]
pub struct Searched<'a> {
    /// Position along the stack in mm, where it is known.
    pub z_mm: Option<f64>,
    /// By falling score; empty where nothing was found, or the slice was not searched.
    pub detections: &'a [Detection],
}

/// The detections of a stack in groups, each along the stack. Every detection is in exactly one.
#[must_use]
pub fn link(slices: &[Searched<'_>], rule: Linking) -> Vec<Vec<Member>> {
    let mut tracks: Vec<Track> = Vec::new();
    for (slice_idx, slice) in slices.iter().enumerate() {
        let here = (slice_idx, slice.z_mm);
        let mut pairs: Vec<(f32, usize, usize)> = Vec::new();
        for (track_idx, track) in tracks.iter().enumerate().filter(|(_, track)| rule.reaches(track.end, here)) {
            let ious = slice.detections.iter().map(|detection| detection.box_px.iou(&track.last.box_px));
            let overlaps = ious.enumerate().filter(|&(_, iou)| iou >= rule.min_iou && iou > 0.0);
            pairs.extend(overlaps.map(|(rank, iou)| (iou, track_idx, rank)));
        }
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| (a.1, a.2).cmp(&(b.1, b.2))));
        let mut is_taken = vec![false; slice.detections.len()];
        for (_, track_idx, rank) in pairs {
            let (Some(track), Some(detection), Some(is_taken)) =
                (tracks.get_mut(track_idx), slice.detections.get(rank), is_taken.get_mut(rank))
            else {
                continue;
            };
            if !*is_taken && track.end.0 < slice_idx {
                *is_taken = true;
                track.end = here;
                track.last = *detection;
                track.members.push(Member { slice_idx, rank });
            }
        }
        for ((rank, detection), _) in slice.detections.iter().enumerate().zip(is_taken).filter(|&(_, taken)| !taken) {
            tracks.push(Track { end: here, last: *detection, members: vec![Member { slice_idx, rank }] });
        }
    }
    tracks.into_iter().map(|track| track.members).collect()
}

/// A group while the stack is gone through.
struct Track {
    /// The last slice with its position.
    end: (usize, Option<f64>),
    last: Detection,
    members: Vec<Member>,
}

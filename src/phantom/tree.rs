//! Branching vessels: points scattered in an organ are joined, nearest to the root first, to the tree that has grown so
//! far; radii add up from the twigs (the squares of the branches' radii sum to that of the stem).

use super::noise::Dice;
use super::shape::{Capsule, Node};

/// How a tree grows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Growth {
    /// Where it starts, mm.
    pub(super) root: [f32; 3],
    /// Number of twigs.
    pub(super) n_twigs: usize,
    /// Radius of a twig, mm.
    pub(super) twig_mm: f32,
    /// No branch is thicker, mm.
    pub(super) stem_mm: f32,
}

/// Grows a tree towards points drawn by `sample`, which returns `None` where the organ is missed. Pieces come with the
/// stem first.
pub(super) fn grow(growth: &Growth, dice: &mut Dice, sample: impl Fn(&mut Dice) -> Option<[f32; 3]>) -> Vec<Capsule> {
    let mut targets: Vec<[f32; 3]> = (0..4 * growth.n_twigs).filter_map(|_| sample(dice)).collect();
    targets.truncate(growth.n_twigs);
    targets.sort_by(|a, b| distance(growth.root, *a).total_cmp(&distance(growth.root, *b)));

    // Each point with the index of its parent and the way from the root; the root is its own parent.
    let mut points: Vec<([f32; 3], usize, f32)> = vec![(growth.root, 0, 0.0)];
    for target in targets {
        let mut best = (0, f32::INFINITY);
        for (i, &(point, _, way)) in points.iter().enumerate() {
            let cost = distance(point, target) + 0.3 * way;
            if cost < best.1 {
                best = (i, cost);
            }
        }
        let Some(&(from, _, way)) = points.get(best.0) else {
            continue;
        };
        let length = distance(from, target);
        // A joint a little beside the straight line.
        let bend = 0.12 * length;
        let mut joint = [0.0; 3];
        for (n, value) in joint.iter_mut().enumerate() {
            *value = 0.5 * (from[n] + target[n]) + dice.between(-bend, bend);
        }
        points.push((joint, best.0, way + 0.5 * length));
        points.push((target, points.len() - 1, way + length));
    }

    // Parents come before their children, so one backward pass sums the flow.
    let mut flow = vec![0.0_f32; points.len()];
    let mut is_parent = vec![false; points.len()];
    for &(_, parent, _) in points.iter().skip(1) {
        is_parent[parent] = true;
    }
    for i in (1..points.len()).rev() {
        if !is_parent[i] {
            flow[i] = growth.twig_mm * growth.twig_mm;
        }
        let (_, parent, _) = points[i];
        flow[parent] += flow[i];
    }
    let radius = |i: usize| flow[i].sqrt().min(growth.stem_mm);
    let node = |i: usize, r: f32| -> Node { [points[i].0[0], points[i].0[1], points[i].0[2], r] };
    (1..points.len()).map(|i| Capsule::new(node(points[i].1, radius(i)), node(i, radius(i)))).collect()
}

fn distance(a: [f32; 3], b: [f32; 3]) -> f32 {
    let d = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
    (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]).sqrt()
}

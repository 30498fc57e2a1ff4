//! Which slices belong together.

use std::collections::BTreeMap;

use super::natural;
use crate::slice::{Format, Slice};

/// Slices of one stack, in natural order of their paths.
pub(super) struct Group {
    pub(super) id: String,
    pub(super) rows: usize,
    pub(super) cols: usize,
    pub(super) format: Format,
    // Invariant: at least one.
    pub(super) slices: Vec<Slice>,
}

/// The id of the series that a slice belongs to: its own, or its folder.
pub(super) fn id(slice: &Slice) -> String {
    let folder = || slice.info().path.rsplit_once('/').map_or("files without a folder", |(folder, _)| folder);
    slice.info().series_id.clone().unwrap_or_else(|| folder().to_owned())
}

/// Splits slices by series, size, container, orientation, and whether they hold Hounsfield units.
pub(super) fn split(mut slices: Vec<Slice>) -> Vec<Group> {
    slices.sort_by(|a, b| natural::compare(&a.info().path, &b.info().path));
    let mut groups: BTreeMap<(String, usize, usize, &'static str), Vec<Group>> = BTreeMap::new();
    for slice in slices {
        let (id, rows, cols, format) = (id(&slice), slice.rows(), slice.cols(), slice.info().format);
        let alike = groups.entry((id.clone(), rows, cols, format.name())).or_default();
        let fits = |group: &&mut Group| {
            group.slices.first().is_some_and(|first| {
                first.is_hounsfield() == slice.is_hounsfield()
                    && same_orientation(first.info().orientation_patient, slice.info().orientation_patient)
            })
        };
        match alike.iter_mut().find(fits) {
            Some(group) => group.slices.push(slice),
            None => alike.push(Group { id, rows, cols, format, slices: vec![slice] }),
        }
    }
    groups.into_values().flatten().collect()
}

/// Whether two orientations agree to about half a degree in every cosine: files round them, and no two scans of one
/// series differ by that little.
fn same_orientation(a: Option<[f64; 6]>, b: Option<[f64; 6]>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.iter().zip(b).all(|(x, y)| (x - y).abs() < 0.01),
        (None, None) => true,
        _ => false,
    }
}

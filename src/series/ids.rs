//! Ids that last: made from what a series and its slices are, not from where they stand among others.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::Series;
use crate::slice::{Slice, SliceId, lasting_id};

/// Names a series for as long as its study is open: 16 hexadecimal digits, made from its name and from what sets stacks
/// of one name apart (size, container, orientation, Hounsfield units or not). The same files have the same id whatever
/// is opened with them; only of stacks that are alike in all of this, the second and further ones are numbered (`-2`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct SeriesId(String);

impl SeriesId {
    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Gives every series and slice its id. The series have their names, not yet numbered.
pub(super) fn assign(all: &mut [Series]) {
    let mut series_seen: HashMap<SeriesId, usize> = HashMap::new();
    let mut slices_seen: HashMap<SliceId, usize> = HashMap::new();
    for series in all {
        let id = |nth| series_id(series, nth);
        let nth = count(&mut series_seen, id(1));
        series.id = id(nth);
        let slice_id = |slice: &Slice| {
            let nth = count(&mut slices_seen, SliceId::new(slice.info(), 1));
            SliceId::new(slice.info(), nth)
        };
        series.slice_ids = series.slices.iter().map(slice_id).collect();
    }
}

fn series_id(series: &Series, nth: usize) -> SeriesId {
    let (rows, cols) = (series.rows().to_string(), series.cols().to_string());
    let format = series.slices.first().map_or("", |slice| slice.info().format.name());
    // What the files say: whether the values bear it out may change with files that are added.
    let units = if series.slices.iter().all(Slice::is_hounsfield) { "HU" } else { "" };
    let orientation = series.orientation.as_deref().unwrap_or_default();
    SeriesId(lasting_id(&[&series.name, &rows, &cols, format, units, orientation], nth))
}

/// How often an id has been seen, this time included.
fn count<K: std::hash::Hash + Eq>(seen: &mut HashMap<K, usize>, id: K) -> usize {
    let times = seen.entry(id).or_default();
    *times += 1;
    *times
}

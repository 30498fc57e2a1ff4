//! In which order the slices of a stack lie, and how far apart.

use serde::Serialize;
use strum::{EnumDiscriminants, EnumIter, IntoStaticStr};

use super::group::Group;
use super::notes::{Note, Unit};
use crate::slice::{Format, Slice};

/// Positions closer than this are the same.
const SAME_MM: f64 = 1e-3;

/// A distance above this many times the usual one is a gap.
const GAP: f64 = 1.5;

/// How the slices of a series were put in order. Serialized as an object with the variant's name as `code`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, EnumDiscriminants)]
#[serde(tag = "code")]
#[strum_discriminants(name(OrderRuleCode), derive(EnumIter, IntoStaticStr), non_exhaustive)]
#[strum_discriminants(doc = "The variants of [`OrderRule`] without their numbers.")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(missing_as_null))]
#[non_exhaustive]
pub enum OrderRule {
    /// By ImagePositionPatient along the normal that ImageOrientationPatient gives.
    ImagePosition,
    /// The planes of a NIfTI or NRRD volume, as the volume has them.
    VolumePlane,
    /// By InstanceNumber: not every file gives a position, or all give the same.
    InstanceNumber,
    /// By the slice number in a DeepLesion file name.
    NameNumber {
        /// Distance from one number to the next in mm, where a table gives it.
        step_mm: Option<f64>,
    },
    /// By file name, numbers in it compared as numbers.
    FileName,
}

/// A stack in order.
pub(super) struct Order {
    pub(super) slices: Vec<Slice>,
    pub(super) z_mm: Option<Vec<f64>>,
    pub(super) rule: OrderRule,
    /// Usual distance between neighbours.
    pub(super) step_mm: Option<f64>,
    pub(super) gaps: Option<Note>,
    pub(super) n_duplicates: usize,
}

/// Orders a group; `table_step_mm` is what a table says about the distance from one slice number to the next.
pub(super) fn order(group: Group, table_step_mm: Option<f64>) -> Order {
    let Group { format, slices, .. } = group;
    if let Some(z) = distinct_keys(&slices, position_along_normal) {
        let (slices, z) = sorted(slices, z, |a, b| a.total_cmp(b));
        let step_mm = median(&steps(&z));
        let rule = if is_volume(format) { OrderRule::VolumePlane } else { OrderRule::ImagePosition };
        return finish(slices, Some(z.clone()), &z, rule, step_mm, step_mm, Unit::Millimetre);
    }
    if let Some(numbers) = distinct_keys(&slices, |slice| slice.info().number) {
        let (slices, numbers) = sorted(slices, numbers, Ord::cmp);
        #[allow(clippy::cast_precision_loss, reason = "slice numbers lie far below 2^53")]
        let numbers: Vec<f64> = numbers.into_iter().map(|number| number as f64).collect();
        return match (format, table_step_mm) {
            (Format::Png, Some(mm)) => {
                let z: Vec<f64> = numbers.iter().map(|number| number * mm).collect();
                let rule = OrderRule::NameNumber { step_mm: Some(mm) };
                finish(slices, Some(z.clone()), &z, rule, Some(mm), Some(mm), Unit::Millimetre)
            }
            (Format::Png, None) => {
                let rule = OrderRule::NameNumber { step_mm: None };
                finish(slices, None, &numbers, rule, None, Some(1.0), Unit::Number)
            }
            _ => {
                let usual = median(&steps(&numbers));
                let rule = if is_volume(format) { OrderRule::VolumePlane } else { OrderRule::InstanceNumber };
                finish(slices, None, &numbers, rule, None, usual, Unit::Number)
            }
        };
    }
    // The group comes in natural order of paths.
    finish(slices, None, &[], OrderRule::FileName, None, None, Unit::Number)
}

/// Whether slices of this format are planes that lie in their file in order.
fn is_volume(format: Format) -> bool {
    matches!(format, Format::Nifti | Format::Nrrd)
}

/// One key per slice; `None` if a slice has none, or if all of several slices have the same, which orders nothing.
fn distinct_keys<K: PartialEq>(slices: &[Slice], key: impl Fn(&Slice) -> Option<K>) -> Option<Vec<K>> {
    let keys: Vec<K> = slices.iter().map(key).collect::<Option<_>>()?;
    let orders = keys.len() == 1 || keys.iter().any(|key| Some(key) != keys.first());
    orders.then_some(keys)
}

/// Sorts slices by key; of equal keys, by number, then as they came.
fn sorted<K>(slices: Vec<Slice>, keys: Vec<K>, compare: impl Fn(&K, &K) -> std::cmp::Ordering) -> (Vec<Slice>, Vec<K>) {
    let mut pairs: Vec<(K, Slice)> = keys.into_iter().zip(slices).collect();
    pairs.sort_by(|(x, a), (y, b)| compare(x, y).then_with(|| a.info().number.cmp(&b.info().number)));
    let (keys, slices) = pairs.into_iter().unzip();
    (slices, keys)
}

/// Distance of a slice's plane from the origin: ImagePositionPatient along the normal of the plane (DICOM PS3.3
/// C.7.6.2.1.1), in mm. It grows towards the head for axial slices.
fn position_along_normal(slice: &Slice) -> Option<f64> {
    let [px, py, pz] = slice.info().position_patient_mm?;
    let [a, b, c, d, e, f] = slice.info().orientation_patient?;
    let (nx, ny, nz) = (b * f - c * e, c * d - a * f, a * e - b * d);
    Some(nx * px + ny * py + nz * pz)
}

/// Tilts below this are rounding.
const TILT_DEGREES: f64 = 1.0;

/// The angle in degrees between the line from the first slice to the last and the normal of their planes, where it is a
/// tilt; `None` where places are missing or the slices lie straight behind each other.
pub(super) fn tilt(slices: &[Slice]) -> Option<f64> {
    let (first, last) = (slices.first()?, slices.last()?);
    let [a, b] = [first, last].map(|slice| slice.info().position_patient_mm);
    let [ax, ay, az] = a?;
    let [bx, by, bz] = b?;
    let length = ((bx - ax).powi(2) + (by - ay).powi(2) + (bz - az).powi(2)).sqrt();
    let along = (position_along_normal(last)? - position_along_normal(first)?).abs();
    if length < SAME_MM || along < SAME_MM {
        return None;
    }
    let degrees = (along / length).min(1.0).acos().to_degrees();
    (degrees > TILT_DEGREES).then_some(degrees)
}

/// Distances between neighbours.
fn steps(ascending: &[f64]) -> Vec<f64> {
    ascending
        .windows(2)
        .map(|pair| pair.iter().rev().copied().reduce(|next, this| next - this).unwrap_or(0.0))
        .collect()
}

/// Median of the distances that are not 0; of an even number, the mean of the two in the middle.
fn median(steps: &[f64]) -> Option<f64> {
    let mut steps: Vec<f64> = steps.iter().copied().filter(|&step| step >= SAME_MM).collect();
    steps.sort_by(f64::total_cmp);
    let upper = steps.get(steps.len() / 2)?;
    let lower = if steps.len().is_multiple_of(2) { steps.get(steps.len() / 2 - 1)? } else { upper };
    Some(0.5 * (lower + upper))
}

fn finish(
    slices: Vec<Slice>,
    z_mm: Option<Vec<f64>>,
    ascending: &[f64],
    rule: OrderRule,
    step_mm: Option<f64>,
    usual: Option<f64>,
    unit: Unit,
) -> Order {
    let steps = steps(ascending);
    let gaps = usual.and_then(|usual| {
        let is_gap = |&(_, &distance): &(usize, &f64)| distance > GAP * usual;
        let n_gaps = steps.iter().enumerate().filter(is_gap).count();
        let (after_idx, &distance) = steps.iter().enumerate().find(is_gap)?;
        Some(Note::Gaps { n_gaps, after_idx, distance, usual, unit })
    });
    let n_duplicates = steps.iter().filter(|&&step| step < SAME_MM).count();
    Order { slices, z_mm, rule, step_mm, gaps, n_duplicates }
}

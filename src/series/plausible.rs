//! Whether the values of a whole series lie among each other as those of a CT do.
//!
//! In: how the values of all slices lie along the Hounsfield scale. Out: what is wrong, if anything. One rule holds for
//! every format, since in none of them does a field confirm that values are Hounsfield units: a header that says so was
//! written by the same program as the values. It looks at shares, never at single voxels, so metal, streaks and padding
//! do no harm, and it knows what every CT has: air or fat below water, soft tissue around it, little above.
//!
//! The thresholds lie between everything real in `../shared` and what becomes of it when it is stored otherwise (HU + 1024,
//! a display window stretched to 16 bits, another scale), and what MR, PET and phase images hold; `docs/hounsfield.md` has both
//! error rates, as `tests/hounsfield.rs` measures them.

use crate::slice::tally::{Band, Tally};

/// Values below air are padding if this share of them lies together: scanners write one value outside of their field of
/// view, and lossy compression blurs it.
const PADDING_TOGETHER: f64 = 0.9;

/// The largest share of padding: a round field of view leaves out a fifth of a square, one that was cut slantwise half.
const MAX_PADDING: f64 = 0.6;

/// The largest share of values that may lie below air, padding left out, or above 3100 HU. Metal stays far below it.
const MAX_BEYOND: f64 = 0.05;

/// With a smaller share below −200 HU, a series shows neither air nor lung: its field of view lies within the body, or
/// the lowest value, which is looked at by itself, stands for all that is air.
const MIN_GAS: f64 = 0.01;

/// The least share of fat by which such a series is known.
const MIN_FAT: f64 = 0.005;

/// The largest share of bone and contrast in such a series with fat; without fat.
const MAX_BRIGHT_WITHIN_BODY: f64 = 0.25;
const MAX_BRIGHT_WITHOUT_FAT: f64 = 0.15;

/// The largest share of water in such a series: in images of HU + 1000, air lies there.
const MAX_WATER_WITHIN_BODY: f64 = 0.6;

/// The largest share of bone and contrast among what is denser than fat's edge. Half of a head behind a bone kernel is.
const MAX_BRIGHT_OF_BODY: f64 = 0.6;

/// Values between −700 and −200 HU are the edges of gas and lung: there are at most this many for each value of gas or
/// lung, beside a share of all.
const MAX_EDGES_PER_GAS: f64 = 3.0;
const MAX_EDGES: f64 = 0.05;

/// The least share of soft tissue.
const MIN_TISSUE: f64 = 0.005;

/// The lowest value is looked at by itself only where it can be air or lower than any tissue.
const MAX_LOWEST_HU: i32 = -500;

/// Shares of values, from 0 to 1, of a series whose values are no Hounsfield units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Implausible {
    /// Below air or above metal, padding left out.
    pub(super) beyond: f64,
    /// Air, lung and fat.
    pub(super) dark: f64,
    /// Around water: −30 to 300 HU.
    pub(super) tissue: f64,
    /// Bone and denser: above 300 HU.
    pub(super) bright: f64,
}

/// What speaks against Hounsfield units; `None` where nothing does.
pub(super) fn implausible(tally: &Tally) -> Option<Implausible> {
    (!is_plausible(tally)).then(|| {
        let below = below_air(tally);
        let all = below + f(tally.n_from_air());
        let share = |bands: &[Band]| if all > 0.0 { sum(tally, bands) / all } else { 0.0 };
        Implausible {
            beyond: if all > 0.0 { (below + f(tally.band(Band::Beyond))) / all } else { 0.0 },
            dark: share(&[Band::Air, Band::Lung, Band::Edge, Band::UpperEdge, Band::Fat]),
            tissue: share(&[Band::Water, Band::Soft]),
            bright: share(&[Band::Bright]),
        }
    })
}

fn is_plausible(tally: &Tally) -> bool {
    let below = below_air(tally);
    let all = below + f(tally.n_from_air());
    if all == 0.0 {
        // Declared padding alone: there is nothing to be wrong about.
        return true;
    }
    if below + f(tally.band(Band::Beyond)) > MAX_BEYOND * all {
        return false;
    }
    // The lowest value by itself: air that was flattened or cut off, or padding that lies at −1024 HU.
    let lowest = tally.lowest().filter(|level| level.hu <= MAX_LOWEST_HU);
    let n_lowest = lowest.map_or(0.0, |level| f(level.n));
    let is_air = lowest.is_some_and(|level| level.hu < -900);
    let rest = f(tally.n_from_air()) - n_lowest;
    if rest == 0.0 {
        return is_air;
    }
    let [fat, water, soft, bright] = [Band::Fat, Band::Water, Band::Soft, Band::Bright].map(|band| f(tally.band(band)));
    let gas = sum(tally, &[Band::Air, Band::Lung, Band::Edge, Band::UpperEdge]) - n_lowest;
    if gas < MIN_GAS * rest {
        return if fat >= MIN_FAT * rest {
            bright <= MAX_BRIGHT_WITHIN_BODY * rest && water <= MAX_WATER_WITHIN_BODY * rest
        } else {
            is_air && bright <= MAX_BRIGHT_WITHOUT_FAT * rest
        };
    }
    let tissue = fat + water + soft;
    let deep = sum(tally, &[Band::Air, Band::Lung]);
    let edges = sum(tally, &[Band::Edge, Band::UpperEdge]);
    bright <= MAX_BRIGHT_OF_BODY * (tissue + bright)
        && edges <= MAX_EDGES * all + MAX_EDGES_PER_GAS * deep
        && tissue >= MIN_TISSUE * all
}

/// Values below air that are no padding.
fn below_air(tally: &Tally) -> f64 {
    let (n, together) = (f(tally.n_below_air()), f(tally.n_below_air_together()));
    let is_padding = together >= PADDING_TOGETHER * n && n <= MAX_PADDING * (n + f(tally.n_from_air()));
    if is_padding { 0.0 } else { n }
}

fn sum(tally: &Tally, bands: &[Band]) -> f64 {
    bands.iter().map(|&band| f(tally.band(band))).sum()
}

#[allow(clippy::cast_precision_loss, reason = "pixels are counted, far below 2^53 of them")]
fn f(n: u64) -> f64 {
    n as f64
}

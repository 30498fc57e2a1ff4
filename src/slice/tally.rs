//! How the values of a slice, or of many slices, lie along the Hounsfield scale: counts, not pixels.
//!
//! In: stored values with their map to Hounsfield units; pixels that the file marks as padding are left out. Out: counts
//! in bands, exact where [`crate::series`] asks for the lowest value, and in steps of 50 HU where it asks whether values
//! below air lie together.

/// Below this, values are counted by their lowest alone.
const DEEP_HU: i32 = -4096;

/// No tissue and no gas of a CT lies below.
pub(crate) const BELOW_AIR_HU: i32 = -1100;

/// Width of the steps between [`DEEP_HU`] and [`BELOW_AIR_HU`].
const STEP_HU: i32 = 50;

/// Number of those steps.
#[allow(clippy::cast_sign_loss, reason = "a constant above 0")]
const N_STEPS: usize = ((BELOW_AIR_HU - DEEP_HU) / STEP_HU + 1) as usize;

/// Where the bands from [`BELOW_AIR_HU`] on end, each exclusive; the last band, above 3100 HU, has no end.
const BAND_ENDS: [i32; 8] = [-900, -700, -300, -200, -30, 21, 301, 3101];

/// Number of bands from [`BELOW_AIR_HU`] on.
const N_BANDS: usize = BAND_ENDS.len() + 1;

/// The bands, by their place in [`Tally::bands`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Band {
    /// −1100 to −900 HU: air.
    Air = 0,
    /// To −700 HU: lung.
    Lung = 1,
    /// To −300 HU: little but the edges of lungs and skin.
    Edge = 2,
    /// To −200 HU.
    UpperEdge = 3,
    /// To −30 HU: fat.
    Fat = 4,
    /// −30 to 20 HU: water.
    Water = 5,
    /// To 300 HU: soft tissue, contrast.
    Soft = 6,
    /// To 3100 HU: bone, dense contrast, metal.
    Bright = 7,
    /// Above.
    Beyond = 8,
}

/// A value and how often it occurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Level {
    pub(crate) hu: i32,
    pub(crate) n: u64,
}

impl Level {
    /// Of two lowest levels, the lowest of both together.
    fn lowest(a: Option<Self>, b: Option<Self>) -> Option<Self> {
        match (a, b) {
            (Some(a), Some(b)) if a.hu == b.hu => Some(Self { hu: a.hu, n: a.n + b.n }),
            (Some(a), Some(b)) => Some(if a.hu < b.hu { a } else { b }),
            (a, b) => a.or(b),
        }
    }
}

/// Counts of values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Values below [`DEEP_HU`].
    n_deep: u64,
    /// The lowest of them.
    deepest: Option<Level>,
    /// Values from [`DEEP_HU`] up to [`BELOW_AIR_HU`], in steps of [`STEP_HU`].
    steps: [u64; N_STEPS],
    bands: [u64; N_BANDS],
    /// The lowest value from [`BELOW_AIR_HU`] on.
    lowest: Option<Level>,
}

impl Default for Tally {
    fn default() -> Self {
        Self { n_deep: 0, deepest: None, steps: [0; N_STEPS], bands: [0; N_BANDS], lowest: None }
    }
}

impl Tally {
    /// Counts Hounsfield values, rounded to whole ones.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the table before")]
    pub(crate) fn of(values: impl Iterator<Item = f64>) -> Self {
        const FIRST: f64 = DEEP_HU as f64;
        const LAST: usize = (BAND_ENDS[7] - DEEP_HU) as usize;
        let mut tally = Self::default();
        let mut counts = vec![0_u64; LAST + 1];
        let mut deepest = f64::INFINITY;
        for hu in values {
            // Cutting off what stands behind the point rounds, since nothing here is below 0.
            let at = hu - FIRST + 0.5;
            if at >= 0.0 {
                counts[(at as usize).min(LAST)] += 1;
            } else {
                let hu = hu.round();
                tally.n_deep += 1;
                if hu < deepest {
                    deepest = hu;
                    tally.deepest = None;
                }
                if hu <= deepest {
                    let n = tally.deepest.map_or(0, |level| level.n) + 1;
                    tally.deepest = Some(Level { hu: deepest.max(f64::from(i32::MIN)) as i32, n });
                }
            }
        }
        for (hu, n) in (DEEP_HU..).zip(counts).filter(|&(_, n)| n > 0) {
            if hu < BELOW_AIR_HU {
                tally.steps[((hu - DEEP_HU) / STEP_HU) as usize] += n;
                continue;
            }
            tally.lowest.get_or_insert(Level { hu, n });
            tally.bands[BAND_ENDS.iter().take_while(|&&end| hu >= end).count()] += n;
        }
        tally
    }

    /// Adds the counts of another tally.
    pub(crate) fn add(&mut self, other: &Self) {
        self.n_deep += other.n_deep;
        self.deepest = Level::lowest(self.deepest, other.deepest);
        self.steps.iter_mut().zip(other.steps).for_each(|(to, from)| *to += from);
        self.bands.iter_mut().zip(other.bands).for_each(|(to, from)| *to += from);
        self.lowest = Level::lowest(self.lowest, other.lowest);
    }

    /// Values in a band.
    pub(crate) fn band(&self, band: Band) -> u64 {
        self.bands[band as usize]
    }

    /// Values from [`BELOW_AIR_HU`] on.
    pub(crate) fn n_from_air(&self) -> u64 {
        self.bands.iter().sum()
    }

    /// Values below [`BELOW_AIR_HU`].
    pub(crate) fn n_below_air(&self) -> u64 {
        self.n_deep + self.steps.iter().sum::<u64>()
    }

    /// How many of the values below [`BELOW_AIR_HU`] lie together: the most within seven steps, or those of the one
    /// lowest value.
    pub(crate) fn n_below_air_together(&self) -> u64 {
        let together = self.steps.windows(7).map(|steps| steps.iter().sum()).max().unwrap_or(0);
        together.max(self.deepest.map_or(0, |level| level.n))
    }

    /// The lowest value from [`BELOW_AIR_HU`] on.
    pub(crate) fn lowest(&self) -> Option<Level> {
        self.lowest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fall_into_their_bands() {
        let tally = Tally::of([-1100.4, -900.0, -30.0, 20.4, 3100.0, 3101.0, 9e9].into_iter());
        assert_eq!(tally.bands, [1, 1, 0, 0, 0, 2, 0, 1, 2]);
        assert_eq!(tally.lowest(), Some(Level { hu: -1100, n: 1 }));
        assert_eq!(tally.n_below_air(), 0);
    }

    #[test]
    fn values_below_air_lie_together_or_not() {
        let together = Tally::of([-3024.0, -3083.0, -2950.0].into_iter());
        assert_eq!((together.n_below_air(), together.n_below_air_together()), (3, 3));
        let apart = Tally::of([-3024.0, -1200.0, -9000.0].into_iter());
        assert_eq!((apart.n_below_air(), apart.n_below_air_together()), (3, 1));
        let deep = Tally::of([-33_792.0, -33_792.0, -30_000.0].into_iter());
        assert_eq!((deep.n_below_air(), deep.n_below_air_together()), (3, 2));
    }

    #[test]
    fn tallies_add_up() {
        let all = [-5000.0, -1024.0, -1024.0, 40.0, -5000.0, -1000.0];
        let mut sum = Tally::of(all[..3].iter().copied());
        sum.add(&Tally::of(all[3..].iter().copied()));
        assert_eq!(sum, Tally::of(all.into_iter()));
    }
}

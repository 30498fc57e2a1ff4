//! Random numbers and smooth noise that are the same on every machine: integer hashes and exact floating-point
//! operations only, no function whose last bit a platform may choose.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "lattice cells are wrapped to the lattice before they index it"
)]

/// The finalizer of SplitMix64 (Steele, Lea, Flood 2014): every bit of the result depends on every bit of `h`.
pub(super) fn mix(h: u64) -> u64 {
    let h = h.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let h = (h ^ (h >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let h = (h ^ (h >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    h ^ (h >> 31)
}

/// A hash as a number in 0..1, a multiple of 2⁻²⁴.
fn unit(h: u64) -> f32 {
    (h >> 40) as f32 / 16_777_216.0
}

/// Roughly normal with mean 0 and standard deviation 1, within ±3.47: the sum of the hash's four 16-bit parts.
pub(super) fn normal(h: u64) -> f32 {
    let sum = (h & 0xffff) + ((h >> 16) & 0xffff) + ((h >> 32) & 0xffff) + (h >> 48);
    // Four uniform numbers over 0..65536 have variance 4 × 65536² / 12.
    (sum as f32 - 131_070.0) / 37_837.23
}

/// A sequence of random numbers.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    /// A sequence of its own for each seed and purpose.
    pub(super) fn new(seed: u64, purpose: u64) -> Self {
        Self(mix(seed ^ mix(purpose)))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(1);
        mix(self.0)
    }

    /// Uniform between `low` and `high`.
    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * unit(self.next())
    }

    /// One element; the slice must not be empty (`None` then).
    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get((self.next() % from.len().max(1) as u64) as usize)
    }
}

/// Cosine and sine of an angle in degrees to about 10⁻⁶, from Taylor polynomials after reduction to ±45°.
pub(super) fn cos_sin(degrees: f32) -> (f32, f32) {
    let quarters = (degrees / 90.0 + 0.5).floor();
    let a = (degrees - 90.0 * quarters) * (core::f32::consts::PI / 180.0);
    let s = a * a;
    let cos = 1.0 - s / 2.0 * (1.0 - s / 12.0 * (1.0 - s / 30.0 * (1.0 - s / 56.0)));
    let sin = a * (1.0 - s / 6.0 * (1.0 - s / 20.0 * (1.0 - s / 42.0 * (1.0 - s / 72.0))));
    match (quarters as i32).rem_euclid(4) {
        0 => (cos, sin),
        1 => (-sin, cos),
        2 => (-cos, -sin),
        _ => (sin, -cos),
    }
}

/// `3t² − 2t³` between 0 and 1, flat outside.
pub(super) fn smoothstep(t: f32) -> f32 {
    let t = t.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Edge of the noise lattice in cells; a power of two.
const SIDE: usize = 64;

/// Smooth value noise in three dimensions, mean 0 and standard deviation near 1, one bump per cell, repeating after 64.
#[derive(Debug, Clone)]
pub(super) struct Lattice(Vec<f32>);

impl Lattice {
    pub(super) fn new(seed: u64) -> Self {
        let key = mix(seed ^ 0x006c_6174_7469_6365);
        Self((0..SIDE * SIDE * SIDE).map(|i| 1.6 * normal(mix(key ^ i as u64))).collect())
    }

    /// The noise on the plane `z`.
    pub(super) fn plane(&self, z: f32) -> Plane {
        let (k0, k1, w) = cell(z);
        let layer = |k: usize| self.0.iter().skip(k * SIDE * SIDE).take(SIDE * SIDE);
        Plane(layer(k0).zip(layer(k1)).map(|(a, b)| a + (b - a) * w).collect())
    }

    /// The noise at one point.
    pub(super) fn at(&self, x: f32, y: f32, z: f32) -> f32 {
        let ((i0, i1, u), (j0, j1, v), (k0, k1, w)) = (cell(x), cell(y), cell(z));
        let value = |i: usize, j: usize, k: usize| self.0[(k * SIDE + j) * SIDE + i];
        let row = |j: usize, k: usize| lerp(value(i0, j, k), value(i1, j, k), u);
        lerp(lerp(row(j0, k0), row(j1, k0), v), lerp(row(j0, k1), row(j1, k1), v), w)
    }
}

/// A cut through the lattice.
#[derive(Debug)]
pub(super) struct Plane(Vec<f32>);

impl Plane {
    /// The noise at every pair of coordinates, row by row.
    pub(super) fn image(&self, xs: &[f32], ys: &[f32]) -> Vec<f32> {
        let columns: Vec<_> = xs.iter().map(|&x| cell(x)).collect();
        let mut image = Vec::with_capacity(xs.len() * ys.len());
        for &y in ys {
            let (j0, j1, v) = cell(y);
            let line = |j: usize| self.0[j * SIDE..][..SIDE].iter();
            let line: Vec<f32> = line(j0).zip(line(j1)).map(|(&a, &b)| lerp(a, b, v)).collect();
            image.extend(columns.iter().map(|&(i0, i1, u)| lerp(line[i0], line[i1], u)));
        }
        image
    }
}

/// `a` at `t = 0`, `b` at `t = 1`.
pub(super) fn lerp(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

/// The two lattice lines around a coordinate, and the smoothed weight of the second.
fn cell(x: f32) -> (usize, usize, f32) {
    let floor = x.floor();
    let i = (floor as i32 & (SIDE as i32 - 1)) as usize;
    (i, (i + 1) % SIDE, smoothstep(x - floor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cos_sin_agrees_with_the_standard_library() {
        for tenth in -7200..7200_i16 {
            let degrees = f32::from(tenth) / 10.0;
            let (cos, sin) = cos_sin(degrees);
            let exact = f64::from(degrees).to_radians();
            assert!((f64::from(cos) - exact.cos()).abs() < 2e-6, "cos {degrees}");
            assert!((f64::from(sin) - exact.sin()).abs() < 2e-6, "sin {degrees}");
        }
    }

    #[test]
    fn normal_has_mean_0_and_deviation_1() {
        let values: Vec<f64> = (0..100_000).map(|i| f64::from(normal(mix(i)))).collect();
        let mean = values.iter().sum::<f64>() / 1e5;
        let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.01 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
    }
}

//! One slice while it is painted: Hounsfield values, the template coordinates of every pixel, and textures.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "pixel ranges are clamped to the image before the cast"
)]

use super::noise::{Lattice, mix, normal};
use super::shape::{Outline, coverage};

/// Rows and columns of a slice.
pub(super) const SIDE_PX: usize = 512;
/// Distance between pixels, mm.
pub(super) const PIXEL_MM: f32 = 0.8;
/// Number of pixels of a slice.
pub(super) const N_PX: usize = SIDE_PX * SIDE_PX;
/// The lowest value that the scanner stores, HU.
const FLOOR_HU: f32 = -1024.0;
/// Radius of the scanner's field of view, mm.
const FIELD_MM: f32 = 204.0;

/// How this body differs from the template: scaled about the image's centre, then bent by smooth noise.
#[derive(Debug, Clone, Copy)]
pub(super) struct Build {
    pub(super) scale_x: f32,
    pub(super) scale_y: f32,
}

/// Amplitudes (mm) and wavelengths (mm) of the bending.
const BENDS: [(f32, f32); 2] = [(1.7, 42.0), (0.6, 15.0)];
/// No point moves farther than this, mm.
const MAX_BEND_MM: f32 = 9.0;

impl Build {
    /// The template point that lies at a point of the body; all in mm from the image's centre.
    pub(super) fn template_from_body(&self, lattice: &Lattice, [x, y, z]: [f32; 3]) -> (f32, f32) {
        let (mut tx, mut ty) = (x / self.scale_x, y / self.scale_y);
        for (n, &(amplitude, wavelength)) in BENDS.iter().enumerate() {
            let shift = 11.3 * (n + 1) as f32;
            let (u, v, w) = (x / wavelength + shift, y / wavelength, z / wavelength);
            tx += amplitude * lattice.at(u, v, w);
            ty += amplitude * lattice.at(u, v + 31.7, w);
        }
        (tx, ty)
    }

    /// The body point at which a template point lies, to about 0.1 mm.
    pub(super) fn body_from_template(&self, lattice: &Lattice, [tx, ty, z]: [f32; 3]) -> (f32, f32) {
        let (mut x, mut y) = (tx * self.scale_x, ty * self.scale_y);
        for _ in 0..6 {
            let (ax, ay) = self.template_from_body(lattice, [x, y, z]);
            x += (tx - ax) * self.scale_x;
            y += (ty - ay) * self.scale_y;
        }
        (x, y)
    }
}

/// Centre of a column or row in mm from the image's centre.
pub(super) fn mm(px: usize) -> f32 {
    (px as f32 + 0.5 - 0.5 * SIDE_PX as f32) * PIXEL_MM
}

/// The pixels whose centres lie between two positions in mm, grown by one.
pub(super) fn px_range(low_mm: f32, high_mm: f32) -> core::ops::Range<usize> {
    let px = |mm: f32| (mm / PIXEL_MM + 0.5 * SIDE_PX as f32).clamp(0.0, SIDE_PX as f32);
    ((px(low_mm) - 1.0).max(0.0) as usize)..((px(high_mm) + 2.0).min(SIDE_PX as f32) as usize)
}

/// What a tissue looks like: its mean in HU and how much smooth noise of about 2.5, 8 and 30 mm is added, in HU.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ink {
    pub(super) hu: f32,
    pub(super) fine: f32,
    pub(super) middle: f32,
    pub(super) coarse: f32,
}

impl Ink {
    /// A tissue with little structure.
    pub(super) const fn flat(hu: f32) -> Self {
        Self { hu, fine: 0.0, middle: 0.0, coarse: 0.0 }
    }

    pub(super) const fn textured(hu: f32, fine: f32, middle: f32, coarse: f32) -> Self {
        Self { hu, fine, middle, coarse }
    }
}

/// A share 0..=1 for every pixel.
pub(super) type Mask = Vec<f32>;

/// The slice being painted.
pub(super) struct Canvas {
    pub(super) hu: Vec<f32>,
    build: Build,
    xs: Vec<f32>,
    ys: Vec<f32>,
    fine: Vec<f32>,
    middle: Vec<f32>,
    coarse: Vec<f32>,
}

impl Canvas {
    /// The slice at height z (mm), showing only what does not bend with the body.
    pub(super) fn new(build: Build, lattice: &Lattice, z: f32, background_hu: Vec<f32>) -> Self {
        let texture = |wavelength: f32, shift: f32| {
            let axis: Vec<f32> = (0..SIDE_PX).map(|px| mm(px) / wavelength + shift).collect();
            lattice.plane(z / wavelength + shift).image(&axis, &axis)
        };
        let (xs, ys) = Self::coordinates(build, lattice, z);
        Self {
            hu: background_hu,
            build,
            xs,
            ys,
            fine: texture(2.5, 3.1),
            middle: texture(8.0, 17.4),
            coarse: texture(30.0, 40.9),
        }
    }

    /// Template coordinates of every pixel: exact on a grid of 8 pixels, linear between.
    fn coordinates(build: Build, lattice: &Lattice, z: f32) -> (Vec<f32>, Vec<f32>) {
        const STEP: usize = 8;
        const N: usize = SIDE_PX / STEP + 1;
        let at = |i: usize| mm(i * STEP);
        let grid: Vec<(f32, f32)> =
            (0..N * N).map(|i| build.template_from_body(lattice, [at(i % N), at(i / N), z])).collect();
        let (mut xs, mut ys) = (Vec::with_capacity(N_PX), Vec::with_capacity(N_PX));
        for row in 0..SIDE_PX {
            let (j, v) = (row / STEP, (row % STEP) as f32 / STEP as f32);
            for col in 0..SIDE_PX {
                let (i, u) = (col / STEP, (col % STEP) as f32 / STEP as f32);
                let corner = |dj: usize, di: usize| grid[(j + dj) * N + i + di];
                let (a, b, c, d) = (corner(0, 0), corner(0, 1), corner(1, 0), corner(1, 1));
                let blend = |a: f32, b: f32, c: f32, d: f32| {
                    let (top, bottom) = (a + (b - a) * u, c + (d - c) * u);
                    top + (bottom - top) * v
                };
                xs.push(blend(a.0, b.0, c.0, d.0));
                ys.push(blend(a.1, b.1, c.1, d.1));
            }
        }
        (xs, ys)
    }

    /// The tissue's value at a pixel.
    pub(super) fn tone(&self, ink: &Ink, px: usize) -> f32 {
        ink.hu + ink.fine * self.fine[px] + ink.middle * self.middle[px] + ink.coarse * self.coarse[px]
    }

    /// The smooth noises of about 2.5, 8 and 30 mm at a pixel.
    pub(super) fn textures(&self, px: usize) -> [f32; 3] {
        [self.fine[px], self.middle[px], self.coarse[px]]
    }

    /// Calls `f(pixel, coverage, x, y)` for every pixel that the outline, moved inwards by `inset` mm, touches; x and y
    /// are template mm.
    pub(super) fn each(&self, outline: &impl Outline, inset: f32, mut f: impl FnMut(usize, f32, f32, f32)) {
        let edge = outline.edge();
        let [x0, y0, x1, y1] = outline.bounds();
        let reach = edge + MAX_BEND_MM - inset.min(0.0);
        let cols = px_range((x0 - reach) * self.build.scale_x, (x1 + reach) * self.build.scale_x);
        for row in px_range((y0 - reach) * self.build.scale_y, (y1 + reach) * self.build.scale_y) {
            for px in row * SIDE_PX + cols.start..row * SIDE_PX + cols.end {
                let (x, y) = (self.xs[px], self.ys[px]);
                let distance = outline.distance(x, y) + inset;
                if distance < edge {
                    f(px, coverage(distance, edge), x, y);
                }
            }
        }
    }

    /// Paints a tissue over what is there, as far as the clip allows.
    pub(super) fn paint(&mut self, outline: &impl Outline, inset: f32, clip: Option<&Mask>, ink: &Ink) {
        self.paint_with(outline, inset, clip, |canvas, px, _, _| canvas.tone(ink, px));
    }

    /// Paints values that depend on the place: `hu(canvas, pixel, x, y)` with template mm.
    pub(super) fn paint_with(
        &mut self,
        outline: &impl Outline,
        inset: f32,
        clip: Option<&Mask>,
        value: impl Fn(&Self, usize, f32, f32) -> f32,
    ) {
        let mut hu = core::mem::take(&mut self.hu);
        self.each(outline, inset, |px, share, x, y| {
            let share = share * clip.map_or(1.0, |mask| mask[px]);
            hu[px] += (value(self, px, x, y) - hu[px]) * share;
        });
        self.hu = hu;
    }

    /// Adds an outline to a mask.
    pub(super) fn add_to(&self, mask: &mut Mask, outline: &impl Outline, inset: f32) {
        self.each(outline, inset, |px, share, _, _| mask[px] = mask[px].max(share));
    }

    /// A mask of one outline.
    pub(super) fn mask(&self, outline: &impl Outline, inset: f32) -> Mask {
        let mut mask = vec![0.0; N_PX];
        self.add_to(&mut mask, outline, inset);
        mask
    }

    /// What the scanner makes of it: blurred by its point spread, with correlated noise of about 12 HU inside the body
    /// (`noise_key` differs from slice to slice), whole numbers, the lowest value outside the field of view.
    pub(super) fn scan(self, noise_key: u64) -> Vec<i16> {
        let mut hu = self.hu;
        binomial(&mut hu);
        let mut noise: Vec<f32> =
            (0..N_PX as u64).map(|px| normal(mix(noise_key ^ px.wrapping_mul(0x2545_f491)))).collect();
        binomial(&mut noise);
        // The binomial kernel leaves 3/8 of the deviation of white noise.
        let gain = 8.0 / 3.0;
        let mut out = Vec::with_capacity(N_PX);
        for px in 0..N_PX {
            let (x, y) = (mm(px % SIDE_PX), mm(px / SIDE_PX));
            let r2 = x * x + y * y;
            if r2 > FIELD_MM * FIELD_MM {
                out.push(FLOOR_HU as i16);
                continue;
            }
            // Rays through the middle cross the most tissue.
            let deviation = 8.0 + 6.0 * (1.0 - r2 / (FIELD_MM * FIELD_MM));
            out.push((hu[px] + noise[px] * gain * deviation).round().clamp(FLOOR_HU, 3071.0) as i16);
        }
        out
    }
}

/// Convolves a slice with the kernel 1 2 1 along both axes; the border is repeated outwards. A Gaussian of 0.71 pixels,
/// nearly.
fn binomial(values: &mut [f32]) {
    for row in values.chunks_exact_mut(SIDE_PX) {
        let mut before = row[0];
        for i in 0..SIDE_PX {
            let after = row[(i + 1).min(SIDE_PX - 1)];
            let here = row[i];
            row[i] = 0.25 * before + 0.5 * here + 0.25 * after;
            before = here;
        }
    }
    let mut before: Vec<f32> = values[..SIDE_PX].to_vec();
    for j in 0..SIDE_PX {
        let start = j * SIDE_PX;
        let below = (j + 1).min(SIDE_PX - 1) * SIDE_PX;
        for i in 0..SIDE_PX {
            let here = values[start + i];
            values[start + i] = 0.25 * before[i] + 0.5 * here + 0.25 * values[below + i];
            before[i] = here;
        }
    }
}

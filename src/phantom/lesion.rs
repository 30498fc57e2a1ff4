//! The lesions of the phantom: what kinds there are and where they sit (a table), what one looks like, and how its
//! truth is measured from its own pixels.

use crate::detection::LesionType;
use crate::geometry::BBox;

use super::body::Body;
use super::canvas::{PIXEL_MM, SIDE_PX, mm, px_range};
use super::noise::{Dice, Lattice, cos_sin, smoothstep};

/// DeepLesion's boxes hold the lesion's extent and this many pixels on each side.
pub const MARGIN_PX: f32 = 5.0;

/// A kind of lesion: ranges from which each seed draws.
struct Kind {
    name: &'static str,
    lesion_type: LesionType,
    /// Longest diameter, mm.
    long_mm: [f32; 2],
    /// Short over long diameter.
    aspect: [f32; 2],
    /// Mean of the core, HU.
    hu: [f32; 2],
    /// Mean of the rim minus that of the core, HU.
    rim_hu: f32,
    /// Half the width over which the lesion fades into its surroundings, mm.
    soft_mm: f32,
    /// How far the outline wanders, as a share of the radius.
    wobble: f32,
    /// Texture inside, HU.
    texture_hu: f32,
    /// Share of the original tissue that the lesion replaces.
    opacity: f32,
    /// Template points at which such a lesion may sit, mm.
    sites: &'static [[f32; 3]],
}

/// Every phantom has one lesion of each kind. Long diameters follow DeepLesion's distribution (median 19 mm, a quarter
/// above 31 mm).
const KINDS: [Kind; 12] = [
    Kind {
        name: "small lung nodule",
        lesion_type: LesionType::Lung,
        long_mm: [8.0, 10.5],
        aspect: [0.85, 1.0],
        hu: [0.0, 50.0],
        rim_hu: 0.0,
        soft_mm: 0.8,
        wobble: 0.08,
        texture_hu: 8.0,
        opacity: 1.0,
        sites: &[[-80.0, -34.0, 40.0], [-74.0, 12.0, 85.0], [-92.0, -10.0, 60.0]],
    },
    Kind {
        name: "lung nodule",
        lesion_type: LesionType::Lung,
        long_mm: [12.0, 16.0],
        aspect: [0.8, 0.95],
        hu: [10.0, 55.0],
        rim_hu: 0.0,
        soft_mm: 0.9,
        wobble: 0.12,
        texture_hu: 10.0,
        opacity: 1.0,
        sites: &[[84.0, -42.0, 30.0], [96.0, -30.0, 15.0], [80.0, 52.0, 120.0]],
    },
    Kind {
        name: "lung mass",
        lesion_type: LesionType::Lung,
        long_mm: [26.0, 38.0],
        aspect: [0.72, 0.9],
        hu: [30.0, 60.0],
        rim_hu: 12.0,
        soft_mm: 1.1,
        wobble: 0.16,
        texture_hu: 12.0,
        opacity: 1.0,
        sites: &[[-104.0, 30.0, 20.0], [-98.0, 34.0, 110.0], [-100.0, -30.0, 100.0]],
    },
    Kind {
        name: "ground-glass nodule",
        lesion_type: LesionType::Lung,
        long_mm: [14.0, 22.0],
        aspect: [0.75, 0.95],
        hu: [-620.0, -520.0],
        rim_hu: 0.0,
        soft_mm: 2.0,
        wobble: 0.14,
        texture_hu: 20.0,
        opacity: 0.9,
        sites: &[[76.0, 32.0, 60.0], [92.0, 20.0, 90.0], [66.0, 44.0, 35.0]],
    },
    Kind {
        name: "small liver lesion",
        lesion_type: LesionType::Liver,
        long_mm: [10.0, 15.0],
        aspect: [0.8, 1.0],
        hu: [45.0, 62.0],
        rim_hu: 0.0,
        soft_mm: 1.4,
        wobble: 0.08,
        texture_hu: 6.0,
        opacity: 1.0,
        sites: &[[-50.0, -46.0, 165.0], [-20.0, -56.0, 175.0], [-48.0, 10.0, 155.0]],
    },
    Kind {
        name: "liver lesion",
        lesion_type: LesionType::Liver,
        long_mm: [18.0, 27.0],
        aspect: [0.75, 0.95],
        hu: [55.0, 72.0],
        rim_hu: 22.0,
        soft_mm: 1.8,
        wobble: 0.12,
        texture_hu: 7.0,
        opacity: 1.0,
        sites: &[[-104.0, -20.0, 160.0], [-110.0, 10.0, 170.0], [-88.0, -40.0, 180.0]],
    },
    Kind {
        name: "large liver lesion",
        lesion_type: LesionType::Liver,
        long_mm: [32.0, 45.0],
        aspect: [0.75, 0.9],
        hu: [58.0, 74.0],
        rim_hu: 18.0,
        soft_mm: 2.2,
        wobble: 0.14,
        texture_hu: 9.0,
        opacity: 1.0,
        sites: &[[-84.0, 30.0, 195.0], [-92.0, 16.0, 210.0]],
    },
    Kind {
        name: "renal cyst",
        lesion_type: LesionType::Kidney,
        long_mm: [18.0, 32.0],
        aspect: [0.88, 1.0],
        hu: [2.0, 16.0],
        rim_hu: 0.0,
        soft_mm: 0.9,
        wobble: 0.03,
        texture_hu: 2.0,
        opacity: 1.0,
        sites: &[[80.0, 52.0, 225.0], [-78.0, 54.0, 240.0], [74.0, 64.0, 235.0]],
    },
    Kind {
        name: "mediastinal node",
        lesion_type: LesionType::Mediastinum,
        long_mm: [15.0, 22.0],
        aspect: [0.65, 0.85],
        hu: [72.0, 92.0],
        rim_hu: 0.0,
        soft_mm: 1.0,
        wobble: 0.08,
        texture_hu: 6.0,
        opacity: 1.0,
        sites: &[[-17.0, -12.0, 15.0], [8.0, -62.0, 25.0], [2.0, 16.0, 55.0]],
    },
    Kind {
        name: "retroperitoneal node",
        lesion_type: LesionType::Abdomen,
        long_mm: [20.0, 30.0],
        aspect: [0.65, 0.9],
        hu: [70.0, 90.0],
        rim_hu: 0.0,
        soft_mm: 1.0,
        wobble: 0.1,
        texture_hu: 7.0,
        opacity: 1.0,
        sites: &[[26.0, 20.0, 240.0], [24.0, 16.0, 245.0]],
    },
    Kind {
        name: "soft-tissue mass",
        lesion_type: LesionType::SoftTissue,
        long_mm: [26.0, 40.0],
        aspect: [0.6, 0.8],
        hu: [30.0, 48.0],
        rim_hu: 24.0,
        soft_mm: 1.2,
        wobble: 0.1,
        texture_hu: 9.0,
        opacity: 1.0,
        sites: &[[-143.0, 10.0, 125.0], [145.0, 24.0, 90.0], [-78.0, 88.0, 140.0], [80.0, 88.0, 105.0]],
    },
    Kind {
        name: "lytic vertebral lesion",
        lesion_type: LesionType::Bone,
        long_mm: [13.0, 18.0],
        aspect: [0.75, 0.95],
        hu: [50.0, 80.0],
        rim_hu: 0.0,
        soft_mm: 1.2,
        wobble: 0.14,
        texture_hu: 14.0,
        opacity: 1.0,
        sites: &[[5.0, 46.0, 85.0], [-5.0, 47.0, 110.0], [4.0, 48.0, 185.0]],
    },
];

/// What an annotator would mark on one slice.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Index of the slice, from 0.
    pub slice_idx: usize,
    /// The lesion's extent in image pixels, half-open, without margin.
    pub extent_px: BBox,
    /// Ends of the longest diameter, then of the longest one perpendicular to it: pixel centres `[x, y]` in image
    /// pixels (the first pixel's centre is 0.5).
    pub diameters_px: [[f32; 2]; 4],
    /// Lengths of the two, px.
    pub long_px: f32,
    /// See `long_px`.
    pub short_px: f32,
}

impl Mark {
    /// The box that DeepLesion would give: the extent and [`MARGIN_PX`] on each side, clipped to the image.
    #[must_use]
    pub fn box_px(&self) -> BBox {
        self.extent_px.grown(MARGIN_PX).clipped(SIDE_PX as f32, SIDE_PX as f32)
    }
}

/// One lesion of the phantom.
#[derive(Debug, Clone)]
pub struct PhantomLesion {
    /// What it stands for, in English.
    pub name: &'static str,
    /// DeepLesion's coarse type.
    pub lesion_type: LesionType,
    /// Centre in mm: x and y from the image's centre (right, down), z from the first slice towards the feet.
    pub center_mm: [f32; 3],
    /// Diameters of the ellipsoid in mm: longest and shortest in the slice, and along z.
    pub axes_mm: [f32; 3],
    /// Mean of the core, HU, before noise.
    pub core_hu: f32,
    /// Marks on the slices that cut the lesion at no less than half of its largest diameter: the key slice (largest
    /// diameter) first, the others in order.
    pub marks: Vec<Mark>,
    rim_hu: f32,
    soft_mm: f32,
    wobble: f32,
    texture_hu: f32,
    opacity: f32,
    direction: (f32, f32),
    /// Shares of the radius that are added as cos kφ, as sin kφ and, changing along z, as cos kφ again, for k from 2.
    lobes: [[f32; 3]; 5],
    salt: f32,
}

/// A unit vector along the long axis of a lesion at (x, y) mm: along the wall for what grows in it, any direction else.
fn long_axis(lesion_type: LesionType, x: f32, y: f32, dice: &mut Dice) -> (f32, f32) {
    let any = cos_sin(dice.between(0.0, 180.0));
    // The body is about 1.4 times as wide as deep.
    let (tx, ty) = (-2.0 * y, x);
    let length = (tx * tx + ty * ty).sqrt();
    if lesion_type == LesionType::SoftTissue && length > 1.0 { (tx / length, ty / length) } else { any }
}

/// Draws the lesions of a body; slices are `interval_mm` apart.
pub(super) fn place(body: &Body, seed: u64, n_slices: usize, interval_mm: f32) -> Vec<PhantomLesion> {
    let mut dice = Dice::new(seed, 2);
    let last = (n_slices - 1) as f32;
    let mut lesions = Vec::with_capacity(KINDS.len());
    for (n, kind) in KINDS.iter().enumerate() {
        let Some(&[tx, ty, tz]) = dice.pick(kind.sites) else {
            continue;
        };
        let mut jitter = || dice.between(-2.0, 2.0);
        let (tx, ty) = (tx + jitter(), ty + jitter());
        // Nearest slice: the largest cross-section is then (nearly) on a slice.
        let z = (tz / interval_mm).round().clamp(1.0, last - 1.0) * interval_mm + 0.4 * jitter();
        let (x, y) = body.build.body_from_template(&body.lattice, [tx, ty, z]);
        let long = dice.between(kind.long_mm[0], kind.long_mm[1]);
        let short = long * dice.between(kind.aspect[0], kind.aspect[1]);
        let mut lesion = PhantomLesion {
            name: kind.name,
            lesion_type: kind.lesion_type,
            center_mm: [x, y, z],
            axes_mm: [long, short, short * dice.between(0.85, 1.2)],
            core_hu: dice.between(kind.hu[0], kind.hu[1]),
            marks: Vec::new(),
            rim_hu: kind.rim_hu,
            soft_mm: kind.soft_mm,
            wobble: kind.wobble,
            texture_hu: kind.texture_hu,
            opacity: kind.opacity,
            direction: long_axis(kind.lesion_type, x, y, &mut dice),
            lobes: core::array::from_fn(|k| {
                let size = kind.wobble * 1.5 / (k + 2) as f32;
                [dice.between(-size, size), dice.between(-size, size), dice.between(-size, size)]
            }),
            salt: 5.3 * (n + 1) as f32,
        };
        lesion.marks = lesion.measure(&body.lattice, n_slices, interval_mm);
        lesions.push(lesion);
    }
    lesions
}

impl PhantomLesion {
    /// Paints the lesion into the slice at height z (mm).
    pub(super) fn paint(&self, lattice: &Lattice, z: f32, hu: &mut [f32]) {
        self.each(lattice, z, |px, x, y, depth_mm, share| {
            let rim = self.rim_hu * smoothstep(1.0 - depth_mm / 4.0);
            let texture =
                lattice.at(x / 3.0 + self.salt, y / 3.0, z / 3.0) + lattice.at(x / 7.0, y / 7.0 + self.salt, z / 7.0);
            let value = self.core_hu + rim + 0.7 * self.texture_hu * texture;
            hu[px] += (value - hu[px]) * share * self.opacity;
        });
    }

    /// Calls `f(pixel, x, y, depth below the outline, share)` for the pixels that the lesion touches; all in mm.
    fn each(&self, lattice: &Lattice, z: f32, mut f: impl FnMut(usize, f32, f32, f32, f32)) {
        let [cx, cy, cz] = self.center_mm;
        let [long, short, tall] = self.axes_mm;
        let w = 2.0 * (z - cz) / tall;
        let reach = 0.5 * long * (1.0 + 3.0 * self.wobble) + 2.0 * self.soft_mm;
        if (z - cz).abs() > reach {
            return;
        }
        let (cos, sin) = self.direction;
        for row in px_range(cy - reach, cy + reach) {
            for col in px_range(cx - reach, cx + reach) {
                let (x, y) = (mm(col), mm(row));
                let (dx, dy) = (x - cx, y - cy);
                let u = 2.0 * (dx * cos + dy * sin) / long;
                let v = 2.0 * (dy * cos - dx * sin) / short;
                let level = (u * u + v * v + w * w).sqrt();
                let grain = 0.2 * self.wobble * lattice.at(x / 2.5 + self.salt, y / 2.5, z / 2.5);
                let depth = (1.0 + (self.bumps(u, v, w) + grain).clamp(-0.4, 0.4) - level) * 0.25 * (long + short);
                let share = smoothstep(0.5 + 0.5 * depth / self.soft_mm);
                if share > 0.0 {
                    f(row * SIDE_PX + col, x, y, depth, share);
                }
            }
        }
    }

    /// How far the outline lies outside the ellipsoid in the direction (u, v, w), as a share of the radius.
    fn bumps(&self, u: f32, v: f32, w: f32) -> f32 {
        let length = (u * u + v * v).sqrt().max(1e-3);
        let (c1, s1) = (u / length, v / length);
        let (mut c, mut s, mut sum) = (c1, s1, 0.0);
        for [a, b, twist] in self.lobes {
            (c, s) = (c * c1 - s * s1, s * c1 + c * s1);
            sum += (a + twist * w.clamp(-1.0, 1.0)) * c + b * s;
        }
        // A direction means nothing at the centre, and the poles stay above it.
        sum * smoothstep(1.2 * length) * (1.0 - w * w).max(0.0)
    }

    /// The marks, from the pixels of which the lesion holds at least half.
    fn measure(&self, lattice: &Lattice, n_slices: usize, interval_mm: f32) -> Vec<Mark> {
        let mut marks: Vec<Mark> = (0..n_slices)
            .filter_map(|slice_idx| {
                let mut pixels = Vec::new();
                self.each(lattice, slice_idx as f32 * interval_mm, |px, _, _, _, share| {
                    if share >= 0.5 {
                        pixels.push((px % SIDE_PX, px / SIDE_PX));
                    }
                });
                mark(slice_idx, &pixels)
            })
            .collect();
        let largest = marks.iter().map(|mark| mark.long_px).fold(0.0, f32::max);
        marks.retain(|mark| mark.long_px >= 0.5 * largest);
        // The key slice first; the sort is stable, so the others stay in order.
        marks.sort_by_key(|mark| mark.long_px < largest);
        marks
    }

    /// Longest diameter on the key slice in mm; 0 for a lesion without a mark.
    #[must_use]
    pub fn long_mm(&self) -> f32 {
        self.marks.first().map_or(0.0, |mark| mark.long_px * PIXEL_MM)
    }
}

/// Measures a set of pixels (column, row); `None` for none.
fn mark(slice_idx: usize, pixels: &[(usize, usize)]) -> Option<Mark> {
    let &(first_col, first_row) = pixels.first()?;
    let (mut x0, mut y0, mut x1, mut y1) = (first_col, first_row, first_col, first_row);
    for &(col, row) in pixels {
        (x0, y0, x1, y1) = (x0.min(col), y0.min(row), x1.max(col), y1.max(row));
    }
    // Only the ends of the rows can be ends of a diameter.
    let mut ends: Vec<[f32; 2]> = Vec::new();
    for row in y0..=y1 {
        let in_row = || pixels.iter().filter(move |p| p.1 == row).map(|p| p.0);
        if let (Some(left), Some(right)) = (in_row().min(), in_row().max()) {
            ends.extend([left, right].map(|col| [col as f32 + 0.5, row as f32 + 0.5]));
        }
    }
    let squared = |p: [f32; 2], q: [f32; 2]| (q[0] - p[0]) * (q[0] - p[0]) + (q[1] - p[1]) * (q[1] - p[1]);
    let farthest = |allowed: &dyn Fn([f32; 2], [f32; 2]) -> bool| {
        let mut best = (ends[0], ends[0], 0.0);
        for (i, &p) in ends.iter().enumerate() {
            for &q in &ends[i + 1..] {
                if squared(p, q) > best.2 && allowed(p, q) {
                    best = (p, q, squared(p, q));
                }
            }
        }
        best
    };
    let (a, b, long2) = farthest(&|_, _| true);
    let axis = [b[0] - a[0], b[1] - a[1]];
    // Perpendicular to within 5.7 degrees, as whole pixels allow.
    let (c, d, short2) = farthest(&|p, q| {
        let along = (q[0] - p[0]) * axis[0] + (q[1] - p[1]) * axis[1];
        along * along <= 0.01 * squared(p, q) * long2
    });
    Some(Mark {
        slice_idx,
        extent_px: BBox { x0: x0 as f32, y0: y0 as f32, x1: x1 as f32 + 1.0, y1: y1 as f32 + 1.0 },
        diameters_px: [a, b, c, d],
        long_px: long2.sqrt(),
        short_px: short2.sqrt(),
    })
}

//! The two solids that the phantom is made of, in template space (mm; x to the image's right, y downwards, z towards
//! the feet): lofts, whose cross-sections are rounded ellipses given at a few heights, and capsules, which are straight
//! pieces of tubes.

use super::noise::{cos_sin, lerp, smoothstep};

/// Thickness of a slice in mm: how far a surface that is cut obliquely is smeared.
const THICKNESS_MM: f32 = 2.5;
/// Half the width of the edge of a surface at a right angle to the slice, in mm: about half a pixel.
const EDGE_MM: f32 = 0.45;

/// Something with an outline in the slice.
pub(super) trait Outline {
    /// `[x0, y0, x1, y1]` in mm around everything within the outline.
    fn bounds(&self) -> [f32; 4];
    /// Signed distance to the outline in mm, negative inside; exact near the outline, monotone elsewhere.
    fn distance(&self, x: f32, y: f32) -> f32;
    /// Half the width over which the outline fades, in mm.
    fn edge(&self) -> f32 {
        EDGE_MM
    }
}

/// The part of a pixel that lies inside an outline, 0..=1, from the signed distance of its centre.
pub(super) fn coverage(distance: f32, edge: f32) -> f32 {
    smoothstep(0.5 - 0.5 * distance / edge)
}

/// One cross-section of a loft: `[z, centre x, centre y, radius x, radius y, tilt in degrees]`. A positive tilt turns
/// the x radius clockwise on the screen.
pub(super) type Knot = [f32; 6];

/// A solid given by its cross-sections; between them every number follows a cubic through the knots.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loft {
    /// Cross-sections with rising z; the solid ends at the first and the last.
    pub(super) knots: &'static [Knot],
    /// 0 is an ellipse, 1 the rounder square `x⁴ + y⁴ = 1`.
    pub(super) square: f32,
    /// Length in mm over which the solid closes like an ellipsoid at its top and at its bottom; 0 is cut straight.
    pub(super) caps: [f32; 2],
}

/// The factor by which an ellipsoidal cap shrinks a radius at `depth` mm from the end.
fn cap(depth: f32, length: f32) -> f32 {
    let t = if length > 0.0 { (1.0 - depth / length).max(0.0) } else { 0.0 };
    (1.0 - t * t).max(0.0).sqrt()
}

impl Loft {
    /// The cross-section at height z, mirrored to the other side of the body when `side` is −1.
    pub(super) fn section(&self, z: f32, side: f32) -> Option<Section> {
        let [cx, cy, rx, ry, tilt] = self.numbers(z)?;
        let (cos, sin) = cos_sin(tilt * side);
        // How fast the radius changes along z, from the neighbouring heights that exist.
        let radius = |z: f32| self.numbers(z).map(|[_, _, rx, ry, _]| 0.5 * (rx + ry));
        let here = 0.5 * (rx + ry);
        let slope = (radius(z - 1.0).unwrap_or(0.0) - here).abs().max((radius(z + 1.0).unwrap_or(0.0) - here).abs());
        let edge = EDGE_MM + 0.5 * (THICKNESS_MM * slope).min(6.0);
        Some(Section { cx: cx * side, cy, rx, ry, cos, sin, square: self.square, edge })
    }

    /// Centre, radii and tilt at height z.
    fn numbers(&self, z: f32) -> Option<[f32; 5]> {
        let (first, last) = (self.knots.first()?, self.knots.last()?);
        if z <= first[0] || z >= last[0] {
            return None;
        }
        let i = self.knots.iter().rposition(|k| k[0] <= z)?;
        let knot = |j: usize| &self.knots[j.min(self.knots.len() - 1)];
        let (a, b, c, d) = (knot(i.saturating_sub(1)), knot(i), knot(i + 1), knot(i + 2));
        let span = (c[0] - b[0]).max(1e-3);
        let t = (z - b[0]) / span;
        let mut out = [0.0; 5];
        for (n, value) in out.iter_mut().enumerate() {
            let at = |k: &Knot| k[n + 1];
            let slope = |k: &Knot, l: &Knot| (at(l) - at(k)) / (l[0] - k[0]).max(1e-3) * span;
            let (m0, m1) = (slope(a, c), slope(b, d));
            let (t2, t3) = (t * t, t * t * t);
            *value = (2.0 * t3 - 3.0 * t2 + 1.0) * at(b)
                + (t3 - 2.0 * t2 + t) * m0
                + (3.0 * t2 - 2.0 * t3) * at(c)
                + (t3 - t2) * m1;
        }
        let shrink = cap(z - first[0], self.caps[0]) * cap(last[0] - z, self.caps[1]);
        out[2] = (out[2] * shrink).max(0.05);
        out[3] = (out[3] * shrink).max(0.05);
        Some(out)
    }
}

/// A rounded ellipse in one slice.
#[derive(Debug, Clone, Copy)]
pub(super) struct Section {
    pub(super) cx: f32,
    pub(super) cy: f32,
    pub(super) rx: f32,
    pub(super) ry: f32,
    cos: f32,
    sin: f32,
    square: f32,
    edge: f32,
}

impl Section {
    /// An upright ellipse.
    pub(super) fn ellipse(cx: f32, cy: f32, rx: f32, ry: f32, square: f32) -> Self {
        Self { cx, cy, rx, ry, cos: 1.0, sin: 0.0, square, edge: EDGE_MM }
    }

    /// The same outline moved outwards by `mm`.
    pub(super) fn grown(self, mm: f32) -> Self {
        Self { rx: (self.rx + mm).max(0.05), ry: (self.ry + mm).max(0.05), ..self }
    }

    /// The point of the outline in direction `degrees` from straight down, towards the image's right.
    pub(super) fn rim(&self, degrees: f32) -> (f32, f32) {
        let (cos, sin) = cos_sin(degrees);
        let level = self.level(sin, cos);
        (self.cx + self.rx * sin / level, self.cy + self.ry * cos / level)
    }

    /// 1 on the outline, in coordinates divided by the radii.
    fn level(&self, u: f32, v: f32) -> f32 {
        let (uu, vv) = (u * u, v * v);
        let round = (uu + vv).sqrt();
        if self.square == 0.0 { round } else { lerp(round, (uu * uu + vv * vv).sqrt().sqrt(), self.square) }
    }
}

impl Outline for Section {
    fn bounds(&self) -> [f32; 4] {
        let reach = if self.square > 0.0 { 1.2 } else { 1.0 };
        let (a, b) = (self.rx * reach, self.ry * reach);
        let (w, h) = (
            ((a * self.cos) * (a * self.cos) + (b * self.sin) * (b * self.sin)).sqrt(),
            ((a * self.sin) * (a * self.sin) + (b * self.cos) * (b * self.cos)).sqrt(),
        );
        [self.cx - w, self.cy - h, self.cx + w, self.cy + h]
    }

    fn distance(&self, x: f32, y: f32) -> f32 {
        let (dx, dy) = (x - self.cx, y - self.cy);
        let u = (dx * self.cos + dy * self.sin) / self.rx;
        let v = (dy * self.cos - dx * self.sin) / self.ry;
        // The small number keeps the quotient of radius and gradient defined at the centre.
        let (uu, vv) = (u * u + 1e-9, v * v + 1e-9);
        let gradient = (uu / (self.rx * self.rx) + vv / (self.ry * self.ry)).sqrt();
        (self.level(u, v) - 1.0) * (uu + vv).sqrt() / gradient
    }

    fn edge(&self) -> f32 {
        self.edge
    }
}

/// A point of a tube's axis with the tube's radius there: `[x, y, z, radius]` in mm.
pub(super) type Node = [f32; 4];

/// A straight piece of a tube with round ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Capsule {
    pub(super) a: Node,
    pub(super) b: Node,
    /// Distances along z count this much: below 1 the tube is taller than it is wide.
    pub(super) z_weight: f32,
}

impl Capsule {
    pub(super) fn new(a: Node, b: Node) -> Self {
        Self { a, b, z_weight: 1.0 }
    }

    /// The piece as it meets the slice at height z, if it does.
    pub(super) fn cut(&self, z: f32) -> Option<CapsuleCut> {
        let r = self.a[3].max(self.b[3]);
        let reach = (r + 2.0 * EDGE_MM) / self.z_weight;
        if r <= 0.0 || z < self.a[2].min(self.b[2]) - reach || z > self.a[2].max(self.b[2]) + reach {
            return None;
        }
        let (az, bz) = ((self.a[2] - z) * self.z_weight, (self.b[2] - z) * self.z_weight);
        let axis = [self.b[0] - self.a[0], self.b[1] - self.a[1], bz - az];
        let length2 = (axis[0] * axis[0] + axis[1] * axis[1] + axis[2] * axis[2]).max(1e-6);
        Some(CapsuleCut { a: [self.a[0], self.a[1], az], axis, length2, radii: [self.a[3], self.b[3]] })
    }
}

/// A capsule seen from one slice: `a` is one end relative to the slice, `axis` leads to the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct CapsuleCut {
    a: [f32; 3],
    axis: [f32; 3],
    length2: f32,
    radii: [f32; 2],
}

impl Outline for CapsuleCut {
    fn bounds(&self) -> [f32; 4] {
        let r = self.radii[0].max(self.radii[1]);
        let (bx, by) = (self.a[0] + self.axis[0], self.a[1] + self.axis[1]);
        [self.a[0].min(bx) - r, self.a[1].min(by) - r, self.a[0].max(bx) + r, self.a[1].max(by) + r]
    }

    fn distance(&self, x: f32, y: f32) -> f32 {
        let p = [x - self.a[0], y - self.a[1], -self.a[2]];
        let along = p[0] * self.axis[0] + p[1] * self.axis[1] + p[2] * self.axis[2];
        let t = (along / self.length2).clamp(0.0, 1.0);
        let q = [p[0] - self.axis[0] * t, p[1] - self.axis[1] * t, p[2] - self.axis[2] * t];
        (q[0] * q[0] + q[1] * q[1] + q[2] * q[2]).sqrt() - lerp(self.radii[0], self.radii[1], t)
    }
}

/// The capsules of a tube through the nodes.
pub(super) fn tube(nodes: &[Node]) -> impl Iterator<Item = Capsule> + '_ {
    nodes.windows(2).filter_map(|pair| match pair {
        &[a, b] => Some(Capsule::new(a, b)),
        _ => None,
    })
}

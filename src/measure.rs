//! Diameters and type of a candidate: what a person would measure on the slice, and what kind of lesion it looks like.
//!
//! In: the axis and type channels of one cell. Out: [`Axes`] in image pixels and millimetres, and a [`TypeEstimate`].
//!
//! The diameters are those of RECIST 1.1 (Eisenhauer et al. 2009, Eur J Cancer 45:228): the longest one in the plane of
//! the slice, and the longest one perpendicular to it, which DeepLesion's radiologists drew as two crossing lines (Yan
//! et al. 2018, `Measurement_coordinates`). The net regresses the logarithm of both lengths, and the long one's
//! direction as sine and cosine of twice its angle, because a line is the same line after half a turn. What the source
//! leaves open is closed thus: the lines cross in the middle of each, in the centre of the box without margin, since
//! where they cross is not regressed; a short diameter that comes out longer than the long one is cut to it; lengths
//! and right angles are those of the input's square pixels, and only the ends are mapped to the image, whose pixels need
//! not be square; without any direction (both channels 0) the long diameter lies along x.
//!
//! The type is the largest of a softmax over DeepLesion's eight coarse types. Its logits are divided by a temperature
//! that was fitted on other patients (Guo et al. 2017, "On Calibration of Modern Neural Networks"), and below a smallest
//! share the type is unknown. Of equal shares the first in DeepLesion's order counts.

use crate::detection::{Axes, LesionType, TypeEstimate};
use crate::input::ImageFromInput;
use crate::model::TypesSpec;

/// What the axis channels hold in one cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AxisChannels {
    /// Natural logarithm of the long diameter in input pixels.
    pub log_long: f32,
    /// Natural logarithm of the short diameter in input pixels.
    pub log_short: f32,
    /// Sine of twice the long diameter's angle from +x towards +y, times any positive number.
    pub sin_2theta: f32,
    /// Cosine of twice that angle, times the same number.
    pub cos_2theta: f32,
}

/// The diameters through a centre `[x, y]` in input pixels. `mm_per_px` is the input's spacing, `None` where the slice's
/// own is not known. `None` when any end or length is not a finite number.
#[must_use]
pub fn axes(
    center_px: [f32; 2],
    channels: &AxisChannels,
    image_from_input: &ImageFromInput,
    mm_per_px: Option<f64>,
) -> Option<Axes> {
    let long = f64::from(channels.log_long.exp());
    let short = f64::from(channels.log_short.exp()).min(long);
    let (sin, cos) = (0.5 * f64::from(channels.sin_2theta).atan2(f64::from(channels.cos_2theta))).sin_cos();
    let [x, y] = center_px.map(f64::from);
    let ends = |length: f64, [along_x, along_y]: [f64; 2]| {
        [-0.5, 0.5].map(|side| {
            let reach = side * length;
            image_from_input.map_point([single(x + reach * along_x), single(y + reach * along_y)])
        })
    };
    let (long_px, short_px) = (ends(long, [cos, sin]), ends(short, [-sin, cos]));
    let is_finite = long_px.iter().chain(&short_px).flatten().all(|coordinate| coordinate.is_finite());
    let in_mm = |length: f64| mm_per_px.map(|mm| single(length * mm));
    is_finite.then(|| Axes { long_px, short_px, long_mm: in_mm(long), short_mm: in_mm(short) })
}

/// The type that eight logits, in the order of [`LesionType::ALL`], name; `None` when no share is large enough, or when
/// a logit is not a number.
#[must_use]
pub fn lesion_type(logits: [f32; 8], spec: &TypesSpec) -> Option<TypeEstimate> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    // With the largest taken off, no exponential overflows and the largest is 1.
    let weights = logits.map(|logit| ((logit - largest) / spec.temperature).exp());
    let probability = 1.0 / weights.iter().sum::<f32>();
    let best = logits.iter().position(|&logit| logit >= largest)?;
    let name = LesionType::ALL[best];
    (probability >= spec.min_probability).then_some(TypeEstimate { name, probability })
}

#[allow(clippy::cast_possible_truncation, reason = "pixels and millimetres do not need more than f32 holds")]
fn single(value: f64) -> f32 {
    value as f32
}

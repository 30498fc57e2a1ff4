//! Hounsfield units: from stored values, and to grey levels on a display.

use serde::{Deserialize, Serialize};

/// The linear map from stored values to Hounsfield units: `hu = stored × slope + intercept` (DICOM PS3.3 C.11.1.1.2,
/// Modality LUT).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rescale {
    // Invariant: both finite, slope not 0.
    slope: f64,
    intercept: f64,
}

impl Rescale {
    /// DeepLesion's 16-bit PNGs: `hu = stored − 32768`.
    pub const DEEPLESION: Self = Self { slope: 1.0, intercept: -32768.0 };

    /// `None` if a value is not finite or the slope is 0: such Hounsfield units could not be trusted.
    #[must_use]
    pub fn new(slope: f64, intercept: f64) -> Option<Self> {
        (slope.is_finite() && intercept.is_finite() && slope != 0.0).then_some(Self { slope, intercept })
    }

    /// The map for stored values that count in steps of `step`; `None` if it could not be trusted.
    pub(crate) fn in_steps(&self, step: f64) -> Option<Self> {
        Self::new(self.slope * step, self.intercept)
    }

    /// Hounsfield units of one stored value.
    #[must_use]
    pub fn hu(&self, stored: i32) -> f64 {
        self.of(f64::from(stored))
    }

    /// Hounsfield units of a stored value that need not be whole.
    pub(crate) fn of(&self, stored: f64) -> f64 {
        stored * self.slope + self.intercept
    }
}

/// A display window in Hounsfield units, as radiologists name it: `W 400 L 40`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(missing_as_null))]
pub struct Window {
    /// The level: the middle of the grey ramp.
    pub center_hu: f32,
    /// The width of the grey ramp; at least 1.
    pub width_hu: f32,
}

impl Window {
    /// Soft tissue, the window a slice opens with when its file names none.
    pub const SOFT_TISSUE: Self = Self { center_hu: 40.0, width_hu: 400.0 };

    /// The window between two Hounsfield values, as DeepLesion's `DICOM_windows` column gives it.
    #[must_use]
    pub fn from_range(low_hu: f32, high_hu: f32) -> Self {
        Self { center_hu: 0.5 * (low_hu + high_hu), width_hu: (high_hu - low_hu).max(1.0) }
    }

    /// Grey level 0..=255 of a Hounsfield value: DICOM PS3.3 C.11.2.1.2.1 (VOI LUT function LINEAR) with output range
    /// 0..=255, rounded to nearest. A width below 1 counts as 1. NaN becomes black.
    #[must_use]
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the value is clamped to 0..=255 before the cast"
    )]
    pub fn grey(&self, hu: f32) -> u8 {
        let (center, width) = (self.center_hu, self.width_hu.max(1.0));
        let half = (width - 1.0) / 2.0;
        if hu <= center - 0.5 - half {
            0
        } else if hu > center - 0.5 + half {
            255
        } else {
            let y = ((hu - (center - 0.5)) / (width - 1.0) + 0.5) * 255.0;
            y.round().clamp(0.0, 255.0) as u8
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rescale_refuses_what_cannot_be_trusted() {
        for (slope, intercept) in [(0.0, 0.0), (f64::NAN, 0.0), (1.0, f64::INFINITY)] {
            assert_eq!(Rescale::new(slope, intercept), None, "{slope} {intercept}");
        }
        assert_eq!(Rescale::new(2.0, -1024.0).map(|r| r.hu(10)), Some(-1004.0));
    }

    #[test]
    fn grey_follows_the_standards_formula() {
        // PS3.3 C.11.2.1.2.1, Note 2: center 2048, width 4096 maps 0..4095 onto the whole range;
        // center 0, width 1 is a step; width 2 has one level between.
        let check = |center_hu: f32, width_hu: f32, hu: f32, grey: u8| {
            assert_eq!(Window { center_hu, width_hu }.grey(hu), grey, "C {center_hu} W {width_hu} at {hu}");
        };
        check(2048.0, 4096.0, 0.0, 0);
        check(2048.0, 4096.0, 4095.0, 255);
        check(2048.0, 4096.0, 2047.5, 128);
        check(0.0, 1.0, -0.5, 0);
        check(0.0, 1.0, 0.0, 255);
        check(40.0, 400.0, -160.0, 0);
        check(40.0, 400.0, 240.0, 255);
        check(40.0, 400.0, f32::NAN, 0);
    }
}

//! What the detector says about one slice.

use serde::{Deserialize, Serialize};

use crate::geometry::BBox;

/// A box that the detector draws on one slice.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    /// The box in image pixels of the slice, margin included, clipped to the image.
    pub box_px: BBox,
    /// How much the box resembles the lesions that the net was trained on, 0..=1. It ranks boxes; it is no likelihood
    /// of disease.
    pub score: f32,
}

/// A lesion that a person marked on a slice.
#[derive(Debug, Clone, PartialEq)]
pub struct Truth {
    /// The box in image pixels; DeepLesion's boxes hold the lesion's extent and 5 pixels on each side.
    pub box_px: BBox,
    /// Longest in-plane diameter in image pixels, where the annotation carries it.
    pub long_px: Option<f32>,
    /// Longest diameter perpendicular to it, in image pixels.
    pub short_px: Option<f32>,
    /// DeepLesion's coarse type, where it is known.
    pub lesion_type: Option<LesionType>,
    /// DeepLesion flags 35 annotations as possibly noisy; the evaluation leaves them out.
    pub noisy: bool,
}

/// DeepLesion's eight coarse lesion types, numbered 1 to 8 in its table (Yan et al. 2018).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LesionType {
    /// 1
    Bone,
    /// 2: abdominal lesions that belong to neither liver nor kidney.
    Abdomen,
    /// 3
    Mediastinum,
    /// 4
    Liver,
    /// 5
    Lung,
    /// 6
    Kidney,
    /// 7: muscle, skin and fat.
    SoftTissue,
    /// 8
    Pelvis,
}

impl LesionType {
    /// The type with DeepLesion's number; `None` for −1 (unknown) and anything else.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        Some(match number {
            1 => Self::Bone,
            2 => Self::Abdomen,
            3 => Self::Mediastinum,
            4 => Self::Liver,
            5 => Self::Lung,
            6 => Self::Kidney,
            7 => Self::SoftTissue,
            8 => Self::Pelvis,
            _ => return None,
        })
    }
    /// Name as it appears in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bone => "bone",
            Self::Abdomen => "abdomen",
            Self::Mediastinum => "mediastinum",
            Self::Liver => "liver",
            Self::Lung => "lung",
            Self::Kidney => "kidney",
            Self::SoftTissue => "soft tissue",
            Self::Pelvis => "pelvis",
        }
    }
}

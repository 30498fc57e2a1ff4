//! What the detector says about one slice.

use serde::{Deserialize, Serialize};

use crate::geometry::BBox;
use crate::slice::SliceId;

/// A box that the detector draws on one slice, with what it measures and names there.
///
/// ```
/// use lesionlens::detection::Detection;
/// use lesionlens::geometry::BBox;
///
/// let detection = Detection::new(BBox::from([10.0, 20.0, 30.0, 50.0]), 0.7);
/// assert_eq!((detection.box_px.width(), detection.box_px.height()), (20.0, 30.0));
/// assert_eq!(detection.axes, None, "a model without diameters");
/// ```
///
/// Read from a file, `axes` and `type` may be missing, as in detections that a detector without them wrote.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(missing_as_null))]
pub struct Detection {
    /// The box in image pixels of the slice, margin included, clipped to the image.
    pub box_px: BBox,
    /// How much the box resembles the lesions that the net was trained on, 0..=1. It ranks boxes; it is no likelihood
    /// of disease.
    pub score: f32,
    /// The two diameters; `None` when the model has no channels for them.
    pub axes: Option<Axes>,
    /// The coarse type; `None` when the net is not sure enough of one, or when the model has no channels for it.
    #[serde(rename = "type")]
    pub lesion_type: Option<TypeEstimate>,
}

/// Names a detection for as long as its slice is searched by the same model.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct DetectionId(String);

impl DetectionId {
    /// Of the detection at a place, from 0, of its slice's list by falling score, down to the model's score floor.
    #[must_use]
    pub fn new(slice: &SliceId, rank: usize) -> Self {
        Self(format!("{slice}.{rank}"))
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Detection {
    /// A box with a score and nothing else, as a model with neither diameters nor types finds it.
    #[must_use]
    pub fn new(box_px: BBox, score: f32) -> Self {
        Self { box_px, score, axes: None, lesion_type: None }
    }
}

/// The long and the short diameter of a lesion on one slice, as RECIST defines them: two lines that cross at right
/// angles in millimetres, which are no right angles in pixels that are not square. The ends are not clipped to the image.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(missing_as_null))]
pub struct Axes {
    /// Both ends of the long diameter, `[x, y]` in image pixels of the slice.
    pub long_px: [[f32; 2]; 2],
    /// Both ends of the short diameter, `[x, y]` in image pixels of the slice.
    pub short_px: [[f32; 2]; 2],
    /// Length of the long diameter in mm; `None` where nothing says the slice's spacing.
    pub long_mm: Option<f32>,
    /// Length of the short diameter in mm, at most the long one's; `None` where nothing says the slice's spacing.
    pub short_mm: Option<f32>,
}

/// A type that the net names for a detection.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(missing_as_null))]
pub struct TypeEstimate {
    /// The type.
    pub name: LesionType,
    /// Its share of the eight types' softmax, from the smallest share that the model's spec takes for known to 1.
    pub probability: f32,
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
/// Serialized as [`LesionType::name`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
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
    #[serde(rename = "soft tissue")]
    SoftTissue,
    /// 8
    Pelvis,
}

impl LesionType {
    /// Every type, in the order of DeepLesion's numbers.
    pub const ALL: [Self; 8] = [
        Self::Bone,
        Self::Abdomen,
        Self::Mediastinum,
        Self::Liver,
        Self::Lung,
        Self::Kidney,
        Self::SoftTissue,
        Self::Pelvis,
    ];

    /// The type with DeepLesion's number; `None` for −1 (unknown) and anything else.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        let idx = usize::try_from(number.checked_sub(1)?).ok()?;
        Self::ALL.get(idx).copied()
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

//! What a model's spec file promises, read and checked: everything about a model that is not in its ONNX file.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{ModelError, RawHead, hex};
use crate::input::InputSpec;

/// The form of spec that is read.
const SCHEMA: &str = "lesionlens.model/2";

/// Everything about a model that is not in its ONNX file. Read by [`ModelSpec::from_json`] only, so every spec in the
/// program has been checked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSpec {
    schema: String,
    /// Name and version, for reports.
    pub name: String,
    /// File name of the ONNX file, beside the spec.
    pub file: String,
    /// SHA-256 of the ONNX file, lower-case hexadecimal.
    pub sha256: String,
    /// How slices become the net's input.
    pub input: InputSpec,
    /// The net's outputs, finest first.
    pub outputs: Vec<OutputSpec>,
    /// Meaning of the channels of every output, in order.
    pub channels: Vec<Channel>,
    /// Pixels of the original image added on each side of a lesion's extent, as DeepLesion's boxes have them.
    pub margin_px: f32,
    /// Candidates below this score are dropped, 0..1.
    pub score_floor: f32,
    /// Most candidates kept per output before non-maximum suppression.
    pub top_k: usize,
    /// Of two boxes with a larger intersection over union than this, the one with the lower score goes, 0..=1.
    pub nms_iou: f32,
    /// Score from which a detection is shown unless a person moves the slider, 0..1.
    pub default_threshold: f32,
    /// How types are told from logits; there if and only if the model has the channels for it.
    pub types: Option<TypesSpec>,
    /// What was measured at some thresholds, by rising threshold; empty where nothing was.
    #[serde(default)]
    pub operating_points: Vec<OperatingPoint>,
    /// On what the operating points were measured; there if they are.
    pub evidence: Option<Evidence>,
    /// What was measured with the setting "thorough"; absent where nothing was, and then the page does not offer it.
    pub thorough: Option<ThoroughSpec>,
}

/// Thresholds and figures of the setting "thorough" ([`crate::thorough`]), measured like those of the plain way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(missing_as_null))]
pub struct ThoroughSpec {
    /// Score from which a detection is shown unless a person moves the slider, 0..1.
    pub default_threshold: f32,
    /// What was measured at some thresholds, by rising threshold; at least one.
    pub operating_points: Vec<OperatingPoint>,
}

/// One output of the net.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputSpec {
    /// Name of the ONNX output.
    pub name: String,
    /// Input pixels per cell.
    pub stride: usize,
    /// From this output's heat to scores that can be compared with the other outputs'.
    pub score: ScoreSpec,
}

/// Platt's map from a logit to a score: sigmoid(scale · logit + offset).
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoreSpec {
    /// Above 0, so that the order inside one output stays.
    pub scale: f32,
    /// Added after scaling.
    pub offset: f32,
}

impl ScoreSpec {
    /// The score of a finite logit, 0..=1.
    #[must_use]
    pub fn score(&self, logit: f32) -> f32 {
        1.0 / (1.0 + (-(self.scale * logit + self.offset)).exp())
    }
}

/// How types are told from the type channels.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypesSpec {
    /// Logits are divided by it before the softmax, so that its shares are as frequent as they are large. Above 0.
    pub temperature: f32,
    /// Smallest share of the softmax that names a type, 0..=1; below it the type is unknown.
    pub min_probability: f32,
}

/// What was measured at one threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(missing_as_null))]
pub struct OperatingPoint {
    /// Detections with at least this score were counted, 0..=1.
    pub threshold: f32,
    /// Share of lesions found, 0..=1.
    pub sensitivity: f64,
    /// 95 % interval of the sensitivity, lower end first.
    pub sensitivity_95: [f64; 2],
    /// Mean number of detections on a slice.
    pub marks_per_slice: f64,
}

/// On what operating points were measured, each a sentence for people to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(missing_as_null))]
pub struct Evidence {
    /// On which lesions sensitivity was measured.
    pub sensitivity: String,
    /// On which slices marks were counted.
    pub marks: String,
}

/// Meaning of one channel of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Logit of a lesion's centre lying in this cell.
    Heat,
    /// Column of the centre from the cell's left edge, in cells.
    Dx,
    /// Row of the centre from the cell's upper edge, in cells.
    Dy,
    /// Natural logarithm of the lesion's width in input pixels, without margin.
    LogW,
    /// Natural logarithm of the lesion's height in input pixels, without margin.
    LogH,
    /// Natural logarithm of the long diameter in input pixels.
    LogLong,
    /// Natural logarithm of the short diameter in input pixels.
    LogShort,
    /// Sine of twice the angle from +x towards +y to the long diameter, times any positive number.
    #[serde(rename = "sin_2theta")]
    Sin2Theta,
    /// Cosine of twice that angle, times the same number.
    #[serde(rename = "cos_2theta")]
    Cos2Theta,
    /// Logit of [`crate::detection::LesionType::Bone`].
    TypeBone,
    /// Logit of [`crate::detection::LesionType::Abdomen`].
    TypeAbdomen,
    /// Logit of [`crate::detection::LesionType::Mediastinum`].
    TypeMediastinum,
    /// Logit of [`crate::detection::LesionType::Liver`].
    TypeLiver,
    /// Logit of [`crate::detection::LesionType::Lung`].
    TypeLung,
    /// Logit of [`crate::detection::LesionType::Kidney`].
    TypeKidney,
    /// Logit of [`crate::detection::LesionType::SoftTissue`].
    TypeSoftTissue,
    /// Logit of [`crate::detection::LesionType::Pelvis`].
    TypePelvis,
}

impl Channel {
    /// What every model has: heat, place and size.
    pub const BOX: [Self; 5] = [Self::Heat, Self::Dx, Self::Dy, Self::LogW, Self::LogH];
    /// What a model that measures diameters has besides.
    pub const AXES: [Self; 4] = [Self::LogLong, Self::LogShort, Self::Sin2Theta, Self::Cos2Theta];
    /// What a model that names types has besides, in the order of [`crate::detection::LesionType::ALL`].
    pub const TYPES: [Self; 8] = [
        Self::TypeBone,
        Self::TypeAbdomen,
        Self::TypeMediastinum,
        Self::TypeLiver,
        Self::TypeLung,
        Self::TypeKidney,
        Self::TypeSoftTissue,
        Self::TypePelvis,
    ];
}

/// Name and digest of a model, as reports carry them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(missing_as_null))]
pub struct ModelId {
    /// Name and version.
    pub name: String,
    /// SHA-256 of the ONNX file, lower-case hexadecimal.
    pub sha256: String,
}

/// What a viewer needs to know about a model.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(missing_as_null))]
pub struct ModelInfo {
    /// Name and digest.
    #[serde(flatten)]
    pub id: ModelId,
    /// Score from which a detection is shown unless a person moves the slider.
    pub default_threshold: f32,
    /// Lowest score that is kept.
    pub score_floor: f32,
    /// Whether detections carry diameters.
    pub has_axes: bool,
    /// Whether detections carry a type where the net is sure enough of one.
    pub has_types: bool,
    /// What was measured at some thresholds, by rising threshold; empty where nothing was.
    pub operating_points: Vec<OperatingPoint>,
    /// What [`ModelSpec::operating_point`] says of the default threshold.
    pub default_operating_point: Option<OperatingPoint>,
    /// On what the operating points were measured; there if they are.
    pub evidence: Option<Evidence>,
    /// Threshold and figures of the setting "thorough"; absent where nothing was measured.
    pub thorough: Option<ThoroughSpec>,
}

/// How much lower than an operating point's threshold a position still counts as being at it: sliders add up steps.
const THRESHOLD_SLACK: f32 = 1e-6;

impl ModelSpec {
    /// Reads and checks a spec file's text.
    ///
    /// # Errors
    /// [`ModelError::SpecSyntax`] or [`ModelError::SpecValue`].
    pub fn from_json(text: &str) -> Result<Self, ModelError> {
        let spec: Self = serde_json::from_str(text).map_err(|source| ModelError::SpecSyntax { source })?;
        spec.check().map_err(|reason| ModelError::SpecValue { reason })?;
        Ok(spec)
    }

    /// Name and digest.
    #[must_use]
    pub fn id(&self) -> ModelId {
        ModelId { name: self.name.clone(), sha256: self.sha256.clone() }
    }

    /// What a viewer needs to know.
    #[must_use]
    pub fn info(&self) -> ModelInfo {
        ModelInfo {
            id: self.id(),
            default_threshold: self.default_threshold,
            score_floor: self.score_floor,
            has_axes: self.positions(Channel::AXES).is_some(),
            has_types: self.positions(Channel::TYPES).is_some(),
            operating_points: self.operating_points.clone(),
            default_operating_point: self.operating_point(self.default_threshold),
            evidence: self.evidence.clone(),
            thorough: self.thorough.clone(),
        }
    }

    /// What was measured at the highest threshold that is not above `threshold`; `None` below the lowest one. The
    /// figures hold for the point's own threshold, which is to be told with them.
    #[must_use]
    pub fn operating_point(&self, threshold: f32) -> Option<OperatingPoint> {
        let at_or_below = |point: &&OperatingPoint| point.threshold <= threshold + THRESHOLD_SLACK;
        self.operating_points.iter().rfind(at_or_below).copied()
    }

    /// Positions of channels in every output; `None` when the model lacks one of them.
    #[must_use]
    pub fn positions<const N: usize>(&self, wanted: [Channel; N]) -> Option<[usize; N]> {
        let mut positions = [0; N];
        for (position, channel) in positions.iter_mut().zip(wanted) {
            *position = self.channels.iter().position(|&c| c == channel)?;
        }
        Some(positions)
    }

    /// Heads for an input of `rows × cols` from their values, one list for each output, as [`RawHead::values`] has them.
    ///
    /// # Errors
    /// [`ModelError::OutputShape`] when a list is missing or has another length.
    pub fn heads(&self, (rows, cols): (usize, usize), mut values: Vec<Vec<f32>>) -> Result<Vec<RawHead>, ModelError> {
        values.resize(self.outputs.len(), Vec::new());
        let head = |(output, values): (&OutputSpec, Vec<f32>)| {
            let stride = output.stride;
            let expected = [1, self.channels.len(), rows / stride, cols / stride];
            if values.is_empty() || values.len() != expected.iter().product::<usize>() {
                return Err(ModelError::OutputShape { name: output.name.clone(), expected, found: vec![values.len()] });
            }
            Ok(RawHead { stride, rows: rows / stride, cols: cols / stride, values })
        };
        self.outputs.iter().zip(values).map(head).collect()
    }

    /// Checks that `onnx` is the file that the spec pins.
    ///
    /// # Errors
    /// [`ModelError::Sha256`].
    pub fn verify(&self, onnx: &[u8]) -> Result<(), ModelError> {
        let found = hex(&Sha256::digest(onnx));
        if found == self.sha256 { Ok(()) } else { Err(ModelError::Sha256 { expected: self.sha256.clone(), found }) }
    }

    fn check(&self) -> Result<(), String> {
        let input = &self.input;
        ensure(self.schema == SCHEMA, &format!("schema is {}, not {SCHEMA}", self.schema))?;
        ensure(input.spacing_mm.is_finite() && input.spacing_mm > 0.0, "spacing_mm must be above 0")?;
        ensure(input.offsets_mm.iter().all(|o| o.is_finite()), "offsets_mm must be finite")?;
        ensure(input.offsets_mm.contains(&0.0), "one of offsets_mm must be 0, the key slice")?;
        ensure(input.max_gap_mm >= 0.0, "max_gap_mm must not be negative")?;
        ensure((1..=1024).contains(&input.multiple), "multiple must be 1 to 1024")?;
        ensure(input.companding.len() >= 2, "companding needs two knots")?;
        let rising = input.companding.windows(2).all(|w| matches!(w, [a, b] if a.0 < b.0 && a.1 <= b.1));
        ensure(rising, "companding knots must rise")?;
        ensure(self.margin_px.is_finite() && self.margin_px >= 0.0, "margin_px must not be negative")?;
        let shares = [self.score_floor, self.default_threshold, self.nms_iou];
        let what = "score_floor, default_threshold and nms_iou must be 0..=1";
        ensure(shares.iter().all(|&share| is_share(share.into())), what)?;
        self.check_outputs()?;
        self.check_types()?;
        self.check_figures()
    }

    /// Outputs and channels.
    fn check_outputs(&self) -> Result<(), String> {
        ensure(!self.outputs.is_empty(), "there is no output")?;
        let strides_fit = self.outputs.iter().all(|o| o.stride > 0 && self.input.multiple.is_multiple_of(o.stride));
        ensure(strides_fit, "every stride must divide the input's multiple")?;
        for OutputSpec { name, score: ScoreSpec { scale, offset }, .. } in &self.outputs {
            let what = format!("the score of output {name} needs a finite scale above 0 and a finite offset");
            ensure(scale.is_finite() && *scale > 0.0 && offset.is_finite(), &what)?;
        }
        for (at, channel) in self.channels.iter().enumerate() {
            ensure(!self.channels[..at].contains(channel), &format!("the channel {channel:?} stands there twice"))?;
        }
        let n_of = |some: &[Channel]| some.iter().filter(|channel| self.channels.contains(channel)).count();
        ensure(n_of(&Channel::BOX) == Channel::BOX.len(), "channels must have heat, dx, dy, log_w, log_h")?;
        let what = "the channels log_long, log_short, sin_2theta and cos_2theta come all or not at all";
        ensure([0, Channel::AXES.len()].contains(&n_of(&Channel::AXES)), what)?;
        let what = "the eight type channels come all or not at all";
        ensure([0, Channel::TYPES.len()].contains(&n_of(&Channel::TYPES)), what)
    }

    fn check_types(&self) -> Result<(), String> {
        let has_channels = self.positions(Channel::TYPES).is_some();
        match &self.types {
            None => ensure(!has_channels, "there are type channels, but types does not say how to read them"),
            Some(_) if !has_channels => Err("types is given, but there are no type channels".to_owned()),
            Some(TypesSpec { temperature, min_probability }) => {
                ensure(temperature.is_finite() && *temperature > 0.0, "the temperature of types must be above 0")?;
                ensure(is_share((*min_probability).into()), "min_probability of types must be 0..=1")
            }
        }
    }

    /// Operating points and their evidence.
    fn check_figures(&self) -> Result<(), String> {
        check_points(&self.operating_points)?;
        if let Some(thorough) = &self.thorough {
            let what = "thorough needs a default_threshold of 0..=1 and operating points";
            let has_points = !thorough.operating_points.is_empty() && self.evidence.is_some();
            ensure(is_share(thorough.default_threshold.into()) && has_points, what)?;
            check_points(&thorough.operating_points)?;
        }
        match &self.evidence {
            None => ensure(self.operating_points.is_empty(), "operating_points need evidence: on what was measured"),
            Some(Evidence { sensitivity, marks }) => {
                let said = !sensitivity.trim().is_empty() && !marks.trim().is_empty();
                ensure(said, "evidence needs a sentence on sensitivity and one on marks")
            }
        }
    }
}

/// Each point by itself, and their order.
fn check_points(points: &[OperatingPoint]) -> Result<(), String> {
    for point in points {
        let at = |what: &str| format!("the operating point at threshold {}: {what}", point.threshold);
        let [low, high] = point.sensitivity_95;
        ensure(is_share(point.threshold.into()), &at("the threshold must be 0..=1"))?;
        ensure(is_share(point.sensitivity), &at("sensitivity must be 0..=1"))?;
        ensure(is_share(low) && is_share(high), &at("both ends of sensitivity_95 must be 0..=1"))?;
        ensure(low <= high, &at("the lower end of sensitivity_95 must come first"))?;
        let marks = point.marks_per_slice;
        ensure(marks.is_finite() && marks >= 0.0, &at("marks_per_slice must not be negative"))?;
    }
    let rising = points.windows(2).all(|w| matches!(w, [a, b] if a.threshold < b.threshold));
    ensure(rising, "the thresholds of operating_points must rise")
}

fn ensure(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

/// Whether a number, which may be none, is 0..=1.
fn is_share(value: f64) -> bool {
    (0.0..=1.0).contains(&value)
}

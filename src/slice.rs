//! One axial CT image as it was decoded: stored values, how they become Hounsfield units, and where it belongs.

pub(crate) mod tally;

use std::borrow::Borrow;
use std::fmt;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::hounsfield::{Rescale, Window};
use tally::Tally;

/// Stored values of one slice, row-major, `rows × cols` of them: what the file holds, sign applied, before rescale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredValues {
    /// 8 to 16 bits without a sign.
    Unsigned(Vec<u16>),
    /// 8 to 16 bits in two's complement, sign-extended.
    Signed(Vec<i16>),
    /// What does not fit into 16 bits: 32-bit DICOM images and volumes.
    Wide(Vec<i32>),
}

impl StoredValues {
    /// Number of pixels.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Unsigned(v) => v.len(),
            Self::Signed(v) => v.len(),
            Self::Wide(v) => v.len(),
        }
    }

    /// Whether there is no pixel.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values in row-major order.
    pub fn iter(&self) -> Box<dyn Iterator<Item = i32> + '_> {
        match self {
            Self::Unsigned(v) => Box::new(v.iter().map(|&x| i32::from(x))),
            Self::Signed(v) => Box::new(v.iter().map(|&x| i32::from(x))),
            Self::Wide(v) => Box::new(v.iter().copied()),
        }
    }
}

/// Which container a slice was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// 16-bit greyscale PNG as DeepLesion ships it.
    Png,
    /// A DICOM CT image, or a frame of one.
    Dicom,
    /// 16-bit greyscale TIFF.
    Tiff,
    /// A plane of a NIfTI volume.
    Nifti,
    /// A plane of an NRRD volume.
    Nrrd,
}

impl Format {
    /// Lower-case name as it appears in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Dicom => "dicom",
            Self::Tiff => "tiff",
            Self::Nifti => "nifti",
            Self::Nrrd => "nrrd",
        }
    }
}

/// What a file says about a slice beside its pixels. What it does not say is `None`; nothing is guessed.
#[derive(Debug, Clone)]
pub struct SliceInfo {
    /// The file's path as it was handed in; slashes separate folders.
    pub path: String,
    /// Container format.
    pub format: Format,
    /// SeriesInstanceUID, or `<patient>_<study>_<series>` of a DeepLesion name; `None` for any other file.
    pub series_id: Option<String>,
    /// StudyInstanceUID, or `<patient>_<study>` of a DeepLesion name; `None` for any other file.
    pub study_id: Option<String>,
    /// SOPInstanceUID, which the frames of one image share; `None` for anything but DICOM.
    pub sop_instance_uid: Option<String>,
    /// Position number inside the series: InstanceNumber, or the slice number of a DeepLesion name.
    pub number: Option<i64>,
    /// DICOM transfer syntax UID.
    pub transfer_syntax: Option<String>,
    /// Distance between columns and between rows, in mm, `(x, y)`.
    pub pixel_spacing_mm: Option<(f64, f64)>,
    /// SliceThickness in mm. Never used as the distance between slices.
    pub thickness_mm: Option<f64>,
    /// Centre of the first pixel in the patient's space, in mm: ImagePositionPatient, or what a volume's header says.
    pub position_patient_mm: Option<[f64; 3]>,
    /// Direction cosines of a row, then of a column: ImageOrientationPatient, or what a volume's header says.
    pub orientation_patient: Option<[f64; 6]>,
    /// The file's own display window.
    pub window: Option<Window>,
}

/// Names a slice for as long as its study is open: 16 hexadecimal digits, made from where it comes from. The same file
/// has the same id whatever is opened with it; only of slices from one path with one SOPInstanceUID, the second and
/// further ones are numbered (`-2`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct SliceId(String);

impl SliceId {
    /// The id of the slice that is the `nth`, from 1, with its path and SOPInstanceUID.
    pub(crate) fn new(info: &SliceInfo, nth: usize) -> Self {
        Self(lasting_id(&[&info.path, info.sop_instance_uid.as_deref().unwrap_or_default()], nth))
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for SliceId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SliceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// 64 bits of SHA-256 over texts, in hexadecimal, and from the second thing with these texts on its number.
pub(crate) fn lasting_id(texts: &[&str], nth: usize) -> String {
    let mut hasher = Sha256::new();
    for text in texts {
        hasher.update(text.as_bytes());
        // No text of a file name or header holds this byte, so no two lists run together.
        hasher.update([0]);
    }
    let digits: String = hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    if nth > 1 { format!("{digits}-{nth}") } else { digits }
}

/// One axial image in HU.
///
/// ```
/// use lesionlens::decode::{Decoded, decode};
/// use lesionlens::phantom::{Phantom, SAMPLE_SEED};
///
/// let (path, bytes) = Phantom::new(SAMPLE_SEED).file(12);
/// let Ok(Decoded::Slice(slice)) = decode(&path, &bytes) else { panic!("{path} is a slice") };
/// assert_eq!((slice.rows(), slice.cols()), (512, 512));
/// assert_eq!(slice.hu()[0], -1024.0, "air in the corner, or what a scanner writes outside of its field");
/// assert_eq!(slice.info().number, Some(13));
/// ```
#[derive(Debug, Clone)]
pub struct Slice {
    info: SliceInfo,
    // Invariant: stored.len() == rows × cols, both at least 1.
    rows: usize,
    cols: usize,
    stored: StoredValues,
    rescale: Rescale,
    /// First and last stored value that stand for no pixel of the scan.
    padding: Option<(i32, i32)>,
    is_hounsfield: bool,
    /// Counted when it is first asked for.
    tally: OnceLock<Tally>,
}

/// What pixels outside of the scan count as: air.
const PADDING_HU: f32 = -1024.0;

impl Slice {
    /// Puts a slice together; `None` if the number of stored values is not `rows × cols` or there are none.
    #[must_use]
    pub fn new(info: SliceInfo, rows: usize, cols: usize, stored: StoredValues, rescale: Rescale) -> Option<Self> {
        let fits = rows.checked_mul(cols).is_some_and(|n| n > 0 && n == stored.len());
        let (padding, is_hounsfield, tally) = (None, true, OnceLock::new());
        fits.then_some(Self { info, rows, cols, stored, rescale, padding, is_hounsfield, tally })
    }

    /// The same slice, with the stored values `first..=last` standing for pixels outside of the scan.
    #[must_use]
    pub fn with_padding(self, first: i32, last: i32) -> Self {
        Self { padding: Some((first, last)), tally: OnceLock::new(), ..self }
    }

    /// The same slice as a picture whose grey levels are no Hounsfield units.
    #[must_use]
    pub fn without_hounsfield(self) -> Self {
        Self { is_hounsfield: false, ..self }
    }

    /// Whether [`Slice::hu`] gives Hounsfield units; otherwise it gives the grey levels of a picture.
    #[must_use]
    pub fn is_hounsfield(&self) -> bool {
        self.is_hounsfield
    }

    /// The same slice with changed information.
    pub(crate) fn with_info(mut self, change: impl FnOnce(&mut SliceInfo)) -> Self {
        change(&mut self.info);
        self
    }

    /// What the file says beside the pixels.
    #[must_use]
    pub fn info(&self) -> &SliceInfo {
        &self.info
    }

    /// Number of rows, at least 1.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns, at least 1.
    #[must_use]
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// The values as stored in the file.
    #[must_use]
    pub fn stored(&self) -> &StoredValues {
        &self.stored
    }

    /// SHA-256 in lower-case hexadecimal over the stored values, each widened to a little-endian 32-bit integer,
    /// row-major: the fingerprint by which two decoders are compared.
    #[must_use]
    pub fn stored_sha256_i32le(&self) -> String {
        let mut hasher = Sha256::new();
        for value in self.stored.iter() {
            hasher.update(value.to_le_bytes());
        }
        hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Hounsfield units of every pixel, row-major. Pixels outside of the scan, which a file marks by a padding value,
    /// are air of −1024 HU.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, reason = "f32 holds every Hounsfield value to better than 0.01")]
    pub fn hu(&self) -> Vec<f32> {
        let hu = |stored: i32| match self.padding {
            Some((first, last)) if (first..=last).contains(&stored) => PADDING_HU,
            _ => self.rescale.hu(stored) as f32,
        };
        match &self.stored {
            StoredValues::Unsigned(v) => v.iter().map(|&x| hu(i32::from(x))).collect(),
            StoredValues::Signed(v) => v.iter().map(|&x| hu(i32::from(x))).collect(),
            StoredValues::Wide(v) => v.iter().map(|&x| hu(x)).collect(),
        }
    }

    /// How the values lie along the Hounsfield scale, padding left out.
    pub(crate) fn tally(&self) -> &Tally {
        let (first, last) = self.padding.unwrap_or((i32::MAX, i32::MIN));
        let hu = |stored: i32| (!(first..=last).contains(&stored)).then(|| self.rescale.hu(stored));
        // Every pixel of a study is counted, so each type has a loop of its own.
        self.tally.get_or_init(|| match &self.stored {
            StoredValues::Unsigned(v) => Tally::of(v.iter().filter_map(|&x| hu(i32::from(x)))),
            StoredValues::Signed(v) => Tally::of(v.iter().filter_map(|&x| hu(i32::from(x)))),
            StoredValues::Wide(v) => Tally::of(v.iter().filter_map(|&x| hu(x))),
        })
    }

    /// The value of one pixel as [`Slice::hu`] has it, both indices from 0; `None` outside of the slice.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, reason = "f32 holds every Hounsfield value to better than 0.01")]
    pub fn hu_at(&self, col_idx: usize, row_idx: usize) -> Option<f32> {
        let is_inside = col_idx < self.cols && row_idx < self.rows;
        let at = is_inside.then_some(row_idx * self.cols + col_idx)?;
        let stored = match &self.stored {
            StoredValues::Unsigned(v) => i32::from(*v.get(at)?),
            StoredValues::Signed(v) => i32::from(*v.get(at)?),
            StoredValues::Wide(v) => *v.get(at)?,
        };
        Some(match self.padding {
            Some((first, last)) if (first..=last).contains(&stored) => PADDING_HU,
            _ => self.rescale.hu(stored) as f32,
        })
    }

    /// Smallest and largest Hounsfield value of the stored values, padding included.
    #[must_use]
    pub fn hu_range(&self) -> (f64, f64) {
        self.stored.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), stored| {
            let hu = self.rescale.hu(stored);
            (low.min(hu), high.max(hu))
        })
    }
}

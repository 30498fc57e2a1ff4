//! Why a file was refused.

use serde::Serialize;
use strum::{EnumDiscriminants, EnumIter, IntoStaticStr};

use super::foreign::{Advice, ForeignFormat};
use crate::fault::{Fault, Reported};

/// Why a file was refused: what was expected, what was found, and what to do. [`DecodeError::code`] is stable.
/// Serialized as `{ code, details }`, the details being the variant's fields.
///
/// Text that comes out of a file is cut to 64 printable ASCII characters before it gets into a message.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize, EnumDiscriminants)]
#[serde(tag = "code", content = "details")]
#[strum_discriminants(name(DecodeErrorCode), derive(EnumIter, IntoStaticStr), non_exhaustive)]
#[strum_discriminants(doc = "The variants of [`DecodeError`] without their fields.")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(missing_as_null))]
#[non_exhaustive]
pub enum DecodeError {
    /// The file has no bytes.
    #[error("the file is empty; copy it again from where it came")]
    EmptyFile,
    /// The file is larger than any CT image.
    #[error("the file has {bytes} bytes, the limit is {limit}; add single CT images instead of one large file")]
    FileTooLarge {
        /// Size of the file.
        bytes: usize,
        /// [`super::MAX_FILE_BYTES`].
        limit: usize,
    },
    /// Decoding would take more memory than one file may have.
    #[error(
        "{what} would take {} bytes of memory, the limit is {limit}; the file is damaged, or holds more than \
         fits into the page: add it in parts",
        bytes.map_or_else(|| "countless".to_owned(), |n| n.to_string())
    )]
    OverBudget {
        /// What the memory was for.
        what: &'static str,
        /// Bytes asked for at once; `None` if the number does not fit into a `usize`.
        bytes: Option<usize>,
        /// [`super::BUDGET_BYTES`].
        limit: usize,
    },
    /// Decoding would take more steps than one file may cost.
    #[error(
        "{what} would take longer than one file may; the file is damaged, or made to keep a reader busy: leave it out"
    )]
    OverWork {
        /// What the steps were for.
        what: &'static str,
    },
    /// An image with more pixels than any CT has.
    #[error("this image has {cols} x {rows} pixels, more than any CT image; export it in its own size")]
    ImageTooLarge {
        /// Rows.
        rows: usize,
        /// Columns.
        cols: usize,
    },
    /// Pixels of a size, or an image of a size in mm, that no CT has.
    #[error(
        "the pixels of this image are {x_mm} mm x {y_mm} mm large, and {cols} x {rows} of them are no field of view of a \
         CT; export it again with its spacing in mm"
    )]
    ImplausibleSize {
        /// Rows.
        rows: usize,
        /// Columns.
        cols: usize,
        /// Distance between columns.
        x_mm: f64,
        /// Distance between rows.
        y_mm: f64,
    },
    /// Nothing in the first bytes is known.
    #[error(
        "this is not a format that Lesionlens knows; add DICOM CT images, a NIfTI or NRRD volume, or 16-bit PNG slices \
         with DL_info.csv"
    )]
    UnknownFormat,
    /// A format that is known by its first bytes, and not read.
    #[error("this is {}, which Lesionlens does not read; {}", format.words(), advice.words())]
    UnsupportedFormat {
        /// Which one.
        format: ForeignFormat,
        /// What to do.
        advice: Advice,
    },

    /// A PNG with other than 8 or 16 bits of grey.
    #[error(
        "this PNG has {bits}-bit samples in colour or below 8 bits: it is a picture of a slice whose Hounsfield units are \
         lost; add the 16-bit PNG or the DICOM file"
    )]
    PngNot16Bit {
        /// Bits per sample.
        bits: u8,
    },
    /// A 16-bit PNG with colour or transparency.
    #[error("this PNG is {found}, a CT slice is plain greyscale; add the 16-bit greyscale PNG or the DICOM file")]
    PngNotGreyscale {
        /// What the colour type says.
        found: &'static str,
    },
    /// A PNG that breaks its own rules.
    #[error("this PNG is damaged ({reason}); copy it again from where it came")]
    PngDamaged {
        /// The PNG reader's words.
        reason: String,
    },

    /// A TIFF that is no 16-bit greyscale image.
    #[error("this TIFF is {found}, a CT slice is 16-bit greyscale; add the 16-bit TIFF or the DICOM file")]
    TiffNotGreyscale {
        /// What it is.
        found: String,
    },
    /// A TIFF that breaks its own rules.
    #[error("this TIFF cannot be read ({reason}); save it again, or add the DICOM file")]
    TiffDamaged {
        /// The TIFF reader's words.
        reason: String,
    },

    /// A NIfTI or NRRD file whose header or samples cannot be used.
    #[error("this {format} volume cannot be read: {reason}; save it again as one CT volume")]
    VolumeDamaged {
        /// Name of the format.
        format: &'static str,
        /// What is wrong.
        reason: &'static str,
    },
    /// A volume that ends before its last plane.
    #[error("this volume ends too early: {whole} of its {planes} planes are whole; copy it again from where it came")]
    VolumeTruncated {
        /// Planes that the header announces.
        planes: usize,
        /// Planes that are there.
        whole: usize,
    },
    /// A volume with samples that are no numbers, or beyond any Hounsfield value.
    #[error(
        "this volume holds values that are infinite or no numbers; save it again with Hounsfield units in all of it"
    )]
    VolumeNotFinite,
    /// A volume whose place in the patient contradicts itself.
    #[error("the place of this volume in the patient cannot be used: {reason}; save it again with a valid orientation")]
    BadVolumePlace {
        /// What is wrong.
        reason: &'static str,
    },

    /// A zip archive that cannot be read, or a file in it.
    #[error("this zip archive cannot be read: {reason}; unpack it and add the images in it")]
    ZipDamaged {
        /// What is wrong.
        reason: &'static str,
    },
    /// A zip archive without CT images.
    #[error("none of the {files} files in this zip archive is a CT image or DL_info.csv; of the first: {first}")]
    ZipWithoutImages {
        /// Files that were looked at.
        files: usize,
        /// Why the first was refused.
        first: String,
    },

    /// A table with other columns than DeepLesion's.
    #[error("this table has no column {missing}, so it is not DeepLesion's DL_info.csv; leave it out")]
    CsvNotDlInfo {
        /// The first column that is missing.
        missing: &'static str,
    },
    /// A cell of the table that cannot be read.
    #[error("line {line} of this table: {column} holds \"{found}\", expected {expected}; correct the cell or empty it")]
    CsvBadCell {
        /// Line in the file, from 1.
        line: u64,
        /// Name of the column.
        column: &'static str,
        /// What the cell should hold.
        expected: &'static str,
        /// What it holds.
        found: String,
    },
    /// A table that breaks the rules of CSV.
    #[error("this table cannot be read as CSV ({reason}); save it again as CSV in UTF-8")]
    CsvDamaged {
        /// The CSV reader's words.
        reason: String,
    },

    /// A DICOM file that ends inside an element.
    #[error(
        "this DICOM file ends too early: at byte {offset} it announces {needed} bytes and {left} are left; \
         copy it again from where it came"
    )]
    DicomTruncated {
        /// Byte offset into the file, or into the data set of a deflated file.
        offset: usize,
        /// Bytes announced.
        needed: usize,
        /// Bytes left.
        left: usize,
    },
    /// A DICOM file that breaks the rules of PS3.5.
    #[error("this DICOM file is damaged: at byte {offset}, {reason}; copy it again from where it came")]
    DicomDamaged {
        /// Byte offset into the file, or into the data set of a deflated file.
        offset: usize,
        /// What is wrong there.
        reason: &'static str,
    },
    /// Sequences inside sequences beyond any CT image.
    #[error("this DICOM file nests sequences deeper than {limit} levels; no CT image does: leave it out")]
    DicomTooDeep {
        /// Deepest level that is read.
        limit: usize,
    },
    /// A deflated data set that cannot be inflated.
    #[error("the compressed data set of this DICOM file is damaged ({reason}); copy it again from where it came")]
    DeflateDamaged {
        /// The inflater's words.
        reason: String,
    },
    /// A transfer syntax that is not read.
    #[error(
        "the pixels of this DICOM file are stored as {name} (transfer syntax {uid}), which Lesionlens does not read; \
         export it uncompressed (Explicit VR Little Endian)"
    )]
    UnsupportedTransferSyntax {
        /// Transfer syntax UID.
        uid: String,
        /// Its name in PS3.6, or words to that effect.
        name: &'static str,
    },
    /// Compressed pixels under an uncompressed transfer syntax, or the reverse.
    #[error(
        "the transfer syntax of this DICOM file, {name} ({uid}), contradicts the way its pixels are stored; \
         export it again"
    )]
    PixelsContradictSyntax {
        /// Transfer syntax UID.
        uid: String,
        /// Its name in PS3.6.
        name: &'static str,
    },
    /// A DICOM object that is no CT image.
    #[error("this DICOM file is not a CT image but {found}; add the CT images of the study")]
    NotCtImage {
        /// What it says it is.
        found: String,
    },
    /// A scout view: a projection, no slice.
    #[error("this is a localizer (scout view), no slice through the body; leave it out")]
    Localizer,
    /// Several frames, or none, in an image of a class whose frames say nothing about their places.
    #[error(
        "this DICOM file holds {frames} frames without saying where each lies; export the series as single CT images \
         or as Enhanced CT"
    )]
    MultiFrame {
        /// NumberOfFrames.
        frames: i64,
    },
    /// A CT object without pixels.
    #[error("this DICOM file has no pixel data (7FE0,0010); export it again with its image")]
    NoPixelData,
    /// An attribute without which the pixels cannot be trusted.
    #[error("this DICOM file lacks {name} ({tag}), without which its pixels cannot be trusted; export it again")]
    MissingAttribute {
        /// Keyword in PS3.6.
        name: &'static str,
        /// `gggg,eeee`.
        tag: String,
    },
    /// An attribute whose value is not what the standard allows.
    #[error("{name} ({tag}) of this DICOM file is \"{found}\", expected {expected}; export it again")]
    BadAttribute {
        /// Keyword in PS3.6.
        name: &'static str,
        /// `gggg,eeee`.
        tag: String,
        /// What the standard asks for.
        expected: &'static str,
        /// What was found.
        found: String,
    },
    /// Colour, or several samples per pixel.
    #[error(
        "this DICOM image has {samples} samples per pixel in {photometric}, a CT slice has 1 in MONOCHROME2: \
         it is a picture without Hounsfield units; leave it out"
    )]
    NotGreyscale {
        /// SamplesPerPixel.
        samples: u16,
        /// PhotometricInterpretation.
        photometric: String,
    },
    /// A width of the pixel cells that is not read.
    #[error("this DICOM image stores pixels in {found} bits (BitsAllocated), expected 8, 16 or 32; export it again")]
    UnsupportedBitsAllocated {
        /// BitsAllocated.
        found: u16,
    },
    /// BitsStored outside of the pixel cell.
    #[error("BitsStored of this DICOM image is {found}, expected 1 to {allocated}; export it again")]
    BadBitsStored {
        /// BitsAllocated.
        allocated: u16,
        /// BitsStored.
        found: u16,
    },
    /// HighBit that does not fit BitsStored: it is unclear which bits hold the value.
    #[error("HighBit of this DICOM image is {found}, expected {expected} (BitsStored - 1); export it again")]
    BadHighBit {
        /// BitsStored − 1 (PS3.3 C.8.2.1.1.5).
        expected: u16,
        /// HighBit.
        found: u16,
    },
    /// Fewer or more pixels than Rows and Columns say.
    #[error("this DICOM image holds {found} bytes of pixels, expected {expected} from its size; copy it again")]
    PixelDataLength {
        /// Rows × Columns × bytes per pixel.
        expected: usize,
        /// Length of PixelData.
        found: usize,
    },
    /// A value of 32 bits that no Hounsfield unit has.
    #[error("this image holds values of 2147483648 and more: it is no CT image; export it again")]
    StoredValueTooLarge,
    /// Compressed pixels that break the rules of their format.
    #[error("the {codec} pixels of this DICOM file are damaged: {reason}; copy it again from where it came")]
    FrameDamaged {
        /// The format.
        codec: &'static str,
        /// What is wrong.
        reason: &'static str,
    },
    /// Compressed pixels of a kind that is not read.
    #[error(
        "the {codec} pixels of this DICOM file are {what}, which Lesionlens does not read; export it uncompressed \
         (Explicit VR Little Endian)"
    )]
    FrameUnsupported {
        /// The format.
        codec: &'static str,
        /// What they are.
        what: &'static str,
    },
    /// Compressed pixels of another size or depth than the header says.
    #[error("the {codec} pixels of this DICOM file are {found}, expected {expected} from its header; export it again")]
    FrameContradictsHeader {
        /// The format.
        codec: &'static str,
        /// Size and bits of the frame.
        found: String,
        /// Size and bits of the header.
        expected: String,
    },
    /// Compressed pixels with values that need more bits than the header says.
    #[error(
        "the compressed pixels of this DICOM file have {precision} bits and use them, expected {bits_stored} \
         (BitsStored); export it again"
    )]
    PrecisionContradictsHeader {
        /// Bits of the compressed image.
        precision: u16,
        /// BitsStored.
        bits_stored: u16,
    },
    /// Fragments that cannot be divided into frames.
    #[error(
        "this DICOM file holds {fragments} fragments for {frames} frames and no table that says which belong \
         together; export it uncompressed"
    )]
    FragmentsContradictFrames {
        /// Fragments without the offset table.
        fragments: usize,
        /// NumberOfFrames.
        frames: usize,
    },
    /// An offset table that does not point to fragments.
    #[error(
        "the offset table of this DICOM file has {offsets} entries for {frames} frames or points beside the \
         fragments; export it again"
    )]
    OffsetTableContradictsFragments {
        /// Entries of the table.
        offsets: usize,
        /// NumberOfFrames.
        frames: usize,
    },
    /// Compressed pixels with a sign that the header denies.
    #[error(
        "the compressed pixels of this DICOM file have a sign, and its header (PixelRepresentation) says that they have \
         none: every value below 0 would be a large one; export it again"
    )]
    SignContradictsHeader,
    /// Functional groups that contradict each other, the image, or the number of frames.
    #[error("the functional groups of this DICOM file contradict each other: {reason}; export it again")]
    FrameGroupsContradict {
        /// What is wrong.
        reason: &'static str,
    },
    /// Fewer per-frame functional groups than frames.
    #[error("this DICOM file says of {groups} of its {frames} frames only where they lie; export it again")]
    FrameGroupsMissing {
        /// NumberOfFrames.
        frames: usize,
        /// Items of PerFrameFunctionalGroupsSequence.
        groups: usize,
    },
    /// A modality LUT that cannot be applied.
    #[error("the modality LUT of this DICOM file cannot be used: {reason}; export it with a rescale slope")]
    BadModalityLut {
        /// What is wrong.
        reason: &'static str,
    },
    /// A padding range that covers what the scan shows.
    #[error(
        "the padding values of this DICOM image, {first} to {last}, cover what the scan shows, which would turn to air; \
         export it again"
    )]
    PaddingCoversImage {
        /// First stored value.
        first: i32,
        /// Last stored value.
        last: i32,
    },
    /// A rescale that gives no Hounsfield units, or that no CT has.
    #[error("RescaleSlope {slope} and RescaleIntercept {intercept} give no Hounsfield units; export it again")]
    BadRescale {
        /// RescaleSlope.
        slope: f64,
        /// RescaleIntercept.
        intercept: f64,
    },
    /// A rescale under which no stored value is air, or none is water.
    #[error(
        "the {bits_stored} stored bits of this DICOM image reach from {low} to {high} HU, which leaves out air (-1000 HU) \
         or water (0 HU): its rescale is not that of its pixels; export it again"
    )]
    OutOfReach {
        /// BitsStored.
        bits_stored: u16,
        /// Hounsfield units of one end.
        low: f64,
        /// Hounsfield units of the other end.
        high: f64,
    },
    /// A map of another quantity, such as blood flow or iodine.
    #[error(
        "ImageType of this DICOM image says {found}: it is a map of another quantity than Hounsfield units; leave it out"
    )]
    OtherQuantity {
        /// The value of ImageType.
        found: String,
    },
    /// Values that are declared to be something else than Hounsfield units.
    #[error("this image declares its values as \"{found}\", expected HU: they are no Hounsfield units")]
    NotHounsfield {
        /// RescaleType.
        found: String,
    },
}

impl DecodeErrorCode {
    /// Whose fault errors of this code are.
    #[must_use]
    pub fn fault(self) -> Fault {
        match self {
            Self::FileTooLarge | Self::OverBudget | Self::OverWork | Self::ImageTooLarge | Self::DicomTooDeep => {
                Fault::Limit
            }
            _ => Fault::File,
        }
    }

    /// Whether a file that is refused with this code is nothing to look at at all.
    #[must_use]
    pub fn is_unrelated(self) -> bool {
        matches!(
            self,
            Self::EmptyFile
                | Self::UnknownFormat
                | Self::UnsupportedFormat
                | Self::CsvNotDlInfo
                | Self::ZipWithoutImages
        )
    }
}

impl DecodeError {
    /// A stable word for the cause: the name of the variant.
    #[must_use]
    pub fn code(&self) -> &'static str {
        DecodeErrorCode::from(self).into()
    }

    /// Of a format that is not read.
    pub(super) fn foreign(format: ForeignFormat) -> Self {
        Self::UnsupportedFormat { format, advice: format.advice() }
    }
}

impl Reported for DecodeError {
    fn name(&self) -> &'static str {
        "DecodeError"
    }

    fn code(&self) -> &'static str {
        self.code()
    }

    fn fault(&self) -> Fault {
        DecodeErrorCode::from(self).fault()
    }

    fn is_unrelated(&self) -> bool {
        DecodeErrorCode::from(self).is_unrelated()
    }
}

/// Text of a file as it may stand in a message: printable ASCII, at most 64 characters, no blanks at the ends. Control
/// and bidirectional characters could make a message read as another one.
pub(super) fn printable(bytes: &[u8]) -> String {
    let text: String = bytes
        .iter()
        .take(64)
        .map(|&byte| if byte.is_ascii_graphic() || byte == b' ' { char::from(byte) } else { ' ' })
        .collect();
    text.trim().to_owned()
}

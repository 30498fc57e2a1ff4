//! What a file is, by its content alone.

use super::dicom::{self, Start};
use super::png;
use super::volume::nifti;

/// What the first bytes say.
pub(super) enum Kind<'a> {
    /// A DICOM file, and where its parts begin.
    Dicom(Start<'a>),
    /// A PNG of any kind.
    Png,
    /// A TIFF of any kind but BigTIFF.
    Tiff,
    /// A NIfTI volume.
    Nifti,
    /// A gzipped NIfTI volume.
    NiftiGzip,
    /// An NRRD file.
    Nrrd,
    /// A zip archive.
    Zip,
    /// Text in rows of the same number of fields.
    Csv,
    /// A known format that is not read.
    Unsupported { format: &'static str, advice: &'static str },
    /// Anything else.
    Unknown,
}

const UNPACK: &str = "unpack it and add the images in it";
const TO_DICOM: &str = "add the DICOM CT images that it was made from";
const NO_HU: &str = "it holds no Hounsfield units; add the DICOM CT image or the 16-bit PNG";

/// Signature at an offset, name, advice.
const KNOWN: &[(usize, &[u8], &str, &str)] = &[
    (0, b"\x1f\x8b", "a gzip file that holds no NIfTI volume", UNPACK),
    (0, b"PK\x05\x06", "an empty zip archive", UNPACK),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (0, b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    (0, b"BZh", "a bzip2 file", UNPACK),
    (0, b"\xfd7zXZ\0", "an xz file", UNPACK),
    (0, b"\x28\xb5\x2f\xfd", "a zstandard file", UNPACK),
    (344, b"ni1\0", "a NIfTI-1 header whose samples are in another file", TO_DICOM),
    (4, b"ni2\0\r\n\x1a\n", "a NIfTI-2 header whose samples are in another file", TO_DICOM),
    (0, b"ObjectType = Image", "a MetaImage header", TO_DICOM),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file", TO_DICOM),
    (0, b"II+\0", "a BigTIFF image", TO_DICOM),
    (0, b"MM\0+", "a BigTIFF image", TO_DICOM),
    (0, b"\xff\xd8\xff\xf7", "a JPEG-LS image", TO_DICOM),
    (0, b"\xff\xd8\xff", "a JPEG picture", NO_HU),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 codestream", TO_DICOM),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 image", TO_DICOM),
    (0, b"GIF8", "a GIF picture", NO_HU),
    (0, b"BM", "a BMP picture", NO_HU),
    (8, b"WEBP", "a WebP picture", NO_HU),
    (0, b"%PDF-", "a PDF document", NO_HU),
];

/// Looks at the content. DICOM comes first: its first 128 bytes are free, and some writers put a whole TIFF or program
/// header there.
pub(super) fn kind(bytes: &[u8]) -> Kind<'_> {
    if let Some(start) = dicom::find_start(bytes) {
        return Kind::Dicom(start);
    }
    if bytes.starts_with(&png::SIGNATURE) {
        return Kind::Png;
    }
    let has = |offset: usize, magic: &[u8]| bytes.get(offset..).is_some_and(|rest| rest.starts_with(magic));
    if has(0, b"II*\0") || has(0, b"MM\0*") {
        return Kind::Tiff;
    }
    if nifti::is_volume(bytes) {
        return Kind::Nifti;
    }
    if has(0, b"\x1f\x8b") && nifti::is_volume(&nifti::gzip_head(bytes)) {
        return Kind::NiftiGzip;
    }
    if has(0, b"NRRD000") {
        return Kind::Nrrd;
    }
    if has(0, b"PK\x03\x04") {
        return Kind::Zip;
    }
    if let Some(&(_, _, format, advice)) = KNOWN.iter().find(|(offset, magic, ..)| has(*offset, magic)) {
        return Kind::Unsupported { format, advice };
    }
    if is_csv(bytes) { Kind::Csv } else { Kind::Unknown }
}

/// Whether this is text whose first two records have the same number of fields, at least two. A table without rows
/// counts if it has DeepLesion's first column.
fn is_csv(bytes: &[u8]) -> bool {
    let head = bytes.get(..4096).unwrap_or(bytes);
    if head.contains(&0) {
        return false;
    }
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(head);
    let mut records = reader.byte_records().map_while(Result::ok);
    match (records.next(), records.next()) {
        (Some(header), Some(row)) => header.len() >= 2 && header.len() == row.len(),
        (Some(header), None) => header.iter().any(|cell| cell == b"File_name"),
        _ => false,
    }
}

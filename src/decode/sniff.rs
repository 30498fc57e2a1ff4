//! What a file is, by its content alone.

use super::dicom::{self, Start};
use super::foreign::ForeignFormat;
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
    Foreign(ForeignFormat),
    /// Anything else.
    Unknown,
}

/// Signature at an offset, and what it is that of.
const KNOWN: &[(usize, &[u8], ForeignFormat)] = &[
    (0, b"\x1f\x8b", ForeignFormat::Gzip),
    (0, b"PK\x05\x06", ForeignFormat::EmptyZip),
    (0, b"7z\xbc\xaf\x27\x1c", ForeignFormat::SevenZip),
    (0, b"Rar!\x1a\x07", ForeignFormat::Rar),
    (0, b"BZh", ForeignFormat::Bzip2),
    (0, b"\xfd7zXZ\0", ForeignFormat::Xz),
    (0, b"\x28\xb5\x2f\xfd", ForeignFormat::Zstandard),
    (344, b"ni1\0", ForeignFormat::Nifti1Header),
    (4, b"ni2\0\r\n\x1a\n", ForeignFormat::Nifti2Header),
    (0, b"ObjectType = Image", ForeignFormat::MetaImage),
    (0, b"\x89HDF\r\n\x1a\n", ForeignFormat::Hdf5),
    (0, b"II+\0", ForeignFormat::BigTiff),
    (0, b"MM\0+", ForeignFormat::BigTiff),
    (0, b"\xff\xd8\xff\xf7", ForeignFormat::JpegLs),
    (0, b"\xff\xd8\xff", ForeignFormat::Jpeg),
    (0, b"\xff\x4f\xff\x51", ForeignFormat::Jpeg2000),
    (0, b"\0\0\0\x0cjP  ", ForeignFormat::Jpeg2000),
    (0, b"GIF8", ForeignFormat::Gif),
    (0, b"BM", ForeignFormat::Bmp),
    (8, b"WEBP", ForeignFormat::WebP),
    (0, b"%PDF-", ForeignFormat::Pdf),
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
    if let Some(&(_, _, format)) = KNOWN.iter().find(|(offset, magic, _)| has(*offset, magic)) {
        return Kind::Foreign(format);
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

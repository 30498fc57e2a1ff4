//! Formats that are known by their first bytes, and not read.

use serde::Serialize;
use strum::{EnumIter, IntoStaticStr};

/// A format that is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumIter, IntoStaticStr)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[non_exhaustive]
pub enum ForeignFormat {
    /// gzip around something else than NIfTI.
    Gzip,
    /// A zip archive without files.
    EmptyZip,
    /// A zip archive inside another.
    NestedZip,
    /// 7z.
    SevenZip,
    /// RAR.
    Rar,
    /// bzip2.
    Bzip2,
    /// xz.
    Xz,
    /// zstandard.
    Zstandard,
    /// NIfTI-1 in two files.
    Nifti1Header,
    /// NIfTI-2 in two files.
    Nifti2Header,
    /// NRRD in two files.
    NrrdHeader,
    /// NRRD in an encoding other than raw and gzip.
    NrrdEncoding,
    /// MetaImage.
    MetaImage,
    /// HDF5.
    Hdf5,
    /// BigTIFF.
    BigTiff,
    /// JPEG-LS outside of DICOM.
    JpegLs,
    /// JPEG outside of DICOM.
    Jpeg,
    /// JPEG 2000 outside of DICOM.
    Jpeg2000,
    /// GIF.
    Gif,
    /// BMP.
    Bmp,
    /// WebP.
    WebP,
    /// PDF.
    Pdf,
}

/// What to do with a file of a format that is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumIter, IntoStaticStr)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[non_exhaustive]
pub enum Advice {
    /// Unpack it and add the images in it.
    Unpack,
    /// Add the DICOM CT images that it was made from.
    AddDicom,
    /// It holds no Hounsfield units; add the DICOM CT image or the 16-bit PNG.
    NoHounsfield,
    /// Save it as one file, header and samples together.
    SaveWhole,
    /// Save it in the encoding raw or gzip.
    SaveRaw,
}

impl ForeignFormat {
    /// Its name with an article, in English.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Gzip => "a gzip file that holds no NIfTI volume",
            Self::EmptyZip => "an empty zip archive",
            Self::NestedZip => "a zip archive inside another",
            Self::SevenZip => "a 7z archive",
            Self::Rar => "a RAR archive",
            Self::Bzip2 => "a bzip2 file",
            Self::Xz => "an xz file",
            Self::Zstandard => "a zstandard file",
            Self::Nifti1Header => "a NIfTI-1 header whose samples are in another file",
            Self::Nifti2Header => "a NIfTI-2 header whose samples are in another file",
            Self::NrrdHeader => "an NRRD header whose samples are in another file",
            Self::NrrdEncoding => "an NRRD volume in text, hexadecimal or bzip2",
            Self::MetaImage => "a MetaImage header",
            Self::Hdf5 => "an HDF5 file",
            Self::BigTiff => "a BigTIFF image",
            Self::JpegLs => "a JPEG-LS image",
            Self::Jpeg => "a JPEG picture",
            Self::Jpeg2000 => "a JPEG 2000 image",
            Self::Gif => "a GIF picture",
            Self::Bmp => "a BMP picture",
            Self::WebP => "a WebP picture",
            Self::Pdf => "a PDF document",
        }
    }

    /// What to do with it.
    #[must_use]
    pub fn advice(self) -> Advice {
        match self {
            Self::Gzip
            | Self::EmptyZip
            | Self::NestedZip
            | Self::SevenZip
            | Self::Rar
            | Self::Bzip2
            | Self::Xz
            | Self::Zstandard => Advice::Unpack,
            Self::Nifti1Header
            | Self::Nifti2Header
            | Self::MetaImage
            | Self::Hdf5
            | Self::BigTiff
            | Self::JpegLs
            | Self::Jpeg2000 => Advice::AddDicom,
            Self::Jpeg | Self::Gif | Self::Bmp | Self::WebP | Self::Pdf => Advice::NoHounsfield,
            Self::NrrdHeader => Advice::SaveWhole,
            Self::NrrdEncoding => Advice::SaveRaw,
        }
    }
}

impl Advice {
    /// The advice in English, to follow a semicolon.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Unpack => "unpack it and add the images in it",
            Self::AddDicom => "add the DICOM CT images that it was made from",
            Self::NoHounsfield => "it holds no Hounsfield units; add the DICOM CT image or the 16-bit PNG",
            Self::SaveWhole => "save it as one .nrrd file",
            Self::SaveRaw => "save it in the encoding raw or gzip",
        }
    }
}

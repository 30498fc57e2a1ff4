//! Transfer syntaxes and SOP classes by UID (PS3.6 annex A).

use super::element::Encoding;
use crate::decode::codec::Codec;

const IMPLICIT_LITTLE: &str = "1.2.840.10008.1.2";
const EXPLICIT_LITTLE: &str = "1.2.840.10008.1.2.1";
const EXPLICIT_BIG: &str = "1.2.840.10008.1.2.2";
const DEFLATED: &str = "1.2.840.10008.1.2.1.99";

/// How a data set under a transfer syntax is to be read.
pub(super) enum Syntax {
    /// Plain pixels.
    Native(Encoding),
    /// Explicit VR little endian, deflated as a whole (PS3.5 A.5).
    Deflated,
    /// Explicit VR little endian around compressed pixels (PS3.5 A.4), and what reads them; `None`: nothing does.
    Encapsulated(Option<Codec>),
    /// Not known; not even its data set can be read.
    Unknown,
}

pub(super) fn of(uid: &str) -> Syntax {
    match uid {
        IMPLICIT_LITTLE => Syntax::Native(Encoding::ImplicitLittle),
        EXPLICIT_LITTLE => Syntax::Native(Encoding::ExplicitLittle),
        EXPLICIT_BIG => Syntax::Native(Encoding::ExplicitBig),
        DEFLATED => Syntax::Deflated,
        _ if ENCAPSULATED.iter().any(|&(known, _)| known == uid) => Syntax::Encapsulated(codec(uid)),
        _ => Syntax::Unknown,
    }
}

/// What reads the frames of an encapsulated syntax.
fn codec(uid: &str) -> Option<Codec> {
    match uid {
        "1.2.840.10008.1.2.5" => Some(Codec::Rle),
        "1.2.840.10008.1.2.4.50"
        | "1.2.840.10008.1.2.4.51"
        | "1.2.840.10008.1.2.4.53"
        | "1.2.840.10008.1.2.4.55"
        | "1.2.840.10008.1.2.4.57"
        | "1.2.840.10008.1.2.4.70" => Some(Codec::Jpeg),
        "1.2.840.10008.1.2.4.80" | "1.2.840.10008.1.2.4.81" => Some(Codec::JpegLs),
        "1.2.840.10008.1.2.4.90"
        | "1.2.840.10008.1.2.4.91"
        | "1.2.840.10008.1.2.4.201"
        | "1.2.840.10008.1.2.4.202"
        | "1.2.840.10008.1.2.4.203" => Some(Codec::Jpeg2000),
        _ => None,
    }
}

/// The UID of an uncompressed encoding.
pub(super) fn uid(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::ImplicitLittle => IMPLICIT_LITTLE,
        Encoding::ExplicitLittle => EXPLICIT_LITTLE,
        Encoding::ExplicitBig => EXPLICIT_BIG,
    }
}

/// Plain name of a transfer syntax.
pub(super) fn name(uid: &str) -> &'static str {
    match uid {
        IMPLICIT_LITTLE => "Implicit VR Little Endian",
        EXPLICIT_LITTLE => "Explicit VR Little Endian",
        EXPLICIT_BIG => "Explicit VR Big Endian",
        DEFLATED => "Deflated Explicit VR Little Endian",
        "1.2.840.113619.5.2" => "GE private implicit little endian with big-endian pixels",
        _ => ENCAPSULATED.iter().find(|&&(known, _)| known == uid).map_or("an unknown syntax", |&(_, name)| name),
    }
}

const ENCAPSULATED: &[(&str, &str)] = &[
    ("1.2.840.10008.1.2.1.98", "Encapsulated Uncompressed Explicit VR Little Endian"),
    ("1.2.840.10008.1.2.4.50", "JPEG Baseline"),
    ("1.2.840.10008.1.2.4.51", "JPEG Extended"),
    ("1.2.840.10008.1.2.4.53", "JPEG Spectral Selection (retired)"),
    ("1.2.840.10008.1.2.4.55", "JPEG Full Progression (retired)"),
    ("1.2.840.10008.1.2.4.57", "JPEG Lossless"),
    ("1.2.840.10008.1.2.4.70", "JPEG Lossless, First-Order Prediction"),
    ("1.2.840.10008.1.2.4.80", "JPEG-LS Lossless"),
    ("1.2.840.10008.1.2.4.81", "JPEG-LS Near-Lossless"),
    ("1.2.840.10008.1.2.4.90", "JPEG 2000 Lossless"),
    ("1.2.840.10008.1.2.4.91", "JPEG 2000"),
    ("1.2.840.10008.1.2.4.92", "JPEG 2000 Part 2 Lossless"),
    ("1.2.840.10008.1.2.4.93", "JPEG 2000 Part 2"),
    ("1.2.840.10008.1.2.4.94", "JPIP Referenced"),
    ("1.2.840.10008.1.2.4.95", "JPIP Referenced Deflate"),
    ("1.2.840.10008.1.2.4.100", "MPEG-2 video"),
    ("1.2.840.10008.1.2.4.101", "MPEG-2 video"),
    ("1.2.840.10008.1.2.4.102", "MPEG-4 video"),
    ("1.2.840.10008.1.2.4.103", "MPEG-4 video"),
    ("1.2.840.10008.1.2.4.104", "MPEG-4 video"),
    ("1.2.840.10008.1.2.4.105", "MPEG-4 video"),
    ("1.2.840.10008.1.2.4.106", "MPEG-4 video"),
    ("1.2.840.10008.1.2.4.107", "HEVC video"),
    ("1.2.840.10008.1.2.4.108", "HEVC video"),
    ("1.2.840.10008.1.2.4.110", "JPEG XL Lossless"),
    ("1.2.840.10008.1.2.4.111", "JPEG XL JPEG Recompression"),
    ("1.2.840.10008.1.2.4.112", "JPEG XL"),
    ("1.2.840.10008.1.2.4.201", "High-Throughput JPEG 2000 Lossless"),
    ("1.2.840.10008.1.2.4.202", "High-Throughput JPEG 2000 RPCL Lossless"),
    ("1.2.840.10008.1.2.4.203", "High-Throughput JPEG 2000"),
    ("1.2.840.10008.1.2.4.204", "JPIP High-Throughput JPEG 2000 Referenced"),
    ("1.2.840.10008.1.2.4.205", "JPIP High-Throughput JPEG 2000 Referenced Deflate"),
    ("1.2.840.10008.1.2.5", "RLE Lossless"),
    ("1.2.840.10008.1.2.8.1", "Deflated Image Frame"),
];

/// Whether a SOP class is Enhanced CT or Legacy Converted Enhanced CT, whose frames have functional groups.
pub(super) fn is_enhanced_ct(class: &str) -> bool {
    matches!(class, "1.2.840.10008.5.1.4.1.1.2.1" | "1.2.840.10008.5.1.4.1.1.2.2")
}

/// What a DICOM object is, with an article, for the classes that lie beside CT images in a study.
pub(super) fn class_name(class: &str) -> Option<&'static str> {
    Some(match class {
        "1.2.840.10008.1.3.10" => "a media directory (DICOMDIR)",
        "1.2.840.10008.5.1.4.1.1.1" => "a Computed Radiography image",
        "1.2.840.10008.5.1.4.1.1.1.1" | "1.2.840.10008.5.1.4.1.1.1.1.1" => "a Digital X-Ray image",
        "1.2.840.10008.5.1.4.1.1.2" => "a CT image",
        "1.2.840.10008.5.1.4.1.1.2.1" => "an Enhanced CT image",
        "1.2.840.10008.5.1.4.1.1.2.2" => "a Legacy Converted Enhanced CT image",
        "1.2.840.10008.5.1.4.1.1.4" | "1.2.840.10008.5.1.4.1.1.4.1" => "an MR image",
        "1.2.840.10008.5.1.4.1.1.6.1" | "1.2.840.10008.5.1.4.1.1.3.1" => "an ultrasound image",
        "1.2.840.10008.5.1.4.1.1.7"
        | "1.2.840.10008.5.1.4.1.1.7.1"
        | "1.2.840.10008.5.1.4.1.1.7.2"
        | "1.2.840.10008.5.1.4.1.1.7.3"
        | "1.2.840.10008.5.1.4.1.1.7.4" => "a secondary capture (a picture of a screen or a report)",
        "1.2.840.10008.5.1.4.1.1.11.1" => "a presentation state",
        "1.2.840.10008.5.1.4.1.1.20" => "a nuclear medicine image",
        "1.2.840.10008.5.1.4.1.1.66.4" => "a segmentation",
        "1.2.840.10008.5.1.4.1.1.88.11"
        | "1.2.840.10008.5.1.4.1.1.88.22"
        | "1.2.840.10008.5.1.4.1.1.88.33"
        | "1.2.840.10008.5.1.4.1.1.88.67" => "a structured report",
        "1.2.840.10008.5.1.4.1.1.104.1" => "an encapsulated PDF document",
        "1.2.840.10008.5.1.4.1.1.128" | "1.2.840.10008.5.1.4.1.1.130" => "a PET image",
        "1.2.840.10008.5.1.4.1.1.481.1" => "a radiotherapy image",
        "1.2.840.10008.5.1.4.1.1.481.2" => "a radiotherapy dose",
        "1.2.840.10008.5.1.4.1.1.481.3" => "a radiotherapy structure set",
        "1.2.840.10008.5.1.4.1.1.481.5" => "a radiotherapy plan",
        _ => return None,
    })
}

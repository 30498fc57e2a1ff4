//! Writes files for the browser tests: `cargo run --example fixtures -- DIR`.
//!
//! `DIR/codecs` holds a small CT image for each compressed stream of `tests/golden/codecs.json`, under its number there.
//! `DIR/deeplesion` is a study in DeepLesion's layout, `DIR/dicom` a CT series in four transfer syntaxes, written by
//! dicom-rs as an independent program, and `DIR/bad` holds files that must be refused, each named after its fault. All
//! images show the synthetic torso of [`lesionlens::phantom`] around one of its lesions. The files are the same on
//! every run.

use std::fs;
use std::io::Cursor;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use dicom_core::value::PrimitiveValue;
use dicom_core::{DataElement, Tag, VR};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use image::{DynamicImage, ImageFormat};
use lesionlens::phantom::Phantom;

/// Slices on each side of a lesion's key slice.
const REACH: usize = 3;
const SIDE_PX: usize = 512;
const PIXEL_MM: &str = "0.8";
const STEP_MM: f64 = 5.0;

const EXPLICIT_LITTLE: &str = "1.2.840.10008.1.2.1";
const SYNTAXES: [&str; 4] = ["1.2.840.10008.1.2", EXPLICIT_LITTLE, "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"];
const JPEG_BASELINE: &str = "1.2.840.10008.1.2.4.50";

const CT_IMAGE: &str = "1.2.840.10008.5.1.4.1.1.2";
const MR_IMAGE: &str = "1.2.840.10008.5.1.4.1.1.4";

const SOP_CLASS_UID: Tag = Tag(0x0008, 0x0016);
const IMAGE_TYPE: Tag = Tag(0x0008, 0x0008);
const MODALITY: Tag = Tag(0x0008, 0x0060);
const NUMBER_OF_FRAMES: Tag = Tag(0x0028, 0x0008);
const RESCALE_SLOPE: Tag = Tag(0x0028, 0x1053);
const PIXEL_DATA: Tag = Tag(0x7fe0, 0x0010);

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).context("usage: cargo run --example fixtures -- DIR")?;
    let folder = Path::new(&folder);
    write_deeplesion(&folder.join("deeplesion"), &Phantom::new(2))?;
    write_codecs(&folder.join("codecs"))?;
    let phantom = Phantom::new(3);
    write_dicom(&folder.join("dicom"), &phantom)?;
    write_bad(&folder.join("bad"), &phantom)
}

/// The slices around the first lesion's key slice.
fn around_lesion(phantom: &Phantom) -> Result<Range<usize>> {
    let mark = phantom.lesions().first().and_then(|lesion| lesion.marks.first()).context("the phantom has lesions")?;
    Ok(mark.slice_idx.saturating_sub(REACH)..(mark.slice_idx + REACH + 1).min(phantom.n_slices()))
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let path = folder.join(name);
    let parent = path.parent().context("a file lies in a folder")?;
    fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

fn write_deeplesion(folder: &Path, phantom: &Phantom) -> Result<()> {
    for i in around_lesion(phantom)?.chain([phantom.n_slices()]) {
        let (path, bytes) = phantom.file(i);
        write(folder, &path, &bytes)?;
    }
    Ok(())
}

/// File names run against the positions, as they often do.
fn write_dicom(folder: &Path, phantom: &Phantom) -> Result<()> {
    for (number, (slice_idx, syntax)) in around_lesion(phantom)?.zip(SYNTAXES.into_iter().cycle()).enumerate() {
        let bytes = part10(ct_image(phantom, slice_idx)?, syntax)?;
        write(folder, &format!("IM{:04}.dcm", number + 1), &bytes)?;
    }
    Ok(())
}

/// A stream of the golden file.
#[derive(serde::Deserialize)]
struct Stream {
    transfer_syntax: String,
    rows: u16,
    cols: u16,
    bits_stored: u16,
    signed: bool,
    stream: String,
}

/// Every stream as the one fragment of a CT image, with a rescale by which its stored values reach air and water.
fn write_codecs(folder: &Path) -> Result<()> {
    let json = include_str!("../tests/golden/codecs.json");
    for (number, stream) in serde_json::from_str::<Vec<Stream>>(json)?.into_iter().enumerate() {
        let pairs = stream.stream.as_bytes().chunks(2);
        let bytes: Vec<u8> =
            pairs.map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?)).collect::<Result<_>>()?;
        let object = InMemDicomObject::from_element_iter([
            text(SOP_CLASS_UID, VR::UI, CT_IMAGE),
            text(MODALITY, VR::CS, "CT"),
            text(Tag(0x0020, 0x000e), VR::UI, &format!("2.25.{number}")),
            word(0x0002, 1),
            text(Tag(0x0028, 0x0004), VR::CS, "MONOCHROME2"),
            word(0x0010, stream.rows),
            word(0x0011, stream.cols),
            word(0x0100, if stream.bits_stored > 8 { 16 } else { 8 }),
            word(0x0101, stream.bits_stored),
            word(0x0102, stream.bits_stored - 1),
            word(0x0103, u16::from(stream.signed)),
            text(Tag(0x0028, 0x1052), VR::DS, if stream.signed { "0" } else { "-1024" }),
            text(RESCALE_SLOPE, VR::DS, if stream.bits_stored > 8 { "10" } else { "64" }),
        ]);
        let syntax = format!("1.2.840.10008.1.2.{}", stream.transfer_syntax);
        write(folder, &format!("{number:02}.dcm"), &with_fragment(object, &syntax, &bytes)?)?;
    }
    Ok(())
}

fn text(tag: Tag, vr: VR, value: &str) -> DataElement<InMemDicomObject> {
    DataElement::new(tag, vr, PrimitiveValue::from(value))
}

fn word(element: u16, value: u16) -> DataElement<InMemDicomObject> {
    DataElement::new(Tag(0x0028, element), VR::US, PrimitiveValue::from(value))
}

/// One slice as a scanner writes it: 12 bits unsigned, HU = stored − 1024.
fn ct_image(phantom: &Phantom, slice_idx: usize) -> Result<InMemDicomObject> {
    let hu = phantom.hu(slice_idx);
    ensure!(hu.len() == SIDE_PX * SIDE_PX, "the phantom's slices have {} pixels", hu.len());
    let stored: Vec<u16> =
        hu.into_iter().map(|hu| u16::try_from(i32::from(hu) + 1024).map_or(0, |stored| stored.min(4095))).collect();
    let side = u16::try_from(SIDE_PX)?;
    let (number, corner) = (slice_idx + 1, -0.5 * (SIDE_PX as f64 - 1.0) * 0.8);
    // The phantom's slices run to the feet, the patient's z axis to the head.
    let z = -STEP_MM * slice_idx as f64;
    Ok(InMemDicomObject::from_element_iter([
        text(IMAGE_TYPE, VR::CS, "ORIGINAL\\PRIMARY\\AXIAL"),
        text(SOP_CLASS_UID, VR::UI, CT_IMAGE),
        text(Tag(0x0008, 0x0018), VR::UI, &format!("2.25.1.{number}")),
        text(MODALITY, VR::CS, "CT"),
        text(Tag(0x0008, 0x103e), VR::LO, "synthetic torso"),
        text(Tag(0x0010, 0x0010), VR::PN, "Synthetic^Phantom"),
        text(Tag(0x0018, 0x0050), VR::DS, "5"),
        text(Tag(0x0020, 0x000e), VR::UI, "2.25.1"),
        text(Tag(0x0020, 0x0013), VR::IS, &number.to_string()),
        text(Tag(0x0020, 0x0032), VR::DS, &format!("{corner:.1}\\{corner:.1}\\{z}")),
        text(Tag(0x0020, 0x0037), VR::DS, "1\\0\\0\\0\\1\\0"),
        word(0x0002, 1),
        text(Tag(0x0028, 0x0004), VR::CS, "MONOCHROME2"),
        word(0x0010, side),
        word(0x0011, side),
        text(Tag(0x0028, 0x0030), VR::DS, &format!("{PIXEL_MM}\\{PIXEL_MM}")),
        word(0x0100, 16),
        word(0x0101, 12),
        word(0x0102, 11),
        word(0x0103, 0),
        text(Tag(0x0028, 0x1050), VR::DS, "50"),
        text(Tag(0x0028, 0x1051), VR::DS, "350"),
        text(Tag(0x0028, 0x1052), VR::DS, "-1024"),
        text(RESCALE_SLOPE, VR::DS, "1"),
        DataElement::new(PIXEL_DATA, VR::OW, PrimitiveValue::U16(stored.into())),
    ]))
}

/// The file of an object under a transfer syntax.
fn part10(object: InMemDicomObject, syntax: &str) -> Result<Vec<u8>> {
    let meta = FileMetaTableBuilder::new()
        .media_storage_sop_class_uid(CT_IMAGE)
        .media_storage_sop_instance_uid("2.25.1.1")
        .transfer_syntax(syntax);
    let mut bytes = Vec::new();
    object.with_meta(meta)?.write_all(&mut bytes)?;
    Ok(bytes)
}

fn write_bad(folder: &Path, phantom: &Phantom) -> Result<()> {
    let good = ct_image(phantom, around_lesion(phantom)?.start)?;
    let changed = |elements: Vec<DataElement<InMemDicomObject>>| {
        let mut object = good.clone();
        for element in elements {
            object.put(element);
        }
        part10(object, EXPLICIT_LITTLE)
    };

    let whole = part10(good.clone(), EXPLICIT_LITTLE)?;
    write(folder, "truncated.dcm", whole.get(..whole.len() / 2).context("half a file")?)?;
    let slope_0 = changed(vec![text(RESCALE_SLOPE, VR::DS, "0")])?;
    write(folder, "rescale_slope_0.dcm", &slope_0)?;
    let localizer = changed(vec![text(IMAGE_TYPE, VR::CS, "ORIGINAL\\PRIMARY\\LOCALIZER")])?;
    write(folder, "localizer.dcm", &localizer)?;
    let mr = changed(vec![text(SOP_CLASS_UID, VR::UI, MR_IMAGE), text(MODALITY, VR::CS, "MR")])?;
    write(folder, "mr.dcm", &mr)?;
    let frames = changed(vec![text(NUMBER_OF_FRAMES, VR::IS, "2")])?;
    write(folder, "two_frames.dcm", &frames)?;
    let short = changed(vec![DataElement::new(PIXEL_DATA, VR::OW, PrimitiveValue::U16(vec![0; 1000].into()))])?;
    write(folder, "short_pixels.dcm", &short)?;
    write(folder, "jpeg_baseline.dcm", &jpeg_baseline(&good)?)?;

    let square = DynamicImage::new_luma8(64, 64);
    write(folder, "8_bit.png", &picture(&square, ImageFormat::Png)?)?;
    write(folder, "colour.png", &picture(&DynamicImage::ImageRgb16(square.to_rgb16()), ImageFormat::Png)?)?;
    let (_, png) = phantom.file(0);
    write(folder, "truncated.png", png.get(..png.len() / 2).context("half a file")?)?;

    write(folder, "notes.txt", b"The slices are in the other folder.\n")?;
    write(folder, "other.csv", b"patient,age\n1,61\n2,58\n")?;
    write(folder, "archive.zip", b"PK\x03\x04\x14\0\0\0\0\0")?;
    write(folder, "empty.dcm", b"")
}

fn picture(image: &DynamicImage, format: ImageFormat) -> Result<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format)?;
    Ok(bytes.into_inner())
}

/// A CT image whose pixels are a JPEG image without any scan.
fn jpeg_baseline(good: &InMemDicomObject) -> Result<Vec<u8>> {
    let mut object = good.clone();
    object.remove_element(PIXEL_DATA);
    with_fragment(object, JPEG_BASELINE, b"\xff\xd8\xff\xd9")
}

/// A file whose pixels are one fragment (PS3.5 A.4): its data set without pixels, and an element with the fragment
/// behind it.
fn with_fragment(object: InMemDicomObject, syntax: &str, fragment: &[u8]) -> Result<Vec<u8>> {
    // dicom-rs does not know the retired syntaxes, whose UIDs are as long as that of another.
    let known = if syntax.len() == JPEG_BASELINE.len() { JPEG_BASELINE } else { syntax };
    let mut bytes = part10(object, known)?;
    let at = bytes.windows(known.len()).position(|window| window == known.as_bytes()).context("a transfer syntax")?;
    bytes.splice(at..at + known.len(), syntax.bytes());
    let length = u32::try_from(fragment.len().next_multiple_of(2))?;
    bytes.extend(b"\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff");
    bytes.extend(b"\xfe\xff\0\xe0\0\0\0\0");
    bytes.extend(b"\xfe\xff\0\xe0");
    bytes.extend(length.to_le_bytes());
    bytes.extend(fragment);
    bytes.extend(vec![0; fragment.len() % 2]);
    bytes.extend(b"\xfe\xff\xdd\xe0\0\0\0\0");
    Ok(bytes)
}

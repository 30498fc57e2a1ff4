//! 16-bit PNG in DeepLesion's way.

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use lesionlens::slice::{Format, StoredValues};
use proptest::prelude::*;

use crate::{refusal, slice};

/// A PNG of `width × height`; 16-bit samples are given in native byte order, as the encoder takes them.
pub(crate) fn encode(samples: &[u8], width: u32, height: u32, kind: ExtendedColorType) -> Vec<u8> {
    let mut out = Vec::new();
    PngEncoder::new(&mut out).write_image(samples, width, height, kind).expect("a matching buffer");
    out
}

pub(crate) fn grey16(values: &[u16], width: u32, height: u32) -> Vec<u8> {
    let samples: Vec<u8> = values.iter().flat_map(|value| value.to_ne_bytes()).collect();
    encode(&samples, width, height, ExtendedColorType::L16)
}

#[test]
fn stored_values_minus_32768_are_hounsfield_units() {
    let slice = slice("x.png", &grey16(&[0, 31744, 32768, 32808, 34271, 65535], 3, 2));
    assert_eq!((slice.rows(), slice.cols()), (2, 3));
    assert_eq!(slice.hu(), [-32768.0, -1024.0, 0.0, 40.0, 1503.0, 32767.0]);
    assert_eq!(slice.info().format, Format::Png);
    assert_eq!(slice.info().pixel_spacing_mm, None);
    assert_eq!(slice.info().window, None);
}

#[test]
fn both_naming_layouts_of_deeplesion_give_series_and_number() {
    let png = grey16(&[0], 1, 1);
    let known = Some(("000001_01_01", 109));
    for (path, expected) in [
        ("Images_png/000001_01_01/109.png", known),
        ("000001_01_01/109.png", known),
        ("000001_01_01_109.png", known),
        ("a/b/000001_01_01_109.PNG", known),
        ("000001_01_01/0109.png", known),
        ("000001_01_01/007.png", Some(("000001_01_01", 7))),
        ("other/000001_01_01_109.png", known),
        ("109.png", None),
        ("folder/109.png", None),
        ("00001_01_01/109.png", None),
        ("000001_01_01_01/109.png", None),
        ("000001_01_01/x.png", None),
        ("000001_01_01/+9.png", None),
        ("000001_01_01/1000000000.png", None),
        ("000001_01_01/109.dcm", None),
        ("000001_01_01/", None),
        ("", None),
    ] {
        let slice = slice(path, &png);
        let info = slice.info();
        assert_eq!(info.series_id.as_deref().zip(info.number), expected, "{path}");
    }
}

#[test]
fn pictures_without_hounsfield_units_are_refused() {
    for (kind, bytes_per_pixel, code) in [
        (ExtendedColorType::La8, 2, "PngNot16Bit"),
        (ExtendedColorType::Rgb8, 3, "PngNot16Bit"),
        (ExtendedColorType::Rgba8, 4, "PngNot16Bit"),
        (ExtendedColorType::La16, 4, "PngNotGreyscale"),
        (ExtendedColorType::Rgb16, 6, "PngNotGreyscale"),
        (ExtendedColorType::Rgba16, 8, "PngNotGreyscale"),
    ] {
        let png = encode(&vec![1; 6 * bytes_per_pixel], 3, 2, kind);
        assert_eq!(refusal("x.png", &png).code(), code, "{kind:?}");
    }
    // A transparent level turns up only behind the header.
    let png = grey16(&[1, 2, 3, 4], 2, 2);
    let (head, rest) = png.split_at(33);
    let transparent = [head, &chunk(b"tRNS", &[0, 1]), rest].concat();
    assert_eq!(refusal("x.png", &transparent).code(), "PngNotGreyscale");
}

/// Length, type, data and CRC-32 of a PNG chunk.
fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(kind);
    crc.update(data);
    let length = u32::try_from(data.len()).expect("short");
    [&length.to_be_bytes()[..], kind, data, &crc.sum().to_be_bytes()].concat()
}

#[test]
fn absurd_sizes_are_refused_before_anything_is_allocated() {
    let png = grey16(&[1, 2, 3, 4], 2, 2);
    let tail = png.get(33..).expect("chunks behind the header");
    for (width, height, code) in [
        (0x7fff_ffff_u32, 0x7fff_ffff_u32, "ImageTooLarge"),
        (16_000, 16_000, "ImageTooLarge"),
        (0, 2, "PngDamaged"),
        (2, 3, "PngDamaged"),
    ] {
        let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[16, 0, 0, 0, 0]].concat();
        let file = [&png[..8], &chunk(b"IHDR", &header), tail].concat();
        assert_eq!(refusal("x.png", &file).code(), code, "{width} x {height}");
    }
}

#[test]
fn every_cut_of_a_png_is_refused() {
    let values: Vec<u16> = (0..64_u16).map(|value| value.wrapping_mul(4099)).collect();
    let png = grey16(&values, 8, 8);
    for length in 0..png.len() {
        refusal("cut.png", &png[..length]);
    }
    // What follows the end is no part of the picture.
    assert_eq!(slice("whole.png", &[&png[..], b"rubbish"].concat()).stored(), &StoredValues::Unsigned(values));
}

#[test]
fn profiles_and_image_data_beyond_measure_are_refused() {
    let png = grey16(&[1, 2, 3, 4], 2, 2);
    let (head, tail) = png.split_at(33);
    for extra in [chunk(b"iCCP", b"broken\0\0rubbish"), chunk(b"IDAT", &[0; 5000])] {
        assert_eq!(refusal("x.png", &[head, &extra, tail].concat()).code(), "PngDamaged");
    }
    assert_eq!(slice("x.png", &[head, &chunk(b"teXt", b"any"), tail].concat()).rows(), 2);
}

proptest! {
    #[test]
    fn every_16_bit_picture_comes_back_bit_by_bit(
        (width, height, values) in (1_u32..20, 1_u32..20).prop_flat_map(|(width, height)| {
            (Just(width), Just(height), prop::collection::vec(any::<u16>(), (width * height) as usize))
        }),
    ) {
        let slice = slice("x.png", &grey16(&values, width, height));
        prop_assert_eq!(slice.stored(), &StoredValues::Unsigned(values));
    }
}

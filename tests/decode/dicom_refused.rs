//! What is refused of DICOM, and with which code.

use crate::dicom::nested;
use crate::write::{Container, DataSet, Encoding, Value, header, wrap};
use crate::{refusal, slice};

/// What is wrong, how it gets so, the code.
type Refused = (&'static str, fn(&mut DataSet), &'static str);

fn check(cases: &[Refused]) {
    for (what, change, code) in cases {
        let mut data_set = DataSet::ct();
        change(&mut data_set);
        let error = refusal(what, &data_set.explicit());
        assert_eq!(error.code(), *code, "{what}: {error}");
        let message = error.to_string();
        assert!(message.len() < 320 && message.chars().all(|c| !c.is_control()), "{what}: {message}");
    }
}

#[test]
fn objects_that_are_no_ct_slice_are_refused_by_name() {
    check(&[
        ("an MR image", |d| mr(d), "NotCtImage"),
        ("a secondary capture of modality CT", |d| class(d, "1.2.840.10008.5.1.4.1.1.7"), "NotCtImage"),
        ("a segmentation", |d| class(d, "1.2.840.10008.5.1.4.1.1.66.4"), "NotCtImage"),
        ("a dose", |d| class(d, "1.2.840.10008.5.1.4.1.1.481.2"), "NotCtImage"),
        ("an unknown class", |d| class(d, "1.2.3"), "NotCtImage"),
        ("a CT class with modality PT", |d| d.text(0x0008_0060, "CS", "PT"), "NotCtImage"),
        (
            "neither class nor modality",
            |d| {
                d.remove(0x0008_0016);
                d.remove(0x0008_0060)
            },
            "NotCtImage",
        ),
        ("a localizer", |d| d.text(0x0008_0008, "CS", "ORIGINAL\\PRIMARY\\LOCALIZER"), "Localizer"),
        ("two frames", |d| d.text(0x0028_0008, "IS", "2"), "MultiFrame"),
        ("no frame", |d| d.text(0x0028_0008, "IS", "0"), "MultiFrame"),
        ("garbled frames", |d| d.text(0x0028_0008, "IS", "abc"), "BadAttribute"),
    ]);
}

fn class(data_set: &mut DataSet, uid: &str) {
    data_set.text(0x0008_0016, "UI", uid);
}

fn mr(data_set: &mut DataSet) {
    class(data_set, "1.2.840.10008.5.1.4.1.1.4");
    data_set.text(0x0008_0060, "CS", "MR");
}

#[test]
fn pixels_that_cannot_be_trusted_are_refused() {
    check(&[
        ("three samples", |d| d.word(0x0028_0002, 3), "NotGreyscale"),
        ("no sample", |d| d.word(0x0028_0002, 0), "NotGreyscale"),
        ("a palette", |d| d.text(0x0028_0004, "CS", "PALETTE COLOR"), "NotGreyscale"),
        ("no photometric interpretation", |d| d.remove(0x0028_0004), "NotGreyscale"),
        ("1 bit", |d| d.word(0x0028_0100, 1), "UnsupportedBitsAllocated"),
        ("12 bits", |d| d.word(0x0028_0100, 12), "UnsupportedBitsAllocated"),
        ("64 bits", |d| d.word(0x0028_0100, 64), "UnsupportedBitsAllocated"),
        ("32 bits without the pixels for them", |d| d.word(0x0028_0100, 32), "PixelDataLength"),
        ("0 stored bits", |d| d.word(0x0028_0101, 0), "BadBitsStored"),
        ("17 stored bits", |d| d.word(0x0028_0101, 17), "BadBitsStored"),
        ("a high bit above the value", |d| d.word(0x0028_0101, 12), "BadHighBit"),
        ("a high bit inside the value", |d| d.word(0x0028_0102, 3), "BadHighBit"),
        ("sign 2", |d| d.word(0x0028_0103, 2), "BadAttribute"),
        ("no sign", |d| d.remove(0x0028_0103), "MissingAttribute"),
        ("no rows", |d| d.remove(0x0028_0010), "MissingAttribute"),
        ("rows of length 0", |d| d.set(0x0028_0010, "US", Value::Bytes(vec![])), "MissingAttribute"),
        ("two values of rows", |d| d.set(0x0028_0010, "US", Value::Words(vec![3, 3])), "BadAttribute"),
        ("0 rows", |d| d.word(0x0028_0010, 0), "BadAttribute"),
        ("0 columns", |d| d.word(0x0028_0011, 0), "BadAttribute"),
        ("no pixels", |d| d.remove(0x7fe0_0010), "NoPixelData"),
        ("one pixel too few", |d| d.set(0x7fe0_0010, "OW", Value::Words(vec![0; 11])), "PixelDataLength"),
        ("one column too many", |d| d.set(0x7fe0_0010, "OW", Value::Words(vec![0; 15])), "PixelDataLength"),
        (
            "65535 rows and columns",
            |d| {
                d.word(0x0028_0010, 65535);
                d.word(0x0028_0011, 65535)
            },
            "ImageTooLarge",
        ),
    ]);
}

#[test]
fn rescales_that_give_no_hounsfield_units_are_refused() {
    check(&[
        ("a negative slope", |d| d.text(0x0028_1053, "DS", "-1"), "BadRescale"),
        ("a slope that no CT has", |d| d.text(0x0028_1053, "DS", "0.001"), "BadRescale"),
        ("a slope of 8 bits for 16", |d| d.text(0x0028_1053, "DS", "16"), "BadRescale"),
        ("an unspecified rescale type", |d| d.text(0x0028_1054, "LO", "US"), "NotHounsfield"),
        ("a map of blood flow", |d| d.text(0x0008_0008, "CS", "DERIVED\\PRIMARY\\PERFUSION\\RCBF"), "OtherQuantity"),
        ("a map of iodine", |d| d.text(0x0008_0008, "CS", "DERIVED\\PRIMARY\\AXIAL\\IODINE MAP"), "OtherQuantity"),
        ("pixels of metres", |d| d.text(0x0028_0030, "DS", "0.0005\\0.00075"), "ImplausibleSize"),
        ("pixels like boards", |d| d.text(0x0028_0030, "DS", "5\\0.2"), "ImplausibleSize"),
        ("an image as long as a house", |d| d.text(0x0028_0030, "DS", "1000\\1000"), "ImplausibleSize"),
        (
            "padding that covers tissue",
            |d| {
                d.text(0x0028_1052, "DS", "0");
                d.set(0x0028_0120, "SS", Value::Word((-6_i16).cast_unsigned()));
                d.set(0x0028_0121, "SS", Value::Word(5));
            },
            "PaddingCoversImage",
        ),
        (
            "HU + 1024 without a sign and an intercept of 0",
            |d| {
                d.word(0x0028_0103, 0);
                d.text(0x0028_1052, "DS", "0");
            },
            "OutOfReach",
        ),
        ("slope 0", |d| d.text(0x0028_1053, "DS", "0"), "BadRescale"),
        ("an infinite slope", |d| d.text(0x0028_1053, "DS", "1e400"), "BadAttribute"),
        ("slope inf", |d| d.text(0x0028_1053, "DS", "inf"), "BadAttribute"),
        ("slope nan", |d| d.text(0x0028_1053, "DS", "nan"), "BadAttribute"),
        ("two slopes", |d| d.text(0x0028_1053, "DS", "1\\2"), "BadAttribute"),
        ("a slope in words", |d| d.text(0x0028_1053, "DS", "abc"), "BadAttribute"),
        ("a slope with a comma", |d| d.text(0x0028_1053, "DS", "1,5"), "BadAttribute"),
        ("no slope", |d| d.remove(0x0028_1053), "MissingAttribute"),
        ("no intercept", |d| d.remove(0x0028_1052), "MissingAttribute"),
        ("an empty intercept", |d| d.text(0x0028_1052, "DS", "  "), "MissingAttribute"),
        ("an intercept of other stored bits", |d| d.text(0x0028_1052, "DS", "-70000"), "OutOfReach"),
        ("atomic numbers", |d| d.text(0x0028_1054, "LO", "Z_EFF"), "NotHounsfield"),
    ]);
}

#[test]
fn geometry_that_cannot_be_read_is_refused() {
    check(&[
        ("one spacing", |d| d.text(0x0028_0030, "DS", "0.5"), "BadAttribute"),
        ("a spacing of 0", |d| d.text(0x0028_0030, "DS", "0\\0.5"), "BadAttribute"),
        ("a negative spacing", |d| d.text(0x0028_0030, "DS", "0.5\\-0.5"), "BadAttribute"),
        ("a position of two numbers", |d| d.text(0x0020_0032, "DS", "1\\2"), "BadAttribute"),
        ("an orientation of zeros", |d| d.text(0x0020_0037, "DS", "0\\0\\0\\0\\0\\0"), "BadAttribute"),
        ("an orientation without right angle", |d| d.text(0x0020_0037, "DS", "1\\0\\0\\1\\0\\0"), "BadAttribute"),
    ]);
}

#[test]
fn broken_structure_is_refused() {
    check(&[
        ("a length past the end", |d| d.set(0x0029_1010, "UN", Value::Raw(long(0x7fff_ffff))), "DicomTruncated"),
        ("unknown letters", |d| d.set(0x0009_1001, "QQ", Value::Bytes(vec![])), "DicomDamaged"),
        ("an attribute twice", |d| d.elements.push((0x0028_0010, *b"US", Value::Word(4))), "DicomDamaged"),
        ("pixels twice", |d| d.elements.push((0x7fe0_0010, *b"OW", Value::Words(vec![0; 12]))), "DicomDamaged"),
        ("33 levels", |d| d.set(0x0008_1140, "SQ", Value::Raw(nested(33))), "DicomTooDeep"),
        ("10,000 levels", |d| d.set(0x0008_1140, "SQ", Value::Raw(nested(10_000))), "DicomTooDeep"),
        ("a sequence without end", |d| d.set(0x0040_0275, "SQ", Value::Raw(unterminated())), "DicomDamaged"),
        ("a stray delimiter", |d| d.set(0xffff_ffff, "  ", Value::Raw(delimiter(0xfffe_e00d))), "DicomDamaged"),
        ("a stray item", |d| d.set(0x0008_0001, "  ", Value::Raw(delimiter(0xfffe_e000))), "DicomDamaged"),
        ("rubbish at the end", |d| d.set(0xffff_ffff, "  ", Value::Raw(vec![9; 30])), "DicomDamaged"),
    ]);
}

fn long(length: u32) -> Vec<u8> {
    header(Encoding::Explicit, 0x0029_1010, *b"UN", length)
}

fn unterminated() -> Vec<u8> {
    header(Encoding::Explicit, 0x0040_0275, *b"SQ", u32::MAX)
}

fn delimiter(tag: u32) -> Vec<u8> {
    header(Encoding::Explicit, tag, *b"  ", 0)
}

#[test]
fn every_cut_of_a_file_is_refused() {
    let mut with_sequence = DataSet::ct();
    with_sequence.set(0x0008_1140, "SQ", Value::Raw(nested(2)));
    let plain = DataSet::ct();
    for (data_set, encoding) in
        [(&with_sequence, Encoding::Explicit), (&plain, Encoding::Implicit), (&plain, Encoding::Big)]
    {
        let whole = data_set.file(encoding, Container::Part10);
        slice("whole.dcm", &whole);
        for length in 0..whole.len() {
            refusal("cut.dcm", whole.get(..length).expect("shorter"));
        }
    }
}

#[test]
fn transfer_syntaxes_that_are_not_read_are_refused_by_name() {
    let mut data_set = DataSet::ct();
    let mut pixels = header(Encoding::Explicit, 0x7fe0_0010, *b"OB", u32::MAX);
    pixels.extend(header(Encoding::Explicit, 0xfffe_e000, *b"  ", 0));
    pixels.extend(header(Encoding::Explicit, 0xfffe_e000, *b"  ", 4));
    pixels.extend([0xff, 0xd8, 0xff, 0xd9]);
    pixels.extend(header(Encoding::Explicit, 0xfffe_e0dd, *b"  ", 0));
    data_set.set(0x7fe0_0010, "OB", Value::Raw(pixels));
    for (uid, name) in [
        ("1.2.840.10008.1.2.4.92", "JPEG 2000 Part 2"),
        ("1.2.840.10008.1.2.4.100", "MPEG-2 video"),
        ("1.2.840.10008.1.2.4.107", "HEVC video"),
        ("1.2.840.10008.1.2.8.1", "Deflated Image Frame"),
        ("1.2.840.10008.1.2.4.110", "JPEG XL Lossless"),
        ("1.2.840.113619.5.2", "GE private"),
        ("1.2.3.4.5", "unknown"),
    ] {
        let error = refusal(uid, &wrap(&data_set.bytes(Encoding::Explicit), uid, Container::Part10));
        assert_eq!(error.code(), "UnsupportedTransferSyntax", "{error}");
        assert!(error.to_string().contains(uid) && error.to_string().contains(name), "{error}");
    }
    let native = wrap(&data_set.bytes(Encoding::Explicit), "1.2.840.10008.1.2.1", Container::Part10);
    assert_eq!(refusal("native.dcm", &native).code(), "PixelsContradictSyntax");
    let compressed = wrap(&DataSet::ct().bytes(Encoding::Explicit), "1.2.840.10008.1.2.5", Container::Part10);
    assert_eq!(refusal("compressed.dcm", &compressed).code(), "PixelsContradictSyntax");
    mr(&mut data_set);
    let mr = wrap(&data_set.bytes(Encoding::Explicit), "1.2.840.10008.1.2.5", Container::Part10);
    assert_eq!(refusal("mr.dcm", &mr).code(), "NotCtImage", "what an object is comes before how it is stored");
}

#[test]
fn a_deflated_data_set_is_inflated_within_the_budget() {
    use std::io::Write;
    let deflate = |bytes: &[u8], times: usize| {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        (0..times).for_each(|_| encoder.write_all(bytes).expect("writes to memory"));
        encoder.finish().expect("writes to memory")
    };
    let uid = "1.2.840.10008.1.2.1.99";
    let good = deflate(&DataSet::ct().bytes(Encoding::Explicit), 1);
    assert_eq!(slice("good.dcm", &wrap(&good, uid, Container::Part10)).rows(), 3);

    let cut = wrap(good.get(..good.len() / 2).expect("half"), uid, Container::Part10);
    assert!(matches!(refusal("cut.dcm", &cut).code(), "DeflateDamaged" | "DicomTruncated"));
    let rubbish = wrap(&[0xff; 50], uid, Container::Part10);
    assert_eq!(refusal("rubbish.dcm", &rubbish).code(), "DeflateDamaged");
    let bomb = wrap(&deflate(&[0; 1 << 20], 300), uid, Container::Part10);
    assert!(bomb.len() < 3 << 20);
    assert_eq!(refusal("bomb.dcm", &bomb).code(), "OverWork");
}

#[test]
fn file_text_in_messages_is_short_and_printable() {
    let mut data_set = DataSet::ct();
    data_set.text(0x0008_0060, "CS", &"\u{202e}<script>\x1b[31m".repeat(100));
    let message = refusal("hostile.dcm", &data_set.explicit()).to_string();
    assert!(message.is_ascii() && message.len() < 250 && !message.contains('\x1b'), "{message}");
}

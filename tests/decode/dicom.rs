//! What is read of a DICOM CT image.

use lesionlens::hounsfield::Window;
use lesionlens::slice::{Format, Slice, StoredValues};
use proptest::prelude::*;

use crate::slice;
use crate::write::{Container, DataSet, ENCODINGS, Encoding, Value, header, wrap};

const CONTAINERS: [Container; 4] = [Container::Part10, Container::NoPreamble, Container::NoMeta, Container::Bare];

#[test]
fn every_encoding_in_every_container_gives_the_same_slice() {
    for (encoding, uid) in ENCODINGS {
        for container in CONTAINERS {
            let slice = slice("s.dcm", &DataSet::ct().file(encoding, container));
            let info = slice.info();
            assert_eq!((slice.rows(), slice.cols()), (3, 4), "{encoding:?} {container:?}");
            assert_eq!(slice.stored(), &StoredValues::Signed((-6..6).collect()));
            assert_eq!(slice.hu_range(), (-1012.0, -990.0));
            assert_eq!(info.format, Format::Dicom);
            assert_eq!(info.path, "s.dcm");
            assert_eq!(info.transfer_syntax.as_deref(), Some(uid));
            assert_eq!(info.series_id.as_deref(), Some("1.2.3.4"));
            assert_eq!(info.number, Some(7));
            assert_eq!(info.pixel_spacing_mm, Some((0.75, 0.5)), "rows come first in the file, x first here");
            assert_eq!(info.thickness_mm, Some(5.0));
            assert_eq!(info.position_patient_mm, Some([-100.0, -120.5, 33.25]));
            assert_eq!(info.orientation_patient, Some([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]));
            assert_eq!(info.window, Some(Window { center_hu: 40.0, width_hu: 400.0 }));
        }
    }
}

#[test]
fn the_data_set_decides_where_the_meta_group_names_the_wrong_encoding() {
    for (encoding, _) in ENCODINGS {
        for (_, declared) in ENCODINGS {
            let slice = slice("s.dcm", &wrap(&DataSet::ct().bytes(encoding), declared, Container::Part10));
            assert_eq!(slice.stored(), &StoredValues::Signed((-6..6).collect()), "{encoding:?} as {declared}");
        }
    }
}

/// A change to a good file that leaves it good, and what must hold then.
type Kept = (&'static str, fn(&mut DataSet), fn(&Slice) -> bool);

#[test]
fn what_the_standard_allows_or_leaves_harmless_is_read() {
    let cases: &[Kept] = &[
        ("no modality beside the CT SOP class", |d| d.remove(0x0008_0060), |_| true),
        ("no SOP class beside modality CT", |d| d.remove(0x0008_0016), |_| true),
        ("no HighBit, which has one legal value", |d| d.remove(0x0028_0102), |_| true),
        ("one frame", |d| d.text(0x0028_0008, "IS", "1"), |_| true),
        ("MONOCHROME1", |d| d.text(0x0028_0004, "CS", "MONOCHROME1"), |s| s.hu_range() == (-1012.0, -990.0)),
        ("a rescale type HU", |d| d.text(0x0028_1054, "LO", "HU"), |_| true),
        ("an empty rescale type", |d| d.text(0x0028_1054, "LO", ""), |_| true),
        ("numbers with blanks", |d| d.text(0x0028_1053, "DS", " 2.0E0 "), |s| s.hu_range().0 == -1012.0),
        ("no spacing", |d| d.remove(0x0028_0030), |s| s.info().pixel_spacing_mm.is_none()),
        ("an empty spacing", |d| d.text(0x0028_0030, "DS", ""), |s| s.info().pixel_spacing_mm.is_none()),
        (
            "no geometry",
            |d| {
                d.remove(0x0020_0032);
                d.remove(0x0020_0037)
            },
            |s| s.info().position_patient_mm.is_none(),
        ),
        ("a garbled instance number", |d| d.text(0x0020_0013, "IS", "seven"), |s| s.info().number.is_none()),
        ("a garbled window", |d| d.text(0x0028_1051, "DS", "wide"), |s| s.info().window.is_none()),
        ("a window of width 0", |d| d.text(0x0028_1051, "DS", "0"), |s| s.info().window.is_none()),
        ("a garbled thickness", |d| d.text(0x0018_0050, "DS", "1\\2"), |s| s.info().thickness_mm.is_none()),
        ("no series", |d| d.remove(0x0020_000e), |s| s.info().series_id.is_none()),
        (
            "hostile text in the series",
            |d| d.text(0x0020_000e, "UI", "1.2\u{202e}\n<b>"),
            |s| s.info().series_id.as_ref().is_some_and(|id| id.is_ascii() && !id.contains('\n')),
        ),
        ("sequences 32 levels deep", |d| d.set(0x0008_1140, "SQ", Value::Raw(nested(32))), |_| true),
        ("an empty sequence of known length", |d| d.set(0x0008_1140, "SQ", Value::Bytes(vec![])), |_| true),
        ("a private element", |d| d.set(0x0009_1001, "UN", Value::Bytes(vec![1, 2, 3, 4])), |_| true),
        ("an attribute as UN", |d| d.set(0x0028_0010, "UN", Value::Word(3)), |s| s.rows() == 3),
        ("a UN of undefined length with implicit items", |d| d.set(0x0009_1010, "UN", Value::Raw(unknown())), |_| true),
        ("zeros at the end", |d| d.set(0xffff_ffff, "UN", Value::Raw(vec![0; 100])), |_| true),
        ("trailing padding", |d| d.set(0xfffc_fffc, "OB", Value::Bytes(vec![7; 10])), |_| true),
    ];
    for (what, change, holds) in cases {
        let mut data_set = DataSet::ct();
        change(&mut data_set);
        let slice = slice(what, &data_set.explicit());
        assert_eq!(slice.stored(), &StoredValues::Signed((-6..6).collect()), "{what}");
        assert!(holds(&slice), "{what}: {:?}", slice.info());
    }
}

/// `depth` sequences without lengths inside each other, explicit VR.
pub(crate) fn nested(depth: usize) -> Vec<u8> {
    let e = Encoding::Explicit;
    let mut out = Vec::new();
    for _ in 0..depth {
        out.extend(header(e, 0x0008_1140, *b"SQ", u32::MAX));
        out.extend(header(e, 0xfffe_e000, *b"  ", u32::MAX));
    }
    for _ in 0..depth {
        out.extend(header(e, 0xfffe_e00d, *b"  ", 0));
        out.extend(header(e, 0xfffe_e0dd, *b"  ", 0));
    }
    out
}

/// PS3.5 6.2.2: a sequence under UN, whose items are implicit VR little endian.
fn unknown() -> Vec<u8> {
    let mut out = header(Encoding::Explicit, 0x0009_1010, *b"UN", u32::MAX);
    out.extend(header(Encoding::Implicit, 0xfffe_e000, *b"  ", u32::MAX));
    out.extend(header(Encoding::Implicit, 0x0008_0100, *b"  ", 4));
    out.extend(b"T-R2");
    out.extend(header(Encoding::Implicit, 0xfffe_e00d, *b"  ", 0));
    out.extend(header(Encoding::Implicit, 0xfffe_e0dd, *b"  ", 0));
    out
}

#[test]
fn padding_behind_the_pixels_is_cut_off() {
    let mut data_set = DataSet::ct();
    data_set.word(0x0028_0010, 3);
    data_set.word(0x0028_0011, 3);
    data_set.word(0x0028_0100, 8);
    data_set.word(0x0028_0101, 8);
    data_set.word(0x0028_0102, 7);
    data_set.word(0x0028_0103, 0);
    data_set.rescale_for(8, false);
    for excess in [0, 1, 2] {
        data_set.set(0x7fe0_0010, "OB", Value::Bytes((0..9 + excess).collect()));
        let slice = slice("odd.dcm", &data_set.explicit());
        assert_eq!(slice.stored(), &StoredValues::Unsigned((0..9).collect()), "{excess}");
    }
}

#[test]
fn big_endian_words_of_8_bit_cells_are_swapped() {
    // PS3.5 A.3: OW in big endian is a row of words, so the first cell is the low byte of the first word.
    let mut data_set = DataSet::ct();
    data_set.word(0x0028_0100, 8);
    data_set.word(0x0028_0101, 8);
    data_set.word(0x0028_0102, 7);
    data_set.word(0x0028_0103, 0);
    data_set.rescale_for(8, false);
    let swapped = vec![1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10];
    for (vr, bytes) in [("OW", swapped), ("OB", (0..12).collect())] {
        data_set.set(0x7fe0_0010, vr, Value::Bytes(bytes));
        let slice = slice("words.dcm", &data_set.file(Encoding::Big, Container::Part10));
        assert_eq!(slice.stored(), &StoredValues::Unsigned((0..12).collect()), "{vr}");
    }
}

#[test]
fn the_fingerprint_is_over_little_endian_32_bit_integers() {
    // printf '\xff\xff\xff\xff\x02\x00\x00\x00' | sha256sum
    let mut data_set = DataSet::ct();
    data_set.word(0x0028_0010, 1);
    data_set.word(0x0028_0011, 2);
    data_set.set(0x7fe0_0010, "OW", Value::Words(vec![0xffff, 2]));
    let fingerprint = slice("s.dcm", &data_set.explicit()).stored_sha256_i32le();
    assert_eq!(fingerprint, "baa856a945932888a0ab188dede7e3f62f1c4cbdf3277ef9c8bf6dea9c43f424");
}

/// The slow twin of the decoder's shifts: arithmetic on one cell.
fn stored_value(cell: u32, bits_stored: u32, signed: bool) -> i64 {
    let value = i64::from(cell) % 2_i64.pow(bits_stored);
    if signed && value >= 2_i64.pow(bits_stored - 1) { value - 2_i64.pow(bits_stored) } else { value }
}

proptest! {
    #[test]
    fn stored_values_come_back_for_every_width_sign_and_encoding(
        which in 0_usize..3,
        (allocated, bits_stored) in
            prop_oneof![(Just(8), 5_u16..=8), (Just(16), 5_u16..=16), (Just(32), 5_u16..=32)],
        signed: bool,
        (rows, cols, cells) in (1_u16..6, 1_u16..6).prop_flat_map(|(rows, cols)| {
            (Just(rows), Just(cols), prop::collection::vec(any::<u32>(), usize::from(rows * cols)))
        }),
    ) {
        let (encoding, _) = ENCODINGS[which];
        let mut data_set = DataSet::ct();
        data_set.word(0x0028_0010, rows);
        data_set.word(0x0028_0011, cols);
        data_set.word(0x0028_0100, allocated);
        data_set.word(0x0028_0101, bits_stored);
        data_set.word(0x0028_0102, bits_stored - 1);
        data_set.word(0x0028_0103, u16::from(signed));
        data_set.rescale_for(bits_stored, signed);
        let cells: Vec<u32> = cells.into_iter().map(|cell| cell >> (32 - u32::from(allocated))).collect();
        // Without a sign, 32 bits beyond what any Hounsfield value needs are refused.
        let cells: Vec<u32> = if !signed && bits_stored == 32 { cells.iter().map(|cell| cell / 2).collect() } else { cells };
        let low = |cell: &u32| u16::try_from(cell & 0xffff).expect("16 bits");
        let value = match allocated {
            8 => Value::Bytes(cells.iter().map(|&cell| u8::try_from(cell).expect("8 bits")).collect()),
            16 => Value::Words(cells.iter().map(low).collect()),
            _ if encoding == crate::write::Encoding::Big => {
                Value::Bytes(cells.iter().flat_map(|cell| cell.to_be_bytes()).collect())
            }
            _ => Value::Bytes(cells.iter().flat_map(|cell| cell.to_le_bytes()).collect()),
        };
        data_set.set(0x7fe0_0010, if allocated == 8 { "OB" } else { "OW" }, value);
        // In implicit VR, 8-bit cells stand in OW words; little endian leaves them in order.
        let slice = slice("s.dcm", &data_set.file(encoding, Container::Part10));
        let found: Vec<i64> = slice.stored().iter().map(i64::from).collect();
        let expected: Vec<i64> =
            cells.iter().map(|&cell| stored_value(cell, u32::from(bits_stored), signed)).collect();
        prop_assert_eq!(found, expected);
        if allocated < 32 {
            prop_assert_eq!(matches!(slice.stored(), StoredValues::Signed(_)), signed);
        } else {
            prop_assert!(matches!(slice.stored(), StoredValues::Wide(_)));
        }
    }
}

//! Compressed pixels: streams of independent encoders, and fragments in all the ways that files divide frames.

use lesionlens::slice::{Slice, StoredValues};
use serde::Deserialize;

use crate::write::{Container, DataSet, Encoding, Value, header, wrap};
use crate::{refusal, slice, slices};

const RLE: &str = "1.2.840.10008.1.2.5";
const ENHANCED_CT: &str = "1.2.840.10008.5.1.4.1.1.2.1";

/// A stream of `tests/golden/codecs.json`, which `codecs.py` beside it writes.
#[derive(Deserialize)]
pub(crate) struct Golden {
    pub(crate) name: String,
    transfer_syntax: String,
    rows: u16,
    cols: u16,
    bits_stored: u16,
    signed: bool,
    tolerance: i32,
    stream: String,
    expected: Vec<i32>,
}

impl Golden {
    pub(crate) fn all() -> Vec<Self> {
        serde_json::from_str(include_str!("../golden/codecs.json")).expect("the golden file")
    }

    fn uid(&self) -> String {
        format!("1.2.840.10008.1.2.{}", self.transfer_syntax)
    }

    pub(crate) fn stream(&self) -> Vec<u8> {
        let pairs = self.stream.as_bytes().chunks(2);
        pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("hex")).collect()
    }

    /// A CT image of the right size whose HU are its stored values.
    fn data_set(&self) -> DataSet {
        image(self.rows, self.cols, self.bits_stored, self.signed)
    }

    /// The CT image as a file.
    pub(crate) fn file(&self) -> Vec<u8> {
        encapsulated(self.data_set(), &self.uid(), &[], &[self.stream()])
    }

    /// The CT image with its transfer syntax.
    pub(crate) fn encapsulated(&self) -> (DataSet, String) {
        (with_fragments(self.data_set(), &[], &[self.stream()]), self.uid())
    }

    pub(crate) fn is_lossy(&self) -> bool {
        matches!(self.transfer_syntax.as_str(), "4.50" | "4.51" | "4.53" | "4.55" | "4.91" | "4.203")
    }

    fn check(&self, slice: &Slice) {
        assert_eq!((slice.rows(), slice.cols()), (usize::from(self.rows), usize::from(self.cols)), "{}", self.name);
        assert_eq!(matches!(slice.stored(), StoredValues::Signed(_)), self.signed, "{}", self.name);
        let found: Vec<i32> = slice.stored().iter().collect();
        let worst = found.iter().zip(&self.expected).map(|(a, b)| (a - b).abs()).max();
        assert!(found.len() == self.expected.len() && worst <= Some(self.tolerance), "{}: {worst:?}", self.name);
    }
}

/// A CT image without pixels.
fn image(rows: u16, cols: u16, bits_stored: u16, signed: bool) -> DataSet {
    let mut data_set = DataSet::ct();
    data_set.word(0x0028_0010, rows);
    data_set.word(0x0028_0011, cols);
    data_set.word(0x0028_0100, if bits_stored > 8 { 16 } else { 8 });
    data_set.word(0x0028_0101, bits_stored);
    data_set.word(0x0028_0102, bits_stored - 1);
    data_set.word(0x0028_0103, u16::from(signed));
    data_set.rescale_for(bits_stored, signed);
    data_set.remove(0x7fe0_0010);
    data_set
}

/// The file of a data set with fragments behind an offset table.
fn encapsulated(data_set: DataSet, uid: &str, table: &[u32], fragments: &[Vec<u8>]) -> Vec<u8> {
    let data_set = with_fragments(data_set, table, fragments);
    wrap(&data_set.bytes(Encoding::Explicit), uid, Container::Part10)
}

/// The data set with fragments behind an offset table as its pixels.
fn with_fragments(mut data_set: DataSet, table: &[u32], fragments: &[Vec<u8>]) -> DataSet {
    let e = Encoding::Explicit;
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).expect("short");
    let mut pixels = header(e, 0x7fe0_0010, *b"OB", u32::MAX);
    let table: Vec<u8> = table.iter().flat_map(|offset| offset.to_le_bytes()).collect();
    pixels.extend(header(e, 0xfffe_e000, *b"  ", length(&table)));
    pixels.extend(table);
    for fragment in fragments {
        let mut even = fragment.clone();
        even.resize(fragment.len().next_multiple_of(2), 0);
        pixels.extend(header(e, 0xfffe_e000, *b"  ", length(&even)));
        pixels.extend(even);
    }
    pixels.extend(header(e, 0xfffe_e0dd, *b"  ", 0));
    data_set.set(0x7fe0_0010, "OB", Value::Raw(pixels));
    data_set
}

#[test]
fn streams_of_independent_encoders_give_their_pixels() {
    let all = Golden::all();
    for golden in &all {
        golden.check(&slice(&golden.name, &golden.file()));
    }
    let uids: std::collections::BTreeSet<String> = all.iter().map(Golden::uid).collect();
    println!("{} streams in {uids:?}", all.len());
    assert_eq!(uids.len(), 13, "{uids:?}");
}

#[test]
fn every_cut_of_a_stream_is_refused() {
    for golden in Golden::all() {
        let stream = golden.stream();
        for length in (0..stream.len().saturating_sub(8)).step_by(7) {
            let cut = stream.get(..length).expect("shorter").to_vec();
            let error = refusal(&golden.name, &encapsulated(golden.data_set(), &golden.uid(), &[], &[cut]));
            assert!(error.code().starts_with("Frame"), "{} cut to {length}: {error}", golden.name);
        }
    }
}

#[test]
fn a_stream_that_contradicts_its_header_is_refused() {
    for golden in Golden::all() {
        for tag in [0x0028_0010, 0x0028_0011] {
            let mut data_set = golden.data_set();
            data_set.word(tag, 28);
            let file = encapsulated(data_set, &golden.uid(), &[], &[golden.stream()]);
            assert_eq!(refusal(&golden.name, &file).code(), "FrameContradictsHeader", "{}", golden.name);
        }
        if golden.bits_stored == 16 && !golden.name.contains("2K") && !golden.name.contains("2000") {
            let mut data_set = golden.data_set();
            for (tag, bits) in [(0x0028_0100, 8), (0x0028_0101, 8), (0x0028_0102, 7)] {
                data_set.word(tag, bits);
            }
            let file = encapsulated(data_set, &golden.uid(), &[], &[golden.stream()]);
            assert_eq!(refusal(&golden.name, &file).code(), "FrameContradictsHeader", "{}", golden.name);
        }
    }
}

#[test]
fn values_beyond_bits_stored_are_refused_and_smaller_precisions_are_read() {
    let golden = Golden::all().into_iter().find(|golden| golden.name.starts_with("lossless 16 bits")).expect("a case");
    let with_bits = |bits: u16| {
        let mut data_set = golden.data_set();
        data_set.word(0x0028_0101, bits);
        data_set.word(0x0028_0102, bits - 1);
        encapsulated(data_set, &golden.uid(), &[], &[golden.stream()])
    };
    golden.check(&slice("16 bits", &with_bits(16)));
    assert_eq!(refusal("12 bits", &with_bits(12)).code(), "PrecisionContradictsHeader");

    let golden = Golden::all().into_iter().find(|golden| golden.name.starts_with("lossless 12 bits")).expect("a case");
    let mut data_set = golden.data_set();
    data_set.word(0x0028_0101, 16);
    data_set.word(0x0028_0102, 15);
    golden.check(&slice("12 in 16 bits", &encapsulated(data_set, &golden.uid(), &[], &[golden.stream()])));
}

/// RLE (PS3.5 annex G) of cells: literal runs of at most 128 bytes, and repeats where bytes are alike.
fn rle(cells: &[Vec<u8>]) -> Vec<u8> {
    let planes = cells.first().map_or(0, Vec::len);
    let mut segments: Vec<Vec<u8>> = Vec::new();
    for plane in 0..planes {
        let bytes: Vec<u8> = cells.iter().map(|cell| cell[plane]).collect();
        let mut out = Vec::new();
        let mut rest = &bytes[..];
        while let Some(&first) = rest.first() {
            let alike = rest.iter().take(128).take_while(|&&byte| byte == first).count();
            let n = if alike > 1 { alike } else { rest.len().min(3) };
            if alike > 1 {
                out.extend([u8::try_from(257 - n).expect("a repeat"), first]);
            } else {
                out.push(u8::try_from(n - 1).expect("a literal"));
                out.extend(&rest[..n]);
            }
            rest = &rest[n..];
        }
        // No operation, and padding to an even length.
        out.push(0x80);
        out.resize(out.len().next_multiple_of(2), 0);
        segments.push(out);
    }
    let mut words = vec![u32::try_from(planes).expect("few")];
    let mut at = 64;
    for segment in &segments {
        words.push(at);
        at += u32::try_from(segment.len()).expect("short");
    }
    words.resize(16, 0);
    words.iter().flat_map(|word| word.to_le_bytes()).chain(segments.into_iter().flatten()).collect()
}

#[test]
fn rle_of_8_16_and_32_bits_comes_back() {
    for (bits, signed, values) in [
        (8_u16, false, vec![0_i64, 0, 0, 9, 255, 254, 7, 7, 7, 1, 2, 3]),
        (16, false, (0..12).map(|i| i * 5041).collect()),
        (16, true, (-6..6).map(|i| i * 5041).collect()),
        (32, true, (-6..6).map(|i| i * 305_419_896 / 2).collect()),
        (32, false, (0..12).map(|i| i * 178_956_970).collect()),
    ] {
        let mut data_set = image(3, 4, 16, signed);
        for (tag, value) in [(0x0028_0100, bits), (0x0028_0101, bits), (0x0028_0102, bits - 1)] {
            data_set.word(tag, value);
        }
        let bytes = usize::from(bits / 8);
        let cells: Vec<Vec<u8>> = values.iter().map(|value| value.to_be_bytes()[8 - bytes..].to_vec()).collect();
        let slice = slice("rle.dcm", &encapsulated(data_set, RLE, &[], &[rle(&cells)]));
        assert_eq!(slice.stored().iter().map(i64::from).collect::<Vec<_>>(), values, "{bits} {signed}");
    }
}

/// Two frames of 2 × 2 pixels with values 1 and 2, in RLE.
fn two_frames() -> [Vec<u8>; 2] {
    [1_u8, 2].map(|value| rle(&vec![vec![0, value]; 4]))
}

/// An enhanced CT image of `n` frames of 2 × 2 pixels: spacing and rescale shared, a place for each frame.
pub(crate) fn enhanced(n: u16) -> DataSet {
    let mut data_set = image(2, 2, 16, false);
    data_set.text(0x0008_0016, "UI", ENHANCED_CT);
    data_set.text(0x0028_0008, "IS", &n.to_string());
    for tag in [0x0028_1052, 0x0028_1053, 0x0028_0030, 0x0020_0032, 0x0020_0037] {
        data_set.remove(tag);
    }
    let mut measures = DataSet { elements: Vec::new() };
    measures.text(0x0028_0030, "DS", "0.5\\0.75");
    measures.text(0x0018_0050, "DS", "2");
    let mut orientation = DataSet { elements: Vec::new() };
    orientation.text(0x0020_0037, "DS", "1\\0\\0\\0\\1\\0");
    let mut transformation = DataSet { elements: Vec::new() };
    transformation.text(0x0028_1052, "DS", "-1000");
    transformation.text(0x0028_1053, "DS", "2");
    transformation.text(0x0028_1054, "LO", "HU");
    let mut shared = DataSet { elements: Vec::new() };
    shared.set(0x0028_9110, "SQ", Value::Bytes(item(&measures)));
    shared.set(0x0020_9116, "SQ", Value::Bytes(item(&orientation)));
    shared.set(0x0028_9145, "SQ", Value::Bytes(item(&transformation)));
    data_set.set(0x5200_9229, "SQ", Value::Bytes(item(&shared)));
    let frames = (0..n).flat_map(|frame| {
        let mut position = DataSet { elements: Vec::new() };
        position.text(0x0020_0032, "DS", &format!("0\\0\\{}", 5 * (n - frame)));
        let mut own = DataSet { elements: Vec::new() };
        own.set(0x0020_9113, "SQ", Value::Bytes(item(&position)));
        item(&own)
    });
    let frames = frames.collect();
    data_set.set(0x5200_9230, "SQ", Value::Bytes(frames));
    data_set
}

/// An item of known length.
fn item(content: &DataSet) -> Vec<u8> {
    let bytes = content.bytes(Encoding::Explicit);
    let length = u32::try_from(bytes.len()).expect("short");
    [header(Encoding::Explicit, 0xfffe_e000, *b"  ", length), bytes].concat()
}

#[test]
fn frames_are_put_together_from_fragments_by_table_or_by_number() {
    let [one, two] = two_frames();
    let (first, second) = one.split_at(66);
    let halves = [first.to_vec(), second.to_vec(), two.clone()];
    let behind = u32::try_from(one.len() + 16).expect("short");
    let plain = u32::try_from(one.len() + 8).expect("short");
    for (what, table, fragments) in [
        ("a fragment for each frame", vec![], vec![one.clone(), two.clone()]),
        ("a table", vec![0, plain], vec![one.clone(), two.clone()]),
        ("a table over divided frames", vec![0, behind], halves.to_vec()),
    ] {
        let frames = slices(what, &encapsulated(enhanced(2), RLE, &table, &fragments));
        let values: Vec<Vec<i32>> = frames.iter().map(|frame| frame.stored().iter().collect()).collect();
        assert_eq!(values, [[1; 4], [2; 4]], "{what}");
    }
    // An extended offset table stands in an attribute of its own (PS3.5 A.4).
    let mut data_set = enhanced(2);
    let offsets = [0_u64, u64::from(behind)].iter().flat_map(|offset| offset.to_le_bytes()).collect();
    data_set.set(0x7fe0_0001, "OV", Value::Bytes(offsets));
    assert_eq!(slices("extended", &encapsulated(data_set, RLE, &[], &halves)).len(), 2);
    // Divided frames without a table are known by how compressed images begin.
    let golden = Golden::all().into_iter().find(|golden| golden.name.starts_with("JPEG-LS 16")).expect("a case");
    let mut data_set = enhanced(2);
    data_set.word(0x0028_0010, golden.rows);
    data_set.word(0x0028_0011, golden.cols);
    let stream = golden.stream();
    let (first, second) = stream.split_at(100);
    let fragments = [first, second, first, second].map(<[u8]>::to_vec);
    let frames = slices("by signature", &encapsulated(data_set, &golden.uid(), &[], &fragments));
    frames.iter().for_each(|frame| golden.check(frame));
    // One frame may lie in any number of fragments.
    let fragments: Vec<Vec<u8>> = stream.chunks(50).map(<[u8]>::to_vec).collect();
    golden.check(&slice("one frame", &encapsulated(golden.data_set(), &golden.uid(), &[], &fragments)));
}

#[test]
fn fragments_that_cannot_be_divided_into_frames_are_refused() {
    let [one, two] = two_frames();
    for (what, table, fragments, code) in [
        ("no fragment", vec![], vec![], "FragmentsContradictFrames"),
        ("three for two", vec![], vec![one.clone(), two.clone(), two.clone()], "FragmentsContradictFrames"),
        ("a short table", vec![0], vec![one.clone(), two.clone()], "OffsetTableContradictsFragments"),
        ("a table beside the fragments", vec![0, 7], vec![one.clone(), two.clone()], "OffsetTableContradictsFragments"),
        ("a table from behind", vec![90, 0], vec![one.clone(), two.clone()], "OffsetTableContradictsFragments"),
    ] {
        assert_eq!(refusal(what, &encapsulated(enhanced(2), RLE, &table, &fragments)).code(), code, "{what}");
    }
}

#[test]
fn functional_groups_that_contradict_each_other_are_refused() {
    let transformation = |slope: &str| {
        let mut transformation = DataSet { elements: Vec::new() };
        transformation.text(0x0028_1052, "DS", "-1000");
        transformation.text(0x0028_1053, "DS", slope);
        transformation.text(0x0028_1054, "LO", "HU");
        let mut own = DataSet { elements: Vec::new() };
        own.set(0x0028_9145, "SQ", Value::Bytes(item(&transformation)));
        item(&own)
    };
    let with = |change: &dyn Fn(&mut DataSet)| {
        let mut data_set = enhanced(2);
        change(&mut data_set);
        encapsulated(data_set, RLE, &[], &two_frames())
    };
    let own = |slope: &str, n: usize| Value::Bytes(transformation(slope).repeat(n));
    let cases: [(&str, Vec<u8>); 3] = [
        ("shared and own", with(&|set| set.set(0x5200_9230, "SQ", own("1", 2)))),
        ("more groups than frames", with(&|set| set.set(0x5200_9230, "SQ", own("2", 3)))),
        ("the image and its frames", with(&|set| set.text(0x0028_1053, "DS", "1"))),
    ];
    for (what, file) in cases {
        assert_eq!(refusal(what, &file).code(), "FrameGroupsContradict", "{what}");
    }
    // The same said twice leaves nothing open.
    assert_eq!(slices("twice", &with(&|set| set.set(0x5200_9230, "SQ", own("2", 2)))).len(), 2);
    let lut = with(&|set| set.set(0x0028_3000, "SQ", Value::Bytes(item(&DataSet { elements: Vec::new() }))));
    assert_eq!(refusal("a LUT beside the groups", &lut).code(), "BadModalityLut");
}

#[test]
fn a_sign_of_the_stream_that_the_header_denies_is_refused() {
    let signed = Golden::all().into_iter().find(|golden| golden.signed && golden.name.contains("2000"));
    let golden = signed.expect("a JPEG 2000 stream with a sign");
    let mut data_set = golden.data_set();
    golden.check(&slice("signed", &encapsulated(data_set.clone(), &golden.uid(), &[], &[golden.stream()])));
    data_set.word(0x0028_0103, 0);
    data_set.rescale_for(16, false);
    let file = encapsulated(data_set, &golden.uid(), &[], &[golden.stream()]);
    assert_eq!(refusal("unsigned", &file).code(), "SignContradictsHeader");
}

#[test]
fn frames_of_an_enhanced_ct_have_their_own_places() {
    let frames = slices("enhanced.dcm", &encapsulated(enhanced(2), RLE, &[], &two_frames()));
    for (frame, (z, number)) in frames.iter().zip([(10.0, 1), (5.0, 2)]) {
        let info = frame.info();
        assert_eq!(info.path, format!("enhanced.dcm, frame {number}"));
        assert_eq!(info.number, Some(number));
        assert_eq!(info.position_patient_mm, Some([0.0, 0.0, z]));
        assert_eq!(info.orientation_patient, Some([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]));
        assert_eq!(info.pixel_spacing_mm, Some((0.75, 0.5)));
        assert_eq!(info.thickness_mm, Some(2.0));
        let hu = f64::from(i32::try_from(number).expect("small")) * 2.0 - 1000.0;
        assert_eq!(frame.hu_range(), (hu, hu));
    }
    // The same, uncompressed, in every encoding that the writer of nested items knows.
    let mut native = enhanced(2);
    native.set(0x7fe0_0010, "OW", Value::Words(vec![1, 1, 1, 1, 2, 2, 2, 2]));
    let frames = slices("native.dcm", &native.explicit());
    assert_eq!(frames.iter().map(|frame| frame.hu_range().0).collect::<Vec<_>>(), [-998.0, -996.0]);
}

#[test]
fn enhanced_ct_whose_frames_cannot_be_trusted_is_refused() {
    type Change = fn(&mut DataSet);
    let cases: [(&str, Change, &str); 5] = [
        ("fewer places than frames", |d| d.set(0x5200_9230, "SQ", Value::Bytes(vec![])), "FrameGroupsMissing"),
        ("no rescale", |d| d.remove(0x5200_9229), "NotHounsfield"),
        ("no frame", |d| d.text(0x0028_0008, "IS", "0"), "MultiFrame"),
        ("a thousand million frames", |d| d.text(0x0028_0008, "IS", "1000000000"), "OverBudget"),
        ("a plain CT image", |d| d.text(0x0008_0016, "UI", "1.2.840.10008.5.1.4.1.1.2"), "MultiFrame"),
    ];
    for (what, change, code) in cases {
        let mut data_set = enhanced(2);
        change(&mut data_set);
        assert_eq!(refusal(what, &encapsulated(data_set, RLE, &[], &two_frames())).code(), code, "{what}");
    }
}

#[test]
fn padding_is_air_in_hounsfield_units_and_kept_in_stored_values() {
    let mut data_set = DataSet::ct();
    data_set.set(0x0028_0120, "SS", Value::Word((-6_i16).cast_unsigned()));
    let one = slice("one.dcm", &data_set.explicit());
    assert_eq!(one.hu()[..3], [-1024.0, -1010.0, -1008.0]);
    assert_eq!(one.hu_range(), (-1012.0, -990.0), "over the stored values");
    data_set.set(0x0028_0121, "SS", Value::Word((-5_i16).cast_unsigned()));
    assert_eq!(slice("range.dcm", &data_set.explicit()).hu()[..3], [-1024.0, -1024.0, -1008.0]);
    data_set.set(0x0028_0120, "SS", Value::Bytes(vec![1, 2, 3]));
    assert_eq!(refusal("three.dcm", &data_set.explicit()).code(), "BadAttribute");
}

#[test]
fn a_modality_lut_of_hounsfield_units_is_applied() {
    let lut = |kind: &str, entries: Vec<u16>, descriptor: Vec<u16>| {
        let mut lut = DataSet { elements: Vec::new() };
        lut.set(0x0028_3002, "US", Value::Words(descriptor));
        lut.text(0x0028_3004, "LO", kind);
        lut.set(0x0028_3006, "OW", Value::Words(entries));
        let mut data_set = DataSet::ct();
        data_set.remove(0x0028_1052);
        data_set.remove(0x0028_1053);
        data_set.set(0x0028_3000, "SQ", Value::Bytes(item(&lut)));
        data_set
    };
    let first = (-3_i16).cast_unsigned();
    let good = lut("HU", vec![10, 20, 30, 40], vec![4, first, 16]);
    let slice = slice("lut.dcm", &good.explicit());
    // Stored values −6..=5; what lies outside of the table gets its nearest end.
    assert_eq!(slice.hu(), [10.0, 10.0, 10.0, 10.0, 20.0, 30.0, 40.0, 40.0, 40.0, 40.0, 40.0, 40.0]);
    let mut both = good.clone();
    both.text(0x0028_1053, "DS", "1");
    for (what, data_set, code) in [
        ("optical density", lut("OD", vec![10, 20, 30, 40], vec![4, first, 16]), "NotHounsfield"),
        ("a short table", lut("HU", vec![10, 20, 30], vec![4, first, 16]), "BadModalityLut"),
        ("entries of 8 bits", lut("HU", vec![10, 20], vec![4, first, 8]), "BadModalityLut"),
        ("no descriptor", lut("HU", vec![10, 20], vec![]), "BadModalityLut"),
        ("beside a rescale", both, "BadModalityLut"),
    ] {
        assert_eq!(refusal(what, &data_set.explicit()).code(), code, "{what}");
    }
}

//! Volumes, TIFF and archives: what is read, how it lies, and what is refused.

use std::io::{Cursor, Write};

use flate2::write::{DeflateEncoder, GzEncoder};
use flate2::{Compression, Crc};
use lesionlens::decode::{Archive, Decoded, decode};
use lesionlens::series::{Note, OrderRule, SpacingSource, arrange};
use lesionlens::slice::{Format, Slice, StoredValues};
use tiff::encoder::{TiffEncoder, colortype};

use crate::png::{encode, grey16};
use crate::write::DataSet;
use crate::{refusal, slice, slices};

/// 3 columns, 2 rows, 2 planes: −1000 in the first corner, then 1 to 11.
const VALUES: [i16; 12] = [-1000, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

/// A NIfTI header with what the tests change.
#[derive(Clone)]
struct Nifti {
    is_second: bool,
    is_big: bool,
    datatype: i16,
    dim: [i64; 8],
    slope: f64,
    intercept: f64,
    /// Rows of the sform: to the right, to the front, to the head; `None`: no code.
    srow: Option<[[f64; 4]; 3]>,
    /// Code, quaternion and offset.
    qform: Option<([f64; 3], [f64; 3])>,
    qfac: f64,
    units: u8,
}

impl Default for Nifti {
    fn default() -> Self {
        Self {
            is_second: false,
            is_big: false,
            datatype: 4,
            dim: [3, 3, 2, 2, 1, 1, 1, 1],
            slope: 1.0,
            intercept: 0.0,
            // Columns to the left, rows to the back: the way that radiologists look, 0.5 and 0.75 mm, planes 2 mm apart.
            srow: Some([[-0.5, 0.0, 0.0, 10.0], [0.0, -0.75, 0.0, 20.0], [0.0, 0.0, 2.0, 30.0]]),
            qform: None,
            qfac: 1.0,
            units: 2,
        }
    }
}

impl Nifti {
    fn header(&self) -> Vec<u8> {
        let mut head = vec![0; if self.is_second { 544 } else { 352 }];
        let mut put = |at: usize, bytes: Vec<u8>| {
            // Numbers come in little endian.
            let bytes: Vec<u8> = if self.is_big { bytes.into_iter().rev().collect() } else { bytes };
            head[at..at + bytes.len()].copy_from_slice(&bytes);
        };
        let pixdim = [self.qfac, 0.5, 0.75, 2.0];
        let (qcode, scode) = (i16::from(self.qform.is_some()), i16::from(self.srow.is_some()));
        let (quaternion, offset) = self.qform.unwrap_or_default();
        let srow = self.srow.unwrap_or_default();
        if self.is_second {
            put(0, 540_i32.to_le_bytes().to_vec());
            put(12, self.datatype.to_le_bytes().to_vec());
            self.dim.iter().enumerate().for_each(|(i, n)| put(16 + 8 * i, n.to_le_bytes().to_vec()));
            pixdim.iter().enumerate().for_each(|(i, mm)| put(104 + 8 * i, mm.to_le_bytes().to_vec()));
            put(168, 544_i64.to_le_bytes().to_vec());
            put(176, self.slope.to_le_bytes().to_vec());
            put(184, self.intercept.to_le_bytes().to_vec());
            put(344, i32::from(qcode).to_le_bytes().to_vec());
            put(348, i32::from(scode).to_le_bytes().to_vec());
            for i in 0..3 {
                put(352 + 8 * i, quaternion[i].to_le_bytes().to_vec());
                put(376 + 8 * i, offset[i].to_le_bytes().to_vec());
                (0..4).for_each(|j| put(400 + 32 * i + 8 * j, srow[i][j].to_le_bytes().to_vec()));
            }
            put(500, i32::from(self.units).to_le_bytes().to_vec());
            head[4..12].copy_from_slice(b"n+2\0\r\n\x1a\n");
        } else {
            #[allow(clippy::cast_possible_truncation, reason = "the numbers of the tests are short")]
            let single = |value: f64| (value as f32).to_le_bytes().to_vec();
            put(0, 348_i32.to_le_bytes().to_vec());
            for (i, &n) in self.dim.iter().enumerate() {
                put(40 + 2 * i, i16::try_from(n).unwrap_or(i16::MAX).to_le_bytes().to_vec());
            }
            put(70, self.datatype.to_le_bytes().to_vec());
            pixdim.iter().enumerate().for_each(|(i, &mm)| put(76 + 4 * i, single(mm)));
            put(108, single(352.0));
            put(112, single(self.slope));
            put(116, single(self.intercept));
            put(123, vec![self.units]);
            put(252, qcode.to_le_bytes().to_vec());
            put(254, scode.to_le_bytes().to_vec());
            for i in 0..3 {
                put(256 + 4 * i, single(quaternion[i]));
                put(268 + 4 * i, single(offset[i]));
                (0..4).for_each(|j| put(280 + 16 * i + 4 * j, single(srow[i][j])));
            }
            head[344..348].copy_from_slice(b"n+1\0");
        }
        head
    }

    fn file(&self) -> Vec<u8> {
        let value = |value: i16| if self.is_big { value.to_be_bytes() } else { value.to_le_bytes() };
        [self.header(), VALUES.into_iter().flat_map(value).collect()].concat()
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("writes to memory");
    encoder.finish().expect("writes to memory")
}

fn nrrd(fields: &str, data: &[u8]) -> Vec<u8> {
    let head = "NRRD0004\n# a comment\ntype: short\nendian: little\ndimension: 3\nsizes: 3 2 2\n";
    [head.as_bytes(), fields.as_bytes(), b"\n", data].concat()
}

const PLACE: &str = "space: left-posterior-superior\nspace directions: (0.5,0,0) (0,0.75,0) (0,0,2)\n\
    space origin: (-10,-20,30)\n";

fn samples() -> Vec<u8> {
    VALUES.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Names and contents of a zip archive; deflated ones are marked.
fn zip(files: &[(&str, &[u8], bool)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, content, is_deflated) in files {
        let packed = if *is_deflated {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(content).expect("writes to memory");
            encoder.finish().expect("writes to memory")
        } else {
            content.to_vec()
        };
        let mut crc = Crc::new();
        crc.update(content);
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).expect("short").to_le_bytes();
        let mut common = vec![20, 0, 0, 0, if *is_deflated { 8 } else { 0 }, 0, 0, 0, 0, 0];
        common.extend(crc.sum().to_le_bytes());
        common.extend(length(&packed));
        common.extend(length(content));
        common.extend(u16::try_from(name.len()).expect("short").to_le_bytes());
        common.extend([0, 0]);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(length(&out));
        directory.extend(name.as_bytes());
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(packed);
    }
    let start = u32::try_from(out.len()).expect("short");
    let n = u16::try_from(files.len()).expect("few").to_le_bytes();
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend([n, n].concat());
    out.extend(u32::try_from(directory.len()).expect("short").to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}

fn archive(bytes: &[u8]) -> Archive {
    match decode("study.zip", bytes) {
        Ok(Decoded::Archive(archive)) => *archive,
        other => panic!("should be an archive: {other:?}"),
    }
}

/// A TIFF of one page with the given samples.
fn tiff_of<C: colortype::ColorType>(values: &[C::Inner]) -> Vec<u8>
where
    [C::Inner]: tiff::encoder::TiffValue,
{
    let mut out = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut out).expect("a header");
    encoder.write_image::<C>(3, 2, values).expect("an image");
    out.into_inner()
}

/// Good files for the mutants.
pub(crate) fn seeds() -> Vec<(String, Vec<u8>)> {
    let nifti = Nifti::default().file();
    let second = Nifti { is_second: true, is_big: true, ..Nifti::default() }.file();
    let png = grey16(&[7; 64], 8, 8);
    vec![
        ("nifti-1".to_owned(), nifti.clone()),
        ("nifti-2".to_owned(), second),
        ("nifti gzip".to_owned(), gzip(&nifti)),
        ("nrrd".to_owned(), nrrd(&format!("encoding: raw\n{PLACE}"), &samples())),
        ("nrrd gzip".to_owned(), nrrd(&format!("encoding: gzip\n{PLACE}"), &gzip(&samples()))),
        ("tiff".to_owned(), tiff_of::<colortype::GrayI16>(&[-1000, 0, 1, 2, 3, 4])),
        ("zip".to_owned(), zip(&[("a/1.png", &png, true), ("a/2.nii", &nifti, false), ("a/x.txt", b"no", true)])),
    ]
}

fn stored(slice: &Slice) -> Vec<i32> {
    slice.stored().iter().collect()
}

fn check_standard(planes: &[Slice], format: Format) {
    assert_eq!(planes.len(), 2);
    for (plane, (values, z, number)) in
        planes.iter().zip([([-1000, 1, 2, 3, 4, 5], 30.0, 1), ([6, 7, 8, 9, 10, 11], 32.0, 2)])
    {
        let info = plane.info();
        assert_eq!((plane.rows(), plane.cols()), (2, 3));
        assert_eq!(stored(plane), values);
        assert_eq!(info.format, format);
        assert_eq!(info.pixel_spacing_mm, Some((0.5, 0.75)));
        assert_eq!(info.position_patient_mm, Some([-10.0, -20.0, z]));
        assert_eq!(info.orientation_patient, Some([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]));
        assert_eq!(info.number, Some(number));
        assert_eq!(info.series_id.as_deref(), Some("v"));
        assert_eq!(info.path, format!("v, plane {number}"));
    }
}

#[test]
fn nifti_of_both_versions_and_byte_orders_plain_and_gzipped_gives_the_same_planes() {
    for is_second in [false, true] {
        for is_big in [false, true] {
            let file = Nifti { is_second, is_big, ..Nifti::default() }.file();
            check_standard(&slices("v", &file), Format::Nifti);
            check_standard(&slices("v", &gzip(&file)), Format::Nifti);
        }
    }
}

#[test]
fn nrrd_gives_the_same_planes_raw_gzipped_and_behind_skipped_bytes() {
    let data = samples();
    for (fields, data) in [
        ("encoding: raw\n", data.clone()),
        ("encoding: gzip\n", gzip(&data)),
        ("encoding: raw\nbyte skip: 3\n", [b"abc".to_vec(), data.clone()].concat()),
        ("encoding: raw\nbyte skip: -1\n", [b"abcdefg".to_vec(), data.clone()].concat()),
        ("encoding: raw\nline skip: 1\n", [b"a line\n".to_vec(), data.clone()].concat()),
        ("encoding: gz\nbyteskip: 2\n", gzip(&[b"ab".to_vec(), data.clone()].concat())),
    ] {
        check_standard(&slices("v", &nrrd(&format!("{fields}{PLACE}"), &data)), Format::Nrrd);
    }
    // The same place in words of the other two spaces.
    let right = "space: RAS\nspace directions: (-0.5,0,0) (0,-0.75,0) (0,0,2)\nspace origin: (10,20,30)\n";
    let left =
        "space: left-anterior-superior\nspace directions: (0.5,0,0) (0,-0.75,0) (0,0,2)\nspace origin: (-10,20,30)\n";
    for place in [right, left] {
        check_standard(&slices("v", &nrrd(&format!("encoding: raw\n{place}"), &data)), Format::Nrrd);
    }
    let planes = slices("v", &nrrd("encoding: raw\nspacings: 0.5 0.75 2\n", &data));
    assert_eq!(planes[0].info().orientation_patient, None, "no space, no place");
    assert_eq!(planes[0].info().pixel_spacing_mm, Some((0.5, 0.75)));
}

#[test]
fn planes_are_turned_to_axial_and_to_the_way_radiologists_look() {
    // Columns to the right and rows to the front, as NIfTI's own axes run: both are turned round.
    let srow = Some([[0.5, 0.0, 0.0, -10.0], [0.0, 0.75, 0.0, -20.0], [0.0, 0.0, 2.0, 30.0]]);
    let planes = slices("v", &Nifti { srow, ..Nifti::default() }.file());
    assert_eq!(stored(&planes[0]), [5, 4, 3, 2, 1, -1000]);
    // The first pixel is now the leftmost and hindmost of the old corner: right 9.5 − …, in DICOM's signs.
    assert_eq!(planes[0].info().position_patient_mm, Some([9.0, 19.25, 30.0]));
    assert_eq!(planes[0].info().orientation_patient, Some([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]));
    // The same place by a quaternion: half a turn about z is (0, 0, 1).
    let qform = Some(([0.0, 0.0, 1.0], [10.0, 20.0, 30.0]));
    check_standard(&slices("v", &Nifti { srow: None, qform, ..Nifti::default() }.file()), Format::Nifti);
    // Planes stored from head to feet, by the sign of qfac.
    let planes = slices("v", &Nifti { srow: None, qform, qfac: -1.0, ..Nifti::default() }.file());
    assert_eq!(stored(&planes[0]), [6, 7, 8, 9, 10, 11]);
    assert_eq!(stored(&planes[1]), [-1000, 1, 2, 3, 4, 5]);
    let z = planes.iter().map(|plane| plane.info().position_patient_mm.expect("a place")[2]).collect::<Vec<_>>();
    assert_eq!(z, [28.0, 30.0], "from the feet to the head");
    // Sagittal planes: the file's axes are front to back, head to feet, right to left.
    let srow = Some([[0.0, 0.0, -2.0, 10.0], [-0.5, 0.0, 0.0, 20.0], [0.0, -0.75, 0.0, 30.0]]);
    let planes = slices("v", &Nifti { srow, ..Nifti::default() }.file());
    assert_eq!(planes.len(), 2, "as many as there were rows");
    assert_eq!((planes[0].rows(), planes[0].cols()), (3, 2));
    let lowest = planes.iter().min_by(|a, b| {
        let z = |plane: &Slice| plane.info().position_patient_mm.expect("a place")[2];
        z(a).total_cmp(&z(b))
    });
    // Rows of the second row of the file: 3, 4, 5 in the first sagittal plane, 9, 10, 11 in the second.
    assert_eq!(stored(lowest.expect("planes")), [3, 9, 4, 10, 5, 11]);
    let series = arrange(planes, &[]);
    assert_eq!((series[0].rule(), series[0].spacing_source()), (OrderRule::VolumePlane, SpacingSource::VolumeHeader));
    assert_eq!(series[0].orientation().as_deref(), Some("R\\L A\\P"));
    assert_eq!(series[0].spacing().z_mm, Some(0.75));
}

#[test]
fn every_type_of_samples_comes_back_and_is_scaled() {
    let values: [i32; 12] = std::array::from_fn(|i| if i == 0 { 0 } else { i32::try_from(i).expect("small") + 100 });
    type Bytes = fn(i32) -> Vec<u8>;
    let cases: [(i16, Bytes); 9] = [
        (2, |v| vec![u8::try_from(v).expect("8 bits")]),
        (256, |v| i8::try_from(v).expect("8 bits").to_le_bytes().to_vec()),
        (512, |v| u16::try_from(v).expect("16 bits").to_le_bytes().to_vec()),
        (8, |v| v.to_le_bytes().to_vec()),
        (768, |v| v.cast_unsigned().to_le_bytes().to_vec()),
        (1024, |v| i64::from(v).to_le_bytes().to_vec()),
        (1280, |v| u64::from(v.cast_unsigned()).to_le_bytes().to_vec()),
        (16, |v| (f32::from(i16::try_from(v).expect("short")) + 0.5).to_le_bytes().to_vec()),
        (64, |v| f64::from(v).to_le_bytes().to_vec()),
    ];
    for (datatype, bytes) in cases {
        let nifti = Nifti { datatype, slope: 2.0, intercept: -1000.0, ..Nifti::default() };
        let file = [nifti.header(), values.into_iter().flat_map(bytes).collect()].concat();
        let planes = slices("v", &file);
        let half = if datatype == 16 { 0.5 } else { 0.0 };
        let hu: Vec<f64> = planes.iter().flat_map(Slice::hu).map(f64::from).collect();
        let expected: Vec<f64> = values.iter().map(|&value| (f64::from(value) + half) * 2.0 - 1000.0).collect();
        assert_eq!(hu, expected, "type {datatype}");
        let is_wide = matches!(planes[0].stored(), StoredValues::Wide(_));
        assert_eq!(is_wide, datatype == 16, "type {datatype}: only fractions need more than 16 bits");
    }
}

#[test]
fn without_a_code_a_nifti_volume_has_no_place() {
    let planes = slices("v", &Nifti { srow: None, ..Nifti::default() }.file());
    let info = planes[1].info();
    assert_eq!((info.position_patient_mm, info.orientation_patient), (None, None));
    assert_eq!(info.pixel_spacing_mm, Some((0.5, 0.75)));
    assert_eq!(info.number, Some(2));
    // The same numbers in metres are no pixels of a CT.
    let metres = Nifti { srow: None, units: 1, ..Nifti::default() }.file();
    assert_eq!(refusal("v", &metres).code(), "ImplausibleSize");
}

#[test]
fn volumes_that_cannot_be_trusted_are_refused() {
    let good = Nifti::default();
    let file = good.file();
    let with = |change: fn(&mut Nifti)| {
        let mut nifti = Nifti::default();
        change(&mut nifti);
        nifti.file()
    };
    let nan = [Nifti { datatype: 16, ..good.clone() }.header(), f32::NAN.to_le_bytes().repeat(12)].concat();
    let infinite =
        with(|n| n.srow = Some([[f64::INFINITY, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]));
    let sheared = with(|n| n.srow = Some([[1.0, 0.5, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]));
    for (what, bytes, code) in [
        ("not a number", nan, "VolumeNotFinite"),
        ("an infinite axis", infinite, "BadVolumePlace"),
        ("a sheared plane", sheared, "BadVolumePlace"),
        ("a slope that is infinite", with(|n| n.slope = f64::INFINITY), "BadRescale"),
        ("four axes", with(|n| n.dim = [4, 3, 2, 2, 5, 1, 1, 1]), "VolumeDamaged"),
        ("no rows", with(|n| n.dim = [3, 3, 0, 2, 1, 1, 1, 1]), "VolumeDamaged"),
        ("colours", with(|n| n.datatype = 128), "VolumeDamaged"),
        ("32767 cubed", with(|n| n.dim = [3, 32767, 32767, 32767, 1, 1, 1, 1]), "OverBudget"),
        ("cut off", file[..file.len() - 1].to_vec(), "VolumeTruncated"),
        ("cut off in the gzip", gzip(&file)[..60].to_vec(), "UnsupportedFormat"),
        ("another file's samples", [&file[..344], b"ni1\0", &[0; 30][..]].concat(), "UnsupportedFormat"),
        ("a detached NRRD", nrrd("encoding: raw\ndata file: x.raw\n", &[]), "UnsupportedFormat"),
        ("an NRRD in text", nrrd("encoding: ascii\n", b"1 2 3"), "UnsupportedFormat"),
        ("a short NRRD", nrrd("encoding: raw\n", &[0; 23]), "VolumeTruncated"),
        ("an NRRD in metres", nrrd("encoding: raw\nspace units: \"m\" \"m\" \"m\"\n", &samples()), "BadVolumePlace"),
        ("an NRRD of densities", nrrd("encoding: raw\nsample units: g/cm^3\n", &samples()), "NotHounsfield"),
        ("quantized samples", nrrd("encoding: raw\nold min: -1024\nold max: 3071\n", &samples()), "VolumeDamaged"),
        ("two byte orders", nrrd("encoding: raw\nendian: big\n", &samples()), "VolumeDamaged"),
        (
            "an NRRD that says its spacing twice",
            nrrd(&format!("encoding: raw\nspacings: 1 1 1\n{PLACE}"), &samples()),
            "BadVolumePlace",
        ),
        (
            "an sform ten times the spacing",
            with(|n| n.srow = Some([[-5.0, 0.0, 0.0, 10.0], [0.0, -7.5, 0.0, 20.0], [0.0, 0.0, 20.0, 30.0]])),
            "BadVolumePlace",
        ),
        ("an NRRD without end", b"NRRD0004\ntype: short\n".to_vec(), "VolumeDamaged"),
    ] {
        assert_eq!(refusal(what, &bytes).code(), code, "{what}");
    }
}

#[test]
fn bombs_are_refused_within_the_budget() {
    let mut header = Nifti { dim: [3, 2000, 2000, 2000, 1, 1, 1, 1], ..Nifti::default() }.header();
    header.resize(400, 0);
    assert_eq!(refusal("bomb.nii.gz", &gzip(&header)).code(), "OverBudget");
    // What follows the volume is not inflated.
    let long = [Nifti::default().file(), vec![0; 64 << 20]].concat();
    check_standard(&slices("v", &gzip(&long)), Format::Nifti);
    let mut bomb = zip(&[("a.dcm", &vec![0; 1 << 20], true)]);
    let at = bomb.windows(4).position(|four| four == b"PK\x01\x02").expect("a directory") + 24;
    bomb[at..at + 4].copy_from_slice(&0x7000_0000_u32.to_le_bytes());
    assert_eq!(refusal("bomb.zip", &bomb).code(), "ZipWithoutImages");
}

#[test]
fn gzip_members_are_read_to_the_last_and_cost_in_proportion() {
    let file = Nifti::default().file();
    let (head, rest) = file.split_at(200);
    let members = [gzip(head), gzip(&[]), gzip(rest), vec![0; 9]].concat();
    check_standard(&slices("v", &members), Format::Nifti);
    let empty = gzip(&[]).repeat(100_000);
    let bomb = [gzip(head), empty, gzip(rest)].concat();
    assert!(matches!(refusal("empty.nii.gz", &bomb).code(), "VolumeDamaged" | "UnsupportedFormat"));
}

#[test]
fn an_archive_whose_files_share_their_bytes_is_refused() {
    let mut file = zip(&[("a.dcm", &DataSet::ct().explicit(), false), ("b.dcm", &[7; 2000], false)]);
    // The second entry is made to unpack the first one's bytes too, and more of them than there are.
    let at = file.windows(4).rposition(|four| four == b"PK\x01\x02").expect("a directory");
    let whole = u32::try_from(file.len()).expect("short").to_le_bytes();
    file[at + 20..at + 24].copy_from_slice(&whole);
    file[at + 42..at + 46].copy_from_slice(&[0; 4]);
    assert_eq!(refusal("overlap.zip", &file).code(), "ZipDamaged");
}

#[test]
fn tiff_with_a_sign_is_hounsfield_and_without_one_is_deeplesions() {
    let signed = slice("x.tif", &tiff_of::<colortype::GrayI16>(&[-1000, -1, 0, 1, 40, 3000]));
    assert_eq!(signed.hu(), [-1000.0, -1.0, 0.0, 1.0, 40.0, 3000.0]);
    assert_eq!(signed.info().format, Format::Tiff);
    let unsigned = slice("x.tif", &tiff_of::<colortype::Gray16>(&[31768, 32768, 32808, 0, 1, 2]));
    assert_eq!(unsigned.hu()[..3], [-1000.0, 0.0, 40.0]);
    assert_eq!(refusal("x.tif", &tiff_of::<colortype::Gray8>(&[0; 6])).code(), "TiffNotGreyscale");
    assert_eq!(refusal("x.tif", &tiff_of::<colortype::RGB16>(&[0; 18])).code(), "TiffNotGreyscale");
    let whole = tiff_of::<colortype::GrayI16>(&[-1000, 0, 1, 2, 3, 4]);
    for length in 8..whole.len() {
        refusal("cut.tif", &whole[..length]);
    }
    let mut out = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut out).expect("a header");
    for page in [-1000_i16, -500] {
        encoder.write_image::<colortype::GrayI16>(3, 2, &[page; 6]).expect("a page");
    }
    let pages = slices("v.tif", &out.into_inner());
    assert_eq!(pages.iter().map(|page| page.hu()[0]).collect::<Vec<_>>(), [-1000.0, -500.0]);
    assert_eq!(pages[1].info().path, "v.tif, page 2");
}

#[test]
fn an_archive_gives_what_is_in_it_and_counts_what_is_not() {
    let (dicom, png) = (DataSet::ct().explicit(), grey16(&[7; 4], 2, 2));
    let nifti = Nifti::default().file();
    let csv = b"File_name,Bounding_boxes\n000001_01_01_001.png,\"1, 2, 3, 4\"\n";
    let nested = zip(&[("x.dcm", &dicom, false)]);
    let archive = archive(&zip(&[
        ("study/", b"", false),
        ("study/1.dcm", &dicom, true),
        ("study/000001_01_01/001.png", &png, false),
        ("study/v.nii", &nifti, true),
        ("study/DL_info.csv", csv, true),
        ("study/readme.txt", b"hello", true),
        ("study/.DS_Store", b"x", false),
        ("__MACOSX/study/._1.dcm", b"x", false),
        ("study/nested.zip", &nested, false),
        ("../../etc/\u{202e}passwd", b"root", false),
    ]));
    let paths: Vec<&str> = archive.slices.iter().map(|slice| slice.info().path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "study.zip/study/1.dcm",
            "study.zip/study/000001_01_01/001.png",
            "study.zip/study/v.nii, plane 1",
            "study.zip/study/v.nii, plane 2"
        ]
    );
    assert_eq!(archive.slices[1].info().series_id.as_deref(), Some("000001_01_01"));
    assert_eq!(archive.tables.len(), 1);
    let skipped: Vec<(&str, &str)> = archive.skipped.iter().map(|(path, e)| (path.as_str(), e.code())).collect();
    assert_eq!(skipped[0], ("study.zip/study/readme.txt", "UnknownFormat"));
    assert_eq!(skipped[1], ("study.zip/study/nested.zip", "UnsupportedFormat"));
    assert!(skipped[2].0.is_ascii() && skipped[2].1 == "UnknownFormat", "{skipped:?}");
    assert_eq!(skipped.len(), 3);
}

#[test]
fn damaged_archives_are_refused_or_lose_the_damaged_file_only() {
    let dicom = DataSet::ct().explicit();
    let whole = zip(&[("a.dcm", &dicom, false), ("b.dcm", &dicom, true)]);
    for length in (5..whole.len() - 1).step_by(11) {
        assert_eq!(refusal("cut.zip", &whole[..length]).code(), "ZipDamaged", "{length}");
    }
    let mut bad = whole.clone();
    bad[200] ^= 0xff;
    let archive = archive(&bad);
    assert_eq!((archive.slices.len(), archive.skipped.len()), (1, 1));
    assert_eq!(archive.skipped[0].1.code(), "ZipDamaged", "the checksum says it");
    assert_eq!(refusal("notes.zip", &zip(&[("a.txt", b"hello", false)])).code(), "ZipWithoutImages");
}

#[test]
fn an_8_bit_png_is_a_picture_without_hounsfield_units() {
    let png = encode(&[0, 100, 255, 7], 2, 2, image::ExtendedColorType::L8);
    let picture = slice("x.png", &png);
    assert!(!picture.is_hounsfield());
    assert_eq!(stored(&picture), [0, 100, 255, 7]);
    let sixteen = slice("y.png", &grey16(&[32768; 4], 2, 2));
    assert!(sixteen.is_hounsfield());
    let series = arrange(vec![picture, sixteen], &[]);
    assert_eq!(series.len(), 2, "pictures and slices are kept apart");
    let picture = series.iter().find(|series| !series.is_hounsfield()).expect("the picture's series");
    assert!(picture.notes().contains(&Note::NotHounsfield) && picture.hounsfield().is_none());
    assert_eq!(picture.window().grey(100.0), 100, "shown as it is");
}

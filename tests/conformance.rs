//! Real files of other projects' test sets against what their reference decoders make of them
//! (`../shared/conformance`, which stays outside of the repository). `docs/conformance.md` is this test's table;
//! `LESIONLENS_WRITE_DOCS=1 cargo test --test conformance` writes it anew.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::io::Read;
use std::path::Path;

use lesionlens::decode::{DecodeError, Decoded, decode};
use lesionlens::series::arrange;
use lesionlens::slice::{Format, Slice};
use serde::Deserialize;
use sha2::{Digest, Sha256};

const CT_CLASSES: [&str; 2] = ["1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1"];

/// Its reference reader fails inside a UN of undefined length, whose items are little endian in a big-endian file (PS3.5
/// 6.2.2), and so expects a refusal. The file is a CT slice; its twin, the same image in little endian, says which.
const READ_BEYOND_REFERENCE: &str = "fo-dicom/Tests/Test Data/GH177_D_CLUNIE_CT1_IVRLE_BigEndian_undefined_length.dcm";
const TWIN: &str = "fo-dicom/Tests/Test Data/GH177_D_CLUNIE_CT1_IVRLE_BigEndian_ELE_undefinded_length.dcm";

/// CT images that a reference decodes and that are refused all the same, each with its code: what they show is no slice
/// in Hounsfield units.
const GATED: [(&str, &str); 3] = [
    // A map of cerebral blood flow in ml/100 ml/s.
    ("cornerstone-wadoimageloader/CT0012.fragmented_no_bot_jpeg_baseline.51.dcm", "OtherQuantity"),
    // The pixels of its twin, SIZ0_PixRep1, under a header that takes their sign away: −1024 HU would be 64512.
    ("pylibjpeg-data/JPEG2000Lossless/TOSHIBA_J2K_SIZ1_PixRep0.dcm", "SignContradictsHeader"),
    ("pylibjpeg-data/JPEG2000/MAROTECH_CT_JP2Lossy.dcm", "Localizer"),
];

#[derive(Deserialize)]
struct Expectations {
    files: BTreeMap<String, Expected>,
}

#[derive(Deserialize)]
struct Expected {
    kind: String,
    check: Option<String>,
    modality: Option<String>,
    sop: Option<String>,
    ts: Option<String>,
    ts_name: Option<String>,
    spp: Option<u16>,
    slope: Option<f64>,
    shape: Option<Vec<usize>>,
    hu_min: Option<f64>,
    hu_max: Option<f64>,
    sha256_i32le: Option<String>,
    /// Of a TIFF: over the samples in their own type, little endian.
    sha256: Option<String>,
    /// Extremes of the stored values of a picture.
    min: Option<f64>,
    max: Option<f64>,
    #[serde(default)]
    zst: bool,
}

impl Expected {
    /// Whether this is a CT image which the reference decodes.
    fn is_ct(&self) -> bool {
        let check = self.check.as_deref().unwrap_or_default();
        self.kind == "dicom"
            && self.sop.as_deref().is_some_and(|sop| CT_CLASSES.contains(&sop))
            && self.modality.as_deref().is_none_or(|modality| modality == "CT")
            && (check == "exact" || check.starts_with("max_abs_diff"))
            && self.spp == Some(1)
    }

    /// Whether this is a PNG of a kind that is read. PngSuite's names end in interlacing, colour type and bits:
    /// greyscale is 0g.
    fn is_png(&self, name: &str) -> bool {
        let is_grey = name.ends_with("0g16.png") || name.ends_with("0g08.png");
        is_grey && self.shape.as_ref().is_some_and(|shape| shape.len() == 2)
    }

    /// Whether this is a TIFF which the reference decodes.
    fn is_tiff(&self, name: &str) -> bool {
        name.contains(".tif") && self.sha256.is_some()
    }

    /// What stands in the first column of the table.
    fn group(&self, name: &str) -> (String, String) {
        match (&self.ts, &self.ts_name) {
            (Some(uid), Some(name)) => (uid.clone(), name.clone()),
            _ if self.is_tiff(name) => ("TIFF".to_owned(), "16-bit greyscale".to_owned()),
            _ if name.ends_with("0g08.png") => ("PNG, 8 bits".to_owned(), "greyscale, marked as not HU".to_owned()),
            _ => ("PNG, 16 bits".to_owned(), "greyscale".to_owned()),
        }
    }

    fn hu_range(&self, slice: &Slice) -> Option<(f64, f64)> {
        match (self.min, self.max) {
            (Some(min), Some(max)) if !slice.is_hounsfield() => Some((min, max)),
            (Some(min), Some(max)) => Some((min - 32768.0, max - 32768.0)),
            // Of a TIFF the digest alone is known, which says more.
            _ if slice.info().format == Format::Tiff => Some(slice.hu_range()),
            _ => self.hu_min.zip(self.hu_max),
        }
    }
}

/// What `tests/golden/lossy.py` found out about a lossy file whose pixels are not all those of its reference.
#[derive(Deserialize)]
struct Lossy {
    sha256_i32le: String,
    max_abs_diff: u32,
}

/// One line of the table.
#[derive(Default)]
struct Row {
    name: String,
    files: usize,
    equal: usize,
    within_1: usize,
    same_extremes: usize,
    gated: usize,
}

/// How a slice stands to its reference.
struct Comparison {
    is_equal: bool,
    /// Largest difference of the lowest and of the highest Hounsfield value, in stored values.
    extremes: f64,
}

fn compare(name: &str, slice: &Slice, reference: &Expected, lossy: &BTreeMap<String, Lossy>) -> Comparison {
    assert_eq!(Some(vec![slice.rows(), slice.cols()]), reference.shape, "{name}");
    let digest = slice.stored_sha256_i32le();
    let is_equal = if slice.info().format == Format::Tiff {
        let samples = slice.stored().iter().flat_map(|value| value.to_le_bytes().into_iter().take(2));
        let digest = Sha256::digest(samples.collect::<Vec<u8>>());
        let digest = digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        reference.sha256.as_ref() == Some(&digest)
    } else {
        reference.sha256_i32le.as_ref() == Some(&digest)
    };
    let (low, high) = slice.hu_range();
    let (low_expected, high_expected) = reference.hu_range(slice).unwrap_or_else(|| panic!("{name} has no extremes"));
    let slope = reference.slope.unwrap_or(1.0);
    let extremes = ((low - low_expected).abs().max((high - high_expected).abs()) / slope).abs();
    if !is_equal {
        assert_ne!(reference.check.as_deref(), Some("exact"), "{name} should equal its reference");
        let known = lossy.get(name).unwrap_or_else(|| panic!("{name} is not in tests/golden/lossy.json"));
        assert_eq!(known.sha256_i32le, digest, "{name}: run tests/golden/lossy.py");
        assert!(known.max_abs_diff <= 1, "{name} differs by {}", known.max_abs_diff);
    }
    assert!(extremes < 1e-6 || (!is_equal && extremes < 1.0 + 1e-6), "{name}: extremes differ by {extremes}");
    Comparison { is_equal, extremes }
}

#[test]
#[ignore = "reads ../shared/conformance: cargo xtask test shared"]
fn ct_files_equal_the_reference_and_all_others_are_refused() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("../shared/conformance");
    let json = fs::read_to_string(folder.join("expected.json")).expect("expected.json of ../shared/conformance");
    // Python writes a HU extreme that is no number as NaN, which JSON does not know.
    let json = json.replace(": NaN", ": null");
    let expectations: Expectations = serde_json::from_str(&json).expect("expected.json");
    let lossy: BTreeMap<String, Lossy> =
        serde_json::from_str(include_str!("golden/lossy.json")).expect("tests/golden/lossy.json");
    let mut table: BTreeMap<String, Row> = BTreeMap::new();
    let mut refused = BTreeMap::<&str, usize>::new();
    let mut n_not_searched = 0;
    for (name, expected) in &expectations.files {
        let mut bytes = fs::read(folder.join("files").join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        if expected.zst {
            bytes = unpacked(&bytes);
        }
        let reference = match name.as_str() {
            READ_BEYOND_REFERENCE => expectations.files.get(TWIN),
            _ => (expected.is_ct() || expected.is_png(name) || expected.is_tiff(name)).then_some(expected),
        };
        let gate = GATED.iter().find(|(gated, _)| gated == name).map(|&(_, code)| code);
        let group = reference.map(|reference| reference.group(name));
        let row = group.map(|(uid, name)| {
            let row = table.entry(uid).or_default();
            row.name = name;
            row.files += 1;
            row
        });
        match (decode(name, &bytes), reference.zip(row), gate) {
            (Ok(Decoded::Slice(slice)), Some((reference, row)), None) => {
                let Comparison { is_equal, extremes } = compare(name, &slice, reference, &lossy);
                row.equal += usize::from(is_equal);
                row.within_1 += usize::from(!is_equal);
                row.same_extremes += usize::from(extremes < 1e-6);
                println!("read     {name}");
            }
            (Err(error), Some((_, row)), Some(code)) => {
                assert_eq!(error.code(), code, "{name}");
                row.gated += 1;
            }
            (Err(error), None, None) => {
                println!("refused  {name}: {error} [{}]", error.code());
                *refused.entry(error.code()).or_default() += 1;
            }
            // Volumes say nothing of their modality; none of these is a CT, and none may be searched.
            (Ok(Decoded::Slice(slice)), None, None) if is_volume(&slice) => {
                assert_not_searched(name, vec![*slice]);
                n_not_searched += 1;
            }
            (Ok(Decoded::Slices(slices)), None, None) if slices.first().is_some_and(is_volume) => {
                assert_not_searched(name, slices);
                n_not_searched += 1;
            }
            (answer, reference, _) => {
                let answer = answer.map(|_| "read").map_err(|error: DecodeError| error.to_string());
                panic!("{name}: {answer:?}, a reference: {}", reference.is_some())
            }
        }
    }
    check_docs(&root.join("docs/conformance.md"), &page(&table, &refused, n_not_searched));
}

fn is_volume(slice: &Slice) -> bool {
    matches!(slice.info().format, Format::Nifti | Format::Nrrd)
}

fn assert_not_searched(name: &str, slices: Vec<Slice>) {
    assert!(arrange(slices, &[]).iter().all(|series| !series.is_hounsfield()), "{name} would be searched");
}

/// The page of the documentation.
fn page(table: &BTreeMap<String, Row>, refused: &BTreeMap<&str, usize>, n_not_searched: usize) -> String {
    let mut page = String::from(
        "# Conformance\n\nMade by `tests/conformance.rs` from the test files of other projects and what their reference \
         decoders make of them: pydicom with pylibjpeg and gdcm, CharLS, DCMTK, libpng, tifffile. Every CT image that a reference \
         decodes is listed, and the pictures that are read. Lossy files may differ from their reference by 1 stored value; `tests/golden/lossy.py` \
         compares them pixel by pixel.\n\n\
         | transfer syntax or format | name | files | equal to the last bit | within 1 | same extremes of HU | refused |\n\
         |---|---|--:|--:|--:|--:|--:|\n",
    );
    let mut total = Row::default();
    for (uid, row) in table {
        let Row { name, files, equal, within_1, same_extremes, gated } = row;
        writeln!(page, "| {uid} | {name} | {files} | {equal} | {within_1} | {same_extremes} | {gated} |")
            .expect("text");
        total.files += files;
        total.equal += equal;
        total.within_1 += within_1;
        total.same_extremes += same_extremes;
        total.gated += gated;
    }
    let Row { files, equal, within_1, same_extremes, gated, .. } = total;
    writeln!(page, "| | all | {files} | {equal} | {within_1} | {same_extremes} | {gated} |").expect("text");
    page.push_str("\nRefused although a reference decodes them, since they are no slices in Hounsfield units:\n\n");
    for (name, code) in GATED {
        writeln!(page, "- `{name}`: `{code}`").expect("text");
    }
    writeln!(
        page,
        "\nShown and not searched, since their values do not lie as those of a CT (`docs/hounsfield.md`): {n_not_searched} volumes. \
         The other files of the set are no CT images, or damaged; each is refused:\n\n| code | files |\n|---|--:|"
    )
    .expect("text");
    for (code, n) in refused {
        writeln!(page, "| `{code}` | {n} |").expect("text");
    }
    page
}

/// Writes the page where that is asked for, and otherwise holds the committed one to it.
fn check_docs(path: &Path, page: &str) {
    if std::env::var_os("LESIONLENS_WRITE_DOCS").is_some() {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder for the docs");
        fs::write(path, page).expect("a page that can be written");
    }
    let committed = fs::read_to_string(path).unwrap_or_default();
    println!("{page}");
    assert!(committed == page, "docs/conformance.md is not current: run this test with LESIONLENS_WRITE_DOCS=1");
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut decoder = ruzstd::decoding::StreamingDecoder::new(bytes).expect("a zstandard frame");
    decoder.read_to_end(&mut out).expect("a whole zstandard frame");
    out
}

//! How often the rule by which a series counts as one in Hounsfield units is wrong, both ways, on everything real in
//! `../shared`: slices as they are and cut out of their middle, which must pass, and what they become when they are stored
//! otherwise, beside images of other kinds, which must not. `docs/hounsfield.md` is this test's table;
//! `LESIONLENS_WRITE_DOCS=1 cargo test --test hounsfield -- --ignored` writes it anew.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use lesionlens::decode::{Decoded, decode};
use lesionlens::hounsfield::Rescale;
use lesionlens::series::arrange;
use lesionlens::slice::{Format, Slice, SliceInfo, StoredValues};

/// A picture in whole Hounsfield units.
struct Picture {
    cols: usize,
    hu: Vec<i32>,
}

impl Picture {
    fn of(slice: &Slice) -> Self {
        #[allow(clippy::cast_possible_truncation, reason = "Hounsfield units are far below 2^31")]
        let hu = slice.hu().iter().map(|hu| hu.round() as i32).collect();
        Self { cols: slice.cols(), hu }
    }

    /// Whether a series of this one slice passes.
    fn passes(&self) -> bool {
        self.passes_as(|hu| hu)
    }

    /// Whether it would pass with every value changed.
    fn passes_as(&self, change: impl Fn(i32) -> i32) -> bool {
        let stored = StoredValues::Wide(self.hu.iter().map(|&hu| change(hu)).collect());
        let info = SliceInfo {
            path: "one".to_owned(),
            format: Format::Tiff,
            series_id: None,
            study_id: None,
            sop_instance_uid: None,
            number: None,
            transfer_syntax: None,
            pixel_spacing_mm: None,
            thickness_mm: None,
            position_patient_mm: None,
            orientation_patient: None,
            window: None,
        };
        let rows = self.hu.len() / self.cols;
        let slice = Slice::new(info, rows, self.cols, stored, Rescale::new(1.0, 0.0).expect("a rescale"));
        arrange(vec![slice.expect("a slice")], &[])[0].is_hounsfield()
    }

    /// A square around the middle of what is denser than −200 HU; `None` where that is hardly anything.
    fn middle(&self, side: usize) -> Option<Self> {
        let body: Vec<usize> = (0..self.hu.len()).filter(|&at| self.hu[at] > -200).collect();
        if body.len() < 1000 {
            return None;
        }
        let mut cols: Vec<usize> = body.iter().map(|at| at % self.cols).collect();
        cols.sort_unstable();
        let (x, y) = (cols[cols.len() / 2], body[body.len() / 2] / self.cols);
        let rows = self.hu.len() / self.cols;
        let (x0, y0) = (x.saturating_sub(side / 2), y.saturating_sub(side / 2));
        let (x1, y1) = ((x0 + side).min(self.cols), (y0 + side).min(rows));
        let hu = (y0..y1).flat_map(|row| &self.hu[row * self.cols..][x0..x1]).copied().collect();
        Some(Self { cols: x1 - x0, hu })
    }
}

/// A way to store values, by name.
type Change = (&'static str, fn(i32) -> i32);

/// What an image of CT values becomes when another program stores it, and the values are then taken for Hounsfield units.
const OTHERWISE: [Change; 11] = [
    ("HU + 1024, cut off at 0", |hu| (hu + 1024).max(0)),
    ("HU + 1024, −2000 outside", |hu| if hu <= -1000 { -2000 } else { hu + 1024 }),
    ("HU + 1000", |hu| hu + 1000),
    ("HU + 1024 in a 16-bit PNG of its own", |hu| (hu + 1024).max(0) - 32768),
    ("12 bits moved to the top of 16, in a PNG", |hu| (hu + 1024).clamp(0, 4095) * 16 - 32768),
    ("window W 400 L 40 over 16 bits, in a PNG", |hu| stretched(hu, -160, 400, 65535) - 32768),
    ("window W 2000 L 0 over 16 bits, in a PNG", |hu| stretched(hu, -1000, 2000, 65535) - 32768),
    ("window W 400 L 40 over 8 bits", |hu| stretched(hu, -160, 400, 255)),
    ("rescale left out twice over: HU − 1024", |hu| hu - 1024),
    ("HU × 10", |hu| hu * 10),
    ("HU × ½", |hu| hu / 2),
];

fn stretched(hu: i32, low: i32, width: i32, highest: i32) -> i32 {
    (hu - low).clamp(0, width) * highest / width
}

/// A line of the table.
struct Line {
    what: String,
    n: usize,
    n_pass: usize,
}

#[derive(Default)]
struct Table(Vec<Line>);

impl Table {
    fn count(&mut self, what: &str, passes: bool) {
        let at = self.0.iter().position(|line| line.what == what).unwrap_or_else(|| {
            self.0.push(Line { what: what.to_owned(), n: 0, n_pass: 0 });
            self.0.len() - 1
        });
        self.0[at].n += 1;
        self.0[at].n_pass += usize::from(passes);
    }

    fn share(&self, what: &str) -> f64 {
        let line = self.0.iter().find(|line| line.what == what).unwrap_or_else(|| panic!("no line {what}"));
        line.n_pass as f64 / line.n as f64
    }
}

/// Every file below a folder with this ending, in order; all files for an empty one.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let walk = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().map(|entry| entry.expect("a folder"));
    let files = walk.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path);
    files.filter(|path| path.to_string_lossy().ends_with(ending)).collect()
}

fn slices(path: &Path) -> Vec<Slice> {
    match decode(&path.to_string_lossy(), &fs::read(path).expect("a readable file")) {
        Ok(Decoded::Slice(slice)) => vec![*slice],
        Ok(Decoded::Slices(slices)) => slices,
        _ => Vec::new(),
    }
}

/// The slices of the shared data, each with the name of its pack.
fn pictures() -> Vec<(&'static str, Picture)> {
    let mut pictures = Vec::new();
    for pack in ["ct-lesions", "ct-more", "deeplesion"] {
        for path in files(&common::shared("data").join(pack).join("Images_png"), ".png") {
            pictures.extend(slices(&path).iter().map(|slice| (pack, Picture::of(slice))));
        }
    }
    // Codes of 8 bits, as deeplesion_unpack.py unpacks them. Every fifth is enough of a kind.
    for path in files(&common::shared("data/deeplesion/Coded_png"), ".png").into_iter().step_by(5) {
        let decoded =
            |&code: &i32| [-1024, -850, -100].get(usize::try_from(code).unwrap_or(3)).copied().unwrap_or(code - 2);
        for slice in slices(&path) {
            let Picture { cols, hu } = Picture::of(&slice);
            pictures.push((
                "deeplesion, below 0 HU in three steps",
                Picture { cols, hu: hu.iter().map(decoded).collect() },
            ));
        }
    }
    pictures
}

#[test]
#[ignore = "reads ../shared/data: cargo xtask test shared"]
fn hardly_a_ct_fails_and_hardly_anything_else_passes() {
    let (mut good, mut bad) = (Table::default(), Table::default());
    for (at, (pack, picture)) in pictures().iter().enumerate() {
        good.count(pack, picture.passes());
        if pack.starts_with("ct-") {
            for side in [256, 128, 64] {
                if let Some(middle) = picture.middle(side) {
                    good.count(
                        &format!("ct-lesions and ct-more, {side} pixels around the body's middle"),
                        middle.passes(),
                    );
                }
            }
        }
        // Metal.
        if at % 10 == 0 {
            let mut n = 0;
            let mut metal = |hu: i32| {
                n += 1;
                if n % 200 == 0 { 20_000 } else { hu }
            };
            let hu = picture.hu.iter().map(|&hu| metal(hu)).collect();
            good.count(
                "every tenth of them, with 20000 HU in every 200th pixel",
                Picture { cols: picture.cols, hu }.passes(),
            );
            for (what, change) in OTHERWISE {
                bad.count(what, picture.passes_as(change));
            }
        }
    }
    for path in files(&common::shared("conformance/files"), "") {
        let decoded = slices(&path);
        let Some(first) = decoded.first() else { continue };
        let (format, is_picture) = (first.info().format, !first.is_hounsfield());
        if is_picture {
            continue;
        }
        let passes = arrange(decoded, &[]).iter().all(lesionlens::series::Series::is_hounsfield);
        match format {
            Format::Dicom => good.count("CT images of other projects' test sets", passes),
            Format::Nifti | Format::Nrrd => {
                bad.count("volumes of other projects' test sets, none of them a CT", passes)
            }
            Format::Png | Format::Tiff => bad.count("16-bit pictures of other projects' test sets", passes),
        }
        if (format == Format::Dicom) != passes {
            println!("{}: {passes}", path.display());
        }
    }
    let page = page(&good, &bad);
    println!("{page}");
    for pack in ["ct-lesions", "ct-more", "deeplesion", "CT images of other projects' test sets"] {
        assert_eq!(good.share(pack), 1.0, "{pack}");
    }
    for (what, _) in &OTHERWISE[..10] {
        assert_eq!(bad.share(what), 0.0, "{what}");
    }
    check_docs(&page);
}

fn page(good: &Table, bad: &Table) -> String {
    let mut page = String::from(
        "# Hounsfield units, or not\n\nMade by `tests/hounsfield.rs` from everything real in `../shared`. A series is searched only if \
         its values lie among each other as those of a CT (`src/series/plausible.rs`): no field of any format proves that \
         they are Hounsfield units. Each slice is judged as a series of its own, which is harder than judging a whole one.\n\n\
         Must pass:\n\n| slices | n | judged \"Not HU\" |\n|---|--:|--:|\n",
    );
    for Line { what, n, n_pass } in &good.0 {
        writeln!(page, "| {what} | {n} | {} ({:.1} %) |", n - n_pass, percent(n - n_pass, *n)).expect("text");
    }
    page.push_str("\nMust not pass:\n\n| slices | n | judged Hounsfield units |\n|---|--:|--:|\n");
    for Line { what, n, n_pass } in &bad.0 {
        writeln!(page, "| {what} | {n} | {n_pass} ({:.1} %) |", percent(*n_pass, *n)).expect("text");
    }
    page.push_str(
        "\nThe lines from \"HU + 1024\" to \"HU × ½\" are every tenth slice of the upper table, stored otherwise. What is not \
         told apart is named there: no share of values tells a CT from one whose scale is a little off.\n",
    );
    page
}

fn percent(n: usize, of: usize) -> f64 {
    100.0 * n as f64 / of as f64
}

/// Writes the page where that is asked for, and otherwise holds the committed one to it.
fn check_docs(page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/hounsfield.md");
    if std::env::var_os("LESIONLENS_WRITE_DOCS").is_some() {
        fs::write(&path, page).expect("a page that can be written");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == page, "docs/hounsfield.md is not current: run this test with LESIONLENS_WRITE_DOCS=1");
}

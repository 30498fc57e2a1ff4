//! The shared files that contradict themselves or cost without bound (`../shared/conformance/contradictions`): each gets what
//! its table says, on the whole way from its bytes to the net's input and the picture, within 5 s and 512 MiB. One test,
//! so that the allocator counts nothing else.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::time::{Duration, Instant};

use lesionlens::model::ModelSpec;
use lesionlens::study::Study;
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const TIME: Duration = Duration::from_secs(5);
const MEMORY: usize = 512 << 20;

/// What became of a file.
enum Answer {
    Refused(&'static str),
    /// How many series are searched, and how many are not.
    Shown {
        hounsfield: usize,
        not: usize,
    },
}

/// Everything but the net: decoding, arranging, every fourth slice drawn and made an input at most a hundred times.
fn go_through(name: &str, bytes: &[u8], spec: &ModelSpec) -> Answer {
    let mut study = Study::default();
    if let Err(error) = study.add_file(name, bytes) {
        return Answer::Refused(error.code());
    }
    study.arrange();
    let (mut hounsfield, mut not) = (0, 0);
    for series in study.series() {
        assert!(series.is_hounsfield() || !series.notes().is_empty(), "{name}: nothing says why it is not searched");
        *(if series.is_hounsfield() { &mut hounsfield } else { &mut not }) += 1;
        for id in series.slice_ids().iter().step_by(4).take(100) {
            study.render(id.as_str(), series.window()).expect("a slice of the study");
            let input = study.input(spec, id.as_str());
            assert_eq!(input.is_ok(), series.is_hounsfield(), "{name}");
        }
    }
    Answer::Shown { hounsfield, not }
}

#[test]
#[ignore = "reads ../shared/conformance: cargo xtask test shared"]
fn every_file_gets_what_the_table_says() {
    let folder = common::shared("conformance/contradictions");
    let spec = ModelSpec::from_json(&common::shipped_model().0).expect("the shipped spec");
    let mut table = csv::Reader::from_path(folder.join("expected.csv")).expect("the shared table");
    let mut wrong = Vec::new();
    let mut n_files = 0;
    for row in table.records() {
        let row = row.expect("a row of the table");
        let (name, expected) = (&row[0], &row[1]);
        let bytes = fs::read(folder.join(name)).expect("a shared file");
        let before = ALLOCATOR.current_usage();
        ALLOCATOR.reset_peak_usage();
        let start = Instant::now();
        let answer = go_through(name, &bytes, &spec);
        let (took, peak) = (start.elapsed(), ALLOCATOR.peak_usage() - before);
        let is_right = match (expected, &answer) {
            ("read", Answer::Shown { hounsfield, not }) => *hounsfield > 0 && *not == 0,
            ("no_hu", Answer::Shown { hounsfield, .. }) => *hounsfield == 0,
            ("no_hu", Answer::Refused(_)) | ("any" | "bounded", _) => true,
            _ => false,
        };
        let words = match answer {
            Answer::Refused(code) => code.to_owned(),
            Answer::Shown { hounsfield, not } => format!("{hounsfield} series searched, {not} not"),
        };
        let megabytes = peak as f64 / 1048576.0;
        println!("{name:45} {expected:8} {words:32} {:7.1} ms {megabytes:7.2} MiB", took.as_secs_f64() * 1e3);
        if !is_right || took > TIME || peak > MEMORY {
            wrong.push(format!("{name}: expected {expected}, {words}, {took:?}, {megabytes:.0} MiB"));
        }
        n_files += 1;
    }
    assert!(n_files >= 60, "{n_files} files");
    assert!(wrong.is_empty(), "{} of {n_files}:\n{}", wrong.len(), wrong.join("\n"));
}

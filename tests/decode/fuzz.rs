//! The fuzz targets of `fuzz/`, run for a short time on bytes from a fixed seed, and on every input that once broke one.

#[path = "../../fuzz/structure.rs"]
mod structure;
#[path = "../../fuzz/targets.rs"]
pub(crate) mod targets;

use std::fs;
use std::path::Path;

use crate::codecs::Golden;
use crate::mutants::{Random, mutate, seeds};

/// Inputs for each target.
const N_INPUTS: usize = 400;

#[test]
fn every_target_survives_random_and_mutated_bytes() {
    let mut random = Random::new(0x0dec_0de5);
    // Bare streams for the codecs, whole files for the rest: what a target puts before them leads into its parser.
    let mut inputs: Vec<Vec<u8>> = Golden::all().iter().map(Golden::stream).collect();
    inputs.extend(seeds().into_iter().map(|(_, bytes)| bytes));
    for target in targets::TARGETS {
        for number in 0..N_INPUTS {
            let mut bytes = match number % 4 {
                0 => (0..random.below(600)).map(|_| random.byte()).collect(),
                _ => inputs[random.below(inputs.len())].clone(),
            };
            // What a target prepends is not needed twice.
            let skip = [0, 0, 4, 8, 9, 132][random.below(6)].min(bytes.len());
            bytes.drain(..skip);
            mutate(&mut bytes, &mut random);
            targets::run(target, &bytes);
        }
    }
}

#[test]
fn files_with_one_field_changed_go_the_whole_way() {
    let mut random = Random::new(0x57e0_c7e0);
    let (seeds, mut n_changed) = (seeds(), 0);
    for number in 0..N_INPUTS * 8 {
        let mut bytes = seeds[number % seeds.len()].1.clone();
        for _ in 0..1 + random.below(3) {
            n_changed += usize::from(structure::change(&mut bytes, &mut |n| random.below(n)));
        }
        targets::go_through(&bytes);
    }
    assert!(n_changed > N_INPUTS, "{n_changed} changes");
}

#[test]
fn inputs_that_once_broke_a_reader_do_so_no_more() {
    let mut random = Random::new(0xc0_0c05);
    for folder in ["fuzz/regressions", "fuzz/corpus/any"] {
        let mut n = 0;
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).expect("a folder of inputs") {
            let path = entry.expect("a readable folder").path();
            let mut bytes = fs::read(&path).expect("a readable file");
            targets::TARGETS.iter().for_each(|target| targets::run(target, &bytes));
            // What libFuzzer kept lies close to other ways through the readers.
            for _ in 0..20 {
                structure::change(&mut bytes, &mut |n| random.below(n));
                targets::go_through(&bytes);
            }
            n += 1;
        }
        assert!(n > 0, "{folder} is empty");
    }
}

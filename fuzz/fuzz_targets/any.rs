#![no_main]
#[path = "../structure.rs"]
mod structure;
#[path = "../targets.rs"]
mod targets;

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

fuzz_target!(|data: &[u8]| targets::run("any", data));

// Every other change keeps the structure of the file.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut state = u64::from(seed) | 1 << 40;
    let mut below = |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or(0) % n.max(1)
    };
    let mut file = data[..size].to_vec();
    if below(2) == 0 && structure::change(&mut file, &mut below) && file.len() <= max_size {
        data[..file.len()].copy_from_slice(&file);
        return file.len();
    }
    fuzzer_mutate(data, size, max_size)
});

//! Files that were changed at random, from a fixed seed: each gets a typed answer in time, and the next good file is
//! decoded as if nothing had happened. The same bytes come out on every machine.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use lesionlens::decode::{Decoded, decode};

use crate::codecs::{Golden, enhanced};
use crate::png::grey16;
use crate::slice;
use crate::write::{Container, DataSet, ENCODINGS, Value};

/// Mutants of each run; `LESIONLENS_MUTANTS` asks for another number.
const N_MUTANTS: usize = 4000;

/// xorshift64* (Vigna 2016).
pub(crate) struct Random(u64);

impl Random {
    /// The seed must not be 0.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(crate) fn byte(&mut self) -> u8 {
        u8::try_from(self.next() >> 56).expect("8 bits")
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(n.max(1)).expect("a size")).expect("below a size")
    }
}

/// Good files of every kind that is read.
pub(crate) fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds: Vec<(String, Vec<u8>)> =
        Golden::all().into_iter().map(|golden| (golden.name.clone(), golden.file())).collect();
    for (encoding, uid) in ENCODINGS {
        seeds.push((uid.to_owned(), DataSet::ct().file(encoding, Container::Part10)));
    }
    let mut native = enhanced(2);
    native.set(0x7fe0_0010, "OW", Value::Words(vec![1, 1, 1, 1, 2, 2, 2, 2]));
    seeds.push(("enhanced".to_owned(), native.explicit()));
    seeds.push(("png".to_owned(), grey16(&[7; 64], 8, 8)));
    seeds.push(("a body".to_owned(), body().explicit()));
    seeds.extend(crate::volumes::seeds());
    seeds
}

/// A slice that is searched: 40 × 40 pixels of air, fat and soft tissue.
pub(crate) fn body() -> DataSet {
    let mut data_set = DataSet::ct();
    data_set.word(0x0028_0010, 40);
    data_set.word(0x0028_0011, 40);
    let hu = |at: u16| match (at % 40, at / 40) {
        (0..8, _) | (_, 0..8) => -1000_i16,
        (8..12, _) => -100,
        _ => 40,
    };
    let stored = (0..1600).map(|at| ((hu(at) + 1000) / 2).cast_unsigned()).collect();
    data_set.set(0x7fe0_0010, "OW", Value::Words(stored));
    data_set
}

/// Changes some bytes: single ones, bits, runs of extremes, cuts, and stretches taken from elsewhere in the file. Most
/// changes fall into one half of the file at random, so that headers and data are hit alike.
pub(crate) fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..1 + random.below(6) {
        if bytes.is_empty() {
            return;
        }
        let at = random.below(bytes.len());
        let value = random.byte();
        match random.below(8) {
            0 | 1 => bytes[at] = value,
            2 => bytes[at] ^= 1 << (value % 8),
            3 => bytes.insert(at, value),
            4 => _ = bytes.remove(at),
            5 => bytes.iter_mut().skip(at).take(4).for_each(|byte| *byte = if value < 128 { 0xff } else { 0 }),
            6 => {
                let from = random.below(bytes.len());
                let stretch: Vec<u8> = bytes.iter().skip(from).take(1 + random.below(16)).copied().collect();
                bytes.splice(at..at, stretch);
            }
            _ if value < 32 => bytes.truncate(at),
            _ => bytes[at] = bytes[at].wrapping_add(1),
        }
    }
}

#[test]
fn thousands_of_mutants_get_a_typed_answer_and_the_next_good_file_is_read() {
    let seeds = seeds();
    let good = DataSet::ct().explicit();
    let fingerprint = slice("good.dcm", &good).stored_sha256_i32le();
    let mut random = Random::new(0x1e51_0a1e_45ee_d000);
    let (mut n_read, mut slowest) = (0, (Duration::ZERO, String::new()));
    let n_mutants = std::env::var("LESIONLENS_MUTANTS").ok().and_then(|n| n.parse().ok()).unwrap_or(N_MUTANTS);
    for number in 0..n_mutants {
        let (name, seed) = &seeds[number % seeds.len()];
        let mut bytes = seed.clone();
        mutate(&mut bytes, &mut random);
        let started = Instant::now();
        let answer = catch_unwind(AssertUnwindSafe(|| {
            crate::fuzz::targets::go_through(&bytes);
            decode(name, &bytes)
        }));
        let took = started.elapsed();
        if took > slowest.0 {
            slowest = (took, format!("{name}, mutant {number}"));
        }
        assert!(took < Duration::from_secs(2), "{name}, mutant {number}: {took:?}");
        match answer {
            Ok(Ok(Decoded::Table(_))) => panic!("{name}, mutant {number} became a table"),
            Ok(Ok(_)) => n_read += 1,
            Ok(Err(error)) => assert!(!error.code().is_empty() && !error.to_string().contains(char::is_control)),
            Err(_) => {
                let path = std::env::temp_dir().join(format!("lesionlens-mutant-{number}"));
                std::fs::write(&path, &bytes).expect("a folder for temporary files");
                panic!("{name}, mutant {number} made the decoder panic; its bytes are in {}", path.display());
            }
        }
        assert_eq!(slice("good.dcm", &good).stored_sha256_i32le(), fingerprint, "after {name}, mutant {number}");
    }
    println!("{n_mutants} mutants of {} files: {n_read} read; slowest {slowest:?}", seeds.len());
}

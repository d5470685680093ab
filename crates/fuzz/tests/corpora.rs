//! Every decoder, over its corpus and over changes of it.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::panic::catch_unwind;
use std::path::PathBuf;

use headwater_fuzz::{TARGETS, Target, run};

/// The seeds of a target, by file.
fn corpus(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let folder = folder.join(name);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let read = |path: PathBuf| (path.clone(), std::fs::read(path).unwrap());
    files.into_iter().map(read).collect()
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let n = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((n ^ (n >> 31)) % bound as u64) as usize
    }
}

/// A few changes: bits, bytes, numbers that are large, parts that are cut out, doubled or of
/// another seed.
fn change(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    for _ in 0..1 + random.below(4) {
        let at = random.below(bytes.len() + 1);
        let length = random.below(9).min(bytes.len() - at);
        match random.below(6) {
            0 if length > 0 => bytes[at] ^= 1 << random.below(8),
            1 if length > 0 => bytes[at] = random.below(256) as u8,
            2 => bytes[at..at + length].fill([0, 0x7f, 0xff][random.below(3)]),
            3 => drop(bytes.drain(at..at + length)),
            4 => bytes.truncate(at),
            _ if !other.is_empty() => {
                let from = random.below(other.len());
                let to = (from + 1 + random.below(32)).min(other.len());
                let part = other[from..to].iter().copied();
                drop(bytes.splice(at..at, part));
            }
            _ => {}
        }
    }
}

fn check((name, decode): Target) {
    let seeds = corpus(name);
    assert!(!seeds.is_empty(), "{name} has no seeds");
    for (path, bytes) in &seeds {
        let decoded = catch_unwind(|| run(name, bytes));
        assert!(decoded.is_ok(), "{}", path.display());
    }
    let changes = match std::env::var_os("HEADWATER_LONG") {
        Some(_) => 100_000,
        None => 20_000,
    };
    for number in 0..changes {
        let mut random = Random(number);
        let mut bytes = seeds[random.below(seeds.len())].1.clone();
        let other = &seeds[random.below(seeds.len())].1;
        change(&mut bytes, other, &mut random);
        let decoded = catch_unwind(|| decode(&bytes));
        assert!(decoded.is_ok(), "{name}, change {number}: {bytes:?}");
    }
}

macro_rules! decoders {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            let target = TARGETS.iter().find(|(name, _)| *name == stringify!($name));
            check(*target.unwrap());
        })*

        #[test]
        fn every_target_has_a_test_and_a_program() {
            let tests = [$(stringify!($name)),*];
            let programs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
            let manifest = std::fs::read_to_string(programs.join("Cargo.toml")).unwrap();
            for (name, _) in TARGETS {
                assert!(tests.contains(&name), "{name}");
                assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
                let program = programs.join(format!("fuzz_targets/{name}.rs"));
                let text = std::fs::read_to_string(program).unwrap();
                assert!(text.contains(&format!("run(\"{name}\"")), "{name}");
            }
        }
    };
}

decoders!(
    frame commit manifest segment block tree postings append query projection sql sign_in kafka_request
    kafka_batch postgres_message postgres_value postgres_statements
);

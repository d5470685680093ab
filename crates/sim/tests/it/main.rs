//! Crashes, over the real journal and the real disk storage.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod crash_points;
mod damaged;
mod every_byte;
mod lives;
mod new_logs;
mod outcomes;
mod sealing_syncs;
mod storage;
mod syncs;

use headwater_sim::{Faults, Random};

/// How likely and how early things go wrong in a life: each number is the most.
struct Chances {
    power_off_at: u64,
    sync_fails_once_in: u64,
    sync_fails_from: u64,
    write_fails_once_in: Option<u64>,
    /// The least room, and how much more there may be.
    room_bytes: (usize, u64),
}

impl Chances {
    /// What goes wrong in the next life.
    fn faults(&self, random: &mut Random) -> Faults {
        let maybe =
            |random: &mut Random, times: u64| random.once_in(2).then(|| 2 + random.below(times));
        let (least, more) = self.room_bytes;
        // Drawn aside, so that the seeds from before writes failed are what they were.
        let mut aside = Random::new(random.clone().draw());
        let write_fails = self.write_fails_once_in;
        Faults {
            power_off_at: random
                .once_in(2)
                .then(|| 1 + random.below(self.power_off_at)),
            sync_fails_once_in: maybe(random, self.sync_fails_once_in),
            sync_fails_from: random
                .once_in(8)
                .then(|| 1 + random.below(self.sync_fails_from)),
            write_fails_once_in: write_fails.and_then(|times| maybe(&mut aside, times)),
            short_write_once_in: maybe(random, 6),
            room_bytes: random
                .once_in(4)
                .then(|| least + random.below(more) as usize),
            lying_syncs: Vec::new(),
        }
    }
}

/// Says how a seed is run again alone, if the test fails as long as this lives.
struct Again {
    test: &'static str,
    seed: u64,
}

impl Drop for Again {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Again { test, seed } = self;
            eprintln!(
                "seed {seed} failed; again: HEADWATER_SEEDS={seed}..{} cargo test --release \
                 -p headwater-sim --test it -- {test}",
                *seed + 1
            );
        }
    }
}

/// The seeds that a test runs: some in `./check`, many more in its long mode, and those that somebody
/// asks for.
fn seeds(few: u64, many: u64) -> std::ops::Range<u64> {
    let usual = || 0..if is_long() { many } else { few };
    let asked = std::env::var("HEADWATER_SEEDS").ok();
    asked.map_or_else(usual, |asked| {
        let (first, end) = asked.split_once("..").unwrap_or(("0", &asked));
        let number = |text: &str| text.parse::<u64>();
        match (number(first), number(end)) {
            (Ok(first), Ok(end)) => first..end,
            _ => panic!("HEADWATER_SEEDS is {asked:?}: expected 100000, or 40000..50000"),
        }
    })
}

/// Whether these are as many seeds as `./check` runs: then sums over them mean something.
fn are_usual(seeds: &std::ops::Range<u64>, few: u64) -> bool {
    seeds.end.saturating_sub(seeds.start) >= few
}

/// Whether this is the long mode of `./check`.
fn is_long() -> bool {
    std::env::var_os("HEADWATER_LONG").is_some()
}

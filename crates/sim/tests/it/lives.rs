//! Many lives of many logs, with everything going wrong.
//!
//! `HEADWATER_SEEDS=100000` runs so many seeds, from 0 on, and `HEADWATER_SEEDS=40000..50000` these.
//! Ten thousand take a core some minutes:
//!
//! ```text
//! HEADWATER_SEEDS=100000 cargo test --release -p headwater-sim --test it -- lives:: storage::
//! ```

use crate::Chances;
use headwater_sim::{Faults, Random, Survival, Tried, World};

const CHANCES: Chances = Chances {
    power_off_at: 80,
    sync_fails_once_in: 12,
    sync_fails_from: 20,
    write_fails_once_in: Some(40),
    room_bytes: (60_000, 400_000),
};

fn run(seed: u64) -> World {
    live(seed, World::backed_up(seed), &CHANCES)
}

fn live(seed: u64, mut world: World, chances: &Chances) -> World {
    let mut random = Random::new(!seed);
    for _ in 0..4 {
        let faults = chances.faults(&mut random);
        world.live(20 + random.below(120), faults);
        let survival = match random.below(3) {
            0 => Survival::Nothing,
            1 => Survival::Everything,
            _ => Survival::Any,
        };
        world.crash(survival);
        if random.once_in(4) {
            world.live_with_damage(random.draw());
        }
    }
    world
}

/// As many as `./check` runs.
const SEEDS: u64 = 2_000;

#[test]
fn promises_hold_through_crashes_and_faults() {
    let seeds = crate::seeds(SEEDS, 20_000);
    let (mut events, mut restored, mut tried) = (0, 0, Tried::default());
    for seed in seeds.clone() {
        let _again = crate::Again {
            test: "promises_hold_through",
            seed,
        };
        let world = run(seed);
        events += world.head().0;
        restored += world.restored();
        tried += world.tried();
    }
    eprintln!("{events} events, {restored} restored, {tried:?}");
    if !crate::are_usual(&seeds, SEEDS) {
        return;
    }
    assert!(events > 50_000, "the logs hold events: {events}");
    assert!(restored > 5_000, "backups are taken: {restored}");
    let Tried { seals, merges, .. } = tried;
    assert!(seals > 1_000 && merges > 4_000, "it is kept: {tried:?}");
    assert!(tried.merges_within > 20, "merges go first: {tried:?}");
}

/// Seeds that found something once.
#[test]
fn what_went_wrong_once_does_not_again() {
    // Sealing was published and told to have failed: a reader waited for the index for ever.
    let chances = Chances {
        write_fails_once_in: None,
        ..CHANCES
    };
    live(14_628, World::new(14_628), &chances);
}

#[test]
fn one_seed_gives_one_trace() {
    for seed in 0..20 {
        assert_eq!(run(seed).trace(), run(seed).trace(), "seed {seed}");
    }
    assert_ne!(run(1).trace(), run(2).trace());
}

/// After a failed sync the cache may hold what the disk does not, and call it clean. The process
/// dies; what the next one finds there must not be lost once it was seen.
#[test]
fn what_a_failed_sync_left_in_the_cache_is_not_trusted() {
    for seed in crate::seeds(20, 1_000) {
        let _again = crate::Again {
            test: "what_a_failed_sync_left",
            seed,
        };
        for sync_fails_from in 3..12 {
            let mut world = World::new(seed);
            world.live(
                80,
                Faults {
                    sync_fails_from: Some(sync_fails_from),
                    ..Faults::default()
                },
            );
            world.die();
            world.live(20, Faults::default());
            world.crash(Survival::Nothing);
        }
    }
}

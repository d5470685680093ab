//! Many lives of logs in memory, whose storage answers with every outcome at random.

use headwater_sim::{Outcomes, Random, Tried};

fn run(seed: u64) -> Outcomes {
    let mut random = Random::new(!seed);
    let mut world = Outcomes::new(seed);
    for _ in 0..3 {
        world.live(10 + random.below(120));
        world.live(random.below(60));
        world.crash();
    }
    world
}

/// As many as `./check` runs.
const SEEDS: u64 = 2_000;

#[test]
fn promises_hold_whatever_a_storage_answers() {
    let seeds = crate::seeds(SEEDS, 20_000);
    let (mut events, mut faults, mut tried) = (0, 0, Tried::default());
    for seed in seeds.clone() {
        let _again = crate::Again {
            test: "promises_hold_whatever",
            seed,
        };
        let world = run(seed);
        events += world.head().0;
        faults += world.faults();
        tried += world.tried();
    }
    eprintln!("{events} events, {faults} faults, {tried:?}");
    if !crate::are_usual(&seeds, SEEDS) {
        return;
    }
    assert!(events > 40_000, "the logs hold events: {events}");
    assert!(faults > 20_000, "the storage failed: {faults}");
    let Tried { seals, merges, .. } = tried;
    assert!(seals > 2_000 && merges > 2_000, "it is kept: {tried:?}");
    assert!(tried.merges_within > 50, "merges go first: {tried:?}");
    assert!(tried.landed > 200, "commits land late: {tried:?}");
    assert!(tried.fits_alone > 60, "commits fit alone: {tried:?}");
    assert!(tried.cut_short > 2, "segments fit in part: {tried:?}");
}

#[test]
fn one_seed_gives_one_trace() {
    for seed in 0..20 {
        assert_eq!(run(seed).trace(), run(seed).trace(), "seed {seed}");
    }
    assert_ne!(run(1).trace(), run(2).trace());
}

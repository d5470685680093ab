//! Many lives of logs in memory, whose storage answers with every outcome at random.

use headwater_sim::{Outcomes, Random};

fn run(seed: u64) -> Outcomes {
    let mut random = Random::new(!seed);
    let mut world = Outcomes::new(seed);
    for _ in 0..3 {
        world.live(10 + random.below(80));
        world.live(random.below(60));
        world.crash();
    }
    world
}

#[test]
fn promises_hold_whatever_a_storage_answers() {
    let (mut events, mut faults) = (0, 0);
    for seed in crate::seeds(2_000, 20_000) {
        let _again = crate::Again {
            test: "promises_hold_whatever",
            seed,
        };
        let world = run(seed);
        events += world.head().0;
        faults += world.faults();
    }
    assert!(events > 1_000, "the logs hold events: {events}");
    assert!(faults > 1_000, "the storage failed: {faults}");
}

#[test]
fn one_seed_gives_one_trace() {
    for seed in 0..20 {
        assert_eq!(run(seed).trace(), run(seed).trace(), "seed {seed}");
    }
    assert_ne!(run(1).trace(), run(2).trace());
}

//! One bit of a log is not as it was written, and the log is used all the same.

use std::panic::{AssertUnwindSafe, catch_unwind};

use headwater_sim::{Damage, Faults, Survival, World};

/// As many as `./check` runs.
const SEEDS: u64 = 40;

#[test]
fn a_changed_bit_is_named_or_changes_nothing() {
    let mut damages: Vec<Damage> = Vec::new();
    let seeds = crate::seeds(SEEDS, 2_000);
    for seed in seeds.clone() {
        let _again = crate::Again {
            test: "a_changed_bit_is_named",
            seed,
        };
        let mut world = World::new(seed);
        world.live(300, Faults::default());
        world.crash(Survival::Nothing);
        for draw in 0..8 {
            let lived = catch_unwind(AssertUnwindSafe(|| world.live_with_damage(draw)));
            damages.push(lived.unwrap_or_else(|_| panic!("seed {seed}, draw {draw}")));
        }
    }
    if !crate::are_usual(&seeds, SEEDS) {
        return;
    }
    let sum = |count: fn(&Damage) -> u64| damages.iter().map(count).sum::<u64>();
    let (answered, unanswered) = (sum(|it| it.answers.0), sum(|it| it.answers.1));
    let (told, refused) = (sum(|it| it.appends.0), sum(|it| it.appends.1));
    assert!(sum(|it| it.refused.into()) > 5, "logs are not opened");
    assert!(unanswered * 10 > answered, "{unanswered} of {answered}");
    assert!(refused * 20 > told, "{refused} of {told}");
    assert!(refused * 2 < told, "appends go on: {refused} of {told}");
}

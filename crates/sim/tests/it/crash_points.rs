//! The power goes off at every single call that changes something on the disk.

use headwater_sim::{Faults, Survival, World};

const STEPS: u64 = 160;

/// How many changes a life of this seed makes when nothing goes wrong.
fn changes(seed: u64) -> u64 {
    let mut world = World::new(seed);
    world.live(STEPS, Faults::default());
    world.disk().changes()
}

#[test]
fn no_crash_point_loses_or_repeats_anything() {
    for seed in crate::seeds(3, 60) {
        let _again = crate::Again {
            test: "no_crash_point_loses",
            seed,
        };
        let changes = changes(seed);
        assert!(changes > 20, "seed {seed} does something");
        for power_off_at in 1..=changes {
            for survival in [Survival::Nothing, Survival::Everything, Survival::Any] {
                let mut world = World::new(seed);
                let faults = Faults {
                    power_off_at: Some(power_off_at),
                    ..Faults::default()
                };
                world.live(STEPS, faults);
                world.crash(survival);
                world.live(STEPS / 4, Faults::default());
                world.crash(Survival::Nothing);
            }
        }
    }
}

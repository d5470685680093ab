//! Every sync is needed: each one, when it only claims to be done, loses something at some crash.

use std::panic::{AssertUnwindSafe, catch_unwind};

use headwater_sim::{Faults, Survival, World};

const STEPS: u64 = 160;

/// Whether anything is found wrong when this sync lies and the power then goes off here.
fn is_missed(seed: u64, lying_sync: u64, power_off_at: Option<u64>) -> bool {
    let faults = Faults {
        lying_sync: Some(lying_sync),
        power_off_at,
        ..Faults::default()
    };
    catch_unwind(AssertUnwindSafe(|| {
        let mut world = World::new(seed);
        world.live(STEPS, faults);
        world.crash(Survival::Nothing);
    }))
    .is_err()
}

/// Looks for panics, which are what a missed sync ends in, without their words.
fn quietly<T>(look: impl FnOnce() -> T) -> T {
    std::panic::set_hook(Box::new(|_| {}));
    let found = look();
    drop(std::panic::take_hook());
    found
}

#[test]
fn every_sync_is_missed_when_it_is_left_out() {
    let seed = 5;
    let prepared = World::new(seed).disk().syncs();
    let mut whole = World::new(seed);
    whole.live(STEPS, Faults::default());
    let (syncs, changes) = (whole.disk().syncs(), whole.disk().changes());
    assert!(syncs > prepared + 8, "{syncs} syncs");
    let unneeded: Vec<u64> = quietly(|| {
        assert!(
            !is_missed(seed, u64::MAX, None),
            "nothing is missed when none is left out"
        );
        let missed = |sync: &u64| (1..=changes + 1).any(|at| is_missed(seed, *sync, Some(at)));
        (prepared + 1..=syncs)
            .filter(|sync| !missed(sync))
            .collect()
    });
    assert!(
        unneeded.is_empty(),
        "of {syncs} syncs nobody misses {unneeded:?}"
    );
}

/// The process dies after a write and before its sync; the next one finds the frame in the cache.
/// If it shows it without a sync of its own, the frame can be lost after it was seen.
#[test]
fn the_sync_of_what_was_recovered_is_missed_when_it_is_left_out() {
    let seed = 5;
    let lost = |power_off_at: u64, lying: bool| {
        catch_unwind(AssertUnwindSafe(|| {
            let mut world = World::new(seed);
            world.live(
                STEPS,
                Faults {
                    power_off_at: Some(power_off_at),
                    ..Faults::default()
                },
            );
            world.die();
            let lying_sync = lying.then_some(1);
            world.live(
                STEPS / 8,
                Faults {
                    lying_sync,
                    ..Faults::default()
                },
            );
            world.crash(Survival::Nothing);
        }))
        .is_err()
    };
    let (honest, lying) = quietly(|| {
        let points = |lying| (1..60).filter(|at| lost(*at, lying)).count();
        (points(false), points(true))
    });
    assert_eq!(honest, 0, "nothing is lost when it syncs");
    assert!(lying > 0, "it is missed at some crash");
}

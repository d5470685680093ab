//! Every sync of the tail is needed: each one, when it only claims to be done, loses something at some crash.

use std::panic::{AssertUnwindSafe, catch_unwind};

use headwater_sim::{Faults, Survival, World};

const STEPS: u64 = 160;

/// Whether anything is found wrong when this sync lies and the power then goes off here.
fn is_missed(seed: u64, lying_sync: u64, power_off_at: Option<u64>) -> bool {
    let faults = Faults {
        lying_syncs: vec![lying_sync],
        power_off_at,
        ..Faults::default()
    };
    is_lost(|| {
        let mut world = World::of_a_tail(seed);
        world.live(STEPS, faults);
        world.crash(Survival::Nothing);
    })
}

/// Whether these lives end in a panic, which is what a missed sync ends in.
pub(crate) fn is_lost(lives: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(lives)).is_err()
}

/// Looks for panics without their words.
pub(crate) fn quietly<T>(look: impl FnOnce() -> T) -> T {
    std::panic::set_hook(Box::new(|_| {}));
    let found = look();
    drop(std::panic::take_hook());
    found
}

#[test]
fn every_sync_is_missed_when_it_is_left_out() {
    let seed = 5;
    let prepared = World::of_a_tail(seed).disk().syncs();
    let mut whole = World::of_a_tail(seed);
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

/// What an opening did after the process had died.
struct Opening {
    syncs: u64,
    has_cut: bool,
    is_missed: bool,
}

/// The process dies at a change; the next one opens the log and goes on a little, under these
/// faults, and then the power goes off.
fn second_life(died_at: u64, faults: Faults, survival: Survival) -> Opening {
    let mut world = World::of_a_tail(5);
    world.live(
        STEPS,
        Faults {
            power_off_at: Some(died_at),
            ..Faults::default()
        },
    );
    world.die();
    world.live(STEPS / 4, faults);
    let (syncs, has_cut) = (world.opening_syncs(), world.has_cut());
    Opening {
        syncs,
        has_cut,
        is_missed: is_lost(|| world.crash(survival)),
    }
}

/// Whether something is lost at some moment of the second life when this sync of it lies.
fn is_missed_later(died_at: u64, lying_sync: u64) -> bool {
    (0..40).any(|power_off_at| {
        [Survival::Nothing, Survival::Any]
            .into_iter()
            .any(|survival| {
                let power_off_at = Some(power_off_at).filter(|at| *at > 0);
                let faults = Faults {
                    lying_syncs: vec![lying_sync],
                    power_off_at,
                    ..Faults::default()
                };
                second_life(died_at, faults, survival).is_missed
            })
    })
}

/// An opening finds frames, names and torn bytes that may be in the cache alone. If it shows or
/// keeps them without a sync of its own, they can be lost after they were seen.
#[test]
fn every_sync_of_an_opening_is_missed_when_it_is_left_out() {
    let missed = quietly(|| {
        let mut missed = std::collections::BTreeMap::new();
        for died_at in 1..90 {
            let honest = second_life(died_at, Faults::default(), Survival::Nothing);
            assert!(!honest.is_missed, "nothing is lost when it syncs");
            for sync in 1..=honest.syncs {
                let known = missed
                    .entry((honest.has_cut, honest.syncs, sync))
                    .or_insert(false);
                *known = *known || is_missed_later(died_at, sync);
            }
        }
        missed
    });
    let of_cuts = missed.keys().filter(|(has_cut, ..)| *has_cut).count();
    assert!(
        of_cuts > 0 && missed.len() > of_cuts,
        "with and without torn bytes: {missed:?}"
    );
    // After a cut the last three cover for each other here: the folder's names are synced before
    // the tail is zeroed and again after it, and the frame before the cut was durable already.
    let alone = |(has_cut, of, sync): (bool, u64, u64)| !has_cut || sync + 3 <= of;
    let unneeded: Vec<_> = missed
        .iter()
        .filter(|(which, missed)| alone(**which) && !**missed)
        .collect();
    assert!(
        unneeded.is_empty(),
        "nobody misses (cut, of so many, sync): {unneeded:?}"
    );
}

//! Every sync of sealing, merging and publishing is needed: each one, when it only claims to be
//! done, loses something at some crash.

use std::collections::BTreeMap;
use std::path::PathBuf;

use headwater_sim::{Durable, Faults, Survival, Synced, World};

use crate::syncs::{is_lost, quietly};

const STEPS: u64 = 160;

/// What a sync of sealing, merging or publishing makes durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Of {
    SegmentBytes,
    SegmentName,
    ManifestBytes,
    ManifestName,
}

impl Of {
    fn sync(synced: &Synced) -> Option<Of> {
        let (path, is_name) = match &synced.what {
            Durable::Bytes(path) => (path, false),
            // The latest name is the one that the sync is for.
            Durable::Names(names) => (names.last()?, true),
        };
        let name = path.file_name()?.to_str()?;
        match (name, is_name) {
            ("manifest", true) => Some(Of::ManifestName),
            ("manifest.unnamed", false) => Some(Of::ManifestBytes),
            (name, true) if name.ends_with(".segment") => Some(Of::SegmentName),
            (name, false) if name.contains(".segment.") => Some(Of::SegmentBytes),
            _ => None,
        }
    }
}

/// A sync of sealing, merging or publishing in a life where nothing goes wrong.
struct Made {
    of: Of,
    /// Its number, and which change it was.
    sync: u64,
    change: u64,
    /// What the manifest before needs is certainly removed before the folder is synced again.
    frees: bool,
}

fn made(world: &World) -> Vec<Made> {
    let (syncs, removals) = (world.disk().syncs_made(), world.disk().removals());
    let is_names = |synced: &&Synced| matches!(synced.what, Durable::Names(_));
    let made = syncs.iter().enumerate().filter_map(|(at, synced)| {
        let next = syncs[at + 1..].iter().find(is_names);
        let until = next.map_or(u64::MAX, |next| next.change);
        let is_input = |(change, path): &&(u64, PathBuf)| {
            (synced.change..until).contains(change)
                && path.extension().is_some_and(|ending| ending == "segment")
        };
        Some(Made {
            of: Of::sync(synced)?,
            sync: at as u64 + 1,
            change: synced.change,
            frees: removals.iter().any(|removal| is_input(&removal)),
        })
    });
    made.collect()
}

/// As many as `./check` runs.
const SEEDS: u64 = 2;

/// How many ways of what was not synced to survive are tried.
const DRAWS: u64 = 24;

/// Crashes soon after a change, and what is left then.
fn survivals(change: u64) -> impl Iterator<Item = (u64, Survival)> {
    (change + 1..change + 40).flat_map(|power_off_at| {
        let draws = (0..DRAWS).map(Survival::Drawn);
        let survivals = [Survival::Nothing].into_iter().chain(draws);
        survivals.map(move |survival| (power_off_at, survival))
    })
}

/// Whether something is lost at a crash soon after this sync, which lies.
fn is_missed(seed: u64, made: &Made) -> bool {
    survivals(made.change).any(|(power_off_at, survival)| {
        let faults = Faults {
            lying_syncs: vec![made.sync],
            power_off_at: Some(power_off_at),
            ..Faults::default()
        };
        is_lost(|| {
            let mut world = World::new(seed);
            world.live(STEPS, faults);
            world.crash(survival);
        })
    })
}

#[test]
fn every_sync_of_sealing_and_merging_is_missed_when_it_is_left_out() {
    let mut counts = BTreeMap::new();
    let mut unneeded = Vec::new();
    let seeds = crate::seeds(SEEDS, 30);
    quietly(|| {
        for seed in seeds.clone() {
            let _again = crate::Again {
                test: "sealing_syncs::",
                seed,
            };
            let mut whole = World::new(seed);
            whole.live(STEPS, Faults::default());
            for made in made(&whole) {
                let missed = is_missed(seed, &made);
                *counts.entry((made.of, missed)).or_insert(0) += 1;
                // The next sync of the folder covers for that of the manifest's name, unless
                // something that the manifest before needs is removed in between.
                let alone = made.of != Of::ManifestName || made.frees;
                if alone && !missed {
                    unneeded.push((seed, made.of, made.sync));
                }
            }
        }
    });
    assert!(
        unneeded.is_empty(),
        "nobody misses (seed, of, sync): {unneeded:?}"
    );
    if !crate::are_usual(&seeds, SEEDS) {
        return;
    }
    for of in [
        Of::SegmentBytes,
        Of::SegmentName,
        Of::ManifestBytes,
        Of::ManifestName,
    ] {
        assert!(counts.get(&(of, true)) > Some(&2), "{of:?}: {counts:?}");
    }
}

/// The process dies at this change; the next one opens the log and goes on a little.
fn second_life(died_at: u64, faults: Faults) -> World {
    let mut world = World::new(SECOND_LIFE_SEED);
    world.live(STEPS, power_off_at(died_at));
    world.die();
    world.live(STEPS / 8, faults);
    world
}

const SECOND_LIFE_SEED: u64 = 1;

fn power_off_at(change: u64) -> Faults {
    Faults {
        power_off_at: Some(change),
        ..Faults::default()
    }
}

/// Whether something is lost at a crash soon after this opening, in which these syncs lie.
fn is_missed_later(died_at: u64, change: u64, lying_syncs: &[u64]) -> bool {
    survivals(change).any(|(power_off_at, survival)| {
        let faults = Faults {
            lying_syncs: lying_syncs.to_vec(),
            power_off_at: Some(power_off_at),
            ..Faults::default()
        };
        let mut world = second_life(died_at, faults);
        is_lost(|| world.crash(survival))
    })
}

/// An opening that writes the manifest again.
struct Rewrite {
    died_at: u64,
    /// Which change the sync of its bytes is, and the number of that sync.
    change: u64,
    bytes: u64,
    /// The numbers of the syncs of the folder.
    folder: Vec<u64>,
}

/// The openings that find something to remove that the manifest before may need.
fn rewrites() -> impl Iterator<Item = Rewrite> {
    let mut whole = World::new(SECOND_LIFE_SEED);
    whole.live(STEPS, Faults::default());
    (1..=whole.disk().changes()).filter_map(|died_at| {
        let honest = second_life(died_at, Faults::default());
        let mut syncs = honest.disk().syncs_made();
        syncs.truncate(honest.opening_syncs() as usize);
        let of = |synced: &Synced| Of::sync(synced) == Some(Of::ManifestBytes);
        let bytes = syncs.iter().position(of)?;
        let is_names = |(_, synced): &(u64, &Synced)| matches!(synced.what, Durable::Names(_));
        let names = (1..).zip(&syncs).filter(is_names);
        Some(Rewrite {
            died_at,
            change: syncs[bytes].change,
            bytes: bytes as u64 + 1,
            folder: names.map(|(number, _)| number).collect(),
        })
    })
}

/// The process before may have died without knowing whether its manifest is durable. An opening
/// writes it again before anything goes that the one before it needs.
#[test]
fn the_bytes_of_a_manifest_that_is_written_again_are_missed() {
    let openings: Vec<Rewrite> = rewrites().collect();
    assert!(openings.len() > 5, "{}", openings.len());
    quietly(|| {
        for it in openings {
            let missed = is_missed_later(it.died_at, it.change, &[it.bytes]);
            assert!(missed, "died at change {}", it.died_at);
        }
    });
}

/// The folder is synced when the end of the tail was found, and again when the manifest was written
/// again, with the same content: each covers for the other, and nothing for both.
#[test]
fn the_name_of_a_manifest_that_is_written_again_is_covered_by_the_sync_of_the_tail() {
    let is_missed = |it: &Rewrite, syncs: &[u64]| is_missed_later(it.died_at, it.change, syncs);
    quietly(|| {
        let missed = rewrites().find(|it| is_missed(it, &it.folder));
        let it = missed.expect("nothing covers for both");
        assert!(it.folder.len() > 1);
        for alone in &it.folder {
            assert!(!is_missed(&it, &[*alone]), "sync {alone}");
        }
    });
}

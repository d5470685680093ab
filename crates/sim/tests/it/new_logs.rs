//! A log that is made of segments of another one, with the power going off at each step: it is there
//! whole, or it is none.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use headwater_event::{ChainHash, Error, LogId, Position, Timestamp};
use headwater_journal::conformance::segments::info_of;
use headwater_journal::disk::fs::Fs;
use headwater_journal::{
    Commit, DiskOptions, DiskStorage, Manifest, NewDiskLog, NewLog, Seq, Storage,
};
use headwater_sim::{Faults, SimDisk, Survival};
use uuid::Uuid;

const FOLDER: &str = "/data/log";
const LOG: LogId = LogId(Uuid::from_u128(5));
const OPTIONS: DiskOptions = DiskOptions {
    file_bytes_max: 8 << 10,
};

fn commit(at: u64) -> Commit {
    Commit {
        first: Position(at),
        events: 1,
        recorded_at: Timestamp::from_micros(at as i64).unwrap(),
        chain: ChainHash([at as u8; 32]),
        appends: vec![at as u8; 100].into(),
    }
}

fn manifest() -> Manifest {
    let mut manifest = Manifest {
        version: 1,
        ..Manifest::default()
    };
    for first in [1, 4, 7] {
        let commits: Vec<Commit> = (first..first + 3).map(commit).collect();
        let info = info_of(manifest.end(), &commits, 3_000 + first);
        manifest.segments.push(info);
        manifest.next = manifest.next.plus(3);
    }
    manifest
}

fn disk(seed: u64) -> SimDisk {
    let disk = SimDisk::new(seed);
    disk.create_dir(Path::new("/data")).unwrap();
    disk.sync_dir(Path::new("/")).unwrap();
    disk
}

fn make(disk: &SimDisk) -> Result<DiskStorage, Error> {
    let manifest = manifest();
    let new = NewDiskLog::create(Arc::new(disk.clone()), FOLDER, LOG, OPTIONS)?;
    for info in &manifest.segments {
        let mut sink = new.put(info.name)?;
        sink.write(&vec![7; info.bytes as usize])?;
        sink.finish()?;
    }
    new.finish(&manifest)
}

fn open(disk: &SimDisk) -> Result<DiskStorage, Error> {
    DiskStorage::open_with(Arc::new(disk.clone()), PathBuf::from(FOLDER), OPTIONS)
}

/// What was made has all of it.
fn check(storage: &DiskStorage) {
    let manifest = manifest();
    assert_eq!(storage.log_id(), LOG);
    assert_eq!(storage.manifest().unwrap(), manifest);
    for info in &manifest.segments {
        let segment = storage.get(info.name).unwrap();
        let bytes = segment.read(0, info.bytes as usize).unwrap();
        assert!(bytes.iter().all(|byte| *byte == 7));
    }
    let seq = manifest.next;
    assert_eq!(seq, Seq(10));
    let rest = storage.read(seq, 1 << 20).unwrap().commits().unwrap();
    assert!(rest.is_empty());
}

#[test]
fn whenever_the_power_goes_off_a_log_is_made_whole_or_not_at_all() {
    let whole = disk(0);
    drop(make(&whole).unwrap());
    let (changes, mut made, mut refused) = (whole.changes(), 0, 0);
    for at in 1..=changes {
        for survival in [Survival::Nothing, Survival::Everything, Survival::Any] {
            let disk = disk(at);
            let begun = disk.changes();
            disk.set_faults(Faults {
                power_off_at: Some(begun + at),
                ..Faults::default()
            });
            let answer = make(&disk);
            let after = disk.power_cycle(survival);

            match open(&after) {
                Ok(storage) => {
                    made += 1;
                    check(&storage);
                }
                Err(error) => {
                    refused += 1;
                    assert!(answer.is_err(), "it was made, and is not there: {error}");
                }
            }
        }
    }
    assert!(made > 0 && refused > 0, "{made} and {refused}");
}

/// What was acknowledged survives the power going off right after.
#[test]
fn a_log_that_was_made_is_there_after_a_crash() {
    for seed in 0..50 {
        let disk = disk(seed);
        let made = make(&disk).unwrap();
        let after = disk.power_cycle(Survival::Nothing);
        drop(made);
        check(&open(&after).unwrap());
    }
}

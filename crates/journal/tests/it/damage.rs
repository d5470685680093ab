//! Torn tails and changed bytes.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use headwater_event::{Append, Error, Event, Kind, NewEvent};
use headwater_journal::conformance::Place;
use headwater_journal::disk::fs::StdFs;
use headwater_journal::env::SystemEnv;
use headwater_journal::{DiskStorage, Journal, Options};

use crate::fault_fs::FaultFs;
use crate::support::{Disk, appended, event_type, events, one, open};

/// A log of three commits on disk, the last one with `zeros` of data that is easily lost.
struct Written {
    place: Disk,
    events: Vec<Event>,
    /// The first file as it is.
    bytes: Vec<u8>,
    /// Where the last frame starts and ends.
    last: (usize, usize),
}

async fn written(zeros: usize) -> Written {
    let place = Disk::new();
    let file = place.files()[0].clone();
    let journal = open(place.storage());
    appended(journal.append(one("Made", "thing/1"), None).await.unwrap());
    appended(journal.append(one("Made", "thing/2"), None).await.unwrap());
    let start = used(&fs::read(&file).unwrap());
    let mut event = NewEvent::json(event_type("Zeros"), vec![0; zeros]);
    event.content_type = Some("application/octet-stream".into());
    appended(journal.append(Append::of(vec![event]), None).await.unwrap());
    let events = events(&journal);
    drop(journal);
    let bytes = fs::read(&file).unwrap();
    let last = (start, used(&bytes));
    Written {
        place,
        events,
        bytes,
        last,
    }
}

/// How many bytes are not zeros ahead.
fn used(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1)
}

/// Opens a log of this one file.
fn reopen(dir: &Path, bytes: &[u8]) -> Result<Vec<Event>, Error> {
    let _ = fs::remove_dir_all(dir);
    fs::create_dir_all(dir).unwrap();
    fs::write(dir.join("00000000000000000001.commits"), bytes).unwrap();
    let storage = DiskStorage::open(FaultFs::unsynced(), dir)?;
    let journal =
        Journal::open_stepped(Arc::new(storage), Arc::new(SystemEnv), Options::default())?.0;
    journal.verify(&mut |_| Ok(()))?;
    Ok(events(&journal))
}

fn aside(dir: &Path) -> Vec<Vec<u8>> {
    let Ok(entries) = fs::read_dir(dir.join("aside")) else {
        return Vec::new();
    };
    entries
        .map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .collect()
}

#[tokio::test]
async fn any_set_of_lost_sectors_of_the_last_frame_is_a_torn_tail() {
    for zeros in [0, 300, 1_500] {
        let log = written(zeros).await;
        let (start, end) = log.last;
        let dir = log.place.path();
        let sectors: Vec<usize> = (start / 512..=(end - 1) / 512).collect();
        for lost in 1..1u32 << sectors.len() {
            let mut torn = log.bytes.clone();
            for (bit, sector) in sectors.iter().enumerate() {
                if lost & (1 << bit) != 0 {
                    let (from, to) = ((sector * 512).max(start), ((sector + 1) * 512).min(end));
                    torn[from..to].fill(0);
                }
            }
            let found = reopen(&dir, &torn).unwrap_or_else(|error| panic!("{lost:b}: {error}"));
            assert_eq!(found, log.events[..2], "lost {lost:b}");
            let left = used(&torn[start..]);
            let kept: Vec<Vec<u8>> = match left {
                0 => Vec::new(),
                left => vec![torn[start..start + left].to_vec()],
            };
            assert_eq!(aside(&dir), kept, "lost {lost:b}");
            let cleaned = fs::read(dir.join("00000000000000000001.commits")).unwrap();
            assert_eq!(used(&cleaned), start);
        }
    }
}

#[tokio::test]
async fn a_write_cut_at_any_sector_is_a_torn_tail_and_the_log_goes_on() {
    let log = written(1_500).await;
    let (start, end) = log.last;
    let dir = log.place.path();
    for cut in (start..end).filter(|at| *at == start || at % 512 == 0) {
        let mut torn = log.bytes.clone();
        torn[cut..end].fill(0);
        assert_eq!(
            reopen(&dir, &torn).unwrap(),
            log.events[..2],
            "cut at {cut}"
        );
        let storage = DiskStorage::open(Arc::new(StdFs), &dir).unwrap();
        let journal = open(Arc::new(storage));
        let next = appended(journal.append(one("Made", "thing/3"), None).await.unwrap());
        assert_eq!(next.first.0, 3);
    }
}

/// A cut within a sector is what no disk does: the rest of the sector is gone and the sector is not.
#[tokio::test]
async fn a_cut_within_a_sector_is_cut_off_or_named_and_never_read() {
    let log = written(700).await;
    let (start, end) = log.last;
    let dir = log.place.path();
    for cut in start..end {
        let mut torn = log.bytes.clone();
        torn[cut..end].fill(0);
        match reopen(&dir, &torn) {
            Ok(found) => assert_eq!(found, log.events[..2], "cut at {cut}"),
            Err(error) => assert_eq!(error.kind(), Kind::Damaged, "cut at {cut}: {error}"),
        }
    }
}

#[tokio::test]
async fn every_changed_byte_is_named_or_changes_nothing() {
    let log = written(700).await;
    let dir = log.place.path();
    let upto = log.last.1 + 600; // with some of the zeros ahead
    for (at, flip) in (0..upto).flat_map(|at| [(at, 0x01u8), (at, 0xff)]) {
        let mut changed = log.bytes.clone();
        changed[at] ^= flip;
        match reopen(&dir, &changed) {
            Ok(found) => {
                assert_eq!(found, log.events, "byte {at}");
                assert!(
                    at >= log.last.1,
                    "byte {at} is part of the log and was not missed"
                );
            }
            Err(error) => {
                assert_eq!(error.kind(), Kind::Damaged, "byte {at}: {error}");
                assert!(error.to_string().contains(".commits"), "byte {at}: {error}");
            }
        }
    }
}

#[tokio::test]
async fn a_byte_turned_to_zero_never_passes_for_a_torn_tail() {
    let log = written(700).await;
    let dir = log.place.path();
    for at in (log.last.0..log.last.1).filter(|at| log.bytes[*at] != 0) {
        let mut changed = log.bytes.clone();
        changed[at] = 0;
        let error = reopen(&dir, &changed).err();
        assert_eq!(
            error.map(|error| error.kind()),
            Some(Kind::Damaged),
            "byte {at}"
        );
    }
}

#[tokio::test]
async fn a_lost_sector_before_the_last_commit_is_damage() {
    let log = written(700).await;
    let mut changed = log.bytes.clone();
    changed[512..1024].fill(0);
    let error = reopen(&log.place.path(), &changed).unwrap_err();
    assert_eq!(error.kind(), Kind::Damaged);
    assert!(
        error.to_string().contains("while commit 3 follows"),
        "{error}"
    );
    assert!(
        error.to_string().contains("at byte 512, in commit 1"),
        "{error}"
    );
}

#[tokio::test]
async fn a_missing_file_and_a_strange_one_are_named() {
    let log = written(10).await;
    let dir = log.place.path();
    reopen(&dir, &log.bytes).unwrap();
    fs::write(dir.join("00000000000000000009.commits"), &log.bytes).unwrap();
    let error = DiskStorage::open(Arc::new(StdFs), &dir).err().unwrap();
    assert_eq!(error.kind(), Kind::Damaged, "{error}");
    fs::remove_file(dir.join("00000000000000000001.commits")).unwrap();
    let error = DiskStorage::open(Arc::new(StdFs), &dir).err().unwrap();
    assert_eq!(error.kind(), Kind::Damaged, "{error}");
    let short = reopen(&dir, &log.bytes[..100]).unwrap_err();
    assert!(short.to_string().contains("a file of 100 bytes"), "{short}");
}

#[tokio::test]
async fn a_file_that_never_got_its_name_is_removed() {
    let mut log = written(10).await;
    let unready = log.place.path().join("00000000000000000004.unnamed");
    fs::write(&unready, b"anything").unwrap();
    log.place.restart();
    assert!(!unready.exists());
    assert_eq!(events(&open(log.place.storage())), log.events);
}

//! The bytes of the first format, as they are checked in: they can still be read.
//!
//! What is written today may be packed otherwise by a later Zstandard, so it is not compared byte
//! by byte. `HEADWATER_BLESS=1` writes the file anew; that is right only before the format is
//! released.

use std::path::PathBuf;
use std::sync::Arc;

use super::{compare, merged, some_log};
use crate::segment::sample::{Kept, Log, event};

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

/// The segment that is checked in, in the place of the one that is written today.
fn checked_in(name: &str, written: &Kept) -> Kept {
    let path = fixture(name);
    if std::env::var_os("HEADWATER_BLESS").is_some() {
        std::fs::write(&path, written.bytes()).unwrap();
    }
    let bytes = std::fs::read(&path).unwrap();
    let mut info = written.info;
    info.bytes = bytes.len() as u64;
    info.footer_crc = u32::from_le_bytes(*bytes.last_chunk().unwrap());
    let kept = Kept::default();
    kept.sink().write(&bytes).unwrap();
    kept.with(info)
}

#[test]
fn the_first_format_is_read() {
    let log = some_log(1, 8);
    let kept = checked_in("version-1.segment", &log.seal(2..8, None));
    compare(&kept.open(), &log, log.positions(2..8));
}

/// A log of events of a few long texts, in many streams, long enough for all that a segment may have.
fn long_log() -> Log {
    let mut log = Log::new(5);
    let texts: Vec<String> = (0..18)
        .map(|_| {
            (0..700)
                .map(|_| char::from(b'a' + (log.some() % 26) as u8))
                .collect()
        })
        .collect();
    for number in 0..150u64 {
        let events = (0..6).map(|_| {
            let text = &texts[log.some() as usize % texts.len()];
            let stream = format!("place{}/of the year {}", number % 2, log.some() % 400);
            let tags = ["seldom", "often"];
            let tags = &tags[log.some() as usize % 3 / 2..][..1];
            event("Said", Some(&stream), tags, text.as_bytes())
        });
        let events = events.collect();
        log.commit(vec![(1 + number as i64 % 2, events)]);
    }
    log
}

/// Dictionaries, marks of the chain, lists in chunks, and trees that are more than a leaf.
#[test]
fn the_first_format_is_read_with_all_its_parts() {
    let log = long_log();
    let first = Arc::new(log.seal(0..130, None).open());
    let second = Arc::new(log.seal(130..150, Some(&first)).open());
    let kept = checked_in(
        "version-1-merged.segment",
        &merged(&[first, second]).unwrap(),
    );
    let segment = kept.open();
    assert_eq!(segment.info().level, 1);
    let footer = segment.inside().unwrap().footer;
    let trees = [footer.dictionaries, footer.marks, footer.keys.chunks];
    assert!(trees.iter().all(|tree| tree.entries > 0), "{footer:?}");
    assert!(footer.keys.names.height > 0, "{footer:?}");
    compare(&segment, &log, log.positions(0..150));
}

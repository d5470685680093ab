//! The bytes of the first format, as they are checked in: what is written today is still that, and
//! that can still be read. docs/FORMAT.md draws it.
//!
//! `HEADWATER_BLESS=1` writes the file anew; that is right only before the format is released, or
//! for a new version beside the old one.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use headwater_event::{Append, ChainHash, EventId, LogId, NewEvent, Position, Text, Timestamp};
use headwater_journal::conformance::Place;
use headwater_journal::disk::fs::StdFs;
use headwater_journal::{
    DiskStorage, Head, Journal, Manifest, Options, SegmentInfo, SegmentName, Seq,
};
use uuid::Uuid;

use crate::support::{Disk, TestEnv, event, event_type, events, tag};

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

/// What is written today must be what is checked in.
fn check(name: &str, written: &[u8]) {
    let path = fixture(name);
    if std::env::var_os("HEADWATER_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, written).unwrap();
    }
    let expected = fs::read(&path).unwrap();
    let differs = written.iter().zip(&expected).position(|(a, b)| a != b);
    assert_eq!(differs, None, "the first byte that differs");
    assert_eq!(written.len(), expected.len());
}

/// Appends with everything that an event can have, and one that needs a mask.
fn appends() -> Vec<Append> {
    let id = |number: u128| EventId(Uuid::from_u128(number));
    let full = NewEvent {
        metadata: Some(Text::from(r#"{"actor":"ada"}"#)),
        occurred_at: Timestamp::from_micros(1_600_000_000_000_000),
        ..event("AccountOpened", "account/ada")
    };
    let full = full
        .tagged(vec![tag("customer:7"), tag("plan:free")])
        .unwrap()
        .with_id(id(1));
    let plain = event("AccountClosed", "account/ada").with_id(id(2));
    let mut zeros = NewEvent::json(event_type("Zeros"), vec![0; 2_000]).with_id(id(3));
    zeros.content_type = Some(Text::from("application/octet-stream"));
    vec![Append::of(vec![full, plain]), Append::of(vec![zeros])]
}

fn log_id() -> LogId {
    LogId(Uuid::from_u128(0x0192_9b9e_7a54_7cc3_a1d7_2a7c_5f3a_9d10))
}

/// The bytes of a log of these appends, without the zeros ahead.
fn write() -> Vec<u8> {
    let place = Disk::create(Arc::new(StdFs), log_id());
    let env = TestEnv::at(1_700_000_000);
    let (journal, writer) =
        Journal::open_stepped(place.storage(), env, Options::default()).unwrap();
    for append in appends() {
        let mut ticket = journal.submit(append, None).unwrap();
        writer.run_once();
        ticket.try_outcome().unwrap().unwrap();
    }
    let mut bytes = fs::read(&place.files()[0]).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    bytes.truncate(used);
    bytes
}

#[test]
fn what_is_written_is_the_first_format() {
    check("version-1.commits", &write());
}

/// A segment of commits behind a merged one, and every field with a value of its own.
fn manifest() -> Manifest {
    let end = |position: u64, seconds: i64, chain: u8| Head {
        position: Position(position),
        recorded_at: Timestamp::from_micros(seconds * 1_000_000 + 7).unwrap(),
        chain: ChainHash([chain; 32]),
    };
    let (middle, last) = (
        end(9_000, 1_700_000_000, 0xab),
        end(9_500, 1_700_000_060, 0xcd),
    );
    let id = |number: u128| EventId(Uuid::from_u128(number));
    let merged = SegmentInfo {
        name: SegmentName {
            first: Position(1),
            last: middle.position,
        },
        level: 2,
        bytes: 123_456,
        raw_bytes: 1_234_567,
        appends: 4_000,
        streams_new: 70,
        before: Head::EMPTY,
        after: middle,
        id_min: id(0x0192_9b9e_7a54_7cc3_a1d7_2a7c_5f3a_9d10),
        id_max: id(0x0192_9b9e_7a54_7cc3_a1d7_2a7c_5f3a_ffff),
        footer_crc: 0x8765_4321,
    };
    let sealed = SegmentInfo {
        name: SegmentName {
            first: middle.position.next(),
            last: last.position,
        },
        level: 0,
        bytes: 2_345,
        raw_bytes: 23_456,
        appends: 300,
        streams_new: 0,
        before: middle,
        after: last,
        footer_crc: 0x1357_9bdf,
        ..merged
    };
    Manifest {
        version: 21,
        next: Seq(777),
        segments: vec![merged, sealed],
    }
}

#[test]
fn a_manifest_of_the_first_format_is_written_and_read() {
    check("version-1.manifest", &manifest().encode(log_id()));
    let bytes = fs::read(fixture("version-1.manifest")).unwrap();
    assert_eq!(Manifest::decode(&bytes).unwrap(), (log_id(), manifest()));
}

#[test]
fn the_first_format_is_read() {
    let dir = tempfile::tempdir().unwrap();
    fs::copy(
        fixture("version-1.commits"),
        dir.path().join("00000000000000000001.commits"),
    )
    .unwrap();
    let storage = DiskStorage::open(Arc::new(StdFs), dir.path()).unwrap();
    let env = TestEnv::at(1_800_000_000);
    let (journal, _) = Journal::open_stepped(Arc::new(storage), env, Options::default()).unwrap();
    assert_eq!(journal.log_id(), log_id());
    let read = events(&journal);
    let given: Vec<NewEvent> = appends()
        .into_iter()
        .flat_map(|append| append.events)
        .collect();
    assert_eq!(read.len(), given.len());
    for (event, given) in read.iter().zip(&given) {
        assert_eq!(Some(event.id), given.id);
        assert_eq!(event.stream, given.stream);
        assert_eq!(event.event_type, given.event_type);
        assert_eq!(event.tags, given.tags);
        assert_eq!(event.data, given.data);
        assert_eq!(event.metadata, given.metadata);
        assert_eq!(event.content_type, given.content_type);
        let recorded_at = Timestamp::from_micros(1_700_000_000_000_000).unwrap();
        assert_eq!(event.recorded_at, recorded_at);
        assert_eq!(event.occurred_at, given.occurred_at.unwrap_or(recorded_at));
    }
    journal.verify(&mut |_| Ok(())).unwrap();
}

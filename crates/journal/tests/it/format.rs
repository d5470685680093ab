//! The bytes of the first format, as they are checked in: what is written today is still that, and
//! that can still be read. docs/FORMAT.md draws it.
//!
//! `HEADWATER_BLESS=1` writes the file anew; that is right only before the format is released, or
//! for a new version beside the old one.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use headwater_event::{Append, EventId, LogId, NewEvent, Text, Timestamp};
use headwater_journal::conformance::Place;
use headwater_journal::disk::fs::StdFs;
use headwater_journal::{DiskStorage, Journal, Options};
use uuid::Uuid;

use crate::support::{Disk, TestEnv, event, event_type, events, tag};

fn fixture() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/version-1.commits")
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
    let written = write();
    if std::env::var_os("HEADWATER_BLESS").is_some() {
        fs::create_dir_all(fixture().parent().unwrap()).unwrap();
        fs::write(fixture(), &written).unwrap();
    }
    let expected = fs::read(fixture()).unwrap();
    let differs = written.iter().zip(&expected).position(|(a, b)| a != b);
    assert_eq!(differs, None, "the first byte that differs");
    assert_eq!(written.len(), expected.len());
}

#[test]
fn the_first_format_is_read() {
    let dir = tempfile::tempdir().unwrap();
    fs::copy(fixture(), dir.path().join("00000000000000000001.commits")).unwrap();
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

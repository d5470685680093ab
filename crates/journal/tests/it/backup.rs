//! Backups: all of a log up to a position, taken while it is written to, and a log made of one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use headwater_event::{Append, Error, Event, Kind, LogId, Position, Query};
use headwater_journal::backup::parts::{self, Part, PartsReader};
use headwater_journal::backup::{self, Backup, FOOTER_BYTES, Held};
use headwater_journal::conformance::Place;
use headwater_journal::disk::fs::StdFs;
use headwater_journal::env::{Env, SystemEnv};
use headwater_journal::{
    Direction, DiskOptions, Fault, Journal, MemoryStorage, NewDiskLog, NewLog, NewMemoryLog, Read,
    Seq, Step, Storage, Writer,
};

use crate::support::{
    Disk, appended, at, event, events, keep, memory, one, small, stepped, stream, tag, with_ids,
};

fn append(journal: &Journal, writer: &Writer, append: Append) {
    let mut ticket = journal.submit(append, None).unwrap();
    writer.run_once();
    appended(ticket.try_outcome().unwrap().unwrap());
}

/// Appends of two events each.
fn fill(journal: &Journal, writer: &Writer, count: u64) {
    for number in 0..count {
        let tagged = event("Happened", &format!("s/{}", number % 10)).tagged(vec![tag("even")]);
        let both = vec![tagged.unwrap(), event("Followed", "all/1")];
        append(journal, writer, Append::of(both));
    }
}

/// The bytes of a backup, without the segments that the receiver holds.
fn bytes(backup: &Backup, held: &[Held]) -> Vec<u8> {
    let mut out = parts::start();
    out.extend(parts::manifest(backup.log_id(), backup.manifest()));
    out.extend(parts::fact(br#"{"a":1}"#));
    for info in &backup.manifest().segments {
        if held.iter().any(|held| held.is(info)) {
            continue;
        }
        out.extend(parts::segment(info));
        let segment = backup.segment(info.name).unwrap();
        let content = segment.read(0, info.bytes as usize).unwrap();
        out.extend_from_slice(&content);
        out.extend(parts::checksum(0, &content).to_le_bytes());
    }
    out.extend(parts::end());
    out
}

/// Makes a log of the bytes of a backup, handed over in pieces.
fn make(new: Box<dyn NewLog>, bytes: &[u8], piece: usize) -> Result<Arc<dyn Storage>, Error> {
    let mut reader = PartsReader::default();
    let mut sink = None;
    for piece in bytes.chunks(piece) {
        reader.push(piece);
        while let Some(part) = reader.part()? {
            match part {
                Part::Segment(info) => sink = Some(new.put(info.name)?),
                Part::Bytes(bytes) => sink.as_mut().unwrap().write(&bytes)?,
                Part::SegmentEnd(_) => sink.take().unwrap().finish()?,
                Part::Manifest(..) | Part::Fact(_) | Part::End => {}
                Part::Failure(why) => panic!("{why:?}"),
            }
        }
    }
    reader.finish()?;
    new.finish(&reader.manifest().unwrap().1)
}

fn restored(bytes: &[u8]) -> Result<Arc<dyn Storage>, Error> {
    let storage = Arc::new(MemoryStorage::new(SystemEnv.log_id()));
    make(Box::new(NewMemoryLog::new(storage)), bytes, 1_000)
}

fn read(journal: &Journal, query: Query, direction: Direction) -> Vec<Event> {
    let read = Read {
        query,
        direction,
        limit: 10_000,
        ..Read::default()
    };
    journal.read(&read).unwrap().events
}

/// All that two logs of one history must agree in, up to a position.
fn assert_same(of: &Journal, made: &Journal, upto: Position) {
    let forward = Direction::Forward { after: at(0) };
    let backward = Direction::Backward {
        before: upto.next(),
    };
    for query in [
        Query::all(),
        Query::stream(stream("s/3")),
        Query::tag(tag("even")),
    ] {
        for direction in [forward, backward] {
            let mut expected = read(of, query.clone(), direction);
            expected.retain(|event| event.position <= upto);
            assert_eq!(read(made, query.clone(), direction), expected);
        }
    }
    for event in events(made) {
        let time = event.recorded_at;
        assert_eq!(
            made.position_at(time).unwrap(),
            of.position_at(time).unwrap().min(upto)
        );
    }
    assert_eq!(made.chain_at(upto).unwrap(), of.chain_at(upto).unwrap());
    assert_eq!(made.head().position, upto);
}

#[test]
fn a_log_made_of_a_backup_is_the_same() {
    let (journal, writer) = stepped(memory());
    fill(&journal, &writer, 150);
    keep(&writer);
    let retried = with_ids(one("Once", "s/3"));
    append(&journal, &writer, retried.clone());
    let backup = journal.backup().unwrap();
    assert_eq!(backup.head(), journal.head());
    let storage = restored(&bytes(&backup, &[])).unwrap();
    assert_ne!(storage.log_id(), journal.log_id());
    let (made, made_writer) = stepped(storage);
    assert_same(&journal, &made, journal.head().position);
    made.verify(&mut |_| Ok(())).unwrap();
    // A retry is remembered, revisions go on, and what is sealed and merged next is as ever.
    let mut again = made.submit(retried, None).unwrap();
    made_writer.run_once();
    let again = appended(again.try_outcome().unwrap().unwrap());
    assert!(again.repeated);
    fill(&made, &made_writer, 50);
    keep(&made_writer);
    made.verify(&mut |_| Ok(())).unwrap();
    let cursor = made.check_cursor(Some(journal.log_id()), at(1));
    assert_eq!(cursor.unwrap_err().code(), "other_log");
}

#[test]
fn a_backup_seals_what_is_in_the_tail_and_nothing_twice() {
    let (journal, writer) = stepped(memory());
    let empty = journal.backup().unwrap();
    assert_eq!(
        (empty.head(), empty.manifest().segments.len()),
        (journal.head(), 0)
    );
    assert_eq!(
        stepped(restored(&bytes(&empty, &[])).unwrap()).0.head(),
        journal.head()
    );
    fill(&journal, &writer, 1);
    let first = journal.backup().unwrap();
    assert_eq!(first.manifest().segments.len(), 1);
    let again = journal.backup().unwrap();
    assert_eq!(
        again.manifest(),
        first.manifest(),
        "there was nothing to seal"
    );
    fill(&journal, &writer, 100);
    let second = journal.backup().unwrap();
    assert_eq!(second.head(), journal.head());
    assert_eq!(second.manifest().segments[0], first.manifest().segments[0]);
}

#[test]
fn a_backup_stays_readable_while_its_segments_are_merged_and_removed() {
    for place in [
        Box::new(Disk::new()) as Box<dyn Place>,
        Box::new(crate::support::Memory(memory())),
    ] {
        let (journal, writer) = stepped(place.storage());
        fill(&journal, &writer, 200);
        while writer.seal().unwrap() == Step::Done {}
        let backup = journal.backup().unwrap();
        let position = backup.head().position;
        let names = place.storage().list().unwrap();
        fill(&journal, &writer, 200);
        keep(&writer);
        let left = place.storage().list().unwrap();
        assert!(
            names.iter().any(|name| !left.contains(name)),
            "nothing was removed"
        );
        let (made, _writer) = stepped(restored(&bytes(&backup, &[])).unwrap());
        assert_same(&journal, &made, position);
        made.verify(&mut |_| Ok(())).unwrap();
    }
}

#[test]
fn backups_are_taken_while_others_append_and_segments_are_merged() {
    let disk = Disk::new();
    let journal = Journal::open(disk.disk(), Arc::new(SystemEnv), small()).unwrap();
    let done = AtomicBool::new(false);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    std::thread::scope(|threads| {
        threads.spawn(|| {
            runtime.block_on(async {
                for number in 0u64.. {
                    let append =
                        Append::of(vec![event("Happened", &format!("s/{}", number % 10)); 3]);
                    appended(journal.append(append, None).await.unwrap());
                    if done.load(Ordering::Relaxed) {
                        break;
                    }
                }
            });
        });
        let mut held: Vec<Held> = Vec::new();
        let (mut skipped, mut upto) = (0, Position::ZERO);
        for _ in 0..30 {
            while journal.head().position == upto {
                std::thread::yield_now();
            }
            let before = journal.head().position;
            let backup = journal.backup().unwrap();
            upto = backup.head().position;
            assert!(upto >= before);
            assert_eq!(upto.0 % 3, 0, "it ends at the end of an append");
            let all = bytes(&backup, &[]);
            skipped += all.len() - bytes(&backup, &held).len();
            held = backup.manifest().segments.iter().map(held_of).collect();
            let (made, _writer) = stepped(restored(&all).unwrap());
            assert_same(&journal, &made, upto);
        }
        done.store(true, Ordering::Relaxed);
        assert!(skipped > 0, "some segments stay");
    });
    journal.verify(&mut |_| Ok(())).unwrap();
    journal.close();
    assert_eq!(journal.backup().err().unwrap().code(), "closed");
}

fn held_of(info: &headwater_journal::SegmentInfo) -> Held {
    Held {
        name: info.name,
        bytes: info.bytes,
        footer_crc: info.footer_crc,
    }
}

#[test]
fn a_commit_that_is_unknown_is_waited_for_by_nobody() {
    let storage = memory();
    let (journal, writer) = stepped(storage.clone());
    fill(&journal, &writer, 3);
    storage.inject(Fault::UnknownLost);
    storage.inject(Fault::UnknownLost);
    let ticket = journal.submit(one("Lost", "s/1"), None).unwrap();
    assert_eq!(writer.run_once(), Step::Unsettled);
    assert_eq!(journal.backup().err().unwrap().code(), "unavailable");
    drop(ticket);
    assert_eq!(writer.commit(), Step::Done);
    let backup = journal.backup().unwrap();
    assert_eq!(backup.head(), journal.head());
}

#[test]
fn a_storage_that_takes_no_segments_is_the_error() {
    let storage = memory();
    let (journal, writer) = stepped(storage.clone());
    fill(&journal, &writer, 3);
    storage.fail_puts(1);
    assert_eq!(journal.backup().err().unwrap().code(), "storage");
    let backup = journal.backup().unwrap();
    assert_eq!(backup.head(), journal.head());
}

/// The parts of a backup say by themselves whether they are whole.
#[test]
fn every_changed_byte_and_every_cut_is_found() {
    let (journal, writer) = stepped(memory());
    fill(&journal, &writer, 40);
    let all = bytes(&journal.backup().unwrap(), &[]);
    for cut in 0..all.len() {
        let error = restored(&all[..cut]).err().unwrap();
        assert_eq!(error.code(), "bad_backup", "cut at {cut}");
    }
    for at in 0..all.len() {
        let mut changed = all.clone();
        changed[at] ^= 0x10;
        let error = restored(&changed).err().unwrap();
        assert_eq!(error.kind(), Kind::Invalid, "byte {at}: {error}");
    }
    let more = [&all[..], &[0]].concat();
    assert_eq!(restored(&more).err().unwrap().code(), "bad_backup");
    restored(&all).unwrap();
}

#[test]
fn a_backup_of_another_version_is_refused() {
    for (version, code) in [(0u32, "bad_backup"), (2, "newer_format")] {
        let mut start = parts::start();
        start[8..12].copy_from_slice(&version.to_le_bytes());
        let crc = parts::checksum(0, &start[..12]);
        start[12..].copy_from_slice(&crc.to_le_bytes());
        let mut reader = PartsReader::default();
        reader.push(&start);
        assert_eq!(reader.part().err().unwrap().code(), code);
    }
}

/// Parts that are good by themselves, in an order in which they make no backup.
#[test]
fn parts_out_of_order_are_refused() {
    let (journal, writer) = stepped(memory());
    fill(&journal, &writer, 100);
    keep(&writer);
    fill(&journal, &writer, 3);
    let backup = journal.backup().unwrap();
    let segments = &backup.manifest().segments;
    assert!(segments.len() > 1);
    let segment = |info: &headwater_journal::SegmentInfo| {
        let content = backup.segment(info.name).unwrap();
        let content = content.read(0, info.bytes as usize).unwrap();
        let crc = parts::checksum(0, &content).to_le_bytes();
        [&parts::segment(info)[..], &content, &crc].concat()
    };
    let manifest = parts::manifest(backup.log_id(), backup.manifest());
    let (start, end) = (parts::start(), parts::end());
    let (one, two) = (segment(&segments[0]), segment(&segments[1]));
    let mut other = segments[0];
    other.name.last = other.name.last.next();
    let mut longer = segments[0];
    longer.bytes += 1;
    let stranger = parts::segment(&other);
    let longer = parts::segment(&longer);
    let cases: [&[&[u8]]; 8] = [
        &[&manifest],
        &[&start, &end],
        &[&start, &one],
        &[&start, &manifest, &manifest],
        &[&start, &manifest, &two, &one],
        &[&start, &manifest, &one, &one],
        &[&start, &manifest, &stranger],
        &[&start, &manifest, &longer],
    ];
    for (at, case) in cases.iter().enumerate() {
        let error = restored(&case.concat()).err().unwrap();
        assert_eq!(error.code(), "bad_backup", "case {at}");
        assert!(!error.to_string().contains("cut off"), "case {at}: {error}");
    }
    // One that is missing is the log's to miss.
    let error = restored(&[&start[..], &manifest, &one, &end].concat())
        .err()
        .unwrap();
    assert_eq!(error.kind(), Kind::Damaged);
}

#[test]
fn segments_of_another_log_are_found_when_it_is_verified() {
    let histories = [150, 151].map(|count| {
        let (journal, writer) = stepped(memory());
        fill(&journal, &writer, count);
        append(&journal, &writer, one("Last", "s/1"));
        journal.backup().unwrap()
    });
    // The manifest of one, with a segment of the same length of the other.
    let [backup, other] = &histories;
    let info = backup.manifest().segments[0];
    let mut out = parts::start();
    out.extend(parts::manifest(backup.log_id(), backup.manifest()));
    for info in &backup.manifest().segments {
        let from = if info.name.first.0 == 1 {
            other
        } else {
            backup
        };
        let segment = from.segment(from.manifest().segments[0].name).unwrap();
        let segment = match info.name.first.0 {
            1 => segment,
            _ => backup.segment(info.name).unwrap(),
        };
        let mut content = segment.read(0, segment.len() as usize).unwrap().to_vec();
        content.resize(info.bytes as usize, 0);
        out.extend(parts::segment(info));
        out.extend_from_slice(&content);
        out.extend(parts::checksum(0, &content).to_le_bytes());
    }
    out.extend(parts::end());
    let (made, _writer) = stepped(restored(&out).unwrap());
    let error = made.verify(&mut |_| Ok(())).unwrap_err();
    assert_eq!(error.kind(), Kind::Damaged);
    assert_eq!(info.name.first, at(1));
}

#[test]
fn a_copy_of_a_segment_is_verified_by_itself() {
    let (journal, writer) = stepped(memory());
    fill(&journal, &writer, 60);
    let backup = journal.backup().unwrap();
    let info = backup.manifest().segments[0];
    let segment = backup.segment(info.name).unwrap();
    let content = segment.read(0, info.bytes as usize).unwrap().to_vec();
    let footer = &content[content.len() - FOOTER_BYTES..];
    let held = Held::of(info.name, info.bytes, footer).unwrap();
    assert!(held.is(&info));
    assert_eq!(Held::of(info.name, info.bytes, &footer[1..]), None);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &content).unwrap();
    backup::verify_file(file.path(), &info).unwrap();
    for byte in (0..content.len()).step_by(97) {
        let mut changed = content.clone();
        changed[byte] ^= 1;
        std::fs::write(file.path(), &changed).unwrap();
        let error = backup::verify_file(file.path(), &info).unwrap_err();
        assert_eq!(error.kind(), Kind::Damaged, "byte {byte}");
    }
}

/// A directory in which a log is made.
#[test]
fn a_log_on_disk_is_made_of_a_backup() {
    let (journal, writer) = stepped(memory());
    fill(&journal, &writer, 100);
    let all = bytes(&journal.backup().unwrap(), &[]);
    let dir = tempfile::tempdir().unwrap();
    let log_id: LogId = SystemEnv.log_id();
    let new = || {
        let path = dir.path().join("log");
        NewDiskLog::create(Arc::new(StdFs), path, log_id, DiskOptions::default())
    };
    let storage = make(Box::new(new().unwrap()), &all, 3_333).unwrap();
    assert_eq!(new().err().unwrap().code(), "log_exists");
    let (made, made_writer) = stepped(storage);
    assert_same(&journal, &made, journal.head().position);
    fill(&made, &made_writer, 30);
    let head = made.head();
    drop((made, made_writer));
    let storage = headwater_journal::DiskStorage::open(Arc::new(StdFs), dir.path().join("log"));
    let (made, _writer) = stepped(Arc::new(storage.unwrap()));
    assert_eq!(made.head(), head);
    made.verify(&mut |_| Ok(())).unwrap();
    assert!(made.backup().unwrap().manifest().next > Seq(100));
}

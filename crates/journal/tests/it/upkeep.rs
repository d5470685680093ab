//! What sealing and merging cost: bytes written and kept for each byte appended, segments that are
//! due, the writer slowed and never stopped, and failures told.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use headwater_event::{Append, Error, Kind, LogId};
use headwater_journal::conformance::Place as _;
use headwater_journal::{
    Commit, DiskStorage, Journal, Manifest, Options, SegmentBytes, SegmentName, SegmentSink, Seq,
    Step, Storage, Stored, WorkState, Writer, Written,
};

use crate::support::{Disk, TestEnv, appended, event, events, keep, memory};

fn small() -> Options {
    Options {
        piece_bytes: 8 << 10,
        fan_in: 4,
        ..Options::default()
    }
}

fn stepped(storage: Arc<dyn Storage>) -> (Journal, Writer) {
    Journal::open_stepped(storage, TestEnv::at(1_000), small()).unwrap()
}

/// One commit of as many events as make about a piece, of two types and a few streams.
fn commit(journal: &Journal, writer: &Writer, number: u64) {
    let events = (0..100).map(|at| {
        let name = if at == 0 { "Seldom" } else { "Happened" };
        event(name, &format!("s/{}", (number + at) % 7))
    });
    let ticket = journal.submit(Append::of(events.collect()), None);
    writer.run_once();
    let outcome = ticket.unwrap().try_outcome().unwrap();
    appended(outcome.unwrap());
}

/// Bytes of all files of a directory.
fn directory_bytes(path: &Path) -> u64 {
    let entries = std::fs::read_dir(path).unwrap();
    entries
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum()
}

/// A byte is sealed once and merged at most `log n` times, `n` being the pieces that were sealed.
#[test]
fn writing_is_bounded_by_the_logarithm_of_the_pieces() {
    let (journal, writer) = stepped(memory());
    for number in 0..150 {
        commit(&journal, &writer, number);
        while writer.seal().unwrap() == Step::Done {}
        loop {
            let before = journal.stats().unwrap();
            if writer.merge().unwrap() == Step::Idle {
                break;
            }
            let after = journal.stats().unwrap();
            assert!(
                after.segment_bytes <= before.segment_bytes,
                "merging makes nothing larger"
            );
        }
        let stats = journal.stats().unwrap();
        let (pieces, sealed) = stats.seals;
        if pieces > 0 {
            let copies = 1 + u64::from(pieces.ilog(4));
            let written = sealed + stats.merges.1;
            assert!(written <= copies * sealed, "{stats:?}");
            // What is told is of the segments as they are now, which merging makes no larger.
            assert_eq!(stats.segment_writes_max, copies * stats.segment_bytes);
            assert!(stats.segment_writes <= stats.segment_writes_max);
            assert!(stats.segment_writes <= written, "{stats:?}");
        }
        assert!(stats.write_amplification() <= stats.write_amplification_max());
    }
    let stats = journal.stats().unwrap();
    assert!(stats.seals.0 > 64, "{stats:?}");
    let levels = journal.layout().unwrap().levels;
    assert_eq!(levels.last().unwrap().level, 3, "{levels:?}");
    // Of the bytes that were written at least half are told, however small segments are here.
    let written = stats.seals.1 + stats.merges.1;
    assert!(stats.segment_writes * 2 > written, "{stats:?}");
}

#[test]
fn what_is_told_of_a_log_does_not_depend_on_when_it_was_opened() {
    let mut disk = Disk::new();
    let (journal, writer) = stepped(disk.storage());
    for number in 0..40 {
        commit(&journal, &writer, number);
    }
    keep(&writer);
    let told = |journal: &Journal| {
        let stats = journal.stats().unwrap();
        (
            stats.segment_writes,
            stats.segment_writes_max,
            stats.sealed_bytes,
            stats.bytes,
        )
    };
    let before = told(&journal);
    assert_eq!(journal.stats().unwrap().appended_bytes, before.3);
    drop((journal, writer));
    disk.restart();
    let (journal, _writer) = stepped(disk.storage());
    assert_eq!(told(&journal), before);
    assert_eq!(journal.stats().unwrap().appended_bytes, 0);
}

/// A log on a disk that notes how large its directory is whenever the manifest is replaced: then
/// what is sealed or merged is there twice.
struct Watched {
    inner: Arc<DiskStorage>,
    sizes: Mutex<Vec<u64>>,
}

impl Storage for Watched {
    fn log_id(&self) -> LogId {
        self.inner.log_id()
    }
    fn append(&self, seq: Seq, commit: &Commit) -> Written {
        self.inner.append(seq, commit)
    }
    fn read(&self, seq: Seq, bytes_max: usize) -> Result<Stored, Error> {
        self.inner.read(seq, bytes_max)
    }
    fn manifest(&self) -> Result<Manifest, Error> {
        self.inner.manifest()
    }
    fn publish(&self, manifest: &Manifest) -> Result<(), Error> {
        self.inner.publish(manifest)?;
        let size = directory_bytes(self.inner.path());
        self.sizes.lock().unwrap().push(size);
        Ok(())
    }
    fn drop_below(&self, seq: Seq) -> Result<(), Error> {
        self.inner.drop_below(seq)
    }
    fn put(&self, name: SegmentName) -> Result<Box<dyn SegmentSink>, Error> {
        self.inner.put(name)
    }
    fn get(&self, name: SegmentName) -> Result<Arc<dyn SegmentBytes>, Error> {
        self.inner.get(name)
    }
    fn list(&self) -> Result<Vec<SegmentName>, Error> {
        self.inner.list()
    }
    fn remove(&self, name: SegmentName) -> Result<(), Error> {
        self.inner.remove(name)
    }
    fn make_ready(&self) -> Result<(), Error> {
        self.inner.make_ready()
    }
    fn tail_bytes(&self) -> u64 {
        self.inner.tail_bytes()
    }
}

#[test]
fn the_figures_are_the_bytes_of_the_files() {
    let disk = Disk::with_small_files(LogId(uuid::Uuid::from_u128(7)));
    let storage = Arc::new(Watched {
        inner: disk.disk(),
        sizes: Mutex::default(),
    });
    let (journal, writer) = stepped(Arc::clone(&storage) as Arc<dyn Storage>);
    let mut peak_seen = false;
    for number in 0..50 {
        commit(&journal, &writer, number);
        while writer.seal().unwrap() == Step::Done || writer.merge().unwrap() == Step::Done {
            let layout = journal.layout().unwrap();
            let stats = layout.stats;
            let told = stats.tail_bytes + stats.segment_bytes + layout.manifest_bytes;
            assert_eq!(told, directory_bytes(&disk.path()));
            let kept = stats.space_amplification() * stats.bytes as f64;
            assert!((kept - (told - layout.manifest_bytes) as f64).abs() < 1.0);
            let most = stats.space_amplification_max() * stats.bytes as f64;
            for size in storage.sizes.lock().unwrap().drain(..) {
                assert!(size as f64 <= most + layout.manifest_bytes as f64);
                peak_seen |= size > told;
            }
        }
    }
    assert!(peak_seen, "segments were there twice for a moment");
    let layout = journal.layout().unwrap();
    let segments: u64 = layout.segments.iter().map(|one| one.bytes).sum();
    assert_eq!(segments, layout.stats.segment_bytes);
    assert_eq!(layout.segments[0].name.first.0, 1);
    let events: u64 = layout.levels.iter().map(|level| level.events).sum();
    assert_eq!(layout.segments.last().unwrap().name.last.0, events);
    let types = [("Happened".to_owned(), 4_950), ("Seldom".to_owned(), 50)];
    assert_eq!(layout.types, types);
}

/// A name that is among the largest somewhere is counted everywhere.
#[test]
fn the_largest_names_are_counted_in_full() {
    let (journal, writer) = stepped(memory());
    // In the first half `Rare` has one event of each commit, as have thirty others.
    for number in 0..40u64 {
        let events = (0..100u64).map(|at| match (number < 20, at) {
            (true, 0) => event("Rare", "s/1"),
            (true, 1..31) => event(&format!("Other{at}"), "s/2"),
            (false, 0..90) => event("Rare", "s/1"),
            _ => event("Filling", "s/3"),
        });
        let ticket = journal.submit(Append::of(events.collect()), None);
        writer.run_once();
        appended(ticket.unwrap().try_outcome().unwrap().unwrap());
    }
    while writer.seal().unwrap() == Step::Done {}
    let layout = journal.layout().unwrap();
    assert!(layout.segments.len() > 4);
    let rare = 20 + 20 * 90;
    assert!(
        layout.types.contains(&("Rare".to_owned(), rare)),
        "{:?}",
        layout.types
    );
    assert!(layout.streams.contains(&("s/1".to_owned(), rare)));
    assert_eq!(layout.types.len(), 10);
}

#[test]
fn the_writer_is_slowed_by_merge_debt_and_never_stopped() {
    let env = TestEnv::at(1_000);
    let (journal, writer) =
        Journal::open_stepped(memory(), Arc::clone(&env) as _, small()).unwrap();
    let step = |number| {
        commit(&journal, &writer, number);
        while writer.seal().unwrap() == Step::Done {}
        journal.stats().unwrap()
    };
    let free = journal.stats().unwrap().segments_due_free;
    assert_eq!(free, 64, "16 groups of 4");
    let mut number = 0;
    let (mut last, mut longest) = (journal.stats().unwrap(), 0);
    // Nothing is merged: far more is due than is free, and every append is taken.
    while last.segments_due < 5 * free {
        let began = env.slept();
        let stats = step(number);
        number += 1;
        let paused = env.slept() - began;
        assert_eq!(stats.slowed.1 - last.slowed.1, paused);
        assert_eq!(paused.is_zero(), last.segments_due <= free, "{last:?}");
        longest = longest.max(paused.as_millis());
        last = stats;
    }
    assert!(
        last.slowed.0 > 0 && longest == 100,
        "{longest} ms: {last:?}"
    );
    assert!(last.merge_debt > 0 && last.merge_debt <= last.segment_bytes);
    keep(&writer);
    let merged = step(number);
    assert!(merged.segments_due < 4, "{merged:?}");
    assert_eq!(merged.slowed, last.slowed, "nobody is slowed any more");
}

/// Memory holds an index of each piece that waits, so there is a most of them.
#[test]
fn when_64_pieces_wait_to_be_sealed_appends_are_refused_until_they_are() {
    let storage = memory();
    let env = TestEnv::at(1_000);
    let (journal, writer) = Journal::open_stepped(
        Arc::clone(&storage) as Arc<dyn Storage>,
        Arc::clone(&env) as _,
        small(),
    )
    .unwrap();
    let mut number = 0;
    while journal.stats().unwrap().pieces_waiting < 64 {
        let began = env.slept();
        commit(&journal, &writer, number);
        number += 1;
        // Before that each piece over two slows the writer by two milliseconds more.
        let waiting = journal.stats().unwrap().pieces_waiting as u64;
        let pause = (2 * waiting.saturating_sub(2)).min(100);
        assert_eq!(env.slept() - began, Duration::from_millis(pause));
    }
    storage.fail_puts(1);
    let failure = writer.seal().unwrap_err();
    let head = journal.head();
    let told = || {
        let append = Append::of(vec![event("Refused", "s/1")]);
        let mut ticket = journal.submit(append, None).unwrap();
        writer.run_once();
        ticket.try_outcome().unwrap()
    };
    let busy = told().unwrap_err();
    assert_eq!((busy.kind(), busy.code()), (Kind::Busy, "busy"));
    assert!(busy.is_retryable() && busy.has_no_side_effects());
    let words = busy.to_string();
    assert!(
        words.contains("64 pieces") && words.contains("less than 64"),
        "{words}"
    );
    let source = std::error::Error::source(&busy).expect("it says why they wait");
    assert!(source.to_string().contains(failure.message()), "{source}");
    assert_eq!(journal.head(), head, "nothing was written");
    // Who reads is not refused.
    assert_eq!(events(&journal).len() as u64, head.position.0);
    // One piece less is room for another.
    assert_eq!(writer.seal().unwrap(), Step::Done);
    commit(&journal, &writer, number);
    while writer.seal().unwrap() == Step::Done {}
    assert_eq!(journal.stats().unwrap().pieces_waiting, 0);
    for number in number + 1..number + 20 {
        commit(&journal, &writer, number);
    }
    assert_eq!(journal.head().position.0, head.position.0 + 20 * 100);
    journal.verify(&mut |_| Ok(())).unwrap();
}

#[test]
fn failures_are_told_until_it_goes_well_and_after() {
    let storage = memory();
    let (journal, writer) = stepped(Arc::clone(&storage) as Arc<dyn Storage>);
    let layout = journal.layout().unwrap();
    assert_eq!(layout.sealing.state, WorkState::Idle);
    assert!(layout.sealing.failure.is_none());
    for number in 0..14 {
        commit(&journal, &writer, number);
    }
    storage.fail_puts(2);
    for failures in 1..=2 {
        let error = writer.seal().unwrap_err();
        let sealing = journal.layout().unwrap().sealing;
        assert_eq!(sealing.state, WorkState::Failing);
        assert_eq!(sealing.failures, failures);
        assert_eq!(sealing.failure.unwrap().error.message(), error.message());
    }
    while writer.seal().unwrap() == Step::Done {}
    let sealing = journal.layout().unwrap().sealing;
    assert_eq!((sealing.state, sealing.failures), (WorkState::Idle, 2));
    assert!(sealing.failure.is_some(), "the last one is still told");
    assert!(sealing.segments > 4);
    storage.fail_puts(1);
    writer.merge().unwrap_err();
    // That something is sealed says nothing of merging.
    for number in 14..17 {
        commit(&journal, &writer, number);
    }
    assert_eq!(writer.seal().unwrap(), Step::Done);
    let layout = journal.layout().unwrap();
    assert_eq!(layout.merging.state, WorkState::Failing);
    assert_eq!(layout.merging.failures, 1);
    let stats = layout.stats;
    assert_eq!((stats.seal_failures, stats.merge_failures), (2, 1));
    keep(&writer);
    assert_eq!(journal.layout().unwrap().merging.state, WorkState::Idle);
}

//! Sealing and merging: the log goes from the tail into segments, and nobody notices.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use headwater_event::{Append, Error, Event, LogId, Query};
use headwater_journal::conformance::Place;
use headwater_journal::env::SystemEnv;
use headwater_journal::{
    Commit, Direction, Journal, Manifest, Map, MemoryStorage, Options, PublishFault, Read,
    SegmentBytes, SegmentName, SegmentSink, Seq, Step, Storage, Stored, Writer, Written,
};

use crate::support::{
    Disk, Memory, appended, at, event, events, memory, one, positions, stream, tag,
};

/// Pieces of a few events, merged three at a time.
fn small() -> Options {
    Options {
        piece_bytes: 2 << 10,
        fan_in: 3,
        ..Options::default()
    }
}

fn stepped(storage: Arc<dyn Storage>) -> (Journal, Writer) {
    Journal::open_stepped(storage, Arc::new(SystemEnv), small()).unwrap()
}

/// Appends of one event each, in ten streams, every other one with a tag.
fn fill(journal: &Journal, writer: &Writer, count: u64) {
    for number in 0..count {
        let mut event = event("Happened", &format!("s/{}", number % 10));
        if number.is_multiple_of(2) {
            event = event.tagged(vec![tag("even")]).unwrap();
        }
        let mut ticket = journal.submit(Append::of(vec![event]), None).unwrap();
        writer.run_once();
        appended(ticket.try_outcome().unwrap().unwrap());
    }
}

fn keep(writer: &Writer) {
    while writer.seal().unwrap() == Step::Done {}
    while writer.merge().unwrap() == Step::Done {}
}

/// What several kinds of reads say.
fn told(journal: &Journal) -> Vec<Vec<u64>> {
    let backward = Direction::Backward { before: at(0) };
    let forward = Direction::Forward { after: at(0) };
    let queries = [
        Query::all(),
        Query::stream(stream("s/3")),
        Query::tag(tag("even")),
        Query::tag(tag("odd")),
    ];
    let reads = queries.iter().flat_map(|query| {
        [forward, backward].map(|direction| Read {
            query: query.clone(),
            direction,
            limit: 10_000,
            ..Read::default()
        })
    });
    reads
        .map(|read| positions(&journal.read(&read).unwrap().events))
        .collect()
}

fn a_log_is_the_same_in_segments(place: &mut dyn Place) {
    let (journal, writer) = stepped(place.storage());
    fill(&journal, &writer, 500);
    let (before, log) = (told(&journal), events(&journal));
    keep(&writer);
    let stats = journal.stats().unwrap();
    assert!(stats.segments > 2 && stats.merges.0 > 0, "{stats:?}");
    assert_eq!(
        (told(&journal), events(&journal)),
        (before.clone(), log.clone())
    );
    let (head, streams) = (journal.head(), stats.streams);
    drop((journal, writer));
    place.restart();
    let (journal, writer) = stepped(place.storage());
    assert_eq!(journal.head(), head);
    assert_eq!((told(&journal), events(&journal)), (before, log));
    assert_eq!(journal.stats().unwrap().streams, streams);
    // Revisions go on where they were, and what is retried is found.
    let more = one("More", "s/3");
    let mut ticket = journal.submit(more, None).unwrap();
    writer.run_once();
    let appended = appended(ticket.try_outcome().unwrap().unwrap());
    assert_eq!(appended.revisions[0].1.0, 51);
    journal.verify(&mut |_| Ok(())).unwrap();
}

#[test]
fn a_log_in_memory_is_the_same_in_segments() {
    a_log_is_the_same_in_segments(&mut Memory(memory()));
}

#[test]
fn a_log_on_disk_is_the_same_in_segments() {
    a_log_is_the_same_in_segments(&mut Disk::new());
}

#[test]
fn threads_seal_and_merge_while_others_read() {
    let mut disk = Disk::new();
    let journal = Journal::open(disk.storage(), Arc::new(SystemEnv), small()).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let log = events(&journal);
                    assert!(
                        log.iter()
                            .zip(1..)
                            .all(|(event, at)| event.position.0 == at)
                    );
                    let found = told(&journal);
                    assert!(found[4].iter().all(|position| position % 2 == 1));
                }
            });
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async {
            for number in 0u64.. {
                let mut event = event("Happened", &format!("s/{}", number % 10));
                if number.is_multiple_of(2) {
                    event = event.tagged(vec![tag("even")]).unwrap();
                }
                appended(journal.append(Append::of(vec![event]), None).await.unwrap());
                if number > 400 && journal.stats().unwrap().merges.0 > 3 {
                    break;
                }
            }
        });
        done.store(true, Ordering::Relaxed);
    });
    let log = events(&journal);
    journal.verify(&mut |_| Ok(())).unwrap();
    journal.close();
    drop(journal);
    disk.restart();
    let (journal, _writer) = stepped(disk.storage());
    assert_eq!(events(&journal), log);
}

#[test]
fn what_fails_in_the_background_is_tried_again() {
    for fault in [
        PublishFault::Failed,
        PublishFault::UnknownPublished,
        PublishFault::UnknownLost,
    ] {
        let storage = memory();
        let (journal, writer) = stepped(Arc::clone(&storage) as Arc<dyn Storage>);
        fill(&journal, &writer, 300);
        let before = told(&journal);
        storage.inject_publish(fault);
        let first = writer.seal();
        assert_eq!(
            first.is_ok(),
            fault == PublishFault::UnknownPublished,
            "{fault:?}"
        );
        assert_eq!(told(&journal), before);
        storage.fail_puts(1);
        writer.seal().unwrap_err();
        assert_eq!(told(&journal), before);
        keep(&writer);
        assert!(journal.stats().unwrap().segments > 1);
        assert_eq!(told(&journal), before);
        storage.crash();
        let (journal, _writer) = stepped(storage);
        assert_eq!(told(&journal), before);
    }
}

#[test]
fn a_commit_that_fails_takes_back_what_a_new_piece_was_begun_with() {
    let storage = memory();
    let (journal, writer) = stepped(Arc::clone(&storage) as Arc<dyn Storage>);
    fill(&journal, &writer, 100);
    let before = (told(&journal), journal.stats().unwrap().streams);
    // Each of these commits begins a piece sooner or later, and none of them is written.
    for number in 0..100 {
        storage.inject(headwater_journal::Fault::Failed);
        let ticket = journal.submit(one("Lost", &format!("lost/{number}")), None);
        writer.run_once();
        ticket.unwrap().try_outcome().unwrap().unwrap_err();
        let after = (told(&journal), journal.stats().unwrap().streams);
        assert_eq!(after, before, "after {number}");
    }
    keep(&writer);
    fill(&journal, &writer, 100);
    assert_eq!(events(&journal).len(), 200);
    journal.verify(&mut |_| Ok(())).unwrap();
}

/// Counts what is read of segments.
struct Counting {
    inner: Arc<MemoryStorage>,
    reads: Arc<AtomicU64>,
}

struct CountingBytes {
    inner: Arc<dyn SegmentBytes>,
    reads: Arc<AtomicU64>,
}

impl SegmentBytes for CountingBytes {
    fn name(&self) -> SegmentName {
        self.inner.name()
    }
    fn len(&self) -> u64 {
        self.inner.len()
    }
    fn read(&self, offset: u64, length: usize) -> Result<Bytes, Error> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.inner.read(offset, length)
    }
    fn map(&self, offset: u64, length: usize) -> Result<Option<Map>, Error> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.inner.map(offset, length)
    }
}

impl Storage for Counting {
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
        self.inner.publish(manifest)
    }
    fn drop_below(&self, seq: Seq) -> Result<(), Error> {
        self.inner.drop_below(seq)
    }
    fn put(&self, name: SegmentName) -> Result<Box<dyn SegmentSink>, Error> {
        self.inner.put(name)
    }
    fn get(&self, name: SegmentName) -> Result<Arc<dyn SegmentBytes>, Error> {
        Ok(Arc::new(CountingBytes {
            inner: self.inner.get(name)?,
            reads: Arc::clone(&self.reads),
        }))
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
fn opening_reads_no_segment_and_new_names_cost_a_look_at_filters() {
    let storage = memory();
    let (journal, writer) = stepped(Arc::clone(&storage) as Arc<dyn Storage>);
    fill(&journal, &writer, 500);
    keep(&writer);
    let segments = journal.stats().unwrap().segments as u64;
    drop((journal, writer));
    let reads = Arc::new(AtomicU64::new(0));
    let counting = Counting {
        inner: storage,
        reads: Arc::clone(&reads),
    };
    let (journal, writer) = stepped(Arc::new(counting));
    assert_eq!(reads.load(Ordering::Relaxed), 0, "opening reads no segment");
    let append = |name: &str| {
        let condition = Query::tag(tag(&format!("new:{name}")));
        let append = one("Opened", &format!("new/{name}")).unless(condition, at(0));
        let mut ticket = journal.submit(append, None).unwrap();
        writer.run_once();
        appended(ticket.try_outcome().unwrap().unwrap());
    };
    append("first");
    let first = reads.swap(0, Ordering::Relaxed);
    assert!(
        first > 0 && first <= segments * 6,
        "{first} reads of {segments} segments"
    );
    for number in 0..20 {
        append(&number.to_string());
    }
    let later = reads.load(Ordering::Relaxed);
    assert!(
        later <= segments,
        "{later} more reads: what was read is kept"
    );
}

#[test]
fn the_last_event_of_a_query_is_found_from_the_end() {
    let storage = memory();
    let (journal, writer) = stepped(storage);
    fill(&journal, &writer, 1_000);
    keep(&writer);
    let last: Vec<Event> = journal
        .read(&Read {
            query: Query::stream(stream("s/7")),
            direction: Direction::Backward { before: at(0) },
            limit: 1,
            ..Read::default()
        })
        .unwrap()
        .events;
    assert_eq!(positions(&last), [998]);
    assert_eq!(last[0].revision.0, 100);
}

//! Sealing and merging: the log goes from the tail into segments, and nobody notices.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use headwater_event::{Append, ChainPoint, Conflict, Event, Outcome, Query, QueryItem};
use headwater_journal::conformance::Place;
use headwater_journal::env::SystemEnv;
use headwater_journal::{Direction, Journal, PublishFault, Read, Step, Storage, Writer};

use crate::ordered::Ordered;
use crate::support::{
    Disk, Memory, appended, at, event, events, keep, memory, one, positions, small, stepped,
    stream, tag,
};

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

/// Whatever fails between the put and the publish, reads go on; and what was published without
/// anybody being told is taken in, and not made again.
#[test]
fn what_was_published_and_nobody_was_told_is_taken_in() {
    for work in [Writer::seal, Writer::merge] {
        let memory = memory();
        let (storage, orders) = Ordered::over(Arc::clone(&memory));
        let (journal, writer) = stepped(storage);
        fill(&journal, &writer, 300);
        let before = told(&journal);
        for _ in 0..4 {
            writer.seal().unwrap();
        }
        orders.get_fails.store(true, Ordering::Relaxed);
        work(&writer).unwrap_err();
        assert_eq!(told(&journal), before, "the segment cannot be opened");
        *orders.manifests.lock().unwrap() = [true].into();
        work(&writer).unwrap_err();
        assert_eq!(told(&journal), before, "the manifest cannot be read");
        // It is looked at before it is changed, twice, and when it is not clear what came of that.
        *orders.manifests.lock().unwrap() = [false, false, true].into();
        memory.inject_publish(PublishFault::UnknownPublished);
        let version = memory.manifest().unwrap().version;
        work(&writer).unwrap_err();
        assert_eq!(work(&writer).unwrap(), Step::Done);
        assert_eq!(memory.manifest().unwrap().version, version + 1);
        assert_eq!(told(&journal), before);
        keep(&writer);
        assert_eq!(told(&journal), before);
        journal.verify(&mut |_| Ok(())).unwrap();
    }
}

#[tokio::test]
async fn a_panic_in_the_background_stops_the_journal() {
    let (storage, orders) = Ordered::over(memory());
    orders.puts_panic.store(true, Ordering::Relaxed);
    let journal = Journal::open(storage, Arc::new(SystemEnv), small()).unwrap();
    let error = loop {
        if let Err(error) = journal.append(one("Happened", "s/1"), None).await {
            break error;
        }
    };
    assert_eq!(error.code(), "poisoned");
}

#[test]
fn a_log_is_held_against_what_was_kept_of_it() {
    let (journal, writer) = stepped(memory());
    fill(&journal, &writer, 200);
    let point = |upto| {
        let (position, chain) = journal.chain_at(at(upto)).unwrap();
        ChainPoint { position, chain }
    };
    let kept = point(150);
    keep(&writer);
    let verified = journal.verify_against(kept, &mut |_| Ok(())).unwrap();
    assert_eq!(verified.events, 200);
    let other = ChainPoint {
        chain: point(149).chain,
        ..kept
    };
    let error = journal.verify_against(other, &mut |_| Ok(())).unwrap_err();
    assert_eq!(error.code(), "chain_differs");
    let ahead = ChainPoint {
        position: at(201),
        ..kept
    };
    let error = journal.verify_against(ahead, &mut |_| Ok(())).unwrap_err();
    assert_eq!(error.code(), "position_ahead");
}

#[test]
fn the_layout_says_where_all_bytes_are() {
    let (journal, writer) = stepped(memory());
    fill(&journal, &writer, 500);
    keep(&writer);
    fill(&journal, &writer, 5);
    let (layout, stats) = (journal.layout().unwrap(), journal.stats().unwrap());
    let parts = layout.parts;
    let sum = parts.blocks
        + parts.dictionaries
        + parts.lists
        + parts.places
        + parts.ids
        + parts.filters
        + parts.rest;
    let files: u64 = layout.levels.iter().map(|level| level.bytes).sum();
    assert_eq!((sum, files), (stats.segment_bytes, stats.segment_bytes));
    let sealed: u64 = layout.levels.iter().map(|level| level.raw_bytes).sum();
    assert_eq!(sealed + layout.tail_raw_bytes, stats.bytes);
    assert_eq!(layout.types, [("Happened".to_owned(), 505)]);
    assert_eq!(layout.streams.len(), 10);
    assert_eq!(layout.streams[0], ("s/0".to_owned(), 51));
    assert_eq!(layout.streams[9], ("s/9".to_owned(), 50));
}

#[test]
fn opening_reads_no_segment_and_new_names_cost_a_look_at_filters() {
    let storage = memory();
    let (journal, writer) = stepped(Arc::clone(&storage) as Arc<dyn Storage>);
    fill(&journal, &writer, 500);
    keep(&writer);
    let segments = journal.stats().unwrap().segments as u64;
    drop((journal, writer));
    let (storage, orders) = Ordered::over(storage);
    let reads = &orders.reads;
    let (journal, writer) = stepped(storage);
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

/// What is sealed is held against a condition by who appends: the writer, which keeps everybody
/// waiting, reads nothing for it.
#[test]
fn the_writer_reads_nothing_for_a_condition_over_the_past() {
    let (storage, orders) = Ordered::over(memory());
    let (journal, writer) = stepped(storage);
    fill(&journal, &writer, 500);
    keep(&writer);
    let reads = || orders.reads.swap(0, Ordering::Relaxed);
    for (after, found) in [(0, 1), (1, 3), (200, 201), (499, 0)] {
        let append = one("Opened", "new/1").unless(Query::tag(tag("even")), at(after));
        reads();
        let mut ticket = journal.submit(append, None).unwrap();
        assert!(reads() > 0 || after > 0, "the caller reads");
        writer.run_once();
        let read_by_writer = reads();
        match ticket.try_outcome().unwrap().unwrap() {
            Outcome::Conflict(Conflict::Boundary { event, .. }) => {
                assert_eq!((event.position, read_by_writer), (at(found), 0));
            }
            Outcome::Conflict(other) => panic!("{other:?}"),
            Outcome::Appended(_) => assert_eq!(found, 0),
        }
    }
}

/// What the machine has in memory is looked at without a read, by who appends.
#[test]
fn a_condition_over_what_is_in_memory_takes_no_read() {
    let (storage, orders) = Ordered::over(memory());
    let (journal, writer) = stepped(storage);
    fill(&journal, &writer, 500);
    keep(&writer);
    let reads = || orders.reads.swap(0, Ordering::Relaxed);
    let look = |odd: &str| {
        // Both are there, and never together.
        let together = Query {
            items: vec![QueryItem {
                stream: Some(stream(odd)),
                tags: vec![tag("even")],
                ..QueryItem::default()
            }],
        };
        let append = one("Opened", "new/1").unless(together, at(0));
        reads();
        let mut ticket = journal.submit(append, None).unwrap();
        writer.run_once();
        appended(ticket.try_outcome().unwrap().unwrap());
        reads()
    };
    assert!(look("new/0") > 0, "footers and filters are read");
    orders.in_memory.store(true, Ordering::Relaxed);
    for odd in ["s/1", "s/7", "s/1"] {
        assert_eq!(look(odd), 0);
    }
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

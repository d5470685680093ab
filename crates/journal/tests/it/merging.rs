//! Large merges take their time, and smaller ones do not wait for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use headwater_event::{Append, Event, NewEvent};
use headwater_journal::env::SystemEnv;
use headwater_journal::{Journal, MemoryStorage, Options, SegmentName, Step, WorkState, Writer};

use crate::ordered::{Ordered, Orders};
use crate::support::{appended, at, event_type, events, keep, memory, stream};

/// Bytes of one event, which nothing makes shorter; so many make about a piece.
const DATA_BYTES: usize = 1_000;
const PIECE_EVENTS: u64 = 16;

/// A journal whose segments are merged three at a time.
fn stepped() -> (Journal, Arc<Writer>, Arc<MemoryStorage>, Arc<Orders>) {
    let memory = memory();
    let (storage, orders) = Ordered::over(Arc::clone(&memory));
    let options = Options {
        piece_bytes: PIECE_EVENTS as usize * DATA_BYTES,
        fan_in: 3,
        ..Options::default()
    };
    let (journal, writer) = Journal::open_stepped(storage, Arc::new(SystemEnv), options).unwrap();
    (journal, Arc::new(writer), memory, orders)
}

fn noise(number: u64) -> String {
    let letters = (0..DATA_BYTES as u64).map(|at| {
        let mixed = (number * 7_919 + at + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        char::from(b'a' + (mixed >> 40) as u8 % 26)
    });
    format!("{{\"noise\":\"{}\"}}", letters.collect::<String>())
}

/// Appends so many events, each to a stream of its own.
fn fill(journal: &Journal, writer: &Writer, count: u64) {
    for _ in 0..count {
        let number = journal.head().position.0;
        let event = NewEvent::json(event_type("Happened"), noise(number))
            .in_stream(stream(&format!("s/{number}")));
        let mut ticket = journal.submit(Append::of(vec![event]), None).unwrap();
        writer.run_once();
        appended(ticket.try_outcome().unwrap().unwrap());
    }
}

/// A log of which a large merge is due, of three segments of the second level, and nothing else.
fn due(journal: &Journal, writer: &Writer) {
    loop {
        fill(journal, writer, 1);
        while writer.seal().unwrap() == Step::Done {}
        let levels = journal.layout().unwrap().levels;
        let large = levels.iter().find(|level| level.level == 2);
        if large.is_some_and(|level| level.segments == 3) {
            return;
        }
        let small = levels
            .iter()
            .any(|level| level.level < 2 && level.segments == 3);
        if small {
            assert_eq!(writer.merge().unwrap(), Step::Done);
        }
    }
}

/// Seals so many pieces as soon as the next segment is put: while that is made.
fn seal_at_put(journal: &Journal, writer: &Arc<Writer>, orders: &Orders, pieces: u64) {
    let (journal, writer) = (journal.clone(), Arc::clone(writer));
    *orders.at_put.lock().unwrap() = Some(Box::new(move || {
        fill(&journal, &writer, pieces * (PIECE_EVENTS + 1));
        while writer.seal().unwrap() == Step::Done {}
    }));
}

fn segments(journal: &Journal) -> Vec<(u8, SegmentName)> {
    let layout = journal.layout().unwrap();
    let segments = layout.segments.iter();
    segments.map(|one| (one.level, one.name)).collect()
}

fn numbers(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.position.0).collect()
}

#[test]
fn what_becomes_due_while_a_large_merge_runs_is_merged_first() {
    let (journal, writer, memory, orders) = stepped();
    due(&journal, &writer);
    let large = segments(&journal);
    seal_at_put(&journal, &writer, &orders, 12);
    orders.puts.lock().unwrap().clear();
    assert_eq!(writer.merge().unwrap(), Step::Done, "one step");
    let levels: Vec<u8> = segments(&journal).iter().map(|(level, _)| *level).collect();
    assert_eq!(levels[0], 3, "{levels:?}");
    for level in 0..2 {
        let count = levels.iter().filter(|one| **one == level).count();
        assert!(count < 3, "{levels:?}");
    }
    assert!(levels.contains(&2), "merged twice while it ran: {levels:?}");
    // The large one was begun first, and is of what it was begun with.
    let puts = orders.puts.lock().unwrap().clone();
    let last = large.iter().filter(|(level, _)| *level == 2).next_back();
    assert_eq!((puts[0].first, puts[0].last), (at(1), last.unwrap().1.last));
    assert_eq!(segments(&journal)[0].1, puts[0]);
    let stats = journal.stats().unwrap();
    assert!(stats.write_amplification() <= stats.write_amplification_max());
    let log = events(&journal);
    assert_eq!(
        numbers(&log),
        (1..=journal.head().position.0).collect::<Vec<_>>()
    );
    journal.verify(&mut |_| Ok(())).unwrap();
    drop((journal, writer));
    memory.crash();
    let (storage, _) = Ordered::over(memory);
    let (journal, _writer) = crate::support::stepped(storage);
    assert_eq!(events(&journal), log);
}

#[test]
fn a_smaller_merge_that_fails_does_not_stop_a_large_one() {
    let (journal, writer, memory, orders) = stepped();
    due(&journal, &writer);
    let made = Arc::new(AtomicU64::new(0));
    let (sealing, failing) = (Arc::clone(&writer), Arc::clone(&memory));
    let (filled, noted) = (journal.clone(), Arc::clone(&made));
    *orders.at_put.lock().unwrap() = Some(Box::new(move || {
        fill(&filled, &sealing, 7 * (PIECE_EVENTS + 1));
        while sealing.seal().unwrap() == Step::Done {}
        noted.store(filled.stats().unwrap().merges.0, Ordering::Relaxed);
        failing.fail_puts(1);
    }));
    assert_eq!(writer.merge().unwrap(), Step::Done);
    let merging = journal.layout().unwrap().merging;
    assert_eq!(
        merging.segments,
        made.load(Ordering::Relaxed) + 1,
        "the large one"
    );
    assert_eq!((merging.failures, merging.state), (1, WorkState::Idle));
    assert_eq!(segments(&journal)[0].0, 3);
    keep(&writer);
    assert!(
        segments(&journal)
            .iter()
            .filter(|(level, _)| *level == 0)
            .count()
            < 3
    );
    journal.verify(&mut |_| Ok(())).unwrap();
}

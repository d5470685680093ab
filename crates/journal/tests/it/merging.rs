//! Large merges take their time, and smaller ones do not wait for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use headwater_event::{Append, Event, NewEvent};
use headwater_journal::{
    Journal, MemoryStorage, Options, SegmentName, Step, Work, WorkState, Writer,
};

use crate::ordered::{Ordered, Orders};
use crate::support::{TestEnv, appended, at, event_type, events, keep, memory, stream};

/// Bytes of one event, which nothing makes shorter; so many make about a piece.
const DATA_BYTES: usize = 1_000;
const PIECE_EVENTS: u64 = 48;

/// A journal whose segments are merged three at a time, and what it stands on.
struct Stage {
    journal: Journal,
    writer: Arc<Writer>,
    memory: Arc<MemoryStorage>,
    orders: Arc<Orders>,
    env: Arc<TestEnv>,
}

fn stepped() -> Stage {
    let (memory, env) = (memory(), TestEnv::at(1_000));
    let (storage, orders) = Ordered::over(Arc::clone(&memory));
    let options = Options {
        piece_bytes: PIECE_EVENTS as usize * DATA_BYTES,
        fan_in: 3,
        ..Options::default()
    };
    let (journal, writer) = Journal::open_stepped(storage, Arc::clone(&env) as _, options).unwrap();
    Stage {
        journal,
        writer: Arc::new(writer),
        memory,
        orders,
        env,
    }
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

/// Seals so many pieces as soon as the next segment is put: while that is made; and then acts.
fn seal_at_put(stage: &Stage, pieces: u64, act: impl FnOnce(&Journal) + Send + 'static) {
    let (journal, writer) = (stage.journal.clone(), Arc::clone(&stage.writer));
    *stage.orders.at_put.lock().unwrap() = Some(Box::new(move || {
        fill(&journal, &writer, pieces * (PIECE_EVENTS + 1));
        while writer.seal().unwrap() == Step::Done {}
        act(&journal);
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
    let stage = stepped();
    let (journal, writer) = (&stage.journal, &stage.writer);
    due(journal, writer);
    let large = segments(journal);
    assert!(!journal.is_merging());
    seal_at_put(&stage, 12, |journal| assert!(journal.is_merging()));
    stage.orders.puts.lock().unwrap().clear();
    assert_eq!(writer.merge().unwrap(), Step::Done, "one step");
    assert!(!journal.is_merging());
    let levels: Vec<u8> = segments(journal).iter().map(|(level, _)| *level).collect();
    assert_eq!(levels[0], 3, "{levels:?}");
    for level in 0..2 {
        let count = levels.iter().filter(|one| **one == level).count();
        assert!(count < 3, "{levels:?}");
    }
    assert!(levels.contains(&2), "merged twice while it ran: {levels:?}");
    // The large one was begun first, and is of what it was begun with.
    let puts = stage.orders.puts.lock().unwrap().clone();
    let last = large.iter().rfind(|(level, _)| *level == 2);
    assert_eq!((puts[0].first, puts[0].last), (at(1), last.unwrap().1.last));
    assert_eq!(segments(journal)[0].1, puts[0]);
    let stats = journal.stats().unwrap();
    assert!(stats.write_amplification() <= stats.write_amplification_max());
    let log = events(journal);
    assert_eq!(
        numbers(&log),
        (1..=journal.head().position.0).collect::<Vec<_>>()
    );
    journal.verify(&mut |_| Ok(())).unwrap();
    let memory = Arc::clone(&stage.memory);
    drop(stage);
    memory.crash();
    let (storage, _) = Ordered::over(memory);
    let (journal, _writer) = crate::support::stepped(storage);
    assert_eq!(events(&journal), log);
}

/// A large merge beside which a smaller one fails once; how many were made, and how it goes then.
fn one_fails(stage: &Stage) -> Work {
    due(&stage.journal, &stage.writer);
    let (failing, made) = (Arc::clone(&stage.memory), Arc::new(AtomicU64::new(0)));
    let noted = Arc::clone(&made);
    seal_at_put(stage, 7, move |journal| {
        noted.store(journal.stats().unwrap().merges.0, Ordering::Relaxed);
        failing.fail_puts(1);
    });
    assert_eq!(stage.writer.merge().unwrap(), Step::Done);
    let merging = stage.journal.layout().unwrap().merging;
    assert_eq!((merging.failures, merging.state), (1, WorkState::Idle));
    assert_eq!(segments(&stage.journal)[0].0, 3);
    Work {
        segments: merging.segments - made.load(Ordering::Relaxed),
        ..merging
    }
}

#[test]
fn a_smaller_merge_that_fails_does_not_stop_a_large_one() {
    let stage = stepped();
    // No time passes.
    assert_eq!(one_fails(&stage).segments, 1, "the large one");
    keep(&stage.writer);
    let small = segments(&stage.journal);
    assert!(small.iter().filter(|(level, _)| *level == 0).count() < 3);
    stage.journal.verify(&mut |_| Ok(())).unwrap();
}

#[test]
fn a_smaller_merge_that_failed_is_tried_again_before_the_large_one_ends() {
    let stage = stepped();
    stage.env.tick(Duration::from_secs(1));
    assert!(one_fails(&stage).segments > 1);
    let small = segments(&stage.journal);
    assert!(small.iter().filter(|(level, _)| *level == 0).count() < 3);
    stage.journal.verify(&mut |_| Ok(())).unwrap();
}

#[test]
fn a_merge_leaves_the_space_to_appends() {
    let stage = stepped();
    let (journal, writer) = (&stage.journal, &stage.writer);
    due(journal, writer);
    let before = segments(journal);
    *stage.orders.space.lock().unwrap() = Some(1 << 20);
    let error = writer.merge().unwrap_err();
    assert_eq!(error.code(), "disk_full");
    assert_eq!(segments(journal), before);
    fill(journal, writer, 1);
    *stage.orders.space.lock().unwrap() = Some(1 << 30);
    assert_eq!(writer.merge().unwrap(), Step::Done);
}

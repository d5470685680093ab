//! What callers are told when the storage fails, and what is true afterwards.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use headwater_event::{Append, Error, ExpectedRevision, Kind, Outcome, Query, json};
use headwater_journal::{Fault, Journal, MemoryStorage, Options, Step, Ticket};

use crate::support::{
    TestEnv, appended, at, conflict, event, events, memory, one, open, poll_once, positions,
    stream, with_ids,
};

fn stepped(storage: &Arc<MemoryStorage>) -> (Journal, headwater_journal::Writer, Arc<TestEnv>) {
    let env = TestEnv::at(1_000);
    let (journal, writer) =
        Journal::open_stepped(storage.clone(), env.clone(), Options::default()).unwrap();
    (journal, writer, env)
}

fn submit(journal: &Journal, append: Append) -> Ticket {
    journal.submit(append, None).unwrap()
}

#[track_caller]
fn answer(ticket: &mut Ticket) -> Result<Outcome, Error> {
    ticket.try_outcome().expect("it is answered")
}

#[test]
fn nothing_is_told_before_it_is_durable() {
    let (journal, writer, _) = stepped(&memory());
    let register =
        || one("Registered", "name/ada").expecting(stream("name/ada"), ExpectedRevision::None);
    let original = with_ids(register());
    let mut first = submit(&journal, original.clone());
    let mut second = submit(&journal, register());
    let mut again = submit(&journal, original);
    assert_eq!(writer.check(), Step::Done);
    for ticket in [&mut first, &mut second, &mut again] {
        assert!(ticket.try_outcome().is_none());
    }
    assert!(events(&journal).is_empty(), "readers see what is durable");
    assert!(journal.streams("", None, 9).unwrap().streams.is_empty());
    assert_eq!(writer.commit(), Step::Done);
    assert_eq!(appended(answer(&mut first).unwrap()).first, at(1));
    assert_eq!(
        conflict(answer(&mut second).unwrap())
            .event()
            .unwrap()
            .position,
        at(1)
    );
    assert!(appended(answer(&mut again).unwrap()).repeated);
}

#[test]
fn what_was_checked_on_top_of_a_failed_commit_is_unavailable() {
    let storage = memory();
    let (journal, writer, _) = stepped(&storage);
    let register =
        |name: &str| one("Registered", name).expecting(stream(name), ExpectedRevision::None);
    let mut failing = submit(&journal, register("name/ada"));
    let mut resting = submit(&journal, register("name/ada"));
    writer.check();
    storage.inject(Fault::Failed);
    assert_eq!(writer.commit(), Step::Done);
    assert_eq!(answer(&mut failing).unwrap_err().code(), "storage");
    assert_eq!(answer(&mut resting).unwrap_err().code(), "unavailable");
    let mut retried = submit(&journal, register("name/ada"));
    writer.run_once();
    assert_eq!(
        appended(answer(&mut retried).unwrap()).first,
        at(1),
        "the index was rolled back"
    );
    assert_eq!(journal.streams("", None, 9).unwrap().streams.len(), 1);
}

#[test]
fn a_full_storage_refuses_and_goes_on_by_itself() {
    let storage = memory();
    let (journal, writer, _) = stepped(&storage);
    let mut first = submit(&journal, one("Made", "thing/1"));
    writer.run_once();
    appended(answer(&mut first).unwrap());
    storage.set_capacity(Some(300));
    for _ in 0..3 {
        let mut refused = submit(&journal, one("Made", "thing/1"));
        writer.run_once();
        let error = answer(&mut refused).unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::Full, "disk_full"));
        assert_eq!(positions(&events(&journal)), [1], "reads go on");
    }
    storage.set_capacity(None);
    let mut accepted = submit(&journal, one("Made", "thing/1"));
    writer.run_once();
    assert_eq!(appended(answer(&mut accepted).unwrap()).revisions[0].1.0, 2);
}

/// Faults that are settled by offering the same commit once more, at once.
const SETTLED_AT_ONCE: [Fault; 6] = [
    Fault::UnknownWritten,
    Fault::UnknownLost,
    Fault::Late { calls: 1 },
    Fault::LostSync,
    Fault::ShortWrite { bytes: 20 },
    Fault::TakenUnread,
];

#[test]
fn an_unknown_commit_is_settled_and_stands_once() {
    for fault in SETTLED_AT_ONCE {
        let storage = memory();
        let (journal, writer, _) = stepped(&storage);
        storage.inject(fault);
        let mut ticket = submit(&journal, with_ids(one("Made", "thing/1")));
        assert_eq!(writer.run_once(), Step::Done, "{fault:?}");
        assert_eq!(
            appended(answer(&mut ticket).unwrap()).first,
            at(1),
            "{fault:?}"
        );
        let mut next = submit(&journal, one("Made", "thing/1"));
        writer.run_once();
        assert_eq!(
            appended(answer(&mut next).unwrap()).first,
            at(2),
            "{fault:?}"
        );
        storage.crash();
        let reopened = open(storage);
        assert_eq!(positions(&events(&reopened)), [1, 2], "{fault:?}");
    }
}

#[test]
fn while_a_commit_is_unknown_nobody_is_answered() {
    for last in [
        Fault::UnknownWritten,
        Fault::UnknownLost,
        Fault::Late { calls: 2 },
    ] {
        let storage = memory();
        let (journal, writer, _) = stepped(&storage);
        let append = with_ids(one("Made", "thing/1"));
        let mut unknown = submit(&journal, append.clone());
        for _ in 0..3 {
            storage.inject(Fault::UnknownLost);
        }
        storage.inject(last);
        assert_eq!(writer.run_once(), Step::Unsettled);
        let error = answer(&mut unknown).unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (Kind::Unavailable, "unavailable")
        );
        let refused = journal.submit(one("Made", "thing/2"), None).err().unwrap();
        assert_eq!(refused.code(), "unavailable");
        assert!(events(&journal).is_empty());
        while writer.commit() == Step::Unsettled {}
        let mut retried = submit(&journal, append);
        writer.run_once();
        let retried = appended(answer(&mut retried).unwrap());
        assert!(retried.repeated, "{last:?}");
        assert_eq!(positions(&events(&journal)), [1], "{last:?}");
    }
}

#[test]
fn a_failure_after_an_unknown_outcome_settles_nothing() {
    let storage = memory();
    let (journal, writer, _) = stepped(&storage);
    let mut unknown = submit(&journal, one("Made", "thing/1"));
    storage.inject(Fault::Late { calls: 3 });
    storage.inject(Fault::Failed);
    assert_eq!(
        writer.run_once(),
        Step::Unsettled,
        "the late one may still land"
    );
    assert_eq!(answer(&mut unknown).unwrap_err().code(), "unavailable");
    assert_eq!(writer.commit(), Step::Done);
    assert_eq!(positions(&events(&journal)), [1]);
}

#[tokio::test]
async fn with_threads_an_unknown_commit_is_settled_in_the_background() {
    let storage = memory();
    let env = TestEnv::at(1_000);
    let journal = Journal::open(storage.clone(), env, Options::default()).unwrap();
    for _ in 0..5 {
        storage.inject(Fault::UnknownLost);
    }
    let append = with_ids(one("Made", "thing/1"));
    let error = journal.append(append.clone(), None).await.unwrap_err();
    assert_eq!(error.code(), "unavailable");
    let mut head = journal.watch_head();
    head.wait_for(|position| *position == at(1)).await.unwrap();
    loop {
        match journal.append(append.clone(), None).await {
            Ok(outcome) => break assert!(appended(outcome).repeated),
            Err(error) => assert_eq!(error.code(), "unavailable"),
        }
    }
}

#[tokio::test]
async fn a_panic_stops_the_journal_and_everybody_is_told() {
    let storage = memory();
    let journal = open(storage.clone());
    let mut follower = journal.follow(Query::all(), at(0)).unwrap();
    let following = tokio::spawn(async move { follower.next().await.map(|_| ()) });
    tokio::task::yield_now().await;
    storage.hold();
    storage.inject(Fault::Panic);
    let appends: Vec<_> = (0..10)
        .map(|_| {
            let journal = journal.clone();
            tokio::spawn(async move { journal.append(one("Made", "thing/1"), None).await })
        })
        .collect();
    tokio::task::yield_now().await;
    storage.release();
    for append in appends {
        assert_eq!(append.await.unwrap().unwrap_err().code(), "poisoned");
    }
    let error = following.await.unwrap().unwrap_err();
    assert!(
        error.to_string().contains("a panic while writing a commit"),
        "{error}"
    );
    assert_eq!(
        journal
            .append(one("Made", "thing/1"), None)
            .await
            .unwrap_err()
            .code(),
        "poisoned"
    );
    journal.close();
    assert!(events(&open(storage)).is_empty());
}

#[test]
fn an_append_past_its_deadline_is_refused_unwritten() {
    let (journal, writer, env) = stepped(&memory());
    let mut late = journal
        .submit(one("Made", "thing/1"), Some(Duration::from_secs(1)))
        .unwrap();
    let mut patient = journal
        .submit(one("Made", "thing/2"), Some(Duration::from_secs(9)))
        .unwrap();
    env.pass(Duration::from_secs(1));
    writer.check();
    let error = answer(&mut late).unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Deadline, "deadline"));
    env.pass(Duration::from_secs(60));
    writer.commit();
    assert_eq!(
        appended(answer(&mut patient).unwrap()).first,
        at(1),
        "it was in the batch"
    );
}

#[test]
fn a_caller_that_goes_away_cancels_what_waits_and_not_what_is_written() {
    let (journal, writer, _) = stepped(&memory());
    drop(submit(&journal, one("Made", "gone/1")));
    let staying = submit(&journal, one("Made", "there/1"));
    writer.check();
    drop(staying);
    writer.commit();
    let streams = journal.streams("", None, 9).unwrap().streams;
    assert_eq!(streams.len(), 1);
    assert_eq!(streams[0].name, stream("there/1"));
}

#[test]
fn a_full_queue_is_busy() {
    let options = Options {
        queue_appends_max: 2,
        queue_bytes_max: 10_000,
        ..Options::default()
    };
    let env = TestEnv::at(1_000);
    let (journal, writer) = Journal::open_stepped(memory(), env, options).unwrap();
    let large = || {
        let mut append = one("Made", "thing/1");
        append.events[0].data = format!("\"{}\"", "x".repeat(20_000)).into();
        append
    };
    let waiting = [submit(&journal, large())];
    let error = journal.submit(large(), None).err().unwrap();
    assert_eq!(
        (error.kind(), error.code()),
        (Kind::Busy, "busy"),
        "too many bytes"
    );
    writer.run_once();
    let more = [
        submit(&journal, one("Made", "a/1")),
        submit(&journal, one("Made", "a/1")),
    ];
    let error = journal.submit(one("Made", "a/1"), None).err().unwrap();
    assert_eq!(error.what_expected(), Some("at most 2 appends"));
    writer.run_once();
    assert_eq!(journal.head().position, at(3));
    drop((waiting, more));
}

#[tokio::test]
async fn a_queue_counts_the_bodies_that_its_appends_keep() {
    let options = Options {
        queue_bytes_max: 10_000,
        ..Options::default()
    };
    let env = TestEnv::at(1_000);
    let (journal, writer) = Journal::open_stepped(memory(), env, options).unwrap();
    // Its event takes few bytes, and is made of slices of all of the body.
    let padded = || {
        let body = format!(r#"{{"events": [{{"type": "Made"}}]{}}}"#, " ".repeat(6_000));
        json::parse_checked(&body.into()).unwrap()
    };
    let mut first = Box::pin(journal.append_checked(padded(), None));
    assert!(poll_once(&mut first).is_pending(), "there is room for one");
    let Poll::Ready(second) = poll_once(&mut Box::pin(journal.append_checked(padded(), None)))
    else {
        panic!("two bodies are too many bytes, and both wait");
    };
    let error = second.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Busy, "busy"));
    assert!(journal.stats().unwrap().queue_bytes >= 6_000);
    writer.run_once();
    assert_eq!(appended(first.await.unwrap()).first, at(1));
    assert_eq!(journal.stats().unwrap().queue_bytes, 0);
}

#[tokio::test]
async fn closing_finishes_what_was_accepted() {
    let storage = memory();
    let journal = open(storage.clone());
    storage.hold();
    let appends: Vec<_> = (0..20)
        .map(|number| {
            let append = Append::of(vec![event("Made", &format!("thing/{number}"))]);
            journal.submit(append, None).unwrap()
        })
        .collect();
    let closing = tokio::task::spawn_blocking({
        let journal = journal.clone();
        move || journal.close()
    });
    storage.release();
    for append in appends {
        appended(append.outcome().await.unwrap());
    }
    closing.await.unwrap();
    let error = journal
        .append(one("Made", "thing/1"), None)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "closed");
    assert_eq!(events(&open(storage)).len(), 20);
}

#[tokio::test]
async fn cursors_of_another_log_or_ahead_are_refused() {
    let journal = open(memory());
    appended(journal.append(one("Made", "thing/1"), None).await.unwrap());
    let ahead = one("Made", "thing/1").unless(Query::all(), at(2));
    let error = journal.append(ahead, None).await.unwrap_err();
    assert_eq!(
        (error.code(), error.field_name()),
        ("position_ahead", Some("after"))
    );
    let mut other = one("Made", "thing/1").unless(Query::all(), at(1));
    let other_id = open(memory()).log_id();
    other.condition.log_id = Some(other_id);
    assert_eq!(
        journal.append(other, None).await.unwrap_err().code(),
        "other_log"
    );
    assert_eq!(
        journal
            .check_cursor(Some(other_id), at(1))
            .unwrap_err()
            .code(),
        "other_log"
    );
    assert_eq!(
        journal.check_cursor(None, at(2)).unwrap_err().code(),
        "position_ahead"
    );
    journal.check_cursor(Some(journal.log_id()), at(1)).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_is_answered_when_commits_fail_while_others_wait() {
    let storage = memory();
    let options = Options {
        batch_bytes_max: 1, // so that the checker waits for each batch to be taken
        ..Options::default()
    };
    let journal = Journal::open(storage.clone(), TestEnv::at(1_000), options).unwrap();
    for fault in [
        Fault::Failed,
        Fault::UnknownLost,
        Fault::TakenUnread,
        Fault::UnknownWritten,
    ] {
        for _ in 0..50 {
            storage.inject(fault);
        }
    }
    let mut written = 0;
    while written < 200 {
        let appends: Vec<_> = (0..20)
            .map(|number| {
                let (journal, append) = (journal.clone(), one("Made", "thing/1"));
                tokio::spawn(async move {
                    match number % 2 {
                        0 => journal.append(append, None).await,
                        _ => journal.append_here(append.checked().unwrap(), None).await,
                    }
                })
            })
            .collect();
        for append in appends {
            written += usize::from(append.await.unwrap().is_ok());
        }
    }
    let head = journal.head().position;
    journal.verify(&mut |_| Ok(())).unwrap();
    journal.close();
    let journal = open(storage);
    assert_eq!(
        positions(&events(&journal)),
        (1..=head.0).collect::<Vec<u64>>()
    );
}

#[tokio::test]
async fn the_largest_append_is_accepted_and_one_byte_more_is_not() {
    let journal = open(memory());
    let of_bytes = |bytes: usize| {
        let sizes = (0..bytes / 1_000_000)
            .map(|_| 1_000_000)
            .chain([bytes % 1_000_000 + 2]);
        let data = sizes.map(|size| format!("\"{}\"", "x".repeat(size - 2)));
        let event = |data| headwater_event::NewEvent {
            data,
            ..event("Large", "large/1")
        };
        Append::of(data.map(|data| event(data.into())).collect())
    };
    let most = headwater_event::limits::APPEND_BYTES_MAX;
    let error = journal.append(of_bytes(most), None).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::TooLarge, "too_large"));
    let found = error.what_found().unwrap().strip_suffix(" bytes").unwrap();
    let over = found.parse::<usize>().unwrap() - most;
    let error = journal
        .append(of_bytes(most - over + 1), None)
        .await
        .unwrap_err();
    assert_eq!(
        error.what_found(),
        Some(format!("{} bytes", most + 1).as_str())
    );
    appended(journal.append(of_bytes(most - over), None).await.unwrap());
    journal.verify(&mut |_| Ok(())).unwrap();
}

//! Appends that their callers write themselves, because nobody else does.

use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread::{self, ThreadId};
use std::time::Duration;

use headwater_event::{Append, Error, EventId, ExpectedRevision, LogId, Outcome, Timestamp};
use headwater_journal::env::{Env, SystemEnv, Task};
use headwater_journal::{Fault, Journal, MemoryStorage, Options};

use crate::support::{
    appended, at, conflict, events, memory, one, open, poll_once, positions, stream, with_ids,
};

/// Remembers who drew the last event id: the thread that decides about appends.
#[derive(Default)]
struct Watch(Mutex<Option<ThreadId>>);

impl Watch {
    fn last(&self) -> Option<ThreadId> {
        *self.0.lock().unwrap()
    }

    fn is_here(&self) -> bool {
        self.last() == Some(thread::current().id())
    }
}

impl Env for Watch {
    fn now(&self) -> Timestamp {
        SystemEnv.now()
    }
    fn monotonic(&self) -> Duration {
        SystemEnv.monotonic()
    }
    fn event_id(&self) -> EventId {
        *self.0.lock().unwrap() = Some(thread::current().id());
        SystemEnv.event_id()
    }
    fn log_id(&self) -> LogId {
        SystemEnv.log_id()
    }
    fn spawn(&self, name: &str, work: Box<dyn FnOnce() + Send>) -> Task {
        SystemEnv.spawn(name, work)
    }
    fn sleep(&self, pause: Duration) {
        SystemEnv.sleep(pause);
    }
}

/// A journal, and who decides about its appends.
fn watched(storage: &Arc<MemoryStorage>) -> (Journal, Arc<Watch>) {
    let watch = Arc::<Watch>::default();
    let journal = Journal::open(storage.clone(), watch.clone(), Options::default());
    (journal.unwrap(), watch)
}

/// Appends, and says what is known after the first poll. What waits then is taken back, or not.
fn append_here(journal: &Journal, append: Append) -> Poll<Result<Outcome, Error>> {
    let append = append.checked().unwrap();
    poll_once(&mut Box::pin(journal.append_here(append, None)))
}

/// Appends until this thread writes one itself: from now on the committer sleeps, and nobody wakes
/// it. Says how many events there are.
fn lull(journal: &Journal, watch: &Watch) -> u64 {
    for _ in 0..100_000 {
        if append_here(journal, one("Made", "thing/1")).is_ready() && watch.is_here() {
            return journal.head().position.0;
        }
        thread::yield_now();
    }
    panic!("the committer never sleeps, or is woken where that is not needed");
}

/// Appends on a thread of its own, which is in the storage on return, and held there.
fn append_aside(
    journal: &Journal,
    watch: &Watch,
) -> thread::JoinHandle<Poll<Result<Outcome, Error>>> {
    let journal = journal.clone();
    let aside = thread::spawn(move || append_here(&journal, one("Made", "thing/1")));
    while watch.last() != Some(aside.thread().id()) {
        thread::yield_now();
    }
    aside
}

#[track_caller]
fn done(outcome: Poll<Result<Outcome, Error>>) -> Outcome {
    match outcome {
        Poll::Ready(outcome) => outcome.unwrap(),
        Poll::Pending => panic!("it was left to another thread"),
    }
}

#[test]
fn a_caller_that_is_alone_writes_its_append_itself() {
    let storage = memory();
    let (journal, watch) = watched(&storage);
    let before = lull(&journal, &watch);
    for number in 1..=100 {
        let outcome = done(append_here(&journal, one("Made", "thing/1")));
        assert_eq!(appended(outcome).first, at(before + number));
        assert!(watch.is_here());
    }
    let original = with_ids(one("Made", "thing/2"));
    let refused = || one("Made", "thing/2").expecting(stream("thing/2"), ExpectedRevision::None);
    assert!(!appended(done(append_here(&journal, original.clone()))).repeated);
    assert!(appended(done(append_here(&journal, original))).repeated);
    let conflict = conflict(done(append_here(&journal, refused())));
    assert_eq!(conflict.event().unwrap().position, at(before + 101));
    journal.close();
    let whole: Vec<u64> = (1..=before + 101).collect();
    assert_eq!(positions(&events(&open(storage))), whole);
}

#[tokio::test]
async fn what_comes_while_a_caller_writes_is_written_after_it() {
    let storage = memory();
    let (journal, watch) = watched(&storage);
    let before = lull(&journal, &watch);
    storage.hold();
    let first = append_aside(&journal, &watch);
    let others: Vec<_> = (0..200)
        .map(|_| journal.submit(one("Made", "thing/1"), None).unwrap())
        .collect();
    storage.release();
    assert_eq!(appended(done(first.join().unwrap())).first, at(before + 1));
    for other in others {
        appended(other.outcome().await.unwrap());
    }
    journal.close();
    let whole: Vec<u64> = (1..=before + 201).collect();
    assert_eq!(positions(&events(&open(storage))), whole);
}

#[tokio::test]
async fn after_a_commit_of_several_the_committer_waits_for_all_of_them() {
    let storage = memory();
    let (journal, watch) = watched(&storage);
    lull(&journal, &watch);
    storage.hold();
    let first = append_aside(&journal, &watch);
    let several = [(); 5].map(|()| journal.submit(one("Made", "thing/1"), None).unwrap());
    storage.release();
    appended(done(first.join().unwrap()));
    for one in several {
        appended(one.outcome().await.unwrap());
    }
    let again = one("Made", "thing/1").checked().unwrap();
    appended(journal.append_here(again, None).await.unwrap());
    assert!(
        !watch.is_here(),
        "its caller must not write it before the others come"
    );
    lull(&journal, &watch);
}

#[test]
fn closing_waits_for_a_caller_that_writes() {
    let storage = memory();
    let (journal, watch) = watched(&storage);
    let before = lull(&journal, &watch);
    storage.hold();
    let first = append_aside(&journal, &watch);
    let closing = thread::spawn({
        let journal = journal.clone();
        move || journal.close()
    });
    // Until it is closed these wait, and nothing of them is written: they came too late.
    let late = || {
        let append = one("Made", "thing/1").checked().unwrap();
        let late = journal.append_here(append, Some(Duration::ZERO));
        poll_once(&mut Box::pin(late))
    };
    while !matches!(late(), Poll::Ready(Err(error)) if error.code() == "closed") {
        thread::yield_now();
    }
    storage.release();
    assert_eq!(appended(done(first.join().unwrap())).first, at(before + 1));
    closing.join().unwrap();
    assert_eq!(events(&open(storage)).len() as u64, before + 1);
}

#[tokio::test]
async fn a_commit_that_a_caller_cannot_settle_is_settled_in_the_background() {
    let storage = memory();
    let (journal, watch) = watched(&storage);
    let before = lull(&journal, &watch);
    for _ in 0..5 {
        storage.inject(Fault::UnknownLost);
    }
    let append = with_ids(one("Made", "thing/1"));
    let Poll::Ready(Err(error)) = append_here(&journal, append.clone()) else {
        panic!("its caller does not know what came of it, and is told at once");
    };
    assert_eq!(error.code(), "unavailable");
    let mut head = journal.watch_head();
    head.wait_for(|position| *position == at(before + 1))
        .await
        .unwrap();
    loop {
        match journal.append(append.clone(), None).await {
            Ok(outcome) => break assert!(appended(outcome).repeated),
            Err(error) => assert_eq!(error.code(), "unavailable"),
        }
    }
}

#[test]
fn a_panic_while_a_caller_writes_stops_the_journal_and_not_the_caller() {
    let storage = memory();
    let (journal, watch) = watched(&storage);
    let before = lull(&journal, &watch);
    storage.inject(Fault::Panic);
    for _ in 0..2 {
        let Poll::Ready(Err(error)) = append_here(&journal, one("Made", "thing/1")) else {
            panic!("nothing is written any more");
        };
        assert_eq!(error.code(), "poisoned");
    }
    journal.close();
    assert_eq!(events(&open(storage)).len() as u64, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_that_write_and_those_that_wait_leave_one_whole_log() {
    let storage = memory();
    let journal = open(storage.clone());
    let users: Vec<_> = (0..8u32)
        .map(|user| {
            let journal = journal.clone();
            tokio::spawn(async move {
                for turn in 0..200 {
                    let append = one("Made", &format!("thing/{user}"));
                    let outcome = match (user + turn) % 3 {
                        0 => journal.append(append, None).await,
                        _ => journal.append_here(append.checked().unwrap(), None).await,
                    };
                    appended(outcome.unwrap());
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for user in users {
        user.await.unwrap();
    }
    journal.verify(&mut |_| Ok(())).unwrap();
    journal.close();
    let whole: Vec<u64> = (1..=1_600).collect();
    assert_eq!(positions(&events(&open(storage))), whole);
}

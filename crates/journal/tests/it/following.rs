//! Following a log.

use headwater_event::Query;
use headwater_journal::Journal;
use headwater_journal::conformance::Place;

use crate::support::{Disk, appended, at, event_type, memory, one, open, poll_once, positions};

async fn append(journal: &Journal, name: &str) {
    appended(journal.append(one(name, "count/1"), None).await.unwrap());
}

#[tokio::test]
async fn a_follower_catches_up_and_goes_on_live() {
    let journal = open(memory());
    for _ in 0..3 {
        append(&journal, "Old").await;
    }
    let mut follower = journal.follow(Query::all(), at(1)).unwrap();
    assert_eq!(positions(&follower.next().await.unwrap().events), [2, 3]);
    let waiting = tokio::spawn(async move {
        let batch = follower.next().await.unwrap();
        (positions(&batch.events), batch.scanned, batch.head)
    });
    append(&journal, "New").await;
    assert_eq!(waiting.await.unwrap(), (vec![4], at(4), at(4)));
}

#[tokio::test]
async fn a_filtered_follower_says_how_far_it_looked() {
    let journal = open(memory());
    let mut follower = journal
        .follow(Query::types(vec![event_type("Rare")]), at(0))
        .unwrap();
    for _ in 0..5 {
        append(&journal, "Common").await;
    }
    let mut head = journal.watch_head();
    let batch = follower.next_or(async {
        // Stops at once, but only when the follower has nothing to do.
        head.wait_for(|position| *position == at(5)).await.unwrap();
    });
    let batch = batch.await.unwrap();
    assert!(batch.events.is_empty());
    assert_eq!((batch.scanned, batch.head), (at(5), at(5)));
    append(&journal, "Rare").await;
    assert_eq!(positions(&follower.next().await.unwrap().events), [6]);
}

#[tokio::test]
async fn a_dropped_wait_loses_nothing() {
    let journal = open(memory());
    let mut follower = journal.follow(Query::all(), at(0)).unwrap();
    for round in 1..=20 {
        {
            let mut next = Box::pin(follower.next());
            assert!(poll_once(&mut next).is_pending(), "there is nothing yet");
        }
        append(&journal, "Event").await;
        assert_eq!(positions(&follower.next().await.unwrap().events), [round]);
    }
}

#[tokio::test]
async fn a_follower_reads_what_is_no_longer_in_memory() {
    let mut place = Disk::new();
    let journal = open(place.storage());
    for _ in 0..50 {
        append(&journal, "Event").await;
    }
    drop(journal);
    place.restart();
    let options = headwater_journal::Options {
        cache_bytes: 0,
        ..Default::default()
    };
    let env = std::sync::Arc::new(headwater_journal::env::SystemEnv);
    let journal = Journal::open(place.storage(), env, options).unwrap();
    let mut follower = journal.follow(Query::all(), at(0)).unwrap();
    let batch = follower.next().await.unwrap();
    assert_eq!(positions(&batch.events), (1..=50).collect::<Vec<u64>>());
    append(&journal, "Event").await;
    assert_eq!(positions(&follower.next().await.unwrap().events), [51]);
}

#[tokio::test]
async fn closing_wakes_followers() {
    let journal = open(memory());
    let mut follower = journal.follow(Query::all(), at(0)).unwrap();
    let waiting = tokio::spawn(async move { follower.next().await.map(|_| ()) });
    tokio::task::yield_now().await;
    let closing = tokio::task::spawn_blocking(move || journal.close());
    assert_eq!(waiting.await.unwrap().unwrap_err().code(), "closed");
    closing.await.unwrap();
}

//! What an append is answered.

use headwater_event::{Conflict, EventId, ExpectedRevision, Position, Query, Revision, Timestamp};
use headwater_journal::Read;
use headwater_journal::env::{Env, SystemEnv};

use crate::support::{appended, conflict, event, memory, one, open, stream};

#[tokio::test]
async fn appends_are_numbered_and_read_back_in_order() {
    let journal = open(memory());
    for count in 1..=3 {
        let answer = journal.append(one("Counted", "count/1"), None).await;
        let answer = appended(answer.unwrap());
        assert_eq!(answer.first, Position(count));
        assert_eq!(answer.revisions, [(stream("count/1"), Revision(count))]);
    }
    let page = journal.read(&Read::default()).unwrap();
    let positions: Vec<u64> = page.events.iter().map(|event| event.position.0).collect();
    assert_eq!(positions, [1, 2, 3]);
    assert_eq!(page.head, Position(3));
    assert!(!page.more);
}

#[tokio::test]
async fn an_unexpected_revision_is_a_conflict_that_names_the_last_event() {
    let journal = open(memory());
    let register =
        || one("Registered", "name/ada").expecting(stream("name/ada"), ExpectedRevision::None);
    appended(journal.append(register(), None).await.unwrap());
    let answer = conflict(journal.append(register(), None).await.unwrap());
    let Conflict::Revision {
        expected,
        found,
        event,
        ..
    } = answer
    else {
        panic!("{answer:?}");
    };
    assert_eq!((expected, found), (ExpectedRevision::None, Revision(1)));
    assert_eq!(event.unwrap().position, Position(1));
    assert_eq!(journal.head().position, Position(1));
}

#[tokio::test]
async fn a_boundary_names_the_first_event_in_the_way() {
    let journal = open(memory());
    for _ in 0..3 {
        appended(journal.append(one("Booked", "seat/7"), None).await.unwrap());
    }
    let query = Query::stream(stream("seat/7"));
    let late = one("Booked", "seat/7").unless(query.clone(), Position(1));
    let Conflict::Boundary { event, .. } = conflict(journal.append(late, None).await.unwrap())
    else {
        panic!("it is a boundary");
    };
    assert_eq!(event.position, Position(2));
    let current = one("Booked", "seat/7").unless(query, Position(3));
    assert_eq!(
        appended(journal.append(current, None).await.unwrap()).first,
        Position(4)
    );
}

#[tokio::test]
async fn a_retry_is_answered_with_the_first_positions() {
    let storage = memory();
    let mut append =
        one("Opened", "account/1").expecting(stream("account/1"), ExpectedRevision::None);
    append.events[0].id = Some(SystemEnv.event_id());
    append.events.push(event("Noted", "account/1"));
    let journal = open(storage.clone());
    let first = appended(journal.append(append.clone(), None).await.unwrap());
    drop(journal);
    let journal = open(storage);
    let again = appended(journal.append(append.clone(), None).await.unwrap());
    assert!(again.repeated && !first.repeated);
    assert_eq!((again.first, again.last), (first.first, first.last));
    assert_eq!(again.revisions, first.revisions);
    append.events[1].data = "[1]".into();
    let answer = conflict(journal.append(append, None).await.unwrap());
    let Conflict::IdReused { why, .. } = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(why, "events[1] has another data");
    assert_eq!(journal.head().position, Position(2));
}

#[tokio::test]
async fn an_event_as_it_was_read_is_the_one_that_was_written() {
    let journal = open(memory());
    let mut append = one("Opened", "account/1");
    append.events[0].id = Some(SystemEnv.event_id());
    appended(journal.append(append.clone(), None).await.unwrap());
    let read = journal.read(&Read::default()).unwrap().events.remove(0);
    append.events[0].occurred_at = Some(read.occurred_at);
    assert!(appended(journal.append(append.clone(), None).await.unwrap()).repeated);
    append.events[0].occurred_at = Timestamp::from_micros(read.occurred_at.as_micros() - 1);
    let answer = conflict(journal.append(append, None).await.unwrap());
    let Conflict::IdReused { why, .. } = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(why, "events[0] has another occurred_at");
}

#[tokio::test]
async fn some_known_ids_are_a_conflict() {
    let journal = open(memory());
    let id: EventId = SystemEnv.event_id();
    let mut append = one("Opened", "account/1");
    append.events[0].id = Some(id);
    appended(journal.append(append.clone(), None).await.unwrap());
    append.events.insert(0, event("Before", "account/1"));
    let answer = conflict(journal.append(append, None).await.unwrap());
    assert_eq!(answer.code(), "id_reused");
    assert_eq!(answer.event().unwrap().id, id);
}

#[tokio::test]
async fn after_close_everything_says_closed() {
    let journal = open(memory());
    journal.close();
    let error = journal
        .append(one("Opened", "a/1"), None)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "closed");
    assert_eq!(journal.read(&Read::default()).unwrap_err().code(), "closed");
}

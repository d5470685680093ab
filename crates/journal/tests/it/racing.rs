//! Many writers at once.

use std::collections::BTreeSet;

use headwater_event::{Append, ExpectedRevision, NewEvent, Outcome, Position, Query, Revision};
use headwater_journal::conformance::Place;
use headwater_journal::{Direction, Journal, Read};

use crate::support::{
    Disk, Memory, at, event_type, events, memory, one, open, positions, stream, tag,
};

const WRITERS: u64 = 64;
const ROUNDS: u64 = 5;

/// Each writer tries to be the next of the stream, reads again after a conflict, and stops after
/// its turns.
async fn take_turns(journal: Journal) {
    for _ in 0..ROUNDS {
        loop {
            let page = journal.streams("turn/1", None, 1).unwrap();
            let revision = page
                .streams
                .first()
                .map_or(Revision(0), |info| info.revision);
            let expected = match revision {
                Revision(0) => ExpectedRevision::None,
                revision => ExpectedRevision::Exactly(revision),
            };
            let append = one("Turn", "turn/1").expecting(stream("turn/1"), expected);
            match journal.append(append, None).await.unwrap() {
                Outcome::Appended(appended) => {
                    assert_eq!(appended.revisions[0].1, revision.next());
                    break;
                }
                Outcome::Conflict(conflict) => {
                    let found = conflict.event().unwrap().revision;
                    assert!(
                        found > revision,
                        "the conflict names an event that was not seen"
                    );
                }
            }
        }
    }
}

/// Each writer books a seat if no booking of that seat was seen; exactly one may get each.
async fn book(journal: Journal, seat: u64) -> Option<u64> {
    let seat = tag(&format!("seat:{seat}"));
    let booking = NewEvent::json(event_type("Booked"), "{}")
        .tagged(vec![seat.clone()])
        .unwrap();
    let append = Append::of(vec![booking]).unless(Query::tag(seat), Position::ZERO);
    match journal.append(append, None).await.unwrap() {
        Outcome::Appended(appended) => Some(appended.first.0),
        Outcome::Conflict(_) => None,
    }
}

async fn follow(journal: Journal, count: u64) -> Vec<u64> {
    let mut follower = journal.follow(Query::all(), at(0)).unwrap();
    let mut seen = Vec::new();
    while (seen.len() as u64) < count {
        seen.extend(positions(&follower.next().await.unwrap().events));
    }
    seen
}

async fn race(journal: &Journal) {
    let seats = 10;
    let total = WRITERS * ROUNDS + seats;
    let followers: Vec<_> = (0..4)
        .map(|_| tokio::spawn(follow(journal.clone(), total)))
        .collect();
    let turns: Vec<_> = (0..WRITERS)
        .map(|_| tokio::spawn(take_turns(journal.clone())))
        .collect();
    let bookings: Vec<_> = (0..WRITERS * 4)
        .map(|writer| tokio::spawn(book(journal.clone(), writer % seats)))
        .collect();
    for turn in turns {
        turn.await.unwrap();
    }
    let mut booked = BTreeSet::new();
    for booking in bookings {
        booked.extend(booking.await.unwrap());
    }
    assert_eq!(booked.len() as u64, seats, "each seat is booked once");
    let all: Vec<u64> = (1..=total).collect();
    assert_eq!(positions(&events(journal)), all, "positions have no gaps");
    for follower in followers {
        assert_eq!(
            follower.await.unwrap(),
            all,
            "a follower sees each once, in order"
        );
    }
    let turns = Read {
        query: Query::stream(stream("turn/1")),
        direction: Direction::Forward { after: at(0) },
        limit: 10_000,
        ..Read::default()
    };
    let revisions: Vec<u64> = journal
        .read(&turns)
        .unwrap()
        .events
        .iter()
        .map(|event| event.revision.0)
        .collect();
    assert_eq!(revisions, (1..=WRITERS * ROUNDS).collect::<Vec<u64>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_winners_are_the_ones_that_the_rules_allow_in_memory() {
    let place = Memory(memory());
    race(&open(place.storage())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_winners_are_the_ones_that_the_rules_allow_on_disk() {
    let mut place = Disk::new();
    let journal = open(place.storage());
    race(&journal).await;
    let before = events(&journal);
    drop(journal);
    place.restart();
    let journal = open(place.storage());
    assert_eq!(events(&journal), before);
    journal.verify(&mut |_| Ok(())).unwrap();
}

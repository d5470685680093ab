//! What a read gives.

use headwater_event::{Append, NewEvent, Position, Query, QueryItem, Revision, Text, Timestamp};
use headwater_journal::conformance::Place;
use headwater_journal::{Direction, Journal, Page, Read};

use crate::support::{
    Disk, appended, at, event, event_type, events, memory, one, open, positions, stream, tag,
};

/// Ten events: odd ones in `odd/1` and tagged, even ones in `even/1`; each third of type `Third`.
async fn ten(journal: &Journal) {
    for number in 1..=10u64 {
        let name = if number % 3 == 0 { "Third" } else { "Other" };
        let in_stream = if number % 2 == 1 { "odd/1" } else { "even/1" };
        let mut event = event(name, in_stream);
        if number % 2 == 1 {
            event = event
                .tagged(vec![tag("odd"), tag(&format!("number:{number}"))])
                .unwrap();
        }
        appended(journal.append(Append::of(vec![event]), None).await.unwrap());
    }
}

fn forward(query: &Query, after: u64, limit: usize) -> Read {
    Read {
        query: query.clone(),
        direction: Direction::Forward { after: at(after) },
        limit,
        ..Read::default()
    }
}

fn backward(query: &Query, before: u64, limit: usize) -> Read {
    Read {
        direction: Direction::Backward { before: at(before) },
        ..forward(query, 0, limit)
    }
}

fn shape(page: &Page) -> (Vec<u64>, u64, bool) {
    (positions(&page.events), page.scanned.0, page.more)
}

#[tokio::test]
async fn queries_find_what_matches_in_both_directions() {
    let journal = open(memory());
    ten(&journal).await;
    let thirds = Query::types(vec![event_type("Third")]);
    let odd = Query::tag(tag("odd"));
    let odd_thirds = Query {
        items: vec![QueryItem {
            types: vec![event_type("Third")],
            tags: vec![tag("odd")],
            ..QueryItem::default()
        }],
    };
    let category = Query {
        items: vec![QueryItem {
            category: Some(Text::from("even")),
            ..QueryItem::default()
        }],
    };
    let either = Query {
        items: [
            odd_thirds.items.clone(),
            Query::stream(stream("even/1")).items,
        ]
        .concat(),
    };
    let none = Query::tag(tag("nowhere"));
    let cases = [
        (Query::all(), (1..=10).collect::<Vec<u64>>()),
        (thirds, vec![3, 6, 9]),
        (odd, vec![1, 3, 5, 7, 9]),
        (odd_thirds, vec![3, 9]),
        (category, vec![2, 4, 6, 8, 10]),
        (either, vec![2, 3, 4, 6, 8, 9, 10]),
        (none, vec![]),
    ];
    for (query, mut expected) in cases {
        let page = journal.read(&forward(&query, 0, 100)).unwrap();
        assert_eq!(shape(&page), (expected.clone(), 10, false), "{query:?}");
        expected.reverse();
        let page = journal.read(&backward(&query, 0, 100)).unwrap();
        assert_eq!(shape(&page), (expected, 1, false), "{query:?}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repeat() {
    let journal = open(memory());
    ten(&journal).await;
    let odd = Query::tag(tag("odd"));
    let page = journal.read(&forward(&odd, 0, 2)).unwrap();
    assert_eq!(shape(&page), (vec![1, 3], 3, true));
    let page = journal.read(&forward(&odd, 3, 2)).unwrap();
    assert_eq!(shape(&page), (vec![5, 7], 7, true));
    let page = journal.read(&forward(&odd, 7, 2)).unwrap();
    assert_eq!(shape(&page), (vec![9], 10, false));
    let page = journal.read(&backward(&odd, 0, 2)).unwrap();
    assert_eq!(shape(&page), (vec![9, 7], 7, true));
    let page = journal.read(&backward(&odd, 7, 9)).unwrap();
    assert_eq!(shape(&page), (vec![5, 3, 1], 1, false));
    let page = journal.read(&backward(&odd, 1, 9)).unwrap();
    assert_eq!(shape(&page).0, Vec::<u64>::new());
    assert!(!page.more);
}

#[tokio::test]
async fn a_page_is_bounded_in_bytes_and_holds_one_event_at_least() {
    let journal = open(memory());
    for _ in 0..5 {
        let large = NewEvent::json(event_type("Large"), format!("\"{}\"", "x".repeat(1_000)));
        appended(journal.append(Append::of(vec![large]), None).await.unwrap());
    }
    let mut read = forward(&Query::all(), 0, 100);
    read.bytes_max = 1;
    assert_eq!(shape(&journal.read(&read).unwrap()), (vec![1], 1, true));
    read.bytes_max = 2_500;
    assert_eq!(shape(&journal.read(&read).unwrap()), (vec![1, 2], 2, true));
    read.direction = Direction::Backward { before: at(0) };
    assert_eq!(shape(&journal.read(&read).unwrap()), (vec![5, 4], 4, true));
}

#[tokio::test]
async fn what_is_after_until_is_not_there() {
    let journal = open(memory());
    ten(&journal).await;
    let mut read = forward(&Query::all(), 4, 100);
    read.until = Some(at(6));
    assert_eq!(shape(&journal.read(&read).unwrap()), (vec![5, 6], 6, false));
    read.until = Some(at(3));
    assert_eq!(shape(&journal.read(&read).unwrap()), (vec![], 4, false));
    read.direction = Direction::Backward { before: at(0) };
    assert_eq!(
        shape(&journal.read(&read).unwrap()),
        (vec![3, 2, 1], 1, false)
    );
}

#[tokio::test]
async fn a_cursor_beyond_the_head_is_refused() {
    let journal = open(memory());
    ten(&journal).await;
    for read in [
        forward(&Query::all(), 11, 1),
        backward(&Query::all(), 12, 1),
    ] {
        let error = journal.read(&read).unwrap_err();
        assert_eq!(error.code(), "position_ahead");
        assert_eq!(error.position(), Some(Position(10)));
    }
    let error = journal.read(&backward(&Query::all(), 12, 1)).unwrap_err();
    assert_eq!(error.what_found(), Some("12"), "as it was given");
    assert_eq!(error.what_expected(), Some("at most 11"));
    let all = journal.read(&backward(&Query::all(), 11, 100)).unwrap();
    assert_eq!(
        all.events.len(),
        10,
        "11 is before nothing, so it is the head"
    );
    assert!(
        journal
            .read(&forward(&Query::all(), 10, 1))
            .unwrap()
            .events
            .is_empty()
    );
    assert_eq!(
        journal.follow(Query::all(), at(11)).err().unwrap().code(),
        "position_ahead"
    );
}

#[tokio::test]
async fn an_empty_log_reads_empty() {
    let journal = open(memory());
    for read in [forward(&Query::all(), 0, 9), backward(&Query::all(), 0, 9)] {
        let page = journal.read(&read).unwrap();
        assert!(page.events.is_empty() && !page.more);
        assert_eq!(page.head, Position::ZERO);
    }
}

#[tokio::test]
async fn events_come_back_as_they_were_given() {
    let mut place = Disk::new();
    let given = NewEvent {
        content_type: Some(Text::from("image/png")),
        metadata: Some(Text::from(r#"{"actor":"ada"}"#)),
        occurred_at: Timestamp::from_micros(-5),
        data: vec![0, 159, 146, 150].into(),
        ..event("Drawn", "picture/ü/1")
    };
    let given = given.tagged(vec![tag("b"), tag("a")]).unwrap();
    let journal = open(place.storage());
    appended(
        journal
            .append(Append::of(vec![given.clone()]), None)
            .await
            .unwrap(),
    );
    let before = events(&journal);
    drop(journal);
    place.restart();
    let after = events(&open(place.storage()));
    assert_eq!(before, after);
    let event = &after[0];
    assert_eq!((event.position, event.revision), (Position(1), Revision(1)));
    assert_eq!(event.stream, given.stream);
    assert_eq!(event.tags, [tag("a"), tag("b")]);
    assert_eq!(
        (&event.data, &event.content_type),
        (&given.data, &given.content_type)
    );
    assert_eq!(
        (&event.metadata, Some(event.occurred_at)),
        (&given.metadata, given.occurred_at)
    );
    assert!(event.recorded_at > event.occurred_at);
}

#[tokio::test]
async fn streams_are_listed_by_name() {
    let journal = open(memory());
    for name in ["b/2", "a/1", "b/1", "a/1", "b/10", "c/1"] {
        appended(journal.append(one("Made", name), None).await.unwrap());
    }
    let names = |prefix: &str, after: Option<&str>, limit| {
        let page = journal.streams(prefix, after, limit).unwrap();
        let streams = page.streams.iter();
        let shape = |info: &headwater_journal::StreamInfo| {
            format!("{} {} {}", info.name, info.revision, info.last)
        };
        (streams.map(shape).collect::<Vec<_>>().join(", "), page.more)
    };
    assert_eq!(names("", None, 2), ("a/1 2 4, b/1 1 3".into(), true));
    assert_eq!(
        names("", Some("b/1"), 9),
        ("b/10 1 5, b/2 1 1, c/1 1 6".into(), false)
    );
    assert_eq!(names("b/1", None, 9), ("b/1 1 3, b/10 1 5".into(), false));
    assert_eq!(names("d", None, 9), (String::new(), false));
    appended(journal.append(one("Made", "a/0"), None).await.unwrap());
    assert_eq!(names("a", None, 9), ("a/0 1 7, a/1 2 4".into(), false));
    assert_eq!(names("b", Some("a/9"), 1), ("b/1 1 3".into(), true));
}

#[tokio::test]
async fn a_small_cache_reads_the_same_from_disk() {
    let mut place = Disk::new();
    let journal = open(place.storage());
    ten(&journal).await;
    let before = events(&journal);
    drop(journal);
    place.restart();
    let options = headwater_journal::Options {
        cache_bytes: 300,
        ..Default::default()
    };
    let env = std::sync::Arc::new(headwater_journal::env::SystemEnv);
    let journal = Journal::open(place.storage(), env, options).unwrap();
    assert_eq!(events(&journal), before);
    let page = journal
        .read(&backward(&Query::tag(tag("odd")), 0, 100))
        .unwrap();
    assert_eq!(positions(&page.events), [9, 7, 5, 3, 1]);
}

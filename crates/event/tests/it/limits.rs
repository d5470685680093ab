//! Each limit: the value itself is accepted, one more is refused.

use headwater_event::limits::*;
use headwater_event::{
    Append, Error, EventType, ExpectedRevision, NewEvent, Query, QueryItem, StreamName, Tag, Text,
    tag_set,
};

fn event(data: impl Into<bytes::Bytes>) -> NewEvent {
    NewEvent::json(EventType::new("Noted").unwrap(), data)
}

fn string_of(bytes: usize) -> String {
    format!("\"{}\"", "x".repeat(bytes - 2))
}

/// Checks that `most` is accepted and that one more is refused with this code.
fn at_and_past<T>(most: usize, code: &str, check: impl Fn(usize) -> Result<T, Error>) {
    assert!(check(most).is_ok(), "{code}: {most} is accepted");
    match check(most + 1) {
        Ok(_) => panic!("{code}: {} was accepted", most + 1),
        Err(error) => assert_eq!(error.code(), code, "{error}"),
    }
}

#[test]
fn names() {
    at_and_past(NAME_BYTES_MAX, "bad_name", |n| {
        EventType::new("x".repeat(n))
    });
    at_and_past(NAME_BYTES_MAX, "bad_name", |n| {
        StreamName::new(format!("a/{}", "x".repeat(n - 2)))
    });
    at_and_past(TAG_BYTES_MAX, "bad_name", |n| Tag::new("x".repeat(n)));
}

#[test]
fn tags_of_an_event() {
    at_and_past(TAGS_MAX, "too_many_tags", |n| {
        tag_set(
            (0..n)
                .map(|at| Tag::new(format!("t{at}")).unwrap())
                .collect(),
        )
    });
}

#[test]
fn data_metadata_and_content_type() {
    at_and_past(DATA_BYTES_MAX, "too_large", |n| event(string_of(n)).check());
    at_and_past(METADATA_BYTES_MAX, "too_large", |n| {
        let mut event = event("1");
        event.metadata = Some(Text::from(format!("{{\"a\":{}}}", string_of(n - 6))));
        event.check()
    });
    at_and_past(CONTENT_TYPE_BYTES_MAX, "bad_content_type", |n| {
        let mut event = event("1");
        event.content_type = Some(Text::from("x".repeat(n)));
        event.check()
    });
    at_and_past(JSON_DEPTH_MAX, "too_deep", |n| {
        event(format!("{}{}", "[".repeat(n), "]".repeat(n))).check()
    });
}

#[test]
fn nesting_counts_brackets_and_not_text() {
    assert!(
        event(format!("\"\\\"{}\"", "[".repeat(JSON_DEPTH_MAX + 1)))
            .check()
            .is_ok()
    );
}

#[test]
fn events_and_streams_of_an_append() {
    at_and_past(APPEND_EVENTS_MAX, "too_large", |n| {
        Append::of(vec![event("1"); n]).check()
    });
    at_and_past(EXPECTED_STREAMS_MAX, "too_many_streams", |n| {
        (0..n)
            .map(|at| StreamName::new(format!("a/{at}")).unwrap())
            .fold(Append::of(vec![event("1")]), |append, stream| {
                append.expecting(stream, ExpectedRevision::Any)
            })
            .check()
    });
}

#[test]
fn items_types_and_tags_of_a_query() {
    at_and_past(QUERY_ITEMS_MAX, "bad_query", |n| {
        Query {
            items: vec![QueryItem::default(); n],
        }
        .check("query")
    });
    let types = |n| vec![EventType::new("T").unwrap(); n];
    at_and_past(QUERY_ITEM_NAMES_MAX, "bad_query", |n| {
        Query::types(types(n)).check("query")
    });
    at_and_past(QUERY_ITEM_NAMES_MAX, "bad_query", |n| {
        let tags = vec![Tag::new("t").unwrap(); n];
        Query {
            items: vec![QueryItem {
                tags,
                ..QueryItem::default()
            }],
        }
        .check("query")
    });
}

use bytes::Bytes;
use headwater_event::limits::JSON_DEPTH_MAX;
use headwater_event::{
    Append, Error, Event, EventId, EventType, ExpectedRevision, NewEvent, Position, Revision,
    StreamName, Tag, Text, Timestamp, json, tag_set,
};
use proptest::prelude::*;

/// Code and field of the error, which both ways to read an append agree on.
fn refused(body: &str) -> (String, String) {
    let named = |error: Error| {
        (
            error.code().to_owned(),
            error.field_name().unwrap_or("").to_owned(),
        )
    };
    let apart = json::parse_append(body.as_bytes()).and_then(Append::checked);
    let apart = named(apart.expect_err(body));
    let at_once = json::parse_checked(&Bytes::copy_from_slice(body.as_bytes()));
    let at_once = named(at_once.expect_err(body));
    assert_eq!(apart, at_once, "{body}");
    apart
}

#[test]
fn an_append_is_read_whole() {
    let append = json::parse_append(
        br#"{
            "events": [{"id": "01929b9e-7a54-7cc3-a1d7-2a7c5f3a9d10", "stream": "account/ada",
                        "type": "Opened", "tags": ["b", "a", "b"], "data": {"x": [1, 2.50]},
                        "metadata": {"actor": "ada"}, "occurred_at": "2026-11-20T10:00:00Z"}],
            "expected_revisions": {"account/ada": "none", "account/bob": 3},
            "fail_if_events_match": [{"types": ["Opened"], "tags": ["a"]}], "after": 7
        }"#,
    )
    .unwrap();
    append.check().unwrap();
    let event = &append.events[0];
    assert_eq!(
        &event.data[..],
        br#"{"x": [1, 2.50]}"#,
        "the bytes that came in"
    );
    assert_eq!(
        event.tags.iter().map(Tag::as_str).collect::<Vec<_>>(),
        ["a", "b"]
    );
    let expected: Vec<_> = append
        .condition
        .expected
        .iter()
        .map(|(_, at)| *at)
        .collect();
    assert_eq!(
        expected,
        [
            ExpectedRevision::None,
            ExpectedRevision::Exactly(Revision(3))
        ]
    );
    assert_eq!(append.condition.boundary.unwrap().after, Position(7));
}

#[test]
fn what_is_wrong_is_named() {
    for (body, code, field) in [
        ("", "bad_json", ""),
        ("{", "bad_json", ""),
        ("[]", "bad_request", ""),
        ("{}", "bad_request", ""),
        (r#"{"events":[]}"#, "empty_append", "events"),
        (r#"{"events":[{"type":"T"}],"x":1}"#, "bad_request", "x"),
        (
            r#"{"events":[{"type":"T","colour":1}]}"#,
            "bad_request",
            "events[0].colour",
        ),
        (
            r#"{"events":[{"type":1}]}"#,
            "bad_request",
            "events[0].type",
        ),
        (r#"{"events":[{"type":""}]}"#, "bad_name", "events[0].type"),
        (
            r#"{"events":[{"type":"T","stream":"x"}]}"#,
            "bad_name",
            "events[0].stream",
        ),
        (
            r#"{"events":[{"type":"T","tags":["a",""]}]}"#,
            "bad_name",
            "events[0].tags[1]",
        ),
        (
            r#"{"events":[{"type":"T","id":"x"}]}"#,
            "bad_id",
            "events[0].id",
        ),
        (
            r#"{"events":[{"type":"T","source":"x"}]}"#,
            "bad_request",
            "events[0].source",
        ),
        (
            r#"{"events":[{"type":"T","metadata":[]}]}"#,
            "bad_metadata",
            "events[0].metadata",
        ),
        (
            r#"{"events":[{"type":"T","occurred_at":"x"}]}"#,
            "bad_time",
            "events[0].occurred_at",
        ),
        (
            r#"{"events":[{"type":"T","data_base64":"AA=="}]}"#,
            "bad_request",
            "events[0].content_type",
        ),
        (
            r#"{"events":[{"type":"T","data_base64":"?","content_type":"a/b"}]}"#,
            "bad_request",
            "events[0].data_base64",
        ),
        (
            r#"{"events":[{"type":"T","data":1,"content_type":"a/b"}]}"#,
            "bad_request",
            "events[0].content_type",
        ),
        (
            r#"{"events":[{"type":"T"}],"after":1}"#,
            "bad_request",
            "after",
        ),
        (
            r#"{"events":[{"type":"T"}],"expected_revisions":{"a/b":"x"}}"#,
            "bad_revision",
            "expected_revisions.a/b",
        ),
        (
            r#"{"events":[{"type":"T"}],"fail_if_events_match":[{"category":"a/b"}]}"#,
            "bad_name",
            "fail_if_events_match[0].category",
        ),
        (
            r#"{"events":[{"type":"T"}],"log_id":"x"}"#,
            "bad_id",
            "log_id",
        ),
    ] {
        assert_eq!(refused(body), (code.to_owned(), field.to_owned()), "{body}");
    }
}

#[test]
fn json_is_nested_as_deeply_as_it_may_be() {
    let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    let with = |field: &str, json: &str| {
        let body = format!(r#"{{"events":[{{"type":"T","{field}":{json}}}]}}"#);
        (Bytes::from(body.clone()), body)
    };
    let object = |levels: usize| format!(r#"{{"a":{}}}"#, nested(levels - 1));
    let deepest = [
        ("data", nested(JSON_DEPTH_MAX)),
        ("metadata", object(JSON_DEPTH_MAX)),
    ];
    for (field, json) in deepest {
        let (bytes, body) = with(field, &json);
        json::parse_checked(&bytes).expect(&body);
        json::parse_append(&bytes).unwrap().check().expect(&body);
    }
    let too_deep = [
        ("data", nested(JSON_DEPTH_MAX + 1)),
        ("metadata", object(JSON_DEPTH_MAX + 1)),
    ];
    for (field, json) in too_deep {
        let (_, body) = with(field, &json);
        let named = ("too_deep".to_owned(), format!("events[0].{field}"));
        assert_eq!(refused(&body), named);
    }
    // What is in a string opens nothing.
    let (bytes, body) = with("data", &format!("\"{}\"", "[".repeat(JSON_DEPTH_MAX + 1)));
    json::parse_checked(&bytes).expect(&body);
}

#[test]
fn a_foreign_id_is_kept_in_the_metadata() {
    let event = json::parse_event(
        br#"{"id":"order-1","source":"shop","type":"T","metadata":{"actor":"ada"}}"#,
    )
    .unwrap();
    assert_eq!(event.id, Some(EventId::foreign("shop", "order-1")));
    assert_eq!(
        event.metadata.as_deref(),
        Some(r#"{"actor":"ada","source":"shop","source_id":"order-1"}"#)
    );
}

fn name() -> impl Strategy<Value = String> {
    "[^\\p{Cc}/]{1,20}"
}

fn payload() -> impl Strategy<Value = (Bytes, Option<Text>)> {
    let text = any::<String>().prop_map(|text| {
        (
            Bytes::from(serde_json::to_string_pretty(&vec![text]).unwrap()),
            None,
        )
    });
    let bytes = any::<Vec<u8>>().prop_map(|bytes| {
        (
            Bytes::from(bytes),
            Some(Text::from("application/octet-stream")),
        )
    });
    prop_oneof![text, bytes]
}

prop_compose! {
    fn event()(
        id: u128,
        stream in proptest::option::of((name(), name())),
        event_type in name(),
        tags in proptest::collection::vec(name(), 0..4),
        (data, content_type) in payload(),
        actor in proptest::option::of(any::<String>()),
        occurred in -1_000_000_000_000_000i64..4_000_000_000_000_000,
    ) -> Event {
        Event {
            position: Position(7),
            id: EventId(uuid::Uuid::from_u128(id)),
            revision: Revision(u64::from(stream.is_some())),
            stream: stream.map(|(category, key)| StreamName::new(format!("{category}/{key}")).unwrap()),
            event_type: EventType::new(event_type).unwrap(),
            tags: tag_set(tags.into_iter().map(|tag| Tag::new(tag).unwrap()).collect()).unwrap(),
            data,
            content_type,
            metadata: actor.map(|actor| Text::from(serde_json::json!({ "actor": actor }).to_string())),
            occurred_at: Timestamp::from_micros(occurred).unwrap(),
            recorded_at: Timestamp::from_micros(0).unwrap(),
        }
    }
}

fn same(new: &NewEvent, event: &Event) -> bool {
    let data: &[u8] = &new.data;
    let spliced: Vec<u8> = event
        .data
        .iter()
        .map(|byte| match (event.is_json(), byte) {
            (true, b'\n' | b'\r') => b' ',
            (_, byte) => *byte,
        })
        .collect();
    new.id == Some(event.id)
        && new.stream == event.stream
        && new.event_type == event.event_type
        && new.tags == event.tags
        && data == spliced
        && new.content_type == event.content_type
        && new.metadata == event.metadata
        && new.occurred_at == Some(event.occurred_at)
}

/// Any bytes, or an append of which one byte is any other.
fn body() -> impl Strategy<Value = Vec<u8>> {
    const APPEND: &[u8] = br#"{"events":[{"type":"T","tags":["a"],"data":[1,"\\x"],
        "metadata":{"a":1}}],"expected_revisions":{"a/b":3}}"#;
    let changed = (0..APPEND.len(), any::<u8>()).prop_map(|(at, byte)| {
        let mut body = APPEND.to_vec();
        body[at] = byte;
        body
    });
    prop_oneof![any::<Vec<u8>>(), changed]
}

proptest! {
    #[test]
    fn an_exported_line_is_read_back_as_it_was(event in event()) {
        let mut line = Vec::new();
        json::write_event(&mut line, &event);
        prop_assert!(!line.contains(&b'\n'), "one line");
        let value: serde_json::Value = serde_json::from_slice(&line).unwrap();
        prop_assert_eq!(value["position"].as_u64(), Some(7));
        let read = json::parse_event(&line).unwrap();
        Append::of(vec![read.clone()]).check().unwrap();
        prop_assert!(same(&read, &event), "{:?} against {:?}", read, event);
    }

    #[test]
    fn any_bytes_are_an_append_or_an_error(body in body()) {
        let apart = json::parse_append(&body).and_then(Append::checked);
        let at_once = json::parse_checked(&Bytes::from(body));
        prop_assert_eq!(apart.is_ok(), at_once.is_ok());
    }

    #[test]
    fn a_query_reads_back_what_it_shows(types in proptest::collection::vec(name(), 0..3), tag in name()) {
        let query = headwater_event::Query { items: vec![headwater_event::QueryItem {
            types: types.iter().map(|name| EventType::new(name.as_str()).unwrap()).collect(),
            tags: vec![Tag::new(tag).unwrap()],
            ..Default::default()
        }] };
        let text = serde_json::to_vec(&json::query_items(&query)).unwrap();
        prop_assert_eq!(json::query(json::parse(&text).unwrap(), "query").unwrap(), query);
    }
}

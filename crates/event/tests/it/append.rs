use headwater_event::{
    Append, Conflict, EventId, EventRef, EventType, ExpectedRevision, NewEvent, Position, Revision,
    StreamName,
};

fn event() -> NewEvent {
    NewEvent::json(EventType::new("Noted").unwrap(), "{}")
}

#[test]
fn expected_revisions_hold_where_they_say() {
    use ExpectedRevision::{Any, Exactly, Exists, None};
    for (expected, at_0, at_1, at_2) in [
        (Any, true, true, true),
        (None, true, false, false),
        (Exists, false, true, true),
        (Exactly(Revision(1)), false, true, false),
    ] {
        let found = [0, 1, 2].map(|revision| expected.holds(Revision(revision)));
        assert_eq!(found, [at_0, at_1, at_2], "{expected}");
    }
}

#[test]
fn an_append_that_names_a_thing_twice_is_refused() {
    let stream = StreamName::new("account/1").unwrap();
    let twice = Append::of(vec![event()])
        .expecting(stream.clone(), ExpectedRevision::None)
        .expecting(stream, ExpectedRevision::Any);
    assert_eq!(twice.check().unwrap_err().code(), "stream_twice");

    let id = EventId::foreign("a", "b");
    let twice = Append::of(vec![event().with_id(id), event().with_id(id)]);
    assert_eq!(twice.check().unwrap_err().code(), "id_twice");
    assert_eq!(
        Append::of(vec![]).check().unwrap_err().code(),
        "empty_append"
    );
}

#[test]
fn errors_name_the_event_and_the_field() {
    let bad = NewEvent::json(EventType::new("Noted").unwrap(), "{");
    let error = Append::of(vec![event(), bad]).check().unwrap_err();
    assert_eq!(error.field_name(), Some("events[1].data"));
    assert!(error.has_no_side_effects() && !error.is_retryable());
}

#[test]
fn a_conflict_says_what_was_expected_and_found() {
    let conflict = Conflict::Revision {
        stream: StreamName::new("account/1").unwrap(),
        expected: ExpectedRevision::None,
        found: Revision(3),
        event: Some(EventRef {
            position: Position(9),
            id: EventId::foreign("a", "b"),
            event_type: EventType::new("Opened").unwrap(),
            stream: None,
            revision: Revision(3),
        }),
    };
    assert_eq!(
        conflict.to_string(),
        "the stream account/1 is at revision 3, where none was expected"
    );
    assert_eq!(conflict.event().unwrap().position, Position(9));
}

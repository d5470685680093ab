//! The name of who appends stands in the metadata, and cannot be forged.

use headwater_event::limits::METADATA_BYTES_MAX;
use headwater_event::{Append, Error, EventType, NewEvent, Text};

fn signed(metadata: Option<&str>) -> Result<String, Error> {
    let mut event = NewEvent::json(EventType::new("Noted").unwrap(), "1");
    event.metadata = metadata.map(Text::from);
    let append = Append::of(vec![event]).checked()?.by("till-3")?;
    append.check()?;
    Ok(append.events[0].metadata.as_ref().unwrap().to_string())
}

#[test]
fn the_name_is_put_in() {
    for (given, expected) in [
        (None, r#"{"actor":"till-3"}"#),
        (Some("{}"), r#"{"actor":"till-3"}"#),
        (Some(" { } "), r#"{"actor":"till-3" } "#),
        (Some(r#"{"a":1}"#), r#"{"actor":"till-3","a":1}"#),
        (
            Some(r#"{"a":{"actor":"x"}}"#),
            r#"{"actor":"till-3","a":{"actor":"x"}}"#,
        ),
    ] {
        assert_eq!(signed(given).unwrap(), expected, "{given:?}");
    }
}

#[test]
fn the_same_name_may_be_given() {
    for given in [
        r#"{"actor":"till-3"}"#,
        r#"{"b":1, "act\u006fr" : "till\u002d3"}"#,
    ] {
        assert_eq!(signed(Some(given)).unwrap(), given);
    }
}

#[test]
fn another_name_is_refused() {
    for given in [
        r#"{"actor":"ada"}"#,
        r#"{"actor":null}"#,
        r#"{"actor":["till-3"]}"#,
        r#"{"act\u006fr":"ada"}"#,
        r#"{"actor":"till-3","actor":"ada"}"#,
        r#"{"actor":"till-3","a":1,"act\u006fr":"till-3"}"#,
    ] {
        let error = signed(Some(given)).unwrap_err();
        assert_eq!(error.code(), "other_actor", "{given}");
        assert_eq!(error.field_name(), Some("events[0].metadata.actor"));
    }
}

#[test]
fn metadata_keeps_its_limit_with_the_name() {
    let text = |bytes: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(bytes - 8));
    let room = METADATA_BYTES_MAX - r#""actor":"till-3","#.len();
    assert_eq!(signed(Some(&text(room))).unwrap().len(), METADATA_BYTES_MAX);
    let error = signed(Some(&text(room + 1))).unwrap_err();
    assert_eq!(error.code(), "too_large");
}

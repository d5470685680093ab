//! `append`: events from arguments, a file or stdin, as one atomic append.

use std::path::Path;

use headwater_event::ExpectedRevision;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::args::{Append, Condition, OneEvent, Target};
use crate::command::input;
use crate::connect::{self, Need};
use crate::failure::Failure;
use crate::output;

/// Appends, and prints where the events stand as JSON.
pub(crate) async fn run(target: &Target, args: Append) -> Result<(), Failure> {
    let body = body(&args)?;
    let connection = connect::open(target, Need::Moment).await?;
    let appended = connection
        .client()
        .append(&args.database.database, body.to_string())
        .await;
    connection.close().await?;
    output::print(serde_json::to_string(&appended?).map_err(std::io::Error::from)?)
}

/// The body of the request: every event has an id, so that the request may be repeated.
fn body(args: &Append) -> Result<Value, Failure> {
    let mut body = match &args.event.r#type {
        Some(_) => json!({ "events": [one_event(&args.event, &args.events)?] }),
        None => documents(&source(args)?)?,
    };
    condition(&args.condition, &mut body)?;
    for event in body["events"].as_array_mut().into_iter().flatten() {
        if let Some(event) = event.as_object_mut() {
            event
                .entry("id")
                .or_insert_with(|| Uuid::now_v7().to_string().into());
        }
    }
    Ok(body)
}

fn source(args: &Append) -> Result<String, Failure> {
    if args.events.is_empty() {
        return input::text(args.file.as_deref().unwrap_or(Path::new("-")));
    }
    Ok(args.events.join("\n"))
}

fn one_event(parts: &OneEvent, data: &[String]) -> Result<Value, Failure> {
    let mut event = Map::new();
    let texts = [
        ("type", &parts.r#type),
        ("stream", &parts.stream),
        ("occurred_at", &parts.occurred_at),
        ("id", &parts.id),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            event.insert(name.to_owned(), text.clone().into());
        }
    }
    if !parts.tags.is_empty() {
        event.insert("tags".to_owned(), parts.tags.clone().into());
    }
    if let Some(metadata) = &parts.metadata {
        event.insert("metadata".to_owned(), json_of("--metadata", metadata)?);
    }
    match data {
        [] => {}
        [data] => {
            event.insert("data".to_owned(), json_of("the data", data)?);
        }
        _ => {
            return Err(Failure::usage("--type describes one event")
                .found(format!("{} arguments with data", data.len()))
                .expected("one, or events as JSON without --type"));
        }
    }
    Ok(event.into())
}

fn json_of(what: &str, text: &str) -> Result<Value, Failure> {
    serde_json::from_str(text).map_err(|error| {
        Failure::usage(format!("{what} is not JSON"))
            .found(text)
            .caused_by(&error)
            .expected(r#"JSON such as {"email":"ada@example.org"}"#)
    })
}

/// Events one after another, arrays of events, or one whole body with `events`.
fn documents(text: &str) -> Result<Value, Failure> {
    let mut events = Vec::new();
    for document in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        let document = document.map_err(|error| {
            Failure::usage("the events are not JSON")
                .caused_by(&error)
                .expected(r#"objects such as {"type":"AccountOpened","data":{"name":"ada"}}"#)
        })?;
        match document {
            Value::Array(list) => events.extend(list),
            Value::Object(body) if body.contains_key("events") && events.is_empty() => {
                return Ok(body.into());
            }
            event => events.push(event),
        }
    }
    if events.is_empty() {
        return Err(Failure::usage("there are no events to append")
            .expected("events as arguments, in --file or on stdin, or --type"));
    }
    Ok(json!({ "events": events }))
}

fn condition(condition: &Condition, body: &mut Value) -> Result<(), Failure> {
    for expect in &condition.expect {
        let (stream, revision) = expectation(expect)?;
        body["expected_revisions"][stream] = revision;
    }
    if !condition.fail_if.is_empty() {
        let items: Result<Vec<Value>, Failure> = condition
            .fail_if
            .iter()
            .map(|item| query_item(item))
            .collect();
        body["fail_if_events_match"] = items?.into();
    }
    if let Some(after) = condition.after {
        body["after"] = after.into();
    }
    Ok(())
}

/// `account/1=3`: the last `=` parts, as streams may hold others.
fn expectation(text: &str) -> Result<(&str, Value), Failure> {
    let bad = || {
        Failure::usage("--expect cannot be read")
            .found(text)
            .expected("STREAM=REVISION with any, none, exists or a number, as in account/1=none")
    };
    let (stream, revision) = text.rsplit_once('=').ok_or_else(bad)?;
    let parsed: ExpectedRevision = revision.parse().map_err(|_| bad())?;
    Ok(match parsed {
        ExpectedRevision::Exactly(number) => (stream, number.0.into()),
        word => (stream, word.to_string().into()),
    })
}

/// An item of a query, as JSON or as `type=AccountOpened tag=name:ada`.
fn query_item(text: &str) -> Result<Value, Failure> {
    if text.trim_start().starts_with('{') {
        return json_of("--fail-if", text);
    }
    let (mut types, mut tags) = (Vec::new(), Vec::new());
    let mut item = Map::new();
    for part in text.split_whitespace() {
        match part.split_once('=') {
            Some(("type", name)) => types.push(name),
            Some(("tag", tag)) => tags.push(tag),
            Some((key @ ("stream" | "category"), name)) => {
                item.insert(key.to_owned(), name.into());
            }
            _ => {
                return Err(Failure::usage("--fail-if cannot be read")
                    .found(part)
                    .expected("type=, tag=, stream= or category= parts, or a JSON object"));
            }
        }
    }
    if !types.is_empty() {
        item.insert("types".to_owned(), types.into());
    }
    if !tags.is_empty() {
        item.insert("tags".to_owned(), tags.into());
    }
    Ok(item.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_one_by_one_in_arrays_or_in_a_body() {
        let lines = documents("{\"type\":\"A\"}\n{\"type\":\"B\"}\n").unwrap();
        let array = documents("[{\"type\":\"A\"},{\"type\":\"B\"}]").unwrap();
        assert_eq!(lines, array);
        let body = documents(r#"{"events":[{"type":"A"}],"after":3}"#).unwrap();
        assert_eq!(body["after"], 3);
        assert!(documents("  ").is_err());
        assert!(documents("{").is_err());
    }

    #[test]
    fn expectations_end_with_a_revision() {
        assert_eq!(expectation("a/b=c=3").unwrap(), ("a/b=c", json!(3)));
        assert_eq!(expectation("a/b=none").unwrap(), ("a/b", json!("none")));
        for bad in ["a/b", "a/b=", "a/b=some", "a/b=-1"] {
            assert_eq!(expectation(bad).unwrap_err().exit_code(), 2, "{bad}");
        }
    }

    #[test]
    fn items_have_a_short_form() {
        assert_eq!(
            query_item("type=AccountOpened tag=name:ada category=account").unwrap(),
            json!({"category": "account", "types": ["AccountOpened"], "tags": ["name:ada"]})
        );
        assert_eq!(
            query_item(r#"{"tags":["a b"]}"#).unwrap(),
            json!({"tags": ["a b"]})
        );
        assert!(query_item("AccountOpened").is_err());
    }
}

//! The parts of an event as SQL values: the same for `@name` in a handler and for the columns of
//! the table `event`.

use headwater_event::{Event, JSON};
use headwater_sql::{SqlError, Type, Value, sqlstate};

/// Positions fit: a log of 2^63 events would take longer than the universe has lasted.
fn bigint(number: u64) -> Value {
    Value::BigInt(number.cast_signed())
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

pub(crate) fn position(event: &Event) -> Value {
    bigint(event.position.0)
}

pub(crate) fn id(event: &Event) -> Value {
    Value::Uuid(event.id.0)
}

pub(crate) fn stream(event: &Event) -> Value {
    let stream = event.stream.as_ref();
    stream.map_or(Value::Null, |stream| text(stream.as_str()))
}

pub(crate) fn category(event: &Event) -> Value {
    let stream = event.stream.as_ref();
    stream.map_or(Value::Null, |stream| text(stream.category()))
}

pub(crate) fn key(event: &Event) -> Value {
    let stream = event.stream.as_ref();
    stream.map_or(Value::Null, |stream| text(stream.key()))
}

pub(crate) fn revision(event: &Event) -> Value {
    let stream = event.stream.as_ref();
    stream.map_or(Value::Null, |_| bigint(event.revision.0))
}

pub(crate) fn event_type(event: &Event) -> Value {
    text(event.event_type.as_str())
}

pub(crate) fn occurred_at(event: &Event) -> Value {
    Value::Timestamptz(event.occurred_at.as_micros())
}

pub(crate) fn recorded_at(event: &Event) -> Value {
    Value::Timestamptz(event.recorded_at.as_micros())
}

/// An array of strings.
pub(crate) fn tags(event: &Event) -> Result<Value, SqlError> {
    let tags: Vec<&str> = event.tags.iter().map(|tag| tag.as_str()).collect();
    let json = serde_json::to_string(&tags)
        .map_err(|error| SqlError::new(sqlstate::INTERNAL_ERROR, error.to_string()))?;
    Value::from_text(Type::Jsonb, &json)
}

/// The data when it is JSON, else null.
pub(crate) fn data(event: &Event) -> Result<Value, SqlError> {
    if !event.is_json() {
        return Ok(Value::Null);
    }
    let json = std::str::from_utf8(&event.data).map_err(|_| {
        SqlError::new(
            sqlstate::INVALID_TEXT_REPRESENTATION,
            "the event's data is not UTF-8",
        )
    })?;
    Value::from_text(Type::Jsonb, json)
}

pub(crate) fn bytes(event: &Event) -> Value {
    Value::Bytea(event.data.to_vec())
}

pub(crate) fn content_type(event: &Event) -> Value {
    text(event.content_type.as_deref().unwrap_or(JSON))
}

/// The metadata; without any, an empty object.
pub(crate) fn metadata(event: &Event) -> Result<Value, SqlError> {
    Value::from_text(Type::Jsonb, event.metadata.as_deref().unwrap_or("{}"))
}

//! The values that a handler's parameters take from one event.
//!
//! Data is read once for each event, and only its outermost level: each field stays text until a
//! parameter asks for it, so that numbers in `jsonb` keep every digit.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;

use headwater_event::Event;
use headwater_sql::{EnvelopeField, Param, ParamSource, SqlError, Type, Value, sqlstate};
use serde_json::value::RawValue;

use crate::envelope;

type Object<'a> = HashMap<Cow<'a, str>, &'a RawValue>;

/// One event and the fields of its data.
pub(crate) struct Fields<'a> {
    event: &'a Event,
    object: OnceCell<Result<Object<'a>, SqlError>>,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(event: &'a Event) -> Fields<'a> {
        Fields {
            event,
            object: OnceCell::new(),
        }
    }

    /// The value of a parameter.
    pub(crate) fn value(&self, param: &Param) -> Result<Value, SqlError> {
        match &param.source {
            ParamSource::Envelope(part) => part_of(self.event, *part),
            ParamSource::Field { name, optional } => self.field(name, *optional, param.ty),
        }
    }

    fn field(&self, name: &str, optional: bool, ty: Type) -> Result<Value, SqlError> {
        let object = self.object.get_or_init(|| self.parse()).as_ref();
        match object.map_err(Clone::clone)?.get(name) {
            Some(raw) => field_value(raw, ty).map_err(|error| {
                SqlError::new(
                    error.sqlstate(),
                    format!("the field `{name}` cannot be used: {}", error.message()),
                )
            }),
            None if optional => Ok(Value::Null),
            None => Err(SqlError::new(
                sqlstate::INVALID_PARAMETER_VALUE,
                format!("the event's data has no field `{name}`"),
            )
            .with_hint(format!("Write :{name}? where a missing field is null."))),
        }
    }

    fn parse(&self) -> Result<Object<'a>, SqlError> {
        if let Some(media) = &self.event.content_type {
            return Err(SqlError::new(
                sqlstate::INVALID_PARAMETER_VALUE,
                format!("the event's data is {media}; only JSON has fields"),
            ));
        }
        serde_json::from_slice(&self.event.data).map_err(|_| {
            SqlError::new(
                sqlstate::INVALID_PARAMETER_VALUE,
                "the event's data is JSON but not an object; only an object has fields",
            )
        })
    }
}

fn field_value(raw: &RawValue, ty: Type) -> Result<Value, SqlError> {
    if raw.get() == "null" {
        return Ok(Value::Null);
    }
    if ty == Type::Jsonb {
        return Value::from_text(ty, raw.get());
    }
    let json: serde_json::Value = serde_json::from_str(raw.get())
        .map_err(|error| SqlError::new(sqlstate::INVALID_TEXT_REPRESENTATION, error.to_string()))?;
    Value::from_json(ty, &json)
}

fn part_of(event: &Event, part: EnvelopeField) -> Result<Value, SqlError> {
    match part {
        EnvelopeField::Position => Ok(envelope::position(event)),
        EnvelopeField::Id => Ok(envelope::id(event)),
        EnvelopeField::Stream => Ok(envelope::stream(event)),
        EnvelopeField::Category => Ok(envelope::category(event)),
        EnvelopeField::Key => Ok(envelope::key(event)),
        EnvelopeField::Revision => Ok(envelope::revision(event)),
        EnvelopeField::Type => Ok(envelope::event_type(event)),
        EnvelopeField::OccurredAt => Ok(envelope::occurred_at(event)),
        EnvelopeField::RecordedAt => Ok(envelope::recorded_at(event)),
        EnvelopeField::Tags => envelope::tags(event),
        EnvelopeField::Data => envelope::data(event),
        EnvelopeField::Metadata => envelope::metadata(event),
    }
}

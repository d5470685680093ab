//! Functions that answer many rows, each as an array of the values: `hw_rows` makes the rows.

use super::call::{Answer, Args, Scalar, strict, text};
use super::interval::shift;
use crate::SqlError;
use crate::value::array::{push_element, to_text};
use crate::value::interval::Interval;
use crate::value::json::Json;
use crate::value::moment::timestamp_to_text;

pub(super) const FUNCTIONS: &[Scalar] = &[
    strict("hw_series", 2, |a| series(a.integer(0)?, a.integer(1)?, 1)),
    strict("hw_series", 3, |a| {
        series(a.integer(0)?, a.integer(1)?, a.integer(2)?)
    }),
    strict("hw_timestamptz_series", 3, timestamps),
    strict("hw_jsonb_elements", 1, |a| {
        list(array_of(a)?.iter().map(|json| Some(json.to_string())))
    }),
    strict("hw_jsonb_elements_text", 1, |a| {
        list(array_of(a)?.iter().map(as_text))
    }),
    strict("hw_jsonb_keys", 1, |a| {
        list(
            object_of(a, "jsonb_each")?
                .iter()
                .map(|(key, _)| Some(key.clone())),
        )
    }),
    strict("hw_jsonb_object_keys", 1, |a| {
        list(
            object_of(a, "jsonb_object_keys")?
                .iter()
                .map(|(key, _)| Some(key.clone())),
        )
    }),
    strict("hw_jsonb_values", 1, |a| {
        list(
            object_of(a, "jsonb_each")?
                .iter()
                .map(|(_, json)| Some(json.to_string())),
        )
    }),
    strict("hw_jsonb_values_text", 1, |a| {
        list(
            object_of(a, "jsonb_each_text")?
                .iter()
                .map(|(_, json)| as_text(json)),
        )
    }),
];

/// The most rows that one call answers.
const ROWS_MAX: usize = 1_000_000;

fn too_many() -> SqlError {
    SqlError::unsupported(format_args!("a series of more than {ROWS_MAX} values"))
}

fn zero_step() -> SqlError {
    SqlError::new("22023", "step size cannot equal zero")
}

fn series(start: i64, stop: i64, step: i64) -> Answer {
    if step == 0 {
        return Err(zero_step());
    }
    let mut out = String::from("{");
    let mut next = Some(start);
    let mut count = 0;
    while let Some(value) = next.filter(|value| match step > 0 {
        true => *value <= stop,
        false => *value >= stop,
    }) {
        count += 1;
        if count > ROWS_MAX {
            return Err(too_many());
        }
        if count > 1 {
            out.push(',');
        }
        out.push_str(&value.to_string());
        next = value.checked_add(step);
    }
    out.push('}');
    text(out)
}

fn timestamps(args: &Args<'_, '_>) -> Answer {
    let (start, stop) = (args.integer(0)?, args.integer(1)?);
    let step = Interval::parse(args.text(2)?)?;
    let rises = match (step.months, step.days, step.micros) {
        (0, 0, 0) => return Err(zero_step()),
        (months, days, micros) if months >= 0 && days >= 0 && micros >= 0 => true,
        (months, days, micros) if months <= 0 && days <= 0 && micros <= 0 => false,
        _ => return Err(SqlError::unsupported("a step with parts of both signs")),
    };
    let mut out = String::from("{");
    let mut value = start;
    let mut count = 0;
    while (rises && value <= stop) || (!rises && value >= stop) {
        count += 1;
        if count > ROWS_MAX {
            return Err(too_many());
        }
        if count > 1 {
            out.push(',');
        }
        push_element(&mut out, Some(&timestamp_to_text(value)));
        value = shift(value, step)?;
    }
    out.push('}');
    text(out)
}

fn list(parts: impl Iterator<Item = Option<String>>) -> Answer {
    let parts: Vec<Option<String>> = parts.collect();
    text(to_text(parts.iter().map(Option::as_deref)))
}

/// A value as the `->>` of its place would give it.
fn as_text(json: &Json) -> Option<String> {
    match json {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn array_of(args: &Args<'_, '_>) -> Result<Vec<Json>, SqlError> {
    match args.json(0)? {
        Json::Array(elements) => Ok(elements),
        Json::Object(_) => Err(SqlError::new(
            "22023",
            "cannot extract elements from an object",
        )),
        _ => Err(SqlError::new(
            "22023",
            "cannot extract elements from a scalar",
        )),
    }
}

fn object_of(args: &Args<'_, '_>, name: &str) -> Result<Vec<(String, Json)>, SqlError> {
    match args.json(0)? {
        Json::Object(members) => Ok(members.into_iter().collect()),
        found => {
            let kind = match found {
                Json::Array(_) => "an array",
                _ => "a scalar",
            };
            let message = match name {
                "jsonb_object_keys" => format!("cannot call jsonb_object_keys on {kind}"),
                _ => format!("cannot call {name} on a non-object"),
            };
            Err(SqlError::new("22023", message))
        }
    }
}

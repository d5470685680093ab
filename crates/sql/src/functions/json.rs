//! `jsonb`: its operators and functions.

use super::call::{Answer, Args, Scalar, boolean, int, nullable, strict, text};
use crate::SqlError;
use crate::value::array;
use crate::value::json::{Json, position};
use rusqlite::types::Value as SqliteValue;

pub(super) const FUNCTIONS: &[Scalar] = &[
    strict("hw_jsonb_member", 2, |a| {
        as_jsonb(a.json(0)?.member(a.text(1)?))
    }),
    strict("hw_jsonb_member_text", 2, |a| {
        as_text(a.json(0)?.member(a.text(1)?))
    }),
    strict("hw_jsonb_element", 2, |a| {
        as_jsonb(element(&a.json(0)?, a.integer(1)?))
    }),
    strict("hw_jsonb_element_text", 2, |a| {
        as_text(element(&a.json(0)?, a.integer(1)?))
    }),
    strict("hw_jsonb_path", 2, |a| {
        as_jsonb(follow(&a.json(0)?, &array::elements(a.text(1)?)?))
    }),
    strict("hw_jsonb_path_text", 2, |a| {
        as_text(follow(&a.json(0)?, &array::elements(a.text(1)?)?))
    }),
    strict("hw_jsonb_extract_path", -1, |a| {
        as_jsonb(follow(&a.json(0)?, &rest(a)?))
    }),
    strict("hw_jsonb_extract_path_text", -1, |a| {
        as_text(follow(&a.json(0)?, &rest(a)?))
    }),
    nullable("hw_json_build_object", -1, json_object),
    strict("hw_jsonb_contains", 2, |a| {
        boolean(contains_document(&a.json(0)?, &a.json(1)?))
    }),
    strict("hw_jsonb_contained", 2, |a| {
        boolean(contains_document(&a.json(1)?, &a.json(0)?))
    }),
    strict("hw_jsonb_exists", 2, |a| {
        boolean(exists(&a.json(0)?, a.text(1)?))
    }),
    strict("hw_jsonb_exists_any", 2, |a| {
        let json = a.json(0)?;
        boolean(
            array::elements(a.text(1)?)?
                .iter()
                .flatten()
                .any(|key| exists(&json, key)),
        )
    }),
    strict("hw_jsonb_exists_all", 2, |a| {
        let json = a.json(0)?;
        boolean(
            array::elements(a.text(1)?)?
                .iter()
                .flatten()
                .all(|key| exists(&json, key)),
        )
    }),
    strict("hw_jsonb_concat", 2, |a| concat(a.json(0)?, a.json(1)?)),
    strict("hw_jsonb_delete_member", 2, |a| {
        delete_member(a.json(0)?, a.text(1)?)
    }),
    strict("hw_jsonb_delete_element", 2, |a| {
        delete_element(a.json(0)?, a.integer(1)?)
    }),
    strict("hw_jsonb_typeof", 1, |a| text(a.json(0)?.type_name())),
    strict("hw_jsonb_array_length", 1, |a| match a.json(0)? {
        Json::Array(elements) => int(elements.len() as i64),
        Json::Object(_) => Err(SqlError::new(
            "22023",
            "cannot get array length of a non-array",
        )),
        _ => Err(SqlError::new(
            "22023",
            "cannot get array length of a scalar",
        )),
    }),
    strict("hw_jsonb_strip_nulls", 1, |a| {
        text(without_nulls(a.json(0)?).to_string())
    }),
    nullable("hw_jsonb_build_array", -1, |a| {
        let elements = (0..a.len())
            .map(|at| or_null(a, at))
            .collect::<Result<_, _>>()?;
        text(Json::Array(elements).to_string())
    }),
    nullable("hw_jsonb_build_object", -1, build_object),
];

fn as_jsonb(found: Option<&Json>) -> Answer {
    Ok(found.map_or(SqliteValue::Null, |json| {
        SqliteValue::Text(json.to_string())
    }))
}

fn as_text(found: Option<&Json>) -> Answer {
    Ok(found
        .and_then(|json| json.clone().into_text())
        .map_or(SqliteValue::Null, SqliteValue::Text))
}

/// `->` with an integer: an element, or a bare scalar, which is an array of one to PostgreSQL.
fn element(json: &Json, index: i64) -> Option<&Json> {
    match json {
        Json::Array(_) | Json::Object(_) => json.element(index),
        scalar => position(index, 1).map(|_| scalar),
    }
}

/// A `jsonb` argument, or JSON's null for SQL's.
pub(super) fn or_null(args: &Args<'_, '_>, at: usize) -> Result<Json, SqlError> {
    if args.is_null(at) {
        Ok(Json::Null)
    } else {
        args.json(at)
    }
}

fn rest(args: &Args<'_, '_>) -> Result<Vec<Option<String>>, SqlError> {
    (1..args.len())
        .map(|at| args.text(at).map(|step| Some(step.to_owned())))
        .collect()
}

/// The value at the end of a path of keys and indexes; null steps lead nowhere.
fn follow<'j>(json: &'j Json, path: &[Option<String>]) -> Option<&'j Json> {
    path.iter().try_fold(json, |at, step| {
        let step = step.as_deref()?;
        match at {
            Json::Object(_) => at.member(step),
            Json::Array(_) => at.element(step.trim_start().parse::<i32>().ok()?.into()),
            _ => None,
        }
    })
}

/// Whether a key, or a string among the elements, is there.
fn exists(json: &Json, key: &str) -> bool {
    match json {
        Json::Object(_) => json.member(key).is_some(),
        Json::Array(elements) => elements
            .iter()
            .any(|e| matches!(e, Json::String(text) if text == key)),
        Json::String(text) => text == key,
        _ => false,
    }
}

/// `@>`: as [`contains`], and an array contains a bare scalar that is among its elements.
fn contains_document(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Array(elements), scalar) if !matches!(scalar, Json::Array(_) | Json::Object(_)) => {
            elements.contains(scalar)
        }
        _ => contains(left, right),
    }
}

/// Every member and every element of `right` is somewhere in `left`.
fn contains(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Object(_), Json::Object(members)) => members.iter().all(|(key, wanted)| {
            left.member(key)
                .is_some_and(|found| contains(found, wanted))
        }),
        (Json::Array(elements), Json::Array(wanted)) => wanted
            .iter()
            .all(|wanted| elements.iter().any(|found| contains(found, wanted))),
        (Json::Array(_) | Json::Object(_), _) | (_, Json::Array(_) | Json::Object(_)) => false,
        _ => left == right,
    }
}

/// Objects are merged; anything else becomes one array.
fn concat(left: Json, right: Json) -> Answer {
    let joined = match (left, right) {
        (Json::Object(mut left), Json::Object(right)) => {
            left.extend(right);
            Json::object(left)
        }
        (left, right) => Json::Array([elements(left), elements(right)].concat()),
    };
    text(joined.to_string())
}

fn elements(json: Json) -> Vec<Json> {
    match json {
        Json::Array(elements) => elements,
        other => vec![other],
    }
}

fn delete_member(json: Json, key: &str) -> Answer {
    let rest = match json {
        Json::Object(members) => Json::Object(
            members
                .into_iter()
                .filter(|(name, _)| name != key)
                .collect(),
        ),
        Json::Array(elements) => Json::Array(
            elements
                .into_iter()
                .filter(|e| !matches!(e, Json::String(text) if text == key))
                .collect(),
        ),
        _ => return Err(SqlError::new("22023", "cannot delete from scalar")),
    };
    text(rest.to_string())
}

fn delete_element(json: Json, index: i64) -> Answer {
    match json {
        Json::Array(mut elements) => {
            if let Some(at) = position(index, elements.len()) {
                elements.remove(at);
            }
            text(Json::Array(elements).to_string())
        }
        Json::Object(_) => Err(SqlError::new(
            "22023",
            "cannot delete from object using integer index",
        )),
        _ => Err(SqlError::new("22023", "cannot delete from scalar")),
    }
}

/// Without members that are null, at every level; elements stay.
fn without_nulls(json: Json) -> Json {
    match json {
        Json::Object(members) => Json::Object(
            members
                .into_iter()
                .filter(|(_, value)| !matches!(value, Json::Null))
                .map(|(key, value)| (key, without_nulls(value)))
                .collect(),
        ),
        Json::Array(elements) => Json::Array(elements.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

/// Keys and values in turn; keys come as text, values as `jsonb`.
fn build_object(args: &Args<'_, '_>) -> Answer {
    if !args.len().is_multiple_of(2) {
        return Err(SqlError::new(
            "22023",
            "argument list must have even number of elements",
        ));
    }
    let members = (0..args.len()).step_by(2).map(|at| {
        if args.is_null(at) {
            let message = format!("argument {}: key must not be null", at + 1);
            return Err(SqlError::new("22023", message));
        }
        Ok((args.text(at)?.to_owned(), or_null(args, at + 1)?))
    });
    text(Json::object(members.collect::<Result<_, _>>()?).to_string())
}

/// The members in the order given, with the blanks that PostgreSQL writes.
fn json_object(args: &Args<'_, '_>) -> Answer {
    if !args.len().is_multiple_of(2) {
        return Err(SqlError::new(
            "22023",
            "argument list must have even number of elements",
        ));
    }
    let mut members = Vec::new();
    for at in (0..args.len()).step_by(2) {
        if args.is_null(at) {
            return Err(SqlError::new(
                "22023",
                format!("argument {} cannot be null", at + 1),
            ));
        }
        let key = Json::String(args.text(at)?.to_owned());
        let value = match args.is_null(at + 1) {
            true => "null",
            false => args.text(at + 1)?,
        };
        members.push(format!("{key} : {value}"));
    }
    text(format!("{{{}}}", members.join(", ")))
}

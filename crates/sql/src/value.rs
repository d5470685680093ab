//! Values of the SQL types, outside SQLite: how each looks as PostgreSQL's text, as JSON, and in
//! a column of SQLite.
//!
//! | type | text (time zone UTC) | JSON | SQLite |
//! |---|---|---|---|
//! | boolean | `t` | `true` | 0, 1 |
//! | smallint, integer, bigint, oid | `42` | number | INTEGER |
//! | double precision | `1e+20` | number; infinity as string | REAL |
//! | numeric | `1.50` | string, so that no digit is lost | TEXT |
//! | text, varchar, name, "char", json | as is | string | TEXT |
//! | timestamptz | `2024-02-29 12:30:00.5+00` | string of RFC 3339 | INTEGER: microseconds |
//! | date | `2024-02-29` | string | INTEGER: days |
//! | interval | `1 day 02:03:04` | string of that form | TEXT |
//! | uuid | `0190...` | string | BLOB of 16 |
//! | jsonb | canonical | any JSON | TEXT |
//! | bytea | `\x00ff` | string of that form | BLOB |
//! | arrays, vectors | `{1,NULL}`, `1 2` | array of the elements | TEXT: `{1,NULL}` |
//!
//! Reading text and printing it again gives PostgreSQL's canonical form; every value survives
//! each of the three forms. Not here: what functions and operators do with values.

pub(crate) mod array;
pub(crate) mod bytes;
pub(crate) mod decimal;
pub(crate) mod double;
pub(crate) mod interval;
pub(crate) mod json;
pub(crate) mod moment;

use rusqlite::types::{Value as SqliteValue, ValueRef};
use serde_json::Value as JsonValue;

use crate::{SqlError, Type};
use json::Json;

/// One value of a SQL type, or null.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Null of any type.
    Null,
    /// `boolean`
    Bool(bool),
    /// `integer`
    Int(i32),
    /// `bigint`
    BigInt(i64),
    /// `double precision`
    Double(f64),
    /// `numeric`, in PostgreSQL's text form
    Numeric(String),
    /// `text`
    Text(String),
    /// `timestamp with time zone`: microseconds since 1970-01-01 UTC
    Timestamptz(i64),
    /// `date`: days since 1970-01-01
    Date(i32),
    /// `uuid`
    Uuid(uuid::Uuid),
    /// `jsonb`, in PostgreSQL's canonical text form
    Jsonb(String),
    /// `bytea`
    Bytea(Vec<u8>),
    /// `smallint`
    SmallInt(i16),
    /// `oid`
    Oid(u32),
    /// `interval`, in PostgreSQL's text form
    Interval(String),
    /// An array or vector: its type, and its elements in PostgreSQL's text form of arrays
    Array(Type, String),
    /// A value of a type whose values are texts (varchar, name, "char", json, regclass ...)
    Other(Type, String),
}

impl Value {
    /// Bytes of the text or bytes that it holds; 0 of a value that has none, as numbers and times.
    pub fn text_bytes(&self) -> usize {
        match self {
            Value::Text(text)
            | Value::Numeric(text)
            | Value::Jsonb(text)
            | Value::Interval(text)
            | Value::Array(_, text)
            | Value::Other(_, text) => text.len(),
            Value::Bytea(bytes) => bytes.len(),
            _ => 0,
        }
    }

    /// The type, unless null.
    pub fn ty(&self) -> Option<Type> {
        Some(match self {
            Value::Null => return None,
            Value::Bool(_) => Type::Bool,
            Value::Int(_) => Type::Int,
            Value::BigInt(_) => Type::BigInt,
            Value::Double(_) => Type::Double,
            Value::Numeric(_) => Type::Numeric,
            Value::Text(_) => Type::Text,
            Value::Timestamptz(_) => Type::Timestamptz,
            Value::Date(_) => Type::Date,
            Value::Uuid(_) => Type::Uuid,
            Value::Jsonb(_) => Type::Jsonb,
            Value::Bytea(_) => Type::Bytea,
            Value::SmallInt(_) => Type::SmallInt,
            Value::Oid(_) => Type::Oid,
            Value::Interval(_) => Type::Interval,
            Value::Array(ty, _) | Value::Other(ty, _) => *ty,
        })
    }

    /// Reads a text as PostgreSQL reads it for the type.
    ///
    /// # Errors
    /// PostgreSQL's: 22P02, 22007 or 22008 for the wrong form, 22003 beyond the range, 22021 for
    /// text with a zero byte; 0A000 for forms PostgreSQL reads and Headwater does not.
    pub fn from_text(ty: Type, text: &str) -> Result<Value, SqlError> {
        Ok(match ty {
            Type::Text => Value::Text(without_zero(text)?.to_owned()),
            Type::Bool => Value::Bool(bool_from_text(text)?),
            Type::Int => Value::Int(int_from_text(text)?),
            Type::BigInt => Value::BigInt(bigint_from_text(text)?),
            Type::Double => Value::Double(double::from_text(text)?),
            Type::Numeric => Value::Numeric(decimal::numeric_from_text(text)?),
            Type::Timestamptz => Value::Timestamptz(moment::timestamp_from_text(text)?),
            Type::Date => Value::Date(moment::date_from_text(text)?),
            Type::Uuid => Value::Uuid(bytes::uuid_from_text(text)?),
            Type::Jsonb => Value::Jsonb(Json::parse(text)?.to_string()),
            Type::Bytea => Value::Bytea(bytes::bytea_from_text(text)?),
            Type::SmallInt => Value::SmallInt(smallint_from_text(text)?),
            Type::Oid => Value::Oid(oid_from_text(text)?),
            Type::Interval => Value::Interval(interval::Interval::parse(text)?.to_string()),
            Type::Array(element) => Value::Array(ty, array::canonical(*element, text)?),
            Type::Vector(element) => Value::Array(ty, array::from_vector(*element, text)?),
            Type::Name => Value::Other(ty, cut(without_zero(text)?, NAME_BYTES_MAX).to_owned()),
            Type::Char => Value::Other(ty, char_from_text(text)?),
            Type::Json => {
                Json::parse(text)?;
                Value::Other(ty, text.to_owned())
            }
            // The catalogs show functions without their schema.
            Type::Other("regproc") => {
                let name = text.strip_prefix("pg_catalog.").unwrap_or(text);
                Value::Other(ty, without_zero(name)?.to_owned())
            }
            Type::Varchar | Type::Other(_) => Value::Other(ty, without_zero(text)?.to_owned()),
            // What they name is looked up where the statement runs.
            Type::Regclass | Type::Regtype | Type::Regnamespace => {
                Value::Other(ty, without_zero(text)?.to_owned())
            }
        })
    }

    /// The elements of an array or vector; `None` for any other value.
    ///
    /// # Errors
    /// Those of [`Value::from_text`] for an array that was not made here.
    pub fn elements(&self) -> Result<Option<Vec<Value>>, SqlError> {
        let Value::Array(ty, text) = self else {
            return Ok(None);
        };
        let element = ty.element().unwrap_or(Type::Text);
        let read = |part: Option<String>| match part {
            Some(part) => Value::from_text(element, &part),
            None => Ok(Value::Null),
        };
        array::elements(text)?
            .into_iter()
            .map(read)
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// An array or vector of this type with these elements, each of the type of its elements or null,
    /// which came in so many bytes. It takes no more memory than its text, however many there are.
    ///
    /// # Errors
    /// Those of the elements; 0A000 if they are written in very many more bytes.
    pub fn array<E: From<SqlError>>(
        ty: Type,
        bytes: usize,
        elements: impl Iterator<Item = Result<Value, E>>,
    ) -> Result<Value, E> {
        Ok(Value::Array(ty, array::written(bytes, elements)?))
    }

    /// The interval of so many months, days and microseconds.
    pub fn interval(months: i32, days: i32, micros: i64) -> Value {
        let interval = interval::Interval {
            months: months.into(),
            days: days.into(),
            micros,
        };
        Value::Interval(interval.to_string())
    }

    /// The months, days and microseconds of an interval; `None` for any other value.
    ///
    /// # Errors
    /// Those of [`Value::from_text`] for an interval that was not made here.
    pub fn interval_parts(&self) -> Result<Option<(i32, i32, i64)>, SqlError> {
        let Value::Interval(text) = self else {
            return Ok(None);
        };
        let interval::Interval {
            months,
            days,
            micros,
        } = interval::Interval::parse(text)?;
        let part = |part: i64| i32::try_from(part).map_err(|_| interval::out_of_range());
        Ok(Some((part(months)?, part(days)?, micros)))
    }

    /// The text PostgreSQL prints, in time zone UTC; `None` for null.
    pub fn to_text(&self) -> Option<String> {
        Some(match self {
            Value::Null => return None,
            Value::Bool(value) => if *value { "t" } else { "f" }.to_owned(),
            Value::Int(value) => value.to_string(),
            Value::BigInt(value) => value.to_string(),
            Value::Double(value) => double::to_text(*value),
            Value::Numeric(text) | Value::Text(text) | Value::Jsonb(text) => text.clone(),
            Value::Timestamptz(micros) => moment::timestamp_to_text(*micros),
            Value::Date(days) => moment::date_to_text(*days),
            Value::Uuid(uuid) => uuid.hyphenated().to_string(),
            Value::Bytea(bytes) => bytes::bytea_to_text(bytes),
            Value::SmallInt(value) => value.to_string(),
            Value::Oid(value) => value.to_string(),
            Value::Array(Type::Vector(_), text) => array::to_vector(text),
            Value::Interval(text) | Value::Array(_, text) | Value::Other(_, text) => text.clone(),
        })
    }

    /// Reads a JSON value for the type, strictly: `"1"` is no integer and `1` is no text. JSON's
    /// null is null of any type, also for `jsonb`.
    ///
    /// `serde_json` keeps numbers as doubles; use [`Value::from_text`] with [`Type::Jsonb`] on the
    /// original text where `jsonb` must keep every digit.
    ///
    /// # Errors
    /// 22023 for another kind of JSON value, naming both; else those of [`Value::from_text`].
    pub fn from_json(ty: Type, json: &JsonValue) -> Result<Value, SqlError> {
        match (ty, json) {
            (_, JsonValue::Null) => Ok(Value::Null),
            (Type::Jsonb, json) => Value::from_text(ty, &json.to_string()),
            (Type::Bool, JsonValue::Bool(value)) => Ok(Value::Bool(*value)),
            (Type::Int | Type::BigInt | Type::SmallInt | Type::Oid, JsonValue::Number(number)) => {
                integer_from_json(ty, number)
            }
            (Type::Array(element) | Type::Vector(element), JsonValue::Array(parts)) => {
                array_from_json(ty, *element, parts)
            }
            (Type::Double, JsonValue::Number(number)) => Value::from_text(ty, &number.to_string()),
            (Type::Numeric, JsonValue::Number(number)) => Value::from_text(ty, &number.to_string()),
            (Type::Timestamptz, JsonValue::String(text)) => {
                moment::timestamp_from_rfc3339(text).map(Value::Timestamptz)
            }
            (Type::Bytea, JsonValue::String(text)) if !text.starts_with("\\x") => {
                Err(SqlError::new(
                    "22P02",
                    "a bytea in JSON must be \"\\\\x\" and hexadecimal digits",
                ))
            }
            (Type::Double, JsonValue::String(text)) if text.ends_with("Infinity") => {
                Value::from_text(ty, text)
            }
            (
                Type::Bool | Type::Int | Type::BigInt | Type::SmallInt | Type::Oid | Type::Double,
                JsonValue::String(_),
            ) => Err(wrong_kind(ty, json)),
            (_, JsonValue::String(text)) => Value::from_text(ty, text),
            _ => Err(wrong_kind(ty, json)),
        }
    }

    /// The value as JSON, see the table above. `jsonb` goes through `serde_json`, whose numbers
    /// are doubles: [`Value::to_json_text`] keeps every digit.
    pub fn to_json(&self) -> JsonValue {
        match self {
            Value::Null => JsonValue::Null,
            Value::Bool(value) => (*value).into(),
            Value::Int(value) => (*value).into(),
            Value::BigInt(value) => (*value).into(),
            Value::SmallInt(value) => (*value).into(),
            Value::Oid(value) => (*value).into(),
            Value::Array(..) => self.array_to_json(),
            Value::Double(value) if value.is_finite() => (*value).into(),
            Value::Timestamptz(micros) => moment::timestamp_to_rfc3339(*micros).into(),
            // The text was canonical JSON when the value was made, so it reads.
            Value::Jsonb(text) => {
                serde_json::from_str(text).unwrap_or_else(|_| text.as_str().into())
            }
            other => other.to_text().into(),
        }
    }

    /// The value as JSON text, without loss.
    pub fn to_json_text(&self) -> String {
        match self {
            Value::Jsonb(text) => text.clone(),
            other => other.to_json().to_string(),
        }
    }

    /// What SQLite keeps for it.
    pub fn to_sqlite(&self) -> SqliteValue {
        match self {
            Value::Null => SqliteValue::Null,
            Value::Bool(value) => SqliteValue::Integer((*value).into()),
            Value::Int(value) => SqliteValue::Integer((*value).into()),
            Value::BigInt(value) | Value::Timestamptz(value) => SqliteValue::Integer(*value),
            Value::Date(days) => SqliteValue::Integer((*days).into()),
            Value::Double(value) => SqliteValue::Real(*value),
            Value::Numeric(text) | Value::Text(text) | Value::Jsonb(text) => {
                SqliteValue::Text(text.clone())
            }
            Value::Uuid(uuid) => SqliteValue::Blob(uuid.as_bytes().to_vec()),
            Value::Bytea(bytes) => SqliteValue::Blob(bytes.clone()),
            Value::SmallInt(value) => SqliteValue::Integer((*value).into()),
            Value::Oid(value) => SqliteValue::Integer((*value).into()),
            Value::Interval(text) | Value::Array(_, text) | Value::Other(_, text) => {
                SqliteValue::Text(text.clone())
            }
        }
    }

    /// An array as JSON's array of its elements.
    fn array_to_json(&self) -> JsonValue {
        match self.elements() {
            Ok(Some(elements)) => elements.iter().map(Value::to_json).collect(),
            // It was canonical when the value was made, so it reads.
            _ => self.to_text().into(),
        }
    }

    /// The value SQLite keeps as `stored`, of type `ty`.
    ///
    /// # Errors
    /// XX000 when SQLite's value cannot be one of the type.
    pub fn from_sqlite(ty: Type, stored: ValueRef<'_>) -> Result<Value, SqlError> {
        let value = match (ty, stored) {
            (_, ValueRef::Null) => Some(Value::Null),
            (Type::Bool, ValueRef::Integer(bit @ (0 | 1))) => Some(Value::Bool(bit == 1)),
            (Type::Int, ValueRef::Integer(value)) => i32::try_from(value).ok().map(Value::Int),
            (Type::Date, ValueRef::Integer(value)) => i32::try_from(value).ok().map(Value::Date),
            (Type::BigInt, ValueRef::Integer(value)) => Some(Value::BigInt(value)),
            (Type::Timestamptz, ValueRef::Integer(micros)) => Some(Value::Timestamptz(micros)),
            (Type::Double, ValueRef::Real(value)) => Some(Value::Double(value)),
            (Type::Text, ValueRef::Text(text)) => utf8(text).map(Value::Text),
            (Type::Numeric, ValueRef::Text(text)) => utf8(text).map(Value::Numeric),
            (Type::Jsonb, ValueRef::Text(text)) => utf8(text).map(Value::Jsonb),
            (Type::Uuid, ValueRef::Blob(bytes)) => {
                uuid::Uuid::from_slice(bytes).ok().map(Value::Uuid)
            }
            (Type::Bytea, ValueRef::Blob(bytes)) => Some(Value::Bytea(bytes.to_vec())),
            (Type::SmallInt, ValueRef::Integer(value)) => {
                i16::try_from(value).ok().map(Value::SmallInt)
            }
            (Type::Oid, ValueRef::Integer(value)) => u32::try_from(value).ok().map(Value::Oid),
            (Type::Interval, ValueRef::Text(text)) => utf8(text).map(Value::Interval),
            (Type::Array(_) | Type::Vector(_), ValueRef::Text(text)) => {
                utf8(text).map(|text| Value::Array(ty, text))
            }
            (
                Type::Varchar | Type::Name | Type::Char | Type::Json | Type::Other(_),
                ValueRef::Text(text),
            )
            | (Type::Regclass | Type::Regtype | Type::Regnamespace, ValueRef::Text(text)) => {
                utf8(text).map(|text| Value::Other(ty, text))
            }
            _ => None,
        };
        value.ok_or_else(|| {
            let found = stored.data_type();
            SqlError::new(
                "XX000",
                format!("a {} of SQLite was found where a {ty} was expected", found),
            )
        })
    }
}

/// PostgreSQL's `boolin`: `true`, `yes`, `on`, `1` and their opposites, or a unique beginning.
fn bool_from_text(text: &str) -> Result<bool, SqlError> {
    let word = trimmed(text).to_ascii_lowercase();
    let begins = |full: &str, least: usize| word.len() >= least && full.starts_with(&word);
    if begins("true", 1) || begins("yes", 1) || begins("on", 2) || word == "1" {
        Ok(true)
    } else if begins("false", 1) || begins("no", 1) || begins("off", 2) || word == "0" {
        Ok(false)
    } else {
        Err(invalid(Type::Bool, text))
    }
}

fn int_from_text(text: &str) -> Result<i32, SqlError> {
    integer_from_text(Type::Int, text)
        .and_then(|value| i32::try_from(value).map_err(|_| integer_out_of_range(Type::Int, text)))
}

fn smallint_from_text(text: &str) -> Result<i16, SqlError> {
    integer_from_text(Type::SmallInt, text).and_then(|value| {
        i16::try_from(value).map_err(|_| integer_out_of_range(Type::SmallInt, text))
    })
}

/// PostgreSQL's `oidin`: `strtoul`, so that -1 is the largest.
fn oid_from_text(text: &str) -> Result<u32, SqlError> {
    let value = integer_from_text(Type::Oid, text)?;
    let wrapped = i32::try_from(value).map(i32::cast_unsigned);
    u32::try_from(value)
        .or(wrapped)
        .map_err(|_| integer_out_of_range(Type::Oid, text))
}

/// The longest `name`, in bytes; longer ones are cut.
pub(crate) const NAME_BYTES_MAX: usize = 63;

/// The beginning of a text that has at most so many bytes.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// `"char"` keeps the first byte.
pub(crate) fn char_from_text(text: &str) -> Result<String, SqlError> {
    match text.chars().next() {
        Some(first) if !first.is_ascii() => Err(SqlError::unsupported(
            "a \"char\" that is not an ASCII character",
        )),
        first => Ok(first.map(String::from).unwrap_or_default()),
    }
}

fn array_from_json(ty: Type, element: Type, parts: &[JsonValue]) -> Result<Value, SqlError> {
    let read = |part: &JsonValue| Value::from_json(element, part).map(|value| value.to_text());
    let texts = parts.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let text = array::to_text(texts.iter().map(Option::as_deref));
    Ok(Value::Array(ty, text))
}

fn bigint_from_text(text: &str) -> Result<i64, SqlError> {
    integer_from_text(Type::BigInt, text)
}

/// Blanks around, one sign, decimal digits.
fn integer_from_text(ty: Type, text: &str) -> Result<i64, SqlError> {
    let number = trimmed(text);
    let digits = number.strip_prefix(['+', '-']).unwrap_or(number);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(invalid(ty, text));
    }
    number.parse().map_err(|_| integer_out_of_range(ty, text))
}

fn integer_from_json(ty: Type, number: &serde_json::Number) -> Result<Value, SqlError> {
    if number.is_f64() {
        let message = format!("expected {ty}, found the JSON number {number}");
        return Err(SqlError::new("22023", message)
            .with_hint("Write a whole number without a point or an exponent."));
    }
    Value::from_text(ty, &number.to_string())
}

fn wrong_kind(ty: Type, json: &JsonValue) -> SqlError {
    let found = match json {
        JsonValue::Null => "null",
        JsonValue::Bool(_) => "a JSON boolean",
        JsonValue::Number(_) => "a JSON number",
        JsonValue::String(_) => "a JSON string",
        JsonValue::Array(_) => "a JSON array",
        JsonValue::Object(_) => "a JSON object",
    };
    let expected = match ty {
        Type::Bool => "a JSON boolean",
        Type::Int | Type::BigInt | Type::Double | Type::SmallInt | Type::Oid => "a JSON number",
        Type::Array(_) | Type::Vector(_) => "a JSON array",
        Type::Numeric => "a JSON number or string",
        _ => "a JSON string",
    };
    SqlError::new(
        "22023",
        format!("expected {expected} for {ty}, found {found}"),
    )
}

fn utf8(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().map(str::to_owned)
}

fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\u{b}')
}

/// PostgreSQL's text holds no zero byte.
fn without_zero(text: &str) -> Result<&str, SqlError> {
    if text.contains('\0') {
        return Err(SqlError::new(
            "22021",
            "invalid byte sequence for encoding \"UTF8\": 0x00",
        ));
    }
    Ok(text)
}

fn invalid(ty: Type, text: &str) -> SqlError {
    SqlError::new(
        "22P02",
        format!("invalid input syntax for type {ty}: \"{text}\""),
    )
}

fn integer_out_of_range(ty: Type, text: &str) -> SqlError {
    SqlError::new(
        "22003",
        format!("value \"{text}\" is out of range for type {ty}"),
    )
}

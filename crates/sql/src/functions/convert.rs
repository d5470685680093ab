//! Casts that change the stored form, and the two conversions that are no casts: to the text a
//! client sees (`concat`) and to `jsonb` (`to_jsonb`). `casts.rs` says which casts there are.

use super::call::{
    Answer, Args, Scalar, bigint, boolean, double, int, numeric, out_of_range, smallint, strict,
    text,
};
use crate::value::array::elements;
use crate::value::bytes::bytea_to_text;
use crate::value::decimal::Decimal;
use crate::value::double::{from_text, to_text as double_to_text};
use crate::value::json::Json;
use crate::value::moment::{
    MICROS_PER_DAY, date_to_text, midnight, timestamp_from_text, timestamp_to_json,
    timestamp_to_text,
};
use crate::{SqlError, Type, Value};
use rusqlite::types::Value as SqliteValue;

pub(super) const FUNCTIONS: &[Scalar] = &[
    strict("hw_text_to_bool", 1, |a| read(a, Type::Bool)),
    strict("hw_text_to_smallint", 1, |a| read(a, Type::SmallInt)),
    strict("hw_text_to_oid", 1, |a| read(a, Type::Oid)),
    strict("hw_text_to_interval", 1, |a| read(a, Type::Interval)),
    strict("hw_text_to_json", 1, |a| read(a, Type::Json)),
    strict("hw_text_to_name", 1, |a| read(a, Type::Name)),
    strict("hw_text_to_char", 1, |a| read(a, Type::Char)),
    strict("hw_integer_to_smallint", 1, |a| smallint(a.integer(0)?)),
    strict("hw_double_to_smallint", 1, |a| {
        smallint(whole(a.double(0)?).ok_or_else(|| out_of_range("smallint"))?)
    }),
    strict("hw_numeric_to_smallint", 1, |a| {
        decimal_to_smallint(a.decimal(0)?)
    }),
    strict("hw_jsonb_to_smallint", 1, |a| {
        decimal_to_smallint(Decimal::parse(&json_number(a, Type::SmallInt)?)?)
    }),
    strict("hw_int_to_oid", 1, |a| {
        Ok(SqliteValue::Integer(
            (a.integer(0)? as i32).cast_unsigned().into(),
        ))
    }),
    strict("hw_bigint_to_oid", 1, |a| {
        match u32::try_from(a.integer(0)?) {
            Ok(oid) => Ok(SqliteValue::Integer(oid.into())),
            Err(_) => Err(out_of_range("OID")),
        }
    }),
    strict("hw_oid_to_int", 1, |a| {
        Ok(SqliteValue::Integer(
            (a.integer(0)? as u32).cast_signed().into(),
        ))
    }),
    strict("hw_integer_as_jsonb_text", 1, |a| {
        json_string(a.integer(0)?.to_string())
    }),
    strict("hw_json_array_as_jsonb", 1, |a| {
        array_as_jsonb(a, |element| Json::parse(&element))
    }),
    strict("hw_double_array_as_jsonb", 1, |a| {
        array_as_jsonb(a, json_double)
    }),
    strict("hw_timestamptz_array_as_jsonb", 1, |a| {
        array_as_jsonb(a, json_timestamp)
    }),
    strict("hw_bool_array_as_jsonb", 1, |a| {
        array_as_jsonb(a, json_bool)
    }),
    strict("hw_text_array_as_jsonb", 1, |a| {
        array_as_jsonb(a, |element| Ok(Json::String(element)))
    }),
    strict("hw_raw_array_as_json", 1, |a| array_as_json(a, Ok)),
    strict("hw_double_array_as_json", 1, |a| {
        array_as_json(a, raw_double)
    }),
    strict("hw_timestamptz_array_as_json", 1, |a| {
        array_as_json(a, |element| Ok(json_timestamp(element)?.to_string()))
    }),
    strict("hw_bool_array_as_json", 1, |a| {
        array_as_json(a, |element| Ok(json_bool(element)?.to_string()))
    }),
    strict("hw_text_array_as_json", 1, |a| {
        array_as_json(a, |element| Ok(Json::String(element).to_string()))
    }),
    strict("hw_double_as_json", 1, |a| {
        text(raw_double(double_to_text(a.double(0)?))?)
    }),
    strict("hw_text_to_int", 1, |a| read(a, Type::Int)),
    strict("hw_text_to_bigint", 1, |a| read(a, Type::BigInt)),
    strict("hw_text_to_double", 1, |a| read(a, Type::Double)),
    strict("hw_text_to_numeric", 1, |a| read(a, Type::Numeric)),
    strict("hw_text_to_timestamptz", 1, |a| read(a, Type::Timestamptz)),
    strict("hw_text_to_date", 1, |a| read(a, Type::Date)),
    strict("hw_text_to_uuid", 1, |a| read(a, Type::Uuid)),
    strict("hw_text_to_jsonb", 1, |a| read(a, Type::Jsonb)),
    strict("hw_text_to_bytea", 1, |a| read(a, Type::Bytea)),
    strict("hw_bool_to_text", 1, |a| {
        text(if a.integer(0)? == 0 { "false" } else { "true" })
    }),
    strict("hw_integer_to_text", 1, |a| text(a.integer(0)?.to_string())),
    strict("hw_double_to_text", 1, |a| {
        text(double_to_text(a.double(0)?))
    }),
    strict("hw_timestamptz_to_text", 1, |a| {
        text(timestamp_to_text(a.integer(0)?))
    }),
    strict("hw_date_to_text", 1, |a| {
        text(date_to_text(a.integer(0)? as i32))
    }),
    strict("hw_uuid_to_text", 1, |a| {
        text(uuid(a)?.hyphenated().to_string())
    }),
    strict("hw_bytea_to_text", 1, |a| text(bytea_to_text(a.bytes(0)?))),
    strict("hw_int_to_bool", 1, |a| boolean(a.integer(0)? != 0)),
    strict("hw_bigint_to_int", 1, |a| int(a.integer(0)?)),
    strict("hw_integer_to_double", 1, |a| {
        Ok(SqliteValue::Real(a.integer(0)? as f64))
    }),
    strict("hw_double_to_int", 1, |a| {
        int(whole(a.double(0)?).ok_or_else(|| out_of_range("integer"))?)
    }),
    strict("hw_double_to_bigint", 1, |a| bigint(whole(a.double(0)?))),
    strict("hw_double_to_numeric", 1, |a| {
        numeric(Decimal::from_double(a.double(0)?)?)
    }),
    strict("hw_numeric_to_int", 1, |a| decimal_to_int(a.decimal(0)?)),
    strict("hw_numeric_to_bigint", 1, |a| {
        decimal_to_bigint(a.decimal(0)?)
    }),
    strict("hw_numeric_to_double", 1, |a| {
        double(from_text(a.text(0)?)?)
    }),
    strict("hw_timestamptz_to_date", 1, |a| {
        Ok(SqliteValue::Integer(
            a.integer(0)?.div_euclid(MICROS_PER_DAY),
        ))
    }),
    strict("hw_date_to_timestamptz", 1, |a| {
        midnight(a.integer(0)?).map(SqliteValue::Integer)
    }),
    strict("hw_jsonb_to_bool", 1, |a| match a.json(0)? {
        Json::Bool(value) => boolean(value),
        other => Err(no_scalar(&other, Type::Bool)),
    }),
    strict("hw_jsonb_to_int", 1, |a| {
        decimal_to_int(Decimal::parse(&json_number(a, Type::Int)?)?)
    }),
    strict("hw_jsonb_to_bigint", 1, |a| {
        decimal_to_bigint(Decimal::parse(&json_number(a, Type::BigInt)?)?)
    }),
    strict("hw_jsonb_to_double", 1, |a| {
        double(from_text(&json_number(a, Type::Double)?)?)
    }),
    strict("hw_jsonb_to_numeric", 1, |a| {
        text(json_number(a, Type::Numeric)?)
    }),
    strict("hw_bool_output", 1, |a| {
        text(if a.integer(0)? == 0 { "f" } else { "t" })
    }),
    strict("hw_text_as_jsonb", 1, |a| {
        json_string(a.text(0)?.to_owned())
    }),
    strict("hw_timestamptz_as_jsonb", 1, |a| {
        json_string(timestamp_to_json(a.integer(0)?))
    }),
    strict("hw_date_as_jsonb", 1, |a| {
        json_string(date_to_text(a.integer(0)? as i32))
    }),
    strict("hw_uuid_as_jsonb", 1, |a| {
        json_string(uuid(a)?.hyphenated().to_string())
    }),
    strict("hw_bytea_as_jsonb", 1, |a| {
        json_string(bytea_to_text(a.bytes(0)?))
    }),
    strict("hw_double_as_jsonb", 1, |a| {
        text(json_double(double_to_text(a.double(0)?))?.to_string())
    }),
];

/// Casts a text by reading it.
fn read(args: &Args<'_, '_>, ty: Type) -> Answer {
    Value::from_text(ty, args.text(0)?).map(|value| value.to_sqlite())
}

fn uuid(args: &Args<'_, '_>) -> Result<uuid::Uuid, SqlError> {
    uuid::Uuid::from_slice(args.bytes(0)?)
        .map_err(|error| SqlError::new("XX000", error.to_string()))
}

/// The nearest integer, halves to even, if 64 bits hold it.
fn whole(value: f64) -> Option<i64> {
    /// 2^63, the first double too large.
    const END: f64 = 9_223_372_036_854_775_808.0;
    let rounded = value.round_ties_even();
    (-END..END).contains(&rounded).then_some(rounded as i64)
}

fn decimal_to_smallint(value: Decimal) -> Answer {
    i64::try_from(value.to_integer()).map_or_else(|_| Err(out_of_range("smallint")), smallint)
}

/// JSON's array of the elements, each made by `convert`.
fn array_as_jsonb(args: &Args<'_, '_>, convert: fn(String) -> Result<Json, SqlError>) -> Answer {
    let parts = elements(args.text(0)?)?.into_iter();
    let converted = parts
        .map(|part| part.map_or(Ok(Json::Null), convert))
        .collect::<Result<Vec<_>, _>>()?;
    text(Json::Array(converted).to_string())
}

/// The elements as `json` writes them: without blanks between them.
fn array_as_json(args: &Args<'_, '_>, convert: fn(String) -> Result<String, SqlError>) -> Answer {
    let parts = elements(args.text(0)?)?.into_iter();
    let converted = parts
        .map(|part| part.map_or_else(|| Ok("null".to_owned()), convert))
        .collect::<Result<Vec<_>, _>>()?;
    text(format!("[{}]", converted.join(",")))
}

fn json_timestamp(shown: String) -> Result<Json, SqlError> {
    let micros = timestamp_from_text(&shown)?;
    Ok(Json::String(timestamp_to_json(micros)))
}

fn json_bool(shown: String) -> Result<Json, SqlError> {
    Ok(Json::Bool(shown == "t"))
}

/// A number of `json` stays as it is shown.
fn raw_double(shown: String) -> Result<String, SqlError> {
    match from_text(&shown)?.is_finite() {
        true => Ok(shown),
        false => Ok(Json::String(shown).to_string()),
    }
}

fn decimal_to_int(value: Decimal) -> Answer {
    i64::try_from(value.to_integer()).map_or_else(|_| Err(out_of_range("integer")), int)
}

fn decimal_to_bigint(value: Decimal) -> Answer {
    bigint(i64::try_from(value.to_integer()).ok())
}

fn json_number(args: &Args<'_, '_>, ty: Type) -> Result<String, SqlError> {
    match args.json(0)? {
        Json::Number(number) => Ok(number),
        other => Err(no_scalar(&other, ty)),
    }
}

fn no_scalar(found: &Json, ty: Type) -> SqlError {
    let found = match found {
        Json::Array(_) | Json::Object(_) => "array or object",
        Json::Number(_) => "numeric",
        other => other.type_name(),
    };
    SqlError::new("22023", format!("cannot cast jsonb {found} to type {ty}"))
}

fn json_string(value: String) -> Answer {
    text(Json::String(value).to_string())
}

/// A number, or the strings PostgreSQL writes for infinity.
fn json_double(shown: String) -> Result<Json, SqlError> {
    match from_text(&shown)?.is_finite() {
        true => Json::parse(&shown),
        false => Ok(Json::String(shown)),
    }
}

//! The casts between types, as PostgreSQL's `pg_cast` and its rules about text have them.

use crate::{SqlError, Type};

/// Where PostgreSQL applies a cast by itself (`pg_cast.castcontext`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CastContext {
    /// Anywhere.
    Implicit,
    /// Also when storing into a column.
    Assignment,
    /// Only where `cast` or `::` is written.
    Explicit,
}

/// A cast between two types.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cast {
    /// Where it applies by itself.
    pub(crate) context: CastContext,
    /// The SQLite function of one argument; `None` when the storage is the same.
    pub(crate) sqlite: Option<&'static str>,
}

/// The cast from one type to another; `None` when PostgreSQL has none. 0A000 when it has one but
/// Headwater does not.
pub(crate) fn resolve_cast(from: Type, to: Type) -> Result<Option<Cast>, SqlError> {
    match (from.element(), to.element()) {
        // The number of the byte.
        (None, None)
            if matches!(
                (from, to),
                (Type::Char, Type::Int) | (Type::Int, Type::Char)
            ) =>
        {
            return Err(SqlError::unsupported(format_args!(
                "a cast from {from} to {to}"
            )));
        }
        (None, None) => {}
        (None, Some(_)) if from.is_string() => {
            return Err(SqlError::unsupported(format_args!(
                "a cast from {from} to {to} that is not of a literal or parameter"
            )));
        }
        (Some(_), None) if to.is_string() => {}
        (None, _) | (_, None) => return Ok(None),
        (Some(one), Some(other)) => return between_arrays(one, other),
    }
    Ok(between_strings(from, to)
        .or_else(|| between_numbers(from, to))
        .or_else(|| between_oids(from, to))
        .or_else(|| of_texts(from, to))
        .or_else(|| others(from, to)))
}

fn cast(context: CastContext, sqlite: Option<&'static str>) -> Option<Cast> {
    Some(Cast { context, sqlite })
}

/// Arrays are cast element by element; those that are kept alike need nothing.
fn between_arrays(from: Type, to: Type) -> Result<Option<Cast>, SqlError> {
    if from == to {
        return Ok(cast(CastContext::Implicit, None));
    }
    let is_whole = |ty: Type| matches!(ty, Type::SmallInt | Type::Int | Type::BigInt | Type::Oid);
    let Some(found) = resolve_cast(from, to)? else {
        return Ok(None);
    };
    let widens = is_whole(from) && is_whole(to) && found.context == CastContext::Implicit;
    let as_text = matches!(to, Type::Text | Type::Varchar) && from != Type::Bool;
    match widens || as_text {
        true => Ok(cast(found.context, None)),
        false => Err(SqlError::unsupported(format_args!(
            "a cast from {from}[] to {to}[]"
        ))),
    }
}

fn between_strings(from: Type, to: Type) -> Option<Cast> {
    use CastContext::{Assignment, Implicit};
    use Type::{Char, Name, Text, Varchar};
    match (from, to) {
        (Text, Varchar) | (Varchar | Name, Text) => cast(Implicit, None),
        (Name, Varchar) => cast(Assignment, None),
        (Text | Varchar, Name) => cast(Implicit, Some("hw_text_to_name")),
        (Char, Text) => cast(Implicit, None),
        (Char, Varchar) => cast(Assignment, None),
        (Text | Varchar, Char) => cast(Assignment, Some("hw_text_to_char")),
        _ => None,
    }
}

fn between_numbers(from: Type, to: Type) -> Option<Cast> {
    use CastContext::{Assignment, Explicit, Implicit};
    use Type::{BigInt, Bool, Double, Int, Numeric, SmallInt};
    match (from, to) {
        (SmallInt, Int | BigInt) | (Int, BigInt) => cast(Implicit, None),
        (SmallInt | Int | BigInt, Double) => cast(Implicit, Some("hw_integer_to_double")),
        (SmallInt | Int | BigInt, Numeric) => cast(Implicit, Some("hw_integer_to_text")),
        (Numeric, Double) => cast(Implicit, Some("hw_numeric_to_double")),
        (Int | BigInt, SmallInt) => cast(Assignment, Some("hw_integer_to_smallint")),
        (Double, SmallInt) => cast(Assignment, Some("hw_double_to_smallint")),
        (Numeric, SmallInt) => cast(Assignment, Some("hw_numeric_to_smallint")),
        (BigInt, Int) => cast(Assignment, Some("hw_bigint_to_int")),
        (Double, Int) => cast(Assignment, Some("hw_double_to_int")),
        (Double, BigInt) => cast(Assignment, Some("hw_double_to_bigint")),
        (Double, Numeric) => cast(Assignment, Some("hw_double_to_numeric")),
        (Numeric, Int) => cast(Assignment, Some("hw_numeric_to_int")),
        (Numeric, BigInt) => cast(Assignment, Some("hw_numeric_to_bigint")),
        (Bool, Int) => cast(Explicit, None),
        (Int, Bool) => cast(Explicit, Some("hw_int_to_bool")),
        _ => None,
    }
}

fn between_oids(from: Type, to: Type) -> Option<Cast> {
    use CastContext::{Assignment, Implicit};
    use Type::{BigInt, Int, Oid, Regclass, SmallInt, Text, Varchar};
    match (from, to) {
        (SmallInt | Int, Oid) => cast(Implicit, Some("hw_int_to_oid")),
        (BigInt, Oid) => cast(Implicit, Some("hw_bigint_to_oid")),
        (Oid, BigInt) => cast(Implicit, None),
        (Oid, Int) => cast(Assignment, Some("hw_oid_to_int")),
        (Oid, to) if to.is_reg() => cast(Implicit, None),
        (from, Oid | BigInt) if from.is_reg() => cast(Implicit, None),
        (from, Int) if from.is_reg() => cast(Assignment, Some("hw_oid_to_int")),
        (SmallInt | Int, to) if to.is_reg() => cast(Implicit, Some("hw_int_to_oid")),
        (BigInt, to) if to.is_reg() => cast(Implicit, Some("hw_bigint_to_oid")),
        (Oid, Type::Other("regproc")) => cast(Implicit, Some("hw_sys_function_name")),
        (Text | Varchar, Regclass) => cast(Implicit, Some("hw_text_to_regclass")),
        _ => None,
    }
}

/// Every type has a text form, and every text may be read.
fn of_texts(from: Type, to: Type) -> Option<Cast> {
    match (from.is_string(), to.is_string()) {
        // `"char"` is no string to PostgreSQL, and has its own casts.
        _ if from == Type::Char || to == Type::Char => None,
        (_, true) => cast(CastContext::Assignment, output(from)),
        (true, false) => cast(CastContext::Explicit, input(to)),
        (false, false) => None,
    }
}

fn others(from: Type, to: Type) -> Option<Cast> {
    use CastContext::{Assignment, Explicit, Implicit};
    use Type::{BigInt, Bool, Date, Double, Int, Json, Jsonb, Numeric, SmallInt, Timestamptz};
    match (from, to) {
        (Date, Timestamptz) => cast(Implicit, Some("hw_date_to_timestamptz")),
        (Timestamptz, Date) => cast(Assignment, Some("hw_timestamptz_to_date")),
        (Jsonb, Bool) => cast(Explicit, Some("hw_jsonb_to_bool")),
        (Jsonb, SmallInt) => cast(Explicit, Some("hw_jsonb_to_smallint")),
        (Jsonb, Int) => cast(Explicit, Some("hw_jsonb_to_int")),
        (Jsonb, BigInt) => cast(Explicit, Some("hw_jsonb_to_bigint")),
        (Jsonb, Double) => cast(Explicit, Some("hw_jsonb_to_double")),
        (Jsonb, Numeric) => cast(Explicit, Some("hw_jsonb_to_numeric")),
        (Json, Jsonb) => cast(Assignment, Some("hw_text_to_jsonb")),
        (Jsonb, Json) => cast(Assignment, None),
        _ => None,
    }
}

/// The function that casts to text.
pub(super) fn output(from: Type) -> Option<&'static str> {
    match from {
        Type::Bool => Some("hw_bool_to_text"),
        Type::SmallInt | Type::Int | Type::BigInt | Type::Oid => Some("hw_integer_to_text"),
        Type::Double => Some("hw_double_to_text"),
        Type::Timestamptz => Some("hw_timestamptz_to_text"),
        Type::Date => Some("hw_date_to_text"),
        Type::Uuid => Some("hw_uuid_to_text"),
        Type::Bytea => Some("hw_bytea_to_text"),
        Type::Regclass => Some("hw_regclass_to_text"),
        Type::Regtype => Some("hw_regtype_to_text"),
        Type::Regnamespace => Some("hw_regnamespace_to_text"),
        Type::Vector(_) => Some("hw_vector_to_text"),
        // They are kept as their texts.
        _ => None,
    }
}

/// The function that casts from text; `None` for what is kept as it is.
pub(crate) fn input(to: Type) -> Option<&'static str> {
    Some(match to {
        Type::Bool => "hw_text_to_bool",
        Type::SmallInt => "hw_text_to_smallint",
        Type::Int => "hw_text_to_int",
        Type::BigInt => "hw_text_to_bigint",
        Type::Oid => "hw_text_to_oid",
        Type::Double => "hw_text_to_double",
        Type::Numeric => "hw_text_to_numeric",
        Type::Timestamptz => "hw_text_to_timestamptz",
        Type::Date => "hw_text_to_date",
        Type::Interval => "hw_text_to_interval",
        Type::Uuid => "hw_text_to_uuid",
        Type::Jsonb => "hw_text_to_jsonb",
        Type::Json => "hw_text_to_json",
        Type::Bytea => "hw_text_to_bytea",
        Type::Name => "hw_text_to_name",
        Type::Char => "hw_text_to_char",
        Type::Regclass => "hw_text_to_regclass",
        Type::Regtype => "hw_text_to_regtype",
        Type::Regnamespace => "hw_text_to_regnamespace",
        Type::Text | Type::Varchar | Type::Array(_) | Type::Vector(_) | Type::Other(_) => {
            return None;
        }
    })
}

/// The function that gives the text a client would see, which for booleans is no cast.
pub(crate) fn client_text(from: Type) -> Option<&'static str> {
    match from {
        Type::Bool => Some("hw_bool_output"),
        other => output(other),
    }
}

/// As [`as_jsonb`], for `json`, which keeps texts as they are.
pub(super) fn as_json(from: Type) -> Option<&'static str> {
    match from {
        Type::Json => None,
        Type::Double => Some("hw_double_as_json"),
        _ => as_jsonb(from).map(|function| match function {
            "hw_json_array_as_jsonb" => "hw_raw_array_as_json",
            "hw_double_array_as_jsonb" => "hw_double_array_as_json",
            "hw_timestamptz_array_as_jsonb" => "hw_timestamptz_array_as_json",
            "hw_bool_array_as_jsonb" => "hw_bool_array_as_json",
            "hw_text_array_as_jsonb" => "hw_text_array_as_json",
            same => same,
        }),
    }
}

/// The function that makes `jsonb` of a value (`to_jsonb`).
pub(super) fn as_jsonb(from: Type) -> Option<&'static str> {
    Some(match from {
        Type::Jsonb | Type::Numeric => return None,
        Type::Bool => "hw_bool_to_text",
        Type::SmallInt | Type::Int | Type::BigInt => "hw_integer_to_text",
        Type::Double => "hw_double_as_jsonb",
        Type::Timestamptz => "hw_timestamptz_as_jsonb",
        Type::Date => "hw_date_as_jsonb",
        Type::Uuid => "hw_uuid_as_jsonb",
        Type::Bytea => "hw_bytea_as_jsonb",
        Type::Json => "hw_text_to_jsonb",
        Type::Oid => "hw_integer_as_jsonb_text",
        Type::Array(Type::SmallInt | Type::Int | Type::BigInt | Type::Numeric)
        | Type::Array(Type::Jsonb | Type::Json)
        | Type::Vector(Type::SmallInt) => "hw_json_array_as_jsonb",
        Type::Array(Type::Bool) => "hw_bool_array_as_jsonb",
        Type::Array(Type::Double) => "hw_double_array_as_jsonb",
        Type::Array(Type::Timestamptz) => "hw_timestamptz_array_as_jsonb",
        Type::Array(_) | Type::Vector(_) => "hw_text_array_as_jsonb",
        _ => "hw_text_as_jsonb",
    })
}

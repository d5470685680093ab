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
    Ok(find(from, to))
}

fn find(from: Type, to: Type) -> Option<Cast> {
    use CastContext::{Assignment, Explicit, Implicit};
    use Type::{BigInt, Bool, Date, Double, Int, Jsonb, Numeric, Text, Timestamptz};
    let (context, sqlite) = match (from, to) {
        // Every type has a text form, and every text may be read.
        (_, Text) => (Assignment, output(from)),
        (Text, _) => (Explicit, Some(input(to))),
        (Int, BigInt) => (Implicit, None),
        (Int | BigInt, Double) => (Implicit, Some("hw_integer_to_double")),
        (Int | BigInt, Numeric) => (Implicit, Some("hw_integer_to_text")),
        (Numeric, Double) => (Implicit, Some("hw_numeric_to_double")),
        (BigInt, Int) => (Assignment, Some("hw_bigint_to_int")),
        (Double, Int) => (Assignment, Some("hw_double_to_int")),
        (Double, BigInt) => (Assignment, Some("hw_double_to_bigint")),
        (Double, Numeric) => (Assignment, Some("hw_double_to_numeric")),
        (Numeric, Int) => (Assignment, Some("hw_numeric_to_int")),
        (Numeric, BigInt) => (Assignment, Some("hw_numeric_to_bigint")),
        (Bool, Int) => (Explicit, None),
        (Int, Bool) => (Explicit, Some("hw_int_to_bool")),
        (Date, Timestamptz) => (Implicit, Some("hw_date_to_timestamptz")),
        (Timestamptz, Date) => (Assignment, Some("hw_timestamptz_to_date")),
        (Jsonb, Bool) => (Explicit, Some("hw_jsonb_to_bool")),
        (Jsonb, Int) => (Explicit, Some("hw_jsonb_to_int")),
        (Jsonb, BigInt) => (Explicit, Some("hw_jsonb_to_bigint")),
        (Jsonb, Double) => (Explicit, Some("hw_jsonb_to_double")),
        (Jsonb, Numeric) => (Explicit, Some("hw_jsonb_to_numeric")),
        _ => return None,
    };
    Some(Cast { context, sqlite })
}

/// The function that casts to text.
pub(super) fn output(from: Type) -> Option<&'static str> {
    match from {
        Type::Text | Type::Numeric | Type::Jsonb => None,
        Type::Bool => Some("hw_bool_to_text"),
        Type::Int | Type::BigInt => Some("hw_integer_to_text"),
        Type::Double => Some("hw_double_to_text"),
        Type::Timestamptz => Some("hw_timestamptz_to_text"),
        Type::Date => Some("hw_date_to_text"),
        Type::Uuid => Some("hw_uuid_to_text"),
        Type::Bytea => Some("hw_bytea_to_text"),
    }
}

/// The function that casts from text.
fn input(to: Type) -> &'static str {
    match to {
        Type::Text => "hw_text_to_text",
        Type::Bool => "hw_text_to_bool",
        Type::Int => "hw_text_to_int",
        Type::BigInt => "hw_text_to_bigint",
        Type::Double => "hw_text_to_double",
        Type::Numeric => "hw_text_to_numeric",
        Type::Timestamptz => "hw_text_to_timestamptz",
        Type::Date => "hw_text_to_date",
        Type::Uuid => "hw_text_to_uuid",
        Type::Jsonb => "hw_text_to_jsonb",
        Type::Bytea => "hw_text_to_bytea",
    }
}

/// The function that gives the text a client would see, which for booleans is no cast.
pub(super) fn client_text(from: Type) -> Option<&'static str> {
    match from {
        Type::Bool => Some("hw_bool_output"),
        other => output(other),
    }
}

/// The function that makes `jsonb` of a value (`to_jsonb`).
pub(super) fn as_jsonb(from: Type) -> Option<&'static str> {
    match from {
        Type::Jsonb | Type::Numeric => None,
        Type::Bool => Some("hw_bool_to_text"),
        Type::Int | Type::BigInt => Some("hw_integer_to_text"),
        Type::Double => Some("hw_double_as_jsonb"),
        Type::Text => Some("hw_text_as_jsonb"),
        Type::Timestamptz => Some("hw_timestamptz_as_jsonb"),
        Type::Date => Some("hw_date_as_jsonb"),
        Type::Uuid => Some("hw_uuid_as_jsonb"),
        Type::Bytea => Some("hw_bytea_as_jsonb"),
    }
}

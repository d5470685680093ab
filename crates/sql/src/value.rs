//! Values of the SQL types, outside SQLite.

use crate::Type;

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
}

impl Value {
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
        })
    }
}

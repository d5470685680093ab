//! The types of Headwater's SQL, and how each is stored in SQLite.
//!
//! | PostgreSQL | SQLite | stored as |
//! |---|---|---|
//! | text | TEXT | as is |
//! | boolean | INTEGER | 0 or 1 |
//! | integer, bigint | INTEGER | as is |
//! | double precision | REAL | as is; never NaN |
//! | numeric | TEXT | PostgreSQL's text form; only as a result, never as a column |
//! | timestamp with time zone | INTEGER | microseconds since 1970-01-01 UTC |
//! | date | INTEGER | days since 1970-01-01 |
//! | uuid | BLOB | 16 bytes |
//! | jsonb | TEXT | PostgreSQL's canonical text form |
//! | bytea | BLOB | as is |

use std::fmt;

/// A PostgreSQL type that Headwater's SQL knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// `text`
    Text,
    /// `boolean`
    Bool,
    /// `integer`: 32 bits
    Int,
    /// `bigint`: 64 bits
    BigInt,
    /// `double precision`: 64-bit IEEE 754, without NaN
    Double,
    /// `numeric`: exact decimal
    Numeric,
    /// `timestamp with time zone`: microseconds
    Timestamptz,
    /// `date`
    Date,
    /// `uuid`
    Uuid,
    /// `jsonb`
    Jsonb,
    /// `bytea`
    Bytea,
}

impl Type {
    /// All types, in the order of declaration.
    pub const ALL: [Type; 11] = [
        Type::Text,
        Type::Bool,
        Type::Int,
        Type::BigInt,
        Type::Double,
        Type::Numeric,
        Type::Timestamptz,
        Type::Date,
        Type::Uuid,
        Type::Jsonb,
        Type::Bytea,
    ];

    /// The name PostgreSQL prints (`format_type`).
    pub fn name(self) -> &'static str {
        match self {
            Type::Text => "text",
            Type::Bool => "boolean",
            Type::Int => "integer",
            Type::BigInt => "bigint",
            Type::Double => "double precision",
            Type::Numeric => "numeric",
            Type::Timestamptz => "timestamp with time zone",
            Type::Date => "date",
            Type::Uuid => "uuid",
            Type::Jsonb => "jsonb",
            Type::Bytea => "bytea",
        }
    }

    /// The name in PostgreSQL's catalog (`pg_type.typname`), which also names unnamed output columns.
    pub fn catalog_name(self) -> &'static str {
        match self {
            Type::Text => "text",
            Type::Bool => "bool",
            Type::Int => "int4",
            Type::BigInt => "int8",
            Type::Double => "float8",
            Type::Numeric => "numeric",
            Type::Timestamptz => "timestamptz",
            Type::Date => "date",
            Type::Uuid => "uuid",
            Type::Jsonb => "jsonb",
            Type::Bytea => "bytea",
        }
    }

    /// The type with this name or alias, in any case; `None` for any other.
    pub fn parse(name: &str) -> Option<Type> {
        let name = name.trim().to_ascii_lowercase();
        Some(match name.as_str() {
            "text" => Type::Text,
            "boolean" | "bool" => Type::Bool,
            "integer" | "int" | "int4" => Type::Int,
            "bigint" | "int8" => Type::BigInt,
            "double precision" | "float8" | "float" => Type::Double,
            "numeric" | "decimal" => Type::Numeric,
            "timestamp with time zone" | "timestamptz" => Type::Timestamptz,
            "date" => Type::Date,
            "uuid" => Type::Uuid,
            "jsonb" => Type::Jsonb,
            "bytea" => Type::Bytea,
            _ => return None,
        })
    }

    /// The type of the SQLite column that keeps it.
    pub fn sqlite_storage(self) -> &'static str {
        match self {
            Type::Bool | Type::Int | Type::BigInt | Type::Timestamptz | Type::Date => "INTEGER",
            Type::Double => "REAL",
            Type::Text | Type::Numeric | Type::Jsonb => "TEXT",
            Type::Uuid | Type::Bytea => "BLOB",
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

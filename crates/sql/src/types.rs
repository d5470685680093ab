//! The types of Headwater's SQL, and how each is stored in SQLite.
//!
//! | PostgreSQL | SQLite | stored as |
//! |---|---|---|
//! | text, varchar, name, "char" | TEXT | as is |
//! | boolean | INTEGER | 0 or 1 |
//! | smallint, integer, bigint, oid | INTEGER | as is |
//! | double precision | REAL | as is; never NaN |
//! | numeric | TEXT | PostgreSQL's text form; only as a result, never as a column |
//! | timestamp with time zone | INTEGER | microseconds since 1970-01-01 UTC |
//! | date | INTEGER | days since 1970-01-01 |
//! | interval | TEXT | PostgreSQL's text form |
//! | uuid | BLOB | 16 bytes |
//! | jsonb | TEXT | PostgreSQL's canonical text form |
//! | json | TEXT | as is |
//! | bytea | BLOB | as is |
//! | regclass, regtype, regnamespace | INTEGER | the oid; a text once it leaves the query |
//! | arrays, int2vector, oidvector | TEXT | PostgreSQL's text form of the array, `{1,2}` |
//! | types that only the catalogs have | TEXT | PostgreSQL's text form |

use std::fmt;

use crate::catalogs;

/// A PostgreSQL type that Headwater's SQL knows.
///
/// The first eleven are those of columns and fields ([`Type::ALL`], except numeric, which is only a
/// result). The others are results of functions and columns of the catalogs.
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
    /// `smallint`: 16 bits
    SmallInt,
    /// `character varying`, without a length
    Varchar,
    /// `name`: an identifier
    Name,
    /// `"char"`: one byte
    Char,
    /// `oid`: 32 bits without a sign
    Oid,
    /// `regclass`: the oid of a relation, shown as its name
    Regclass,
    /// `regtype`: the oid of a type, shown as its name
    Regtype,
    /// `regnamespace`: the oid of a schema, shown as its name
    Regnamespace,
    /// `interval`
    Interval,
    /// `json`
    Json,
    /// An array of one dimension, counted from 1.
    Array(&'static Type),
    /// `int2vector` and `oidvector`: arrays counted from 0.
    Vector(&'static Type),
    /// A type that only the catalogs have, by its name in `pg_type`; its values are texts.
    Other(&'static str),
}

impl Type {
    /// All types that columns and fields can have, and `numeric`, in the order of declaration.
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
            Type::Varchar => "character varying",
            Type::SmallInt => "smallint",
            Type::Char => "\"char\"",
            Type::Array(_) => catalogs::types::by_oid(self.oid()).map_or("array", |ty| ty.shown),
            other => other.catalog_name(),
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
            Type::SmallInt => "int2",
            Type::Varchar => "varchar",
            Type::Name => "name",
            Type::Char => "char",
            Type::Oid => "oid",
            Type::Regclass => "regclass",
            Type::Regtype => "regtype",
            Type::Regnamespace => "regnamespace",
            Type::Interval => "interval",
            Type::Json => "json",
            Type::Vector(Type::SmallInt) => "int2vector",
            Type::Vector(_) => "oidvector",
            Type::Array(_) => catalogs::types::by_oid(self.oid()).map_or("array", |ty| ty.name),
            Type::Other(name) => name,
        }
    }

    /// PostgreSQL's number for the type (`pg_type.oid`).
    pub fn oid(self) -> u32 {
        match self {
            Type::Array(element) => catalogs::types::by_oid(element.oid()).map_or(0, |ty| ty.array),
            scalar => catalogs::types::by_name(scalar.catalog_name()).map_or(0, |ty| ty.oid),
        }
    }

    /// Bytes of a value in PostgreSQL (`pg_type.typlen`); negative when they differ.
    pub fn length(self) -> i16 {
        catalogs::types::by_oid(self.oid()).map_or(-1, |ty| ty.length)
    }

    /// The type with this number.
    pub fn from_oid(oid: u32) -> Option<Type> {
        catalogs::types::by_oid(oid).map(|ty| ty.ty)
    }

    /// The array of values of this type; `None` when PostgreSQL has none.
    pub fn array(self) -> Option<Type> {
        let array = catalogs::types::by_oid(self.oid())?.array;
        Type::from_oid(array)
    }

    /// The type of an array's elements; `None` for what is no array.
    pub fn element(self) -> Option<Type> {
        match self {
            Type::Array(element) | Type::Vector(element) => Some(*element),
            _ => None,
        }
    }

    /// Whether values are kept as oids and leave a query as names.
    pub(crate) fn is_reg(self) -> bool {
        matches!(self, Type::Regclass | Type::Regtype | Type::Regnamespace)
    }

    /// Whether values are characters, as PostgreSQL's string types are.
    pub(crate) fn is_string(self) -> bool {
        matches!(self, Type::Text | Type::Varchar | Type::Name)
    }

    /// The type with this name or alias, in any case; `None` for any other.
    pub fn parse(name: &str) -> Option<Type> {
        let name = name.trim().to_ascii_lowercase();
        if let Some(element) = name.strip_suffix("[]") {
            return Type::parse(element)?.array();
        }
        Some(match name.as_str() {
            "boolean" => Type::Bool,
            "integer" | "int" => Type::Int,
            "bigint" => Type::BigInt,
            "smallint" => Type::SmallInt,
            "double precision" | "float" => Type::Double,
            "decimal" => Type::Numeric,
            "timestamp with time zone" => Type::Timestamptz,
            "character varying" => Type::Varchar,
            "\"char\"" => Type::Char,
            "char" => return None,
            name => {
                let ty = catalogs::types::by_name(name)?.ty;
                return (!matches!(ty, Type::Other(_)) || !is_common(name)).then_some(ty);
            }
        })
    }

    /// `pg_type.typcategory`.
    pub(crate) fn category(self) -> char {
        match self {
            Type::Text | Type::Varchar | Type::Name => 'S',
            Type::Bool => 'B',
            Type::SmallInt | Type::Int | Type::BigInt | Type::Double | Type::Numeric => 'N',
            Type::Oid | Type::Regclass | Type::Regtype | Type::Regnamespace => 'N',
            Type::Timestamptz | Type::Date => 'D',
            Type::Interval => 'T',
            Type::Uuid | Type::Jsonb | Type::Bytea | Type::Json => 'U',
            Type::Array(_) | Type::Vector(_) => 'A',
            Type::Char => 'Z',
            Type::Other(_) => 'X',
        }
    }

    /// `pg_type.typispreferred`.
    pub(crate) fn is_preferred(self) -> bool {
        matches!(
            self,
            Type::Text | Type::Bool | Type::Double | Type::Timestamptz | Type::Oid | Type::Interval
        )
    }

    /// The type of the SQLite column that keeps it.
    pub fn sqlite_storage(self) -> &'static str {
        match self {
            Type::Bool | Type::SmallInt | Type::Int | Type::BigInt => "INTEGER",
            Type::Timestamptz | Type::Date | Type::Oid => "INTEGER",
            Type::Regclass | Type::Regtype | Type::Regnamespace => "INTEGER",
            Type::Double => "REAL",
            Type::Uuid | Type::Bytea => "BLOB",
            _ => "TEXT",
        }
    }
}

/// Types that people name and that the language has not: they are refused rather than taken for
/// texts, because their values have operators and an order.
fn is_common(name: &str) -> bool {
    !matches!(
        name,
        "pg_node_tree" | "aclitem" | "_aclitem" | "xid" | "regproc" | "pg_lsn"
    )
}

impl fmt::Display for Type {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

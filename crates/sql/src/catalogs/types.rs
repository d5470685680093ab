//! PostgreSQL's types (`pg_type`), and which of them the language has.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::Type;

/// `pg_type` of PostgreSQL 15 without the row types of tables, as `copy` writes it.
pub(crate) const ROWS: &str = include_str!("postgres15/pg_type.tsv");

/// One row of `pg_type`.
#[derive(Debug)]
pub(crate) struct TypeEntry {
    pub(crate) oid: u32,
    pub(crate) name: &'static str,
    /// As `format_type` writes it.
    pub(crate) shown: &'static str,
    /// The type of arrays of it; 0 when there is none.
    pub(crate) array: u32,
    /// What it is here.
    pub(crate) ty: Type,
    /// Bytes of a value; negative when they differ.
    pub(crate) length: i16,
    pub(crate) by_value: bool,
    pub(crate) align: &'static str,
    pub(crate) storage: &'static str,
    pub(crate) collation: u32,
}

#[derive(Default)]
struct Types {
    entries: Vec<TypeEntry>,
    by_oid: HashMap<u32, usize>,
    by_name: HashMap<&'static str, usize>,
}

/// The type with this number.
pub(crate) fn by_oid(oid: u32) -> Option<&'static TypeEntry> {
    let types = types();
    types.by_oid.get(&oid).map(|at| &types.entries[*at])
}

/// The type with this name in `pg_type`.
pub(crate) fn by_name(name: &str) -> Option<&'static TypeEntry> {
    let types = types();
    types.by_name.get(name).map(|at| &types.entries[*at])
}

fn types() -> &'static Types {
    static TYPES: OnceLock<Types> = OnceLock::new();
    TYPES.get_or_init(|| {
        let mut types = Types::default();
        for line in ROWS.lines() {
            let fields: Vec<&'static str> = line.split('\t').collect();
            if let Some(entry) = entry(&fields) {
                types.by_oid.insert(entry.oid, types.entries.len());
                types.by_name.insert(entry.name, types.entries.len());
                types.entries.push(entry);
            }
        }
        types
    })
}

/// A line of `pg_type`; the places are those of its columns.
fn entry(fields: &[&'static str]) -> Option<TypeEntry> {
    let number = |at: usize| fields.get(at)?.parse::<u32>().ok();
    let name = *fields.get(1)?;
    let is_array = fields.get(7) == Some(&"A") && name.starts_with('_');
    Some(TypeEntry {
        oid: number(0)?,
        name,
        shown: shown(name, is_array),
        array: number(14)?,
        ty: known(name, is_array),
        length: fields.get(4)?.parse().ok()?,
        by_value: *fields.get(5)? == "t",
        align: fields.get(22)?,
        storage: fields.get(23)?,
        collation: number(28)?,
    })
}

/// The name that `format_type` writes.
fn shown(name: &'static str, is_array: bool) -> &'static str {
    let Some(element) = name.strip_prefix('_').filter(|_| is_array) else {
        return long_name(name);
    };
    // One text for each array type of PostgreSQL, made once.
    String::leak(format!("{}[]", long_name(element)))
}

fn long_name(name: &'static str) -> &'static str {
    match name {
        "bool" => "boolean",
        "int2" => "smallint",
        "int4" => "integer",
        "int8" => "bigint",
        "float4" => "real",
        "float8" => "double precision",
        "varchar" => "character varying",
        "bpchar" => "character",
        "char" => "\"char\"",
        "timestamp" => "timestamp without time zone",
        "timestamptz" => "timestamp with time zone",
        "time" => "time without time zone",
        "timetz" => "time with time zone",
        "varbit" => "bit varying",
        "any" => "\"any\"",
        other => other,
    }
}

/// The types that arrays here have elements of.
const ELEMENTS: &[Type] = &[
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
    Type::SmallInt,
    Type::Varchar,
    Type::Name,
    Type::Char,
    Type::Oid,
    Type::Interval,
    Type::Json,
    Type::Other("aclitem"),
];

/// The other types whose values are more here than their texts.
const OTHERS: &[Type] = &[
    Type::Regclass,
    Type::Regtype,
    Type::Regnamespace,
    Type::Vector(&Type::SmallInt),
    Type::Vector(&Type::Oid),
];

/// What a type of PostgreSQL is here.
fn known(name: &'static str, is_array: bool) -> Type {
    match name.strip_prefix('_').filter(|_| is_array) {
        Some(element) => {
            let element = ELEMENTS.iter().find(|ty| ty.catalog_name() == element);
            element.map_or(Type::Other(name), Type::Array)
        }
        None => {
            let mut all = ELEMENTS.iter().chain(OTHERS).copied();
            let known = all.find(|ty| ty.catalog_name() == name);
            known.unwrap_or(Type::Other(name))
        }
    }
}

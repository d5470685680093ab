//! The tables and views of `pg_catalog` and `information_schema`: all that PostgreSQL 15 has, with
//! its columns and types. Which of them have rows is said in `rows`.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use super::types;
use crate::Type;
use crate::catalog::{Column, Table};

/// Schema, name, oid, kind, and columns as `name:type`, with `!` where null is refused. Made by
/// asking PostgreSQL 15 for `pg_class` and `pg_attribute`, domains taken for their base types.
const LIST: &str = include_str!("postgres15/relations.tsv");

/// The number of the schema `pg_catalog`.
pub(crate) const PG_CATALOG: u32 = 11;
/// The number of the schema `information_schema`.
pub(crate) const INFORMATION_SCHEMA: u32 = 13_207;
/// The number of the schema `public`.
pub(crate) const PUBLIC: u32 = 2_200;

/// A relation of PostgreSQL's own.
#[derive(Debug)]
pub(crate) struct SystemRelation {
    pub(crate) namespace: u32,
    pub(crate) oid: u32,
    /// `r` is a table, `v` a view.
    pub(crate) kind: &'static str,
    pub(crate) table: Arc<Table>,
}

/// All of them, `pg_catalog` first.
pub(crate) fn all() -> &'static [SystemRelation] {
    static RELATIONS: OnceLock<Vec<SystemRelation>> = OnceLock::new();
    RELATIONS.get_or_init(|| LIST.lines().filter_map(relation).collect())
}

/// The relation with this name in this schema.
pub(crate) fn find(namespace: u32, name: &str) -> Option<&'static SystemRelation> {
    static PLACES: OnceLock<HashMap<(u32, &'static str), usize>> = OnceLock::new();
    let places = PLACES.get_or_init(|| {
        let named = all().iter().enumerate();
        named
            .map(|(at, relation)| ((relation.namespace, relation.table.name.as_str()), at))
            .collect()
    });
    places.get(&(namespace, name)).map(|at| &all()[*at])
}

/// The number of a schema that every database has.
pub(crate) fn namespace(name: &str) -> Option<u32> {
    match name {
        "public" => Some(PUBLIC),
        "pg_catalog" => Some(PG_CATALOG),
        "information_schema" => Some(INFORMATION_SCHEMA),
        _ => None,
    }
}

fn relation(line: &'static str) -> Option<SystemRelation> {
    let mut fields = line.split('\t');
    let namespace = namespace(fields.next()?)?;
    let name = fields.next()?;
    let oid = fields.next()?.parse().ok()?;
    let kind = fields.next()?;
    let columns = fields.next()?.split(',').filter_map(column).collect();
    let table = Table {
        name: name.to_owned(),
        columns,
        primary_key: Vec::new(),
        primary_key_name: String::new(),
        unique: Vec::new(),
        checks: Vec::new(),
    };
    Some(SystemRelation {
        namespace,
        oid,
        kind,
        table: Arc::new(table),
    })
}

fn column(text: &'static str) -> Option<Column> {
    let (name, ty) = text.split_once(':')?;
    let bare = ty.trim_end_matches('!');
    Some(Column {
        name: name.to_owned(),
        ty: types::by_name(bare).map_or(Type::Other(bare), |entry| entry.ty),
        not_null: bare.len() < ty.len(),
        default: None,
    })
}

//! The rows of each relation of `pg_catalog`. A relation that is not named here has none.

use rusqlite::types::Value as SqliteValue;

use super::relations::{INFORMATION_SCHEMA, PUBLIC, SystemRelation};
use super::schema::{Constraint, Relation, ShownIndex, number_of};
use super::{Shown, definitions, information, types};
use crate::value::array::to_text;
use crate::{Table, Type, Value};

/// The rows of one relation, in storage encoding.
pub(crate) type Rows = Vec<Vec<SqliteValue>>;

/// The role that owns everything; PostgreSQL's own has the same number.
pub(crate) const OWNER: u32 = 10;
const HEAP: u32 = 2;
const BTREE: u32 = 403;
const UTF8: i64 = 6;

/// Rows that PostgreSQL has in every database, as `copy` writes them.
const FIXED: &[(&str, &str)] = &[
    ("pg_type", types::ROWS),
    ("pg_am", include_str!("postgres15/pg_am.tsv")),
    ("pg_opclass", OPERATOR_CLASSES),
    ("pg_range", include_str!("postgres15/pg_range.tsv")),
    ("pg_language", include_str!("postgres15/pg_language.tsv")),
    ("pg_namespace", include_str!("postgres15/pg_namespace.tsv")),
    (
        "pg_tablespace",
        include_str!("postgres15/pg_tablespace.tsv"),
    ),
    ("pg_collation", COLLATIONS),
];
const COLLATIONS: &str = include_str!("postgres15/pg_collation.tsv");
const OPERATOR_CLASSES: &str = include_str!("postgres15/pg_opclass.tsv");

/// A value of a row by the name of its column.
pub(crate) type Field = (&'static str, SqliteValue);

pub(crate) fn number(value: impl Into<i64>) -> SqliteValue {
    SqliteValue::Integer(value.into())
}

pub(crate) fn text(value: impl Into<String>) -> SqliteValue {
    SqliteValue::Text(value.into())
}

pub(crate) fn flag(value: bool) -> SqliteValue {
    SqliteValue::Integer(value.into())
}

/// An array of numbers.
fn numbers(values: impl Iterator<Item = i64>) -> SqliteValue {
    let texts: Vec<String> = values.map(|value| value.to_string()).collect();
    text(to_text(texts.iter().map(|text| Some(text.as_str()))))
}

/// The rows of a relation.
pub(crate) fn of(shown: &Shown, relation: &SystemRelation) -> Rows {
    let table = &relation.table;
    if relation.namespace == INFORMATION_SCHEMA {
        return information::rows(shown, table);
    }
    if let Some((_, lines)) = FIXED.iter().find(|(name, _)| *name == table.name) {
        return lines.lines().map(|line| fixed(table, line)).collect();
    }
    rows_of(shown, table)
        .into_iter()
        .map(|fields| row(table, fields))
        .collect()
}

/// A row with these fields; the others are null, or zero and empty where null is refused.
pub(crate) fn row(table: &Table, fields: Vec<Field>) -> Vec<SqliteValue> {
    let mut fields = fields;
    let mut value = |name: &str, ty: Type, not_null: bool| {
        let found = fields.iter_mut().find(|(field, _)| *field == name);
        match found {
            Some((_, value)) => std::mem::replace(value, SqliteValue::Null),
            None if !not_null => SqliteValue::Null,
            None => match (ty.sqlite_storage(), ty.element()) {
                ("INTEGER", _) => number(0),
                (_, Some(_)) => text("{}"),
                _ if ty == Type::Other("xid") || ty == Type::Other("float4") => text("0"),
                _ => text(""),
            },
        }
    };
    let columns = table.columns.iter();
    columns
        .map(|column| value(&column.name, column.ty, column.not_null))
        .collect()
}

/// A line as `copy` writes it.
fn fixed(table: &Table, line: &str) -> Vec<SqliteValue> {
    let columns = table.columns.iter();
    columns
        .zip(line.split('\t'))
        .map(|(column, field)| match field {
            "\\N" => SqliteValue::Null,
            field => Value::from_text(column.ty, field)
                .map_or(SqliteValue::Null, |value| value.to_sqlite()),
        })
        .collect()
}

fn rows_of(shown: &Shown, table: &Table) -> Vec<Vec<Field>> {
    let schema = shown.schema();
    match table.name.as_str() {
        "pg_class" => {
            let relations = schema.relations.iter().enumerate();
            let relations = relations.map(|(place, found)| class(shown, place, found));
            let indexes = schema.indexes.iter().map(class_of_index);
            relations.chain(indexes).collect()
        }
        "pg_attribute" => attributes(shown),
        "pg_attrdef" => schema
            .defaults
            .iter()
            .map(|default| {
                vec![
                    ("oid", number(default.oid)),
                    ("adrelid", number(schema.relations[default.relation].oid)),
                    ("adnum", number(default.column as i64 + 1)),
                    ("adbin", text(&default.text)),
                ]
            })
            .collect(),
        "pg_index" => schema
            .indexes
            .iter()
            .map(|index| index_row(shown, index))
            .collect(),
        "pg_constraint" => schema
            .constraints
            .iter()
            .map(|found| constraint(shown, found))
            .collect(),
        "pg_database" => vec![database(shown)],
        "pg_authid" | "pg_roles" | "pg_user" | "pg_shadow" => vec![role(shown)],
        "pg_settings" => {
            let all = shown.session.settings().into_iter();
            all.map(|(name, value)| setting(name, value)).collect()
        }
        "pg_tables" => tables(shown),
        "pg_indexes" => schema
            .indexes
            .iter()
            .map(|index| {
                vec![
                    ("schemaname", text("public")),
                    (
                        "tablename",
                        text(&schema.relations[index.relation].table.name),
                    ),
                    ("indexname", text(&index.name)),
                    ("indexdef", text(definitions::index(schema, index, false))),
                ]
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// The row of the relation at this place in the schema.
fn class(shown: &Shown, place: usize, relation: &Relation) -> Vec<Field> {
    let schema = shown.schema();
    let is_own = relation.namespace == PUBLIC;
    let checks = schema
        .constraints
        .iter()
        .filter(|c| c.kind == "c" && c.relation == place);
    let has_index = schema.indexes.iter().any(|index| index.relation == place);
    let is_table = relation.kind == "r";
    vec![
        ("oid", number(relation.oid)),
        ("relname", text(&relation.table.name)),
        ("relnamespace", number(relation.namespace)),
        ("relowner", number(OWNER)),
        ("relam", number(if is_table { HEAP } else { 0 })),
        (
            "relfilenode",
            number(if is_table { relation.oid } else { 0 }),
        ),
        ("reltuples", text("-1")),
        ("relhasindex", flag(has_index)),
        ("relpersistence", text("p")),
        ("relkind", text(relation.kind)),
        ("relnatts", number(relation.table.columns.len() as i64)),
        ("relchecks", number(checks.count() as i64)),
        ("relispopulated", flag(true)),
        ("relreplident", text(if is_own { "d" } else { "n" })),
    ]
}

fn class_of_index(index: &ShownIndex) -> Vec<Field> {
    vec![
        ("oid", number(index.oid)),
        ("relname", text(&index.name)),
        ("relnamespace", number(PUBLIC)),
        ("relowner", number(OWNER)),
        ("relam", number(BTREE)),
        ("relfilenode", number(index.oid)),
        ("reltuples", text("0")),
        ("relpersistence", text("p")),
        ("relkind", text("i")),
        ("relnatts", number(index.keys.len() as i64)),
        ("relispopulated", flag(true)),
        ("relreplident", text("n")),
    ]
}

fn attributes(shown: &Shown) -> Vec<Vec<Field>> {
    let schema = shown.schema();
    let mut rows = Vec::new();
    for relation in &schema.relations {
        for (at, column) in relation.table.columns.iter().enumerate() {
            let mut row = attribute(relation.oid, at, &column.name, column.ty);
            row.push(("attnotnull", flag(column.not_null)));
            row.push(("atthasdef", flag(column.default.is_some())));
            rows.push(row);
        }
    }
    for index in &schema.indexes {
        let columns = &schema.relations[index.relation].table.columns;
        for (at, (column, _)) in index.keys.iter().enumerate() {
            let column = &columns[*column];
            rows.push(attribute(index.oid, at, &column.name, column.ty));
        }
    }
    rows
}

fn attribute(relation: u32, at: usize, name: &str, ty: Type) -> Vec<Field> {
    let entry = types::by_oid(ty.oid());
    vec![
        ("attrelid", number(relation)),
        ("attname", text(name)),
        ("atttypid", number(ty.oid())),
        ("attstattarget", number(-1)),
        ("attlen", number(entry.map_or(-1, |entry| entry.length))),
        ("attnum", number(at as i64 + 1)),
        ("attcacheoff", number(-1)),
        ("atttypmod", number(-1)),
        ("attbyval", flag(entry.is_some_and(|entry| entry.by_value))),
        ("attalign", text(entry.map_or("i", |entry| entry.align))),
        ("attstorage", text(entry.map_or("p", |entry| entry.storage))),
        ("attislocal", flag(true)),
        (
            "attcollation",
            number(entry.map_or(0, |entry| entry.collation)),
        ),
    ]
}

fn index_row(shown: &Shown, index: &ShownIndex) -> Vec<Field> {
    let relation = &shown.schema().relations[index.relation];
    let columns = &relation.table.columns;
    let types = index.keys.iter().map(|(column, _)| columns[*column].ty);
    let collation = |ty: Type| types::by_oid(ty.oid()).map_or(0, |entry| entry.collation);
    // A descending key has its nulls first unless the index says otherwise.
    let option = |(_, descending): &(usize, bool)| if *descending { 3 } else { 0 };
    let count = index.keys.len() as i64;
    vec![
        ("indexrelid", number(index.oid)),
        ("indrelid", number(relation.oid)),
        ("indnatts", number(count)),
        ("indnkeyatts", number(count)),
        ("indisunique", flag(index.unique)),
        ("indisprimary", flag(index.primary)),
        ("indimmediate", flag(true)),
        ("indisvalid", flag(true)),
        ("indisready", flag(true)),
        ("indislive", flag(true)),
        (
            "indkey",
            numbers(index.keys.iter().map(|(column, _)| *column as i64 + 1)),
        ),
        (
            "indcollation",
            numbers(types.clone().map(|ty| collation(ty).into())),
        ),
        (
            "indclass",
            numbers(types.map(|ty| operator_class(ty).into())),
        ),
        ("indoption", numbers(index.keys.iter().map(option))),
    ]
}

/// The default operator class of B-trees over a type.
fn operator_class(ty: Type) -> u32 {
    let wanted = ty.oid().to_string();
    let of_type = |line: &&str| {
        let fields: Vec<&str> = line.split('\t').collect();
        fields.get(1) == Some(&"403")
            && fields.get(6) == Some(&wanted.as_str())
            && fields.get(7) == Some(&"t")
    };
    let line = OPERATOR_CLASSES.lines().find(of_type);
    let oid = line.and_then(|line| line.split('\t').next()?.parse().ok());
    oid.unwrap_or(0)
}

fn constraint(shown: &Shown, constraint: &Constraint) -> Vec<Field> {
    let relation = &shown.schema().relations[constraint.relation];
    let mut row = vec![
        ("oid", number(constraint.oid)),
        ("conname", text(&constraint.name)),
        ("connamespace", number(relation.namespace)),
        ("contype", text(constraint.kind)),
        ("convalidated", flag(true)),
        ("conrelid", number(relation.oid)),
        ("conindid", number(constraint.index)),
        ("confupdtype", text(" ")),
        ("confdeltype", text(" ")),
        ("confmatchtype", text(" ")),
        ("conislocal", flag(true)),
        ("connoinherit", flag(constraint.kind != "c")),
        (
            "conkey",
            numbers(constraint.columns.iter().map(|column| *column as i64 + 1)),
        ),
    ];
    if constraint.kind == "c" {
        row.push(("conbin", text(&constraint.condition)));
    }
    row
}

fn database(shown: &Shown) -> Vec<Field> {
    vec![
        (
            "oid",
            number(number_of("database", &shown.session.database)),
        ),
        ("datname", text(&shown.session.database)),
        ("datdba", number(OWNER)),
        ("encoding", number(UTF8)),
        ("datlocprovider", text("c")),
        ("datallowconn", flag(true)),
        ("datconnlimit", number(-1)),
        ("dattablespace", number(1663)),
        ("datcollate", text("C.UTF-8")),
        ("datctype", text("C.UTF-8")),
    ]
}

/// The one role: whoever asks.
fn role(shown: &Shown) -> Vec<Field> {
    let name = || text(&shown.session.user);
    vec![
        ("oid", number(OWNER)),
        ("usesysid", number(OWNER)),
        ("rolname", name()),
        ("usename", name()),
        ("rolinherit", flag(true)),
        ("rolcanlogin", flag(true)),
        ("rolsuper", flag(false)),
        ("rolcreaterole", flag(false)),
        ("rolcreatedb", flag(false)),
        ("rolreplication", flag(false)),
        ("rolbypassrls", flag(false)),
        ("usecreatedb", flag(false)),
        ("usesuper", flag(false)),
        ("userepl", flag(false)),
        ("usebypassrls", flag(false)),
        ("rolconnlimit", number(-1)),
        ("rolpassword", text("********")),
        ("passwd", text("********")),
    ]
}

fn tables(shown: &Shown) -> Vec<Vec<Field>> {
    let schema = shown.schema();
    let relations = schema
        .relations
        .iter()
        .enumerate()
        .filter(|(_, r)| r.kind == "r");
    relations
        .map(|(place, relation)| {
            vec![
                (
                    "schemaname",
                    text(super::names::namespace(relation.namespace)),
                ),
                ("tablename", text(&relation.table.name)),
                ("tableowner", text(&shown.session.user)),
                (
                    "hasindexes",
                    flag(schema.indexes.iter().any(|index| index.relation == place)),
                ),
                ("hasrules", flag(false)),
                ("hastriggers", flag(false)),
                ("rowsecurity", flag(false)),
            ]
        })
        .collect()
}

/// What `pg_settings` and `current_setting()` tell where the session has nothing else.
pub(crate) const SETTINGS: &[(&str, &str)] = &[
    ("DateStyle", "ISO, MDY"),
    ("IntervalStyle", "postgres"),
    ("TimeZone", "UTC"),
    ("bytea_output", "hex"),
    ("client_encoding", "UTF8"),
    ("default_table_access_method", "heap"),
    ("default_transaction_read_only", "off"),
    ("extra_float_digits", "1"),
    ("integer_datetimes", "on"),
    ("is_superuser", "off"),
    ("lc_collate", "C.UTF-8"),
    ("lc_ctype", "C.UTF-8"),
    ("max_identifier_length", "63"),
    ("max_index_keys", "32"),
    ("search_path", "\"$user\", public"),
    ("server_encoding", "UTF8"),
    ("server_version", SERVER_VERSION),
    ("server_version_num", "150000"),
    ("standard_conforming_strings", "on"),
];

/// The version of PostgreSQL whose language this is.
pub(crate) const SERVER_VERSION: &str = "15.0";

fn setting(name: &str, value: &str) -> Vec<Field> {
    vec![
        ("name", text(name)),
        ("setting", text(value)),
        ("category", text("Preset Options")),
        ("short_desc", text("")),
        ("context", text("internal")),
        ("vartype", text("string")),
        ("source", text("default")),
        ("boot_val", text(value)),
        ("reset_val", text(value)),
        ("pending_restart", flag(false)),
    ]
}

/// Whether there is a collation of this number; all stand in `pg_catalog`.
pub(crate) fn is_collation_visible(oid: u32) -> bool {
    let mut numbers = COLLATIONS
        .lines()
        .filter_map(|line| line.split('\t').next());
    numbers.any(|number| number.parse() == Ok(oid))
}

//! The built-in table `event`: the raw log.

use crate::Type;
use crate::catalog::{Column, Table};

/// The table `event`, which every database has. In SQLite it is a virtual table whose columns have
/// these names and hold values in storage encoding.
pub fn event_table() -> Table {
    let columns = [
        ("position", Type::BigInt, true),
        ("id", Type::Uuid, true),
        ("stream", Type::Text, false),
        ("category", Type::Text, false),
        ("key", Type::Text, false),
        ("revision", Type::BigInt, false),
        ("type", Type::Text, true),
        ("tags", Type::Jsonb, true),
        ("data", Type::Jsonb, false),
        ("bytes", Type::Bytea, true),
        ("content_type", Type::Text, true),
        ("metadata", Type::Jsonb, true),
        ("occurred_at", Type::Timestamptz, true),
        ("recorded_at", Type::Timestamptz, true),
    ];
    Table {
        name: "event".to_owned(),
        columns: columns.into_iter().map(column).collect(),
        primary_key: vec![0],
        primary_key_name: "event_pkey".to_owned(),
        unique: Vec::new(),
        checks: Vec::new(),
    }
}

fn column((name, ty, not_null): (&str, Type, bool)) -> Column {
    Column {
        name: name.to_owned(),
        ty,
        not_null,
        default: None,
    }
}

//! Definitions of tables and indexes.

use super::Text;
use crate::plan::Expr;
use crate::{Table, Value};

/// `create table`, without a schema. Tables are STRICT; with a primary key also WITHOUT ROWID, so
/// that an integer key is a plain column and null in a key is refused.
pub(crate) fn create_table(table: &Table) -> String {
    let mut text = Text::default();
    text.push("CREATE TABLE ");
    text.name(&table.name);
    text.push(" (");
    text.list(&table.columns, |text, column| {
        text.name(&column.name);
        text.push(" ");
        text.push(column.ty.sqlite_storage());
        if column.not_null {
            text.push(" NOT NULL");
        }
        let default = column
            .default
            .as_ref()
            .filter(|value| **value != Value::Null);
        text.clause(" DEFAULT ", default, |text, value| {
            text.parenthesized(|text| text.constant(value));
        });
    });
    if !table.primary_key.is_empty() {
        text.push(", PRIMARY KEY ");
        text.columns_of(table, &table.primary_key);
    }
    for unique in &table.unique {
        text.push(", CONSTRAINT ");
        text.name(&unique.name);
        text.push(" UNIQUE ");
        text.columns_of(table, &unique.columns);
    }
    for check in &table.checks {
        text.push(", CONSTRAINT ");
        text.name(&check.name);
        text.push(" CHECK ");
        text.parenthesized(|text| text.push(&check.sqlite));
    }
    text.push(match table.primary_key.is_empty() {
        true => ") STRICT",
        false => ") STRICT, WITHOUT ROWID",
    });
    text.out
}

/// `create index` in the schema of its table.
pub(crate) fn create_index(
    name: &str,
    unique: bool,
    schema: Option<&str>,
    table: &Table,
    columns: &[(usize, bool)],
) -> String {
    let mut text = Text::default();
    text.push(if unique {
        "CREATE UNIQUE INDEX "
    } else {
        "CREATE INDEX "
    });
    if let Some(schema) = schema {
        text.name(schema);
        text.push(".");
    }
    text.name(name);
    text.push(" ON ");
    text.name(&table.name);
    text.push(" ");
    text.parenthesized(|text| {
        text.list(columns, |text, (index, descending)| {
            text.name(&table.columns[*index].name);
            if *descending {
                text.push(" DESC");
            }
        });
    });
    text.out
}

/// The condition of a check constraint.
pub(crate) fn condition(expr: &Expr) -> String {
    let mut text = Text::default();
    text.expr(expr);
    text.out
}

impl Text {
    fn columns_of(&mut self, table: &Table, columns: &[usize]) {
        self.parenthesized(|text| {
            text.list(columns, |text, index| {
                text.name(&table.columns[*index].name)
            });
        });
    }
}

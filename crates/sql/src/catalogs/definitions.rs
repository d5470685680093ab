//! The statements that would make an index or constraint, as PostgreSQL writes them.

use super::names::quoted;
use super::schema::{Constraint, Schema, ShownIndex};

/// `CREATE INDEX ...`; `pretty` leaves the schema of the table out.
pub(crate) fn index(schema: &Schema, index: &ShownIndex, pretty: bool) -> String {
    let table = quoted(&schema.relations[index.relation].table.name);
    let unique = if index.unique { "UNIQUE " } else { "" };
    let prefix = if pretty { "" } else { "public." };
    let keys: Vec<String> = (0..index.keys.len())
        .map(|at| match index.keys[at].1 {
            true => format!("{} DESC", key(schema, index, at)),
            false => key(schema, index, at),
        })
        .collect();
    format!(
        "CREATE {unique}INDEX {} ON {prefix}{table} USING btree ({})",
        quoted(&index.name),
        keys.join(", ")
    )
}

/// One column of an index.
pub(crate) fn key(schema: &Schema, index: &ShownIndex, at: usize) -> String {
    let (column, _) = index.keys[at];
    quoted(&schema.relations[index.relation].table.columns[column].name)
}

/// `PRIMARY KEY (...)`, `UNIQUE (...)` or `CHECK (...)`; a condition as it was written, in
/// parentheses of its own unless `pretty`.
pub(crate) fn constraint(schema: &Schema, constraint: &Constraint, pretty: bool) -> String {
    let columns = &schema.relations[constraint.relation].table.columns;
    let names = constraint
        .columns
        .iter()
        .map(|at| quoted(&columns[*at].name));
    let names = names.collect::<Vec<_>>().join(", ");
    match (constraint.kind, pretty) {
        ("p", _) => format!("PRIMARY KEY ({names})"),
        ("u", _) => format!("UNIQUE ({names})"),
        (_, true) => format!("CHECK ({})", constraint.condition),
        (_, false) => format!("CHECK (({}))", constraint.condition),
    }
}

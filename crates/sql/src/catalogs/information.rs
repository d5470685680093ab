//! The rows of `information_schema`.

use super::names::namespace;
use super::relations::{INFORMATION_SCHEMA, PG_CATALOG, PUBLIC};
use super::rows::{Field, Rows, number, row, text};
use super::schema::{Constraint, Relation, literal};
use super::{Shown, types};
use crate::catalog::Column;
use crate::{Table, Type};

/// The rows of a view; those that are not named here have none.
pub(super) fn rows(shown: &Shown, table: &Table) -> Rows {
    let schema = shown.schema();
    let fields: Vec<Vec<Field>> = match table.name.as_str() {
        "tables" => schema
            .relations
            .iter()
            .map(|r| relation(shown, r))
            .collect(),
        "columns" => columns(shown),
        "schemata" => schemata(shown),
        "table_constraints" => {
            let constraints = schema.constraints.iter();
            let mut rows: Vec<_> = constraints.map(|found| constraint(shown, found)).collect();
            rows.extend(
                not_nulls(shown)
                    .into_iter()
                    .map(|(name, table, _)| constraint_row(shown, name, &table, "CHECK")),
            );
            rows
        }
        "key_column_usage" => {
            let keys = schema.constraints.iter().filter(|found| found.kind != "c");
            keys.flat_map(|found| key_columns(shown, found)).collect()
        }
        "constraint_column_usage" => {
            let all = schema.constraints.iter();
            all.flat_map(|found| used_columns(shown, found)).collect()
        }
        "constraint_table_usage" => {
            let keys = schema.constraints.iter().filter(|found| found.kind != "c");
            keys.map(|found| table_usage(shown, found)).collect()
        }
        "check_constraints" => checks(shown),
        "information_schema_catalog_name" => {
            vec![vec![("catalog_name", text(&shown.session.database))]]
        }
        "enabled_roles" => vec![vec![("role_name", text(&shown.session.user))]],
        _ => Vec::new(),
    };
    fields
        .into_iter()
        .map(|fields| row(table, fields))
        .collect()
}

fn relation(shown: &Shown, relation: &Relation) -> Vec<Field> {
    vec![
        ("table_catalog", text(&shown.session.database)),
        ("table_schema", text(namespace(relation.namespace))),
        ("table_name", text(&relation.table.name)),
        (
            "table_type",
            text(if relation.kind == "v" {
                "VIEW"
            } else {
                "BASE TABLE"
            }),
        ),
        ("is_insertable_into", text("NO")),
        ("is_typed", text("NO")),
    ]
}

fn schemata(shown: &Shown) -> Vec<Vec<Field>> {
    let schemas = [INFORMATION_SCHEMA, PG_CATALOG, PUBLIC];
    let schema = |oid| {
        vec![
            ("catalog_name", text(&shown.session.database)),
            ("schema_name", text(namespace(oid))),
            ("schema_owner", text(&shown.session.user)),
        ]
    };
    schemas.into_iter().map(schema).collect()
}

fn columns(shown: &Shown) -> Vec<Vec<Field>> {
    let schema = shown.schema();
    let mut rows = Vec::new();
    for relation in &schema.relations {
        for (at, column) in relation.table.columns.iter().enumerate() {
            let mut row = column_row(shown, relation, at, column);
            if let Some(default) = &column.default {
                row.push(("column_default", text(literal(default))));
            }
            rows.push(row);
        }
    }
    rows
}

fn column_row(shown: &Shown, relation: &Relation, at: usize, column: &Column) -> Vec<Field> {
    let entry = types::by_oid(column.ty.oid());
    let data_type = match column.ty {
        Type::Array(_) | Type::Vector(_) => "ARRAY",
        ty => entry.map_or(ty.name(), |entry| entry.shown),
    };
    let place = at as i64 + 1;
    let mut row = vec![
        ("table_catalog", text(&shown.session.database)),
        ("table_schema", text(namespace(relation.namespace))),
        ("table_name", text(&relation.table.name)),
        ("column_name", text(&column.name)),
        ("ordinal_position", number(place)),
        (
            "is_nullable",
            text(if column.not_null { "NO" } else { "YES" }),
        ),
        ("data_type", text(data_type)),
        ("udt_catalog", text(&shown.session.database)),
        ("udt_schema", text("pg_catalog")),
        ("udt_name", text(column.ty.catalog_name())),
        ("dtd_identifier", text(place.to_string())),
        ("is_self_referencing", text("NO")),
        ("is_identity", text("NO")),
        ("identity_cycle", text("NO")),
        ("is_generated", text("NEVER")),
        ("is_updatable", text("NO")),
    ];
    row.extend(sizes(column.ty));
    if column.ty == Type::Name {
        row.push(("collation_catalog", text(&shown.session.database)));
        row.push(("collation_schema", text("pg_catalog")));
        row.push(("collation_name", text("C")));
    }
    row
}

/// What is told of how large values of a type are.
fn sizes(ty: Type) -> Vec<Field> {
    let whole = |bits: i64| {
        vec![
            ("numeric_precision", number(bits)),
            ("numeric_precision_radix", number(2)),
            ("numeric_scale", number(0)),
        ]
    };
    match ty {
        // The longest text of PostgreSQL, in bytes.
        Type::Text | Type::Varchar => vec![("character_octet_length", number(1 << 30))],
        Type::SmallInt => whole(16),
        Type::Int => whole(32),
        Type::BigInt => whole(64),
        Type::Double => vec![
            ("numeric_precision", number(53)),
            ("numeric_precision_radix", number(2)),
        ],
        Type::Numeric => vec![("numeric_precision_radix", number(10))],
        Type::Timestamptz | Type::Interval => vec![("datetime_precision", number(6))],
        Type::Date => vec![("datetime_precision", number(0))],
        _ => Vec::new(),
    }
}

fn table_of<'s>(shown: &'s Shown, constraint: &Constraint) -> &'s Relation {
    &shown.schema().relations[constraint.relation]
}

fn constraint(shown: &Shown, constraint: &Constraint) -> Vec<Field> {
    let kind = match constraint.kind {
        "p" => "PRIMARY KEY",
        "u" => "UNIQUE",
        _ => "CHECK",
    };
    let table = &table_of(shown, constraint).table.name;
    let mut row = constraint_row(shown, constraint.name.clone(), table, kind);
    if kind == "UNIQUE" {
        row.push(("nulls_distinct", text("YES")));
    }
    row
}

fn constraint_row(shown: &Shown, name: String, table: &str, kind: &str) -> Vec<Field> {
    vec![
        ("constraint_catalog", text(&shown.session.database)),
        ("constraint_schema", text("public")),
        ("constraint_name", text(name)),
        ("table_catalog", text(&shown.session.database)),
        ("table_schema", text("public")),
        ("table_name", text(table)),
        ("constraint_type", text(kind)),
        ("is_deferrable", text("NO")),
        ("initially_deferred", text("NO")),
        ("enforced", text("YES")),
    ]
}

/// The checks that `not null` stands for: name, table and column.
fn not_nulls(shown: &Shown) -> Vec<(String, String, String)> {
    let own = shown
        .schema()
        .relations
        .iter()
        .filter(|r| r.namespace == PUBLIC);
    let mut found = Vec::new();
    for relation in own {
        for (at, column) in relation.table.columns.iter().enumerate() {
            if column.not_null {
                let name = format!("{PUBLIC}_{}_{}_not_null", relation.oid, at + 1);
                found.push((name, relation.table.name.clone(), column.name.clone()));
            }
        }
    }
    found
}

fn checks(shown: &Shown) -> Vec<Vec<Field>> {
    let row = |name: String, clause: String| {
        vec![
            ("constraint_catalog", text(&shown.session.database)),
            ("constraint_schema", text("public")),
            ("constraint_name", text(name)),
            ("check_clause", text(clause)),
        ]
    };
    let written = shown
        .schema()
        .constraints
        .iter()
        .filter(|found| found.kind == "c");
    let written = written.map(|found| row(found.name.clone(), format!("(({}))", found.condition)));
    let implied = not_nulls(shown).into_iter();
    let implied = implied.map(|(name, _, column)| row(name, format!("{column} IS NOT NULL")));
    written.chain(implied).collect()
}

fn key_columns(shown: &Shown, constraint: &Constraint) -> Vec<Vec<Field>> {
    let relation = table_of(shown, constraint);
    let columns = constraint.columns.iter().enumerate();
    columns
        .map(|(at, column)| {
            vec![
                ("constraint_catalog", text(&shown.session.database)),
                ("constraint_schema", text("public")),
                ("constraint_name", text(&constraint.name)),
                ("table_catalog", text(&shown.session.database)),
                ("table_schema", text("public")),
                ("table_name", text(&relation.table.name)),
                ("column_name", text(&relation.table.columns[*column].name)),
                ("ordinal_position", number(at as i64 + 1)),
            ]
        })
        .collect()
}

fn used_columns(shown: &Shown, constraint: &Constraint) -> Vec<Vec<Field>> {
    let relation = table_of(shown, constraint);
    let columns = constraint.columns.iter();
    columns
        .map(|column| {
            let mut row = table_usage(shown, constraint);
            row.push(("column_name", text(&relation.table.columns[*column].name)));
            row
        })
        .collect()
}

fn table_usage(shown: &Shown, constraint: &Constraint) -> Vec<Field> {
    vec![
        ("table_catalog", text(&shown.session.database)),
        ("table_schema", text("public")),
        ("table_name", text(&table_of(shown, constraint).table.name)),
        ("constraint_catalog", text(&shown.session.database)),
        ("constraint_schema", text("public")),
        ("constraint_name", text(&constraint.name)),
    ]
}

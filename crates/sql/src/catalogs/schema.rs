//! The tables, indexes and constraints of a database as PostgreSQL's catalogs number them.
//!
//! Numbers are made of names, so that they are the same in every process and after every change of
//! another table.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::relations::{self, PUBLIC};
use crate::Value;
use crate::catalog::{Entry, Index, Table};

/// The first number that PostgreSQL gives to what people make.
const FIRST_OID: u32 = 16_384;

/// Everything that the catalogs number.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    pub(crate) relations: Vec<Relation>,
    pub(crate) indexes: Vec<ShownIndex>,
    pub(crate) constraints: Vec<Constraint>,
    pub(crate) defaults: Vec<Default>,
    /// Places in `relations`, by number.
    by_oid: HashMap<u32, usize>,
}

/// A table or view.
#[derive(Debug)]
pub(crate) struct Relation {
    pub(crate) oid: u32,
    pub(crate) namespace: u32,
    pub(crate) kind: &'static str,
    pub(crate) table: Arc<Table>,
}

/// An index, also one that stands behind a constraint.
#[derive(Debug)]
pub(crate) struct ShownIndex {
    pub(crate) oid: u32,
    pub(crate) name: String,
    /// The table's place in `relations`.
    pub(crate) relation: usize,
    /// Columns by place from 0, each with whether it is descending.
    pub(crate) keys: Vec<(usize, bool)>,
    pub(crate) unique: bool,
    pub(crate) primary: bool,
}

/// A constraint of a table.
#[derive(Debug)]
pub(crate) struct Constraint {
    pub(crate) oid: u32,
    pub(crate) name: String,
    pub(crate) relation: usize,
    /// `p`, `u` or `c`, as in `pg_constraint.contype`.
    pub(crate) kind: &'static str,
    pub(crate) columns: Vec<usize>,
    /// The index behind it; 0 for a check.
    pub(crate) index: u32,
    /// The condition of a check.
    pub(crate) condition: String,
}

/// The default of a column.
#[derive(Debug)]
pub(crate) struct Default {
    pub(crate) oid: u32,
    pub(crate) relation: usize,
    pub(crate) column: usize,
    pub(crate) text: String,
}

impl Schema {
    /// The schema of these tables, beside PostgreSQL's own relations.
    pub(crate) fn of<'e>(entries: impl Iterator<Item = &'e Entry>) -> Schema {
        let mut schema = Schema::default();
        for system in relations::all() {
            schema.add_relation(system.oid, system.namespace, system.kind, &system.table);
        }
        let mut numbers = Numbers::default();
        for entry in entries {
            schema.add(entry, &mut numbers);
        }
        schema
    }

    fn add_relation(&mut self, oid: u32, namespace: u32, kind: &'static str, table: &Arc<Table>) {
        self.by_oid.insert(oid, self.relations.len());
        self.relations.push(Relation {
            oid,
            namespace,
            kind,
            table: Arc::clone(table),
        });
    }

    fn add(&mut self, entry: &Entry, numbers: &mut Numbers) {
        let table = &entry.table;
        let relation = self.relations.len();
        let oid = numbers.take("relation", &table.name);
        self.add_relation(oid, PUBLIC, "r", table);
        for (column, default) in table.columns.iter().enumerate() {
            if let Some(value) = &default.default {
                self.defaults.push(Default {
                    oid: numbers.take("default", &format!("{}.{column}", table.name)),
                    relation,
                    column,
                    text: literal(value),
                });
            }
        }
        if !table.primary_key.is_empty() {
            let name = &table.primary_key_name;
            self.add_key(relation, name, &table.primary_key, "p", numbers);
        }
        for unique in &table.unique {
            self.add_key(relation, &unique.name, &unique.columns, "u", numbers);
        }
        for check in &table.checks {
            self.constraints.push(Constraint {
                oid: numbers.take("constraint", &format!("{}.{}", table.name, check.name)),
                name: check.name.clone(),
                relation,
                kind: "c",
                columns: named_columns(table, &check.text),
                index: 0,
                condition: check.text.clone(),
            });
        }
        for index in &entry.indexes {
            self.add_index(relation, index, numbers);
        }
    }

    /// A primary key or unique constraint, and the index behind it.
    fn add_key(
        &mut self,
        relation: usize,
        name: &str,
        columns: &[usize],
        kind: &'static str,
        numbers: &mut Numbers,
    ) {
        let index = numbers.take("relation", name);
        self.indexes.push(ShownIndex {
            oid: index,
            name: name.to_owned(),
            relation,
            keys: columns.iter().map(|column| (*column, false)).collect(),
            unique: true,
            primary: kind == "p",
        });
        self.constraints.push(Constraint {
            oid: numbers.take("constraint", name),
            name: name.to_owned(),
            relation,
            kind,
            columns: columns.to_vec(),
            index,
            condition: String::new(),
        });
    }

    fn add_index(&mut self, relation: usize, index: &Index, numbers: &mut Numbers) {
        self.indexes.push(ShownIndex {
            oid: numbers.take("relation", &index.name),
            name: index.name.clone(),
            relation,
            keys: index.keys.clone(),
            unique: index.unique.is_some(),
            primary: false,
        });
    }

    pub(crate) fn relation(&self, oid: u32) -> Option<&Relation> {
        self.by_oid.get(&oid).map(|at| &self.relations[*at])
    }

    pub(crate) fn index(&self, oid: u32) -> Option<&ShownIndex> {
        self.indexes.iter().find(|index| index.oid == oid)
    }

    pub(crate) fn constraint(&self, oid: u32) -> Option<&Constraint> {
        self.constraints.iter().find(|found| found.oid == oid)
    }

    /// The name and schema of a table, view or index.
    pub(crate) fn name(&self, oid: u32) -> Option<(u32, &str)> {
        let relation = self.relation(oid);
        let relation = relation.map(|found| (found.namespace, found.table.name.as_str()));
        relation.or_else(|| self.index(oid).map(|index| (PUBLIC, index.name.as_str())))
    }

    /// The number of a table, view or index of a schema; of `pg_catalog` and then `public` when
    /// none is named.
    pub(crate) fn number(&self, namespace: Option<u32>, name: &str) -> Option<u32> {
        let wanted = match namespace {
            Some(namespace) => vec![namespace],
            None => vec![relations::PG_CATALOG, PUBLIC],
        };
        wanted.into_iter().find_map(|namespace| {
            let mut relations = self.relations.iter();
            let relation = relations.find(|r| r.namespace == namespace && r.table.name == name);
            let mut indexes = self.indexes.iter();
            relation.map(|relation| relation.oid).or_else(|| {
                let index = indexes.find(|i| namespace == PUBLIC && i.name == name);
                index.map(|index| index.oid)
            })
        })
    }
}

/// Numbers that were given out.
#[derive(Default)]
struct Numbers {
    taken: HashSet<u32>,
}

impl Numbers {
    /// The number that a name has: its hash (FNV-1a, 32 bits), or the next one that is free.
    fn take(&mut self, kind: &str, name: &str) -> u32 {
        let mut number = number_of(kind, name);
        while !self.taken.insert(number) {
            number = number.wrapping_add(1).max(FIRST_OID);
        }
        number
    }
}

/// The number that a name of a kind of thing has.
pub(crate) fn number_of(kind: &str, name: &str) -> u32 {
    let bytes = kind.bytes().chain([0]).chain(name.bytes());
    let hash = bytes.fold(2_166_136_261_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(16_777_619)
    });
    // Within the positive integers, which clients take for an oid without a thought.
    FIRST_OID + hash % (i32::MAX as u32 - FIRST_OID)
}

/// A default as PostgreSQL's `pg_get_expr` writes it.
pub(super) fn literal(value: &Value) -> String {
    match (value, value.ty(), value.to_text()) {
        (Value::Bool(value), ..) => value.to_string(),
        (Value::Int(number), ..) if *number >= 0 => number.to_string(),
        (_, Some(ty), Some(text)) => format!("'{}'::{ty}", text.replace('\'', "''")),
        _ => "NULL".to_owned(),
    }
}

/// The columns whose names stand in a condition, in the order of the table.
fn named_columns(table: &Table, condition: &str) -> Vec<usize> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    let words: Vec<&str> = condition.split(|c| !is_word(c)).collect();
    let named = |name: &str| words.iter().any(|word| word.eq_ignore_ascii_case(name));
    let columns = table.columns.iter().enumerate();
    columns
        .filter(|(_, column)| named(&column.name))
        .map(|(index, _)| index)
        .collect()
}

//! The tables that statements may name: their columns and constraints, and where SQLite has them.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::catalogs::Schema;
use crate::{SqlError, Type, Value, sqlstate};

/// One column of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// The name, folded to lower case unless it was quoted.
    pub name: String,
    /// The type.
    pub ty: Type,
    /// Whether null is refused.
    pub not_null: bool,
    /// What an insert that leaves the column out stores; `None` stores null.
    pub default: Option<Value>,
}

/// A table: what `create table` said.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The name, folded to lower case unless it was quoted.
    pub name: String,
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// The columns (by index) of the primary key; empty when there is none.
    pub primary_key: Vec<usize>,
    /// The name of the primary key, given or made as PostgreSQL makes it.
    pub primary_key_name: String,
    /// The unique constraints, each a list of columns (by index).
    pub unique: Vec<Unique>,
    /// The check constraints.
    pub checks: Vec<Check>,
}

/// A unique constraint.
#[derive(Debug, Clone, PartialEq)]
pub struct Unique {
    /// The name, given or made as PostgreSQL makes it.
    pub name: String,
    /// The columns, by index.
    pub columns: Vec<usize>,
}

/// A check constraint.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// The name, given or made as PostgreSQL makes it.
    pub name: String,
    /// The condition, translated to SQLite.
    pub sqlite: String,
    /// The condition, as it was written.
    pub text: String,
}

/// An index on columns of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Index {
    /// The name, given or made as PostgreSQL makes it.
    pub name: String,
    /// The table it belongs to.
    pub table: String,
    /// The statement that creates it in SQLite, in the schema of its table.
    pub sqlite: String,
    /// The columns, by index, of a unique index; see [`Catalog::add_index`].
    pub unique: Option<Vec<usize>>,
    /// The columns, by index, each with whether it is descending.
    pub keys: Vec<(usize, bool)>,
}

/// The tables that a statement may name. A clone is cheap.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    entries: Arc<BTreeMap<String, Entry>>,
    /// What the tables of `pg_catalog` tell of it; made when it is first asked for.
    schema: Arc<OnceLock<Schema>>,
}

/// A table and the SQLite schema it is attached under.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) schema: Option<String>,
    pub(crate) table: Arc<Table>,
    pub(crate) indexes: Vec<Index>,
}

impl Catalog {
    /// An empty catalog.
    pub fn new() -> Catalog {
        Catalog::default()
    }

    /// Adds a table; `schema` is the SQLite schema (`main`, an attached database) it lives in,
    /// `None` lets SQLite find it. 42P07 when there is one with the same name already, in any case.
    pub fn add(&mut self, schema: Option<&str>, table: Arc<Table>) -> Result<(), SqlError> {
        let name = table.name.clone();
        // SQLite does not tell `T` from `t`.
        let taken = self
            .entries
            .keys()
            .any(|known| known.eq_ignore_ascii_case(&name));
        if taken {
            return Err(SqlError::new(
                sqlstate::DUPLICATE_TABLE,
                format!("relation \"{name}\" already exists"),
            ));
        }
        let schema = schema.map(str::to_owned);
        let entry = Entry {
            schema,
            table,
            indexes: Vec::new(),
        };
        Arc::make_mut(&mut self.entries).insert(name, entry);
        self.schema = Arc::default();
        Ok(())
    }

    /// Tells the catalog of an index, so that `on conflict` may name the columns of a unique one, and
    /// that the tables of `pg_catalog` show it.
    /// 42P01 when its table is not here.
    pub fn add_index(&mut self, index: &Index) -> Result<(), SqlError> {
        let entry = Arc::make_mut(&mut self.entries)
            .get_mut(&index.table)
            .ok_or_else(|| {
                SqlError::new(
                    sqlstate::UNDEFINED_TABLE,
                    format!("relation \"{}\" does not exist", index.table),
                )
            })?;
        entry.indexes.push(index.clone());
        self.schema = Arc::default();
        Ok(())
    }

    /// The table with this name.
    pub fn get(&self, name: &str) -> Option<&Arc<Table>> {
        self.entries.get(name).map(|entry| &entry.table)
    }

    /// What the tables of `pg_catalog` tell of it.
    pub(crate) fn schema(&self) -> &Schema {
        self.schema
            .get_or_init(|| Schema::of(self.entries.values()))
    }

    pub(crate) fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.get(name)
    }

    /// The tables, by name.
    pub fn tables(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.entries.values().map(|entry| &entry.table)
    }
}

impl Table {
    /// The `create table` statement for SQLite, without a schema.
    pub fn sqlite_ddl(&self) -> String {
        crate::translate::ddl::create_table(self)
    }

    /// The index of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

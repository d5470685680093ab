//! `hw_catalog(oid)`: a relation of PostgreSQL's catalogs as a virtual table of SQLite. Its columns
//! are `c0`, `c1` ... whatever the relation; the translator knows which is which.

use std::borrow::Cow;
use std::ffi::{CString, c_int};
use std::marker::PhantomData;
use std::sync::Arc;

use rusqlite::ffi::{sqlite3_vtab, sqlite3_vtab_cursor};
use rusqlite::types::Value as SqliteValue;
use rusqlite::vtab::{
    Context, Filters, IndexConstraintOp, IndexInfo, Module, VTab, VTabConnection, VTabCursor,
};
use rusqlite::{Connection, Error, Result};

use super::relations;
use super::rows::Rows;
use super::{Shown, Surroundings};

/// Columns of the widest relation (`information_schema.routines` has 82), and some.
const COLUMNS: usize = 96;

pub(super) fn install(conn: &Connection, surroundings: Surroundings) -> Result<()> {
    const MODULE: &Module<'static, CatalogTable> = &Module::eponymous_only_module();
    conn.create_module(c"hw_catalog", MODULE, Some(surroundings))
}

#[repr(C)]
struct CatalogTable {
    /// SQLite's part; it must be the first.
    base: sqlite3_vtab,
    surroundings: Surroundings,
}

// SAFETY: `repr(C)`, and the first field is SQLite's.
unsafe impl<'table> VTab<'table> for CatalogTable {
    type Aux = Surroundings;
    type Cursor = Cursor<'table>;

    fn connect(
        _: &mut VTabConnection,
        aux: Option<&Surroundings>,
        _: &[u8],
        _: &[u8],
        _: &[u8],
        _: &[&[u8]],
    ) -> Result<(Cow<'static, std::ffi::CStr>, CatalogTable)> {
        let columns: String = (0..COLUMNS).map(|index| format!("c{index}, ")).collect();
        let declaration = format!("create table x({columns}relation hidden)");
        let declaration = CString::new(declaration).map_err(Error::NulError)?;
        let surroundings = aux.ok_or_else(|| module_error("the catalogs have no schema"))?;
        let table = CatalogTable {
            base: sqlite3_vtab::default(),
            surroundings: surroundings.clone(),
        };
        Ok((Cow::Owned(declaration), table))
    }

    /// The relation must be known; one equality on a column is used to pick rows.
    fn best_index(&self, info: &mut IndexInfo) -> Result<bool> {
        let mut relation = None;
        let mut key = None;
        for (index, constraint) in info.constraints().enumerate() {
            let is_equal = constraint.operator() == IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_EQ;
            let Ok(column) = usize::try_from(constraint.column()) else {
                continue;
            };
            match (is_equal && constraint.is_usable(), column == COLUMNS) {
                (true, true) => relation = Some(index),
                (true, false) if key.is_none() => key = Some((index, constraint.column())),
                _ => {}
            }
        }
        let Some(relation) = relation else {
            return Ok(false);
        };
        let mut usage = info.constraint_usage(relation);
        usage.set_argv_index(1);
        usage.set_omit(true);
        let rows = match key {
            Some((index, column)) => {
                info.constraint_usage(index).set_argv_index(2);
                info.set_idx_num(column + 1);
                10
            }
            None => 1000,
        };
        info.set_estimated_rows(rows);
        info.set_estimated_cost(rows as f64 * 2.0 + 100.0);
        Ok(true)
    }

    fn open(&'table mut self) -> Result<Cursor<'table>> {
        Ok(Cursor {
            base: sqlite3_vtab_cursor::default(),
            shown: self.surroundings.get(),
            rows: Arc::default(),
            key: None,
            at: 0,
            table: PhantomData,
        })
    }
}

fn module_error(what: &str) -> Error {
    Error::ModuleError(what.to_owned())
}

#[repr(C)]
struct Cursor<'table> {
    /// SQLite's part; it must be the first.
    base: sqlite3_vtab_cursor,
    shown: Arc<Shown>,
    rows: Arc<Rows>,
    /// A column and the value that rows must have there.
    key: Option<(usize, SqliteValue)>,
    at: usize,
    table: PhantomData<&'table CatalogTable>,
}

impl Cursor<'_> {
    /// Goes on to the first row from here that may have the value of the key.
    fn settle(&mut self) {
        let Some((column, wanted)) = &self.key else {
            return;
        };
        while let Some(row) = self.rows.get(self.at) {
            match (row.get(*column), wanted) {
                (Some(SqliteValue::Integer(found)), SqliteValue::Integer(wanted))
                    if found != wanted => {}
                (Some(SqliteValue::Text(found)), SqliteValue::Text(wanted)) if found != wanted => {}
                (Some(SqliteValue::Null), _) => {}
                _ => return,
            }
            self.at += 1;
        }
    }
}

// SAFETY: `repr(C)`, and the first field is SQLite's.
unsafe impl VTabCursor for Cursor<'_> {
    fn filter(&mut self, key: c_int, _: Option<&str>, args: &Filters<'_>) -> Result<()> {
        let oid: u32 = args.get(0)?;
        let relation = relations::all().iter().find(|relation| relation.oid == oid);
        let relation = relation.ok_or_else(|| module_error("there is no such relation"))?;
        self.rows = self.shown.rows(relation);
        self.key = match usize::try_from(key - 1) {
            Ok(column) => Some((column, args.get(1)?)),
            Err(_) => None,
        };
        self.at = 0;
        self.settle();
        Ok(())
    }

    fn next(&mut self) -> Result<()> {
        self.at += 1;
        self.settle();
        Ok(())
    }

    fn eof(&self) -> bool {
        self.at >= self.rows.len()
    }

    fn column(&self, context: &mut Context, index: c_int) -> Result<()> {
        let row = self.rows.get(self.at);
        let value = row.and_then(|row| row.get(usize::try_from(index).ok()?));
        context.set_result(value.unwrap_or(&SqliteValue::Null))
    }

    fn rowid(&self) -> Result<i64> {
        Ok(self.at as i64)
    }
}

//! `hw_rows`: the table that functions in `from` and in the select list are read as.
//!
//! Its arguments are arrays; row `n` has their elements number `n`, and nulls after the end of the
//! shorter ones. A null array has no elements. Elements are texts, which the statement casts.

use std::borrow::Cow;
use std::ffi::{CStr, c_int};
use std::marker::PhantomData;

use rusqlite::ffi::{sqlite3_vtab, sqlite3_vtab_cursor};
use rusqlite::vtab::{
    Context, Filters, IndexConstraintOp, IndexInfo, Module, VTab, VTabConnection, VTabCursor,
};
use rusqlite::{Connection, Error, Result};

use crate::value::array::elements;

/// Arrays that one call takes.
pub(crate) const ARRAYS_MAX: usize = 8;
/// The column that counts the rows from 1.
const ORDINALITY: usize = ARRAYS_MAX;

const DECLARATION: &CStr = c"create table x(v0, v1, v2, v3, v4, v5, v6, v7, ordinality, \
    a0 hidden, a1 hidden, a2 hidden, a3 hidden, a4 hidden, a5 hidden, a6 hidden, a7 hidden)";

pub(super) fn install(conn: &Connection) -> Result<()> {
    const MODULE: &Module<'static, Arrays> = &Module::eponymous_only_module();
    conn.create_module(c"hw_rows", MODULE, None::<()>)
}

#[repr(C)]
struct Arrays {
    /// SQLite's part; it must be the first.
    base: sqlite3_vtab,
}

// SAFETY: `repr(C)`, and the first field is SQLite's.
unsafe impl<'table> VTab<'table> for Arrays {
    type Aux = ();
    type Cursor = Cursor<'table>;

    fn connect(
        _: &mut VTabConnection,
        _: Option<&()>,
        _: &[u8],
        _: &[u8],
        _: &[u8],
        _: &[&[u8]],
    ) -> Result<(Cow<'static, CStr>, Arrays)> {
        let base = sqlite3_vtab::default();
        Ok((Cow::Borrowed(DECLARATION), Arrays { base }))
    }

    /// Every argument must be known before the first row.
    fn best_index(&self, info: &mut IndexInfo) -> Result<bool> {
        let mut places = [None; ARRAYS_MAX];
        for (index, constraint) in info.constraints().enumerate() {
            let Ok(column) = usize::try_from(constraint.column()) else {
                continue;
            };
            let is_equal = constraint.operator() == IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_EQ;
            if column <= ORDINALITY || !is_equal {
                continue;
            }
            if !constraint.is_usable() {
                return Ok(false);
            }
            places[column - ORDINALITY - 1] = Some(index);
        }
        for (argument, place) in places.into_iter().enumerate() {
            if let Some(index) = place {
                let mut usage = info.constraint_usage(index);
                usage.set_argv_index(argument as c_int + 1);
                usage.set_omit(true);
            }
        }
        info.set_estimated_rows(100);
        info.set_estimated_cost(100.0);
        Ok(true)
    }

    fn open(&'table mut self) -> Result<Cursor<'table>> {
        Ok(Cursor {
            base: sqlite3_vtab_cursor::default(),
            arrays: Vec::new(),
            at: 0,
            count: 0,
            table: PhantomData,
        })
    }
}

#[repr(C)]
struct Cursor<'table> {
    /// SQLite's part; it must be the first.
    base: sqlite3_vtab_cursor,
    arrays: Vec<Vec<Option<String>>>,
    at: usize,
    count: usize,
    table: PhantomData<&'table Arrays>,
}

// SAFETY: `repr(C)`, and the first field is SQLite's.
unsafe impl VTabCursor for Cursor<'_> {
    fn filter(&mut self, _: c_int, _: Option<&str>, args: &Filters<'_>) -> Result<()> {
        self.arrays.clear();
        self.at = 0;
        for index in 0..args.len() {
            let array: Option<String> = args.get(index)?;
            let read = array.map_or(Ok(Vec::new()), |array| elements(&array));
            self.arrays.push(read.map_err(|error| {
                Error::ModuleError(format!("{}:{}", error.sqlstate(), error.message()))
            })?);
        }
        self.count = self.arrays.iter().map(Vec::len).max().unwrap_or(0);
        Ok(())
    }

    fn next(&mut self) -> Result<()> {
        self.at += 1;
        Ok(())
    }

    fn eof(&self) -> bool {
        self.at >= self.count
    }

    fn column(&self, context: &mut Context, index: c_int) -> Result<()> {
        let Ok(index) = usize::try_from(index) else {
            return Ok(());
        };
        if index == ORDINALITY {
            return context.set_result(self.at as i64 + 1);
        }
        let element = self.arrays.get(index).and_then(|array| array.get(self.at));
        context.set_result(element.and_then(Option::as_deref))
    }

    fn rowid(&self) -> Result<i64> {
        Ok(self.at as i64 + 1)
    }
}

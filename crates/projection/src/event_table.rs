//! The table `event`: the raw log, as a virtual table of SQLite.
//!
//! Values are made only for the columns that a statement asks for, in the storage encoding of the
//! SQL crate. The table shows the events up to the position of the query and no later one, whatever
//! is appended meanwhile.

use std::borrow::Cow;
use std::ffi::{CStr, c_int};
use std::marker::PhantomData;
use std::sync::Arc;

use headwater_event::{Event, Position};
use headwater_sql::{SqlError, Value, event_table};
use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::types::ValueRef;
use rusqlite::vtab::{
    Context, Filters, IndexFlags, IndexInfo, Module, VTab, VTabConnection, VTabCursor,
    sqlite3_vtab, sqlite3_vtab_cursor,
};
use rusqlite::{Connection, Error, Result};

use crate::envelope;
use crate::event_scan::{Compared, ID, POSITION, Scan, Term};
use crate::event_source::EventSource;

/// The scan goes from the latest event back.
const DESCENDING: c_int = 1;

/// Makes the table `event` of a connection.
pub(crate) fn install(connection: &Connection, source: Arc<EventSource>) -> Result<()> {
    const MODULE: &Module<'static, EventTable> = &Module::eponymous_only_module();
    connection.create_module(c"event", MODULE, Some(source))
}

#[repr(C)]
struct EventTable {
    /// SQLite's part; it must be the first.
    base: sqlite3_vtab,
    source: Arc<EventSource>,
}

// SAFETY: `repr(C)`, and the first field is SQLite's.
unsafe impl<'table> VTab<'table> for EventTable {
    type Aux = Arc<EventSource>;
    type Cursor = EventCursor<'table>;

    fn connect(
        _: &mut VTabConnection,
        source: Option<&Arc<EventSource>>,
        _: &[u8],
        _: &[u8],
        _: &[u8],
        _: &[&[u8]],
    ) -> Result<(Cow<'static, CStr>, EventTable)> {
        let source = source.ok_or_else(|| Error::ModuleError("there is no log".to_owned()))?;
        let columns: Vec<String> = event_table()
            .columns
            .iter()
            .map(|column| format!("\"{}\" {}", column.name, column.ty.sqlite_storage()))
            .collect();
        let schema = format!("create table event ({})", columns.join(", "));
        let schema = std::ffi::CString::new(schema)
            .map_err(|error| Error::ModuleError(error.to_string()))?;
        let table = EventTable {
            base: sqlite3_vtab::default(),
            source: Arc::clone(source),
        };
        Ok((Cow::Owned(schema), table))
    }

    fn best_index(&self, info: &mut IndexInfo) -> Result<bool> {
        let offered: Vec<_> = info
            .constraints()
            .enumerate()
            .filter(|(_, constraint)| constraint.is_usable())
            .map(|(index, constraint)| (index, constraint.column(), constraint.operator()))
            .collect();
        let total = (self.source.journal().head().position.0 as f64).max(1.0);
        let mut rows = total;
        let mut list = String::new();
        let mut arguments = 0;
        let mut unique = false;
        for (index, column, operator) in offered {
            let is_in = info.is_in_constraint(index)?;
            let Some(term) =
                Term::of(column, &operator, is_in).or_else(|| Term::of(column, &operator, false))
            else {
                continue;
            };
            if term.compared == Compared::In {
                info.set_in_constraint(index, true)?;
            }
            arguments += 1;
            info.constraint_usage(index).set_argv_index(arguments);
            list.extend(term.encode());
            rows = term.selects(rows).max(1.0);
            unique |= matches!(term.column, POSITION | ID) && term.compared == Compared::Equal;
        }
        let descending = order(info);
        info.set_idx_num(if descending == Some(true) {
            DESCENDING
        } else {
            0
        });
        info.set_order_by_consumed(descending.is_some());
        info.set_idx_str(&list);
        info.set_estimated_rows(rows as i64);
        info.set_estimated_cost(rows * 10.0);
        if unique {
            info.set_idx_flags(IndexFlags::SQLITE_INDEX_SCAN_UNIQUE);
        }
        Ok(true)
    }

    fn open(&'table mut self) -> Result<EventCursor<'table>> {
        Ok(EventCursor {
            base: sqlite3_vtab_cursor::default(),
            scan: Scan::new(&self.source, false),
            source: Arc::clone(&self.source),
            page: Vec::new(),
            at: 0,
            table: PhantomData,
        })
    }
}

/// Whether the order that is asked for begins with the position, and if so, whether from the
/// latest back. Positions differ, so what comes after does not matter.
fn order(info: &IndexInfo) -> Option<bool> {
    let first = info.order_bys().next()?;
    matches!(first.column(), POSITION | -1).then(|| first.is_order_by_desc())
}

#[repr(C)]
struct EventCursor<'table> {
    /// SQLite's part; it must be the first.
    base: sqlite3_vtab_cursor,
    source: Arc<EventSource>,
    scan: Scan,
    page: Vec<Event>,
    at: usize,
    table: PhantomData<&'table EventTable>,
}

impl EventCursor<'_> {
    /// Reads pages until there is an event or the end.
    fn fill(&mut self) -> Result<()> {
        self.page.clear();
        self.at = 0;
        while self.page.is_empty() {
            let Some(read) = self.scan.next() else {
                return Ok(());
            };
            let page = self.source.read(&read)?;
            self.page = page.events;
            self.page.retain(|event| !self.scan.is_past(event.position));
            self.scan.scanned(page.scanned, page.more);
        }
        Ok(())
    }

    fn event(&self) -> Result<&Event> {
        let event = self.page.get(self.at);
        event.ok_or_else(|| Error::ModuleError("there is no event here".to_owned()))
    }
}

// SAFETY: `repr(C)`, and the first field is SQLite's.
unsafe impl VTabCursor for EventCursor<'_> {
    fn filter(&mut self, flags: c_int, list: Option<&str>, values: &Filters<'_>) -> Result<()> {
        self.scan = Scan::new(&self.source, flags == DESCENDING);
        let terms = Term::decode(list.unwrap_or_default());
        for (index, term) in terms.into_iter().enumerate() {
            if term.compared == Compared::In {
                let names = texts(values, index)?;
                let names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
                self.scan.types(&names);
            } else {
                let value: rusqlite::types::Value = values.get(index)?;
                self.scan
                    .narrow(term, ValueRef::from(&value), &self.source)?;
            }
        }
        self.fill()
    }

    fn next(&mut self) -> Result<()> {
        self.at += 1;
        if self.at < self.page.len() {
            return Ok(());
        }
        self.fill()
    }

    fn eof(&self) -> bool {
        self.at >= self.page.len()
    }

    fn column(&self, context: &mut Context, index: c_int) -> Result<()> {
        let value = column(self.event()?, index).map_err(|error| {
            Error::ModuleError(format!("{}:{}", error.sqlstate(), error.message()))
        })?;
        context.set_result(value.to_sqlite())
    }

    fn rowid(&self) -> Result<i64> {
        let Position(position) = self.event()?.position;
        Ok(position.cast_signed())
    }
}

/// The texts of a list that a column is compared with; anything else equals no name.
fn texts(values: &Filters<'_>, index: usize) -> Result<Vec<Vec<u8>>> {
    let mut list = values.in_values(index)?;
    let mut texts = Vec::new();
    while let Some(value) = list.next()? {
        if let ValueRef::Text(text) = value {
            texts.push(text.to_vec());
        }
    }
    Ok(texts)
}

/// The value of a column, by its index in [`event_table`]. JSON that jsonb cannot hold (half of a
/// surrogate pair, the character of code 0) reads as null, so that one event does not stand in the
/// way of questions about the others; `bytes` has it as it was written.
fn column(event: &Event, index: c_int) -> std::result::Result<Value, SqlError> {
    Ok(match index {
        0 => envelope::position(event),
        1 => envelope::id(event),
        2 => envelope::stream(event),
        3 => envelope::category(event),
        4 => envelope::key(event),
        5 => envelope::revision(event),
        6 => envelope::event_type(event),
        7 => envelope::tags(event)?,
        8 => envelope::data(event).unwrap_or(Value::Null),
        9 => envelope::bytes(event),
        10 => envelope::content_type(event),
        11 => envelope::metadata(event).unwrap_or(Value::Null),
        12 => envelope::occurred_at(event),
        13 => envelope::recorded_at(event),
        _ => Value::Null,
    })
}

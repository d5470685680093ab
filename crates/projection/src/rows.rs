//! The answer of a query, pulled batch by batch.

use std::ptr::NonNull;
use std::sync::Arc;

use headwater_event::{Error as EventError, Kind, Position};
use headwater_sql::{OutputColumn, SqlError, Value};
use rusqlite::types::{Value as Stored, ValueRef};
use rusqlite::{CachedStatement, Connection};

use crate::Error;
use crate::deadline::Deadline;
use crate::prepared::Prepared;
use crate::reader::Lease;
use crate::trouble::Trouble;

/// Rows in one batch.
const BATCH_ROWS_MAX: usize = 256;

/// Bytes of values in one batch, about.
const BATCH_BYTES_MAX: usize = 256 << 10;

/// How large an answer may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) rows_max: usize,
    pub(crate) bytes_max: usize,
}

/// The answer of a query: it reflects exactly one position of the log.
///
/// Rows are made while they are pulled, all of them as of that position. Dropping it frees
/// everything that the query holds; nothing needs to be read to the end.
pub struct Rows {
    prepared: Arc<Prepared>,
    position: Position,
    /// `None` at the end.
    cursor: Option<Cursor>,
    deadline: Deadline,
    bounds: Bounds,
    rows: usize,
    bytes: usize,
    events_read: u64,
}

impl Rows {
    /// Begins a statement on a reader that is pinned and admitted.
    pub(crate) fn begin(
        lease: Lease,
        prepared: Arc<Prepared>,
        params: &[Stored],
        position: Position,
        deadline: Deadline,
        bounds: Bounds,
    ) -> Result<Rows, Error> {
        let cursor = Cursor::open(lease, &prepared.query.sqlite, params)?;
        Ok(Rows {
            prepared,
            position,
            cursor: Some(cursor),
            deadline,
            bounds,
            rows: 0,
            bytes: 0,
            events_read: 0,
        })
    }

    /// The columns.
    pub fn columns(&self) -> &[OutputColumn] {
        &self.prepared.query.columns
    }

    /// The position that the answer reflects.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Whether every row was given out. It may be told only by the next batch, which is `None`.
    pub fn is_whole(&self) -> bool {
        self.cursor.is_none()
    }

    /// How many events of the log were read for the table `event` so far.
    pub fn events_read(&self) -> u64 {
        match &self.cursor {
            Some(cursor) => cursor.events_read(),
            None => self.events_read,
        }
    }

    /// The next rows; `None` at the end. Blocks while SQLite works.
    ///
    /// # Errors
    /// 57014 when the time is over or the query was called off; `too_large` past the bounds of the
    /// request; what the statement itself fails with. After an error there are no more rows.
    pub fn next_batch(&mut self) -> Result<Option<Vec<Vec<Value>>>, Error> {
        let Some(mut cursor) = self.cursor.take() else {
            return Ok(None);
        };
        let mut rows = Vec::new();
        let ended = self.batch(&mut cursor, &mut rows);
        self.events_read = cursor.events_read();
        if ended? {
            // More than one batch is not little, however few steps it took.
            self.prepared
                .ran(!cursor.has_worked() && self.rows == rows.len());
        } else {
            self.cursor = Some(cursor);
        }
        Ok((!rows.is_empty()).then_some(rows))
    }

    /// Takes the next rows; whether these are the last.
    fn batch(&mut self, cursor: &mut Cursor, rows: &mut Vec<Vec<Value>>) -> Result<bool, Error> {
        let begun = self.bytes;
        while rows.len() < BATCH_ROWS_MAX && self.bytes - begun < BATCH_BYTES_MAX {
            if let Some(over) = self.deadline.over() {
                return Err(over.error());
            }
            let row = match cursor.next(&self.prepared.query.columns) {
                Ok(Some(row)) => row,
                Ok(None) => return Ok(true),
                Err(error) => return Err(self.explain(cursor, error)),
            };
            self.rows += 1;
            self.bytes += row.iter().map(bytes_of).sum::<usize>();
            self.check_bounds()?;
            rows.push(row);
        }
        Ok(false)
    }

    fn check_bounds(&self) -> Result<(), Error> {
        let too_large = |found: String, most: String| {
            Error::Other(
                EventError::new(Kind::TooLarge, "too_large", "the answer is too large")
                    .found(found)
                    .expected(most)
                    .action("add a `limit`, or ask for fewer rows or columns"),
            )
        };
        let Bounds {
            rows_max,
            bytes_max,
        } = self.bounds;
        if self.rows > rows_max {
            return Err(too_large(
                format!("more than {rows_max} rows"),
                format!("at most {rows_max} rows"),
            ));
        }
        if self.bytes > bytes_max {
            return Err(too_large(
                format!("more than {bytes_max} bytes"),
                format!("at most {bytes_max} bytes of values"),
            ));
        }
        Ok(())
    }

    fn explain(&self, cursor: &Cursor, error: CursorError) -> Error {
        let error = match error {
            CursorError::Value(error) => return Error::Sql(error),
            CursorError::Sqlite(error) => error,
        };
        if let Some(error) = cursor.take_journal_error() {
            return Error::Other(error);
        }
        explain(error, &self.deadline)
    }
}

/// What an error of SQLite means for whoever asked.
fn explain(error: rusqlite::Error, deadline: &Deadline) -> Error {
    let path = std::path::Path::new("read model");
    match Trouble::of(error, path) {
        Trouble::Interrupted => match deadline.over() {
            Some(over) => over.error(),
            None => crate::deadline::Over::Cancelled.error(),
        },
        Trouble::Statement(error) => Error::Sql(error),
        other => Error::Other(other.into_error(path)),
    }
}

/// What a value counts towards the most that an answer may have.
fn bytes_of(value: &Value) -> usize {
    value.text_bytes().max(8)
}

enum CursorError {
    Sqlite(rusqlite::Error),
    Value(SqlError),
}

/// A running statement together with the reader that it borrows from.
///
/// Fields are dropped in the order in which they borrow: rows, statement, reader.
struct Cursor {
    /// `None` only while it is dropped.
    rows: Option<rusqlite::Rows<'static>>,
    /// Made by `Box::into_raw`; freed once, in `drop`.
    statement: NonNull<CachedStatement<'static>>,
    lease: Lease,
}

// SAFETY: the lease, the statement and the rows belong to one connection and move together; a
// `&mut` is needed to step, so no two threads use the connection at once. SQLite is built and
// opened in its multi-thread mode, which allows a connection to move between threads. The `Rc` of
// the lease is never cloned.
unsafe impl Send for Cursor {}

impl Cursor {
    fn open(lease: Lease, sql: &str, params: &[Stored]) -> Result<Cursor, Error> {
        let connection: *const Connection = lease.reader()?.connection();
        // SAFETY: the connection lives in the `Rc` of the lease, which does not move and is dropped
        // after everything that borrows from it here.
        let connection: &'static Connection = unsafe { &*connection };
        let mut statement = connection
            .prepare_cached(sql)
            .map_err(|error| Error::Sql(SqlError::from_sqlite(error)))?;
        for (index, param) in params.iter().enumerate() {
            statement
                .raw_bind_parameter(index + 1, param)
                .map_err(|error| Error::Sql(SqlError::from_sqlite(error)))?;
        }
        let statement = NonNull::from(Box::leak(Box::new(statement)));
        // SAFETY: the statement was just leaked, so nothing else points to it; it is freed in
        // `drop`, after the rows.
        let rows = unsafe { &mut *statement.as_ptr() }.raw_query();
        Ok(Cursor {
            rows: Some(rows),
            statement,
            lease,
        })
    }

    fn next(&mut self, columns: &[OutputColumn]) -> Result<Option<Vec<Value>>, CursorError> {
        let Some(rows) = &mut self.rows else {
            return Ok(None);
        };
        let Some(row) = rows.next().map_err(CursorError::Sqlite)? else {
            return Ok(None);
        };
        let value = |(index, column): (usize, &OutputColumn)| {
            let stored: ValueRef<'_> = row.get_ref(index).map_err(CursorError::Sqlite)?;
            Value::from_sqlite(column.ty, stored).map_err(CursorError::Value)
        };
        columns
            .iter()
            .enumerate()
            .map(value)
            .collect::<Result<_, _>>()
            .map(Some)
    }

    fn events_read(&self) -> u64 {
        let reader = self.lease.reader();
        reader.map_or(0, |reader| reader.source().events_read())
    }

    fn has_worked(&self) -> bool {
        let reader = self.lease.reader();
        reader.is_ok_and(|reader| reader.has_worked())
    }

    fn take_journal_error(&self) -> Option<EventError> {
        self.lease.reader().ok()?.source().take_error()
    }
}

impl Drop for Cursor {
    fn drop(&mut self) {
        self.rows = None;
        // SAFETY: it came from `Box::leak`, is freed only here, and the rows that borrowed from it
        // are gone.
        drop(unsafe { Box::from_raw(self.statement.as_ptr()) });
    }
}

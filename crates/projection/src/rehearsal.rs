//! A definition's statements, tried on an empty database in memory.
//!
//! The SQL crate refuses what it has no meaning for; what it lets through and SQLite does not take
//! (a name taken in another case, too many columns or arguments) is found here, when the definition
//! is read. Found at the first fold it would come after the definition was recorded, and as a
//! failure of the machine: tried again for ever.

use headwater_sql::SqlError;
use rusqlite::Connection;

use crate::guard::{Allowed, Guard};

/// An empty read model in memory, under the limits of one that is folded.
pub(crate) struct Rehearsal {
    connection: Connection,
    guard: Guard,
}

impl Rehearsal {
    pub(crate) fn begin() -> Result<Rehearsal, SqlError> {
        let begin = || {
            let mut connection = Connection::open_in_memory()?;
            connection.pragma_update(None, "trusted_schema", false)?;
            headwater_sql::install(&connection)?;
            let guard = Guard::install(&mut connection, Allowed::Fold)?;
            Ok(Rehearsal { connection, guard })
        };
        begin().map_err(SqlError::from_sqlite)
    }

    /// Makes a table or an index.
    pub(crate) fn create(&self, sqlite: &str) -> Result<(), SqlError> {
        self.guard.open();
        let made = self.connection.execute_batch(sqlite);
        made.map_err(SqlError::from_sqlite)
    }

    /// Prepares a handler's statement, which is not run.
    pub(crate) fn prepare(&self, sqlite: &str) -> Result<(), SqlError> {
        self.guard.close();
        let prepared = self.connection.prepare(sqlite);
        prepared.map(drop).map_err(SqlError::from_sqlite)
    }
}

//! The functions that SQLite lacks or answers differently than PostgreSQL.

pub(crate) mod signatures;

/// Registers every function, aggregate and collation that translated statements call.
pub(crate) fn install(_conn: &rusqlite::Connection) -> rusqlite::Result<()> {
    Ok(())
}

//! The SQL of Headwater: a typed subset of PostgreSQL, translated to SQLite.
//!
//! What is accepted answers as PostgreSQL 15 answers: rows, types, the order of nulls, errors. What
//! is not is refused by name (SQLSTATE 0A000). Never a different answer.
//!
//! ```text
//! text --placeholder--> text with $1 --parse--> parser's tree --bind--> typed tree --translate--> SQLite
//!        :name @name                                       catalog, signatures                       hw_*
//! ```
//!
//! * [`split_statements`] cuts a file; [`create_table`] and [`create_index`] read definitions into a
//!   [`Catalog`]; [`compile_handler`] and [`compile_query`] translate what runs over it.
//! * The binder resolves every name and type and refuses what has no meaning; the translator decides
//!   nothing. Relations and columns get names of our own, so SQLite's rules about names, affinity
//!   and double-quoted strings have no say.
//! * [`install`] gives a connection the functions that SQLite lacks or answers differently.
//!
//! It does no I/O, and neither opens nor owns a database: the caller prepares and runs the text.
//!
//! ```
//! use std::sync::Arc;
//! use headwater_sql::{Catalog, compile_handler, compile_query, create_table, install};
//!
//! let account = create_table("create table account (id text primary key, logins int not null)")?;
//! let conn = rusqlite::Connection::open_in_memory()?;
//! install(&conn)?;
//! conn.execute_batch(&account.sqlite_ddl())?;
//! let mut catalog = Catalog::new();
//! catalog.add(None, Arc::new(account))?;
//!
//! let handler = compile_handler(
//!     "insert into account values (@key, 1) on conflict (id) do update set logins = account.logins + 1",
//!     &catalog,
//! )?;
//! conn.execute(&handler.sqlite, ["ada"])?;
//! conn.execute(&handler.sqlite, ["ada"])?;
//!
//! let query = compile_query("select logins from account where id = $1", &catalog, &[])?;
//! let logins: i32 = conn.query_row(&query.sqlite, ["ada"], |row| row.get(0))?;
//! assert_eq!(logins, 2);
//!
//! let refused = compile_query("select logins from account for update", &catalog, &[]).unwrap_err();
//! assert_eq!(refused.sqlstate(), "0A000");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bind;
mod catalog;
mod catalogs;
mod define;
mod error;
mod event_table;
mod forms;
mod functions;
mod parse;
mod placeholder;
mod plan;
mod scan;
mod split;
mod statement;
mod translate;
mod types;
mod value;
mod walk;

pub use catalog::{Catalog, Check, Column, Index, Table, Unique};
pub use catalogs::{Session, SessionSettings, Surroundings};
pub use error::{SqlError, sqlstate};
pub use event_table::event_table;
pub use scan::{comment_end, dollar_end, dollar_tag};
pub use split::{StatementText, split_statements};
pub use statement::{
    EnvelopeField, Handler, OutputColumn, Param, ParamSource, Query, compile_handler,
    compile_query, create_index, create_table,
};
pub use types::Type;
pub use value::Value;

/// Registers every function, aggregate and collation that translated statements call, but those of
/// [`Surroundings::install`]: all that a projection has. Once for each connection, before the first
/// statement.
pub fn install(conn: &rusqlite::Connection) -> rusqlite::Result<()> {
    functions::install(conn)?;
    translate::support::install(conn)
}

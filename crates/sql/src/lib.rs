//! The SQL of Headwater: a typed subset of PostgreSQL, translated to SQLite.

mod bind;
mod catalog;
mod define;
mod error;
mod event_table;
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
pub use error::{SqlError, sqlstate};
pub use event_table::event_table;
pub use split::{StatementText, split_statements};
pub use statement::{
    EnvelopeField, Handler, OutputColumn, Param, ParamSource, Query, compile_handler,
    compile_query, create_index, create_table,
};
pub use types::Type;
pub use value::Value;

/// Registers every function, aggregate and collation that translated statements call. Once for
/// each connection, before the first statement.
pub fn install(conn: &rusqlite::Connection) -> rusqlite::Result<()> {
    functions::install(conn)?;
    translate::support::install(conn)
}

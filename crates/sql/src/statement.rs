//! The doors of the crate: one function for each kind of statement.

use crate::catalog::{Catalog, Index, Table};
use crate::{SqlError, Type};

/// A statement of a projection, ready to run for each event.
#[derive(Debug, Clone, PartialEq)]
pub struct Handler {
    /// The SQLite statement, with parameters `?1` and on.
    pub sqlite: String,
    /// What to bind to `?1` and on.
    pub params: Vec<Param>,
    /// The table it writes.
    pub table: String,
}

/// One parameter of a handler.
#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    /// Where the value comes from.
    pub source: ParamSource,
    /// The type it is bound as.
    pub ty: Type,
}

/// Where the value of a handler's parameter comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParamSource {
    /// `:name` or `:name?`: a field of the event's data.
    Field {
        /// The field.
        name: String,
        /// Whether a missing field is null (`:name?`) rather than a failure (`:name`).
        optional: bool,
    },
    /// `@name`: a part of the envelope.
    Envelope(EnvelopeField),
}

/// A part of an event's envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum EnvelopeField {
    Position,
    Id,
    Stream,
    Category,
    Key,
    Revision,
    Type,
    OccurredAt,
    RecordedAt,
    Tags,
    Data,
    Metadata,
}

/// A query, ready to run.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The SQLite statement, with parameters `?1` and on.
    pub sqlite: String,
    /// The columns of the answer.
    pub columns: Vec<OutputColumn>,
    /// The types of `$1` and on, given or inferred.
    pub params: Vec<Type>,
    /// The tables of the catalog that it names, each once, sorted.
    pub tables: Vec<String>,
}

/// A column of a query's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputColumn {
    /// The name, as PostgreSQL makes it.
    pub name: String,
    /// The type.
    pub ty: Type,
}

/// Reads one `create table`.
pub fn create_table(sql: &str) -> Result<Table, SqlError> {
    let _ = sql;
    Err(SqlError::unsupported("this statement"))
}

/// Reads one `create index` on a table of the catalog.
pub fn create_index(sql: &str, catalog: &Catalog) -> Result<Index, SqlError> {
    let _ = (sql, catalog);
    Err(SqlError::unsupported("this statement"))
}

/// Translates one `insert`, `update` or `delete` over tables of the catalog.
pub fn compile_handler(sql: &str, catalog: &Catalog) -> Result<Handler, SqlError> {
    let _ = (sql, catalog);
    Err(SqlError::unsupported("this statement"))
}

/// Translates one `select`, `values` or `with`. `params` are the types of `$1` and on that the
/// caller knows; the others are inferred.
pub fn compile_query(
    sql: &str,
    catalog: &Catalog,
    params: &[Option<Type>],
) -> Result<Query, SqlError> {
    let _ = (sql, catalog, params);
    Err(SqlError::unsupported("this statement"))
}

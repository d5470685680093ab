//! What a caller of this crate is told when something cannot be done.

use std::fmt;

use headwater_event::Kind;
use headwater_sql::SqlError;

use crate::DefinitionError;

/// Why a projection or a query was refused or failed.
#[derive(Clone, Debug)]
pub enum Error {
    /// The file of a projection is not well formed.
    Definition(DefinitionError),
    /// The statement of a query was refused, failed, or ran out of time (57014). It carries a
    /// SQLSTATE of PostgreSQL and, where known, the character to blame.
    Sql(SqlError),
    /// Everything else.
    Other(headwater_event::Error),
}

impl Error {
    /// The kind: what the caller can do about it.
    pub fn kind(&self) -> Kind {
        match self {
            Error::Definition(_) | Error::Sql(_) => Kind::Invalid,
            Error::Other(error) => error.kind(),
        }
    }

    /// The stable code: `bad_projection`, `sql_error`, or that of the other error.
    pub fn code(&self) -> &'static str {
        match self {
            Error::Definition(_) => "bad_projection",
            Error::Sql(_) => "sql_error",
            Error::Other(error) => error.code(),
        }
    }
}

impl From<headwater_event::Error> for Error {
    fn from(error: headwater_event::Error) -> Error {
        Error::Other(error)
    }
}

impl From<SqlError> for Error {
    fn from(error: SqlError) -> Error {
        Error::Sql(error)
    }
}

impl From<DefinitionError> for Error {
    fn from(error: DefinitionError) -> Error {
        Error::Definition(error)
    }
}

impl From<Error> for headwater_event::Error {
    /// Keeps the words; the SQLSTATE and the place stand in the message.
    fn from(error: Error) -> headwater_event::Error {
        match error {
            Error::Definition(error) => error.into(),
            Error::Sql(error) => headwater_event::Error::invalid("sql_error", error.to_string()),
            Error::Other(error) => error,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Definition(error) => error.fmt(f),
            Error::Sql(error) => error.fmt(f),
            Error::Other(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

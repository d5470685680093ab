//! What a statement is refused or fails with: always a SQLSTATE of PostgreSQL, a message for
//! people, and, where one character of the statement is to blame, its position.
//!
//! Functions that run inside SQLite can only raise a text. They raise `SQLSTATE:message`
//! (`22012:division by zero`), which [`SqlError::from_sqlite`] takes apart again.

use std::fmt;

use rusqlite::ffi;

/// SQLSTATE codes used by this crate, under the names PostgreSQL gives them.
pub mod sqlstate {
    #![allow(missing_docs)]
    pub const FEATURE_NOT_SUPPORTED: &str = "0A000";
    pub const CARDINALITY_VIOLATION: &str = "21000";
    pub const STRING_DATA_RIGHT_TRUNCATION: &str = "22001";
    pub const NUMERIC_VALUE_OUT_OF_RANGE: &str = "22003";
    pub const DATETIME_FIELD_OVERFLOW: &str = "22008";
    pub const DIVISION_BY_ZERO: &str = "22012";
    pub const INVALID_PARAMETER_VALUE: &str = "22023";
    pub const INVALID_TEXT_REPRESENTATION: &str = "22P02";
    pub const NOT_NULL_VIOLATION: &str = "23502";
    pub const UNIQUE_VIOLATION: &str = "23505";
    pub const CHECK_VIOLATION: &str = "23514";
    pub const SYNTAX_ERROR: &str = "42601";
    pub const DUPLICATE_COLUMN: &str = "42701";
    pub const AMBIGUOUS_COLUMN: &str = "42702";
    pub const UNDEFINED_COLUMN: &str = "42703";
    pub const UNDEFINED_OBJECT: &str = "42704";
    pub const DUPLICATE_ALIAS: &str = "42712";
    pub const GROUPING_ERROR: &str = "42803";
    pub const DATATYPE_MISMATCH: &str = "42804";
    pub const WRONG_OBJECT_TYPE: &str = "42809";
    pub const CANNOT_COERCE: &str = "42846";
    pub const UNDEFINED_FUNCTION: &str = "42883";
    pub const UNDEFINED_TABLE: &str = "42P01";
    pub const UNDEFINED_PARAMETER: &str = "42P02";
    pub const DUPLICATE_TABLE: &str = "42P07";
    pub const AMBIGUOUS_PARAMETER: &str = "42P08";
    pub const INVALID_COLUMN_REFERENCE: &str = "42P10";
    pub const INDETERMINATE_DATATYPE: &str = "42P18";
    pub const INVALID_RECURSION: &str = "42P19";
    pub const WINDOWING_ERROR: &str = "42P20";
    pub const OUT_OF_MEMORY: &str = "53200";
    pub const DISK_FULL: &str = "53100";
    pub const PROGRAM_LIMIT_EXCEEDED: &str = "54000";
    pub const STATEMENT_TOO_COMPLEX: &str = "54001";
    pub const QUERY_CANCELED: &str = "57014";
    pub const IO_ERROR: &str = "58030";
    pub const INTERNAL_ERROR: &str = "XX000";
}

/// Why a statement was refused or failed.
#[derive(Clone, PartialEq, Eq)]
pub struct SqlError {
    // Boxed so that the many `Result`s of the binder stay small.
    inner: Box<Inner>,
}

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    sqlstate: String,
    message: String,
    detail: Option<String>,
    hint: Option<String>,
    position: Option<usize>,
}

impl SqlError {
    /// An error with a SQLSTATE (five characters, see [`sqlstate`]) and a message.
    pub fn new(sqlstate: &str, message: impl Into<String>) -> SqlError {
        assert_eq!(sqlstate.len(), 5, "a SQLSTATE has five characters");
        SqlError {
            inner: Box::new(Inner {
                sqlstate: sqlstate.to_owned(),
                message: message.into(),
                detail: None,
                hint: None,
                position: None,
            }),
        }
    }

    /// PostgreSQL knows `what`, Headwater does not: 0A000.
    pub fn unsupported(what: impl fmt::Display) -> SqlError {
        SqlError::new(
            sqlstate::FEATURE_NOT_SUPPORTED,
            format!("{what} is not part of Headwater's SQL"),
        )
    }

    /// The text is not SQL: 42601.
    pub fn syntax(message: impl Into<String>) -> SqlError {
        SqlError::new(sqlstate::SYNTAX_ERROR, message)
    }

    /// Adds what was found or expected in particular.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> SqlError {
        self.inner.detail = Some(detail.into());
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> SqlError {
        self.inner.hint = Some(hint.into());
        self
    }

    /// Adds the character to blame, counted from 1; keeps a position that is already there.
    #[must_use]
    pub fn at(mut self, position: Option<usize>) -> SqlError {
        self.inner.position = self.inner.position.or(position);
        self
    }

    /// Replaces the position by what `map` makes of it.
    #[must_use]
    pub(crate) fn map_position(mut self, map: impl FnOnce(usize) -> usize) -> SqlError {
        self.inner.position = self.inner.position.map(map);
        self
    }

    /// The SQLSTATE: five characters.
    pub fn sqlstate(&self) -> &str {
        &self.inner.sqlstate
    }

    /// What is wrong, in one line.
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// What was found or expected in particular.
    pub fn detail(&self) -> Option<&str> {
        self.inner.detail.as_deref()
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        self.inner.hint.as_deref()
    }

    /// The character of the statement to blame, counted from 1.
    pub fn position(&self) -> Option<usize> {
        self.inner.position
    }

    /// What SQLite said while it prepared or ran a translated statement, as PostgreSQL would say it.
    ///
    /// Errors that name neither a constraint nor a function of ours are about the machine
    /// (interrupted, memory, disk) or a mistake in the translation (XX000).
    pub fn from_sqlite(error: rusqlite::Error) -> SqlError {
        match error {
            rusqlite::Error::SqliteFailure(failure, message) => {
                from_failure(failure, message.unwrap_or_else(|| failure.to_string()))
            }
            rusqlite::Error::SqlInputError { error, msg, .. } => from_failure(error, msg),
            rusqlite::Error::UserFunctionError(source) => raised(&source.to_string())
                .unwrap_or_else(|| SqlError::new(sqlstate::INTERNAL_ERROR, source.to_string())),
            other => SqlError::new(sqlstate::INTERNAL_ERROR, other.to_string()),
        }
    }
}

/// Takes `SQLSTATE:message`, as raised by functions of ours, apart.
fn raised(text: &str) -> Option<SqlError> {
    let (state, message) = text.split_once(':')?;
    let is_state = state.len() == 5
        && state
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
    is_state.then(|| SqlError::new(state, message))
}

fn from_failure(failure: ffi::Error, message: String) -> SqlError {
    if let Some(error) = raised(&message) {
        return error;
    }
    match failure.extended_code {
        ffi::SQLITE_CONSTRAINT_UNIQUE
        | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
        | ffi::SQLITE_CONSTRAINT_ROWID => unique_violation(&message),
        ffi::SQLITE_CONSTRAINT_NOTNULL => not_null_violation(&message),
        ffi::SQLITE_CONSTRAINT_CHECK => check_violation(&message),
        _ => from_primary_code(failure, message),
    }
}

fn from_primary_code(failure: ffi::Error, message: String) -> SqlError {
    use rusqlite::ErrorCode;
    match failure.code {
        ErrorCode::OperationInterrupted => SqlError::new(
            sqlstate::QUERY_CANCELED,
            "canceling statement due to statement timeout or user request",
        ),
        ErrorCode::OutOfMemory => SqlError::new(sqlstate::OUT_OF_MEMORY, "out of memory")
            .with_hint("Read fewer rows at once, or group them into fewer results."),
        ErrorCode::DiskFull => SqlError::new(sqlstate::DISK_FULL, "no space left on the disk"),
        ErrorCode::SystemIoFailure => SqlError::new(sqlstate::IO_ERROR, message),
        ErrorCode::TooBig => SqlError::new(sqlstate::STATEMENT_TOO_COMPLEX, message),
        _ => built_in_function(message),
    }
}

/// What functions of SQLite itself complain of, known by their words only.
fn built_in_function(message: String) -> SqlError {
    let known = [
        (
            "integer overflow",
            sqlstate::NUMERIC_VALUE_OUT_OF_RANGE,
            "bigint out of range",
        ),
        (
            "argument of ntile must be a positive integer",
            "22014",
            "argument of ntile must be greater than zero",
        ),
        (
            "second argument to nth_value must be a positive integer",
            "22016",
            "argument of nth_value must be greater than zero",
        ),
    ];
    match known.iter().find(|(words, ..)| message.contains(words)) {
        Some((_, state, message)) => SqlError::new(state, *message),
        None => SqlError::new(sqlstate::INTERNAL_ERROR, message),
    }
}

/// `UNIQUE constraint failed: account.id, account.kind`, the only thing SQLite tells.
fn unique_violation(message: &str) -> SqlError {
    let (table, columns) = constraint_columns(message);
    SqlError::new(
        sqlstate::UNIQUE_VIOLATION,
        format!("duplicate key value violates a unique constraint of table \"{table}\""),
    )
    .with_detail(format!("Key ({}) already exists.", columns.join(", ")))
}

fn not_null_violation(message: &str) -> SqlError {
    let (table, columns) = constraint_columns(message);
    SqlError::new(
        sqlstate::NOT_NULL_VIOLATION,
        format!(
            "null value in column \"{}\" of relation \"{table}\" violates not-null constraint",
            columns.join(", ")
        ),
    )
}

fn check_violation(message: &str) -> SqlError {
    let name = message.split_once(": ").map_or(message, |(_, name)| name);
    SqlError::new(
        sqlstate::CHECK_VIOLATION,
        format!("new row violates check constraint \"{name}\""),
    )
}

fn constraint_columns(message: &str) -> (String, Vec<String>) {
    let list = message.split_once(": ").map_or("", |(_, list)| list);
    let mut table = String::new();
    let mut columns = Vec::new();
    for item in list.split(", ") {
        let (of, column) = item.split_once('.').unwrap_or(("", item));
        of.clone_into(&mut table);
        columns.push(column.to_owned());
    }
    (table, columns)
}

impl fmt::Display for SqlError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} [{}]", self.inner.message, self.inner.sqlstate)?;
        if let Some(detail) = &self.inner.detail {
            write!(out, "; {detail}")?;
        }
        if let Some(hint) = &self.inner.hint {
            write!(out, "; {hint}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for SqlError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self}")?;
        match self.inner.position {
            Some(position) => write!(out, " at character {position}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for SqlError {}

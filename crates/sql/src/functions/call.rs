//! How a function of ours is called from SQLite: its arguments, its answer, its errors.

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{Value as SqliteValue, ValueRef};

use crate::SqlError;
use crate::value::decimal::Decimal;
use crate::value::json::Json;

/// What a function answers, in storage form.
pub(crate) type Answer = Result<SqliteValue, SqlError>;

/// Same arguments, same answer; nothing but the answer is touched.
pub(crate) const PURE: FunctionFlags = FunctionFlags::SQLITE_UTF8
    .union(FunctionFlags::SQLITE_DETERMINISTIC)
    .union(FunctionFlags::SQLITE_INNOCUOUS);

/// A scalar function: one row of a table of functions.
pub(crate) struct Scalar {
    name: &'static str,
    /// -1 takes any number.
    arity: i32,
    /// Whether the body sees nulls; else a null argument makes the answer null.
    sees_nulls: bool,
    body: fn(&Args<'_, '_>) -> Answer,
}

/// A function that is null whenever an argument is.
pub(crate) const fn strict(
    name: &'static str,
    arity: i32,
    body: fn(&Args<'_, '_>) -> Answer,
) -> Scalar {
    Scalar {
        name,
        arity,
        sees_nulls: false,
        body,
    }
}

/// A function that is called with nulls too.
pub(crate) const fn nullable(
    name: &'static str,
    arity: i32,
    body: fn(&Args<'_, '_>) -> Answer,
) -> Scalar {
    Scalar {
        name,
        arity,
        sees_nulls: true,
        body,
    }
}

impl Scalar {
    pub(crate) fn register(&self, conn: &Connection) -> rusqlite::Result<()> {
        let (body, sees_nulls) = (self.body, self.sees_nulls);
        conn.create_scalar_function(self.name, self.arity, PURE, move |context| {
            let args = Args(context);
            if !sees_nulls && (0..args.len()).any(|at| args.is_null(at)) {
                return Ok(SqliteValue::Null);
            }
            body(&args).map_err(raise)
        })
    }
}

/// An error in the form SQLite carries to `SqlError::from_sqlite`.
pub(crate) fn raise(error: SqlError) -> rusqlite::Error {
    rusqlite::Error::UserFunctionError(format!("{}:{}", error.sqlstate(), error.message()).into())
}

/// The arguments of a call.
pub(crate) struct Args<'a, 'b>(pub(crate) &'a Context<'b>);

impl Args<'_, '_> {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Bytes of all texts and blobs.
    pub(crate) fn size(&self) -> usize {
        let bytes = |at| match self.raw(at) {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len(),
            _ => 0,
        };
        (0..self.len()).map(bytes).sum()
    }

    pub(crate) fn raw(&self, at: usize) -> ValueRef<'_> {
        self.0.get_raw(at)
    }

    pub(crate) fn is_null(&self, at: usize) -> bool {
        self.raw(at) == ValueRef::Null
    }

    pub(crate) fn integer(&self, at: usize) -> Result<i64, SqlError> {
        match self.raw(at) {
            ValueRef::Integer(value) => Ok(value),
            other => Err(mismatch(at, "an integer", other)),
        }
    }

    pub(crate) fn double(&self, at: usize) -> Result<f64, SqlError> {
        match self.raw(at) {
            ValueRef::Real(value) => Ok(value),
            // SQLite keeps whole doubles as integers in places.
            ValueRef::Integer(value) => Ok(value as f64),
            other => Err(mismatch(at, "a double", other)),
        }
    }

    pub(crate) fn text(&self, at: usize) -> Result<&str, SqlError> {
        match self.raw(at) {
            ValueRef::Text(bytes) => std::str::from_utf8(bytes)
                .map_err(|_| SqlError::new("22021", "invalid byte sequence for encoding \"UTF8\"")),
            other => Err(mismatch(at, "a text", other)),
        }
    }

    pub(crate) fn bytes(&self, at: usize) -> Result<&[u8], SqlError> {
        match self.raw(at) {
            ValueRef::Blob(bytes) => Ok(bytes),
            other => Err(mismatch(at, "bytes", other)),
        }
    }

    pub(crate) fn decimal(&self, at: usize) -> Result<Decimal, SqlError> {
        Decimal::parse(self.text(at)?)
    }

    pub(crate) fn json(&self, at: usize) -> Result<Json, SqlError> {
        Json::parse(self.text(at)?)
    }
}

fn mismatch(at: usize, expected: &str, found: ValueRef<'_>) -> SqlError {
    let found = found.data_type();
    SqlError::new(
        "XX000",
        format!(
            "argument {} is {found} where {expected} was expected",
            at + 1
        ),
    )
}

/// PostgreSQL's 22003.
pub(crate) fn out_of_range(what: &str) -> SqlError {
    SqlError::new("22003", format!("{what} out of range"))
}

/// PostgreSQL's 22012.
pub(crate) fn division_by_zero() -> SqlError {
    SqlError::new("22012", "division by zero")
}

/// A `smallint`, if 16 bits hold it.
pub(crate) fn smallint(value: i64) -> Answer {
    match i16::try_from(value) {
        Ok(_) => Ok(SqliteValue::Integer(value)),
        Err(_) => Err(out_of_range("smallint")),
    }
}

/// An `integer`, if 32 bits hold it.
pub(crate) fn int(value: i64) -> Answer {
    match i32::try_from(value) {
        Ok(_) => Ok(SqliteValue::Integer(value)),
        Err(_) => Err(out_of_range("integer")),
    }
}

/// A `bigint`, if there was no overflow.
pub(crate) fn bigint(value: Option<i64>) -> Answer {
    value
        .map(SqliteValue::Integer)
        .ok_or_else(|| out_of_range("bigint"))
}

/// A `double precision`, unless it is NaN, which the language does not have.
pub(crate) fn double(value: f64) -> Answer {
    if value.is_nan() {
        return Err(SqlError::unsupported(
            "a double precision that is not a number (NaN)",
        ));
    }
    Ok(SqliteValue::Real(value))
}

pub(crate) fn numeric(value: Decimal) -> Answer {
    Ok(SqliteValue::Text(value.to_string()))
}

pub(crate) fn text(value: impl Into<String>) -> Answer {
    Ok(SqliteValue::Text(value.into()))
}

pub(crate) fn boolean(value: bool) -> Answer {
    Ok(SqliteValue::Integer(value.into()))
}

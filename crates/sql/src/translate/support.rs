//! Functions that translated statements need and that no SQL names: rows counted, errors raised,
//! doubles exact to the bit.

use rusqlite::functions::{Aggregate, Context, FunctionFlags};
use rusqlite::types::Value;
use rusqlite::{Connection, Error, Result};

use crate::sqlstate;

/// Registers them.
pub(crate) fn install(conn: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    conn.create_scalar_function("hw_double", 1, flags, |context| {
        Ok(f64::from_bits(context.get::<i64>(0)?.cast_unsigned()))
    })?;
    conn.create_scalar_function("hw_limit", 1, flags, |context| {
        row_count(context, "2201W", "LIMIT").map(|rows| rows.unwrap_or(-1))
    })?;
    conn.create_scalar_function("hw_offset", 1, flags, |context| {
        row_count(context, "2201X", "OFFSET").map(|rows| rows.unwrap_or(0))
    })?;
    conn.create_scalar_function("hw_raise", 1, flags, |context| {
        Err::<Value, _>(raise(context.get::<String>(0)?))
    })?;
    conn.create_aggregate_function("hw_single", 1, flags, Single)
}

fn raise(text: impl Into<String>) -> Error {
    Error::UserFunctionError(text.into().into())
}

fn row_count(context: &Context<'_>, state: &str, clause: &str) -> Result<Option<i64>> {
    match context.get::<Option<i64>>(0)? {
        Some(rows) if rows < 0 => Err(raise(format!("{state}:{clause} must not be negative"))),
        rows => Ok(rows),
    }
}

/// The value of the only row; null when there is none; 21000 when there are more.
struct Single;

impl Aggregate<Option<Value>, Value> for Single {
    fn init(&self, _: &mut Context<'_>) -> Result<Option<Value>> {
        Ok(None)
    }

    fn step(&self, context: &mut Context<'_>, only: &mut Option<Value>) -> Result<()> {
        if only.is_some() {
            return Err(raise(format!(
                "{}:more than one row returned by a subquery used as an expression",
                sqlstate::CARDINALITY_VIOLATION
            )));
        }
        *only = Some(context.get(0)?);
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, only: Option<Option<Value>>) -> Result<Value> {
        Ok(only.flatten().unwrap_or(Value::Null))
    }
}

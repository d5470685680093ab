//! Checks of the numbers that window functions take: SQLite has its own ideas of null and of less
//! than one.

use super::call::{Answer, Args, Scalar, nullable};
use crate::SqlError;
use rusqlite::types::Value as SqliteValue;

pub(super) const FUNCTIONS: &[Scalar] = &[
    nullable("hw_row_offset", 1, |a| {
        at_least(a, 0, "a negative offset of lag or lead", "0A000")
    }),
    nullable("hw_nth_value_argument", 1, |a| {
        at_least(
            a,
            1,
            "argument of nth_value must be greater than zero",
            "22016",
        )
    }),
    nullable("hw_ntile_argument", 1, |a| {
        at_least(a, 1, "argument of ntile must be greater than zero", "22014")
    }),
];

/// The number, unless it is null, which is refused, or too small.
fn at_least(args: &Args<'_, '_>, least: i64, message: &str, sqlstate: &str) -> Answer {
    if args.is_null(0) {
        return Err(SqlError::unsupported(
            "null as the number of a window function",
        ));
    }
    match args.integer(0)? {
        number if number >= least => Ok(SqliteValue::Integer(number)),
        _ => Err(SqlError::new(sqlstate, message)),
    }
}

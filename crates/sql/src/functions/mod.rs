//! The functions that SQLite lacks or answers differently than PostgreSQL, registered on a
//! connection as `hw_*`.
//!
//! ```text
//! signatures.rs   which function PostgreSQL means by a name and argument types
//! table.rs        the overloads; polymorphic.rs has those over any type
//! resolution.rs   how PostgreSQL chooses among overloads
//! casts.rs        which casts there are, and where they apply by themselves
//! array_signatures.rs  those over arrays of any type
//! rows.rs         the table that functions in `from` are read as
//! arithmetic.rs array.rs compare.rs regex.rs regex_find.rs series.rs text.rs like.rs time.rs interval.rs json.rs json_change.rs format.rs convert.rs window.rs aggregate.rs
//!                 the functions themselves, in tables of name, arity and body
//! ```
//!
//! Invariants: arguments arrive in the storage form of `types.rs`, already cast to the types of
//! the signature, so a body never guesses a type. Every function is deterministic. Errors are
//! raised as `SQLSTATE:message`, because a text is all SQLite carries.

mod aggregate;
mod arithmetic;
mod array;
pub(crate) mod array_signatures;
pub(crate) mod call;
mod casts;
mod compare;
mod convert;
mod format;
mod interval;
mod json;
mod json_change;
mod like;
mod polymorphic;
mod regex;
mod regex_find;
mod resolution;
pub(crate) mod rows;
mod series;
pub(crate) mod signatures;
pub(crate) mod table;
mod text;
mod time;
mod to_char;
mod window;

use rusqlite::Connection;

use crate::value::decimal::compare_numbers;
use crate::value::json::{Json, compare_documents};

/// Registers every function, aggregate and collation that translated statements call.
pub(crate) fn install(conn: &Connection) -> rusqlite::Result<()> {
    let tables = [
        arithmetic::FUNCTIONS,
        array::FUNCTIONS,
        regex::FUNCTIONS,
        regex_find::FUNCTIONS,
        series::FUNCTIONS,
        compare::FUNCTIONS,
        convert::FUNCTIONS,
        format::FUNCTIONS,
        interval::FUNCTIONS,
        json::FUNCTIONS,
        json_change::FUNCTIONS,
        like::FUNCTIONS,
        text::FUNCTIONS,
        time::FUNCTIONS,
        to_char::FUNCTIONS,
        window::FUNCTIONS,
    ];
    for function in tables.into_iter().flatten() {
        function.register(conn)?;
    }
    aggregate::register(conn)?;
    rows::install(conn)?;
    conn.create_collation(c"hw_numeric", compare_numbers)?;
    conn.create_collation(c"hw_interval", crate::value::interval::compare)?;
    conn.create_collation(c"hw_text_array", array::compare_texts)?;
    conn.create_collation(c"hw_number_array", array::compare_number_arrays)?;
    conn.create_collation(c"hw_jsonb", |left, right| {
        match (Json::parse(left), Json::parse(right)) {
            (Ok(left), Ok(right)) => compare_documents(&left, &right),
            // Stored jsonb always reads; the order of anything else only has to be one.
            _ => left.cmp(right),
        }
    })
}

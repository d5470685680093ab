//! From the typed tree to SQLite text.
//!
//! Nothing is decided here. Relations are written `t0`, `t1` ..., common table expressions `w0` ...,
//! output columns `c0` ...; every column is qualified and every operator in parentheses, so that no
//! rule of SQLite about names, affinity or precedence has a say.

pub(crate) mod ddl;
mod expr;
mod never_null;
mod query;
pub(crate) mod support;
mod write;

use std::fmt::Write as _;

use crate::SqlError;
use crate::bind::NO_ORDER;
use crate::plan::{QueryPlan, RelationId, WritePlan};

/// The SQLite text of a query. 0A000 when it compares what has no order here.
pub(crate) fn query(plan: &QueryPlan) -> Result<String, SqlError> {
    let mut text = Text::default();
    text.query(plan);
    text.finish()
}

/// The SQLite text of a statement that writes.
pub(crate) fn write(plan: &WritePlan) -> Result<String, SqlError> {
    let mut text = Text::default();
    text.write(plan);
    text.finish()
}

/// The text so far.
#[derive(Debug, Default)]
struct Text {
    out: String,
    /// Whether values are compared that cannot be.
    is_unordered: bool,
}

impl Text {
    fn finish(self) -> Result<String, SqlError> {
        match self.is_unordered {
            true => Err(SqlError::unsupported(
                "comparing or sorting values of this type (json, or arrays of double precision, \
                 jsonb or interval)",
            )),
            false => Ok(self.out),
        }
    }

    fn collation(&mut self, collation: &str) {
        self.is_unordered |= collation == NO_ORDER;
        self.push(collation);
    }

    fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// Writes a name in double quotes.
    fn name(&mut self, name: &str) {
        self.push("\"");
        self.push(&name.replace('"', "\"\""));
        self.push("\"");
    }

    fn number(&mut self, prefix: &str, number: impl std::fmt::Display) {
        // Writing into a `String` cannot fail.
        let _ = write!(self.out, "{prefix}{number}");
    }

    fn relation(&mut self, relation: RelationId) {
        match relation {
            RelationId::Numbered(number) => self.number("t", number),
            RelationId::Excluded => self.push("excluded"),
            RelationId::Itself => {}
        }
    }

    /// Writes items with `", "` between them.
    fn list<T>(&mut self, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Text, T)) {
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            write(self, item);
        }
    }

    /// Writes what there is after a keyword, or nothing.
    fn clause<T>(&mut self, keyword: &str, part: Option<T>, write: impl FnOnce(&mut Text, T)) {
        if let Some(part) = part {
            self.push(keyword);
            write(self, part);
        }
    }

    fn parenthesized(&mut self, write: impl FnOnce(&mut Text)) {
        self.push("(");
        write(self);
        self.push(")");
    }
}

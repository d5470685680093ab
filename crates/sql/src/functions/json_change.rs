//! Changing a document at a path: `jsonb_set`, `jsonb_insert`, `#-`; and showing one in lines.

use super::call::{Answer, Args, Scalar, strict, text};
use super::text::bounded;
use crate::SqlError;
use crate::value::array::elements;
use crate::value::json::Json;

pub(super) const FUNCTIONS: &[Scalar] = &[
    strict("hw_jsonb_set", 3, |a| changed(a, Change::Put)),
    strict("hw_jsonb_set", 4, |a| {
        changed(a, choose(a, Change::Put, Change::Replace)?)
    }),
    strict("hw_jsonb_insert", 3, |a| changed(a, Change::Before)),
    strict("hw_jsonb_insert", 4, |a| {
        changed(a, choose(a, Change::After, Change::Before)?)
    }),
    strict("hw_jsonb_delete_path", 2, |a| changed(a, Change::Delete)),
    strict("hw_jsonb_pretty", 1, |a| {
        let mut lines = String::new();
        pretty(&a.json(0)?, 0, &mut lines)?;
        text(lines)
    }),
];

/// What is done where the path ends.
#[derive(Clone, Copy, PartialEq)]
enum Change {
    /// A value stands there, whether there was one or not.
    Put,
    /// A value takes the place of another.
    Replace,
    /// A value comes to stand before an element.
    Before,
    /// And after one.
    After,
    Delete,
}

impl Change {
    /// Whether there is something new where nothing was.
    fn adds(self) -> bool {
        matches!(self, Change::Put | Change::Before | Change::After)
    }
}

/// One for true, the other for false, of the fourth argument.
fn choose(args: &Args<'_, '_>, yes: Change, no: Change) -> Result<Change, SqlError> {
    Ok(match args.integer(3)? {
        0 => no,
        _ => yes,
    })
}

fn changed(args: &Args<'_, '_>, change: Change) -> Answer {
    let whole = args.json(0)?;
    let path = elements(args.text(1)?)?;
    let value = match change {
        Change::Delete => Json::Null,
        _ => args.json(2)?,
    };
    if !matches!(whole, Json::Array(_) | Json::Object(_)) {
        let what = match change {
            Change::Delete => "cannot delete path in scalar",
            _ => "cannot set path in scalar",
        };
        return Err(SqlError::new("22023", what));
    }
    let is_empty = match &whole {
        Json::Array(items) => items.is_empty(),
        Json::Object(members) => members.is_empty(),
        _ => false,
    };
    // Of what is empty the path is not even read.
    if path.is_empty() || (is_empty && !change.adds()) {
        return text(whole.to_string());
    }
    let walk = Walk {
        path: &path,
        change,
        value,
    };
    text(walk.at(whole, 0)?.to_string())
}

/// The way to where a document changes.
struct Walk<'p> {
    path: &'p [Option<String>],
    change: Change,
    value: Json,
}

impl Walk<'_> {
    fn is_last(&self, level: usize) -> bool {
        level + 1 == self.path.len()
    }

    /// A document after the change. A scalar on the way is left as it is.
    fn at(&self, json: Json, level: usize) -> Result<Json, SqlError> {
        let Some(step) = &self.path[level] else {
            return Err(SqlError::new(
                "22004",
                format!("path element at position {} is null", level + 1),
            ));
        };
        match json {
            Json::Object(members) => self.in_object(members, step, level),
            Json::Array(items) => self.in_array(items, step, level),
            scalar => Ok(scalar),
        }
    }

    fn in_object(
        &self,
        mut members: Vec<(String, Json)>,
        key: &str,
        level: usize,
    ) -> Result<Json, SqlError> {
        match members.iter().position(|(known, _)| known == key) {
            Some(at) if self.is_last(level) => match self.change {
                Change::Before | Change::After => {
                    return Err(
                        SqlError::new("22023", "cannot replace existing key").with_hint(
                            "Try using the function jsonb_set to replace key value.".to_owned(),
                        ),
                    );
                }
                Change::Delete => {
                    members.remove(at);
                }
                Change::Put | Change::Replace => members[at].1 = self.value.clone(),
            },
            Some(at) => {
                let inner = std::mem::replace(&mut members[at].1, Json::Null);
                members[at].1 = self.at(inner, level + 1)?;
            }
            None if self.is_last(level) && self.change.adds() => {
                members.push((key.to_owned(), self.value.clone()));
            }
            None => {}
        }
        Ok(Json::object(members))
    }

    fn in_array(&self, mut items: Vec<Json>, step: &str, level: usize) -> Result<Json, SqlError> {
        let index = index(step).ok_or_else(|| {
            SqlError::new(
                "22P02",
                format!(
                    "path element at position {} is not an integer: \"{step}\"",
                    level + 1
                ),
            )
        })?;
        let length = items.len() as i64;
        // Counted from the end, and none when that is before the first.
        let at = match index < 0 {
            true => usize::try_from(length + index).ok(),
            false => Some(usize::try_from(index.min(length)).unwrap_or(items.len())),
        };
        match (at, self.is_last(level)) {
            (Some(at), true) if at < items.len() => match self.change {
                Change::Put | Change::Replace => items[at] = self.value.clone(),
                Change::Before => items.insert(at, self.value.clone()),
                Change::After => items.insert(at + 1, self.value.clone()),
                Change::Delete => {
                    items.remove(at);
                }
            },
            (Some(at), false) if at < items.len() => {
                let inner = std::mem::replace(&mut items[at], Json::Null);
                items[at] = self.at(inner, level + 1)?;
            }
            (None, true) if self.change.adds() => items.insert(0, self.value.clone()),
            (Some(_), true) if self.change.adds() => items.push(self.value.clone()),
            _ => {}
        }
        Ok(Json::Array(items))
    }
}

/// A step as C's `strtol` reads an `int`: blanks and a sign may come first.
fn index(step: &str) -> Option<i64> {
    let digits = step.trim_start_matches([' ', '\t', '\n', '\r', '\u{b}', '\u{c}']);
    let is_number = digits
        .strip_prefix(['+', '-'])
        .unwrap_or(digits)
        .starts_with(|c: char| c.is_ascii_digit());
    is_number.then_some(())?;
    digits.parse::<i32>().ok().map(i64::from)
}

/// PostgreSQL's lines: each value on its own, four blanks deeper in each level.
fn pretty(json: &Json, depth: usize, lines: &mut String) -> Result<(), SqlError> {
    let line = |lines: &mut String, depth: usize| {
        lines.push('\n');
        lines.push_str(&" ".repeat(4 * depth));
    };
    match json {
        Json::Array(items) => {
            lines.push('[');
            for (at, item) in items.iter().enumerate() {
                lines.push_str(if at > 0 { "," } else { "" });
                line(lines, depth + 1);
                pretty(item, depth + 1, lines)?;
            }
            line(lines, depth);
            lines.push(']');
        }
        Json::Object(members) => {
            lines.push('{');
            for (at, (key, value)) in members.iter().enumerate() {
                lines.push_str(if at > 0 { "," } else { "" });
                line(lines, depth + 1);
                lines.push_str(&format!("{}: ", Json::String(key.clone())));
                pretty(value, depth + 1, lines)?;
            }
            line(lines, depth);
            lines.push('}');
        }
        scalar => lines.push_str(&scalar.to_string()),
    }
    bounded(lines.len())
}

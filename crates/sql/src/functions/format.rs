//! Texts that go into statements and messages: `format`, `quote_literal`, `quote_nullable`.

use super::call::{Answer, Args, Scalar, nullable, strict, text};
use crate::SqlError;
use crate::catalogs::names::quoted;
use rusqlite::types::Value as SqliteValue;

/// Characters that a value is made wide by.
const WIDTH_MAX: usize = 1 << 20;
/// Bytes that one format may make.
const BYTES_MAX: usize = 64 << 20;

pub(super) const FUNCTIONS: &[Scalar] = &[
    nullable("hw_format", -1, format),
    strict("hw_quote_literal", 1, |a| text(literal(a.text(0)?))),
    nullable("hw_quote_nullable", 1, |a| match a.is_null(0) {
        true => text("NULL"),
        false => text(literal(a.text(0)?)),
    }),
];

/// A text as a literal of SQL.
fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    match text.contains('\\') {
        true => format!("E'{}'", quoted.replace('\\', "\\\\")),
        false => format!("'{quoted}'"),
    }
}

fn format(args: &Args<'_, '_>) -> Answer {
    if args.is_null(0) {
        return Ok(SqliteValue::Null);
    }
    let mut out = String::new();
    let mut rest = args.text(0)?;
    let mut last = 0;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        let (place, after) = Place::read(after)?;
        last = place.argument.unwrap_or(last + 1);
        place.write(args, last, &mut out)?;
        rest = after;
        if out.len() > BYTES_MAX {
            return Err(SqlError::new("54000", "the result of format() is too long"));
        }
    }
    out.push_str(rest);
    text(out)
}

/// What stands behind a `%`.
struct Place {
    /// The argument it names, counted from 1.
    argument: Option<usize>,
    is_left: bool,
    width: usize,
    kind: char,
}

impl Place {
    fn read(mut rest: &str) -> Result<(Place, &str), SqlError> {
        let (argument, after) = match number(rest)? {
            Some((number, after)) => match after.strip_prefix('$') {
                Some(after) => (Some(number), after),
                None => (None, rest),
            },
            None => (None, rest),
        };
        if argument == Some(0) {
            return Err(invalid(
                "format specifies argument 0, but arguments are numbered from 1",
            ));
        }
        rest = after;
        let is_left = rest.starts_with('-');
        rest = rest.trim_start_matches('-');
        if rest.starts_with('*') {
            return Err(SqlError::unsupported(
                "a width of format() that is an argument",
            ));
        }
        let (width, rest) = number(rest)?.unwrap_or((0, rest));
        if width > WIDTH_MAX {
            return Err(SqlError::unsupported("a width of this size in format()"));
        }
        let kind = rest.chars().next().ok_or_else(unterminated)?;
        if !matches!(kind, 's' | 'I' | 'L') {
            return Err(invalid(&format!(
                "unrecognized format() type specifier \"{kind}\""
            )));
        }
        let place = Place {
            argument,
            is_left,
            width,
            kind,
        };
        Ok((place, &rest[1..]))
    }

    fn write(&self, args: &Args<'_, '_>, at: usize, out: &mut String) -> Result<(), SqlError> {
        if at >= args.len() {
            return Err(invalid("too few arguments for format()"));
        }
        let value = match (self.kind, args.is_null(at)) {
            ('s', true) => String::new(),
            ('I', true) => {
                return Err(SqlError::new(
                    "22004",
                    "null values cannot be formatted as an SQL identifier",
                ));
            }
            (_, true) => "NULL".to_owned(),
            ('s', false) => args.text(at)?.to_owned(),
            ('I', false) => quoted(args.text(at)?),
            (_, false) => literal(args.text(at)?),
        };
        let blanks = " ".repeat(self.width.saturating_sub(value.chars().count()));
        match self.is_left {
            true => out.extend([value, blanks]),
            false => out.extend([blanks, value]),
        }
        Ok(())
    }
}

/// Digits at the beginning, and what stands behind them, where more must come.
fn number(text: &str) -> Result<Option<(usize, &str)>, SqlError> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = &text[..text.len() - rest.len()];
    if digits.is_empty() {
        return Ok(None);
    }
    let number: i32 = digits
        .parse()
        .map_err(|_| SqlError::new("22003", "number is out of range"))?;
    if rest.is_empty() {
        return Err(unterminated());
    }
    Ok(Some((usize::try_from(number).unwrap_or_default(), rest)))
}

fn unterminated() -> SqlError {
    invalid("unterminated format() type specifier")
}

fn invalid(message: &str) -> SqlError {
    SqlError::new("22023", message)
}

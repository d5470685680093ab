//! `jsonb` values: reading JSON text, and the canonical text PostgreSQL prints.
//!
//! Canonical means: members of objects ordered by the length of their key, then by its bytes; of
//! members with one key the last; `{"a": 1, "b": [2, 3]}` spacing; numbers as exact decimals with
//! the scale they were written with; escapes only where JSON demands them. Equal values may
//! differ in text (`1.0` and `1.00`), so comparing goes through [`Json::cmp`].
//!
//! Grammar: RFC 8259. Not here: the operators and functions on it (`functions/json.rs`).

use std::cmp::Ordering;
use std::fmt;

use super::decimal::{canonical_number, compare_numbers};
use crate::SqlError;

/// Levels of nesting that are read; one more is refused.
const DEPTH_MAX: usize = 256;

/// Values in one text: each takes far more memory than the two bytes that it may be written with.
const VALUES_MAX: usize = 1_000_000;

/// Bytes that the numbers of a text may have, in the form that PostgreSQL prints, beyond those that
/// they were written with: `1e999` is a thousand digits.
const GROWTH_MAX: usize = 1 << 20;

/// A JSON value in canonical order.
#[derive(Debug, Clone)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// As PostgreSQL's `numeric` prints it.
    Number(String),
    String(String),
    Array(Vec<Json>),
    /// Sorted by [`key_order`], each key once.
    Object(Vec<(String, Json)>),
}

/// Sorts members; of those with one key the last stays.
fn keep_last<T>(members: &mut Vec<(String, T)>) {
    // Stable, so that members with one key keep the order they were written in.
    members.sort_by(|left, right| key_order(&left.0, &right.0));
    members.reverse();
    members.dedup_by(|later, kept| later.0 == kept.0);
    members.reverse();
}

/// The text of an object of these members, whose values are texts of JSON already.
pub(crate) fn object_text(mut members: Vec<(String, String)>) -> String {
    keep_last(&mut members);
    Members(&members).to_string()
}

struct Members<'a, T>(&'a [(String, T)]);

impl<T: fmt::Display> fmt::Display for Members<'_, T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let members = self.0.iter();
        let items = members.map(|(key, value)| (Some(key.as_str()), value));
        write_list(out, '{', items, '}')
    }
}

/// The order of keys in an object: shorter ones first, then by bytes.
pub(crate) fn key_order(left: &str, right: &str) -> Ordering {
    left.len()
        .cmp(&right.len())
        .then_with(|| left.as_bytes().cmp(right.as_bytes()))
}

impl Json {
    /// Reads JSON text.
    ///
    /// # Errors
    /// 22P02 what is not JSON, 22P05 the escape `\u0000`, 0A000 more nesting, more values or longer
    /// numbers than are supported.
    pub(crate) fn parse(text: &str) -> Result<Json, SqlError> {
        let mut reader = Reader {
            text,
            at: 0,
            values: 0,
            grown: 0,
        };
        let value = reader.value(0)?;
        reader.blanks();
        if reader.at < text.len() {
            return Err(reader.invalid("Expected end of input"));
        }
        Ok(value)
    }

    /// An object of these members; of those with one key the last stays.
    pub(crate) fn object(mut members: Vec<(String, Json)>) -> Json {
        keep_last(&mut members);
        Json::Object(members)
    }

    /// The member of an object.
    pub(crate) fn member(&self, key: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members
                .binary_search_by(|(name, _)| key_order(name, key))
                .ok()
                .map(|at| &members[at].1),
            _ => None,
        }
    }

    /// The element of an array, counted from 0, or from the end with -1.
    pub(crate) fn element(&self, index: i64) -> Option<&Json> {
        match self {
            Json::Array(elements) => elements.get(position(index, elements.len())?),
            _ => None,
        }
    }

    /// The name `jsonb_typeof` gives.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "boolean",
            Json::Number(_) => "number",
            Json::String(_) => "string",
            Json::Array(_) => "array",
            Json::Object(_) => "object",
        }
    }

    /// What `->>` answers: the text of a string, null for JSON's null, else the JSON text.
    pub(crate) fn into_text(self) -> Option<String> {
        match self {
            Json::Null => None,
            Json::String(text) => Some(text),
            other => Some(other.to_string()),
        }
    }

    /// PostgreSQL's order of types: null, string, number, boolean, array, object.
    fn rank(&self) -> u8 {
        match self {
            Json::Null => 0,
            Json::String(_) => 1,
            Json::Number(_) => 2,
            Json::Bool(_) => 3,
            Json::Array(_) => 4,
            Json::Object(_) => 5,
        }
    }
}

/// Where a possibly negative index points in `length` elements.
pub(crate) fn position(index: i64, length: usize) -> Option<usize> {
    let at = if index < 0 {
        index.checked_add(length as i64)?
    } else {
        index
    };
    usize::try_from(at).ok().filter(|at| *at < length)
}

/// PostgreSQL's order of `jsonb`: by type, then arrays and objects by length before their parts.
impl Ord for Json {
    fn cmp(&self, other: &Json) -> Ordering {
        match (self, other) {
            (Json::Bool(left), Json::Bool(right)) => left.cmp(right),
            (Json::Number(left), Json::Number(right)) => compare_numbers(left, right),
            (Json::String(left), Json::String(right)) => left.as_bytes().cmp(right.as_bytes()),
            (Json::Array(left), Json::Array(right)) => {
                left.len().cmp(&right.len()).then_with(|| left.cmp(right))
            }
            (Json::Object(left), Json::Object(right)) => left
                .len()
                .cmp(&right.len())
                .then_with(|| compare_members(left, right)),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Json {
    fn partial_cmp(&self, other: &Json) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Json) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Json {}

/// Order of two documents: as [`Json::cmp`], but an empty array comes before everything.
pub(crate) fn compare_documents(left: &Json, right: &Json) -> Ordering {
    let is_empty = |json: &Json| matches!(json, Json::Array(elements) if elements.is_empty());
    is_empty(right)
        .cmp(&is_empty(left))
        .then_with(|| left.cmp(right))
}

fn compare_members(left: &[(String, Json)], right: &[(String, Json)]) -> Ordering {
    left.iter()
        .zip(right)
        .map(|(l, r)| {
            l.0.as_bytes()
                .cmp(r.0.as_bytes())
                .then_with(|| l.1.cmp(&r.1))
        })
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

impl fmt::Display for Json {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Null => out.write_str("null"),
            Json::Bool(value) => write!(out, "{value}"),
            Json::Number(number) => out.write_str(number),
            Json::String(text) => write_string(out, text),
            Json::Array(elements) => {
                let items = elements.iter().map(|element| (None, element));
                write_list(out, '[', items, ']')
            }
            Json::Object(members) => Members(members).fmt(out),
        }
    }
}

fn write_list<'a, T: fmt::Display + 'a>(
    out: &mut fmt::Formatter<'_>,
    open: char,
    items: impl Iterator<Item = (Option<&'a str>, &'a T)>,
    close: char,
) -> fmt::Result {
    write!(out, "{open}")?;
    for (index, (key, value)) in items.enumerate() {
        if index > 0 {
            out.write_str(", ")?;
        }
        if let Some(key) = key {
            write_string(out, key)?;
            out.write_str(": ")?;
        }
        write!(out, "{value}")?;
    }
    write!(out, "{close}")
}

fn write_string(out: &mut impl fmt::Write, text: &str) -> fmt::Result {
    out.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            '\u{8}' => out.write_str("\\b")?,
            '\u{c}' => out.write_str("\\f")?,
            control if control < ' ' => write!(out, "\\u{:04x}", u32::from(control))?,
            other => out.write_char(other)?,
        }
    }
    out.write_char('"')
}

/// A place in the text that is read.
struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// Values that were begun.
    values: usize,
    /// Bytes that numbers have beyond those that they were written with.
    grown: usize,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Json, SqlError> {
        if depth > DEPTH_MAX {
            return Err(SqlError::unsupported(format_args!(
                "jsonb nested deeper than {DEPTH_MAX} levels"
            )));
        }
        self.values += 1;
        if self.values > VALUES_MAX {
            return Err(SqlError::unsupported(format_args!(
                "jsonb of more than {VALUES_MAX} values"
            )));
        }
        self.blanks();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => Ok(Json::String(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, SqlError> {
        self.at += 1;
        let mut members = Vec::new();
        self.blanks();
        if self.take(b'}') {
            return Ok(Json::Object(members));
        }
        loop {
            self.blanks();
            if self.peek() != Some(b'"') {
                return Err(self.invalid("Expected a string as key"));
            }
            let key = self.string()?;
            self.blanks();
            if !self.take(b':') {
                return Err(self.invalid("Expected \":\""));
            }
            members.push((key, self.value(depth + 1)?));
            self.blanks();
            if self.take(b'}') {
                return Ok(Json::object(members));
            }
            if !self.take(b',') {
                return Err(self.invalid("Expected \",\" or \"}\""));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Json, SqlError> {
        self.at += 1;
        let mut elements = Vec::new();
        self.blanks();
        if self.take(b']') {
            return Ok(Json::Array(elements));
        }
        loop {
            elements.push(self.value(depth + 1)?);
            self.blanks();
            if self.take(b']') {
                return Ok(Json::Array(elements));
            }
            if !self.take(b',') {
                return Err(self.invalid("Expected \",\" or \"]\""));
            }
        }
    }

    fn number(&mut self) -> Result<Json, SqlError> {
        let rest = &self.text[self.at..];
        let in_number = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.' | b'_');
        let length = rest
            .bytes()
            .position(|b| !in_number(b))
            .unwrap_or(rest.len());
        let number = &rest[..length];
        if !is_json_number(number) {
            return Err(self.invalid(&format!("Token \"{number}\" is invalid")));
        }
        self.at += length;
        let Some(canonical) = canonical_number(number) else {
            return Err(self.invalid(&format!("Token \"{number}\" is invalid")));
        };
        let canonical = canonical?;
        self.grown += canonical.len().saturating_sub(length);
        match self.grown > GROWTH_MAX {
            true => Err(SqlError::unsupported(format_args!(
                "jsonb whose numbers have {GROWTH_MAX} digits more than they are written with"
            ))),
            false => Ok(Json::Number(canonical)),
        }
    }

    fn word(&mut self) -> Result<Json, SqlError> {
        let rest = &self.text[self.at..];
        let length = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        let value = match &rest[..length] {
            "null" => Json::Null,
            "true" => Json::Bool(true),
            "false" => Json::Bool(false),
            _ if rest.is_empty() => return Err(self.invalid("The input string ended unexpectedly")),
            other => {
                return Err(self.invalid(&format!("Expected JSON value, but found \"{other}\"")));
            }
        };
        self.at += length;
        Ok(value)
    }

    fn string(&mut self) -> Result<String, SqlError> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = &self.text[self.at..];
            let Some(end) = rest.find(|c| c == '"' || c == '\\' || c < ' ') else {
                return Err(self.invalid("A string has no end"));
            };
            text.push_str(&rest[..end]);
            self.at += end + 1;
            match rest.as_bytes()[end] {
                b'"' => return Ok(text),
                b'\\' => text.push(self.escape()?),
                code => {
                    return Err(self.invalid(&format!(
                        "Character with value 0x{code:02x} must be escaped"
                    )));
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, SqlError> {
        let letter = self.peek();
        self.at += 1;
        Ok(match letter {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return Err(self.invalid("An escape sequence is invalid")),
        })
    }

    fn unicode_escape(&mut self) -> Result<char, SqlError> {
        let first = self.four_digits()?;
        if first == 0 {
            let message = "unsupported Unicode escape sequence";
            return Err(
                SqlError::new("22P05", message).with_detail("\\u0000 cannot be converted to text.")
            );
        }
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first)
                .ok_or_else(|| self.invalid("A low surrogate follows no high one"));
        }
        if !self.text[self.at..].starts_with("\\u") {
            return Err(self.invalid("A high surrogate needs a low one after it"));
        }
        self.at += 2;
        let second = self.four_digits()?;
        if !(0xdc00..0xe000).contains(&second) {
            return Err(self.invalid("A high surrogate needs a low one after it"));
        }
        char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))
            .ok_or_else(|| self.invalid("A surrogate pair is invalid"))
    }

    fn four_digits(&mut self) -> Result<u32, SqlError> {
        let digits = self.text.get(self.at..self.at + 4).unwrap_or_default();
        if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(self.invalid("\"\\u\" must be followed by four hexadecimal digits"));
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).map_err(|_| self.invalid("An escape sequence is invalid"))
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn invalid(&self, detail: &str) -> SqlError {
        SqlError::new("22P02", "invalid input syntax for type json")
            .with_detail(format!("{detail}, at byte {} of the text.", self.at + 1))
    }
}

/// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`; what follows the digits is checked
/// by [`canonical_number`].
fn is_json_number(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let mantissa = unsigned.split(['e', 'E']).next().unwrap_or_default();
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    !whole.is_empty()
        && !leading_zero
        && !fraction.is_empty()
        && unsigned.as_bytes()[0].is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_bytes_do_not_become_very_many() {
        let numbers = |count: usize| format!("[{}0]", "1e999,".repeat(count));
        let printed = Json::parse(&numbers(1_000)).unwrap().to_string();
        assert!(printed.len() > 1_000_000);
        let values = |count: usize| format!("[{}0]", "1,".repeat(count - 2));
        assert!(Json::parse(&values(VALUES_MAX)).is_ok());
        for refused in [numbers(1_100), values(VALUES_MAX + 1)] {
            let refused = Json::parse(&refused).unwrap_err();
            assert_eq!(refused.sqlstate(), "0A000");
        }
    }
}

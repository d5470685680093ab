//! Names of numbered things, and numbers of named ones: `regclass`, `regtype`, `regnamespace`.

use super::relations::{self, INFORMATION_SCHEMA, PG_CATALOG, PUBLIC};
use super::schema::Schema;
use super::types;
use crate::{SqlError, Type, sqlstate};

/// The name of a schema.
pub(crate) fn namespace(oid: u32) -> &'static str {
    match oid {
        PG_CATALOG => "pg_catalog",
        INFORMATION_SCHEMA => "information_schema",
        99 => "pg_toast",
        _ => "public",
    }
}

/// A name as it must be written: in quotes when it is not a plain word in lower case.
pub(crate) fn quoted(name: &str) -> String {
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    match begins && name.chars().all(is_plain) && !crate::parse::is_keyword(name) {
        true => name.to_owned(),
        false => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

/// A relation as `regclass` shows it: with its schema when a plain name would not find it.
pub(crate) fn of_relation(schema: &Schema, oid: u32) -> String {
    match schema.name(oid) {
        None if oid == 0 => "-".to_owned(),
        None => oid.to_string(),
        Some((INFORMATION_SCHEMA, name)) => format!("information_schema.{}", quoted(name)),
        Some((_, name)) => quoted(name),
    }
}

/// A type as `regtype` and `format_type` show it.
pub(crate) fn of_type(oid: u32) -> String {
    match types::by_oid(oid) {
        Some(entry) => entry.shown.to_owned(),
        None if oid == 0 => "-".to_owned(),
        None => oid.to_string(),
    }
}

/// A schema as `regnamespace` shows it.
pub(crate) fn of_namespace(oid: u32) -> String {
    match oid {
        0 => "-".to_owned(),
        PG_CATALOG | INFORMATION_SCHEMA | PUBLIC | 99 => namespace(oid).to_owned(),
        other => other.to_string(),
    }
}

/// The parts of a dotted name, folded unless quoted. 42602 for no name.
fn parts(text: &str) -> Result<Vec<String>, SqlError> {
    let invalid = || SqlError::new("42602", "invalid name syntax");
    let mut parts = Vec::new();
    let mut rest = text.trim();
    loop {
        let end;
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut name = String::new();
            let mut characters = quoted.char_indices().peekable();
            let mut close = None;
            while let Some((at, character)) = characters.next() {
                match character {
                    '"' if characters.peek().is_some_and(|(_, next)| *next == '"') => {
                        characters.next();
                        name.push('"');
                    }
                    '"' => {
                        close = Some(at);
                        break;
                    }
                    other => name.push(other),
                }
            }
            end = close.ok_or_else(invalid)? + 2;
            parts.push(name);
        } else {
            end = rest.find('.').unwrap_or(rest.len());
            let name = &rest[..end];
            if name.is_empty() || name.contains(char::is_whitespace) {
                return Err(invalid());
            }
            parts.push(name.to_ascii_lowercase());
        }
        match rest[end..].strip_prefix('.') {
            Some(next) => rest = next,
            None if rest[end..].is_empty() => return Ok(parts),
            None => return Err(invalid()),
        }
    }
}

/// The number of the relation that a text names; 42P01 when there is none.
pub(crate) fn relation_number(schema: &Schema, text: &str) -> Result<u32, SqlError> {
    if text == "-" {
        return Ok(0);
    }
    if let Ok(oid) = text.parse() {
        return Ok(oid);
    }
    let parts = parts(text)?;
    let found = match parts.as_slice() {
        [name] => schema.number(None, name),
        [schema_name, name] => {
            let namespace = relations::namespace(schema_name);
            namespace.and_then(|namespace| schema.number(Some(namespace), name))
        }
        _ => None,
    };
    found.ok_or_else(|| {
        SqlError::new(
            sqlstate::UNDEFINED_TABLE,
            format!("relation \"{}\" does not exist", parts.join(".")),
        )
    })
}

/// The number of the type that a text names; 42704 when there is none.
pub(crate) fn type_number(text: &str) -> Result<u32, SqlError> {
    if text == "-" {
        return Ok(0);
    }
    if let Ok(oid) = text.parse() {
        return Ok(oid);
    }
    let bare = text.trim().trim_start_matches("pg_catalog.");
    let by_name = types::by_name(bare.trim_matches('"')).map(|entry| entry.oid);
    let known = match bare {
        "char" => None,
        bare => Type::parse(bare).map(Type::oid).or(by_name),
    };
    known.ok_or_else(|| {
        SqlError::new(
            sqlstate::UNDEFINED_OBJECT,
            format!("type \"{text}\" does not exist"),
        )
    })
}

/// The number of the schema that a text names; 3F000 when there is none.
pub(crate) fn namespace_number(text: &str) -> Result<u32, SqlError> {
    if text == "-" {
        return Ok(0);
    }
    if let Ok(oid) = text.parse() {
        return Ok(oid);
    }
    let name = parts(text)?.join(".");
    let known = relations::namespace(&name).or((name == "pg_toast").then_some(99));
    known.ok_or_else(|| SqlError::new("3F000", format!("schema \"{name}\" does not exist")))
}

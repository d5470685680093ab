//! Arrays of one dimension as PostgreSQL's text: `{1,NULL,"a b"}`.

use super::Value;
use crate::{SqlError, Type};

/// Reads the elements as texts; `None` is null.
///
/// # Errors
/// 22P02 for what is no array; 0A000 for more than one dimension and for bounds.
pub(crate) fn elements(text: &str) -> Result<Vec<Option<String>>, SqlError> {
    one_by_one(text)?.collect()
}

/// The same, each when it is asked for.
fn one_by_one(text: &str) -> Result<Elements<'_>, SqlError> {
    let body = text.trim_matches(is_blank);
    if body.starts_with('[') {
        return Err(SqlError::unsupported("an array with bounds"));
    }
    let Some(body) = body.strip_prefix('{').and_then(|b| b.strip_suffix('}')) else {
        return Err(malformed(text));
    };
    let rest = body.trim_start_matches(is_blank);
    Ok(Elements {
        whole: text,
        rest: (!rest.is_empty()).then_some(rest),
    })
}

/// The elements of an array that are not read yet.
struct Elements<'t> {
    whole: &'t str,
    /// `None` at the end.
    rest: Option<&'t str>,
}

impl Iterator for Elements<'_> {
    type Item = Result<Option<String>, SqlError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.take()?;
        Some(self.first(rest))
    }
}

impl<'t> Elements<'t> {
    /// The first element of `rest`; what stands after it is left.
    fn first(&mut self, rest: &'t str) -> Result<Option<String>, SqlError> {
        let (element, after) = element(rest, self.whole)?;
        let after = after.trim_start_matches(is_blank);
        match after.strip_prefix(',') {
            Some(next) => self.rest = Some(next.trim_start_matches(is_blank)),
            None if after.is_empty() => {}
            None => return Err(malformed(self.whole)),
        }
        Ok(element)
    }
}

/// The first element of `rest`, and what stands after it.
fn element<'t>(rest: &'t str, whole: &str) -> Result<(Option<String>, &'t str), SqlError> {
    if rest.starts_with('{') {
        return Err(SqlError::unsupported("an array of more than one dimension"));
    }
    let mut value = String::new();
    let mut characters = rest.char_indices();
    if rest.starts_with('"') {
        characters.next();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => return Ok((Some(value), &rest[at + 1..])),
                '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
                other => value.push(other),
            }
        }
        return Err(malformed(whole));
    }
    let mut end = rest.len();
    // What is escaped is no blank to cut off, and no null.
    let mut kept = 0;
    while let Some((at, character)) = characters.next() {
        match character {
            ',' => {
                end = at;
                break;
            }
            '"' | '{' | '}' => return Err(malformed(whole)),
            '\\' => {
                let (_, escaped) = characters.next().ok_or_else(|| malformed(whole))?;
                value.push(escaped);
                kept = value.len();
            }
            other => value.push(other),
        }
    }
    value.truncate(kept + value[kept..].trim_end_matches(is_blank).len());
    if value.is_empty() {
        return Err(malformed(whole));
    }
    let is_null = kept == 0 && value.eq_ignore_ascii_case("null");
    Ok(((!is_null).then_some(value), &rest[end..]))
}

/// Writes elements as PostgreSQL does.
pub(crate) fn to_text<'e>(elements: impl IntoIterator<Item = Option<&'e str>>) -> String {
    let mut text = String::from("{");
    for (index, element) in elements.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        push_element(&mut text, element);
    }
    text.push('}');
    text
}

/// Appends one element, in quotes where it needs them.
pub(crate) fn push_element(text: &mut String, element: Option<&str>) {
    let Some(element) = element else {
        text.push_str("NULL");
        return;
    };
    let special = |c: char| matches!(c, '"' | '\\' | '{' | '}' | ',') || is_blank(c);
    if !element.is_empty() && !element.eq_ignore_ascii_case("null") && !element.contains(special) {
        text.push_str(element);
        return;
    }
    text.push('"');
    for character in element.chars() {
        if matches!(character, '"' | '\\') {
            text.push('\\');
        }
        text.push(character);
    }
    text.push('"');
}

fn is_blank(c: char) -> bool {
    c.is_ascii_whitespace() || c == '\u{b}'
}

/// Bytes that the elements of an array may have in their canonical form, beyond a few for each byte
/// that they were written with: a numeric of a thousand digits is written `1e999`.
const GROWTH_MAX: usize = 1 << 20;
const GROWTH_OF_A_BYTE: usize = 8;

/// Reads an array of `element` and writes it in its canonical form.
pub(crate) fn canonical(element: Type, text: &str) -> Result<String, SqlError> {
    // One that is malformed is told before an element that is wrong.
    one_by_one(text)?.try_for_each(|part| part.map(drop))?;
    let value = |part: Result<Option<String>, SqlError>| match part? {
        Some(part) => Value::from_text(element, &part),
        None => Ok(Value::Null),
    };
    written(text.len(), one_by_one(text)?.map(value))
}

/// Writes elements, which came in so many bytes, while they are read: together they may be far
/// larger in memory than their text.
pub(super) fn written<E: From<SqlError>>(
    bytes: usize,
    elements: impl Iterator<Item = Result<Value, E>>,
) -> Result<String, E> {
    let bytes_max = bytes * GROWTH_OF_A_BYTE + GROWTH_MAX;
    let mut text = String::from("{");
    for (index, element) in elements.enumerate() {
        if index > 0 {
            text.push(',');
        }
        push_element(&mut text, element?.to_text().as_deref());
        if text.len() > bytes_max {
            let what = format_args!("an array whose elements have more than {bytes_max} bytes");
            return Err(SqlError::unsupported(what).into());
        }
    }
    text.push('}');
    Ok(text)
}

/// Reads `1 2 3`, the form of `int2vector` and `oidvector`, as the array `{1,2,3}`.
pub(crate) fn from_vector(element: Type, text: &str) -> Result<String, SqlError> {
    let parts = text.split_ascii_whitespace();
    let elements = parts.map(|part| Value::from_text(element, part));
    written(text.len(), elements)
}

/// `{1,2,3}` as `1 2 3`.
pub(crate) fn to_vector(array: &str) -> String {
    array.trim_matches(['{', '}']).replace(',', " ")
}

fn malformed(text: &str) -> SqlError {
    SqlError::new("22P02", format!("malformed array literal: \"{text}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_bytes_do_not_become_very_many() {
        let numbers = |count: usize| format!("{{{}0}}", "1e999,".repeat(count));
        assert!(canonical(Type::Numeric, &numbers(1_000)).unwrap().len() > 1_000_000);
        let refused = canonical(Type::Numeric, &numbers(1_200)).unwrap_err();
        assert_eq!(refused.sqlstate(), "0A000");
    }
}

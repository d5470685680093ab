//! Arrays of one dimension. An array arrives and leaves as PostgreSQL's text of it; elements that
//! arrive beside it are texts in the form that they have inside.

use std::cmp::Ordering;
use std::collections::HashSet;

use super::call::{Answer, Args, Scalar, boolean, int, nullable, strict, text};
use super::text::bounded;
use crate::SqlError;
use crate::value::array::{elements, to_text, to_vector};
use crate::value::decimal::compare_numbers;
use rusqlite::types::Value as SqliteValue;

pub(super) const FUNCTIONS: &[Scalar] = &[
    nullable("hw_array", -1, |a| {
        text(to_text(all(a, 0)?.iter().copied()))
    }),
    // Of a null array nothing is known, as of one that has a null.
    nullable("hw_array_or_null", 1, |a| {
        text(optional(a, 0)?.unwrap_or("{NULL}"))
    }),
    nullable("hw_array_concat", 2, concat),
    nullable("hw_array_append", 2, |a| {
        let mut joined = array_or_empty(a, 0)?;
        joined.push(optional(a, 1)?.map(str::to_owned));
        written(&joined)
    }),
    nullable("hw_array_prepend", 2, |a| {
        let mut joined = vec![optional(a, 0)?.map(str::to_owned)];
        joined.extend(array_or_empty(a, 1)?);
        written(&joined)
    }),
    strict("hw_array_element", 2, |a| element(a, 1)),
    strict("hw_vector_element", 2, |a| element(a, 0)),
    strict("hw_array_upper", 2, |a| {
        bound(a, |count| Some(count).filter(|count| *count > 0))
    }),
    strict("hw_array_lower", 2, |a| {
        bound(a, |count| Some(1).filter(|_| count > 0))
    }),
    strict("hw_vector_upper", 2, |a| bound(a, |count| Some(count - 1))),
    strict("hw_vector_lower", 2, |a| bound(a, |_| Some(0))),
    strict("hw_cardinality", 1, |a| {
        int(elements(a.text(0)?)?.len() as i64)
    }),
    strict("hw_array_ndims", 1, |a| {
        Ok(match elements(a.text(0)?)?.is_empty() {
            true => SqliteValue::Null,
            false => SqliteValue::Integer(1),
        })
    }),
    nullable("hw_array_to_string", -1, array_to_string),
    nullable("hw_string_to_array", -1, string_to_array),
    nullable("hw_array_position", 2, array_position),
    nullable("hw_array_remove", 2, array_remove),
    nullable("hw_array_replace", 3, array_replace),
    strict("hw_array_contains", 2, |a| boolean(contains(a, 0, 1)?)),
    strict("hw_array_contained", 2, |a| boolean(contains(a, 1, 0)?)),
    strict("hw_array_overlaps", 2, |a| {
        let (one, other) = (elements(a.text(0)?)?, elements(a.text(1)?)?);
        let other: HashSet<&str> = other.iter().flatten().map(String::as_str).collect();
        boolean(one.iter().flatten().any(|one| other.contains(one.as_str())))
    }),
    strict("hw_array_subscripts", 2, |a| subscripts(a, 1)),
    strict("hw_vector_subscripts", 2, |a| subscripts(a, 0)),
    strict("hw_vector_to_text", 1, |a| text(to_vector(a.text(0)?))),
];

fn optional<'a>(args: &'a Args<'_, '_>, at: usize) -> Result<Option<&'a str>, SqlError> {
    match args.is_null(at) {
        true => Ok(None),
        false => args.text(at).map(Some),
    }
}

/// The arguments from `start` on.
fn all<'a>(args: &'a Args<'_, '_>, start: usize) -> Result<Vec<Option<&'a str>>, SqlError> {
    (start..args.len()).map(|at| optional(args, at)).collect()
}

/// The array; a null one has no elements.
fn array_or_empty(args: &Args<'_, '_>, at: usize) -> Result<Vec<Option<String>>, SqlError> {
    optional(args, at)?.map_or(Ok(Vec::new()), elements)
}

fn written(array: &[Option<String>]) -> Answer {
    text(to_text(array.iter().map(Option::as_deref)))
}

/// Two arrays in a row; a null one counts as empty beside one that is not null.
fn concat(args: &Args<'_, '_>) -> Answer {
    if args.is_null(0) && args.is_null(1) {
        return Ok(SqliteValue::Null);
    }
    let mut joined = array_or_empty(args, 0)?;
    joined.extend(array_or_empty(args, 1)?);
    written(&joined)
}

fn element(args: &Args<'_, '_>, lower: i64) -> Answer {
    let array = elements(args.text(0)?)?;
    let at = args.integer(1)?.checked_sub(lower);
    let found = at.and_then(|at| array.into_iter().nth(usize::try_from(at).ok()?));
    Ok(found.flatten().map_or(SqliteValue::Null, SqliteValue::Text))
}

/// A bound of the only dimension; null for any other.
fn bound(args: &Args<'_, '_>, of: fn(i64) -> Option<i64>) -> Answer {
    let count = elements(args.text(0)?)?.len() as i64;
    let bound = (args.integer(1)? == 1).then(|| of(count)).flatten();
    Ok(bound.map_or(SqliteValue::Null, SqliteValue::Integer))
}

fn subscripts(args: &Args<'_, '_>, lower: i64) -> Answer {
    let count = match args.integer(1)? {
        1 => elements(args.text(0)?)?.len() as i64,
        _ => 0,
    };
    let numbers: Vec<Option<String>> = (lower..lower + count)
        .map(|number| Some(number.to_string()))
        .collect();
    written(&numbers)
}

fn array_to_string(args: &Args<'_, '_>) -> Answer {
    if args.is_null(0) || args.is_null(1) {
        return Ok(SqliteValue::Null);
    }
    let null = match args.len() {
        3 => optional(args, 2)?,
        _ => None,
    };
    let (array, separator) = (elements(args.text(0)?)?, args.text(1)?);
    let parts = array.iter().map(Option::as_deref);
    let parts: Vec<&str> = parts.filter_map(|element| element.or(null)).collect();
    let separators = separator.len().saturating_mul(parts.len());
    let bytes = parts.iter().map(|part| part.len());
    bounded(bytes.fold(separators, usize::saturating_add))?;
    text(parts.join(separator))
}

fn string_to_array(args: &Args<'_, '_>) -> Answer {
    let Some(whole) = optional(args, 0)? else {
        return Ok(SqliteValue::Null);
    };
    let null = match args.len() {
        3 => optional(args, 2)?,
        _ => None,
    };
    let element = |part| Some(part).filter(|_| Some(part) != null);
    text(match optional(args, 1)? {
        _ if whole.is_empty() => to_text([]),
        None => to_text(characters(whole).map(element)),
        Some("") => to_text([element(whole)]),
        Some(separator) => to_text(whole.split(separator).map(element)),
    })
}

/// Each character, as a text.
fn characters(text: &str) -> impl Iterator<Item = &str> {
    let each = text.char_indices();
    each.map(|(at, one)| &text[at..at + one.len_utf8()])
}

fn array_position(args: &Args<'_, '_>) -> Answer {
    if args.is_null(0) {
        return Ok(SqliteValue::Null);
    }
    let wanted = optional(args, 1)?;
    let array = elements(args.text(0)?)?;
    let at = array
        .iter()
        .position(|element| element.as_deref() == wanted);
    Ok(at.map_or(SqliteValue::Null, |at| SqliteValue::Integer(at as i64 + 1)))
}

fn array_remove(args: &Args<'_, '_>) -> Answer {
    if args.is_null(0) {
        return Ok(SqliteValue::Null);
    }
    let (mut array, wanted) = (elements(args.text(0)?)?, optional(args, 1)?);
    array.retain(|element| element.as_deref() != wanted);
    written(&array)
}

fn array_replace(args: &Args<'_, '_>) -> Answer {
    if args.is_null(0) {
        return Ok(SqliteValue::Null);
    }
    let (array, wanted, with) = (
        elements(args.text(0)?)?,
        optional(args, 1)?,
        optional(args, 2)?,
    );
    let replaced = array.iter().map(|element| match element.as_deref() {
        element if element == wanted => with,
        element => element,
    });
    let replaced: Vec<Option<&str>> = replaced.collect();
    let bytes = replaced.iter().map(|element| element.map_or(0, str::len));
    bounded(bytes.fold(0, usize::saturating_add))?;
    text(to_text(replaced))
}

/// Whether every element of one array stands in the other; a null stands nowhere.
fn contains(args: &Args<'_, '_>, whole: usize, part: usize) -> Result<bool, SqlError> {
    let whole = elements(args.text(whole)?)?;
    let part = elements(args.text(part)?)?;
    let whole: HashSet<&str> = whole.iter().flatten().map(String::as_str).collect();
    let stands = |element: &str| whole.contains(element);
    Ok(part.iter().all(|one| one.as_deref().is_some_and(stands)))
}

/// How two arrays compare: element by element, then by length; a null comes after all others.
fn compare(left: &str, right: &str, of: fn(&str, &str) -> Ordering) -> Ordering {
    let (Ok(left_elements), Ok(right_elements)) = (elements(left), elements(right)) else {
        // Stored arrays always read; the order of anything else only has to be one.
        return left.cmp(right);
    };
    for (one, other) in left_elements.iter().zip(&right_elements) {
        let order = match (one, other) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(one), Some(other)) => of(one, other),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    left_elements.len().cmp(&right_elements.len())
}

/// The order of arrays of texts, and of what is ordered as its text is.
pub(super) fn compare_texts(left: &str, right: &str) -> Ordering {
    compare(left, right, |one, other| {
        one.as_bytes().cmp(other.as_bytes())
    })
}

/// The order of arrays of numbers.
pub(super) fn compare_number_arrays(left: &str, right: &str) -> Ordering {
    compare(left, right, compare_numbers)
}

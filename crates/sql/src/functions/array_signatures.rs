//! Functions and operators over arrays, for elements of any type.

use super::casts::client_text;
use super::resolution::is_implicit;
use super::signatures::{Kind, Resolved, call_text, missing};
use crate::{SqlError, Type};

/// The function for arguments of these types; `None` when it is none over arrays.
pub(super) fn resolve(name: &str, args: &[Option<Type>]) -> Result<Option<Resolved>, SqlError> {
    match (name, args) {
        ("||", _) => concat(args),
        ("@>" | "<@" | "&&", _) => containment(name, args),
        ("array_agg", [Some(element)]) => {
            let array = array_of(*element)?;
            let gathered = Resolved::plain(vec![*element], array, "hw_array_agg", Kind::Aggregate);
            Ok(Some(gathered.wrapped(vec![client_text(*element)])))
        }
        // It could also gather arrays.
        ("array_agg", [None]) => Err(missing("42725", name, args, "is not unique")),
        ("array_length" | "array_upper" | "array_lower", [Some(array), number]) => {
            let Some(_) = array.element().filter(|_| fits_int(*number)) else {
                return Err(missing("42883", name, args, "does not exist"));
            };
            let types = vec![*array, Type::Int];
            Ok(Some(scalar(types, Type::Int, bound(name, *array))))
        }
        ("cardinality" | "array_ndims", [Some(array)]) if array.element().is_some() => {
            let sqlite = match name {
                "cardinality" => "hw_cardinality",
                _ => "hw_array_ndims",
            };
            Ok(Some(scalar(vec![*array], Type::Int, sqlite)))
        }
        ("array_to_string", [Some(array), rest @ ..])
            if array.element().is_some() && (1..=2).contains(&rest.len()) =>
        {
            let mut types = vec![Type::Text; args.len()];
            types[0] = *array;
            Ok(Some(scalar(types, Type::Text, "hw_array_to_string")))
        }
        ("string_to_array", [_, _] | [_, _, _])
            if args.iter().flatten().all(|ty| ty.is_string()) =>
        {
            let types = vec![Type::Text; args.len()];
            let array = Type::Array(&Type::Text);
            Ok(Some(scalar(types, array, "hw_string_to_array")))
        }
        _ => with_elements(name, args),
    }
}

/// Functions over an array and elements of its type.
fn with_elements(name: &str, args: &[Option<Type>]) -> Result<Option<Resolved>, SqlError> {
    let (array, sqlite, returns_array, count) = match (name, args) {
        ("array_append", [array, _]) => (*array, "hw_array_append", true, 2),
        ("array_prepend", [_, array]) => (*array, "hw_array_prepend", true, 2),
        ("array_position", [array, _]) => (*array, "hw_array_position", false, 2),
        ("array_remove", [array, _]) => (*array, "hw_array_remove", true, 2),
        ("array_replace", [array, _, _]) => (*array, "hw_array_replace", true, 3),
        ("array_cat", [one, other]) => match (one, other) {
            (Some(array), _) | (None, Some(array)) if array.element().is_some() => {
                return Ok(Some(scalar(vec![*array; 2], *array, "hw_array_concat")));
            }
            _ => return Err(missing("42883", name, args, "does not exist")),
        },
        _ => return Ok(None),
    };
    let Some((array, element)) = array.and_then(|array| Some((array, array.element()?))) else {
        return Err(match array {
            None => SqlError::unsupported(format_args!("{name}() of an array without a type")),
            Some(_) => missing("42883", name, args, "does not exist"),
        });
    };
    if !sqlite.ends_with("pend") {
        check_equality(element)?;
    }
    let widens = |ty: Type| match ty.is_string() && element.is_string() {
        // Of two string types PostgreSQL takes the first.
        true => name == "array_prepend" && ty != element,
        false => ty != element && !is_implicit(ty, element),
    };
    let at = usize::from(name == "array_prepend");
    let others = args.iter().enumerate().filter(|(other, _)| *other != at);
    let others: Vec<Type> = others.filter_map(|(_, ty)| *ty).collect();
    if others.iter().any(|ty| ty.element().is_some()) {
        return Err(missing("42883", name, args, "does not exist"));
    }
    if others.into_iter().any(widens) {
        return Err(SqlError::unsupported(call_text(name, args))
            .with_hint("Cast one side to the type of the other."));
    }
    let mut types = vec![element; count];
    types[at] = array;
    let mut wraps = vec![client_text(element); count];
    wraps[at] = None;
    let returns = if returns_array { array } else { Type::Int };
    Ok(Some(scalar(types, returns, sqlite).wrapped(wraps)))
}

/// `||` where an array stands on one side.
fn concat(args: &[Option<Type>]) -> Result<Option<Resolved>, SqlError> {
    let [left, right] = args else {
        return Ok(None);
    };
    let array = |ty: &Option<Type>| ty.filter(|ty| matches!(ty, Type::Array(_)));
    let (types, wraps, sqlite, returns) = match (array(left), array(right)) {
        (None, None) => return Ok(None),
        (Some(one), Some(other)) if one == other => {
            (vec![one; 2], vec![None; 2], "hw_array_concat", one)
        }
        (Some(array), None) if right.is_none() => {
            (vec![array; 2], vec![None; 2], "hw_array_concat", array)
        }
        (None, Some(array)) if left.is_none() => {
            (vec![array; 2], vec![None; 2], "hw_array_concat", array)
        }
        (Some(array), None) if array.element() == *right => {
            let element = right.unwrap_or(Type::Text);
            let wraps = vec![None, client_text(element)];
            (vec![array, element], wraps, "hw_array_append", array)
        }
        (None, Some(array)) if array.element() == *left => {
            let element = left.unwrap_or(Type::Text);
            let wraps = vec![client_text(element), None];
            (vec![element, array], wraps, "hw_array_prepend", array)
        }
        _ => {
            return Err(
                SqlError::unsupported("|| of an array and what is not of its type")
                    .with_hint("Cast one side to the type of the other."),
            );
        }
    };
    Ok(Some(scalar(types, returns, sqlite).wrapped(wraps)))
}

/// `@>`, `<@` and `&&` of two arrays.
fn containment(name: &str, args: &[Option<Type>]) -> Result<Option<Resolved>, SqlError> {
    let known = args.iter().flatten().find(|ty| ty.element().is_some());
    let Some(array) = known.copied() else {
        return Ok(None);
    };
    if args.iter().flatten().any(|ty| *ty != array) {
        return Err(missing("42883", name, args, "does not exist"));
    }
    check_equality(array.element().unwrap_or(Type::Text))?;
    let sqlite = match name {
        "@>" => "hw_array_contains",
        "<@" => "hw_array_contained",
        _ => "hw_array_overlaps",
    };
    Ok(Some(scalar(vec![array; 2], Type::Bool, sqlite)))
}

/// Whether equal elements have equal texts; else what compares elements is refused.
pub(crate) fn check_equality(element: Type) -> Result<(), SqlError> {
    match element {
        Type::Numeric | Type::Double | Type::Jsonb | Type::Json | Type::Interval => Err(
            SqlError::unsupported(format_args!("comparing elements of {element}[]"))
                .with_hint("Use unnest() and compare the values."),
        ),
        _ => Ok(()),
    }
}

/// The type of arrays of a type. 0A000 when the language has none.
pub(crate) fn array_of(element: Type) -> Result<Type, SqlError> {
    let refused = || SqlError::unsupported(format_args!("an array of {element}"));
    match element.array() {
        Some(array @ Type::Array(_)) => Ok(array),
        _ => Err(refused()),
    }
}

fn fits_int(ty: Option<Type>) -> bool {
    matches!(ty, None | Some(Type::Int | Type::SmallInt))
}

fn bound(name: &str, array: Type) -> &'static str {
    match (name, array) {
        ("array_upper", Type::Vector(_)) => "hw_vector_upper",
        ("array_lower", Type::Vector(_)) => "hw_vector_lower",
        ("array_lower", _) => "hw_array_lower",
        // Counted from 1, an array ends where its length says.
        _ => "hw_array_upper",
    }
}

fn scalar(types: Vec<Type>, returns: Type, sqlite: &'static str) -> Resolved {
    Resolved::plain(types, returns, sqlite, Kind::Scalar)
}

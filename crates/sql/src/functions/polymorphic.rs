//! Functions and operators whose arguments may be of any type, and those with an array of text on
//! the right. The others are rows of `table.rs`.

use super::casts::{as_json, as_jsonb, client_text, output};
use super::signatures::{Kind, Resolved, call_text, missing};
use crate::{SqlError, Type};

/// The function for arguments of these types; `None` when no function of any type has the name.
pub(super) fn resolve(name: &str, args: &[Option<Type>]) -> Result<Option<Resolved>, SqlError> {
    match name {
        "||" => concat_operator(args).map(Some),
        "#>" | "#>>" | "#-" | "?|" | "?&" => array_operator(name, args).map(Some),
        "count" if args.len() == 1 => Ok(Some(Resolved::plain(
            known(args),
            Type::BigInt,
            "count",
            Kind::Aggregate,
        ))),
        "concat" | "concat_ws" | "format" => concat(name, args).map(Some),
        "quote_literal" | "quote_nullable" => quoting(name, args).map(Some),
        "first_value" | "last_value" | "nth_value" | "lag" | "lead" => {
            window_value(name, args).map(Some)
        }
        "ntile" => ntile(args),
        "rank" | "dense_rank" | "percent_rank" | "cume_dist" if !args.is_empty() => {
            Err(SqlError::new(
                "42809",
                format!("WITHIN GROUP is required for ordered-set aggregate {name}"),
            ))
        }
        _ => document(name, args),
    }
}

/// The types, literals of unknown type being text.
fn known(args: &[Option<Type>]) -> Vec<Type> {
    args.iter().map(|arg| arg.unwrap_or(Type::Text)).collect()
}

fn each(types: &[Type], of: fn(Type) -> Option<&'static str>) -> Vec<Option<&'static str>> {
    types.iter().map(|ty| of(*ty)).collect()
}

fn polymorphic_unknown() -> SqlError {
    let message = "could not determine polymorphic type because input has type unknown";
    SqlError::new("42804", message)
}

/// `||`: of two `jsonb`, of two `bytea`, or of text and anything.
fn concat_operator(args: &[Option<Type>]) -> Result<Resolved, SqlError> {
    let only = |ty: Type| args.contains(&Some(ty)) && args.iter().flatten().all(|arg| *arg == ty);
    let both = |ty: Type, sqlite| Resolved::plain(vec![ty, ty], ty, sqlite, Kind::Scalar);
    if only(Type::Jsonb) {
        return Ok(both(Type::Jsonb, "hw_jsonb_concat"));
    }
    if only(Type::Bytea) {
        return Ok(both(Type::Bytea, "hw_bytea_concat"));
    }
    if !args.iter().any(|arg| arg.is_none_or(Type::is_string)) {
        return Err(missing("42883", "||", args, "does not exist"));
    }
    if args.iter().flatten().any(|arg| arg.element().is_some()) {
        return Err(SqlError::unsupported(call_text("||", args)));
    }
    let types = known(args);
    let wraps = each(&types, output);
    Ok(Resolved::plain(types, Type::Text, "hw_text_concat", Kind::Scalar).wrapped(wraps))
}

/// Operators with an array of text on the right, which can only be a literal.
fn array_operator(name: &str, args: &[Option<Type>]) -> Result<Resolved, SqlError> {
    let (sqlite, returns) = match name {
        "#>" => ("hw_jsonb_path", Type::Jsonb),
        "#>>" => ("hw_jsonb_path_text", Type::Text),
        "#-" => ("hw_jsonb_delete_path", Type::Jsonb),
        "?|" => ("hw_jsonb_exists_any", Type::Bool),
        _ => ("hw_jsonb_exists_all", Type::Bool),
    };
    match args {
        [
            Some(Type::Jsonb),
            None | Some(Type::Array(Type::Text | Type::Varchar)),
        ] => Ok(Resolved::plain(
            vec![Type::Jsonb, args[1].unwrap_or(Type::Text)],
            returns,
            sqlite,
            Kind::Scalar,
        )),
        // Without a jsonb it could be one of PostgreSQL's operators of that name on other types.
        [None, _] | [_, None] => Err(SqlError::unsupported(call_text(name, args))),
        _ => Err(missing("42883", name, args, "does not exist")),
    }
}

/// `concat(any, ...)` and `concat_ws(text, any, ...)`.
fn concat(name: &str, args: &[Option<Type>]) -> Result<Resolved, SqlError> {
    let sqlite = match (name, args) {
        ("concat", [_, ..]) => "hw_concat",
        ("concat_ws", [separator, _, ..]) if separator.is_none_or(Type::is_string) => {
            "hw_concat_ws"
        }
        ("format", [pattern, ..]) if pattern.is_none_or(Type::is_string) => "hw_format",
        _ => return Err(missing("42883", name, args, "does not exist")),
    };
    let types = known(args);
    let wraps = each(&types, client_text);
    Ok(Resolved::plain(types, Type::Text, sqlite, Kind::Scalar).wrapped(wraps))
}

/// A text, or the text that anything is cast to, as a literal.
fn quoting(name: &str, args: &[Option<Type>]) -> Result<Resolved, SqlError> {
    let [_] = args else {
        return Err(missing("42883", name, args, "does not exist"));
    };
    let sqlite = match name {
        "quote_literal" => "hw_quote_literal",
        _ => "hw_quote_nullable",
    };
    let types = known(args);
    let wraps = each(&types, output);
    Ok(Resolved::plain(types, Type::Text, sqlite, Kind::Scalar).wrapped(wraps))
}

/// Window functions that answer a value of another row.
fn window_value(name: &str, args: &[Option<Type>]) -> Result<Resolved, SqlError> {
    let (sqlite, counts) = match name {
        "first_value" => ("first_value", 1..=1),
        "last_value" => ("last_value", 1..=1),
        "nth_value" => ("nth_value", 2..=2),
        "lag" => ("lag", 1..=3),
        _ => ("lead", 1..=3),
    };
    let [value, rest @ ..] = args else {
        return Err(missing("42883", name, args, "does not exist"));
    };
    let number_fits = matches!(rest.first(), None | Some(None | Some(Type::Int)));
    if !counts.contains(&args.len()) || !number_fits {
        return Err(missing("42883", name, args, "does not exist"));
    }
    let Some(value) = *value else {
        return Err(match rest.get(1) {
            Some(_) => SqlError::unsupported(call_text(name, args)),
            None => polymorphic_unknown(),
        });
    };
    if let Some(Some(default)) = rest.get(1)
        && *default != value
    {
        return Err(SqlError::unsupported(call_text(name, args))
            .with_hint("Give the value and the default the same type."));
    }
    let types: Vec<Type> = [value, Type::Int, value]
        .into_iter()
        .take(args.len())
        .collect();
    let number = match name {
        "nth_value" => Some("hw_nth_value_argument"),
        _ => Some("hw_row_offset"),
    };
    let wraps: Vec<_> = [None, number, None].into_iter().take(args.len()).collect();
    Ok(Resolved::plain(types, value, sqlite, Kind::Window).wrapped(wraps))
}

fn ntile(args: &[Option<Type>]) -> Result<Option<Resolved>, SqlError> {
    match args {
        [None | Some(Type::Int)] => {
            let resolved = Resolved::plain(vec![Type::Int], Type::Int, "ntile", Kind::Window);
            Ok(Some(resolved.wrapped(vec![Some("hw_ntile_argument")])))
        }
        _ => Err(missing("42883", "ntile", args, "does not exist")),
    }
}

/// Functions that make documents of anything.
const MADE_OF_ANY: &[&str] = &[
    "json_build_object",
    "jsonb_agg",
    "jsonb_build_array",
    "jsonb_build_object",
    "jsonb_object_agg",
    "to_jsonb",
];

/// The arguments of such a function that are no keys.
fn becomes_value(name: &str, types: &[Type]) -> impl Iterator<Item = Type> {
    let has_keys = name.contains("_object");
    let values = types.iter().enumerate();
    let values = values.filter(move |(at, _)| !has_keys || at % 2 == 1);
    values.map(|(_, ty)| *ty)
}

/// Functions that make `jsonb` of anything, or walk it by any number of steps.
fn document(name: &str, args: &[Option<Type>]) -> Result<Option<Resolved>, SqlError> {
    let types = known(args);
    let made = |wraps, sqlite, kind| {
        Ok(Some(
            Resolved::plain(types.clone(), Type::Jsonb, sqlite, kind).wrapped(wraps),
        ))
    };
    if MADE_OF_ANY.contains(&name) && becomes_value(name, &types).any(Type::is_reg) {
        return Err(SqlError::unsupported(call_text(name, args)).with_hint("Cast it to text."));
    }
    match (name, args) {
        ("to_jsonb" | "jsonb_agg", [None]) => Err(polymorphic_unknown()),
        // What makes the text of another type makes a document of it; a document stays one.
        ("to_jsonb", [Some(ty)]) => made(vec![None], as_jsonb(*ty).unwrap_or("+"), Kind::Scalar),
        ("jsonb_agg", [Some(_)]) => made(each(&types, as_jsonb), "hw_jsonb_agg", Kind::Aggregate),
        ("json_build_object", _) => Ok(Some(
            Resolved::plain(
                types.clone(),
                Type::Json,
                "hw_json_build_object",
                Kind::Scalar,
            )
            .wrapped(pairs(&types, as_json)),
        )),
        ("jsonb_object_agg", [_, _]) => made(
            pairs(&types, as_jsonb),
            "hw_jsonb_object_agg",
            Kind::Aggregate,
        ),
        ("jsonb_build_array", _) => {
            made(each(&types, as_jsonb), "hw_jsonb_build_array", Kind::Scalar)
        }
        ("jsonb_build_object", _) => made(
            pairs(&types, as_jsonb),
            "hw_jsonb_build_object",
            Kind::Scalar,
        ),
        ("jsonb_extract_path", _) => path(name, args, Type::Jsonb, "hw_jsonb_extract_path"),
        ("jsonb_extract_path_text", _) => {
            path(name, args, Type::Text, "hw_jsonb_extract_path_text")
        }
        ("to_jsonb" | "jsonb_agg" | "jsonb_object_agg", _) => {
            Err(missing("42883", name, args, "does not exist"))
        }
        _ => Ok(None),
    }
}

/// Keys as text and values as `jsonb`, in turn.
fn pairs(
    types: &[Type],
    as_document: fn(Type) -> Option<&'static str>,
) -> Vec<Option<&'static str>> {
    let convert = |(at, ty): (usize, &Type)| {
        if at % 2 == 0 {
            client_text(*ty)
        } else {
            as_document(*ty)
        }
    };
    types.iter().enumerate().map(convert).collect()
}

fn path(
    name: &str,
    args: &[Option<Type>],
    returns: Type,
    sqlite: &'static str,
) -> Result<Option<Resolved>, SqlError> {
    let fits = match args {
        [None | Some(Type::Jsonb), steps @ ..] => {
            !steps.is_empty() && steps.iter().flatten().all(|ty| ty.is_string())
        }
        _ => false,
    };
    if !fits {
        return Err(missing("42883", name, args, "does not exist"));
    }
    let mut types = vec![Type::Text; args.len()];
    types[0] = Type::Jsonb;
    Ok(Some(Resolved::plain(types, returns, sqlite, Kind::Scalar)))
}

//! What the binder asks about functions, operators and casts.
//!
//! Names: a function by its name (`lower`, `count`, `row_number`), a binary or prefix operator by
//! its symbol (`+`, `-`, `||`, `->`, `@>`, `~~` for LIKE, `~~*` for ILIKE). The binder itself does
//! `= <> < <= > >= is null`, `is distinct from`, `between`, `in`, `and or not`, `case`, `coalesce`,
//! `nullif` and picks the common type of `greatest`/`least`, whose arguments it then passes here.
//!
//! Comparisons, `distinct`, `group by` and `order by` are SQLite's own; for `numeric` and `jsonb`
//! the translator adds the collations `hw_numeric` and `hw_jsonb`.

pub(crate) use super::casts::{Cast, CastContext, resolve_cast};
use super::casts::{as_jsonb, client_text, output};
use super::resolution::{Choice, choose};
use super::table::{REFUSED, overloads};
use crate::{SqlError, Type};

/// What a function is called for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One row in, one value out.
    Scalar,
    /// Many rows in, one value out; also usable with `over`.
    Aggregate,
    /// Only with `over`.
    Window,
}

/// A function or operator that was found for argument types.
#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    /// The types the arguments are to be converted to (implicit casts).
    pub(crate) args: Vec<Type>,
    /// The SQLite function to apply to each converted argument, for those that take any type.
    pub(crate) wraps: Vec<Option<&'static str>>,
    /// The type of the result.
    pub(crate) returns: Type,
    /// The SQLite function, or an operator when it does not begin with a letter.
    pub(crate) sqlite: &'static str,
    /// Where it may stand.
    pub(crate) kind: Kind,
    /// Whether two calls with the same arguments may differ (refused in handlers).
    pub(crate) volatile: bool,
}

/// Finds the function `name` for arguments of these types; `None` is a literal or parameter of
/// unknown type. 42883 when there is none in PostgreSQL, 0A000 when there is but not here.
pub(crate) fn resolve(name: &str, args: &[Option<Type>]) -> Result<Resolved, SqlError> {
    if let Some(resolved) = resolve_any(name, args)? {
        return Ok(resolved);
    }
    let overloads = overloads(name);
    if overloads.is_empty() {
        return Err(SqlError::unsupported(format_args!(
            "the {}",
            described(name)
        )));
    }
    if is_also_foreign(name, args) {
        return Err(missing("42725", name, args, "is not unique"));
    }
    match choose(&overloads, args, is_operator(name))? {
        Choice::One(signature) if signature.sqlite == REFUSED => Err(SqlError::unsupported(
            format_args!("{}", call_text(name, args)),
        )),
        Choice::One(signature) => Ok(Resolved {
            args: signature.args.to_vec(),
            wraps: vec![None; args.len()],
            returns: signature.returns,
            sqlite: signature.sqlite,
            kind: signature.kind,
            volatile: false,
        }),
        Choice::None => Err(missing("42883", name, args, "does not exist")),
        Choice::Ambiguous => Err(missing("42725", name, args, "is not unique")),
    }
}

/// Whether what is unknown of a call could also be of a type outside of the language, so that
/// PostgreSQL cannot choose: a point for `*`, a range for `@>`, `json` for `->` ...
fn is_also_foreign(name: &str, args: &[Option<Type>]) -> bool {
    match (name, args) {
        ("-", [None]) | ("*" | "/", [None, None]) | ("avg" | "sum" | "trunc", [None]) => true,
        ("->" | "->>", [None, None | Some(Type::Text | Type::Int)]) => true,
        ("+", [Some(Type::Date), None] | [None, Some(Type::Date)]) => true,
        ("date_part" | "date_trunc" | "extract", [None | Some(Type::Text), None]) => true,
        ("@>", [None, right]) => *right != Some(Type::Jsonb),
        ("<@", [left, None]) => *left != Some(Type::Jsonb),
        _ => false,
    }
}

/// Functions over arguments of any type.
fn resolve_any(name: &str, args: &[Option<Type>]) -> Result<Option<Resolved>, SqlError> {
    let types: Vec<Type> = args.iter().map(|arg| arg.unwrap_or(Type::Text)).collect();
    let plain = vec![None; types.len()];
    let found = |wraps: Vec<Option<&'static str>>, returns, sqlite, kind| {
        Ok(Some(Resolved {
            args: types.clone(),
            wraps,
            returns,
            sqlite,
            kind,
            volatile: false,
        }))
    };
    let each = |of: fn(Type) -> Option<&'static str>| types.iter().map(|ty| of(*ty)).collect();
    match (name, args) {
        ("||", [_, _]) => concat_operator(args),
        ("count", [_]) => found(plain, Type::BigInt, "count", Kind::Aggregate),
        ("concat", [_, ..]) => found(each(client_text), Type::Text, "hw_concat", Kind::Scalar),
        ("concat_ws", [None | Some(Type::Text), _, ..]) => {
            found(each(client_text), Type::Text, "hw_concat_ws", Kind::Scalar)
        }
        ("to_jsonb", [Some(Type::Jsonb)]) => found(plain, Type::Jsonb, "+", Kind::Scalar),
        ("to_jsonb", [Some(ty)]) => {
            let sqlite = as_jsonb(*ty).unwrap_or("+");
            found(plain, Type::Jsonb, sqlite, Kind::Scalar)
        }
        ("jsonb_build_array", _) => found(
            each(as_jsonb),
            Type::Jsonb,
            "hw_jsonb_build_array",
            Kind::Scalar,
        ),
        ("jsonb_build_object", _) => found(
            pairs(&types),
            Type::Jsonb,
            "hw_jsonb_build_object",
            Kind::Scalar,
        ),
        ("rank" | "dense_rank" | "percent_rank" | "cume_dist", [_, ..]) => Err(SqlError::new(
            "42809",
            format!("WITHIN GROUP is required for ordered-set aggregate {name}"),
        )),
        ("+", [Some(Type::Timestamptz), None] | [None, Some(Type::Timestamptz)]) => {
            Err(SqlError::unsupported(call_text(name, args))
                .with_hint("Write the interval like interval '1 day'."))
        }
        ("first_value" | "last_value" | "lag" | "lead" | "jsonb_agg", [None])
        | ("lag" | "lead" | "nth_value", [None, None | Some(Type::Int)]) => Err(
            SqlError::unsupported(format_args!("{}", call_text(name, args)))
                .with_hint("Give all values the same type, and the offset as integer."),
        ),
        _ => Ok(None),
    }
}

fn window_name(name: &str) -> &'static str {
    match name {
        "first_value" => "first_value",
        "last_value" => "last_value",
        "nth_value" => "nth_value",
        "lag" => "lag",
        _ => "lead",
    }
}

/// Keys as text and values as `jsonb`, in turn.
fn pairs(types: &[Type]) -> Vec<Option<&'static str>> {
    types
        .iter()
        .enumerate()
        .map(|(at, ty)| {
            if at % 2 == 0 {
                client_text(*ty)
            } else {
                as_jsonb(*ty)
            }
        })
        .collect()
}

fn path(
    name: &str,
    args: &[Option<Type>],
    steps: &[Option<Type>],
    returns: Type,
) -> Result<Option<Resolved>, SqlError> {
    if steps.is_empty() || steps.iter().flatten().any(|ty| *ty != Type::Text) {
        return Err(missing("42883", name, args, "does not exist"));
    }
    let mut types = vec![Type::Jsonb];
    types.resize(args.len(), Type::Text);
    let sqlite = match returns {
        Type::Jsonb => "hw_jsonb_extract_path",
        _ => "hw_jsonb_extract_path_text",
    };
    Ok(Some(Resolved {
        wraps: vec![None; types.len()],
        args: types,
        returns,
        sqlite,
        kind: Kind::Scalar,
        volatile: false,
    }))
}

/// Operators with an array of text on the right, which can only be a literal.
fn array_operator(name: &str, args: &[Option<Type>]) -> Result<Option<Resolved>, SqlError> {
    let (sqlite, returns) = match name {
        "#>" => ("hw_jsonb_path", Type::Jsonb),
        "#>>" => ("hw_jsonb_path_text", Type::Text),
        "?|" => ("hw_jsonb_exists_any", Type::Bool),
        _ => ("hw_jsonb_exists_all", Type::Bool),
    };
    if args[1].is_some() {
        return Err(missing("42883", name, args, "does not exist"));
    }
    Ok(Some(Resolved {
        args: vec![Type::Jsonb, Type::Text],
        wraps: vec![None, None],
        returns,
        sqlite,
        kind: Kind::Scalar,
        volatile: false,
    }))
}

/// `||`: of two `jsonb`, of two `bytea`, or of text and anything.
fn concat_operator(args: &[Option<Type>]) -> Result<Option<Resolved>, SqlError> {
    let only = |ty: Type| args.contains(&Some(ty)) && args.iter().flatten().all(|arg| *arg == ty);
    let (returns, sqlite) = if only(Type::Jsonb) {
        (Type::Jsonb, "hw_jsonb_concat")
    } else if only(Type::Bytea) {
        (Type::Bytea, "hw_bytea_concat")
    } else if args
        .iter()
        .any(|arg| matches!(arg, None | Some(Type::Text)))
    {
        (Type::Text, "hw_text_concat")
    } else {
        return Err(missing("42883", "||", args, "does not exist"));
    };
    let unknown = if returns == Type::Text {
        Type::Text
    } else {
        returns
    };
    let types: Vec<Type> = args.iter().map(|arg| arg.unwrap_or(unknown)).collect();
    let wraps = types.iter().map(|ty| {
        if returns == Type::Text {
            output(*ty)
        } else {
            None
        }
    });
    Ok(Some(Resolved {
        wraps: wraps.collect(),
        args: types,
        returns,
        sqlite,
        kind: Kind::Scalar,
        volatile: false,
    }))
}

fn is_operator(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_alphabetic())
}

fn described(name: &str) -> String {
    if is_operator(name) {
        format!("operator {name}")
    } else {
        format!("function {name}()")
    }
}

/// The call as PostgreSQL names it: `lower(integer)`, `text + integer`.
fn call_text(name: &str, args: &[Option<Type>]) -> String {
    let names: Vec<&str> = args
        .iter()
        .map(|ty| ty.map_or("unknown", Type::name))
        .collect();
    match (is_operator(name), &names[..]) {
        (true, [left, right]) => format!("{left} {name} {right}"),
        (true, [operand]) => format!("{name} {operand}"),
        _ => format!("{name}({})", names.join(", ")),
    }
}

fn missing(sqlstate: &str, name: &str, args: &[Option<Type>], how: &str) -> SqlError {
    let call = call_text(name, args);
    let (message, what) = match is_operator(name) {
        true => (format!("operator {how}: {call}"), "operator"),
        false => (format!("function {call} {how}"), "function"),
    };
    SqlError::new(sqlstate, message).with_hint(format!(
        "No {what} matches the given name and argument types. You might need to add explicit type casts."
    ))
}

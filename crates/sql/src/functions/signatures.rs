//! What the binder asks about functions, operators and casts.
//!
//! Names: a function by its name (`lower`, `count`, `row_number`), a binary or prefix operator by
//! its symbol (`+`, `-`, `||`, `->`, `@>`, `~~` for LIKE, `~~*` for ILIKE). The binder itself does
//! `= <> < <= > >= is null`, `is distinct from`, `between`, `in`, `any`, `all`, `and or not`, `case`,
//! `coalesce`, `nullif`, `greatest` and `least`.
//!
//! Comparisons, `distinct`, `group by` and `order by` are SQLite's own, under a collation of ours
//! where the order of a type is not that of its stored form (`collation` in `bind/operator.rs`).

use super::array_signatures;
pub(crate) use super::casts::{Cast, CastContext, client_text, input, resolve_cast};
use super::polymorphic;
pub(crate) use super::resolution::is_implicit;
use super::resolution::{Choice, choose};
use super::table::{REFUSED, overloads};
use crate::catalogs::signatures as system;
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

impl Resolved {
    /// A function whose arguments need nothing but their casts.
    pub(super) fn plain(
        args: Vec<Type>,
        returns: Type,
        sqlite: &'static str,
        kind: Kind,
    ) -> Resolved {
        Resolved {
            wraps: vec![None; args.len()],
            args,
            returns,
            sqlite,
            kind,
            volatile: false,
        }
    }

    /// The same with a function applied to each argument.
    pub(super) fn wrapped(self, wraps: Vec<Option<&'static str>>) -> Resolved {
        Resolved { wraps, ..self }
    }
}

/// Finds the function `name` for arguments of these types; `None` is a literal or parameter of
/// unknown type. 42883 when there is none in PostgreSQL, 0A000 when there is but not here.
pub(crate) fn resolve(name: &str, args: &[Option<Type>]) -> Result<Resolved, SqlError> {
    if let Some(resolved) = array_signatures::resolve(name, args)? {
        return Ok(resolved);
    }
    if let Some(resolved) = polymorphic::resolve(name, args)? {
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
    match choose(&overloads, args, is_operator(name)) {
        Choice::One(signature) if signature.sqlite == REFUSED => Err(SqlError::unsupported(
            format_args!("{}", call_text(name, args)),
        )),
        Choice::One(signature) => Ok(Resolved {
            volatile: signature.sqlite.starts_with(system::PREFIX),
            ..Resolved::plain(
                signature.args.to_vec(),
                signature.returns,
                signature.sqlite,
                signature.kind,
            )
        }),
        // The tables hold every overload over the types of columns, and not all over the others.
        Choice::None | Choice::Ambiguous if args.iter().flatten().any(|ty| !is_covered(*ty)) => {
            Err(SqlError::unsupported(format_args!(
                "{}",
                call_text(name, args)
            )))
        }
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

/// Whether the tables of functions hold all that PostgreSQL has over a type.
fn is_covered(ty: Type) -> bool {
    Type::ALL.contains(&ty) || matches!(ty, Type::Varchar | Type::Name)
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
pub(super) fn call_text(name: &str, args: &[Option<Type>]) -> String {
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

/// 42883 for a function that is none of ours.
pub(crate) fn missing_function(name: &str, args: &[Option<Type>]) -> SqlError {
    missing("42883", name, args, "does not exist")
}

pub(super) fn missing(sqlstate: &str, name: &str, args: &[Option<Type>], how: &str) -> SqlError {
    let call = call_text(name, args);
    let (message, what) = match is_operator(name) {
        true => (format!("operator {how}: {call}"), "operator"),
        false => (format!("function {call} {how}"), "function"),
    };
    SqlError::new(sqlstate, message).with_hint(format!(
        "No {what} matches the given name and argument types. You might need to add explicit type casts."
    ))
}

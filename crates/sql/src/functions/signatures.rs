//! What the binder asks about functions, operators and casts.
//!
//! Names: a function by its name (`lower`, `count`, `row_number`), a binary or prefix operator by
//! its symbol (`+`, `-`, `||`, `->`, `@>`, `~~` for LIKE, `~~*` for ILIKE). The binder itself does
//! `= <> < <= > >= is null`, `is distinct from`, `between`, `in`, `and or not`, `case`, `coalesce`,
//! `nullif` and picks the common type of `greatest`/`least`, whose arguments it then passes here.
//!
//! Comparisons, `distinct`, `group by` and `order by` are SQLite's own; for `numeric` and `jsonb`
//! the translator adds the collations `hw_numeric` and `hw_jsonb`.

use crate::{SqlError, Type};

/// What a function is called for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code)]
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
    let _ = args;
    Err(SqlError::unsupported(format_args!(
        "the function \"{name}\""
    )))
}

/// Where PostgreSQL applies a cast by itself (`pg_cast.castcontext`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(dead_code)]
pub(crate) enum CastContext {
    /// Anywhere.
    Implicit,
    /// Also when storing into a column.
    Assignment,
    /// Only where `cast` or `::` is written.
    Explicit,
}

/// A cast between two types.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cast {
    /// Where it applies by itself.
    pub(crate) context: CastContext,
    /// The SQLite function of one argument; `None` when the storage is the same.
    pub(crate) sqlite: Option<&'static str>,
}

/// The cast from one type to another; `None` when PostgreSQL has none. 0A000 when it has one but
/// Headwater does not.
pub(crate) fn resolve_cast(from: Type, to: Type) -> Result<Option<Cast>, SqlError> {
    let _ = (from, to);
    Ok(None)
}

//! From the parser's tree to the typed tree: names are resolved, types checked as PostgreSQL checks
//! them, and everything that has no meaning here is refused by name.
//!
//! Rule of this module: every part of the parser's tree is taken apart field by field, so that a
//! field nobody looked at breaks the build and not an answer.

mod aggregate;
mod array;
mod call;
mod coerce;
mod expr;
mod from;
mod grouping;
mod naming;
mod operator;
mod place;
mod precedence;
mod query;
mod rows;
mod scope;
mod select;
mod set_operation;
mod window;
mod with;
mod write;

use std::collections::BTreeSet;

use sqlparser::ast;

use crate::parse::Source;
use crate::plan::{Expr, RelationId};
use crate::{Catalog, SqlError, Type, sqlstate};

pub(crate) use coerce::data_type;
pub(crate) use operator::{NO_ORDER, collation};
pub(crate) use place::of_type;
use scope::Scope;

/// How deep expressions may nest; bounds the stack.
const DEPTH_MAX: usize = 250;
/// The most nodes of all copies of expressions in a statement: some forms write an operand twice,
/// and in each other they would write it without end.
const COPIED_NODES_MAX: usize = 100_000;
/// The most parameters of a statement.
const PARAMETERS_MAX: usize = 1_000;

/// An expression and its type; `None` is a literal, parameter or null that nothing has typed yet
/// (PostgreSQL's type `unknown`).
#[derive(Debug, Clone)]
pub(crate) struct Typed {
    pub(crate) expr: Expr,
    pub(crate) ty: Option<Type>,
    /// The character of its first name or literal; `None` for what nobody wrote.
    pub(crate) at: Option<usize>,
}

impl Typed {
    pub(crate) fn new(expr: Expr, ty: Type) -> Typed {
        Typed::perhaps(expr, Some(ty))
    }

    pub(crate) fn perhaps(expr: Expr, ty: Option<Type>) -> Typed {
        Typed { expr, ty, at: None }
    }
}

/// The same, wherever it was written.
impl PartialEq for Typed {
    fn eq(&self, other: &Typed) -> bool {
        self.expr == other.expr && self.ty == other.ty
    }
}

/// The part of a statement that is being bound, which decides what may stand there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clause {
    Select,
    Where,
    JoinOn,
    GroupBy,
    Having,
    OrderBy,
    Limit,
    Values,
    Set,
    Check,
    Default,
    Filter,
    WindowDefinition,
}

impl Clause {
    /// How PostgreSQL names it in messages.
    fn name(self) -> &'static str {
        match self {
            Clause::Select => "SELECT",
            Clause::Where => "WHERE",
            Clause::JoinOn => "JOIN conditions",
            Clause::GroupBy => "GROUP BY",
            Clause::Having => "HAVING",
            Clause::OrderBy => "ORDER BY",
            Clause::Limit => "LIMIT",
            Clause::Values => "VALUES",
            Clause::Set => "UPDATE",
            Clause::Check => "check constraints",
            Clause::Default => "DEFAULT expressions",
            Clause::Filter => "FILTER",
            Clause::WindowDefinition => "window definitions",
        }
    }
}

/// Which statements `$n` is written in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Mode {
    /// A query: `$n` is the caller's.
    Query,
    /// A handler: `$n` stands for a placeholder; nothing may depend on more than the event and the
    /// tables.
    Handler,
    /// A definition: no parameters.
    Definition,
}

/// Binds one statement.
pub(crate) struct Binder<'a> {
    catalog: &'a Catalog,
    source: &'a Source,
    mode: Mode,
    /// The types of `$1` and on, as far as known.
    params: Vec<Option<Type>>,
    /// One past the last `$n` that was named.
    params_used: Vec<bool>,
    scopes: Vec<Scope>,
    /// What a function in `from` may name: the relations to its left.
    lateral: Scope,
    ctes: Vec<with::CteEntry>,
    tables: BTreeSet<String>,
    relations: u32,
    cte_numbers: u32,
    depth: usize,
    /// The nodes of the copies made so far.
    copied: usize,
    clause: Clause,
}

impl<'a> Binder<'a> {
    pub(crate) fn new(
        catalog: &'a Catalog,
        source: &'a Source,
        mode: Mode,
        params: &[Option<Type>],
    ) -> Binder<'a> {
        Binder {
            catalog,
            source,
            mode,
            params: params.to_vec(),
            params_used: vec![false; params.len()],
            scopes: Vec::new(),
            lateral: Scope::default(),
            ctes: Vec::new(),
            tables: BTreeSet::new(),
            relations: 0,
            cte_numbers: 0,
            depth: 0,
            copied: 0,
            clause: Clause::Select,
        }
    }

    /// The tables of the catalog that were named, sorted.
    pub(crate) fn tables(&self) -> Vec<String> {
        self.tables.iter().cloned().collect()
    }

    /// The types of `$1` up to the last one that was named. 42P18 when one of them has none.
    pub(crate) fn param_types(&self) -> Result<Vec<Type>, SqlError> {
        let used = self.params_used.iter().rposition(|used| *used);
        let count = used.map_or(0, |last| last + 1);
        (0..count)
            .map(|index| {
                self.params[index].ok_or_else(|| {
                    SqlError::new(
                        sqlstate::INDETERMINATE_DATATYPE,
                        format!("could not determine data type of parameter ${}", index + 1),
                    )
                })
            })
            .collect()
    }

    fn next_relation(&mut self) -> RelationId {
        self.relations += 1;
        RelationId::Numbered(self.relations - 1)
    }

    /// Runs `bind` as the given part of a statement.
    fn within<T>(
        &mut self,
        clause: Clause,
        bind: impl FnOnce(&mut Self) -> Result<T, SqlError>,
    ) -> Result<T, SqlError> {
        let outer = std::mem::replace(&mut self.clause, clause);
        let result = bind(self);
        self.clause = outer;
        result
    }

    /// Runs `bind` one level deeper; 54001 when that is too deep.
    fn nested<T>(
        &mut self,
        bind: impl FnOnce(&mut Self) -> Result<T, SqlError>,
    ) -> Result<T, SqlError> {
        if self.depth >= DEPTH_MAX {
            return Err(SqlError::new(
                sqlstate::STATEMENT_TOO_COMPLEX,
                format!("expressions and subqueries nest deeper than {DEPTH_MAX} levels"),
            ));
        }
        self.depth += 1;
        let result = bind(self);
        self.depth -= 1;
        result
    }

    /// A copy of what is written once and asked for several times. 54001 when the copies of the
    /// statement grow too large.
    fn copy(&mut self, typed: &Typed) -> Result<Typed, SqlError> {
        let copied = &mut self.copied;
        typed.expr.walk_all(&mut |_| {
            *copied += 1;
            *copied <= COPIED_NODES_MAX
        });
        if self.copied > COPIED_NODES_MAX {
            return Err(SqlError::new(
                sqlstate::STATEMENT_TOO_COMPLEX,
                format!(
                    "BETWEEN, CASE and NULLIF in each other make more than {COPIED_NODES_MAX} copies \
                     of operands"
                ),
            ));
        }
        Ok(typed.clone())
    }

    fn name(&self, ident: &ast::Ident) -> Result<String, SqlError> {
        crate::parse::name_of(ident, self.source)
    }

    fn label(&self, ident: &ast::Ident) -> Result<String, SqlError> {
        crate::parse::label_of(ident, self.source)
    }

    /// The single part of a name without a schema, folded.
    fn object_name(&self, name: &ast::ObjectName) -> Result<(String, Option<usize>), SqlError> {
        let ident = crate::parse::simple_ident(name, self.source)?;
        Ok((self.name(ident)?, self.source.ident(ident)))
    }

    /// `$n`
    fn parameter(&mut self, text: &str, position: Option<usize>) -> Result<Typed, SqlError> {
        let number = text
            .strip_prefix('$')
            .and_then(|digits| digits.parse::<usize>().ok());
        let Some(index) = number.and_then(|number| number.checked_sub(1)) else {
            return Err(
                SqlError::syntax(format!("syntax error at or near \"{text}\""))
                    .with_hint("Parameters of a query are written $1, $2 and so on.")
                    .at(position),
            );
        };
        let known = index < self.params.len();
        if index >= PARAMETERS_MAX || (self.mode != Mode::Query && !known) {
            return Err(SqlError::new(
                sqlstate::UNDEFINED_PARAMETER,
                format!("there is no parameter {text}"),
            )
            .at(position));
        }
        if !known {
            self.params.resize(index + 1, None);
            self.params_used.resize(index + 1, false);
        }
        self.params_used[index] = true;
        let ty = self.params[index];
        let expr = Expr::Parameter(index);
        let expr = match ty {
            Some(ty) => coerce::looked_up(expr, ty),
            None => expr,
        };
        Ok(Typed::perhaps(expr, ty))
    }
}

/// Refuses a part of the grammar that PostgreSQL or another dialect has, by name.
pub(crate) fn refuse_if(present: bool, what: &str) -> Result<(), SqlError> {
    match present {
        true => Err(SqlError::unsupported(format_args!("\"{what}\""))),
        false => Ok(()),
    }
}

//! The typed tree: what a statement means, with every name resolved and every conversion explicit.
//!
//! The binder builds it and checks it; the translator writes it as SQLite text and decides nothing.
//! Relations are numbered once per statement, so a column needs no scope to be understood.

use std::sync::Arc;

use crate::{Table, Type, Value};

/// One use of a table, subquery or common table expression in a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum RelationId {
    /// Named `t0`, `t1` ... in SQLite.
    Numbered(u32),
    /// The row that `on conflict` kept out.
    Excluded,
    /// The table of a check constraint, whose columns stand alone.
    Itself,
}

/// A column of a relation.
#[derive(Debug, Clone)]
pub(crate) struct ColumnRef {
    pub(crate) relation: RelationId,
    /// The name in SQLite.
    pub(crate) column: String,
    /// How a message names it.
    pub(crate) display: String,
    /// Where the statement names it.
    pub(crate) position: Option<usize>,
}

impl PartialEq for ColumnRef {
    fn eq(&self, other: &ColumnRef) -> bool {
        self.relation == other.relation && self.column == other.column
    }
}

/// An expression of known type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expr {
    /// A literal; null is untyped in SQLite.
    Constant(Value),
    /// `$1` is 0.
    Parameter(usize),
    Column(ColumnRef),
    /// A function of SQLite or of ours.
    Call {
        function: &'static str,
        args: Vec<Expr>,
    },
    /// An operator that SQLite answers as PostgreSQL does.
    Infix {
        op: &'static str,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    Not(Box<Expr>),
    /// Compares by a collation of ours.
    Collate(Box<Expr>, &'static str),
    Case {
        whens: Vec<(Expr, Expr)>,
        otherwise: Option<Box<Expr>>,
    },
    InList {
        expr: Box<Expr>,
        list: Vec<Expr>,
        negated: bool,
    },
    InQuery {
        expr: Box<Expr>,
        query: Box<QueryPlan>,
        negated: bool,
    },
    Exists(Box<QueryPlan>),
    /// A subquery of at most one row and exactly one column.
    Scalar(Box<QueryPlan>),
    /// The only column of a query as an array, each value as `text` makes it.
    ArrayQuery {
        query: Box<QueryPlan>,
        text: Option<&'static str>,
    },
    /// `any` or `all`
    Quantified(Box<Quantified>),
    Aggregate(Box<Aggregate>),
    Window(Box<Window>),
}

/// Whether a test holds for some or for all rows of a relation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Quantified {
    pub(crate) from: From,
    pub(crate) test: Expr,
    pub(crate) all: bool,
}

/// A call of an aggregate.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Aggregate {
    pub(crate) function: &'static str,
    /// Empty is `count(*)`.
    pub(crate) args: Vec<Expr>,
    pub(crate) distinct: bool,
    pub(crate) order_by: Vec<SortKey>,
    pub(crate) filter: Option<Expr>,
}

/// A call with `over`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Window {
    pub(crate) function: &'static str,
    pub(crate) args: Vec<Expr>,
    pub(crate) filter: Option<Expr>,
    pub(crate) partition_by: Vec<Expr>,
    pub(crate) order_by: Vec<SortKey>,
    pub(crate) frame: Option<Frame>,
}

/// The rows around the current one that a window function sees.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Frame {
    /// `ROWS`, `RANGE` or `GROUPS`
    pub(crate) unit: &'static str,
    pub(crate) start: FrameBound,
    pub(crate) end: FrameBound,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FrameBound {
    UnboundedPreceding,
    Preceding(Expr),
    CurrentRow,
    Following(Expr),
    UnboundedFollowing,
}

/// One key of an order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SortKey {
    pub(crate) expr: Expr,
    pub(crate) descending: bool,
    pub(crate) nulls_first: bool,
}

/// What a key of a query's `order by` sorts by.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SortTarget {
    /// An output column, counted from 0.
    Output(usize),
    Expr(Expr),
}

/// A query with everything around its body.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct QueryPlan {
    pub(crate) ctes: Vec<CtePlan>,
    pub(crate) body: Body,
    pub(crate) order_by: Vec<QuerySort>,
    pub(crate) limit: Option<Expr>,
    pub(crate) offset: Option<Expr>,
    pub(crate) columns: Vec<PlanColumn>,
}

/// One key of a query's `order by`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct QuerySort {
    pub(crate) target: SortTarget,
    pub(crate) collation: Option<&'static str>,
    pub(crate) descending: bool,
    pub(crate) nulls_first: bool,
}

/// An output column; its type is `None` while it is a literal or parameter that nothing has typed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PlanColumn {
    pub(crate) name: String,
    pub(crate) ty: Option<Type>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Body {
    Select(Box<SelectPlan>),
    /// Rows of as many expressions as there are columns.
    Values(Vec<Vec<Expr>>),
    SetOperation {
        op: SetOp,
        all: bool,
        left: Box<QueryPlan>,
        right: Box<QueryPlan>,
    },
    /// The output of another plan, each column converted.
    Converted {
        relation: RelationId,
        input: Box<QueryPlan>,
        items: Vec<Expr>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SetOp {
    Union,
    Intersect,
    Except,
}

impl SetOp {
    /// The keyword.
    pub(crate) fn name(self) -> &'static str {
        match self {
            SetOp::Union => "UNION",
            SetOp::Intersect => "INTERSECT",
            SetOp::Except => "EXCEPT",
        }
    }
}

/// A `select` without what stands after its `having`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SelectPlan {
    pub(crate) distinct: bool,
    /// `distinct on (...)`: of rows that agree in these, the first in the query's order.
    pub(crate) distinct_on: Vec<Expr>,
    pub(crate) items: Vec<Expr>,
    pub(crate) from: Option<From>,
    pub(crate) filter: Option<Expr>,
    pub(crate) group_by: Vec<Expr>,
    /// Whether there is one group even without `group by`.
    pub(crate) grouped: bool,
    pub(crate) having: Option<Expr>,
}

/// A common table expression, `w0`, `w1` ... in SQLite.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CtePlan {
    pub(crate) number: u32,
    pub(crate) recursive: bool,
    pub(crate) query: QueryPlan,
}

/// What rows come from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum From {
    Table {
        relation: RelationId,
        schema: Option<String>,
        table: Arc<Table>,
    },
    Cte {
        relation: RelationId,
        number: u32,
    },
    /// A relation of PostgreSQL's catalogs; its columns are `c0`, `c1` ...
    System {
        relation: RelationId,
        oid: u32,
    },
    /// Rows made of arrays: `v0`, `v1` ... and `ordinality`.
    Rows {
        relation: RelationId,
        arrays: Vec<Expr>,
    },
    Query {
        relation: RelationId,
        query: Box<QueryPlan>,
    },
    Join {
        kind: JoinKind,
        left: Box<From>,
        right: Box<From>,
        on: Option<Expr>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JoinKind {
    Inner,
    Left,
    Right,
    Full,
}

/// A table that a statement writes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Target {
    pub(crate) relation: RelationId,
    pub(crate) schema: Option<String>,
    pub(crate) table: Arc<Table>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct InsertPlan {
    pub(crate) target: Target,
    /// The columns that the source gives, by index.
    pub(crate) columns: Vec<usize>,
    pub(crate) source: InsertSource,
    pub(crate) conflict: Option<Conflict>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum InsertSource {
    Rows(Vec<Vec<Expr>>),
    Query(Box<QueryPlan>),
}

/// `on conflict`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Conflict {
    /// The columns of the unique constraint, by index; empty is any.
    pub(crate) target: Vec<usize>,
    /// `do update`; `None` is `do nothing`.
    pub(crate) update: Option<ConflictUpdate>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ConflictUpdate {
    pub(crate) assignments: Vec<(usize, Expr)>,
    pub(crate) filter: Option<Expr>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct UpdatePlan {
    pub(crate) target: Target,
    pub(crate) assignments: Vec<(usize, Expr)>,
    pub(crate) filter: Option<Expr>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DeletePlan {
    pub(crate) target: Target,
    pub(crate) filter: Option<Expr>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum WritePlan {
    Insert(Box<InsertPlan>),
    Update(UpdatePlan),
    Delete(DeletePlan),
}

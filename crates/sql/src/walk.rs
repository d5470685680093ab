//! Visiting the expressions of a typed tree.

use crate::plan::{
    Aggregate, Body, Expr, Frame, FrameBound, From, QueryPlan, SelectPlan, SortTarget, Window,
};

impl Expr {
    /// Visits this expression and those below it, parents first; `visit` says whether to go on
    /// below. Subqueries are not entered.
    pub(crate) fn walk(&self, visit: &mut dyn FnMut(&Expr) -> bool) {
        if visit(self) {
            self.children(&mut |child| child.walk(visit));
        }
    }

    /// As [`Expr::walk`], and enters subqueries.
    pub(crate) fn walk_all(&self, visit: &mut dyn FnMut(&Expr) -> bool) {
        if !visit(self) {
            return;
        }
        if let Some(query) = self.subquery() {
            query.exprs(&mut |expr| expr.walk_all(visit));
        }
        self.children(&mut |child| child.walk_all(visit));
    }

    /// The subquery of this expression itself.
    pub(crate) fn subquery(&self) -> Option<&QueryPlan> {
        match self {
            Expr::InQuery { query, .. }
            | Expr::Exists(query)
            | Expr::Scalar(query)
            | Expr::ArrayQuery { query, .. } => Some(query),
            _ => None,
        }
    }

    /// Visits the expressions directly below.
    fn children(&self, visit: &mut dyn FnMut(&Expr)) {
        match self {
            Expr::Constant(_)
            | Expr::Parameter(_)
            | Expr::Column(_)
            | Expr::Exists(_)
            | Expr::ArrayQuery { .. }
            | Expr::Scalar(_) => {}
            Expr::Quantified(quantified) => {
                quantified.from.exprs(visit);
                visit(&quantified.test);
            }
            Expr::Call { args, .. } => args.iter().for_each(visit),
            Expr::Infix { left, right, .. } => {
                visit(left);
                visit(right);
            }
            Expr::Not(expr) | Expr::Collate(expr, _) | Expr::InQuery { expr, .. } => visit(expr),
            Expr::Case { whens, otherwise } => {
                for (when, then) in whens {
                    visit(when);
                    visit(then);
                }
                otherwise.iter().for_each(|expr| visit(expr));
            }
            Expr::InList { expr, list, .. } => {
                visit(expr);
                list.iter().for_each(visit);
            }
            Expr::Aggregate(aggregate) => aggregate.children(visit),
            Expr::Window(window) => window.children(visit),
        }
    }
}

impl Aggregate {
    fn children(&self, visit: &mut dyn FnMut(&Expr)) {
        self.args.iter().for_each(&mut *visit);
        self.order_by.iter().for_each(|key| visit(&key.expr));
        self.filter.iter().for_each(visit);
    }
}

impl Window {
    fn children(&self, visit: &mut dyn FnMut(&Expr)) {
        self.args.iter().for_each(&mut *visit);
        self.filter.iter().for_each(&mut *visit);
        self.partition_by.iter().for_each(&mut *visit);
        self.order_by.iter().for_each(|key| visit(&key.expr));
        let bounds = |frame: &Frame| [frame.start.clone(), frame.end.clone()];
        for bound in self.frame.iter().flat_map(bounds) {
            if let FrameBound::Preceding(expr) | FrameBound::Following(expr) = bound {
                visit(&expr);
            }
        }
    }
}

impl QueryPlan {
    /// Visits the expressions of the query and of the queries in its `from`, `with` and set
    /// operations; not what is below the expressions.
    pub(crate) fn exprs(&self, visit: &mut dyn FnMut(&Expr)) {
        self.ctes.iter().for_each(|cte| cte.query.exprs(visit));
        match &self.body {
            Body::Select(select) => select.exprs(visit),
            Body::Values(rows) => rows.iter().flatten().for_each(&mut *visit),
            Body::SetOperation { left, right, .. } => {
                left.exprs(visit);
                right.exprs(visit);
            }
            Body::Converted { input, items, .. } => {
                input.exprs(visit);
                items.iter().for_each(&mut *visit);
            }
        }
        for key in &self.order_by {
            if let SortTarget::Expr(expr) = &key.target {
                visit(expr);
            }
        }
        self.limit.iter().chain(&self.offset).for_each(visit);
    }
}

impl SelectPlan {
    fn exprs(&self, visit: &mut dyn FnMut(&Expr)) {
        self.items.iter().for_each(&mut *visit);
        self.distinct_on.iter().for_each(&mut *visit);
        self.from.iter().for_each(|from| from.exprs(visit));
        self.filter.iter().for_each(&mut *visit);
        self.group_by.iter().for_each(&mut *visit);
        self.having.iter().for_each(visit);
    }
}

impl From {
    /// Visits the expressions in it; not what is below them.
    pub(crate) fn exprs(&self, visit: &mut dyn FnMut(&Expr)) {
        match self {
            From::Table { .. } | From::Cte { .. } | From::System { .. } => {}
            From::Rows { arrays, .. } => arrays.iter().for_each(visit),
            From::Query { query, .. } => query.exprs(visit),
            From::Join {
                left, right, on, ..
            } => {
                left.exprs(visit);
                right.exprs(visit);
                on.iter().for_each(visit);
            }
        }
    }
}

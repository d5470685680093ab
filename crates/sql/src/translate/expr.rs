//! Expressions.

use super::Text;
use crate::Value;
use crate::plan::{
    Aggregate, Body, ColumnRef, Expr, Frame, FrameBound, Quantified, QueryPlan, RelationId,
    SortKey, Window,
};

/// Integers up to here are exact as `double precision`.
const EXACT_INTEGER_MAX: f64 = 9_007_199_254_740_992.0;

impl Text {
    pub(super) fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Constant(value) => self.constant(value),
            Expr::Parameter(index) => self.number("?", index + 1),
            Expr::Column(column) => self.column(column),
            Expr::Call { function, args } => self.call(function, args),
            Expr::Infix { op, left, right } => {
                self.parenthesized(|text| text.infix(op, left, right));
            }
            Expr::Not(expr) => self.parenthesized(|text| {
                text.push("NOT ");
                text.expr(expr);
            }),
            Expr::Collate(expr, collation) => self.parenthesized(|text| {
                text.expr(expr);
                text.push(" COLLATE ");
                text.collation(collation);
            }),
            Expr::Case { whens, otherwise } => self.case(whens, otherwise.as_deref()),
            Expr::InList {
                expr,
                list,
                negated,
            } => {
                self.membership(expr, *negated, |text| text.list(list, Text::expr));
            }
            Expr::InQuery {
                expr,
                query,
                negated,
            } => {
                self.membership(expr, *negated, |text| text.query(query));
            }
            Expr::Exists(query) => {
                self.push("EXISTS ");
                self.parenthesized(|text| text.query(query));
            }
            Expr::Scalar(query) => self.scalar(query),
            Expr::ArrayQuery { query, text } => self.array_query(query, *text),
            Expr::Quantified(quantified) => self.quantified(quantified),
            Expr::Aggregate(aggregate) => self.aggregate(aggregate),
            Expr::Window(window) => self.window(window),
        }
    }

    pub(super) fn constant(&mut self, value: &Value) {
        match value {
            Value::Null => self.push("NULL"),
            Value::Bool(value) => self.push(if *value { "1" } else { "0" }),
            Value::Int(value) => self.integer(i64::from(*value)),
            Value::BigInt(value) | Value::Timestamptz(value) => self.integer(*value),
            Value::Date(value) => self.integer(i64::from(*value)),
            Value::Double(value) => self.double(*value),
            Value::Numeric(value) | Value::Text(value) | Value::Jsonb(value) => self.string(value),
            Value::SmallInt(value) => self.integer(i64::from(*value)),
            Value::Oid(value) => self.integer(i64::from(*value)),
            Value::Interval(value) | Value::Array(_, value) | Value::Other(_, value) => {
                self.string(value);
            }
            Value::Uuid(value) => self.blob(value.as_bytes()),
            Value::Bytea(value) => self.blob(value),
        }
    }

    fn integer(&mut self, value: i64) {
        match value < 0 {
            true => self.parenthesized(|text| text.number("", value)),
            false => self.number("", value),
        }
    }

    /// SQLite's reading of decimals need not be the nearest double; bits are exact.
    fn double(&mut self, value: f64) {
        let is_plain = value.fract() == 0.0 && value.abs() < EXACT_INTEGER_MAX && value > 0.0;
        match is_plain {
            true => self.number("", format_args!("{value:.1}")),
            // The same 64 bits, read as the integer that SQLite has.
            false => self.number(
                "hw_double(",
                format_args!("{})", value.to_bits().cast_signed()),
            ),
        }
    }

    fn string(&mut self, value: &str) {
        self.push("'");
        self.push(&value.replace('\'', "''"));
        self.push("'");
    }

    fn blob(&mut self, bytes: &[u8]) {
        self.push("x'");
        for byte in bytes {
            self.number("", format_args!("{byte:02x}"));
        }
        self.push("'");
    }

    fn column(&mut self, column: &ColumnRef) {
        if column.relation != RelationId::Itself {
            self.relation(column.relation);
            self.push(".");
        }
        self.name(&column.column);
    }

    fn call(&mut self, function: &str, args: &[Expr]) {
        self.push(function);
        self.parenthesized(|text| text.list(args, Text::expr));
    }

    /// Chains of `and` and `or` are written flat: SQLite bounds how deep expressions nest.
    fn infix(&mut self, op: &str, left: &Expr, right: &Expr) {
        match left {
            Expr::Infix {
                op: inner,
                left,
                right,
            } if *inner == op && matches!(op, "AND" | "OR") => {
                self.infix(op, left, right);
            }
            left => self.expr(left),
        }
        self.push(" ");
        self.push(op);
        self.push(" ");
        self.expr(right);
    }

    fn case(&mut self, whens: &[(Expr, Expr)], otherwise: Option<&Expr>) {
        self.push("CASE");
        for (when, then) in whens {
            self.push(" WHEN ");
            self.expr(when);
            self.push(" THEN ");
            self.expr(then);
        }
        self.clause(" ELSE ", otherwise, Text::expr);
        self.push(" END");
    }

    fn membership(&mut self, expr: &Expr, negated: bool, write: impl FnOnce(&mut Text)) {
        self.parenthesized(|text| {
            text.expr(expr);
            text.push(if negated { " NOT IN " } else { " IN " });
            text.parenthesized(write);
        });
    }

    /// SQLite takes the first row of a scalar subquery; PostgreSQL fails when there is a second.
    fn scalar(&mut self, query: &QueryPlan) {
        match has_at_most_one_row(query) {
            true => self.parenthesized(|text| text.query(query)),
            false => self.parenthesized(|text| {
                text.push("SELECT hw_single(s.c0) FROM ");
                text.parenthesized(|text| text.query(query));
                text.push(" AS s");
            }),
        }
    }

    /// The values of a query's column, gathered in the query's order.
    fn array_query(&mut self, query: &QueryPlan, as_text: Option<&'static str>) {
        self.push("(SELECT coalesce(hw_array_agg(");
        match as_text {
            Some(function) => self.number("", format_args!("{function}(s.c0)")),
            None => self.push("s.c0"),
        }
        self.push("), '{}') FROM ");
        self.parenthesized(|text| text.query(query));
        self.push(" AS s)");
    }

    /// True or false decides at once; else a null among the tests leaves it open.
    fn quantified(&mut self, quantified: &Quantified) {
        let Quantified { from, test, all } = quantified;
        self.push(match all {
            false => "(SELECT CASE WHEN max(q.e) THEN 1",
            true => "(SELECT CASE WHEN min(q.e) = 0 THEN 0",
        });
        self.push(" WHEN count(*) > count(q.e) THEN NULL ELSE ");
        self.push(if *all { "1" } else { "0" });
        self.push(" END FROM (SELECT ");
        self.expr(test);
        self.push(" AS e FROM ");
        self.from(from);
        self.push(") AS q)");
    }

    fn aggregate(&mut self, aggregate: &Aggregate) {
        let Aggregate {
            function,
            args,
            distinct,
            order_by,
            filter,
        } = aggregate;
        self.push(function);
        self.parenthesized(|text| {
            if *distinct {
                text.push("DISTINCT ");
            }
            text.arguments(args);
            if !order_by.is_empty() {
                text.push(" ORDER BY ");
                text.list(order_by, Text::sort_key);
            }
        });
        self.filter(filter.as_ref());
    }

    fn arguments(&mut self, args: &[Expr]) {
        self.list(args, Text::expr);
    }

    fn filter(&mut self, filter: Option<&Expr>) {
        if let Some(filter) = filter {
            self.push(" FILTER (WHERE ");
            self.expr(filter);
            self.push(")");
        }
    }

    fn sort_key(&mut self, key: &SortKey) {
        self.expr(&key.expr);
        self.direction(key.descending, key.nulls_first);
    }

    pub(super) fn direction(&mut self, descending: bool, nulls_first: bool) {
        self.push(if descending { " DESC" } else { " ASC" });
        self.push(if nulls_first {
            " NULLS FIRST"
        } else {
            " NULLS LAST"
        });
    }

    fn window(&mut self, window: &Window) {
        let Window {
            function,
            args,
            filter,
            partition_by,
            order_by,
            frame,
        } = window;
        self.push(function);
        self.parenthesized(|text| text.arguments(args));
        self.filter(filter.as_ref());
        self.push(" OVER (");
        if !partition_by.is_empty() {
            self.push("PARTITION BY ");
            self.list(partition_by, Text::expr);
        }
        if !order_by.is_empty() {
            self.push(" ORDER BY ");
            self.list(order_by, Text::sort_key);
        }
        if let Some(Frame { unit, start, end }) = frame {
            self.push(" ");
            self.push(unit);
            self.push(" BETWEEN ");
            self.bound(start);
            self.push(" AND ");
            self.bound(end);
        }
        self.push(")");
    }

    fn bound(&mut self, bound: &FrameBound) {
        match bound {
            FrameBound::UnboundedPreceding => self.push("UNBOUNDED PRECEDING"),
            FrameBound::CurrentRow => self.push("CURRENT ROW"),
            FrameBound::UnboundedFollowing => self.push("UNBOUNDED FOLLOWING"),
            FrameBound::Preceding(rows) => {
                self.expr(rows);
                self.push(" PRECEDING");
            }
            FrameBound::Following(rows) => {
                self.expr(rows);
                self.push(" FOLLOWING");
            }
        }
    }
}

fn has_at_most_one_row(query: &QueryPlan) -> bool {
    let one = |expr: &Option<Expr>| matches!(expr, Some(Expr::Constant(Value::BigInt(rows))) if *rows <= 1);
    match &query.body {
        _ if one(&query.limit) => true,
        Body::Select(select) => {
            select.from.is_none() || (select.grouped && select.group_by.is_empty())
        }
        Body::Values(rows) => rows.len() <= 1,
        Body::SetOperation { .. } => false,
        Body::Converted { input, .. } => has_at_most_one_row(input),
    }
}

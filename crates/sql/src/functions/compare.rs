//! `greatest` and `least`, which pass over nulls, for types that SQLite orders as PostgreSQL does.

use std::cmp::Ordering;

use super::call::{Answer, Args, Scalar, nullable};
use crate::SqlError;
use rusqlite::types::{Value as SqliteValue, ValueRef};

pub(super) const FUNCTIONS: &[Scalar] = &[
    nullable("hw_greatest", -1, |a| extreme(a, Ordering::Greater)),
    nullable("hw_least", -1, |a| extreme(a, Ordering::Less)),
];

fn extreme(args: &Args<'_, '_>, wanted: Ordering) -> Answer {
    let mut best: Option<ValueRef<'_>> = None;
    for value in (0..args.len())
        .map(|at| args.raw(at))
        .filter(|value| *value != ValueRef::Null)
    {
        best = match best {
            Some(best) if order(value, best)? != wanted => Some(best),
            _ => Some(value),
        };
    }
    let best = best.unwrap_or(ValueRef::Null);
    SqliteValue::try_from(best)
        .map_err(|_| SqlError::new("22021", "invalid byte sequence for encoding \"UTF8\""))
}

fn order(left: ValueRef<'_>, right: ValueRef<'_>) -> Result<Ordering, SqlError> {
    let order = match (left, right) {
        (ValueRef::Integer(left), ValueRef::Integer(right)) => Some(left.cmp(&right)),
        (ValueRef::Real(left), ValueRef::Real(right)) => left.partial_cmp(&right),
        (ValueRef::Real(left), ValueRef::Integer(right)) => left.partial_cmp(&(right as f64)),
        (ValueRef::Integer(left), ValueRef::Real(right)) => (left as f64).partial_cmp(&right),
        (ValueRef::Text(left), ValueRef::Text(right)) => Some(left.cmp(right)),
        (ValueRef::Blob(left), ValueRef::Blob(right)) => Some(left.cmp(right)),
        _ => None,
    };
    order.ok_or_else(|| {
        let (left, right) = (left.data_type(), right.data_type());
        SqlError::new("XX000", format!("{left} and {right} have no order"))
    })
}

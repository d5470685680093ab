//! Aggregates whose answer SQLite would give in another type or with other roundings. Each also
//! works as a window function: rows that leave the frame are forgotten, and the rest is folded
//! again in order, because adding doubles cannot be undone exactly.

use std::collections::VecDeque;
use std::marker::PhantomData;
use std::panic::{RefUnwindSafe, UnwindSafe};

use rusqlite::Connection;
use rusqlite::functions::{Aggregate, Context, WindowAggregate};
use rusqlite::types::Value as SqliteValue;

use super::arithmetic::{double_quotient, sum};
use super::call::{Answer, Args, PURE, double, numeric, raise, text};
use super::json::or_null;
use crate::SqlError;
use crate::value::array::to_text;
use crate::value::decimal::Decimal;
use crate::value::interval::{Interval, compare};
use crate::value::json::object_text;

pub(super) fn register(conn: &Connection) -> rusqlite::Result<()> {
    window::<SumBigint>(conn, "hw_sum_bigint", 1)?;
    window::<AverageInteger>(conn, "hw_avg_integer", 1)?;
    window::<SumNumeric>(conn, "hw_sum_numeric", 1)?;
    window::<AverageNumeric>(conn, "hw_avg_numeric", 1)?;
    window::<SumDouble>(conn, "hw_sum_double", 1)?;
    window::<AverageDouble>(conn, "hw_avg_double", 1)?;
    window::<Least>(conn, "hw_min_numeric", 1)?;
    window::<Greatest>(conn, "hw_max_numeric", 1)?;
    window::<StringAgg>(conn, "hw_string_agg", 2)?;
    window::<ArrayAgg>(conn, "hw_array_agg", 1)?;
    window::<SumInterval>(conn, "hw_sum_interval", 1)?;
    window::<LeastInterval>(conn, "hw_min_interval", 1)?;
    window::<GreatestInterval>(conn, "hw_max_interval", 1)?;
    window::<JsonbAgg>(conn, "hw_jsonb_agg", 1)?;
    window::<JsonbObjectAgg>(conn, "hw_jsonb_object_agg", 2)
}

fn window<F: Fold>(conn: &Connection, name: &str, arity: i32) -> rusqlite::Result<()> {
    conn.create_window_function(name, arity, PURE, Folding::<F>(PhantomData))
}

/// An aggregate as a left fold over rows.
trait Fold: UnwindSafe + RefUnwindSafe + Send + Sync + 'static {
    /// What is kept of a row.
    type Row: UnwindSafe + RefUnwindSafe + Send + 'static;
    /// What has been folded.
    type State: Default + UnwindSafe + RefUnwindSafe + Send + 'static;

    /// The row, or `None` when it does not count.
    fn row(args: &Args<'_, '_>) -> Result<Option<Self::Row>, SqlError>;
    fn add(state: &mut Self::State, row: &Self::Row) -> Result<(), SqlError>;
    /// The answer over at least one row; over none it is null.
    fn answer(state: &Self::State) -> Answer;
}

struct Folding<F>(PhantomData<fn() -> F>);

/// Bytes of rows that one aggregate may hold: nothing else bounds what a query keeps in memory.
const FRAME_BYTES_MAX: usize = 128 << 20;

/// The rows in the frame and their fold.
struct Frame<F: Fold> {
    rows: VecDeque<F::Row>,
    /// About how many bytes the rows take.
    bytes: usize,
    state: F::State,
    /// Whether rows have left since they were folded.
    stale: bool,
}

impl<F: Fold> Frame<F> {
    fn add(&mut self, args: &Args<'_, '_>) -> Result<(), SqlError> {
        if let Some(row) = F::row(args)? {
            self.bytes += size_of::<F::Row>() + args.size();
            if self.bytes > FRAME_BYTES_MAX {
                return Err(too_large());
            }
            if !self.stale {
                F::add(&mut self.state, &row)?;
            }
            self.rows.push_back(row);
        }
        Ok(())
    }

    fn remove_first(&mut self, args: &Args<'_, '_>) -> Result<(), SqlError> {
        if F::row(args)?.is_some() {
            self.rows.pop_front();
            self.bytes = self.bytes.saturating_sub(size_of::<F::Row>() + args.size());
            self.stale = true;
        }
        Ok(())
    }

    fn answer(&mut self) -> Answer {
        if self.rows.is_empty() {
            return Ok(SqliteValue::Null);
        }
        if self.stale {
            self.state = F::State::default();
            for row in &self.rows {
                F::add(&mut self.state, row)?;
            }
            self.stale = false;
        }
        F::answer(&self.state)
    }
}

fn too_large() -> SqlError {
    let most = FRAME_BYTES_MAX >> 20;
    SqlError::new(
        "54000",
        format!("an aggregate holds more than {most} MiB of rows"),
    )
    .with_hint("aggregate over fewer rows, or in groups")
}

impl<F: Fold> Aggregate<Frame<F>, SqliteValue> for Folding<F> {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<Frame<F>> {
        Ok(Frame {
            rows: VecDeque::new(),
            bytes: 0,
            state: F::State::default(),
            stale: false,
        })
    }

    fn step(&self, context: &mut Context<'_>, frame: &mut Frame<F>) -> rusqlite::Result<()> {
        frame.add(&Args(context)).map_err(raise)
    }

    fn finalize(
        &self,
        _: &mut Context<'_>,
        frame: Option<Frame<F>>,
    ) -> rusqlite::Result<SqliteValue> {
        frame.map_or(Ok(SqliteValue::Null), |mut frame| {
            frame.answer().map_err(raise)
        })
    }
}

impl<F: Fold> WindowAggregate<Frame<F>, SqliteValue> for Folding<F> {
    fn value(&self, frame: Option<&mut Frame<F>>) -> rusqlite::Result<SqliteValue> {
        frame.map_or(Ok(SqliteValue::Null), |frame| frame.answer().map_err(raise))
    }

    fn inverse(&self, context: &mut Context<'_>, frame: &mut Frame<F>) -> rusqlite::Result<()> {
        frame.remove_first(&Args(context)).map_err(raise)
    }
}

/// A sum of decimals and how many there were.
#[derive(Default)]
struct Total {
    sum: Option<Decimal>,
    count: i64,
}

impl Total {
    fn add(&mut self, value: Decimal) -> Result<(), SqlError> {
        self.sum = Some(self.sum.map_or(Ok(value), |sum| sum.add(value))?);
        self.count += 1;
        Ok(())
    }

    fn sum(&self) -> Decimal {
        self.sum.unwrap_or(Decimal::ZERO)
    }

    fn average(&self) -> Answer {
        numeric(self.sum().divide(Decimal::from(self.count))?)
    }
}

fn present<T>(
    args: &Args<'_, '_>,
    read: impl FnOnce(&Args<'_, '_>) -> Result<T, SqlError>,
) -> Result<Option<T>, SqlError> {
    if args.is_null(0) {
        Ok(None)
    } else {
        read(args).map(Some)
    }
}

/// Writes a [`Fold`] whose rows are one value: name, row, how it is read, state, add, answer.
macro_rules! fold {
    ($name:ident: $row:ty, $read:expr; $state:ty, $add:expr; $answer:expr) => {
        struct $name;

        impl Fold for $name {
            type Row = $row;
            type State = $state;

            fn row(args: &Args<'_, '_>) -> Result<Option<$row>, SqlError> {
                present(args, $read)
            }

            fn add(state: &mut $state, row: &$row) -> Result<(), SqlError> {
                let add: fn(&mut $state, &$row) -> Result<(), SqlError> = $add;
                add(state, row)
            }

            fn answer(state: &$state) -> Answer {
                let answer: fn(&$state) -> Answer = $answer;
                answer(state)
            }
        }
    };
}

fold!(SumBigint: i64, |a| a.integer(0); Total, |t, v| t.add(Decimal::from(*v)); |t| numeric(t.sum()));
fold!(AverageInteger: i64, |a| a.integer(0); Total, |t, v| t.add(Decimal::from(*v)); Total::average);
fold!(SumNumeric: Decimal, |a| a.decimal(0); Total, |t, v| t.add(*v); |t| numeric(t.sum()));
fold!(AverageNumeric: Decimal, |a| a.decimal(0); Total, |t, v| t.add(*v); Total::average);
fold!(SumDouble: f64, |a| a.double(0); Option<f64>, add_double; |sum| double(sum.unwrap_or(0.0)));
fold!(AverageDouble: f64, |a| a.double(0); (Option<f64>, f64),
    |(sum, count), value| {
        *count += 1.0;
        add_double(sum, value)
    };
    |(sum, count)| double_quotient(sum.unwrap_or(0.0), *count)
);
fold!(Least: Decimal, |a| a.decimal(0); Option<Decimal>,
    |least, value| {
        *least = Some(least.map_or(*value, |least| least.min(*value)));
        Ok(())
    };
    |least| numeric(least.unwrap_or(Decimal::ZERO))
);
fold!(Greatest: Decimal, |a| a.decimal(0); Option<Decimal>,
    |greatest, value| {
        *greatest = Some(greatest.map_or(*value, |greatest| greatest.max(*value)));
        Ok(())
    };
    |greatest| numeric(greatest.unwrap_or(Decimal::ZERO))
);

/// In order of arrival, each step rounded, as PostgreSQL adds.
fn add_double(total: &mut Option<f64>, value: &f64) -> Result<(), SqlError> {
    *total = Some(match total {
        None => *value,
        Some(total) => match sum(*total, *value)? {
            SqliteValue::Real(total) => total,
            _ => *total,
        },
    });
    Ok(())
}

// The delimiter of a row stands before its value, and the first one nowhere.
fold!(StringAgg: (String, String),
    |a| {
        let delimiter = if a.is_null(1) { "" } else { a.text(1)? };
        Ok((delimiter.to_owned(), a.text(0)?.to_owned()))
    };
    Option<String>,
    |joined, (delimiter, value)| {
        match joined {
            None => *joined = Some(value.clone()),
            Some(joined) => joined.extend([delimiter.as_str(), value.as_str()]),
        }
        Ok(())
    };
    |joined| text(joined.clone().unwrap_or_default())
);

fold!(SumInterval: Interval, |a| Interval::parse(a.text(0)?); Interval,
    |sum, value| {
        *sum = sum.plus(*value)?;
        Ok(())
    };
    |sum| text(sum.to_string())
);
fold!(LeastInterval: String, |a| a.text(0).map(str::to_owned); Option<String>,
    |least, value| {
        if least.as_ref().is_none_or(|least| compare(value, least).is_lt()) {
            *least = Some(value.clone());
        }
        Ok(())
    };
    |least| text(least.clone().unwrap_or_default())
);
fold!(GreatestInterval: String, |a| a.text(0).map(str::to_owned); Option<String>,
    |greatest, value| {
        if greatest.as_ref().is_none_or(|greatest| compare(value, greatest).is_gt()) {
            *greatest = Some(value.clone());
        }
        Ok(())
    };
    |greatest| text(greatest.clone().unwrap_or_default())
);

/// Nulls count.
struct ArrayAgg;

impl Fold for ArrayAgg {
    type Row = Option<String>;
    type State = Vec<Option<String>>;

    fn row(args: &Args<'_, '_>) -> Result<Option<Option<String>>, SqlError> {
        present(args, |args| args.text(0).map(str::to_owned)).map(Some)
    }

    fn add(state: &mut Vec<Option<String>>, row: &Option<String>) -> Result<(), SqlError> {
        state.push(row.clone());
        Ok(())
    }

    fn answer(state: &Vec<Option<String>>) -> Answer {
        text(to_text(state.iter().map(Option::as_deref)))
    }
}

/// Nulls count: they are JSON's null.
struct JsonbAgg;

impl Fold for JsonbAgg {
    /// Texts: the tree of a document takes many times their memory.
    type Row = String;
    /// The elements, joined.
    type State = Option<String>;

    fn row(args: &Args<'_, '_>) -> Result<Option<String>, SqlError> {
        Ok(Some(or_null(args, 0)?.to_string()))
    }

    fn add(state: &mut Option<String>, row: &String) -> Result<(), SqlError> {
        match state {
            None => *state = Some(row.clone()),
            Some(joined) => joined.extend([", ", row.as_str()]),
        }
        Ok(())
    }

    fn answer(state: &Option<String>) -> Answer {
        text(format!("[{}]", state.as_deref().unwrap_or_default()))
    }
}

/// Of values with one key the last stays.
struct JsonbObjectAgg;

impl Fold for JsonbObjectAgg {
    type Row = (String, String);
    type State = Vec<(String, String)>;

    fn row(args: &Args<'_, '_>) -> Result<Option<(String, String)>, SqlError> {
        if args.is_null(0) {
            return Err(SqlError::new("22023", "field name must not be null"));
        }
        let value = or_null(args, 1)?.to_string();
        Ok(Some((args.text(0)?.to_owned(), value)))
    }

    fn add(state: &mut Vec<(String, String)>, row: &(String, String)) -> Result<(), SqlError> {
        state.push(row.clone());
        Ok(())
    }

    fn answer(state: &Vec<(String, String)>) -> Answer {
        text(object_text(state.clone()))
    }
}

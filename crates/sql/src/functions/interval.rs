//! Intervals: arithmetic with timestamps and with each other. An interval is months, days and
//! microseconds, added to a timestamp in that order.

use super::call::{Answer, Args, Scalar, division_by_zero, numeric, strict, text};
use super::time::unit_name;
use crate::SqlError;
use crate::value::decimal::Decimal;
use crate::value::interval::Interval;
use crate::value::moment::{Civil, MICROS_PER_DAY, check_micros};
use rusqlite::types::Value as SqliteValue;

pub(super) const FUNCTIONS: &[Scalar] = &[
    strict("hw_timestamptz_add_interval", 2, |a| shifted(a, 1)),
    strict("hw_timestamptz_subtract_interval", 2, |a| shifted(a, -1)),
    strict("hw_timestamptz_difference", 2, |a| {
        span(Interval::between(a.integer(0)?, a.integer(1)?))
    }),
    strict("hw_interval_add_timestamptz", 2, |a| {
        shift(a.integer(1)?, interval(a, 0)?).map(SqliteValue::Integer)
    }),
    strict("hw_interval_multiply", 2, |a| {
        span(interval(a, 0)?.times(a.double(1)?)?)
    }),
    strict("hw_multiply_interval", 2, |a| {
        span(interval(a, 1)?.times(a.double(0)?)?)
    }),
    strict("hw_interval_divide", 2, |a| match a.double(1)? {
        0.0 => Err(division_by_zero()),
        divisor => span(interval(a, 0)?.over(divisor)?),
    }),
    strict("hw_age", 2, |a| {
        span(Interval::age(a.integer(0)?, a.integer(1)?))
    }),
    strict("hw_interval_add", 2, |a| {
        span(interval(a, 0)?.plus(interval(a, 1)?)?)
    }),
    strict("hw_interval_subtract", 2, |a| {
        span(interval(a, 0)?.plus(interval(a, 1)?.negated())?)
    }),
    strict("hw_interval_negate", 1, |a| span(interval(a, 0)?.negated())),
    strict("hw_interval_extract", 2, |a| {
        numeric(extract(&unit_name(a)?, interval(a, 1)?)?)
    }),
    strict("hw_interval_part", 2, |a| {
        let part = extract(&unit_name(a)?, interval(a, 1)?)?;
        Ok(SqliteValue::Real(part.to_double()))
    }),
];

fn shifted(args: &Args<'_, '_>, sign: i64) -> Answer {
    let interval = interval(args, 1)?;
    let interval = if sign < 0 {
        interval.negated()
    } else {
        interval
    };
    shift(args.integer(0)?, interval).map(SqliteValue::Integer)
}

/// The instant so much later: months first, then days, then the rest.
pub(super) fn shift(micros: i64, interval: Interval) -> Result<i64, SqlError> {
    let (days, time) = (
        micros.div_euclid(MICROS_PER_DAY),
        micros.rem_euclid(MICROS_PER_DAY),
    );
    let moved = add_months(days, interval.months) + interval.days;
    moved
        .checked_mul(MICROS_PER_DAY)
        .and_then(|midnight| midnight.checked_add(time)?.checked_add(interval.micros))
        .ok_or_else(|| SqlError::unsupported("a timestamp outside of the years 0001 to 9999"))
        .and_then(check_micros)
}

/// The same day so many months later, or the last of that month when it is shorter.
fn add_months(days: i64, months: i64) -> i64 {
    if months == 0 {
        return days;
    }
    let Civil { year, month, day } = Civil::from_days(days);
    let count = year * 12 + month - 1 + months;
    let (year, month) = (count.div_euclid(12), count.rem_euclid(12) + 1);
    let day = day.min(Civil::month_length(year, month));
    Civil { year, month, day }.to_days()
}

fn interval(args: &Args<'_, '_>, at: usize) -> Result<Interval, SqlError> {
    Interval::parse(args.text(at)?)
}

fn span(interval: Interval) -> Answer {
    text(interval.checked()?.to_string())
}

/// A part of an interval. Years have 12 months, and for `epoch` 365.25 days; months have 30 days.
fn extract(unit: &str, interval: Interval) -> Result<Decimal, SqlError> {
    let Interval {
        months,
        days,
        micros,
    } = interval;
    let seconds = micros / 1_000_000;
    let of_minute = i128::from(micros % 60_000_000);
    let years = months / 12;
    let whole = |value: i64| Ok(Decimal::from(value));
    match unit {
        "microseconds" => Decimal::new(of_minute, 0),
        "milliseconds" => Decimal::new(of_minute, 3),
        "second" => Decimal::new(of_minute, 6),
        "minute" => whole(seconds / 60 % 60),
        "hour" => whole(seconds / 3600),
        "day" => whole(days),
        "month" => whole(months % 12),
        "quarter" => whole(months % 12 / 3 + 1),
        "year" => whole(years),
        "decade" => whole(years / 10),
        "century" => whole(years / 100),
        "millennium" => whole(years / 1000),
        "epoch" => {
            let of_years = i128::from(years) * 31_557_600;
            let of_days = i128::from(months % 12 * 30 + days) * 86_400;
            Decimal::new((of_years + of_days) * 1_000_000 + i128::from(micros), 6)
        }
        _ => Err(SqlError::unsupported(format_args!(
            "the unit \"{unit}\" of an interval"
        ))),
    }
}

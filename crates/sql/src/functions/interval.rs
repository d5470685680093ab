//! Adding an interval to a timestamp. There is no interval type: an interval stands as a literal
//! next to `+` or `-`, and is months, days and microseconds, added in that order.

use super::call::{Answer, Args, Scalar, strict};
use crate::SqlError;
use crate::value::moment::{Civil, MICROS_PER_DAY, MICROS_PER_SECOND, check_micros};
use rusqlite::types::Value as SqliteValue;

pub(super) const FUNCTIONS: &[Scalar] = &[
    strict("hw_timestamptz_add_interval", 2, |a| shifted(a, 1)),
    strict("hw_timestamptz_subtract_interval", 2, |a| shifted(a, -1)),
];

/// A span of time as PostgreSQL keeps it.
#[derive(Default)]
struct Interval {
    months: i64,
    days: i64,
    micros: i64,
}

fn shifted(args: &Args<'_, '_>, sign: i64) -> Answer {
    let micros = args.integer(0)?;
    let interval = Interval::parse(args.text(1)?)?;
    let (days, time) = (
        micros.div_euclid(MICROS_PER_DAY),
        micros.rem_euclid(MICROS_PER_DAY),
    );
    let moved = add_months(days, sign * interval.months) + sign * interval.days;
    moved
        .checked_mul(MICROS_PER_DAY)
        .and_then(|midnight| midnight.checked_add(time + sign * interval.micros))
        .ok_or_else(|| SqlError::unsupported("a timestamp outside of the years 0001 to 9999"))
        .and_then(check_micros)
        .map(SqliteValue::Integer)
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

impl Interval {
    /// Reads pairs of a whole number and a unit (`1 month -2 days`), and `HH:MM[:SS]`. The other
    /// spellings of PostgreSQL are refused.
    fn parse(text: &str) -> Result<Interval, SqlError> {
        let mut interval = Interval::default();
        let mut words = text.split_ascii_whitespace();
        let refused = || {
            SqlError::unsupported(format_args!("the interval \"{text}\""))
                .with_hint("Write whole numbers with units, like \"1 month 2 days 03:00:00\".")
        };
        while let Some(word) = words.next() {
            let known = match clock(word) {
                Some(micros) => interval.add(micros, "microsecond"),
                None => {
                    let amount: i64 = word.parse::<i32>().map_err(|_| refused())?.into();
                    interval.add(amount, words.next().unwrap_or_default())
                }
            };
            known.ok_or_else(refused)?;
        }
        if text.trim().is_empty() {
            return Err(SqlError::new(
                "22007",
                format!("invalid input syntax for type interval: \"{text}\""),
            ));
        }
        Ok(interval)
    }

    fn add(&mut self, amount: i64, unit: &str) -> Option<()> {
        match unit.to_ascii_lowercase().trim_end_matches('s') {
            "microsecond" => self.micros += amount,
            "millisecond" => self.micros += amount * 1000,
            "second" | "sec" => self.micros += amount * MICROS_PER_SECOND,
            "minute" | "min" => self.micros += amount * 60 * MICROS_PER_SECOND,
            "hour" => self.micros += amount * 3600 * MICROS_PER_SECOND,
            "day" => self.days += amount,
            "week" => self.days += amount * 7,
            "month" | "mon" => self.months += amount,
            "year" => self.months += amount * 12,
            _ => return None,
        }
        Some(())
    }
}

/// `[-]HH:MM[:SS]` in microseconds.
fn clock(word: &str) -> Option<i64> {
    let (sign, digits) = match word.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, word),
    };
    let parts = digits
        .split(':')
        .map(|part| part.parse::<u16>().ok())
        .collect::<Option<Vec<_>>>()?;
    let (hours, minutes, seconds) = match parts[..] {
        [hours, minutes] => (hours, minutes, 0),
        [hours, minutes, seconds] => (hours, minutes, seconds),
        _ => return None,
    };
    if minutes > 59 || seconds > 59 {
        return None;
    }
    let total = (i64::from(hours) * 60 + i64::from(minutes)) * 60 + i64::from(seconds);
    Some(sign * total * MICROS_PER_SECOND)
}

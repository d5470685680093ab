//! `interval`: months, days and microseconds, each with a sign of its own.
//!
//! Read are pairs of a number and a unit (`1 month -2 days`), and `HH:MM[:SS[.ffffff]]`; the other
//! spellings that PostgreSQL reads (ISO 8601, `ago`, SQL's `1-2`) are refused.

use std::cmp::Ordering;
use std::fmt;

use super::moment::{Civil, MICROS_PER_DAY, MICROS_PER_SECOND};
use crate::SqlError;

/// The units that a text names, a bit each: PostgreSQL reads each of them once.
const MICROSECOND: u16 = 1;
const MILLISECOND: u16 = 1 << 1;
const SECOND: u16 = 1 << 2;
const MINUTE: u16 = 1 << 3;
const HOUR: u16 = 1 << 4;
const DAY: u16 = 1 << 5;
const WEEK: u16 = 1 << 6;
const MONTH: u16 = 1 << 7;
const YEAR: u16 = 1 << 8;
/// What a second with a fraction names, and what `HH:MM:SS` does.
const SECONDS: u16 = SECOND | MILLISECOND | MICROSECOND;
const CLOCK: u16 = HOUR | MINUTE | SECONDS;

/// A span of time as PostgreSQL keeps it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Interval {
    pub(crate) months: i64,
    pub(crate) days: i64,
    pub(crate) micros: i64,
}

impl Interval {
    /// Reads a text.
    ///
    /// # Errors
    /// 22007 for no text and for a unit that stands there twice, 0A000 for a spelling that is not read, 22008 beyond PostgreSQL's range.
    pub(crate) fn parse(text: &str) -> Result<Interval, SqlError> {
        let mut interval = Interval::default();
        let mut seen = 0;
        let mut words = text.split_ascii_whitespace();
        let invalid = || {
            let message = format!("invalid input syntax for type interval: \"{text}\"");
            SqlError::new("22007", message)
        };
        let refused = || {
            SqlError::unsupported(format_args!("the interval \"{text}\""))
                .with_hint("Write numbers with units, like \"1 month 2 days 03:00:00\".")
        };
        while let Some(word) = words.next() {
            let units = match clock(word) {
                Some(micros) => interval.add(micros, "microsecond").map(|_| CLOCK),
                None => interval.add_word(word, words.next().unwrap_or_default()),
            };
            let units = units.ok_or_else(refused)?;
            if seen & units != 0 {
                return Err(invalid());
            }
            seen |= units;
        }
        if text.trim().is_empty() {
            return Err(invalid());
        }
        interval.checked()
    }

    /// 22008 when a part is beyond what PostgreSQL keeps.
    pub(crate) fn checked(self) -> Result<Interval, SqlError> {
        let fits = |part: i64| i32::try_from(part).is_ok();
        match fits(self.months) && fits(self.days) {
            true => Ok(self),
            false => Err(out_of_range()),
        }
    }

    /// A number, which may have a fraction where the unit has a fixed length, and its unit. Gives
    /// the units that stand there then.
    fn add_word(&mut self, word: &str, unit: &str) -> Option<u16> {
        let Some((whole, fraction)) = word.split_once('.') else {
            return self.add(i64::from(word.parse::<i32>().ok()?), unit);
        };
        let digits = fraction.bytes().all(|b| b.is_ascii_digit());
        if !digits || fraction.is_empty() || fraction.len() > 6 {
            return None;
        }
        let unit_micros = match unit.to_ascii_lowercase().trim_end_matches('s') {
            "second" | "sec" => MICROS_PER_SECOND,
            "minute" | "min" => 60 * MICROS_PER_SECOND,
            "hour" => 3600 * MICROS_PER_SECOND,
            "day" => MICROS_PER_DAY,
            _ => return None,
        };
        let units = self.add(i64::from(whole.parse::<i32>().ok()?), unit)?;
        let scale = 10_i64.pow(u32::try_from(fraction.len()).ok()?);
        let part = fraction.parse::<i64>().ok()? * (unit_micros / scale.min(unit_micros));
        let part = if scale > unit_micros { 0 } else { part };
        let part = if whole.starts_with('-') { -part } else { part };
        self.micros = self.micros.checked_add(part)?;
        // The fraction of a second is its milliseconds and microseconds.
        let is_split = part != 0 && units == SECOND;
        Some(if is_split { SECONDS } else { units })
    }

    /// Gives the unit, as its bit.
    fn add(&mut self, amount: i64, unit: &str) -> Option<u16> {
        let (bit, part, amount) = match unit.to_ascii_lowercase().trim_end_matches('s') {
            "microsecond" => (MICROSECOND, &mut self.micros, amount),
            "millisecond" => (MILLISECOND, &mut self.micros, amount * 1000),
            "second" | "sec" => (SECOND, &mut self.micros, amount * MICROS_PER_SECOND),
            "minute" | "min" => (MINUTE, &mut self.micros, amount * 60 * MICROS_PER_SECOND),
            "hour" => (HOUR, &mut self.micros, amount * 3600 * MICROS_PER_SECOND),
            "day" => (DAY, &mut self.days, amount),
            "week" => (WEEK, &mut self.days, amount * 7),
            "month" | "mon" => (MONTH, &mut self.months, amount),
            "year" => (YEAR, &mut self.months, amount * 12),
            _ => return None,
        };
        *part = part.checked_add(amount)?;
        Some(bit)
    }

    /// The sum; 22008 when it is beyond the range.
    pub(crate) fn plus(self, other: Interval) -> Result<Interval, SqlError> {
        let micros = self.micros.checked_add(other.micros);
        Interval {
            months: self.months + other.months,
            days: self.days + other.days,
            micros: micros.ok_or_else(out_of_range)?,
        }
        .checked()
    }

    /// The product. PostgreSQL spreads the fractions of months and days in floating point; only
    /// products without any are answered.
    pub(crate) fn times(self, factor: f64) -> Result<Interval, SqlError> {
        self.scaled(|part| part * factor)
    }

    /// The quotient; see [`Interval::times`].
    pub(crate) fn over(self, divisor: f64) -> Result<Interval, SqlError> {
        self.scaled(|part| part / divisor)
    }

    fn scaled(self, scale: impl Fn(f64) -> f64) -> Result<Interval, SqlError> {
        let whole = |part: i64| {
            let scaled = scale(part as f64);
            // Where doubles are exact.
            match scaled.fract() == 0.0 && scaled.abs() < 9e15 {
                true => Ok(scaled as i64),
                false => Err(SqlError::unsupported(
                    "an interval times a number whose parts are not whole",
                )),
            }
        };
        Interval {
            months: whole(self.months)?,
            days: whole(self.days)?,
            micros: whole(self.micros)?,
        }
        .checked()
    }

    pub(crate) fn negated(self) -> Interval {
        Interval {
            months: -self.months,
            days: -self.days,
            micros: -self.micros,
        }
    }

    /// The time between two instants: whole days, and the rest.
    pub(crate) fn between(later: i64, earlier: i64) -> Interval {
        let micros = later - earlier;
        Interval {
            months: 0,
            days: micros / MICROS_PER_DAY,
            micros: micros % MICROS_PER_DAY,
        }
    }

    /// The time between two instants in years, months and days of the calendar (`age`).
    pub(crate) fn age(later: i64, earlier: i64) -> Interval {
        if later < earlier {
            return Interval::age(earlier, later).negated();
        }
        let parts = |micros: i64| {
            let day = Civil::from_days(micros.div_euclid(MICROS_PER_DAY));
            (day, micros.rem_euclid(MICROS_PER_DAY))
        };
        let ((to, to_time), (from, from_time)) = (parts(later), parts(earlier));
        let mut micros = to_time - from_time;
        let mut days = to.day - from.day;
        let mut months = (to.year - from.year) * 12 + to.month - from.month;
        if micros < 0 {
            micros += MICROS_PER_DAY;
            days -= 1;
        }
        if days < 0 {
            days += Civil::month_length(from.year, from.month);
            months -= 1;
        }
        Interval {
            months,
            days,
            micros,
        }
    }

    /// Its length, months having 30 days, as PostgreSQL compares intervals.
    fn span(self) -> i128 {
        i128::from(self.months * 30 + self.days) * i128::from(MICROS_PER_DAY)
            + i128::from(self.micros)
    }
}

/// How two intervals, given as texts, compare.
pub(crate) fn compare(left: &str, right: &str) -> Ordering {
    match (Interval::parse(left), Interval::parse(right)) {
        (Ok(left), Ok(right)) => left.span().cmp(&right.span()),
        // Stored intervals always read; the order of anything else only has to be one.
        _ => left.cmp(right),
    }
}

pub(super) fn out_of_range() -> SqlError {
    SqlError::new("22008", "interval out of range")
}

/// `[-]HH:MM[:SS[.ffffff]]` in microseconds.
fn clock(word: &str) -> Option<i64> {
    let (sign, digits) = match word.strip_prefix(['-', '+']) {
        Some(rest) => (if word.starts_with('-') { -1 } else { 1 }, rest),
        None => (1, word),
    };
    let (digits, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_fraction = fraction.len() <= 6 && fraction.bytes().all(|b| b.is_ascii_digit());
    let parts = digits
        .split(':')
        .map(|part| part.parse::<u32>().ok())
        .collect::<Option<Vec<_>>>()?;
    let (hours, minutes, seconds) = match parts[..] {
        [hours, minutes] if fraction == "0" => (hours, minutes, 0),
        [hours, minutes, seconds] if is_fraction => (hours, minutes, seconds),
        _ => return None,
    };
    if minutes > 59 || seconds > 59 {
        return None;
    }
    let micros: i64 = format!("{fraction:0<6}").parse().ok()?;
    let total = (i64::from(hours) * 60 + i64::from(minutes)) * 60 + i64::from(seconds);
    let total = total.checked_mul(MICROS_PER_SECOND)?.checked_add(micros)?;
    Some(sign * total)
}

impl fmt::Display for Interval {
    /// PostgreSQL's style `postgres`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut is_first = true;
        let mut after_negative = false;
        let parts = [
            (self.months / 12, "year"),
            (self.months % 12, "mon"),
            (self.days, "day"),
        ];
        for (amount, unit) in parts.into_iter().filter(|(amount, _)| *amount != 0) {
            let space = if is_first { "" } else { " " };
            let sign = if after_negative && amount > 0 {
                "+"
            } else {
                ""
            };
            let plural = if amount == 1 { "" } else { "s" };
            write!(out, "{space}{sign}{amount} {unit}{plural}")?;
            is_first = false;
            after_negative = amount < 0;
        }
        if !is_first && self.micros == 0 {
            return Ok(());
        }
        let space = if is_first { "" } else { " " };
        let sign = match (self.micros < 0, after_negative) {
            (true, _) => "-",
            (false, true) => "+",
            (false, false) => "",
        };
        let micros = self.micros.unsigned_abs();
        let seconds = micros / 1_000_000;
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(out, "{space}{sign}{hours:02}:{minutes:02}:{seconds:02}")?;
        match micros % 1_000_000 {
            0 => Ok(()),
            fraction => {
                let digits = format!("{fraction:06}");
                write!(out, ".{}", digits.trim_end_matches('0'))
            }
        }
    }
}

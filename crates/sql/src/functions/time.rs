//! Dates and timestamps: parts, truncation, and arithmetic in days.

use super::call::{Answer, Args, Scalar, int, numeric, strict};
use crate::SqlError;
use crate::value::decimal::Decimal;
use crate::value::moment::midnight;
use crate::value::moment::{Civil, MICROS_PER_DAY, MICROS_PER_SECOND, check_days, check_micros};
use rusqlite::types::Value as SqliteValue;

pub(super) const FUNCTIONS: &[Scalar] = &[
    strict("hw_date_add", 2, |a| day(a.integer(0)? + a.integer(1)?)),
    strict(
        "hw_date_subtract",
        2,
        |a| day(a.integer(0)? - a.integer(1)?),
    ),
    strict("hw_date_difference", 2, |a| {
        int(a.integer(0)? - a.integer(1)?)
    }),
    strict("hw_date_trunc", 2, date_trunc),
    strict("hw_timestamptz_extract", 2, |a| {
        numeric(extract(
            &unit_name(a)?,
            a.integer(1)?,
            "timestamp with time zone",
        )?)
    }),
    strict("hw_date_extract", 2, extract_from_date),
    strict("hw_timestamptz_part", 2, |a| {
        let part = extract(&unit_name(a)?, a.integer(1)?, "timestamp with time zone")?;
        Ok(SqliteValue::Real(part.to_double()))
    }),
    // To PostgreSQL the date is a timestamp without time zone here.
    strict("hw_date_part", 2, |a| {
        let unit = unit_name(a)?;
        if unit.starts_with("timezone") {
            return Err(bad_unit(&unit, "timestamp without time zone", true));
        }
        let part = extract(
            &unit,
            midnight(a.integer(1)?)?,
            "timestamp without time zone",
        )?;
        Ok(SqliteValue::Real(part.to_double()))
    }),
    strict("hw_make_date", 3, make_date),
    strict("hw_to_timestamp", 1, to_timestamp),
];

fn day(days: i64) -> Answer {
    check_days(days).map(|days| SqliteValue::Integer(days.into()))
}

pub(super) fn unit_name(args: &Args<'_, '_>) -> Result<String, SqlError> {
    Ok(canonical_unit(&args.text(0)?.to_ascii_lowercase()).to_owned())
}

/// The spelling used here for one of PostgreSQL's spellings of a unit.
fn canonical_unit(name: &str) -> &str {
    match name {
        "us" | "usec" | "usecs" | "usecond" | "useconds" | "microsecond" => "microseconds",
        "ms" | "msec" | "msecs" | "msecond" | "mseconds" | "millisecond" => "milliseconds",
        "s" | "sec" | "secs" | "seconds" => "second",
        "m" | "min" | "mins" | "minutes" => "minute",
        "h" | "hr" | "hrs" | "hours" => "hour",
        "d" | "days" => "day",
        "w" | "weeks" => "week",
        "mon" | "mons" | "months" => "month",
        "qtr" => "quarter",
        "y" | "yr" | "yrs" | "years" => "year",
        "decades" | "dec" | "decs" => "decade",
        "centuries" | "cent" | "c" => "century",
        "millennia" | "mil" | "mils" => "millennium",
        other => other,
    }
}

/// The instant cut down to the unit, in UTC.
fn date_trunc(args: &Args<'_, '_>) -> Answer {
    let unit = unit_name(args)?;
    let micros = args.integer(1)?;
    let cut = |step: i64| Ok(micros - micros.rem_euclid(step));
    let cut = match unit.as_str() {
        "microseconds" => Ok(micros),
        "milliseconds" => cut(1000),
        "second" => cut(MICROS_PER_SECOND),
        "minute" => cut(60 * MICROS_PER_SECOND),
        "hour" => cut(3600 * MICROS_PER_SECOND),
        "day" => cut(MICROS_PER_DAY),
        _ => first_day(&unit, micros.div_euclid(MICROS_PER_DAY)).map(|days| days * MICROS_PER_DAY),
    }?;
    check_micros(cut).map(SqliteValue::Integer)
}

/// The first day of the calendar unit a day is in.
fn first_day(unit: &str, days: i64) -> Result<i64, SqlError> {
    let Civil { year, month, .. } = Civil::from_days(days);
    let start = |year, month| {
        Ok(Civil {
            year,
            month,
            day: 1,
        }
        .to_days())
    };
    match unit {
        "week" => Ok(days - weekday(days + 6)),
        "month" => start(year, month),
        "quarter" => start(year, (month - 1) / 3 * 3 + 1),
        "year" => start(year, 1),
        "decade" => start(year / 10 * 10, 1),
        "century" => start((year - 1) / 100 * 100 + 1, 1),
        "millennium" => start((year - 1) / 1000 * 1000 + 1, 1),
        _ => Err(SqlError::new(
            "22023",
            format!("unit \"{unit}\" not recognized for type timestamp with time zone"),
        )),
    }
}

/// Day of the week, Sunday = 0.
pub(super) fn weekday(days: i64) -> i64 {
    (days + 4).rem_euclid(7)
}

/// ISO 8601 week: its year and its number. A week belongs to the year its Thursday is in.
pub(super) fn iso_week(days: i64) -> (i64, i64) {
    let thursday = days - weekday(days + 6) + 3;
    let year = Civil::from_days(thursday).year;
    let new_year = Civil {
        year,
        month: 1,
        day: 1,
    }
    .to_days();
    (year, (thursday - new_year) / 7 + 1)
}

fn extract(unit: &str, micros: i64, type_name: &str) -> Result<Decimal, SqlError> {
    let of_day = micros.rem_euclid(MICROS_PER_DAY);
    let seconds = of_day / MICROS_PER_SECOND;
    let of_minute = i128::from(of_day % (60 * MICROS_PER_SECOND));
    let whole = |value: i64| Ok(Decimal::from(value));
    match unit {
        "microseconds" => Decimal::new(of_minute, 0),
        "milliseconds" => Decimal::new(of_minute, 3),
        "second" => Decimal::new(of_minute, 6),
        "epoch" => Decimal::new(micros.into(), 6),
        "minute" => whole(seconds / 60 % 60),
        "hour" => whole(seconds / 3600),
        "timezone" | "timezone_hour" | "timezone_minute" => whole(0),
        _ => match date_part(unit, micros.div_euclid(MICROS_PER_DAY)) {
            Some(part) => whole(part),
            None => Err(bad_unit(unit, type_name, false)),
        },
    }
}

fn extract_from_date(args: &Args<'_, '_>) -> Answer {
    const TIMES: [&str; 8] = [
        "microseconds",
        "milliseconds",
        "second",
        "minute",
        "hour",
        "timezone",
        "timezone_hour",
        "timezone_minute",
    ];
    let (unit, days) = (unit_name(args)?, args.integer(1)?);
    if unit == "epoch" {
        return numeric(Decimal::from(days * 86_400));
    }
    match date_part(&unit, days) {
        Some(part) => numeric(Decimal::from(part)),
        None => Err(bad_unit(&unit, "date", TIMES.contains(&unit.as_str()))),
    }
}

/// The parts that depend on the day alone.
fn date_part(unit: &str, days: i64) -> Option<i64> {
    let Civil { year, month, day } = Civil::from_days(days);
    Some(match unit {
        "day" => day,
        "month" => month,
        "quarter" => (month - 1) / 3 + 1,
        "year" => year,
        "decade" => year / 10,
        "century" => (year + 99) / 100,
        "millennium" => (year + 999) / 1000,
        "week" => iso_week(days).1,
        "isoyear" => iso_week(days).0,
        "dow" => weekday(days),
        "isodow" => weekday(days + 6) + 1,
        "doy" => {
            days - Civil {
                year,
                month: 1,
                day: 1,
            }
            .to_days()
                + 1
        }
        _ => return None,
    })
}

/// `known` units exist, but not for the type. Julian days are known and not in the language.
fn bad_unit(unit: &str, type_name: &str, known: bool) -> SqlError {
    if unit == "julian" {
        return SqlError::unsupported("the unit \"julian\"");
    }
    let known = known
        || matches!(unit, "epoch" | "dow" | "isodow" | "doy" | "isoyear")
        || unit.starts_with("timezone");
    if known {
        let message = format!("unit \"{unit}\" not supported for type {type_name}");
        return SqlError::new("0A000", message);
    }
    SqlError::new(
        "22023",
        format!("unit \"{unit}\" not recognized for type {type_name}"),
    )
}

fn make_date(args: &Args<'_, '_>) -> Answer {
    let (year, month, day_of_month) = (args.integer(0)?, args.integer(1)?, args.integer(2)?);
    let exists = (1..=12).contains(&month)
        && year != 0
        && (1..=Civil::month_length(year, month)).contains(&day_of_month);
    if !exists {
        let message = format!("date field value out of range: {year}-{month:02}-{day_of_month:02}");
        return Err(SqlError::new("22008", message));
    }
    // Years before 1 are out of the language's range and refused there.
    day(Civil {
        year,
        month,
        day: day_of_month,
    }
    .to_days())
}

/// Seconds since 1970 as a double, rounded to microseconds as PostgreSQL does.
fn to_timestamp(args: &Args<'_, '_>) -> Answer {
    /// Seconds from 1970-01-01 to 2000-01-01, where PostgreSQL's own count begins.
    const EPOCH_2000: f64 = 946_684_800.0;
    let seconds = args.double(0)?;
    if !seconds.is_finite() || seconds.abs() > 1e12 {
        return Err(SqlError::unsupported(
            "a timestamp outside of the years 0001 to 9999",
        ));
    }
    let micros = ((seconds - EPOCH_2000) * 1e6).round_ties_even() as i64;
    check_micros(micros + EPOCH_2000 as i64 * MICROS_PER_SECOND).map(SqliteValue::Integer)
}

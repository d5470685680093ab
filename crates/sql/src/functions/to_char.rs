//! `to_char` of a timestamp ("Data Type Formatting Functions" of PostgreSQL's documentation).

use super::call::{Answer, Args, Scalar, strict, text};
use super::time::{iso_week, weekday};
use crate::SqlError;
use crate::value::moment::{Civil, MICROS_PER_DAY};
use rusqlite::types::Value as SqliteValue;

pub(super) const FUNCTIONS: &[Scalar] = &[strict("hw_timestamptz_to_char", 2, to_char)];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// The patterns that are written here, longest first. Those that PostgreSQL reads and this list has
/// not are in [`REFUSED`].
const PATTERNS: &[&str] = &[
    "HH24", "HH12", "YYYY", "MONTH", "Month", "month", "DDD", "DAY", "Day", "day", "MON", "Mon",
    "mon", "YYY", "A.M.", "P.M.", "a.m.", "p.m.", "HH", "MI", "SS", "MS", "US", "AM", "PM", "am",
    "pm", "YY", "MM", "DD", "DY", "Dy", "dy", "ID", "IW", "WW", "CC", "OF", "TZ", "tz", "D", "Q",
    "W",
];

/// What PostgreSQL also reads: a format that has any of these outside of quotes, in any case, is
/// refused.
const REFUSED: &[&str] = &[
    "FM", "FX", "TM", "SP", "TH", "Y,YYY", "SSSS", "FF", "J", "RM", "BC", "AD", "B.C.", "A.D.",
    "TZH", "TZM", "IY", "IDDD",
];

struct Moment {
    day: Civil,
    days: i64,
    of_day: i64,
}

fn to_char(args: &Args<'_, '_>) -> Answer {
    let micros = args.integer(0)?;
    let days = micros.div_euclid(MICROS_PER_DAY);
    let moment = Moment {
        day: Civil::from_days(days),
        days,
        of_day: micros.rem_euclid(MICROS_PER_DAY),
    };
    let format = args.text(1)?;
    if format.is_empty() {
        return Ok(SqliteValue::Null);
    }
    let mut out = String::new();
    let mut rest = format;
    while let Some(character) = rest.chars().next() {
        if let Some(quoted) = rest.strip_prefix('"') {
            let (literal, after) = quoted
                .split_once('"')
                .filter(|(literal, _)| !literal.contains('\\'))
                .ok_or_else(|| refused(format))?;
            out.push_str(literal);
            rest = after;
            continue;
        }
        if character == '\\' || REFUSED.iter().any(|word| begins(rest, word)) {
            return Err(refused(format));
        }
        match PATTERNS.iter().find(|pattern| rest.starts_with(**pattern)) {
            Some(pattern) => {
                out.push_str(&moment.field(pattern).ok_or_else(|| refused(format))?);
                rest = &rest[pattern.len()..];
            }
            // A letter may begin a pattern in another case, which this list does not tell apart.
            None if character.is_ascii_alphabetic() && character != 'T' => {
                return Err(refused(format));
            }
            None => {
                out.push(character);
                rest = &rest[character.len_utf8()..];
            }
        }
    }
    text(out)
}

fn begins(rest: &str, word: &str) -> bool {
    rest.get(..word.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(word))
}

fn refused(format: &str) -> SqlError {
    SqlError::unsupported(format_args!("the format \"{format}\" of to_char"))
        .with_hint("Use YYYY, MM, DD, HH24, MI, SS, MS, US, Mon, Day and the like, and \"text\".")
}

impl Moment {
    fn field(&self, pattern: &str) -> Option<String> {
        let seconds = self.of_day / 1_000_000;
        let hour = seconds / 3600;
        let Civil { year, month, day } = self.day;
        let month_name = MONTHS.get(usize::try_from(month - 1).ok()?)?;
        let day_name = DAYS.get(usize::try_from(weekday(self.days)).ok()?)?;
        let of_year = self.days
            - Civil {
                year,
                month: 1,
                day: 1,
            }
            .to_days()
            + 1;
        Some(match pattern {
            "YYYY" => format!("{year:04}"),
            "YYY" => format!("{:03}", year % 1000),
            "YY" => format!("{:02}", year % 100),
            "CC" => format!("{:02}", (year + 99) / 100),
            "Q" => ((month - 1) / 3 + 1).to_string(),
            "MM" => format!("{month:02}"),
            "DD" => format!("{day:02}"),
            "DDD" => format!("{of_year:03}"),
            "D" => (weekday(self.days) + 1).to_string(),
            "ID" => (weekday(self.days + 6) + 1).to_string(),
            "W" => ((day - 1) / 7 + 1).to_string(),
            "WW" => format!("{:02}", (of_year - 1) / 7 + 1),
            "IW" => format!("{:02}", iso_week(self.days).1),
            "HH24" => format!("{hour:02}"),
            "HH" | "HH12" => format!("{:02}", (hour + 11) % 12 + 1),
            "MI" => format!("{:02}", seconds / 60 % 60),
            "SS" => format!("{:02}", seconds % 60),
            "MS" => format!("{:03}", self.of_day % 1_000_000 / 1000),
            "US" => format!("{:06}", self.of_day % 1_000_000),
            "AM" | "PM" => if hour < 12 { "AM" } else { "PM" }.to_owned(),
            "am" | "pm" => if hour < 12 { "am" } else { "pm" }.to_owned(),
            "A.M." | "P.M." => if hour < 12 { "A.M." } else { "P.M." }.to_owned(),
            "a.m." | "p.m." => if hour < 12 { "a.m." } else { "p.m." }.to_owned(),
            "Month" => format!("{month_name:<9}"),
            "MONTH" => format!("{:<9}", month_name.to_uppercase()),
            "month" => format!("{:<9}", month_name.to_lowercase()),
            "Mon" => month_name[..3].to_owned(),
            "MON" => month_name[..3].to_uppercase(),
            "mon" => month_name[..3].to_lowercase(),
            "Day" => format!("{day_name:<9}"),
            "DAY" => format!("{:<9}", day_name.to_uppercase()),
            "day" => format!("{:<9}", day_name.to_lowercase()),
            "Dy" => day_name[..3].to_owned(),
            "DY" => day_name[..3].to_uppercase(),
            "dy" => day_name[..3].to_lowercase(),
            "TZ" => "UTC".to_owned(),
            "tz" => "utc".to_owned(),
            "OF" => "+00".to_owned(),
            _ => return None,
        })
    }
}

//! `date` and `timestamp with time zone`: civil calendar, text forms, and the range.
//!
//! A date is a count of days and a timestamp a count of microseconds since 1970-01-01 UTC, on the
//! proleptic Gregorian calendar. The time zone is UTC, always. Years 0001 to 9999 are in the
//! language; PostgreSQL reaches further, so anything outside is refused (0A000), not wrong.
//!
//! Read are the ISO 8601 forms (`2024-02-29`, `2024-02-29 12:30:00.5+01`); the other spellings
//! PostgreSQL reads (month names, `now`, `infinity`, names of time zones) are refused.

use crate::SqlError;

pub(crate) const MICROS_PER_SECOND: i64 = 1_000_000;
pub(crate) const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;
/// 0001-01-01.
const DAYS_MIN: i64 = -719_162;
/// 9999-12-31.
const DAYS_MAX: i64 = 2_932_896;

/// A day of the proleptic Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
}

impl Civil {
    /// The day this many days after 1970-01-01 (H. Hinnant, "chrono-Compatible Low-Level Date
    /// Algorithms", `civil_from_days`).
    pub(crate) fn from_days(days: i64) -> Civil {
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let month = if shifted_month < 10 {
            shifted_month + 3
        } else {
            shifted_month - 9
        };
        Civil {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month,
            day: day_of_year - (153 * shifted_month + 2) / 5 + 1,
        }
    }

    /// Days since 1970-01-01 (`days_from_civil` of the same paper).
    pub(crate) fn to_days(self) -> i64 {
        let year = self.year - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let shifted_month = (self.month + 9) % 12;
        let day_of_year = (153 * shifted_month + 2) / 5 + self.day - 1;
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year
            - 719_468
    }

    /// How many days the month has.
    pub(crate) fn month_length(year: i64, month: i64) -> i64 {
        let next = Civil {
            year: year + month / 12,
            month: month % 12 + 1,
            day: 1,
        };
        next.to_days()
            - Civil {
                year,
                month,
                day: 1,
            }
            .to_days()
    }
}

/// Checks that a count of days lies in years 0001 to 9999.
pub(crate) fn check_days(days: i64) -> Result<i32, SqlError> {
    if (DAYS_MIN..=DAYS_MAX).contains(&days) {
        // The range is far inside 32 bits.
        Ok(days as i32)
    } else {
        Err(out_of_years())
    }
}

/// Checks that a count of microseconds lies in years 0001 to 9999.
pub(crate) fn check_micros(micros: i64) -> Result<i64, SqlError> {
    check_days(micros.div_euclid(MICROS_PER_DAY)).map(|_| micros)
}

/// Midnight of a day in microseconds.
pub(crate) fn midnight(days: i64) -> Result<i64, SqlError> {
    days.checked_mul(MICROS_PER_DAY)
        .ok_or_else(out_of_years)
        .and_then(check_micros)
}

/// `2024-02-29`.
pub(crate) fn date_to_text(days: i32) -> String {
    let Civil { year, month, day } = Civil::from_days(days.into());
    format!("{year:04}-{month:02}-{day:02}")
}

/// `2024-02-29 12:30:00.5+00`, as PostgreSQL prints it in time zone UTC.
pub(crate) fn timestamp_to_text(micros: i64) -> String {
    format_timestamp(micros, ' ', "+00")
}

/// `2024-02-29T12:30:00.5Z` (RFC 3339).
pub(crate) fn timestamp_to_rfc3339(micros: i64) -> String {
    format_timestamp(micros, 'T', "Z")
}

/// `2024-02-29T12:30:00.5+00:00`, as PostgreSQL writes timestamps into `jsonb`.
pub(crate) fn timestamp_to_json(micros: i64) -> String {
    format_timestamp(micros, 'T', "+00:00")
}

fn format_timestamp(micros: i64, separator: char, zone: &str) -> String {
    let date = date_to_text(micros.div_euclid(MICROS_PER_DAY) as i32);
    let of_day = micros.rem_euclid(MICROS_PER_DAY);
    let seconds = of_day / MICROS_PER_SECOND;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = format!(".{:06}", of_day % MICROS_PER_SECOND);
    let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
    format!("{date}{separator}{hour:02}:{minute:02}:{second:02}{fraction}{zone}")
}

/// Reads a `date`; a time of day behind it is checked and dropped, as PostgreSQL does.
pub(crate) fn date_from_text(text: &str) -> Result<i32, SqlError> {
    let read = Reading::new(text, "date").read()?;
    check_days(read.days)
}

/// Reads a `timestamp with time zone`; without an offset it is UTC.
pub(crate) fn timestamp_from_text(text: &str) -> Result<i64, SqlError> {
    let read = Reading::new(text, "timestamp with time zone").read()?;
    let local = read.days * MICROS_PER_DAY + read.time_micros;
    check_micros(local - read.offset_seconds.unwrap_or(0) * MICROS_PER_SECOND)
}

/// Reads a timestamp of RFC 3339: `T` and an offset are required.
pub(crate) fn timestamp_from_rfc3339(text: &str) -> Result<i64, SqlError> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() >= 20
        && matches!(bytes[10], b'T' | b't')
        && bytes[..10].iter().all(|b| b.is_ascii_digit() || *b == b'-')
        && bytes[13] == b':'
        && bytes[16] == b':';
    let read = Reading::new(text, "timestamp with time zone").read()?;
    match read.offset_seconds {
        Some(_) if shaped => timestamp_from_text(text),
        _ => Err(SqlError::new(
            "22007",
            format!("\"{text}\" is not a timestamp of RFC 3339"),
        )
        .with_detail("Expected a form like \"2024-02-29T12:30:00.5Z\", with \"T\" and an offset.")),
    }
}

/// What a text says, before the range is checked.
struct Instant {
    days: i64,
    time_micros: i64,
    offset_seconds: Option<i64>,
}

/// A text that is being read, from left to right.
struct Reading<'a> {
    text: &'a str,
    rest: &'a str,
    type_name: &'static str,
}

impl<'a> Reading<'a> {
    fn new(text: &'a str, type_name: &'static str) -> Reading<'a> {
        Reading {
            text,
            rest: text.trim(),
            type_name,
        }
    }

    fn read(mut self) -> Result<Instant, SqlError> {
        let days = self.date()?;
        let mut instant = Instant {
            days,
            time_micros: 0,
            offset_seconds: None,
        };
        if self.rest.is_empty() {
            return Ok(instant);
        }
        let has_time = self.skip(|c| matches!(c, 'T' | 't' | ' '));
        self.rest = self.rest.trim_start();
        if !has_time || !self.rest.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(self.strange());
        }
        instant.time_micros = self.time()?;
        instant.offset_seconds = self.offset()?;
        Ok(instant)
    }

    /// `YYYY-MM-DD`
    fn date(&mut self) -> Result<i64, SqlError> {
        let year = self.digits(4, 4)?;
        self.expect('-')?;
        let month = self.digits(1, 2)?;
        self.expect('-')?;
        let day = self.digits(1, 2)?;
        let exists = year > 0
            && (1..=12).contains(&month)
            && (1..=Civil::month_length(year, month)).contains(&day);
        if !exists {
            return Err(self.out_of_range());
        }
        Ok(Civil { year, month, day }.to_days())
    }

    /// `HH:MM[:SS[.ffffff]]`; `24:00:00` is the end of the day.
    fn time(&mut self) -> Result<i64, SqlError> {
        let hour = self.digits(1, 2)?;
        self.expect(':')?;
        let minute = self.digits(2, 2)?;
        let second = if self.skip(|c| c == ':') {
            self.digits(2, 2)?
        } else {
            0
        };
        let fraction = self.fraction()?;
        let micros = ((hour * 60 + minute) * 60 + second) * MICROS_PER_SECOND + fraction;
        if minute > 59 || second > 60 || micros > MICROS_PER_DAY {
            return Err(self.out_of_range());
        }
        Ok(micros)
    }

    /// Rounded to microseconds through a double, as PostgreSQL does it.
    fn fraction(&mut self) -> Result<i64, SqlError> {
        if !self.rest.starts_with('.') {
            return Ok(0);
        }
        let length = self.rest[1..]
            .bytes()
            .take_while(u8::is_ascii_digit)
            .count()
            + 1;
        let (fraction, rest) = self.rest.split_at(length);
        self.rest = rest;
        let value: f64 = format!("0{fraction}0")
            .parse()
            .map_err(|_| self.strange())?;
        Ok((value * 1e6).round_ties_even() as i64)
    }

    /// `Z`, `UTC`, `+HH`, `+HHMM`, `+HH:MM[:SS]`, in seconds east of Greenwich.
    fn offset(&mut self) -> Result<Option<i64>, SqlError> {
        self.rest = self.rest.trim_start();
        if self.rest.is_empty() {
            return Ok(None);
        }
        if ["z", "utc", "gmt"].contains(&self.rest.to_ascii_lowercase().as_str()) {
            return Ok(Some(0));
        }
        let sign = if self.rest.starts_with('-') { -1 } else { 1 };
        if !self.skip(|c| matches!(c, '+' | '-')) {
            return Err(self.strange());
        }
        let hours = self.digits(1, 2)?;
        let parted = self.skip(|c| c == ':');
        let minutes = if self.rest.is_empty() && !parted {
            0
        } else {
            self.digits(2, 2)?
        };
        let seconds = if parted && self.skip(|c| c == ':') {
            self.digits(2, 2)?
        } else {
            0
        };
        if !self.rest.is_empty() {
            return Err(self.strange());
        }
        if hours > 15 || minutes > 59 || seconds > 59 {
            let message = format!("time zone displacement out of range: \"{}\"", self.text);
            return Err(SqlError::new("22009", message));
        }
        Ok(Some(sign * ((hours * 60 + minutes) * 60 + seconds)))
    }

    fn digits(&mut self, least: usize, most: usize) -> Result<i64, SqlError> {
        let length = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        if !(least..=most).contains(&length) {
            return Err(self.strange());
        }
        let (digits, rest) = self.rest.split_at(length);
        self.rest = rest;
        digits.parse().map_err(|_| self.strange())
    }

    fn expect(&mut self, wanted: char) -> Result<(), SqlError> {
        if self.skip(|c| c == wanted) {
            Ok(())
        } else {
            Err(self.strange())
        }
    }

    fn skip(&mut self, wanted: impl Fn(char) -> bool) -> bool {
        match self.rest.chars().next() {
            Some(first) if wanted(first) => {
                self.rest = &self.rest[first.len_utf8()..];
                true
            }
            _ => false,
        }
    }

    fn out_of_range(&self) -> SqlError {
        SqlError::new(
            "22008",
            format!("date/time field value out of range: \"{}\"", self.text),
        )
    }

    /// Not of the forms read here. Without a digit it is none of PostgreSQL's either, but for
    /// its special words.
    fn strange(&self) -> SqlError {
        const WORDS: [&str; 8] = [
            "now",
            "today",
            "tomorrow",
            "yesterday",
            "epoch",
            "infinity",
            "-infinity",
            "allballs",
        ];
        let word = self.text.trim().to_ascii_lowercase();
        if word.contains(|c: char| c.is_ascii_digit()) || WORDS.contains(&word.as_str()) {
            return SqlError::unsupported(format_args!("the {} \"{}\"", self.type_name, self.text))
                .with_hint("Write it like \"2024-02-29\" or \"2024-02-29 12:30:00.5+00\".");
        }
        SqlError::new(
            "22007",
            format!(
                "invalid input syntax for type {}: \"{}\"",
                self.type_name, self.text
            ),
        )
    }
}

fn out_of_years() -> SqlError {
    SqlError::unsupported("a date or timestamp outside of the years 0001 to 9999")
}

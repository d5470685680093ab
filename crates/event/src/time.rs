//! Instants, as microseconds.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;

/// An instant in UTC, in microseconds since 1970-01-01T00:00:00Z; years 0001 to 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 0001-01-01T00:00:00Z.
    pub const MIN: Timestamp = Timestamp(-62_135_596_800_000_000);
    /// 9999-12-30T22:00:00.999999Z, the last instant that every offset can show.
    pub const MAX: Timestamp = Timestamp(253_402_207_200_999_999);

    /// The instant `micros` microseconds after the epoch, if it is within [`MIN`](Self::MIN) and
    /// [`MAX`](Self::MAX).
    pub fn from_micros(micros: i64) -> Option<Timestamp> {
        let instant = Timestamp(micros);
        (Timestamp::MIN..=Timestamp::MAX)
            .contains(&instant)
            .then_some(instant)
    }

    /// Microseconds since the epoch.
    pub fn as_micros(self) -> i64 {
        self.0
    }

    fn from_jiff(instant: jiff::Timestamp) -> Option<Timestamp> {
        Timestamp::from_micros(instant.as_microsecond())
    }
}

/// Bytes of an instant as text.
const TEXT_BYTES: usize = 27;

impl Timestamp {
    /// RFC 3339 in UTC with all six digits of the fraction: `2026-11-20T10:00:00.000000Z`.
    pub(crate) fn text(self) -> [u8; TEXT_BYTES] {
        let (seconds, micros) = (self.0.div_euclid(1_000_000), self.0.rem_euclid(1_000_000));
        let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, day) = civil(days);
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        put(&mut text[0..4], year);
        put(&mut text[5..7], month);
        put(&mut text[8..10], day);
        put(&mut text[11..13], second / 3600);
        put(&mut text[14..16], second / 60 % 60);
        put(&mut text[17..19], second % 60);
        put(&mut text[20..26], micros);
        text
    }
}

/// Writes the last digits of a number.
fn put(digits: &mut [u8], mut number: i64) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8; // below 10, as no number here is negative
        number /= 10;
    }
}

/// Year, month and day of a day that is counted from 1970-01-01, in years from 0 on
/// (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`).
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468; // from 0000-03-01, so that a leap day ends its year
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153; // 0 is March
    let day = of_year - (153 * month + 2) / 5 + 1;
    let after = i64::from(month >= 10); // January and February are of the next year
    (year + era * 400 + after, month + 3 - 12 * after, day)
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with all six digits of the fraction: `2026-11-20T10:00:00.000000Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.text()).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = Error;

    fn from_str(text: &str) -> Result<Timestamp, Error> {
        text.parse::<jiff::Timestamp>()
            .ok()
            .and_then(Timestamp::from_jiff)
            .ok_or_else(|| {
                Error::invalid("bad_time", "the time cannot be read")
                    .found(text)
                    .expected("RFC 3339 with an offset, such as 2026-11-20T10:00:00Z, in the years 0001 to 9999")
            })
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

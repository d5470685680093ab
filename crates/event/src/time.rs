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

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with all six digits of the fraction: `2026-11-20T10:00:00.000000Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let instant = jiff::Timestamp::from_microsecond(self.0).map_err(|_| fmt::Error)?;
        write!(f, "{instant:.6}")
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

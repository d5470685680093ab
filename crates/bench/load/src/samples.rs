//! How long each of many requests took.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One unit of what is kept of a duration.
const UNIT_NANOS: u128 = 100;

/// Durations, each in four bytes: tenths of microseconds, up to seven minutes.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    tenths: Vec<u32>,
}

/// What is told of them, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Half of the requests took at most so long.
    pub p50: f64,
    /// 99 of 100.
    pub p99: f64,
    /// 999 of 1000.
    pub p999: f64,
    /// The longest.
    pub max: f64,
}

impl Samples {
    /// One more.
    pub fn add(&mut self, took: Duration) {
        let tenths = (took.as_nanos() / UNIT_NANOS).min(u128::from(u32::MAX));
        self.tenths.push(tenths as u32); // bounded by the line above
    }

    /// All of another's.
    pub fn extend(&mut self, other: Samples) {
        self.tenths.extend(other.tenths);
    }

    /// How many.
    pub fn count(&self) -> u64 {
        self.tenths.len() as u64
    }

    /// The percentiles, by nearest rank; zeros without samples.
    pub fn latency(mut self) -> Latency {
        self.tenths.sort_unstable();
        let micros = |permille: usize| {
            let rank = (self.tenths.len() * permille).div_ceil(1000);
            let tenths = self.tenths.get(rank.saturating_sub(1));
            tenths.map_or(0.0, |tenths| f64::from(*tenths) / 10.0)
        };
        Latency {
            p50: micros(500),
            p99: micros(990),
            p999: micros(999),
            max: micros(1000),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_the_nearest() {
        assert_eq!(Samples::default().latency(), Latency::default());
        let mut samples = Samples::default();
        for millis in (1..=1000).rev() {
            samples.add(Duration::from_millis(millis));
        }
        let latency = samples.latency();
        assert_eq!(latency.p50, 500_000.0);
        assert_eq!(latency.p99, 990_000.0);
        assert_eq!(latency.p999, 999_000.0);
        assert_eq!(latency.max, 1_000_000.0);
    }
}

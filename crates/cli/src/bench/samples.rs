//! How long each of many requests took.

use std::time::Duration;

/// Durations, in the order in which they were added until they are asked about.
#[derive(Clone, Debug, Default)]
pub(super) struct Samples {
    micros: Vec<u32>,
}

impl Samples {
    /// One more.
    pub(super) fn add(&mut self, took: Duration) {
        let micros = took.as_micros().min(u128::from(u32::MAX));
        self.micros.push(micros as u32); // bounded by the line above
    }

    /// All of another's.
    pub(super) fn extend(&mut self, other: Samples) {
        self.micros.extend(other.micros);
    }

    /// How many.
    pub(super) fn count(&self) -> u64 {
        self.micros.len() as u64
    }

    /// The smallest duration that so many thousandths of all do not exceed (nearest rank); none
    /// without samples.
    pub(super) fn permille(&mut self, permille: u32) -> Option<Duration> {
        self.micros.sort_unstable();
        let rank = (self.micros.len() * permille as usize).div_ceil(1000);
        let micros = self.micros.get(rank.saturating_sub(1))?;
        Some(Duration::from_micros(u64::from(*micros)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_the_nearest() {
        let mut samples = Samples::default();
        assert_eq!(samples.permille(500), None);
        for millis in (1..=1000).rev() {
            samples.add(Duration::from_millis(millis));
        }
        assert_eq!(samples.permille(500), Some(Duration::from_millis(500)));
        assert_eq!(samples.permille(999), Some(Duration::from_millis(999)));
        assert_eq!(samples.permille(1000), Some(Duration::from_secs(1)));
    }

    #[test]
    fn one_sample_is_every_rank() {
        let mut samples = Samples::default();
        samples.add(Duration::from_millis(7));
        for permille in [1, 500, 999, 1000] {
            assert_eq!(samples.permille(permille), Some(Duration::from_millis(7)));
        }
    }
}

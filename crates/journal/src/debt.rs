//! Merge debt: segments that are due to be merged, and what they cost the writer.
//!
//! A query looks at every segment, so how many there are is what has a bound. Segments of a level
//! are merged `fan_in` at a time; up to [`GROUPS_FREE`] such groups may wait without anybody
//! noticing. Each group more makes every commit pause a little longer, until merging keeps up. No
//! append is refused for it.

use std::sync::Arc;
use std::time::Duration;

use crate::segment::Segment;

/// So many groups of segments may be due to be merged before the writer is slowed.
const GROUPS_FREE: usize = 16;
/// How much each group beyond slows one commit.
const GROUP_PAUSE: Duration = Duration::from_millis(2);

/// Which segments are merged, and how far behind merging is.
#[derive(Clone, Copy)]
pub(crate) struct Merging {
    /// How many segments of a level are merged into one of the next.
    pub(crate) fan_in: usize,
    /// Bytes of appends that a merged segment may hold.
    pub(crate) segment_bytes_max: u64,
}

/// What is due to be merged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Debt {
    pub(crate) segments: usize,
    pub(crate) bytes: u64,
}

impl Merging {
    /// The groups of segments of one level that are due, oldest first. Segments that are too large
    /// together are passed over one by one, so that they do not stand in the way of later ones.
    fn groups<S>(self, level: &[S], raw_bytes: fn(&S) -> u64) -> impl Iterator<Item = &[S]> {
        let mut rest = level;
        std::iter::from_fn(move || {
            while let Some((group, after)) = rest.split_at_checked(self.fan_in) {
                if group.iter().map(raw_bytes).sum::<u64>() <= self.segment_bytes_max {
                    rest = after;
                    return Some(group);
                }
                rest = &rest[1..];
            }
            None
        })
    }

    /// The oldest group of the lowest level that has one.
    pub(crate) fn next(self, segments: &[Arc<Segment>]) -> Option<&[Arc<Segment>]> {
        let mut levels = levels(segments).rev();
        levels.find_map(|level| self.groups(level, raw_bytes).next())
    }

    /// Everything that is due.
    pub(crate) fn debt(self, segments: &[Arc<Segment>]) -> Debt {
        let mut debt = Debt::default();
        for one in levels(segments).flat_map(|level| self.groups(level, raw_bytes).flatten()) {
            debt.segments += 1;
            debt.bytes += one.info().bytes;
        }
        debt
    }

    /// So many segments may be due before the writer is slowed.
    pub(crate) fn segments_free(self) -> usize {
        GROUPS_FREE * self.fan_in
    }

    /// How long a commit pauses when so many segments are due.
    pub(crate) fn pause(self, due: usize) -> Option<Duration> {
        let over = (due / self.fan_in).checked_sub(GROUPS_FREE + 1)?;
        Some(GROUP_PAUSE.saturating_mul(over as u32 + 1))
    }

    /// How often a byte of an append can have been written into segments, at most: once by sealing,
    /// and once more each time that its segment was merged. `n` pieces are merged `log n` times, to
    /// the base of `fan_in`; the levels that there are tell how far that went.
    pub(crate) fn copies_max(self, segments: &[Arc<Segment>]) -> u32 {
        let pieces = segments.iter().fold(0u64, |sum, one| {
            let pieces = (self.fan_in as u64).checked_pow(u32::from(one.info().level));
            sum.saturating_add(pieces.unwrap_or(u64::MAX))
        });
        match pieces {
            0 => 0,
            pieces => 1 + pieces.ilog(self.fan_in as u64),
        }
    }
}

fn raw_bytes(segment: &Arc<Segment>) -> u64 {
    segment.info().raw_bytes
}

/// Segments of one level stand next to each other, the highest level first.
fn levels(segments: &[Arc<Segment>]) -> impl DoubleEndedIterator<Item = &[Arc<Segment>]> {
    segments.chunk_by(|a, b| a.info().level == b.info().level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_that_are_too_large_do_not_stand_in_the_way() {
        let merging = Merging {
            fan_in: 3,
            segment_bytes_max: 100,
        };
        let groups = |level: &[u64]| -> Vec<Vec<u64>> {
            let groups = merging.groups(level, |bytes| *bytes);
            groups.map(<[u64]>::to_vec).collect()
        };
        assert_eq!(groups(&[40, 40, 40]), [[0; 3]; 0]);
        assert_eq!(groups(&[40, 40, 40, 1, 2, 3, 4]), [[40, 40, 1], [2, 3, 4]]);
        assert_eq!(groups(&[90, 90, 90, 1, 2, 3, 4]), [[90, 1, 2]]);
        assert_eq!(groups(&[1, 2, 3, 4, 5, 6, 7]), [[1, 2, 3], [4, 5, 6]]);
        assert_eq!(groups(&[1, 2]), [[0; 3]; 0]);
    }
}

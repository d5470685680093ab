//! Figures of a journal, for metrics.

use std::sync::atomic::Ordering;
use std::time::Duration;

use headwater_event::Error;

use crate::commits::Head;
use crate::index::View;
use crate::journal::Journal;
use crate::keeper::PIECES_FREE;

/// Figures of one moment.
#[derive(Clone, Copy, Debug)]
pub struct Stats {
    /// The durable end of the log.
    pub head: Head,
    /// Commits, appends and bytes of appends in the log.
    pub commits: u64,
    /// Appends in the log.
    pub appends: u64,
    /// Bytes of appends in the log, in their canonical encoding.
    pub bytes: u64,
    /// Different streams, with those in flight.
    pub streams: u64,
    /// Segments.
    pub segments: usize,
    /// Bytes of their files.
    pub segment_bytes: u64,
    /// Bytes of appends in them, in their canonical encoding.
    pub sealed_bytes: u64,
    /// Bytes of the files of the tail, with what is filled ahead and the file that is made ahead.
    pub tail_bytes: u64,
    /// Bytes that were written for the segments in the life of the log: each was written once, and
    /// once more for each level that it was merged up.
    pub segment_writes: u64,
    /// What they are at most: `n` pieces are merged `log n` times, to the base of the fan-in.
    pub segment_writes_max: u64,
    /// Pieces of the tail that wait to be sealed.
    pub pieces_waiting: usize,
    /// So many may wait before the writer is slowed.
    pub pieces_free: usize,
    /// Bytes of segments that are due to be merged.
    pub merge_debt: u64,
    /// How many segments are due to be merged.
    pub segments_due: usize,
    /// So many may be due before the writer is slowed.
    pub segments_due_free: usize,
    /// Segments sealed since it was opened, and bytes written for that.
    pub seals: (u64, u64),
    /// Segments merged since it was opened, and bytes written for that.
    pub merges: (u64, u64),
    /// Attempts to seal that failed since it was opened.
    pub seal_failures: u64,
    /// Attempts to merge that failed since it was opened.
    pub merge_failures: u64,
    /// Commits that were slowed because sealing or merging was behind, since it was opened, and for
    /// how long together.
    pub slowed: (u64, Duration),
    /// Appends written since it was opened.
    pub appended: u64,
    /// Bytes of them, in their canonical encoding.
    pub appended_bytes: u64,
    /// Appends that were refused by their condition since it was opened.
    pub conflicts: u64,
    /// Appends whose ids were known already since it was opened.
    pub seen: u64,
    /// Commits written since it was opened: appends share them.
    pub commits_written: u64,
    /// Commits that failed, or of which it was unknown for a while, since it was opened.
    pub commits_failed: u64,
    /// Appends that wait to be written.
    pub queue_appends: usize,
    /// Bytes of memory that they take, about: each its encoding at most, or the body that holds it.
    pub queue_bytes: usize,
    /// Bytes of commits, blocks and index kept in memory for reads.
    pub cache_bytes: usize,
    /// Bytes of lists, places, filters and ids mapped into memory.
    pub mapped_bytes: u64,
}

impl Stats {
    /// Bytes written for each byte of appends, in the life of the log: one into a commit, and those
    /// of [`segment_writes`](Stats::segment_writes). Headers of frames and zeros that files are
    /// filled with ahead are not counted. 0 of an empty log.
    pub fn write_amplification(&self) -> f64 {
        ratio(self.bytes.saturating_add(self.segment_writes), self.bytes)
    }

    /// What that is at most.
    pub fn write_amplification_max(&self) -> f64 {
        ratio(
            self.bytes.saturating_add(self.segment_writes_max),
            self.bytes,
        )
    }

    /// Bytes kept for each byte of appends: those of the tail and of the segments. 0 of an empty
    /// log.
    pub fn space_amplification(&self) -> f64 {
        ratio(
            self.tail_bytes.saturating_add(self.segment_bytes),
            self.bytes,
        )
    }

    /// What that is for moments, at most: while commits are sealed or segments merged, they and what
    /// they become are both there.
    pub fn space_amplification_max(&self) -> f64 {
        2.0 * self.space_amplification()
    }
}

/// 0 if there is nothing to compare with.
fn ratio(bytes: u64, raw: u64) -> f64 {
    match raw {
        0 => 0.0,
        raw => bytes as f64 / raw as f64,
    }
}

impl Journal {
    /// The figures of this moment.
    pub fn stats(&self) -> Result<Stats, Error> {
        self.stats_of(&*self.log.index.view()?)
    }

    /// The figures, with those of segments as they are in this view.
    pub(crate) fn stats_of(&self, view: &View) -> Result<Stats, Error> {
        let (log, keeper) = (&self.log, &self.shared.keeper);
        let infos = || view.segments.iter().map(|segment| segment.info());
        let (head, commits, appends, bytes) = {
            let durable = log.commits();
            let commits = durable.last_seq().0;
            (durable.head(), commits, durable.appends, durable.bytes)
        };
        let (queue_appends, queue_bytes) = self.shared.queue.len();
        let segment_bytes = infos().map(|info| info.bytes).sum();
        let writes = infos().map(|info| info.bytes * (u64::from(info.level) + 1));
        let copies_max = u64::from(keeper.merges.copies_max(&view.segments));
        let debt = keeper.debt(view);
        let counters = &log.counters;
        Ok(Stats {
            head,
            commits,
            appends,
            bytes,
            streams: log.index.streams_new()? + infos().map(|info| info.streams_new).sum::<u64>(),
            segments: view.segments.len(),
            segment_bytes,
            sealed_bytes: infos().map(|info| info.raw_bytes).sum(),
            tail_bytes: log.storage.tail_bytes(),
            segment_writes: writes.sum(),
            segment_writes_max: copies_max * segment_bytes,
            pieces_waiting: view.pieces.len(),
            pieces_free: PIECES_FREE,
            merge_debt: debt.bytes,
            segments_due: debt.segments,
            segments_due_free: keeper.merges.segments_free(),
            seals: keeper.sealing.segments_made(),
            merges: keeper.merging.segments_made(),
            seal_failures: keeper.sealing.failures(),
            merge_failures: keeper.merging.failures(),
            slowed: keeper.slowed(),
            appended_bytes: counters.appended_bytes.load(Ordering::Relaxed),
            appended: counters.appended.load(Ordering::Relaxed),
            conflicts: counters.conflicts.load(Ordering::Relaxed),
            seen: counters.seen.load(Ordering::Relaxed),
            commits_written: counters.commits.load(Ordering::Relaxed),
            commits_failed: counters.failed_commits.load(Ordering::Relaxed),
            queue_appends,
            queue_bytes,
            cache_bytes: log.cache.bytes(),
            mapped_bytes: view.segments.iter().map(|one| one.mapped_bytes()).sum(),
        })
    }
}

//! Figures of a journal, for metrics.

use std::sync::atomic::Ordering;

use headwater_event::Error;

use crate::commits::Head;
use crate::journal::Journal;

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
    /// Bytes of the files of the tail, with what is filled ahead; not the next file, which may be
    /// made ahead.
    pub tail_bytes: u64,
    /// Pieces of the tail that wait to be sealed.
    pub pieces_waiting: usize,
    /// Bytes of segments that wait to be merged.
    pub merge_debt: u64,
    /// Segments sealed since it was opened, and bytes written for that.
    pub seals: (u64, u64),
    /// Segments merged since it was opened, and bytes written for that.
    pub merges: (u64, u64),
    /// Commits that were slowed because sealing was behind, since it was opened.
    pub slowed: u64,
    /// Appends written since it was opened.
    pub appended: u64,
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
    /// Bytes of filters and ids mapped into memory.
    pub mapped_bytes: u64,
}

impl Journal {
    /// The figures of this moment.
    pub fn stats(&self) -> Result<Stats, Error> {
        let (log, keeper) = (&self.log, &self.shared.keeper);
        let view = log.index.view()?;
        let infos = || view.segments.iter().map(|segment| segment.info());
        let (head, commits, appends, bytes) = {
            let durable = log.commits();
            let commits = durable.last_seq().0;
            (durable.head(), commits, durable.appends, durable.bytes)
        };
        let (queue_appends, queue_bytes) = self.shared.queue.len();
        let counters = &log.counters;
        Ok(Stats {
            head,
            commits,
            appends,
            bytes,
            streams: log.index.streams_new()? + infos().map(|info| info.streams_new).sum::<u64>(),
            segments: view.segments.len(),
            segment_bytes: infos().map(|info| info.bytes).sum(),
            sealed_bytes: infos().map(|info| info.raw_bytes).sum(),
            tail_bytes: log.storage.tail_bytes(),
            pieces_waiting: view.pieces.len(),
            merge_debt: keeper.merge_debt(&view),
            seals: keeper.kept.seals(),
            merges: keeper.kept.merges(),
            slowed: keeper.kept.slowed.load(Ordering::Relaxed),
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

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
    pub streams: usize,
    /// Different types, with those in flight.
    pub types: usize,
    /// Different tags, with those in flight.
    pub tags: usize,
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
    /// Bytes that they take at most.
    pub queue_bytes: usize,
    /// Bytes of commits kept in memory for reads.
    pub cache_bytes: usize,
}

impl Journal {
    /// The figures of this moment.
    pub fn stats(&self) -> Result<Stats, Error> {
        let log = &self.log;
        let (streams, types, tags) = log.index()?.counts();
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
            streams,
            types,
            tags,
            appended: counters.appended.load(Ordering::Relaxed),
            conflicts: counters.conflicts.load(Ordering::Relaxed),
            seen: counters.seen.load(Ordering::Relaxed),
            commits_written: counters.commits.load(Ordering::Relaxed),
            commits_failed: counters.failed_commits.load(Ordering::Relaxed),
            queue_appends,
            queue_bytes,
            cache_bytes: log.cache_bytes(),
        })
    }
}

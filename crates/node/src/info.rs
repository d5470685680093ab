//! What is shown of databases and of the node.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use headwater_event::{Error, LogId, Position, Timestamp};

use crate::database::Database;
use crate::node::Inner;
use crate::{DatabaseId, DatabaseName, DatabaseState, Parts};

/// A database, as it is listed.
#[derive(Clone, Debug)]
pub struct DatabaseInfo {
    /// Its name.
    pub name: DatabaseName,
    /// Its identity.
    pub id: DatabaseId,
    /// The identity of its log, which cursors carry.
    pub log_id: LogId,
    /// When it was made.
    pub created_at: Timestamp,
    /// Into how many parts its categories are shared out.
    pub parts: Parts,
    /// Since which event of `_system` that is so.
    pub parts_since: Position,
    /// Whether it is awake.
    pub state: DatabaseState,
    /// Why it is poisoned.
    pub reason: Option<Error>,
    /// The last position of its log, while it is awake.
    pub head: Option<Position>,
}

impl DatabaseInfo {
    pub(crate) fn of(database: &Arc<Database>) -> DatabaseInfo {
        let (state, reason) = database.state();
        let (parts, parts_since) = database.parts();
        DatabaseInfo {
            name: database.name.clone(),
            id: database.id,
            log_id: database.log_id,
            created_at: database.created_at,
            parts,
            parts_since,
            state,
            reason,
            head: database.peek().map(|awake| awake.journal.head().position),
        }
    }
}

/// The figures of one log, and how many read models it has.
#[derive(Clone, Debug)]
pub struct DatabaseFigures {
    /// Of the log.
    pub log: headwater_journal::Stats,
    /// Projections that were applied.
    pub projections: usize,
}

/// What a node counts.
#[derive(Clone, Debug, Default)]
pub struct NodeStats {
    /// How many databases are in each state.
    pub databases: Vec<(&'static str, u64)>,
    /// What logs did since the node was opened, with those that are closed by now.
    pub counts: LogCounts,
    /// Times that a log was opened on use.
    pub wakes: u64,
    /// What the logs hold that are awake.
    pub held: LogSizes,
}

/// What logs did, all together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogCounts {
    /// Appends that were written.
    pub appends: u64,
    /// Bytes of them.
    pub appended_bytes: u64,
    /// Appends that were refused by their condition.
    pub conflicts: u64,
    /// Durable writes.
    pub commits: u64,
    /// Bytes of segments that were sealed.
    pub sealed_bytes: u64,
    /// Bytes of segments that were merged from others.
    pub merged_bytes: u64,
    /// Attempts to seal that failed.
    pub seal_failures: u64,
    /// Attempts to merge that failed.
    pub merge_failures: u64,
    /// Commits that were slowed because sealing or merging was behind.
    pub slowed: u64,
    /// How long they were slowed together.
    pub slowed_for: Duration,
}

/// What logs hold, all together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogSizes {
    /// Bytes of appends in them.
    pub bytes: u64,
    /// Bytes of the files of their tails.
    pub tail_bytes: u64,
    /// Pieces of their tails that wait to be sealed.
    pub pieces_waiting: u64,
    /// Their segments.
    pub segments: u64,
    /// Bytes of them.
    pub segment_bytes: u64,
    /// Bytes that were written for them in the life of the logs.
    pub segment_writes: u64,
    /// Segments that are due to be merged.
    pub segments_due: u64,
    /// Bytes of them.
    pub merge_debt: u64,
    /// Appends that wait to be written.
    pub queue: u64,
    /// Bytes of commits that are kept in memory for reads.
    pub cache_bytes: u64,
}

impl LogCounts {
    fn add(&mut self, log: &headwater_journal::Stats) {
        self.appends += log.appended;
        self.appended_bytes += log.appended_bytes;
        self.conflicts += log.conflicts;
        self.commits += log.commits_written;
        self.sealed_bytes += log.seals.1;
        self.merged_bytes += log.merges.1;
        self.seal_failures += log.seal_failures;
        self.merge_failures += log.merge_failures;
        self.slowed += log.slowed.0;
        self.slowed_for += log.slowed.1;
    }
}

impl LogSizes {
    fn add(&mut self, log: &headwater_journal::Stats) {
        self.bytes += log.bytes;
        self.tail_bytes += log.tail_bytes;
        self.pieces_waiting += log.pieces_waiting as u64;
        self.segments += log.segments as u64;
        self.segment_bytes += log.segment_bytes;
        self.segment_writes += log.segment_writes;
        self.segments_due += log.segments_due as u64;
        self.merge_debt += log.merge_debt;
        self.queue += log.queue_appends as u64;
        self.cache_bytes += log.cache_bytes as u64;
    }
}

/// What logs counted that are closed by now.
#[derive(Debug, Default)]
pub(crate) struct Retired {
    counts: Mutex<LogCounts>,
}

impl Retired {
    /// Takes over what a log counted, while `leave` takes it from where it counted until now.
    pub(crate) fn take_over(&self, log: Option<headwater_journal::Stats>, leave: impl FnOnce()) {
        let mut counts = self.lock();
        if let Some(log) = &log {
            counts.add(log);
        }
        leave();
    }

    fn lock(&self) -> MutexGuard<'_, LogCounts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner) // sums are never half changed
    }
}

impl NodeStats {
    /// Looks at what is awake, and wakes nothing.
    pub(crate) fn of(inner: &Inner) -> NodeStats {
        let all: Vec<Arc<Database>> = inner.registry().all().cloned().collect();
        let leaving = inner.leaving().clone(); // after the others: one that leaves is in one of both
        let leaving = leaving
            .iter()
            .filter(|one| !all.iter().any(|other| Arc::ptr_eq(one, other)));
        let mut states = BTreeMap::new();
        let retired = inner.retired.lock(); // none is retired before all were looked at
        let mut stats = NodeStats {
            counts: *retired,
            wakes: inner.wakes.load(Ordering::Relaxed),
            ..NodeStats::default()
        };
        for database in &all {
            *states.entry(database.state().0).or_insert(0) += 1;
        }
        for database in all.iter().chain(leaving) {
            let log = database.counted();
            if let Some(log) = log.and_then(|open| open.journal.stats().ok()) {
                stats.counts.add(&log);
                stats.held.add(&log);
            }
        }
        drop(retired);
        let count = |state| states.get(&state).copied().unwrap_or(0);
        stats.databases = DatabaseState::ALL
            .map(|state| (state.as_str(), count(state)))
            .to_vec();
        stats
    }
}

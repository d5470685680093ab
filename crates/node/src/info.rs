//! What is shown of databases and of the node.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use headwater_event::{Error, LogId, Position, Timestamp};

use crate::database::Database;
use crate::node::Inner;
use crate::{DatabaseId, DatabaseName, DatabaseState};

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
        DatabaseInfo {
            name: database.name.clone(),
            id: database.id,
            log_id: database.log_id,
            created_at: database.created_at,
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
    /// Appends that were written since the node was opened.
    pub appends: u64,
    /// Appends that were refused by their condition.
    pub conflicts: u64,
    /// Durable writes.
    pub commits: u64,
    /// Times that a log was opened on use.
    pub wakes: u64,
    /// Appends that wait to be written.
    pub queue: u64,
    /// Bytes of commits that are kept in memory for reads.
    pub cache_bytes: u64,
}

/// What logs counted that are closed by now.
#[derive(Debug, Default)]
pub(crate) struct Retired {
    appends: AtomicU64,
    conflicts: AtomicU64,
    commits: AtomicU64,
}

impl Retired {
    /// Takes over what a log counted that is being closed.
    pub(crate) fn add(&self, log: &headwater_journal::Stats) {
        self.appends.fetch_add(log.appended, Ordering::Relaxed);
        self.conflicts.fetch_add(log.conflicts, Ordering::Relaxed);
        self.commits
            .fetch_add(log.commits_written, Ordering::Relaxed);
    }
}

impl NodeStats {
    pub(crate) fn of(inner: &Inner) -> NodeStats {
        let all: Vec<Arc<Database>> = inner.registry().all().cloned().collect();
        let mut states = BTreeMap::new();
        let mut stats = NodeStats {
            appends: inner.retired.appends.load(Ordering::Relaxed),
            conflicts: inner.retired.conflicts.load(Ordering::Relaxed),
            commits: inner.retired.commits.load(Ordering::Relaxed),
            wakes: inner.wakes.load(Ordering::Relaxed),
            ..NodeStats::default()
        };
        for database in &all {
            *states.entry(database.state().0).or_insert(0) += 1;
            stats.add(database);
        }
        let count = |state| states.get(&state).copied().unwrap_or(0);
        stats.databases = DatabaseState::ALL
            .map(|state| (state.as_str(), count(state)))
            .to_vec();
        stats
    }

    fn add(&mut self, database: &Database) {
        let Some(log) = database.peek().and_then(|awake| awake.journal.stats().ok()) else {
            return;
        };
        self.appends += log.appended;
        self.conflicts += log.conflicts;
        self.commits += log.commits_written;
        self.queue += log.queue_appends as u64;
        self.cache_bytes += log.cache_bytes as u64;
    }
}

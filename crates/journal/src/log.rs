//! What readers and the writer share: the storage, the index, the durable commits, the cache.
//!
//! Locks are held for lookups and insertions and never during I/O.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{
    Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
};

use headwater_event::{Error, Event, LogId, Position};
use tokio::sync::watch;

use crate::cache::BlockCache;
use crate::commits::{Commits, Head};
use crate::env::Env;
use crate::errors;
use crate::index::{Index, SortedNames};
use crate::loaded::Loaded;
use crate::{Seq, Storage};

/// What a read may do to find a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nothing that blocks: only what is in memory.
    Memory,
    /// Read from the storage, about so many bytes at once.
    Storage { bytes: usize },
}

impl Access {
    /// One commit at a time.
    pub(crate) const ONE: Access = Access::Storage { bytes: 0 };
}

/// How often what happened since the journal was opened.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) appended: AtomicU64,
    pub(crate) conflicts: AtomicU64,
    pub(crate) seen: AtomicU64,
    pub(crate) failed_commits: AtomicU64,
    pub(crate) commits: AtomicU64,
}

/// The shared state of one open log.
pub(crate) struct Log {
    pub(crate) id: LogId,
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) env: Arc<dyn Env>,
    index: RwLock<Index>,
    commits: RwLock<Commits>,
    cache: Arc<BlockCache>,
    names: Mutex<SortedNames>,
    head: watch::Sender<Position>,
    /// Why nobody is answered any more.
    stopped: OnceLock<Error>,
    unsettled: Mutex<Option<Error>>,
    is_unsettled: AtomicBool,
    pub(crate) counters: Counters,
}

impl Log {
    pub(crate) fn new(storage: Arc<dyn Storage>, env: Arc<dyn Env>, cache_bytes: usize) -> Log {
        Log {
            id: storage.log_id(),
            storage,
            env,
            index: RwLock::default(),
            commits: RwLock::new(Commits::new()),
            cache: Arc::new(BlockCache::new(cache_bytes)),
            names: Mutex::default(),
            head: watch::Sender::new(Position::ZERO),
            stopped: OnceLock::new(),
            unsettled: Mutex::new(None),
            is_unsettled: AtomicBool::new(false),
            counters: Counters::default(),
        }
    }

    /// Fails once the journal is closed or poisoned.
    pub(crate) fn check_alive(&self) -> Result<(), Error> {
        self.stopped
            .get()
            .map_or(Ok(()), |error| Err(error.clone()))
    }

    /// Fails while it is not known what the last commit came to.
    pub(crate) fn check_settled(&self) -> Result<(), Error> {
        if !self.is_unsettled.load(Ordering::Acquire) {
            return Ok(());
        }
        let unsettled = self
            .unsettled
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        unsettled
            .as_ref()
            .map_or(Ok(()), |error| Err(error.clone()))
    }

    pub(crate) fn set_unsettled(&self, error: Option<Error>) {
        let mut unsettled = self
            .unsettled
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.is_unsettled.store(error.is_some(), Ordering::Release);
        *unsettled = error;
    }

    /// Ends all answering, with the first reason that was given, and wakes who waits.
    pub(crate) fn stop(&self, error: Error) {
        let _ = self.stopped.set(error);
        self.head.send_modify(|_| {});
    }

    pub(crate) fn head(&self) -> Head {
        self.commits_lock().head()
    }

    pub(crate) fn watch_head(&self) -> watch::Receiver<Position> {
        self.head.subscribe()
    }

    /// The index, for looking things up.
    pub(crate) fn index(&self) -> Result<RwLockReadGuard<'_, Index>, Error> {
        self.index.read().map_err(|_| index_poisoned())
    }

    pub(crate) fn index_mut(&self) -> Result<RwLockWriteGuard<'_, Index>, Error> {
        self.index.write().map_err(|_| index_poisoned())
    }

    pub(crate) fn commits(&self) -> RwLockReadGuard<'_, Commits> {
        self.commits_lock()
    }

    fn commits_lock(&self) -> RwLockReadGuard<'_, Commits> {
        // Whoever writes cannot panic halfway.
        self.commits.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn names(&self) -> MutexGuard<'_, SortedNames> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn cache_bytes(&self) -> usize {
        self.cache.bytes()
    }

    fn keep(&self, loaded: &Loaded) {
        self.cache.put_commit(loaded.seq, Arc::clone(&loaded.run));
    }

    fn kept(&self, seq: Seq) -> Option<Arc<Loaded>> {
        let run = self.cache.commit(seq)?;
        Some(Arc::new(Loaded {
            seq,
            recorded_at: run.appends().last()?.recorded_at,
            chain: self.commits_lock().chain_after(seq),
            run,
        }))
    }

    /// Makes a durable commit visible: to reads first, then to who waits for the head.
    pub(crate) fn publish(&self, loaded: Arc<Loaded>) {
        let last = loaded.last();
        self.keep(&loaded);
        self.commits
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push(&loaded);
        self.head.send_replace(last);
    }

    /// The durable event at this position; `None` if `access` rules out the read that it takes.
    pub(crate) fn event(&self, position: Position, access: Access) -> Result<Option<Event>, Error> {
        let loaded = self.commit_of(position, access)?;
        loaded.map(|loaded| loaded.run.event(position)).transpose()
    }

    /// The durable commit that holds this position.
    pub(crate) fn commit_of(
        &self,
        position: Position,
        access: Access,
    ) -> Result<Option<Arc<Loaded>>, Error> {
        let seq = self.commits_lock().seq_of(position);
        self.commit(seq, access)
    }

    /// The durable commit of this number.
    pub(crate) fn commit(&self, seq: Seq, access: Access) -> Result<Option<Arc<Loaded>>, Error> {
        if let Some(loaded) = self.kept(seq) {
            return Ok(Some(loaded));
        }
        match access {
            Access::Memory => Ok(None),
            Access::Storage { bytes } => self.read(seq, bytes).map(Some),
        }
    }

    /// Reads commits from the storage, keeps them, and gives the first.
    fn read(&self, seq: Seq, bytes: usize) -> Result<Arc<Loaded>, Error> {
        let mut wanted = None;
        let commits = self.storage.read(seq, bytes)?.commits()?;
        for (at, commit) in commits.iter().enumerate() {
            let seq = seq.plus(at as u64);
            let Some(first) = self.commits_lock().first_of(seq) else {
                break; // not published yet
            };
            if first != commit.first {
                return Err(Error::damaged(format!("commit {seq} is not where it was"))
                    .found(format!("position {}", commit.first))
                    .expected(format!("position {first}")));
            }
            let loaded = Arc::new(Loaded::parse(seq, commit)?);
            self.keep(&loaded);
            wanted.get_or_insert(loaded);
        }
        wanted.ok_or_else(|| {
            Error::damaged(format!("commit {seq} is gone from the storage"))
                .action("restore this log from a backup")
        })
    }

    /// Refuses positions beyond the head.
    pub(crate) fn check_position(&self, field: &str, position: Position) -> Result<(), Error> {
        let head = self.head().position;
        if position > head {
            return Err(errors::position_ahead(field, position, head));
        }
        Ok(())
    }

    pub(crate) fn check_log(&self, log: Option<LogId>) -> Result<(), Error> {
        match log {
            Some(found) if found != self.id => Err(errors::other_log(found, self.id)),
            _ => Ok(()),
        }
    }
}

fn index_poisoned() -> Error {
    errors::poisoned("a panic while the index was changed")
}

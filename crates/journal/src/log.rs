//! What readers and the writer share: the storage, the index, the durable commits, the cache.
//!
//! Locks are held for lookups and insertions and never during I/O.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use headwater_event::{Error, Event, LogId, Position};
use tokio::sync::watch;

use crate::commits::{Commits, Head};
use crate::env::Env;
use crate::errors;
use crate::index::{Index, Part};
use crate::loaded::Loaded;
use crate::manifest::Manifest;
use crate::run::Run;
use crate::segment::{BlockCache, Segment};
use crate::{Options, Seq, Storage, Stored};

/// What a read may do to find a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nothing that blocks: only what is in memory.
    Memory,
    /// Read from the storage, about so many bytes at once, and no block beyond `upto`.
    Storage { bytes: usize, upto: Position },
}

impl Access {
    /// One commit or block at a time.
    pub(crate) const ONE: Access = Access::ahead(0);

    /// About so many bytes at once, wherever they end.
    pub(crate) const fn ahead(bytes: usize) -> Access {
        let upto = Position(u64::MAX);
        Access::Storage { bytes, upto }
    }
}

/// How long to wait for the index when a commit has just been sealed.
const SEALED_PAUSE: Duration = Duration::from_micros(100);

/// And how often: some seconds in all.
const SEALED_PAUSES_MAX: u32 = 30_000;

/// How often what happened since the journal was opened.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) appended: AtomicU64,
    pub(crate) appended_bytes: AtomicU64,
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
    pub(crate) index: Index,
    commits: RwLock<Commits>,
    /// Bytes of appends in a piece of the tail, about.
    pub(crate) piece_bytes: usize,
    /// Bytes of segments from which on who appends looks at them.
    pub(crate) look_back_bytes: u64,
    pub(crate) cache: Arc<BlockCache>,
    head: watch::Sender<Position>,
    /// Why nobody is answered any more.
    stopped: OnceLock<Error>,
    unsettled: Mutex<Option<Error>>,
    is_unsettled: AtomicBool,
    pub(crate) counters: Counters,
}

impl Log {
    /// The log that a storage keeps, up to the end of its segments.
    pub(crate) fn new(
        storage: Arc<dyn Storage>,
        env: Arc<dyn Env>,
        manifest: &Manifest,
        options: &Options,
    ) -> Result<Log, Error> {
        let cache = Arc::new(BlockCache::new(options.cache_bytes));
        let mut segments = Vec::with_capacity(manifest.segments.len());
        for info in &manifest.segments {
            let bytes = storage.get(info.name)?;
            segments.push(Arc::new(Segment::open(*info, bytes, Arc::clone(&cache))));
        }
        Ok(Log {
            id: storage.log_id(),
            env,
            index: Index::new(segments),
            commits: RwLock::new(sealed_commits(manifest)),
            cache,
            piece_bytes: options.piece_bytes,
            look_back_bytes: options.look_back_bytes,
            head: watch::Sender::new(manifest.end().position),
            stopped: OnceLock::new(),
            unsettled: Mutex::new(None),
            is_unsettled: AtomicBool::new(false),
            counters: Counters::default(),
            storage,
        })
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

    pub(crate) fn commits(&self) -> RwLockReadGuard<'_, Commits> {
        self.commits_lock()
    }

    fn commits_lock(&self) -> RwLockReadGuard<'_, Commits> {
        // Whoever writes cannot panic halfway.
        self.commits.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a durable commit visible: to reads first, then to who waits for the head.
    pub(crate) fn publish(&self, loaded: &Loaded) {
        self.cache.put_commit(loaded.seq, Arc::clone(&loaded.run));
        self.commits
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push(loaded);
        self.head.send_replace(loaded.last());
    }

    /// Forgets the numbers of commits that are in segments now.
    pub(crate) fn forget_below(&self, seq: Seq) {
        self.commits
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .forget_below(seq);
    }

    /// The durable event at this position; `None` if `access` rules out the read that it takes.
    pub(crate) fn event(&self, position: Position, access: Access) -> Result<Option<Event>, Error> {
        let run = self.run_at(position, access)?;
        run.map(|run| run.event(position)).transpose()
    }

    /// The durable events around this position, which is between 1 and the head.
    pub(crate) fn run_at(
        &self,
        position: Position,
        access: Access,
    ) -> Result<Option<Arc<Run>>, Error> {
        self.runs_at(position, access, &mut VecDeque::new())
    }

    /// As [`run_at`](Self::run_at). What was read of a segment after it is put into `next`, in order.
    pub(crate) fn runs_at(
        &self,
        position: Position,
        access: Access,
        next: &mut VecDeque<Arc<Run>>,
    ) -> Result<Option<Arc<Run>>, Error> {
        let seq = self.commits().seq_of(position);
        if let Some(seq) = seq {
            let run = self.commit_run(seq, access)?;
            if run.is_some() || access == Access::Memory {
                return Ok(run);
            }
        }
        let segment = self.segment_of(position)?;
        match access {
            Access::Memory => Ok(segment.cached_run_at(position)),
            Access::Storage { bytes, upto } => {
                segment.runs_upto(position, bytes, upto, next).map(Some)
            }
        }
    }

    /// As [`run_at`](Self::run_at), where the storage may be read.
    pub(crate) fn run(&self, position: Position, access: Access) -> Result<Arc<Run>, Error> {
        self.run_at(position, access)?
            .ok_or_else(|| Error::damaged("an event is gone").at(position))
    }

    /// The events of a durable commit of the tail; `None` if `access` rules out the read that it
    /// takes, or if the commit is sealed by now.
    pub(crate) fn commit_run(&self, seq: Seq, access: Access) -> Result<Option<Arc<Run>>, Error> {
        match (self.cache.commit(seq), access) {
            (Some(run), _) => Ok(Some(run)),
            (None, Access::Memory) => Ok(None),
            (None, Access::Storage { bytes, .. }) => self.read(seq, bytes),
        }
    }

    /// The segment that holds this position, which is durable and not in the tail.
    ///
    /// `unavailable`: the storage has it, and who sealed it does not know yet that it was published.
    /// That is known once publishing is tried again, which a failing disk may put off for long.
    pub(crate) fn segment_of(&self, position: Position) -> Result<Arc<Segment>, Error> {
        for _ in 0..SEALED_PAUSES_MAX {
            if let Part::Segment(segment) = self.index.view()?.part_of(position) {
                return Ok(Arc::clone(segment));
            }
            // It has just been sealed, and the index will know in a moment.
            self.check_alive()?;
            self.env.sleep(SEALED_PAUSE);
        }
        Err(errors::being_sealed(position))
    }

    /// Reads commits of the tail from the storage, keeps them, and gives the first; nothing if it
    /// is sealed.
    fn read(&self, seq: Seq, bytes: usize) -> Result<Option<Arc<Run>>, Error> {
        let commits = match self.storage.read(seq, bytes)? {
            Stored::Commits(commits) => commits,
            Stored::Sealed(_) => return Ok(None),
        };
        let mut wanted = None;
        for (at, commit) in commits.iter().enumerate() {
            let seq = seq.plus(at as u64);
            let Some(before) = self.known_before(seq) else {
                break; // not published yet, or sealed by now
            };
            if before.next() != commit.first {
                return Err(Error::damaged(format!("commit {seq} is not where it was"))
                    .found(format!("position {}", commit.first))
                    .expected(format!("position {}", before.next())));
            }
            let run = Loaded::parse(seq, commit)?.run;
            self.cache.put_commit(seq, Arc::clone(&run));
            wanted.get_or_insert(run);
        }
        match (wanted, self.known_before(seq)) {
            (Some(run), _) => Ok(Some(run)),
            (None, None) => Ok(None),
            (None, Some(_)) => Err(Error::damaged(format!(
                "commit {seq} is gone from the storage"
            ))
            .action("restore this log from a backup")),
        }
    }

    /// The position before a durable commit of the tail.
    fn known_before(&self, seq: Seq) -> Option<Position> {
        let commits = self.commits();
        commits.after(seq)?;
        commits.before(seq).map(|before| before.position)
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

/// What a manifest says of the end of the log, before the tail is known.
fn sealed_commits(manifest: &Manifest) -> Commits {
    let sealed = Seq(manifest.next.0 - 1);
    let appends = manifest.segments.iter().map(|segment| segment.appends);
    let bytes = manifest.segments.iter().map(|segment| segment.raw_bytes);
    Commits::new(sealed, manifest.end(), appends.sum(), bytes.sum())
}

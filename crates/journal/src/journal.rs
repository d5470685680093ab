//! The journal: one open log.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use headwater_event::{Error, LogId, Position};
use tokio::sync::watch;

use crate::Storage;
use crate::absorb::absorb_all;
use crate::commits::Head;
use crate::env::{Env, Task};
use crate::errors;
use crate::keeper::Keeper;
use crate::log::Log;
use crate::writer::{Shared, Step};

/// How a journal is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// Appends that may wait to be written; one more is refused with `busy`.
    pub queue_appends_max: usize,
    /// Bytes of appends that may wait to be written, or of the bodies that they were read from.
    pub queue_bytes_max: usize,
    /// Bytes of one commit, about: a larger append still is one commit.
    pub batch_bytes_max: usize,
    /// Bytes of events and of their index that are kept in memory for reads.
    pub cache_bytes: usize,
    /// Bytes of appends, about, that are sealed into one segment. Twice as much is the tail that
    /// an opening reads, unless sealing is behind.
    pub piece_bytes: usize,
    /// How many segments of a level are merged into one of the next.
    pub fan_in: usize,
    /// Bytes of appends that a merged segment may hold; a larger one is not made.
    pub segment_bytes_max: u64,
    /// Once segments have so many bytes, what a condition has to read of them is read on a thread of
    /// its own, before the writer is asked. Below, the writer reads it: that costs less than to hand
    /// it over. What is in memory is looked at by who appends, however large the log is.
    pub look_back_bytes: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            queue_appends_max: 16_384,
            queue_bytes_max: 64 << 20,
            batch_bytes_max: 4 << 20,
            cache_bytes: 64 << 20,
            piece_bytes: 8 << 20,
            fan_in: 8,
            segment_bytes_max: 64 << 30,
            look_back_bytes: 256 << 20,
        }
    }
}

/// One open log: append, read, follow, list, verify. A clone is the same journal.
///
/// It is closed by [`close`](Journal::close), or when its last clone is dropped; both finish what
/// was accepted.
#[derive(Clone)]
pub struct Journal {
    pub(crate) log: Arc<Log>,
    pub(crate) shared: Arc<Shared>,
    threads: Arc<Threads>,
}

/// The writer of a journal that has no threads: whoever holds it takes the steps.
///
/// Steps may be taken in any order and from one thread, so that a simulation decides what happens
/// when, and one seed gives one trace.
pub struct Writer {
    shared: Arc<Shared>,
}

impl Writer {
    /// Checks everything that waits, against the index and what is in flight, and puts it into the
    /// open batch.
    pub fn check(&self) -> Step {
        self.shared.check()
    }

    /// Writes the open batch, or tries once to settle a commit that is unknown.
    pub fn commit(&self) -> Step {
        self.shared.commit()
    }

    /// Seals the oldest piece of the tail that is ready.
    pub fn seal(&self) -> Result<Step, Error> {
        self.shared.keeper.seal()
    }

    /// Merges segments, if there are enough of a level.
    pub fn merge(&self) -> Result<Step, Error> {
        self.shared.keeper.merge()
    }

    /// A check and a commit.
    pub fn run_once(&self) -> Step {
        let checked = self.check();
        match self.commit() {
            Step::Idle => checked,
            step => step,
        }
    }
}

/// The writer's threads; they end when this is dropped.
struct Threads {
    shared: Arc<Shared>,
    running: Mutex<Vec<Task>>,
}

impl Threads {
    /// Finishes what was accepted and ends the threads. Blocks until it is done.
    fn end(&self) {
        self.shared.queue.close(errors::closed());
        self.shared.keeper.end();
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        for task in running.drain(..) {
            task.join();
        }
        self.shared.finish();
        self.shared.keeper.wait_for_others();
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.end();
    }
}

impl Journal {
    /// Opens the log that is kept in `storage`: reads its manifest, reads and checks the commits of
    /// its tail, and starts its threads. Blocks.
    pub fn open(
        storage: Arc<dyn Storage>,
        env: Arc<dyn Env>,
        options: Options,
    ) -> Result<Journal, Error> {
        let (journal, _) = Journal::open_stepped(storage, env, options)?;
        let spawn = |name: &str, work: fn(&Shared)| {
            let shared = Arc::clone(&journal.shared);
            journal.log.env.spawn(name, Box::new(move || work(&shared)))
        };
        let tasks = [
            spawn("journal-check", Shared::run_checker),
            spawn("journal-commit", Shared::run_committer),
            spawn("journal-seal", Shared::run_sealing),
            spawn("journal-merge", Shared::run_merging),
        ];
        let mut running = journal
            .threads
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        running.extend(tasks);
        drop(running);
        Ok(journal)
    }

    /// As [`open`](Self::open), but without threads: nothing is written, sealed or merged but by
    /// the steps of the [`Writer`]. For simulation.
    pub fn open_stepped(
        storage: Arc<dyn Storage>,
        env: Arc<dyn Env>,
        options: Options,
    ) -> Result<(Journal, Writer), Error> {
        let manifest = storage.manifest()?;
        let log = Arc::new(Log::new(storage, env, &manifest, &options)?);
        absorb_all(&log)?;
        let keeper = Arc::new(Keeper::new(Arc::clone(&log), &options)?);
        let shared = Arc::new(Shared::new(Arc::clone(&log), keeper, &options));
        let journal = Journal {
            log,
            shared: Arc::clone(&shared),
            threads: Arc::new(Threads {
                shared: Arc::clone(&shared),
                running: Mutex::default(),
            }),
        };
        Ok((journal, Writer { shared }))
    }

    /// Whether segments are being merged in the background. Closing gives that up, and it begins anew
    /// when the log is opened next.
    pub fn is_merging(&self) -> bool {
        self.shared.keeper.is_merging()
    }

    /// The log's identity: cursors carry it.
    pub fn log_id(&self) -> LogId {
        self.log.id
    }

    /// The end of what is durable.
    pub fn head(&self) -> Head {
        self.log.head()
    }

    /// Tells the head whenever it moves, and when the journal is closed.
    pub fn watch_head(&self) -> watch::Receiver<Position> {
        self.log.watch_head()
    }

    /// Refuses a cursor that is another log's (`other_log`) or beyond the head
    /// (`position_ahead`).
    pub fn check_cursor(&self, log_id: Option<LogId>, position: Position) -> Result<(), Error> {
        self.log.check_log(log_id)?;
        self.log.check_position("after", position)
    }

    /// Finishes what was accepted and ends the writer's threads. Blocks until that is done. From
    /// then on everything answers `closed`.
    pub fn close(&self) {
        self.threads.end();
    }

    /// When an append that is given `deadline` from now expires.
    pub(crate) fn expires(&self, deadline: Option<Duration>) -> Option<Duration> {
        deadline.map(|deadline| self.log.env.monotonic().saturating_add(deadline))
    }
}

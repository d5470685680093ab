//! The writer of one log: two steps, *check* and *commit*, and the threads that take them.
//!
//! ```text
//!  append ---> queue ---> check: decide, assign, encode ---> open batch ---> commit: write, sync,
//!              bounded           (holds the core)            grows until     publish, answer
//!                                                            it is taken
//! ```
//!
//! An append that comes alone is checked and committed by the committer, which it wakes: one thread
//! for one append; or by its own caller, if that thread has nothing else to do. While a batch is written and synced the checker prepares the next, once there is
//! enough of it to be worth waking a thread for; what is left the committer checks itself before
//! it writes. Answers of all kinds wait for the commit that they rest
//! on: a batch's conflicts and repetitions are told with its appends.
//!
//! When a commit fails, everything that was checked on top of it is taken back and answered
//! `unavailable`. When it is not known what came of a commit, nothing else is written until it is:
//! the same bytes are offered under the same number again, with pauses, and appends answer
//! `unavailable` meanwhile.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use headwater_event::{Error, Kind, Position};

use crate::absorb::absorb_all;
use crate::core::{Core, Decided, Sealed, Write};
use crate::decision::Decision;
use crate::errors;
use crate::keeper::Keeper;
use crate::log::Log;
use crate::queue::{Queue, Request};
use crate::{Options, Seq, Stored, Written};

/// The first and the longest pause between attempts to settle an unknown commit.
const SETTLE_PAUSE_MIN: Duration = Duration::from_millis(10);
const SETTLE_PAUSE_MAX: Duration = Duration::from_secs(1);

/// How long the committer waits for appends that are likely to come.
const GATHER_MAX: Duration = Duration::from_micros(100);

/// The most that one commit may be asked to hold; offsets within it are 32 bits.
const BATCH_BYTES_MAX: usize = 256 << 20;

/// A commit of which it is not known whether it was written.
struct Unsettled {
    write: Write,
    pause: Duration,
}

struct State {
    core: Core,
    /// Reused: what was taken from the queue. Appends leave the queue only while the state is
    /// locked, so that under the lock they are there, here or in the open batch.
    taken: VecDeque<Request>,
    /// The checker waits for the open batch to be taken, or taken back.
    checker_waits: bool,
    /// How many appends the last commit told of.
    last: usize,
    /// Somebody waits for the active piece of the index to end; it does with the open batch.
    turn_asked: bool,
    unsettled: Option<Unsettled>,
}

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Something was done.
    Done,
    /// There was nothing to do.
    Idle,
    /// An unknown commit is still unknown; try again after a pause.
    Unsettled,
}

/// The writer of one log, shared by its threads and by whoever appends.
pub(crate) struct Shared {
    pub(crate) log: Arc<Log>,
    pub(crate) keeper: Arc<Keeper>,
    pub(crate) queue: Queue,
    state: Mutex<State>,
    /// The committer is about to take the open batch, so the checker leaves it alone.
    committer_comes: AtomicBool,
    /// The checker is waiting for this.
    batch_taken: Condvar,
    batch_bytes_max: usize,
}

/// What an attempt to write a commit came to, after looking.
enum Attempt {
    Ours,
    Theirs,
    Failed(Error),
    Unknown(Error),
}

impl Shared {
    pub(crate) fn new(log: Arc<Log>, keeper: Arc<Keeper>, options: &Options) -> Shared {
        let core = Core::new(&log);
        Shared {
            log,
            keeper,
            queue: Queue::new(options.queue_appends_max, options.queue_bytes_max),
            state: Mutex::new(State {
                core,
                taken: VecDeque::new(),
                checker_waits: false,
                last: 0,
                turn_asked: false,
                unsettled: None,
            }),
            committer_comes: AtomicBool::new(false),
            batch_taken: Condvar::new(),
            batch_bytes_max: options.batch_bytes_max.min(BATCH_BYTES_MAX),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // After a panic the journal is poisoned and the state is only taken apart.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks what waits, as much as the open batch has room for, without waiting.
    pub(crate) fn check(&self) -> Step {
        self.committer_comes.store(true, Ordering::Relaxed);
        let mut state = self.lock();
        self.committer_comes.store(false, Ordering::Relaxed);
        self.decide(&mut state)
    }

    fn decide(&self, state: &mut State) -> Step {
        let _guard = PoisonGuard {
            log: &self.log,
            doing: "checking an append",
        };
        let room = self.batch_bytes_max.saturating_sub(state.core.open_bytes());
        if room > 0 {
            self.queue.take(&mut state.taken, room);
        }
        if state.taken.is_empty() {
            return Step::Idle;
        }
        let (now, monotonic) = (self.log.env.now(), self.log.env.monotonic());
        while let Some(request) = state.taken.pop_front() {
            match request.expires {
                Some(expires) if monotonic >= expires => request.refuse(errors::deadline()),
                _ => match self.keeper.check_room() {
                    Ok(()) => state.core.take(&self.log, request, now),
                    Err(busy) => request.refuse(busy),
                },
            }
        }
        Step::Done
    }

    /// Writes the open batch, or tries to settle an unknown commit, without waiting for either.
    pub(crate) fn commit(&self) -> Step {
        let (unsettled, sealed) = {
            let mut state = self.lock();
            match state.unsettled.take() {
                Some(unsettled) => (Some(unsettled), None),
                None => {
                    let sealed = state.core.seal();
                    if std::mem::take(&mut state.turn_asked) {
                        // Who asked looks again, and meets what stood in the way.
                        let _ = self.log.index.turn(0);
                    }
                    state.last = sealed.as_ref().map_or(0, |sealed| sealed.decided.len());
                    (None, sealed)
                }
            }
        };
        self.wake_checker();
        let step = match (unsettled, sealed) {
            (Some(unsettled), _) => self.settle(unsettled),
            (None, Some(sealed)) => self.write(sealed),
            (None, None) => return Step::Idle,
        };
        // What was put into the open batch meanwhile may have been taken back.
        self.wake_checker();
        step
    }

    /// Lets the active piece of the index end, if it holds an event up to this position: now, or
    /// with the open batch, because a piece is made of whole commits.
    pub(crate) fn turn(&self, upto: Position) -> Result<(), Error> {
        let mut state = self.lock();
        if !self.log.index.is_active(upto)? {
            return Ok(());
        }
        match state.core.open {
            Some(_) => state.turn_asked = true,
            None => {
                self.log.index.turn(0)?;
            }
        }
        Ok(())
    }

    /// Wakes the checker if it waits and the open batch no longer stands in its way.
    fn wake_checker(&self) {
        let state = self.lock();
        let wake = state.checker_waits && state.core.open.is_none();
        drop(state);
        if wake {
            self.batch_taken.notify_one();
        }
    }

    fn write(&self, mut sealed: Sealed) -> Step {
        let _guard = PoisonGuard {
            log: &self.log,
            doing: "writing a commit",
        };
        let Some(write) = sealed.write.take() else {
            self.answer(sealed.decided);
            return Step::Done;
        };
        if let Some(pause) = self.keeper.pause() {
            self.log.env.sleep(pause);
        }
        let mut attempt = self.attempt(&write, false);
        if let Attempt::Unknown(_) = attempt {
            attempt = self.attempt(&write, true);
        }
        match attempt {
            Attempt::Ours => {
                self.publish(&write);
                self.answer(sealed.decided);
                self.keeper.look();
                Step::Done
            }
            Attempt::Theirs => self.yield_to_other(&write, sealed.decided),
            Attempt::Failed(error) => self.fail(&write, sealed.decided, &error),
            Attempt::Unknown(error) => self.unsettle(write, sealed.decided, &error),
        }
    }

    /// Makes a commit of ours that is durable visible.
    fn publish(&self, write: &Write) {
        self.log.publish(&write.loaded);
        let (counters, bytes) = (&self.log.counters, write.loaded.run.bytes().len());
        counters.commits.fetch_add(1, Ordering::Relaxed);
        counters
            .appended_bytes
            .fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn attempt(&self, write: &Write, unknown_before: bool) -> Attempt {
        match self.log.storage.append(write.seq, &write.commit) {
            Written::Appended => Attempt::Ours,
            Written::Failed(error) if unknown_before => Attempt::Unknown(error),
            Written::Failed(error) => Attempt::Failed(error),
            Written::Unknown(error) => Attempt::Unknown(error),
            Written::Taken => match self.log.storage.read(write.seq, 0) {
                Ok(Stored::Sealed(_)) => Attempt::Theirs,
                Ok(Stored::Commits(commits)) => match commits.first() {
                    Some(commit) if *commit == write.commit => Attempt::Ours,
                    Some(_) => Attempt::Theirs,
                    None => Attempt::Unknown(nothing_to_read(write.seq)),
                },
                Err(error) => Attempt::Unknown(error),
            },
        }
    }

    fn answer(&self, decided: Vec<Decided>) {
        let counters = &self.log.counters;
        for Decided { request, decision } in decided {
            match &decision {
                Decision::Appended(_) => &counters.appended,
                Decision::Seen { .. } => &counters.seen,
                _ => &counters.conflicts,
            }
            .fetch_add(1, Ordering::Relaxed);
            // A caller that is gone need not know; what was appended stays.
            let _ = request.reply.send(Ok((decision, request.append)));
        }
    }

    /// The commit was not written and never will be.
    fn fail(&self, write: &Write, decided: Vec<Decided>, error: &Error) -> Step {
        let open = self.lock().core.roll_back(&self.log, Some(write));
        self.log
            .counters
            .failed_commits
            .fetch_add(1, Ordering::Relaxed);
        for Decided { request, decision } in decided {
            match decision {
                Decision::Appended(_) => request.refuse(error.clone()),
                _ => request.refuse(errors::rested_on(error)),
            }
        }
        self.refuse_all(open, errors::rested_on(error))
    }

    /// It is not known what came of the commit, even after trying again.
    fn unsettle(&self, write: Write, decided: Vec<Decided>, cause: &Error) -> Step {
        let error = errors::unsettled(cause);
        let open = {
            let mut state = self.lock();
            self.log.set_unsettled(Some(error.clone()));
            state.unsettled = Some(Unsettled {
                write,
                pause: SETTLE_PAUSE_MIN,
            });
            // What is on top goes; the commit itself may yet stand.
            state.core.roll_back(&self.log, None)
        };
        self.log
            .counters
            .failed_commits
            .fetch_add(1, Ordering::Relaxed);
        for one in decided {
            one.request.refuse(error.clone());
        }
        self.refuse_all(open, error);
        Step::Unsettled
    }

    fn settle(&self, mut unsettled: Unsettled) -> Step {
        let _guard = PoisonGuard {
            log: &self.log,
            doing: "settling a commit",
        };
        let write = &unsettled.write;
        match self.attempt(write, true) {
            Attempt::Ours => {
                self.publish(write);
                self.lock().core.resume(&self.log);
                self.log.set_unsettled(None);
                Step::Done
            }
            Attempt::Theirs => {
                let step = self.yield_to_other(write, Vec::new());
                self.log.set_unsettled(None);
                step
            }
            Attempt::Failed(error) | Attempt::Unknown(error) => {
                self.log.set_unsettled(Some(errors::unsettled(&error)));
                unsettled.pause = (unsettled.pause * 2).min(SETTLE_PAUSE_MAX);
                self.lock().unsettled = Some(unsettled);
                Step::Unsettled
            }
        }
    }

    /// Another writer was there first: what it wrote is taken in, and everything that was checked
    /// without it is checked again.
    fn yield_to_other(&self, write: &Write, decided: Vec<Decided>) -> Step {
        let mut state = self.lock();
        let taken = state
            .core
            .roll_back(&self.log, Some(write))
            .and_then(|open| {
                absorb_all(&self.log)?;
                state.core.resume(&self.log);
                Ok(open)
            });
        drop(state);
        match taken {
            Ok(open) => {
                let again = decided.into_iter().chain(open).map(|one| one.request);
                self.queue.put_back(again.collect());
                Step::Done
            }
            Err(error) => {
                self.poison(&error);
                for one in decided {
                    one.request.refuse(errors::rested_on(&error));
                }
                Step::Done
            }
        }
    }

    fn refuse_all(&self, open: Result<Vec<Decided>, Error>, error: Error) -> Step {
        match open {
            Ok(open) => {
                for one in open {
                    one.request.refuse(error.clone());
                }
            }
            Err(broken) => self.poison(&broken),
        }
        Step::Done
    }

    /// Stops the journal for good; everybody is told why.
    fn poison(&self, error: &Error) {
        tracing::error!(%error, log = %self.log.id, "the journal stops");
        let told = match error.kind() {
            Kind::Unavailable => error.clone(),
            _ => errors::poisoned(&error.to_string()),
        };
        self.stop(told);
    }

    /// Ends answering: new appends are refused, waiting ones are told, threads end.
    fn stop(&self, error: Error) {
        self.log.stop(error.clone());
        self.keeper.end();
        self.queue.close(error.clone());
        let mut waiting = VecDeque::new();
        self.queue.take(&mut waiting, usize::MAX);
        for request in waiting {
            request.refuse(error.clone());
        }
        // Whoever found the journal alive is waiting by the time that the lock is free.
        drop(self.lock());
        self.batch_taken.notify_all();
    }

    fn ended(&self) -> bool {
        self.log.check_alive().is_err()
    }

    /// The checker's thread.
    pub(crate) fn run_checker(&self) {
        self.run(|shared| {
            while shared.queue.wait_for_much() && !shared.ended() {
                shared.check_ahead();
            }
        });
        self.let_go();
    }

    /// After the journal was stopped: drops the callers that were taken from the queue and are not
    /// being written, who then are told why.
    fn let_go(&self) {
        if self.ended() {
            let mut state = self.lock();
            state.core.open = None;
            state.taken.clear(); // a panic may have left some
        }
    }

    fn check_ahead(&self) {
        let mut state = self.lock();
        while self.leave_alone(&state) && !self.ended() {
            state.checker_waits = true;
            state = self
                .batch_taken
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
            state.checker_waits = false;
        }
        let step = self.decide(&mut state);
        drop(state);
        if step == Step::Done {
            self.queue.poke();
        }
    }

    /// Whether the open batch is full, or the committer is about to take it.
    fn leave_alone(&self, state: &State) -> bool {
        state.core.open.is_some()
            && (self.committer_comes.load(Ordering::Relaxed)
                || state.core.open_bytes() >= self.batch_bytes_max)
    }

    /// The committer's thread.
    pub(crate) fn run_committer(&self) {
        self.run(|shared| {
            while shared.wait_for_work() {
                shared.gather();
                shared.check();
                match shared.commit() {
                    Step::Unsettled if shared.queue.is_closed() => break,
                    Step::Unsettled => shared.pause(),
                    Step::Done | Step::Idle => {}
                }
            }
        });
        self.let_go();
    }

    /// Puts an append into the queue. If the committer has nothing to do, this thread checks and
    /// commits it in its place, and blocks for that; but not after a commit of several, whose
    /// callers are likely to come again: the committer waits for them.
    pub(crate) fn push_here(&self, request: Request) -> Result<(), Error> {
        if self.lock().last > 1 {
            return self.queue.push(request);
        }
        if !self.queue.push_or_take_over(request)? {
            return Ok(());
        }
        let mut step = Step::Idle;
        self.run(|shared| {
            shared.check();
            step = shared.commit();
        });
        self.queue.hand_back(step == Step::Unsettled);
        Ok(())
    }

    /// The thread that seals.
    pub(crate) fn run_sealing(&self) {
        self.run(|shared| shared.keeper.run_sealing());
    }

    /// The thread that merges.
    pub(crate) fn run_merging(&self) {
        self.run(|shared| shared.keeper.run_merging());
    }

    /// Waits a moment for as many appends as the last commit told of: their callers are likely to
    /// come again, and one sync for all of them is cheaper than one for the first and one for the
    /// others. A caller that is alone waits for nobody.
    fn gather(&self) {
        let (there, wanted) = {
            let state = self.lock();
            let open = state.core.open.as_ref();
            (open.map_or(0, |open| open.decided.len()), state.last)
        };
        if wanted > 1 && there < wanted {
            self.queue.gather(wanted - there, GATHER_MAX);
        }
    }

    /// Waits until there is something to check or to commit; says no when nothing will come any
    /// more.
    fn wait_for_work(&self) -> bool {
        while !self.ended() {
            let state = self.lock();
            if state.core.open.is_some() || state.unsettled.is_some() {
                return true;
            }
            if self.queue.is_closed_and_empty() {
                return false;
            }
            drop(state);
            if self.queue.wait() {
                return true;
            }
        }
        false
    }

    fn pause(&self) {
        let pause = self
            .lock()
            .unsettled
            .as_ref()
            .map(|unsettled| unsettled.pause);
        if let Some(pause) = pause {
            self.log.env.sleep(pause);
        }
    }

    /// Runs a thread's work; a panic in it stops the journal instead of leaving callers waiting.
    fn run(&self, work: impl FnOnce(&Shared)) {
        if catch_unwind(AssertUnwindSafe(|| work(self))).is_err() {
            let told = self.log.check_alive().err();
            self.stop(told.unwrap_or_else(|| errors::poisoned("a panic in one of its threads")));
        }
    }

    /// Ends the journal after everything that was accepted is finished.
    pub(crate) fn finish(&self) {
        self.stop(errors::closed());
    }
}

/// Says that the journal is poisoned before a panic drops the callers that wait.
struct PoisonGuard<'a> {
    log: &'a Log,
    doing: &'static str,
}

impl Drop for PoisonGuard<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let reason = format!("a panic while {}", self.doing);
            self.log.stop(errors::poisoned(&reason));
        }
    }
}

fn nothing_to_read(seq: Seq) -> Error {
    Error::new(
        Kind::Unavailable,
        "unavailable",
        format!("commit {seq} is taken, and there is nothing to read"),
    )
}

//! How the work behind the writer goes: sealing, and merging.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use headwater_event::{Error, Timestamp};

use crate::writer::Step;

/// How sealing goes, or merging.
#[derive(Clone, Debug, Default)]
pub struct Work {
    /// What it does at the moment.
    pub state: WorkState,
    /// Segments that it made since the journal was opened.
    pub segments: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Attempts that failed since the journal was opened.
    pub failures: u64,
    /// The last of them, also when it went well since.
    pub failure: Option<WorkFailure>,
}

/// What work does at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WorkState {
    /// There is nothing to do.
    #[default]
    Idle,
    /// It makes a segment.
    Working,
    /// The last attempt failed; it is tried again after a pause.
    Failing,
}

impl WorkState {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            WorkState::Idle => "idle",
            WorkState::Working => "working",
            WorkState::Failing => "failing",
        }
    }
}

/// An attempt that failed.
#[derive(Clone, Debug)]
pub struct WorkFailure {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub error: Error,
}

/// Keeps count of one kind of work.
#[derive(Default)]
pub(crate) struct Tally {
    segments: AtomicU64,
    bytes: AtomicU64,
    failures: AtomicU64,
    working: AtomicBool,
    failing: AtomicBool,
    failure: Mutex<Option<WorkFailure>>,
}

impl Tally {
    /// Says that a step has found something to do.
    pub(crate) fn begin(&self) {
        self.working.store(true, Ordering::Relaxed);
    }

    /// Counts a segment that was made.
    pub(crate) fn made(&self, bytes: u64) {
        self.segments.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Takes in what came of a step. That the journal is being closed is no failure.
    pub(crate) fn end(&self, step: &Result<Step, Error>, now: impl FnOnce() -> Timestamp) {
        self.working.store(false, Ordering::Relaxed);
        let Err(error) = step else {
            self.failing.store(false, Ordering::Relaxed);
            return;
        };
        self.failed(error, now);
    }

    /// Takes in that something failed; see [`end`](Tally::end).
    pub(crate) fn failed(&self, error: &Error, now: impl FnOnce() -> Timestamp) {
        if error.code() == "closed" {
            return;
        }
        self.failures.fetch_add(1, Ordering::Relaxed);
        *self.last() = Some(WorkFailure {
            at: now(),
            error: error.clone(),
        });
        self.failing.store(true, Ordering::Relaxed);
    }

    /// Says that it goes well again, before the step ends.
    pub(crate) fn goes_on(&self) {
        self.failing.store(false, Ordering::Relaxed);
    }

    /// Whether it makes a segment at the moment.
    pub(crate) fn is_working(&self) -> bool {
        self.working.load(Ordering::Relaxed)
    }

    /// Whether it fails at the moment.
    pub(crate) fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }

    /// Why it fails at the moment.
    pub(crate) fn failing(&self) -> Option<Error> {
        match self.is_failing() {
            true => self.last().as_ref().map(|failure| failure.error.clone()),
            false => None,
        }
    }

    pub(crate) fn segments_made(&self) -> (u64, u64) {
        (
            self.segments.load(Ordering::Relaxed),
            self.bytes.load(Ordering::Relaxed),
        )
    }

    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// All of it.
    pub(crate) fn report(&self) -> Work {
        let state = match (
            self.working.load(Ordering::Relaxed),
            self.failing.load(Ordering::Relaxed),
        ) {
            (_, true) => WorkState::Failing,
            (true, _) => WorkState::Working,
            _ => WorkState::Idle,
        };
        let (segments, bytes) = self.segments_made();
        Work {
            state,
            segments,
            bytes,
            failures: self.failures(),
            failure: self.last().clone(),
        }
    }

    fn last(&self) -> MutexGuard<'_, Option<WorkFailure>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! The gate before reads and queries: so many run, so many wait, the others are sent away.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use headwater_event::{Error, Kind};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::limits::Limits;

/// Lets `reads_max` pass at a time.
#[derive(Debug)]
pub(crate) struct Gate {
    running: Arc<Semaphore>,
    running_max: usize,
    waiting: AtomicUsize,
    waiting_max: usize,
    wait_max: Duration,
}

/// The right to run; given back when dropped.
#[derive(Debug)]
pub(crate) struct Pass {
    _permit: OwnedSemaphorePermit,
}

/// Counts one that waits, for as long as it does.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Gate {
    pub(crate) fn new(limits: &Limits) -> Gate {
        Gate {
            running: Arc::new(Semaphore::new(limits.reads_max)),
            running_max: limits.reads_max,
            waiting: AtomicUsize::new(0),
            waiting_max: limits.reads_waiting_max,
            wait_max: limits.read_wait_max,
        }
    }

    /// Waits for a turn: 429 when too many wait already, 503 when it does not come in time.
    pub(crate) async fn pass(&self) -> Result<Pass, Error> {
        if let Ok(permit) = self.running.clone().try_acquire_owned() {
            return Ok(Pass { _permit: permit });
        }
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&self.waiting);
        if before >= self.waiting_max {
            let found = format!("{before} that wait already");
            return Err(self.full(Kind::Busy, "busy", found));
        }
        match tokio::time::timeout(self.wait_max, self.running.clone().acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Pass { _permit: permit }),
            _ => {
                let found = format!("no turn within {:?}", self.wait_max);
                Err(self.full(Kind::Unavailable, "overloaded", found))
            }
        }
    }

    fn full(&self, kind: Kind, code: &'static str, found: String) -> Error {
        Error::new(kind, code, "the server runs as many reads as it may")
            .found(found)
            .expected(format!("at most {} at the same time", self.running_max))
            .action("try again after a pause")
    }
}

/// The memory for large bodies, shared by all requests.
#[derive(Debug)]
pub(crate) struct BodyBudget {
    /// In KiB, because a semaphore counts in 32 bits.
    kib: Arc<Semaphore>,
    kib_max: usize,
}

/// Memory for a body, given back when dropped; nothing for a small one.
pub(crate) type Reserved = Option<OwnedSemaphorePermit>;

/// Bodies up to this size are held without asking: connections bound them.
pub(crate) const SMALL_BODY_BYTES: usize = 64 << 10;

/// Memory for what grows, reserved in steps and given back when dropped.
#[derive(Debug, Default)]
pub(crate) struct Growing {
    reserved: Reserved,
    /// For how many bytes it is.
    covered: usize,
}

impl Growing {
    /// Reserves memory for so many bytes together.
    pub(crate) fn grow(&mut self, bytes: usize, budget: &BodyBudget) -> Result<(), Error> {
        if let Some(more) = budget.reserve(bytes.saturating_sub(self.covered))? {
            match &mut self.reserved {
                Some(reserved) => reserved.merge(more),
                none => *none = Some(more),
            }
            self.covered = bytes;
        }
        Ok(())
    }

    /// What was reserved, to be held by whoever goes on with it.
    pub(crate) fn into_reserved(self) -> Reserved {
        self.reserved
    }

    /// Gives back what was reserved for more than so many bytes.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        if bytes >= self.covered {
            return;
        }
        self.covered = bytes;
        if let Some(reserved) = &mut self.reserved {
            let excess = reserved.num_permits().saturating_sub(bytes.div_ceil(1024)); // KiB
            drop(reserved.split(excess));
        }
    }
}

impl BodyBudget {
    /// For so many bytes.
    pub(crate) fn new(bytes_max: usize) -> BodyBudget {
        let kib_max = (bytes_max / 1024).min(Semaphore::MAX_PERMITS);
        BodyBudget {
            kib: Arc::new(Semaphore::new(kib_max)),
            kib_max,
        }
    }

    /// Reserves memory for a body.
    pub(crate) fn reserve(&self, bytes: usize) -> Result<Reserved, Error> {
        if bytes <= SMALL_BODY_BYTES {
            return Ok(None);
        }
        let kib = u32::try_from(bytes.div_ceil(1024).min(self.kib_max)).unwrap_or(u32::MAX);
        match self.kib.clone().try_acquire_many_owned(kib) {
            Ok(permit) => Ok(Some(permit)),
            Err(_) => Err(Error::new(
                Kind::Unavailable,
                "overloaded",
                "the server holds as many large bodies as it may",
            )
            .found(format!("{} KiB free", self.kib.available_permits()))
            .expected(format!("room for {kib} KiB"))
            .action("try again after a pause, or append fewer events at once")),
        }
    }
}

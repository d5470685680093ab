//! Clock, ids and randomness that a seed repeats. Nothing is spawned: the simulation takes the
//! journal's steps itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use headwater_event::{EventId, LogId, Timestamp};
use headwater_journal::env::{Env, Task};
use uuid::Uuid;

/// 2026-01-01T00:00:00Z
const START_MICROS: i64 = 1_767_225_600_000_000;

/// A clock that moves by a millisecond whenever it is read, and ids that count.
#[derive(Debug, Default)]
pub struct SimEnv {
    ticks: AtomicU64,
}

impl SimEnv {
    fn tick(&self) -> u64 {
        self.ticks.fetch_add(1, Ordering::Relaxed)
    }
}

impl Env for SimEnv {
    fn now(&self) -> Timestamp {
        let micros = START_MICROS + self.tick() as i64 * 1_000;
        Timestamp::from_micros(micros).unwrap_or(Timestamp::MAX)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.tick())
    }

    fn event_id(&self) -> EventId {
        EventId(Uuid::from_u128((7 << 64) | u128::from(self.tick())))
    }

    fn log_id(&self) -> LogId {
        LogId(Uuid::from_u128((8 << 64) | u128::from(self.tick())))
    }

    fn spawn(&self, name: &str, _work: Box<dyn FnOnce() + Send>) -> Task {
        panic!("{name}: a simulation has one thread");
    }

    fn sleep(&self, _pause: Duration) {}
}

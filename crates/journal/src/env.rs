//! The one door to clock, randomness, threads and sleep.
//!
//! Everything below `node` that needs one of them takes an [`Env`], so that a simulation can hand
//! out its own and run the same code twice with the same result. `clippy.toml` refuses the other
//! ways.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use headwater_event::{EventId, LogId, Timestamp};
use uuid::Uuid;

/// Clock, randomness, threads and sleep.
pub trait Env: Send + Sync + 'static {
    /// The wall clock. It may step back; the journal never lets recorded times do so.
    fn now(&self) -> Timestamp;

    /// Time since some fixed moment; never goes back.
    fn monotonic(&self) -> Duration;

    /// A new event id, a UUIDv7 (RFC 9562, section 5.7).
    fn event_id(&self) -> EventId;

    /// A new log id, a UUIDv7.
    fn log_id(&self) -> LogId;

    /// Runs `work` on a thread of that name.
    fn spawn(&self, name: &str, work: Box<dyn FnOnce() + Send>) -> Task;

    /// Blocks the calling thread.
    fn sleep(&self, pause: Duration);
}

/// Work that was spawned. Dropping it lets the work go on by itself.
pub struct Task {
    join: Box<dyn FnOnce() + Send>,
}

impl Task {
    /// A task that `join` waits for.
    pub fn new(join: impl FnOnce() + Send + 'static) -> Task {
        Task {
            join: Box::new(join),
        }
    }

    /// Blocks until the work has ended, also when it panicked.
    pub fn join(self) {
        (self.join)();
    }
}

/// The operating system's.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEnv;

#[expect(clippy::disallowed_methods, reason = "this is the door")]
impl Env for SystemEnv {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        let micros = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
        Timestamp::from_micros(micros).unwrap_or(Timestamp::MAX)
    }

    fn monotonic(&self) -> Duration {
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed()
    }

    fn event_id(&self) -> EventId {
        static LAST: Mutex<Uuid> = Mutex::new(Uuid::nil());
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner); // one assignment
        *last = next_id(*last, self.now()).unwrap_or_else(Uuid::now_v7);
        EventId(*last)
    }

    fn log_id(&self) -> LogId {
        LogId(Uuid::now_v7())
    }

    fn spawn(&self, name: &str, work: Box<dyn FnOnce() + Send>) -> Task {
        let handle: JoinHandle<()> = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(work)
            // Without threads nothing can go on; std::thread::spawn panics as well.
            .unwrap_or_else(|error| panic!("the thread {name} cannot be started: {error}"));
        Task::new(move || {
            // A panic was told by the panic hook, and the work itself handles it.
            let _ = handle.join();
        })
    }

    fn sleep(&self, pause: Duration) {
        std::thread::sleep(pause);
    }
}

/// The id after one that was made in the same millisecond, which costs no randomness: its random
/// tail is counted on (RFC 9562, section 6.2, method 2). Nothing where that is no longer so.
fn next_id(last: Uuid, now: Timestamp) -> Option<Uuid> {
    let millis = |id: Uuid| id.as_u128() >> 80;
    let same = millis(last) == u128::try_from(now.as_micros() / 1000).ok()?;
    let room = last.as_u128() as u32 != u32::MAX; // what is above counts the ids that are drawn
    (same && room).then(|| Uuid::from_u128(last.as_u128() + 1))
}

/// Runs work that blocks where a task of the runtime waits for it. The error is a panic of the work
/// or the end of the runtime.
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, tokio::task::JoinError> {
    tokio::task::spawn_blocking(work).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_ascend_and_are_of_version_7() {
        let ids: Vec<Uuid> = (0..10_000).map(|_| SystemEnv.event_id().0).collect();
        assert!(ids.is_sorted_by(|a, b| a < b));
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
    }

    #[test]
    fn an_id_is_counted_on_within_its_millisecond_and_its_tail() {
        let id = Uuid::from_u128(5 << 80 | 7 << 76 | 2 << 62 | 0xffff_fffe);
        let at = |micros| Timestamp::from_micros(micros).unwrap();
        let next = next_id(id, at(5_999)).unwrap();
        assert_eq!(next.as_u128(), id.as_u128() + 1);
        assert_eq!(next_id(next, at(5_999)), None, "the tail is full");
        assert_eq!(next_id(id, at(6_000)), None, "another millisecond");
    }
}

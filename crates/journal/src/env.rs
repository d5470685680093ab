//! The one door to clock, randomness, threads and sleep.
//!
//! Everything below `node` that needs one of them takes an [`Env`], so that a simulation can hand
//! out its own and run the same code twice with the same result. `clippy.toml` refuses the other
//! ways.

use std::sync::OnceLock;
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
        EventId(Uuid::now_v7())
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

/// Runs work that blocks where a task of the runtime waits for it. The error is a panic of the work
/// or the end of the runtime.
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, tokio::task::JoinError> {
    tokio::task::spawn_blocking(work).await
}

//! A database as the node holds it: a name and an id while it sleeps, a journal while it is awake.
//!
//! ```text
//!            first use                      opened
//! asleep -----------------> waking ---------------------> awake
//!   ^  ^                      |                             |
//!   |  +----------------------+ cannot be opened            | idle, deleted, poisoned
//!   +---------------------- falling asleep <----------------+
//! ```
//!
//! * A change of state is made by one task at a time, the one that holds `turn`; a task that waits
//!   for it looks again when it has it. So waking is single flight, also when it fails.
//! * It runs in a task of its own: who asked for it may go away.
//! * Uses are counted under the lock of the slot, so what is in use never falls asleep.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use headwater_event::{Error, Kind, LogId, Position, Timestamp};
use tokio::runtime::Handle;

use crate::awake::Awake;
use crate::{DatabaseId, DatabaseName, Parts};

/// A database, awake or not.
pub(crate) struct Database {
    pub(crate) id: DatabaseId,
    pub(crate) name: DatabaseName,
    pub(crate) log_id: LogId,
    pub(crate) created_at: Timestamp,
    /// Where waking and closing go on, also when who asked for them is gone.
    runtime: Handle,
    /// Into how many parts its categories are shared out, and since which event of `_system`.
    parts: Mutex<(Parts, Position)>,
    slot: Mutex<Slot>,
    turn: tokio::sync::Mutex<()>,
    /// Told when it woke, and when it is gone.
    changed: tokio::sync::Notify,
}

#[derive(Default)]
struct Slot {
    state: State,
    /// Why it cannot be used, or could not the last time.
    reason: Option<Error>,
    /// Attempts to wake that have ended.
    attempts: u64,
    /// It was deleted, or the node is shut down: it is not woken again.
    gone: Option<Error>,
    /// The last position when it fell asleep.
    head: Option<Position>,
}

#[derive(Default)]
enum State {
    #[default]
    Asleep,
    Waking,
    Awake(Arc<Awake>),
    FallingAsleep(Arc<Awake>),
}

/// A state as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DatabaseState {
    /// It costs nothing but its name.
    Asleep,
    /// Its log is being opened.
    Waking,
    /// Its log is open.
    Awake,
    /// Its log is being closed.
    FallingAsleep,
    /// It met a panic or damage and was closed. The next use opens it again.
    Poisoned,
}

impl DatabaseState {
    /// All of them.
    pub const ALL: [DatabaseState; 5] = [
        DatabaseState::Asleep,
        DatabaseState::Waking,
        DatabaseState::Awake,
        DatabaseState::FallingAsleep,
        DatabaseState::Poisoned,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            DatabaseState::Asleep => "asleep",
            DatabaseState::Waking => "waking",
            DatabaseState::Awake => "awake",
            DatabaseState::FallingAsleep => "falling_asleep",
            DatabaseState::Poisoned => "poisoned",
        }
    }
}

/// What a task is told that wants to use a database.
enum Door {
    Open(Use),
    /// It must be woken; so many attempts had ended.
    Closed {
        attempts: u64,
    },
}

impl Database {
    pub(crate) fn new(
        id: DatabaseId,
        name: DatabaseName,
        log_id: LogId,
        created_at: Timestamp,
        runtime: Handle,
    ) -> Database {
        Database {
            id,
            name,
            log_id,
            created_at,
            runtime,
            parts: Mutex::default(),
            slot: Mutex::default(),
            turn: tokio::sync::Mutex::new(()),
            changed: tokio::sync::Notify::new(),
        }
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner) // each change is one assignment
    }

    /// Into how many parts its categories are shared out, and since which event of `_system`.
    pub(crate) fn parts(&self) -> (Parts, Position) {
        *self.parts.lock().unwrap_or_else(PoisonError::into_inner) // one assignment
    }

    /// Takes what was recorded.
    pub(crate) fn set_parts(&self, parts: Parts, since: Position) {
        *self.parts.lock().unwrap_or_else(PoisonError::into_inner) = (parts, since); // as above
    }

    /// The state as it is shown, and why it is poisoned.
    pub(crate) fn state(&self) -> (DatabaseState, Option<Error>) {
        let slot = self.slot();
        let state = match (&slot.state, &slot.reason) {
            (State::Waking, _) => DatabaseState::Waking,
            (State::Awake(_), _) => DatabaseState::Awake,
            (State::FallingAsleep(_), _) => DatabaseState::FallingAsleep,
            (State::Asleep, Some(_)) => DatabaseState::Poisoned,
            (State::Asleep, None) => DatabaseState::Asleep,
        };
        (state, slot.reason.clone())
    }

    /// What is open, without using it.
    pub(crate) fn peek(&self) -> Option<Arc<Awake>> {
        match &self.slot().state {
            State::Awake(awake) => Some(awake.clone()),
            _ => None,
        }
    }

    /// What is open, or being closed: it counts here until it is [retired](Awake::retire).
    pub(crate) fn counted(&self) -> Option<Arc<Awake>> {
        match &self.slot().state {
            State::Awake(awake) | State::FallingAsleep(awake) => Some(awake.clone()),
            State::Asleep | State::Waking => None,
        }
    }

    /// The last position, where it is known without waking.
    pub(crate) fn known_head(&self) -> Option<Position> {
        let slot = self.slot();
        match &slot.state {
            State::Awake(awake) | State::FallingAsleep(awake) => {
                Some(awake.journal.head().position)
            }
            State::Asleep | State::Waking => slot.head,
        }
    }

    /// Waits for the head to be beyond a position, awake or not.
    pub(crate) async fn head_beyond(&self, position: Position) -> Result<Position, Error> {
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable(); // before it is looked at, so that no change is missed
            if let Some(gone) = &self.slot().gone {
                return Err(gone.clone());
            }
            let heads = self.peek().map(|awake| awake.journal.watch_head());
            let Some(mut heads) = heads else {
                match self.known_head() {
                    Some(head) if head > position => return Ok(head),
                    _ => changed.await,
                }
                continue;
            };
            let moved = async {
                let head = heads.wait_for(|head| *head > position).await;
                head.ok().map(|head| *head)
            };
            tokio::select! {
                head = moved => match head {
                    Some(head) => return Ok(head),
                    None => changed.await, // it is closed: it sleeps, or is gone soon
                },
                () = &mut changed => {}
            }
        }
    }

    /// Uses the database, and wakes it first with `open` when it sleeps. When somebody else is
    /// waking it, their outcome is ours.
    pub(crate) async fn wake<F, O>(self: Arc<Self>, open: O) -> Result<Use, Error>
    where
        F: Future<Output = Result<Awake, Error>> + Send + 'static,
        O: FnOnce(Arc<Database>) -> F + Send + 'static,
    {
        let attempts = match self.door()? {
            Door::Open(using) => return Ok(using),
            Door::Closed { attempts } => attempts,
        };
        let runtime = self.runtime.clone();
        let waking = runtime.spawn(async move {
            let _turn = self.turn.lock().await;
            match self.door()? {
                Door::Open(using) => return Ok(using),
                Door::Closed { attempts: now } if now > attempts => {
                    if let Some(reason) = self.slot().reason.clone() {
                        return Err(reason);
                    }
                }
                Door::Closed { .. } => {}
            }
            self.slot().state = State::Waking;
            let opened = open(self.clone()).await;
            self.woken(opened)
        });
        waking.await.unwrap_or_else(|error| Err(panicked(&error)))
    }

    fn door(self: &Arc<Self>) -> Result<Door, Error> {
        let slot = self.slot();
        if let Some(gone) = &slot.gone {
            return Err(gone.clone());
        }
        Ok(match &slot.state {
            State::Awake(awake) => Door::Open(Use::begin(self, awake)),
            _ => Door::Closed {
                attempts: slot.attempts,
            },
        })
    }

    fn woken(self: &Arc<Self>, opened: Result<Awake, Error>) -> Result<Use, Error> {
        let mut slot = self.slot();
        slot.attempts += 1;
        match opened {
            Ok(awake) => {
                let awake = Arc::new(awake);
                slot.state = State::Awake(awake.clone());
                slot.reason = None;
                self.changed.notify_waiters();
                Ok(Use::begin(self, &awake))
            }
            Err(error) => {
                slot.state = State::Asleep;
                slot.reason = Some(error.clone());
                Err(error)
            }
        }
    }

    /// Closes what is open, if `when` says so, and remembers the reason. Returns once it is closed.
    async fn close(&self, reason: Option<Error>, when: impl Fn(&Arc<Awake>) -> bool) {
        let _turn = self.turn.lock().await;
        let awake = {
            let mut slot = self.slot();
            let awake = match &slot.state {
                State::Awake(awake) if when(awake) => awake.clone(),
                _ => return,
            };
            slot.state = State::FallingAsleep(awake.clone());
            slot.reason = reason;
            awake
        };
        awake.close().await;
        awake.retire(|| {
            let mut slot = self.slot();
            slot.state = State::Asleep;
            slot.head = slot.reason.is_none().then(|| awake.journal.head().position);
        });
        self.changed.notify_waiters();
    }

    /// Closes it if nobody uses it and nobody has since `before`, on the monotonic clock.
    pub(crate) async fn fall_asleep(&self, before: Duration) {
        self.close(None, |awake| awake.is_idle_since(before)).await;
    }

    /// Closes it for good; it answers `gone` from now on.
    pub(crate) async fn end(&self, gone: Error) {
        self.slot().gone = Some(gone);
        self.changed.notify_waiters();
        self.close(None, |_| true).await;
    }
}

/// The use of a database that is awake. It does not fall asleep as long as this lives.
pub(crate) struct Use {
    pub(crate) database: Arc<Database>,
    pub(crate) awake: Arc<Awake>,
}

impl Use {
    /// Called with the slot locked.
    fn begin(database: &Arc<Database>, awake: &Arc<Awake>) -> Use {
        awake.uses.begin();
        Use {
            database: database.clone(),
            awake: awake.clone(),
        }
    }

    /// Looks at what came of an operation. After a panic or damage the database is closed with
    /// that as its reason; the next use opens it again from its log.
    pub(crate) fn judge(&self, error: Error) -> Error {
        let broken =
            matches!(error.kind(), Kind::Damaged | Kind::Internal) || error.code() == "poisoned";
        if broken {
            tracing::error!(database = %self.database.name, %error, "the database is closed");
            let (database, awake) = (self.database.clone(), self.awake.clone());
            let reason = error.clone();
            let runtime = database.runtime.clone();
            runtime.spawn(async move {
                let same = |open: &Arc<Awake>| Arc::ptr_eq(open, &awake);
                database.close(Some(reason), same).await;
            });
        }
        error
    }
}

impl Clone for Use {
    fn clone(&self) -> Use {
        self.awake.uses.begin();
        Use {
            database: self.database.clone(),
            awake: self.awake.clone(),
        }
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        self.awake.end_use();
    }
}

/// How many use it, and since when nobody does.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    count: AtomicUsize,
    /// On the monotonic clock.
    last_micros: AtomicU64,
}

impl Uses {
    fn begin(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// The time is stored first, so that who sees no use sees when it ended.
    pub(crate) fn end(&self, now: Duration) {
        let micros = u64::try_from(now.as_micros()).unwrap_or(u64::MAX);
        self.last_micros.store(micros, Ordering::Relaxed);
        self.count.fetch_sub(1, Ordering::Release);
    }

    pub(crate) fn is_idle_since(&self, before: Duration) -> bool {
        self.count.load(Ordering::Acquire) == 0
            && Duration::from_micros(self.last_micros.load(Ordering::Relaxed)) <= before
    }
}

/// A task that ended by a panic.
pub(crate) fn panicked(error: &tokio::task::JoinError) -> Error {
    Error::new(
        Kind::Internal,
        "panicked",
        "the work met a defect of headwater",
    )
    .found(error)
    .action("retry with the same event ids; the server's log tells more")
}

//! A transaction of a session: one position for everything that it reads, and one append of
//! everything that it writes.

use std::sync::Arc;

use headwater_event::Position;
use headwater_event::limits::{APPEND_BYTES_MAX, APPEND_EVENTS_MAX};
use pgwire::messages::response::TransactionStatus;

use crate::gate::{BodyBudget, Growing};
use crate::postgres::failure::Failure;
use crate::postgres::insert::Rows;
use crate::postgres::settings::Settings;

/// Savepoints of a transaction.
const SAVEPOINTS_MAX: usize = 1_000;

/// Bytes of an event beside its data, about.
const EVENT_BYTES: usize = 256;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// There is none: each statement stands for itself.
    #[default]
    None,
    /// The statements of one message are one.
    Implicit,
    /// `begin` was said.
    Open,
    /// A statement failed; the rest is not run.
    Failed,
}

/// A transaction, or none.
#[derive(Default)]
pub(crate) struct Transaction {
    phase: Phase,
    /// What its first query reflected, and so do the others.
    pub(crate) position: Option<Position>,
    pub(crate) read_only: bool,
    /// What each insert will write.
    inserts: Vec<Rows>,
    /// How much that is.
    events: usize,
    bytes: usize,
    /// Memory that was reserved for them.
    reserved: Growing,
    savepoints: Vec<Savepoint>,
    /// The settings as they were when it began.
    saved: Option<Arc<Settings>>,
    /// The settings as they will be after it: without those that end with it.
    kept: Option<Arc<Settings>>,
}

/// A place in a transaction to go back to.
struct Savepoint {
    name: String,
    /// How many inserts there were before it.
    inserts: usize,
    /// The settings as they were, and as they would have been after the transaction.
    settings: Arc<Settings>,
    kept: Option<Arc<Settings>>,
}

impl Transaction {
    /// What the client is told with each `ReadyForQuery`.
    pub(crate) fn status(&self) -> TransactionStatus {
        match self.phase {
            Phase::None | Phase::Implicit => TransactionStatus::Idle,
            Phase::Open => TransactionStatus::Transaction,
            Phase::Failed => TransactionStatus::Error,
        }
    }

    /// Whether statements see one position and inserts wait for the end.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Implicit | Phase::Open)
    }

    /// Whether `begin` was said, and nothing has ended it.
    pub(crate) fn is_block(&self) -> bool {
        matches!(self.phase, Phase::Open | Phase::Failed)
    }

    pub(crate) fn is_failed(&self) -> bool {
        self.phase == Phase::Failed
    }

    /// Makes the statements of one message one transaction, unless they stand in one already.
    pub(crate) fn begin_implicit(&mut self, settings: &Arc<Settings>) {
        if self.phase == Phase::None {
            self.phase = Phase::Implicit;
            self.saved = Some(Arc::clone(settings));
            self.kept = Some(Arc::clone(settings));
        }
    }

    /// Begins a block; one that is implicit goes on in it.
    pub(crate) fn begin(&mut self, settings: &Arc<Settings>, read_only: bool) {
        self.begin_implicit(settings);
        self.phase = Phase::Open;
        self.read_only = read_only;
    }

    /// A statement failed.
    pub(crate) fn fail(&mut self) {
        if self.phase == Phase::Open {
            self.phase = Phase::Failed;
        }
    }

    /// Ends it. Gives what it was.
    pub(crate) fn end(&mut self) -> Transaction {
        std::mem::take(self)
    }

    /// Keeps an insert until the end, in memory that all connections share.
    pub(crate) fn keep(&mut self, rows: Rows, memory: &BodyBudget) -> Result<(), Failure> {
        let (events, bytes) = (self.events + rows.events.len(), self.bytes + rows.bytes);
        if events > APPEND_EVENTS_MAX || bytes > APPEND_BYTES_MAX {
            let message = "the transaction appends more than one append may hold";
            return Err(Failure::new("54000", message)
                .detail(format!(
                    "Found {events} events of {bytes} bytes, expected at most {APPEND_EVENTS_MAX} of {APPEND_BYTES_MAX}."
                ))
                .hint("Commit in smaller parts."));
        }
        let held = bytes + events * EVENT_BYTES;
        self.reserved.grow(held, memory)?;
        (self.events, self.bytes) = (events, bytes);
        self.inserts.push(rows);
        Ok(())
    }

    /// Gives back the memory that was reserved for more than there is.
    fn give_back(&mut self) {
        let held = self.bytes + self.events * EVENT_BYTES;
        self.reserved.shrink(held);
    }

    /// Everything that it writes, as one append; `None` if it writes nothing.
    pub(crate) fn rows(&mut self) -> Result<Option<Rows>, Failure> {
        let mut inserts = std::mem::take(&mut self.inserts).into_iter();
        let Some(mut all) = inserts.next() else {
            return Ok(None);
        };
        inserts.try_for_each(|rows| all.extend(rows))?;
        Ok(Some(all))
    }

    /// Whether it will append.
    pub(crate) fn writes(&self) -> bool {
        !self.inserts.is_empty()
    }

    /// The settings after it is committed; nothing where there is no transaction.
    pub(crate) fn kept(&mut self) -> Option<&mut Arc<Settings>> {
        self.kept.as_mut()
    }

    /// The settings after it was committed, if there was one.
    pub(crate) fn committed(self) -> Option<Arc<Settings>> {
        self.kept
    }

    /// The settings after it was rolled back, if there was one.
    pub(crate) fn rolled_back(self) -> Option<Arc<Settings>> {
        self.saved
    }

    /// How many savepoints there are.
    pub(crate) fn depth(&self) -> usize {
        self.savepoints.len()
    }

    /// Sets a savepoint.
    pub(crate) fn savepoint(
        &mut self,
        name: String,
        settings: &Arc<Settings>,
    ) -> Result<(), Failure> {
        if self.savepoints.len() >= SAVEPOINTS_MAX {
            let message = format!("more than {SAVEPOINTS_MAX} savepoints in one transaction");
            return Err(Failure::new("54000", message));
        }
        self.savepoints.push(Savepoint {
            name,
            inserts: self.inserts.len(),
            settings: Arc::clone(settings),
            kept: self.kept.clone(),
        });
        Ok(())
    }

    /// Forgets a savepoint and those after it.
    pub(crate) fn release(&mut self, name: &str) -> Result<(), Failure> {
        let at = self.find(name)?;
        self.savepoints.truncate(at);
        Ok(())
    }

    /// Goes back to a savepoint, which stays; what failed since is forgotten. Gives the settings as
    /// they were.
    pub(crate) fn rollback_to(&mut self, name: &str) -> Result<Arc<Settings>, Failure> {
        let at = self.find(name)?;
        let savepoint = &self.savepoints[at];
        let settings = Arc::clone(&savepoint.settings);
        self.kept.clone_from(&savepoint.kept);
        for rows in self.inserts.drain(savepoint.inserts..) {
            self.events -= rows.events.len();
            self.bytes -= rows.bytes;
        }
        self.give_back();
        self.savepoints.truncate(at + 1);
        self.phase = Phase::Open;
        Ok(settings)
    }

    fn find(&self, name: &str) -> Result<usize, Failure> {
        let found = self.savepoints.iter().rposition(|known| known.name == name);
        found.ok_or_else(|| Failure::new("3B001", format!("savepoint \"{name}\" does not exist")))
    }
}

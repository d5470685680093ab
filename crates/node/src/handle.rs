//! The use of one database: append, read, follow, list streams, verify, look where its bytes are.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use headwater_event::{
    Append, ChainPoint, CheckedAppend, Error, Kind, LogId, Outcome, Position, Query, Timestamp,
};
use headwater_journal::{
    Batch, Direction, Follower, Layout, Page, Progress, Read, StreamPage, Verified,
};

use crate::database::Use;
use crate::layout::Place;
use crate::node::{Inner, blocking, refuse_system};
use crate::{DatabaseFigures, DatabaseId, DatabaseName, Identity, Role};

/// The use of a database, which stays awake as long as this lives. A clone is another use of the
/// same one.
///
/// After a panic or damage in one of its operations the database is closed with that as its
/// reason. The other databases of the node go on.
#[derive(Clone)]
pub struct DatabaseHandle {
    pub(crate) node: Arc<Inner>,
    pub(crate) using: Use,
    /// Whose name stands in what is appended.
    who: Option<Identity>,
}

impl DatabaseHandle {
    pub(crate) fn new(node: Arc<Inner>, using: Use) -> DatabaseHandle {
        let who = None;
        DatabaseHandle { node, using, who }
    }

    /// The same use, by somebody whose name stands as `actor` in the metadata of what they append.
    pub(crate) fn by(self, who: &Identity) -> DatabaseHandle {
        let who = Some(who.clone());
        DatabaseHandle { who, ..self }
    }

    /// Its name.
    pub fn name(&self) -> &DatabaseName {
        &self.using.database.name
    }

    /// Its identity.
    pub fn id(&self) -> DatabaseId {
        self.using.database.id
    }

    /// The identity of its log, which cursors carry.
    pub fn log_id(&self) -> LogId {
        self.using.awake.journal.log_id()
    }

    /// The position of the last committed event.
    pub fn head(&self) -> Position {
        self.using.awake.journal.head().position
    }

    /// Refuses a cursor of another log (`other_log`) or beyond the head (`position_ahead`).
    pub fn check_cursor(&self, log_id: Option<LogId>, position: Position) -> Result<(), Error> {
        self.using.awake.journal.check_cursor(log_id, position)
    }

    /// Writes all events of the append next to each other, or none of them; see
    /// [`Journal::append`](headwater_journal::Journal::append) for what is durable on return and
    /// for cancellation. `_system` refuses; so does a handle of somebody who may not write, and an
    /// append that gives another `actor` than their key's name (`other_actor`).
    pub async fn append(
        &self,
        append: Append,
        deadline: Option<Duration>,
    ) -> Result<Outcome, Error> {
        refuse_system(self.name())?;
        self.append_checked(append.checked()?, deadline).await
    }

    /// As [`append`](Self::append), for an append that was checked by itself before.
    pub async fn append_checked(
        &self,
        append: CheckedAppend,
        deadline: Option<Duration>,
    ) -> Result<Outcome, Error> {
        let append = self.admitted(append)?;
        let journal = &self.using.awake.journal;
        self.appended(journal.append_checked(append, deadline))
            .await
    }

    /// As [`append_checked`](Self::append_checked), on a thread that has nothing else to do: it may
    /// [block](headwater_journal::Journal::append_here) for as long as the disk takes.
    pub async fn append_here(
        &self,
        append: CheckedAppend,
        deadline: Option<Duration>,
    ) -> Result<Outcome, Error> {
        let append = self.admitted(append)?;
        let journal = &self.using.awake.journal;
        self.appended(journal.append_here(append, deadline)).await
    }

    fn admitted(&self, append: CheckedAppend) -> Result<CheckedAppend, Error> {
        refuse_system(self.name())?;
        self.signed(append)
    }

    /// The outcome of an append; a panic on the way to it closes this database and no other.
    async fn appended(
        &self,
        appending: impl Future<Output = Result<Outcome, Error>>,
    ) -> Result<Outcome, Error> {
        let outcome = match AssertUnwindSafe(appending).catch_unwind().await {
            Ok(outcome) => outcome,
            Err(_) => Err(panicked()), // the panic hook has told of it
        };
        outcome.map_err(|error| self.using.judge(error))
    }

    /// The append under the name of who appends it, if they may.
    fn signed(&self, append: CheckedAppend) -> Result<CheckedAppend, Error> {
        let Some(who) = &self.who else {
            return Ok(append);
        };
        who.may(Role::Write, Some(self.name()))?;
        match who.actor() {
            Some(actor) => append.by(actor),
            None => Ok(append),
        }
    }

    /// Reads a page; a cursor of another log is refused.
    pub async fn read(&self, log_id: Option<LogId>, read: Read) -> Result<Page, Error> {
        let (Direction::Forward { after: cursor } | Direction::Backward { before: cursor }) =
            read.direction;
        if log_id.is_some() {
            self.check_cursor(log_id, cursor.min(self.head()))?;
        }
        let journal = self.using.awake.journal.clone();
        self.blocking(move || journal.read(&read)).await
    }

    /// Position of the last event that was recorded at the instant or before it; 0 if there is
    /// none.
    pub async fn position_at(&self, instant: Timestamp) -> Result<Position, Error> {
        let journal = self.using.awake.journal.clone();
        self.blocking(move || journal.position_at(instant)).await
    }

    /// Follows the events that match, after a position of this log. The database stays awake as
    /// long as the follow lives.
    pub fn follow(
        &self,
        log_id: Option<LogId>,
        query: Query,
        after: Position,
    ) -> Result<Follow, Error> {
        self.check_cursor(log_id, after)?;
        let follower = self.using.awake.journal.follow(query, after);
        Ok(Follow {
            follower: follower.map_err(|error| self.using.judge(error))?,
            using: self.using.clone(),
        })
    }

    /// The streams whose names begin with `prefix`, after the name `after`, by name.
    pub async fn streams(
        &self,
        prefix: String,
        after: Option<String>,
        limit: usize,
    ) -> Result<StreamPage, Error> {
        let journal = self.using.awake.journal.clone();
        self.blocking(move || journal.streams(&prefix, after.as_deref(), limit))
            .await
    }

    /// Reads the whole log again and checks everything; with `against`, a point that
    /// somebody kept of it, also that nothing up to there was changed since. `progress` is told from time
    /// to time how far it is, on another thread; its error ends the verification.
    pub async fn verify(
        &self,
        against: Option<ChainPoint>,
        mut progress: impl FnMut(Progress) -> Result<(), Error> + Send + 'static,
    ) -> Result<Verified, Error> {
        let journal = self.using.awake.journal.clone();
        self.blocking(move || match against {
            Some(kept) => journal.verify_against(kept, &mut progress),
            None => journal.verify(&mut progress),
        })
        .await
    }

    /// Whether the log goes on from a point that somebody kept of it: `position_ahead` if it ends
    /// before, `chain_differs` if it is another one. For a few reads.
    pub async fn check_goes_on_from(&self, kept: ChainPoint) -> Result<(), Error> {
        let journal = self.using.awake.journal.clone();
        self.blocking(move || journal.check_goes_on_from(kept))
            .await
    }

    /// Where the bytes of the log are, and how sealing and merging go.
    pub async fn layout(&self) -> Result<Layout, Error> {
        let journal = self.using.awake.journal.clone();
        self.blocking(move || journal.layout()).await
    }

    /// Figures of the log, and how many projections there are. Wakes no read model.
    pub async fn figures(&self) -> Result<DatabaseFigures, Error> {
        let log = self.using.awake.journal.stats();
        let facts = self.node.facts(self.id()).await?;
        Ok(DatabaseFigures {
            log: log.map_err(|error| self.using.judge(error))?,
            projections: crate::projections::names(&facts).len(),
        })
    }

    /// Its directories.
    pub(crate) fn place(&self) -> Place {
        Place::of_database(&self.node.root, &self.using.database)
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        blocking(work)
            .await
            .map_err(|error| self.using.judge(error))
    }
}

/// A cursor that follows a query, and keeps its database awake.
pub struct Follow {
    follower: Follower,
    using: Use,
}

impl Follow {
    /// The next events, or how far it looked when `stop` comes first. May be dropped at any await
    /// and called again: nothing is lost and nothing comes twice.
    pub async fn next_or(&mut self, stop: impl Future<Output = ()>) -> Result<Batch, Error> {
        let batch = self.follower.next_or(stop).await;
        batch.map_err(|error| self.using.judge(error))
    }

    /// The identity of the log, which cursors carry.
    pub fn log_id(&self) -> LogId {
        self.using.awake.journal.log_id()
    }

    /// Everything up to here was looked at.
    pub fn scanned(&self) -> Position {
        self.follower.scanned()
    }
}

fn panicked() -> Error {
    Error::new(
        Kind::Internal,
        "panicked",
        "the append met a defect of headwater",
    )
    .action("retry with the same event ids; the server's log tells more")
}

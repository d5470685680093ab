//! A session: what one connection has set, prepared and begun. It waits for messages, answers them
//! one after another, and keeps no database awake while it waits.

use std::collections::HashMap;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use headwater_event::Position;
use headwater_node::{DatabaseHandle, DatabaseName, Identity, Role, RowBatch};
use pgwire::messages::response::{CommandComplete, ReadyForQuery};
use tokio::sync::watch;

use crate::app::Shared;
use crate::postgres::backends::Backend;
use crate::postgres::client::{Client, Frame, Lost};
use crate::postgres::extended::{Portal, Statement};
use crate::postgres::failure::Failure;
use crate::postgres::frontend::Frontend;
use crate::postgres::listen::Listening;
use crate::postgres::rows;
use crate::postgres::running::Running;
use crate::postgres::settings::Settings;
use crate::postgres::transaction::Transaction;
use crate::postgres::values::Format;

/// What one connection has.
pub(crate) struct Session {
    pub(crate) app: Shared,
    pub(crate) client: Client,
    pub(crate) backend: Backend,
    /// Who it is.
    pub(crate) who: Identity,
    pub(crate) database: DatabaseName,
    pub(crate) settings: Arc<Settings>,
    /// Statements by name; the unnamed one under the empty name.
    pub(crate) statements: HashMap<String, Arc<Statement>>,
    /// Portals and cursors by name, as above.
    pub(crate) portals: HashMap<String, Portal>,
    pub(crate) transaction: Transaction,
    pub(crate) listening: Listening,
    /// The position that the last query reflected.
    pub(crate) reflected: Option<Position>,
    /// After an error of the extended protocol: until the next `Sync` nothing is done.
    skipping: bool,
}

/// Why a message could not be answered to its end.
pub(crate) enum Ended {
    /// The client is told, and the connection goes on.
    Failure(Failure),
    /// The connection ends.
    Lost(Lost),
}

impl<E: Into<Failure>> From<E> for Ended {
    fn from(failure: E) -> Ended {
        Ended::Failure(failure.into())
    }
}

impl From<Lost> for Ended {
    fn from(lost: Lost) -> Ended {
        Ended::Lost(lost)
    }
}

impl From<std::io::Error> for Ended {
    fn from(error: std::io::Error) -> Ended {
        Ended::Lost(error.into())
    }
}

/// Why somebody who was let in is not any more.
fn revoked(who: &Identity) -> Failure {
    let reason = match who.name() {
        Some(name) => format!("the key {name} was revoked"),
        None => "the server asks for a key from now on".to_owned(),
    };
    Failure::new("57P01", format!("terminating connection: {reason}"))
}

impl Session {
    pub(crate) fn new(
        app: Shared,
        client: Client,
        backend: Backend,
        who: Identity,
        database: DatabaseName,
        settings: Settings,
    ) -> Box<Session> {
        Box::new(Session {
            app,
            client,
            backend,
            who,
            database,
            settings: Arc::new(settings),
            statements: HashMap::new(),
            portals: HashMap::new(),
            transaction: Transaction::default(),
            listening: Listening::default(),
            reflected: None,
            skipping: false,
        })
    }

    /// Answers until the client goes, the server stops, or the key is revoked: what runs then is broken
    /// off.
    pub(crate) async fn run(mut self: Box<Self>, stopping: watch::Receiver<bool>) {
        let who = self.who.clone();
        // What ends it is waited for once, and not anew with every message.
        let mut ended = pin!(who.ended());
        let mut stopped = stopping.clone();
        let mut stopped = pin!(async {
            let _ = stopped.wait_for(|stopping| *stopping).await; // or the server is gone
        });
        let lost = loop {
            let answered = match self.wait(stopped.as_mut(), ended.as_mut()).await {
                Ok(frame) => tokio::select! {
                    biased;
                    answered = Box::pin(self.answer_all(frame, &stopping)) => answered,
                    () = ended.as_mut() => Err(revoked(&who).into()),
                },
                Err(lost) => Err(lost),
            };
            if let Err(lost) = answered {
                break lost;
            }
        };
        if let Lost::Failure(failure) = lost {
            self.app.metrics.statement("connection", failure.sqlstate());
            self.client.farewell(&failure).await;
        }
    }

    /// Uses the database, if the client may do this with it.
    pub(crate) async fn use_for(&self, role: Role) -> Result<DatabaseHandle, Failure> {
        let node = &self.app.node;
        Ok(node.database_for(&self.who, role, &self.database).await?)
    }

    /// Waits for the next message.
    async fn wait(
        &mut self,
        mut stopped: Pin<&mut impl Future<Output = ()>>,
        mut ended: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<Frame, Lost> {
        let idle_max = self.idle_max();
        let idle = async {
            match idle_max {
                Some(idle_max) => tokio::time::sleep(idle_max).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(idle);
        loop {
            let can_be_told = !self.transaction.is_block() && !self.skipping;
            tokio::select! {
                biased;
                () = &mut stopped => return Err(Failure::new(
                    "57P01",
                    "terminating connection due to administrator command",
                ).into()),
                () = &mut ended => return Err(revoked(&self.who).into()),
                frame = self.client.next() => return frame,
                () = &mut idle => return Err(Failure::new(
                    "25P03",
                    "terminating connection due to idle-in-transaction timeout",
                ).into()),
                notices = self.listening.next(), if can_be_told => {
                    self.notify(notices);
                    self.client.flush().await?;
                }
            }
        }
    }

    /// How long it may wait with a transaction open, or with a portal, which keeps its database awake
    /// until the next `Sync`.
    fn idle_max(&self) -> Option<Duration> {
        let most = self.app.limits.idle_in_transaction_max;
        let wanted = self.settings.span("idle_in_transaction_session_timeout");
        let bound = wanted.map_or(most, |wanted| wanted.min(most));
        (self.transaction.is_block() || !self.portals.is_empty()).then_some(bound)
    }

    /// Answers a message, and those that have come with it.
    async fn answer_all(
        &mut self,
        first: Frame,
        stopping: &watch::Receiver<bool>,
    ) -> Result<(), Lost> {
        let mut next = Some(first);
        while let Some(frame) = next {
            self.answer(frame).await?;
            tokio::task::consume_budget().await; // the other connections of the lane have their turn
            next = match *stopping.borrow() {
                true => None,
                false => self.client.take_frame()?,
            };
        }
        Ok(())
    }

    /// Answers a message.
    async fn answer(&mut self, frame: Frame) -> Result<(), Lost> {
        if self.skipping && !matches!(frame.kind, b'S' | b'X') {
            return Ok(()); // not even looked at
        }
        let message = match Frontend::read(frame.kind, frame.body.clone()) {
            Ok(message) => message,
            Err(failure) => return self.failed(failure, frame.kind == b'Q').await,
        };
        match message {
            Frontend::Terminate => return Err(Lost::Gone),
            Frontend::OfCopy => return Ok(()), // PostgreSQL passes over it as well
            Frontend::Query(text) => return self.simple(&text).await,
            Frontend::Flush => self.client.flush().await?,
            Frontend::Sync => return self.sync().await,
            message => match self.extended(message, frame.reserved).await {
                Ok(()) if self.client.is_full() => self.client.flush().await?,
                Ok(()) => {}
                Err(Ended::Failure(failure)) => return self.failed(failure, false).await,
                Err(Ended::Lost(lost)) => return Err(lost),
            },
        }
        Ok(())
    }

    /// Tells a failure. In the extended protocol nothing is done until the client has synced.
    async fn failed(&mut self, failure: Failure, is_simple: bool) -> Result<(), Lost> {
        self.report(&failure);
        if is_simple {
            self.ready();
        }
        self.skipping = !is_simple;
        self.client.flush().await?;
        Ok(())
    }

    /// Tells a failure, and ends what it ends.
    pub(crate) fn report(&mut self, failure: &Failure) {
        self.client.say(&failure.response());
        self.transaction.fail();
        // What was begun before a savepoint goes on where a client goes back to it.
        if !self.transaction.is_open() && self.transaction.depth() == 0 {
            self.portals.clear();
        }
    }

    /// Ends a series of messages: outside of a block everything that it began is over.
    async fn sync(&mut self) -> Result<(), Lost> {
        self.skipping = false;
        if !self.transaction.is_block() {
            self.portals.clear();
        }
        self.ready();
        self.client.flush().await?;
        Ok(())
    }

    /// Says that the next statement may come; before that, what the client listens to and is there.
    pub(crate) fn ready(&mut self) {
        if !self.transaction.is_block()
            && let Some(notices) = self.listening.next().now_or_never()
        {
            self.notify(notices);
        }
        let status = self.transaction.status();
        self.client.say(&ReadyForQuery::new(status));
    }

    /// Writes rows of a statement, at most so many (0 for all), as text where no format is given.
    /// `false` if there are more.
    pub(crate) async fn write_rows(
        &mut self,
        running: &mut Running,
        formats: &[Format],
        rows_max: u64,
    ) -> Result<bool, Ended> {
        let mut written = 0;
        while self.fill(running).await? {
            if rows_max > 0 && written >= rows_max {
                return Ok(false);
            }
            while let Some(row) = running.take() {
                self.write_row(running, &row, formats)?;
                written += 1;
                if self.client.is_full() {
                    self.client.flush().await?;
                }
                if written == rows_max {
                    break;
                }
            }
        }
        Ok(true)
    }

    /// Waits until a statement has more rows, as long as the client is there. `false` at the end.
    pub(crate) async fn fill(&mut self, running: &mut Running) -> Result<bool, Ended> {
        tokio::select! {
            biased; // rows that are there are taken
            filled = running.fill() => Ok(filled?),
            () = self.client.gone() => Err(Lost::Gone.into()),
        }
    }

    /// All rows of a statement. The caller bounds them.
    pub(crate) async fn all(&mut self, mut running: Running) -> Result<RowBatch, Ended> {
        let mut rows = Vec::new();
        while self.fill(&mut running).await? {
            rows.extend(std::iter::from_fn(|| running.take()));
        }
        Ok(rows)
    }

    fn write_row(
        &mut self,
        running: &Running,
        row: &[headwater_sql::Value],
        formats: &[Format],
    ) -> Result<(), Failure> {
        match (&running.copy, &running.columns) {
            (Some(options), Some(columns)) => rows::write_copied(self.client.out(), |line| {
                options.write_row(line, columns, row);
            }),
            _ => rows::write(self.client.out(), row, formats),
        }
    }

    /// Says that a statement is complete.
    pub(crate) fn complete(&mut self, running: &Running) {
        self.client.say(&CommandComplete::new(running.tag()));
    }
}

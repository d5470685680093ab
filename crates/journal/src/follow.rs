//! Following: the events that match, from a position on, those that are there and those to come.
//!
//! A follower is a cursor and nothing else: it pulls pages, from the storage while it is behind and
//! from memory at the head, and waits for the head to move when it has seen everything. There is no
//! queue that could overflow, and no seam between catching up and following live: both are the same
//! read from the same cursor.

use std::future::Future;
use std::pin::pin;

use headwater_event::{Error, Event, Kind, Position, Query};
use tokio::sync::watch;

use crate::env::blocking;
use crate::journal::Journal;
use crate::read::{Direction, Page, Read};

/// Most events and bytes of one batch.
const BATCH_EVENTS: usize = 1_000;
const BATCH_BYTES: usize = 1 << 20;

/// A cursor that follows a query.
pub struct Follower {
    journal: Journal,
    head: watch::Receiver<Position>,
    read: Read,
    scanned: Position,
}

/// What a follower gives at once.
#[derive(Clone, Debug)]
pub struct Batch {
    /// In order; empty when only the cursor moved.
    pub events: Vec<Event>,
    /// Everything up to here was looked at: following on after it misses nothing.
    pub scanned: Position,
    /// The head when the batch was made.
    pub head: Position,
}

impl Journal {
    /// Follows the events that match, after a position. A position beyond the head is
    /// `position_ahead`.
    pub fn follow(&self, query: Query, after: Position) -> Result<Follower, Error> {
        self.log.check_alive()?;
        query.check("query")?;
        self.log.check_position("after", after)?;
        Ok(Follower {
            head: self.watch_head(),
            journal: self.clone(),
            read: Read {
                query,
                direction: Direction::Forward { after },
                limit: BATCH_EVENTS,
                until: None,
                bytes_max: BATCH_BYTES,
            },
            scanned: after,
        })
    }
}

impl Follower {
    /// Everything up to here was looked at.
    pub fn scanned(&self) -> Position {
        self.scanned
    }

    /// The next events; waits until there are some. Fails when the journal is closed.
    ///
    /// May be dropped at any await and called again: nothing is lost and nothing comes twice.
    pub async fn next(&mut self) -> Result<Batch, Error> {
        self.next_or(std::future::pending()).await
    }

    /// As [`next`](Self::next), but gives a batch without events, that says how far it looked, when
    /// `stop` comes first.
    pub async fn next_or(&mut self, stop: impl Future<Output = ()>) -> Result<Batch, Error> {
        let mut stop = pin!(stop);
        loop {
            let batch = tokio::select! {
                biased;
                batch = self.step() => batch?,
                () = &mut stop => return Ok(self.progress()),
            };
            if !batch.events.is_empty() {
                return Ok(batch);
            }
        }
    }

    /// What is there now, without waiting; blocks where it is not in memory. A batch without events
    /// and with `scanned` at the head has seen everything.
    pub fn poll_batch(&mut self) -> Result<Batch, Error> {
        let page = self.journal.read(&self.read)?;
        Ok(self.take(page))
    }

    /// Waits for the head to be beyond the cursor, and looks one page further.
    async fn step(&mut self) -> Result<Batch, Error> {
        self.wait().await?;
        let page = match self.journal.read_memory(&self.read)? {
            Some(page) => page,
            None => {
                let (journal, read) = (self.journal.clone(), self.read.clone());
                let reading = blocking(move || journal.read(&read)).await;
                reading.map_err(reading_failed)??
            }
        };
        Ok(self.take(page))
    }

    async fn wait(&mut self) -> Result<(), Error> {
        loop {
            self.journal.log.check_alive()?;
            if *self.head.borrow_and_update() > self.scanned {
                return Ok(());
            }
            // The sender lives as long as the journal, which this follower holds.
            let _ = self.head.changed().await;
        }
    }

    fn take(&mut self, page: Page) -> Batch {
        self.scanned = page.scanned;
        self.read.direction = Direction::Forward {
            after: page.scanned,
        };
        Batch {
            events: page.events,
            scanned: page.scanned,
            head: page.head,
        }
    }

    fn progress(&self) -> Batch {
        Batch {
            events: Vec::new(),
            scanned: self.scanned,
            head: self.journal.head().position,
        }
    }
}

fn reading_failed(error: tokio::task::JoinError) -> Error {
    Error::new(
        Kind::Internal,
        "internal",
        "the events could not be read: the reading thread ended",
    )
    .caused_by(error)
}

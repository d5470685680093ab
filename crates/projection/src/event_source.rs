//! The log as the table `event` of one reader sees it: the events up to one position.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use headwater_event::{Error, Position};
use headwater_journal::{Journal, Page, Read};

use crate::sync::lock;

/// The log up to one position, for one reader, which runs one query at a time.
pub(crate) struct EventSource {
    journal: Journal,
    until: AtomicU64,
    /// Events that were read for the query.
    read: AtomicU64,
    /// What the journal said, with its kind; SQLite carries only its words.
    error: Mutex<Option<Error>>,
}

impl EventSource {
    pub(crate) fn new(journal: Journal) -> EventSource {
        EventSource {
            journal,
            until: AtomicU64::new(0),
            read: AtomicU64::new(0),
            error: Mutex::default(),
        }
    }

    /// Begins a query that sees the events up to `until`.
    pub(crate) fn begin(&self, until: Position) {
        self.until.store(until.0, Ordering::Relaxed);
        self.read.store(0, Ordering::Relaxed);
        lock(&self.error).take();
    }

    /// The last position that the query sees.
    pub(crate) fn until(&self) -> Position {
        Position(self.until.load(Ordering::Relaxed))
    }

    pub(crate) fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Events that were read for the query so far.
    pub(crate) fn events_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    pub(crate) fn read(&self, read: &Read) -> rusqlite::Result<Page> {
        let page = self.journal.read(read).map_err(|error| self.keep(error))?;
        let events = page.events.len() as u64;
        self.read.fetch_add(events, Ordering::Relaxed);
        Ok(page)
    }

    /// Keeps an error of the journal for whoever runs the query.
    pub(crate) fn keep(&self, error: Error) -> rusqlite::Error {
        let words = error.to_string();
        *lock(&self.error) = Some(error);
        rusqlite::Error::ModuleError(words)
    }

    /// The error of the journal that ended the query, if one did.
    pub(crate) fn take_error(&self) -> Option<Error> {
        lock(&self.error).take()
    }
}

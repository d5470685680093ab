//! Readers: under a name a client keeps how far it has read, in the log `_system`.
//!
//! Every event is in the stream `reader/<name>`.
//!
//! | type | data | meaning |
//! |---|---|---|
//! | `CursorsKept` | `whole`, `of` | Here the reader goes on; with `whole` nothing before it counts |
//! | `ReaderForgotten` | | Nothing before it counts |
//!
//! What has changed is written alone, and all of it from time to time, so that few events need be
//! read to know where a reader is.

use std::collections::BTreeMap;

use headwater_event::{Append, Error, Event, EventType, NewEvent, Position, Query, StreamName};
use headwater_journal::{Direction, Read};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::DatabaseId;
use crate::node::{Inner, Node, blocking};
use crate::system::{json, parse};

const KEPT: &str = "CursorsKept";
const FORGOTTEN: &str = "ReaderForgotten";
const CATEGORY: &str = "reader/";

/// Events that are read at once on the way back to one that is whole.
const PAGE: usize = 128;

/// What a cursor is of: a part of a category, or of the whole log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CursorOf {
    /// The database that is read.
    pub database: DatabaseId,
    /// Its category; none is the whole log.
    pub category: Option<String>,
    /// The number of the part.
    pub part: u32,
}

/// Where a reader goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The position to read next.
    pub next: u64,
    /// What the reader wants to know when it comes again.
    pub note: String,
}

/// Cursors of a reader, by what they are of.
pub type Cursors = BTreeMap<CursorOf, Cursor>;

/// Cursors that are kept at once.
#[derive(Clone, Debug)]
pub struct Keep {
    /// The name of the reader.
    pub reader: String,
    /// Its cursors, or those that changed.
    pub cursors: Cursors,
    /// They are all that it has.
    pub whole: bool,
}

/// The data of `CursorsKept`.
#[derive(Default, Serialize, Deserialize)]
struct Kept {
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    whole: bool,
    of: Vec<Part>,
}

/// The cursors of one category, or of one whole log.
#[derive(Serialize, Deserialize)]
struct Part {
    database: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    /// Number of the part, position to read next, note.
    next: Vec<(u32, u64, String)>,
}

impl Keep {
    /// Bytes that this takes in `_system`, about: its data, and what an event has besides.
    pub fn bytes(&self) -> usize {
        const BESIDES: usize = 120;
        const PART: usize = 70;
        const CURSOR: usize = 16;
        let mut bytes = BESIDES + self.reader.len();
        let mut last = None;
        for (of, cursor) in &self.cursors {
            let part = (of.database, of.category.as_deref());
            if last.replace(part) != Some(part) {
                bytes += PART + part.1.map_or(0, str::len);
            }
            bytes += CURSOR + cursor.note.len();
        }
        bytes
    }

    fn event(&self) -> Result<NewEvent, Error> {
        let mut kept = Kept {
            whole: self.whole,
            of: Vec::new(),
        };
        for (of, cursor) in &self.cursors {
            let next = (of.part, cursor.next, cursor.note.clone());
            match kept.of.last_mut() {
                Some(part) if part.database == of.database.0 && part.category == of.category => {
                    part.next.push(next);
                }
                _ => kept.of.push(Part {
                    database: of.database.0,
                    category: of.category.clone(),
                    next: vec![next],
                }),
            }
        }
        Ok(NewEvent::json(EventType::new(KEPT)?, json(&kept)?).in_stream(stream(&self.reader)?))
    }
}

fn stream(reader: &str) -> Result<StreamName, Error> {
    StreamName::new(format!("{CATEGORY}{reader}"))
}

impl Node {
    /// Keeps cursors of readers, all in one append. Durable on return.
    pub async fn keep_cursors(&self, keep: &[Keep]) -> Result<(), Error> {
        let events = keep.iter().map(Keep::event).collect::<Result<_, _>>()?;
        self.inner.record(Append::of(events)).await.map(drop)
    }

    /// Forgets a reader. Durable on return.
    pub async fn forget_reader(&self, reader: &str) -> Result<(), Error> {
        let event = NewEvent::json(EventType::new(FORGOTTEN)?, "{}").in_stream(stream(reader)?);
        self.inner.record(Append::of(vec![event])).await.map(drop)
    }

    /// Where a reader goes on; nothing if nothing was kept.
    pub async fn cursors(&self, reader: &str) -> Result<Cursors, Error> {
        let query = Query::stream(stream(reader)?);
        let mut found = Cursors::new();
        let mut before = Position::ZERO;
        loop {
            let page = self.inner.read_back(query.clone(), before, PAGE).await?;
            for event in &page.events {
                if !fold_back(&mut found, event)? {
                    return Ok(found);
                }
                before = event.position;
            }
            if !page.more || page.events.is_empty() {
                return Ok(found);
            }
        }
    }

    /// The names of readers that were not forgotten, by name, at most so many.
    pub async fn readers(&self, limit: usize) -> Result<Vec<String>, Error> {
        let mut names = Vec::new();
        let mut after: Option<String> = None;
        while names.len() < limit {
            let system = self.inner.system().await?;
            let journal = system.awake.journal.clone();
            let from = after.take();
            let page = blocking(move || journal.streams(CATEGORY, from.as_deref(), PAGE)).await;
            let page = page.map_err(|error: Error| system.judge(error))?;
            for stream in &page.streams {
                if names.len() == limit {
                    return Ok(names);
                }
                let last = Query::stream(stream.name.clone());
                let last = self.inner.read_back(last, Position::ZERO, 1).await?;
                let last = last.events.first().map(|event| event.event_type.as_str());
                if last != Some(FORGOTTEN) {
                    names.push(stream.name.key().to_owned());
                }
            }
            after = page.streams.last().map(|stream| stream.name.to_string());
            if page.streams.len() < PAGE {
                break;
            }
        }
        Ok(names)
    }
}

impl Inner {
    async fn read_back(
        self: &std::sync::Arc<Self>,
        query: Query,
        before: Position,
        limit: usize,
    ) -> Result<headwater_journal::Page, Error> {
        let system = self.system().await?;
        let journal = system.awake.journal.clone();
        let read = Read {
            query,
            direction: Direction::Backward { before },
            limit,
            ..Read::default()
        };
        let page = blocking(move || journal.read(&read)).await;
        page.map_err(|error| system.judge(error))
    }
}

/// Takes what an event says where nothing later did; whether what is before it counts too.
fn fold_back(found: &mut Cursors, event: &Event) -> Result<bool, Error> {
    if event.event_type.as_str() != KEPT {
        return Ok(event.event_type.as_str() != FORGOTTEN);
    }
    let kept: Kept = parse(event)?;
    for part in kept.of {
        for (number, next, note) in part.next {
            let of = CursorOf {
                database: DatabaseId(part.database),
                category: part.category.clone(),
                part: number,
            };
            found.entry(of).or_insert(Cursor { next, note });
        }
    }
    Ok(!kept.whole)
}

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

use std::collections::{BTreeMap, BTreeSet};

use headwater_event::{Append, Error, Event, EventType, NewEvent, Position, Query, StreamName};
use headwater_journal::{Direction, Read};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::node::{Inner, Node, blocking};
use crate::system::{json, parse};
use crate::{DatabaseId, Parts};

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
    /// Into how many parts it was shared out when the reader was there: another number has other
    /// streams in its parts.
    pub parts: Parts,
    /// The number of the part, below that.
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

/// The cursors of one category in so many parts, or of one whole log.
#[derive(Serialize, Deserialize)]
struct Part {
    database: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    /// Into how many parts it was shared out, unless that is the usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parts: Option<Parts>,
    /// Number of the part, position to read next, note.
    next: Vec<(u32, u64, String)>,
}

impl Keep {
    /// Bytes that this takes in `_system` at most: its data, what an event has besides, and what a
    /// commit of it alone takes in the files of a log.
    pub fn bytes(&self) -> usize {
        const EVENT: usize = 60;
        // A frame, as docs/FORMAT.md has it: a header, an ending, and zeros up to a multiple of 64.
        const COMMIT: usize = 64 + 16 + 63;
        let data = json(&self.kept()).map_or(0, |data| data.len());
        EVENT + COMMIT + self.reader.len() + data
    }

    fn kept(&self) -> Kept {
        let mut kept = Kept {
            whole: self.whole,
            of: Vec::new(),
        };
        for (of, cursor) in &self.cursors {
            let next = (of.part, cursor.next, cursor.note.clone());
            let parts = Some(of.parts).filter(|parts| *parts != usual(of.category.as_deref()));
            match kept.of.last_mut() {
                Some(part)
                    if part.database == of.database.0
                        && part.category == of.category
                        && part.parts == parts =>
                {
                    part.next.push(next);
                }
                _ => kept.of.push(Part {
                    database: of.database.0,
                    category: of.category.clone(),
                    parts,
                    next: vec![next],
                }),
            }
        }
        kept
    }

    fn event(&self) -> Result<NewEvent, Error> {
        let data = json(&self.kept())?;
        Ok(NewEvent::json(EventType::new(KEPT)?, data).in_stream(stream(&self.reader)?))
    }
}

/// The number of parts that is not written down.
fn usual(category: Option<&str>) -> Parts {
    match category {
        Some(_) => Parts::default(),
        None => Parts::ONE,
    }
}

fn stream(reader: &str) -> Result<StreamName, Error> {
    StreamName::new(format!("{CATEGORY}{reader}"))
}

impl Node {
    /// The databases that readers have cursors in: those that are there, `_system` among them.
    pub fn there(&self) -> BTreeSet<DatabaseId> {
        let system = DatabaseId(Uuid::nil());
        let registry = self.inner.registry();
        let others = registry.all().map(|database| database.id);
        others.chain([system]).collect()
    }

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

    /// Where a reader goes on, in databases that are there; nothing if nothing was kept.
    pub async fn cursors(&self, reader: &str) -> Result<Cursors, Error> {
        let query = Query::stream(stream(reader)?);
        let mut found = Cursors::new();
        let mut before = Position::ZERO;
        let mut goes_on = true;
        while goes_on {
            let page = self.inner.read_back(query.clone(), before, PAGE).await?;
            goes_on = page.more && !page.events.is_empty();
            for event in &page.events {
                if !fold_back(&mut found, event)? {
                    goes_on = false;
                    break;
                }
                before = event.position;
            }
        }
        let there = self.there();
        found.retain(|of, _| there.contains(&of.database));
        Ok(found)
    }

    /// The names of readers that begin with this and have a cursor in a database that is there, by
    /// name, at most so many.
    pub async fn readers(&self, prefix: &str, limit: usize) -> Result<Vec<String>, Error> {
        let there = self.there();
        let prefix = format!("{CATEGORY}{prefix}");
        let mut names = Vec::new();
        let mut after: Option<String> = None;
        while names.len() < limit {
            let system = self.inner.system().await?;
            let journal = system.awake.journal.clone();
            let (prefix, from) = (prefix.clone(), after.take());
            let page = blocking(move || journal.streams(&prefix, from.as_deref(), PAGE)).await;
            let page = page.map_err(|error: Error| system.judge(error))?;
            for stream in &page.streams {
                if names.len() == limit {
                    return Ok(names);
                }
                let last = Query::stream(stream.name.clone());
                let last = self.inner.read_back(last, Position::ZERO, 1).await?;
                let Some(last) = last.events.first() else {
                    continue;
                };
                let name = stream.name.key();
                if speaks_of(last, &there)? || !self.cursors(name).await?.is_empty() {
                    names.push(name.to_owned());
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

/// Whether an event keeps a cursor in one of these databases.
fn speaks_of(event: &Event, there: &BTreeSet<DatabaseId>) -> Result<bool, Error> {
    if event.event_type.as_str() != KEPT {
        return Ok(false);
    }
    let kept: Kept = parse(event)?;
    let mut of = kept.of.iter();
    Ok(of.any(|part| there.contains(&DatabaseId(part.database))))
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
                parts: part.parts.unwrap_or(usual(part.category.as_deref())),
                part: number,
            };
            found.entry(of).or_insert(Cursor { next, note });
        }
    }
    Ok(!kept.whole)
}

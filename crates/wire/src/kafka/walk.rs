//! A walk along a topic, which fills batches for the partitions that a fetch wants.
//!
//! All partitions of a topic are filled by one walk along the log, from the one that is furthest
//! behind. Each batch says how far the walk looked, so that a reader passes over what is not in its
//! partition.

use std::collections::BTreeSet;

use bytes::Bytes;
use headwater_event::{Error, Event, Position};
use headwater_node::{DatabaseHandle, DatabaseName, Direction, Page, Read, Role};
use kafka_protocol::ResponseError;

use crate::kafka::batch::Batch;
use crate::kafka::code;
use crate::kafka::offset;
use crate::kafka::record;
use crate::kafka::session::Session;
use crate::kafka::topic::{Served, Topic};

/// Pages of one look: so a search for few among many ends, and goes on with the next fetch.
const PAGES_MAX: usize = 16;

/// A topic that is fetched, and how far it was looked at.
pub(crate) struct Walk {
    served: Served,
    parts: Vec<Part>,
    /// Everything up to here was looked at.
    scanned: Position,
    /// The head when it was last looked at.
    head: Option<Position>,
}

/// A partition that is fetched.
pub(crate) struct Part {
    pub(crate) index: i32,
    offset: i64,
    bytes_max: usize,
    batch: Batch,
    /// The offset of the event that had no room any more.
    full_at: Option<i64>,
    error: Option<ResponseError>,
}

/// What a fetch says of a partition.
pub(crate) struct Filled {
    pub(crate) index: i32,
    pub(crate) records: Bytes,
    pub(crate) next: i64,
    pub(crate) error: Option<ResponseError>,
}

impl Part {
    /// From an offset on, up to about so many bytes.
    pub(crate) fn new(index: i32, offset: i64, bytes_max: usize) -> Part {
        Part {
            index,
            offset,
            bytes_max,
            batch: Batch::new(offset.max(0)),
            full_at: None,
            error: None,
        }
    }

    fn is_open(&self) -> bool {
        self.error.is_none() && self.full_at.is_none()
    }

    fn take(&mut self, topic: &Topic, source: &str, event: &Event) {
        let offset = offset::of(event.position);
        if !self.is_open() || offset < self.offset {
            return;
        }
        let no_room = self.batch.len() + event.data.len() > self.bytes_max;
        if offset > self.batch.last_max() || (no_room && !self.batch.is_empty()) {
            self.full_at = Some(offset);
            return;
        }
        record::write(&mut self.batch, topic, source, event);
    }

    fn finish(self, scanned: Position, head: Option<Position>) -> Filled {
        let end = self.full_at.unwrap_or(offset::after(scanned));
        let last = (end - 1).min(self.batch.last_max());
        let nothing = self.error.is_some() || last < self.offset.max(offset::FIRST);
        Filled {
            index: self.index,
            records: match nothing {
                true => Bytes::new(),
                false if self.batch.is_empty() => self.batch.pass_over(last),
                false => self.batch.finish(last),
            },
            next: head.map_or(-1, offset::after),
            error: self.error,
        }
    }
}

impl Walk {
    pub(crate) fn new(served: Served, mut parts: Vec<Part>) -> Walk {
        let mut indexes = BTreeSet::new();
        for part in &mut parts {
            if !served.has(part.index) {
                part.error = Some(ResponseError::UnknownTopicOrPartition);
            } else if !indexes.insert(part.index) {
                part.error = Some(ResponseError::InvalidRequest); // each event goes to one place
            }
        }
        let behind = parts
            .iter()
            .map(|part| part.offset)
            .min()
            .unwrap_or(offset::FIRST);
        Walk {
            served,
            parts,
            scanned: Position(u64::try_from(behind.saturating_sub(1)).unwrap_or(0)),
            head: None,
        }
    }

    /// The database that is looked at.
    pub(crate) fn database(&self) -> &DatabaseName {
        &self.served.topic.database
    }

    /// Everything up to here was looked at.
    pub(crate) fn scanned(&self) -> Position {
        self.scanned
    }

    /// Whether a partition takes more records.
    pub(crate) fn is_open(&self) -> bool {
        self.parts.iter().any(Part::is_open)
    }

    /// Whether a partition cannot be read.
    pub(crate) fn has_failed(&self) -> bool {
        self.parts.iter().any(|part| part.error.is_some())
    }

    /// Bytes of records that were found.
    pub(crate) fn found_bytes(&self) -> usize {
        let found = self.parts.iter().filter(|part| !part.batch.is_empty());
        found.map(|part| part.batch.len()).sum()
    }

    /// Looks further, for about `bytes_max` bytes of records together: at least one, unless it is
    /// 0. A database whose head is known, and has nothing new, is not woken.
    ///
    /// Where the topic has other partitions by now, what was found is of none: the client looks at the
    /// metadata anew.
    pub(crate) async fn look(&mut self, session: &Session, bytes_max: usize) {
        let looked = self.try_look(session, bytes_max).await;
        let error = match (looked, session.app.node.show(self.database())) {
            (Err(error), _) | (_, Err(error)) => code::of_read(&error),
            (_, Ok(info)) if !self.served.is_of(&info) => ResponseError::NotLeaderOrFollower,
            _ => return,
        };
        for part in &mut self.parts {
            part.error.get_or_insert(error);
        }
    }

    async fn try_look(&mut self, session: &Session, bytes_max: usize) -> Result<(), Error> {
        let node = &session.app.node;
        if let Some(head) = node.known_head(self.database())? {
            self.see_head(head);
            if head <= self.scanned || bytes_max == 0 {
                return Ok(());
            }
        }
        let _pass = session.app.reads.pass().await?;
        let database = session.database(Role::Read, self.database()).await?;
        self.see_head(database.head());
        let source = record::source(&self.served.topic);
        for _ in 0..PAGES_MAX {
            let room = bytes_max.saturating_sub(self.found_bytes());
            if !self.is_open() || room == 0 || self.head <= Some(self.scanned) {
                return Ok(());
            }
            let page = self.page(&database, room).await?;
            for event in &page.events {
                let index = self.served.partition_of(event.stream.as_ref());
                let wanted = self.parts.iter_mut().filter(|part| part.index == index);
                wanted.for_each(|part| part.take(&self.served.topic, &source, event));
            }
            self.scanned = page.scanned;
        }
        Ok(())
    }

    async fn page(&self, database: &DatabaseHandle, room: usize) -> Result<Page, Error> {
        let read = Read {
            query: self.served.topic.query(),
            direction: Direction::Forward {
                after: self.scanned,
            },
            until: self.head,
            bytes_max: room,
            ..Read::default()
        };
        database.read(None, read).await
    }

    /// Takes a head; an offset beyond it is refused.
    fn see_head(&mut self, head: Position) {
        self.head = Some(head);
        for part in &mut self.parts {
            if !(0..=offset::after(head)).contains(&part.offset) {
                part.error.get_or_insert(ResponseError::OffsetOutOfRange);
            }
        }
        self.scanned = self.scanned.min(head);
    }

    /// What was found.
    pub(crate) fn finish(self) -> Vec<Filled> {
        let (scanned, head) = (self.scanned, self.head);
        let parts = self.parts.into_iter();
        parts.map(|part| part.finish(scanned, head)).collect()
    }
}

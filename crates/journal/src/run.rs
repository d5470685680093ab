//! A run: events next to each other in the log, in memory, with the place of each.
//!
//! A run is what a read finds events in. It is made of a commit of the tail, or of a block of a
//! segment. Both hold the same bytes, a stream of appends with their lengths; a block may begin and
//! end in the middle of an append, and then its [`BlockHeader`] says of which.
//!
//! Events are decoded when they are asked for; their text and data are slices of the run.

use std::fmt;

use bytes::Bytes;
use headwater_event::{Error, Event, EventType, Position, StreamName, Tag, Text, Timestamp};

use crate::Seq;
use crate::canonical::{Malformed, RawEvent, Reader};
use crate::index::Keys;

/// Where a run was read, for errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A commit of the tail.
    Commit(Seq),
    /// The block at this offset of the segment that starts at this position.
    Block { segment: Position, offset: u64 },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Commit(seq) => write!(f, "commit {seq}"),
            Origin::Block { segment, offset } => {
                write!(f, "the block at {offset} of the segment from {segment} on")
            }
        }
    }
}

/// An append, and where it stands within a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AppendSlot {
    /// Its canonical bytes, as far as they are in the run.
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// Its first event, which may stand before the run.
    pub(crate) first: Position,
    /// Its last event, which may stand behind the run.
    pub(crate) last: Position,
    pub(crate) recorded_at: Timestamp,
}

/// Events next to each other in the log.
#[derive(Debug)]
pub(crate) struct Run {
    origin: Origin,
    first: Position,
    bytes: Bytes,
    appends: Box<[AppendSlot]>,
    /// Where each event starts.
    events: Box<[u32]>,
}

impl Run {
    /// What the writer has encoded itself.
    pub(crate) fn new(
        origin: Origin,
        first: Position,
        bytes: Bytes,
        appends: Vec<AppendSlot>,
        events: Vec<u32>,
    ) -> Run {
        Run {
            origin,
            first,
            bytes,
            appends: appends.into(),
            events: events.into(),
        }
    }

    /// Finds the places in what a storage gave back of a commit.
    pub(crate) fn of_commit(seq: Seq, first: Position, bytes: Bytes) -> Result<Run, Error> {
        let origin = Origin::Commit(seq);
        let mut places = Places::new(first);
        let mut reader = Reader::new(&bytes);
        let found = places.appends(&mut reader, bytes.len(), None);
        match found {
            Ok(()) if places.appends.is_empty() => {
                Err(damaged(origin, first, Malformed("the number of appends")))
            }
            Ok(()) => Ok(Run::new(
                origin,
                first,
                bytes.clone(),
                places.appends,
                places.events,
            )),
            Err(why) => Err(damaged(origin, first, why)),
        }
    }

    /// Finds the places in the payload of a segment's block.
    pub(crate) fn of_block(origin: Origin, payload: &Bytes) -> Result<Run, Error> {
        let wrong = |why| damaged(origin, Position::ZERO, why);
        let (header, bytes) = BlockHeader::decode(payload).map_err(wrong)?;
        let wrong = |why| damaged(origin, header.first, why);
        let mut places = Places::new(header.first);
        let mut reader = Reader::new(&bytes);
        places
            .block(&mut reader, bytes.len(), &header)
            .map_err(wrong)?;
        Ok(Run::new(
            origin,
            header.first,
            bytes.clone(),
            places.appends,
            places.events,
        ))
    }

    pub(crate) fn origin(&self) -> Origin {
        self.origin
    }

    /// Position of its first event.
    pub(crate) fn first(&self) -> Position {
        self.first
    }

    /// Position of its last event.
    pub(crate) fn last(&self) -> Position {
        Position(self.first.0 + self.events.len() as u64 - 1)
    }

    pub(crate) fn holds(&self, position: Position) -> bool {
        (self.first..=self.last()).contains(&position)
    }

    /// Bytes that it takes in memory.
    pub(crate) fn size(&self) -> usize {
        size_of::<Run>()
            + self.bytes.len()
            + size_of_val(&*self.events)
            + size_of_val(&*self.appends)
    }

    pub(crate) fn appends(&self) -> &[AppendSlot] {
        &self.appends
    }

    /// How many events.
    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    /// The stream of appends: each with its length before it.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The canonical bytes of an append, as far as they are in the run.
    pub(crate) fn append_bytes(&self, append: &AppendSlot) -> &[u8] {
        &self.bytes[append.start as usize..append.end as usize]
    }

    /// The append that holds this position.
    pub(crate) fn append_of(&self, position: Position) -> &AppendSlot {
        let after = self
            .appends
            .partition_point(|append| append.first <= position);
        &self.appends[after.saturating_sub(1)]
    }

    /// Where in the stream of appends the event at this place among the run's starts.
    pub(crate) fn event_start(&self, at: usize) -> usize {
        self.events[at] as usize
    }

    /// The event at this place among the run's, borrowed.
    pub(crate) fn raw(&self, at: usize) -> Result<RawEvent<'_>, Error> {
        Reader::new(&self.bytes[self.event_start(at)..])
            .event()
            .map_err(|why| damaged(self.origin, self.first.plus(at as u64), why))
    }

    /// The event at a position that it [holds](Self::holds), borrowed.
    pub(crate) fn raw_at(&self, position: Position) -> Result<RawEvent<'_>, Error> {
        self.raw(self.place(position))
    }

    /// How many bytes the event at this position takes, about.
    pub(crate) fn event_len(&self, position: Position) -> usize {
        let at = self.place(position);
        let end = match self.events.get(at + 1) {
            Some(next) => *next as usize,
            None => self.bytes.len(),
        };
        end - self.event_start(at)
    }

    fn place(&self, position: Position) -> usize {
        (position.0 - self.first.0) as usize
    }

    /// The event at a position that it [holds](Self::holds).
    pub(crate) fn event(&self, position: Position) -> Result<Event, Error> {
        let raw = self.raw_at(position)?;
        let recorded_at = self.append_of(position).recorded_at;
        self.own(position, recorded_at, &raw)
            .map_err(|error| damaged(self.origin, position, Malformed("a name")).caused_by(error))
    }

    fn own(
        &self,
        position: Position,
        recorded_at: Timestamp,
        raw: &RawEvent<'_>,
    ) -> Result<Event, Error> {
        let tag = |tag| Tag::new(self.text(tag));
        let mut tags = Vec::with_capacity(raw.tags.len());
        for one in raw.tags.iter() {
            tags.push(tag(one)?);
        }
        Ok(Event {
            position,
            id: raw.id,
            stream: raw
                .stream
                .map(|stream| StreamName::new(self.text(stream)))
                .transpose()?,
            revision: raw.revision,
            event_type: EventType::new(self.text(raw.event_type))?,
            tags,
            data: self.bytes.slice_ref(raw.data),
            content_type: raw.content_type.map(|media| self.text(media)),
            metadata: raw.metadata.map(|metadata| self.text(metadata)),
            occurred_at: raw.occurred_at.unwrap_or(recorded_at),
            recorded_at,
        })
    }

    fn text(&self, part: &str) -> Text {
        Text::slice_of(&self.bytes, part)
    }
}

impl RawEvent<'_> {
    /// What the index keeps of it.
    pub(crate) fn keys(&self) -> Keys<'_, impl Iterator<Item = &str>> {
        Keys {
            id: self.id,
            event_type: self.event_type,
            stream: self.stream,
            tags: self.tags.iter(),
        }
    }
}

/// What stands before the stream of appends in a block: where the block begins, and the append
/// that its first event belongs to. If that event is the append's first, the stream begins with
/// the append's length and header; otherwise it begins with the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockHeader {
    /// Position of the block's first event.
    pub(crate) first: Position,
    /// How many events the block holds.
    pub(crate) events: u32,
    /// Position of the first event of the append that the block begins in.
    pub(crate) append_first: Position,
    /// How many events that append has.
    pub(crate) append_events: u32,
    /// When it was recorded.
    pub(crate) recorded_at: Timestamp,
}

impl BlockHeader {
    /// Its length.
    pub(crate) const BYTES: usize = 32;

    pub(crate) fn encode(&self) -> [u8; BlockHeader::BYTES] {
        let mut bytes = [0; BlockHeader::BYTES];
        bytes[0..8].copy_from_slice(&self.first.0.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.append_first.0.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.events.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.append_events.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.recorded_at.as_micros().to_le_bytes());
        bytes
    }

    /// The header and what follows it.
    pub(crate) fn decode(payload: &Bytes) -> Result<(BlockHeader, Bytes), Malformed> {
        let mut reader = Reader::new(payload);
        let header = BlockHeader {
            first: Position(reader.u64("the first position")?),
            append_first: Position(reader.u64("the position of the append")?),
            events: reader.u32("the number of events")?,
            append_events: reader.u32("the number of events of the append")?,
            recorded_at: reader.instant("recorded_at")?,
        };
        let before = header.first.0.checked_sub(header.append_first.0);
        let within = before.is_some_and(|before| before < u64::from(header.append_events));
        let ends = header.first.0.checked_add(u64::from(header.events));
        if header.events == 0 || header.append_first == Position::ZERO || !within || ends.is_none()
        {
            return Err(Malformed("the place of the block"));
        }
        Ok((header, payload.slice(BlockHeader::BYTES..)))
    }
}

/// No event takes less.
const EVENT_BYTES_MIN: usize = 16;

/// The places of appends and events, being found.
struct Places {
    appends: Vec<AppendSlot>,
    events: Vec<u32>,
    next: Position,
}

impl Places {
    fn new(first: Position) -> Places {
        Places {
            appends: Vec::new(),
            events: Vec::new(),
            next: first,
        }
    }

    fn block(
        &mut self,
        reader: &mut Reader<'_>,
        total: usize,
        header: &BlockHeader,
    ) -> Result<(), Malformed> {
        let count = header.events as usize;
        if count > total {
            return Err(Malformed("the number of events"));
        }
        self.events
            .reserve_exact(count.min(total / EVENT_BYTES_MIN));
        if header.first != header.append_first {
            let before = (header.first.0 - header.append_first.0) as u32; // less than its events
            let here = (header.append_events - before).min(header.events);
            self.appends.push(AppendSlot {
                start: 0,
                end: 0,
                first: header.append_first,
                last: last_of(header.append_first, header.append_events)?,
                recorded_at: header.recorded_at,
            });
            self.some_events(reader, total, here)?;
            self.end_append((total - reader.left()) as u32);
        }
        self.appends(reader, total, Some(count))?;
        match self.events.len() == count {
            true => Ok(()),
            false => Err(Malformed("the number of events")),
        }
    }

    /// Whole appends up to the end, the last of which may go on behind it if the number of events
    /// is known.
    fn appends(
        &mut self,
        reader: &mut Reader<'_>,
        total: usize,
        count: Option<usize>,
    ) -> Result<(), Malformed> {
        if u32::try_from(total).is_err() {
            return Err(Malformed("the length"));
        }
        while reader.left() > 0 {
            let length = reader.u32("the length of an append")? as usize;
            let start = total - reader.left();
            let header = reader.append_header()?;
            if header.events == 0 {
                return Err(Malformed("the number of events"));
            }
            self.appends.push(AppendSlot {
                start: start as u32, // at most total
                end: 0,
                first: self.next,
                last: last_of(self.next, header.events)?,
                recorded_at: header.recorded_at,
            });
            let left = count.map_or(u32::MAX as usize, |count| {
                count.saturating_sub(self.events.len())
            });
            let here = (header.events as usize).min(left);
            self.some_events(reader, total, here as u32)?; // no more than its events
            let end = total - reader.left();
            let is_whole = here == header.events as usize;
            if is_whole != (end - start == length) || (!is_whole && reader.left() > 0) {
                return Err(Malformed("the length of an append"));
            }
            self.end_append(end as u32);
        }
        Ok(())
    }

    fn some_events(
        &mut self,
        reader: &mut Reader<'_>,
        total: usize,
        count: u32,
    ) -> Result<(), Malformed> {
        for _ in 0..count {
            self.events.push((total - reader.left()) as u32); // at most total
            reader.skip_event()?;
        }
        self.next = self.next.plus(u64::from(count));
        Ok(())
    }

    fn end_append(&mut self, end: u32) {
        if let Some(append) = self.appends.last_mut() {
            append.end = end;
        }
    }
}

fn last_of(first: Position, events: u32) -> Result<Position, Malformed> {
    let last = first.0.checked_add(u64::from(events) - 1);
    last.map(Position).ok_or(Malformed("the number of events"))
}

/// Bytes that passed the storage's checks and still are no events.
pub(crate) fn damaged(origin: Origin, position: Position, why: Malformed) -> Error {
    Error::damaged(format!("{origin} of the log cannot be decoded"))
        .at(position)
        .found(format!("{} is not what it should be", why.0))
        .expected("appends in their canonical encoding")
        .action("restore this log from a backup; the rest of it can be read up to there")
}

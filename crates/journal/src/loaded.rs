//! A commit in memory, with the place of each of its events.
//!
//! Events are decoded when they are asked for; their text and data are slices of the commit.

use bytes::Bytes;
use headwater_event::{
    ChainHash, Error, Event, EventType, Position, StreamName, Tag, Text, Timestamp,
};

use crate::canonical::{APPEND_HEADER_BYTES, Malformed, RawEvent, Reader};
use crate::index::Keys;
use crate::{Commit, Seq};

/// Where an append stands within its commit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AppendSlot {
    /// Its canonical bytes.
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// How many events of the commit stand before its own.
    pub(crate) first: u32,
    pub(crate) recorded_at: Timestamp,
}

/// A commit with the places of its appends and events.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) seq: Seq,
    pub(crate) first: Position,
    pub(crate) recorded_at: Timestamp,
    pub(crate) chain: ChainHash,
    bytes: Bytes,
    appends: Box<[AppendSlot]>,
    /// Where each event starts.
    events: Box<[u32]>,
}

impl Loaded {
    /// What the writer has encoded itself.
    pub(crate) fn new(
        seq: Seq,
        commit: &Commit,
        appends: Vec<AppendSlot>,
        events: Vec<u32>,
    ) -> Loaded {
        Loaded {
            seq,
            first: commit.first,
            recorded_at: commit.recorded_at,
            chain: commit.chain,
            bytes: commit.appends.clone(),
            appends: appends.into(),
            events: events.into(),
        }
    }

    /// Finds the places of what a storage gave back, and checks that they fit together.
    pub(crate) fn parse(seq: Seq, commit: &Commit) -> Result<Loaded, Error> {
        let (appends, events) =
            places(&commit.appends).map_err(|why| damaged(seq, commit.first, why))?;
        let recorded_at = appends.last().map(|append| append.recorded_at);
        if recorded_at != Some(commit.recorded_at) {
            return Err(damaged(seq, commit.first, Malformed("the time")));
        }
        if events.len() != commit.events as usize {
            return Err(damaged(
                seq,
                commit.first,
                Malformed("the number of events"),
            ));
        }
        Ok(Loaded::new(seq, commit, appends, events))
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
        size_of::<Loaded>()
            + self.bytes.len()
            + size_of_val(&*self.events)
            + size_of_val(&*self.appends)
    }

    pub(crate) fn appends(&self) -> &[AppendSlot] {
        &self.appends
    }

    pub(crate) fn events(&self) -> usize {
        self.events.len()
    }

    pub(crate) fn encoded_len(&self) -> usize {
        self.bytes.len()
    }

    /// The canonical bytes of an append.
    pub(crate) fn append_bytes(&self, append: &AppendSlot) -> &[u8] {
        &self.bytes[append.start as usize..append.end as usize]
    }

    /// Position of the last event of the append at this place among the commit's appends.
    pub(crate) fn append_last(&self, at: usize) -> Position {
        match self.appends.get(at + 1) {
            Some(next) => Position(self.first.0 + u64::from(next.first) - 1),
            None => self.last(),
        }
    }

    /// The append that holds the event at this place among the commit's events.
    fn append_of(&self, at: usize) -> &AppendSlot {
        let after = self
            .appends
            .partition_point(|append| append.first as usize <= at);
        &self.appends[after - 1] // the first append starts at event 0
    }

    /// Positions of the first and last event of the append that holds this position.
    pub(crate) fn append_around(&self, position: Position) -> (Position, Position) {
        let at = (position.0 - self.first.0) as usize;
        let next = self
            .appends
            .partition_point(|append| append.first as usize <= at);
        let first = self.first.plus(u64::from(self.appends[next - 1].first));
        (first, self.append_last(next - 1))
    }

    /// The event at this place, borrowed.
    pub(crate) fn raw(&self, at: usize) -> Result<RawEvent<'_>, Error> {
        let start = self.events[at] as usize;
        let position = self.first.plus(at as u64);
        Reader::new(&self.bytes[start..])
            .event()
            .map_err(|why| damaged(self.seq, position, why))
    }

    /// The event at a position that it [holds](Self::holds), borrowed.
    pub(crate) fn raw_at(&self, position: Position) -> Result<RawEvent<'_>, Error> {
        self.raw((position.0 - self.first.0) as usize)
    }

    /// How many bytes the event at this place takes.
    pub(crate) fn event_len(&self, at: usize) -> usize {
        let end = match self.events.get(at + 1) {
            Some(next) => *next as usize,
            None => self.bytes.len(),
        };
        end - self.events[at] as usize
    }

    /// The event at a position that it [holds](Self::holds).
    pub(crate) fn event(&self, position: Position) -> Result<Event, Error> {
        let at = (position.0 - self.first.0) as usize;
        let raw = self.raw(at)?;
        let recorded_at = self.append_of(at).recorded_at;
        self.own(position, recorded_at, &raw)
            .map_err(|error| damaged(self.seq, position, Malformed("a name")).caused_by(error))
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
        // It is a slice of a str, so it is UTF-8.
        Text::from_utf8(self.bytes.slice_ref(part.as_bytes())).unwrap_or_default()
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

fn places(bytes: &Bytes) -> Result<(Vec<AppendSlot>, Vec<u32>), Malformed> {
    let total = u32::try_from(bytes.len()).map_err(|_| Malformed("the length"))?;
    let mut reader = Reader::new(bytes);
    let (mut appends, mut events) = (Vec::new(), Vec::new());
    while reader.left() > 0 {
        let length = reader.u32("the length of an append")?;
        let start = total - reader.left() as u32; // at most total
        let mut append = Reader::new(reader.take(length as usize, "an append")?);
        let end = start + length;
        let header = append.append_header()?;
        appends.push(AppendSlot {
            start,
            end,
            first: events.len() as u32, // fewer events than bytes
            recorded_at: header.recorded_at,
        });
        if header.events == 0 {
            return Err(Malformed("the number of events"));
        }
        for _ in 0..header.events {
            events.push(end - append.left() as u32); // at most length
            append.event()?;
        }
        if append.left() > 0 {
            return Err(Malformed("the length of an append"));
        }
    }
    match appends.is_empty() {
        true => Err(Malformed("the number of appends")),
        false => Ok((appends, events)),
    }
}

/// Bytes of a commit that passed the storage's checks and still are no commit.
fn damaged(seq: Seq, position: Position, why: Malformed) -> Error {
    Error::damaged(format!("commit {seq} of the log cannot be decoded"))
        .at(position)
        .found(format!("{} is not what it should be", why.0))
        .expected(format!(
            "appends of at least {APPEND_HEADER_BYTES} bytes in their canonical encoding"
        ))
        .action("restore this log from a backup; the rest of it can be read up to there")
}

//! A piece: the index of a part of the tail, in memory.
//!
//! The tail's events, those in flight among them, are in pieces of a few megabytes. The last piece
//! grows; the ones before it wait to be sealed into segments. Positions are absolute. What did not
//! become durable is taken back, last event first.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use foldhash::fast::RandomState;
use headwater_event::{Error, EventId, Position, Revision};

use super::postings::{Cursor, Postings, Way};
use super::scan::Lists;
use super::{Facet, Keys, Name, StreamEnd, category};

type Map<K, V> = HashMap<K, V, RandomState>;

/// The events of a stream that are in a piece.
#[derive(Clone, Debug)]
struct StreamEntry {
    /// The stream's revision before the piece.
    base: u64,
    list: Postings,
}

impl StreamEntry {
    fn end(&self) -> StreamEnd {
        let list = self.list.as_slice();
        StreamEnd {
            revision: Revision(self.base + list.len() as u64),
            last: Position(list.last().copied().unwrap_or(0)),
        }
    }
}

/// The index of a part of the tail.
#[derive(Clone, Debug, Default)]
pub(crate) struct Piece {
    /// The position before its first event.
    before: u64,
    last: u64,
    /// Bytes of its appends, about.
    bytes: usize,
    /// How many streams begin in it.
    streams_new: u64,
    ids: Map<EventId, u64>,
    streams: Map<Arc<str>, StreamEntry>,
    categories: Map<Box<str>, Postings>,
    types: Map<Box<str>, Postings>,
    tags: Map<Box<str>, Postings>,
}

impl Piece {
    /// An empty piece that goes on after this position.
    pub(crate) fn after(before: Position) -> Piece {
        Piece {
            before: before.0,
            last: before.0,
            ..Piece::default()
        }
    }

    /// The position before its first event.
    pub(crate) fn before(&self) -> Position {
        Position(self.before)
    }

    /// Position of its last event.
    pub(crate) fn last(&self) -> Position {
        Position(self.last)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.last == self.before
    }

    /// Bytes of the appends that were put in, about.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn add_bytes(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    /// The event that has this id.
    pub(crate) fn position_of(&self, id: EventId) -> Option<Position> {
        self.ids.get(&id).copied().map(Position)
    }

    /// Where the stream is at the end of the piece, if the piece has events of it.
    pub(crate) fn stream(&self, name: &str) -> Option<StreamEnd> {
        self.streams.get(name).map(StreamEntry::end)
    }

    /// Where the stream was at this position, as far as the piece knows.
    pub(crate) fn stream_at(&self, name: &str, upto: Position) -> Option<StreamEnd> {
        self.streams.get(name)?.at(upto)
    }

    /// The streams whose names start with `prefix`, after the name `after`, by name, as they were
    /// at `upto`.
    pub(crate) fn streams(
        &self,
        prefix: &str,
        after: Option<&str>,
        upto: Position,
    ) -> Vec<(Arc<str>, StreamEnd)> {
        let wanted =
            |name: &str| name.starts_with(prefix) && after.is_none_or(|after| name > after);
        let named = self.streams.iter().filter(|(name, _)| wanted(name));
        let there =
            |(name, entry): (&Arc<str>, &StreamEntry)| Some((Arc::clone(name), entry.at(upto)?));
        let mut streams: Vec<_> = named.filter_map(there).collect();
        streams.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        streams
    }

    /// How many streams begin in it.
    pub(crate) fn streams_new(&self) -> u64 {
        self.streams_new
    }

    /// How many events have a name.
    pub(crate) fn count(&self, name: &Name<'_>) -> u64 {
        let list = self.list_of(name.facet, name.text);
        list.map_or(0, |list| list.len() as u64)
    }

    /// Tells the `count` names of a facet that have the most events.
    pub(crate) fn tops(&self, facet: Facet, count: usize, tell: &mut dyn FnMut(&str, u64)) {
        let mut names: Vec<(&str, usize)> = match facet {
            Facet::Stream => {
                let streams = self.streams.iter();
                streams
                    .map(|(name, entry)| (&**name, entry.list.as_slice().len()))
                    .collect()
            }
            _ => {
                let lists = self.lists_of(facet).iter();
                lists
                    .map(|(name, list)| (&**name, list.as_slice().len()))
                    .collect()
            }
        };
        if names.len() > count {
            names.select_nth_unstable_by_key(count, |(_, events)| std::cmp::Reverse(*events));
        }
        for (name, events) in names.into_iter().take(count) {
            tell(name, events as u64);
        }
    }

    fn lists_of(&self, facet: Facet) -> &Map<Box<str>, Postings> {
        match facet {
            Facet::Tag => &self.tags,
            Facet::Type => &self.types,
            Facet::Category | Facet::Stream => &self.categories,
        }
    }

    fn list_of(&self, facet: Facet, name: &str) -> Option<&[u64]> {
        match facet {
            Facet::Stream => self.streams.get(name).map(|entry| entry.list.as_slice()),
            _ => self.lists_of(facet).get(name).map(Postings::as_slice),
        }
    }

    /// Everything that a segment keeps of it, in the order of a segment's keys: facet, name, the
    /// revision before (of streams), positions.
    pub(crate) fn keys(&self) -> Vec<(Facet, &str, u64, &[u64])> {
        let mut keys = Vec::with_capacity(self.streams.len() + self.tags.len() + 64);
        for facet in Facet::ALL {
            let from = keys.len();
            match facet {
                Facet::Stream => keys.extend(
                    self.streams
                        .iter()
                        .map(|(name, entry)| (facet, &**name, entry.base, entry.list.as_slice())),
                ),
                _ => keys.extend(
                    self.lists_of(facet)
                        .iter()
                        .map(|(name, list)| (facet, &**name, 0, list.as_slice())),
                ),
            }
            keys[from..].sort_unstable_by(|a: &(Facet, &str, u64, &[u64]), b| a.1.cmp(b.1));
        }
        keys
    }

    /// The ids with their positions, in no order.
    pub(crate) fn ids(&self) -> impl Iterator<Item = (EventId, Position)> + '_ {
        self.ids.iter().map(|(id, at)| (*id, Position(*at)))
    }

    /// Puts the next event in and says its revision. `base` is where its stream was before the
    /// piece; it is used when this is the stream's first event in the piece.
    pub(crate) fn insert<'a, T>(&mut self, keys: Keys<'a, T>, base: Revision) -> Revision
    where
        T: Iterator<Item = &'a str>,
    {
        self.last += 1;
        let position = self.last;
        self.ids.insert(keys.id, position);
        push(&mut self.types, keys.event_type, position);
        for tag in keys.tags {
            push(&mut self.tags, tag, position);
        }
        match keys.stream {
            Some(stream) => {
                push(&mut self.categories, category(stream), position);
                self.push_stream(stream, position, base)
            }
            None => Revision::NONE,
        }
    }

    fn push_stream(&mut self, stream: &str, position: u64, base: Revision) -> Revision {
        if let Some(entry) = self.streams.get_mut(stream) {
            entry.list.push(position);
            return entry.end().revision;
        }
        let entry = StreamEntry {
            base: base.0,
            list: Postings::One(position),
        };
        self.streams_new += u64::from(base == Revision::NONE);
        self.streams.insert(Arc::from(stream), entry);
        Revision(base.0 + 1)
    }

    /// Takes the last event back.
    pub(crate) fn remove<'a, T>(&mut self, keys: Keys<'a, T>)
    where
        T: Iterator<Item = &'a str>,
    {
        assert!(!self.is_empty(), "there is an event to take back");
        let position = self.last;
        if let Entry::Occupied(id) = self.ids.entry(keys.id)
            && *id.get() == position
        {
            id.remove();
        }
        pop(&mut self.types, keys.event_type, position);
        for tag in keys.tags {
            pop(&mut self.tags, tag, position);
        }
        if let Some(stream) = keys.stream {
            pop(&mut self.categories, category(stream), position);
            if let Entry::Occupied(mut entry) = self.streams.entry(Arc::from(stream))
                && entry.get_mut().list.pop(position)
            {
                self.streams_new -= u64::from(entry.get().base == 0);
                entry.remove();
            }
        }
        self.last -= 1;
    }
}

impl StreamEntry {
    /// Where the stream was at this position, if it had events of the piece by then.
    fn at(&self, upto: Position) -> Option<StreamEnd> {
        let list = self.list.as_slice();
        let there = &list[..list.partition_point(|at| *at <= upto.0)];
        there.last().map(|last| StreamEnd {
            revision: Revision(self.base + there.len() as u64),
            last: Position(*last),
        })
    }
}

impl Lists for Piece {
    type List<'a> = Cursor<'a>;

    fn may_have(&self, name: &Name<'_>) -> Result<bool, Error> {
        Ok(self.list_of(name.facet, name.text).is_some())
    }

    fn list(&self, name: &Name<'_>, way: Way) -> Result<Option<Cursor<'_>>, Error> {
        let list = self.list_of(name.facet, name.text);
        Ok(list.map(|list| Cursor::new(list, way)))
    }
}

fn push(map: &mut Map<Box<str>, Postings>, name: &str, position: u64) {
    match map.get_mut(name) {
        Some(list) => list.push(position),
        None => {
            map.insert(name.into(), Postings::One(position));
        }
    }
}

/// Takes the position back, and the name with its last one.
fn pop(map: &mut Map<Box<str>, Postings>, name: &str, position: u64) {
    if map.get_mut(name).is_some_and(|list| list.pop(position)) {
        map.remove(name);
    }
}

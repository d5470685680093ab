//! Where events are found: by id, stream, category, type and tag.
//!
//! The index is derived: it holds what the commits say and is made from them when a log is opened.
//! It also holds the events in flight, which are checked against but not yet durable; readers stop
//! at the head and so never see them. What did not become durable is taken back, last event first.
//!
//! All of it is in memory for now. What the rest of the journal asks for is what stands here
//! (`insert`, `remove`, `position_of`, `stream`, `scan`, `first_match`), so that an index over
//! segments can take its place.

mod names;
pub(crate) mod postings;
mod scan;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use foldhash::fast::RandomState;
use headwater_event::{EventId, Position, Query, Revision};

pub(crate) use names::SortedNames;
use postings::Postings;
pub(crate) use postings::Way;
pub(crate) use scan::{Found, Span};

type Map<K, V> = HashMap<K, V, RandomState>;

/// What the index keeps of an event.
pub(crate) struct Keys<'a, T> {
    pub(crate) id: EventId,
    pub(crate) event_type: &'a str,
    pub(crate) stream: Option<&'a str>,
    pub(crate) tags: T,
}

/// The index of one log, up to the last event in flight.
#[derive(Default)]
pub(crate) struct Index {
    last: u64,
    ids: Map<EventId, u64>,
    streams: Map<Arc<str>, Postings>,
    /// The streams in the order in which they were made.
    stream_names: Vec<Arc<str>>,
    /// How often a name was taken back out of them.
    names_taken_back: u64,
    categories: Map<Box<str>, Postings>,
    types: Map<Box<str>, Postings>,
    tags: Map<Box<str>, Postings>,
}

impl Index {
    /// The last position that was put in.
    pub(crate) fn last(&self) -> Position {
        Position(self.last)
    }

    /// The event that has this id.
    pub(crate) fn position_of(&self, id: EventId) -> Option<Position> {
        self.ids.get(&id).copied().map(Position)
    }

    /// The positions of a stream's events: revision 1 first.
    pub(crate) fn stream(&self, name: &str) -> &[u64] {
        self.streams.get(name).map_or(&[], Postings::as_slice)
    }

    /// Where a stream is.
    pub(crate) fn revision(&self, name: &str) -> Revision {
        Revision(self.stream(name).len() as u64)
    }

    /// The first event after `after` that matches.
    pub(crate) fn first_match(&self, query: &Query, after: Position) -> Option<Position> {
        let span = Span {
            way: Way::Up,
            from: after.0 + 1,
            to: self.last,
            limit: 1,
            steps: usize::MAX,
        };
        if span.from > span.to {
            return None;
        }
        let found = self.scan(query, span);
        found.positions.first().copied().map(Position)
    }

    /// How many different streams, types and tags there are.
    pub(crate) fn counts(&self) -> (usize, usize, usize) {
        (self.streams.len(), self.types.len(), self.tags.len())
    }

    /// Puts the next event in and says its revision.
    pub(crate) fn insert<'a, T>(&mut self, keys: Keys<'a, T>) -> Revision
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
                self.push_stream(stream, position)
            }
            None => Revision::NONE,
        }
    }

    fn push_stream(&mut self, stream: &str, position: u64) -> Revision {
        if let Some(list) = self.streams.get_mut(stream) {
            list.push(position);
            return Revision(list.as_slice().len() as u64);
        }
        let name: Arc<str> = Arc::from(stream);
        self.stream_names.push(Arc::clone(&name));
        self.streams.insert(name, Postings::One(position));
        Revision(1)
    }

    /// Takes the last event back.
    pub(crate) fn remove<'a, T>(&mut self, keys: Keys<'a, T>)
    where
        T: Iterator<Item = &'a str>,
    {
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
            if pop(&mut self.streams, stream, position) {
                self.names_taken_back += 1;
                let made_last = self.stream_names.pop();
                debug_assert_eq!(made_last.as_deref(), Some(stream));
            }
        }
        self.last -= 1;
    }
}

/// The part of a stream's name before the first `/`.
pub(crate) fn category(stream: &str) -> &str {
    stream
        .split_once('/')
        .map_or(stream, |(category, _)| category)
}

fn push(map: &mut Map<Box<str>, Postings>, name: &str, position: u64) {
    match map.get_mut(name) {
        Some(list) => list.push(position),
        None => {
            map.insert(name.into(), Postings::One(position));
        }
    }
}

/// Takes the position back; says whether the name is gone.
fn pop<K>(map: &mut Map<K, Postings>, name: &str, position: u64) -> bool
where
    K: std::borrow::Borrow<str> + Eq + std::hash::Hash,
{
    let gone = map.get_mut(name).is_some_and(|list| list.pop(position));
    if gone {
        map.remove(name);
    }
    gone
}

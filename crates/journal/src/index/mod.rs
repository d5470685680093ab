//! Where events are found: by id, stream, category, type and tag.
//!
//! The log lies in parts, one after another: segments, pieces of the tail that wait to be sealed,
//! and the piece that grows. Each part knows the events of its own positions and nothing else, so
//! a query walks from part to part, and a part that holds none of its names is passed by a look at
//! its filter.
//!
//! ```text
//!  1 .......................... sealed | .............. head ... in flight
//!  segment | segment | .. | segment    | piece | piece | active piece
//!          shared, immutable           | immutable     | one writer, behind a lock
//! ```
//!
//! The index is derived: it holds what the commits say. The active piece also holds the events in
//! flight, which are checked against but not yet durable; readers stop at the head and so never see
//! them. What did not become durable is taken back, last event first.
//!
//! No lock is held during I/O: segments are looked at without one.

mod in_memory;
mod piece;
pub(crate) mod postings;
mod scan;
mod view;

use std::cell::OnceCell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

use headwater_event::{Error, EventId, Position, Query, Revision};

use crate::errors;
use crate::segment::{self, Segment};
pub(crate) use crate::segment::{Facet, StreamEnd};
use crate::stream_ends::SealedEnd;
pub(crate) use piece::Piece;
pub(crate) use postings::Way;
pub(crate) use scan::{Found, Span};
use scan::{Wanted, scan};
pub(crate) use view::{Part, View};

/// A name to be looked up, perhaps in many parts.
pub(crate) struct Name<'a> {
    pub(crate) facet: Facet,
    pub(crate) text: &'a str,
    hash: OnceCell<u64>,
    key: OnceCell<Vec<u8>>,
}

impl<'a> Name<'a> {
    pub(crate) fn new(facet: Facet, text: &'a str) -> Name<'a> {
        Name {
            facet,
            text,
            hash: OnceCell::new(),
            key: OnceCell::new(),
        }
    }

    /// The hash that the filters of segments are asked with.
    pub(crate) fn hash(&self) -> u64 {
        *self
            .hash
            .get_or_init(|| segment::key_hash(self.facet, self.text))
    }

    /// What segments know it by.
    pub(crate) fn key(&self) -> &[u8] {
        self.key
            .get_or_init(|| segment::key_of(self.facet, self.text))
    }
}

/// What the index keeps of an event.
pub(crate) struct Keys<'a, T> {
    pub(crate) id: EventId,
    pub(crate) event_type: &'a str,
    pub(crate) stream: Option<&'a str>,
    pub(crate) tags: T,
}

/// The part of a stream's name before the first `/`.
pub(crate) fn category(stream: &str) -> &str {
    stream
        .split_once('/')
        .map_or(stream, |(category, _)| category)
}

struct State {
    active: Piece,
    view: Arc<View>,
}

/// The index of one log, up to the last event in flight.
pub(crate) struct Index {
    state: RwLock<State>,
    /// How many pieces no longer grow.
    waiting: AtomicUsize,
}

impl Index {
    /// The index of a log that has these segments, and nothing after them yet.
    pub(crate) fn new(segments: Vec<Arc<Segment>>) -> Index {
        let view = View {
            segments,
            pieces: Vec::new(),
        };
        Index {
            state: RwLock::new(State {
                active: Piece::after(view.sealed()),
                view: Arc::new(view),
            }),
            waiting: AtomicUsize::new(0),
        }
    }

    fn state(&self) -> Result<RwLockReadGuard<'_, State>, Error> {
        self.state.read().map_err(|_| poisoned())
    }

    fn state_mut(&self) -> Result<RwLockWriteGuard<'_, State>, Error> {
        self.state.write().map_err(|_| poisoned())
    }

    /// Everything before the active piece.
    pub(crate) fn view(&self) -> Result<Arc<View>, Error> {
        Ok(Arc::clone(&self.state()?.view))
    }

    /// The last position that was put in.
    pub(crate) fn last(&self) -> Result<Position, Error> {
        Ok(self.state()?.active.last())
    }

    /// The event that has this id.
    pub(crate) fn position_of(&self, id: EventId) -> Result<Option<Position>, Error> {
        self.position_since(id, Position::ZERO)
    }

    /// The same, where it is known that no event of a segment up to `absent` has it.
    pub(crate) fn position_since(
        &self,
        id: EventId,
        absent: Position,
    ) -> Result<Option<Position>, Error> {
        let view = {
            let state = self.state()?;
            if let Some(position) = state.active.position_of(id) {
                return Ok(Some(position));
            }
            Arc::clone(&state.view)
        };
        view.position_of(id, absent)
    }

    /// Where a stream ends, events in flight included. What is known of segments is not looked for.
    pub(crate) fn stream(
        &self,
        name: &str,
        known: Option<SealedEnd>,
    ) -> Result<Option<StreamEnd>, Error> {
        let view = {
            let state = self.state()?;
            if let Some(end) = state.active.stream(name) {
                return Ok(Some(end));
            }
            Arc::clone(&state.view)
        };
        view.stream(&Name::new(Facet::Stream, name), known)
    }

    /// Whether a stream had this revision at this position, and an event of its there, as the index
    /// of the tail has it. What is sealed was held against its events when it was.
    pub(crate) fn is_end(&self, stream: &str, end: (Revision, Position)) -> Result<bool, Error> {
        let is_it = |piece: &Piece| {
            let found = piece.stream_at(stream, end.1);
            found.map(|found| (found.revision, found.last)) == Some(end)
        };
        let state = self.state()?;
        match state.view.part_of(end.1) {
            Part::Segment(_) => Ok(true),
            Part::Piece(piece) => Ok(is_it(piece)),
            Part::Active => Ok(is_it(&state.active)),
        }
    }

    /// What the active piece must be told of a stream when an event of it is put in: where the
    /// stream was before the piece, if the piece does not know it yet.
    pub(crate) fn base_of(
        &self,
        stream: &str,
        known: Option<SealedEnd>,
    ) -> Result<Revision, Error> {
        let view = {
            let state = self.state()?;
            if state.active.stream(stream).is_some() {
                return Ok(Revision::NONE);
            }
            Arc::clone(&state.view)
        };
        let end = view.stream(&Name::new(Facet::Stream, stream), known)?;
        Ok(end.map_or(Revision::NONE, |end| end.revision))
    }

    /// The first event after `after` and up to `upto` that matches, in flight or not.
    pub(crate) fn first_match(
        &self,
        query: &Query,
        after: Position,
        upto: Position,
    ) -> Result<Option<Position>, Error> {
        let mut span = Span {
            way: Way::Up,
            from: after.0 + 1,
            to: upto.0,
            limit: 1,
            steps: usize::MAX,
        };
        while span.from <= span.to {
            let found = self.scan(query, span)?;
            if let Some(position) = found.positions.first() {
                return Ok(Some(Position(*position)));
            }
            span.from = found.scanned + 1;
        }
        Ok(None)
    }

    /// The positions that match, in the order of the walk.
    pub(crate) fn scan(&self, query: &Query, span: Span) -> Result<Found, Error> {
        let wanted = Wanted::new(query);
        let way = span.way;
        let mut found = Found {
            positions: Vec::new(),
            scanned: way.back(span.from),
        };
        while way.before(found.scanned, span.to) && found.positions.len() < span.limit {
            let rest = Span {
                from: way.step(found.scanned),
                limit: span.limit - found.positions.len(),
                ..span
            };
            let (part, end) = self.scan_part(&wanted, rest)?;
            found.positions.extend(part.positions);
            found.scanned = part.scanned;
            if part.scanned != end {
                break; // it has its limit, or used up its steps
            }
        }
        Ok(found)
    }

    /// Scans the part that holds the first position, up to its end, all segments being one; says
    /// where that is.
    fn scan_part(&self, wanted: &Wanted<'_>, span: Span) -> Result<(Found, u64), Error> {
        let view = {
            let state = self.state()?;
            if span.from > state.active.before().0 {
                let span = span.within(state.active.before().0 + 1, u64::MAX);
                return Ok((scan(&state.active, wanted, span)?, span.to));
            }
            Arc::clone(&state.view)
        };
        match view.part_of(Position(span.from)) {
            Part::Segment(_) => {
                let span = span.within(1, view.sealed().0);
                Ok((view.scan_segments(wanted, span)?, span.to))
            }
            Part::Piece(piece) => {
                let span = span.within(piece.before().0 + 1, piece.last().0);
                Ok((scan(&**piece, wanted, span)?, span.to))
            }
            Part::Active => Err(errors::poisoned(
                "a position that no part of the index holds",
            )),
        }
    }

    /// Locks the index for putting in and taking back.
    pub(crate) fn change(&self) -> Result<Change<'_>, Error> {
        Ok(Change {
            state: self.state_mut()?,
            waiting: &self.waiting,
        })
    }

    /// Looks at the active piece.
    pub(crate) fn with_active<T>(
        &self,
        look: impl FnOnce(&Piece, &Arc<View>) -> T,
    ) -> Result<T, Error> {
        let state = self.state()?;
        Ok(look(&state.active, &state.view))
    }

    /// Lets the active piece grow no further if it has so many bytes; says whether it did.
    pub(crate) fn turn(&self, bytes: usize) -> Result<bool, Error> {
        {
            let state = self.state()?;
            if state.active.is_empty() || state.active.bytes() < bytes {
                return Ok(false);
            }
        }
        let mut state = self.state_mut()?;
        let next = Piece::after(state.active.last());
        let full = std::mem::replace(&mut state.active, next);
        Arc::make_mut(&mut state.view).pieces.push(Arc::new(full));
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Ok(true)
    }

    /// How many events have a name, with those in flight.
    pub(crate) fn count(&self, name: &Name<'_>) -> Result<u64, Error> {
        let (active, view) = self.with_active(|active, view| (active.count(name), view.clone()))?;
        let in_pieces: u64 = view.pieces.iter().map(|piece| piece.count(name)).sum();
        Ok(active + in_pieces + view.count_sealed(name)?)
    }

    /// Whether the active piece holds an event up to this position.
    pub(crate) fn is_active(&self, upto: Position) -> Result<bool, Error> {
        let state = self.state()?;
        Ok(!state.active.is_empty() && state.active.before() < upto)
    }

    /// How many streams begin in the tail.
    pub(crate) fn streams_new(&self) -> Result<u64, Error> {
        let state = self.state()?;
        let pieces = state.view.pieces.iter().map(|piece| piece.streams_new());
        Ok(state.active.streams_new() + pieces.sum::<u64>())
    }

    /// How many pieces wait to be sealed.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// The oldest piece that no longer grows, if all of it is durable.
    pub(crate) fn sealable(&self, head: Position) -> Result<Option<Arc<Piece>>, Error> {
        let view = self.view()?;
        let oldest = view.pieces.first().filter(|piece| piece.last() <= head);
        Ok(oldest.cloned())
    }

    /// Puts a segment in the place of the oldest piece.
    pub(crate) fn sealed(&self, segment: Arc<Segment>) -> Result<(), Error> {
        let mut state = self.state_mut()?;
        let view = Arc::make_mut(&mut state.view);
        assert_eq!(view.pieces[0].last(), segment.last());
        view.pieces.remove(0);
        view.segments.push(segment);
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        Ok(())
    }

    /// Puts a segment in the place of those that it was merged from.
    pub(crate) fn merged(&self, segment: Arc<Segment>) -> Result<(), Error> {
        let mut state = self.state_mut()?;
        let view = Arc::make_mut(&mut state.view);
        let from = view
            .segments
            .partition_point(|one| one.last() < segment.first());
        let to = view
            .segments
            .partition_point(|one| one.last() <= segment.last());
        view.segments.splice(from..to, [segment]);
        Ok(())
    }
}

/// The index, being changed. Readers wait until this is dropped.
pub(crate) struct Change<'a> {
    state: RwLockWriteGuard<'a, State>,
    waiting: &'a AtomicUsize,
}

impl Change<'_> {
    /// Puts the next event in and says its revision; see [`Index::base_of`].
    pub(crate) fn insert<'k, T>(&mut self, keys: Keys<'k, T>, base: Revision) -> Revision
    where
        T: Iterator<Item = &'k str>,
    {
        self.state.active.insert(keys, base)
    }

    /// Takes the last event back.
    pub(crate) fn remove<'k, T>(&mut self, keys: Keys<'k, T>)
    where
        T: Iterator<Item = &'k str>,
    {
        let state = &mut *self.state;
        if state.active.is_empty()
            && let Some(piece) = Arc::make_mut(&mut state.view).pieces.pop()
        {
            // It grows again. It holds events in flight, so nobody has begun to seal it.
            state.active = Arc::unwrap_or_clone(piece);
            self.waiting.fetch_sub(1, Ordering::Relaxed);
        }
        state.active.remove(keys);
    }

    /// The event of the active piece that has this id.
    pub(crate) fn position_of(&self, id: EventId) -> Option<Position> {
        self.state.active.position_of(id)
    }

    /// Counts bytes of what was put in.
    pub(crate) fn add_bytes(&mut self, bytes: usize) {
        self.state.active.add_bytes(bytes);
    }
}

fn poisoned() -> Error {
    errors::poisoned("a panic while the index was changed")
}

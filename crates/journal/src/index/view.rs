//! The parts of the index that do not change any more: segments, and pieces that wait to be sealed.
//!
//! There are more segments the longer a log is, and most of them have nothing of what is looked for.
//! So several are asked at once which of them may have it, before any is looked into: no answer
//! rests on the one before, and a processor waits for the memory of their filters together.

use std::sync::Arc;

use headwater_event::{Error, EventId, Position, Query, Timestamp};

use super::scan::{Found, Lists, Span, Wanted, scan};
use super::{Name, Piece, StreamEnd, Way};
use crate::segment::{self, ListInMemory, ListsInMemory, Segment, SegmentList};
use crate::stream_ends::SealedEnd;

/// Names that are looked up by who must not be kept for long, each in each segment, and steps
/// through the lists of a segment.
const LOOKS_IN_MEMORY: usize = 512;
const STEPS_IN_MEMORY: usize = 256;

/// Everything before the active piece, at one moment.
#[derive(Clone, Default)]
pub(crate) struct View {
    /// The oldest first.
    pub(crate) segments: Vec<Arc<Segment>>,
    /// Pieces of the tail that no longer grow, the oldest first.
    pub(crate) pieces: Vec<Arc<Piece>>,
}

/// The part of the log that holds a position.
pub(crate) enum Part<'a> {
    Segment(&'a Arc<Segment>),
    Piece(&'a Arc<Piece>),
    /// The active piece, or nothing yet.
    Active,
}

impl View {
    /// The last position that is in a segment.
    pub(crate) fn sealed(&self) -> Position {
        self.segments
            .last()
            .map_or(Position::ZERO, |segment| segment.last())
    }

    /// How many bytes the segments have.
    pub(crate) fn segment_bytes(&self) -> u64 {
        self.segments.iter().map(|one| one.info().bytes).sum()
    }

    /// The first event after `after` in a segment that matches, as far as memory tells: filters, and
    /// lists that were read before. Nothing inside if there is none; nothing at all if it would
    /// take reads, or long.
    pub(crate) fn first_in_memory(
        &self,
        query: &Query,
        after: Position,
    ) -> Result<Option<Option<Position>>, Error> {
        let wanted = Wanted::new(query);
        let span = Span {
            way: Way::Up,
            from: after.0 + 1,
            to: self.sealed().0,
            limit: 1,
            steps: STEPS_IN_MEMORY,
        };
        if self.segments_of(span).len() * wanted.names() > LOOKS_IN_MEMORY {
            return Ok(None);
        }
        let look = |segment: &Segment, span| scan(&ListsInMemory::of(segment), &wanted, span);
        let found = match self.scan_with(&wanted, span, look) {
            Err(error) if segment::is_not_in_memory(&error) => return Ok(None),
            found => found?,
        };
        match found.positions.first() {
            Some(position) => Ok(Some(Some(Position(*position)))),
            None if found.scanned < span.to => Ok(None),
            None => Ok(Some(None)),
        }
    }

    /// The positions in segments that match, in the order of the walk. It begins in a segment.
    pub(super) fn scan_segments(&self, wanted: &Wanted<'_>, span: Span) -> Result<Found, Error> {
        self.scan_with(wanted, span, |segment, span| scan(segment, wanted, span))
    }

    /// The same; `look` looks at the segments that may have something, one after another.
    fn scan_with(
        &self,
        wanted: &Wanted<'_>,
        span: Span,
        look: impl Fn(&Segment, Span) -> Result<Found, Error>,
    ) -> Result<Found, Error> {
        let mut found = Found {
            positions: Vec::new(),
            scanned: span.way.back(span.from),
        };
        let mut perhaps = asked(self.segments_of(span), |one| wanted.glance(one));
        let mut next = || match span.way {
            Way::Up => perhaps.next(),
            Way::Down => perhaps.next_back(),
        };
        while let Some(segment) = next() {
            let rest = Span {
                limit: span.limit - found.positions.len(),
                ..span.within(segment.first().0, segment.last().0)
            };
            let part = look(segment, rest)?;
            found.positions.extend(part.positions);
            found.scanned = part.scanned;
            if part.scanned != rest.to || found.positions.len() == span.limit {
                return Ok(found);
            }
        }
        found.scanned = span.to;
        Ok(found)
    }

    /// The segments that hold positions of the span.
    fn segments_of(&self, span: Span) -> &[Arc<Segment>] {
        let (first, last) = match span.way {
            Way::Up => (span.from, span.to),
            Way::Down => (span.to, span.from),
        };
        let from = self.segments.partition_point(|one| one.last().0 < first);
        let to = self.segments.partition_point(|one| one.first().0 <= last);
        self.segments.get(from..to).unwrap_or_default()
    }

    /// The part that holds this position, which is at least 1.
    pub(crate) fn part_of(&self, position: Position) -> Part<'_> {
        if position <= self.sealed() {
            let at = self
                .segments
                .partition_point(|segment| segment.last() < position);
            return self.segments.get(at).map_or(Part::Active, Part::Segment);
        }
        let at = self.pieces.partition_point(|piece| piece.last() < position);
        self.pieces.get(at).map_or(Part::Active, Part::Piece)
    }

    /// The first segment whose last append was recorded after the instant.
    pub(crate) fn recorded_after(&self, instant: Timestamp) -> Option<&Arc<Segment>> {
        let upto = self
            .segments
            .partition_point(|segment| segment.info().after.recorded_at <= instant);
        self.segments.get(upto)
    }

    pub(super) fn position_of(&self, id: EventId) -> Result<Option<Position>, Error> {
        let in_pieces = self.pieces.iter().rev();
        if let Some(position) = in_pieces
            .map(|piece| piece.position_of(id))
            .find(Option::is_some)
        {
            return Ok(position);
        }
        for segment in self.segments.iter().rev() {
            if let Some(position) = segment.position_of(id)? {
                return Ok(Some(position));
            }
        }
        Ok(None)
    }

    /// Where a stream ends. Segments of which that is known are not looked at.
    pub(super) fn stream(
        &self,
        name: &Name<'_>,
        known: Option<SealedEnd>,
    ) -> Result<Option<StreamEnd>, Error> {
        if let Some(end) = self.stream_in_pieces(name) {
            return Ok(Some(end));
        }
        let upto = known.map_or(Position::ZERO, |known| known.upto);
        let since = self.segments.partition_point(|one| one.last() <= upto);
        let since = self.segments.get(since..).unwrap_or_default();
        for segment in asked(since, |one| one.glance(name.hash())).rev() {
            if let Some(end) = segment.stream(name.text, name.hash())? {
                return Ok(Some(end));
            }
        }
        Ok(known.and_then(|known| known.end))
    }

    fn stream_in_pieces(&self, name: &Name<'_>) -> Option<StreamEnd> {
        let mut pieces = self.pieces.iter().rev();
        pieces.find_map(|piece| piece.stream(name.text))
    }

    /// Where a stream ends in the segments, as far as memory tells; nothing also where a piece has
    /// it, which is asked first.
    pub(crate) fn stream_in_memory(&self, name: &Name<'_>) -> Option<SealedEnd> {
        if self.stream_in_pieces(name).is_some() {
            return None;
        }
        for segment in asked(&self.segments, |one| one.glance(name.hash())).rev() {
            // Whoever needs it reads what is not in memory, and tells what is wrong.
            let end = ListsInMemory::of(segment)
                .stream(name.text, name.hash())
                .ok()?;
            if end.is_some() {
                return Some(self.sealed_end(end));
            }
        }
        Some(self.sealed_end(None))
    }

    fn sealed_end(&self, end: Option<StreamEnd>) -> SealedEnd {
        let upto = self.sealed();
        SealedEnd { upto, end }
    }

    /// How many events of segments have a name.
    pub(super) fn count_sealed(&self, name: &Name<'_>) -> Result<u64, Error> {
        asked(&self.segments, |one| one.glance(name.hash())).try_fold(0, |sum, one| {
            Ok(sum + one.count(name.facet, name.text, name.hash())?)
        })
    }
}

/// So many are asked at once: a processor has not many more looks at memory on their way, and who
/// finds what it wants in the first ones need not touch the others.
const ASKED_AT_ONCE: usize = 8;

/// Those that may have what is asked, in their order.
fn asked<T>(all: &[T], perhaps: impl Fn(&T) -> bool) -> impl DoubleEndedIterator<Item = &T> {
    let at_once = all.chunks(ASKED_AT_ONCE);
    at_once.flat_map(move |some| Asked {
        perhaps: (some.iter().rev()).fold(0, |bits, one| bits << 1 | u8::from(perhaps(one))),
        some,
    })
}

/// Those of some that may have something: a bit each.
struct Asked<'a, T> {
    perhaps: u8,
    some: &'a [T],
}

impl<'a, T> Asked<'a, T> {
    fn take(&mut self, at: u32) -> Option<&'a T> {
        self.perhaps &= !1u8.checked_shl(at)?;
        self.some.get(at as usize)
    }
}

impl<'a, T> Iterator for Asked<'a, T> {
    type Item = &'a T;

    fn next(&mut self) -> Option<&'a T> {
        self.take(self.perhaps.trailing_zeros())
    }
}

impl<'a, T> DoubleEndedIterator for Asked<'a, T> {
    fn next_back(&mut self) -> Option<&'a T> {
        self.take(self.perhaps.checked_ilog2()?)
    }
}

impl Lists for Segment {
    type List<'a> = SegmentList<'a>;

    fn may_have(&self, name: &Name<'_>) -> Result<bool, Error> {
        Segment::may_have(self, name.hash())
    }

    fn list(&self, name: &Name<'_>, way: Way) -> Result<Option<SegmentList<'_>>, Error> {
        Segment::list(self, name.facet, name.text, name.hash(), way)
    }
}

impl Lists for ListsInMemory<'_> {
    type List<'a>
        = ListInMemory<'a>
    where
        Self: 'a;

    fn may_have(&self, name: &Name<'_>) -> Result<bool, Error> {
        ListsInMemory::may_have(self, name.hash())
    }

    fn list(&self, name: &Name<'_>, way: Way) -> Result<Option<ListInMemory<'_>>, Error> {
        ListsInMemory::list(self, (name.facet, name.text, name.hash()), way)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn those_that_may_have_it_come_in_their_order_from_either_end(
            all in proptest::collection::vec(any::<bool>(), 0..200),
            back in proptest::collection::vec(any::<bool>(), 0..200),
        ) {
            let numbered: Vec<(usize, bool)> = all.into_iter().enumerate().collect();
            let mut expected: std::collections::VecDeque<usize> =
                numbered.iter().filter(|one| one.1).map(|one| one.0).collect();
            let mut found = asked(&numbered, |one| one.1);
            for back in back.into_iter().chain([false; 200]) {
                let (next, then) = match back {
                    true => (found.next_back(), expected.pop_back()),
                    false => (found.next(), expected.pop_front()),
                };
                prop_assert_eq!(next.map(|one| one.0), then);
            }
        }
    }
}

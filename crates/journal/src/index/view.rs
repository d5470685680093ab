//! The parts of the index that do not change any more: segments, and pieces that wait to be sealed.
//!
//! There are more segments the longer a log is, and most of them have nothing of what is looked for.
//! So several are asked at once which of them may have it, before any is looked into: no answer
//! rests on the one before, and a processor waits for the memory of their filters together.

use std::sync::Arc;

use headwater_event::{Error, EventId, Position, Timestamp};

use super::scan::{Found, Lists, Span, Wanted, scan};
use super::{Name, Piece, StreamEnd, Way};
use crate::segment::{Segment, SegmentList};
use crate::stream_ends::SealedEnd;

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

    /// The positions in segments that match, in the order of the walk. It begins in a segment.
    pub(super) fn scan_segments(&self, wanted: &Wanted<'_>, span: Span) -> Result<Found, Error> {
        let mut course = Course::new(span);
        let mut perhaps = asked(self.segments_of(span), wanted);
        let mut next = || match span.way {
            Way::Up => perhaps.next(),
            Way::Down => perhaps.next_back(),
        };
        while let Some(segment) = next() {
            let goes_on = course.go(segment, |span| scan(&**segment, wanted, span))?;
            if !goes_on {
                return Ok(course.found);
            }
        }
        Ok(course.end())
    }

    /// The segments that hold positions of the span.
    pub(super) fn segments_of(&self, span: Span) -> &[Arc<Segment>] {
        let (first, last) = match span.way {
            Way::Up => (span.from, span.to),
            Way::Down => (span.to, span.from),
        };
        let from = self.segments.partition_point(|one| one.last().0 < first);
        let to = self.segments.partition_point(|one| one.first().0 <= last);
        self.segments.get(from..to).unwrap_or_default()
    }

    /// The segments that hold more than what is up to a position.
    fn since(&self, upto: Position) -> &[Arc<Segment>] {
        let since = self.segments.partition_point(|one| one.last() <= upto);
        self.segments.get(since..).unwrap_or_default()
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

    /// The event that has this id. It is known that no event of a segment up to `absent` has it.
    pub(super) fn position_of(
        &self,
        id: EventId,
        absent: Position,
    ) -> Result<Option<Position>, Error> {
        let in_pieces = self.pieces.iter().rev();
        if let Some(position) = in_pieces
            .map(|piece| piece.position_of(id))
            .find(Option::is_some)
        {
            return Ok(position);
        }
        for segment in self.since(absent).iter().rev() {
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
        for segment in asked(self.since(upto), name).rev() {
            if let Some(end) = segment.stream(name.text, name.hash())? {
                return Ok(Some(end));
            }
        }
        Ok(known.and_then(|known| known.end))
    }

    pub(super) fn stream_in_pieces(&self, name: &Name<'_>) -> Option<StreamEnd> {
        let mut pieces = self.pieces.iter().rev();
        pieces.find_map(|piece| piece.stream(name.text))
    }

    pub(super) fn sealed_end(&self, end: Option<StreamEnd>) -> SealedEnd {
        let upto = self.sealed();
        SealedEnd { upto, end }
    }

    /// How many events of segments have a name.
    pub(super) fn count_sealed(&self, name: &Name<'_>) -> Result<u64, Error> {
        let mut perhaps = asked(&self.segments, name);
        perhaps.try_fold(0, |sum, one| {
            Ok(sum + one.count(name.facet, name.text, name.hash())?)
        })
    }
}

/// So many are asked at once: a processor has not many more looks at memory on their way, and who
/// finds what it wants in the first ones need not touch the others.
pub(super) const ASKED_AT_ONCE: usize = 8;

/// A bit for each.
const _: () = assert!(ASKED_AT_ONCE <= u8::BITS as usize);

/// What is asked of segments.
pub(super) trait Question<T> {
    /// Asks memory for what the answer is made from, and does not wait for it.
    fn touch(&self, one: &T);

    /// Whether one may have it. No is certain.
    fn perhaps(&self, one: &T) -> bool;
}

impl Question<Arc<Segment>> for &Name<'_> {
    fn touch(&self, segment: &Arc<Segment>) {
        segment.touch(self.hash());
    }

    fn perhaps(&self, segment: &Arc<Segment>) -> bool {
        segment.glance(self.hash())
    }
}

impl Question<Arc<Segment>> for &Wanted<'_> {
    fn touch(&self, segment: &Arc<Segment>) {
        self.names().for_each(|name| segment.touch(name.hash()));
    }

    fn perhaps(&self, segment: &Arc<Segment>) -> bool {
        self.glance(segment)
    }
}

/// Those that may have what is asked, in their order.
pub(super) fn asked<T>(
    all: &[T],
    question: impl Question<T>,
) -> impl DoubleEndedIterator<Item = &T> {
    let at_once = all.chunks(ASKED_AT_ONCE);
    at_once.flat_map(move |some| {
        some.iter().for_each(|one| question.touch(one));
        let perhaps = some.iter().rev().map(|one| question.perhaps(one));
        Asked {
            perhaps: perhaps.fold(0, |bits, perhaps| bits << 1 | u8::from(perhaps)),
            some,
        }
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

/// A scan that goes from segment to segment.
pub(super) struct Course {
    span: Span,
    pub(super) found: Found,
}

impl Course {
    pub(super) fn new(span: Span) -> Course {
        let found = Found {
            positions: Vec::new(),
            scanned: span.way.back(span.from),
        };
        Course { span, found }
    }

    /// Goes through a segment by this look; says whether the scan goes on behind it.
    pub(super) fn go(
        &mut self,
        segment: &Segment,
        look: impl FnOnce(Span) -> Result<Found, Error>,
    ) -> Result<bool, Error> {
        let rest = Span {
            limit: self.span.limit - self.found.positions.len(),
            ..(self.span).within(segment.first().0, segment.last().0)
        };
        let part = look(rest)?;
        self.found.positions.extend(part.positions);
        self.found.scanned = part.scanned;
        Ok(part.scanned == rest.to && self.found.positions.len() < self.span.limit)
    }

    /// What was found, where no other segment may have more.
    pub(super) fn end(mut self) -> Found {
        self.found.scanned = self.span.to;
        self.found
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Whether the second is true.
    struct Second;

    impl Question<(usize, bool)> for Second {
        fn touch(&self, _: &(usize, bool)) {}

        fn perhaps(&self, one: &(usize, bool)) -> bool {
            one.1
        }
    }

    proptest! {
        #[test]
        fn those_that_may_have_it_come_in_their_order_from_either_end(
            all in proptest::collection::vec(any::<bool>(), 0..200),
            back in proptest::collection::vec(any::<bool>(), 0..200),
        ) {
            let numbered: Vec<(usize, bool)> = all.into_iter().enumerate().collect();
            let mut expected: std::collections::VecDeque<usize> =
                numbered.iter().filter(|one| one.1).map(|one| one.0).collect();
            let mut found = asked(&numbered, Second);
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

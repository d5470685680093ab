//! Which positions match a query: posting lists, intersected and merged.
//!
//! An item is an intersection: of its tags, its stream or category, and the union of its types.
//! The shortest list leads and the others are asked for the next position at or beyond its own, so
//! that the work is bounded by the shortest list times the logarithm of the others. The items of a
//! query are merged.

use headwater_event::{Error, Query, QueryItem};

use super::postings::Way;
use super::{Facet, Name};
use crate::segment::Segment;
use crate::segment::postings::Seek;

/// Which positions to look at, and how much to do at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) way: Way,
    /// The first position to look at.
    pub(crate) from: u64,
    /// The last one.
    pub(crate) to: u64,
    /// Stop after this many matches.
    pub(crate) limit: usize,
    /// Stop after about this many steps through lists, so that no lock is held for long.
    pub(crate) steps: usize,
}

impl Span {
    /// What of it lies within these positions, which begin after its start if they are not around it.
    pub(super) fn within(self, first: u64, last: u64) -> Span {
        match self.way {
            Way::Up => Span {
                from: self.from.max(first),
                to: self.to.min(last),
                ..self
            },
            Way::Down => Span {
                from: self.from.min(last),
                to: self.to.max(first),
                ..self
            },
        }
    }
}

/// What a scan found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// The matches, in the order of the walk.
    pub(crate) positions: Vec<u64>,
    /// Everything from the start up to and including this was looked at.
    pub(crate) scanned: u64,
}

/// What one item says next.
enum Next {
    /// It matches here, and nowhere before.
    At(u64),
    /// It matches nowhere further on.
    End,
    /// The steps are used up; it matches nowhere before this position.
    Pause(u64),
}

/// Something that knows which positions have a name in common: a piece or a segment.
pub(crate) trait Lists {
    /// A walk through a list.
    type List<'a>: Seek
    where
        Self: 'a;

    /// Whether some event may have this name; cheaper than its list. No is certain.
    fn may_have(&self, name: &Name<'_>) -> Result<bool, Error>;

    /// The positions of the events that have this name; none if there are none.
    fn list(&self, name: &Name<'_>, way: Way) -> Result<Option<Self::List<'_>>, Error>;
}

/// A query, with its names made ready to be looked up in many places.
pub(crate) struct Wanted<'a> {
    /// Nothing is every event.
    items: Vec<WantedItem<'a>>,
}

struct WantedItem<'a> {
    /// All of these,
    all: Vec<Name<'a>>,
    /// and one of these, if there are any.
    any: Vec<Name<'a>>,
}

impl<'a> Wanted<'a> {
    pub(crate) fn new(query: &'a Query) -> Wanted<'a> {
        if query.is_all() {
            return Wanted { items: Vec::new() };
        }
        let items = query.items.iter().map(WantedItem::new).collect();
        Wanted { items }
    }

    /// Whether some event of a segment may match, as far as its filter is in memory. No is certain.
    pub(crate) fn glance(&self, segment: &Segment) -> bool {
        self.items.is_empty() || self.items.iter().any(|item| item.glance(segment))
    }

    /// All its names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &Name<'a>> {
        self.items.iter().flat_map(WantedItem::names)
    }

    /// Those of the items of which an event of the segment may be, as far as its filter is in memory.
    pub(crate) fn names_in(&self, segment: &Segment) -> impl Iterator<Item = &Name<'a>> {
        let items = self.items.iter();
        let perhaps = items.filter(move |item| item.glance(segment));
        perhaps.flat_map(WantedItem::names)
    }
}

impl<'a> WantedItem<'a> {
    fn names(&self) -> impl Iterator<Item = &Name<'a>> {
        self.all.iter().chain(&self.any)
    }

    fn glance(&self, segment: &Segment) -> bool {
        let here = |name: &Name<'_>| segment.glance(name.hash());
        // All are asked, whatever the first says: to wait for it takes longer.
        let all = (self.all.iter()).fold(true, |all, name| all & here(name));
        all && (self.any.is_empty() || self.any.iter().any(here))
    }

    fn new(item: &'a QueryItem) -> WantedItem<'a> {
        let tags = item
            .tags
            .iter()
            .map(|tag| Name::new(Facet::Tag, tag.as_str()));
        let stream = item
            .stream
            .iter()
            .map(|stream| Name::new(Facet::Stream, stream.as_str()));
        let category = item
            .category
            .iter()
            .map(|category| Name::new(Facet::Category, category));
        let types = item
            .types
            .iter()
            .map(|name| Name::new(Facet::Type, name.as_str()));
        WantedItem {
            all: stream.chain(tags).chain(category).collect(),
            any: types.collect(),
        }
    }
}

enum Plan<L> {
    Every,
    Lists { all: Vec<L>, any: Vec<L> },
}

/// The positions that match, in the order of the walk.
pub(crate) fn scan<S: Lists>(lists: &S, wanted: &Wanted<'_>, span: Span) -> Result<Found, Error> {
    let mut walk = Walk {
        plans: plans(lists, wanted, span.way)?,
        way: span.way,
        to: span.to,
        steps: span.steps,
    };
    let mut positions = Vec::new();
    let mut from = span.from;
    while positions.len() < span.limit {
        match walk.next(from)? {
            Some(position) => positions.push(position),
            None => {
                return Ok(Found {
                    positions,
                    scanned: walk.to,
                });
            }
        }
        from = span.way.step(positions[positions.len() - 1]);
    }
    let scanned = span.way.back(from);
    Ok(Found { positions, scanned })
}

type Heads<'a, S> = Vec<Head<<S as Lists>::List<'a>>>;

fn plans<'a, S: Lists>(lists: &'a S, wanted: &Wanted<'_>, way: Way) -> Result<Heads<'a, S>, Error> {
    if wanted.items.is_empty() {
        return Ok(vec![Head::new(Plan::Every)]);
    }
    let mut plans = Vec::with_capacity(wanted.items.len());
    for item in &wanted.items {
        plans.extend(plan(lists, item, way)?.map(Head::new));
    }
    Ok(plans)
}

/// The lists of an item; none if one of its names has no event.
fn plan<'a, S: Lists>(
    lists: &'a S,
    item: &WantedItem<'_>,
    way: Way,
) -> Result<Option<Plan<S::List<'a>>>, Error> {
    // Where there is one name alone, looking for its list asks the same.
    if item.all.len() > 1 {
        for name in &item.all {
            if !lists.may_have(name)? {
                return Ok(None); // before any list is read
            }
        }
    }
    let mut all = Vec::with_capacity(item.all.len());
    for name in &item.all {
        match lists.list(name, way)? {
            Some(list) => all.push(list),
            None => return Ok(None),
        }
    }
    all.sort_by_key(S::List::len);
    let mut any = Vec::with_capacity(item.any.len());
    for name in &item.any {
        any.extend(lists.list(name, way)?);
    }
    if any.is_empty() && !item.any.is_empty() {
        return Ok(None);
    }
    match all.is_empty() && any.is_empty() {
        true => Ok(Some(Plan::Every)),
        false => Ok(Some(Plan::Lists { all, any })),
    }
}

/// An item together with where it matches next.
struct Head<L> {
    plan: Plan<L>,
    /// The match that was found and not yet passed.
    at: Option<u64>,
    ended: bool,
}

impl<L> Head<L> {
    fn new(plan: Plan<L>) -> Head<L> {
        Head {
            plan,
            at: None,
            ended: false,
        }
    }
}

struct Walk<L> {
    plans: Vec<Head<L>>,
    way: Way,
    /// The last position to look at; drawn nearer when the steps are used up.
    to: u64,
    steps: usize,
}

impl<L: Seek> Walk<L> {
    /// The next match at `from` or beyond it.
    fn next(&mut self, from: u64) -> Result<Option<u64>, Error> {
        let way = self.way;
        let mut nearest: Option<u64> = None;
        for head in &mut self.plans {
            if head.ended {
                continue;
            }
            if head.at.is_none_or(|at| way.before(at, from)) {
                match head.plan.seek(from, way, &mut self.steps)? {
                    Next::At(position) => head.at = Some(position),
                    Next::End => head.ended = true,
                    Next::Pause(position) => {
                        head.ended = true;
                        let last = way.back(position);
                        if way.before(last, self.to) {
                            self.to = last;
                        }
                    }
                }
            }
            if let (false, Some(at)) = (head.ended, head.at)
                && nearest.is_none_or(|other| way.before(at, other))
            {
                nearest = Some(at);
            }
        }
        Ok(nearest.filter(|at| !way.before(self.to, *at)))
    }
}

impl<L: Seek> Plan<L> {
    fn seek(&mut self, from: u64, way: Way, steps: &mut usize) -> Result<Next, Error> {
        let Plan::Lists { all, any } = self else {
            return Ok(Next::At(from));
        };
        let mut at = from;
        loop {
            let start = at;
            for cursor in all.iter_mut() {
                match cursor.seek(at)? {
                    Some(position) => at = position,
                    None => return Ok(Next::End),
                }
            }
            if !any.is_empty() {
                match nearest(any, at, way)? {
                    Some(position) => at = position,
                    None => return Ok(Next::End),
                }
            }
            let cost = all.len() + any.len();
            if at == start || cost == 1 {
                return Ok(Next::At(at));
            }
            if *steps < cost {
                return Ok(Next::Pause(at));
            }
            *steps -= cost;
        }
    }
}

fn nearest<L: Seek>(any: &mut [L], from: u64, way: Way) -> Result<Option<u64>, Error> {
    let mut nearest: Option<u64> = None;
    for cursor in any {
        if cursor.len() == 0 {
            continue;
        }
        if let Some(at) = cursor.seek(from)?
            && nearest.is_none_or(|other| way.before(at, other))
        {
            nearest = Some(at);
        }
    }
    Ok(nearest)
}

#[cfg(test)]
mod tests {
    use super::super::{Keys, Piece};
    use super::*;
    use headwater_event::{EventId, EventType, Facts, Revision, StreamName, Tag, Text};
    use proptest::prelude::*;
    use uuid::Uuid;

    /// Type, stream and tags of an event, by number.
    type Event = (u8, Option<u8>, Vec<Tag>);

    fn an_event() -> impl Strategy<Value = Event> {
        let tags = proptest::collection::btree_set(0u8..3, 0..3);
        (0u8..3, proptest::option::of(0u8..4), tags).prop_map(|(kind, stream, tags)| {
            let tag = |number| Tag::new(format!("t{number}")).unwrap();
            (kind, stream, tags.into_iter().map(tag).collect())
        })
    }

    fn an_item() -> impl Strategy<Value = QueryItem> {
        let types = proptest::collection::vec(0u8..4, 0..3);
        let tags = proptest::collection::vec(0u8..4, 0..3);
        (types, tags, 0u8..5).prop_map(|(types, tags, place)| QueryItem {
            types: types.into_iter().map(kind_name).collect(),
            tags: tags
                .into_iter()
                .map(|n| Tag::new(format!("t{n}")).unwrap())
                .collect(),
            stream: (place == 1).then(|| stream_name(1)),
            category: (place == 2).then(|| Text::from("even")),
        })
    }

    fn kind_name(number: u8) -> EventType {
        EventType::new(format!("K{number}")).unwrap()
    }

    fn stream_name(number: u8) -> StreamName {
        let category = if number.is_multiple_of(2) {
            "even"
        } else {
            "odd"
        };
        StreamName::new(format!("{category}/{number}")).unwrap()
    }

    fn piece_of(events: &[Event]) -> Piece {
        let mut piece = Piece::default();
        for (at, (kind, stream, tags)) in events.iter().enumerate() {
            let stream = stream.map(stream_name);
            piece.insert(
                Keys {
                    id: EventId(Uuid::from_u128(at as u128)),
                    event_type: kind_name(*kind).as_str(),
                    stream: stream.as_ref().map(StreamName::as_str),
                    tags: tags.iter().map(Tag::as_str),
                },
                Revision::NONE,
            );
        }
        piece
    }

    fn matching(events: &[Event], query: &Query) -> Vec<u64> {
        let matches = |(kind, stream, tags): &Event| {
            query.matches_facts(Facts {
                event_type: kind_name(*kind).as_str(),
                tags,
                stream: stream.map(stream_name).as_ref(),
            })
        };
        let numbered = (1..).zip(events);
        numbered
            .filter(|(_, event)| matches(event))
            .map(|(at, _)| at)
            .collect()
    }

    /// Scans until everything was looked at, a few steps at a time.
    fn scan_all(piece: &Piece, query: &Query, mut span: Span) -> Vec<u64> {
        let wanted = Wanted::new(query);
        let mut positions = Vec::new();
        while !span.way.before(span.to, span.from) {
            let found = scan(piece, &wanted, span).unwrap();
            assert!(found.positions.len() <= span.limit);
            assert!(!span.way.before(found.scanned, span.from), "it gets on");
            positions.extend(found.positions);
            span.from = span.way.step(found.scanned);
        }
        positions
    }

    proptest! {
        #[test]
        fn scans_find_what_matches_however_little_they_may_do(
            events in proptest::collection::vec(an_event(), 1..60),
            items in proptest::collection::vec(an_item(), 0..3),
            limit in 1usize..5,
            steps in 0usize..8,
            bounds: (prop::sample::Index, prop::sample::Index),
        ) {
            let (piece, query) = (piece_of(&events), Query { items });
            let bound = |at: prop::sample::Index| at.index(events.len()) as u64 + 1;
            let (low, high) = (bound(bounds.0).min(bound(bounds.1)), bound(bounds.0).max(bound(bounds.1)));
            let mut expected: Vec<u64> = matching(&events, &query)
                .into_iter()
                .filter(|at| (low..=high).contains(at))
                .collect();
            let up = Span { way: Way::Up, from: low, to: high, limit, steps };
            prop_assert_eq!(&scan_all(&piece, &query, up), &expected);
            expected.reverse();
            let down = Span { way: Way::Down, from: high, to: low, limit, steps };
            prop_assert_eq!(&scan_all(&piece, &query, down), &expected);
        }

        #[test]
        fn what_was_put_in_last_can_be_taken_back(
            events in proptest::collection::vec(an_event(), 1..30),
            keep: prop::sample::Index,
        ) {
            let (mut piece, keep) = (piece_of(&events), keep.index(events.len()));
            for (at, (kind, stream, tags)) in events.iter().enumerate().skip(keep).rev() {
                let stream = stream.map(stream_name);
                piece.remove(Keys {
                    id: EventId(Uuid::from_u128(at as u128)),
                    event_type: kind_name(*kind).as_str(),
                    stream: stream.as_ref().map(StreamName::as_str),
                    tags: tags.iter().map(Tag::as_str),
                });
            }
            let fresh = piece_of(&events[..keep]);
            prop_assert_eq!(piece.last(), fresh.last());
            prop_assert_eq!(piece.streams_new(), fresh.streams_new());
            prop_assert_eq!(piece.keys(), fresh.keys());
            let ids = |piece: &Piece| piece.ids().collect::<std::collections::BTreeSet<_>>();
            prop_assert_eq!(ids(&piece), ids(&fresh));
        }
    }
}

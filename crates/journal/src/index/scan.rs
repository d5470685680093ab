//! Which positions match a query: posting lists, intersected and merged.
//!
//! An item is an intersection: of its tags, its stream or category, and the union of its types.
//! The shortest list leads and the others are asked for the next position at or beyond its own, so
//! that the work is bounded by the shortest list times the logarithm of the others. The items of a
//! query are merged.

use headwater_event::{Query, QueryItem};

use super::Index;
use super::postings::{Cursor, Way};

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

enum Plan<'a> {
    Every,
    Lists {
        all: Vec<Cursor<'a>>,
        any: Vec<Cursor<'a>>,
    },
}

impl Index {
    /// The positions that match, in the order of the walk.
    pub(crate) fn scan(&self, query: &Query, span: Span) -> Found {
        let mut walk = Walk {
            plans: self.plans(query, span.way),
            way: span.way,
            to: span.to,
            steps: span.steps,
        };
        let mut positions = Vec::new();
        let mut from = span.from;
        while positions.len() < span.limit {
            match walk.next(from) {
                Some(position) => positions.push(position),
                None => {
                    return Found {
                        positions,
                        scanned: walk.to,
                    };
                }
            }
            from = span.way.step(positions[positions.len() - 1]);
        }
        let scanned = span.way.back(from);
        Found { positions, scanned }
    }

    fn plans(&self, query: &Query, way: Way) -> Vec<Head<'_>> {
        if query.is_all() {
            return vec![Head::new(Plan::Every)];
        }
        let plan = |item| self.plan(item, way).map(Head::new);
        query.items.iter().filter_map(plan).collect()
    }

    /// The lists of an item; none if one of its names has no event.
    fn plan(&self, item: &QueryItem, way: Way) -> Option<Plan<'_>> {
        let mut all: Vec<&[u64]> = Vec::new();
        for tag in &item.tags {
            all.push(self.tags.get(tag.as_str())?.as_slice());
        }
        if let Some(stream) = &item.stream {
            all.push(self.streams.get(stream.as_str())?.as_slice());
        }
        if let Some(category) = &item.category {
            all.push(self.categories.get(category.as_str())?.as_slice());
        }
        all.sort_by_key(|list| list.len());
        let types = item.types.iter();
        let any: Vec<Cursor<'_>> = types
            .filter_map(|name| self.types.get(name.as_str()))
            .map(|list| Cursor::new(list.as_slice(), way))
            .collect();
        if any.is_empty() && !item.types.is_empty() {
            return None;
        }
        if all.is_empty() && any.is_empty() {
            return Some(Plan::Every);
        }
        Some(Plan::Lists {
            all: all.iter().map(|list| Cursor::new(list, way)).collect(),
            any,
        })
    }
}

/// An item together with where it matches next.
struct Head<'a> {
    plan: Plan<'a>,
    /// The match that was found and not yet passed.
    at: Option<u64>,
    ended: bool,
}

impl<'a> Head<'a> {
    fn new(plan: Plan<'a>) -> Head<'a> {
        Head {
            plan,
            at: None,
            ended: false,
        }
    }
}

struct Walk<'a> {
    plans: Vec<Head<'a>>,
    way: Way,
    /// The last position to look at; drawn nearer when the steps are used up.
    to: u64,
    steps: usize,
}

impl Walk<'_> {
    /// The next match at `from` or beyond it.
    fn next(&mut self, from: u64) -> Option<u64> {
        let way = self.way;
        let mut nearest: Option<u64> = None;
        for head in &mut self.plans {
            if head.ended {
                continue;
            }
            if head.at.is_none_or(|at| way.before(at, from)) {
                match head.plan.seek(from, way, &mut self.steps) {
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
        nearest.filter(|at| !way.before(self.to, *at))
    }
}

impl Plan<'_> {
    fn seek(&mut self, from: u64, way: Way, steps: &mut usize) -> Next {
        let Plan::Lists { all, any } = self else {
            return Next::At(from);
        };
        let mut at = from;
        loop {
            let start = at;
            for cursor in all.iter_mut() {
                match cursor.seek(at) {
                    Some(position) => at = position,
                    None => return Next::End,
                }
            }
            if !any.is_empty() {
                match nearest(any, at, way) {
                    Some(position) => at = position,
                    None => return Next::End,
                }
            }
            let cost = all.len() + any.len();
            if at == start || cost == 1 {
                return Next::At(at);
            }
            if *steps < cost {
                return Next::Pause(at);
            }
            *steps -= cost;
        }
    }
}

fn nearest(any: &mut [Cursor<'_>], from: u64, way: Way) -> Option<u64> {
    let mut nearest: Option<u64> = None;
    for cursor in any {
        if cursor.len() == 0 {
            continue;
        }
        if let Some(at) = cursor.seek(from)
            && nearest.is_none_or(|other| way.before(at, other))
        {
            nearest = Some(at);
        }
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::super::Keys;
    use super::*;
    use headwater_event::{EventId, EventType, Facts, Position, StreamName, Tag, Text};
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

    fn index_of(events: &[Event]) -> Index {
        let mut index = Index::default();
        for (at, (kind, stream, tags)) in events.iter().enumerate() {
            let stream = stream.map(stream_name);
            index.insert(Keys {
                id: EventId(Uuid::from_u128(at as u128)),
                event_type: kind_name(*kind).as_str(),
                stream: stream.as_ref().map(StreamName::as_str),
                tags: tags.iter().map(Tag::as_str),
            });
        }
        index
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
    fn scan_all(index: &Index, query: &Query, mut span: Span) -> Vec<u64> {
        let mut positions = Vec::new();
        while !span.way.before(span.to, span.from) {
            let found = index.scan(query, span);
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
            let (index, query) = (index_of(&events), Query { items });
            let bound = |at: prop::sample::Index| at.index(events.len()) as u64 + 1;
            let (low, high) = (bound(bounds.0).min(bound(bounds.1)), bound(bounds.0).max(bound(bounds.1)));
            let mut expected: Vec<u64> = matching(&events, &query)
                .into_iter()
                .filter(|at| (low..=high).contains(at))
                .collect();
            let up = Span { way: Way::Up, from: low, to: high, limit, steps };
            prop_assert_eq!(&scan_all(&index, &query, up), &expected);
            expected.reverse();
            let down = Span { way: Way::Down, from: high, to: low, limit, steps };
            prop_assert_eq!(&scan_all(&index, &query, down), &expected);
            let first = matching(&events, &query).into_iter().find(|at| *at > low);
            prop_assert_eq!(index.first_match(&query, Position(low)), first.map(Position));
        }

        #[test]
        fn what_was_put_in_last_can_be_taken_back(
            events in proptest::collection::vec(an_event(), 1..30),
            keep: prop::sample::Index,
        ) {
            let (mut index, keep) = (index_of(&events), keep.index(events.len()));
            for (at, (kind, stream, tags)) in events.iter().enumerate().skip(keep).rev() {
                let stream = stream.map(stream_name);
                index.remove(Keys {
                    id: EventId(Uuid::from_u128(at as u128)),
                    event_type: kind_name(*kind).as_str(),
                    stream: stream.as_ref().map(StreamName::as_str),
                    tags: tags.iter().map(Tag::as_str),
                });
            }
            let fresh = index_of(&events[..keep]);
            prop_assert_eq!(index.last(), fresh.last());
            prop_assert_eq!(index.counts(), fresh.counts());
            prop_assert_eq!(&index.stream_names, &fresh.stream_names);
            prop_assert_eq!(index.ids.len(), fresh.ids.len());
            for kind in 0..3 {
                let query = Query::types(vec![kind_name(kind)]);
                let all = Span { way: Way::Up, from: 1, to: keep as u64, limit: 100, steps: 100 };
                prop_assert_eq!(index.scan(&query, all), fresh.scan(&query, all));
            }
        }
    }
}

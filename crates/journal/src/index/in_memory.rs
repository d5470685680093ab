//! What memory tells of segments, for who must not wait for a disk.
//!
//! A log has many segments, and what is looked up by chance was rarely looked at lately, so nearly
//! every look waits for memory. Therefore several names are looked up at once, in several segments,
//! by searches that [take turns](segment::get_all) and wait together.

use std::ptr;
use std::sync::Arc;

use headwater_event::{Error, EventId, Position, Query};

use super::scan::{Found, Lists, Span, Wanted, scan};
use super::view::{ASKED_AT_ONCE, Course, View, asked};
use super::{Name, Way};
use crate::segment::{self, ListInMemory, ListsInMemory, Raw, Segment, Takes};
use crate::stream_ends::SealedEnd;

/// Names that are looked up by who must not be kept for long, each in each segment, and steps
/// through the lists of a segment.
const LOOKS: usize = 512;
const STEPS: usize = 256;

impl View {
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
            steps: STEPS,
        };
        if self.segments_of(span).len() * wanted.names().count() > LOOKS {
            return Ok(None);
        }
        let found = match self.scan_in_memory(&wanted, span) {
            Err(error) if segment::is_not_in_memory(&error) => return Ok(None),
            found => found?,
        };
        match found.positions.first() {
            Some(position) => Ok(Some(Some(Position(*position)))),
            None if found.scanned < span.to => Ok(None),
            None => Ok(Some(None)),
        }
    }

    /// As [`scan_segments`](Self::scan_segments), upwards.
    fn scan_in_memory(&self, wanted: &Wanted<'_>, span: Span) -> Result<Found, Error> {
        let takes = Takes::default();
        let mut course = Course::new(span);
        let mut perhaps = asked(self.segments_of(span), wanted).peekable();
        while perhaps.peek().is_some() {
            let some = perhaps.by_ref().take(ASKED_AT_ONCE);
            let some = some.map(|one| (&**one, ListsInMemory::of(one, &takes)));
            let some: Vec<_> = some.collect();
            for looked in Looked::all(&some, wanted) {
                let goes_on = course.go(looked.segment, |span| scan(&looked, wanted, span))?;
                if !goes_on {
                    return Ok(course.found);
                }
            }
        }
        Ok(course.end())
    }

    /// Whether memory tells that no event of a segment has one of these ids.
    pub(crate) fn lacks_ids_in_memory(&self, ids: impl IntoIterator<Item = EventId>) -> bool {
        let takes = Takes::default();
        let lacks = |segment: &Arc<Segment>, id| {
            let may_have = segment.may_have_id_in_memory(id, &takes);
            may_have.is_ok_and(|may_have| !may_have)
        };
        let mut ids = ids.into_iter();
        ids.all(|id| self.segments.iter().all(|segment| lacks(segment, id)))
    }

    /// Where streams end in the segments, as far as memory tells; nothing also where a piece has
    /// one, which is asked first.
    pub(crate) fn streams_in_memory(&self, names: &[Name<'_>]) -> Vec<Option<SealedEnd>> {
        let at_once = names.chunks(segment::TURNS);
        let takes = Takes::default();
        let ends = at_once.flat_map(|some| self.some_streams(some, &takes));
        ends.collect()
    }

    fn some_streams(&self, names: &[Name<'_>], takes: &Takes) -> Vec<Option<SealedEnd>> {
        let mut ends = vec![None; names.len()];
        let streams = names.iter().zip(&mut ends);
        let mut sought: Vec<_> = streams
            .filter(|(name, _)| self.stream_in_pieces(name).is_none())
            .map(|(name, end)| {
                let perhaps = asked(&self.segments, name).rev();
                (name, end, perhaps)
            })
            .collect();
        while !sought.is_empty() {
            // Each in the last segment that may have it and was not looked into.
            let mut looks = Vec::with_capacity(sought.len());
            sought.retain_mut(
                |(name, end, perhaps)| match next_look(name, perhaps, takes) {
                    Ok(Some(look)) => {
                        looks.push(look);
                        true
                    }
                    Ok(None) => {
                        **end = Some(self.sealed_end(None));
                        false
                    }
                    // Whoever needs it reads what is not in memory, and tells what is wrong.
                    Err(_) => false,
                },
            );
            let trees = looks.iter().map(ListsInMemory::names);
            let keys = sought.iter().map(|(name, _, _)| name.key());
            let mut got = segment::get_all(trees.zip(keys)).into_iter().zip(&looks);
            sought.retain_mut(|(_, end, _)| match got.next() {
                Some((Ok(None), _)) => true,
                Some((Ok(Some(value)), look)) => {
                    let found = look.stream_end(&value).ok();
                    **end = found.map(|found| self.sealed_end(Some(found)));
                    false
                }
                Some((Err(_), _)) | None => false,
            });
        }
        ends
    }
}

/// The next segment that may have a name.
fn next_look<'a>(
    name: &Name<'_>,
    perhaps: &mut impl Iterator<Item = &'a Arc<Segment>>,
    takes: &'a Takes,
) -> Result<Option<ListsInMemory<'a>>, Error> {
    for segment in perhaps {
        let lists = ListsInMemory::of(segment, takes).ok_or_else(segment::missed)?;
        if lists.may_have(name.hash())? {
            return Ok(Some(lists));
        }
    }
    Ok(None)
}

enum Known<'a> {
    Has(Raw<'a>),
    HasNot,
    /// It would have to be read.
    Missed,
}

/// A segment in which some names were looked up.
struct Looked<'a> {
    segment: &'a Segment,
    /// Nothing of one of which nothing was read.
    lists: Option<&'a ListsInMemory<'a>>,
    /// What its tree has of them.
    known: Vec<(&'a Name<'a>, Known<'a>)>,
}

impl<'a> Looked<'a> {
    /// Looks all names up that may be in these segments.
    fn all(
        some: &'a [(&'a Segment, Option<ListsInMemory<'a>>)],
        wanted: &'a Wanted<'a>,
    ) -> Vec<Looked<'a>> {
        let mut looks = Vec::new();
        for (at, (segment, lists)) in some.iter().enumerate() {
            let Some(lists) = lists else {
                continue;
            };
            let names = wanted.names_in(segment);
            let perhaps = names.filter(|name| matches!(lists.may_have(name.hash()), Ok(true)));
            looks.extend(perhaps.map(|name| (at, lists, name)));
        }
        let trees = looks
            .iter()
            .map(|(_, lists, name)| (lists.names(), name.key()));
        let got = segment::get_all(trees);
        let looked = some.iter().map(|(segment, lists)| Looked {
            segment,
            lists: lists.as_ref(),
            known: Vec::new(),
        });
        let mut looked: Vec<_> = looked.collect();
        for ((at, _, name), got) in looks.into_iter().zip(got) {
            let known = match got {
                Ok(Some(value)) => Known::Has(value),
                Ok(None) => Known::HasNot,
                Err(error) if segment::is_not_in_memory(&error) => Known::Missed,
                // Whoever asks for the list is told.
                Err(_) => continue,
            };
            looked[at].known.push((name, known));
        }
        looked
    }
}

impl Lists for Looked<'_> {
    type List<'a>
        = ListInMemory<'a>
    where
        Self: 'a;

    fn may_have(&self, name: &Name<'_>) -> Result<bool, Error> {
        let lists = self.lists.ok_or_else(segment::missed)?;
        lists.may_have(name.hash())
    }

    fn list(&self, name: &Name<'_>, way: Way) -> Result<Option<ListInMemory<'_>>, Error> {
        let lists = self.lists.ok_or_else(segment::missed)?;
        let mut known = self.known.iter();
        match known.find(|(known, _)| ptr::eq(*known, name)) {
            Some((_, Known::Has(value))) => lists.list_in(value, way).map(Some),
            Some((_, Known::HasNot)) => Ok(None),
            Some((_, Known::Missed)) => Err(segment::missed()),
            None => lists.list((name.facet, name.text, name.hash()), way),
        }
    }
}

#[cfg(test)]
mod tests {
    use headwater_event::{Append, EventType, NewEvent, QueryItem, StreamName, Tag};
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::env::{Env as _, SystemEnv};
    use crate::{Journal, MemoryStorage, Options, Step, Writer};

    /// A log of many segments: an event for each number, which says what it has.
    fn log(numbers: &[u8]) -> (Journal, Writer) {
        let storage = Arc::new(MemoryStorage::new(SystemEnv.log_id()));
        let options = Options {
            piece_bytes: 300,
            ..Options::default()
        };
        let opened = Journal::open_stepped(storage, Arc::new(SystemEnv), options);
        let (journal, writer) = opened.unwrap();
        append(&journal, &writer, numbers, 0);
        (journal, writer)
    }

    fn append(journal: &Journal, writer: &Writer, numbers: &[u8], from: usize) {
        for (at, number) in (from..).zip(numbers) {
            let mut event = NewEvent::json(kind(number % 2), "{}");
            event.id = Some(id(at as u128 * 37 % IDS));
            event = event.in_stream(stream(number % 3));
            event.tags = vec![tag(number % 4), tag(4 + number % 5)];
            let mut ticket = journal.submit(Append::of(vec![event]), None).unwrap();
            writer.run_once();
            ticket.try_outcome().unwrap().unwrap();
            while writer.seal().unwrap() == Step::Done {}
        }
    }

    /// More than a log has events, and prime, so that those of a log are anywhere among them.
    const IDS: u128 = 101;

    fn id(number: u128) -> EventId {
        EventId(Uuid::from_u128(number))
    }

    fn kind(number: u8) -> EventType {
        EventType::new(format!("K{number}")).unwrap()
    }

    fn stream(number: u8) -> StreamName {
        StreamName::new(format!("s/{number}")).unwrap()
    }

    fn tag(number: u8) -> Tag {
        Tag::new(format!("t{number}")).unwrap()
    }

    fn an_item() -> impl Strategy<Value = QueryItem> {
        let types = proptest::collection::vec(0u8..3, 0..2);
        let tags = proptest::collection::btree_set(0u8..10, 0..3);
        let in_stream = proptest::option::of(0u8..4);
        (types, tags, in_stream).prop_map(|(types, tags, in_stream)| QueryItem {
            types: types.into_iter().map(kind).collect(),
            tags: tags.into_iter().map(tag).collect(),
            stream: in_stream.map(stream),
            category: None,
        })
    }

    proptest! {
        #[test]
        fn ids_that_memory_lacks_are_not_there(
            numbers in proptest::collection::vec(any::<u8>(), 1..60),
            more in 1usize..5,
        ) {
            let (journal, writer) = log(&numbers);
            let index = &journal.log.index;
            let view = index.view().unwrap();
            // What is sealed later must not count as looked at.
            append(&journal, &writer, &numbers[..more.min(numbers.len())], numbers.len());
            for id in (0..IDS).map(id) {
                let lacks = || view.lacks_ids_in_memory([id]);
                let before = lacks();
                let found = index.position_of(id).unwrap();
                let is_sealed = found.is_some_and(|at| at <= view.sealed());
                prop_assert!(!(before && is_sealed));
                // All that tells was read by now.
                let later = found.is_some() && !is_sealed;
                prop_assert!(later || lacks() != is_sealed);
                if lacks() {
                    prop_assert_eq!(index.position_since(id, view.sealed()).unwrap(), found);
                }
            }
        }

        #[test]
        fn memory_tells_nothing_else_than_the_segments(
            numbers in proptest::collection::vec(any::<u8>(), 1..60),
            asked in proptest::collection::vec(
                (proptest::collection::vec(an_item(), 0..3), 0u64..60),
                1..12,
            ),
        ) {
            let (journal, _writer) = log(&numbers);
            let view = journal.log.index.view().unwrap();
            for (items, after) in asked {
                let query = Query { items };
                let in_memory = || view.first_in_memory(&query, Position(after)).unwrap();
                let before = in_memory();
                let span = Span {
                    way: Way::Up,
                    from: after + 1,
                    to: view.sealed().0,
                    limit: 1,
                    steps: usize::MAX,
                };
                let found = view.scan_segments(&Wanted::new(&query), span).unwrap();
                let first = found.positions.first().copied().map(Position);
                prop_assert!(before.is_none_or(|told| told == first));
                // All that leads there was read by now, and it is not too much to look at.
                prop_assert_eq!(in_memory(), Some(first));
            }
        }
    }
}

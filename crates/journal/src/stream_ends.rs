//! Where the streams of an append end, looked up before the append is queued.
//!
//! One writer gives all events their revisions, and for that has to know where each stream is. As
//! with conditions, what is sealed never changes: whoever appends looks there, as far as memory
//! tells, and the writer is left with what came since. So these looks, some of them at memory that
//! was not used for long, are made by many threads and not by the one that all wait for.

use headwater_event::{Append, Condition, Error, ExpectedRevision, NewEvent, Position, StreamName};

use crate::index::{Facet, Name, StreamEnd, View};
use crate::log::Log;

/// So many streams of an append are looked up at most; its caller has others to serve.
const STREAMS_MAX: usize = 1_024;

/// Of so many that are expected somewhere it is looked whether an event goes to one of them.
const FEW: usize = 8;

/// Where a stream ended in the segments of a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SealedEnd {
    /// They went up to here.
    pub(crate) upto: Position,
    /// Nothing if it had no event there.
    pub(crate) end: Option<StreamEnd>,
}

/// What was found of each stream; nothing where memory did not tell.
#[derive(Debug, Default)]
pub(crate) struct SealedEnds {
    /// Of those that the condition [expects](expected_streams) somewhere.
    pub(crate) expected: Vec<Option<SealedEnd>>,
    /// Of those that the events [go to](event_streams).
    pub(crate) events: Vec<Option<SealedEnd>>,
}

impl SealedEnds {
    /// Looks all of them up, and waits for nothing.
    pub(crate) fn of(log: &Log, append: &Append) -> Result<SealedEnds, Error> {
        let view = log.index.view()?;
        if view.segments.is_empty() {
            return Ok(SealedEnds::default());
        }
        let expected = expected_streams(&append.condition).map(|(stream, _)| stream);
        let expected: Vec<_> = expected.take(STREAMS_MAX).collect();
        let events = event_streams(&append.events).take(STREAMS_MAX);
        // Usually events go to the stream whose revision is expected.
        let (mut streams, mut ends_of_events) = (expected.clone(), Vec::new());
        for stream in events {
            let asked = expected.iter().take(FEW).position(|one| *one == stream);
            ends_of_events.push(asked.unwrap_or(streams.len()));
            if asked.is_none() {
                streams.push(stream);
            }
        }
        let ends = look_up(&view, &streams);
        Ok(SealedEnds {
            events: ends_of_events.into_iter().map(|at| ends[at]).collect(),
            expected: ends.into_iter().take(expected.len()).collect(),
        })
    }
}

/// The streams whose revision a condition asks for.
pub(crate) fn expected_streams(
    condition: &Condition,
) -> impl Iterator<Item = (&StreamName, ExpectedRevision)> {
    let expected = condition.expected.iter();
    let expected = expected.map(|(stream, expected)| (stream, *expected));
    expected.filter(|(_, expected)| *expected != ExpectedRevision::Any)
}

/// The streams of events, one that several have after each other once.
pub(crate) fn event_streams(events: &[NewEvent]) -> impl Iterator<Item = &StreamName> {
    let mut before: Option<&StreamName> = None;
    events.iter().filter_map(move |event| {
        let is_another = before != event.stream.as_ref();
        before = event.stream.as_ref();
        before.filter(|_| is_another)
    })
}

/// Nothing also where a piece of the tail has the stream, which is told as quickly by that.
fn look_up(view: &View, streams: &[&StreamName]) -> Vec<Option<SealedEnd>> {
    let names = streams.iter();
    let names = names.map(|stream| Name::new(Facet::Stream, stream.as_str()));
    view.streams_in_memory(&names.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::env::{Env as _, SystemEnv};
    use crate::{Journal, MemoryStorage, Options, Step, Writer};
    use headwater_event::EventType;
    use proptest::prelude::*;

    fn stream(number: u8) -> StreamName {
        StreamName::new(format!("s/{number}")).unwrap()
    }

    fn event(in_stream: Option<u8>) -> NewEvent {
        let event = NewEvent::json(EventType::new("Happened").unwrap(), "{}");
        match in_stream {
            Some(number) => event.in_stream(stream(number)),
            None => event,
        }
    }

    /// A log whose parts are a few events.
    fn log() -> (Journal, Writer) {
        let storage = Arc::new(MemoryStorage::new(SystemEnv.log_id()));
        let options = Options {
            piece_bytes: 300,
            fan_in: 2,
            ..Options::default()
        };
        Journal::open_stepped(storage, Arc::new(SystemEnv), options).unwrap()
    }

    fn append(journal: &Journal, writer: &Writer, number: u8) {
        let append = Append::of(vec![event(Some(number))]);
        let mut ticket = journal.submit(append, None).unwrap();
        writer.run_once();
        ticket.try_outcome().unwrap().unwrap();
    }

    #[test]
    fn what_is_in_segments_is_found_and_nothing_else() {
        let (journal, writer) = log();
        let to = |number| Append::of(vec![event(Some(number))]);
        let found = |number| SealedEnds::of(&journal.log, &to(number)).unwrap().events;
        append(&journal, &writer, 1);
        assert!(found(1).is_empty(), "there is no segment");
        while journal.log.index.view().unwrap().segments.is_empty() {
            append(&journal, &writer, 1);
            writer.seal().unwrap();
        }
        assert_eq!(found(1), [None], "it would have to be read");
        let view = journal.log.index.view().unwrap();
        let name = Name::new(Facet::Stream, "s/1");
        view.segments[0].stream(name.text, name.hash()).unwrap();
        let upto = view.sealed();
        let end = Some(StreamEnd {
            revision: headwater_event::Revision(upto.0),
            last: upto,
        });
        assert_eq!(found(1), [Some(SealedEnd { upto, end })]);
        assert_eq!(found(2), [Some(SealedEnd { upto, end: None })]);
    }

    #[derive(Clone, Debug)]
    enum Act {
        Append(u8),
        /// Looks all streams up, and remembers what was found.
        Look,
        Seal,
        Merge,
    }

    fn an_act() -> impl Strategy<Value = Act> {
        prop_oneof![
            12 => (0u8..5).prop_map(Act::Append),
            3 => Just(Act::Look),
            2 => Just(Act::Seal),
            2 => Just(Act::Merge),
        ]
    }

    proptest! {
        /// However long ago it was looked up: what was sealed since is looked at by the writer.
        #[test]
        fn what_was_known_before_changes_no_answer(acts in proptest::collection::vec(an_act(), 1..80)) {
            let (journal, writer) = log();
            let index = &journal.log.index;
            let mut known: Vec<(StreamName, Option<SealedEnd>)> = Vec::new();
            for act in acts {
                match act {
                    Act::Append(number) => append(&journal, &writer, number),
                    Act::Look => {
                        let view = index.view().unwrap();
                        // More than are looked up at once.
                        let streams: Vec<_> = (0..40).map(|number| stream(number % 6)).collect();
                        let ends = look_up(&view, &streams.iter().collect::<Vec<_>>());
                        known.extend(streams.into_iter().zip(ends));
                    }
                    Act::Seal => while writer.seal().unwrap() == Step::Done {},
                    Act::Merge => drop(writer.merge().unwrap()),
                }
                for (name, known) in &known {
                    let asked = index.stream(name.as_str(), None).unwrap();
                    prop_assert_eq!(index.stream(name.as_str(), *known).unwrap(), asked);
                    let base = index.base_of(name.as_str(), None).unwrap();
                    prop_assert_eq!(index.base_of(name.as_str(), *known).unwrap(), base);
                }
            }
        }

        /// As the writer asks for them: whenever an event has another stream than the one before.
        #[test]
        fn streams_come_once_for_each_run(names in proptest::collection::vec(proptest::option::of(0u8..3), 0..20)) {
            let events: Vec<NewEvent> = names.iter().map(|name| event(*name)).collect();
            let mut runs = names.clone();
            runs.dedup();
            let expected: Vec<StreamName> = runs.into_iter().flatten().map(stream).collect();
            let found: Vec<StreamName> = event_streams(&events).cloned().collect();
            prop_assert_eq!(found, expected);
        }
    }
}

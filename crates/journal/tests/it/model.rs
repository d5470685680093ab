//! Any sequence of appends gives the answers that a simple model gives, before and after a restart.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use headwater_event::{
    Append, Boundary, Conflict, Error, Event, EventId, ExpectedRevision, Facts, NewEvent, Outcome,
    Position, Query, QueryItem, Revision, Text,
};
use headwater_journal::conformance::Place;
use headwater_journal::env::SystemEnv;
use headwater_journal::{Direction, Journal, Options, Read, Step, Writer};
use proptest::prelude::*;
use uuid::Uuid;

use crate::fault_fs::FaultFs;
use crate::support::{Disk, Memory, event_type, events, memory, stream, tag};

/// The log as a list.
#[derive(Default)]
struct Model {
    events: Vec<NewEvent>,
    /// Number of the append of each event.
    appends: Vec<usize>,
    count: usize,
}

/// An answer, reduced to what the model knows.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Appended {
        first: u64,
        last: u64,
        revisions: Vec<(String, u64)>,
        repeated: bool,
    },
    Revision {
        stream: String,
        found: u64,
        last: Option<u64>,
    },
    Boundary {
        at: u64,
    },
    IdReused {
        at: u64,
    },
    Refused(&'static str),
}

impl Model {
    fn append(&mut self, append: &Append) -> Answer {
        if append.check().is_err() {
            return Answer::Refused("invalid");
        }
        let head = self.events.len() as u64;
        if let Some(boundary) = &append.condition.boundary
            && boundary.after.0 > head
        {
            return Answer::Refused("position_ahead");
        }
        if let Some(answer) = self.known(append).or_else(|| self.refused(append)) {
            return answer;
        }
        self.count += 1;
        for event in &append.events {
            self.events.push(event.clone());
            self.appends.push(self.count);
        }
        self.appended(append, head + 1, false)
    }

    fn appended(&self, append: &Append, first: u64, repeated: bool) -> Answer {
        let mut revisions: Vec<(String, u64)> = Vec::new();
        for (offset, event) in append.events.iter().enumerate() {
            let Some(stream) = &event.stream else {
                continue;
            };
            let upto = first as usize + offset;
            let before = self.events[..upto]
                .iter()
                .filter(|other| other.stream == event.stream);
            let revision = before.count() as u64;
            match revisions
                .iter_mut()
                .find(|(name, _)| *name == stream.to_string())
            {
                Some((_, at)) => *at = revision,
                None => revisions.push((stream.to_string(), revision)),
            }
        }
        let last = first + append.events.len() as u64 - 1;
        Answer::Appended {
            first,
            last,
            revisions,
            repeated,
        }
    }

    fn position_of(&self, id: EventId) -> Option<u64> {
        let at = self.events.iter().position(|event| event.id == Some(id))?;
        Some(at as u64 + 1)
    }

    /// What stands against the append because of its ids.
    fn known(&self, append: &Append) -> Option<Answer> {
        let mut ids = append.events.iter().enumerate();
        let (offset, at) =
            ids.find_map(|(offset, event)| Some((offset as u64, self.position_of(event.id?)?)))?;
        let same = at > offset && self.is_at(append, at - offset);
        Some(match same {
            true => self.appended(append, at - offset, true),
            false => Answer::IdReused { at },
        })
    }

    /// Whether the append stands there, within one append.
    fn is_at(&self, append: &Append, first: u64) -> bool {
        let from = first as usize - 1;
        let Some(there) = self.events.get(from..from + append.events.len()) else {
            return false;
        };
        let together = self.appends[from] == self.appends[from + append.events.len() - 1];
        let same = |(given, written): (&NewEvent, &NewEvent)| {
            let mut written = written.clone();
            written.id = given.id.and(written.id);
            *given == written
        };
        together && append.events.iter().zip(there).all(same)
    }

    /// What stands against the append because of its conditions.
    fn refused(&self, append: &Append) -> Option<Answer> {
        for (name, expected) in &append.condition.expected {
            let of_stream = |event: &NewEvent| event.stream.as_ref() == Some(name);
            let found = self.events.iter().filter(|event| of_stream(event)).count() as u64;
            if !expected.holds(Revision(found)) {
                let last = self.events.iter().rposition(of_stream);
                return Some(Answer::Revision {
                    stream: name.to_string(),
                    found,
                    last: last.map(|at| at as u64 + 1),
                });
            }
        }
        let boundary = append.condition.boundary.as_ref()?;
        let at = self
            .matching(&boundary.fail_if_events_match)
            .find(|at| *at > boundary.after.0)?;
        Some(Answer::Boundary { at })
    }

    fn matching<'a>(&'a self, query: &'a Query) -> impl Iterator<Item = u64> + 'a {
        let matches = |event: &NewEvent| {
            query.matches_facts(Facts {
                event_type: event.event_type.as_str(),
                tags: &event.tags,
                stream: event.stream.as_ref(),
            })
        };
        let at = move |(at, event)| matches(event).then_some(at as u64 + 1);
        self.events.iter().enumerate().filter_map(at)
    }
}

fn reduced(result: Result<Outcome, Error>) -> Answer {
    match result {
        Ok(Outcome::Appended(appended)) => Answer::Appended {
            first: appended.first.0,
            last: appended.last.0,
            revisions: appended
                .revisions
                .iter()
                .map(|(name, at)| (name.to_string(), at.0))
                .collect(),
            repeated: appended.repeated,
        },
        Ok(Outcome::Conflict(Conflict::Revision {
            stream,
            found,
            event,
            ..
        })) => Answer::Revision {
            stream: stream.to_string(),
            found: found.0,
            last: event.map(|event| event.position.0),
        },
        Ok(Outcome::Conflict(Conflict::Boundary { event, .. })) => Answer::Boundary {
            at: event.position.0,
        },
        Ok(Outcome::Conflict(Conflict::IdReused { event, .. })) => Answer::IdReused {
            at: event.position.0,
        },
        Err(error) if error.code() == "position_ahead" => Answer::Refused("position_ahead"),
        Err(_) => Answer::Refused("invalid"),
    }
}

/// A step: appends that arrive together, a restart, or work in the background.
#[derive(Clone, Debug)]
enum Act {
    Append(Vec<Append>),
    Restart,
    /// The background seals everything that is ready, or merges once.
    Seal,
    Merge,
}

fn an_event() -> impl Strategy<Value = NewEvent> {
    let id = prop_oneof![2 => Just(None), 3 => (0u128..12).prop_map(|id| Some(EventId(Uuid::from_u128(id))))];
    let in_stream = prop_oneof![
        Just(None),
        (0..2, 0..3).prop_map(|(c, k)| Some(stream(&format!("c{c}/{k}"))))
    ];
    let tags = proptest::collection::btree_set(0..4, 0..3);
    let data = prop_oneof![5 => Just("{}"), 1 => Just("1"), 1 => Just("no json")];
    (id, in_stream, 0..3, tags, data).prop_map(|(id, in_stream, kind, tags, data)| {
        let event = NewEvent::json(event_type(&format!("T{kind}")), data);
        let tags = tags
            .into_iter()
            .map(|number| tag(&format!("tag:{number}")))
            .collect();
        NewEvent {
            id,
            stream: in_stream,
            ..event.tagged(tags).unwrap()
        }
    })
}

fn an_item() -> impl Strategy<Value = QueryItem> {
    let types = proptest::collection::vec(0..4, 0..3);
    let tags = proptest::collection::vec(0..5, 0..3);
    let place = 0..6;
    (types, tags, place).prop_map(|(types, tags, place)| QueryItem {
        types: types
            .into_iter()
            .map(|kind| event_type(&format!("T{kind}")))
            .collect(),
        tags: tags
            .into_iter()
            .map(|number| tag(&format!("tag:{number}")))
            .collect(),
        stream: (place == 1).then(|| stream("c0/1")),
        category: (place == 2).then(|| Text::from("c1")),
    })
}

fn a_query() -> impl Strategy<Value = Query> {
    proptest::collection::vec(an_item(), 0..3).prop_map(|items| Query { items })
}

fn an_append() -> impl Strategy<Value = Append> {
    let events = proptest::collection::vec(an_event(), 0..4);
    let expected = (0..2, 0..3, 0u64..5).prop_map(|(c, k, number)| {
        let expected = match number {
            0 => ExpectedRevision::None,
            1 => ExpectedRevision::Exists,
            2 => ExpectedRevision::Any,
            number => ExpectedRevision::Exactly(Revision(number - 2)),
        };
        (stream(&format!("c{c}/{k}")), expected)
    });
    let expected = proptest::collection::vec(expected, 0..2);
    let boundary = proptest::option::weighted(0.4, (a_query(), 0u64..12));
    (events, expected, boundary).prop_map(|(events, expected, boundary)| {
        let mut append = Append::of(events);
        append.condition.expected = expected;
        append.condition.boundary = boundary.map(|(query, after)| Boundary {
            fail_if_events_match: query,
            after: Position(after),
        });
        append
    })
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        12 => proptest::collection::vec(an_append(), 1..4).prop_map(Act::Append),
        1 => Just(Act::Restart),
        4 => Just(Act::Seal),
        4 => Just(Act::Merge),
    ];
    (proptest::collection::vec(act, 1..25), any::<bool>()).prop_map(|(mut acts, again)| {
        if again {
            // Everything is sent once more, as by a client that saw no answer.
            acts.extend(acts.clone());
        }
        acts
    })
}

/// Pieces of a few events, and merged as soon as there are two, so that a short history is in many
/// parts.
fn opened(place: &dyn Place) -> (Journal, Writer) {
    let options = Options {
        piece_bytes: 300,
        fan_in: 2,
        look_back_bytes: 2 << 10,
        ..Options::default()
    };
    Journal::open_stepped(place.storage(), Arc::new(SystemEnv), options).unwrap()
}

/// Sends appends that arrive together: some of them are checked against others in flight.
fn send(journal: &Journal, writer: &Writer, model: &mut Model, appends: Vec<Append>) {
    let durable = model.events.len() as u64;
    let mut waiting = Vec::new();
    for append in appends {
        let ahead = append
            .condition
            .boundary
            .as_ref()
            .is_some_and(|b| b.after.0 > durable);
        let ticket = journal.submit(append.clone(), None);
        // A position that is not durable yet is ahead, even where the model has it.
        let expected = match ahead && append.check().is_ok() {
            true => Answer::Refused("position_ahead"),
            false => model.append(&append),
        };
        waiting.push((ticket, expected));
        writer.check();
    }
    writer.commit();
    for (ticket, expected) in waiting {
        let found = ticket.and_then(|mut ticket| ticket.try_outcome().expect("it is answered"));
        assert_eq!(reduced(found), expected);
    }
}

/// Compares all that can be read.
fn compare(journal: &Journal, model: &Model, query: &Query) {
    let log = events(journal);
    assert_eq!(log.len(), model.events.len());
    let mut revisions: HashMap<String, u64> = HashMap::new();
    let mut streams: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for (at, (event, given)) in log.iter().zip(&model.events).enumerate() {
        assert_eq!(event.position.0, at as u64 + 1);
        assert_same(event, given);
        if let Some(name) = &event.stream {
            let revision = revisions.entry(name.to_string()).or_default();
            *revision += 1;
            assert_eq!(event.revision.0, *revision);
            streams.insert(name.to_string(), (*revision, event.position.0));
        }
    }
    let mut read = Read {
        query: query.clone(),
        limit: 10_000,
        ..Read::default()
    };
    let mut expected: Vec<u64> = model.matching(query).collect();
    assert_eq!(
        crate::support::positions(&journal.read(&read).unwrap().events),
        expected
    );
    read.direction = Direction::Backward {
        before: Position::ZERO,
    };
    expected.reverse();
    assert_eq!(
        crate::support::positions(&journal.read(&read).unwrap().events),
        expected
    );
    let listed = journal.streams("", None, 100).unwrap().streams;
    let listed: BTreeMap<String, (u64, u64)> = listed
        .iter()
        .map(|one| (one.name.to_string(), (one.revision.0, one.last.0)))
        .collect();
    assert_eq!(listed, streams);
}

/// What is told of each position: the end of the append before it, the chain there, and the last
/// position at its time.
fn ends(journal: &Journal) -> Vec<(Position, String, Position)> {
    let told = |event: &Event| {
        let (end, chain) = journal.chain_at(event.position).unwrap();
        let at = journal.position_at(event.recorded_at).unwrap();
        (end, chain.to_string(), at)
    };
    events(journal).iter().map(told).collect()
}

fn assert_same(event: &Event, given: &NewEvent) {
    assert!(given.id.is_none_or(|id| id == event.id));
    assert_eq!(event.stream, given.stream);
    assert_eq!(event.event_type, given.event_type);
    assert_eq!(event.tags, given.tags);
    assert_eq!(event.data, given.data);
}

fn run(place: &mut dyn Place, acts: Vec<Act>, query: &Query) {
    let mut model = Model::default();
    let (mut journal, mut writer) = opened(place);
    for act in acts {
        match act {
            Act::Append(appends) => send(&journal, &writer, &mut model, appends),
            Act::Restart => {
                drop((journal, writer));
                place.restart();
                (journal, writer) = opened(place);
            }
            Act::Seal => while writer.seal().unwrap() == Step::Done {},
            Act::Merge => drop(writer.merge().unwrap()),
        }
    }
    compare(&journal, &model, query);
    let (head, before) = (journal.head(), ends(&journal));
    while writer.seal().unwrap() == Step::Done {}
    while writer.merge().unwrap() == Step::Done {}
    assert_eq!(ends(&journal), before, "segments answer as the tail did");
    drop((journal, writer));
    place.restart();
    let (journal, _writer) = opened(place);
    assert_eq!(journal.head(), head);
    compare(&journal, &model, query);
    journal.verify(&mut |_| Ok(())).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn memory_answers_as_the_model(acts in acts(), query in a_query()) {
        run(&mut Memory(memory()), acts, &query);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn disk_answers_as_the_model(acts in acts(), query in a_query()) {
        run(&mut Disk::on(FaultFs::unsynced()), acts, &query);
    }
}

//! Appends: what one caller writes atomically, under which condition, and what comes back.

use std::fmt;

use crate::actor::Actor;
use crate::limits::{APPEND_EVENTS_MAX, EXPECTED_STREAMS_MAX};
use crate::{
    Error, EventId, EventRef, Kind, LogId, NewEvent, Position, Query, Revision, StreamName,
};

/// What one caller writes: all of the events or none of them, next to each other in the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Append {
    /// At least one.
    pub events: Vec<NewEvent>,
    /// What must hold for them to be written.
    pub condition: Condition,
}

/// What must hold at the moment of the append. The default always holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// Revisions that streams must be at, before this append. Each stream once.
    pub expected: Vec<(StreamName, ExpectedRevision)>,
    /// A dynamic consistency boundary.
    pub boundary: Option<Boundary>,
    /// The log that `boundary.after` is a position of; another log refuses the append.
    pub log_id: Option<LogId>,
}

/// The append fails if the log holds an event after `after` that matches: the decision that led to
/// the append rested on there being none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boundary {
    /// Which events would be in the way.
    pub fail_if_events_match: Query,
    /// Only events after this position are looked at: what the writer had read when it decided.
    pub after: Position,
}

/// Where a stream must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectedRevision {
    /// Anywhere; nothing is checked.
    Any,
    /// It has no event yet.
    None,
    /// It has at least one event.
    Exists,
    /// Exactly here.
    Exactly(Revision),
}

impl ExpectedRevision {
    /// Whether a stream at `found` is as expected.
    pub fn holds(self, found: Revision) -> bool {
        match self {
            ExpectedRevision::Any => true,
            ExpectedRevision::None => found == Revision::NONE,
            ExpectedRevision::Exists => found > Revision::NONE,
            ExpectedRevision::Exactly(revision) => found == revision,
        }
    }
}

impl fmt::Display for ExpectedRevision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExpectedRevision::Any => f.write_str("any"),
            ExpectedRevision::None => f.write_str("none"),
            ExpectedRevision::Exists => f.write_str("exists"),
            ExpectedRevision::Exactly(revision) => revision.fmt(f),
        }
    }
}

impl Append {
    /// An append of these events that depends on nothing.
    pub fn of(events: Vec<NewEvent>) -> Append {
        Append {
            events,
            condition: Condition::default(),
        }
    }

    /// The same append, only if `stream` is where it is expected.
    pub fn expecting(mut self, stream: StreamName, revision: ExpectedRevision) -> Append {
        self.condition.expected.push((stream, revision));
        self
    }

    /// The same append, only if no event after `after` matches `query`.
    pub fn unless(mut self, query: Query, after: Position) -> Append {
        self.condition.boundary = Some(Boundary {
            fail_if_events_match: query,
            after,
        });
        self
    }

    /// Checks everything that can be known without the log: counts, limits, JSON, ids that repeat
    /// within the append.
    pub fn check(&self) -> Result<(), Error> {
        self.check_with(NewEvent::check)
    }

    /// The same append, [checked](Self::check).
    pub fn checked(self) -> Result<CheckedAppend, Error> {
        self.check()?;
        Ok(CheckedAppend {
            append: self,
            held: 0,
        })
    }

    fn check_with(&self, check_event: fn(&NewEvent) -> Result<(), Error>) -> Result<(), Error> {
        if self.events.is_empty() {
            return Err(Error::invalid("empty_append", "the append has no events")
                .field("events")
                .expected(format!("1 to {APPEND_EVENTS_MAX} events")));
        }
        if self.events.len() > APPEND_EVENTS_MAX {
            return Err(Error::new(
                Kind::TooLarge,
                "too_large",
                "the append has too many events",
            )
            .field("events")
            .found(self.events.len())
            .expected(format!("at most {APPEND_EVENTS_MAX}"))
            .action("split it; what must be atomic must fit into one append"));
        }
        for (at, event) in self.events.iter().enumerate() {
            check_event(event).map_err(|error| error.within(&format!("events[{at}]")))?;
        }
        self.check_ids()?;
        self.condition.check()
    }

    fn check_ids(&self) -> Result<(), Error> {
        let mut ids: Vec<EventId> = self.events.iter().filter_map(|event| event.id).collect();
        ids.sort_unstable();
        match ids.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(
                Error::invalid("id_twice", "two events of the append have one id")
                    .field("events")
                    .found(pair[0])
                    .expected("a different id for each event"),
            ),
            None => Ok(()),
        }
    }
}

/// An append that passed [`Append::check`], so that nobody checks it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedAppend {
    append: Append,
    held: usize,
}

impl CheckedAppend {
    /// Checks an append that was read from a JSON body of `held` bytes: what is JSON in it need not
    /// be parsed again.
    pub(crate) fn of_parsed(append: Append, held: usize) -> Result<CheckedAppend, Error> {
        append.check_with(NewEvent::check_parsed)?;
        Ok(CheckedAppend { append, held })
    }

    /// The same append under the name of who appends it, which stands as `actor` in the metadata of
    /// each event.
    ///
    /// `other_actor`: an event names somebody else. `too_large`: there is no room for the name.
    pub fn by(mut self, name: &str) -> Result<CheckedAppend, Error> {
        let actor = Actor::new(name);
        for (at, event) in self.append.events.iter_mut().enumerate() {
            let signed = actor.sign(event);
            signed.map_err(|error| error.within(&format!("events[{at}]")))?;
        }
        Ok(self)
    }

    /// The same append, whose text and data are slices of so many bytes, which stay in memory with
    /// them.
    pub fn holding(mut self, bytes: usize) -> CheckedAppend {
        self.held = bytes;
        self
    }

    /// Bytes that its text and data are slices of, all of which stay in memory as long as one of
    /// them; 0 if they are slices of nothing larger.
    pub fn held(&self) -> usize {
        self.held
    }

    /// The append.
    pub fn into_append(self) -> Append {
        self.append
    }
}

impl std::ops::Deref for CheckedAppend {
    type Target = Append;

    fn deref(&self) -> &Append {
        &self.append
    }
}

impl Condition {
    fn check(&self) -> Result<(), Error> {
        if self.expected.len() > EXPECTED_STREAMS_MAX {
            return Err(
                Error::invalid("too_many_streams", "too many expected revisions")
                    .field("expected_revisions")
                    .found(self.expected.len())
                    .expected(format!("at most {EXPECTED_STREAMS_MAX}")),
            );
        }
        let mut streams: Vec<&StreamName> = self.expected.iter().map(|(name, _)| name).collect();
        streams.sort_unstable();
        if let Some(pair) = streams.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Error::invalid("stream_twice", "a stream is expected twice")
                .field("expected_revisions")
                .found(pair[0])
                .expected("each stream once"));
        }
        match &self.boundary {
            Some(boundary) => boundary.fail_if_events_match.check("fail_if_events_match"),
            None => Ok(()),
        }
    }
}

/// What came of an append whose outcome is certain and durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the log.
    Appended(Appended),
    /// Its condition did not hold; nothing was written.
    Conflict(Conflict),
}

/// Where an append stands. It is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Position of its first event.
    pub first: Position,
    /// Position of its last event.
    pub last: Position,
    /// Where each of its streams is after it, in the order of their first events in the append.
    pub revisions: Vec<(StreamName, Revision)>,
    /// The append was in the log before: these are its first positions, and nothing was written
    /// now.
    pub repeated: bool,
}

/// Why an append was not written: what was expected, what was found, and the event in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// A stream is not where it was expected.
    Revision {
        /// Which stream.
        stream: StreamName,
        /// Where the writer expected it.
        expected: ExpectedRevision,
        /// Where it is.
        found: Revision,
        /// Its last event, if it has one.
        event: Option<EventRef>,
    },
    /// An event matches that should not be there.
    Boundary {
        /// The position after which none should match.
        after: Position,
        /// The first one that does.
        event: EventRef,
    },
    /// An id is in the log, and the append is not the one that wrote it.
    IdReused {
        /// Which id.
        id: EventId,
        /// The event that has it.
        event: EventRef,
        /// What differs, for people.
        why: String,
    },
}

impl Conflict {
    /// The stable code: `revision_conflict`, `boundary_conflict` or `id_reused`.
    pub fn code(&self) -> &'static str {
        match self {
            Conflict::Revision { .. } => "revision_conflict",
            Conflict::Boundary { .. } => "boundary_conflict",
            Conflict::IdReused { .. } => "id_reused",
        }
    }

    /// The event in the way.
    pub fn event(&self) -> Option<&EventRef> {
        match self {
            Conflict::Revision { event, .. } => event.as_ref(),
            Conflict::Boundary { event, .. } | Conflict::IdReused { event, .. } => Some(event),
        }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Conflict::Revision {
                stream,
                expected,
                found,
                ..
            } => write!(
                f,
                "the stream {stream} is at revision {found}, where {expected} was expected"
            ),
            Conflict::Boundary { after, event } => write!(
                f,
                "the event {} at position {} matches, where none was expected after position {after}",
                event.event_type, event.position
            ),
            Conflict::IdReused { id, event, why } => write!(
                f,
                "the event id {id} is in the log at position {} already: {why}",
                event.position
            ),
        }
    }
}

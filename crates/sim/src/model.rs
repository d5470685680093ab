//! What a log must answer, in the simplest way: a list of events that is walked from its start.

use headwater_event::{
    Append, Conflict, Event, EventId, Facts, NewEvent, Outcome, Position, Query, Revision,
    StreamName,
};

/// What is to come of an append.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is written, from this position on.
    Appended(Position),
    /// It was written from this position on.
    Repeated(Position),
    /// It is refused with this code, because of the event there, if there is one.
    Conflict(&'static str, Option<Position>),
}

impl Verdict {
    /// The same of an outcome.
    pub fn of(outcome: &Outcome) -> Verdict {
        match outcome {
            Outcome::Appended(appended) if appended.repeated => Verdict::Repeated(appended.first),
            Outcome::Appended(appended) => Verdict::Appended(appended.first),
            Outcome::Conflict(conflict) => {
                let at = conflict.event().map(|event| event.position);
                // Which of the reused ids is named is open.
                let named = !matches!(conflict, Conflict::IdReused { .. });
                Verdict::Conflict(conflict.code(), at.filter(|_| named))
            }
        }
    }
}

/// An event as the model keeps it.
#[derive(Clone, Debug)]
struct Kept {
    event: NewEvent,
    id: EventId,
    revision: Revision,
    append: usize,
}

/// A log in the simplest way.
#[derive(Clone, Debug, Default)]
pub struct Model {
    kept: Vec<Kept>,
    appends: usize,
}

impl Model {
    /// Position of the last event.
    pub fn head(&self) -> Position {
        Position(self.kept.len() as u64)
    }

    /// The model as it was up to the end of an append.
    pub(crate) fn upto(&self, position: Position) -> Model {
        let mut model = self.clone();
        model.kept.truncate(position.0 as usize);
        model
    }

    /// What is to come of this append now.
    pub fn decide(&self, append: &Append) -> Verdict {
        self.seen(append)
            .or_else(|| self.wrong_revision(append))
            .or_else(|| self.boundary(append))
            .unwrap_or(Verdict::Appended(self.head().next()))
    }

    fn seen(&self, append: &Append) -> Option<Verdict> {
        let place = |event: &NewEvent| self.kept.iter().position(|kept| Some(kept.id) == event.id);
        let places: Vec<Option<usize>> = append.events.iter().map(place).collect();
        places.iter().flatten().next()?;
        let repeated = places[0].filter(|first| {
            append.events.iter().enumerate().all(|(at, event)| {
                places[at] == Some(first + at)
                    && self.kept[first + at].event == *event
                    && self.kept[first + at].append == self.kept[*first].append
            })
        });
        Some(match repeated {
            Some(first) => Verdict::Repeated(Position(first as u64 + 1)),
            None => Verdict::Conflict("id_reused", None),
        })
    }

    fn wrong_revision(&self, append: &Append) -> Option<Verdict> {
        let wrong = |(stream, expected): &&(StreamName, headwater_event::ExpectedRevision)| {
            !expected.holds(self.revision(stream))
        };
        let (stream, _) = append.condition.expected.iter().find(wrong)?;
        let last = self
            .kept
            .iter()
            .rposition(|kept| kept.event.stream.as_ref() == Some(stream));
        Some(Verdict::Conflict(
            "revision_conflict",
            last.map(|at| Position(at as u64 + 1)),
        ))
    }

    fn boundary(&self, append: &Append) -> Option<Verdict> {
        let boundary = append.condition.boundary.as_ref()?;
        let query = &boundary.fail_if_events_match;
        let at = (boundary.after.0 as usize..self.kept.len())
            .find(|at| matches(query, &self.kept[*at].event))?;
        Some(Verdict::Conflict(
            "boundary_conflict",
            Some(Position(at as u64 + 1)),
        ))
    }

    fn revision(&self, stream: &StreamName) -> Revision {
        let inside = |kept: &&Kept| kept.event.stream.as_ref() == Some(stream);
        Revision(self.kept.iter().filter(inside).count() as u64)
    }

    /// Takes an append in. `written` are the events of the log at its place.
    pub fn apply(&mut self, append: &Append, written: &[Event]) {
        self.appends += 1;
        for (event, written) in append.events.iter().zip(written) {
            let revision = match &event.stream {
                Some(stream) => self.revision(stream).next(),
                None => Revision::NONE,
            };
            let (event, id, append) = (event.clone(), written.id, self.appends);
            self.kept.push(Kept {
                event,
                id,
                revision,
                append,
            });
        }
    }

    /// Panics unless `log` is exactly what the model holds.
    pub fn assert_is(&self, log: &[Event]) {
        self.check(log).unwrap_or_else(|why| panic!("{why}"));
    }

    /// Says where `log` is not exactly what the model holds.
    pub(crate) fn check(&self, log: &[Event]) -> Result<(), String> {
        if log.len() != self.kept.len() {
            let counts = (log.len(), self.kept.len());
            return Err(format!("events of the log and of the model: {counts:?}"));
        }
        for (at, (event, kept)) in log.iter().zip(&self.kept).enumerate() {
            let is_it = event.position == Position(at as u64 + 1)
                && is_written(&kept.event, event)
                && (event.id, event.revision) == (kept.id, kept.revision);
            if !is_it {
                return Err(format!(
                    "event {} of the log: {event:?} is {kept:?}",
                    at + 1
                ));
            }
        }
        Ok(())
    }

    /// The events that match, by position.
    pub fn read(&self, query: &Query) -> Vec<Position> {
        let matching = |(_, kept): &(usize, &Kept)| matches(query, &kept.event);
        let position = |(at, _)| Position(at as u64 + 1);
        self.kept
            .iter()
            .enumerate()
            .filter(matching)
            .map(position)
            .collect()
    }
}

fn matches(query: &Query, event: &NewEvent) -> bool {
    query.matches_facts(Facts {
        event_type: event.event_type.as_str(),
        tags: &event.tags,
        stream: event.stream.as_ref(),
    })
}

/// Whether this is what the log made of the event.
pub fn is_written(new: &NewEvent, event: &Event) -> bool {
    new.id.is_none_or(|id| id == event.id)
        && new.stream == event.stream
        && new.event_type == event.event_type
        && new.tags == event.tags
        && new.data == event.data
        && new.content_type == event.content_type
        && new.metadata == event.metadata
        && new.occurred_at.unwrap_or(event.recorded_at) == event.occurred_at
}

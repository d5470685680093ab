//! Whether an append whose ids are known is the one that wrote them.
//!
//! It is if its events stand next to each other in the log, in its order, within one append, with
//! the same content. Events that it gives no id for are compared by their content alone.

use std::sync::Arc;

use headwater_event::{Append, Appended, Conflict, Error, EventId, NewEvent, Outcome, Position};

use crate::canonical::put_content;
use crate::decision::revisions;
use crate::log::{Access, Log};
use crate::run::Run;

/// An append, and the event of the log that its first known id belongs to.
struct Known<'a> {
    append: &'a Append,
    /// Where each of its ids was when it was decided about.
    places: Vec<Option<Position>>,
    /// Which of its events has the first known id.
    offset: usize,
    id: EventId,
    position: Position,
}

/// The answer to an append of which some ids are known, at `upto` or before; `None` if that takes a
/// read from the storage and `access` rules it out.
pub(crate) fn repeated(
    log: &Log,
    append: &Append,
    upto: Position,
    access: Access,
) -> Result<Option<Outcome>, Error> {
    let known = match access {
        Access::Memory => return Ok(None), // ids and events may have to be read
        Access::Storage { .. } => Known::find(log, append, upto)?,
    };
    let mut events = Events { log, run: None };
    let outcome = match known.compare(&mut events)? {
        Ok(first) => Outcome::Appended(known.appended(&mut events, first)?),
        Err(why) => Outcome::Conflict(Conflict::IdReused {
            id: known.id,
            event: events
                .run(known.position)?
                .event(known.position)?
                .reference(),
            why,
        }),
    };
    Ok(Some(outcome))
}

/// The events of the log, one run at a time.
struct Events<'a> {
    log: &'a Log,
    run: Option<Arc<Run>>,
}

impl Events<'_> {
    /// The run that holds this position.
    fn run(&mut self, position: Position) -> Result<&Run, Error> {
        let run = match self.run.take().filter(|run| run.holds(position)) {
            Some(run) => run,
            None => self
                .log
                .run_at(position, Access::ONE)?
                .ok_or_else(|| Error::damaged("an event is gone").at(position))?,
        };
        Ok(self.run.insert(run))
    }
}

impl<'a> Known<'a> {
    fn find(log: &Log, append: &'a Append, upto: Position) -> Result<Known<'a>, Error> {
        // What came later says nothing about this append.
        let place = |event: &NewEvent| match event.id {
            Some(id) => Ok(log.index.position_of(id)?.filter(|at| *at <= upto)),
            None => Ok(None),
        };
        let places: Result<Vec<Option<Position>>, Error> =
            append.events.iter().map(place).collect();
        let places = places?;
        let mut events = append.events.iter().zip(&places).enumerate();
        let first = events.find_map(|(at, (event, place))| Some((at, event.id?, (*place)?)));
        let Some((offset, id, position)) = first else {
            // The decision rests on an event that is durable, and durable events stay.
            return Err(Error::damaged("an event that was found by its id is gone"));
        };
        Ok(Known {
            append,
            places,
            offset,
            id,
            position,
        })
    }

    /// The position at which the whole append stands, or why it does not.
    fn compare(&self, events: &mut Events<'_>) -> Result<Result<Position, String>, Error> {
        let around = *events.run(self.position)?.append_of(self.position);
        let first = match self.position.0.checked_sub(self.offset as u64) {
            Some(first) if first >= around.first.0 => Position(first),
            _ => return Ok(Err("other events stand before it in the log".to_owned())),
        };
        if first.0 + self.append.events.len() as u64 - 1 > around.last.0 {
            let why = "the append has more events than the one that wrote it";
            return Ok(Err(why.to_owned()));
        }
        for offset in 0..self.append.events.len() {
            if let Some(why) = self.differs(events, offset, first.plus(offset as u64))? {
                return Ok(Err(format!("events[{offset}] {why}")));
            }
        }
        Ok(Ok(first))
    }

    /// How the event differs from the one at this position.
    fn differs(
        &self,
        events: &mut Events<'_>,
        offset: usize,
        place: Position,
    ) -> Result<Option<String>, Error> {
        let event = &self.append.events[offset];
        let run = events.run(place)?;
        if event.id.is_some() && self.places[offset] != Some(place) {
            return Ok(Some("does not stand in that order in the log".to_owned()));
        }
        let stands = run.raw_at(place)?.content;
        if stands == content(event) {
            return Ok(None);
        }
        let written = run.event(place)?;
        if event.occurred_at == Some(written.recorded_at) {
            // A copy of the event as it was read, which tells the time that its writer left out.
            let untold = NewEvent {
                occurred_at: None,
                ..event.clone()
            };
            if stands == content(&untold) {
                return Ok(None);
            }
        }
        let part = differing(event, &written);
        Ok(Some(format!("has another {part}")))
    }

    fn appended(&self, events: &mut Events<'_>, first: Position) -> Result<Appended, Error> {
        let mut written = Vec::with_capacity(self.append.events.len());
        for offset in 0..self.append.events.len() as u64 {
            let position = first.plus(offset);
            written.push(events.run(position)?.raw_at(position)?.revision);
        }
        Ok(Appended {
            first,
            last: Position(first.0 + written.len() as u64 - 1),
            revisions: revisions(self.append, |offset| written[offset]),
            repeated: true,
        })
    }
}

fn content(event: &NewEvent) -> Vec<u8> {
    let mut content = Vec::new();
    put_content(&mut content, event);
    content
}

/// Which part of the event is not as it was written.
fn differing(event: &NewEvent, written: &headwater_event::Event) -> &'static str {
    if written.event_type != event.event_type {
        "type"
    } else if written.stream != event.stream {
        "stream"
    } else if written.data != event.data {
        "data"
    } else if written.tags != event.tags {
        "set of tags"
    } else if written.metadata != event.metadata {
        "metadata"
    } else if written.content_type != event.content_type {
        "content type"
    } else {
        "occurred_at"
    }
}

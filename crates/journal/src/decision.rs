//! What was decided about an append where appends are ordered, and how it becomes an answer.
//!
//! The writer decides with the index alone and reads no events. It says where the event in the way
//! is; who asked looks the event up, once the decision is durable and so is that event. An append
//! with a known id is never written, so whether it is the same append is found out there, too.

use headwater_event::{
    Append, Appended, Conflict, Error, EventId, ExpectedRevision, NewEvent, Outcome, Position,
    Revision, StreamName,
};

use crate::canonical::put_content;
use crate::log::{Access, Log};

/// What was decided.
#[derive(Debug)]
pub(crate) enum Decision {
    /// It is in the log.
    Appended(Appended),
    /// A stream is not where it was expected.
    Revision {
        stream: StreamName,
        expected: ExpectedRevision,
        found: Revision,
        /// The stream's last event.
        at: Option<Position>,
    },
    /// An event matches that should not be there.
    Boundary { after: Position, at: Position },
    /// Some of its ids are in the log.
    Seen {
        /// The last position, in flight or not, when that was found.
        upto: Position,
    },
}

/// Makes the answer; `None` if that takes a read from the storage and `access` rules it out.
pub(crate) fn outcome(
    log: &Log,
    decision: &Decision,
    append: &Append,
    access: Access,
) -> Result<Option<Outcome>, Error> {
    let conflict = match decision {
        Decision::Appended(appended) => return Ok(Some(Outcome::Appended(appended.clone()))),
        Decision::Seen { upto } => return seen(log, append, *upto, access),
        Decision::Boundary { after, at } => {
            let Some(event) = log.event(*at, access)? else {
                return Ok(None);
            };
            Conflict::Boundary {
                after: *after,
                event: event.reference(),
            }
        }
        Decision::Revision {
            stream,
            expected,
            found,
            at,
        } => {
            let event = match at {
                Some(at) => match log.event(*at, access)? {
                    Some(event) => Some(event.reference()),
                    None => return Ok(None),
                },
                None => None,
            };
            Conflict::Revision {
                stream: stream.clone(),
                expected: *expected,
                found: *found,
                event,
            }
        }
    };
    Ok(Some(Outcome::Conflict(conflict)))
}

/// Whether an append with known ids is the one that wrote them.
fn seen(
    log: &Log,
    append: &Append,
    upto: Position,
    access: Access,
) -> Result<Option<Outcome>, Error> {
    let known: Vec<Option<Position>> = {
        let index = log.index()?;
        // What came later says nothing about this append.
        let place = |event: &NewEvent| {
            let position = index.position_of(event.id?)?;
            (position <= upto).then_some(position)
        };
        append.events.iter().map(place).collect()
    };
    let Some((at, id, position)) = first_known(append, &known) else {
        // The decision rests on an event that is durable, and durable events stay.
        return Err(Error::damaged("an event that was found by its id is gone"));
    };
    let Some(loaded) = log.commit_of(position, access)? else {
        return Ok(None);
    };
    let reused = |why: String| -> Result<Option<Outcome>, Error> {
        let event = loaded.event(position)?.reference();
        Ok(Some(Outcome::Conflict(Conflict::IdReused {
            id,
            event,
            why,
        })))
    };
    let (written_first, written_last) = loaded.append_around(position);
    let count = append.events.len() as u64;
    let first = match position.0.checked_sub(at as u64) {
        Some(first) if first >= written_first.0 => Position(first),
        _ => return reused("the events before it are not the ones before it in the log".into()),
    };
    let last = Position(first.0 + count - 1);
    if last > written_last {
        return reused("the append has more events than the one that wrote it".into());
    }
    let mut content = Vec::new();
    for (offset, event) in append.events.iter().enumerate() {
        let place = first.plus(offset as u64);
        if event.id.is_some() && known[offset] != Some(place) {
            return reused(format!(
                "events[{offset}] of the append does not follow it in the log"
            ));
        }
        content.clear();
        put_content(&mut content, event);
        let written = loaded.raw((place.0 - loaded.first.0) as usize)?;
        if written.content != content {
            let named = differing(log, event, place, access)?;
            return reused(format!("events[{offset}] has another {named}"));
        }
    }
    let revisions = revisions(append, |offset| {
        let place = first.plus(offset as u64);
        loaded
            .raw((place.0 - loaded.first.0) as usize)
            .map_or(Revision::NONE, |raw| raw.revision)
    });
    Ok(Some(Outcome::Appended(Appended {
        first,
        last,
        revisions,
        repeated: true,
    })))
}

fn first_known(append: &Append, known: &[Option<Position>]) -> Option<(usize, EventId, Position)> {
    let mut events = append.events.iter().zip(known).enumerate();
    events.find_map(|(at, (event, position))| Some((at, event.id?, (*position)?)))
}

/// Which part of the event is not as it was written.
fn differing(
    log: &Log,
    event: &NewEvent,
    place: Position,
    access: Access,
) -> Result<&'static str, Error> {
    let Some(written) = log.event(place, access)? else {
        return Ok("content");
    };
    Ok(if written.event_type != event.event_type {
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
    })
}

/// Where each stream of the append is after it, in the order of their first events.
pub(crate) fn revisions(
    append: &Append,
    revision_of: impl Fn(usize) -> Revision,
) -> Vec<(StreamName, Revision)> {
    let mut revisions: Vec<(StreamName, Revision)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for (offset, event) in append.events.iter().enumerate() {
        let Some(stream) = &event.stream else {
            continue;
        };
        let revision = revision_of(offset);
        match revisions.last_mut() {
            Some((last, at)) if last == stream => *at = revision,
            _ => match places.get(stream) {
                Some(place) => {
                    let place: usize = *place;
                    revisions[place].1 = revision;
                }
                None => {
                    if append.events.len() > 1 {
                        places.insert(stream, revisions.len());
                    }
                    revisions.push((stream.clone(), revision));
                }
            },
        }
    }
    revisions
}

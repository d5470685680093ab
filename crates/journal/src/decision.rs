//! What was decided about an append where appends are ordered, and how it becomes an answer.
//!
//! The writer decides with the index alone and reads no events. It says where the event in the way
//! is; who asked looks the event up, once the decision is durable and so is that event. An append
//! with a known id is never written, so whether it is the same append is found out there, too.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use headwater_event::{
    Append, Appended, Conflict, Error, EventRef, ExpectedRevision, Outcome, Position, Revision,
    StreamName,
};

use crate::log::{Access, Log};
use crate::repeat::repeated;

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
    let in_the_way = match decision {
        Decision::Appended(appended) => return Ok(Some(Outcome::Appended(appended.clone()))),
        Decision::Seen { upto } => return repeated(log, append, *upto, access),
        Decision::Boundary { at, .. } => Some(*at),
        Decision::Revision { at, .. } => *at,
    };
    let event = match in_the_way {
        None => None,
        Some(at) => match log.event(at, access)? {
            None => return Ok(None),
            found => found.map(|event| event.reference()),
        },
    };
    Ok(conflict(decision, event).map(Outcome::Conflict))
}

fn conflict(decision: &Decision, event: Option<EventRef>) -> Option<Conflict> {
    match decision {
        Decision::Boundary { after, .. } => Some(Conflict::Boundary {
            after: *after,
            event: event?,
        }),
        Decision::Revision {
            stream,
            expected,
            found,
            ..
        } => Some(Conflict::Revision {
            stream: stream.clone(),
            expected: *expected,
            found: *found,
            event,
        }),
        Decision::Appended(_) | Decision::Seen { .. } => None,
    }
}

/// Where each stream of the append is after it, in the order of their first events.
pub(crate) fn revisions(
    append: &Append,
    revision_of: impl Fn(usize) -> Revision,
) -> Vec<(StreamName, Revision)> {
    let mut revisions: Vec<(StreamName, Revision)> = Vec::new();
    let mut places: HashMap<&str, usize, RandomState> = HashMap::default();
    for (offset, event) in append.events.iter().enumerate() {
        let Some(stream) = &event.stream else {
            continue;
        };
        let revision = revision_of(offset);
        match revisions.last_mut() {
            Some((last, at)) if last == stream => *at = revision,
            _ => match places.get(stream.as_str()) {
                Some(place) => revisions[*place].1 = revision,
                None => {
                    if append.events.len() > 1 {
                        places.insert(stream.as_str(), revisions.len());
                    }
                    revisions.push((stream.clone(), revision));
                }
            },
        }
    }
    revisions
}

//! What the tests have in common.

use std::sync::Arc;

use headwater_event::{Append, Appended, Conflict, EventType, NewEvent, Outcome, StreamName};
use headwater_journal::env::{Env, SystemEnv};
use headwater_journal::{Journal, MemoryStorage, Options, Storage};

pub(crate) fn memory() -> Arc<MemoryStorage> {
    Arc::new(MemoryStorage::new(SystemEnv.log_id()))
}

pub(crate) fn open(storage: Arc<dyn Storage>) -> Journal {
    Journal::open(storage, Arc::new(SystemEnv), Options::default()).unwrap()
}

pub(crate) fn stream(name: &str) -> StreamName {
    StreamName::new(name).unwrap()
}

/// An event of this type in this stream.
pub(crate) fn event(event_type: &str, name: &str) -> NewEvent {
    NewEvent::json(EventType::new(event_type).unwrap(), "{}").in_stream(stream(name))
}

pub(crate) fn one(event_type: &str, name: &str) -> Append {
    Append::of(vec![event(event_type, name)])
}

#[track_caller]
pub(crate) fn appended(outcome: Outcome) -> Appended {
    match outcome {
        Outcome::Appended(appended) => appended,
        Outcome::Conflict(conflict) => panic!("{conflict}"),
    }
}

#[track_caller]
pub(crate) fn conflict(outcome: Outcome) -> Conflict {
    match outcome {
        Outcome::Appended(appended) => panic!("{appended:?}"),
        Outcome::Conflict(conflict) => conflict,
    }
}

//! What is known about a projection: where it stands, and why it stopped.

use std::fmt;

use headwater_event::{EventId, EventType, Position};
use serde::{Deserialize, Serialize};

use crate::Version;

/// How a projection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It has never been at the head yet: the past is folded for the first time.
    Building,
    /// It follows the log.
    Live,
    /// It stopped at an event; [`Status::failure`] says which and why.
    Failed,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            State::Building => "building",
            State::Live => "live",
            State::Failed => "failed",
        })
    }
}

/// Where a projection stands.
#[derive(Clone, Debug)]
pub struct Status {
    /// Its name.
    pub name: String,
    /// How the version that answers queries is doing.
    pub state: State,
    /// The version that answers queries; `None` when the recorded text cannot be read any more.
    pub version: Option<Version>,
    /// The last position that is in the read model.
    pub position: Position,
    /// The last position of the log, of the same moment.
    pub head: Position,
    /// `head - position`.
    pub lag: u64,
    /// The tables, in the order of the file.
    pub tables: Vec<String>,
    /// The event types that are read, sorted.
    pub types: Vec<EventType>,
    /// The version that is being built beside the one that answers.
    pub building: Option<Building>,
    /// Why it stopped: the version that answers, or else the one being built.
    pub failure: Option<Failure>,
    /// The last failure of the machine (disk, memory) that folding met; it is tried again, and
    /// this is empty once it worked.
    pub trouble: Option<String>,
    /// The events that are passed over, by position.
    pub skipped: Vec<Skipped>,
}

/// A version that is being built beside the one that answers.
#[derive(Clone, Debug)]
pub struct Building {
    /// The version.
    pub version: Version,
    /// The last position that is in its read model.
    pub position: Position,
    /// The last position of the log.
    pub head: Position,
    /// Why it stopped, if it did.
    pub failure: Option<Failure>,
}

/// Why a projection stopped, and at which event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The position of the event; 0 when no event is to blame.
    pub position: Position,
    /// The id of the event.
    pub event_id: Option<EventId>,
    /// The type of the event.
    pub event_type: String,
    /// The statement, as the file has it.
    pub statement: String,
    /// The line of the file that the statement begins on, counted from 1.
    pub line: usize,
    /// The SQLSTATE.
    pub code: String,
    /// What went wrong.
    pub message: String,
}

/// An event that a projection passes over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The position of the event.
    pub position: Position,
    /// Why, as a person wrote it.
    pub reason: String,
}

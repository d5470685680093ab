//! Places: of an event in its log, and of an event in its stream.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Place of an event in its database's log: 1, 2, 3 ... without gaps, never reused.
///
/// As a cursor, [`Position::ZERO`] is before everything.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Position(pub u64);

impl Position {
    /// Before the first event.
    pub const ZERO: Position = Position(0);

    /// The position after this one.
    pub fn next(self) -> Position {
        Position(self.0 + 1)
    }

    /// The position `count` events further on.
    pub fn plus(self, count: u64) -> Position {
        Position(self.0 + count)
    }
}

/// Place of an event in its stream: 1, 2, 3 ..., so that it equals the number of events. 0 = no
/// stream yet.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Revision(pub u64);

impl Revision {
    /// The stream does not exist yet.
    pub const NONE: Revision = Revision(0);

    /// The revision after this one.
    pub fn next(self) -> Revision {
        Revision(self.0 + 1)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

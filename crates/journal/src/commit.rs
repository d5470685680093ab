//! The commit: the one durable write that carries one or more appends.

use std::fmt;

use bytes::Bytes;
use headwater_event::{ChainHash, Position, Timestamp};

use crate::commits::Head;

/// Place of a commit in its log: 1, 2, 3 ... without gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(pub u64);

impl Seq {
    /// Before the first commit.
    pub const ZERO: Seq = Seq(0);
    /// The first commit.
    pub const FIRST: Seq = Seq(1);

    /// The number after this one.
    pub fn next(self) -> Seq {
        Seq(self.0 + 1)
    }

    /// The number `count` commits further on.
    pub fn plus(self, count: u64) -> Seq {
        Seq(self.0 + count)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What is written at once: one or more appends, next to each other in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Position of its first event.
    pub first: Position,
    /// How many events it holds, in all of its appends.
    pub events: u32,
    /// When its last append was recorded.
    pub recorded_at: Timestamp,
    /// The chain after its last append.
    pub chain: ChainHash,
    /// The appends: each in its canonical bytes, with their length before them as a 32-bit
    /// little-endian number.
    pub appends: Bytes,
}

impl Commit {
    /// Position of its last event.
    pub fn last(&self) -> Position {
        Position(self.first.0 + u64::from(self.events) - 1)
    }

    /// The end of the log after it.
    pub fn end(&self) -> Head {
        Head {
            position: self.last(),
            recorded_at: self.recorded_at,
            chain: self.chain,
        }
    }
}

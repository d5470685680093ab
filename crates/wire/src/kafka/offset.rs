//! Offsets: the positions of events, as the protocol has them.

use headwater_event::Position;

/// The first offset of every partition.
pub(crate) const FIRST: i64 = 1;

/// The offset of the event at a position.
pub(crate) fn of(position: Position) -> i64 {
    i64::try_from(position.0).unwrap_or(i64::MAX - 1) // one may come after it
}

/// The offset that comes after a position: the next one, if it is the head.
pub(crate) fn after(position: Position) -> i64 {
    of(position) + 1
}

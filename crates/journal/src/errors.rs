//! The errors that the journal itself makes, each once.

use std::fmt::Display;

use headwater_event::limits::CLOCK_BEHIND_MICROS_MAX;
use headwater_event::{Error, Kind, LogId, Position, Timestamp};

use crate::manifest::SegmentName;

const RETRY: &str = "retry with the same event ids; that never writes twice";

/// Why a journal answers nobody any more.
pub(crate) fn closed() -> Error {
    Error::new(Kind::Unavailable, "closed", "the journal is closed").action("open it again")
}

pub(crate) fn poisoned(reason: &str) -> Error {
    Error::new(
        Kind::Unavailable,
        "poisoned",
        format!("the journal has stopped: {reason}"),
    )
    .action("open it again; what was acknowledged is in the log")
}

/// The commit that an answer would have rested on did not become durable.
pub(crate) fn rested_on(cause: &Error) -> Error {
    Error::new(
        Kind::Unavailable,
        "unavailable",
        format!("a commit before it could not be written: {cause}"),
    )
    .action(RETRY)
    .caused_by(cause.clone())
}

/// It is not known whether the commit was written.
pub(crate) fn unsettled(cause: &Error) -> Error {
    Error::new(
        Kind::Unavailable,
        "unavailable",
        format!("it is not known whether the last commit was written: {cause}"),
    )
    .action(RETRY)
    .caused_by(cause.clone())
}

/// A segment that the manifest names cannot be put again or removed.
pub(crate) fn segment_in_use(name: SegmentName) -> Error {
    Error::new(
        Kind::Conflict,
        "segment_in_use",
        format!("the manifest names {name}"),
    )
    .expected("a segment that the manifest does not name")
    .action("publish a manifest without it first")
}

pub(crate) fn busy(what: &str, most: usize) -> Error {
    Error::new(
        Kind::Busy,
        "busy",
        "too many appends are waiting to be written",
    )
    .expected(format!("at most {most} {what}"))
    .action("try again after a pause")
}

pub(crate) fn deadline() -> Error {
    Error::new(
        Kind::Deadline,
        "deadline",
        "the deadline passed before the append was written",
    )
    .action("try again; nothing was written")
}

pub(crate) fn position_ahead(field: &str, found: Position, head: Position) -> Error {
    Error::invalid("position_ahead", "the position is beyond the head")
        .field(field)
        .found(found)
        .expected(format!("at most {head}"))
        .at(head)
        .action("read again from a position of this log; was it restored?")
}

pub(crate) fn other_log(found: LogId, expected: LogId) -> Error {
    Error::invalid("other_log", "the position is one of another log")
        .field("log_id")
        .found(found)
        .expected(expected)
        .action("read again from position 0 of this log")
}

pub(crate) fn clock_behind(now: Timestamp, last: Timestamp) -> Error {
    Error::new(
        Kind::Unavailable,
        "clock_behind",
        "the clock is behind the last commit",
    )
    .found(now)
    .expected(format!(
        "at most {} minutes before {last}",
        CLOCK_BEHIND_MICROS_MAX / 60_000_000
    ))
    .action("set the clock of this machine")
}

/// Something on the disk that only a later version of this program can read.
pub(crate) fn newer_format(what: impl Display, found: u32, expected: u32) -> Error {
    Error::new(
        Kind::Unavailable,
        "newer_format",
        format!("{what} was written by a newer Headwater"),
    )
    .found(format!("format version {found}"))
    .expected(format!("format version {expected}"))
    .action("use that version of Headwater")
}

/// What was sealed is not known to have been published.
pub(crate) fn being_sealed(position: Position) -> Error {
    Error::new(
        Kind::Unavailable,
        "unavailable",
        "a part of the log is being sealed, and that takes long",
    )
    .at(position)
    .action("try again after a pause; with the same event ids an append never writes twice")
}

//! A condition over the past, looked at before its append is queued.
//!
//! One writer orders all appends, and whatever it reads keeps everybody waiting. But what is sealed
//! never changes: whether an event of it is in the way can be found out by whoever appends, and the
//! writer is left with what came since, which is in memory. Where memory tells (filters, and lists
//! that were read before, or that the machine keeps of the disk), that takes some microseconds; what
//! has to be read is read aside if the log is large, and by the writer if it is small.

use std::sync::Arc;

use headwater_event::{Boundary, Condition, Error, Kind, Position};
use tokio::runtime::Handle;
use tokio::task::JoinError;

use crate::env::blocking;
use crate::log::Log;

/// What the condition of an append found in the sealed part of the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LookedBack {
    /// Everything after the condition's own position was looked at, up to here.
    pub(crate) upto: Position,
    /// The first event in the way.
    pub(crate) found: Option<Position>,
}

/// What memory tells.
enum Glance {
    Known(Option<LookedBack>),
    /// An event up to here may be in the way.
    Open(Position),
}

/// Looks, if the condition goes back so far. Blocks for reads, as far as memory does not tell.
pub(crate) fn look_back(log: &Log, condition: &Condition) -> Result<Option<LookedBack>, Error> {
    let Some(boundary) = &condition.boundary else {
        return Ok(None);
    };
    match glance(log, boundary)? {
        Glance::Known(known) => Ok(known),
        Glance::Open(upto) => read(log, boundary, upto).map(Some),
    }
}

/// The same; a thread for what blocks does the reads, where there is a runtime that has one.
pub(crate) async fn look_back_aside(
    log: &Arc<Log>,
    condition: &Condition,
) -> Result<Option<LookedBack>, Error> {
    let Some(boundary) = &condition.boundary else {
        return Ok(None);
    };
    let upto = match glance(log, boundary)? {
        Glance::Known(known) => return Ok(known),
        Glance::Open(upto) => upto,
    };
    if Handle::try_current().is_err() {
        return read(log, boundary, upto).map(Some);
    }
    let (shared, boundary) = (Arc::clone(log), boundary.clone());
    let reading = blocking(move || read(&shared, &boundary, upto)).await;
    reading.unwrap_or_else(|error| Err(ended(error))).map(Some)
}

fn glance(log: &Log, boundary: &Boundary) -> Result<Glance, Error> {
    let view = log.index.view()?;
    let upto = view.sealed();
    if boundary.after >= upto {
        return Ok(Glance::Known(None));
    }
    let query = &boundary.fail_if_events_match;
    Ok(match view.first_in_memory(query, boundary.after)? {
        Some(found) => Glance::Known(Some(LookedBack { upto, found })),
        None if view.segment_bytes() < log.look_back_bytes => Glance::Known(None), // the writer looks
        None => Glance::Open(upto),
    })
}

fn read(log: &Log, boundary: &Boundary, upto: Position) -> Result<LookedBack, Error> {
    let query = &boundary.fail_if_events_match;
    let found = log.index.first_match(query, boundary.after, upto)?;
    Ok(LookedBack { upto, found })
}

fn ended(error: JoinError) -> Error {
    Error::new(
        Kind::Internal,
        "internal",
        "the condition could not be held against the past",
    )
    .caused_by(error)
}

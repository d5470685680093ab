//! Appending.

use std::sync::Arc;
use std::time::Duration;

use headwater_event::limits::APPEND_BYTES_MAX;
use headwater_event::{Append, CheckedAppend, Error, Kind, Outcome, Position};
use tokio::sync::oneshot;

use crate::canonical::append_len_max;
use crate::decision::{Decision, outcome};
use crate::env::blocking;
use crate::errors;
use crate::journal::Journal;
use crate::log::{Access, Log};
use crate::look_back::{look_back, look_back_aside};
use crate::queue::{Reply, Request};
use crate::stream_ends::SealedEnds;

/// An append that was accepted and whose outcome is not told yet.
///
/// Dropping it cancels the append as long as it waits in the queue; later it does not.
pub struct Ticket {
    log: Arc<Log>,
    reply: oneshot::Receiver<Reply>,
}

impl Journal {
    /// Writes all events of the append next to each other, or none of them.
    ///
    /// What is answered is durable: the append itself, the event in the way of it, or the append
    /// that it repeats. An append whose `deadline`, counted from now, passes while it waits to be
    /// written is refused unwritten. Dropping the future cancels an append that still waits, and
    /// not one that is being written.
    ///
    /// Errors of kind `Unavailable` leave open whether it was written; the same event ids may be
    /// sent again. All others are certain that it was not.
    pub async fn append(
        &self,
        append: Append,
        deadline: Option<Duration>,
    ) -> Result<Outcome, Error> {
        self.log.check_alive()?;
        self.append_checked(append.checked()?, deadline).await
    }

    /// As [`append`](Self::append), for an append that was checked by itself before.
    pub async fn append_checked(
        &self,
        append: CheckedAppend,
        deadline: Option<Duration>,
    ) -> Result<Outcome, Error> {
        let (mut request, ticket) = self.admit(append, deadline)?;
        request.looked_back = look_back_aside(&self.log, &request.append.condition).await?;
        self.shared.queue.push(request)?;
        ticket.outcome().await
    }

    /// As [`append_checked`](Self::append_checked), on a thread that has nothing else to do. If
    /// nothing is being written, this thread writes and syncs the append itself, and blocks for as
    /// long as that takes: no other is woken and none waited for.
    pub async fn append_here(
        &self,
        append: CheckedAppend,
        deadline: Option<Duration>,
    ) -> Result<Outcome, Error> {
        let (mut request, mut ticket) = self.admit(append, deadline)?;
        request.looked_back = look_back(&self.log, &request.append.condition)?;
        self.shared.push_here(request)?;
        match ticket.try_outcome() {
            Some(outcome) => outcome,
            None => ticket.outcome().await,
        }
    }

    /// Checks an append by itself and puts it into the queue. Blocks for reads where a condition
    /// looks back into what is sealed.
    pub fn submit(&self, append: Append, deadline: Option<Duration>) -> Result<Ticket, Error> {
        self.log.check_alive()?;
        let (mut request, ticket) = self.admit(append.checked()?, deadline)?;
        request.looked_back = look_back(&self.log, &request.append.condition)?;
        self.shared.queue.push(request)?;
        Ok(ticket)
    }

    /// Makes the request for an append, and refuses what this log cannot take.
    fn admit(
        &self,
        append: CheckedAppend,
        deadline: Option<Duration>,
    ) -> Result<(Request, Ticket), Error> {
        self.log.check_alive()?;
        let held = append.held();
        let append = append.into_append();
        let encoded = append_len_max(&append.events);
        if encoded > APPEND_BYTES_MAX {
            return Err(too_large(encoded));
        }
        self.log.check_log(append.condition.log_id)?;
        if let Some(boundary) = &append.condition.boundary {
            self.log.check_position("after", boundary.after)?;
        }
        self.log.check_settled()?;
        let (reply, receiver) = oneshot::channel();
        let request = Request {
            ids_absent: ids_absent(&self.log, &append)?,
            sealed_ends: SealedEnds::of(&self.log, &append)?,
            append,
            looked_back: None,
            reply,
            expires: self.expires(deadline),
            encoded,
            bytes: encoded.max(held),
        };
        let ticket = Ticket {
            log: Arc::clone(&self.log),
            reply: receiver,
        };
        Ok((request, ticket))
    }
}

/// Up to where no event of a segment has an id of the append, as far as memory tells: the writer is
/// left with what was sealed since.
fn ids_absent(log: &Log, append: &Append) -> Result<Position, Error> {
    let ids = append.events.iter().filter_map(|event| event.id);
    if ids.clone().next().is_none() {
        return Ok(Position::ZERO);
    }
    let view = log.index.view()?;
    Ok(match view.lacks_ids_in_memory(ids) {
        true => view.sealed(),
        false => Position::ZERO,
    })
}

impl Ticket {
    /// Waits for the outcome.
    pub async fn outcome(self) -> Result<Outcome, Error> {
        let Ticket { log, reply } = self;
        let (decision, append) = match reply.await {
            Ok(reply) => reply?,
            Err(_) => return Err(dropped(&log)),
        };
        match outcome(&log, &decision, &append, Access::Memory)? {
            Some(outcome) => Ok(outcome),
            None => look_up(log, decision, append).await,
        }
    }

    /// The outcome, if it is there. Blocks for a read where the event in the way is not in memory.
    pub fn try_outcome(&mut self) -> Option<Result<Outcome, Error>> {
        let (decision, append) = match self.reply.try_recv() {
            Ok(Ok(reply)) => reply,
            Ok(Err(error)) => return Some(Err(error)),
            Err(oneshot::error::TryRecvError::Empty) => return None,
            Err(oneshot::error::TryRecvError::Closed) => return Some(Err(dropped(&self.log))),
        };
        Some(read(&self.log, &decision, &append))
    }
}

/// Makes an answer that takes a read from the storage.
async fn look_up(log: Arc<Log>, decision: Decision, append: Append) -> Result<Outcome, Error> {
    let reading = blocking(move || read(&log, &decision, &append)).await;
    reading.unwrap_or_else(|error| {
        Err(Error::new(
            Kind::Internal,
            "internal",
            "the event in the way could not be looked up",
        )
        .caused_by(error))
    })
}

fn read(log: &Log, decision: &Decision, append: &Append) -> Result<Outcome, Error> {
    outcome(log, decision, append, Access::ONE)?.ok_or_else(|| {
        Error::new(
            Kind::Internal,
            "internal",
            "a read that may use the storage found nothing",
        )
    })
}

/// The writer is gone and took the append along.
fn dropped(log: &Log) -> Error {
    match log.check_alive() {
        Err(error) => error,
        Ok(()) => errors::poisoned("the writer has ended"),
    }
}

fn too_large(found: usize) -> Error {
    Error::new(Kind::TooLarge, "too_large", "the append is too large")
        .field("events")
        .found(format!("{found} bytes"))
        .expected(format!("at most {APPEND_BYTES_MAX} bytes"))
        .action("split it; what must be atomic must fit into one append")
}

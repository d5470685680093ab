//! Answering a query at once, on the thread that asks: a row by its key takes less than waking
//! another thread and being woken by it.
//!
//! Only what is known to be brief is tried: the statement was asked before and took few steps, its
//! read models are at the head, a reader has their files attached, and nobody needs to be waited
//! for. Whatever is otherwise leaves the query to [`Inner::query`], from its begin. The answer is
//! the same either way: one position, at least the head at arrival, or the one that was asked for,
//! as the later queries of a transaction do.

use std::sync::Arc;
use std::time::Duration;

use headwater_event::Position;
use headwater_sql::{OutputColumn, Value};

use crate::deadline::Deadline;
use crate::live::{Live, LiveModel};
use crate::prepared::Prepared;
use crate::projections::Inner;
use crate::query::{Plan, Run, attached, run};
use crate::reader::Lease;
use crate::{At, Consistency, Request};

/// How long a query may take that was taken for brief, before it is left to another thread.
const BRIEF_MAX: Duration = Duration::from_millis(1);

/// A whole answer.
pub struct Whole {
    /// The columns.
    pub columns: Vec<OutputColumn>,
    /// The position that it reflects.
    pub position: Position,
    /// The rows, all of them.
    pub rows: Vec<Vec<Value>>,
}

impl Inner {
    /// The whole answer, if it takes hardly any time.
    pub(crate) fn query_at_once(self: &Arc<Inner>, request: &Request) -> Option<Whole> {
        let is_usual = !request.explain && request.consistency == Consistency::Fresh;
        let head = self.journal.head().position;
        // A function looks at no clock, and takes as long as what it is given.
        let is_usual = is_usual && request.params.are_short();
        if !is_usual || request.wait_for.is_some_and(|position| position > head) {
            return None;
        }
        let floor = match request.at {
            None => head,
            Some(At::Position(position)) if position <= head => position,
            Some(_) => return None,
        };
        let live = self.live_at_once()?;
        let prepared = live.known(&request.sql, &request.params.types())?;
        if !prepared.is_brief() {
            return None;
        }
        let (lease, position) = self.pin_at_once(&prepared.models, floor)?;
        if request.at.is_some() && position != floor {
            return None;
        }
        let whole = self.run_at_once(&live, &prepared, lease, position, request);
        if whole.is_none() {
            prepared.was_long();
        }
        whole
    }

    /// Fixes what a reader sees of the read models, if they are where they have to be. Nobody is
    /// kept from folding meanwhile: what the reader sees is looked at when it is fixed.
    fn pin_at_once(&self, models: &[LiveModel], floor: Position) -> Option<(Lease, Position)> {
        if models.iter().any(|live| live.model.position() < floor) {
            return None;
        }
        let mut lease = self.readers.lease_idle()?;
        let reader = lease.reader_mut().ok()?;
        let files = attached(models);
        if !reader.has_attached(&files) {
            return None;
        }
        let seen = reader.pin_again(&files).ok()?;
        let position = seen.iter().copied().max().unwrap_or(floor);
        let is_one = position >= floor && seen.iter().all(|seen| *seen == position);
        is_one.then_some((lease, position))
    }

    /// Errors are left to the other way of asking, which tells them.
    fn run_at_once(
        &self,
        live: &Live,
        prepared: &Arc<Prepared>,
        lease: Lease,
        position: Position,
        request: &Request,
    ) -> Option<Whole> {
        let now = self.env.now().as_micros();
        let plan = Plan::of(Arc::clone(prepared), live, request, now).ok()?;
        let of = |timeout| Deadline::new(Arc::clone(&self.env), timeout, request.cancel.clone());
        let deadline = of(request.timeout);
        let taken = of(BRIEF_MAX);
        let brief = Run::Brief(taken.clone());
        let mut rows = run(plan, lease, position, request, &deadline, brief).ok()?;
        let batch = rows.next_batch().ok()?.unwrap_or_default();
        if taken.over().is_some() {
            prepared.was_long(); // in a function: it is not looked at between steps
        }
        rows.is_whole().then(|| Whole {
            columns: rows.columns().to_vec(),
            position,
            rows: batch,
        })
    }
}

//! Where appends are ordered: checked against the index and the appends in flight, given their
//! positions, encoded.
//!
//! The core does no I/O, waits for nothing and has no thread of its own, so that a simulation can
//! drive it step by step. It fills one open [`Batch`], which becomes one commit when the committer
//! is ready to write it.

use std::sync::Arc;

use headwater_event::limits::CLOCK_BEHIND_MICROS_MAX;
use headwater_event::{
    Append, Appended, ChainHash, Error, EventId, Position, Revision, StreamName, Tag, Timestamp,
};

use crate::canonical::{put_append_header, put_event};
use crate::commits::Head;
use crate::decision::{Decision, revisions};
use crate::env::Env;
use crate::errors;
use crate::index::{Change, Index, Keys};
use crate::loaded::Loaded;
use crate::log::Log;
use crate::queue::Request;
use crate::run::{AppendSlot, Run};
use crate::stream_ends::expected_streams;
use crate::{Commit, Seq};

/// The end of the log including what is in flight.
#[derive(Clone, Copy, Debug)]
struct Tip {
    seq: Seq,
    head: Head,
}

/// A request and what was decided about it, to be told when the batch is durable.
pub(crate) struct Decided {
    pub(crate) request: Request,
    pub(crate) decision: Decision,
}

/// Appends on their way into one commit, and everybody who is told when it is durable.
pub(crate) struct Batch {
    body: Vec<u8>,
    appends: Vec<AppendSlot>,
    events: Vec<u32>,
    first: Position,
    pub(crate) decided: Vec<Decided>,
}

/// A batch that takes nothing more.
pub(crate) struct Sealed {
    /// What is to be written; nothing if the batch only holds answers.
    pub(crate) write: Option<Write>,
    pub(crate) decided: Vec<Decided>,
}

/// A commit under its number.
#[derive(Clone)]
pub(crate) struct Write {
    pub(crate) seq: Seq,
    pub(crate) commit: Commit,
    pub(crate) loaded: Arc<Loaded>,
}

/// The state of the ordering.
pub(crate) struct Core {
    tip: Tip,
    pub(crate) open: Option<Batch>,
    /// Reused: ids of the append being written, with where their streams were before, and then
    /// their revisions.
    assigned: Vec<(EventId, Revision)>,
}

impl Core {
    /// Goes on from the durable end of the log.
    pub(crate) fn new(log: &Log) -> Core {
        Core {
            tip: durable_tip(log),
            open: None,
            assigned: Vec::new(),
        }
    }

    /// How many bytes the open batch has.
    pub(crate) fn open_bytes(&self) -> usize {
        self.open.as_ref().map_or(0, |batch| batch.body.len())
    }

    /// Decides about one append and puts it into the open batch, or refuses it at once.
    pub(crate) fn take(&mut self, log: &Log, request: Request, now: Timestamp) {
        if request.reply.is_closed() {
            return; // the caller went away before anything was done
        }
        if let Err(error) = log.check_settled() {
            return request.refuse(error);
        }
        match self.decide(log, &request, now) {
            Ok(decision) => {
                let first = self.tip.head.position.next();
                let batch = self.open.get_or_insert_with(|| Batch::new(first));
                batch.decided.push(Decided { request, decision });
            }
            Err(error) => request.refuse(error),
        }
    }

    fn decide(&mut self, log: &Log, request: &Request, now: Timestamp) -> Result<Decision, Error> {
        let append = &request.append;
        if let Some(decision) = check(&log.index, request)? {
            return Ok(decision);
        }
        let last = self.tip.head.recorded_at;
        if now.as_micros() < last.as_micros().saturating_sub(CLOCK_BEHIND_MICROS_MAX) {
            return Err(errors::clock_behind(now, last));
        }
        if self.open.is_none() {
            log.index.turn(log.piece_bytes)?;
        }
        self.assign(&log.index, &*log.env, request)?;
        Ok(Decision::Appended(self.write(append, now.max(last))))
    }

    /// Puts the events into the index, which says their revisions.
    fn assign(&mut self, index: &Index, env: &dyn Env, request: &Request) -> Result<(), Error> {
        let append = &request.append;
        // Everything that may have to be read comes before anything is changed.
        self.assigned.clear();
        let mut known = request.sealed_ends.events.iter();
        let mut before: Option<&StreamName> = None;
        for event in &append.events {
            let id = match event.id {
                Some(id) => id,
                None => fresh_id(index, env)?,
            };
            let base = match &event.stream {
                Some(stream) if before != Some(stream) => {
                    let known = known.next().copied().flatten();
                    index.base_of(stream.as_str(), known)?
                }
                _ => Revision::NONE,
            };
            before = event.stream.as_ref();
            self.assigned.push((id, base));
        }
        let mut change = index.change()?;
        for (event, (id, revision)) in append.events.iter().zip(&mut self.assigned) {
            let keys = Keys {
                id: *id,
                event_type: event.event_type.as_str(),
                stream: event.stream.as_ref().map(StreamName::as_str),
                tags: event.tags.iter().map(Tag::as_str),
            };
            *revision = change.insert(keys, *revision);
        }
        change.add_bytes(request.encoded);
        Ok(())
    }

    /// Encodes the append into the open batch and moves the tip.
    fn write(&mut self, append: &Append, recorded_at: Timestamp) -> Appended {
        let first = self.tip.head.position.next();
        let batch = self.open.get_or_insert_with(|| Batch::new(first));
        let start = batch.begin_append(recorded_at, append.events.len() as u32);
        for (event, (id, revision)) in append.events.iter().zip(&self.assigned) {
            batch.events.push(batch.body.len() as u32);
            put_event(&mut batch.body, *id, *revision, event);
        }
        let canonical = batch.end_append(start);
        self.tip.head = Head {
            position: Position(first.0 + append.events.len() as u64 - 1),
            recorded_at,
            chain: self.tip.head.chain.then(canonical),
        };
        Appended {
            first,
            last: self.tip.head.position,
            revisions: revisions(append, |offset| self.assigned[offset].1),
            repeated: false,
        }
    }

    /// Closes the open batch. What comes after goes into the next.
    pub(crate) fn seal(&mut self) -> Option<Sealed> {
        let batch = self.open.take()?;
        if batch.events.is_empty() {
            return Some(Sealed {
                write: None,
                decided: batch.decided,
            });
        }
        self.tip.seq = self.tip.seq.next();
        Some(batch.seal(self.tip.seq, self.tip.head.recorded_at, self.tip.head.chain))
    }

    /// Takes back everything that is not durable: first the open batch, then what was being
    /// written. Gives back the open batch's callers.
    pub(crate) fn roll_back(
        &mut self,
        log: &Log,
        written: Option<&Write>,
    ) -> Result<Vec<Decided>, Error> {
        let open = self.seal();
        {
            let mut change = log.index.change()?;
            let writes = open.iter().filter_map(|sealed| sealed.write.as_ref());
            for write in writes.chain(written) {
                take_back(&mut change, &write.loaded.run)?;
            }
        }
        self.tip = durable_tip(log);
        Ok(open.map_or_else(Vec::new, |sealed| sealed.decided))
    }

    /// Goes on after commits that another writer made.
    pub(crate) fn resume(&mut self, log: &Log) {
        self.tip = durable_tip(log);
    }
}

impl Batch {
    fn new(first: Position) -> Batch {
        Batch {
            body: Vec::new(),
            appends: Vec::new(),
            events: Vec::new(),
            first,
            decided: Vec::new(),
        }
    }

    /// Starts an append; its length is filled in when it ends.
    fn begin_append(&mut self, recorded_at: Timestamp, events: u32) -> usize {
        self.body.extend_from_slice(&[0; 4]);
        let start = self.body.len();
        let first = self.first.plus(self.events.len() as u64);
        self.appends.push(AppendSlot {
            start: start as u32, // a batch is far smaller than 4 GiB
            end: 0,
            first,
            last: Position(first.0 + u64::from(events) - 1),
            recorded_at,
        });
        put_append_header(&mut self.body, recorded_at, events);
        start
    }

    /// Ends the append that started here and gives its canonical bytes.
    fn end_append(&mut self, start: usize) -> &[u8] {
        let length = (self.body.len() - start) as u32;
        self.body[start - 4..start].copy_from_slice(&length.to_le_bytes());
        if let Some(slot) = self.appends.last_mut() {
            slot.end = self.body.len() as u32;
        }
        &self.body[start..]
    }

    fn seal(self, seq: Seq, recorded_at: Timestamp, chain: ChainHash) -> Sealed {
        let commit = Commit {
            first: self.first,
            events: self.events.len() as u32,
            recorded_at,
            chain,
            appends: self.body.into(),
        };
        let loaded = Arc::new(Loaded::new(seq, &commit, self.appends, self.events));
        Sealed {
            write: Some(Write {
                seq,
                commit,
                loaded,
            }),
            decided: self.decided,
        }
    }
}

/// What stands against the append; nothing if it may be written. Ids come before conditions.
fn check(index: &Index, request: &Request) -> Result<Option<Decision>, Error> {
    let append = &request.append;
    for id in append.events.iter().filter_map(|event| event.id) {
        if index.position_since(id, request.ids_absent)?.is_some() {
            let upto = index.last()?;
            return Ok(Some(Decision::Seen { upto }));
        }
    }
    let mut known = request.sealed_ends.expected.iter();
    for (stream, expected) in expected_streams(&append.condition) {
        let end = index.stream(stream.as_str(), known.next().copied().flatten())?;
        let found = end.map_or(Revision::NONE, |end| end.revision);
        if !expected.holds(found) {
            return Ok(Some(Decision::Revision {
                stream: stream.clone(),
                expected,
                found,
                at: end.map(|end| end.last),
            }));
        }
    }
    let Some(boundary) = &append.condition.boundary else {
        return Ok(None);
    };
    let at = match request.looked_back {
        Some(back) if back.found.is_some() => back.found,
        back => {
            let after = back.map_or(boundary.after, |back| back.upto.max(boundary.after));
            index.first_match(&boundary.fail_if_events_match, after, index.last()?)?
        }
    };
    Ok(at.map(|at| Decision::Boundary {
        after: boundary.after,
        at,
    }))
}

/// An id that the log does not have. A version 7 id that was drawn twice is as good as impossible.
fn fresh_id(index: &Index, env: &dyn Env) -> Result<EventId, Error> {
    loop {
        let id = env.event_id();
        if index.position_of(id)?.is_none() {
            return Ok(id);
        }
    }
}

fn take_back(change: &mut Change<'_>, run: &Run) -> Result<(), Error> {
    for at in (0..run.len()).rev() {
        change.remove(run.raw(at)?.keys());
    }
    Ok(())
}

fn durable_tip(log: &Log) -> Tip {
    let commits = log.commits();
    Tip {
        seq: commits.last_seq(),
        head: commits.head(),
    }
}

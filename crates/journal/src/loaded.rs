//! A commit of the tail in memory.

use std::sync::Arc;

use headwater_event::{ChainHash, Error, Position, Timestamp};

use crate::canonical::Malformed;
use crate::run::{AppendSlot, Origin, Run, damaged};
use crate::{Commit, Seq};

/// A commit, and the run of its events.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) seq: Seq,
    pub(crate) recorded_at: Timestamp,
    pub(crate) chain: ChainHash,
    pub(crate) run: Arc<Run>,
}

impl Loaded {
    /// What the writer has encoded itself.
    pub(crate) fn new(
        seq: Seq,
        commit: &Commit,
        appends: Vec<AppendSlot>,
        events: Vec<u32>,
    ) -> Loaded {
        let bytes = commit.appends.clone();
        let run = Run::new(Origin::Commit(seq), commit.first, bytes, appends, events);
        Loaded::of(seq, commit, run)
    }

    fn of(seq: Seq, commit: &Commit, run: Run) -> Loaded {
        Loaded {
            seq,
            recorded_at: commit.recorded_at,
            chain: commit.chain,
            run: Arc::new(run),
        }
    }

    /// Finds the places of what a storage gave back, and checks that they fit together.
    pub(crate) fn parse(seq: Seq, commit: &Commit) -> Result<Loaded, Error> {
        let run = Run::of_commit(seq, commit.first, commit.appends.clone())?;
        let wrong = |part| damaged(Origin::Commit(seq), commit.first, Malformed(part));
        let recorded_at = run.appends().last().map(|append| append.recorded_at);
        if recorded_at != Some(commit.recorded_at) {
            return Err(wrong("the time"));
        }
        if run.len() != commit.events as usize {
            return Err(wrong("the number of events"));
        }
        Ok(Loaded::of(seq, commit, run))
    }

    /// Position of its first event.
    pub(crate) fn first(&self) -> Position {
        self.run.first()
    }

    /// Position of its last event.
    pub(crate) fn last(&self) -> Position {
        self.run.last()
    }
}

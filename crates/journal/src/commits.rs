//! The durable commits of a log: which positions and times they hold, and the chain after each.

use headwater_event::{ChainHash, Position, Timestamp};

use crate::Seq;
use crate::loaded::Loaded;

/// The end of the log: everything up to here is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Position of the last event; 0 in an empty log.
    pub position: Position,
    /// When the last append was recorded; [`Timestamp::MIN`] in an empty log.
    pub recorded_at: Timestamp,
    /// The chain after the last append.
    pub chain: ChainHash,
}

impl Head {
    /// The head of an empty log.
    pub const EMPTY: Head = Head {
        position: Position::ZERO,
        recorded_at: Timestamp::MIN,
        chain: ChainHash::START,
    };
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    first: Position,
    recorded_at: Timestamp,
    chain: ChainHash,
}

/// What is known of each commit, by number.
#[derive(Debug)]
pub(crate) struct Commits {
    entries: Vec<Entry>,
    head: Head,
    pub(crate) appends: u64,
    pub(crate) bytes: u64,
}

impl Commits {
    pub(crate) fn new() -> Commits {
        Commits {
            entries: Vec::new(),
            head: Head::EMPTY,
            appends: 0,
            bytes: 0,
        }
    }

    pub(crate) fn head(&self) -> Head {
        self.head
    }

    /// The number of the last commit.
    pub(crate) fn last_seq(&self) -> Seq {
        Seq(self.entries.len() as u64)
    }

    /// Adds the commit after the last one.
    pub(crate) fn push(&mut self, loaded: &Loaded) {
        debug_assert_eq!(loaded.seq, self.last_seq().next());
        debug_assert_eq!(loaded.first(), self.head.position.next());
        self.entries.push(Entry {
            first: loaded.first(),
            recorded_at: loaded.recorded_at,
            chain: loaded.chain,
        });
        self.head = Head {
            position: loaded.last(),
            recorded_at: loaded.recorded_at,
            chain: loaded.chain,
        };
        self.appends += loaded.run.appends().len() as u64;
        self.bytes += loaded.run.bytes().len() as u64;
    }

    /// The commit that holds a position between 1 and the head.
    pub(crate) fn seq_of(&self, position: Position) -> Seq {
        let upto = self
            .entries
            .partition_point(|entry| entry.first <= position);
        Seq(upto as u64)
    }

    /// Where a commit starts, if there is one of this number.
    pub(crate) fn first_of(&self, seq: Seq) -> Option<Position> {
        let at = usize::try_from(seq.0.checked_sub(1)?).ok()?;
        self.entries.get(at).map(|entry| entry.first)
    }

    /// The chain after a commit; before the first one it is the start.
    pub(crate) fn chain_after(&self, seq: Seq) -> ChainHash {
        match seq.0.checked_sub(1) {
            Some(at) => self
                .entries
                .get(at as usize)
                .map_or(self.head.chain, |entry| entry.chain),
            None => ChainHash::START,
        }
    }

    /// The first commit whose last append was recorded after the instant, if there is one.
    pub(crate) fn first_after(&self, instant: Timestamp) -> Option<Seq> {
        let upto = self
            .entries
            .partition_point(|entry| entry.recorded_at <= instant);
        (upto < self.entries.len()).then_some(Seq(upto as u64 + 1))
    }
}

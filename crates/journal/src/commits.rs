//! The durable end of a log: which positions and times the commits of the tail hold, and the chain
//! after each. Commits that are sealed in segments are no longer known by number.

use std::collections::VecDeque;

use headwater_event::{ChainHash, Position, Timestamp};

use crate::Seq;
use crate::canonical::{Malformed, Reader};
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

    /// Bytes of an encoded head.
    pub(crate) const BYTES: usize = 48;

    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.position.0.to_le_bytes());
        out.extend_from_slice(&self.recorded_at.as_micros().to_le_bytes());
        out.extend_from_slice(&self.chain.0);
    }

    /// Reads what [`put`](Head::put) wrote.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Head, Malformed> {
        Ok(Head {
            position: Position(reader.u64("a position")?),
            recorded_at: reader.instant("a time")?,
            chain: ChainHash(reader.array("a chain")?),
        })
    }
}

/// What is known of each commit of the tail, by number.
#[derive(Debug)]
pub(crate) struct Commits {
    /// The last commit that is sealed.
    sealed: Seq,
    /// The end of the log there.
    before: Head,
    /// The end of the log after each commit of the tail.
    ends: VecDeque<Head>,
    /// In the whole log.
    pub(crate) appends: u64,
    pub(crate) bytes: u64,
}

impl Commits {
    /// A log whose commits up to `sealed` are in segments, and none after it are known yet.
    pub(crate) fn new(sealed: Seq, before: Head, appends: u64, bytes: u64) -> Commits {
        Commits {
            sealed,
            before,
            ends: VecDeque::new(),
            appends,
            bytes,
        }
    }

    pub(crate) fn head(&self) -> Head {
        self.ends.back().copied().unwrap_or(self.before)
    }

    /// The number of the last commit.
    pub(crate) fn last_seq(&self) -> Seq {
        self.sealed.plus(self.ends.len() as u64)
    }

    /// Adds the commit after the last one.
    pub(crate) fn push(&mut self, loaded: &Loaded) {
        assert_eq!(loaded.seq, self.last_seq().next());
        assert_eq!(loaded.first(), self.head().position.next());
        self.ends.push_back(Head {
            position: loaded.last(),
            recorded_at: loaded.recorded_at,
            chain: loaded.chain,
        });
        self.appends += loaded.run.appends().len() as u64;
        self.bytes += loaded.run.bytes().len() as u64;
    }

    /// The commit of the tail that holds a position up to the head; nothing for a sealed one.
    pub(crate) fn seq_of(&self, position: Position) -> Option<Seq> {
        if position <= self.before.position {
            return None;
        }
        let upto = self.ends.partition_point(|end| end.position < position);
        Some(self.sealed.plus(upto as u64 + 1))
    }

    /// The end of the log before this commit of the tail, if it is known.
    pub(crate) fn before(&self, seq: Seq) -> Option<Head> {
        match seq.0.checked_sub(self.sealed.0 + 1)? {
            0 => Some(self.before),
            at => self.ends.get(at as usize - 1).copied(),
        }
    }

    /// The end of the log after this commit, if it is in the tail.
    pub(crate) fn after(&self, seq: Seq) -> Option<Head> {
        let at = seq.0.checked_sub(self.sealed.0 + 1)?;
        self.ends.get(at as usize).copied()
    }

    /// The first commit of the tail whose last append was recorded after the instant, if any.
    pub(crate) fn first_after(&self, instant: Timestamp) -> Option<Seq> {
        let upto = self.ends.partition_point(|end| end.recorded_at <= instant);
        (upto < self.ends.len()).then(|| self.sealed.plus(upto as u64 + 1))
    }

    /// Forgets the commits below this one, which are sealed now.
    pub(crate) fn forget_below(&mut self, seq: Seq) {
        while self.sealed.next() < seq
            && let Some(end) = self.ends.pop_front()
        {
            self.before = end;
            self.sealed = self.sealed.next();
        }
    }
}

//! The chain, walked over the runs of a segment: an append may go on from one to the next.

use headwater_event::{ChainHash, ChainLink, Position};

use crate::run::{AppendSlot, Run};

/// How far the chain is.
pub(crate) struct ChainWalk {
    /// The end of the last append that ended.
    pub(crate) end: Position,
    /// The chain there.
    pub(crate) chain: ChainHash,
    /// The append that goes on.
    open: Option<Open>,
}

struct Open {
    link: ChainLink,
    /// The next event of the append.
    next: Position,
    /// Its last event.
    last: Position,
}

impl ChainWalk {
    /// From the end of an append on.
    pub(crate) fn new(end: Position, chain: ChainHash) -> ChainWalk {
        ChainWalk {
            end,
            chain,
            open: None,
        }
    }

    /// Takes in what a run has of an append; says whether that is what comes next.
    pub(crate) fn take(&mut self, run: &Run, append: &AppendSlot) -> bool {
        let goes_on = append.first < run.first();
        let open = match self.open.take() {
            Some(open) if goes_on && open.next == run.first() => Some(open),
            None if !goes_on && append.first == self.end.next() => Some(Open {
                link: self.chain.link(),
                next: append.first,
                last: append.last,
            }),
            _ => None,
        };
        let Some(mut open) =
            open.filter(|open| append.first == self.end.next() && append.last == open.last)
        else {
            return false;
        };
        open.link.add(run.append_bytes(append));
        if append.last <= run.last() {
            self.chain = open.link.end();
            self.end = append.last;
        } else {
            open.next = run.last().next();
            self.open = Some(open);
        }
        true
    }
}

//! What a reader and a follower saw of a log, which must stay.

use headwater_event::{ChainHash, Event, Position};
use headwater_journal::{Follower, Journal};

/// What was seen since the last crash.
#[derive(Default)]
pub(crate) struct Seen {
    heads: Vec<(Position, ChainHash)>,
    followed: Vec<Event>,
}

impl Seen {
    /// A reader and a follower look at the log.
    pub(crate) fn look(&mut self, journal: &Journal, follower: &mut Follower) {
        let head = journal.head();
        if head.position > Position::ZERO {
            self.heads.push((head.position, head.chain));
        }
        // Without power a follower reads nothing new.
        if let Ok(batch) = follower.poll_batch() {
            self.follow(&batch.events);
        }
    }

    fn follow(&mut self, events: &[Event]) {
        for event in events {
            let known = self
                .followed
                .last()
                .map_or(Position::ZERO, |last| last.position);
            if event.position <= known {
                continue; // an earlier life's follower was here
            }
            assert_eq!(
                event.position,
                known.next(),
                "followers see each event once, in order"
            );
            self.followed.push(event.clone());
        }
    }

    /// All of it is in the log, unchanged.
    pub(crate) fn check(self, log: &[Event], journal: &Journal) {
        for (position, chain) in self.heads {
            let found = journal.chain_at(position).expect("what was seen is there");
            assert_eq!(found, (position, chain), "what was seen is unchanged");
        }
        for (event, followed) in log.iter().zip(self.followed) {
            assert_eq!(*event, followed, "the follower saw the log");
        }
    }
}

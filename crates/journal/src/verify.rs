//! Verifying a log: every byte is read again, every hash is computed again.

use headwater_event::{ChainHash, Error, Position};

use crate::Seq;
use crate::absorb::check_follows;
use crate::commits::Head;
use crate::journal::Journal;
use crate::loaded::Loaded;
use crate::log::Log;

/// How much is read at once.
const READ_BYTES: usize = 1 << 20;

/// How far a verification is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Everything up to here is as it was appended.
    pub position: Position,
    /// Where it will end.
    pub head: Position,
}

/// What was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The last position.
    pub head: Position,
    /// The chain there: whoever keeps `position:chain` can prove later that nothing before it was
    /// changed.
    pub chain: ChainHash,
    /// How many appends.
    pub appends: u64,
    /// How many events.
    pub events: u64,
    /// How many bytes of appends, in their canonical encoding.
    pub bytes: u64,
}

impl Journal {
    /// Reads the log again from its storage, up to the head of this moment, and checks all that
    /// can be checked: checksums, numbers, positions, times, revisions, ids, and the chain, which
    /// is computed anew. Blocks. The first thing that is wrong is the error.
    pub fn verify(&self, progress: &mut dyn FnMut(Progress)) -> Result<Verified, Error> {
        self.log.check_alive()?;
        let end = self.log.head();
        let mut walk = Walk::new(&self.log);
        while walk.head.position < end.position {
            let seq = walk.seq.next();
            let commits = self.log.storage.read(seq, READ_BYTES)?.commits()?;
            if commits.is_empty() {
                return Err(
                    Error::damaged(format!("commit {seq} is gone from the storage"))
                        .at(walk.head.position.next())
                        .action("restore this log from a backup"),
                );
            }
            for commit in &commits {
                if walk.head.position < end.position {
                    walk.take(&Loaded::parse(walk.seq.next(), commit)?)?;
                }
            }
            progress(Progress {
                position: walk.head.position,
                head: end.position,
            });
        }
        walk.end(end)
    }
}

struct Walk<'a> {
    log: &'a Log,
    seq: Seq,
    head: Head,
    appends: u64,
    bytes: u64,
}

impl<'a> Walk<'a> {
    fn new(log: &'a Log) -> Walk<'a> {
        Walk {
            log,
            seq: Seq::ZERO,
            head: Head::EMPTY,
            appends: 0,
            bytes: 0,
        }
    }

    fn take(&mut self, loaded: &Loaded) -> Result<(), Error> {
        check_follows(loaded, self.head)?;
        self.check_index(loaded)?;
        self.seq = loaded.seq;
        self.head = Head {
            position: loaded.last(),
            recorded_at: loaded.recorded_at,
            chain: loaded.chain,
        };
        self.appends += loaded.run.appends().len() as u64;
        self.bytes += loaded.run.bytes().len() as u64;
        Ok(())
    }

    /// Checks that the index finds each event where it is, and that its revision is its place in
    /// its stream. The index was checked for that when the log was opened.
    fn check_index(&self, loaded: &Loaded) -> Result<(), Error> {
        for at in 0..loaded.run.len() {
            let position = loaded.first().plus(at as u64);
            let event = loaded.run.event(position)?;
            let index = self.log.index()?;
            if index.position_of(event.id) != Some(position) {
                return Err(Error::damaged("the event is not the one that was there")
                    .at(position)
                    .found(event.id));
            }
            let Some(stream) = &event.stream else {
                continue;
            };
            let place = index.stream(stream.as_str()).binary_search(&position.0);
            if place.map(|place| place as u64 + 1) != Ok(event.revision.0) {
                return Err(
                    Error::damaged("the revision is not the event's place in its stream")
                        .at(position)
                        .found(event.revision),
                );
            }
        }
        Ok(())
    }

    fn end(self, end: Head) -> Result<Verified, Error> {
        if self.head != end {
            return Err(Error::damaged("the log does not end where it did")
                .at(end.position)
                .found(format!("{}:{}", self.head.position, self.head.chain))
                .expected(format!("{}:{}", end.position, end.chain)));
        }
        Ok(Verified {
            head: end.position,
            chain: end.chain,
            appends: self.appends,
            events: end.position.0,
            bytes: self.bytes,
        })
    }
}

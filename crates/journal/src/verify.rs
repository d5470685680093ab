//! Verifying a log: every byte is read again, every hash is computed again.

use headwater_event::{ChainHash, ChainPoint, Error, Kind, Position};

use crate::absorb::check_follows;
use crate::commits::Head;
use crate::journal::Journal;
use crate::loaded::Loaded;
use crate::log::Log;
use crate::segment::Segment;
use crate::{Seq, Stored};

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
    /// can be checked: checksums, numbers, positions, times, revisions, ids, what the index says of
    /// every event, and the chain, which is computed anew. Blocks. The first thing that is wrong is
    /// the error; so is what `progress` answers, which ends it.
    pub fn verify(
        &self,
        progress: &mut dyn FnMut(Progress) -> Result<(), Error>,
    ) -> Result<Verified, Error> {
        self.log.check_alive()?;
        let (end, appends, bytes) = {
            let commits = self.log.commits();
            (commits.head(), commits.appends, commits.bytes)
        };
        let mut walk = Walk::new(&self.log);
        while walk.head.position < end.position {
            let position = walk.head.position.next();
            let seq = self.log.commits().seq_of(position);
            let in_tail = match seq {
                Some(seq) => walk.take_commits(seq, end.position)?,
                None => false,
            };
            if !in_tail {
                let segment = self.log.segment_of(position)?;
                walk.take_segment(&segment, end, progress)?;
            }
            progress(Progress {
                position: walk.head.position.min(end.position),
                head: end.position,
            })?;
        }
        walk.end(end)?;
        Ok(Verified {
            head: end.position,
            chain: end.chain,
            appends,
            events: end.position.0,
            bytes,
        })
    }

    /// As [`verify`](Self::verify), and holds the log against a point that somebody kept of it: an
    /// append must end there, and the chain there must be this one. The error `chain_differs` says
    /// that something up to there was changed, inserted or dropped since. That the log ends before
    /// it is told first, as `position_ahead`.
    pub fn verify_against(
        &self,
        kept: ChainPoint,
        progress: &mut dyn FnMut(Progress) -> Result<(), Error>,
    ) -> Result<Verified, Error> {
        self.check_reaches(kept)?;
        let verified = self.verify(progress)?;
        self.check_goes_on_from(kept)?;
        Ok(verified)
    }

    /// Whether the log goes on from a point that somebody kept of it, as far as its marks of the
    /// chain tell: `position_ahead` and `chain_differs` as of
    /// [`verify_against`](Self::verify_against), for a few reads.
    pub fn check_goes_on_from(&self, kept: ChainPoint) -> Result<(), Error> {
        self.check_reaches(kept)?;
        let (position, chain) = self.chain_at(kept.position)?;
        let found = ChainPoint { position, chain };
        if found == kept {
            return Ok(());
        }
        Err(Error::new(
            Kind::Conflict,
            "chain_differs",
            "the log is not the one that was kept: events up to there were changed, inserted or dropped",
        )
        .at(kept.position)
        .found(found)
        .expected(kept.to_string())
        .action("compare with a backup that has the expected chain"))
    }

    fn check_reaches(&self, kept: ChainPoint) -> Result<(), Error> {
        let head = self.log.head();
        match kept.position > head.position {
            true => Err(ends_before(kept, head)),
            false => Ok(()),
        }
    }
}

fn ends_before(kept: ChainPoint, head: Head) -> Error {
    let found = ChainPoint {
        position: head.position,
        chain: head.chain,
    };
    Error::invalid(
        "position_ahead",
        "the log ends before what was kept: it is another one, or events were dropped",
    )
    .field("against")
    .at(head.position)
    .found(found)
    .expected(kept.to_string())
    .action("check which database it was kept of, and compare with a backup that reaches so far")
}

struct Walk<'a> {
    log: &'a Log,
    /// The end of what was checked.
    head: Head,
}

impl<'a> Walk<'a> {
    fn new(log: &'a Log) -> Walk<'a> {
        Walk {
            log,
            head: Head::EMPTY,
        }
    }

    /// Checks commits of the tail; says no if this one is sealed by now.
    fn take_commits(&mut self, seq: Seq, upto: Position) -> Result<bool, Error> {
        let commits = match self.log.storage.read(seq, READ_BYTES)? {
            Stored::Commits(commits) => commits,
            Stored::Sealed(_) => return Ok(false),
        };
        if commits.is_empty() {
            return Err(
                Error::damaged(format!("commit {seq} is gone from the storage"))
                    .at(self.head.position.next())
                    .action("restore this log from a backup"),
            );
        }
        for (at, commit) in commits.iter().enumerate() {
            if self.head.position < upto {
                self.take(&Loaded::parse(seq.plus(at as u64), commit)?)?;
            }
        }
        Ok(true)
    }

    /// Checks a segment; it may begin before the end of what was checked, if it was merged since.
    fn take_segment(
        &mut self,
        segment: &Segment,
        end: Head,
        progress: &mut dyn FnMut(Progress) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let info = segment.info();
        if info.before != self.head && info.name.first > self.head.position {
            return Err(
                Error::damaged("a segment does not follow what stands before it")
                    .at(info.name.first)
                    .found(format!("{}:{}", info.before.position, info.before.chain))
                    .expected(format!("{}:{}", self.head.position, self.head.chain)),
            );
        }
        segment.verify(&mut |position| {
            progress(Progress {
                position: position.min(end.position),
                head: end.position,
            })
        })?;
        self.head = info.after;
        Ok(())
    }

    fn take(&mut self, loaded: &Loaded) -> Result<(), Error> {
        check_follows(loaded, self.head)?;
        self.check_index(loaded)?;
        self.head = Head {
            position: loaded.last(),
            recorded_at: loaded.recorded_at,
            chain: loaded.chain,
        };
        Ok(())
    }

    /// Checks that the index finds each event where it is, and that its revision is its place in
    /// its stream.
    fn check_index(&self, loaded: &Loaded) -> Result<(), Error> {
        for at in 0..loaded.run.len() {
            let position = loaded.first().plus(at as u64);
            let event = loaded.run.event(position)?;
            if self.log.index.position_of(event.id)? != Some(position) {
                return Err(Error::damaged("the event is not the one that was there")
                    .at(position)
                    .found(event.id));
            }
            let Some(stream) = &event.stream else {
                continue;
            };
            let there = (event.revision, position);
            if !self.log.index.is_end(stream.as_str(), there)? {
                return Err(
                    Error::damaged("the revision is not the event's place in its stream")
                        .at(position)
                        .found(event.revision),
                );
            }
        }
        Ok(())
    }

    fn end(self, end: Head) -> Result<(), Error> {
        // A segment that was sealed meanwhile may reach beyond the end.
        if self.head == end || self.head.position > end.position {
            return Ok(());
        }
        Err(Error::damaged("the log does not end where it did")
            .at(end.position)
            .found(format!("{}:{}", self.head.position, self.head.chain))
            .expected(format!("{}:{}", end.position, end.chain)))
    }
}

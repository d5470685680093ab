//! Taking in commits that stand in the storage: all of them when a log is opened, and another
//! writer's when it was there first.
//!
//! What a commit says of itself is checked against what came before it: positions, times, the chain,
//! and the ids and revisions in the same piece of the tail. Segments are not looked at: opening a log
//! costs what its tail costs, and `verify` holds the whole together.

use headwater_event::{ChainHash, Error, EventId, Position, Revision};

use crate::commits::Head;
use crate::loaded::Loaded;
use crate::log::Log;
use crate::{Commit, Seq, Stored};

/// How much is read from the storage at once.
const READ_BYTES: usize = 1 << 20;

/// Takes in every commit after the last one that is known.
pub(crate) fn absorb_all(log: &Log) -> Result<(), Error> {
    loop {
        let next = log.commits().last_seq().next();
        let commits = match log.storage.read(next, READ_BYTES)? {
            Stored::Commits(commits) => commits,
            Stored::Sealed(other) => return Err(sealed_by_other(next, other)),
        };
        if commits.is_empty() {
            return Ok(());
        }
        for (at, commit) in commits.iter().enumerate() {
            absorb(log, next.plus(at as u64), commit)?;
        }
    }
}

fn absorb(log: &Log, seq: Seq, commit: &Commit) -> Result<(), Error> {
    let loaded = Loaded::parse(seq, commit)?;
    check_follows(&loaded, log.head())?;
    log.index.turn(log.piece_bytes)?;
    let mut change = log.index.change()?;
    for at in 0..loaded.run.len() {
        let raw = loaded.run.raw(at)?;
        let position = loaded.first().plus(at as u64);
        if let Some(other) = change.position_of(raw.id) {
            return Err(same_id(raw.id, other, position));
        }
        // Where the stream was before the piece is what its first event there says.
        let base = Revision(raw.revision.0.saturating_sub(1));
        let revision = change.insert(raw.keys(), base);
        if revision != raw.revision {
            return Err(wrong_revision(position, raw.revision, revision));
        }
    }
    change.add_bytes(commit.appends.len());
    drop(change);
    log.publish(&loaded);
    Ok(())
}

/// Checks positions, times and the chain of a commit that should follow `head`.
pub(crate) fn check_follows(loaded: &Loaded, head: Head) -> Result<(), Error> {
    let mut chain = head.chain;
    let mut recorded_at = head.recorded_at;
    if loaded.first() != head.position.next() {
        return Err(
            Error::damaged(format!("commit {} does not follow the last", loaded.seq))
                .at(head.position.next())
                .found(format!("position {}", loaded.first()))
                .expected(format!("position {}", head.position.next())),
        );
    }
    for append in loaded.run.appends() {
        let position = append.first;
        if append.recorded_at < recorded_at {
            return Err(Error::damaged("the recorded time goes back")
                .at(position)
                .found(append.recorded_at)
                .expected(format!("at least {recorded_at}")));
        }
        recorded_at = append.recorded_at;
        chain = chain.then(loaded.run.append_bytes(append));
    }
    check_chain(loaded, chain)
}

fn check_chain(loaded: &Loaded, chain: ChainHash) -> Result<(), Error> {
    if loaded.chain == chain {
        return Ok(());
    }
    Err(Error::damaged(format!(
        "the chain is broken between positions {} and {}",
        loaded.first(),
        loaded.last()
    ))
    .at(loaded.first())
    .found(loaded.chain)
    .expected(chain)
    .action("these events are not what was appended; restore this log from a backup"))
}

fn same_id(id: EventId, other: Position, position: Position) -> Error {
    Error::damaged(format!("two events have the id {id}"))
        .at(position)
        .found(format!("positions {other} and {position}"))
}

/// Somebody else seals this log's commits while this process has it open.
fn sealed_by_other(next: Seq, other: Seq) -> Error {
    Error::damaged(format!(
        "commit {next} is in a segment that this process did not make"
    ))
    .found(format!("the tail begins at commit {other}"))
    .expected("one process at a time")
    .action("open the log again")
}

fn wrong_revision(position: Position, found: Revision, expected: Revision) -> Error {
    Error::damaged("the revision does not follow the last of its stream")
        .at(position)
        .found(found)
        .expected(expected)
}

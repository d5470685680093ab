//! Taking in commits that stand in the storage: all of them when a log is opened, and another
//! writer's when it was there first.
//!
//! Everything that a commit says of itself is checked against what came before it: positions,
//! times, revisions, ids, and the chain.

use std::sync::Arc;

use headwater_event::{ChainHash, Error, Position, Revision};

use crate::canonical::RawEvent;
use crate::commits::Head;
use crate::index::Index;
use crate::loaded::Loaded;
use crate::log::Log;
use crate::{Commit, Seq};

/// How much is read from the storage at once.
const READ_BYTES: usize = 1 << 20;

/// Takes in every commit after the last one that is known.
pub(crate) fn absorb_all(log: &Log) -> Result<(), Error> {
    loop {
        let next = log.commits().last_seq().next();
        let commits = log.storage.read(next, READ_BYTES)?.commits()?;
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
    let mut index = log.index_mut()?;
    for at in 0..loaded.run.len() {
        let raw = loaded.run.raw(at)?;
        let position = loaded.first().plus(at as u64);
        check_new(&index, &raw, position)?;
        let revision = index.insert(raw.keys());
        if revision != raw.revision {
            return Err(wrong_revision(position, raw.revision, revision));
        }
    }
    drop(index);
    log.publish(Arc::new(loaded));
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

fn check_new(index: &Index, raw: &RawEvent<'_>, position: Position) -> Result<(), Error> {
    match index.position_of(raw.id) {
        None => Ok(()),
        Some(other) => Err(Error::damaged(format!("two events have the id {}", raw.id))
            .at(position)
            .found(format!("positions {other} and {position}"))),
    }
}

fn wrong_revision(position: Position, found: Revision, expected: Revision) -> Error {
    Error::damaged("the revision does not follow the last of its stream")
        .at(position)
        .found(found)
        .expected(expected)
}

//! What every storage must keep: one suite that all of them pass.
//!
//! Each function is one test; it panics with what was wrong. [`all`] runs them, each in a place of
//! its own.
//!
//! ```
//! use std::sync::Arc;
//! use headwater_event::LogId;
//! use headwater_journal::{MemoryStorage, Storage, conformance};
//!
//! struct Memory(Arc<MemoryStorage>);
//!
//! impl conformance::Place for Memory {
//!     fn storage(&self) -> Arc<dyn Storage> {
//!         Arc::clone(&self.0) as Arc<dyn Storage>
//!     }
//!     fn restart(&mut self) {
//!         self.0.crash();
//!     }
//! }
//!
//! conformance::all(&|log_id: LogId| Box::new(Memory(Arc::new(MemoryStorage::new(log_id)))));
//! ```

pub mod new_logs;
pub mod segments;

use std::sync::Arc;

use bytes::Bytes;
use headwater_event::{ChainHash, LogId, Position, Timestamp};
use uuid::Uuid;

use crate::storage::Stored;
use crate::{Commit, Seq, Storage, Written};

/// Where one log is kept during a test.
pub trait Place {
    /// The storage, open.
    fn storage(&self) -> Arc<dyn Storage>;
    /// Does to the storage what the end of the process does, and opens it again.
    fn restart(&mut self);
}

/// Makes an empty log of this id in a place of its own.
pub type Make<'a> = &'a dyn Fn(LogId) -> Box<dyn Place>;

/// Runs the whole suite.
pub fn all(make: Make<'_>) {
    an_empty_log_has_nothing_to_read(make);
    commits_are_read_back_as_they_were_written(make);
    a_read_is_bounded_and_gives_one_commit_at_least(make);
    a_taken_number_stays_as_it_is(make);
    a_number_beyond_the_next_is_not_written(make);
    one_of_many_writers_gets_a_number(make);
    everything_is_there_after_a_restart(make);
    making_ready_changes_nothing_that_is_read(make);
    segments::all(make);
}

fn log_id() -> LogId {
    LogId(Uuid::from_u128(0x0192_9b9e_7a54_7cc3_a1d7_2a7c_5f3a_9d10))
}

/// Commits of many sizes, with data of all kinds: text, zeros, and bytes that look like frames.
fn commits() -> Vec<Commit> {
    let mut first = Position(1);
    let lengths = [0, 1, 63, 64, 500, 512, 4_096, 70_000, 3 << 20, 10, 0, 1_024];
    let mut commits = Vec::new();
    for (at, length) in lengths.into_iter().enumerate() {
        let byte = |place: usize| match at % 3 {
            0 => 0,
            1 => b'a' + (place % 26) as u8,
            _ => (place * 7 + at) as u8,
        };
        let appends: Vec<u8> = (0..length).map(byte).collect();
        let commit = commit(at as u64, first, appends);
        first = commit.last().next();
        commits.push(commit);
    }
    commits
}

fn commit(at: u64, first: Position, appends: Vec<u8>) -> Commit {
    Commit {
        first,
        events: 1 + at as u32 % 5,
        recorded_at: Timestamp::from_micros(1_700_000_000_000_000 + at as i64).unwrap_or_default(),
        chain: ChainHash([at as u8 + 1; 32]),
        appends: Bytes::from(appends),
    }
}

fn write_all(storage: &dyn Storage, commits: &[Commit]) {
    for (seq, commit) in (1..).zip(commits) {
        write_one(storage, Seq(seq), commit);
    }
}

fn write_one(storage: &dyn Storage, seq: Seq, commit: &Commit) {
    let written = storage.append(seq, commit);
    assert!(
        matches!(written, Written::Appended),
        "commit {seq} is answered {written:?}"
    );
}

fn read_all(storage: &dyn Storage, bytes_max: usize) -> Vec<Commit> {
    read_from(storage, Seq::FIRST, bytes_max)
}

fn read_from(storage: &dyn Storage, seq: Seq, bytes_max: usize) -> Vec<Commit> {
    let mut commits = Vec::new();
    loop {
        let read = storage.read(seq.plus(commits.len() as u64), bytes_max);
        let read = read.and_then(Stored::commits);
        let read = read.unwrap_or_else(|error| panic!("a read fails: {error}"));
        if read.is_empty() {
            return commits;
        }
        commits.extend(read);
    }
}

/// Reading an empty log gives nothing, anywhere.
pub fn an_empty_log_has_nothing_to_read(make: Make<'_>) {
    let place = make(log_id());
    let storage = place.storage();
    assert_eq!(storage.log_id(), log_id(), "the log keeps its id");
    for seq in [1, 2, 1_000] {
        let read = storage.read(Seq(seq), usize::MAX >> 1);
        let read = read.and_then(Stored::commits);
        assert!(read.is_ok_and(|commits| commits.is_empty()), "commit {seq}");
    }
}

/// What was written is read back, from every number on.
pub fn commits_are_read_back_as_they_were_written(make: Make<'_>) {
    let (place, commits) = (make(log_id()), commits());
    let storage = place.storage();
    write_all(&*storage, &commits);
    for from in 0..=commits.len() {
        let read = read_from(&*storage, Seq(from as u64 + 1), 1 << 16);
        assert!(read == commits[from..], "the commits from {} on", from + 1);
    }
}

/// A read gives about as much as was asked for, and one commit whatever its size.
pub fn a_read_is_bounded_and_gives_one_commit_at_least(make: Make<'_>) {
    let (place, commits) = (make(log_id()), commits());
    let storage = place.storage();
    write_all(&*storage, &commits);
    for bytes_max in [0, 1, 1_000, 100_000, 1 << 24] {
        assert!(
            read_all(&*storage, bytes_max) == commits,
            "{bytes_max} bytes"
        );
    }
    for seq in 1..=commits.len() as u64 {
        let read = storage.read(Seq(seq), 0).and_then(Stored::commits);
        let read = read.map(|commits| commits.len());
        assert_eq!(read.ok(), Some(1), "commit {seq}");
    }
}

/// A number is written once.
pub fn a_taken_number_stays_as_it_is(make: Make<'_>) {
    let (place, commits) = (make(log_id()), commits());
    let storage = place.storage();
    write_all(&*storage, &commits[..3]);
    for seq in 1..=3 {
        let written = storage.append(Seq(seq), &commits[5]);
        assert!(matches!(written, Written::Taken), "{written:?}");
    }
    assert!(read_all(&*storage, 1 << 16) == commits[..3]);
}

/// There are no gaps.
pub fn a_number_beyond_the_next_is_not_written(make: Make<'_>) {
    let (place, commits) = (make(log_id()), commits());
    let storage = place.storage();
    write_all(&*storage, &commits[..2]);
    let written = storage.append(Seq(4), &commits[2]);
    assert!(matches!(written, Written::Failed(_)), "{written:?}");
    assert!(read_all(&*storage, 1 << 16) == commits[..2]);
}

/// Of many that write the same number at once, one is told that it did, and it did.
pub fn one_of_many_writers_gets_a_number(make: Make<'_>) {
    let place = make(log_id());
    let storage = place.storage();
    for seq in 1..=20u64 {
        let attempts: Vec<Commit> = (0..4)
            .map(|writer| commit(0, Position(seq), vec![writer; 100]))
            .collect();
        let won = race(&storage, Seq(seq), &attempts);
        assert_eq!(won.len(), 1, "winners of commit {seq}");
        let read = storage.read(Seq(seq), 0).and_then(Stored::commits);
        let read = read.unwrap_or_else(|error| panic!("a read fails: {error}"));
        assert_eq!(read.first(), won.first().map(|winner| &attempts[*winner]));
    }
}

fn race(storage: &Arc<dyn Storage>, seq: Seq, attempts: &[Commit]) -> Vec<usize> {
    std::thread::scope(|scope| {
        let running: Vec<_> = attempts
            .iter()
            .map(|commit| scope.spawn(|| matches!(storage.append(seq, commit), Written::Appended)))
            .collect();
        let won = running.into_iter().map(|one| one.join().unwrap_or(false));
        won.enumerate()
            .filter_map(|(at, won)| won.then_some(at))
            .collect()
    })
}

/// What was answered `Appended` survives, and the log goes on behind it.
pub fn everything_is_there_after_a_restart(make: Make<'_>) {
    let (mut place, commits) = (make(log_id()), commits());
    for upto in 0..commits.len() {
        {
            let storage = place.storage();
            assert_eq!(storage.log_id(), log_id(), "the log keeps its id");
            assert!(
                read_all(&*storage, 1 << 16) == commits[..upto],
                "{upto} commits"
            );
            write_one(&*storage, Seq(upto as u64 + 1), &commits[upto]);
        }
        place.restart();
    }
    assert!(read_all(&*place.storage(), 1 << 16) == commits);
}

/// Made ready or not, appends and restarts go on as ever, and the tail says what it takes.
pub fn making_ready_changes_nothing_that_is_read(make: Make<'_>) {
    let (mut place, commits) = (make(log_id()), commits());
    let mut bytes = 0;
    for (at, commit) in commits.iter().enumerate() {
        let storage = place.storage();
        for _ in 0..at % 3 {
            let ready = storage.make_ready();
            assert!(ready.is_ok(), "{ready:?}");
        }
        write_one(&*storage, Seq(at as u64 + 1), commit);
        bytes += commit.appends.len() as u64;
        assert!(
            storage.tail_bytes() >= bytes,
            "the tail takes what it holds"
        );
        assert!(read_all(&*storage, 1 << 16) == commits[..=at]);
        drop(storage);
        if at % 4 == 3 {
            place.restart();
        }
    }
}

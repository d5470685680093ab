//! What every storage must keep of logs that are made of segments of another one.

use std::sync::Arc;

use headwater_event::{Kind, LogId};

use super::segments::{info_of, put_segment};
use super::{Place, commits, log_id, read_from, write_all, write_one};
use crate::manifest::Manifest;
use crate::storage::{NewLog, Stored};
use crate::{Commit, Seq, Storage, Written};

/// Where one log is made during a test.
pub trait NewPlace {
    /// Begins to make a log there.
    fn begin(&mut self) -> Box<dyn NewLog>;
    /// Lets go of what is being made, and says whether what is there can be opened as a log.
    fn opens(&mut self) -> bool;
    /// The place of the log that was made.
    fn made(self: Box<Self>, storage: Arc<dyn Storage>) -> Box<dyn Place>;
}

/// Makes a place where nothing is yet, for a log of this id.
pub type Make<'a> = &'a dyn Fn(LogId) -> Box<dyn NewPlace>;

/// Runs the whole suite.
pub fn all(make: Make<'_>) {
    a_log_goes_on_behind_segments_that_it_is_made_of(make);
    a_log_can_be_made_of_nothing(make);
    a_log_that_is_not_finished_is_none(make);
    a_log_is_made_of_what_was_put(make);
}

/// Segments of these commits, three of each.
fn manifest_of(commits: &[Commit]) -> Manifest {
    let mut manifest = Manifest {
        version: u64::MAX, // from elsewhere: the new log counts for itself
        ..Manifest::default()
    };
    for some in commits.chunks(3) {
        let bytes = 1_000 + some.len() as u64;
        let info = info_of(manifest.end(), some, bytes);
        manifest.next = manifest.next.plus(some.len() as u64);
        manifest.segments.push(info);
    }
    manifest
}

fn content(manifest: &Manifest, at: usize) -> Vec<u8> {
    vec![at as u8 + 1; manifest.segments[at].bytes as usize]
}

fn put(new: &dyn NewLog, manifest: &Manifest, at: usize) {
    let put = || {
        let mut sink = new.put(manifest.segments[at].name)?;
        sink.write(&content(manifest, at))?;
        sink.finish()
    };
    put().unwrap_or_else(|error| panic!("a segment cannot be put: {error}"));
}

/// The log has the segments, says that their commits are sealed, and takes the next commit, whether
/// it was opened again or not.
pub fn a_log_goes_on_behind_segments_that_it_is_made_of(make: Make<'_>) {
    let commits = commits();
    let (sealed, tail) = commits.split_at(6);
    let manifest = manifest_of(sealed);
    let next = manifest.next;
    for restart_at_once in [false, true] {
        let mut place = make(log_id());
        let new = place.begin();
        (0..manifest.segments.len()).for_each(|at| put(&*new, &manifest, at));
        let storage = new.finish(&manifest);
        let storage = storage.unwrap_or_else(|error| panic!("no log is made: {error}"));
        let mut place = place.made(storage);
        if restart_at_once {
            place.restart();
        }
        let storage = place.storage();
        assert_eq!(storage.log_id(), log_id(), "the log has its own id");
        let read = storage.read(Seq::FIRST, 1 << 20);
        assert!(matches!(read, Ok(Stored::Sealed(found)) if found == next));
        assert!(read_from(&*storage, next, 1 << 20).is_empty());
        let before = storage.append(Seq(next.0 - 1), &tail[0]);
        assert!(matches!(before, Written::Taken), "{before:?}");
        for (at, commit) in tail.iter().enumerate() {
            write_one(&*storage, next.plus(at as u64), commit);
        }
        drop(storage);
        place.restart();
        let storage = place.storage();
        let own = Manifest {
            version: 1,
            ..manifest.clone()
        };
        assert_eq!(storage.manifest().ok(), Some(own));
        assert!(read_from(&*storage, next, 1 << 20) == tail);
        for (at, info) in manifest.segments.iter().enumerate() {
            let segment = storage.get(info.name);
            let read = segment.and_then(|segment| segment.read(0, info.bytes as usize));
            assert!(read.is_ok_and(|bytes| bytes == content(&manifest, at)));
        }
    }
}

/// Of no segments, it is an empty log.
pub fn a_log_can_be_made_of_nothing(make: Make<'_>) {
    let mut place = make(log_id());
    let storage = place.begin().finish(&Manifest::default());
    let storage = storage.unwrap_or_else(|error| panic!("no log is made: {error}"));
    let mut place = place.made(storage);
    place.restart();
    let (storage, commits) = (place.storage(), commits());
    assert_eq!(storage.manifest().ok(), Some(Manifest::default()));
    write_all(&*storage, &commits);
    assert!(read_from(&*storage, Seq::FIRST, 1 << 20) == commits);
    put_segment(
        &*storage,
        info_of(manifest_of(&commits).end(), &commits, 5).name,
        b"12345",
    );
}

/// Whatever was put before, nothing can be opened.
pub fn a_log_that_is_not_finished_is_none(make: Make<'_>) {
    let manifest = manifest_of(&commits());
    for count in 0..=manifest.segments.len() {
        let mut place = make(log_id());
        let new = place.begin();
        (0..count).for_each(|at| put(&*new, &manifest, at));
        drop(new);
        assert!(!place.opens(), "{count} segments are no log");
    }
}

/// A manifest of what is not there, or that does not fit in itself, makes no log.
pub fn a_log_is_made_of_what_was_put(make: Make<'_>) {
    let manifest = manifest_of(&commits());
    let last = manifest.segments.len() - 1;
    let refused = |change: &dyn Fn(&mut Manifest), upto: usize| {
        let mut changed = manifest.clone();
        change(&mut changed);
        let mut place = make(log_id());
        let new = place.begin();
        (0..upto).for_each(|at| put(&*new, &manifest, at));
        let refused = new.finish(&changed).err().map(|error| error.kind());
        assert!(!place.opens());
        refused
    };
    assert_eq!(
        refused(&|_| {}, last),
        Some(Kind::Damaged),
        "one is missing"
    );
    let longer = |manifest: &mut Manifest| manifest.segments[1].bytes += 1;
    assert_eq!(refused(&longer, last + 1), Some(Kind::Damaged));
    let commits_more = |manifest: &mut Manifest| manifest.next = Seq(u64::MAX);
    assert_eq!(refused(&commits_more, last + 1), Some(Kind::Invalid));
    let large = |manifest: &mut Manifest| {
        for info in &mut manifest.segments {
            info.raw_bytes = u64::MAX;
        }
    };
    assert_eq!(refused(&large, last + 1), Some(Kind::Invalid));
    let gap = |manifest: &mut Manifest| manifest.segments = manifest.segments.split_off(1);
    assert_eq!(refused(&gap, last + 1), Some(Kind::Invalid));
}

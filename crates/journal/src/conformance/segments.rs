//! What every storage must keep of segments, of the manifest, and of commits that are sealed.
//!
//! A storage does not look into a segment, so here its content is any bytes.

use std::sync::Arc;

use headwater_event::{Error, EventId, Kind, Position};
use uuid::Uuid;

use super::{Make, commit, commits, log_id, read_all, read_from, write_all, write_one};
use crate::commits::Head;
use crate::manifest::{Manifest, SegmentInfo, SegmentName};
use crate::storage::Stored;
use crate::{Commit, Seq, Storage, Written};

pub(super) fn all(make: Make<'_>) {
    a_new_log_has_the_first_manifest(make);
    a_segment_is_read_back_as_it_was_put(make);
    a_segment_that_is_not_finished_is_not_there(make);
    a_segment_that_was_removed_stays_readable(make);
    a_segment_of_the_manifest_is_neither_replaced_nor_removed(make);
    a_manifest_replaces_the_one_before_it_and_no_other(make);
    one_of_many_gets_to_publish(make);
    a_manifest_names_what_is_there(make);
    a_sealed_number_is_answered_with_the_next(make);
    dropping_stops_at_the_manifest(make);
    sealing_goes_on_through_restarts(make);
    merged_segments_take_the_place_of_others(make);
    what_no_manifest_names_is_gone_after_a_restart(make);
}

/// Any bytes, as many as the segment of these commits may have.
fn content(commits: &[Commit]) -> Vec<u8> {
    let length = commits.iter().map(|commit| commit.appends.len()).sum();
    let byte = |at: usize| (at * 31 + commits.len()) as u8;
    (0..=length).map(byte).collect()
}

/// What a manifest says of a segment of these commits, which follow `before`. Its content is
/// `bytes` of any kind.
pub fn info_of(before: Head, commits: &[Commit], bytes: u64) -> SegmentInfo {
    let after = commits.last().map_or(before, Commit::end);
    let raw_bytes: usize = commits.iter().map(|commit| commit.appends.len()).sum();
    SegmentInfo {
        name: SegmentName {
            first: before.position.next(),
            last: after.position,
        },
        level: 0,
        bytes,
        raw_bytes: raw_bytes.max(1) as u64,
        appends: commits.len() as u64,
        streams_new: 0,
        before,
        after,
        id_min: EventId(Uuid::from_u128(1)),
        id_max: EventId(Uuid::from_u128(u128::from(after.position.0))),
        footer_crc: crc32c::crc32c(&after.chain.0),
    }
}

/// Puts a segment, in pieces.
pub fn put_segment(storage: &dyn Storage, name: SegmentName, bytes: &[u8]) {
    let put = || {
        let mut sink = storage.put(name)?;
        let (small, large) = bytes.split_at(bytes.len().min(10));
        sink.write(small)?;
        large
            .chunks(700_001)
            .try_for_each(|piece| sink.write(piece))?;
        sink.finish()
    };
    put().unwrap_or_else(|error| panic!("{name} cannot be put: {error}"));
}

/// Puts a segment of these commits, which follow those that are sealed, and publishes it. Drops
/// nothing.
pub fn seal(storage: &dyn Storage, commits: &[Commit]) -> Manifest {
    let mut manifest = manifest(storage);
    let content = content(commits);
    let info = info_of(manifest.end(), commits, content.len() as u64);
    put_segment(storage, info.name, &content);
    manifest.version += 1;
    manifest.next = manifest.next.plus(commits.len() as u64);
    manifest.segments.push(info);
    publish(storage, &manifest);
    manifest
}

fn manifest(storage: &dyn Storage) -> Manifest {
    let manifest = storage.manifest();
    manifest.unwrap_or_else(|error| panic!("there is no manifest: {error}"))
}

fn publish(storage: &dyn Storage, manifest: &Manifest) {
    let published = storage.publish(manifest);
    assert!(published.is_ok(), "{published:?}");
}

fn list(storage: &dyn Storage) -> Vec<SegmentName> {
    let names = storage.list();
    names.unwrap_or_else(|error| panic!("segments cannot be listed: {error}"))
}

fn names(manifest: &Manifest) -> Vec<SegmentName> {
    manifest.segments.iter().map(|info| info.name).collect()
}

#[track_caller]
fn fails<T>(result: Result<T, Error>, kind: Kind) {
    let found = result.err().map(|error| error.kind());
    assert_eq!(found, Some(kind));
}

#[track_caller]
fn holds(storage: &dyn Storage, name: SegmentName, content: &[u8]) {
    let segment = storage.get(name);
    let segment = segment.unwrap_or_else(|error| panic!("there is no {name}: {error}"));
    assert_eq!(
        (segment.name(), segment.len()),
        (name, content.len() as u64)
    );
    let read = segment.read(0, content.len());
    assert!(read.is_ok_and(|read| read == content), "{name}");
}

/// A new log has no segments, and its first commit is in none.
pub fn a_new_log_has_the_first_manifest(make: Make<'_>) {
    let mut place = make(log_id());
    for _ in 0..2 {
        let storage = place.storage();
        assert_eq!(manifest(&*storage), Manifest::default());
        assert_eq!(list(&*storage), []);
        drop(storage);
        place.restart();
    }
}

/// A segment is read in any parts, read and mapped alike, and nothing beyond its end.
pub fn a_segment_is_read_back_as_it_was_put(make: Make<'_>) {
    let place = make(log_id());
    let storage = place.storage();
    let mut first = Position(1);
    for length in [1usize, 511, 4_096, 10_000, 5 << 20] {
        let name = SegmentName {
            first,
            last: first.plus(9),
        };
        let content: Vec<u8> = (0..length).map(|at| (at * 13 + length) as u8).collect();
        put_segment(&*storage, name, &content);
        holds(&*storage, name, &content);
        let segment = storage.get(name);
        let segment = segment.unwrap_or_else(|error| panic!("{error}"));
        for (offset, length) in [(0, 0), (0, 1), (length / 3, length / 2), (length, 0)] {
            let part = &content[offset..offset + length];
            let read = segment.read(offset as u64, length);
            assert!(read.is_ok_and(|read| read == part), "{length} at {offset}");
            let map = segment.map(offset as u64, length);
            let map = map.unwrap_or_else(|error| panic!("{error}"));
            assert!(map.is_none_or(|map| (*map).as_ref() == part));
        }
        for (offset, length) in [(0, length + 1), (length, 1), (usize::MAX, 1), (1, length)] {
            fails(segment.read(offset as u64, length), Kind::Damaged);
            fails(segment.map(offset as u64, length), Kind::Damaged);
        }
        fails(segment.read(u64::MAX, 1), Kind::Damaged);
        first = name.last.next();
    }
    let listed = list(&*storage);
    assert!(listed.len() == 5 && listed.is_sorted(), "{listed:?}");
}

/// Until it is finished a segment is not there, and if it never is, it never was.
pub fn a_segment_that_is_not_finished_is_not_there(make: Make<'_>) {
    let mut place = make(log_id());
    let name = info_of(Head::EMPTY, &commits()[..2], 1).name;
    {
        let storage = place.storage();
        let sink = storage.put(name);
        let mut sink = sink.unwrap_or_else(|error| panic!("{error}"));
        assert!(sink.write(&[7; 3 << 20]).is_ok());
        fails(storage.get(name), Kind::NotFound);
        assert_eq!(list(&*storage), []);
        drop(sink);
        fails(storage.get(name), Kind::NotFound);
        put_segment(&*storage, name, b"one");
        put_segment(&*storage, name, b"another");
        holds(&*storage, name, b"another");
    }
    place.restart();
    fails(place.storage().get(name), Kind::NotFound);
}

/// Whoever has a segment open reads it to the end, whatever becomes of its name.
pub fn a_segment_that_was_removed_stays_readable(make: Make<'_>) {
    let place = make(log_id());
    let storage = place.storage();
    let name = info_of(Head::EMPTY, &commits()[..2], 1).name;
    let content = vec![7; 100_000];
    put_segment(&*storage, name, &content);
    let open = storage.get(name);
    let open = open.unwrap_or_else(|error| panic!("{error}"));
    let map = open.map(10, 50_000);
    for _ in 0..2 {
        assert!(storage.remove(name).is_ok(), "also when it is not there");
        fails(storage.get(name), Kind::NotFound);
        assert_eq!(list(&*storage), []);
    }
    put_segment(&*storage, name, &[8; 200]);
    let read = open.read(0, content.len());
    assert!(read.is_ok_and(|read| read == content));
    let map = map.unwrap_or_else(|error| panic!("{error}"));
    assert!(map.is_none_or(|map| (*map).as_ref() == &content[10..50_010]));
}

/// What the manifest names stays as it is.
pub fn a_segment_of_the_manifest_is_neither_replaced_nor_removed(make: Make<'_>) {
    let (place, commits) = (make(log_id()), commits());
    let storage = place.storage();
    write_all(&*storage, &commits[..4]);
    let name = seal(&*storage, &commits[..3]).segments[0].name;
    fails(storage.put(name), Kind::Conflict);
    fails(storage.remove(name), Kind::Conflict);
    holds(&*storage, name, &content(&commits[..3]));
}

/// Compare and set, by the version.
pub fn a_manifest_replaces_the_one_before_it_and_no_other(make: Make<'_>) {
    let (mut place, commits) = (make(log_id()), commits());
    let storage = place.storage();
    write_all(&*storage, &commits);
    let first = seal(&*storage, &commits[..2]);
    let second = seal(&*storage, &commits[2..5]);
    for stale in [&Manifest::default(), &first, &second] {
        let error = storage.publish(stale).err();
        assert_eq!(error.map(|error| error.code()), Some("manifest_moved"));
    }
    let mut ahead = second.clone();
    ahead.version += 2;
    fails(storage.publish(&ahead), Kind::Conflict);
    assert_eq!(manifest(&*storage), second);
    drop(storage);
    place.restart();
    assert_eq!(manifest(&*place.storage()), second);
}

/// Of many that publish at once one is told that it did, and it did.
pub fn one_of_many_gets_to_publish(make: Make<'_>) {
    let (place, commits) = (make(log_id()), commits());
    let storage = place.storage();
    write_all(&*storage, &commits);
    for round in 0..10 {
        let now = manifest(&*storage);
        let attempts: Vec<Manifest> = (2..6)
            .map(|upto| {
                let content = vec![upto as u8; 10];
                let info = info_of(Head::EMPTY, &commits[..upto], 10);
                if now.segment(info.name).is_none() {
                    put_segment(&*storage, info.name, &content);
                }
                Manifest {
                    version: now.version + 1,
                    next: Seq(upto as u64 + 1),
                    segments: vec![info],
                }
            })
            .filter(|attempt| attempt.next >= now.next)
            .collect();
        let won: Vec<usize> = race_to_publish(&storage, &attempts);
        assert_eq!(won.len(), 1, "winners of round {round}");
        assert_eq!(manifest(&*storage), attempts[won[0]]);
    }
}

fn race_to_publish(storage: &Arc<dyn Storage>, attempts: &[Manifest]) -> Vec<usize> {
    std::thread::scope(|scope| {
        let running: Vec<_> = attempts
            .iter()
            .map(|attempt| scope.spawn(|| storage.publish(attempt).is_ok()))
            .collect();
        let won = running.into_iter().map(|one| one.join().unwrap_or(false));
        won.enumerate()
            .filter_map(|(at, won)| won.then_some(at))
            .collect()
    })
}

/// A manifest that names what is not there, or does not fit, changes nothing.
pub fn a_manifest_names_what_is_there(make: Make<'_>) {
    let (place, commits) = (make(log_id()), commits());
    let storage = place.storage();
    write_all(&*storage, &commits[..4]);
    let info = info_of(Head::EMPTY, &commits[..3], 100);
    let good = Manifest {
        version: 1,
        next: Seq(4),
        segments: vec![info],
    };
    assert!(storage.publish(&good).is_err(), "the segment is not there");
    put_segment(&*storage, info.name, &[1; 99]);
    assert!(storage.publish(&good).is_err(), "it has another length");
    put_segment(&*storage, info.name, &[1; 100]);
    let changes: [&dyn Fn(&mut Manifest); 4] = [
        &|it| it.next = Seq(6),
        &|it| it.next = Seq::ZERO,
        &|it| it.segments[0].after.position = Position(1),
        &|it| it.segments[0].before.chain.0[0] = 1,
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let mut bad = good.clone();
        change(&mut bad);
        assert!(storage.publish(&bad).is_err(), "change {at}");
    }
    assert_eq!(manifest(&*storage), Manifest::default());
    assert!(read_all(&*storage, 1 << 16) == commits[..4]);
    publish(&*storage, &good);
}

#[track_caller]
fn is_sealed_below(storage: &dyn Storage, next: Seq, commits: &[Commit]) {
    for seq in 1..next.0 {
        let read = storage.read(Seq(seq), 1 << 16);
        let sealed = matches!(read, Ok(Stored::Sealed(found)) if found == next);
        assert!(sealed, "commit {seq} of those below {next}: {read:?}");
        let written = storage.append(Seq(seq), &commits[0]);
        assert!(matches!(written, Written::Taken), "{written:?}");
    }
    for seq in next.0..=commits.len() as u64 + 1 {
        let read = read_from(storage, Seq(seq), 1 << 16);
        assert!(read == commits[seq as usize - 1..], "from {seq} on");
    }
}

/// Whether they are dropped or not, commits in segments are not read here any more, and all others
/// are.
pub fn a_sealed_number_is_answered_with_the_next(make: Make<'_>) {
    let (mut place, commits) = (make(log_id()), commits());
    for (upto, drops) in [(2, true), (3, false), (7, true), (8, false), (12, true)] {
        let storage = place.storage();
        let there = storage.manifest().map_or(0, |it| it.next.0 as usize - 1);
        if there == 0 {
            write_all(&*storage, &commits);
        }
        let before = storage.tail_bytes();
        let manifest = seal(&*storage, &commits[there..upto]);
        is_sealed_below(&*storage, manifest.next, &commits);
        if drops {
            assert!(storage.drop_below(manifest.next).is_ok());
            is_sealed_below(&*storage, manifest.next, &commits);
        }
        assert!(storage.tail_bytes() <= before, "{upto} are sealed");
        drop(storage);
        place.restart();
        is_sealed_below(&*place.storage(), manifest.next, &commits);
    }
    let next = Seq(commits.len() as u64 + 1);
    let last = Position(commits[11].last().0 + 1);
    let more = commit(12, last, vec![1; 100]);
    write_one(&*place.storage(), next, &more);
    place.restart();
    assert!(read_from(&*place.storage(), next, 0) == [more]);
}

/// No commit goes that is in no segment.
pub fn dropping_stops_at_the_manifest(make: Make<'_>) {
    let (mut place, commits) = (make(log_id()), commits());
    let storage = place.storage();
    write_all(&*storage, &commits);
    for seq in [0, 1, 5, u64::MAX] {
        assert!(storage.drop_below(Seq(seq)).is_ok());
        assert!(read_all(&*storage, 1 << 16) == commits);
    }
    let next = seal(&*storage, &commits[..9]).next;
    assert!(storage.drop_below(Seq(4)).is_ok());
    is_sealed_below(&*storage, next, &commits);
    assert!(storage.drop_below(Seq(u64::MAX)).is_ok());
    is_sealed_below(&*storage, next, &commits);
    drop(storage);
    place.restart();
    is_sealed_below(&*place.storage(), next, &commits);
}

/// A log that is written, sealed, dropped and opened again is the same log.
pub fn sealing_goes_on_through_restarts(make: Make<'_>) {
    let (mut place, commits) = (make(log_id()), commits());
    for at in 0..commits.len() {
        let storage = place.storage();
        assert!(storage.make_ready().is_ok());
        write_one(&*storage, Seq(at as u64 + 1), &commits[at]);
        let there = manifest(&*storage).next.0 as usize - 1;
        if at % 3 == 2 {
            seal(&*storage, &commits[there..at]);
        }
        if at % 4 == 3 {
            assert!(storage.drop_below(Seq(at as u64)).is_ok());
        }
        let next = manifest(&*storage).next;
        is_sealed_below(&*storage, next, &commits[..=at]);
        drop(storage);
        if at % 2 == 1 {
            place.restart();
        }
        is_sealed_below(&*place.storage(), next, &commits[..=at]);
    }
    let storage = place.storage();
    let manifest = manifest(&*storage);
    assert_eq!(list(&*storage), names(&manifest));
    let mut from = 0;
    for info in &manifest.segments {
        let upto = from + info.appends as usize;
        holds(&*storage, info.name, &content(&commits[from..upto]));
        from = upto;
    }
}

/// One segment takes the place of several, and those can be removed then.
pub fn merged_segments_take_the_place_of_others(make: Make<'_>) {
    let (mut place, commits) = (make(log_id()), commits());
    let storage = place.storage();
    write_all(&*storage, &commits);
    seal(&*storage, &commits[..3]);
    seal(&*storage, &commits[3..5]);
    let mut manifest = seal(&*storage, &commits[5..10]);
    let merged = content(&commits[..5]);
    let info = info_of(Head::EMPTY, &commits[..5], merged.len() as u64);
    put_segment(&*storage, info.name, &merged);
    let old: Vec<SegmentInfo> = manifest.segments.splice(..2, [info]).collect();
    manifest.version += 1;
    publish(&*storage, &manifest);
    assert_eq!(list(&*storage).len(), 4, "nothing goes by itself");
    assert!(storage.remove(old[0].name).is_ok());
    drop(storage);
    place.restart();
    let storage = place.storage();
    assert_eq!(list(&*storage), names(&manifest), "an opening removes it");
    holds(&*storage, info.name, &merged);
    is_sealed_below(&*storage, manifest.next, &commits);
}

/// What a crash leaves between two steps is removed, and what was published is not.
pub fn what_no_manifest_names_is_gone_after_a_restart(make: Make<'_>) {
    let (mut place, commits) = (make(log_id()), commits());
    let storage = place.storage();
    write_all(&*storage, &commits);
    let published = seal(&*storage, &commits[..6]);
    let unpublished = info_of(published.end(), &commits[6..8], 50).name;
    put_segment(&*storage, unpublished, &[5; 50]);
    assert_eq!(list(&*storage).len(), 2);
    drop(storage);
    place.restart();
    let storage = place.storage();
    assert_eq!(list(&*storage), names(&published));
    fails(storage.get(unpublished), Kind::NotFound);
    is_sealed_below(&*storage, published.next, &commits);
}

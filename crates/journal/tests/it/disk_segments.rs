//! Segments and the manifest in a directory: what is removed, what is refused, and what a disk that
//! fails leaves.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use headwater_event::{ChainHash, Error, Kind, LogId, Position, Timestamp};
use headwater_journal::conformance::Place;
use headwater_journal::conformance::segments::{info_of, put_segment, seal};
use headwater_journal::disk::fs::StdFs;
use headwater_journal::{
    Commit, DiskOptions, DiskStorage, Head, Manifest, Seq, Storage, Stored, Written,
};
use uuid::Uuid;

use crate::fault_fs::FaultFs;
use crate::support::Disk;

const LOG: LogId = LogId(Uuid::from_u128(7));
/// Two or three of the commits below fill a file.
const SMALL: DiskOptions = DiskOptions {
    file_bytes_max: 8 << 10,
};

/// The first so many commits of a log, 3,000 bytes each.
fn commits(count: u64) -> Vec<Commit> {
    let commit = |seq: u64| Commit {
        first: Position(2 * seq + 1),
        events: 2,
        recorded_at: Timestamp::from_micros(1_000_000 + seq as i64).unwrap(),
        chain: ChainHash([seq as u8 + 1; 32]),
        appends: vec![seq as u8 + 1; 3_000].into(),
    };
    (0..count).map(commit).collect()
}

fn append(storage: &dyn Storage, seq: u64, commit: &Commit) {
    let written = storage.append(Seq(seq), commit);
    assert!(matches!(written, Written::Appended), "{written:?}");
}

fn append_all(storage: &dyn Storage, commits: &[Commit]) {
    for (seq, commit) in (1..).zip(commits) {
        append(storage, seq, commit);
    }
}

/// What stands in a log from its manifest's `next` on.
fn tail(storage: &dyn Storage) -> Vec<Commit> {
    let mut next = storage.manifest().unwrap().next;
    let mut commits = Vec::new();
    loop {
        let read = storage.read(next, 1 << 20).unwrap().commits().unwrap();
        if read.is_empty() {
            return commits;
        }
        next = next.plus(read.len() as u64);
        commits.extend(read);
    }
}

/// A log of 12 commits in small files, the first so many of them in two segments.
fn sealed(sealed: usize) -> (Disk, Manifest) {
    let place = Disk::create_with(Arc::new(StdFs), LOG, SMALL);
    let storage = place.disk();
    let commits = commits(12);
    append_all(&*storage, &commits);
    seal(&*storage, &commits[..2]);
    let manifest = seal(&*storage, &commits[2..sealed]);
    (place, manifest)
}

fn names(place: &Disk, ending: &str) -> Vec<String> {
    let entries = fs::read_dir(place.path()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(ending)).collect();
    names.sort();
    names
}

/// The numbers that the files of commits start with.
fn starts(place: &Disk) -> Vec<u64> {
    let names = names(place, ".commits");
    let start = |name: &String| name.strip_suffix(".commits").unwrap().parse().unwrap();
    names.iter().map(start).collect()
}

/// Bytes of the files of commits, and of the one that is made ahead.
fn bytes_of_commits(place: &Disk) -> u64 {
    let length = |path: PathBuf| fs::metadata(path).unwrap().len();
    let ready = fs::read_dir(place.path()).unwrap();
    let ready = ready.map(|entry| entry.unwrap().path()).filter(|path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with("ready.")
    });
    place.files().into_iter().chain(ready).map(length).sum()
}

#[track_caller]
fn is_damaged(place: &Disk, names: &str) {
    let before = listing(place);
    let error = place.reopen().err().unwrap();
    assert_eq!(error.kind(), Kind::Damaged, "{error}");
    assert!(error.to_string().contains(names), "{error}");
    assert!(error.what_to_do().is_some(), "{error}");
    assert_eq!(listing(place), before, "nothing was changed");
}

fn listing(place: &Disk) -> Vec<(String, Vec<u8>)> {
    let read = |name: String| {
        let path = place.path().join(&name);
        (name, fs::read(path).unwrap_or_default())
    };
    names(place, "").into_iter().map(read).collect()
}

#[test]
fn files_go_once_all_of_their_commits_are_sealed() {
    let (place, manifest) = sealed(7);
    let storage = place.disk();
    assert_eq!(starts(&place), [1, 3, 5, 7, 9, 11]);
    for (below, left) in [(0, 1), (2, 1), (3, 3), (4, 3), (7, 7), (u64::MAX, 7)] {
        storage.drop_below(Seq(below)).unwrap();
        assert_eq!(starts(&place)[0], left, "below {below}");
        assert_eq!(storage.tail_bytes(), bytes_of_commits(&place));
    }
    assert_eq!(manifest.next, Seq(8), "the file from 7 on is needed");
    assert_eq!(tail(&*storage), commits(12)[7..]);
}

#[test]
fn an_opening_removes_what_a_drop_would_have() {
    let (mut place, manifest) = sealed(7);
    place.restart();
    assert_eq!(starts(&place), [7, 9, 11]);
    let storage = place.disk();
    assert_eq!(storage.tail_bytes(), bytes_of_commits(&place));
    assert_eq!(storage.manifest().unwrap(), manifest);
    assert_eq!(tail(&*storage), commits(12)[7..]);
}

#[test]
fn the_last_file_stays_when_all_is_sealed() {
    let (mut place, manifest) = sealed(12);
    place.disk().drop_below(manifest.next).unwrap();
    for _ in 0..2 {
        assert_eq!(starts(&place), [11]);
        assert_eq!(tail(&*place.disk()), []);
        place.restart();
    }
    let commits = commits(15);
    append(&*place.disk(), 13, &commits[12]);
    append(&*place.disk(), 14, &commits[13]);
    place.restart();
    assert_eq!(starts(&place), [13]);
    assert_eq!(tail(&*place.disk()), commits[12..14]);
}

#[test]
fn what_never_got_its_name_is_removed() {
    let (mut place, manifest) = sealed(7);
    let name = manifest.segments[0].name;
    for unready in ["manifest", "ready.3", &format!("{name}.0"), "x.commits"] {
        fs::write(place.path().join(format!("{unready}.unnamed")), b"any").unwrap();
    }
    place.restart();
    assert_eq!(names(&place, ".unnamed"), [""; 0]);
    assert_eq!(place.disk().manifest().unwrap(), manifest);
}

#[test]
fn an_opening_does_not_read_segments() {
    let (mut place, manifest) = sealed(7);
    for info in &manifest.segments {
        let path = place.path().join(info.name.to_string());
        fs::write(path, vec![0xaa; info.bytes as usize]).unwrap();
    }
    place.restart();
    assert_eq!(tail(&*place.disk()), commits(12)[7..]);
}

#[test]
fn a_segment_that_is_missing_or_has_another_length_is_named() {
    let (place, manifest) = sealed(7);
    let name = manifest.segments[1].name;
    let path = place.path().join(name.to_string());
    let whole = fs::read(&path).unwrap();
    drop(place.disk());
    for length in [0, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        is_damaged(&place, &name.to_string());
    }
    fs::remove_file(&path).unwrap();
    is_damaged(&place, &name.to_string());
    let error = place.disk().get(name).err().unwrap();
    assert_eq!(error.kind(), Kind::Damaged, "{error}");
}

#[test]
fn a_segment_that_got_shorter_is_named_when_it_is_read() {
    let (place, manifest) = sealed(7);
    let name = manifest.segments[1].name;
    let segment = place.disk().get(name).unwrap();
    let path = place.path().join(name.to_string());
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(segment.len() - 1).unwrap();
    let length = segment.len() as usize;
    for error in [
        segment.read(0, length).err().unwrap(),
        segment.map(0, length).err().unwrap(),
    ] {
        assert_eq!(error.kind(), Kind::Damaged, "{error}");
        assert!(error.to_string().contains(&name.to_string()), "{error}");
    }
    assert!(segment.read(0, length - 1).is_ok());
}

#[test]
fn every_changed_byte_of_the_manifest_is_named() {
    let (place, _) = sealed(7);
    let path = place.path().join("manifest");
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0x40;
        fs::write(&path, changed).unwrap();
        let error = place.reopen().err().unwrap();
        assert_eq!(error.kind(), Kind::Damaged, "byte {at}: {error}");
        assert!(error.to_string().contains("/manifest: "), "{error}");
    }
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        let error = place.reopen().err().unwrap();
        assert_eq!(error.kind(), Kind::Damaged, "{length} bytes: {error}");
    }
    fs::write(&path, whole).unwrap();
    place.reopen().unwrap();
}

#[test]
fn a_log_without_its_manifest_is_refused_once_commits_were_dropped() {
    let (place, manifest) = sealed(7);
    place.disk().drop_below(manifest.next).unwrap();
    fs::remove_file(place.path().join("manifest")).unwrap();
    is_damaged(&place, "00000000000000000007.commits is not the start");
}

#[test]
fn a_manifest_of_another_log_is_refused() {
    let (place, manifest) = sealed(7);
    let other = LogId(Uuid::from_u128(8));
    fs::write(place.path().join("manifest"), manifest.encode(other)).unwrap();
    is_damaged(&place, "00000000000000000007.commits");
}

#[test]
fn a_tail_that_is_missing_is_named() {
    let (place, _) = sealed(7);
    fs::remove_file(place.path().join("00000000000000000007.commits")).unwrap();
    is_damaged(&place, "00000000000000000005.commits");
    for file in &place.files()[..3] {
        fs::remove_file(file).unwrap();
    }
    is_damaged(&place, "00000000000000000009.commits does not follow");
    for file in place.files() {
        fs::remove_file(file).unwrap();
    }
    assert!(DiskStorage::exists(&StdFs, &place.path()).unwrap());
    is_damaged(&place, "the tail");
    let again = DiskStorage::create(Arc::new(StdFs), place.path(), LOG);
    assert_eq!(again.err().unwrap().code(), "log_exists");
}

/// The storage does not look into segments, so what the manifest says of their end is held against
/// the commits when the log is opened.
#[test]
fn a_tail_that_does_not_follow_the_segments_is_refused() {
    // The last sealed commit ends a file, stands in the middle of one, or in the last one.
    for upto in [6, 7, 11] {
        let changes: [&dyn Fn(&mut Head); 2] = [&|after| after.chain.0[31] ^= 1, &|after| {
            after.recorded_at = Timestamp::from_micros(999_999).unwrap()
        }];
        for change in changes {
            let (place, manifest) = sealed(upto);
            let mut wrong = manifest.clone();
            wrong.version += 1;
            change(&mut wrong.segments[1].after);
            wrong.segments[1].before.recorded_at = Timestamp::MIN;
            wrong.segments[0].after.recorded_at = Timestamp::MIN;
            place.disk().publish(&wrong).unwrap();
            is_damaged(&place, "does not follow the segments");
        }
        let (place, mut wrong) = sealed(upto);
        wrong.version += 1;
        wrong.next = wrong.next.next();
        place.disk().publish(&wrong).unwrap();
        is_damaged(&place, "does not follow the segments");
    }
}

#[test]
fn a_tail_that_ends_within_the_segments_is_refused() {
    let (place, manifest) = sealed(12);
    let last = place.files().pop().unwrap();
    let mut bytes = fs::read(&last).unwrap();
    bytes[3_648..].fill(0); // the second of its two frames, as a torn one would be
    fs::write(last, bytes).unwrap();
    assert_eq!(manifest.next, Seq(13));
    is_damaged(&place, "an end after commit 11");
}

/// The log on a disk that fails on demand, with two commits and a segment that is put of them.
fn to_publish() -> (Arc<FaultFs>, Disk, Manifest) {
    let fs = FaultFs::new();
    let place = Disk::create_with(fs.clone(), LOG, SMALL);
    let storage = place.disk();
    append_all(&*storage, &commits(3));
    let info = info_of(Head::EMPTY, &commits(2), 10);
    put_segment(&*storage, info.name, &[1; 10]);
    let manifest = Manifest {
        version: 1,
        next: Seq(3),
        segments: vec![info],
    };
    (fs, place, manifest)
}

/// The next process finds this manifest.
#[track_caller]
fn stays_published(mut place: Disk, storage: Arc<DiskStorage>, manifest: &Manifest) {
    drop(storage);
    place.restart();
    assert_eq!(place.disk().manifest().unwrap(), *manifest);
}

#[test]
fn a_manifest_that_could_not_be_written_is_not_published() {
    let (fs, place, manifest) = to_publish();
    let storage = place.disk();
    fs.fail_syncs(1);
    let error = storage.publish(&manifest).unwrap_err();
    assert_eq!(error.code(), "storage", "{error}");
    fs.leave_room(Some(20));
    let error = storage.publish(&manifest).unwrap_err();
    assert_eq!(error.kind(), Kind::Full, "{error}");
    fs.leave_room(None);
    assert_eq!(storage.manifest().unwrap(), Manifest::default());
    assert_eq!(names(&place, ".unnamed"), [""; 0]);
    assert_eq!(tail(&*storage), commits(3));
    storage.publish(&manifest).unwrap();
    stays_published(place, storage, &manifest);
}

#[test]
fn after_an_unclear_publish_the_truth_is_found_before_anything_is_answered() {
    let (fs, place, manifest) = to_publish();
    let storage = place.disk();
    fs.fail_dir_syncs(3);
    let error = storage.publish(&manifest).unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable, "{error}");
    for _ in 0..2 {
        let error = storage.manifest().unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable, "{error}");
    }
    assert_eq!(storage.manifest().unwrap(), manifest, "it has its name");
    assert!(matches!(
        storage.read(Seq(2), 0),
        Ok(Stored::Sealed(Seq(3)))
    ));
    let stale = storage.publish(&manifest).unwrap_err();
    assert_eq!(stale.code(), "manifest_moved");
    stays_published(place, storage, &manifest);
}

#[test]
fn after_a_failed_rename_the_old_manifest_stands() {
    let (fs, place, manifest) = to_publish();
    let storage = place.disk();
    fs.fail_renames(1);
    let error = storage.publish(&manifest).unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable, "{error}");
    assert_eq!(storage.manifest().unwrap(), Manifest::default());
    storage.publish(&manifest).unwrap();
    let mut next = manifest.clone();
    next.version += 1;
    fs.fail_renames(2);
    assert_eq!(
        storage.publish(&next).unwrap_err().kind(),
        Kind::Unavailable
    );
    let error = storage.drop_below(Seq(3)).unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable, "nothing goes meanwhile");
    assert_eq!(storage.manifest().unwrap(), manifest);
    stays_published(place, storage, &manifest);
}

#[test]
fn a_segment_that_could_not_be_written_is_not_there() {
    let (fs, place, _) = to_publish();
    let storage = place.disk();
    let name = info_of(Head::EMPTY, &commits(3), 1).name;
    let put = |faults: &dyn Fn()| -> Result<(), Error> {
        let mut sink = storage.put(name)?;
        faults();
        let wrote = sink.write(&[1; 5 << 20]);
        fs.leave_room(None);
        fs.fail_syncs(0);
        // What failed once is not made good by going on.
        let finished = sink.finish();
        assert_eq!(wrote.is_ok(), finished.is_ok());
        wrote
    };
    let faults: [(&dyn Fn(), Kind); 2] = [
        (&|| fs.fail_syncs(1), Kind::Unavailable),
        (&|| fs.leave_room(Some(2 << 20)), Kind::Full),
    ];
    for (fault, kind) in faults {
        let error = put(fault).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(storage.get(name).err().unwrap().code(), "no_segment");
        assert_eq!(names(&place, ".unnamed"), [""; 0]);
    }
    for fault in [FaultFs::fail_renames, FaultFs::fail_dir_syncs] {
        let mut sink = storage.put(name).unwrap();
        sink.write(b"bytes").unwrap();
        fault(&fs, 1);
        let error = sink.finish().unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable, "{error}");
        assert_eq!(names(&place, ".unnamed"), [""; 0]);
    }
    put(&|| ()).unwrap();
    assert_eq!(storage.get(name).unwrap().len(), 5 << 20);
}

#[test]
fn a_write_that_failed_cannot_be_finished() {
    let (fs, place, _) = to_publish();
    let storage = place.disk();
    let name = info_of(Head::EMPTY, &commits(3), 1).name;
    let mut sink = storage.put(name).unwrap();
    fs.leave_room(Some(100));
    assert!(sink.write(&[1; 2 << 20]).is_err());
    fs.leave_room(None);
    assert!(sink.finish().is_err());
    assert_eq!(storage.get(name).err().unwrap().code(), "no_segment");
}

#[test]
fn a_file_that_is_ready_needs_no_room_when_the_log_goes_on_in_it() {
    let fs = FaultFs::new();
    let place = Disk::create_with(fs.clone(), LOG, SMALL);
    let storage = place.disk();
    let commits = commits(8);
    storage.make_ready().unwrap();
    assert_eq!(names(&place, ".unnamed"), [""; 0], "a new log stays small");
    append(&*storage, 1, &commits[0]);
    for _ in 0..2 {
        storage.make_ready().unwrap();
        assert_eq!(names(&place, ".unnamed").len(), 1);
    }
    fs.leave_room(Some(0));
    for seq in [2, 3, 4] {
        append(&*storage, seq, &commits[seq as usize - 1]);
    }
    assert_eq!(starts(&place), [1, 3]);
    let written = storage.append(Seq(5), &commits[4]);
    let Written::Failed(error) = written else {
        panic!("{written:?}");
    };
    assert_eq!(error.kind(), Kind::Full, "{error}");
    let error = storage.make_ready().unwrap_err();
    assert_eq!(error.kind(), Kind::Full, "{error}");
    assert_eq!(names(&place, ".unnamed"), [""; 0]);
    fs.leave_room(None);
    append(&*storage, 5, &commits[4]);
    assert_eq!(tail(&*storage), commits[..5]);
    assert_eq!(storage.tail_bytes(), bytes_of_commits(&place));
}

/// A log's first file is small, and grows; the next one is whole when it was made ahead.
#[test]
fn a_file_that_would_have_to_be_filled_gives_way_to_one_that_is_ready() {
    let fs = FaultFs::new();
    let options = DiskOptions {
        file_bytes_max: 256 << 10,
    };
    let place = Disk::create_with(fs.clone(), LOG, options);
    let storage = place.disk();
    let commits = commits(80);
    append_all(&*storage, &commits[..15]);
    assert_eq!(storage.tail_bytes(), 64 << 10);
    storage.make_ready().unwrap();
    fs.leave_room(Some(0));
    for seq in 16..=80 {
        append(&*storage, seq, &commits[seq as usize - 1]);
    }
    assert_eq!(starts(&place), [1, 21]);
    assert_eq!(storage.tail_bytes(), (64 << 10) + (256 << 10));
    assert_eq!(tail(&*storage), commits);
}

#[test]
fn a_read_whose_file_is_dropped_meanwhile_is_told_that_it_is_sealed() {
    let fs = FaultFs::new();
    let mut place = Disk::create_with(fs.clone(), LOG, SMALL);
    append_all(&*place.disk(), &commits(6));
    place.restart(); // nothing is open for reading
    let storage = place.disk();
    let sealing = Arc::clone(&storage);
    fs.before_open(move || {
        let manifest = seal(&*sealing, &commits(4));
        sealing.drop_below(manifest.next).unwrap();
    });
    let read = storage.read(Seq(1), 0);
    assert!(matches!(read, Ok(Stored::Sealed(Seq(5)))), "{read:?}");
    assert_eq!(starts(&place), [5]);
}

#[test]
fn appends_and_reads_go_on_while_the_next_file_is_made() {
    let fs = FaultFs::new();
    let place = Disk::create_with(fs.clone(), LOG, SMALL);
    let storage = place.disk();
    append(&*storage, 1, &commits(1)[0]);
    let (done, is_done) = std::sync::mpsc::channel();
    let other = Arc::clone(&storage);
    fs.before_create(move || {
        std::thread::spawn(move || {
            append(&*other, 2, &commits(2)[1]);
            done.send(tail(&*other)).unwrap();
        });
        // Long enough for any machine; it is waited for in vain only if something is wrong.
        let read = is_done.recv_timeout(std::time::Duration::from_secs(60));
        assert_eq!(read.unwrap(), commits(2));
    });
    storage.make_ready().unwrap();
    assert_eq!(names(&place, ".unnamed").len(), 1);
}

#[test]
fn a_log_that_is_let_go_keeps_no_file_ahead() {
    let mut place = Disk::create_with(Arc::new(StdFs), LOG, SMALL);
    append_all(&*place.disk(), &commits(2));
    place.disk().make_ready().unwrap();
    assert_eq!(names(&place, ".unnamed").len(), 1);
    place.close();
    assert_eq!(names(&place, ".unnamed"), [""; 0]);
}

#[test]
fn a_sync_that_fails_in_a_file_made_ahead_leaves_nothing_of_it() {
    let fs = FaultFs::new();
    let mut place = Disk::create_with(fs.clone(), LOG, SMALL);
    let storage = place.disk();
    let commits = commits(8);
    append_all(&*storage, &commits[..2]);
    storage.make_ready().unwrap();
    fs.fail_syncs(1);
    let written = storage.append(Seq(3), &commits[2]);
    assert!(matches!(written, Written::Failed(_)), "{written:?}");
    assert_eq!(names(&place, ".unnamed"), [""; 0]);
    for seq in 3..=8 {
        append(&*storage, seq, &commits[seq as usize - 1]);
    }
    drop(storage);
    place.restart();
    assert_eq!(tail(&*place.disk()), commits);
}

/// Ends the other threads of a test when its own fails.
struct OnPanic<'a>(&'a AtomicBool);

impl Drop for OnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Ordering::SeqCst);
        }
    }
}

/// Seals what there is and drops it.
fn seal_some(storage: &dyn Storage, commits: &[Commit]) {
    let next = storage.manifest().unwrap().next;
    let read = storage.read(next, 30_000).unwrap().commits().unwrap();
    if read.len() > 1 {
        assert!(commits[next.0 as usize - 1..].starts_with(&read));
        let manifest = seal(storage, &read);
        storage.drop_below(manifest.next).unwrap();
    }
}

/// `appended` commits were there before the read.
fn read_some(storage: &dyn Storage, seq: u64, commits: &[Commit], appended: u64) {
    match storage.read(Seq(seq), 10_000).unwrap() {
        Stored::Sealed(next) => assert!(next > Seq(seq)),
        Stored::Commits(read) => {
            let expected = &commits[seq as usize - 1..];
            assert!(expected.starts_with(&read), "from commit {seq} on");
            assert!(!read.is_empty() || seq > appended, "commit {seq} is there");
        }
    }
}

/// Appends, files made ahead, seals, drops and reads at once: readers see commits as they were
/// written, or that they are sealed, and nothing else.
#[test]
fn everything_at_once_leaves_the_log_as_it_was_written() {
    const COUNT: u64 = 100;
    let mut place = Disk::create_with(Arc::new(StdFs), LOG, SMALL);
    let (storage, commits) = (place.disk(), commits(COUNT));
    let (failed, appended) = (AtomicBool::new(false), AtomicU64::new(0));
    let work = |each: &dyn Fn(u64)| {
        let _on_panic = OnPanic(&failed);
        let is_sealed = || matches!(storage.read(Seq(COUNT - 10), 0), Ok(Stored::Sealed(_)));
        let turns = (0u64..).take_while(|_| !failed.load(Ordering::SeqCst) && !is_sealed());
        turns.for_each(each);
    };
    let read = |seq| read_some(&*storage, seq, &commits, appended.load(Ordering::SeqCst));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _on_panic = OnPanic(&failed);
            for (seq, commit) in (1..).zip(&commits) {
                append(&*storage, seq, commit);
                appended.store(seq, Ordering::SeqCst);
            }
        });
        scope.spawn(|| work(&|_| storage.make_ready().unwrap()));
        scope.spawn(|| work(&|_| seal_some(&*storage, &commits)));
        scope.spawn(|| work(&|turn| read(turn % COUNT + 1)));
        scope.spawn(|| work(&|turn| read(turn * 7 % COUNT + 1)));
    });
    let next = storage.manifest().unwrap().next.0 as usize;
    assert_eq!(tail(&*storage), commits[next - 1..]);
    assert_eq!(storage.tail_bytes(), bytes_of_commits(&place));
    drop(storage);
    place.restart();
    assert_eq!(tail(&*place.disk()), commits[next - 1..]);
}

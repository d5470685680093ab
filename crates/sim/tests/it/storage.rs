//! The disk storage by itself, through many lives: appends, files made ahead, segments put,
//! published, merged and removed, commits dropped, with everything going wrong.
//!
//! What is held after each life: acknowledged commits are there or sealed, in order; the manifest
//! is the last one that was acknowledged, or one that was tried since; the segments that it names
//! are whole, and there are no others.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::Chances;
use headwater_event::{ChainHash, Error, LogId, Position, Timestamp};
use headwater_journal::conformance::segments::info_of;
use headwater_journal::disk::fs::Fs;
use headwater_journal::{
    Commit, DiskOptions, DiskStorage, Head, Manifest, SegmentInfo, SegmentName, SegmentSink, Seq,
    Storage, Stored, Written,
};
use headwater_sim::{Faults, Random, SimDisk, Survival};
use uuid::Uuid;

const FOLDER: &str = "/data/log";
const OPTIONS: DiskOptions = DiskOptions {
    file_bytes_max: 8 << 10,
};

/// A log on a disk, and what is known of it.
struct Kept {
    random: Random,
    disk: SimDisk,
    /// Those that were acknowledged or seen.
    commits: Vec<Commit>,
    /// One that may stand behind them.
    open: Option<Commit>,
    manifest: Manifest,
    /// One that may have taken its place.
    tried: Option<Manifest>,
    contents: BTreeMap<SegmentName, Vec<u8>>,
    puts: u64,
    /// What the last life had in hand. It is let go when its disk is off, so that nothing is
    /// tidied up, as when a process dies.
    storage: Option<DiskStorage>,
    sinks: Vec<Box<dyn SegmentSink>>,
}

impl Kept {
    fn new(seed: u64) -> Kept {
        let disk = SimDisk::new(seed ^ 0xd15c);
        let made = disk
            .create_dir(Path::new("/data"))
            .and_then(|()| disk.sync_dir(Path::new("/")));
        made.unwrap();
        Kept {
            random: Random::new(seed),
            disk,
            commits: Vec::new(),
            open: None,
            manifest: Manifest::default(),
            tried: None,
            contents: BTreeMap::new(),
            puts: 0,
            storage: None,
            sinks: Vec::new(),
        }
    }

    fn open(&self) -> Result<DiskStorage, Error> {
        let fs: Arc<dyn Fs> = Arc::new(self.disk.clone());
        let folder = PathBuf::from(FOLDER);
        match DiskStorage::exists(&*fs, &folder)? {
            true => DiskStorage::open_with(fs, folder, OPTIONS),
            false => DiskStorage::create_with(fs, folder, LogId(Uuid::from_u128(1)), OPTIONS),
        }
    }

    /// Opens the log, takes `steps` under these faults, and stops as if the process had died.
    fn live(&mut self, steps: u64, faults: Faults) {
        self.disk.set_faults(faults);
        let storage = match self.open() {
            Ok(storage) => storage,
            Err(error) => {
                let is_excused = self.disk.is_off() || error.is_retryable();
                return assert!(is_excused, "it opens: {error}");
            }
        };
        for _ in 0..steps {
            if self.disk.is_off() {
                break;
            }
            self.step(&storage);
        }
        self.storage = Some(storage);
    }

    /// The next process finds the disk so, and on it what was promised.
    fn crash(&mut self, survival: Survival) {
        self.disk = self.disk.power_cycle(survival);
        self.storage = None;
        self.sinks.clear();
        let storage = self.open();
        let storage = storage.unwrap_or_else(|error| panic!("it opens after a crash: {error}"));
        self.check_manifest(&storage);
        self.check_segments(&storage);
        self.check_commits(&storage);
        self.check_files(&storage);
    }

    fn step(&mut self, storage: &DiskStorage) {
        match self.random.below(12) {
            0..=4 => self.append(storage),
            5 => drop(storage.make_ready()),
            6 => self.seal(storage),
            7 => self.merge(storage),
            8 => drop(storage.drop_below(Seq(self.random.below(self.commits.len() as u64 + 3)))),
            9 => self.remove(storage),
            10 => self.abandon(storage),
            _ => self.look(storage),
        }
    }

    fn next(&self) -> Seq {
        Seq(self.commits.len() as u64 + 1)
    }

    fn head(&self) -> Head {
        self.commits.last().map_or(Head::EMPTY, Commit::end)
    }

    fn new_commit(&mut self) -> Commit {
        let length = self.random.below(5_000) as usize;
        let chain = self.random.below(u64::MAX);
        let mut hash = ChainHash([0; 32]);
        hash.0[..8].copy_from_slice(&chain.to_le_bytes());
        Commit {
            first: self.head().position.next(),
            events: 1 + self.random.below(5) as u32,
            recorded_at: Timestamp::from_micros(1_000 + self.commits.len() as i64).unwrap(),
            chain: hash,
            appends: vec![chain as u8; length].into(),
        }
    }

    fn append(&mut self, storage: &DiskStorage) {
        let commit = match self.open.take() {
            Some(open) => open,
            None => self.new_commit(),
        };
        match storage.append(self.next(), &commit) {
            Written::Appended => self.commits.push(commit),
            // Said of this attempt alone; one before it may have got there.
            Written::Failed(_) | Written::Unknown(_) => self.open = Some(commit),
            Written::Taken => panic!("nobody else writes"),
        }
    }

    /// Puts a segment; `None` where that failed.
    fn put(&mut self, storage: &DiskStorage, mut info: SegmentInfo) -> Option<SegmentInfo> {
        self.puts += 1;
        let length = 1 + self.random.below(20_000) as usize;
        let content = vec![self.puts as u8; length];
        info.bytes = length as u64;
        let put = || {
            let mut sink = storage.put(info.name)?;
            content
                .chunks(6_000)
                .try_for_each(|piece| sink.write(piece))?;
            sink.finish()
        };
        put().ok()?;
        self.contents.insert(info.name, content);
        Some(info)
    }

    fn publish(&mut self, storage: &DiskStorage, mut manifest: Manifest) {
        manifest.version += 1;
        match storage.publish(&manifest) {
            Ok(()) => self.manifest = manifest,
            Err(error) => {
                assert!(error.is_retryable(), "nothing is wrong with it: {error}");
                self.tried = Some(manifest);
                self.look(storage);
            }
        }
    }

    fn seal(&mut self, storage: &DiskStorage) {
        let next = self.manifest.next.0 as usize - 1;
        let count = self.random.below(4) as usize;
        if count == 0 || next + count > self.commits.len() || self.tried.is_some() {
            return;
        }
        let sealed = &self.commits[next..next + count];
        let info = info_of(self.manifest.end(), sealed, 1);
        if let Some(info) = self.put(storage, info) {
            let mut manifest = self.manifest.clone();
            manifest.next = manifest.next.plus(count as u64);
            manifest.segments.push(info);
            self.publish(storage, manifest);
        }
    }

    fn merge(&mut self, storage: &DiskStorage) {
        let count = self.manifest.segments.len();
        if count < 2 || self.tried.is_some() {
            return;
        }
        let at = self.random.below(count as u64 - 1) as usize;
        let (one, other) = (self.manifest.segments[at], self.manifest.segments[at + 1]);
        let info = SegmentInfo {
            name: SegmentName {
                first: one.name.first,
                last: other.name.last,
            },
            level: one.level.max(other.level).saturating_add(1),
            appends: one.appends + other.appends,
            before: one.before,
            id_max: one.id_max.max(other.id_max),
            ..other
        };
        if let Some(info) = self.put(storage, info) {
            let mut manifest = self.manifest.clone();
            manifest.segments.splice(at..at + 2, [info]);
            self.publish(storage, manifest);
        }
    }

    /// Removes what the manifest does not name, once it is known which one stands.
    fn remove(&mut self, storage: &DiskStorage) {
        match storage.manifest() {
            Ok(found) => self.found(found),
            Err(_) => return,
        }
        for name in storage.list().unwrap_or_default() {
            if storage.remove(name).is_ok() {
                assert!(self.manifest.segment(name).is_none(), "{name} is needed");
            }
        }
    }

    /// Begins a segment and does not finish it.
    fn abandon(&mut self, storage: &DiskStorage) {
        let name = SegmentName {
            first: Position(1),
            last: Position(1 + self.random.below(1_000)),
        };
        if let Ok(mut sink) = storage.put(name) {
            let _ = sink.write(&[1; 100]);
            self.sinks.push(sink);
        }
    }

    fn look(&mut self, storage: &DiskStorage) {
        if let Ok(found) = storage.manifest() {
            self.found(found);
        }
        let seq = Seq(1 + self.random.below(self.commits.len() as u64 + 1));
        match storage.read(seq, 4_000) {
            Ok(Stored::Commits(read)) => {
                assert!(self.commits[seq.0 as usize - 1..].starts_with(&read));
                assert!(
                    !read.is_empty() || seq == self.next(),
                    "commit {seq} is there"
                );
            }
            Ok(Stored::Sealed(next)) => assert!(seq < next && next <= self.manifest.next),
            Err(error) => assert!(self.disk.is_off(), "it can be read: {error}"),
        }
    }

    /// A manifest that was told is the truth from then on.
    fn found(&mut self, found: Manifest) {
        let tried = self.tried.take();
        let is_known = found == self.manifest || Some(&found) == tried.as_ref();
        assert!(is_known, "{found:?} is neither of those");
        self.manifest = found;
    }

    fn check_manifest(&mut self, storage: &DiskStorage) {
        let found = storage.manifest();
        self.found(found.unwrap_or_else(|error| panic!("there is a manifest: {error}")));
    }

    fn check_segments(&mut self, storage: &DiskStorage) {
        let named: Vec<SegmentName> = self.manifest.segments.iter().map(|it| it.name).collect();
        assert_eq!(storage.list().unwrap(), named, "there are no others");
        for name in named {
            let segment = storage.get(name).unwrap();
            let content = &self.contents[&name];
            let read = segment.read(0, segment.len() as usize).unwrap();
            assert!(read == content[..], "{name} is whole");
            let map = segment.map(0, content.len()).unwrap();
            assert!(map.is_none_or(|map| (*map).as_ref() == content));
        }
    }

    fn check_commits(&mut self, storage: &DiskStorage) {
        let mut next = self.manifest.next;
        for seq in 1..next.0 {
            let read = storage.read(Seq(seq), 0).unwrap();
            assert!(matches!(read, Stored::Sealed(found) if found == next));
        }
        loop {
            let read = storage.read(next, 10_000).unwrap().commits().unwrap();
            if read.is_empty() {
                break;
            }
            for commit in read {
                if next == self.next() {
                    assert_eq!(Some(&commit), self.open.as_ref(), "commit {next}");
                    self.commits.push(commit);
                } else {
                    assert_eq!(self.commits[next.0 as usize - 1], commit, "commit {next}");
                }
                next = next.next();
            }
        }
        assert_eq!(next, self.next(), "what was acknowledged is there");
        self.open = None;
    }

    fn check_files(&self, storage: &DiskStorage) {
        let mut commits = 0;
        let mut below = 0;
        for (path, bytes) in self.disk.files() {
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(!name.ends_with(".unnamed"), "{name} is removed");
            if let Some(first) = name.strip_suffix(".commits") {
                commits += bytes.len() as u64;
                below += u64::from(first.parse::<u64>().unwrap() <= self.manifest.next.0);
            }
        }
        assert_eq!(storage.tail_bytes(), commits);
        assert_eq!(below, 1, "files of sealed commits are removed");
    }
}

const SURVIVALS: [Survival; 3] = [Survival::Nothing, Survival::Everything, Survival::Any];

#[test]
fn no_crash_point_loses_commits_or_segments() {
    for seed in crate::seeds(2, 60) {
        let _again = crate::Again {
            test: "storage::",
            seed,
        };
        let mut whole = Kept::new(seed);
        whole.live(100, Faults::default());
        let changes = whole.disk.changes();
        assert!(changes > 100, "seed {seed} does something");
        for power_off_at in 1..=changes {
            for survival in SURVIVALS {
                let mut kept = Kept::new(seed);
                let power_off_at = Some(power_off_at);
                kept.live(
                    100,
                    Faults {
                        power_off_at,
                        ..Faults::default()
                    },
                );
                kept.crash(survival);
                kept.live(20, Faults::default());
                kept.crash(Survival::Nothing);
            }
        }
    }
}

const CHANCES: Chances = Chances {
    power_off_at: 300,
    sync_fails_once_in: 30,
    sync_fails_from: 40,
    write_fails_once_in: Some(40),
    room_bytes: (30_000, 200_000),
};

fn run(seed: u64) -> (u64, u64) {
    let mut random = Random::new(!seed);
    let mut kept = Kept::new(seed);
    for _ in 0..4 {
        let faults = CHANCES.faults(&mut random);
        kept.live(20 + random.below(150), faults);
        kept.crash(SURVIVALS[random.below(3) as usize]);
    }
    (kept.commits.len() as u64, kept.manifest.version)
}

/// As many as `./check` runs.
const SEEDS: u64 = 1_000;

#[test]
fn storage_keeps_its_word_through_crashes_and_faults() {
    let (mut commits, mut manifests) = (0, 0);
    let seeds = crate::seeds(SEEDS, 20_000);
    for seed in seeds.clone() {
        let _again = crate::Again {
            test: "storage_keeps_its_word",
            seed,
        };
        let (some, more) = run(seed);
        commits += some;
        manifests += more;
    }
    if !crate::are_usual(&seeds, SEEDS) {
        return;
    }
    assert!(commits > 1_000 && manifests > 500, "{commits}, {manifests}");
}

/// A publish makes two syncs: of the file, and of its name. Without either it is no promise.
#[test]
fn both_syncs_of_a_publish_are_missed_when_they_are_left_out() {
    let is_missed = |lying: Option<u64>| {
        let mut kept = Kept::new(1);
        let storage = kept.open().unwrap();
        (0..3).for_each(|_| kept.append(&storage));
        let info = info_of(Head::EMPTY, &kept.commits[..2], 1);
        let info = kept.put(&storage, info).unwrap();
        let lying_syncs = lying.map(|lying| kept.disk.syncs() + lying);
        let lying_syncs = lying_syncs.into_iter().collect();
        kept.disk.set_faults(Faults {
            lying_syncs,
            ..Faults::default()
        });
        let manifest = Manifest {
            version: 0,
            next: Seq(3),
            segments: vec![info],
        };
        let before = kept.disk.syncs();
        kept.publish(&storage, manifest);
        assert_eq!(kept.disk.syncs() - before, 2);
        catch_unwind(AssertUnwindSafe(|| kept.crash(Survival::Nothing))).is_err()
    };
    assert!(!is_missed(None));
    assert!(is_missed(Some(1)), "the sync of the file");
    assert!(is_missed(Some(2)), "the sync of the name");
}

//! One log through many lives: writers, a reader and a follower take turns as the seed has it, the
//! power goes off, the log is opened again, and what is found is held against the model.
//!
//! What is held after each life:
//!
//! * Every outcome that was told is what the model gives, in the order of the appends.
//! * An append whose outcome was not told is in the log whole or not at all, at its place.
//! * What was refused for certain is not in the log.
//! * What a reader or follower saw is still there, with the same chain.
//! * A backup that was taken meanwhile is a log like this one up to its end ([`crate::backups`]).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use headwater_event::{ChainHash, Error, Event, LogId, Position, Query};
use headwater_journal::disk::fs::Fs;
use headwater_journal::{
    Direction, DiskOptions, DiskStorage, Follower, Journal, Options, Read, Step, Writer,
};
use uuid::Uuid;

use crate::backups::{Taken, Taking};
use crate::meanwhile::{self, Meanwhile};
use crate::model::Model;
use crate::seen::Seen;
use crate::submitted::{Submitted, explain};
use crate::tried::count;
use crate::{Faults, Random, SimDisk, SimEnv, Survival, Tried, Workload};

/// Small files, so that a short life has several.
const FILES: DiskOptions = DiskOptions {
    file_bytes_max: 6 << 10,
};

/// Small pieces and segments, for the same reason.
pub(crate) fn options() -> Options {
    Options {
        batch_bytes_max: 8 << 10,
        cache_bytes: 16 << 10,
        piece_bytes: 2 << 10,
        fan_in: 2,
        look_back_bytes: 4 << 10,
        ..Options::default()
    }
}

/// One log of so many has some events that are large.
pub(crate) const LARGE_ONCE_IN: u64 = 12;

/// What is done to the log beside writing and reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Upkeep {
    /// Nothing is sealed: the log is its tail.
    None,
    /// It is sealed and merged.
    Keeping,
    /// Backups are taken, too, and others go on while segments are merged.
    BackingUp,
}

/// The most that a backup takes at a time.
const BACKUP_BYTES_MAX: u64 = 16 << 10;

/// A log, the disk it is on, and what is known of it.
pub struct World {
    random: Random,
    disk: SimDisk,
    env: Arc<SimEnv>,
    workload: Workload,
    model: Model,
    submitted: Vec<Submitted>,
    seen: Seen,
    opening_syncs: u64,
    kept_aside: Vec<(PathBuf, Vec<u8>)>,
    trace: ChainHash,
    upkeep: Upkeep,
    /// Backups that arrived since the last crash, and how many there were before.
    taken: Vec<Taken>,
    restored: u64,
    tried: Tried,
    meanwhile: Meanwhile,
    /// The process, until it has died: what it does when it lets go must not reach the disk.
    life: Option<Life>,
}

/// A log that is open.
pub(crate) struct Life {
    pub(crate) journal: Journal,
    pub(crate) writer: Arc<Writer>,
    pub(crate) follower: Follower,
    taking: Option<Taking>,
}

impl World {
    /// An empty disk, for a log that is sealed and merged.
    pub fn new(seed: u64) -> World {
        let disk = SimDisk::new(seed ^ 0xd15c);
        let made = disk
            .create_dir(Path::new("/data"))
            .and_then(|()| disk.sync_dir(Path::new("/")));
        made.expect("a new disk has no faults");
        World {
            random: Random::new(seed),
            disk,
            env: Arc::default(),
            workload: Workload::default(),
            model: Model::default(),
            submitted: Vec::new(),
            seen: Seen::default(),
            opening_syncs: 0,
            kept_aside: Vec::new(),
            trace: ChainHash::START,
            upkeep: Upkeep::Keeping,
            taken: Vec::new(),
            restored: 0,
            tried: Tried::default(),
            meanwhile: Meanwhile::default(),
            life: None,
        }
    }

    /// An empty disk for a log that is never sealed.
    pub fn of_a_tail(seed: u64) -> World {
        World {
            upkeep: Upkeep::None,
            ..World::new(seed)
        }
    }

    /// An empty disk for a log of which backups are taken.
    pub fn backed_up(seed: u64) -> World {
        World {
            upkeep: Upkeep::BackingUp,
            workload: match Random::new(!seed).once_in(LARGE_ONCE_IN) {
                true => Workload::large(),
                false => Workload::default(),
            },
            ..World::new(seed)
        }
    }

    /// The disk as it is now.
    pub fn disk(&self) -> &SimDisk {
        &self.disk
    }

    /// A hash of everything that happened: the same seed gives the same one.
    pub fn trace(&self) -> ChainHash {
        self.trace
    }

    /// How many syncs the last opening of the log made.
    pub fn opening_syncs(&self) -> u64 {
        self.opening_syncs
    }

    /// Whether an opening has cut off bytes and kept them aside.
    pub fn has_cut(&self) -> bool {
        !self.kept_aside.is_empty()
    }

    /// How many backups were restored and held against the log.
    pub fn restored(&self) -> u64 {
        self.restored
    }

    /// Position of the last event that is known to be in the log.
    pub fn head(&self) -> Position {
        self.model.head()
    }

    fn note(&mut self, what: &str) {
        self.trace = self.trace.then(what.as_bytes());
    }

    /// How often what happened.
    pub fn tried(&self) -> Tried {
        let mut tried = self.tried;
        tried += self.meanwhile.tried();
        tried
    }

    /// Opens the log, takes `steps` under these faults, and stops as if the process had died.
    pub fn live(&mut self, steps: u64, faults: Faults) {
        self.disk.set_faults(faults);
        let mut life = match self.open() {
            Ok(life) => life,
            Err(error) => {
                assert!(
                    self.disk.is_off() || error.is_retryable(),
                    "it opens: {error}"
                );
                self.note("not opened");
                return;
            }
        };
        self.opening_syncs = self.disk.syncs();
        self.kept_aside = self.aside();
        for _ in 0..steps {
            if self.disk.is_off() {
                break;
            }
            self.step(&mut life);
        }
        self.hear();
        if let Some(taking) = &life.taking {
            taking.assert_refused(&self.env);
        }
        self.note(&format!("{} changes", self.disk.changes()));
        self.life = Some(life);
    }

    /// The process dies, and the next one goes on with the disk as it is, cache and all. What was
    /// promised is looked at after the next [`crash`](Self::crash).
    pub fn die(&mut self) {
        self.disk = self.disk.power_cycle(Survival::Everything);
        self.life = None;
    }

    /// The power goes off; the next process opens what is left and must find what was promised.
    pub fn crash(&mut self, survival: Survival) {
        self.disk = self.disk.power_cycle(survival);
        self.life = None;
        let aside = self.aside();
        for cut in &self.kept_aside {
            assert!(
                aside.contains(cut),
                "what was cut off is kept: {}",
                cut.0.display()
            );
        }
        let life = self
            .open()
            .unwrap_or_else(|error| panic!("it opens after a crash: {error}"));
        self.assert_tidy();
        let log = read_all(&life.journal);
        self.reconcile(&log, &life.journal);
        std::mem::take(&mut self.seen).check(&log, &life.journal);
        self.restore(&log, &life.journal);
        life.journal
            .verify(&mut |_| Ok(()))
            .expect("the log verifies");
        self.note(&format!(
            "{} {}",
            life.journal.head().position,
            life.journal.head().chain
        ));
    }

    /// Nothing is left in the folder that an opening should have removed.
    fn assert_tidy(&self) {
        for (path, _) in self.disk.files() {
            let half_made = path.extension().is_some_and(|ending| ending == "unnamed");
            assert!(!half_made, "{} was half made", path.display());
        }
    }

    /// What was cut off and kept.
    fn aside(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = self.disk.files();
        files.retain(|(path, _)| path.starts_with("/data/log/aside"));
        files
    }

    /// What was appended so far, and what else may be.
    pub(crate) fn model(&self) -> &Model {
        &self.model
    }

    pub(crate) fn workload(&self) -> &Workload {
        &self.workload
    }

    fn open(&self) -> Result<Life, Error> {
        self.open_on(&self.disk)
    }

    /// Opens the log that is on this disk.
    pub(crate) fn open_on(&self, disk: &SimDisk) -> Result<Life, Error> {
        let fs: Arc<dyn Fs> = Arc::new(disk.clone());
        let folder = PathBuf::from("/data/log");
        let storage = match DiskStorage::exists(&*fs, &folder)? {
            true => DiskStorage::open_with(fs, folder, FILES)?,
            false => DiskStorage::create_with(fs, folder, LogId(Uuid::from_u128(1)), FILES)?,
        };
        let storage = self.meanwhile.over(Arc::new(storage));
        let (journal, writer) = Journal::open_stepped(storage, self.env.clone(), options())?;
        let follower = journal.follow(Query::all(), Position::ZERO)?;
        Ok(Life {
            journal,
            writer: Arc::new(writer),
            follower,
            taking: None,
        })
    }

    fn step(&mut self, life: &mut Life) {
        let kinds = match self.upkeep {
            Upkeep::None => 8,
            Upkeep::Keeping => 10,
            Upkeep::BackingUp => 12,
        };
        match self.random.below(kinds) {
            0..=2 => self.submit(life),
            3 => drop(life.writer.check()),
            4 | 5 => drop(life.writer.commit()),
            6 => self.hear(),
            7 => self.look(life),
            8 => {
                let sealed = life.writer.seal();
                self.tried.seals += count(&sealed);
                self.keep("sealed", sealed);
            }
            9 => self.merge(life),
            _ => self.back_up(life),
        }
    }

    /// Merges; where backups are taken, others go on meanwhile.
    fn merge(&mut self, life: &Life) {
        let disk = self.disk.clone();
        let excused = move |error: &Error| disk.is_off() || error.is_retryable();
        let merged = match self.upkeep {
            Upkeep::BackingUp => {
                let aside = Random::new(self.random.draw());
                (0..self.random.below(4)).for_each(|_| self.submit(life));
                let turn = meanwhile::turn(&life.writer, aside, excused);
                self.meanwhile.merge(turn, || life.writer.merge())
            }
            _ => life.writer.merge(),
        };
        self.tried.merges += count(&merged);
        self.keep("merged", merged);
    }

    /// Somebody asks for a backup, or takes more of the one that is on its way.
    fn back_up(&mut self, life: &mut Life) {
        let step = match life.taking.take() {
            None => self.begin_backup(life),
            Some(mut taking) => {
                let bytes_max = 1 + self.random.below(BACKUP_BYTES_MAX);
                match taking.go_on(bytes_max) {
                    Ok(true) => {
                        self.taken.push(taking.arrived());
                        Ok(Step::Done)
                    }
                    Ok(false) => {
                        life.taking = Some(taking);
                        Ok(Step::Idle)
                    }
                    Err(error) => {
                        taking.assert_refused(&self.env);
                        Err(error)
                    }
                }
            }
        };
        self.keep("backed up", step);
    }

    /// A journal without threads must have no open batch when a backup is taken.
    fn begin_backup(&mut self, life: &mut Life) -> Result<Step, Error> {
        while life.writer.commit() == Step::Done {}
        let head = life.journal.head().position;
        let backup = life.journal.backup()?;
        assert_eq!(backup.head().position, head, "it ends at the head");
        life.taking = Some(Taking::begin(backup));
        Ok(Step::Idle)
    }

    /// Restores what was backed up, and holds it against the log.
    fn restore(&mut self, log: &[Event], journal: &Journal) {
        for taken in std::mem::take(&mut self.taken) {
            taken.check(log, journal, &self.model, &self.env);
            let workload = self.workload.clone();
            taken.go_on(&self.model, workload, &mut self.random, &self.env);
            self.restored += 1;
            self.note(&format!("restored up to {}", taken.position()));
        }
    }

    /// The background sealed or merged, or could not for now.
    fn keep(&mut self, what: &str, kept: Result<Step, Error>) {
        match kept {
            Ok(step) => self.note(&format!("{what} {step:?}")),
            Err(error) => {
                let excused = self.disk.is_off() || error.is_retryable();
                assert!(excused, "it is {what}: {error:?}");
                self.note(&format!("not {what}"));
            }
        }
    }

    fn submit(&mut self, life: &Life) {
        let head = life.journal.head().position;
        let append = self.workload.append(&mut self.random, head);
        self.note(&format!("{append:?}"));
        if let Ok(ticket) = life.journal.submit(append.clone(), None) {
            self.submitted.push(Submitted::new(append, ticket));
        }
    }

    /// Callers hear what became of their appends.
    fn hear(&mut self) {
        self.submitted.iter_mut().for_each(Submitted::hear);
    }

    /// A reader and a follower look at the log.
    fn look(&mut self, life: &mut Life) {
        self.seen.look(&life.journal, &mut life.follower);
    }

    /// Holds what was told against the log, in the order of the appends.
    fn reconcile(&mut self, log: &[Event], journal: &Journal) {
        let submitted = std::mem::take(&mut self.submitted);
        let submitted: Vec<&Submitted> = submitted.iter().collect();
        let explained = explain(&submitted, self.model.clone(), log, journal);
        self.model = explained.unwrap_or_else(|why| panic!("{why}"));
    }
}

/// All events of a log, in pages.
pub fn read_all(journal: &Journal) -> Vec<Event> {
    let mut events = Vec::new();
    let mut after = Position::ZERO;
    loop {
        let read = Read {
            direction: Direction::Forward { after },
            limit: 100,
            ..Read::default()
        };
        let page = journal.read(&read).expect("the log can be read");
        events.extend(page.events);
        after = page.scanned;
        if !page.more {
            return events;
        }
    }
}

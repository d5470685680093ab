//! What the tests have in common.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use headwater_event::{
    Append, Appended, Conflict, Error, Event, EventType, LogId, NewEvent, Outcome, Position,
    StreamName, Tag,
};
use headwater_journal::conformance::Place;
use headwater_journal::disk::fs::{Fs, StdFs};
use headwater_journal::env::{Env, SystemEnv};
use headwater_journal::{
    DiskOptions, DiskStorage, Journal, MemoryStorage, Options, Read, Step, Storage, Writer,
};
use tempfile::TempDir;

pub(crate) fn memory() -> Arc<MemoryStorage> {
    Arc::new(MemoryStorage::new(SystemEnv.log_id()))
}

pub(crate) fn open(storage: Arc<dyn Storage>) -> Journal {
    Journal::open(storage, Arc::new(SystemEnv), Options::default()).unwrap()
}

pub(crate) fn stream(name: &str) -> StreamName {
    StreamName::new(name).unwrap()
}

pub(crate) fn tag(name: &str) -> Tag {
    Tag::new(name).unwrap()
}

pub(crate) fn event_type(name: &str) -> EventType {
    EventType::new(name).unwrap()
}

/// An event of this type in this stream.
pub(crate) fn event(name: &str, in_stream: &str) -> NewEvent {
    NewEvent::json(event_type(name), "{}").in_stream(stream(in_stream))
}

pub(crate) fn one(name: &str, in_stream: &str) -> Append {
    Append::of(vec![event(name, in_stream)])
}

/// The same append with an id for each event, so that it can be retried.
pub(crate) fn with_ids(mut append: Append) -> Append {
    for event in &mut append.events {
        event.id = Some(SystemEnv.event_id());
    }
    append
}

#[track_caller]
pub(crate) fn appended(outcome: Outcome) -> Appended {
    match outcome {
        Outcome::Appended(appended) => appended,
        Outcome::Conflict(conflict) => panic!("{conflict}"),
    }
}

#[track_caller]
pub(crate) fn conflict(outcome: Outcome) -> Conflict {
    match outcome {
        Outcome::Appended(appended) => panic!("{appended:?}"),
        Outcome::Conflict(conflict) => conflict,
    }
}

/// The whole log.
pub(crate) fn events(journal: &Journal) -> Vec<Event> {
    let mut read = Read::default();
    let mut events = Vec::new();
    loop {
        let page = journal.read(&read).unwrap();
        events.extend(page.events);
        if !page.more {
            return events;
        }
        read.direction = headwater_journal::Direction::Forward {
            after: page.scanned,
        };
    }
}

pub(crate) fn positions(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.position.0).collect()
}

pub(crate) fn at(position: u64) -> Position {
    Position(position)
}

/// How far a future comes without waiting.
pub(crate) fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// A log in memory, which survives what is called a restart.
pub(crate) struct Memory(pub(crate) Arc<MemoryStorage>);

impl Place for Memory {
    fn storage(&self) -> Arc<dyn Storage> {
        Arc::clone(&self.0) as Arc<dyn Storage>
    }

    fn restart(&mut self) {
        self.0.crash();
    }
}

/// A log in a temporary directory.
pub(crate) struct Disk {
    dir: TempDir,
    fs: Arc<dyn Fs>,
    options: DiskOptions,
    storage: Option<Arc<DiskStorage>>,
}

impl Disk {
    pub(crate) fn new() -> Disk {
        Disk::on(Arc::new(StdFs))
    }

    pub(crate) fn on(fs: Arc<dyn Fs>) -> Disk {
        Disk::create(fs, SystemEnv.log_id())
    }

    pub(crate) fn create(fs: Arc<dyn Fs>, log_id: LogId) -> Disk {
        Disk::create_with(fs, log_id, DiskOptions::default())
    }

    /// With files that hold few commits.
    pub(crate) fn with_small_files(log_id: LogId) -> Disk {
        let options = DiskOptions {
            file_bytes_max: 8 << 10,
        };
        Disk::create_with(Arc::new(StdFs), log_id, options)
    }

    pub(crate) fn create_with(fs: Arc<dyn Fs>, log_id: LogId, options: DiskOptions) -> Disk {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("log");
        let storage = DiskStorage::create_with(Arc::clone(&fs), path, log_id, options);
        Disk {
            dir,
            options,
            fs,
            storage: Some(Arc::new(storage.unwrap())),
        }
    }

    /// The log that was made in `log` in this directory.
    pub(crate) fn at(dir: TempDir, options: DiskOptions) -> Disk {
        let mut disk = Disk {
            dir,
            options,
            fs: Arc::new(StdFs),
            storage: None,
        };
        disk.restart();
        disk
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    pub(crate) fn disk(&self) -> Arc<DiskStorage> {
        Arc::clone(self.storage.as_ref().unwrap())
    }

    /// Lets go of the log.
    pub(crate) fn close(&mut self) {
        self.storage = None;
    }

    /// Opens the log, which nobody has open.
    pub(crate) fn reopen(&self) -> Result<DiskStorage, Error> {
        DiskStorage::open_with(Arc::clone(&self.fs), self.path(), self.options)
    }

    /// The files of commits, by name.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.path()).unwrap();
        let mut paths: Vec<PathBuf> = entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "commits"))
            .collect();
        paths.sort();
        paths
    }
}

impl Place for Disk {
    fn storage(&self) -> Arc<dyn Storage> {
        self.disk()
    }

    fn restart(&mut self) {
        self.storage = None;
        let storage = self.reopen().unwrap();
        self.storage = Some(Arc::new(storage));
    }
}

/// The system's environment with a clock that tests set, and sleeps that are short.
pub(crate) struct TestEnv {
    micros: std::sync::atomic::AtomicI64,
    monotonic: std::sync::atomic::AtomicU64,
    slept: std::sync::atomic::AtomicU64,
    /// Microseconds that pass whenever somebody looks at the monotonic clock.
    tick: std::sync::atomic::AtomicU64,
}

impl TestEnv {
    pub(crate) fn at(seconds: i64) -> Arc<TestEnv> {
        let env = TestEnv {
            micros: 0.into(),
            monotonic: 0.into(),
            slept: 0.into(),
            tick: 0.into(),
        };
        env.set(seconds);
        Arc::new(env)
    }

    /// Sets the wall clock.
    pub(crate) fn set(&self, seconds: i64) {
        let micros = seconds * 1_000_000;
        self.micros
            .store(micros, std::sync::atomic::Ordering::SeqCst);
    }

    /// Lets time pass whenever somebody looks at the monotonic clock.
    pub(crate) fn tick(&self, time: std::time::Duration) {
        let micros = time.as_micros() as u64;
        self.tick.store(micros, std::sync::atomic::Ordering::SeqCst);
    }

    /// How long was asked to sleep, all together.
    pub(crate) fn slept(&self) -> std::time::Duration {
        let micros = self.slept.load(std::sync::atomic::Ordering::SeqCst);
        std::time::Duration::from_micros(micros)
    }

    /// Moves the monotonic clock.
    pub(crate) fn pass(&self, time: std::time::Duration) {
        let micros = time.as_micros() as u64;
        self.monotonic
            .fetch_add(micros, std::sync::atomic::Ordering::SeqCst);
    }
}

impl Env for TestEnv {
    fn now(&self) -> headwater_event::Timestamp {
        let micros = self.micros.load(std::sync::atomic::Ordering::SeqCst);
        headwater_event::Timestamp::from_micros(micros).unwrap()
    }

    fn monotonic(&self) -> std::time::Duration {
        let tick = self.tick.load(std::sync::atomic::Ordering::SeqCst);
        let micros = self
            .monotonic
            .fetch_add(tick, std::sync::atomic::Ordering::SeqCst);
        std::time::Duration::from_micros(micros)
    }

    fn event_id(&self) -> headwater_event::EventId {
        SystemEnv.event_id()
    }

    fn log_id(&self) -> LogId {
        SystemEnv.log_id()
    }

    fn spawn(&self, name: &str, work: Box<dyn FnOnce() + Send>) -> headwater_journal::env::Task {
        SystemEnv.spawn(name, work)
    }

    fn sleep(&self, pause: std::time::Duration) {
        let micros = pause.as_micros() as u64;
        self.slept
            .fetch_add(micros, std::sync::atomic::Ordering::SeqCst);
        SystemEnv.sleep(std::time::Duration::from_millis(1));
    }
}

/// Pieces of a few events, merged three at a time.
pub(crate) fn small() -> Options {
    Options {
        piece_bytes: 2 << 10,
        fan_in: 3,
        look_back_bytes: 0,
        ..Options::default()
    }
}

/// A journal of such pieces, and its writer to be moved by hand.
pub(crate) fn stepped(storage: Arc<dyn Storage>) -> (Journal, Writer) {
    Journal::open_stepped(storage, Arc::new(SystemEnv), small()).unwrap()
}

/// Seals and merges whatever is due.
pub(crate) fn keep(writer: &Writer) {
    while writer.seal().unwrap() == Step::Done {}
    while writer.merge().unwrap() == Step::Done {}
}

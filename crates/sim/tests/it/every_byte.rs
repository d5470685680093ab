//! Every single byte of every file of a small log, one at a time, is another: the log answers as it
//! did, or says that it is damaged.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use headwater_event::{
    Append, Error, Event, EventType, Kind, LogId, NewEvent, Position, Query, StreamName, Tag,
    tag_set,
};
use headwater_journal::{
    Direction, DiskOptions, DiskStorage, Journal, Options, Read, Step, Writer,
};
use headwater_sim::{Random, SimDisk, SimEnv};
use uuid::Uuid;

const FOLDER: &str = "/log";
const FILES: DiskOptions = DiskOptions {
    file_bytes_max: 8 << 10,
};

fn open(disk: &SimDisk) -> Result<(Journal, Writer), Error> {
    let storage = DiskStorage::open_with(Arc::new(disk.clone()), FOLDER, FILES)?;
    opened(storage)
}

fn opened(storage: DiskStorage) -> Result<(Journal, Writer), Error> {
    let options = Options {
        piece_bytes: 4 << 10,
        fan_in: 3,
        ..Options::default()
    };
    Journal::open_stepped(Arc::new(storage), Arc::new(SimEnv::default()), options)
}

/// An event in one of a few streams, with data that cannot be packed.
fn event(random: &mut Random) -> NewEvent {
    let tags = (0..random.below(3)).map(|tag| Tag::new(format!("tag:{tag}")).unwrap());
    let event_type = EventType::new(["Placed", "Paid"][random.below(2) as usize]).unwrap();
    let stream = StreamName::new(format!("order/{}", random.below(20))).unwrap();
    let data: Vec<u8> = (0..random.below(700))
        .map(|_| random.draw() as u8)
        .collect();
    NewEvent {
        tags: tag_set(tags.collect()).unwrap(),
        stream: Some(stream),
        content_type: Some("application/octet-stream".into()),
        ..NewEvent::json(event_type, data)
    }
}

/// A log of about 64 KiB: segments of several levels, a manifest, and a tail of two files.
fn written() -> SimDisk {
    let disk = SimDisk::new(1);
    let log = LogId(Uuid::from_u128(1));
    let storage = DiskStorage::create_with(Arc::new(disk.clone()), FOLDER, log, FILES).unwrap();
    let (journal, writer) = opened(storage).unwrap();
    let mut random = Random::new(7);
    for commit in 0..80 {
        let events = (0..1 + random.below(3)).map(|_| event(&mut random));
        let mut ticket = journal.submit(Append::of(events.collect()), None).unwrap();
        writer.run_once();
        ticket.try_outcome().unwrap().unwrap();
        while commit < 70 && writer.seal().unwrap() == Step::Done {}
        while commit < 70 && writer.merge().unwrap() == Step::Done {}
    }
    drop((journal, writer));
    disk.copy()
}

/// Events of a page; of one that cannot be read, each is read alone.
const PAGE: usize = 16;

#[derive(Debug, PartialEq)]
enum Answer {
    Events(Vec<Event>),
    Text(String),
}

fn read(
    journal: &Journal,
    query: Query,
    direction: Direction,
    limit: usize,
) -> Result<Answer, Error> {
    let read = Read {
        query,
        direction,
        limit,
        ..Read::default()
    };
    journal.read(&read).map(|page| Answer::Events(page.events))
}

/// Everything that is asked besides reading all events.
fn ask(journal: &Journal) -> Vec<Result<Answer, Error>> {
    let order = StreamName::new("order/7").unwrap();
    let forward = Direction::Forward {
        after: Position::ZERO,
    };
    let backward = Direction::Backward {
        before: Position::ZERO,
    };
    let mut answers = vec![
        read(journal, Query::stream(order), forward, 1_000),
        read(
            journal,
            Query::tag(Tag::new("tag:1").unwrap()),
            backward,
            1_000,
        ),
    ];
    let streams = journal.streams("", None, 100);
    answers.push(streams.map(|streams| Answer::Text(format!("{streams:?}"))));
    for position in (0..journal.head().position.0).step_by(40).map(Position) {
        let chain = journal.chain_at(position);
        answers.push(chain.map(|chain| Answer::Text(format!("{chain:?}"))));
    }
    answers
}

/// A log as it was written.
struct Whole {
    disk: SimDisk,
    events: Vec<Event>,
    answers: Vec<Answer>,
}

impl Whole {
    fn new(disk: SimDisk) -> Whole {
        let (journal, _) = open(&disk.copy()).unwrap();
        journal.verify(&mut |_| Ok(())).unwrap();
        let query = Query::all();
        let forward = Direction::Forward {
            after: Position::ZERO,
        };
        let Answer::Events(events) = read(&journal, query, forward, 1_000).unwrap() else {
            panic!("events were asked for");
        };
        Whole {
            events,
            answers: ask(&journal).into_iter().map(Result::unwrap).collect(),
            disk,
        }
    }

    /// Says whether anything names the file when this byte of it is changed.
    fn is_found(&self, path: &Path, at: usize, bits: u8) -> bool {
        let disk = self.disk.copy();
        disk.flip(path, at, bits);
        let name = path.file_name().unwrap().to_str().unwrap();
        let named = |error: &Error| {
            let is_named = error.kind() == Kind::Damaged && error.to_string().contains(name);
            assert!(is_named, "byte {at} of {name}: {error}");
        };
        let journal = match open(&disk) {
            Ok((journal, _)) => journal,
            Err(error) => {
                named(&error);
                return true;
            }
        };
        let verified = journal.verify(&mut |_| Ok(()));
        let mut is_found = verified.map_err(|error| named(&error)).is_err();
        is_found |= self.read_all(&journal, named);
        for (answer, whole) in ask(&journal).into_iter().zip(&self.answers) {
            match answer {
                Ok(answer) => assert!(answer == *whole, "byte {at} of {name}: {answer:?}"),
                Err(error) => {
                    named(&error);
                    is_found = true;
                }
            }
        }
        is_found
    }

    /// Every event is as it was, or cannot be read.
    fn read_all(&self, journal: &Journal, named: impl Fn(&Error)) -> bool {
        let mut is_found = false;
        let mut pages: Vec<(usize, usize)> = (0..self.events.len())
            .step_by(PAGE)
            .map(|after| (after, PAGE))
            .collect();
        while let Some((after, limit)) = pages.pop() {
            let from = Direction::Forward {
                after: Position(after as u64),
            };
            let upto = self.events.len().min(after + limit);
            match read(journal, Query::all(), from, limit) {
                Ok(Answer::Events(events)) => {
                    assert!(
                        events == self.events[after..upto],
                        "after {after}: {events:?}"
                    );
                }
                Ok(other) => panic!("{other:?}"),
                Err(error) => {
                    named(&error);
                    is_found = true;
                    if limit > 1 {
                        pages.extend((after..upto).map(|after| (after, 1)));
                    }
                }
            }
        }
        is_found
    }
}

/// Whether a byte counts: those of sealed commits that a file starts with, and those behind the last
/// commit, do not.
fn counts(files: &[(PathBuf, Vec<u8>)], file: usize, at: usize) -> bool {
    let (path, bytes) = &files[file];
    let is_commits = |path: &Path| path.extension().is_some_and(|it| it == "commits");
    let is_last = !files[file + 1..].iter().any(|(path, _)| is_commits(path));
    !is_commits(path) || is_last && bytes[at..].iter().any(|byte| *byte != 0)
}

#[test]
fn every_changed_byte_is_named_or_changes_nothing() {
    let disk = written();
    let files = disk.files();
    let bytes: Vec<(usize, usize)> = files
        .iter()
        .enumerate()
        .flat_map(|(file, (_, bytes))| (0..bytes.len()).map(move |at| (file, at)))
        .collect();
    assert!(bytes.len() > 64 << 10 && files.len() > 4, "{}", bytes.len());
    let whole = Whole::new(disk);
    let next = AtomicUsize::new(0);
    let look = || {
        while let Some((file, at)) = bytes.get(next.fetch_add(1, Ordering::Relaxed)) {
            let all = [1 << (at % 8), 0xff, 0x80];
            for bits in &all[..if crate::is_long() { 3 } else { 1 }] {
                let path = &files[*file].0;
                let is_found = whole.is_found(path, *at, *bits);
                let is_missed = !is_found && counts(&files, *file, *at);
                assert!(!is_missed, "byte {at} of {} is not found", path.display());
            }
        }
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|threads| (0..cores).for_each(|_| drop(threads.spawn(look))));
}

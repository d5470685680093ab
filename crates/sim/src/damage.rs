//! A life of a log with one bit that is not as it was written.
//!
//! It is lived on a copy of the disk, beside the log's own life. What is held:
//!
//! * Every question is answered as without the damage, or by an error that says `damaged`.
//! * Every append comes to what the model gives, or is refused because of the damage; nothing that
//!   was acknowledged is lost.
//! * Verifying finds the bit, wherever it is in a segment. Merging leaves the segment alone, unless
//!   the bit is of a part that is made anew.
//! * With the bit turned back the log is whole, with all that was appended meanwhile: nothing was
//!   decided, sealed or merged on wrong bytes.

use std::path::{Path, PathBuf};

use headwater_event::{Append, Error, Event, Kind, Outcome, Position, Query, QueryItem, Timestamp};
use headwater_journal::{Direction, Journal, Read, Step, Ticket};

use crate::model::{Model, Verdict};
use crate::workload;
use crate::world::{Life, World, read_all};
use crate::{Random, SimDisk, Survival};

/// Where a bit was changed, and what was said of it.
#[derive(Clone, Debug)]
pub struct Damage {
    /// The file.
    pub path: PathBuf,
    /// Which of its bytes.
    pub at: usize,
    /// Which of its bits.
    pub bit: u8,
    /// The log was refused when it was opened.
    pub refused: bool,
    /// How many questions were answered, and how many by the damage.
    pub answers: (u64, u64),
    /// How many appends were told what came of them, and how many were refused.
    pub appends: (u64, u64),
}

/// What a question is answered by.
type Answer = Result<String, Error>;

impl World {
    /// Changes a bit on a copy of the disk, and lives a life there. What `seed` draws is all that
    /// decides. To be called between a crash and the next life.
    pub fn live_with_damage(&self, seed: u64) -> Damage {
        let mut random = Random::new(seed);
        let disk = self.disk().copy();
        let healthy = self.open_on(&disk.copy());
        let healthy = healthy.unwrap_or_else(|error| panic!("it opens: {error}"));
        let (path, at) = some_byte(&disk, &mut random);
        let mut damage = Damage {
            path,
            at,
            bit: 1 << random.below(8),
            refused: false,
            answers: (0, 0),
            appends: (0, 0),
        };
        let questions = random.draw();
        let whole = damage.byte(&disk);
        disk.flip(&damage.path, at, damage.bit);
        match self.open_on(&disk) {
            Err(error) => {
                damage.refused = true;
                damage.check(&error);
                assert!(!damage.is_of_segment(), "no segment is read: {error}");
            }
            Ok(mut life) => {
                // Bytes behind the last commit count for nothing, and were cut off.
                let stands = damage.byte(&disk) != whole;
                damage.compare(&ask(&life, questions), &ask(&healthy, questions));
                let model = self.suffer(&mut life, &mut random, &mut damage);
                let answers = ask(&life, questions);
                let verified = life.journal.verify(&mut |_| Ok(()));
                let disk = disk.power_cycle(Survival::Everything);
                drop(life);
                let is_there = stands && damage.byte(&disk).is_some();
                match verified {
                    Ok(_) => assert!(!is_there || !damage.is_of_segment(), "it is not found"),
                    Err(error) => damage.check(&error),
                }
                if is_there {
                    disk.flip(&damage.path, at, damage.bit);
                }
                let healed = self.heal(&disk, model);
                damage.compare(&answers, &ask(&healed, questions));
            }
        }
        damage
    }

    /// Takes steps; gives the model with all that was appended, if all of it can be read.
    fn suffer(&self, life: &mut Life, random: &mut Random, damage: &mut Damage) -> Option<Model> {
        let mut submitted: Vec<(Append, Ticket)> = Vec::new();
        let mut workload = self.workload().clone();
        for _ in 0..60 {
            match random.below(8) {
                0..=2 => {
                    let append = workload.append(random, life.journal.head().position);
                    match life.journal.submit(append.clone(), None) {
                        Ok(ticket) => submitted.push((append, ticket)),
                        // What a condition looks back at may be what was damaged.
                        Err(error) => damage.answer_to_append(Err(&error)),
                    }
                }
                3 => drop(life.writer.check()),
                4 | 5 => drop(life.writer.commit()),
                6 => drop(life.writer.seal().map_err(|error| damage.check(&error))),
                _ => drop(life.writer.merge().map_err(|error| damage.check(&error))),
            }
        }
        let mut steps = 0..1_000;
        while life.writer.run_once() != Step::Idle {
            steps.next().expect("it comes to an end");
        }
        let mut model = self.model().clone();
        for (append, mut ticket) in submitted {
            let told = ticket.try_outcome().expect("all were decided");
            damage.answer_to_append(told.as_ref().map(|_| ()));
            if let Ok(outcome) = told {
                check_outcome(&life.journal, &mut model, &append, &outcome)?;
            }
        }
        Some(model)
    }

    /// Opens the log, which is whole: the bit was turned back, or was of what merging made anew.
    fn heal(&self, disk: &SimDisk, model: Option<Model>) -> Life {
        let healed = self.open_on(disk);
        let healed = healed.unwrap_or_else(|error| panic!("it opens when it is whole: {error}"));
        let verified = healed.journal.verify(&mut |_| Ok(()));
        verified.unwrap_or_else(|error| panic!("it verifies when it is whole: {error}"));
        if let Some(model) = model {
            model.assert_is(&read_all(&healed.journal));
        }
        healed
    }
}

impl Damage {
    /// The byte as it is now, if its file is there.
    fn byte(&self, disk: &SimDisk) -> Option<u8> {
        let files = disk.files();
        let file = files.iter().find(|(path, _)| *path == self.path);
        file.and_then(|(_, bytes)| bytes.get(self.at).copied())
    }

    fn is_of_segment(&self) -> bool {
        let ending = self.path.extension();
        ending.is_some_and(|ending| ending == "segment")
    }

    /// Counts what an append was told; an error must be that of the damage.
    fn answer_to_append(&mut self, told: Result<(), &Error>) {
        self.appends.0 += 1;
        if let Err(error) = told {
            self.appends.1 += 1;
            self.check(error);
        }
    }

    /// The error must be that of the damage, and say where it is.
    fn check(&self, error: &Error) {
        let name = self.path.file_name().and_then(|name| name.to_str());
        let is_named = error.to_string().contains(name.unwrap_or("a name"));
        assert!(
            error.kind() == Kind::Damaged && is_named,
            "{error:?} is of {}",
            self.path.display()
        );
    }

    /// Holds answers against those without the damage.
    fn compare(&mut self, answers: &[Answer], healthy: &[Answer]) {
        assert_eq!(answers.len(), healthy.len());
        for (answer, healthy) in answers.iter().zip(healthy) {
            let healthy = healthy.as_ref().expect("nothing is wrong with it");
            self.answers.0 += 1;
            match answer {
                Ok(answer) => assert_eq!(answer, healthy, "{} is damaged", self.path.display()),
                Err(error) => {
                    self.answers.1 += 1;
                    self.check(error);
                }
            }
        }
    }
}

/// Holds an outcome against the model, and takes the append in. Says no if what was written cannot
/// be read.
fn check_outcome(
    journal: &Journal,
    model: &mut Model,
    append: &Append,
    outcome: &Outcome,
) -> Option<()> {
    let verdict = model.decide(append);
    assert_eq!(Verdict::of(outcome), verdict, "{append:?}");
    if let Verdict::Appended(first) = verdict {
        let read = Read {
            direction: Direction::Forward {
                after: Position(first.0 - 1),
            },
            limit: append.events.len(),
            ..Read::default()
        };
        let written = journal.read(&read).ok()?.events;
        model.apply(append, &written);
    }
    Some(())
}

/// Some byte of a file of the log, more often than not of a segment.
fn some_byte(disk: &SimDisk, random: &mut Random) -> (PathBuf, usize) {
    let mut files = disk.files();
    files
        .retain(|(path, bytes)| path.parent() == Some(Path::new("/data/log")) && !bytes.is_empty());
    let is_segment =
        |(path, _): &(PathBuf, Vec<u8>)| path.extension().is_some_and(|ending| ending == "segment");
    if files.iter().any(is_segment) && !random.once_in(4) {
        files.retain(is_segment);
    }
    let (path, bytes) = files.swap_remove(random.below(files.len() as u64) as usize);
    (path, random.below(bytes.len() as u64) as usize)
}

/// Asks a log all kinds of questions, of which the seed draws some.
fn ask(life: &Life, seed: u64) -> Vec<Answer> {
    let (journal, mut random) = (&life.journal, Random::new(seed));
    let mut answers = vec![Ok(format!("{:?}", journal.head()))];
    for query in queries(&mut random) {
        let forward = Direction::Forward {
            after: Position::ZERO,
        };
        let backward = Direction::Backward {
            before: Position::ZERO,
        };
        let limit = 1 + random.below(30) as usize;
        for direction in [forward, backward] {
            answers.push(page(journal, &query, direction, limit));
        }
    }
    let head = journal.head().position.0;
    for position in (0..8).map(|_| Position(random.below(head + 1))) {
        let forward = Direction::Forward { after: position };
        answers.push(page(journal, &Query::all(), forward, 3));
        answers.push(journal.chain_at(position).map(|chain| format!("{chain:?}")));
        let instant = Timestamp::from_micros(1_767_225_600_000_000 + position.0 as i64 * 9_000);
        let at = journal.position_at(instant.unwrap_or(Timestamp::MAX));
        answers.push(at.map(|position| format!("{position}")));
    }
    for prefix in ["", "s/1"] {
        let streams = journal.streams(prefix, None, 100);
        answers.push(streams.map(|streams| format!("{streams:?}")));
    }
    answers
}

fn page(journal: &Journal, query: &Query, direction: Direction, limit: usize) -> Answer {
    let read = Read {
        query: query.clone(),
        direction,
        limit,
        ..Read::default()
    };
    let events = |events: &[Event]| format!("{events:?}");
    journal.read(&read).map(|page| events(&page.events))
}

fn queries(random: &mut Random) -> Vec<Query> {
    let of = |item| Query { items: vec![item] };
    let nothing = QueryItem::default;
    vec![
        Query::all(),
        of(QueryItem {
            stream: Some(workload::stream(random)),
            ..nothing()
        }),
        of(QueryItem {
            types: vec![workload::event_type(random)],
            tags: vec![workload::tag(random)],
            ..nothing()
        }),
        of(QueryItem {
            category: Some("s".into()),
            tags: vec![workload::tag(random), workload::tag(random)],
            ..nothing()
        }),
    ]
}

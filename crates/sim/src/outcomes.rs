//! One log in memory, whose storage answers as it likes: a commit is written or not, told to be or
//! not, on its way, or said to be another's.
//!
//! What is held is what [`World`](crate::World) holds. A commit that is on its way when a process
//! dies may land while the next one is at work: then it stands somewhere among what that one
//! appended, or nowhere.

use std::sync::Arc;

use headwater_event::{ChainHash, Error, LogId, Position, Query};
use headwater_journal::{
    Fault, Follower, Journal, MemoryStorage, PublishFault, Step, Storage, Writer,
};
use uuid::Uuid;

use crate::meanwhile::{self, Meanwhile};
use crate::model::Model;
use crate::seen::Seen;
use crate::submitted::{Submitted, explain};
use crate::tried::count;
use crate::world::{LARGE_ONCE_IN, options, read_all};
use crate::{Random, SimEnv, Tried, Workload};

/// A log in memory, and what is known of it.
pub struct Outcomes {
    random: Random,
    storage: Arc<MemoryStorage>,
    env: Arc<SimEnv>,
    workload: Workload,
    model: Model,
    /// What was appended in each life since the last crash.
    lives: Vec<Vec<Submitted>>,
    seen: Seen,
    faults: u64,
    tried: Tried,
    meanwhile: Meanwhile,
    trace: ChainHash,
}

/// A log that is open.
struct Life {
    journal: Journal,
    writer: Arc<Writer>,
    follower: Follower,
    submitted: Vec<Submitted>,
}

impl Outcomes {
    /// An empty log.
    pub fn new(seed: u64) -> Outcomes {
        Outcomes {
            random: Random::new(seed),
            storage: Arc::new(MemoryStorage::new(LogId(Uuid::from_u128(1)))),
            env: Arc::default(),
            workload: match Random::new(!seed).once_in(LARGE_ONCE_IN) {
                true => Workload::large(),
                false => Workload::default(),
            },
            model: Model::default(),
            lives: Vec::new(),
            seen: Seen::default(),
            faults: 0,
            tried: Tried::default(),
            meanwhile: Meanwhile::default(),
            trace: ChainHash::START,
        }
    }

    /// A hash of everything that happened: the same seed gives the same one.
    pub fn trace(&self) -> ChainHash {
        self.trace
    }

    /// Position of the last event that is known to be in the log.
    pub fn head(&self) -> Position {
        self.model.head()
    }

    /// How many faults there were.
    pub fn faults(&self) -> u64 {
        self.faults
    }

    /// How often what happened.
    pub fn tried(&self) -> Tried {
        let mut tried = self.tried;
        tried += self.meanwhile.tried();
        tried
    }

    fn note(&mut self, what: &str) {
        self.trace = self.trace.then(what.as_bytes());
    }

    /// Opens the log, takes `steps`, and stops as if the process had died. What is on its way stays
    /// there.
    pub fn live(&mut self, steps: u64) {
        self.storage.reopen();
        let mut life = self.open();
        let calm = self.random.once_in(2);
        for _ in 0..steps {
            self.step(&mut life, calm);
        }
        life.submitted.iter_mut().for_each(Submitted::hear);
        self.lives.push(life.submitted);
    }

    /// The storage loses what is not durable and what is on its way; the next process must find what
    /// was promised.
    pub fn crash(&mut self) {
        self.storage.crash();
        self.set_capacity(None);
        let life = self.open();
        let log = read_all(&life.journal);
        let model = self.explain(&life.journal);
        self.model = model.unwrap_or_else(|why| panic!("{why}"));
        std::mem::take(&mut self.seen).check(&log, &life.journal);
        let verified = life.journal.verify(&mut |_| Ok(()));
        verified.expect("the log verifies");
        let head = life.journal.head();
        self.note(&format!("{} {}", head.position, head.chain));
    }

    /// The model that explains all that was told since the last crash. What was unclear at the end of
    /// a life may have landed anywhere in the next one.
    fn explain(&mut self, journal: &Journal) -> Result<Model, String> {
        let log = read_all(journal);
        let lives = std::mem::take(&mut self.lives);
        let [first, second] = &lives[..] else {
            panic!("two lives between crashes");
        };
        let unclear = || first.iter().filter(|one| one.is_unclear());
        let mut whole = Err(String::new());
        for at in 0..=second.len() {
            let (before, behind) = second.split_at(at);
            let order = first.iter().chain(before).chain(unclear()).chain(behind);
            let order: Vec<&Submitted> = order.collect();
            whole = explain(&order, self.model.clone(), &log, journal);
            if whole.is_ok() {
                break;
            }
        }
        whole
    }

    fn open(&self) -> Life {
        let storage = self.meanwhile.over(self.storage.clone());
        let opened = Journal::open_stepped(storage, self.env.clone(), options());
        let (journal, writer) = opened.expect("it opens");
        let follower = journal.follow(Query::all(), Position::ZERO);
        Life {
            follower: follower.expect("it can be followed"),
            journal,
            writer: Arc::new(writer),
            submitted: Vec::new(),
        }
    }

    /// In a calm life less goes wrong: the log grows.
    fn step(&mut self, life: &mut Life, calm: bool) {
        match self.random.below(15) {
            0..=2 => self.submit(life),
            3 => drop(life.writer.check()),
            4 | 5 => drop(life.writer.commit()),
            6 => life.submitted.iter_mut().for_each(Submitted::hear),
            7 => self.seen.look(&life.journal, &mut life.follower),
            8 | 9 => {
                let sealed = life.writer.seal();
                self.tried.seals += count(&sealed);
                self.keep("sealed", sealed);
            }
            10 | 11 => self.merge(life),
            12 if calm => self.change_room(),
            _ if calm && !self.random.once_in(6) => {}
            12 | 13 => self.inject(),
            _ => self.inject_elsewhere(),
        }
    }

    fn submit(&mut self, life: &mut Life) {
        let head = life.journal.head().position;
        let append = self.workload.append(&mut self.random, head);
        self.note(&format!("{append:?}"));
        if let Ok(ticket) = life.journal.submit(append.clone(), None) {
            life.submitted.push(Submitted::new(append, ticket));
        }
    }

    /// Merges, while others go on.
    fn merge(&mut self, life: &mut Life) {
        let aside = Random::new(self.random.draw());
        (0..self.random.below(4)).for_each(|_| self.submit(life));
        let turn = meanwhile::turn(&life.writer, aside, Error::is_retryable);
        let merged = self.meanwhile.merge(turn, || life.writer.merge());
        self.tried.merges += count(&merged);
        self.keep("merged", merged);
    }

    /// The background sealed or merged, or could not for now.
    fn keep(&mut self, what: &str, kept: Result<Step, Error>) {
        match kept {
            Ok(step) => self.note(&format!("{what} {step:?}")),
            Err(error) => {
                assert!(error.is_retryable(), "it is {what}: {error:?}");
                self.note(&format!("not {what}"));
            }
        }
    }

    /// Something is to happen to an append to come.
    fn inject(&mut self) {
        let fault = match self.random.below(7) {
            0 => Fault::Failed,
            1 => Fault::UnknownWritten,
            2 => Fault::UnknownLost,
            3 => Fault::LostSync,
            4 => Fault::ShortWrite {
                bytes: self.random.below(100) as usize,
            },
            5 => Fault::TakenUnread,
            _ => Fault::Late {
                calls: 1 + self.random.below(12) as u32,
            },
        };
        self.storage.inject(fault);
        self.faults += 1;
        self.note(&format!("{fault:?}"));
        if self.random.once_in(3) {
            // The next attempt says for certain that it did nothing: that is not of the one before.
            self.storage.inject(Fault::Failed);
            self.faults += 1;
        }
    }

    /// Something is to happen to segments, to a manifest, or to what there is room for.
    fn inject_elsewhere(&mut self) {
        self.faults += 1;
        match self.random.below(7) {
            0 => self.storage.inject_publish(PublishFault::Failed),
            1 => self.storage.inject_publish(PublishFault::UnknownPublished),
            2 => self.storage.inject_publish(PublishFault::UnknownLost),
            3 => self.storage.fail_puts(1),
            _ => self.change_room(),
        }
    }

    /// There is all room, or little: a commit fits, or only a small one; a segment, or its first bytes.
    fn change_room(&mut self) {
        let some = [(0, 500), (1_000, 2_000), (2_000, 4_000), (120_000, 200_000)];
        let room = some.get(self.random.below(6) as usize);
        let room = room.map(|(least, more)| self.used() + least + self.random.below(*more));
        self.set_capacity(room.map(|room| room as usize));
    }

    fn set_capacity(&self, bytes_max: Option<usize>) {
        self.storage.set_capacity(bytes_max);
        self.meanwhile.room_changes();
    }

    /// Bytes of all that is there.
    fn used(&self) -> u64 {
        let names = self.storage.list().expect("memory can be read");
        let bytes = |name| self.storage.get(name).expect("it is there").len();
        self.storage.tail_bytes() + names.into_iter().map(bytes).sum::<u64>()
    }
}

//! A storage in memory, with faults on demand.
//!
//! It holds commits as the frames that a file would hold, so that a flipped bit is found as it
//! would be there. It is the fault model that the journal is tested against: every outcome that a
//! storage may answer with, and every way in which an attempt can come to it.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use headwater_event::{Error, Kind, LogId};

use crate::disk::frame::{self, Header, Salt};
use crate::{Commit, Seq, Storage, Written};

/// What is to happen to an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not written: [`Written::Failed`].
    Failed,
    /// It is written, and the answer is lost: [`Written::Unknown`].
    UnknownWritten,
    /// It is not written, and nobody knows: [`Written::Unknown`].
    UnknownLost,
    /// It is on its way, [`Written::Unknown`], and lands after so many more calls, if its number is
    /// free then.
    Late {
        /// Appends and reads until then.
        calls: u32,
    },
    /// It can be read, but a crash loses it: [`Written::Unknown`].
    LostSync,
    /// So many of its bytes are written: [`Written::Unknown`].
    ShortWrite {
        /// Less than the whole.
        bytes: usize,
    },
    /// Its number is said to be taken, and there is nothing to read.
    TakenUnread,
    /// The storage panics.
    Panic,
}

struct Slot {
    frame: Bytes,
    /// Survives a crash.
    durable: bool,
}

struct OnItsWay {
    seq: Seq,
    frame: Bytes,
    calls: u32,
}

#[derive(Default)]
struct State {
    slots: Vec<Slot>,
    /// Bytes of all of them.
    bytes: usize,
    late: Vec<OnItsWay>,
    faults: VecDeque<Fault>,
    bytes_max: Option<usize>,
    held: bool,
}

/// Keeps commits in memory. Whoever shares it sees the same log.
pub struct MemoryStorage {
    log_id: LogId,
    state: Mutex<State>,
    released: Condvar,
}

impl MemoryStorage {
    /// An empty log.
    pub fn new(log_id: LogId) -> MemoryStorage {
        MemoryStorage {
            log_id,
            state: Mutex::default(),
            released: Condvar::new(),
        }
    }

    /// Makes the next append without a fault yet come to this one.
    pub fn inject(&self, fault: Fault) {
        self.lock().faults.push_back(fault);
    }

    /// Allows so many bytes; a commit that does not fit fails as on a full disk.
    pub fn set_capacity(&self, bytes_max: Option<usize>) {
        self.lock().bytes_max = bytes_max;
    }

    /// Makes appends wait until [`release`](Self::release).
    pub fn hold(&self) {
        self.lock().held = true;
    }

    /// Lets appends go on.
    pub fn release(&self) {
        self.lock().held = false;
        self.released.notify_all();
    }

    /// Flips a bit of a commit's frame; says whether there is such a bit.
    pub fn flip(&self, seq: Seq, bit: usize) -> bool {
        let mut state = self.lock();
        let slot = seq
            .0
            .checked_sub(1)
            .and_then(|at| state.slots.get_mut(at as usize));
        let Some(slot) = slot.filter(|slot| bit / 8 < slot.frame.len()) else {
            return false;
        };
        let mut frame = slot.frame.to_vec();
        frame[bit / 8] ^= 1 << (bit % 8);
        slot.frame = frame.into();
        true
    }

    /// Loses what is not durable, and what is on its way.
    pub fn crash(&self) {
        let mut state = self.lock();
        let durable = state.slots.iter().take_while(|slot| slot.durable).count();
        state.slots.truncate(durable);
        state.bytes = state.slots.iter().map(|slot| slot.frame.len()).sum();
        state.late.clear();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn salt(&self) -> Salt {
        Salt::new(self.log_id, Seq::FIRST)
    }

    fn decode(&self, seq: Seq, frame: &Bytes) -> Result<Commit, Error> {
        let header = Header::decode(frame, self.salt());
        let commit = header
            .filter(|header| header.seq == seq && header.frame_len() <= frame.len())
            .and_then(|header| frame::decode(&header, frame, self.salt()).ok());
        commit.ok_or_else(|| {
            Error::damaged(format!("commit {seq} in memory is not what was written"))
                .found("a wrong checksum")
                .expected(format!("the frame of commit {seq}"))
                .action("restore this log from a backup")
        })
    }
}

impl State {
    /// Lets what is on its way come one call nearer.
    fn pass(&mut self) {
        for attempt in &mut self.late {
            attempt.calls = attempt.calls.saturating_sub(1);
        }
        let (landed, late) = std::mem::take(&mut self.late)
            .into_iter()
            .partition(|attempt| attempt.calls == 0);
        self.late = late;
        for attempt in landed {
            if attempt.seq == self.next() {
                self.put(attempt.frame, true);
            }
        }
    }

    fn next(&self) -> Seq {
        Seq(self.slots.len() as u64 + 1)
    }

    fn put(&mut self, frame: Bytes, durable: bool) {
        self.bytes += frame.len();
        self.slots.push(Slot { frame, durable });
    }

    fn write(&mut self, seq: Seq, frame: Bytes, fault: Option<Fault>) -> Written {
        match fault {
            None => self.put(frame, true),
            Some(Fault::Failed) => return Written::Failed(injected()),
            Some(Fault::UnknownWritten) => self.put(frame, true),
            Some(Fault::UnknownLost) => {}
            Some(Fault::Late { calls }) => self.late.push(OnItsWay { seq, frame, calls }),
            Some(Fault::LostSync) => self.put(frame, false),
            // Part of a frame is no commit, and the next attempt writes over it.
            Some(Fault::ShortWrite { bytes }) => debug_assert!(bytes < frame.len()),
            Some(Fault::TakenUnread) => return Written::Taken,
            Some(Fault::Panic) => panic!("a panic on demand"),
        }
        match fault {
            None => Written::Appended,
            Some(_) => Written::Unknown(injected()),
        }
    }
}

impl Storage for MemoryStorage {
    fn log_id(&self) -> LogId {
        self.log_id
    }

    fn append(&self, seq: Seq, commit: &Commit) -> Written {
        let mut state = self.lock();
        while state.held {
            state = self
                .released
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.pass();
        if seq < state.next() {
            // The same bytes again make sure of a commit that was not durable.
            if let Some(slot) = state.slots.get_mut(seq.0 as usize - 1) {
                let same = self
                    .decode(seq, &slot.frame)
                    .is_ok_and(|found| found == *commit);
                slot.durable |= same;
            }
            return Written::Taken;
        }
        if seq > state.next() {
            return Written::Failed(injected().found("a gap in the numbers"));
        }
        let mut frame = Vec::new();
        frame::encode(&mut frame, self.salt(), 0, seq, commit);
        let most = state.bytes_max.unwrap_or(usize::MAX);
        if state.bytes + frame.len() > most {
            return Written::Failed(full(most));
        }
        let fault = state.faults.pop_front();
        state.write(seq, frame.into(), fault)
    }

    fn read(&self, seq: Seq, bytes_max: usize) -> Result<Vec<Commit>, Error> {
        let mut state = self.lock();
        state.pass();
        let mut bytes = 0;
        let mut commits = Vec::new();
        let from = (seq.0 as usize).saturating_sub(1);
        for (at, slot) in state.slots.iter().enumerate().skip(from) {
            bytes += slot.frame.len();
            if bytes > bytes_max && !commits.is_empty() {
                break;
            }
            commits.push(self.decode(Seq(at as u64 + 1), &slot.frame)?);
        }
        Ok(commits)
    }
}

fn injected() -> Error {
    Error::new(Kind::Unavailable, "storage", "a fault on demand")
}

fn full(most: usize) -> Error {
    Error::new(Kind::Full, "disk_full", "the memory storage is full")
        .expected(format!("at most {most} bytes"))
        .action("make room; appends go on by themselves")
}

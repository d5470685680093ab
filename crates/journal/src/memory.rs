//! A storage in memory, with faults on demand.
//!
//! It keeps what a directory would keep, and [`MemoryStorage::crash`] does to it what the end of the
//! process and the next opening do: what was not durable is lost, and what nobody needs is removed.
//!
//! It holds commits as the frames that a file would hold, so that a flipped bit is found as it
//! would be there. It is the fault model that the journal is tested against: every outcome that a
//! storage may answer with, and every way in which an attempt can come to it.

mod new_log;
mod segment;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use headwater_event::{Error, Kind, LogId};

use crate::disk::frame::{self, Header, Salt};
use crate::errors;
use crate::manifest::{Manifest, SegmentInfo, SegmentName};
use crate::storage::{SegmentBytes, SegmentSink, Stored};
use crate::{Commit, Seq, Storage, Written};
pub use new_log::NewMemoryLog;
use segment::{MemorySegment, MemorySink};

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

/// What is to happen to a publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublishFault {
    /// The manifest stays as it is, for certain.
    Failed,
    /// It is replaced, and the answer is lost.
    UnknownPublished,
    /// It is not replaced, and nobody knows.
    UnknownLost,
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
    /// The commits that were not dropped.
    slots: VecDeque<Slot>,
    /// How many were dropped before them.
    dropped: u64,
    manifest: Manifest,
    segments: BTreeMap<SegmentName, Bytes>,
    publish_faults: VecDeque<PublishFault>,
    puts_to_fail: u32,
    late: Vec<OnItsWay>,
    faults: VecDeque<Fault>,
    bytes_max: Option<usize>,
    held: bool,
}

/// Keeps a log in memory. Whoever shares it sees the same log.
pub struct MemoryStorage {
    log_id: LogId,
    state: Arc<Mutex<State>>,
    released: Condvar,
}

impl MemoryStorage {
    /// An empty log.
    pub fn new(log_id: LogId) -> MemoryStorage {
        MemoryStorage {
            log_id,
            state: Arc::default(),
            released: Condvar::new(),
        }
    }

    /// Makes the next append without a fault yet come to this one.
    pub fn inject(&self, fault: Fault) {
        self.lock().faults.push_back(fault);
    }

    /// Makes the next publish without a fault yet come to this one.
    pub fn inject_publish(&self, fault: PublishFault) {
        self.lock().publish_faults.push_back(fault);
    }

    /// Makes so many of the next segments fail when they are finished.
    pub fn fail_puts(&self, count: u32) {
        self.lock().puts_to_fail = count;
    }

    /// Allows so many bytes; what does not fit fails as on a full disk.
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
        let slot = state.slot_mut(seq);
        slot.is_some_and(|slot| flip(&mut slot.frame, bit))
    }

    /// Flips a bit of a segment, for who opens it afterwards; says whether there is such a bit.
    pub fn flip_segment(&self, name: SegmentName, bit: usize) -> bool {
        let mut state = self.lock();
        let bytes = state.segments.get_mut(&name);
        bytes.is_some_and(|bytes| flip(bytes, bit))
    }

    /// Loses what is not durable, what is on its way, and what an opening removes: commits that are
    /// in segments, and segments that the manifest does not name.
    pub fn crash(&self) {
        let mut state = self.lock();
        let durable = state.slots.iter().take_while(|slot| slot.durable).count();
        state.slots.truncate(durable);
        state.late.clear();
        let manifest = state.manifest.clone();
        state.drop_below(manifest.next);
        let is_named = |name: &SegmentName| manifest.segment(*name).is_some();
        state.segments.retain(|name, _| is_named(name));
    }

    /// Makes durable what can be read, as the next opening does before it shows anything. What is on
    /// its way stays there: only the process ended, and not the storage.
    pub fn reopen(&self) {
        let mut state = self.lock();
        state.slots.iter_mut().for_each(|slot| slot.durable = true);
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
        Seq(self.dropped + self.slots.len() as u64 + 1)
    }

    /// Where a commit is among those that are here.
    fn place(&self, seq: Seq) -> Option<usize> {
        seq.0
            .checked_sub(self.dropped + 1)
            .map(|place| place as usize)
    }

    fn slot_mut(&mut self, seq: Seq) -> Option<&mut Slot> {
        let place = self.place(seq)?;
        self.slots.get_mut(place)
    }

    fn drop_below(&mut self, seq: Seq) {
        while self.dropped + 1 < seq.0 && self.slots.pop_front().is_some() {
            self.dropped += 1;
        }
    }

    fn tail_bytes(&self) -> usize {
        self.slots.iter().map(|slot| slot.frame.len()).sum()
    }

    /// Whether so many more bytes are allowed.
    fn has_room(&self, bytes: usize) -> bool {
        self.bytes_max.is_none_or(|most| {
            let segments: usize = self.segments.values().map(Bytes::len).sum();
            self.tail_bytes() + segments + bytes <= most
        })
    }

    fn put(&mut self, frame: Bytes, durable: bool) {
        self.slots.push_back(Slot { frame, durable });
    }

    fn check_unused(&self, name: SegmentName) -> Result<(), Error> {
        match self.manifest.segment(name) {
            Some(_) => Err(errors::segment_in_use(name)),
            None => Ok(()),
        }
    }

    /// Checks that a segment is there, as long as the manifest says.
    fn check_segment(&self, info: &SegmentInfo) -> Result<(), Error> {
        let found = self
            .segments
            .get(&info.name)
            .map(|bytes| bytes.len() as u64);
        if found == Some(info.bytes) {
            return Ok(());
        }
        let found = found.map_or("none".to_owned(), |bytes| format!("{bytes} bytes"));
        Err(Error::damaged(format!("{} is not in memory", info.name))
            .found(found)
            .expected(format!("{} bytes", info.bytes)))
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
            Some(Fault::ShortWrite { bytes }) => assert!(bytes < frame.len()),
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
            if let Some(slot) = state.slot_mut(seq) {
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
        if !state.has_room(frame.len()) {
            return Written::Failed(full(state.bytes_max));
        }
        let fault = state.faults.pop_front();
        state.write(seq, frame.into(), fault)
    }

    fn read(&self, seq: Seq, bytes_max: usize) -> Result<Stored, Error> {
        let mut state = self.lock();
        state.pass();
        if seq < state.manifest.next {
            return Ok(Stored::Sealed(state.manifest.next));
        }
        let mut bytes = 0;
        let mut commits = Vec::new();
        let from = state.place(seq).unwrap_or_default();
        for (at, slot) in state.slots.iter().enumerate().skip(from) {
            bytes += slot.frame.len();
            if bytes > bytes_max && !commits.is_empty() {
                break;
            }
            let seq = Seq(state.dropped + at as u64 + 1);
            commits.push(self.decode(seq, &slot.frame)?);
        }
        Ok(Stored::Commits(commits))
    }

    fn manifest(&self) -> Result<Manifest, Error> {
        Ok(self.lock().manifest.clone())
    }

    fn publish(&self, manifest: &Manifest) -> Result<(), Error> {
        let mut state = self.lock();
        manifest.check_replaces(&state.manifest, state.next())?;
        for info in manifest.not_in(&state.manifest) {
            state.check_segment(info)?;
        }
        let fault = state.publish_faults.pop_front();
        if matches!(fault, None | Some(PublishFault::UnknownPublished)) {
            state.manifest = manifest.clone();
        }
        fault.map_or(Ok(()), |_| Err(injected()))
    }

    fn drop_below(&self, seq: Seq) -> Result<(), Error> {
        let mut state = self.lock();
        let next = state.manifest.next;
        state.drop_below(seq.min(next));
        Ok(())
    }

    fn put(&self, name: SegmentName) -> Result<Box<dyn SegmentSink>, Error> {
        self.lock().check_unused(name)?;
        Ok(Box::new(MemorySink::new(Arc::clone(&self.state), name)))
    }

    fn get(&self, name: SegmentName) -> Result<Arc<dyn SegmentBytes>, Error> {
        let state = self.lock();
        match state.segments.get(&name) {
            Some(bytes) => Ok(Arc::new(MemorySegment {
                name,
                bytes: bytes.clone(),
            })),
            None => {
                let message = format!("there is no segment {name} in memory");
                Err(match state.manifest.segment(name) {
                    Some(_) => Error::damaged(message),
                    None => Error::new(Kind::NotFound, "no_segment", message),
                })
            }
        }
    }

    fn list(&self) -> Result<Vec<SegmentName>, Error> {
        Ok(self.lock().segments.keys().copied().collect())
    }

    fn remove(&self, name: SegmentName) -> Result<(), Error> {
        let mut state = self.lock();
        state.check_unused(name)?;
        state.segments.remove(&name);
        Ok(())
    }

    fn make_ready(&self) -> Result<(), Error> {
        Ok(())
    }

    fn tail_bytes(&self) -> u64 {
        self.lock().tail_bytes() as u64
    }
}

/// Flips a bit; says whether there is such a bit.
fn flip(bytes: &mut Bytes, bit: usize) -> bool {
    let mut changed = bytes.to_vec();
    let Some(byte) = changed.get_mut(bit / 8) else {
        return false;
    };
    *byte ^= 1 << (bit % 8);
    *bytes = changed.into();
    true
}

fn injected() -> Error {
    Error::new(Kind::Unavailable, "storage", "a fault on demand")
}

fn full(bytes_max: Option<usize>) -> Error {
    Error::new(Kind::Full, "disk_full", "the memory storage is full")
        .expected(format!("at most {} bytes", bytes_max.unwrap_or(usize::MAX)))
        .action("make room; appends go on by themselves")
}

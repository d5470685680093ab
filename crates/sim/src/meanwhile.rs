//! A storage in which others have their turn while a segment is made, as threads would have it.
//!
//! ```text
//!   merge:  put ──▶ write ──▶ ... ──▶ finish
//!            └ turn  └ turn              what is sealed here may be merged before the merge goes on
//! ```

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use headwater_event::{Error, Kind, LogId};
use headwater_journal::{
    Commit, Manifest, SegmentBytes, SegmentName, SegmentSink, Seq, Storage, Stored, Writer, Written,
};

use crate::{Random, Tried};

/// What others do when it is their turn. Nobody has a turn within one.
pub(crate) type Turn = Box<dyn FnMut() + Send>;

/// Who gives turns, and counts what the storage was asked. A clone is the same.
#[derive(Clone, Default)]
pub(crate) struct Meanwhile(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    turn: Option<Turn>,
    puts: u64,
    /// A segment did not fit, and there is no more room since.
    is_full: bool,
    tried: Tried,
}

/// Commits, or seals what is ready, some times. An error of sealing must be `excused`.
pub(crate) fn turn(
    writer: &Arc<Writer>,
    mut random: Random,
    excused: impl Fn(&Error) -> bool + Send + 'static,
) -> Turn {
    let writer = Arc::clone(writer);
    Box::new(move || {
        for _ in 0..random.below(12) {
            if random.once_in(3) {
                writer.run_once();
            } else if let Err(error) = writer.seal() {
                assert!(excused(&error), "it is sealed beside a merge: {error:?}");
            }
        }
    })
}

impl Meanwhile {
    /// The storage, with turns.
    pub(crate) fn over(&self, inner: Arc<dyn Storage>) -> Arc<dyn Storage> {
        let meanwhile = self.clone();
        Arc::new(Shared { inner, meanwhile })
    }

    /// Merges, and gives others their turn at every put and write.
    pub(crate) fn merge<T>(&self, turn: Turn, merge: impl FnOnce() -> T) -> T {
        let mut state = self.state();
        (state.turn, state.puts) = (Some(turn), 0);
        drop(state);
        let merged = merge();
        let mut state = self.state();
        state.turn = None;
        state.tried.merges_within += state.puts.saturating_sub(1);
        merged
    }

    /// What fits is to be seen anew.
    pub(crate) fn room_changes(&self) {
        self.state().is_full = false;
    }

    /// What the storage was asked.
    pub(crate) fn tried(&self) -> Tried {
        self.state().tried
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give_turn(&self) {
        let turn = self.state().turn.take();
        if let Some(mut turn) = turn {
            turn();
            self.state().turn = Some(turn);
        }
    }
}

struct Shared {
    inner: Arc<dyn Storage>,
    meanwhile: Meanwhile,
}

impl Shared {
    /// Counts it where the tail grew by what this call has not written.
    fn note_landed(&self, bytes_before: u64) {
        if self.inner.tail_bytes() > bytes_before {
            self.meanwhile.state().tried.landed += 1;
        }
    }
}

impl Storage for Shared {
    fn log_id(&self) -> LogId {
        self.inner.log_id()
    }

    fn append(&self, seq: Seq, commit: &Commit) -> Written {
        let bytes_before = self.inner.tail_bytes();
        let written = self.inner.append(seq, commit);
        match &written {
            Written::Taken | Written::Failed(_) => self.note_landed(bytes_before),
            Written::Appended => {
                let mut state = self.meanwhile.state();
                state.tried.fits_alone += u64::from(state.is_full);
            }
            Written::Unknown(_) => {}
        }
        written
    }

    fn read(&self, seq: Seq, bytes_max: usize) -> Result<Stored, Error> {
        let bytes_before = self.inner.tail_bytes();
        let stored = self.inner.read(seq, bytes_max);
        self.note_landed(bytes_before);
        stored
    }

    fn manifest(&self) -> Result<Manifest, Error> {
        self.inner.manifest()
    }

    fn publish(&self, manifest: &Manifest) -> Result<(), Error> {
        self.inner.publish(manifest)
    }

    fn drop_below(&self, seq: Seq) -> Result<(), Error> {
        self.inner.drop_below(seq)
    }

    fn put(&self, name: SegmentName) -> Result<Box<dyn SegmentSink>, Error> {
        let mut state = self.meanwhile.state();
        state.puts += u64::from(state.turn.is_some());
        drop(state);
        self.meanwhile.give_turn();
        Ok(Box::new(Sink {
            inner: self.inner.put(name)?,
            meanwhile: self.meanwhile.clone(),
            is_begun: false,
        }))
    }

    fn get(&self, name: SegmentName) -> Result<Arc<dyn SegmentBytes>, Error> {
        self.inner.get(name)
    }

    fn list(&self) -> Result<Vec<SegmentName>, Error> {
        self.inner.list()
    }

    fn remove(&self, name: SegmentName) -> Result<(), Error> {
        self.inner.remove(name)
    }

    fn make_ready(&self) -> Result<(), Error> {
        self.inner.make_ready()
    }

    fn tail_bytes(&self) -> u64 {
        self.inner.tail_bytes()
    }
}

struct Sink {
    inner: Box<dyn SegmentSink>,
    meanwhile: Meanwhile,
    /// Something of it was written.
    is_begun: bool,
}

impl SegmentSink for Sink {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.meanwhile.give_turn();
        let written = self.inner.write(bytes);
        if matches!(&written, Err(error) if error.kind() == Kind::Full) {
            let mut state = self.meanwhile.state();
            state.is_full = true;
            state.tried.cut_short += u64::from(self.is_begun);
        }
        self.is_begun = true;
        written
    }

    fn finish(self: Box<Self>) -> Result<(), Error> {
        self.inner.finish()
    }
}

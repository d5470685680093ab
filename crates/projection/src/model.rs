//! One read model: the file of one version of a projection, or one as of an earlier position.
//!
//! Everybody who needs it at some position folds it there, a batch at a time, under its lock; the
//! lock is let go between batches, so that queries and the worker take turns. What is known about
//! it can be read without the lock.
//!
//! It opens its file when it is first folded. A file that was deleted, replaced or damaged
//! meanwhile is noticed, and the read model begins again at position 0. Retiring it deletes the
//! file; who still waits for the lock is told to look again for what took its place.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use headwater_event::{Error, Kind, Position};
use headwater_journal::Journal;

use crate::deadline::Deadline;
use crate::fold::{Batch, Fold, Stop};
use crate::model_file::{self, Checkpoint, Lasting, Owner};
use crate::reader::Readers;
use crate::skips::Skips;
use crate::sync::lock;
use crate::{Definition, Failure};

/// Where a read model lives, and from what it is folded.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) journal: Journal,
    pub(crate) path: PathBuf,
    pub(crate) lasting: Lasting,
    pub(crate) batch: Batch,
    /// Who may have pinned it, and keeps that.
    pub(crate) readers: Option<Readers>,
}

/// One read model.
pub(crate) struct Model {
    definition: Definition,
    skips: Skips,
    place: Place,
    slot: Mutex<Slot>,
    /// Interrupts the fold that runs.
    stop: Arc<AtomicBool>,
    /// Another one takes its place.
    is_retired: AtomicBool,
    /// Counts the files that were opened, so that readers notice a new one.
    file: AtomicU64,
    position: AtomicU64,
    is_open: AtomicBool,
    is_wanted: AtomicBool,
    built: AtomicBool,
    failure: Mutex<Option<Failure>>,
    trouble: Mutex<Option<String>>,
}

enum Slot {
    Closed,
    Open(Box<Fold>),
    Retired,
}

/// Why a read model is not where it should be.
#[derive(Debug)]
pub(crate) enum Behind {
    /// Another one took its place.
    Retired,
    /// It failed, or the machine did.
    Error(Error),
    /// The deadline passed or the query was called off; it came this far.
    Late(Position),
}

/// The lock of a model whose file is open.
pub(crate) struct Held<'a> {
    model: &'a Model,
    slot: MutexGuard<'a, Slot>,
}

impl Model {
    pub(crate) fn new(definition: Definition, skips: Skips, place: Place) -> Model {
        Model {
            definition,
            skips,
            place,
            slot: Mutex::new(Slot::Closed),
            stop: Arc::default(),
            is_retired: AtomicBool::new(false),
            file: AtomicU64::new(0),
            position: AtomicU64::new(0),
            is_open: AtomicBool::new(false),
            is_wanted: AtomicBool::new(false),
            built: AtomicBool::new(false),
            failure: Mutex::default(),
            trouble: Mutex::default(),
        }
    }

    pub(crate) fn definition(&self) -> &Definition {
        &self.definition
    }

    pub(crate) fn skips(&self) -> &Skips {
        &self.skips
    }

    pub(crate) fn path(&self) -> &Path {
        &self.place.path
    }

    /// Which of the files that were opened it is.
    pub(crate) fn file(&self) -> u64 {
        self.file.load(Ordering::Acquire)
    }

    /// The position that it was last seen at.
    pub(crate) fn position(&self) -> Position {
        Position(self.position.load(Ordering::Acquire))
    }

    fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Acquire)
    }

    /// From now on the worker keeps it near the head.
    pub(crate) fn want(&self) {
        self.is_wanted.store(true, Ordering::Release);
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.is_wanted.load(Ordering::Acquire)
    }

    /// Interrupts the fold that runs, and every later one.
    pub(crate) fn interrupt(&self) {
        self.stop.store(true, Ordering::Release);
    }

    /// Whether it has been at the head.
    pub(crate) fn is_built(&self) -> bool {
        self.built.load(Ordering::Acquire)
    }

    /// Why it stands still, unless that event is passed over by now.
    pub(crate) fn failure(&self) -> Option<Failure> {
        let failure = lock(&self.failure).clone()?;
        let skipped = self.skips.positions().contains(&failure.position);
        (!skipped).then_some(failure)
    }

    /// The last failure of the machine, until it works again.
    pub(crate) fn trouble(&self) -> Option<String> {
        lock(&self.trouble).clone()
    }

    /// What its file says, without opening it for folding; what is in memory when it is open.
    pub(crate) fn look(&self) -> Result<(), Error> {
        if self.is_open() {
            return Ok(());
        }
        let mut slot = lock(&self.slot);
        if !matches!(*slot, Slot::Closed) {
            return Ok(());
        }
        let peeked = model_file::peek(&self.place.path, self.owner(&self.skips.positions()));
        match peeked {
            Ok(checkpoint) => {
                self.show(&checkpoint.unwrap_or_default());
                Ok(())
            }
            Err(error) => {
                *slot = Slot::Closed;
                Err(error)
            }
        }
    }

    /// Folds to `target` or further, letting others take turns. It stands there until the lock is
    /// let go.
    pub(crate) fn reach(&self, target: Position, deadline: &Deadline) -> Result<(), Behind> {
        if self.is_open() && self.position() >= target {
            return Ok(()); // who relies on it takes the lock, and looks again
        }
        loop {
            let mut held = self.hold()?;
            if held.position() >= target {
                return Ok(());
            }
            if deadline.over().is_some() {
                return Err(Behind::Late(held.position()));
            }
            held.batch(target)?;
        }
    }

    /// Takes the lock, with the file open.
    pub(crate) fn hold(&self) -> Result<Held<'_>, Behind> {
        let slot = self.slot.lock();
        self.opened(slot.unwrap_or_else(|poisoned| self.after_panic(poisoned)))
    }

    /// The same, unless somebody has the lock now.
    pub(crate) fn try_hold(&self) -> Option<Result<Held<'_>, Behind>> {
        let slot = match self.slot.try_lock() {
            Ok(slot) => slot,
            Err(TryLockError::Poisoned(poisoned)) => self.after_panic(poisoned),
            Err(TryLockError::WouldBlock) => return None,
        };
        Some(self.opened(slot))
    }

    /// After a panic in the middle of a fold, what SQLite has open is not trusted.
    fn after_panic<'a>(&self, poisoned: PoisonError<MutexGuard<'a, Slot>>) -> MutexGuard<'a, Slot> {
        self.slot.clear_poison();
        let mut slot = poisoned.into_inner();
        if matches!(*slot, Slot::Open(_)) {
            self.shut(&mut slot, Slot::Closed);
        }
        slot
    }

    fn opened<'a>(&'a self, mut slot: MutexGuard<'a, Slot>) -> Result<Held<'a>, Behind> {
        if let Slot::Open(fold) = &*slot
            && fold.is_moved()
        {
            // What SQLite remembers of the old files must not meet the new ones.
            self.shut(&mut slot, Slot::Closed);
            model_file::remove(&self.place.path).map_err(|error| self.note(error))?;
        }
        match &*slot {
            Slot::Retired => return Err(Behind::Retired),
            Slot::Closed => *slot = Slot::Open(Box::new(self.open()?)),
            Slot::Open(_) => {}
        }
        Ok(Held { model: self, slot })
    }

    fn open(&self) -> Result<Fold, Behind> {
        if self.stop.load(Ordering::Acquire) {
            return Err(self.stopped());
        }
        let skips = self.skips.positions();
        let place = &self.place;
        let fold = Fold::open(
            &place.path,
            self.owner(&skips),
            place.lasting,
            Arc::clone(&self.stop),
        )
        .map_err(|error| self.note(error))?;
        self.file.fetch_add(1, Ordering::AcqRel);
        self.is_open.store(true, Ordering::Release);
        self.show(fold.checkpoint());
        Ok(fold)
    }

    fn owner<'a>(&'a self, skips: &'a [Position]) -> Owner<'a> {
        Owner {
            definition: &self.definition,
            journal: &self.place.journal,
            skips,
        }
    }

    /// Readers that rest see nothing of it from now on, until it is pinned again.
    fn let_go(&self) {
        if let Some(readers) = &self.place.readers {
            readers.let_go();
        }
    }

    /// Tells what is in the tables now.
    fn show(&self, checkpoint: &Checkpoint) {
        self.position
            .store(checkpoint.position.0, Ordering::Release);
        self.built.store(checkpoint.built, Ordering::Release);
        lock(&self.failure).clone_from(&checkpoint.failure);
    }

    /// Why folding was called off.
    fn stopped(&self) -> Behind {
        match self.is_retired.load(Ordering::Acquire) {
            true => Behind::Retired,
            false => Behind::Error(closed()),
        }
    }

    /// Keeps a failure of the machine, so that it is seen.
    fn note(&self, error: Error) -> Behind {
        *lock(&self.trouble) = Some(error.to_string());
        Behind::Error(error)
    }

    /// The file is not trusted any more: the next who needs it folds from the beginning.
    pub(crate) fn discard(&self) -> Result<(), Error> {
        let mut slot = lock(&self.slot);
        if matches!(*slot, Slot::Retired) {
            return Ok(());
        }
        self.shut(&mut slot, Slot::Closed);
        self.show(&Checkpoint::default());
        model_file::remove(&self.place.path)
    }

    /// Closes the file and deletes it, for good.
    pub(crate) fn retire(&self) -> Result<(), Error> {
        self.is_retired.store(true, Ordering::Release);
        self.interrupt();
        let mut slot = lock(&self.slot);
        self.shut(&mut slot, Slot::Retired);
        model_file::remove(&self.place.path)
    }

    /// Closes the file, for good.
    pub(crate) fn close(&self) {
        self.interrupt();
        let mut slot = lock(&self.slot);
        if !matches!(*slot, Slot::Retired) {
            self.shut(&mut slot, Slot::Closed);
        }
    }

    fn shut(&self, slot: &mut Slot, next: Slot) {
        *slot = next;
        self.is_open.store(false, Ordering::Release);
    }
}

impl Held<'_> {
    /// The position of the tables.
    pub(crate) fn position(&self) -> Position {
        match &*self.slot {
            Slot::Open(fold) => fold.checkpoint().position,
            Slot::Closed | Slot::Retired => Position::ZERO,
        }
    }

    /// Folds one batch towards `target`.
    pub(crate) fn batch(&mut self, target: Position) -> Result<(), Behind> {
        let skips = self.model.skips.positions();
        let batch = self.model.place.batch;
        self.run(|model, fold| fold.batch(model.owner(&skips), target, batch))
    }

    /// Says in the file that the read model has been at the head.
    pub(crate) fn set_built(&mut self) -> Result<(), Behind> {
        let skips = self.model.skips.positions();
        self.run(|model, fold| match fold.checkpoint().built {
            true => Ok(()),
            false => fold.set_built(model.owner(&skips)),
        })
    }

    /// Folds to `target`, without letting others take turns.
    pub(crate) fn reach(&mut self, target: Position, deadline: &Deadline) -> Result<(), Behind> {
        while self.position() < target {
            if deadline.over().is_some() {
                return Err(Behind::Late(self.position()));
            }
            self.batch(target)?;
        }
        Ok(())
    }

    fn run(
        &mut self,
        work: impl FnOnce(&Model, &mut Fold) -> Result<(), Stop>,
    ) -> Result<(), Behind> {
        let model = self.model;
        let Slot::Open(fold) = &mut *self.slot else {
            return Err(Behind::Error(closed()));
        };
        model.let_go();
        let done = work(model, fold);
        model.let_go();
        model.show(fold.checkpoint());
        match done {
            Ok(()) => {
                lock(&model.trouble).take();
                Ok(())
            }
            Err(Stop::Failed(failure)) => {
                Err(Behind::Error(failed(model.definition.name(), &failure)))
            }
            Err(Stop::Error(error)) => Err(model.note(error)),
            Err(Stop::Interrupted) => Err(model.stopped()),
            Err(Stop::Damaged(found)) => self.begin_again(found),
        }
    }

    /// Deletes a damaged file and opens a new one in its place.
    fn begin_again(&mut self, found: String) -> Result<(), Behind> {
        let model = self.model;
        tracing::warn!(
            projection = model.definition.name(),
            found,
            "the read model is damaged and is folded again"
        );
        model.shut(&mut self.slot, Slot::Closed);
        model_file::remove(&model.place.path).map_err(|error| model.note(error))?;
        *self.slot = Slot::Open(Box::new(model.open()?));
        Ok(())
    }
}

/// What a query is told of a projection that stands still.
pub(crate) fn failed(name: &str, failure: &Failure) -> Error {
    Error::new(
        Kind::Conflict,
        "projection_failed",
        format!(
            "the projection {name} has stopped at position {}: line {}: {} [{}]",
            failure.position, failure.line, failure.message, failure.code
        ),
    )
    .found(format!(
        "the event {} at position {}",
        failure.event_type, failure.position
    ))
    .action(format!(
        "apply a corrected definition, or pass over the event with \
         `projection skip {name} {} --reason ...`",
        failure.position
    ))
    .at(failure.position)
}

pub(crate) fn closed() -> Error {
    Error::new(Kind::Unavailable, "closed", "the read models are closed")
        .action("open the database again")
}

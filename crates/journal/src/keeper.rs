//! The keeper: seals the tail into segments and merges small segments to larger ones, in the
//! background.
//!
//! ```text
//!  pieces of the tail --seal--> segments of level 0 --merge--> level 1 --merge--> level 2 ...
//!                                                   fan_in at a time
//! ```
//!
//! * A piece is sealed when it no longer grows and is durable. The segment is put first, then the
//!   manifest that has it is published, then the index takes it in, and last the commits go. Whoever
//!   is interrupted anywhere in between finds a whole log: files that no manifest names are removed
//!   when it is opened.
//! * Merging does the same with segments in the place of commits. The oldest of a level go first.
//! * Both read what is immutable, and hold no lock while they do.
//! * When too much waits, the writer is slowed; when very much does, appends are refused.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use headwater_event::{Error, Kind};

use crate::commits::Head;
use crate::errors;
use crate::index::{Piece, View};
use crate::log::{Access, Log};
use crate::manifest::{Manifest, SegmentInfo, SegmentName};
use crate::segment::{self, Segment, Source};
use crate::writer::Step;
use crate::{Options, Seq};

/// How much of the tail is read at once.
const READ_BYTES: usize = 1 << 20;
/// So many pieces may wait without anybody noticing.
const PIECES_FREE: usize = 2;
/// From so many pieces on appends are refused.
const PIECES_MAX: usize = 64;
/// How much each piece beyond slows one commit.
const PIECE_PAUSE: Duration = Duration::from_millis(2);
/// The longest pause of one commit.
const PAUSE_MAX: Duration = Duration::from_millis(100);
/// How long to wait after a failure.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// How much was done since the journal was opened.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) sealed: AtomicU64,
    pub(crate) sealed_bytes: AtomicU64,
    pub(crate) merged: AtomicU64,
    pub(crate) merged_bytes: AtomicU64,
    pub(crate) slowed: AtomicU64,
}

impl Kept {
    /// How many segments were sealed, and their bytes.
    pub(crate) fn seals(&self) -> (u64, u64) {
        (
            self.sealed.load(Ordering::Relaxed),
            self.sealed_bytes.load(Ordering::Relaxed),
        )
    }

    /// How many segments were merged, and their bytes.
    pub(crate) fn merges(&self) -> (u64, u64) {
        (
            self.merged.load(Ordering::Relaxed),
            self.merged_bytes.load(Ordering::Relaxed),
        )
    }
}

#[derive(Default)]
struct State {
    /// Something may be there to seal, or to merge.
    seal: bool,
    merge: bool,
}

/// Seals and merges.
pub(crate) struct Keeper {
    log: Arc<Log>,
    /// One manifest is changed at a time.
    publishing: Mutex<()>,
    state: Mutex<State>,
    wake: Condvar,
    closing: AtomicBool,
    failure: Mutex<Option<Error>>,
    fan_in: usize,
    segment_bytes_max: u64,
    pub(crate) kept: Kept,
}

impl Keeper {
    pub(crate) fn new(log: Arc<Log>, options: &Options) -> Keeper {
        Keeper {
            log,
            publishing: Mutex::default(),
            state: Mutex::new(State {
                seal: true,
                merge: true,
            }),
            wake: Condvar::new(),
            closing: AtomicBool::new(false),
            failure: Mutex::default(),
            fan_in: options.fan_in.max(2),
            segment_bytes_max: options.segment_bytes_max,
            kept: Kept::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why nothing is sealed or merged, if that is so.
    pub(crate) fn failure(&self) -> Option<Error> {
        let failure = self.failure.lock();
        failure.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_failure(&self, error: Option<Error>) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = error;
    }

    /// Looks whether something became ready to be sealed. Called after each commit.
    pub(crate) fn look(&self) {
        if self.log.index.waiting() == 0 {
            return;
        }
        let mut state = self.state();
        if !state.seal {
            state.seal = true;
            self.wake.notify_all();
        }
    }

    /// How long the writer should pause before its next commit.
    pub(crate) fn pause(&self) -> Option<Duration> {
        let over = self.log.index.waiting().checked_sub(PIECES_FREE + 1)?;
        self.kept.slowed.fetch_add(1, Ordering::Relaxed);
        Some((PIECE_PAUSE * (over as u32 + 1)).min(PAUSE_MAX))
    }

    /// Refuses an append when very much waits to be sealed.
    pub(crate) fn check_room(&self) -> Result<(), Error> {
        let waiting = self.log.index.waiting();
        if waiting < PIECES_MAX {
            return Ok(());
        }
        let busy = Error::new(
            Kind::Busy,
            "busy",
            "too much of the log waits to be sealed into segments",
        )
        .found(format!("{waiting} pieces"))
        .expected(format!("less than {PIECES_MAX}"))
        .action("try again after a pause");
        Err(match self.failure() {
            Some(failure) => busy.caused_by(failure),
            None => busy,
        })
    }

    /// Ends both threads: what is being sealed is finished, what is being merged is given up.
    pub(crate) fn end(&self) {
        self.closing.store(true, Ordering::Release);
        drop(self.state());
        self.wake.notify_all();
    }

    fn check_open(&self) -> Result<(), Error> {
        match self.closing.load(Ordering::Acquire) {
            true => Err(errors::closed()),
            false => self.log.check_alive(),
        }
    }

    /// The thread that seals.
    pub(crate) fn run_sealing(&self) {
        self.run("sealing", |state| &mut state.seal, Keeper::seal);
    }

    /// The thread that merges.
    pub(crate) fn run_merging(&self) {
        self.run("merging", |state| &mut state.merge, Keeper::merge);
    }

    /// Takes steps as long as there are some, and again whenever they are due.
    fn run(
        &self,
        doing: &str,
        due: fn(&mut State) -> &mut bool,
        step: fn(&Keeper) -> Result<Step, Error>,
    ) {
        while self.wait(due) {
            loop {
                match step(self) {
                    Ok(Step::Done) => {}
                    Ok(_) => break,
                    Err(error) => {
                        self.failed(doing, error);
                        *due(&mut self.state()) = true;
                        break;
                    }
                }
            }
        }
    }

    /// Waits until work is due; says no when the journal is being closed.
    fn wait(&self, due: fn(&mut State) -> &mut bool) -> bool {
        let mut state = self.state();
        loop {
            if self.check_open().is_err() {
                return false;
            }
            if std::mem::take(due(&mut state)) {
                return true;
            }
            state = self
                .wake
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn failed(&self, doing: &str, error: Error) {
        if self.check_open().is_err() {
            return;
        }
        tracing::error!(%error, log = %self.log.id, "{doing} failed, and will be tried again");
        self.set_failure(Some(error));
        self.log.env.sleep(RETRY_PAUSE);
    }

    /// Seals the oldest piece that is ready.
    pub(crate) fn seal(&self) -> Result<Step, Error> {
        let Some(piece) = self.log.index.sealable(self.log.head().position)? else {
            return Ok(Step::Idle);
        };
        self.check_open()?;
        let name = SegmentName {
            first: piece.before().next(),
            last: piece.last(),
        };
        let (commits, before, after) = self.commits_of(name)?;
        let next = commits.1.next();
        let segment = match self.published(name)? {
            Some(segment) => segment,
            None => {
                let segment = self.put(name, &piece, commits, before, after)?;
                self.publish(|manifest| {
                    manifest.next = next;
                    manifest.segments.push(*segment.info());
                })?;
                segment
            }
        };
        let bytes = segment.info().bytes;
        self.log.index.sealed(segment)?;
        self.log.forget_below(next);
        self.kept.sealed.fetch_add(1, Ordering::Relaxed);
        self.kept.sealed_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.set_failure(None);
        self.state().merge = true;
        self.wake.notify_all();
        // What stays is removed when the log is opened.
        self.log.storage.drop_below(next)?;
        self.log.storage.make_ready()?;
        Ok(Step::Done)
    }

    /// Writes a piece as a segment.
    fn put(
        &self,
        name: SegmentName,
        piece: &Piece,
        (first, last): (Seq, Seq),
        before: Head,
        after: Head,
    ) -> Result<Arc<Segment>, Error> {
        let mut seq = first;
        let mut runs = || {
            if seq > last {
                return Ok(None);
            }
            let run = self
                .log
                .commit_run(seq, Access::Storage { bytes: READ_BYTES })?;
            seq = seq.next();
            run.map(Some)
                .ok_or_else(|| Error::damaged("a commit is gone while it is sealed"))
        };
        let view = self.log.index.view()?;
        let source = Source {
            before,
            after,
            runs: &mut runs,
            keys: &mut piece.keys().into_iter(),
            ids: &mut piece.ids(),
            previous: view.segments.last().map(|segment| &**segment),
        };
        self.open(segment::seal(self.log.storage.put(name)?, source)?)
    }

    /// The first and last commit that a segment of this name is made of, and the ends of the log
    /// around them.
    fn commits_of(&self, name: SegmentName) -> Result<((Seq, Seq), Head, Head), Error> {
        let commits = self.log.commits();
        let found = commits.seq_of(name.first).zip(commits.seq_of(name.last));
        let found = found.and_then(|(first, last)| {
            let ends = (commits.before(first)?, commits.after(last)?);
            Some(((first, last), ends.0, ends.1))
        });
        match found {
            Some(found)
                if found.1.position.next() == name.first && found.2.position == name.last =>
            {
                Ok(found)
            }
            _ => Err(errors::poisoned(
                "a piece of the tail is not made of whole commits",
            )),
        }
    }

    /// The segment of this name, if the manifest has it already: then an attempt before was
    /// published, and nobody could be told.
    fn published(&self, name: SegmentName) -> Result<Option<Arc<Segment>>, Error> {
        let manifest = self.log.storage.manifest()?;
        let info = manifest.segment(name);
        info.map(|info| self.open(*info)).transpose()
    }

    /// Publishes the manifest, changed. What is to be read after that is open before: nobody waits
    /// for a segment that cannot be had.
    fn publish(&self, change: impl FnOnce(&mut Manifest)) -> Result<(), Error> {
        let _one_at_a_time = self
            .publishing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut changed = self.log.storage.manifest()?;
        change(&mut changed);
        changed.version += 1;
        match self.log.storage.publish(&changed) {
            Err(error) if self.log.storage.manifest()? != changed => Err(error),
            _ => Ok(()),
        }
    }

    fn open(&self, info: SegmentInfo) -> Result<Arc<Segment>, Error> {
        let bytes = self.log.storage.get(info.name)?;
        let segment = Segment::open(info, bytes, Arc::clone(&self.log.cache));
        Ok(Arc::new(segment))
    }

    /// Merges the oldest segments of the lowest level that has enough of them.
    pub(crate) fn merge(&self) -> Result<Step, Error> {
        let view = self.log.index.view()?;
        let Some(inputs) = self.mergeable(&view) else {
            return Ok(Step::Idle);
        };
        let name = SegmentName {
            first: inputs[0].first(),
            last: inputs[inputs.len() - 1].last(),
        };
        let merged = match self.published(name)? {
            Some(merged) => merged,
            None => {
                let sink = self.log.storage.put(name)?;
                let merged = segment::merge(sink, inputs, &mut |_bytes| self.check_open())?;
                let merged = self.open(merged)?;
                self.publish(|manifest| replace(manifest, *merged.info()))?;
                merged
            }
        };
        let bytes = merged.info().bytes;
        self.log.index.merged(merged)?;
        for input in inputs {
            // What stays is removed when the log is opened.
            self.log.storage.remove(input.info().name)?;
        }
        self.kept.merged.fetch_add(1, Ordering::Relaxed);
        self.kept.merged_bytes.fetch_add(bytes, Ordering::Relaxed);
        Ok(Step::Done)
    }

    /// The segments to be merged next.
    fn mergeable<'a>(&self, view: &'a View) -> Option<&'a [Arc<Segment>]> {
        let segments = &view.segments[..];
        let mut groups = segments
            .chunk_by(|a, b| a.info().level == b.info().level)
            .rev();
        groups.find_map(|group| {
            let oldest = group.get(..self.fan_in)?;
            let raw: u64 = oldest.iter().map(|one| one.info().raw_bytes).sum();
            (raw <= self.segment_bytes_max).then_some(oldest)
        })
    }

    /// Bytes of segments that wait to be merged.
    pub(crate) fn merge_debt(&self, view: &View) -> u64 {
        let groups = view
            .segments
            .chunk_by(|a, b| a.info().level == b.info().level);
        let debt = |group: &[Arc<Segment>]| -> u64 {
            let due = group.len() - group.len() % self.fan_in;
            let raw: u64 = group[..due].iter().map(|one| one.info().raw_bytes).sum();
            match raw <= self.segment_bytes_max * (due / self.fan_in) as u64 {
                true => group[..due].iter().map(|one| one.info().bytes).sum(),
                false => 0,
            }
        };
        groups.map(debt).sum()
    }
}

/// Puts a merged segment in the place of those that it was merged from.
fn replace(manifest: &mut Manifest, merged: SegmentInfo) {
    let segments = &mut manifest.segments;
    let from = segments.partition_point(|one| one.name.last < merged.name.first);
    let to = segments.partition_point(|one| one.name.last <= merged.name.last);
    segments.splice(from..to, [merged]);
}

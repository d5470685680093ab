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
//! * Merging does the same with segments in the place of commits. The oldest of a level go first, and
//!   smaller merges before larger ones, also before those that have begun.
//! * Both read what is immutable, and hold no lock while they do.
//! * When too much waits to be sealed or merged, the writer is slowed: the bounds are here and in
//!   [`debt`](crate::debt). Appends are refused only when the tail outgrows what memory may hold of
//!   it, which takes a storage that does not take segments.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use headwater_event::{Error, Kind};

use crate::commits::Head;
use crate::debt::{Debt, Merging};
use crate::errors;
use crate::index::{Piece, View};
use crate::log::{Access, Log};
use crate::manifest::{Manifest, SegmentInfo, SegmentName};
use crate::segment::{self, Segment, Source};
use crate::storage::SegmentBytes;
use crate::work::Tally;
use crate::writer::Step;
use crate::{Options, Seq};

/// How much of the tail is read at once.
const READ_BYTES: usize = 1 << 20;
/// So many pieces may wait without anybody noticing.
pub(crate) const PIECES_FREE: usize = 2;
/// From so many pieces on appends are refused.
const PIECES_MAX: usize = 64;
/// How much each piece beyond slows one commit.
const PIECE_PAUSE: Duration = Duration::from_millis(2);
/// The longest pause of one commit.
const PAUSE_MAX: Duration = Duration::from_millis(100);
/// How long to wait after a failure.
const RETRY_PAUSE: Duration = Duration::from_millis(500);
/// Merging waits twice as long after each further failure, up to about a minute: a large merge may
/// have done much in vain.
const RETRY_DOUBLINGS_MAX: u32 = 7;
/// A merge leaves so many bytes of the storage to others.
const SPACE_LEFT: u64 = 64 << 20;

/// How often and how long the writer was slowed since the journal was opened.
#[derive(Default)]
struct Slowed {
    commits: AtomicU64,
    micros: AtomicU64,
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
    /// One piece is sealed at a time: by the thread for it, or by who waits for the seal.
    seal_turn: Mutex<()>,
    all_turn: Mutex<()>,
    /// One manifest is changed at a time.
    publishing: Mutex<()>,
    state: Mutex<State>,
    wake: Condvar,
    closing: AtomicBool,
    pub(crate) merges: Merging,
    pub(crate) sealing: Tally,
    pub(crate) merging: Tally,
    /// How many segments are due to be merged.
    due: AtomicUsize,
    slowed: Slowed,
}

impl Keeper {
    pub(crate) fn new(log: Arc<Log>, options: &Options) -> Result<Keeper, Error> {
        let keeper = Keeper {
            log,
            seal_turn: Mutex::default(),
            all_turn: Mutex::default(),
            publishing: Mutex::default(),
            state: Mutex::new(State {
                seal: true,
                merge: true,
            }),
            wake: Condvar::new(),
            closing: AtomicBool::new(false),
            merges: Merging {
                fan_in: options.fan_in.max(2),
                segment_bytes_max: options.segment_bytes_max,
            },
            sealing: Tally::default(),
            merging: Tally::default(),
            due: AtomicUsize::new(0),
            slowed: Slowed::default(),
        };
        keeper.look_at_debt()?;
        Ok(keeper)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Looks how much is due to be merged. Called when segments came or went.
    fn look_at_debt(&self) -> Result<(), Error> {
        let _one_after_another = self.state();
        let due = self.debt(&*self.log.index.view()?).segments;
        self.due.store(due, Ordering::Relaxed);
        Ok(())
    }

    /// What is due to be merged.
    pub(crate) fn debt(&self, view: &View) -> Debt {
        self.merges.debt(&view.segments)
    }

    /// How long the writer should pause before its next commit.
    pub(crate) fn pause(&self) -> Option<Duration> {
        let waiting = self.log.index.waiting().checked_sub(PIECES_FREE + 1);
        let sealing = waiting.map(|over| PIECE_PAUSE.saturating_mul(over as u32 + 1));
        // A pause gives merging time; where it fails, time does not help.
        let merging = match self.merging.is_failing() {
            true => None,
            false => self.merges.pause(self.due.load(Ordering::Relaxed)),
        };
        let pause = sealing.max(merging)?.min(PAUSE_MAX);
        let micros = pause.as_micros() as u64; // at most PAUSE_MAX
        self.slowed.commits.fetch_add(1, Ordering::Relaxed);
        self.slowed.micros.fetch_add(micros, Ordering::Relaxed);
        Some(pause)
    }

    /// How many commits were slowed since the journal was opened, and for how long together.
    pub(crate) fn slowed(&self) -> (u64, Duration) {
        let micros = self.slowed.micros.load(Ordering::Relaxed);
        (
            self.slowed.commits.load(Ordering::Relaxed),
            Duration::from_micros(micros),
        )
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
        Err(match self.sealing.failing() {
            Some(failure) => busy.caused_by(failure),
            None => busy,
        })
    }

    /// Everybody who has all of the log sealed takes turns, so that a piece is ended once for all of
    /// them.
    pub(crate) fn turn_to_seal_all(&self) -> MutexGuard<'_, ()> {
        self.all_turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends both threads: what is being sealed is finished, what is being merged is given up.
    pub(crate) fn end(&self) {
        self.closing.store(true, Ordering::Release);
        drop(self.state());
        self.wake.notify_all();
    }

    /// Waits for who seals or looks at the manifest in a thread of his own, after
    /// [`end`](Keeper::end): from then on nobody does.
    pub(crate) fn wait_for_others(&self) {
        for lock in [&self.seal_turn, &self.publishing] {
            drop(lock.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    fn check_open(&self) -> Result<(), Error> {
        match self.closing.load(Ordering::Acquire) {
            true => Err(errors::closed()),
            false => self.log.check_alive(),
        }
    }

    /// The thread that seals.
    pub(crate) fn run_sealing(&self) {
        self.run("sealing", 0, |state| &mut state.seal, Keeper::seal);
    }

    /// The thread that merges.
    pub(crate) fn run_merging(&self) {
        let doublings = RETRY_DOUBLINGS_MAX;
        self.run(
            "merging",
            doublings,
            |state| &mut state.merge,
            Keeper::merge,
        );
    }

    /// Takes steps as long as there are some, and again whenever they are due.
    fn run(
        &self,
        doing: &str,
        doublings_max: u32,
        due: fn(&mut State) -> &mut bool,
        step: fn(&Keeper) -> Result<Step, Error>,
    ) {
        let mut failures = 0;
        while self.wait(due) {
            loop {
                match step(self) {
                    Ok(Step::Done) => failures = 0,
                    Ok(_) => break,
                    Err(error) => {
                        self.failed(doing, error, 1 << doublings_max.min(failures));
                        failures += 1;
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

    /// Waits so many pauses before the next attempt, unless the journal is being closed.
    fn failed(&self, doing: &str, error: Error, pauses: u32) {
        if self.check_open().is_err() {
            return;
        }
        tracing::error!(%error, log = %self.log.id, "{doing} failed, and will be tried again");
        for _ in 0..pauses {
            self.log.env.sleep(RETRY_PAUSE);
            if self.check_open().is_err() {
                return;
            }
        }
    }

    /// Seals the oldest piece that is ready.
    pub(crate) fn seal(&self) -> Result<Step, Error> {
        let _turn = self
            .seal_turn
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let step = self.seal_oldest();
        self.sealing.end(&step, || self.log.env.now());
        step
    }

    fn seal_oldest(&self) -> Result<Step, Error> {
        let Some(piece) = self.log.index.sealable(self.log.head().position)? else {
            return Ok(Step::Idle);
        };
        self.check_open()?;
        self.sealing.begin();
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
        self.sealing.made(bytes);
        self.look_at_debt()?;
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
            let run = self.log.commit_run(seq, Access::ahead(READ_BYTES))?;
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

    /// The manifest, and its segments, open: they stay readable whatever is merged meanwhile.
    pub(crate) fn snapshot(&self) -> Result<(Manifest, Vec<Arc<dyn SegmentBytes>>), Error> {
        // What the manifest names is removed only once another manifest is published.
        let _nobody_publishes = self
            .publishing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.check_open()?;
        let manifest = self.log.storage.manifest()?;
        let names = manifest.segments.iter().map(|info| info.name);
        let segments = names.map(|name| self.log.storage.get(name));
        let segments = segments.collect::<Result<_, _>>()?;
        Ok((manifest, segments))
    }

    fn open(&self, info: SegmentInfo) -> Result<Arc<Segment>, Error> {
        let bytes = self.log.storage.get(info.name)?;
        let segment = Segment::open(info, bytes, Arc::clone(&self.log.cache));
        Ok(Arc::new(segment))
    }

    /// Merges the oldest segments of the lowest level that has enough of them.
    pub(crate) fn merge(&self) -> Result<Step, Error> {
        let step = self.merge_below(u8::MAX);
        self.merging.end(&step, || self.log.env.now());
        step
    }

    /// Whether segments are being merged, and not again and again in vain.
    pub(crate) fn is_merging(&self) -> bool {
        self.merging.is_working() && !self.merging.is_failing()
    }

    /// The oldest group of the lowest level, if that is below this one.
    fn next_inputs(&self, level: u8) -> Result<Option<Vec<Arc<Segment>>>, Error> {
        let view = self.log.index.view()?;
        let inputs = self.merges.next(&view.segments);
        let inputs = inputs.filter(|inputs| inputs[0].info().level < level);
        Ok(inputs.map(<[_]>::to_vec))
    }

    /// Refuses to begin a merge that would take the space that appends need.
    fn check_space(&self, inputs: &[Arc<Segment>]) -> Result<(), Error> {
        let bytes: u64 = inputs.iter().map(|input| input.info().bytes).sum();
        let needed = bytes.saturating_add(SPACE_LEFT);
        match self.log.storage.space() {
            Some(space) if space < needed => Err(Error::new(
                Kind::Full,
                "disk_full",
                "there is not enough space to merge segments",
            )
            .found(format!("{space} bytes free"))
            .expected(format!("{needed} bytes"))
            .action("free some space; merging is tried again, and appends go on meanwhile")),
            _ => Ok(()),
        }
    }

    /// The same, of the levels below this one.
    fn merge_below(&self, level: u8) -> Result<Step, Error> {
        let Some(inputs) = self.next_inputs(level)? else {
            return Ok(Step::Idle);
        };
        self.merging.begin();
        let name = SegmentName {
            first: inputs[0].first(),
            last: inputs[inputs.len() - 1].last(),
        };
        let merged = match self.published(name)? {
            Some(merged) => merged,
            None => {
                self.check_space(&inputs)?;
                let sink = self.log.storage.put(name)?;
                let mut smaller = Smaller::than(inputs[0].info().level);
                let merged = segment::merge(sink, &inputs, &mut |_bytes| smaller.go_first(self))?;
                let merged = self.open(merged)?;
                self.publish(|manifest| replace(manifest, *merged.info()))?;
                merged
            }
        };
        let bytes = merged.info().bytes;
        self.log.index.merged(merged)?;
        self.merging.made(bytes);
        self.look_at_debt()?;
        for input in inputs {
            // What stays is removed when the log is opened.
            self.log.storage.remove(input.info().name)?;
        }
        Ok(Step::Done)
    }
}

/// Merges that become due while a larger one runs: they go first. A large merge takes as long as
/// many small ones, which otherwise would wait for it, and every question would look at more and
/// more segments.
struct Smaller {
    than: u8,
    /// When one failed last, on the monotonic clock.
    failed_at: Option<Duration>,
}

impl Smaller {
    fn than(level: u8) -> Smaller {
        Smaller {
            than: level,
            failed_at: None,
        }
    }

    /// Called between the pieces of work of the larger merge. Its inputs are of a higher level, so
    /// they stay what they are.
    fn go_first(&mut self, keeper: &Keeper) -> Result<(), Error> {
        keeper.check_open()?;
        let mut due = self.is_due(keeper);
        while due {
            due = match keeper.merge_below(self.than) {
                Ok(step) => {
                    self.failed_at = None;
                    keeper.merging.goes_on();
                    step == Step::Done
                }
                Err(error) => {
                    keeper.check_open()?;
                    self.failed_at = Some(keeper.log.env.monotonic());
                    keeper.merging.failed(&error, || keeper.log.env.now());
                    tracing::error!(%error, log = %keeper.log.id, "merging failed beside a larger merge");
                    false
                }
            };
        }
        Ok(())
    }

    /// Whether segments came since it was asked last that may make a group, or one failed a while
    /// ago.
    fn is_due(&self, keeper: &Keeper) -> bool {
        match self.failed_at {
            Some(at) => keeper.log.env.monotonic() >= at + RETRY_PAUSE,
            None => self.than > 0 && std::mem::take(&mut keeper.state().merge),
        }
    }
}

/// Puts a merged segment in the place of those that it was merged from.
fn replace(manifest: &mut Manifest, merged: SegmentInfo) {
    let segments = &mut manifest.segments;
    let from = segments.partition_point(|one| one.name.last < merged.name.first);
    let to = segments.partition_point(|one| one.name.last <= merged.name.last);
    segments.splice(from..to, [merged]);
}

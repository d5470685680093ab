//! The appends that wait to be written: bounded in count and in bytes.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use headwater_event::{Append, Error, Position};
use tokio::sync::oneshot;

use crate::decision::Decision;
use crate::errors;
use crate::look_back::LookedBack;
use crate::stream_ends::SealedEnds;

/// What a waiting caller is told: what was decided about its append, and the append back.
pub(crate) type Reply = Result<(Decision, Append), Error>;

/// An append on its way to the log.
pub(crate) struct Request {
    pub(crate) append: Append,
    /// What its condition found in the sealed part of the log; nothing if it was not looked for.
    pub(crate) looked_back: Option<LookedBack>,
    /// No event of the sealed part of the log up to here has one of its ids.
    pub(crate) ids_absent: Position,
    /// Where its streams ended in the sealed part of the log.
    pub(crate) sealed_ends: SealedEnds,
    pub(crate) reply: oneshot::Sender<Reply>,
    /// On the monotonic clock; after this it is refused unwritten.
    pub(crate) expires: Option<Duration>,
    /// The most bytes that its canonical encoding can take.
    pub(crate) encoded: usize,
    /// What it takes in memory, about, as long as it waits: at least `encoded`, and all of the body
    /// that it is made of slices of.
    pub(crate) bytes: usize,
}

impl Request {
    /// Tells the caller that its append failed. A caller that is gone need not know.
    pub(crate) fn refuse(self, error: Error) {
        let _ = self.reply.send(Err(error));
    }
}

/// So much waits that the checker looks at it while the committer is busy. What is less than that
/// is checked by the committer itself, sooner than another thread would be awake.
const MUCH_APPENDS: usize = 64;
const MUCH_BYTES: usize = 64 << 10;

#[derive(Default)]
struct State {
    waiting: VecDeque<Request>,
    /// Of memory, that all of them take.
    bytes: usize,
    /// Why nothing more is accepted.
    closed: Option<Error>,
    /// The committer waits to be woken by this many appends; 0 when it does not wait.
    committer_wants: usize,
    /// Something was put into the open batch since the committer last waited.
    poked: bool,
    /// The committer waits until there is something to do.
    committer_sleeps: bool,
    /// A caller commits by itself meanwhile: the committer sleeps on, whatever comes.
    taken_over: bool,
    /// The checker waits to be woken.
    checker_sleeps: bool,
}

impl State {
    fn is_much(&self) -> bool {
        self.waiting.len() >= MUCH_APPENDS || self.bytes >= MUCH_BYTES
    }

    /// Whether there is something for the committer that sleeps.
    fn has_work(&self) -> bool {
        !self.waiting.is_empty() || self.closed.is_some() || self.poked
    }

    /// Whether the committer, if it waits, has what it waits for.
    fn is_wanted(&self) -> bool {
        self.waiting.len() >= self.committer_wants || self.bytes >= MUCH_BYTES
    }
}

/// The queue between callers and the writer's threads.
///
/// Whoever adds an append wakes at most one thread: the committer when it has nothing to do, or the
/// checker once the committer is busy and much waits.
pub(crate) struct Queue {
    state: Mutex<State>,
    committer: Condvar,
    checker: Condvar,
    count_max: usize,
    bytes_max: usize,
}

impl Queue {
    pub(crate) fn new(count_max: usize, bytes_max: usize) -> Queue {
        Queue {
            state: Mutex::default(),
            committer: Condvar::new(),
            checker: Condvar::new(),
            count_max,
            bytes_max,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here can panic halfway.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an append, if there is room. An empty queue has room for any append.
    pub(crate) fn push(&self, request: Request) -> Result<(), Error> {
        let mut state = self.lock();
        self.admit(&mut state, request)?;
        let wake = self.to_wake(&mut state);
        drop(state);
        if let Some(thread) = wake {
            thread.notify_one();
        }
        Ok(())
    }

    /// As [`push`](Queue::push), by somebody who would wait for nothing else. If the committer
    /// sleeps it is not woken: the caller takes its place, until it [hands back](Queue::hand_back).
    /// Says whether that is so.
    pub(crate) fn push_or_take_over(&self, request: Request) -> Result<bool, Error> {
        let mut state = self.lock();
        let takes_over = state.committer_sleeps && !state.taken_over && !state.has_work();
        if !takes_over {
            drop(state);
            return self.push(request).map(|()| false);
        }
        self.admit(&mut state, request)?;
        state.taken_over = true;
        state.committer_wants = 0;
        Ok(true)
    }

    /// Ends what [`push_or_take_over`](Queue::push_or_take_over) began; the committer goes on if
    /// something came meanwhile, or if it is `wanted`.
    pub(crate) fn hand_back(&self, wanted: bool) {
        let mut state = self.lock();
        state.taken_over = false;
        state.poked |= wanted;
        let wake = state.has_work();
        state.committer_wants = usize::from(!wake);
        drop(state);
        if wake {
            self.committer.notify_one();
        }
    }

    /// Puts an append behind the others, if there is room.
    fn admit(&self, state: &mut State, request: Request) -> Result<(), Error> {
        if let Some(error) = &state.closed {
            return Err(error.clone());
        }
        if state.waiting.len() >= self.count_max {
            return Err(errors::busy("appends", self.count_max));
        }
        if !state.waiting.is_empty() && state.bytes + request.bytes > self.bytes_max {
            return Err(errors::busy("bytes", self.bytes_max));
        }
        state.bytes += request.bytes;
        state.waiting.push_back(request);
        Ok(())
    }

    fn to_wake(&self, state: &mut State) -> Option<&Condvar> {
        if state.committer_wants > 0 {
            let wanted = state.is_wanted();
            return wanted.then(|| {
                state.committer_wants = 0;
                &self.committer
            });
        }
        let much = state.checker_sleeps && state.is_much();
        much.then(|| {
            state.checker_sleeps = false;
            &self.checker
        })
    }

    /// Takes what waits, in order, about `encoded_max` bytes of it as it will be encoded and at
    /// least one, into `taken`.
    pub(crate) fn take(&self, taken: &mut VecDeque<Request>, encoded_max: usize) {
        take_from(&mut self.lock(), taken, encoded_max);
    }

    /// The committer waits until there is an append, or something in the open batch, or the queue
    /// is closed. Says whether there is an append.
    pub(crate) fn wait(&self) -> bool {
        let mut state = self.lock();
        while state.taken_over || !state.has_work() {
            if !state.taken_over {
                state.committer_wants = 1;
            }
            state.committer_sleeps = true;
            state = self
                .committer
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.committer_sleeps = false;
        state.committer_wants = 0;
        state.poked = false;
        !state.waiting.is_empty()
    }

    /// The committer waits a moment for so many appends.
    pub(crate) fn gather(&self, appends: usize, moment: Duration) {
        let mut state = self.lock();
        state.committer_wants = appends;
        if !state.is_wanted() && state.closed.is_none() {
            // Woken too early, it commits what there is.
            state = self
                .committer
                .wait_timeout(state, moment)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        state.committer_wants = 0;
    }

    /// Tells the committer that there is something in the open batch.
    pub(crate) fn poke(&self) {
        let mut state = self.lock();
        state.poked = true;
        let waits = state.committer_wants > 0;
        drop(state);
        if waits {
            self.committer.notify_one();
        }
    }

    /// The checker waits until much waits and the committer is busy; says no once the queue is
    /// closed.
    pub(crate) fn wait_for_much(&self) -> bool {
        let mut state = self.lock();
        while state.closed.is_none() && (state.committer_wants > 0 || !state.is_much()) {
            state.checker_sleeps = true;
            state = self
                .checker
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.checker_sleeps = false;
        state.closed.is_none()
    }

    /// Puts appends back at the front, where they were taken, also when it is full or closed.
    pub(crate) fn put_back(&self, requests: Vec<Request>) {
        let mut state = self.lock();
        for request in requests.into_iter().rev() {
            state.bytes += request.bytes;
            state.waiting.push_front(request);
        }
        let wake = self.to_wake(&mut state);
        drop(state);
        if let Some(thread) = wake {
            thread.notify_one();
        }
    }

    /// Whether nothing waits and nothing more will.
    pub(crate) fn is_closed_and_empty(&self) -> bool {
        let state = self.lock();
        state.closed.is_some() && state.waiting.is_empty()
    }

    /// Whether nothing more is accepted.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed.is_some()
    }

    /// Accepts nothing more and says why. What waits can still be taken.
    pub(crate) fn close(&self, error: Error) {
        let mut state = self.lock();
        state.closed.get_or_insert(error);
        drop(state);
        self.committer.notify_all();
        self.checker.notify_all();
    }

    /// How many appends and bytes wait.
    pub(crate) fn len(&self) -> (usize, usize) {
        let state = self.lock();
        (state.waiting.len(), state.bytes)
    }
}

fn take_from(state: &mut State, taken: &mut VecDeque<Request>, encoded_max: usize) {
    // What is encoded never takes more than what waits.
    if state.bytes <= encoded_max && taken.is_empty() {
        std::mem::swap(&mut state.waiting, taken);
        state.bytes = 0;
        return;
    }
    let mut encoded = 0;
    while let Some(next) = state.waiting.front() {
        if encoded > 0 && encoded + next.encoded > encoded_max {
            break;
        }
        encoded += next.encoded;
        state.bytes -= next.bytes;
        taken.extend(state.waiting.pop_front());
    }
}

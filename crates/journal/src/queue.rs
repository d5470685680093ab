//! The appends that wait to be written: bounded in count and in bytes.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use headwater_event::{Append, Error};
use tokio::sync::oneshot;

use crate::decision::Decision;
use crate::errors;

/// What a waiting caller is told: what was decided about its append, and the append back.
pub(crate) type Reply = Result<(Decision, Append), Error>;

/// An append on its way to the log.
pub(crate) struct Request {
    pub(crate) append: Append,
    pub(crate) reply: oneshot::Sender<Reply>,
    /// On the monotonic clock; after this it is refused unwritten.
    pub(crate) expires: Option<Duration>,
    /// The most bytes that its canonical encoding can take.
    pub(crate) bytes: usize,
}

impl Request {
    /// Tells the caller that its append failed. A caller that is gone need not know.
    pub(crate) fn refuse(self, error: Error) {
        let _ = self.reply.send(Err(error));
    }
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Request>,
    bytes: usize,
    /// Why nothing more is accepted.
    closed: Option<Error>,
    /// The checker waits to be woken.
    sleeping: bool,
}

/// The queue between callers and the checker.
pub(crate) struct Queue {
    state: Mutex<State>,
    wake: Condvar,
    count_max: usize,
    bytes_max: usize,
}

impl Queue {
    pub(crate) fn new(count_max: usize, bytes_max: usize) -> Queue {
        Queue {
            state: Mutex::default(),
            wake: Condvar::new(),
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
        if state.sleeping {
            state.sleeping = false;
            drop(state);
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Takes what waits, in order, about `bytes_max` of it and at least one, into `taken`.
    pub(crate) fn take(&self, taken: &mut VecDeque<Request>, bytes_max: usize) {
        take_from(&mut self.lock(), taken, bytes_max);
    }

    /// As [`take`](Self::take), after waiting for something; nothing once it is closed and empty.
    pub(crate) fn take_waiting(&self, taken: &mut VecDeque<Request>, bytes_max: usize) {
        let mut state = self.lock();
        while state.waiting.is_empty() && state.closed.is_none() {
            state.sleeping = true;
            state = self
                .wake
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.sleeping = false;
        take_from(&mut state, taken, bytes_max);
    }

    /// Puts appends back at the front, where they were taken, also when it is full or closed.
    pub(crate) fn put_back(&self, requests: Vec<Request>) {
        let mut state = self.lock();
        for request in requests.into_iter().rev() {
            state.bytes += request.bytes;
            state.waiting.push_front(request);
        }
        state.sleeping = false;
        drop(state);
        self.wake.notify_one();
    }

    /// Accepts nothing more and says why. What waits can still be taken.
    pub(crate) fn close(&self, error: Error) {
        let mut state = self.lock();
        state.closed.get_or_insert(error);
        drop(state);
        self.wake.notify_all();
    }

    /// How many appends and bytes wait.
    pub(crate) fn len(&self) -> (usize, usize) {
        let state = self.lock();
        (state.waiting.len(), state.bytes)
    }
}

fn take_from(state: &mut State, taken: &mut VecDeque<Request>, bytes_max: usize) {
    if state.bytes <= bytes_max && taken.is_empty() {
        std::mem::swap(&mut state.waiting, taken);
        state.bytes = 0;
        return;
    }
    let mut bytes = 0;
    while let Some(next) = state.waiting.front() {
        if bytes > 0 && bytes + next.bytes > bytes_max {
            break;
        }
        bytes += next.bytes;
        state.bytes -= next.bytes;
        taken.extend(state.waiting.pop_front());
    }
}

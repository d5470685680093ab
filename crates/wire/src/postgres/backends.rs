//! Who is connected, so that a statement can be called off from another connection: a number that
//! everybody may see, and a secret that only the client knows.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use headwater_node::CancelHandle;

/// What runs on a connection, if anything does.
type Running = Arc<Mutex<Option<CancelHandle>>>;

/// All connections.
#[derive(Default)]
pub(crate) struct Backends {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last: u32,
    known: HashMap<u32, (u32, Running)>,
}

/// One connection, known as long as this lives.
pub(crate) struct Backend {
    pub(crate) number: u32,
    pub(crate) secret: u32,
    running: Running,
    all: Arc<Backends>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner) // each change is one assignment
}

impl Backends {
    /// Makes a connection known, under a secret of the operating system.
    pub(crate) fn enter(self: &Arc<Backends>) -> Result<Backend, getrandom::Error> {
        let secret = getrandom::u32()?;
        let running = Running::default();
        let mut state = lock(&self.state);
        loop {
            state.last = state.last % 0x7fff_ffff + 1; // some clients take it for signed
            if !state.known.contains_key(&state.last) {
                break;
            }
        }
        let number = state.last;
        state.known.insert(number, (secret, running.clone()));
        Ok(Backend {
            number,
            secret,
            running,
            all: Arc::clone(self),
        })
    }

    /// Calls off what runs on a connection. A wrong secret, or nothing to call off, is not told.
    pub(crate) fn cancel(&self, number: u32, secret: u32) {
        let state = lock(&self.state);
        if let Some((known, running)) = state.known.get(&number)
            && *known == secret
            && let Some(running) = lock(running).as_ref()
        {
            running.cancel();
        }
    }
}

impl Backend {
    /// From now on this is what a cancel request calls off.
    pub(crate) fn begin(&self, cancel: CancelHandle) {
        *lock(&self.running) = Some(cancel);
    }

    /// Nothing runs any more: a cancel request that comes late meets nobody.
    pub(crate) fn end(&self) {
        *lock(&self.running) = None;
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        lock(&self.all.state).known.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_secret_calls_off() {
        let all = Arc::new(Backends::default());
        let backend = all.enter().unwrap();
        let cancel = CancelHandle::default();
        backend.begin(cancel.clone());
        all.cancel(backend.number, backend.secret.wrapping_add(1));
        all.cancel(backend.number.wrapping_add(1), backend.secret);
        assert!(!cancel.is_cancelled());
        all.cancel(backend.number, backend.secret);
        assert!(cancel.is_cancelled());

        let late = CancelHandle::default();
        backend.begin(late.clone());
        backend.end();
        all.cancel(backend.number, backend.secret);
        assert!(!late.is_cancelled());
        drop(backend);
        assert!(lock(&all.state).known.is_empty());
    }
}

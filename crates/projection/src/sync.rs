//! Locks that go on after a panic.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Takes a lock whose content is right after every single statement, so that a panic elsewhere
/// cannot have left it half changed.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! A storage in memory.

use std::sync::{Mutex, MutexGuard, PoisonError};

use headwater_event::{Error, LogId};

use crate::{Commit, Seq, Storage, Written};

/// Keeps commits in memory. Whoever shares it sees the same log.
pub struct MemoryStorage {
    log_id: LogId,
    commits: Mutex<Vec<Commit>>,
}

impl MemoryStorage {
    /// An empty log.
    pub fn new(log_id: LogId) -> MemoryStorage {
        MemoryStorage {
            log_id,
            commits: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Commit>> {
        self.commits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Storage for MemoryStorage {
    fn log_id(&self) -> LogId {
        self.log_id
    }

    fn append(&self, seq: Seq, commit: &Commit) -> Written {
        let mut commits = self.lock();
        if seq.0 != commits.len() as u64 + 1 {
            return Written::Taken;
        }
        commits.push(commit.clone());
        Written::Appended
    }

    fn read(&self, seq: Seq, bytes_max: usize) -> Result<Vec<Commit>, Error> {
        let commits = self.lock();
        let mut bytes = 0;
        let from = commits.iter().skip(seq.0 as usize - 1);
        let taken = from.take_while(|commit| {
            let fits = bytes == 0 || bytes + commit.appends.len() <= bytes_max;
            bytes += commit.appends.len();
            fits
        });
        Ok(taken.cloned().collect())
    }
}

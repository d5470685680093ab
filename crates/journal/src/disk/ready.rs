//! The next file of commits, made ahead: full of zeros and durable, without a name.
//!
//! What is left to do when the log goes on in it is what must be done then: write the header and
//! the first frame, sync, give it its name, and make the name durable.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use headwater_event::Error;

use super::fs::File;
use super::tail::fill;
use super::{Dir, failed};

/// How much is written between syncs: what waits to be written delays the syncs of the tail.
const SYNC_BYTES: u64 = 256 << 10;

/// A file that is full of zeros, durably.
pub(crate) struct ReadyFile {
    pub(crate) file: Arc<dyn File>,
    pub(crate) path: PathBuf,
    pub(crate) length: u64,
}

/// The place for one.
#[derive(Default)]
pub(crate) struct Ready {
    slot: Mutex<Option<ReadyFile>>,
    /// Held by who makes one.
    making: Mutex<()>,
}

impl Ready {
    /// Makes a file of this length, if there is none. Nobody is kept from appending meanwhile.
    pub(crate) fn make(&self, dir: &Dir, length: u64) -> Result<(), Error> {
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if self.slot().is_some() {
            return Ok(());
        }
        let path = dir.unnamed("ready");
        let made = zeros(dir, &path, length);
        let file = made.map_err(|error| {
            let _ = dir.fs.remove(&path); // or the next opening does
            failed("make", &path, error)
        })?;
        *self.slot() = Some(ReadyFile { file, path, length });
        Ok(())
    }

    /// Whether there is one of at least this length.
    pub(crate) fn has(&self, length: u64) -> bool {
        let slot = self.slot();
        slot.as_ref().is_some_and(|ready| ready.length >= length)
    }

    /// How many bytes it takes; 0 if there is none.
    pub(crate) fn bytes(&self) -> u64 {
        self.slot().as_ref().map_or(0, |ready| ready.length)
    }

    /// The one that is there, if it has at least this length.
    pub(crate) fn take(&self, length: u64) -> Option<ReadyFile> {
        self.slot().take_if(|ready| ready.length >= length)
    }

    fn slot(&self) -> MutexGuard<'_, Option<ReadyFile>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn zeros(dir: &Dir, path: &Path, length: u64) -> io::Result<Arc<dyn File>> {
    let file = dir.fs.create(path)?;
    let mut filled = 0;
    while filled < length {
        let upto = length.min(filled + SYNC_BYTES);
        fill(&*file, filled, upto).map_err(|(_, error)| error)?;
        file.sync_data()?;
        filled = upto;
    }
    Ok(file)
}

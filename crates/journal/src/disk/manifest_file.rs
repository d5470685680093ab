//! The file `manifest`: replaced as a whole, by a new file that takes its name.
//!
//! A log that never had a segment has none. When it is not clear whether a new file got the name,
//! what is found there is written once more, the same bytes to another file, before anybody is
//! told: the old file is not trusted, and no sync is tried again.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use headwater_event::{Error, Kind, LogId};

use super::fs::{read_full, write_all};
use super::{Dir, failed};
use crate::Seq;
use crate::manifest::Manifest;

pub(crate) const NAME: &str = "manifest";
const UNNAMED: &str = "manifest.unnamed";

/// The manifest of an open log.
pub(crate) struct ManifestFile {
    log: LogId,
    state: Mutex<State>,
    /// The first commit that is in no segment, for readers: it may be behind, and never ahead.
    next: AtomicU64,
}

struct State {
    manifest: Manifest,
    /// Whether it is known what stands on the disk.
    is_clear: bool,
}

/// Why a manifest did not take the place of the last one.
enum NotPublished {
    /// The last one stands.
    Not(Error),
    /// Either of them does.
    Unclear(Error),
}

impl ManifestFile {
    /// What was found when the log was opened, or that of a new log.
    pub(crate) fn new(log: LogId, manifest: Manifest) -> ManifestFile {
        ManifestFile {
            log,
            next: AtomicU64::new(manifest.next.0),
            state: Mutex::new(State {
                manifest,
                is_clear: true,
            }),
        }
    }

    /// The first commit that is in no segment, as far as anybody was told.
    pub(crate) fn next(&self) -> Seq {
        Seq(self.next.load(Ordering::Acquire))
    }

    /// What `look` sees in the manifest that stands on the disk.
    pub(crate) fn with<T>(&self, dir: &Dir, look: impl FnOnce(&Manifest) -> T) -> Result<T, Error> {
        Ok(look(&self.settled(dir)?.manifest))
    }

    /// Puts `manifest` in the place of the last one, if `check` agrees.
    pub(crate) fn publish(
        &self,
        dir: &Dir,
        manifest: &Manifest,
        check: impl FnOnce(&Manifest) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut state = self.settled(dir)?;
        check(&state.manifest)?;
        match replace(dir, &manifest.encode(self.log)) {
            Ok(()) => {
                self.set(&mut state, manifest.clone());
                Ok(())
            }
            Err(NotPublished::Not(error)) => Err(error),
            Err(NotPublished::Unclear(error)) => {
                state.is_clear = false;
                Err(unclear(&error))
            }
        }
    }

    fn set(&self, state: &mut State, manifest: Manifest) {
        self.next.store(manifest.next.0, Ordering::Release);
        state.manifest = manifest;
    }

    /// The state, once it is known what stands on the disk.
    fn settled(&self, dir: &Dir) -> Result<MutexGuard<'_, State>, Error> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.is_clear {
            let found = self.find(dir).map_err(|error| match error.kind() {
                Kind::Damaged => error,
                _ => unclear(&error),
            })?;
            self.set(&mut state, found);
            state.is_clear = true;
        }
        Ok(state)
    }

    /// What stands on the disk, durably.
    fn find(&self, dir: &Dir) -> Result<Manifest, Error> {
        let Some((_, manifest)) = read(dir, Some(self.log))? else {
            dir.sync()?;
            return Ok(Manifest::default());
        };
        rewrite(dir, self.log, &manifest)?;
        Ok(manifest)
    }
}

/// Writes a manifest, durably on return: the first one of a log, or once more one that was found,
/// whatever came of the last sync.
pub(crate) fn rewrite(dir: &Dir, log: LogId, manifest: &Manifest) -> Result<(), Error> {
    match replace(dir, &manifest.encode(log)) {
        Ok(()) => Ok(()),
        Err(NotPublished::Not(error) | NotPublished::Unclear(error)) => Err(error),
    }
}

/// The manifest in a directory, if there is one, and the log that it belongs to.
pub(crate) fn read(dir: &Dir, log: Option<LogId>) -> Result<Option<(LogId, Manifest)>, Error> {
    let path = dir.path.join(NAME);
    let bytes = match read_file(dir, &path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        bytes => bytes.map_err(|error| failed("read", &path, error))?,
    };
    let (found, manifest) =
        Manifest::decode(&bytes).map_err(|error| error.about(path.display()))?;
    match log {
        Some(log) if log != found => Err(other_log(&path, found, log)),
        _ => Ok(Some((found, manifest))),
    }
}

fn read_file(dir: &Dir, path: &Path) -> io::Result<Vec<u8>> {
    let file = dir.fs.open(path)?;
    let length = usize::try_from(file.len()?).map_err(io::Error::other)?;
    let mut bytes = vec![0; length];
    let read = read_full(&*file, &mut bytes, 0)?;
    bytes.truncate(read);
    Ok(bytes)
}

/// Writes a new file and gives it the name. Durable on return.
fn replace(dir: &Dir, bytes: &[u8]) -> Result<(), NotPublished> {
    let (path, unnamed): (PathBuf, PathBuf) = (dir.path.join(NAME), dir.path.join(UNNAMED));
    let make = || {
        let file = dir.fs.create(&unnamed)?;
        write_all(&*file, bytes, 0)?;
        file.sync_data()
    };
    make().map_err(|error| {
        let _ = dir.fs.remove(&unnamed); // or the next opening does
        NotPublished::Not(failed("make", &unnamed, error))
    })?;
    dir.name(&unnamed, &path).map_err(NotPublished::Unclear)
}

fn unclear(cause: &Error) -> Error {
    Error::new(
        Kind::Unavailable,
        "unavailable",
        format!("it is not known which manifest stands on the disk: {cause}"),
    )
    .action("read the manifest again")
    .caused_by(cause.clone())
}

pub(crate) fn other_log(path: &Path, found: LogId, expected: LogId) -> Error {
    Error::damaged(format!("{} belongs to another log", path.display()))
        .found(found)
        .expected(expected)
        .action("restore this log from a backup; nothing was changed")
}

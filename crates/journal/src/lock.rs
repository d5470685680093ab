//! One lock per data root, so that two processes never write the same logs.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use headwater_event::{Error, Kind};

use crate::env::{Env as _, SystemEnv};

const FILE: &str = "lock";
/// A note is a process id and an address; more is not read.
const NOTE_BYTES_MAX: u64 = 4096;
const ATTEMPTS: u32 = 10;
const ATTEMPT_PAUSE: Duration = Duration::from_millis(5);

/// The lock of a data root, held until it is dropped, and let go by the operating system when the
/// process ends in any way.
///
/// The file says who holds it: the process id in its first line, and then a note, such as the
/// address of the server.
pub struct DataLock {
    path: PathBuf,
    file: Mutex<File>,
}

impl DataLock {
    /// Takes the lock of this data root, a directory that is there. Another process that holds it
    /// is the error `locked`.
    pub fn acquire(root: &Path) -> Result<DataLock, Error> {
        let path = root.join(FILE);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| cannot(&path, "open", error))?;
        take(&file, root, &path)?;
        let lock = DataLock {
            path,
            file: Mutex::new(file),
        };
        lock.set_note("")?;
        Ok(lock)
    }

    /// Writes a note for whoever finds the lock taken, in place of the last one.
    pub fn set_note(&self, note: &str) -> Result<(), Error> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let text = format!("{}\n{note}\n", std::process::id());
        let write = |file: &mut File| {
            file.seek(SeekFrom::Start(0))?;
            file.write_all(text.as_bytes())?;
            file.set_len(text.len() as u64)
        };
        write(&mut file).map_err(|error| cannot(&self.path, "write", error))
    }

    /// The note of whoever holds the lock of this data root; `None` if nobody holds it.
    pub fn read_note(root: &Path) -> Result<Option<Note>, Error> {
        let path = root.join(FILE);
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(cannot(&path, "open", error)),
        };
        match file.try_lock_shared() {
            Ok(()) => return Ok(None),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(cannot(&path, "lock", error)),
        }
        let mut text = String::new();
        let mut limited = std::io::Read::by_ref(&mut file).take(NOTE_BYTES_MAX);
        limited
            .read_to_string(&mut text)
            .map_err(|error| cannot(&path, "read", error))?;
        Ok(Some(Note::parse(&text)))
    }
}

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Its process id, if it could be read.
    pub pid: Option<u32>,
    /// What it wrote there; empty until it did.
    pub note: String,
}

impl Note {
    fn parse(text: &str) -> Note {
        let (pid, note) = text.split_once('\n').unwrap_or((text, ""));
        Note {
            pid: pid.parse().ok(),
            note: note.trim_end().to_owned(),
        }
    }
}

/// Takes the lock. It is tried for a moment, because whoever asks for the note has it that long.
fn take(file: &File, root: &Path, path: &Path) -> Result<(), Error> {
    for _ in 0..ATTEMPTS {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => SystemEnv.sleep(ATTEMPT_PAUSE),
            Err(TryLockError::Error(error)) => return Err(cannot(path, "lock", error)),
        }
    }
    Err(locked(root))
}

fn locked(root: &Path) -> Error {
    let held = DataLock::read_note(root).ok().flatten();
    let (pid, note) = held.map_or((None, String::new()), |note| (note.pid, note.note));
    let who = pid.map_or("another process".to_owned(), |pid| format!("process {pid}"));
    let at = match note.is_empty() {
        true => String::new(),
        false => format!(" ({note})"),
    };
    Error::new(
        Kind::Unavailable,
        "locked",
        format!("the data directory {} is in use", root.display()),
    )
    .found(format!("{who}{at}"))
    .expected("no other process that has it open")
    .action("talk to that server, stop it, or choose another data directory")
}

fn cannot(path: &Path, what: &str, error: std::io::Error) -> Error {
    Error::new(
        Kind::Unavailable,
        "storage",
        format!("cannot {what} {}: {error}", path.display()),
    )
    .action("check that the data directory is there and may be written")
    .caused_by(error)
}

//! Where the storages of databases come from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use headwater_event::{Error, Kind, LogId};
use headwater_journal::disk::fs::{Fs, StdFs};
use headwater_journal::{
    DiskOptions, DiskStorage, MemoryStorage, NewDiskLog, NewLog, NewMemoryLog, Storage,
};

/// Makes and opens the storages of logs. The node knows directories, and not what is in them.
pub trait Storages: Send + Sync + 'static {
    /// Makes an empty log in a directory that is not there yet. Durable on return.
    fn create(&self, directory: &Path, log_id: LogId) -> Result<Arc<dyn Storage>, Error>;

    /// Begins to make a log of segments, in a directory that is not there yet. It is no log before
    /// it is finished.
    fn begin(&self, directory: &Path, log_id: LogId) -> Result<Box<dyn NewLog>, Error>;

    /// Opens the log of a directory.
    fn open(&self, directory: &Path) -> Result<Arc<dyn Storage>, Error>;

    /// Whether there is a log in the directory.
    fn exists(&self, directory: &Path) -> Result<bool, Error>;

    /// Removes a directory and everything in it; one that is not there is no error.
    fn remove(&self, directory: &Path) -> Result<(), Error>;
}

/// Levels of directories that the making of a log may make: its own, that of its database, that of
/// all databases, and the data root.
const LEVELS: usize = 4;

/// Logs in files.
pub struct DiskStorages {
    fs: Arc<dyn Fs>,
    options: DiskOptions,
}

impl DiskStorages {
    /// Reaches the operating system through `fs`.
    pub fn new(fs: Arc<dyn Fs>) -> DiskStorages {
        DiskStorages {
            fs,
            options: DiskOptions::default(),
        }
    }

    /// Keeps each log so.
    pub fn with(self, options: DiskOptions) -> DiskStorages {
        DiskStorages { options, ..self }
    }

    /// Makes the names of the directories above durable, which may be new.
    fn sync_above(&self, directory: &Path) -> Result<(), Error> {
        for above in directory.ancestors().skip(1).take(LEVELS - 1) {
            self.fs
                .sync_dir(above)
                .map_err(|error| cannot("sync", above, error))?;
        }
        Ok(())
    }
}

impl Default for DiskStorages {
    fn default() -> DiskStorages {
        DiskStorages::new(Arc::new(StdFs))
    }
}

impl Storages for DiskStorages {
    fn create(&self, directory: &Path, log_id: LogId) -> Result<Arc<dyn Storage>, Error> {
        let storage = DiskStorage::create_with(self.fs.clone(), directory, log_id, self.options)?;
        self.sync_above(directory)?;
        Ok(Arc::new(storage))
    }

    fn begin(&self, directory: &Path, log_id: LogId) -> Result<Box<dyn NewLog>, Error> {
        let new = NewDiskLog::create(self.fs.clone(), directory, log_id, self.options)?;
        self.sync_above(directory)?;
        Ok(Box::new(new))
    }

    fn open(&self, directory: &Path) -> Result<Arc<dyn Storage>, Error> {
        let storage = DiskStorage::open_with(self.fs.clone(), directory, self.options)?;
        Ok(Arc::new(storage))
    }

    fn exists(&self, directory: &Path) -> Result<bool, Error> {
        DiskStorage::exists(&*self.fs, directory)
    }

    fn remove(&self, directory: &Path) -> Result<(), Error> {
        match std::fs::remove_dir_all(directory) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(cannot("remove", directory, error))
            }
            _ => Ok(()),
        }
    }
}

pub(crate) fn cannot(what: &str, directory: &Path, error: std::io::Error) -> Error {
    use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem, StorageFull};
    let (kind, code) = match error.kind() {
        StorageFull => (Kind::Full, "disk_full"),
        PermissionDenied | ReadOnlyFilesystem => (Kind::Unavailable, "not_writable"),
        _ => (Kind::Unavailable, "storage"),
    };
    Error::new(
        kind,
        code,
        format!("cannot {what} the directory {}", directory.display()),
    )
    .found(&error)
    .action("check that the data directory may be written")
    .caused_by(error)
}

/// Logs in memory, for tests: they are gone with this value. A directory is the name of a log.
#[derive(Default)]
pub struct MemoryStorages {
    logs: Mutex<BTreeMap<PathBuf, Arc<MemoryStorage>>>,
}

impl MemoryStorages {
    /// The log of a directory, to do something to it.
    pub fn log(&self, directory: &Path) -> Option<Arc<MemoryStorage>> {
        self.logs().get(directory).cloned()
    }

    fn logs(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Arc<MemoryStorage>>> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner) // nothing in here can panic halfway
    }
}

impl Storages for MemoryStorages {
    fn create(&self, directory: &Path, log_id: LogId) -> Result<Arc<dyn Storage>, Error> {
        let storage = Arc::new(MemoryStorage::new(log_id));
        self.logs().insert(directory.to_owned(), storage.clone());
        Ok(storage)
    }

    fn begin(&self, directory: &Path, log_id: LogId) -> Result<Box<dyn NewLog>, Error> {
        let storage = Arc::new(MemoryStorage::new(log_id));
        self.logs().insert(directory.to_owned(), storage.clone());
        Ok(Box::new(NewMemoryLog::new(storage)))
    }

    fn open(&self, directory: &Path) -> Result<Arc<dyn Storage>, Error> {
        match self.log(directory) {
            Some(storage) => Ok(storage),
            None => Err(Error::new(
                Kind::NotFound,
                "no_log",
                format!("there is no log in {}", directory.display()),
            )),
        }
    }

    fn exists(&self, directory: &Path) -> Result<bool, Error> {
        Ok(self.logs().contains_key(directory))
    }

    fn remove(&self, directory: &Path) -> Result<(), Error> {
        self.logs().retain(|log, _| !log.starts_with(directory));
        Ok(())
    }
}

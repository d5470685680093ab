//! A file system that fails on demand.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use headwater_journal::Map;
use headwater_journal::disk::fs::{File, Fs, StdFs};

type Work = Box<dyn FnOnce() + Send>;

/// What fails.
#[derive(Default)]
struct Faults {
    /// So many syncs of files fail.
    syncs: AtomicU32,
    /// So many syncs of directories fail.
    dir_syncs: AtomicU32,
    /// So many renames fail, and leave the names as they are.
    renames: AtomicU32,
    /// So many bytes may still be written; negative is any number.
    room: AtomicI64,
    /// Every write fails so.
    writes: Mutex<Option<io::ErrorKind>>,
    /// Happens before the next file is opened.
    before_open: Mutex<Option<Work>>,
    /// Happens before the next file is made.
    before_create: Mutex<Option<Work>>,
    /// Syncs do nothing: quicker, where nothing crashes.
    unsynced: bool,
}

/// The system's files, with faults.
pub(crate) struct FaultFs {
    faults: Arc<Faults>,
}

impl FaultFs {
    pub(crate) fn new() -> Arc<FaultFs> {
        let faults = Faults {
            room: AtomicI64::new(-1),
            ..Faults::default()
        };
        Arc::new(FaultFs {
            faults: Arc::new(faults),
        })
    }

    /// Files that are not synced at all.
    pub(crate) fn unsynced() -> Arc<FaultFs> {
        let faults = Faults {
            room: AtomicI64::new(-1),
            unsynced: true,
            ..Faults::default()
        };
        Arc::new(FaultFs {
            faults: Arc::new(faults),
        })
    }

    pub(crate) fn fail_syncs(&self, count: u32) {
        self.faults.syncs.store(count, Ordering::SeqCst);
    }

    pub(crate) fn fail_dir_syncs(&self, count: u32) {
        self.faults.dir_syncs.store(count, Ordering::SeqCst);
    }

    pub(crate) fn fail_renames(&self, count: u32) {
        self.faults.renames.store(count, Ordering::SeqCst);
    }

    /// Lets this happen just before the next file is opened.
    pub(crate) fn before_open(&self, work: impl FnOnce() + Send + 'static) {
        *self.faults.before_open.lock().unwrap() = Some(Box::new(work));
    }

    /// Lets this happen just before the next file is made.
    pub(crate) fn before_create(&self, work: impl FnOnce() + Send + 'static) {
        *self.faults.before_create.lock().unwrap() = Some(Box::new(work));
    }

    pub(crate) fn fail_writes(&self, kind: Option<io::ErrorKind>) {
        *self.faults.writes.lock().unwrap() = kind;
    }

    /// Leaves room for so many bytes; `None` for any number.
    pub(crate) fn leave_room(&self, bytes: Option<i64>) {
        self.faults
            .room
            .store(bytes.unwrap_or(-1), Ordering::SeqCst);
    }

    fn wrap(&self, file: Arc<dyn File>) -> Arc<dyn File> {
        Arc::new(FaultFile {
            file,
            faults: Arc::clone(&self.faults),
        })
    }
}

fn run(work: &Mutex<Option<Work>>) {
    let work = work.lock().unwrap().take();
    if let Some(work) = work {
        work();
    }
}

fn count_down(count: &AtomicU32) -> io::Result<()> {
    let down = |count: u32| count.checked_sub(1);
    match count.fetch_update(Ordering::SeqCst, Ordering::SeqCst, down) {
        Ok(_) => Err(io::Error::other("a failure on demand")),
        Err(_) => Ok(()),
    }
}

impl Fs for FaultFs {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        run(&self.faults.before_open);
        StdFs.open(path).map(|file| self.wrap(file))
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        run(&self.faults.before_create);
        StdFs.create(path).map(|file| self.wrap(file))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        count_down(&self.faults.renames)?;
        StdFs.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        StdFs.remove(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        StdFs.list(dir)
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        StdFs.create_dir(dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        count_down(&self.faults.dir_syncs)?;
        if self.faults.unsynced {
            return Ok(());
        }
        StdFs.sync_dir(dir)
    }
}

struct FaultFile {
    file: Arc<dyn File>,
    faults: Arc<Faults>,
}

impl File for FaultFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        if let Some(kind) = *self.faults.writes.lock().unwrap() {
            return Err(kind.into());
        }
        // Only what makes the file longer takes room, as on most file systems.
        let length = self.file.len()?;
        let grows = (offset + bytes.len() as u64).saturating_sub(length) as i64;
        let room = self.faults.room.load(Ordering::SeqCst);
        if room < 0 || grows == 0 {
            return self.file.write_at(bytes, offset);
        }
        if room == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let writable = bytes.len() as i64 - grows + room.min(grows);
        self.faults
            .room
            .store(room - room.min(grows), Ordering::SeqCst);
        self.file.write_at(&bytes[..writable as usize], offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        count_down(&self.faults.syncs)?;
        if self.faults.unsynced {
            return Ok(());
        }
        self.file.sync_data()
    }

    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn map(&self, offset: u64, length: usize) -> io::Result<Option<Map>> {
        self.file.map(offset, length)
    }
}

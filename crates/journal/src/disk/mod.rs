//! A storage in a directory: files of commits, each append written once and synced once.
//!
//! ```text
//! <dir>/00000000000000000001.commits    file header | frame | frame | ... | zeros
//! <dir>/00000000000000004711.commits    named by the first commit in it
//! <dir>/00000000000000000001-00000000000000090000.segment
//! <dir>/manifest                        which segments there are, and the first commit in none
//! <dir>/aside/                          bytes that were cut off, kept for people
//! ```
//!
//! * Commits that are in segments go with their file, once all of a file's are: a file may start
//!   before the first commit that is in none.
//! * A file is filled with zeros ahead of what is written, and that is synced, so that an append
//!   changes neither its length nor its blocks, and a full disk is found before the append.
//! * A file gets its name when its first sectors are durable. It takes the place of everything in
//!   older files from its first commit on. Files are never used again for anything else.
//! * One commit is written at a time. So when the log is opened, only the last frame can be torn,
//!   and only if a sector that it fills still reads zero; everything else that is not as it was
//!   written is damage, and refused.
//! * After a failed write or sync the file is left as it is and never synced again: what comes
//!   next, the same commit first, goes into a new file.
//!
//! Modules: [`fs`] the seam to the operating system, `frame` and `file_header` the bytes, `tail`
//! the writing end, `ready` the next file, `recover` opening, `files` where each commit stands,
//! `manifest_file` and `segments` what their names say.

mod file_header;
mod files;
pub(crate) mod frame;
pub mod fs;
mod manifest_file;
mod new_log;
mod ready;
mod recover;
mod segments;
mod tail;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use bytes::Bytes;
use headwater_event::{Error, Kind, LogId};

use crate::commits::Head;
use crate::errors;
use crate::manifest::{Manifest, SegmentName};
use crate::storage::{SegmentBytes, SegmentSink, Stored};
use crate::{Commit, Seq, Storage, Written};
use file_header::FileHeader;
use files::{Files, FoundFrames, Handles, Span};
use frame::{Header, Salt};
use fs::Fs;
use manifest_file::ManifestFile;
pub use new_log::NewDiskLog;
use ready::Ready;
use recover::Recovered;
use segments::DiskSink;
pub(crate) use segments::open_file;
use tail::Tail;

/// What the names of files end in that are not ready; they are removed when the log is opened.
const UNNAMED: &str = "unnamed";

const PAGE_BYTES: u64 = 4096;
/// The next file is made ahead once this part of the last one is used: a log that is small stays
/// small.
const READY_PART: u64 = 8;

/// How a log is kept on a disk.
#[derive(Clone, Copy, Debug)]
pub struct DiskOptions {
    /// A file of commits ends before it would become larger than this, unless one commit is.
    /// Rounded up to whole pages of 4,096 bytes.
    pub file_bytes_max: u64,
}

impl DiskOptions {
    fn rounded(self) -> DiskOptions {
        let pages = self.file_bytes_max.div_ceil(PAGE_BYTES).max(1);
        DiskOptions {
            file_bytes_max: pages.saturating_mul(PAGE_BYTES),
        }
    }
}

impl Default for DiskOptions {
    fn default() -> DiskOptions {
        DiskOptions {
            file_bytes_max: 8 << 20,
        }
    }
}

/// A log in a directory of its own. Whoever opens it must hold the lock of the data root
/// ([`DataLock`](crate::DataLock)).
pub struct DiskStorage {
    log_id: LogId,
    options: DiskOptions,
    dir: Arc<Dir>,
    files: RwLock<Files>,
    handles: Handles,
    tail: Mutex<Tail>,
    ready: Ready,
    manifest: ManifestFile,
}

/// The directory, and the way to it.
pub(crate) struct Dir {
    fs: Arc<dyn Fs>,
    path: PathBuf,
}

impl DiskStorage {
    /// Makes an empty log in `dir`, which is made where it is not there. Durable on return. A
    /// directory that holds a log is the error `log_exists`.
    pub fn create(
        fs: Arc<dyn Fs>,
        dir: impl Into<PathBuf>,
        log_id: LogId,
    ) -> Result<DiskStorage, Error> {
        DiskStorage::create_with(fs, dir, log_id, DiskOptions::default())
    }

    /// [`create`](Self::create), with options.
    pub fn create_with(
        fs: Arc<dyn Fs>,
        dir: impl Into<PathBuf>,
        log_id: LogId,
        options: DiskOptions,
    ) -> Result<DiskStorage, Error> {
        let dir = Dir::new(fs, dir);
        dir.make()?;
        dir.check_no_log()?;
        let header = FileHeader {
            log: log_id,
            first: Seq::FIRST,
            before: Head::EMPTY,
        };
        let options = options.rounded();
        let (tail, span) = Tail::create(&dir, &header, options)?;
        let made = Recovered {
            log: log_id,
            manifest: Manifest::default(),
            spans: vec![span],
            tail,
        };
        Ok(DiskStorage::with(Arc::new(dir), made, options))
    }

    /// Opens the log in `dir`: reads the manifest, removes what nobody needs, finds the end of the
    /// tail, keeps torn bytes aside, and syncs what it found before anybody reads it. A directory
    /// without a log is the error `no_log`; bytes that are not what was written are an error of
    /// kind `Damaged`. Segments are not read.
    pub fn open(fs: Arc<dyn Fs>, dir: impl Into<PathBuf>) -> Result<DiskStorage, Error> {
        DiskStorage::open_with(fs, dir, DiskOptions::default())
    }

    /// [`open`](Self::open), with options.
    pub fn open_with(
        fs: Arc<dyn Fs>,
        dir: impl Into<PathBuf>,
        options: DiskOptions,
    ) -> Result<DiskStorage, Error> {
        let dir = Dir::new(fs, dir);
        let options = options.rounded();
        let found = recover::recover(&dir, options)?;
        Ok(DiskStorage::with(Arc::new(dir), found, options))
    }

    fn with(dir: Arc<Dir>, found: Recovered, options: DiskOptions) -> DiskStorage {
        DiskStorage {
            log_id: found.log,
            options,
            dir,
            files: RwLock::new(Files::new(found.spans)),
            handles: Handles::default(),
            tail: Mutex::new(found.tail),
            ready: Ready::default(),
            manifest: ManifestFile::new(found.log, found.manifest),
        }
    }

    /// Whether there is a log in `dir`.
    pub fn exists(fs: &dyn Fs, dir: &Path) -> Result<bool, Error> {
        Ok(is_log(&list(fs, dir)?))
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.dir.path
    }
}

impl DiskStorage {
    fn files(&self) -> RwLockReadGuard<'_, Files> {
        self.files.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn files_mut(&self) -> RwLockWriteGuard<'_, Files> {
        self.files.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The commits from `seq` on that stand in these frames.
    fn read_frames(&self, seq: Seq, found: FoundFrames) -> Result<Vec<Commit>, Error> {
        let file = self.handles.get(&self.dir, found.file)?;
        let path = self.dir.file(found.file);
        let mut buffer = vec![0; (found.end - found.start) as usize];
        let read = fs::read_full(&*file, &mut buffer, found.start)
            .map_err(|error| failed("read", &path, error))?;
        buffer.truncate(read);
        let bytes = Bytes::from(buffer);
        let salt = Salt::new(self.log_id, found.file);
        let mut commits = Vec::with_capacity(found.count);
        let mut at = 0;
        for seq in (0..found.count as u64).map(|after| seq.plus(after)) {
            let offset = found.start + at as u64;
            let (commit, length) = decode_at(&bytes.slice(at..), salt, seq)
                .map_err(|why| damaged(&path, offset, seq, why))?;
            commits.push(commit);
            at += length;
        }
        Ok(commits)
    }
}

impl Storage for DiskStorage {
    fn log_id(&self) -> LogId {
        self.log_id
    }

    fn append(&self, seq: Seq, commit: &Commit) -> Written {
        // A panic in here poisons the journal above; the tail then is not used any more.
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        let (written, placed) = tail.append(&self.dir, &self.ready, seq, commit);
        if let Some(placed) = placed {
            self.files_mut().place(placed);
        }
        written
    }

    fn read(&self, seq: Seq, bytes_max: usize) -> Result<Stored, Error> {
        let sealed = || {
            let next = Some(self.manifest.next()).filter(|next| seq < *next);
            next.map(Stored::Sealed)
        };
        if let Some(sealed) = sealed() {
            return Ok(sealed);
        }
        let found = self.files().find(seq, bytes_max);
        let read = found.map_or(Ok(Vec::new()), |found| self.read_frames(seq, found));
        // It may have been sealed meanwhile, and its file dropped.
        if let Some(sealed) = sealed() {
            self.handles.forget_before(self.files().first());
            return Ok(sealed);
        }
        read.map(Stored::Commits)
    }

    fn manifest(&self) -> Result<Manifest, Error> {
        self.manifest.with(&self.dir, Manifest::clone)
    }

    fn publish(&self, manifest: &Manifest) -> Result<(), Error> {
        self.manifest.publish(&self.dir, manifest, |now| {
            let end = self.files().next();
            manifest.check_replaces(now, end)?;
            segments::check_all(&self.dir, manifest.not_in(now))
        })
    }

    fn drop_below(&self, seq: Seq) -> Result<(), Error> {
        let next = self.manifest.with(&self.dir, |manifest| manifest.next)?;
        loop {
            let Some(first) = self.files().droppable(seq.min(next)) else {
                return Ok(());
            };
            // Oldest first, so that what is left has no gaps.
            self.dir.remove(&self.dir.file(first))?;
            self.files_mut().drop_first(first);
            self.handles.forget_before(self.files().first());
        }
    }

    fn put(&self, name: SegmentName) -> Result<Box<dyn SegmentSink>, Error> {
        self.check_unused(name)?;
        Ok(Box::new(DiskSink::create(&self.dir, name)?))
    }

    fn get(&self, name: SegmentName) -> Result<Arc<dyn SegmentBytes>, Error> {
        match segments::open(&self.dir, name) {
            Ok(segment) => Ok(Arc::new(segment)),
            Err(error) => Err(match self.names(name)? {
                true => segments::missing(&self.dir, name, error),
                false => error,
            }),
        }
    }

    fn list(&self) -> Result<Vec<SegmentName>, Error> {
        segments::list(&self.dir)
    }

    fn remove(&self, name: SegmentName) -> Result<(), Error> {
        self.check_unused(name)?;
        self.dir.remove(&self.dir.path.join(name.to_string()))
    }

    fn make_ready(&self) -> Result<(), Error> {
        let length = self.options.file_bytes_max;
        // Nothing is locked while the file is made: appends go on.
        let used = self.files().end();
        match used >= length / READY_PART {
            true => self.ready.make(&self.dir, length),
            false => Ok(()),
        }
    }

    fn space(&self) -> Option<u64> {
        self.dir.fs.space(&self.dir.path)
    }

    fn tail_bytes(&self) -> u64 {
        self.files().bytes() + self.ready.bytes()
    }
}

impl DiskStorage {
    /// Whether the manifest names this segment.
    fn names(&self, name: SegmentName) -> Result<bool, Error> {
        let named = |manifest: &Manifest| manifest.segment(name).is_some();
        self.manifest.with(&self.dir, named)
    }

    fn check_unused(&self, name: SegmentName) -> Result<(), Error> {
        match self.names(name)? {
            true => Err(errors::segment_in_use(name)),
            false => Ok(()),
        }
    }
}

/// A log that nobody has open keeps no file ahead.
impl Drop for DiskStorage {
    fn drop(&mut self) {
        if let Some(ready) = self.ready.take(0) {
            let _ = self.dir.fs.remove(&ready.path); // or the next opening does
        }
    }
}

/// Whether these are the names of the files of a log.
fn is_log(names: &[String]) -> bool {
    names
        .iter()
        .any(|name| name == manifest_file::NAME || files::parse_name(name).is_some())
}

/// The commit whose frame starts these bytes, and the length of that frame.
fn decode_at(bytes: &Bytes, salt: Salt, seq: Seq) -> Result<(Commit, usize), &'static str> {
    let header = Header::decode(bytes, salt).ok_or(BAD_HEADER)?;
    if header.seq != seq {
        return Err("another commit");
    }
    let length = header.frame_len();
    if bytes.len() < length {
        return Err("the end of the file");
    }
    match frame::decode(&header, bytes, salt) {
        Ok(commit) => Ok((commit, length)),
        Err(broken) => Err(name_of(broken)),
    }
}

const BAD_HEADER: &str = "bytes that are no frame header, or one with a wrong checksum";

fn name_of(broken: frame::Broken) -> &'static str {
    match broken {
        frame::Broken::Checksum => "a payload with a wrong checksum",
        frame::Broken::End => "wrong end bytes",
    }
}

impl Dir {
    fn new(fs: Arc<dyn Fs>, path: impl Into<PathBuf>) -> Dir {
        Dir {
            fs,
            path: path.into(),
        }
    }

    /// The path of the file whose first commit this is.
    fn file(&self, first: Seq) -> PathBuf {
        self.path.join(files::name(first))
    }

    /// A path for a file that has no name yet, used once. A storage that is let go late, after the
    /// same log was opened again, must not meet the files of the next one, so the numbers are those
    /// of the process.
    fn unnamed(&self, what: &str) -> PathBuf {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        self.path.join(format!("{what}.{number}.{UNNAMED}"))
    }

    /// Makes the directory and its name durable.
    fn make(&self) -> Result<(), Error> {
        self.fs
            .create_dir(&self.path)
            .map_err(|error| failed("make", &self.path, error))?;
        if let Some(parent) = self
            .path
            .parent()
            .filter(|path| !path.as_os_str().is_empty())
        {
            self.fs
                .sync_dir(parent)
                .map_err(|error| failed("sync", parent, error))?;
        }
        Ok(())
    }

    fn check_no_log(&self) -> Result<(), Error> {
        if !is_log(&self.names()?) {
            return Ok(());
        }
        Err(Error::new(
            Kind::Conflict,
            "log_exists",
            format!("there is a log in {} already", self.path.display()),
        )
        .action("open it, or choose another directory"))
    }

    fn sync(&self) -> Result<(), Error> {
        self.fs
            .sync_dir(&self.path)
            .map_err(|error| failed("sync", &self.path, error))
    }

    /// Gives a durable file its name, durably. After an error it may have it.
    fn name(&self, unnamed: &Path, path: &Path) -> Result<(), Error> {
        self.fs.rename(unnamed, path).map_err(|error| {
            // So that no file that may have the name after all is written to again.
            let _ = self.fs.remove(unnamed); // or the next opening does
            failed("name", path, error)
        })?;
        self.sync()
    }

    /// Removes a file, if it is there. If it comes back after a crash, the next opening removes it.
    fn remove(&self, path: &Path) -> Result<(), Error> {
        match self.fs.remove(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(failed("remove", path, error))
            }
            _ => Ok(()),
        }
    }

    fn names(&self) -> Result<Vec<String>, Error> {
        list(&*self.fs, &self.path)
    }

    /// The first commits of the files, ascending.
    fn commit_files(&self) -> Result<Vec<Seq>, Error> {
        let names = self.names()?;
        let mut firsts: Vec<Seq> = names
            .iter()
            .filter_map(|name| files::parse_name(name))
            .collect();
        firsts.sort_unstable();
        Ok(firsts)
    }
}

/// The names in a directory; none where it is not there.
fn list(fs: &dyn Fs, dir: &Path) -> Result<Vec<String>, Error> {
    match fs.list(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        names => names.map_err(|error| failed("list", dir, error)),
    }
}

/// A call to the operating system that failed.
pub(crate) fn failed(what: &str, path: &Path, error: io::Error) -> Error {
    use io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    let message = format!("cannot {what} {}: {error}", path.display());
    let made = match error.kind() {
        StorageFull | QuotaExceeded => Error::new(Kind::Full, "disk_full", message)
            .action("free some space; appends go on by themselves, and reads never stopped"),
        PermissionDenied | ReadOnlyFilesystem => {
            Error::new(Kind::Unavailable, "not_writable", message)
                .action("let this user write the data directory, and open the log again")
        }
        _ => Error::new(Kind::Unavailable, "storage", message)
            .action("look at the disk and at the messages of the operating system"),
    };
    made.caused_by(error)
}

/// Bytes that are not what was written.
fn damaged(path: &Path, offset: u64, seq: Seq, found: &str) -> Error {
    Error::damaged(format!(
        "{} is damaged at byte {offset}, in commit {seq}",
        path.display()
    ))
    .found(found)
    .expected(format!("the frame of commit {seq}"))
    .action("restore this log from a backup; nothing was changed")
}

/// Where a commit was put.
pub(crate) enum Placed {
    /// At the end of the last file.
    Behind { start: u64, end: u64, length: u64 },
    /// In a new file.
    NewFile(Span),
}

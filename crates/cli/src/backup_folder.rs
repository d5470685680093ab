//! The directory of a backup.
//!
//! ```text
//! backup                         what the log is made of, and the projections; replaced last, at once
//! 0...01-0...090000.segment      never changed
//! *.unnamed                      being written; removed by the next backup
//! ```
//!
//! A segment gets its name when it is durable and was verified. What the file `backup` names is there
//! before it is, and what it no longer names goes after. docs/FORMAT.md draws the bytes.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use headwater_event::LogId;
use headwater_journal::backup::parts::{self, Part, PartsReader};
use headwater_journal::backup::{FOOTER_BYTES, Held, verify_file};
use headwater_journal::{Manifest, SegmentInfo, SegmentName};

use crate::failure::Failure;

const INDEX: &str = "backup";
const UNNAMED: &str = ".unnamed";

/// What the file `backup` says.
pub(crate) struct Index {
    /// The log that was backed up.
    pub(crate) log_id: LogId,
    /// What it is made of.
    pub(crate) manifest: Manifest,
    /// The file without its end: what stands before the segments when it is sent.
    pub(crate) start: Vec<u8>,
}

impl Index {
    /// Reads the bytes of the file.
    fn read(bytes: Vec<u8>) -> Result<Index, headwater_event::Error> {
        let mut reader = PartsReader::default();
        reader.push(&bytes);
        while reader.part()?.is_some_and(|part| part != Part::End) {}
        reader.finish()?;
        let Some((log_id, manifest)) = reader.manifest().cloned() else {
            return Err(headwater_event::Error::invalid(
                "bad_backup",
                "it names no log",
            ));
        };
        let mut start = bytes;
        start.truncate(start.len() - parts::end().len());
        Ok(Index {
            log_id,
            manifest,
            start,
        })
    }
}

/// A directory that holds one backup, or will. Nobody else writes to it.
pub(crate) struct Folder {
    path: PathBuf,
    _lock: File,
    /// The backup that it holds.
    pub(crate) index: Option<Index>,
}

/// A segment that is being written.
pub(crate) struct NewSegment {
    info: SegmentInfo,
    unnamed: PathBuf,
    path: PathBuf,
    file: File,
}

impl Folder {
    /// The directory for a backup; it is made if it is not there. One that holds anything else is
    /// refused, and so is one that another backup is being written to.
    pub(crate) fn create(path: &Path) -> Result<Folder, Failure> {
        std::fs::create_dir_all(path).map_err(|error| cannot("made", path, &error))?;
        let folder = Folder::lock(path)?;
        let names = folder.names()?;
        for name in &names {
            let is_known = name == INDEX || is_unnamed(name) || name.parse::<SegmentName>().is_ok();
            if !is_known {
                return Err(Failure::new(format!(
                    "{} is no directory of a backup",
                    path.display()
                ))
                .found(name)
                .expected("a directory that is empty, or that `headwater backup` wrote")
                .advice("name another directory; nothing was changed in this one"));
            }
        }
        for name in names.iter().filter(|name| is_unnamed(name)) {
            folder.remove(name)?;
        }
        Ok(folder)
    }

    /// The directory of a backup that is there.
    pub(crate) fn open(path: &Path) -> Result<(Folder, Index), Failure> {
        let missing = || {
            Failure::new(format!("there is no backup in {}", path.display()))
                .expected(format!("the file {INDEX}, which is written last"))
                .advice("name the directory that `headwater backup` wrote to its end")
        };
        if !path.join(INDEX).is_file() {
            return Err(missing());
        }
        let mut folder = Folder::lock(path)?;
        let index = folder.index.take().ok_or_else(missing)?;
        Ok((folder, index))
    }

    fn lock(path: &Path) -> Result<Folder, Failure> {
        let lock = File::open(path).map_err(|error| cannot("read", path, &error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(error)) => return Err(cannot("locked", path, &error)),
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::new(format!("{} is in use", path.display()))
                    .expected("one backup or restore at a time")
                    .advice("wait for the other one, or name another directory"));
            }
        }
        Ok(Folder {
            index: read_index(&path.join(INDEX))?,
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn names(&self) -> Result<Vec<String>, Failure> {
        let name = |entry: io::Result<std::fs::DirEntry>| {
            Ok(entry?.file_name().to_string_lossy().into_owned())
        };
        let names = std::fs::read_dir(&self.path).and_then(|all| all.map(name).collect());
        names.map_err(|error| cannot("read", &self.path, &error))
    }

    fn remove(&self, name: &str) -> Result<(), Failure> {
        let path = self.path.join(name);
        std::fs::remove_file(&path).map_err(|error| cannot("removed", &path, &error))
    }

    /// Where a segment is.
    pub(crate) fn segment(&self, name: SegmentName) -> PathBuf {
        self.path.join(name.to_string())
    }

    /// The segments that are there, and end as segments do.
    pub(crate) fn held(&self) -> Result<Vec<Held>, Failure> {
        let mut held = Vec::new();
        for name in self.names()? {
            if let Ok(name) = name.parse() {
                held.extend(self.look(name)?);
            }
        }
        Ok(held)
    }

    /// What tells a segment that is there from others; nothing if it does not end as a segment does,
    /// or is not there.
    pub(crate) fn look(&self, name: SegmentName) -> Result<Option<Held>, Failure> {
        let path = self.segment(name);
        let look = || -> io::Result<Option<Held>> {
            let mut file = File::open(&path)?;
            let length = file.metadata()?.len();
            let Some(start) = length.checked_sub(FOOTER_BYTES as u64) else {
                return Ok(None);
            };
            file.seek(SeekFrom::Start(start))?;
            let mut footer = vec![0; FOOTER_BYTES];
            file.read_exact(&mut footer)?;
            Ok(Held::of(name, length, &footer))
        };
        match look() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            held => held.map_err(|error| cannot("read", &path, &error)),
        }
    }

    /// Begins to write a segment.
    pub(crate) fn begin(&self, info: SegmentInfo) -> Result<NewSegment, Failure> {
        let path = self.segment(info.name);
        let unnamed = self.path.join(format!("{}{UNNAMED}", info.name));
        let file = File::create(&unnamed).map_err(|error| cannot("written", &unnamed, &error))?;
        Ok(NewSegment {
            info,
            unnamed,
            path,
            file,
        })
    }

    /// Makes this the backup that the directory holds: its segments are there. From then on it is
    /// this one, durably, and every segment that it does not name is removed.
    pub(crate) fn replace(&self, index: &Index) -> Result<(), Failure> {
        self.sync()?;
        let unnamed = self.path.join(format!("{INDEX}{UNNAMED}"));
        let write = || {
            let mut file = File::create(&unnamed)?;
            file.write_all(&index.start)?;
            file.write_all(&parts::end())?;
            file.sync_all()?;
            std::fs::rename(&unnamed, self.path.join(INDEX))
        };
        write().map_err(|error| cannot("written", &unnamed, &error))?;
        self.sync()?;
        for name in self.names()? {
            let segment = name.parse::<SegmentName>();
            if segment.is_ok_and(|segment| index.manifest.segment(segment).is_none()) {
                self.remove(&name)?;
            }
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), Failure> {
        let synced = File::open(&self.path).and_then(|folder| folder.sync_all());
        synced.map_err(|error| cannot("written", &self.path, &error))
    }
}

impl NewSegment {
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let written = self.file.write_all(bytes);
        written.map_err(|error| cannot("written", &self.unnamed, &error))
    }

    /// Makes it durable, verifies every byte of it, and gives it its name.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let synced = self.file.sync_all();
        synced.map_err(|error| cannot("written", &self.unnamed, &error))?;
        verify_file(&self.unnamed, &self.info).map_err(|error| {
            Failure::from(error)
                .while_doing("a segment is not as it was written")
                .advice("run `headwater verify`: the database is damaged, or the way from it")
        })?;
        let named = std::fs::rename(&self.unnamed, &self.path);
        named.map_err(|error| cannot("written", &self.path, &error))
    }
}

/// Whether it is the name of a file that was being written.
fn is_unnamed(name: &str) -> bool {
    let whole = name.strip_suffix(UNNAMED);
    whole.is_some_and(|name| name == INDEX || name.parse::<SegmentName>().is_ok())
}

/// What a backup says that came, without its end.
pub(crate) fn index(start: Vec<u8>) -> Result<Index, Failure> {
    let whole = [start, parts::end()].concat();
    Ok(Index::read(whole)?)
}

fn read_index(path: &Path) -> Result<Option<Index>, Failure> {
    match std::fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(cannot("read", path, &error)),
        Ok(bytes) => match Index::read(bytes) {
            Ok(index) => Ok(Some(index)),
            Err(error) => {
                Err(Failure::from(error).while_doing(&format!("{} cannot be used", path.display())))
            }
        },
    }
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("{} cannot be {what}", path.display())).caused_by(error)
}

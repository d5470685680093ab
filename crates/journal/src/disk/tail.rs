//! The writing end of the last file.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use headwater_event::{Error, Kind, LogId};

use super::file_header::{FILE_HEADER, FileHeader};
use super::files::Span;
use super::frame::{self, Salt};
use super::fs::{File, write_all};
use super::ready::{Ready, ReadyFile};
use super::{Dir, DiskOptions, Placed, UNNAMED, failed};
use crate::commits::Head;
use crate::{Commit, Seq, Written};

/// How much is filled with zeros at once: as much as the file has, within these and the most that a
/// file should have.
const FILL_BYTES_MIN: u64 = 64 << 10;
const FILL_BYTES_MAX: u64 = 256 << 10;
/// What is written at once when filling.
const FILL_CHUNK: usize = 256 << 10;
static ZEROS: [u8; FILL_CHUNK] = [0; FILL_CHUNK];

/// The end of the log on disk.
pub(crate) struct Tail {
    log: LogId,
    options: DiskOptions,
    /// The first commit of the last file.
    first: Seq,
    file: Arc<dyn File>,
    path: PathBuf,
    /// Where the next frame goes.
    end: u64,
    /// Up to here the file is there and reads zero after `end`, durably.
    filled: u64,
    /// The number of the next commit.
    next: Seq,
    /// The end of the log, for the header of the next file.
    head: Head,
    /// A write or sync of this file failed: nothing more is written to it or synced.
    distrusted: bool,
    /// The next commit was tried, and may stand in a file already.
    unknown: bool,
    /// Reused.
    buffer: Vec<u8>,
}

/// What recovery found of the last file.
pub(crate) struct Found {
    pub(crate) header: FileHeader,
    pub(crate) file: Arc<dyn File>,
    pub(crate) end: u64,
    pub(crate) filled: u64,
    pub(crate) next: Seq,
    pub(crate) head: Head,
}

/// Why a new file is not there.
enum NoFile {
    /// It has no name, and nothing that was tried in it counts.
    Unnamed(Error),
    /// It may have its name.
    Named(Error),
}

impl Tail {
    /// The end that recovery found.
    pub(crate) fn at(dir: &Dir, found: Found, options: DiskOptions) -> Tail {
        Tail {
            log: found.header.log,
            options,
            first: found.header.first,
            path: dir.file(found.header.first),
            file: found.file,
            end: found.end,
            filled: found.filled,
            next: found.next,
            head: found.head,
            distrusted: false,
            unknown: false,
            buffer: Vec::new(),
        }
    }

    /// Makes the first file of a log.
    pub(crate) fn create(
        dir: &Dir,
        header: &FileHeader,
        options: DiskOptions,
    ) -> Result<(Tail, Span), Error> {
        let made = new_file(dir, header, &[], options);
        let (file, filled) = made.map_err(|no_file| match no_file {
            NoFile::Unnamed(error) | NoFile::Named(error) => error,
        })?;
        let end = FILE_HEADER as u64;
        let found = Found {
            header: *header,
            file,
            end,
            filled,
            next: header.first,
            head: header.before,
        };
        let span = Span::new(header.first, end, filled);
        Ok((Tail::at(dir, found, options), span))
    }

    /// Writes and syncs one commit. Says where it stands if it is there now.
    pub(crate) fn append(
        &mut self,
        dir: &Dir,
        ready: &Ready,
        seq: Seq,
        commit: &Commit,
    ) -> (Written, Option<Placed>) {
        if seq < self.next {
            return (Written::Taken, None);
        }
        if seq > self.next {
            return (Written::Failed(gap(seq, self.next)), None);
        }
        let length = frame::len_of(commit) as u64;
        let written = match self.distrusted || self.is_full(ready, length) {
            true => self.append_to_new(dir, ready, seq, commit),
            false => self.append_behind(seq, commit, length),
        };
        match written {
            Ok(placed) => {
                self.unknown = false;
                self.next = seq.next();
                self.head = commit.end();
                (Written::Appended, Some(placed))
            }
            Err(written) => {
                self.unknown |= matches!(written, Written::Unknown(_));
                (written, None)
            }
        }
    }

    /// Whether a frame of this length goes into a new file: where it would make this one too large,
    /// or has to be waited for while this one is filled and the next one is there already.
    fn is_full(&self, ready: &Ready, length: u64) -> bool {
        let end = self.end + length;
        let is_too_large = end > self.options.file_bytes_max;
        let is_quicker = end > self.filled && ready.has(FILE_HEADER as u64 + length);
        self.next > self.first && (is_too_large || is_quicker)
    }

    fn append_behind(&mut self, seq: Seq, commit: &Commit, length: u64) -> Result<Placed, Written> {
        self.fill(self.end + length).map_err(Written::Failed)?;
        let salt = Salt::new(self.log, self.first);
        frame::encode(&mut self.buffer, salt, self.end, seq, commit);
        let wrote = write_all(&*self.file, &self.buffer, self.end)
            .and_then(|()| self.file.sync_data())
            .map_err(|error| failed("write", &self.path, error));
        if let Err(error) = wrote {
            self.distrusted = true;
            return Err(Written::Unknown(error));
        }
        let start = self.end;
        self.end += length;
        Ok(Placed::Behind {
            start,
            end: self.end,
            length: self.filled,
        })
    }

    /// Makes sure that the file is filled with zeros up to `needed`, durably. If that fails there
    /// is no trace of the commit.
    fn fill(&mut self, needed: u64) -> Result<(), Error> {
        if needed <= self.filled {
            return Ok(());
        }
        let step = self.filled.clamp(FILL_BYTES_MIN, FILL_BYTES_MAX);
        let ahead = (self.filled + step).min(self.options.file_bytes_max);
        let target = fill_target(needed, self.options).max(ahead);
        let reached = fill(&*self.file, self.filled, target);
        let reached = match reached {
            Ok(()) => target,
            // The last room on the disk may be enough.
            Err((reached, _)) if reached >= needed => reached - reached % frame::SECTOR as u64,
            Err((_, error)) => return Err(failed("fill", &self.path, error)),
        };
        self.file.sync_data().map_err(|error| {
            self.distrusted = true;
            failed("sync", &self.path, error)
        })?;
        self.filled = reached.max(needed);
        Ok(())
    }

    fn append_to_new(
        &mut self,
        dir: &Dir,
        ready: &Ready,
        seq: Seq,
        commit: &Commit,
    ) -> Result<Placed, Written> {
        let header = FileHeader {
            log: self.log,
            first: seq,
            before: self.head,
        };
        let (start, salt) = (FILE_HEADER as u64, Salt::new(self.log, seq));
        frame::encode(&mut self.buffer, salt, start, seq, commit);
        let end = start + self.buffer.len() as u64;
        let made = match ready.take(end) {
            Some(ready) => begin(dir, &header, &self.buffer, ready),
            None => new_file(dir, &header, &self.buffer, self.options),
        };
        let (file, filled) = made.map_err(|no_file| {
            match no_file {
                NoFile::Unnamed(error) if !self.unknown => Written::Failed(error),
                NoFile::Unnamed(error) => Written::Unknown(error),
                NoFile::Named(error) => {
                    // The name may stand for the new file; this one must not grow behind it.
                    self.distrusted = true;
                    Written::Unknown(error)
                }
            }
        })?;
        self.first = seq;
        self.path = dir.file(seq);
        self.file = file;
        self.filled = filled;
        self.end = end;
        self.distrusted = false;
        let mut span = Span::new(seq, start, filled);
        span.push(start, end);
        Ok(Placed::NewFile(span))
    }
}

/// Makes a file with this header and these frames, and zeros ahead. It is durable before it gets
/// its name, and its name is durable on return.
fn new_file(
    dir: &Dir,
    header: &FileHeader,
    frames: &[u8],
    options: DiskOptions,
) -> Result<(Arc<dyn File>, u64), NoFile> {
    let unnamed = dir.file(header.first).with_extension(UNNAMED);
    let used = (FILE_HEADER + frames.len()) as u64;
    let filled = fill_target(used, options);
    let make = || -> io::Result<Arc<dyn File>> {
        let file = dir.fs.create(&unnamed)?;
        fill(&*file, used, filled).map_err(|(_, error)| error)?;
        write_start(&*file, header, frames)?;
        Ok(file)
    };
    name(dir, header, &unnamed, make()).map(|file| (file, filled))
}

/// Begins a file that was made ahead, as [`new_file`] does.
fn begin(
    dir: &Dir,
    header: &FileHeader,
    frames: &[u8],
    ready: ReadyFile,
) -> Result<(Arc<dyn File>, u64), NoFile> {
    let written = write_start(&*ready.file, header, frames).map(|()| ready.file);
    name(dir, header, &ready.path, written).map(|file| (file, ready.length))
}

fn write_start(file: &dyn File, header: &FileHeader, frames: &[u8]) -> io::Result<()> {
    write_all(file, &header.encode(), 0)?;
    write_all(file, frames, FILE_HEADER as u64)?;
    file.sync_data()
}

/// Gives a file that was made its name, durably.
fn name(
    dir: &Dir,
    header: &FileHeader,
    unnamed: &Path,
    made: io::Result<Arc<dyn File>>,
) -> Result<Arc<dyn File>, NoFile> {
    let path = dir.file(header.first);
    let file = made.map_err(|error| {
        // What cannot be removed is removed when the log is opened.
        let _ = dir.fs.remove(unnamed);
        NoFile::Unnamed(failed("make", unnamed, error))
    })?;
    dir.name(unnamed, &path).map_err(NoFile::Named)?;
    Ok(file)
}

/// Up to where a file is filled at least that is used up to here.
fn fill_target(used: u64, options: DiskOptions) -> u64 {
    used.next_multiple_of(FILL_BYTES_MIN.min(options.file_bytes_max))
}

/// Writes zeros; when it fails, says how far it came.
pub(crate) fn fill(file: &dyn File, from: u64, to: u64) -> Result<(), (u64, io::Error)> {
    let mut at = from;
    while at < to {
        let chunk = ((to - at) as usize).min(FILL_CHUNK);
        match file.write_at(&ZEROS[..chunk], at) {
            Ok(0) => return Err((at, io::ErrorKind::WriteZero.into())),
            Ok(written) => at += written as u64,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err((at, error)),
        }
    }
    Ok(())
}

fn gap(found: Seq, expected: Seq) -> Error {
    Error::new(
        Kind::Internal,
        "internal",
        "the number of the commit leaves a gap",
    )
    .found(found)
    .expected(expected)
}

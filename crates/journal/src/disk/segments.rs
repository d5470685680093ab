//! Files of segments: made without a name, durable before they get it, and never changed again.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use headwater_event::{Error, Kind};

use super::fs::{File, Fs, read_full, write_all};
use super::{Dir, failed};
use crate::manifest::{SegmentInfo, SegmentName};
use crate::storage::{Map, SegmentBytes, SegmentSink};

/// What is written at once.
const WRITE_BYTES: usize = 256 << 10;
/// How much is written between syncs: what waits to be written delays the syncs of the tail.
const SYNC_BYTES: u64 = 512 << 10;

/// The segments in a directory, in order.
pub(crate) fn list(dir: &Dir) -> Result<Vec<SegmentName>, Error> {
    let names = dir.names()?;
    let names: BTreeSet<SegmentName> = names.iter().filter_map(|name| name.parse().ok()).collect();
    Ok(names.into_iter().collect())
}

/// Opens a segment.
pub(crate) fn open(dir: &Dir, name: SegmentName) -> Result<DiskSegment, Error> {
    open_file(&*dir.fs, &dir.path.join(name.to_string()), name)
}

/// Opens the file of a segment, wherever it is and whatever it is called.
pub(crate) fn open_file(fs: &dyn Fs, path: &Path, name: SegmentName) -> Result<DiskSegment, Error> {
    let open = || -> io::Result<_> {
        let file = fs.open(path)?;
        let length = file.len()?;
        Ok((file, length))
    };
    match open() {
        Ok((file, length)) => Ok(DiskSegment {
            name,
            path: path.to_owned(),
            file,
            length,
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let message = format!("there is no segment {}", path.display());
            Err(Error::new(Kind::NotFound, "no_segment", message).caused_by(error))
        }
        Err(error) => Err(failed("open", path, error)),
    }
}

/// Checks that the segments that a manifest names are there, as long as it says.
pub(crate) fn check_all<'a>(
    dir: &Dir,
    segments: impl IntoIterator<Item = &'a SegmentInfo>,
) -> Result<(), Error> {
    for info in segments {
        let segment = open(dir, info.name).map_err(|error| missing(dir, info.name, error))?;
        if segment.length != info.bytes {
            return Err(
                Error::damaged(format!("{} has another length", segment.path.display()))
                    .found(format!("{} bytes", segment.length))
                    .expected(format!("{} bytes, as the manifest says", info.bytes))
                    .action("restore this log from a backup; nothing was changed"),
            );
        }
    }
    Ok(())
}

/// The error for a segment that the manifest names and that could not be opened.
pub(crate) fn missing(dir: &Dir, name: SegmentName, error: Error) -> Error {
    if error.kind() != Kind::NotFound {
        return error;
    }
    let path = dir.path.join(name.to_string());
    Error::damaged(format!("{} is missing", path.display()))
        .found("no such file")
        .expected("the segment that the manifest names")
        .action("restore this log from a backup; nothing was changed")
}

/// A file of a segment.
pub(crate) struct DiskSegment {
    name: SegmentName,
    path: PathBuf,
    file: Arc<dyn File>,
    length: u64,
}

impl DiskSegment {
    fn check(&self, offset: u64, length: usize) -> Result<(), Error> {
        let end = offset.checked_add(length as u64);
        match end.is_some_and(|end| end <= self.length) {
            true => Ok(()),
            false => Err(self.short(offset, length, self.length)),
        }
    }

    fn short(&self, offset: u64, length: usize, found: u64) -> Error {
        Error::damaged(format!("{} ends too early", self.path.display()))
            .found(format!("{found} bytes"))
            .expected(format!("{length} bytes from byte {offset} on"))
            .action("restore this log from a backup; nothing was changed")
    }
}

impl SegmentBytes for DiskSegment {
    fn name(&self) -> SegmentName {
        self.name
    }

    fn len(&self) -> u64 {
        self.length
    }

    fn read(&self, offset: u64, length: usize) -> Result<Bytes, Error> {
        self.check(offset, length)?;
        let mut buffer = vec![0; length];
        let read = read_full(&*self.file, &mut buffer, offset)
            .map_err(|error| failed("read", &self.path, error))?;
        match read == length {
            true => Ok(buffer.into()),
            false => Err(self.short(offset, length, offset + read as u64)),
        }
    }

    fn read_in_memory(&self, offset: u64, length: usize) -> Option<Bytes> {
        self.check(offset, length).ok()?;
        let mut buffer = vec![0; length];
        let read = self.file.read_in_memory(&mut buffer, offset)?;
        (read == length).then(|| buffer.into())
    }

    fn map(&self, offset: u64, length: usize) -> Result<Option<Map>, Error> {
        self.check(offset, length)?;
        match self.file.map(offset, length) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(self.short(offset, length, offset))
            }
            map => map.map_err(|error| failed("map", &self.path, error)),
        }
    }

    fn will_read(&self, offset: u64, length: u64) {
        self.file.will_read(offset, length);
    }
}

/// A segment that is being written.
pub(crate) struct DiskSink {
    dir: Arc<Dir>,
    name: SegmentName,
    /// Where it stands until it has its name; `None` once it has.
    unnamed: Option<PathBuf>,
    file: Arc<dyn File>,
    buffer: Vec<u8>,
    /// How much was written to the file, and how much of that was synced.
    written: u64,
    synced: u64,
    /// A write or a sync failed: the file is not trusted any more.
    broken: bool,
}

impl DiskSink {
    /// Begins a segment.
    pub(crate) fn create(dir: &Arc<Dir>, name: SegmentName) -> Result<DiskSink, Error> {
        let path = dir.unnamed(&name.to_string());
        let file = dir.fs.create(&path);
        Ok(DiskSink {
            file: file.map_err(|error| failed("make", &path, error))?,
            dir: Arc::clone(dir),
            name,
            unnamed: Some(path),
            buffer: Vec::new(),
            written: 0,
            synced: 0,
            broken: false,
        })
    }

    fn path(&self) -> PathBuf {
        self.dir.path.join(self.name.to_string())
    }

    /// Does something to the file, unless something failed before.
    fn attempt(
        &mut self,
        what: &str,
        work: impl FnOnce(&mut DiskSink) -> io::Result<()>,
    ) -> Result<(), Error> {
        let done = match self.broken {
            true => Err(io::Error::other("a write before it failed")),
            false => work(self),
        };
        self.broken |= done.is_err();
        done.map_err(|error| failed(what, &self.path(), error))
    }

    fn flush(&mut self) -> io::Result<()> {
        write_all(&*self.file, &self.buffer, self.written)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        if self.written - self.synced >= SYNC_BYTES {
            self.file.sync_data()?;
            self.synced = self.written;
        }
        Ok(())
    }
}

impl SegmentSink for DiskSink {
    fn write(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        self.attempt("write", |sink| {
            while !bytes.is_empty() {
                let room = WRITE_BYTES - sink.buffer.len();
                let (now, later) = bytes.split_at(bytes.len().min(room));
                sink.buffer.extend_from_slice(now);
                bytes = later;
                if sink.buffer.len() == WRITE_BYTES {
                    sink.flush()?;
                }
            }
            Ok(())
        })
    }

    fn finish(mut self: Box<Self>) -> Result<(), Error> {
        self.attempt("write", |sink| {
            sink.flush()?;
            sink.file.sync_data()
        })?;
        let path = self.path();
        match self.unnamed.take() {
            Some(unnamed) => self.dir.name(&unnamed, &path),
            None => Ok(()),
        }
    }
}

impl Drop for DiskSink {
    fn drop(&mut self) {
        if let Some(unnamed) = self.unnamed.take() {
            let _ = self.dir.fs.remove(&unnamed); // or the next opening does
        }
    }
}

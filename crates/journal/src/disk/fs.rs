//! The seam to the operating system: the few calls that the disk storage makes.
//!
//! A simulation puts its own [`Fs`] here and so runs the very code that runs on a disk. What an
//! implementation must keep, and all that the storage relies on:
//!
//! * [`File::sync_data`] makes everything written to the file before, and its length, survive a
//!   crash. Without it any subset of the written sectors of 512 bytes may be lost, each as a whole:
//!   it then reads as before, or as zeros beyond the old length.
//! * A write or a sync that failed may have done any part of its work, and may go on doing it, but not
//!   over what was written there since, and not beyond the end of the process.
//! * [`Fs::sync_dir`] makes the names in a directory survive: creations, renames, removals.
//! * [`Fs::rename`] replaces its target at once.
//! * A file that was removed or replaced stays readable for who has it open or mapped.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use crate::storage::Map;

/// Directories and names.
pub trait Fs: Send + Sync + 'static {
    /// Opens a file that is there, to read and write.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>>;
    /// Makes an empty file, in place of one of that name.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>>;
    /// Gives a file another name, in place of a file that has it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// The names in a directory, in any order.
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;
    /// Makes a directory and those above it, where they are not there.
    fn create_dir(&self, dir: &Path) -> io::Result<()>;
    /// Makes the names in a directory durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
    /// How many bytes are free where a directory is, if that is known.
    fn space(&self, dir: &Path) -> Option<u64> {
        let _ = dir;
        None
    }
}

/// An open file.
#[expect(clippy::len_without_is_empty, reason = "nobody asks")]
pub trait File: Send + Sync + 'static {
    /// Reads at a place, as much as there is up to the length of the buffer; 0 at the end.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
    /// Writes at a place; says how much was written.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize>;
    /// Makes the content durable.
    fn sync_data(&self) -> io::Result<()>;
    /// How long it is.
    fn len(&self) -> io::Result<u64>;
    /// Maps a part of the file into memory. The part must be within the file, and the file must
    /// never be changed again. `None` where files cannot be mapped.
    fn map(&self, offset: u64, length: usize) -> io::Result<Option<Map>>;
    /// As [`read_at`](File::read_at), if that waits for no disk; `None` where it would, or where
    /// nobody can tell.
    fn read_in_memory(&self, buffer: &mut [u8], offset: u64) -> Option<usize> {
        let _ = (buffer, offset);
        None
    }
    /// Says that these bytes will likely be read soon. Nothing depends on it, and it waits for
    /// nothing.
    fn will_read(&self, offset: u64, length: u64) {
        let _ = (offset, length);
    }
}

/// The operating system's files.
#[derive(Clone, Copy, Debug, Default)]
pub struct StdFs;

impl Fs for StdFs {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        Ok(Arc::new(StdFile(file)))
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(true);
        Ok(Arc::new(StdFile(options.open(path)?)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let name = |entry: io::Result<std::fs::DirEntry>| {
            Ok(entry?.file_name().to_string_lossy().into_owned())
        };
        std::fs::read_dir(dir)?.map(name).collect()
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        std::fs::create_dir_all(dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        std::fs::File::open(dir)?.sync_all()
    }

    fn space(&self, dir: &Path) -> Option<u64> {
        let found = rustix::fs::statvfs(dir).ok()?;
        found.f_bavail.checked_mul(found.f_frsize)
    }
}

struct StdFile(std::fs::File);

impl File for StdFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.0.write_at(bytes, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn map(&self, offset: u64, length: usize) -> io::Result<Option<Map>> {
        if offset
            .checked_add(length as u64)
            .is_none_or(|end| end > self.0.metadata().map_or(0, |data| data.len()))
        {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut options = memmap2::MmapOptions::new();
        // SAFETY: the bytes must not change and the file must not get shorter while they are
        // mapped. Only segments are mapped: they are written once, before they get their name, and
        // removed as a whole, which leaves the mapped file as it is. Other processes of Headwater
        // are kept out by the lock of the data root.
        let map = unsafe { options.offset(offset).len(length).map(&self.0)? };
        Ok(Some(Arc::new(map)))
    }

    #[cfg(target_os = "linux")]
    fn read_in_memory(&self, buffer: &mut [u8], offset: u64) -> Option<usize> {
        use rustix::io::{ReadWriteFlags, preadv2};

        let mut buffers = [io::IoSliceMut::new(buffer)];
        preadv2(&self.0, &mut buffers, offset, ReadWriteFlags::NOWAIT).ok()
    }

    #[cfg(target_os = "linux")]
    fn will_read(&self, offset: u64, length: u64) {
        use std::num::NonZeroU64;

        use rustix::fs::{Advice, fadvise};

        let length = NonZeroU64::new(length);
        let _ = fadvise(&self.0, offset, length, Advice::WillNeed); // only a hint
    }
}

/// Writes all of the bytes.
pub(crate) fn write_all(file: &dyn File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write_at(bytes, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                bytes = &bytes[written..];
                offset += written as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads until the buffer is full or the file ends; says how much it read.
pub(crate) fn read_full(file: &dyn File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_memory_is_what_is_in_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = StdFs.create(&dir.path().join("file")).unwrap();
        let bytes: Vec<u8> = (0..20_000u32).map(|at| (at % 251) as u8).collect();
        write_all(&*file, &bytes, 0).unwrap();
        let mut buffer = vec![0; 5_000];
        for offset in [0, 4_097, 17_000, 20_000, 30_000] {
            // Not every file system can tell.
            if let Some(read) = file.read_in_memory(&mut buffer, offset as u64) {
                let there = &bytes[offset.min(20_000)..(offset + 5_000).min(20_000)];
                assert_eq!(&buffer[..read], &there[..read]);
                assert!(read > 0 || there.is_empty());
            }
        }
    }
}

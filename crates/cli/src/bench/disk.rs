//! The raw disk: what one write and one sync take, without a database.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::bench::samples::Samples;

/// Bytes of the file that is written to. It is filled beforehand, as a journal's file is, so that
/// a sync need not write where the file is.
const FILE_BYTES: u64 = 64 << 20;

/// A file to write to.
pub(super) struct RawDisk {
    file: File,
    at: u64,
}

impl RawDisk {
    /// Makes and fills the file in a directory.
    pub(super) fn open(directory: &Path) -> io::Result<RawDisk> {
        let mut file = OpenOptions::new()
            .create_new(true)
            .write(true)
            .open(directory.join("raw-disk"))?;
        let zeros = vec![0; 1 << 20];
        for _ in 0..FILE_BYTES / zeros.len() as u64 {
            file.write_all(&zeros)?;
        }
        file.sync_all()?;
        Ok(RawDisk { file, at: 0 })
    }

    /// Writes `bytes` bytes and syncs, again and again, one after another, for this long.
    pub(super) fn measure(&mut self, bytes: usize, time: Duration) -> io::Result<Samples> {
        let block = vec![0x5a; bytes];
        let mut samples = Samples::default();
        let begun = Instant::now();
        while begun.elapsed() < time {
            if self.at + bytes as u64 > FILE_BYTES {
                self.at = 0;
            }
            let started = Instant::now();
            self.file.write_all_at(&block, self.at)?;
            self.file.sync_data()?;
            samples.add(started.elapsed());
            self.at += bytes as u64;
        }
        Ok(samples)
    }
}

//! The raw disk: what one write and one sync take, without a database.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use headwater_load::{Orders, Outcome, Samples};

/// Bytes of the file that is written to. It is filled beforehand, so that a sync need not write
/// where the file is.
const FILE_BYTES: u64 = 64 << 20;

/// A file to write to.
pub(crate) struct RawDisk {
    file: File,
    at: u64,
}

impl RawDisk {
    /// Makes and fills the file, or takes one that is there.
    pub(crate) fn open(path: &Path) -> io::Result<RawDisk> {
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)?;
        if file.metadata()?.len() != FILE_BYTES {
            let zeros = vec![0; 1 << 20];
            for _ in 0..FILE_BYTES / zeros.len() as u64 {
                file.write_all(&zeros)?;
            }
            file.sync_all()?;
        }
        Ok(RawDisk { file, at: 0 })
    }

    /// Writes the data of `clients` appends of `batch` events at once and syncs, again and again,
    /// for so many seconds: the best that any database could do for so many clients.
    pub(crate) fn measure(
        &mut self,
        clients: usize,
        batch: u64,
        seconds: f64,
    ) -> io::Result<Outcome> {
        let mut block = Vec::new();
        for number in 0..clients as u64 * batch {
            Orders::default().order(number).write_data(&mut block);
        }
        let mut samples = Samples::default();
        let begun = Instant::now();
        let end = begun + Duration::from_secs_f64(seconds);
        while Instant::now() < end {
            if self.at + block.len() as u64 > FILE_BYTES {
                self.at = 0;
            }
            let started = Instant::now();
            self.file.write_all_at(&block, self.at)?;
            self.file.sync_data()?;
            samples.add(started.elapsed());
            self.at += block.len() as u64;
        }
        let requests = samples.count() * clients as u64;
        Ok(Outcome {
            requests,
            events: requests * batch,
            seconds: begun.elapsed().as_secs_f64(),
            requests_all: requests,
            events_all: requests * batch,
            bytes: samples.count() * block.len() as u64,
            latency: samples.latency(),
            ..Outcome::default()
        })
    }
}

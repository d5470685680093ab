//! A log in a directory that is made of segments of another one.
//!
//! The segments come first, then the manifest, then the file of commits that the log goes on in. The
//! last one makes it a log: without it, what stands there is refused as damage, or is no log at all.

use std::path::PathBuf;
use std::sync::Arc;

use headwater_event::{Error, LogId};

use super::file_header::FileHeader;
use super::fs::Fs;
use super::recover::Recovered;
use super::segments::{self, DiskSink};
use super::tail::Tail;
use super::{Dir, DiskOptions, DiskStorage, manifest_file};
use crate::manifest::{Manifest, SegmentName};
use crate::storage::{NewLog, SegmentSink, Storage};

/// A log that is being made of segments, in a directory of its own.
pub struct NewDiskLog {
    log_id: LogId,
    options: DiskOptions,
    dir: Arc<Dir>,
}

impl NewDiskLog {
    /// Begins one in `dir`, which is made where it is not there. A directory that holds a log is the
    /// error `log_exists`.
    pub fn create(
        fs: Arc<dyn Fs>,
        dir: impl Into<PathBuf>,
        log_id: LogId,
        options: DiskOptions,
    ) -> Result<NewDiskLog, Error> {
        let dir = Dir::new(fs, dir);
        dir.make()?;
        dir.check_no_log()?;
        Ok(NewDiskLog {
            log_id,
            options: options.rounded(),
            dir: Arc::new(dir),
        })
    }

    /// As [`NewLog::finish`].
    pub fn finish(self, manifest: &Manifest) -> Result<DiskStorage, Error> {
        manifest.check_begins()?;
        let manifest = manifest.of_new_log();
        let dir = self.dir;
        segments::check_all(&dir, &manifest.segments)?;
        if !manifest.segments.is_empty() {
            manifest_file::rewrite(&dir, self.log_id, &manifest)?;
        }
        let header = FileHeader {
            log: self.log_id,
            first: manifest.next,
            before: manifest.end(),
        };
        let (tail, span) = Tail::create(&dir, &header, self.options)?;
        let made = Recovered {
            log: self.log_id,
            manifest,
            spans: vec![span],
            tail,
        };
        Ok(DiskStorage::with(dir, made, self.options))
    }
}

impl NewLog for NewDiskLog {
    fn put(&self, name: SegmentName) -> Result<Box<dyn SegmentSink>, Error> {
        Ok(Box::new(DiskSink::create(&self.dir, name)?))
    }

    fn finish(self: Box<Self>, manifest: &Manifest) -> Result<Arc<dyn Storage>, Error> {
        Ok(Arc::new(NewDiskLog::finish(*self, manifest)?))
    }
}

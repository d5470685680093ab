//! Every storage passes the one suite.

use std::sync::Arc;

use headwater_event::LogId;
use headwater_journal::disk::fs::StdFs;
use headwater_journal::{
    DiskOptions, DiskStorage, MemoryStorage, NewDiskLog, NewLog, NewMemoryLog, Storage, conformance,
};
use tempfile::TempDir;

use conformance::Place;
use conformance::new_logs::NewPlace;

use crate::support::{Disk, Memory};

#[test]
fn memory_conforms() {
    conformance::all(&|log_id: LogId| Box::new(Memory(Arc::new(MemoryStorage::new(log_id)))));
}

#[test]
fn disk_conforms() {
    conformance::all(&|log_id: LogId| Box::new(Disk::create(Arc::new(StdFs), log_id)));
}

/// Many files, most of them with one commit.
#[test]
fn disk_conforms_with_small_files() {
    conformance::all(&|log_id: LogId| Box::new(Disk::with_small_files(log_id)));
}

struct NewMemory(Arc<MemoryStorage>);

impl NewPlace for NewMemory {
    fn begin(&mut self) -> Box<dyn NewLog> {
        Box::new(NewMemoryLog::new(Arc::clone(&self.0)))
    }

    /// It is a log for whoever shares it, and an empty one until it is finished.
    fn opens(&mut self) -> bool {
        !self.0.manifest().unwrap().segments.is_empty()
    }

    fn made(self: Box<Self>, _storage: Arc<dyn Storage>) -> Box<dyn Place> {
        Box::new(Memory(self.0))
    }
}

struct NewDisk {
    dir: TempDir,
    log_id: LogId,
    options: DiskOptions,
}

impl NewPlace for NewDisk {
    fn begin(&mut self) -> Box<dyn NewLog> {
        let path = self.dir.path().join("log");
        let new = NewDiskLog::create(Arc::new(StdFs), path, self.log_id, self.options);
        Box::new(new.unwrap())
    }

    fn opens(&mut self) -> bool {
        let path = self.dir.path().join("log");
        DiskStorage::open_with(Arc::new(StdFs), path, self.options).is_ok()
    }

    fn made(self: Box<Self>, storage: Arc<dyn Storage>) -> Box<dyn Place> {
        drop(storage);
        Box::new(Disk::at(self.dir, self.options))
    }
}

#[test]
fn logs_in_memory_are_made_of_segments() {
    conformance::new_logs::all(&|log_id: LogId| {
        Box::new(NewMemory(Arc::new(MemoryStorage::new(log_id))))
    });
}

#[test]
fn logs_on_disk_are_made_of_segments() {
    let small = DiskOptions {
        file_bytes_max: 8 << 10,
    };
    for options in [DiskOptions::default(), small] {
        conformance::new_logs::all(&|log_id: LogId| {
            let dir = TempDir::new().unwrap();
            Box::new(NewDisk {
                dir,
                log_id,
                options,
            })
        });
    }
}

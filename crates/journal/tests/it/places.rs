//! Every storage passes the one suite.

use std::sync::Arc;

use headwater_event::LogId;
use headwater_journal::disk::fs::StdFs;
use headwater_journal::{MemoryStorage, conformance};

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

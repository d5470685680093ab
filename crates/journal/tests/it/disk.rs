//! Disk.
use crate::support::{appended, one, open};
use headwater_journal::disk::fs::StdFs;
use headwater_journal::env::{Env, SystemEnv};
use headwater_journal::{DiskStorage, Read};
use std::sync::Arc;

#[tokio::test]
async fn smoke() {
    let dir = tempfile::tempdir().unwrap();
    let fs: Arc<StdFs> = Arc::new(StdFs);
    let log = dir.path().join("log");
    let storage = DiskStorage::create(fs.clone(), &log, SystemEnv.log_id()).unwrap();
    let journal = open(Arc::new(storage));
    for n in 1..=100 {
        appended(
            journal
                .append(one("A", &format!("a/{n}")), None)
                .await
                .unwrap(),
        );
    }
    let head = journal.head();
    drop(journal);
    let journal = open(Arc::new(DiskStorage::open(fs, &log).unwrap()));
    assert_eq!(journal.head(), head);
    assert_eq!(journal.read(&Read::default()).unwrap().events.len(), 100);
    assert_eq!(journal.verify(&mut |_| {}).unwrap().chain, head.chain);
}

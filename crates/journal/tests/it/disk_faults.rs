//! What a disk does to a log, and what callers are told.

use std::io::ErrorKind;
use std::sync::Arc;

use headwater_event::{Append, Kind, NewEvent};
use headwater_journal::conformance::Place;
use headwater_journal::env::SystemEnv;
use headwater_journal::{DiskStorage, Journal, Options};

use crate::fault_fs::FaultFs;
use crate::support::{
    Disk, TestEnv, appended, at, event_type, events, one, open, positions, with_ids,
};

fn large(bytes: usize) -> Append {
    let data = format!("\"{}\"", "x".repeat(bytes));
    Append::of(vec![NewEvent::json(event_type("Large"), data)])
}

#[tokio::test]
async fn after_a_failed_sync_the_commit_stands_in_a_new_file() {
    let fs = FaultFs::new();
    let mut place = Disk::on(fs.clone());
    let journal = open(place.storage());
    appended(journal.append(one("Made", "thing/1"), None).await.unwrap());
    appended(journal.append(one("Made", "thing/1"), None).await.unwrap());
    fs.fail_syncs(1);
    appended(journal.append(one("Made", "thing/1"), None).await.unwrap());
    assert_eq!(
        place.files().len(),
        2,
        "the old file is not written to any more"
    );
    assert!(place.files()[1].ends_with("00000000000000000003.commits"));
    appended(journal.append(one("Made", "thing/1"), None).await.unwrap());
    let before = events(&journal);
    drop(journal);
    place.restart();
    let journal = open(place.storage());
    assert_eq!(events(&journal), before);
    assert_eq!(positions(&before), [1, 2, 3, 4]);
    journal.verify(&mut |_| Ok(())).unwrap();
}

#[tokio::test]
async fn a_failed_sync_of_the_very_first_commit_replaces_the_file() {
    let fs = FaultFs::new();
    let mut place = Disk::on(fs.clone());
    let journal = open(place.storage());
    fs.fail_syncs(1);
    appended(journal.append(one("Made", "thing/1"), None).await.unwrap());
    appended(journal.append(one("Made", "thing/1"), None).await.unwrap());
    assert_eq!(place.files().len(), 1);
    assert_eq!(positions(&events(&journal)), [1, 2]);
    drop(journal);
    place.restart();
    assert_eq!(positions(&events(&open(place.storage()))), [1, 2]);
}

#[tokio::test]
async fn while_syncs_fail_appends_are_unavailable_and_reads_go_on() {
    let fs = FaultFs::new();
    let place = Disk::on(fs.clone());
    let journal = Journal::open(place.storage(), TestEnv::at(1_000), Options::default()).unwrap();
    appended(journal.append(one("Made", "thing/1"), None).await.unwrap());
    fs.fail_syncs(20);
    let append = with_ids(one("Made", "thing/1"));
    let error = journal.append(append.clone(), None).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (Kind::Unavailable, "unavailable")
    );
    assert_eq!(positions(&events(&journal)), [1]);
    let mut head = journal.watch_head();
    head.wait_for(|position| *position == at(2)).await.unwrap();
    loop {
        match journal.append(append.clone(), None).await {
            Ok(outcome) => break assert!(appended(outcome).repeated),
            Err(error) => assert_eq!(error.code(), "unavailable"),
        }
    }
}

#[tokio::test]
async fn a_name_that_is_not_durable_is_no_success() {
    let fs = FaultFs::new();
    let mut place = Disk::on(fs.clone());
    let journal = open(place.storage());
    appended(journal.append(one("Made", "thing/1"), None).await.unwrap());
    fs.fail_syncs(1);
    fs.fail_dir_syncs(1);
    let append = with_ids(one("Made", "thing/1"));
    let error = journal.append(append.clone(), None).await.unwrap_err();
    assert_eq!(error.code(), "unavailable");
    let mut head = journal.watch_head();
    head.wait_for(|position| *position == at(2)).await.unwrap();
    drop(journal);
    place.restart();
    let journal = open(place.storage());
    assert!(appended(journal.append(append, None).await.unwrap()).repeated);
}

#[tokio::test]
async fn a_full_disk_refuses_appends_and_nothing_else() {
    let fs = FaultFs::new();
    let mut place = Disk::on(fs.clone());
    let journal = open(place.storage());
    appended(journal.append(large(1_000), None).await.unwrap());
    fs.leave_room(Some(0));
    let error = journal.append(large(200_000), None).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Full, "disk_full"));
    assert!(error.to_string().contains(".commits"), "{error}");
    assert_eq!(positions(&events(&journal)), [1]);
    appended(journal.append(large(1_000), None).await.unwrap());
    fs.leave_room(Some(100_000));
    let error = journal.append(large(200_000), None).await.unwrap_err();
    assert_eq!(error.code(), "disk_full", "it was written in part");
    fs.leave_room(Some(160_000));
    appended(journal.append(large(200_000), None).await.unwrap());
    fs.leave_room(None);
    appended(journal.append(large(200_000), None).await.unwrap());
    let before = events(&journal);
    drop(journal);
    place.restart();
    let journal = open(place.storage());
    assert_eq!(events(&journal), before);
    assert_eq!(positions(&before), [1, 2, 3, 4]);
}

#[tokio::test]
async fn files_end_and_others_begin() {
    let mut place = Disk::new();
    // Nothing is sealed, so that the files stay.
    let options = Options {
        piece_bytes: 1 << 30,
        ..Options::default()
    };
    let journal = Journal::open(place.storage(), Arc::new(SystemEnv), options).unwrap();
    for _ in 0..5 {
        let events: Vec<NewEvent> = (0..20).flat_map(|_| large(1_000_000).events).collect();
        appended(journal.append(Append::of(events), None).await.unwrap());
    }
    assert_eq!(
        place.files().len(),
        5,
        "each is larger than a file should be"
    );
    let chain = journal.head();
    drop(journal);
    place.restart();
    let journal = open(place.storage());
    assert_eq!(journal.head(), chain);
    appended(journal.append(one("Made", "thing/1"), None).await.unwrap());
    assert_eq!(journal.verify(&mut |_| Ok(())).unwrap().events, 101);
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_is_named_with_what_to_do() {
    let fs = FaultFs::new();
    let mut place = Disk::on(fs.clone());
    appended(
        open(place.storage())
            .append(one("Made", "thing/1"), None)
            .await
            .unwrap(),
    );
    place.restart();
    fs.fail_writes(Some(ErrorKind::ReadOnlyFilesystem));
    let error = DiskStorage::open(fs.clone(), place.path()).err().unwrap();
    assert_eq!(error.code(), "not_writable");
    assert!(
        error
            .to_string()
            .contains(&place.path().display().to_string()),
        "{error}"
    );
    assert!(error.what_to_do().is_some());
}

#[test]
fn a_directory_without_a_log_and_one_with_a_log_are_told_apart() {
    let fs = FaultFs::new();
    let place = Disk::on(fs.clone());
    let empty = tempfile::tempdir().unwrap();
    for dir in [empty.path().to_owned(), empty.path().join("gone")] {
        assert!(!DiskStorage::exists(&*fs, &dir).unwrap());
        assert_eq!(
            DiskStorage::open(fs.clone(), dir).err().unwrap().code(),
            "no_log"
        );
    }
    assert!(DiskStorage::exists(&*fs, &place.path()).unwrap());
    let id = open(place.storage()).log_id();
    let error = DiskStorage::create(fs, place.path(), id).err().unwrap();
    assert_eq!(error.code(), "log_exists");
}

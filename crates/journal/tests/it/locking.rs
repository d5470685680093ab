//! One lock per data root.

use headwater_journal::DataLock;

#[test]
fn a_second_one_is_told_who_has_it() {
    let root = tempfile::tempdir().unwrap();
    assert_eq!(DataLock::read_note(root.path()).unwrap(), None);
    let lock = DataLock::acquire(root.path()).unwrap();
    lock.set_note("http://127.0.0.1:4747").unwrap();
    let note = DataLock::read_note(root.path()).unwrap().unwrap();
    assert_eq!(note.pid, Some(std::process::id()));
    assert_eq!(note.note, "http://127.0.0.1:4747");
    let error = DataLock::acquire(root.path()).err().unwrap();
    assert_eq!(error.code(), "locked");
    let text = error.to_string();
    assert!(text.contains(&root.path().display().to_string()), "{text}");
    assert!(text.contains(&std::process::id().to_string()), "{text}");
    assert!(text.contains("http://127.0.0.1:4747"), "{text}");
    drop(lock);
    assert_eq!(DataLock::read_note(root.path()).unwrap(), None);
    DataLock::acquire(root.path()).unwrap();
}

#[test]
fn a_root_that_is_not_there_is_named() {
    let root = tempfile::tempdir().unwrap().path().join("gone");
    let error = DataLock::acquire(&root).err().unwrap();
    assert!(error.to_string().contains("gone"), "{error}");
}

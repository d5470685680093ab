//! Two journals on one storage: the storage decides the order, and each takes in what the other
//! wrote. A directory has one writer, but a bucket has as many as there are nodes.

use headwater_event::{Append, ExpectedRevision, Outcome};
use headwater_journal::{Fault, Journal, Options};

use crate::support::{
    TestEnv, appended, at, conflict, event, events, memory, one, open, positions, stream,
};

#[test]
fn the_second_checks_again_against_what_the_first_wrote() {
    let storage = memory();
    let env = TestEnv::at(1_000);
    let opened =
        || Journal::open_stepped(storage.clone(), env.clone(), Options::default()).unwrap();
    let ((ours, our_writer), (theirs, their_writer)) = (opened(), opened());
    let register =
        || one("Registered", "name/ada").expecting(stream("name/ada"), ExpectedRevision::None);
    let mut won = theirs.submit(register(), None).unwrap();
    their_writer.run_once();
    appended(won.try_outcome().unwrap().unwrap());
    let mut lost = ours.submit(register(), None).unwrap();
    let mut free = ours.submit(one("Registered", "name/bob"), None).unwrap();
    our_writer.run_once();
    assert!(
        lost.try_outcome().is_none(),
        "it was taken, so it is checked again"
    );
    our_writer.run_once();
    let found = conflict(lost.try_outcome().unwrap().unwrap());
    assert_eq!(found.event().unwrap().position, at(1));
    assert_eq!(appended(free.try_outcome().unwrap().unwrap()).first, at(2));
    assert_eq!(events(&ours).len(), 2);
    drop((ours, theirs));
    open(storage).verify(&mut |_| Ok(())).unwrap();
}

#[test]
fn an_unknown_commit_whose_number_another_took_is_written_behind_it() {
    let storage = memory();
    let env = TestEnv::at(1_000);
    let opened =
        || Journal::open_stepped(storage.clone(), env.clone(), Options::default()).unwrap();
    let ((ours, our_writer), (theirs, their_writer)) = (opened(), opened());
    let mut unknown = ours.submit(one("Ours", "a/1"), None).unwrap();
    storage.inject(Fault::UnknownLost);
    storage.inject(Fault::UnknownLost);
    our_writer.run_once();
    assert_eq!(
        unknown.try_outcome().unwrap().unwrap_err().code(),
        "unavailable"
    );
    let mut other = theirs.submit(one("Theirs", "a/1"), None).unwrap();
    their_writer.run_once();
    appended(other.try_outcome().unwrap().unwrap());
    our_writer.commit();
    let types: Vec<String> = events(&ours)
        .iter()
        .map(|event| event.event_type.to_string())
        .collect();
    assert_eq!(
        types,
        ["Theirs"],
        "ours was told unavailable, and is not written"
    );
    let mut next = ours.submit(one("Ours", "a/1"), None).unwrap();
    our_writer.run_once();
    assert_eq!(appended(next.try_outcome().unwrap().unwrap()).first, at(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_journals_with_threads_share_one_order() {
    let storage = memory();
    let journals = [open(storage.clone()), open(storage.clone())];
    let mut running = Vec::new();
    for writer in 0..8 {
        let journal = journals[writer % 2].clone();
        running.push(tokio::spawn(async move {
            for _ in 0..25 {
                let append = Append::of(vec![
                    event("Made", "thing/1"),
                    event("Made", &format!("own/{writer}")),
                ]);
                let outcome = journal.append(append, None).await.unwrap();
                assert!(matches!(outcome, Outcome::Appended(_)));
            }
        }));
    }
    for one in running {
        one.await.unwrap();
    }
    drop(journals);
    let journal = open(storage);
    assert_eq!(
        positions(&events(&journal)),
        (1..=400).collect::<Vec<u64>>()
    );
    journal.verify(&mut |_| Ok(())).unwrap();
}

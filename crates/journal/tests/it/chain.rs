//! Times, the chain, and verifying.

use headwater_event::{Append, ChainHash, Timestamp};
use headwater_journal::conformance::Place;
use headwater_journal::{Journal, Options, Seq, Storage};

use crate::support::{Disk, TestEnv, appended, at, event, events, memory, one, open};

fn instant(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000).unwrap()
}

#[tokio::test]
async fn recorded_times_never_go_back() {
    let env = TestEnv::at(1_000);
    let journal = Journal::open(memory(), env.clone(), Options::default()).unwrap();
    for now in [1_000, 1_005, 1_002, 1_010] {
        env.set(now);
        appended(
            journal
                .append(one("Ticked", "clock/1"), None)
                .await
                .unwrap(),
        );
    }
    let recorded: Vec<i64> = events(&journal)
        .iter()
        .map(|event| event.recorded_at.as_micros() / 1_000_000)
        .collect();
    assert_eq!(recorded, [1_000, 1_005, 1_005, 1_010]);
    for (asked, found) in [
        (999, 0),
        (1_000, 1),
        (1_004, 1),
        (1_005, 3),
        (1_009, 3),
        (2_000, 4),
    ] {
        assert_eq!(
            journal.position_at(instant(asked)).unwrap(),
            at(found),
            "at {asked}"
        );
    }
}

#[tokio::test]
async fn a_clock_far_behind_refuses_appends_until_it_is_set() {
    let env = TestEnv::at(10_000);
    let storage = memory();
    let journal = Journal::open(storage.clone(), env.clone(), Options::default()).unwrap();
    appended(
        journal
            .append(one("Ticked", "clock/1"), None)
            .await
            .unwrap(),
    );
    env.set(10_000 - 600);
    appended(
        journal
            .append(one("Ticked", "clock/1"), None)
            .await
            .unwrap(),
    );
    env.set(10_000 - 601);
    let error = journal
        .append(one("Ticked", "clock/1"), None)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "clock_behind");
    drop(journal);
    let journal = Journal::open(storage, env.clone(), Options::default()).unwrap();
    let error = journal
        .append(one("Ticked", "clock/1"), None)
        .await
        .unwrap_err();
    assert_eq!(
        error.code(),
        "clock_behind",
        "also after it was opened again"
    );
    env.set(10_001);
    appended(
        journal
            .append(one("Ticked", "clock/1"), None)
            .await
            .unwrap(),
    );
    assert_eq!(journal.head().position, at(3));
}

#[tokio::test]
async fn the_chain_is_known_at_the_end_of_every_append() {
    let mut place = Disk::new();
    let journal = open(place.storage());
    let mut ends = vec![(at(0), ChainHash::START)];
    for count in 1..=4 {
        let append = Append::of(vec![event("Made", "thing/1"); count]);
        let last = appended(journal.append(append, None).await.unwrap()).last;
        assert_eq!(journal.head().position, last);
        ends.push((last, journal.head().chain));
    }
    let check = |journal: &Journal| {
        for position in 0..=10 {
            let end = ends.iter().rev().find(|(end, _)| end.0 <= position);
            let found = journal.chain_at(at(position)).unwrap();
            assert_eq!(Some(&found), end, "at {position}");
        }
        assert_eq!(
            journal.chain_at(at(11)).unwrap_err().code(),
            "position_ahead"
        );
    };
    check(&journal);
    drop(journal);
    place.restart();
    check(&open(place.storage()));
}

#[tokio::test]
async fn the_chain_is_made_of_the_canonical_bytes() {
    let storage = memory();
    let journal = open(storage.clone());
    let append = Append::of(vec![event("Made", "thing/1"), event("Made", "thing/2")]);
    appended(journal.append(append, None).await.unwrap());
    let commit = &storage.read(Seq::FIRST, 0).unwrap().commits().unwrap()[0];
    let length = u32::from_le_bytes(commit.appends[..4].try_into().unwrap());
    assert_eq!(length as usize, commit.appends.len() - 4);
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[0; 32]).update(&commit.appends[4..]);
    assert_eq!(journal.head().chain.0, *hasher.finalize().as_bytes());
}

#[tokio::test]
async fn verifying_walks_all_of_it_and_says_how_far_it_is() {
    let place = Disk::new();
    let journal = open(place.storage());
    for count in 0..20 {
        appended(
            journal
                .append(one("Made", &format!("thing/{count}")), None)
                .await
                .unwrap(),
        );
    }
    let mut last = None;
    let verified = journal
        .verify(&mut |progress| {
            last = Some(progress);
            Ok(())
        })
        .unwrap();
    assert_eq!(
        (verified.head, verified.appends, verified.events),
        (at(20), 20, 20)
    );
    assert_eq!(verified.chain, journal.head().chain);
    assert_eq!(
        last.map(|progress| (progress.position, progress.head)),
        Some((at(20), at(20)))
    );
}

#[tokio::test]
async fn verifying_names_what_changed_under_an_open_journal() {
    let storage = memory();
    let journal = open(storage.clone());
    for _ in 0..3 {
        appended(journal.append(one("Made", "thing/1"), None).await.unwrap());
    }
    assert!(storage.flip(Seq(2), 700));
    let error = journal.verify(&mut |_| Ok(())).unwrap_err();
    assert_eq!(error.kind(), headwater_event::Kind::Damaged);
    assert!(error.to_string().contains("commit 2"), "{error}");
}

//! When blocks have a dictionary, and which.

use std::sync::Arc;

use headwater_event::Position;

use super::{compare_event, merged};
use crate::segment::Segment;
use crate::segment::sample::{Log, event};

/// Commits of events of twenty words out of the same few hundred.
fn add(log: &mut Log, commits: usize, language: u64) {
    for _ in 0..commits {
        let said = (0..100).map(|_| {
            let words = (0..20).map(|_| word(language + log.some() % 400));
            let data: String = words.collect();
            event("Said", None, &[], data.as_bytes())
        });
        let events = said.collect();
        log.commit(vec![(1, events)]);
    }
}

/// The same letters for the same number.
fn word(number: u64) -> String {
    let mut letters = Log::new(number);
    let letter = |_| char::from(b'a' + (letters.some() % 26) as u8);
    (0..8).map(letter).chain([' ']).collect()
}

const ORDERS: u64 = 1_000;
const READINGS: u64 = 2_000;

fn dictionary(segment: &Segment) -> Option<bytes::Bytes> {
    let last = segment.last_dictionary().unwrap();
    last.map(|dictionary| dictionary.bytes().clone())
}

fn count(segment: &Segment) -> u64 {
    segment.inside().unwrap().footer.dictionaries.entries
}

#[test]
fn a_dictionary_serves_until_the_events_change() {
    let mut log = Log::new(1);
    add(&mut log, 60, ORDERS);
    add(&mut log, 60, ORDERS);
    add(&mut log, 60, READINGS);
    let first = Arc::new(log.seal(0..60, None).open());
    let same = Arc::new(log.seal(60..120, Some(&first)).open());
    let other = Arc::new(log.seal(120..180, Some(&same)).open());
    assert!(dictionary(&first).is_some());
    assert_eq!(dictionary(&first), dictionary(&same));
    assert_ne!(dictionary(&same), dictionary(&other));
    assert_eq!((count(&first), count(&same), count(&other)), (1, 1, 1));
    let all = merged(&[first, same, other]).unwrap().open();
    assert_eq!(count(&all), 2);
    all.verify(&mut |_| Ok(())).unwrap();
    (1..18_000)
        .step_by(499)
        .for_each(|at| compare_event(&all, &log, at));
}

#[test]
fn a_few_blocks_and_noise_have_none() {
    let mut log = Log::new(1);
    add(&mut log, 2, ORDERS);
    let few = log.seal(0..2, None).open();
    assert_eq!(dictionary(&few), None);
    for _ in 0..100 {
        let noise: Vec<u8> = (0..8_000).map(|_| log.some() as u8).collect();
        log.commit(vec![(1, vec![event("Noise", None, &[], &noise)])]);
    }
    let noise = log.seal(2..102, None).open();
    assert_eq!(dictionary(&noise), None);
    assert!(noise.run_at(Position(250)).is_ok());
}

#[test]
fn a_dictionary_pays() {
    let mut log = Log::new(1);
    add(&mut log, 80, ORDERS);
    let segment = log.seal(0..80, None).open();
    let sizes = segment.sizes().unwrap();
    let mut plain = zstd::bulk::Compressor::new(1).unwrap();
    let mut without = 0;
    let mut next = segment.first();
    while next <= segment.last() {
        let run = segment.run_at(next).unwrap();
        without += plain.compress(run.bytes()).unwrap().len() as u64;
        next = run.last().next();
    }
    assert!(
        sizes.data + sizes.dictionaries < without,
        "{sizes:?} {without}"
    );
}

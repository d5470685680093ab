//! Segments, compared with what their events say.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use headwater_event::{Error, EventId, Kind, NewEvent, Position, Revision, Timestamp};
use proptest::prelude::*;
use uuid::Uuid;

mod bucket;
mod damage;
mod dictionaries;
mod format;

use super::postings::Seek;
use super::sample::{Kept, Keys, Log, OTHER_CHAIN, event};
use super::{Facet, Segment, StreamEnd, key_hash, merge};
use crate::commits::Head;
use crate::index::Way;

/// Fewer cases: each makes a segment and asks it everything.
fn few() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig {
        cases: usual.cases.div_ceil(8),
        ..usual
    }
}

/// A log of so many commits, of a few streams, types and tags, with events of a few bytes or of
/// more than a block.
fn some_log(seed: u64, commits: usize) -> Log {
    let mut log = Log::new(seed);
    for _ in 0..commits {
        let appends = (0..1 + log.some() % 3)
            .map(|_| some_append(&mut log))
            .collect();
        log.commit(appends);
    }
    log
}

fn some_append(log: &mut Log) -> (i64, Vec<NewEvent>) {
    let later = (log.some() % 3) as i64;
    let events = 1 + match log.some() % 10 {
        0 => log.some() % 40,
        _ => log.some() % 4,
    };
    (later, (0..events).map(|_| some_event(log)).collect())
}

fn some_event(log: &mut Log) -> NewEvent {
    let number = log.some();
    let length = match number % 50 {
        0 => 20_000,
        1..20 => number as usize / 64 % 3_000,
        _ => number as usize / 64 % 100,
    };
    let data: Vec<u8> = (0..length)
        .map(|at| ((at as u64 * (number >> 40)) >> 7) as u8)
        .collect();
    let stream = format!("order{}/{}", number % 3, log.some() % 40);
    let tags = [
        format!("customer:{}", log.some() % 5),
        format!("item:{}", log.some()),
    ];
    let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    let tags = &tags[..log.some() as usize % 3];
    let event_type = ["Placed", "Paid", "Sent"][number as usize / 8 % 3];
    event(
        event_type,
        (log.some() & 3 > 0).then_some(&stream),
        tags,
        &data,
    )
}

/// Asks the segment everything, and compares with what the log says of these positions.
fn compare(segment: &Segment, log: &Log, positions: Range<u64>) {
    assert_eq!(segment.first().0..segment.last().0 + 1, positions);
    segment.verify(&mut |_| Ok(())).unwrap();
    compare_events(segment, log, positions.clone());
    compare_times_and_chains(segment, log, positions.clone());
    compare_names(segment, log, positions);
}

fn compare_event(segment: &Segment, log: &Log, at: u64) {
    let known = log.at(at);
    let position = Position(at);
    assert_eq!(segment.position_of(known.id).unwrap(), Some(position));
    let ahead = (at as usize % 3) * 20_000;
    let mut next = VecDeque::new();
    let run = segment.runs_upto(position, ahead, segment.last(), &mut next);
    let run = run.unwrap();
    let found = run.event(position).unwrap();
    let event = &known.event;
    assert_eq!((found.id, found.revision), (known.id, known.revision));
    assert_eq!(
        (&found.event_type, &found.stream),
        (&event.event_type, &event.stream)
    );
    assert_eq!((&found.data, &found.tags), (&event.data, &event.tags));
    let after = log.heads.partition_point(|head| head.position < position);
    assert_eq!(found.recorded_at, log.heads[after].recorded_at);
    assert!(segment.cached_run_at(position).unwrap().holds(position));
}

fn compare_events(segment: &Segment, log: &Log, positions: Range<u64>) {
    positions
        .clone()
        .for_each(|at| compare_event(segment, log, at));
    for other in [positions.start - 1, positions.end] {
        assert!(segment.run_at(Position(other)).is_err());
        assert!(segment.cached_run_at(Position(other)).is_none());
    }
    let mut others = Log::new(7);
    for _ in 0..100 {
        // Among the ids that are there.
        let some = u128::from(others.some());
        let id = EventId(Uuid::from_u128(
            log.at(positions.start).id.0.as_u128() ^ some,
        ));
        let is_there = positions.clone().any(|at| log.at(at).id == id);
        assert_eq!(segment.position_of(id).unwrap().is_some(), is_there);
    }
}

fn compare_times_and_chains(segment: &Segment, log: &Log, positions: Range<u64>) {
    let before = log.head_at(positions.start - 1);
    for at in positions.start - 1..=positions.end {
        let head = log.head_at(at.min(positions.end - 1));
        assert_eq!(
            segment.chain_at(Position(at)).unwrap(),
            (head.position, head.chain)
        );
        for later in -1..=1 {
            let instant = head.recorded_at.as_micros() + later;
            let Some(instant) = Timestamp::from_micros(instant) else {
                continue;
            };
            let mut heads = log
                .heads
                .iter()
                .filter(|head| head.position.0 < positions.end);
            let last = heads
                .rfind(|head| head.recorded_at <= instant)
                .map(|head| head.position);
            let last = last.unwrap_or(Position::ZERO).max(before.position);
            assert_eq!(segment.position_at(instant).unwrap(), last, "{instant}");
        }
    }
}

fn compare_names(segment: &Segment, log: &Log, positions: Range<u64>) {
    let keys = log.keys(positions);
    for ((facet, name), (base, list)) in &keys {
        let hash = key_hash(*facet, name);
        assert!(segment.may_have(hash).unwrap());
        for way in [Way::Up, Way::Down] {
            let found = walked(segment, *facet, name, way);
            assert_eq!(found.as_ref(), Some(list), "{facet:?} {name}");
        }
        let last = Position(list[list.len() - 1]);
        let revision = Revision(base + list.len() as u64);
        let end = (*facet == Facet::Stream).then_some(StreamEnd { revision, last });
        assert_eq!(
            segment.stream(name, key_hash(Facet::Stream, name)).unwrap(),
            end
        );
    }
    assert_eq!(walked(segment, Facet::Tag, "nobody", Way::Up), None);
    compare_listings(segment, &keys);
    for facet in Facet::ALL {
        let mut sizes: Vec<(&str, u64)> = keys
            .iter()
            .filter(|((of, _), _)| *of == facet)
            .map(|((_, name), (_, list))| (name.as_str(), list.len() as u64))
            .collect();
        sizes.sort_by_key(|(_, events)| std::cmp::Reverse(*events));
        sizes.truncate(16);
        let tops = segment.tops().unwrap();
        let tops = tops.of(facet).iter().map(|top| (&*top.name, top.events));
        assert!(tops.eq(sizes));
    }
    let passed = (0..1000).filter(|n| {
        segment
            .may_have(key_hash(Facet::Tag, &format!("no:{n}")))
            .unwrap()
    });
    assert!(passed.count() < 100);
}

fn walked(segment: &Segment, facet: Facet, name: &str, way: Way) -> Option<Vec<u64>> {
    let mut list = segment
        .list(facet, name, key_hash(facet, name), way)
        .unwrap()?;
    let mut found = Vec::new();
    let mut from = match way {
        Way::Up => 0,
        Way::Down => u64::MAX,
    };
    while let Some(position) = list.seek(from).unwrap() {
        found.push(position);
        from = way.step(position);
    }
    if way == Way::Down {
        found.reverse();
    }
    Some(found)
}

fn compare_listings(segment: &Segment, keys: &Keys) {
    for facet in Facet::ALL {
        let names = keys.iter().filter(|((of, _), _)| *of == facet);
        let names: Vec<_> = names
            .map(|((_, name), (_, list))| (name.as_str().into(), list.len() as u64))
            .collect();
        let found: Result<Vec<(Box<str>, u64)>, Error> = segment.names(facet).unwrap().collect();
        assert_eq!(found.unwrap(), names);
        assert_eq!(segment.count_names(facet).unwrap(), names.len() as u64);
    }
    for prefix in ["", "order1", "order1/", "order1/2", "x"] {
        for after in [
            None,
            Some("order0/3"),
            Some("order1"),
            Some("order1/20"),
            Some("order2/9"),
        ] {
            let streams = keys.iter().filter(|((facet, name), _)| {
                *facet == Facet::Stream
                    && name.starts_with(prefix)
                    && after.is_none_or(|after| name.as_str() > after)
            });
            let streams: Vec<_> = streams
                .map(|((_, name), (base, list))| {
                    let last = Position(list[list.len() - 1]);
                    let revision = Revision(base + list.len() as u64);
                    (name.as_str().into(), StreamEnd { revision, last })
                })
                .collect();
            let found: Result<Vec<_>, Error> = segment.streams(prefix, after).unwrap().collect();
            assert_eq!(found.unwrap(), streams, "{prefix} {after:?}");
        }
    }
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn a_segment_says_what_its_events_say(seed: u64, commits in 1usize..60, from: prop::sample::Index) {
        let log = some_log(seed, commits);
        let from = from.index(commits);
        let kept = log.seal(from..commits, None);
        compare(&kept.open(), &log, log.positions(from..commits));
        let (unmapped, _) = kept.open_as(kept.bytes(), false);
        compare(&unmapped, &log, log.positions(from..commits));
    }

    #[test]
    fn merged_segments_say_what_one_of_all_commits_says(
        seed: u64,
        cuts in proptest::collection::btree_set(1usize..60, 1..5),
    ) {
        let cuts: Vec<usize> = cuts.into_iter().collect();
        let commits = cuts[cuts.len() - 1] + 1;
        let log = some_log(seed, commits);
        let mut inputs: Vec<Arc<Segment>> = Vec::new();
        let mut from = 0;
        for cut in cuts.iter().copied().chain([commits]) {
            let previous = inputs.last().map(|segment| &**segment);
            inputs.push(Arc::new(log.seal(from..cut, previous).open()));
            from = cut;
        }
        let merged = merged(&inputs).unwrap();
        compare(&merged.open(), &log, log.positions(0..commits));
        let sealed = log.seal(0..commits, None);
        let (mut of_merged, of_sealed) = (merged.info, sealed.info);
        prop_assert_eq!(of_merged.level, 1);
        (of_merged.level, of_merged.bytes) = (0, of_sealed.bytes);
        of_merged.footer_crc = of_sealed.footer_crc;
        prop_assert_eq!(of_merged, of_sealed);
    }
}

fn merged(inputs: &[Arc<Segment>]) -> Result<Kept, Error> {
    let kept = Kept::default();
    let info = merge(kept.sink(), inputs, &mut |_| Ok(()))?;
    Ok(kept.with(info))
}

#[test]
fn appends_and_events_that_are_larger_than_blocks() {
    let mut log = Log::new(3);
    let small = |at: usize| event("Small", Some(&format!("s/{}", at % 7)), &[], &[at as u8; 3]);
    log.commit(vec![(1, (0..100_000).map(small).collect())]);
    let large = event("Large", Some("s/1"), &["large"], &vec![b'x'; 1 << 20]);
    let noise: Vec<u8> = (0..1 << 20).map(|_| log.some() as u8).collect();
    let noise = event("Noise", None, &["large"], &noise);
    log.commit(vec![(1, vec![large]), (0, vec![small(1), noise, small(2)])]);
    let kept = log.seal(0..2, None);
    let segment = kept.open();
    segment.verify(&mut |_| Ok(())).unwrap();
    for at in [1, 2, 99_999, 100_000, 100_001, 100_002, 100_003, 100_004] {
        let run = segment.run_at(Position(at)).unwrap();
        assert_eq!(run.event(Position(at)).unwrap().data, log.at(at).event.data);
        let head = log.head_at(at);
        assert_eq!(
            segment.chain_at(Position(at)).unwrap(),
            (head.position, head.chain)
        );
    }
}

#[test]
fn commits_that_do_not_lead_to_the_end_are_not_sealed() {
    let log = some_log(1, 5);
    let changes: [fn(&mut Head); 3] = [
        |after| after.chain = OTHER_CHAIN,
        |after| after.recorded_at = Timestamp::from_micros(1_800_000_000_000_000).unwrap(),
        |after| after.position = after.position.next(),
    ];
    for change in changes {
        let mut parts = log.parts(1..4);
        change(&mut parts.after);
        let error = log.try_seal(&parts, None).err().unwrap();
        assert_eq!(error.kind(), Kind::Damaged);
        let said = error.to_string();
        assert!(said.contains("do not end where the log does"), "{said}");
    }
    let mut parts = log.parts(1..4);
    parts.before = Head::EMPTY;
    let error = log.try_seal(&parts, None).err().unwrap();
    assert!(
        error.to_string().contains("do not follow each other"),
        "{error}"
    );
}

#[test]
fn segments_that_do_not_follow_each_other_are_not_merged() {
    let log = some_log(1, 6);
    let segment = |range| Arc::new(log.seal(range, None).open());
    for inputs in [
        vec![],
        vec![segment(0..2), segment(3..6)],
        vec![segment(2..4), segment(0..2)],
    ] {
        assert_eq!(merged(&inputs).err().unwrap().kind(), Kind::Internal);
    }
}

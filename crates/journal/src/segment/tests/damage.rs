//! Segments that are not as they were written, or that were written wrong.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use headwater_event::{ChainHash, Error, EventId, Kind, Position, Timestamp};
use proptest::prelude::*;

use super::{few, merged, some_log};
use crate::index::Way;
use crate::segment::footer::FOOTER_BYTES;
use crate::segment::postings::Seek;
use crate::segment::sample::{Kept, Log, Parts};
use crate::segment::tops::Tops;
use crate::segment::{Facet, Segment, StreamEnd, key_hash};

/// What a segment answered.
#[derive(Debug, PartialEq)]
enum Answer {
    Event(headwater_event::Event),
    At(Option<Position>),
    Time(Position),
    Chain(Position, ChainHash),
    End(Option<StreamEnd>),
    List(Option<Vec<u64>>),
    Streams(Vec<(Box<str>, StreamEnd)>),
    Names(Vec<(Box<str>, u64)>),
    Tops(Tops),
}

type Question<'a> = Box<dyn Fn(&Segment) -> Result<Answer, Error> + 'a>;

/// Everything that can be asked about the events at these positions.
fn questions<'a>(log: &'a Log, positions: Range<u64>) -> Vec<Question<'a>> {
    let mut all: Vec<Question<'a>> = Vec::new();
    for at in positions.clone() {
        let (position, id) = (Position(at), log.at(at).id);
        all.push(Box::new(move |it| {
            let mut next = VecDeque::new();
            it.runs_upto(position, 9_000, it.last(), &mut next)?
                .event(position)
                .map(Answer::Event)
        }));
        all.push(Box::new(move |it| it.position_of(id).map(Answer::At)));
        let other = EventId(uuid::Uuid::from_u128(id.0.as_u128() ^ 1));
        all.push(Box::new(move |it| it.position_of(other).map(Answer::At)));
        let time = log.head_at(at).recorded_at;
        all.push(Box::new(move |it| it.position_at(time).map(Answer::Time)));
        let chain = |(end, chain)| Answer::Chain(end, chain);
        all.push(Box::new(move |it| it.chain_at(position).map(chain)));
    }
    for (facet, name) in log.keys(positions).into_keys() {
        let hash = key_hash(facet, &name);
        let of_list = name.clone();
        all.push(Box::new(move |it| {
            list(it, facet, &of_list, hash).map(Answer::List)
        }));
        all.push(Box::new(move |it| it.stream(&name, hash).map(Answer::End)));
    }
    all.push(Box::new(|it| {
        it.streams("", None)?
            .collect::<Result<_, _>>()
            .map(Answer::Streams)
    }));
    for facet in Facet::ALL {
        all.push(Box::new(move |it| {
            it.names(facet)?
                .collect::<Result<_, _>>()
                .map(Answer::Names)
        }));
    }
    all.push(Box::new(|it| it.tops().map(Answer::Tops)));
    all
}

fn list(it: &Segment, facet: Facet, name: &str, hash: u64) -> Result<Option<Vec<u64>>, Error> {
    let Some(mut list) = it.list(facet, name, hash, Way::Up)? else {
        return Ok(None);
    };
    let mut found = Vec::new();
    while let Some(position) = list.seek(found.last().map_or(0, |last| last + 1))? {
        found.push(position);
    }
    Ok(Some(found))
}

fn answers(it: &Segment, questions: &[Question<'_>]) -> Vec<Result<Answer, Error>> {
    questions.iter().map(|question| question(it)).collect()
}

/// Opens the segment with these bytes in the place of its own: verifying finds that they are others,
/// and each question is answered as before, or by an error that says so.
fn check_changed(
    kept: &Kept,
    bytes: Vec<u8>,
    questions: &[Question<'_>],
    expected: &[Answer],
    what: &str,
) {
    let (segment, _) = kept.open_as(bytes.clone(), true);
    let error = segment.verify(&mut |_| Ok(())).err();
    let error = error.unwrap_or_else(|| panic!("verifying does not find {what}"));
    assert_eq!(error.kind(), Kind::Damaged, "{what}: {error}");
    assert!(
        error.to_string().contains(&kept.info.name.to_string()),
        "{what}: {error}"
    );
    for maps in [true, false] {
        // Each question is the first, and some are asked after others.
        let (segment, _) = kept.open_as(bytes.clone(), maps);
        for (answer, expected) in answers(&segment, questions).into_iter().zip(expected) {
            match answer {
                Ok(answer) => assert_eq!(&answer, expected, "{what}"),
                Err(error) => assert_eq!(error.kind(), Kind::Damaged, "{what}: {error}"),
            }
        }
    }
}

/// A small log that has all that a segment may have.
fn small() -> Log {
    let mut log = Log::new(11);
    for at in 0..6u64 {
        let event = |n: u64| {
            let stream = format!("a{}/{}", n % 2, n % 3);
            let tags = ["x", "y"];
            let data = vec![b'd'; 3 * n as usize];
            let stream = (n & 3 > 0).then_some(stream.as_str());
            crate::segment::sample::event("T", stream, &tags[..n as usize % 3], &data)
        };
        log.commit(vec![(at as i64, (0..3).map(|n| event(at + n)).collect())]);
    }
    log
}

#[test]
fn every_changed_byte_is_found() {
    let log = small();
    let kept = log.seal(1..6, None);
    let positions = log.positions(1..6);
    let questions = questions(&log, positions);
    let expected: Vec<Answer> = answers(&kept.open(), &questions)
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let bytes = kept.bytes();
    assert!(bytes.len() < 6_000, "{}", bytes.len());
    for at in 0..bytes.len() {
        for change in [0x01, 0x80] {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            check_changed(
                &kept,
                changed,
                &questions,
                &expected,
                &format!("byte {at} ^ {change:x}"),
            );
        }
    }
    for length in 0..bytes.len() {
        let changed = bytes[..length].to_vec();
        check_changed(
            &kept,
            changed,
            &questions,
            &expected,
            &format!("the length {length}"),
        );
    }
    let mut longer = bytes.clone();
    longer.push(0);
    check_changed(&kept, longer, &questions, &expected, "a byte too many");
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn a_changed_byte_of_a_large_segment_is_found(
        seed: u64,
        at: prop::sample::Index,
        change in 1u8..,
        merges: bool,
    ) {
        let log = some_log(seed, 60);
        let kept = match merges {
            false => log.seal(0..60, None),
            true => {
                let parts = [0..20, 20..40, 40..60].map(|part| Arc::new(log.seal(part, None).open()));
                merged(&parts).unwrap()
            }
        };
        let positions: Vec<u64> = log.positions(0..60).step_by(7).collect();
        let mut asked = Vec::new();
        for at in positions {
            asked.extend(questions(&log, at..at + 1));
        }
        let expected: Vec<Answer> = answers(&kept.open(), &asked).into_iter().map(Result::unwrap).collect();
        let mut bytes = kept.bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        check_changed(&kept, bytes, &asked, &expected, &format!("byte {at} ^ {change:x}"));
    }

    /// Not even with a checksum that holds.
    #[test]
    fn any_footer_is_one_or_an_error(
        seed in 0u64..20,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let log = some_log(seed, 4);
        let mut kept = log.seal(0..4, None);
        let mut bytes = kept.bytes();
        let start = bytes.len() - FOOTER_BYTES;
        for (at, byte) in changes {
            // The facts of the manifest are compared with it; what follows says where all parts are.
            let at = start + 170 + at.index(FOOTER_BYTES - 174);
            bytes[at] = byte;
        }
        let end = bytes.len() - 4;
        kept.info.footer_crc = crc32c::crc32c(&bytes[start..end]);
        bytes[end..].copy_from_slice(&kept.info.footer_crc.to_le_bytes());
        let (segment, _) = kept.open_as(bytes.clone(), true);
        let same = bytes[start..end] == kept.bytes()[start..end];
        let verified = segment.verify(&mut |_| Ok(()));
        prop_assert!(verified.is_ok() == same, "{:?}", verified);
        let (segment, _) = kept.open_as(bytes, true);
        for answer in answers(&segment, &questions(&log, log.positions(0..4))) {
            if let Err(error) = answer {
                prop_assert_eq!(error.kind(), Kind::Damaged, "{}", error);
            }
        }
    }
}

#[test]
fn a_segment_in_the_place_of_another_is_found() {
    let log = some_log(3, 20);
    let (kept, other) = (log.seal(0..10, None), some_log(4, 20).seal(0..10, None));
    let mut bytes = other.bytes();
    bytes.resize(kept.info.bytes as usize, 0);
    let (segment, _) = kept.open_as(bytes, true);
    assert_eq!(
        segment.run_at(Position(1)).unwrap_err().kind(),
        Kind::Damaged
    );
    let mut other = other;
    other.info.footer_crc ^= 1;
    let error = other.open().run_at(Position(1)).unwrap_err();
    assert!(error.to_string().contains("another segment"), "{error}");
    other.info.footer_crc ^= 1;
    other.info.streams_new += 1;
    let error = other.open().run_at(Position(1)).unwrap_err();
    assert!(
        error.to_string().contains("the manifest does not say"),
        "{error}"
    );
}

type Change<'a> = &'a dyn Fn(&mut Parts);

#[test]
fn an_index_that_does_not_say_what_the_events_say_is_found() {
    let log = some_log(5, 20);
    let of = |facet| move |(key, _): &(&(Facet, String), &mut (u64, Vec<u64>))| key.0 == facet;
    let changes: [(&str, Change<'_>); 7] = [
        ("a position is missing", &|parts| {
            let mut long = parts
                .keys
                .iter_mut()
                .filter(|(_, (_, list))| list.len() > 2);
            long.next().unwrap().1.1.remove(1);
        }),
        ("a position is another", &|parts| {
            let (_, (_, list)) = parts.keys.iter_mut().filter(of(Facet::Tag)).last().unwrap();
            list[0] = if list[0] == 1 { 2 } else { list[0] - 1 };
        }),
        ("a name is missing", &|parts| {
            parts.keys.pop_first();
        }),
        ("a name is another", &|parts| {
            let (key, list) = parts.keys.pop_first().unwrap();
            parts.keys.insert((key.0, format!("{}x", key.1)), list);
        }),
        ("a revision is another", &|parts| {
            parts.keys.iter_mut().find(of(Facet::Stream)).unwrap().1.0 += 1;
        }),
        ("an id is another", &|parts| {
            let middle = parts.ids.len() / 2;
            parts.ids[middle].0 =
                EventId(uuid::Uuid::from_u128(parts.ids[middle].0.0.as_u128() ^ 1));
        }),
        ("two ids are at each other's positions", &|parts| {
            let (a, b) = (parts.ids[3].1, parts.ids[9].1);
            (parts.ids[3].1, parts.ids[9].1) = (b, a);
        }),
    ];
    for (what, change) in changes {
        let mut parts = log.parts(5..20);
        log.try_seal(&parts, None)
            .unwrap()
            .open()
            .verify(&mut |_| Ok(()))
            .unwrap();
        change(&mut parts);
        let segment = log.try_seal(&parts, None).unwrap().open();
        let error = segment.verify(&mut |_| Ok(())).err();
        let error = error.unwrap_or_else(|| panic!("{what}, and verifying does not find it"));
        assert_eq!(error.kind(), Kind::Damaged, "{what}");
    }
}

#[test]
fn what_is_not_of_the_segment_is_not_sealed() {
    let log = some_log(5, 20);
    let changes: [Change<'_>; 5] = [
        &|parts| parts.keys.first_entry().unwrap().get_mut().1.insert(0, 1),
        &|parts| {
            parts
                .keys
                .first_entry()
                .unwrap()
                .get_mut()
                .1
                .push(1_000_000)
        },
        &|parts| parts.ids.truncate(3),
        &|parts| parts.ids[0].1 = Position(1_000_000),
        &|parts| parts.ids[0].1 = Position(1),
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let mut parts = log.parts(5..20);
        change(&mut parts);
        let error = log.try_seal(&parts, None).err();
        assert_eq!(
            error.map(|error| error.kind()),
            Some(Kind::Internal),
            "change {at}"
        );
    }
}

#[test]
fn verifying_says_how_far_it_is_and_can_be_ended() {
    let log = some_log(6, 60);
    let segment = log.seal(0..60, None).open();
    let mut told = Vec::new();
    segment
        .verify(&mut |position| {
            told.push(position);
            Ok(())
        })
        .unwrap();
    assert!(told.is_sorted() && told.len() > 3);
    assert_eq!(told.last(), Some(&segment.last()));
    let ended = segment.verify(&mut |_| Err(crate::errors::closed()));
    assert_eq!(ended.unwrap_err().code(), "closed");
}

#[test]
fn a_merge_is_paced_and_can_be_ended() {
    let log = some_log(6, 60);
    let inputs: Vec<Arc<Segment>> = [0..30, 30..60]
        .map(|part| Arc::new(log.seal(part, None).open()))
        .into();
    let kept = Kept::default();
    let mut told = 0;
    let info = crate::segment::merge(kept.sink(), &inputs, &mut |bytes| {
        assert!(bytes <= 512 << 10, "{bytes}");
        told += bytes;
        Ok(())
    });
    let inputs_bytes: u64 = inputs.iter().map(|input| input.info().bytes).sum();
    // What is left after the last time is less than is told at once.
    assert!(
        told + (256 << 10) > inputs_bytes + info.unwrap().bytes,
        "{told}"
    );
    let mut ended = |_| Err(crate::errors::closed());
    let ended = crate::segment::merge(Kept::default().sink(), &inputs, &mut ended);
    assert_eq!(ended.unwrap_err().code(), "closed");
}

#[test]
fn times_before_and_after_all_are_answered() {
    let log = some_log(6, 10);
    let segment = log.seal(5..10, None).open();
    let before = log.head_at(segment.first().0 - 1);
    assert_eq!(
        segment.position_at(Timestamp::MIN).unwrap(),
        before.position
    );
    assert_eq!(segment.position_at(Timestamp::MAX).unwrap(), segment.last());
    assert_eq!(
        segment.chain_at(Position::ZERO).unwrap(),
        (before.position, before.chain)
    );
}

//! How much is read of a segment, where each read is a request.

use std::collections::VecDeque;
use std::iter;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::index::Way;
use crate::segment::postings::Seek;
use crate::segment::sample::{File, Log, event};
use crate::segment::segment_file::STRETCH_BYTES;
use crate::segment::{Facet, Segment, key_hash};

use headwater_event::Position;

/// A log of 30,000 events: each has a stream of its own, and a category and a type that all have.
fn orders() -> Log {
    let mut log = Log::new(5);
    for at in 0..300 {
        let order = |n: u64| {
            let stream = format!("order/{}", at * 100 + n);
            let data = format!(
                "{{\"order\":{n},\"sku\":\"A-{}\",\"note\":\"at the door\"}}",
                n * n
            );
            event("Placed", Some(&stream), &["some"], data.as_bytes())
        };
        log.commit(vec![(1, (0..100).map(order).collect())]);
    }
    log
}

/// How often and how much `ask` reads of a segment that was just opened.
fn reads(segment: &(Segment, Arc<File>), ask: impl FnOnce(&Segment)) -> (usize, u64) {
    let (segment, file) = segment;
    let before = (
        file.reads.load(Ordering::Relaxed),
        file.read.load(Ordering::Relaxed),
    );
    ask(segment);
    let after = (
        file.reads.load(Ordering::Relaxed),
        file.read.load(Ordering::Relaxed),
    );
    (after.0 - before.0, after.1 - before.1)
}

type Question<'a> = &'a dyn Fn(&Segment);

#[test]
fn a_question_takes_few_reads_of_few_bytes() {
    let log = orders();
    let kept = log.seal(0..300, None);
    let known = log.at(17_000);
    let list = |segment: &Segment, facet, name: &str| {
        let list = segment
            .list(facet, name, key_hash(facet, name), Way::Up)
            .unwrap();
        let mut list = list.unwrap();
        assert!(list.seek(17_000).unwrap().is_some());
    };
    let stream = known.event.stream.as_ref().unwrap().as_str();
    let questions: [(&str, usize, Question<'_>); 8] = [
        ("opening", 0, &|_| ()),
        ("a position", 6, &|it| {
            drop(it.run_at(Position(17_000)).unwrap())
        }),
        ("an id", 9, &|it| {
            assert!(it.position_of(known.id).unwrap().is_some())
        }),
        ("a stream", 4, &|it| {
            let end = it.stream(stream, key_hash(Facet::Stream, stream)).unwrap();
            assert_eq!(end.unwrap().last, Position(17_000));
        }),
        ("a name that is not there", 2, &|it| {
            assert!(!it.may_have(key_hash(Facet::Tag, "nobody")).unwrap());
        }),
        ("a list", 4, &|it| list(it, Facet::Stream, stream)),
        ("a long list", 6, &|it| list(it, Facet::Type, "Placed")),
        ("a time", 9, &|it| {
            let time = log.head_at(17_000).recorded_at;
            assert_eq!(it.position_at(time).unwrap(), log.head_at(17_000).position);
        }),
    ];
    for (what, most, ask) in questions {
        let opened = kept.open_as(kept.bytes(), false);
        let (count, bytes) = reads(&opened, ask);
        assert!(count <= most, "{what} takes {count} reads");
        assert!(bytes <= 64 << 10, "{what} takes {bytes} bytes");
        let (count, bytes) = reads(&opened, ask);
        assert_eq!((count, bytes), (0, 0), "{what}, asked again");
    }
}

#[test]
fn blocks_next_to_each_other_are_read_at_once() {
    let log = orders();
    let kept = log.seal(0..300, None);
    let opened = kept.open_as(kept.bytes(), false);
    let (count, bytes) = reads(&opened, |it| {
        let (mut at, mut next) = (it.first(), VecDeque::new());
        while at <= it.last() {
            let read = it.runs_upto(at, 64 << 10, it.last(), &mut next).unwrap();
            let runs = iter::once(read).chain(next.drain(..));
            at = runs.fold(at, |at, run| {
                assert_eq!(run.first(), at, "they follow each other");
                run.last().next()
            });
        }
    });
    let data = opened.0.sizes().unwrap().data;
    assert!(
        (count as u64) < 20 + 2 * (data >> 16),
        "{count} reads of {bytes} bytes"
    );
    assert!(bytes < data + (64 << 10), "{bytes} bytes");
}

#[test]
fn nothing_is_read_beyond_what_is_wanted() {
    let log = orders();
    let kept = log.seal(0..300, None);
    let near = |ahead: usize, upto: u64| {
        let opened = kept.open_as(kept.bytes(), false);
        drop(opened.0.run_at(opened.0.first()).unwrap()); // footer, tree, dictionary
        let last = opened.0.run_at(opened.0.first()).unwrap().last();
        reads(&opened, |it| {
            let mut next = VecDeque::new();
            let first = it.runs_upto(last.next(), ahead, last.plus(upto), &mut next);
            assert!(first.unwrap().holds(last.next()));
        })
    };
    let (_, one) = near(0, 1);
    assert!(one > 0);
    assert_eq!(near(64 << 10, 1), (1, one), "one block is wanted");
    assert!(near(64 << 10, 1_000).1 > 2 * one);
}

#[test]
fn what_is_around_a_look_by_chance_is_announced_once() {
    let log = orders();
    let kept = log.seal(0..300, None);
    let (segment, file) = kept.open_as(kept.bytes(), true);
    for at in (1..30_000_u64).map(|at| at * 7_919 % 30_000) {
        let name = format!("order/{at}");
        let end = segment.stream(&name, key_hash(Facet::Stream, &name));
        assert_eq!(end.unwrap().unwrap().last, Position(at + 1));
    }
    let mut told = file.told.lock().unwrap().clone();
    told.sort_unstable();
    let length = kept.bytes().len() as u64;
    assert!(told.len() >= 3, "{told:?}");
    assert!(
        told.windows(2).all(|pair| pair[0].0 < pair[1].0),
        "{told:?}"
    );
    for (offset, bytes) in told {
        assert_eq!((offset % STRETCH_BYTES, bytes), (0, STRETCH_BYTES));
        assert!(offset < length);
    }
}

use std::collections::BTreeMap;

use headwater_event::Kind;
use proptest::prelude::*;

use super::*;
use crate::index::Way;
use crate::segment::file::File;
use crate::segment::keys::{KeyRoots, Keys, KeysWriter};
use crate::segment::stored::{Packing, Place};
use crate::segment::tree::TreeOptions;

/// The first position of the segment.
const BASE: u64 = 1000;

fn options(packed: bool) -> TreeOptions {
    TreeOptions {
        block_bytes: 200,
        packing: match packed {
            true => Packing::Zstd(1),
            false => Packing::Plain,
        },
    }
}

/// Names with their revision before and their offsets.
type Lists = BTreeMap<Vec<u8>, (u64, Vec<u64>)>;

fn write(lists: &Lists, packed: bool) -> (File, KeyRoots) {
    let mut out = b"before".to_vec();
    let mut writer = KeysWriter::new(options(packed)).unwrap();
    for (name, (revision, offsets)) in lists {
        for offset in offsets {
            writer.push(&mut out, *offset).unwrap();
        }
        writer.end_name(&mut out, name, *revision).unwrap();
    }
    let roots = writer.finish(&mut out).unwrap();
    (File::of(out), roots)
}

/// Offsets with runs and gaps of all sizes around those of chunks.
fn some_offsets() -> impl Strategy<Value = Vec<u64>> {
    let many = prop_oneof![4 => 1u64..5, 2 => 1u64..80, 1 => 400u64..1600];
    let parts = proptest::collection::vec((1u64..40, many, any::<bool>()), 1..6);
    parts.prop_map(|parts| {
        let mut next = 0;
        let mut offsets = Vec::new();
        for (gap, count, is_run) in parts {
            next += gap - 1;
            for at in 0..count {
                offsets.push(next);
                next += if is_run { 1 } else { 1 + (at * at) % gap };
            }
        }
        offsets
    })
}

fn some_lists() -> impl Strategy<Value = Lists> {
    let name = (0u8..60).prop_map(|n| format!("s{n}").into_bytes());
    let list = (prop_oneof![Just(0u64), 1u64..1000], some_offsets());
    proptest::collection::btree_map(name, list, 1..8)
}

fn cursor<'a>(keys: Keys<'a, File>, name: &[u8], way: Way) -> ListCursor<'a, File> {
    let value = keys.names.get(name).unwrap().unwrap();
    let value = KeyValue::read(&value).unwrap();
    ListCursor::new(&value.list, way, BASE..=u64::MAX, keys.chunks).unwrap()
}

/// Every position that a cursor finds, one step after another.
fn all(cursor: &mut dyn Seek, way: Way, mut from: u64) -> Vec<u64> {
    let mut found = Vec::new();
    while let Some(position) = cursor.seek(from).unwrap() {
        assert!(cursor.len() > 0);
        found.push(position);
        if way == Way::Down && position == 0 {
            break;
        }
        from = way.step(position);
    }
    found
}

proptest! {
    #[test]
    fn lists_are_walked_both_ways(lists in some_lists(), packed: bool) {
        let (file, roots) = write(&lists, packed);
        let keys = Keys::new(roots, &file);
        prop_assert_eq!(keys.names.entries(), lists.len() as u64);
        for (name, (revision, offsets)) in &lists {
            let bytes = keys.names.get(name).unwrap().unwrap();
            let value = KeyValue::read(&bytes).unwrap();
            prop_assert_eq!(value.revision_before, *revision);
            prop_assert_eq!(value.list.count(), offsets.len() as u64);
            prop_assert_eq!(Some(&value.list.first()), offsets.first());
            prop_assert_eq!(Some(&value.list.last().unwrap()), offsets.last());
            let mut expected: Vec<u64> = offsets.iter().map(|offset| BASE + offset).collect();
            let mut up = cursor(keys, name, Way::Up);
            prop_assert_eq!(all(&mut up, Way::Up, 0), &expected[..]);
            prop_assert_eq!(up.len(), 0);
            expected.reverse();
            let mut down = cursor(keys, name, Way::Down);
            prop_assert_eq!(all(&mut down, Way::Down, u64::MAX), &expected[..]);
            prop_assert_eq!(down.len(), 0);
        }
    }

    #[test]
    fn a_cursor_finds_what_a_search_finds(
        lists in some_lists(),
        mut asked in proptest::collection::vec(990u64..9000, 1..30),
    ) {
        let (file, roots) = write(&lists, true);
        let keys = Keys::new(roots, &file);
        asked.sort_unstable();
        for (name, (_, offsets)) in &lists {
            let positions: Vec<u64> = offsets.iter().map(|offset| BASE + offset).collect();
            let mut up = cursor(keys, name, Way::Up);
            for from in &asked {
                let expected = positions.iter().copied().find(|at| at >= from);
                let ahead = positions.iter().filter(|at| *at >= from).count();
                prop_assert_eq!(up.seek(*from).unwrap(), expected);
                prop_assert!(up.len() >= ahead && (up.len() > 0) == (ahead > 0));
            }
            let mut down = cursor(keys, name, Way::Down);
            for from in asked.iter().rev() {
                let expected = positions.iter().copied().rev().find(|at| at <= from);
                let ahead = positions.iter().filter(|at| *at <= from).count();
                prop_assert_eq!(down.seek(*from).unwrap(), expected);
                prop_assert!(down.len() >= ahead && (down.len() > 0) == (ahead > 0));
            }
        }
    }

    #[test]
    fn a_value_is_read_back_and_a_part_of_it_is_not(
        revision_before in prop_oneof![Just(0), any::<u64>()],
        offsets in some_offsets(),
        number: u32,
        cut: prop::sample::Index,
    ) {
        let (first, last) = (offsets[0], offsets[offsets.len() - 1]);
        let count = offsets.len() as u64;
        let mut gaps = Vec::new();
        let mut lists = vec![List::Run { first, count }];
        if offsets.len() > 1 {
            lists.push(List::Long(Long { number, first, last, count }));
            let few = &offsets[..offsets.len().min(SHORT_OFFSETS_MAX)];
            lists.push(List::Short(Short::of(few, &mut gaps)));
        }
        for list in lists {
            let value = KeyValue { revision_before, list };
            let mut bytes = Vec::new();
            value.put(&mut bytes);
            prop_assert_eq!(KeyValue::read(&bytes), Ok(value));
            let whole = KeyValue::read(&bytes[..cut.index(bytes.len())]);
            prop_assert!(whole.and_then(|value| value.list.last()).is_err());
            bytes.push(0);
            let more = KeyValue::read(&bytes);
            prop_assert!(more.and_then(|value| value.list.last()).is_err());
        }
    }

    #[test]
    fn any_bytes_are_a_value_or_an_error(
        head in 0u64..2000,
        mut bytes in proptest::collection::vec(any::<u8>(), 0..12),
    ) {
        let mut value = Vec::new();
        put_varint(&mut value, head);
        value.append(&mut bytes);
        if let Ok(read) = KeyValue::read(&value) {
            let mut again = Vec::new();
            read.put(&mut again);
            prop_assert_eq!(&again, &value);
            if let Ok(last) = read.list.last() {
                prop_assert!(last - read.list.first() >= read.list.count() - 1);
            }
        }
    }

    #[test]
    fn a_chunk_is_read_back(number: u32, first in 0..u64::MAX / 2, count in 1u64..2000, left_out in 0u64..100) {
        let place = Place { offset: 77, length: 5 };
        let chunk = Chunk {
            number,
            first,
            last: first + (count - 1) + left_out,
            count,
            place: (left_out > 0).then_some(place),
        };
        let (key, mut value) = (Chunk::key(number, first), Vec::new());
        chunk.put_value(&mut value);
        let fits = left_out == 0 || count <= CHUNK_OFFSETS_MAX as u64;
        prop_assert_eq!(Chunk::read(&key, &value, 82).ok(), fits.then_some(chunk));
        prop_assert!(left_out == 0 || Chunk::read(&key, &value, 81).is_err());
        prop_assert!(Chunk::read(&key, &value[..value.len() - 1], 82).is_err());
        prop_assert!(Chunk::read(&key[1..], &value, 82).is_err());
        value.push(0);
        prop_assert!(Chunk::read(&key, &value, 82).is_err());
    }

    #[test]
    fn a_changed_byte_is_damage(
        lists in some_lists(),
        packed: bool,
        at: prop::sample::Index,
        change in 1u8..,
    ) {
        let (mut file, roots) = write(&lists, packed);
        let at = at.index(file.bytes.len());
        file.bytes[at] ^= change;
        let keys = Keys::new(roots, &file);
        let read = |name: &[u8]| {
            let Some(value) = keys.names.get(name)? else {
                return Ok(None);
            };
            let value = KeyValue::read(&value).unwrap();
            let mut cursor = ListCursor::new(&value.list, Way::Up, BASE..=u64::MAX, keys.chunks)?;
            let mut found = Vec::new();
            while let Some(position) = cursor.seek(found.last().map_or(0, |last| last + 1))? {
                found.push(position);
            }
            Ok::<_, Error>(Some(found))
        };
        let mut damaged = 0;
        for (name, (_, offsets)) in &lists {
            let expected = offsets.iter().map(|offset| BASE + offset).collect();
            match read(name) {
                Ok(found) => prop_assert_eq!(found, Some(expected)),
                Err(error) => {
                    prop_assert_eq!(error.kind(), Kind::Damaged);
                    damaged += 1;
                }
            }
        }
        prop_assert_eq!(damaged > 0, at >= b"before".len(), "every byte counts");
    }
}

#[test]
fn most_names_take_two_bytes() {
    let mut out = Vec::new();
    let mut writer = ListWriter::new(options(true)).unwrap();
    for (offsets, revision, bytes) in [
        (vec![9], 0, vec![1 << 3, 9]),
        (vec![9], 3, vec![1 << 3 | 4, 3, 9]),
        (vec![9, 10, 11], 0, vec![3 << 3, 9]),
        (vec![9, 11, 20], 0, vec![3 << 3 | 1, 9, 1, 8]),
    ] {
        for offset in offsets {
            writer.push(&mut out, offset).unwrap();
        }
        let mut value = Vec::new();
        writer.end_list(&mut out, revision).unwrap().put(&mut value);
        assert_eq!(value, bytes);
    }
    assert!(out.is_empty(), "such lists stand in their values alone");
}

#[test]
fn consecutive_offsets_take_no_chunk_however_many_there_are() {
    let (mut out, mut value) = (Vec::new(), Vec::new());
    let mut writer = ListWriter::new(options(true)).unwrap();
    for offset in 5..100_000 {
        writer.push(&mut out, offset).unwrap();
    }
    let list = writer.end_list(&mut out, 0).unwrap().list;
    let count = 100_000 - 5;
    assert_eq!(list, List::Run { first: 5, count });
    for offset in (0..3).chain(10..100_000).chain([200_000, 200_002]) {
        writer.push(&mut out, offset).unwrap();
    }
    writer.end_list(&mut out, 0).unwrap().put(&mut value);
    let root = writer.finish(&mut out).unwrap();
    assert_eq!(root.entries, 3, "a chunk, a run, and a chunk");
    assert!(out.len() < 200, "{}", out.len());
}

#[test]
fn a_chunk_that_is_not_needed_is_not_read() {
    let offsets: Vec<u64> = (0..1_000_000).map(|n| 2 * n).collect();
    let lists = Lists::from([(b"t".to_vec(), (0, offsets))]);
    let (file, roots) = write(&lists, true);
    let keys = Keys::new(roots, &file);
    let mut up = cursor(keys, b"t", Way::Up);
    let before = file.fetched.get();
    assert_eq!(up.seek(BASE + 1_500_001).unwrap(), Some(BASE + 1_500_002));
    let height = usize::from(roots.chunks.height);
    assert_eq!(file.fetched.get() - before, height + 1 + 1);
    // Between two chunks: the next one is known from the directory.
    assert_eq!(
        up.seek(BASE + 2 * 1024 * 800 - 1).unwrap(),
        Some(BASE + 2 * 1024 * 800)
    );
    assert!(file.fetched.get() - before <= 2 * (height + 2) + 2);
}

#[test]
fn what_is_no_list_is_not_written() {
    let mut out = Vec::new();
    let mut writer = ListWriter::new(options(true)).unwrap();
    assert!(writer.end_list(&mut out, 0).is_err(), "no offset");
    writer.push(&mut out, 7).unwrap();
    assert!(writer.push(&mut out, 7).is_err(), "the same offset");
    assert!(writer.push_run(&mut out, 6, 600).is_err(), "offsets below");
    assert!(writer.push_offsets(&mut out, &[6, 9], 0).is_err());
}

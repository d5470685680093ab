use std::collections::BTreeMap;

use headwater_event::Kind;
use proptest::prelude::*;

use super::*;
use crate::index::Way;
use crate::segment::file::File;
use crate::segment::keys::KeyRoots;
use crate::segment::postings::{ListCursor, Seek};
use crate::segment::stored::Packing;
use crate::segment::tree::TreeOptions;

const OPTIONS: TreeOptions = TreeOptions {
    block_bytes: 300,
    packing: Packing::Zstd(1),
};

/// The names of each event; names that start with `s` are streams.
type Log = Vec<Vec<u8>>;

/// A segment of the log: from one position up to another.
struct Segment {
    from: u64,
    to: u64,
    file: File,
    roots: KeyRoots,
}

impl Segment {
    fn keys(&self) -> Keys<'_, File> {
        Keys::new(self.roots, &self.file)
    }
}

/// What names have in a part of the log: revision before, and offsets.
type Names = BTreeMap<Vec<u8>, (u64, Vec<u64>)>;

fn name(number: u8) -> Vec<u8> {
    let kind = if number.is_multiple_of(2) { "s" } else { "t" };
    format!("{kind}/{}", number / 2).into_bytes()
}

fn names(log: &Log, from: u64, to: u64) -> Names {
    let mut names = Names::new();
    let mut revisions: BTreeMap<u8, u64> = BTreeMap::new();
    for (position, event) in (0..to).zip(log) {
        for number in event {
            let revision = revisions.entry(*number).or_default();
            if position >= from {
                let before = if number.is_multiple_of(2) {
                    *revision
                } else {
                    0
                };
                let entry = names.entry(name(*number)).or_insert((before, Vec::new()));
                entry.1.push(position - from);
            }
            *revision += 1;
        }
    }
    names
}

fn sealed(log: &Log, from: u64, to: u64) -> Segment {
    let mut out = vec![0; 11];
    let mut writer = KeysWriter::new(OPTIONS).unwrap();
    for (name, (revision, offsets)) in names(log, from, to) {
        for offset in offsets {
            writer.push(&mut out, offset).unwrap();
        }
        writer.end_name(&mut out, &name, revision).unwrap();
    }
    let roots = writer.finish(&mut out).unwrap();
    Segment {
        from,
        to,
        file: File::of(out),
        roots,
    }
}

/// Notes what it is told, and stops after some pauses.
struct Notes {
    names: Vec<(Vec<u8>, u64)>,
    pauses: usize,
    pauses_max: usize,
}

impl Notes {
    fn new(pauses_max: usize) -> Notes {
        Notes {
            names: Vec::new(),
            pauses: 0,
            pauses_max,
        }
    }
}

impl Watch for Notes {
    fn name(&mut self, name: &[u8], value: &KeyValue<'_>) {
        self.names.push((name.to_vec(), value.list.count()));
    }

    fn pause(&mut self) -> Result<(), Error> {
        self.pauses += 1;
        match self.pauses > self.pauses_max {
            true => Err(crate::errors::closed()),
            false => Ok(()),
        }
    }
}

fn merged(segments: &[Segment], notes: &mut Notes) -> Result<Segment, Error> {
    let (first, last) = (&segments[0], &segments[segments.len() - 1]);
    let input = |segment: &'_ Segment| (segment.from - first.from, segment.to - segment.from);
    let inputs: Vec<Input<'_, File>> = segments
        .iter()
        .map(|segment| Input {
            keys: segment.keys(),
            shift: input(segment).0,
            positions: input(segment).1,
        })
        .collect();
    let mut out = vec![0; 5];
    let mut writer = KeysWriter::new(OPTIONS)?;
    merge_keys(&inputs, &mut out, &mut writer, notes)?;
    let roots = writer.finish(&mut out)?;
    Ok(Segment {
        from: first.from,
        to: last.to,
        file: File::of(out),
        roots,
    })
}

/// What a segment says of its names.
fn read(segment: &Segment) -> Names {
    let keys = segment.keys();
    let entries = keys.names.iter().unwrap().map(|entry| {
        let entry = entry.unwrap();
        let value = KeyValue::read(&entry.value).unwrap();
        let mut cursor = ListCursor::new(&value.list, Way::Up, 0..=u64::MAX, keys.chunks).unwrap();
        let mut offsets = Vec::new();
        while let Some(offset) = cursor.seek(offsets.last().map_or(0, |at| at + 1)).unwrap() {
            offsets.push(offset);
        }
        assert_eq!(offsets.len() as u64, value.list.count());
        (entry.key, (value.revision_before, offsets))
    });
    entries.collect()
}

/// Chunks of the segment that are no runs, list by list.
fn chunk_sizes(segment: &Segment) -> BTreeMap<u32, Vec<u64>> {
    let keys = segment.keys();
    let mut sizes: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
    let mut walk = keys.chunks.tree.iter().unwrap();
    while let Some(chunk) = keys.chunks.next(&mut walk).unwrap() {
        if chunk.place.is_some() {
            sizes.entry(chunk.number).or_default().push(chunk.count);
        }
    }
    sizes
}

/// Stretches of events in which each name comes again and again, with pauses.
fn a_log() -> impl Strategy<Value = Log> {
    let few = proptest::collection::btree_set(0u8..12, 0..4);
    let many = proptest::collection::btree_set(0u8..3, 0..3);
    let length = prop_oneof![6 => 1usize..6, 1 => 300usize..2500];
    let stretch = (length, few, many, 1usize..4).prop_map(|(length, few, many, every)| {
        let event = move |at: usize| {
            let seldom = few.iter().filter(|_| at == 0);
            let often = many
                .iter()
                .filter(|number| (at + usize::from(**number)).is_multiple_of(every));
            let mut names: Vec<u8> = seldom.chain(often).copied().collect();
            names.sort_unstable();
            names.dedup();
            names
        };
        (0..length).map(event).collect::<Log>()
    });
    proptest::collection::vec(stretch, 1..12).prop_map(|stretches| stretches.concat())
}

fn cut(log: &Log, cuts: &[prop::sample::Index]) -> Vec<Segment> {
    let end = log.len() as u64;
    let mut ends: Vec<u64> = cuts.iter().map(|at| at.index(log.len()) as u64).collect();
    ends.extend([0, end]);
    ends.sort_unstable();
    ends.windows(2)
        .map(|pair| sealed(log, pair[0], pair[1]))
        .collect()
}

proptest! {
    #[test]
    fn what_is_merged_is_what_would_have_been_written_at_once(
        log in a_log(),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let segments = cut(&log, &cuts);
        let whole = names(&log, 0, log.len() as u64);
        let mut notes = Notes::new(usize::MAX);
        let once = merged(&segments, &mut notes).unwrap();
        prop_assert_eq!(&read(&once), &whole);
        let counts = whole.iter().map(|(name, (_, offsets))| (name.clone(), offsets.len() as u64));
        prop_assert_eq!(notes.names, counts.collect::<Vec<_>>());
        // Level by level, as they would be.
        let (left, right) = segments.split_at(segments.len().div_ceil(2));
        let halves: Vec<Segment> = [left, right]
            .into_iter()
            .filter(|half| !half.is_empty())
            .map(|half| merged(half, &mut Notes::new(usize::MAX)).unwrap())
            .collect();
        let twice = merged(&halves, &mut Notes::new(usize::MAX)).unwrap();
        prop_assert_eq!(&read(&twice), &whole);
        for segment in [&once, &twice] {
            for sizes in chunk_sizes(segment).values() {
                let total: u64 = sizes.iter().sum();
                prop_assert!(sizes.len() as u64 <= 2 + total / 400, "{:?}", sizes);
            }
        }
    }

    #[test]
    fn a_changed_byte_of_an_input_ends_the_merge(
        log in a_log(),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 1..4),
        at: prop::sample::Index,
        change in 1u8..,
    ) {
        let mut segments = cut(&log, &cuts);
        let sizes: Vec<usize> = segments.iter().map(|segment| segment.file.bytes.len() - 11).collect();
        prop_assume!(sizes.iter().sum::<usize>() > 0);
        let mut at = at.index(sizes.iter().sum());
        for (segment, size) in segments.iter_mut().zip(sizes) {
            if at < size {
                segment.file.bytes[11 + at] ^= change;
                break;
            }
            at -= size;
        }
        let failed = merged(&segments, &mut Notes::new(usize::MAX)).err();
        prop_assert_eq!(failed.map(|error| error.kind()), Some(Kind::Damaged));
    }
}

/// A log in which every other event has one name, and each has one of its own.
fn a_long_log(events: u32) -> Log {
    (0..events)
        .map(|at| if at % 2 == 0 { vec![1] } else { vec![] })
        .collect()
}

#[test]
fn full_chunks_are_copied_as_they_are() {
    let log = a_long_log(20_000);
    let segments = [
        sealed(&log, 0, 4096),
        sealed(&log, 4096, 12_288),
        sealed(&log, 12_288, 20_000),
    ];
    let result = merged(&segments, &mut Notes::new(usize::MAX)).unwrap();
    let chunks = |segment: &Segment| {
        let keys = segment.keys();
        let mut walk = keys.chunks.tree.iter().unwrap();
        let mut stored = Vec::new();
        while let Some(chunk) = keys.chunks.next(&mut walk).unwrap() {
            stored.push(segment.file.stored(chunk.place.unwrap()).unwrap());
        }
        stored
    };
    let inputs: Vec<_> = segments.iter().flat_map(chunks).collect();
    assert!(inputs.len() > 8);
    assert_eq!(chunks(&result), inputs);
}

#[test]
fn a_merge_can_be_stopped() {
    // Nothing that packs well.
    let mut noise = vec![0; 150_000];
    blake3::Hasher::new().finalize_xof().fill(&mut noise);
    let log = noise.into_iter().map(|number| vec![number]).collect();
    let segments = [sealed(&log, 0, 70_000), sealed(&log, 70_000, 150_000)];
    let mut notes = Notes::new(usize::MAX);
    let whole = merged(&segments, &mut notes).unwrap();
    assert!(notes.pauses >= whole.file.bytes.len() / (2 * STRETCH_BYTES as usize));
    assert!(notes.pauses > 0);
    let error = merged(&segments, &mut Notes::new(0)).err().unwrap();
    assert_eq!(error.code(), "closed");
}

#[test]
fn segments_that_do_not_follow_each_other_are_refused() {
    let log: Log = vec![vec![0]; 9];
    // The stream's second and third event are in neither.
    let segments = [sealed(&log, 0, 1), sealed(&log, 3, 9)];
    let error = merged(&segments, &mut Notes::new(usize::MAX))
        .err()
        .unwrap();
    assert!(error.message().contains("the revision before"), "{error}");
    let mut short = sealed(&log, 0, 9);
    short.to = 8;
    let error = merged(&[short], &mut Notes::new(usize::MAX)).err().unwrap();
    assert!(error.message().contains("the last offset"), "{error}");
}

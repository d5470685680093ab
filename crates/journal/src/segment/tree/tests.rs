use std::collections::BTreeMap;

use bytes::Bytes;
use headwater_event::{Error, Kind};
use proptest::prelude::*;

use super::reader::Entry;
use super::*;
use crate::segment::file::File;
use crate::segment::stored::{Blocks, Packing, Raw};

/// What a check was shown.
#[derive(Default)]
struct Seen {
    places: Vec<Place>,
    entries: Map,
}

impl Visit for Seen {
    fn block(&mut self, place: Place) -> Result<(), Error> {
        self.places.push(place);
        Ok(())
    }

    fn entry(&mut self, key: &[u8], value: &[u8]) -> Result<(), Malformed> {
        self.entries.insert(key.to_vec(), value.to_vec());
        Ok(())
    }
}

type Map = BTreeMap<Vec<u8>, Vec<u8>>;

fn write(map: &Map, options: TreeOptions) -> (File, TreeRoot) {
    let mut out = b"something before it".to_vec();
    let mut writer = TreeWriter::new(options).unwrap();
    for (key, value) in map {
        writer.push(&mut out, key, value).unwrap();
    }
    let root = writer.finish(&mut out).unwrap();
    (File::of(out), root)
}

fn pair(entry: Entry<'_>) -> (Vec<u8>, Vec<u8>) {
    (entry.key, entry.value.to_vec())
}

fn pairs(cursor: Cursor<'_, File>) -> Vec<(Vec<u8>, Vec<u8>)> {
    cursor.map(|entry| pair(entry.unwrap())).collect()
}

fn cloned<'a>(range: impl Iterator<Item = (&'a Vec<u8>, &'a Vec<u8>)>) -> Vec<(Vec<u8>, Vec<u8>)> {
    range
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// Names that share beginnings, some of them beginnings of others.
fn a_key() -> impl Strategy<Value = Vec<u8>> {
    let name = |(category, number, digits): (usize, u32, usize)| {
        let category = ["order", "orders", "o"][category];
        format!("{category}/{number:b}")[..category.len() + digits].into()
    };
    prop_oneof![
        8 => (0usize..3, 128u32..256, 1usize..10).prop_map(name),
        1 => proptest::collection::vec(any::<u8>(), 1..5),
        1 => (1u8..3, 1usize..400).prop_map(|(byte, length)| vec![byte; length]),
    ]
}

fn a_map() -> impl Strategy<Value = Map> {
    let value = prop_oneof![
        4 => proptest::collection::vec(any::<u8>(), 0..6),
        1 => proptest::collection::vec(Just(7), 100..400),
    ];
    proptest::collection::btree_map(a_key(), value, 0..300)
}

fn some_options() -> impl Strategy<Value = TreeOptions> {
    (1usize..500, any::<bool>()).prop_map(|(block_bytes, packed)| TreeOptions {
        block_bytes,
        packing: if packed {
            Packing::Zstd(1)
        } else {
            Packing::Plain
        },
    })
}

proptest! {
    #[test]
    fn a_tree_answers_as_a_map_does(
        map in a_map(),
        options in some_options(),
        mut asked in proptest::collection::vec(a_key(), 1..20),
    ) {
        let (file, root) = write(&map, options);
        let tree = Tree::new(root, &file);
        prop_assert_eq!(tree.entries(), map.len() as u64);
        let mut seen = Seen::default();
        tree.check(&mut seen).unwrap();
        prop_assert_eq!(&seen.entries, &map);
        seen.places.sort_unstable_by_key(|place| place.offset);
        let mut end = b"something before it".len() as u64;
        for place in seen.places {
            prop_assert_eq!(place.offset, end, "every byte is in one block");
            end += u64::from(place.length);
        }
        prop_assert_eq!(end, file.bytes.len() as u64);
        prop_assert_eq!(pairs(tree.iter().unwrap()), cloned(map.iter()));
        asked.extend(map.keys().cloned());
        for key in &asked {
            let got = tree.get(key).unwrap();
            prop_assert_eq!(got.as_deref(), map.get(key).map(|value| &value[..]));
            let mut up_to = map.range(..=key.clone());
            let floor = tree.floor(key).unwrap().map(pair);
            prop_assert_eq!(floor, cloned(up_to.next_back().into_iter()).pop());
            let below = tree.below(key).unwrap().map(pair);
            prop_assert_eq!(below, cloned(map.range(..key.clone()).next_back().into_iter()).pop());
            let ceil = tree.ceil(key).unwrap().map(pair);
            prop_assert_eq!(ceil, cloned(map.range(key.clone()..).take(1)).pop());
        }
    }

    #[test]
    fn searches_that_take_turns_find_what_each_finds_alone(
        trees in proptest::collection::vec((a_map(), some_options()), 1..5),
        asked in proptest::collection::vec((any::<prop::sample::Index>(), a_key()), 0..60),
        broken: Option<prop::sample::Index>,
    ) {
        let mut files: Vec<_> = trees.iter().map(|(map, options)| write(map, *options)).collect();
        if let Some(broken) = broken {
            // A tree that fails must not stop the others.
            let (file, _) = &mut files[broken.index(trees.len())];
            let last = file.bytes.len() - 1;
            file.bytes[last] ^= 1;
        }
        let known = trees.iter().enumerate();
        let known = known.flat_map(|(at, (map, _))| map.keys().map(move |key| (at, key.clone())));
        let asked = asked.into_iter().map(|(at, key)| (at.index(trees.len()), key));
        let looks: Vec<_> = asked.chain(known).collect();
        let tree = |at: usize| Tree::new(files[at].1, &files[at].0);
        let got = get_all(looks.iter().map(|(at, key)| (tree(*at), &key[..])));
        prop_assert_eq!(got.len(), looks.len());
        for ((at, key), got) in looks.iter().zip(got) {
            let alone = tree(*at).get(key);
            match (got, alone) {
                (Ok(got), Ok(alone)) => prop_assert_eq!(got.as_deref(), alone.as_deref()),
                (Err(got), Err(alone)) => prop_assert_eq!(got.to_string(), alone.to_string()),
                (got, alone) => prop_assert!(false, "{:?}, alone {:?}", got, alone),
            }
        }
    }

    #[test]
    fn a_tree_is_walked_from_any_key(map in a_map(), options in some_options(), from in a_key()) {
        let (file, root) = write(&map, options);
        let tree = Tree::new(root, &file);
        prop_assert_eq!(pairs(tree.iter_from(&from).unwrap()), cloned(map.range(from.clone()..)));
        let floor = map.range(..=from.clone()).next_back();
        let start = floor.map_or_else(Vec::new, |(key, _)| key.clone());
        prop_assert_eq!(pairs(tree.iter_from_floor(&from).unwrap()), cloned(map.range(start..)));
    }

    #[test]
    fn a_root_is_read_back(map in a_map(), options in some_options(), cut in 0usize..TreeRoot::BYTES) {
        let (file, root) = write(&map, options);
        let mut bytes = Vec::new();
        root.put(&mut bytes);
        prop_assert_eq!(bytes.len(), TreeRoot::BYTES);
        let end = file.bytes.len() as u64;
        prop_assert_eq!(TreeRoot::read(&mut Reader::new(&bytes), end), Ok(root));
        prop_assert!(TreeRoot::read(&mut Reader::new(&bytes[..cut]), end).is_err());
        if !map.is_empty() {
            prop_assert!(TreeRoot::read(&mut Reader::new(&bytes), end - 1).is_err());
        }
    }

    /// A changed byte is an error of the block that it is in, and never another answer.
    #[test]
    fn a_changed_byte_is_damage(
        map in a_map(),
        options in some_options(),
        at: prop::sample::Index,
        change in 1u8..,
    ) {
        let (mut file, root) = write(&map, options);
        let at = at.index(file.bytes.len());
        file.bytes[at] ^= change;
        let tree = Tree::new(root, &file);
        for (key, value) in &map {
            match tree.get(key) {
                Ok(got) => prop_assert_eq!(got.as_deref(), Some(&value[..])),
                Err(error) => prop_assert_eq!(error.kind(), Kind::Damaged),
            }
        }
        let seen = tree.iter().map(|cursor| cursor.collect::<Result<Vec<_>, Error>>());
        match seen {
            Ok(Ok(entries)) => {
                let whole = entries.into_iter().map(pair).collect::<Vec<_>>();
                prop_assert_eq!(whole, cloned(map.iter()));
                prop_assert!(at < b"something before it".len());
            }
            Ok(Err(error)) | Err(error) => prop_assert_eq!(error.kind(), Kind::Damaged),
        }
    }

    /// Blocks that no writer made, under checksums that hold: an answer or an error, and an end.
    #[test]
    fn a_forged_block_does_no_harm(
        map in a_map(),
        at in any::<prop::sample::Index>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        key in a_key(),
    ) {
        let (file, root) = write(&map, TreeOptions { block_bytes: 100, packing: Packing::Plain });
        let forger = Forger { file, at, changes };
        let tree = Tree::new(root, &forger);
        if let Ok(()) = tree.check(&mut Seen::default()) {
            // What passes the check answers as what it says.
            let pairs: Map = tree.iter().unwrap().map(|entry| pair(entry.unwrap())).collect();
            for (key, value) in &pairs {
                let got = tree.get(key).unwrap();
                prop_assert_eq!(got.as_deref(), Some(&value[..]));
            }
            let floor = pairs.range(..=key.clone()).next_back();
            prop_assert_eq!(tree.floor(&key).unwrap().map(pair), cloned(floor.into_iter()).pop());
        }
        for answer in [tree.floor(&key), tree.below(&key), tree.ceil(&key)] {
            if let Err(error) = answer {
                prop_assert_eq!(error.kind(), Kind::Damaged);
            }
        }
        if let Ok(cursor) = tree.iter() {
            let seen: Vec<Entry<'_>> = cursor.map_while(Result::ok).collect();
            prop_assert!(seen.is_sorted_by(|a, b| a.key < b.key));
        }
    }
}

/// Changes one block, and what it hands out has passed the checksum.
struct Forger {
    file: File,
    at: prop::sample::Index,
    changes: Vec<(prop::sample::Index, u8)>,
}

impl Blocks for Forger {
    fn block(&self, place: Place) -> Result<Raw<'_>, Error> {
        let mut raw = self.file.block(place)?.to_vec();
        let forged = self.at.index(self.file.bytes.len()) as u64;
        if (place.offset..place.offset + u64::from(place.length)).contains(&forged) {
            for (at, byte) in &self.changes {
                let at = at.index(raw.len());
                raw[at] = *byte;
            }
        }
        Ok(Raw::Kept(raw.into()))
    }

    fn stored(&self, place: Place) -> Result<Bytes, Error> {
        self.file.stored(place)
    }
}

fn numbered(count: u32) -> Map {
    let name = |n: u32| format!("order/{n:07}").into_bytes();
    (0..count)
        .map(|n| (name(n), n.to_le_bytes().to_vec()))
        .collect()
}

#[test]
fn an_empty_tree_has_no_block() {
    let (file, root) = write(&Map::new(), TreeOptions::default());
    assert_eq!(root, TreeRoot::EMPTY);
    let tree = Tree::new(root, &file);
    assert_eq!(tree.get(b"a").unwrap(), None);
    assert_eq!(tree.floor(b"a").unwrap(), None);
    assert_eq!(tree.ceil(b"a").unwrap(), None);
    assert!(tree.iter().unwrap().next().is_none());
    assert_eq!(file.fetched.get(), 0);
}

#[test]
fn a_lookup_reads_one_block_per_level() {
    let options = TreeOptions {
        block_bytes: 1024,
        ..TreeOptions::default()
    };
    let (file, root) = write(&numbered(50_000), options);
    assert_eq!(root.height, 2);
    let tree = Tree::new(root, &file);
    assert_eq!(
        tree.get(b"order/0037777").unwrap().as_deref(),
        Some(&37_777u32.to_le_bytes()[..])
    );
    assert_eq!(file.fetched.get(), 3);
    assert_eq!(tree.get(b"order/0037777x").unwrap(), None);
    assert_eq!(file.fetched.get(), 6);
}

/// The bytes that docs/FORMAT.md draws.
#[test]
fn what_is_written_is_the_first_format() {
    let map = Map::from([
        (b"order/10".to_vec(), b"x".to_vec()),
        (b"order/12".to_vec(), b"yz".to_vec()),
    ]);
    let options = TreeOptions {
        packing: Packing::Plain,
        ..TreeOptions::default()
    };
    let (file, root) = write(&map, options);
    let leaf = b"\0\0\x08\x01order/10x\x07\x01\x022yz0\0\0\0\x01\0\x07\0\x01\0";
    let mut block = vec![0, leaf.len() as u8];
    block.extend_from_slice(leaf);
    block.extend_from_slice(&crc32c::crc32c(&block).to_le_bytes());
    assert_eq!(file.bytes[b"something before it".len()..], block);
    let mut bytes = Vec::new();
    root.put(&mut bytes);
    let length = block.len() as u8;
    let expected = [
        &[19, 0, 0, 0, 0, 0, 0, 0, length, 0, 0, 0, 0, 2][..],
        &[0; 7],
    ]
    .concat();
    assert_eq!(bytes, expected);
}

#[test]
fn long_keys_and_values_keep_the_tree_low() {
    let mut map = numbered(50);
    for n in 0..200u32 {
        let mut key = vec![b'k'; 70_000];
        key.splice(0..4, n.to_be_bytes());
        map.insert(key, vec![0; 1]);
    }
    map.insert(vec![b'z'; KEY_BYTES_MAX], vec![1; VALUE_BYTES_MAX]);
    let (file, root) = write(&map, TreeOptions::default());
    assert!(root.height <= 5, "{}", root.height);
    let tree = Tree::new(root, &file);
    assert_eq!(pairs(tree.iter().unwrap()), cloned(map.iter()));
    for (key, value) in &map {
        assert_eq!(tree.get(key).unwrap().as_deref(), Some(&value[..]));
    }
}

#[test]
fn what_is_no_tree_is_not_written() {
    let mut out = Vec::new();
    let mut writer = TreeWriter::new(TreeOptions::default()).unwrap();
    assert!(writer.push(&mut out, b"", b"").is_err(), "an empty key");
    writer.push(&mut out, b"b", b"").unwrap();
    assert!(writer.push(&mut out, b"b", b"").is_err(), "the same key");
    assert!(writer.push(&mut out, b"a", b"").is_err(), "a key below");
    assert!(
        writer
            .push(&mut out, &[b'c'; KEY_BYTES_MAX + 1], b"")
            .is_err()
    );
    assert!(
        writer
            .push(&mut out, b"c", &[0; VALUE_BYTES_MAX + 1])
            .is_err()
    );
    writer.push(&mut out, b"ba", b"").unwrap();
    let root = writer.finish(&mut out).unwrap();
    let file = File::of(out);
    let keys = Tree::new(root, &file).iter().unwrap();
    let keys: Vec<Vec<u8>> = keys.map(|entry| entry.unwrap().key).collect();
    assert_eq!(keys, [b"b".to_vec(), b"ba".to_vec()]);
}

#[test]
fn damage_is_named_by_its_place() {
    let (mut file, root) = write(&numbered(10_000), TreeOptions::default());
    let first_leaf = b"something before it".len();
    file.bytes[first_leaf + 9] ^= 1;
    let tree = Tree::new(root, &file);
    let error = tree.get(b"order/0000000").unwrap_err();
    assert_eq!(error.kind(), Kind::Damaged);
    assert!(
        error.message().contains(&format!("at byte {first_leaf} ")),
        "{error}"
    );
    assert!(
        tree.get(b"order/0009999").unwrap().is_some(),
        "other blocks are read"
    );
}

#[test]
fn a_block_of_another_level_is_refused() {
    let (file, root) = write(&numbered(10_000), TreeOptions::default());
    let lower = TreeRoot {
        height: root.height - 1,
        ..root
    };
    let error = Tree::new(lower, &file).get(b"order/0000000").unwrap_err();
    assert!(error.message().contains("the level of a block"), "{error}");
}

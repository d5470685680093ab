//! What was read of a log, in memory, bounded in bytes; what was used longest ago goes first, about.
//!
//! Commits of the tail and blocks of segments share one bound. New commits come from the writer, so
//! that followers at the head read memory.
//!
//! Eviction is by second chance: what was asked for since the hand last passed it is passed once
//! more. Values are spread over several locks, so that readers seldom meet.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use foldhash::fast::RandomState;
use headwater_event::Position;

use crate::Seq;
use crate::run::Run;
use crate::segment::dictionary::Dictionary;

/// What something is kept under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// A commit of the tail.
    Commit(Seq),
    /// What stands at this offset of the segment from `segment` to `last`.
    Block {
        segment: Position,
        last: Position,
        offset: u64,
    },
}

/// What is kept.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Run(Arc<Run>),
    /// A block or page, decoded. It shares its memory with nothing else.
    Bytes(Bytes),
    Dictionary(Arc<Dictionary>),
}

impl Value {
    fn size(&self) -> usize {
        let inside = match self {
            Value::Run(run) => run.size(),
            Value::Bytes(bytes) => bytes.len(),
            Value::Dictionary(dictionary) => dictionary.size(),
        };
        inside + SLOT_BYTES
    }
}

/// What a slot takes beside its value, about.
const SLOT_BYTES: usize = 128;

const SHARDS: usize = 16;

struct Slot {
    value: Value,
    size: usize,
    used: bool,
}

type Shard = HashMap<Key, Slot, RandomState>;

/// Commits by number, blocks by place.
pub(crate) struct BlockCache {
    shards: [Mutex<Shard>; SHARDS],
    spread: RandomState,
    /// The keys in the order in which the hand passes them. Locked before a shard, if both are.
    order: Mutex<VecDeque<Key>>,
    bytes: AtomicUsize,
    bytes_max: usize,
}

impl BlockCache {
    pub(crate) fn new(bytes_max: usize) -> BlockCache {
        BlockCache {
            shards: Default::default(),
            spread: RandomState::default(),
            order: Mutex::default(),
            bytes: AtomicUsize::new(0),
            bytes_max,
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The run of a commit.
    pub(crate) fn commit(&self, seq: Seq) -> Option<Arc<Run>> {
        match self.get(Key::Commit(seq)) {
            Some(Value::Run(run)) => Some(run),
            _ => None,
        }
    }

    pub(crate) fn put_commit(&self, seq: Seq, run: Arc<Run>) {
        self.put(Key::Commit(seq), Value::Run(run));
    }

    pub(crate) fn get(&self, key: Key) -> Option<Value> {
        let mut shard = self.shard(key);
        let slot = shard.get_mut(&key)?;
        slot.used = true;
        Some(slot.value.clone())
    }

    /// Keeps a value, unless the key has one; what is larger than the whole cache is not kept.
    pub(crate) fn put(&self, key: Key, value: Value) {
        let size = value.size();
        if size > self.bytes_max {
            return;
        }
        let slot = Slot {
            value,
            size,
            used: false,
        };
        match self.shard(key).entry(key) {
            Entry::Occupied(_) => return,
            Entry::Vacant(vacant) => vacant.insert(slot),
        };
        // Whoever holds a lock cannot panic halfway.
        let mut order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        self.bytes.fetch_add(size, Ordering::Relaxed);
        while self.bytes() > self.bytes_max {
            let Some(passed) = order.pop_front() else {
                break;
            };
            if self.pass(passed) {
                order.push_back(passed);
            }
        }
        order.push_back(key);
    }

    /// Keeps a value if that makes nothing else go. For what is read once, from one end of the log to
    /// the other: it would push out what is asked for again.
    pub(crate) fn put_if_room(&self, key: Key, value: Value) {
        if self.bytes() + value.size() <= self.bytes_max {
            self.put(key, value);
        }
    }

    /// Moves the hand over a key; says whether it stays.
    fn pass(&self, key: Key) -> bool {
        let mut shard = self.shard(key);
        match shard.get_mut(&key) {
            Some(slot) if slot.used => {
                slot.used = false;
                true
            }
            _ => {
                let freed = shard.remove(&key).map_or(0, |slot| slot.size);
                self.bytes.fetch_sub(freed, Ordering::Relaxed);
                false
            }
        }
    }

    fn shard(&self, key: Key) -> MutexGuard<'_, Shard> {
        let place = self.spread.hash_one(key) as usize % SHARDS;
        self.shards[place]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(offset: u64) -> Key {
        Key::Block {
            segment: Position(1),
            last: Position(9),
            offset,
        }
    }

    fn bytes(length: usize) -> Value {
        Value::Bytes(Bytes::from(vec![7; length]))
    }

    #[test]
    fn it_is_bounded_and_full() {
        let cache = BlockCache::new(100_000);
        for offset in 0..10_000 {
            cache.put(key(offset), bytes(offset as usize % 1_000));
            assert!(cache.bytes() <= 100_000);
        }
        assert!(cache.bytes() > 95_000, "{}", cache.bytes());
        let kept = (0..10_000).filter(|at| cache.get(key(*at)).is_some());
        let sizes: usize = kept.map(|at| at as usize % 1_000 + SLOT_BYTES).sum();
        assert_eq!(sizes, cache.bytes());
    }

    #[test]
    fn what_is_asked_for_stays() {
        let cache = BlockCache::new(100_000);
        cache.put(key(0), bytes(500));
        for offset in 1..10_000 {
            assert!(cache.get(key(0)).is_some(), "gone at {offset}");
            cache.put(key(offset), bytes(500));
        }
        assert!(cache.get(key(1)).is_none());
    }

    #[test]
    fn what_is_read_once_pushes_out_nothing() {
        let cache = BlockCache::new(10_000);
        cache.put_if_room(key(0), bytes(500));
        for offset in 1..15 {
            cache.put(key(offset), bytes(500));
        }
        for offset in 15..1_000 {
            cache.put_if_room(key(offset), bytes(500));
        }
        for offset in 0..15 {
            assert!(cache.get(key(offset)).is_some(), "gone: {offset}");
        }
        assert!(cache.get(key(999)).is_none());
    }

    #[test]
    fn what_is_larger_than_the_cache_is_not_kept() {
        let cache = BlockCache::new(10_000);
        cache.put(key(1), bytes(500));
        cache.put(key(2), bytes(10_001));
        assert!(cache.get(key(2)).is_none());
        assert!(cache.get(key(1)).is_some());
        cache.put(key(3), bytes(9_800));
        assert!(cache.get(key(3)).is_some());
    }

    #[test]
    fn the_first_value_of_a_key_stays() {
        let cache = BlockCache::new(10_000);
        cache.put(key(1), bytes(5));
        let before = cache.bytes();
        cache.put(key(1), bytes(6));
        assert_eq!(cache.bytes(), before);
        assert!(matches!(cache.get(key(1)), Some(Value::Bytes(kept)) if kept.len() == 5));
    }
}

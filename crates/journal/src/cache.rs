//! Commits in memory, bounded in bytes; what was used longest ago goes first, about.
//!
//! Eviction is by second chance: a commit that was asked for since the hand last passed it is
//! passed once more. New commits come from the writer, so that followers at the head read memory.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use foldhash::fast::RandomState;

use crate::Seq;
use crate::loaded::Loaded;

struct Slot {
    loaded: Arc<Loaded>,
    used: bool,
}

/// Commits by number.
pub(crate) struct Cache {
    slots: HashMap<Seq, Slot, RandomState>,
    /// In the order in which the hand passes them.
    order: VecDeque<Seq>,
    bytes: usize,
    bytes_max: usize,
}

impl Cache {
    pub(crate) fn new(bytes_max: usize) -> Cache {
        Cache {
            slots: HashMap::default(),
            order: VecDeque::new(),
            bytes: 0,
            bytes_max,
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn get(&mut self, seq: Seq) -> Option<Arc<Loaded>> {
        let slot = self.slots.get_mut(&seq)?;
        slot.used = true;
        Some(Arc::clone(&slot.loaded))
    }

    /// Keeps a commit; one that is larger than the whole cache is not kept.
    pub(crate) fn put(&mut self, loaded: Arc<Loaded>) {
        let (seq, size) = (loaded.seq, loaded.run.size());
        if size > self.bytes_max || self.slots.contains_key(&seq) {
            return;
        }
        self.bytes += size;
        self.order.push_back(seq);
        self.slots.insert(
            seq,
            Slot {
                loaded,
                used: false,
            },
        );
        while self.bytes > self.bytes_max {
            self.pass();
        }
    }

    /// Moves the hand over one commit.
    fn pass(&mut self) {
        let Some(seq) = self.order.pop_front() else {
            return;
        };
        match self.slots.get_mut(&seq) {
            Some(slot) if slot.used => {
                slot.used = false;
                self.order.push_back(seq);
            }
            _ => {
                if let Some(slot) = self.slots.remove(&seq) {
                    self.bytes -= slot.loaded.run.size();
                }
            }
        }
    }
}

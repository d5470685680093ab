//! The names of streams in order, for listing them.
//!
//! Sorting is put off until somebody lists: an append only adds a name at the end of an unsorted
//! list. The sorted set may hold names that were taken back; whoever lists looks each name up.

use std::collections::BTreeSet;
use std::ops::{Bound, Deref};
use std::sync::Arc;

use super::Index;

/// How many names are taken in at once.
const CATCH_UP: usize = 4_096;

/// All names of streams that were seen up to now, and perhaps some that are gone.
#[derive(Default)]
pub(crate) struct SortedNames {
    names: BTreeSet<Arc<str>>,
    /// How many of the index's names, in the order in which they were made, are in.
    seen: usize,
    /// How often names had been taken back by then.
    taken_back: u64,
}

impl SortedNames {
    /// Takes in some of what was made since; says whether that was all. The index is looked at for a
    /// moment, and the sorting is done without it.
    pub(crate) fn catch_up(&mut self, index: impl Deref<Target = Index>) -> bool {
        if self.taken_back != index.names_taken_back {
            self.seen = 0;
            self.taken_back = index.names_taken_back;
        }
        let made = &index.stream_names[self.seen..];
        let fresh = made[..made.len().min(CATCH_UP)].to_vec();
        let all = fresh.len() == made.len();
        drop(index);
        self.seen += fresh.len();
        self.names.extend(fresh);
        all
    }

    /// The names that start with `prefix`, after `after`.
    pub(crate) fn starting_with<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Arc<str>> {
        let from = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        self.names
            .range::<str, _>((from, Bound::Unbounded))
            .take_while(move |name| name.starts_with(prefix))
    }
}

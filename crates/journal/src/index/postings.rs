//! The positions of the events that have one thing in common, ascending.

use headwater_event::Error;

use crate::segment::postings::Seek;

/// A list of positions. Most names have one event, which takes no allocation.
#[derive(Clone, Debug)]
pub(crate) enum Postings {
    /// A single position.
    One(u64),
    /// Any number, in a box so that a list is two words.
    #[expect(clippy::box_collection, reason = "two words instead of three")]
    Many(Box<Vec<u64>>),
}

impl Postings {
    pub(crate) fn as_slice(&self) -> &[u64] {
        match self {
            Postings::One(position) => std::slice::from_ref(position),
            Postings::Many(positions) => positions,
        }
    }

    /// Adds a position that is beyond all others.
    pub(crate) fn push(&mut self, position: u64) {
        match self {
            Postings::One(first) => {
                assert!(*first < position, "positions ascend");
                *self = Postings::Many(Box::new(vec![*first, position]));
            }
            Postings::Many(positions) => {
                assert!(positions.last().is_none_or(|last| *last < position));
                positions.push(position);
            }
        }
    }

    /// Takes back the last position if it is this one; says whether the list is empty now.
    pub(crate) fn pop(&mut self, position: u64) -> bool {
        match self {
            Postings::One(only) => *only == position,
            Postings::Many(positions) => {
                if positions.last() == Some(&position) {
                    positions.pop();
                }
                positions.is_empty()
            }
        }
    }
}

/// Which way a list is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Up,
    Down,
}

impl Way {
    /// The next position this way.
    pub(crate) fn step(self, position: u64) -> u64 {
        match self {
            Way::Up => position + 1,
            Way::Down => position.saturating_sub(1),
        }
    }

    /// The position that the walk was at one step before.
    pub(crate) fn back(self, position: u64) -> u64 {
        match self {
            Way::Up => position.saturating_sub(1),
            Way::Down => position + 1,
        }
    }

    /// Whether the walk meets `a` before `b`.
    pub(crate) fn before(self, a: u64, b: u64) -> bool {
        match self {
            Way::Up => a < b,
            Way::Down => a > b,
        }
    }
}

/// A walk through one list that only goes on, by galloping: a step of n places costs log n.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    /// What is still ahead.
    ahead: &'a [u64],
    way: Way,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(list: &'a [u64], way: Way) -> Cursor<'a> {
        Cursor { ahead: list, way }
    }

    fn find(&mut self, from: u64) -> Option<u64> {
        match self.way {
            Way::Up => {
                let skip = gallop(self.ahead.len(), |at| self.ahead[at] < from);
                self.ahead = &self.ahead[skip..];
                self.ahead.first().copied()
            }
            Way::Down => {
                let last = self.ahead.len();
                let skip = gallop(last, |at| self.ahead[last - 1 - at] > from);
                self.ahead = &self.ahead[..last - skip];
                self.ahead.last().copied()
            }
        }
    }
}

impl Seek for Cursor<'_> {
    fn seek(&mut self, from: u64) -> Result<Option<u64>, Error> {
        Ok(self.find(from))
    }

    fn len(&self) -> usize {
        self.ahead.len()
    }
}

/// How many of the first places hold, where all that hold come first.
pub(crate) fn gallop(length: usize, holds: impl Fn(usize) -> bool) -> usize {
    let mut bound = 1;
    while bound <= length && holds(bound - 1) {
        bound *= 2;
    }
    let (mut low, mut high) = (bound / 2, (bound - 1).min(length));
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cursor_finds_what_a_search_finds(
            set in proptest::collection::btree_set(1u64..200, 0..60),
            mut asked in proptest::collection::vec(0u64..220, 1..20),
        ) {
            let list: Vec<u64> = set.into_iter().collect();
            asked.sort_unstable();
            let mut up = Cursor::new(&list, Way::Up);
            for from in &asked {
                prop_assert_eq!(up.find(*from), list.iter().copied().find(|at| at >= from));
            }
            let mut down = Cursor::new(&list, Way::Down);
            for from in asked.iter().rev() {
                prop_assert_eq!(down.find(*from), list.iter().rev().copied().find(|at| at <= from));
            }
        }
    }

    #[test]
    fn what_was_pushed_can_be_taken_back() {
        let mut list = Postings::One(3);
        list.push(5);
        list.push(9);
        assert_eq!(list.as_slice(), [3, 5, 9]);
        assert!(!list.pop(9));
        assert!(!list.pop(7), "a position that is not there changes nothing");
        assert_eq!(list.as_slice(), [3, 5]);
        assert!(!list.pop(5));
        assert!(list.pop(3));
    }
}

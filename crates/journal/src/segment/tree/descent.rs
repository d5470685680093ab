//! A search down a tree, a step at a time.
//!
//! Where a tree was not used for long, each thing that a search looks at is a wait for memory, and
//! what it says is where to look next. So a step asks memory for what the next step looks at, and
//! ends: several searches that take turns wait together. Group prefetching, as for hash joins
//! (Chen, Ailamaki, Gibbons, Mowry: Improving Hash Join Performance through Prefetching, 2004).

use std::mem;

use headwater_event::Error;

use super::block::{Bound, Spot};
use super::reader::{Fetched, Tree, value};
use crate::segment::stored::{Blocks, Place, Raw};

/// So many searches take turns: a processor has not many more looks at memory on their way.
pub(crate) const TURNS: usize = 16;

/// A search for the last entry within `bound` of `key`.
pub(super) struct Descent<'a, 'k, B: ?Sized> {
    tree: Tree<'a, B>,
    key: &'k [u8],
    bound: Bound,
    next: Next<'a>,
}

/// What memory was asked for.
enum Next<'a> {
    /// A block of this level.
    Block(Place, u8),
    /// The entries of a block from a restart on.
    Entries(Fetched<'a>, usize),
    /// The search has ended.
    Nothing,
}

/// The entry that was found, and the leaf it is in.
pub(super) type Leaf<'a> = Option<(Fetched<'a>, Spot)>;

impl<'a, 'k, B: Blocks + ?Sized> Descent<'a, 'k, B> {
    pub(super) fn new(tree: Tree<'a, B>, key: &'k [u8], bound: Bound) -> Descent<'a, 'k, B> {
        let next = match tree.root() {
            Some((place, level)) => ask(tree, place, level),
            None => Next::Nothing,
        };
        Descent {
            tree,
            key,
            bound,
            next,
        }
    }

    /// Takes the next step; says what was found if it was the last one.
    pub(super) fn step(&mut self) -> Result<Option<Leaf<'a>>, Error> {
        match mem::replace(&mut self.next, Next::Nothing) {
            Next::Block(place, level) => self.enter(self.tree.fetch(place, level)?),
            Next::Entries(block, restart) => self.read(block, restart),
            Next::Nothing => Ok(Some(None)),
        }
    }

    fn enter(&mut self, block: Fetched<'a>) -> Result<Option<Leaf<'a>>, Error> {
        let view = self.tree.view(&block)?;
        let restart = view.restart_for(self.key, self.bound);
        let Some(restart) = self.tree.in_block(&block, restart)? else {
            return Ok(Some(None));
        };
        view.touch(restart);
        self.next = Next::Entries(block, restart);
        Ok(None)
    }

    fn read(&mut self, block: Fetched<'a>, restart: usize) -> Result<Option<Leaf<'a>>, Error> {
        let found = self.tree.view(&block)?;
        let found = found.find_from(restart, self.key, self.bound);
        let spot = self.tree.good(&block, found)?;
        if block.level == 0 {
            return Ok(Some(Some((block, spot))));
        }
        let (place, level) = self.tree.child(&block, &value(&block, &spot))?;
        self.next = ask(self.tree, place, level);
        Ok(None)
    }
}

fn ask<'a, B: Blocks + ?Sized>(tree: Tree<'_, B>, place: Place, level: u8) -> Next<'a> {
    tree.blocks().touch(place);
    Next::Block(place, level)
}

/// What was found of a key.
pub(crate) type Got<'a> = Result<Option<Raw<'a>>, Error>;

/// [`get`](Tree::get) of several keys, each of a tree, by searches that take turns.
pub(crate) fn get_all<'a, 'k, B: Blocks + ?Sized + 'a>(
    looks: impl IntoIterator<Item = (Tree<'a, B>, &'k [u8])>,
) -> Vec<Got<'a>> {
    let mut looks = looks.into_iter().peekable();
    let mut got = Vec::with_capacity(looks.size_hint().0);
    while looks.peek().is_some() {
        let some = looks.by_ref().take(TURNS);
        let some = some.map(|(tree, key)| Descent::new(tree, key, Bound::AtMost));
        get_some(some.collect(), &mut got);
    }
    got
}

fn get_some<'a, B: Blocks + ?Sized>(mut searches: Vec<Descent<'a, '_, B>>, got: &mut Vec<Got<'a>>) {
    let mut ended: Vec<Option<Got<'a>>> = searches.iter().map(|_| None).collect();
    let mut left = searches.len();
    while left > 0 {
        for (search, ended) in searches.iter_mut().zip(&mut ended) {
            if ended.is_some() {
                continue;
            }
            *ended = search.step().map(|leaf| leaf.map(exact)).transpose();
            left -= usize::from(ended.is_some());
        }
    }
    got.extend(ended.into_iter().flatten());
}

/// The value of the key that was looked for.
pub(super) fn exact<'a>(leaf: Leaf<'a>) -> Option<Raw<'a>> {
    let (leaf, spot) = leaf?;
    spot.exact.then(|| value(&leaf, &spot))
}

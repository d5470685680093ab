//! Which positions match a query: posting lists, intersected and merged.
//!
//! An item is an intersection: of its tags, its stream or category, and the union of its types.
//! The shortest list leads and the others are asked for the next position at or beyond its own, so
//! that the work is bounded by the shortest list times the logarithm of the others. The items of a
//! query are merged.

use headwater_event::{Query, QueryItem};

use super::Index;
use super::postings::{Cursor, Way};

/// Which positions to look at, and how much to do at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) way: Way,
    /// The first position to look at.
    pub(crate) from: u64,
    /// The last one.
    pub(crate) to: u64,
    /// Stop after this many matches.
    pub(crate) limit: usize,
    /// Stop after about this many steps through lists, so that no lock is held for long.
    pub(crate) steps: usize,
}

/// What a scan found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// The matches, in the order of the walk.
    pub(crate) positions: Vec<u64>,
    /// Everything from the start up to and including this was looked at.
    pub(crate) scanned: u64,
}

/// What one item says next.
enum Next {
    /// It matches here, and nowhere before.
    At(u64),
    /// It matches nowhere further on.
    End,
    /// The steps are used up; it matches nowhere before this position.
    Pause(u64),
}

enum Plan<'a> {
    Every,
    Lists {
        all: Vec<Cursor<'a>>,
        any: Vec<Cursor<'a>>,
    },
}

impl Index {
    /// The positions that match, in the order of the walk.
    pub(crate) fn scan(&self, query: &Query, span: Span) -> Found {
        let mut walk = Walk {
            plans: self.plans(query, span.way),
            way: span.way,
            to: span.to,
            steps: span.steps,
        };
        let mut positions = Vec::new();
        let mut from = span.from;
        while positions.len() < span.limit {
            match walk.next(from) {
                Some(position) => positions.push(position),
                None => {
                    return Found {
                        positions,
                        scanned: walk.to,
                    };
                }
            }
            from = span.way.step(positions[positions.len() - 1]);
        }
        let scanned = span.way.back(from);
        Found { positions, scanned }
    }

    fn plans(&self, query: &Query, way: Way) -> Vec<Head<'_>> {
        if query.is_all() {
            return vec![Head::new(Plan::Every)];
        }
        let plan = |item| self.plan(item, way).map(Head::new);
        query.items.iter().filter_map(plan).collect()
    }

    /// The lists of an item; none if one of its names has no event.
    fn plan(&self, item: &QueryItem, way: Way) -> Option<Plan<'_>> {
        let mut all: Vec<&[u64]> = Vec::new();
        for tag in &item.tags {
            all.push(self.tags.get(tag.as_str())?.as_slice());
        }
        if let Some(stream) = &item.stream {
            all.push(self.streams.get(stream.as_str())?.as_slice());
        }
        if let Some(category) = &item.category {
            all.push(self.categories.get(category.as_str())?.as_slice());
        }
        all.sort_by_key(|list| list.len());
        let types = item.types.iter();
        let any: Vec<Cursor<'_>> = types
            .filter_map(|name| self.types.get(name.as_str()))
            .map(|list| Cursor::new(list.as_slice(), way))
            .collect();
        if any.is_empty() && !item.types.is_empty() {
            return None;
        }
        if all.is_empty() && any.is_empty() {
            return Some(Plan::Every);
        }
        Some(Plan::Lists {
            all: all.iter().map(|list| Cursor::new(list, way)).collect(),
            any,
        })
    }
}

/// An item together with where it matches next.
struct Head<'a> {
    plan: Plan<'a>,
    /// The match that was found and not yet passed.
    at: Option<u64>,
    ended: bool,
}

impl<'a> Head<'a> {
    fn new(plan: Plan<'a>) -> Head<'a> {
        Head {
            plan,
            at: None,
            ended: false,
        }
    }
}

struct Walk<'a> {
    plans: Vec<Head<'a>>,
    way: Way,
    /// The last position to look at; drawn nearer when the steps are used up.
    to: u64,
    steps: usize,
}

impl Walk<'_> {
    /// The next match at `from` or beyond it.
    fn next(&mut self, from: u64) -> Option<u64> {
        let way = self.way;
        let mut nearest: Option<u64> = None;
        for head in &mut self.plans {
            if head.ended {
                continue;
            }
            if head.at.is_none_or(|at| way.before(at, from)) {
                match head.plan.seek(from, way, &mut self.steps) {
                    Next::At(position) => head.at = Some(position),
                    Next::End => head.ended = true,
                    Next::Pause(position) => {
                        head.ended = true;
                        let last = way.back(position);
                        if way.before(last, self.to) {
                            self.to = last;
                        }
                    }
                }
            }
            if let (false, Some(at)) = (head.ended, head.at)
                && nearest.is_none_or(|other| way.before(at, other))
            {
                nearest = Some(at);
            }
        }
        nearest.filter(|at| !way.before(self.to, *at))
    }
}

impl Plan<'_> {
    fn seek(&mut self, from: u64, way: Way, steps: &mut usize) -> Next {
        let Plan::Lists { all, any } = self else {
            return Next::At(from);
        };
        let mut at = from;
        loop {
            let start = at;
            for cursor in all.iter_mut() {
                match cursor.seek(at) {
                    Some(position) => at = position,
                    None => return Next::End,
                }
            }
            if !any.is_empty() {
                match nearest(any, at, way) {
                    Some(position) => at = position,
                    None => return Next::End,
                }
            }
            let cost = all.len() + any.len();
            if at == start || cost == 1 {
                return Next::At(at);
            }
            if *steps < cost {
                return Next::Pause(at);
            }
            *steps -= cost;
        }
    }
}

fn nearest(any: &mut [Cursor<'_>], from: u64, way: Way) -> Option<u64> {
    let mut nearest: Option<u64> = None;
    for cursor in any {
        if cursor.len() == 0 {
            continue;
        }
        if let Some(at) = cursor.seek(from)
            && nearest.is_none_or(|other| way.before(at, other))
        {
            nearest = Some(at);
        }
    }
    nearest
}

//! Where a group goes on when a topic has another number of partitions by now than when the group
//! said how far it has read.
//!
//! A stream is in the partition that is the remainder of its hash. So a partition `i` of `n` and one
//! `j` of `m` have streams in common if `i` and `j` leave the same remainder with the greatest common
//! divisor of `n` and `m`, and else none. The group has read of `j` at least up to the least of what
//! it has read of those: it goes on there, reads some events again, and misses none. From 8 to 16 each
//! new partition has streams of one old partition alone, and nothing is read again.

use headwater_node::{Cursor, CursorOf, Cursors, Parts};

use crate::kafka::offset;

/// Where the group goes on in a partition, with cursors that may be of another number of partitions.
/// Nothing if it has no cursor in any of the partitions that it has streams in common with.
pub(crate) fn find(cursors: &Cursors, of: &CursorOf) -> Option<Cursor> {
    match cursors.get(of) {
        Some(cursor) => Some(cursor.clone()),
        None => least(cursors, of, other_number(cursors, of)?),
    }
}

/// Makes all cursors in the topic of `of` such that they are of its number of partitions. Whether that
/// changed any.
pub(crate) fn renumber(cursors: &mut Cursors, of: &CursorOf) -> bool {
    let Some(before) = other_number(cursors, of) else {
        return false;
    };
    let found: Vec<(CursorOf, Cursor)> = (0..of.parts.count())
        .map(|part| CursorOf { part, ..of.clone() })
        .filter_map(|of| Some((of.clone(), least(cursors, &of, before)?)))
        .collect();
    cursors.retain(|other, _| !same_topic(other, of));
    cursors.extend(found);
    true
}

/// The number of partitions that the cursors in the topic of `of` are of, if it is another one.
pub(crate) fn other_number(cursors: &Cursors, of: &CursorOf) -> Option<Parts> {
    let found = of_topic(cursors, of).next()?;
    (found.parts != of.parts).then_some(found.parts)
}

/// What there are cursors of in the topic of `of`.
pub(crate) fn of_topic<'a>(
    cursors: &'a Cursors,
    of: &'a CursorOf,
) -> impl Iterator<Item = &'a CursorOf> {
    let first = CursorOf {
        parts: Parts::ONE,
        part: 0,
        ..of.clone()
    };
    let found = cursors.range(first..).map(|(found, _)| found);
    found.take_while(|found| same_topic(found, of))
}

fn same_topic(one: &CursorOf, other: &CursorOf) -> bool {
    (one.database, &one.category) == (other.database, &other.category)
}

/// The least cursor of the partitions, of `before`, that have streams in common with `of`. One that
/// has none is at the beginning, if another one has one.
fn least(cursors: &Cursors, of: &CursorOf, before: Parts) -> Option<Cursor> {
    let step = divisor(before.count(), of.parts.count());
    let parts = (of.part % step..before.count()).step_by(step as usize);
    let found = parts.map(|part| {
        let of = CursorOf {
            parts: before,
            part,
            ..of.clone()
        };
        cursors.get(&of)
    });
    let found: Vec<Option<&Cursor>> = found.collect();
    found.iter().flatten().next()?;
    let least = found
        .into_iter()
        .min_by_key(|cursor| cursor.map(|cursor| cursor.next));
    Some(least.flatten().cloned().unwrap_or_else(beginning))
}

fn beginning() -> Cursor {
    Cursor {
        next: offset::FIRST as u64, // it is 1
        note: String::new(),
    }
}

/// The greatest common divisor.
fn divisor(one: u32, other: u32) -> u32 {
    match other {
        0 => one,
        _ => divisor(other, one % other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headwater_node::DatabaseId;

    fn of(count: u32, part: u32) -> CursorOf {
        CursorOf {
            database: DatabaseId(uuid::Uuid::nil()),
            category: Some("account".to_owned()),
            parts: Parts::new(count).unwrap(),
            part,
        }
    }

    /// Cursors in `count` partitions, by number; 0 is none.
    fn cursors(count: u32, next: &[u64]) -> Cursors {
        let one = |(part, next): (u32, &u64)| {
            let note = format!("note {part}");
            (*next > 0).then(|| (of(count, part), Cursor { next: *next, note }))
        };
        (0..).zip(next).filter_map(one).collect()
    }

    fn found(cursors: &Cursors, count: u32) -> Vec<u64> {
        let next = |part| find(cursors, &of(count, part)).map_or(0, |cursor| cursor.next);
        (0..count).map(next).collect()
    }

    #[test]
    fn a_group_goes_on_at_the_least_of_what_it_read_of_the_same_streams() {
        let four = cursors(4, &[10, 20, 30, 40]);
        assert_eq!(found(&four, 4), [10, 20, 30, 40]);
        assert_eq!(found(&four, 8), [10, 20, 30, 40, 10, 20, 30, 40]);
        assert_eq!(found(&four, 2), [10, 20]);
        assert_eq!(found(&four, 6), [10, 20, 10, 20, 10, 20]);
        assert_eq!(found(&four, 3), [10, 10, 10]);
        assert_eq!(find(&four, &of(2, 1)).unwrap().note, "note 1");
        let one = cursors(1, &[7]);
        assert_eq!(found(&one, 3), [7, 7, 7]);
        assert_eq!(found(&Cursors::new(), 3), [0, 0, 0]);
    }

    #[test]
    fn a_partition_without_a_cursor_is_at_its_beginning_where_another_has_one() {
        let four = cursors(4, &[10, 0, 30, 0]);
        assert_eq!(found(&four, 8), [10, 0, 30, 0, 10, 0, 30, 0], "as before");
        assert_eq!(found(&four, 2), [10, 0]);
        assert_eq!(found(&four, 3), [1, 1, 1]);
    }

    /// Whatever the numbers are, no event is passed over that was not read.
    #[test]
    fn nothing_is_missed_from_any_number_to_any_other() {
        for before in 1..=24_u32 {
            let next: Vec<u64> = (0..before)
                .map(|part| u64::from(part * 7 % 11) + 1)
                .collect();
            let kept = cursors(before, &next);
            for now in 1..=24 {
                let found = found(&kept, now);
                let mut renumbered = kept.clone();
                assert_eq!(renumber(&mut renumbered, &of(now, 0)), now != before);
                assert_eq!(renumbered, cursors_like(&kept, now));
                for hash in 0..before * now {
                    let read = next[(hash % before) as usize];
                    let goes_on = found[(hash % now) as usize];
                    assert!(goes_on >= 1 && goes_on <= read, "{before} to {now}: {hash}");
                }
            }
        }
    }

    fn cursors_like(kept: &Cursors, now: u32) -> Cursors {
        let one = |part| Some((of(now, part), find(kept, &of(now, part))?));
        (0..now).filter_map(one).collect()
    }

    #[test]
    fn other_topics_stay_as_they_are() {
        let other = CursorOf {
            category: None,
            parts: Parts::ONE,
            ..of(1, 0)
        };
        let mut all = cursors(4, &[10, 20, 30, 40]);
        all.insert(other.clone(), beginning());
        assert!(!renumber(&mut all, &other));
        assert!(renumber(&mut all, &of(2, 0)));
        assert_eq!(all.len(), 3);
        assert!(all.contains_key(&other));
    }
}

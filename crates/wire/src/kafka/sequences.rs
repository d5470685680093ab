//! The sequence numbers of idempotent producers: what makes their batches come in order.
//!
//! That nothing is written twice does not rest on this, but on the ids of the events, which are made
//! of producer and sequence and are known to the log. So what is here may be forgotten at any time:
//! then the next batch of a producer is taken as it comes.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use headwater_node::DatabaseName;

use crate::kafka::records::Producer;
use crate::kafka::topic::Topic;

/// Producers and partitions that are remembered. Beyond it all of one database are forgotten, the one
/// that has most: whoever makes many makes its own forgotten.
const REMEMBERED_MAX: usize = 16_384;

/// A partition of a topic, as an epoch of a producer writes to it.
type Place = (i64, i16, Topic, i32);

/// The sequence number that comes next, by place.
#[derive(Debug, Default)]
pub(crate) struct Sequences {
    all: Mutex<Remembered>,
}

#[derive(Debug, Default)]
struct Remembered {
    databases: HashMap<DatabaseName, HashMap<Place, i32>>,
    /// Places of all databases.
    count: usize,
}

impl Remembered {
    fn get(&self, place: &Place) -> Option<i32> {
        self.databases.get(&place.2.database)?.get(place).copied()
    }

    /// What is remembered of a place, which is `next` if nothing was.
    fn of(&mut self, place: Place, next: i32) -> &mut i32 {
        if self.count >= REMEMBERED_MAX && self.get(&place).is_none() {
            self.forget_most();
        }
        let database = self.databases.entry(place.2.database.clone());
        database.or_default().entry(place).or_insert_with(|| {
            self.count += 1;
            next
        })
    }

    fn forget_most(&mut self) {
        let most = self.databases.iter().max_by_key(|(_, places)| places.len());
        let most = most.map(|(database, _)| database.clone());
        if let Some(places) = most.and_then(|most| self.databases.remove(&most)) {
            self.count -= places.len();
        }
    }
}

impl Sequences {
    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner) // what is there is true at any time
    }

    /// Whether a batch may be written: it is the next one, or one that was sent before.
    pub(crate) fn allow(&self, producer: Producer, topic: &Topic, partition: i32) -> bool {
        let place = place(producer, topic, partition);
        match self.lock().get(&place) {
            Some(next) => reaches(next, producer.sequence),
            None => true,
        }
    }

    /// Remembers that a batch was refused: it is still the next. What its producer sent after it must
    /// not come before it, and is numbered anew by clients where it does not come again.
    pub(crate) fn refused(&self, producer: Producer, topic: &Topic, partition: i32) {
        let place = place(producer, topic, partition);
        self.lock().of(place, producer.sequence);
    }

    /// Remembers that a batch of so many records was written.
    pub(crate) fn written(&self, producer: Producer, topic: &Topic, partition: i32, count: usize) {
        let place = place(producer, topic, partition);
        let next = after(producer.sequence, count);
        let mut all = self.lock();
        let known = all.of(place, next);
        if reaches(next, *known) {
            *known = next; // a batch that was sent again does not take it back
        }
    }
}

fn place(producer: Producer, topic: &Topic, partition: i32) -> Place {
    (producer.id, producer.epoch, topic.clone(), partition)
}

/// Whether a sequence number is the other one or lies ahead of it, by less than half of them all.
fn reaches(sequence: i32, other: i32) -> bool {
    sequence.wrapping_sub(other) & i32::MAX <= i32::MAX / 2
}

/// The sequence number of the record that comes `count` later: they begin again at 0 after the
/// largest one.
pub(crate) fn after(sequence: i32, count: usize) -> i32 {
    let count = (count & i32::MAX as usize) as i32; // an append is far smaller
    sequence.wrapping_add(count) & i32::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_come_in_order() {
        let topic = Topic {
            database: DatabaseName::system(),
            category: None,
        };
        let sequences = Sequences::default();
        let producer = |sequence| Producer {
            id: 7,
            epoch: 0,
            sequence,
        };
        assert!(
            sequences.allow(producer(40), &topic, 0),
            "nothing is known yet"
        );
        sequences.written(producer(40), &topic, 0, 10);
        assert!(sequences.allow(producer(50), &topic, 0), "the next");
        assert!(sequences.allow(producer(40), &topic, 0), "sent again");
        assert!(!sequences.allow(producer(60), &topic, 0), "one is missing");
        sequences.refused(producer(0), &topic, 2);
        assert!(
            !sequences.allow(producer(10), &topic, 2),
            "the first is missing"
        );
        assert!(sequences.allow(producer(0), &topic, 2), "it comes again");
        sequences.written(producer(40), &topic, 0, 10);
        assert!(
            sequences.allow(producer(50), &topic, 0),
            "nothing was taken back"
        );
        sequences.written(producer(i32::MAX), &topic, 1, 1);
        assert!(sequences.allow(producer(0), &topic, 1), "they begin again");
    }

    #[test]
    fn a_database_with_many_producers_makes_its_own_forgotten() {
        let topic = |name: &str| Topic::parse(name).unwrap();
        let producer = |id| Producer {
            id,
            epoch: 0,
            sequence: 10,
        };
        let sequences = Sequences::default();
        let late = Producer {
            sequence: 30,
            ..producer(1)
        };
        sequences.written(producer(1), &topic("shop.account"), 0, 10);
        for id in 0..3 * REMEMBERED_MAX as i64 {
            sequences.written(producer(id), &topic("bank.account"), 0, 10);
            sequences.refused(producer(id), &topic("bank.account"), 1);
            assert!(sequences.lock().count <= REMEMBERED_MAX);
        }
        assert!(
            !sequences.allow(late, &topic("shop.account"), 0),
            "it is still known"
        );
        assert!(
            sequences.allow(late, &topic("bank.account"), 0),
            "forgotten"
        );
        let counted = |all: &Remembered| all.databases.values().map(HashMap::len).sum::<usize>();
        let all = sequences.lock();
        assert_eq!(all.count, counted(&all));
    }
}

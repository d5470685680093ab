//! Topics: what a database and its categories are called here, and into which partition a stream
//! falls.
//!
//! ```text
//! shop           the whole log of the database shop, in one partition
//! shop.account   its category account, in as many as the database is set to, by the key of the stream
//! ```
//!
//! The name of a database has no dot, so the first one ends it. A topic is there as soon as its
//! database is: a category that has no events yet is an empty topic.

use std::ops::Range;

use headwater_event::{Position, Query, QueryItem, StreamName, Text, check_category};
use headwater_node::{CursorOf, DatabaseId, DatabaseInfo, DatabaseName, Parts};

/// Bytes of a topic's name, as Kafka's brokers have it.
const NAME_BYTES_MAX: usize = 249;

/// A topic, whether or not its database is there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Topic {
    pub(crate) database: DatabaseName,
    /// Without one it is the whole log.
    pub(crate) category: Option<Text>,
}

impl Topic {
    /// The topic of this name, whether or not its database is there.
    pub(crate) fn parse(name: &str) -> Option<Topic> {
        if name.len() > NAME_BYTES_MAX {
            return None;
        }
        let (database, category) = match name.split_once('.') {
            Some((database, category)) => (database, Some(category)),
            None => (name, None),
        };
        if let Some(category) = category {
            check_category(category).ok()?;
        }
        Some(Topic {
            database: database.parse().ok()?,
            category: category.map(Text::from),
        })
    }

    /// The topic of a category, if all clients can name it.
    pub(crate) fn of_category(database: &DatabaseName, category: &str) -> Option<Topic> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        category.bytes().all(plain).then_some(())?;
        Topic::parse(&format!("{database}.{category}"))
    }

    /// Its name.
    pub(crate) fn name(&self) -> String {
        match &self.category {
            Some(category) => format!("{}.{category}", self.database),
            None => self.database.to_string(),
        }
    }

    /// Whether records for a partition of this number are taken. One that the topic could have is
    /// enough: the key decides, and a producer may not know the number of partitions yet.
    pub(crate) fn takes(&self, partition: i32) -> bool {
        let parts = match self.category {
            Some(_) => Parts::MAX,
            None => 1,
        };
        u32::try_from(partition).is_ok_and(|partition| partition < parts)
    }

    /// The events that are in it.
    pub(crate) fn query(&self) -> Query {
        match &self.category {
            None => Query::all(),
            Some(category) => Query {
                items: vec![QueryItem {
                    category: Some(category.clone()),
                    ..QueryItem::default()
                }],
            },
        }
    }

    /// The key of the record of an event in this stream.
    pub(crate) fn key_of<'a>(&self, stream: &'a StreamName) -> &'a str {
        match self.category {
            Some(_) => stream.key(),
            None => stream.as_str(),
        }
    }
}

/// A topic of a database that is there, in its partitions.
#[derive(Clone, Debug)]
pub(crate) struct Served {
    pub(crate) topic: Topic,
    pub(crate) database: DatabaseId,
    pub(crate) parts: Parts,
    /// Since when it has so many, for who compares.
    since: Position,
}

impl Served {
    /// A topic of this database.
    pub(crate) fn new(topic: Topic, info: &DatabaseInfo) -> Served {
        Served {
            database: info.id,
            parts: match topic.category {
                Some(_) => info.parts,
                None => Parts::ONE,
            },
            since: info.parts_since,
            topic,
        }
    }

    /// Whether it is still that of this database, in the same partitions all the time.
    pub(crate) fn is_of(&self, info: &DatabaseInfo) -> bool {
        self.database == info.id && self.since == info.parts_since
    }

    /// The numbers of its partitions.
    pub(crate) fn partitions(&self) -> Range<i32> {
        0..self.parts.count() as i32 // a few hundred
    }

    /// Whether it has a partition of this number.
    pub(crate) fn has(&self, partition: i32) -> bool {
        self.partitions().contains(&partition)
    }

    /// The partition that the events of a stream are in.
    pub(crate) fn partition_of(&self, stream: Option<&StreamName>) -> i32 {
        match (&self.topic.category, stream) {
            (Some(_), Some(stream)) => partition_of_key(stream.key().as_bytes(), self.parts),
            _ => 0,
        }
    }

    /// What the node calls a partition; nothing if there is none of this number. It is one of the
    /// database itself and not of its name: a database that is made anew under the name is read from
    /// its beginning.
    pub(crate) fn cursor_of(&self, partition: i32) -> Option<CursorOf> {
        self.has(partition).then_some(CursorOf {
            database: self.database,
            category: self.topic.category.as_ref().map(ToString::to_string),
            parts: self.parts,
            part: partition as u32, // not negative
        })
    }
}

/// As the partitioner of Kafka's Java client has it, so that streams meet the records of other
/// topics that are keyed the same.
fn partition_of_key(key: &[u8], parts: Parts) -> i32 {
    ((murmur2(key) & 0x7fff_ffff) % parts.count()) as i32 // less than 31 bits
}

/// MurmurHash2 by Austin Appleby, with the seed of Kafka's clients.
fn murmur2(bytes: &[u8]) -> u32 {
    const SEED: u32 = 0x9747_b28c;
    const M: u32 = 0x5bd1_e995;
    let mut hash = SEED ^ bytes.len() as u32; // names are short
    let (words, rest) = bytes.as_chunks::<4>();
    for word in words {
        let mut k = u32::from_le_bytes(*word).wrapping_mul(M);
        k ^= k >> 24;
        hash = hash.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    if !rest.is_empty() {
        for (at, byte) in rest.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * at);
        }
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_kafkas_clients() {
        // The cases of org.apache.kafka.common.utils.UtilsTest.
        for (text, hash) in [
            ("21", -973_932_308),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("abc", 479_470_107),
        ] {
            assert_eq!(murmur2(text.as_bytes()) as i32, hash, "{text}");
        }
    }

    #[test]
    fn names_are_of_databases_and_categories() {
        let shop: DatabaseName = "shop".parse().unwrap();
        let whole = Topic::parse("shop").unwrap();
        assert_eq!(whole.category, None);
        assert!(whole.takes(0) && !whole.takes(1) && !whole.takes(-1));
        let dotted = Topic::parse("shop.a.b").unwrap();
        assert_eq!(dotted.category.as_deref(), Some("a.b"));
        assert_eq!(dotted.name(), "shop.a.b");
        let account = Topic::of_category(&shop, "account").unwrap();
        assert!(account.takes(255) && !account.takes(256) && !account.takes(-1));
        for bad in ["", "Shop", "shop.", ".account", "shop.a/b", "shop.\u{7}"] {
            assert_eq!(Topic::parse(bad), None, "{bad}");
        }
        assert_eq!(Topic::of_category(&shop, "two words"), None);
    }

    #[test]
    fn a_stream_stays_where_the_remainder_of_its_hash_is() {
        for key in 0..1_000 {
            let key = key.to_string();
            let at = |count| partition_of_key(key.as_bytes(), Parts::new(count).unwrap());
            assert_eq!(at(1), 0);
            assert_eq!(at(16) % 8, at(8), "twice as many split each one in two");
            assert!((0..256).contains(&at(256)));
        }
    }
}

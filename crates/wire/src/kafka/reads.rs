//! What the members of a group read, as it was when they met.
//!
//! A member goes on from where it is, and says with the number of a partition how far that was. If
//! the topic has other partitions meanwhile, or its database is another one, what it says is about
//! streams that it has not read. So a group ends with what it read: its members hear that they are
//! none, as after a restart of the server, meet anew, and ask anew where they go on.

use std::collections::{BTreeMap, BTreeSet};

use headwater_event::Position;
use headwater_node::{DatabaseId, DatabaseName, Node};
use kafka_protocol::protocol::StrBytes;

use crate::kafka::group::Group;
use crate::kafka::reader::{Malformed, Reader};
use crate::kafka::topic::Topic;

/// A database, and since when its categories have as many partitions as they have.
type Was = Option<(DatabaseId, Position)>;

/// The databases that the members of one generation read.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    generation: i32,
    databases: BTreeMap<DatabaseName, Was>,
    /// Up to which change of the node that was looked at.
    seen: u64,
}

impl Reads {
    /// Looks what the members read, if they have met since it was looked at. To be called before one
    /// of them is answered.
    ///
    /// A database that they read before they met is still what it was to them then: who has kept
    /// partitions goes on in them. If it is another one by now, [`are_over`](Reads::are_over) says so.
    pub(crate) fn note(&mut self, group: &Group, node: &Node) {
        if self.generation == group.generation() {
            return;
        }
        self.generation = group.generation();
        let before = std::mem::take(&mut self.databases);
        let named = databases(group).into_iter().map(|name| {
            let known = before.get(&name).copied();
            let was = known.unwrap_or_else(|| was(node, &name));
            (name, was)
        });
        self.databases = named.collect();
    }

    /// Whether something that they read is not what it was.
    pub(crate) fn are_over(&mut self, node: &Node) -> bool {
        let changes = node.changes();
        if self.seen == changes {
            return false;
        }
        self.seen = changes;
        let mut all = self.databases.iter();
        all.any(|(name, before)| was(node, name) != *before)
    }
}

fn was(node: &Node, name: &DatabaseName) -> Was {
    let info = node.show(name).ok()?;
    Some((info.id, info.parts_since))
}

/// The databases of the topics that members said they read. What is not said in the words of
/// consumers is not known.
fn databases(group: &Group) -> BTreeSet<DatabaseName> {
    let of_member = |metadata| topics(metadata).unwrap_or_default();
    let members = group.members.values();
    let topics = members.flat_map(|member| of_member(member.metadata(&group.protocol)));
    let topics = topics.filter_map(|name| Topic::parse(&name));
    topics.map(|topic| topic.database).collect()
}

/// The topics of a subscription: `ConsumerProtocolSubscription` of Kafka's schemas.
fn topics(metadata: bytes::Bytes) -> Result<Vec<StrBytes>, Malformed> {
    let mut reader = Reader::new(metadata, false);
    reader.i16()?; // the version; topics stand first in each
    reader.list(Reader::string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_topics_of_a_subscription_are_read_and_nothing_is_believed() {
        let said = b"\0\x03\0\0\0\x02\0\x04shop\0\x0cbank.account\xff\xff\xff\xff\0\0\0\0";
        let read = topics(bytes::Bytes::from_static(said)).unwrap();
        let read: Vec<&str> = read.iter().map(|topic| &**topic).collect();
        assert_eq!(read, ["shop", "bank.account"]);
        for end in 0..22 {
            assert!(topics(bytes::Bytes::from_static(&said[..end])).is_err());
        }
        assert!(topics(bytes::Bytes::from_static(b"\0\0\x7f\xff\xff\xff")).is_err());
    }
}

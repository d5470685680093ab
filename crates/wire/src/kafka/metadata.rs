//! `Metadata`: the broker, which is this server, and the topics.

use headwater_node::{DatabaseName, Role};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{MetadataResponse, TopicName};
use kafka_protocol::protocol::StrBytes;

use crate::kafka::reader::{Malformed, Reader};
use crate::kafka::session::{BROKER, Session};
use crate::kafka::topic::{Served, Topic};

/// Partitions that one answer describes at most, about.
const PARTITIONS_MAX: usize = 80_000;

/// Categories of one database that are listed at most.
const CATEGORIES_MAX: usize = 1_000;

/// The topics that were asked for; none is all of them.
pub(crate) fn read(mut reader: Reader, version: i16) -> Result<Option<Vec<StrBytes>>, Malformed> {
    let topics = reader.nullable_list(|reader| {
        let name = reader.string()?;
        reader.tags()?;
        Ok(name)
    })?;
    // Version 0 has no null: there an empty list is all.
    Ok(topics.filter(|topics| version > 0 || !topics.is_empty()))
}

/// Names topics, and wakes nothing: all topics are the databases, and the categories of those that
/// are awake. A category that is named is there whether or not it is listed.
pub(crate) async fn answer(
    session: &Session,
    reader: Reader,
    version: i16,
) -> Result<MetadataResponse, Malformed> {
    let topics = match read(reader, version)? {
        Some(names) => named(session, &names),
        None => all(session).await,
    };
    let broker = MetadataResponseBroker::default()
        .with_node_id(BROKER)
        .with_host(session.host())
        .with_port(session.port());
    Ok(MetadataResponse::default()
        .with_brokers(vec![broker])
        .with_cluster_id(Some(cluster_id(session)))
        .with_controller_id(BROKER)
        .with_topics(topics))
}

/// The identity of the node: that of its own log.
pub(crate) fn cluster_id(session: &Session) -> StrBytes {
    match session.app.node.show(&DatabaseName::system()) {
        Ok(system) => StrBytes::from_string(system.log_id.to_string()),
        Err(_) => StrBytes::from_static_str("headwater"),
    }
}

/// What was asked for by name. More than an answer can hold is no topic.
fn named(session: &Session, names: &[StrBytes]) -> Vec<MetadataResponseTopic> {
    let mut room = PARTITIONS_MAX;
    let one = |name: &StrBytes| {
        let topic = session.topic(Role::Read, name).and_then(|topic| {
            let left = room.checked_sub(topic.partitions().len());
            room = left.ok_or(ResponseError::InvalidTopicException)?;
            Ok(topic)
        });
        match topic {
            Ok(topic) => described(&topic),
            Err(error) => MetadataResponseTopic::default()
                .with_name(Some(TopicName(name.clone())))
                .with_error_code(error.code()),
        }
    };
    names.iter().map(one).collect()
}

async fn all(session: &Session) -> Vec<MetadataResponseTopic> {
    let node = &session.app.node;
    let seen = |name: &DatabaseName| session.who.may(Role::Read, Some(name)).is_ok();
    let mut topics = Vec::new();
    let mut room = PARTITIONS_MAX;
    for database in node.list() {
        if !seen(&database.name) {
            continue;
        }
        let categories = node.categories(&database.name, CATEGORIES_MAX).await;
        let categories = categories.unwrap_or_default(); // it was deleted just now
        let named = categories
            .iter()
            .map(|category| Topic::of_category(&database.name, category));
        for topic in [Topic::parse(database.name.as_str())]
            .into_iter()
            .chain(named)
            .flatten()
        {
            let topic = Served::new(topic, &database);
            let Some(left) = room.checked_sub(topic.partitions().len()) else {
                return topics;
            };
            room = left;
            topics.push(described(&topic));
        }
    }
    topics
}

fn described(served: &Served) -> MetadataResponseTopic {
    let partition = |index| {
        MetadataResponsePartition::default()
            .with_partition_index(index)
            .with_leader_id(BROKER)
            .with_leader_epoch(-1)
            .with_replica_nodes(vec![BROKER])
            .with_isr_nodes(vec![BROKER])
    };
    let topic = &served.topic;
    MetadataResponseTopic::default()
        .with_name(Some(TopicName(StrBytes::from_string(topic.name()))))
        .with_is_internal(topic.database.is_system())
        .with_partitions(served.partitions().map(partition).collect())
}

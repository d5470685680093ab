//! `Metadata`: the broker, which is this server, and the topics.

use std::collections::BTreeSet;

use headwater_node::{DatabaseName, DatabaseState, Role};
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{MetadataResponse, TopicName};
use kafka_protocol::protocol::StrBytes;

use crate::kafka::reader::{Malformed, Reader};
use crate::kafka::session::{BROKER, Session};
use crate::kafka::topic::Topic;

/// Topics that one answer lists at most, when all are asked for.
const TOPICS_MAX: usize = 10_000;

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
        Some(names) => names.iter().map(|name| named(session, name)).collect(),
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

fn named(session: &Session, name: &StrBytes) -> MetadataResponseTopic {
    match session.topic(Role::Read, name) {
        Ok((topic, _)) => described(&topic),
        Err(error) => MetadataResponseTopic::default()
            .with_name(Some(TopicName(name.clone())))
            .with_error_code(error.code()),
    }
}

async fn all(session: &Session) -> Vec<MetadataResponseTopic> {
    let mut topics = Vec::new();
    let databases = session.app.node.list().into_iter();
    let seen = |name: &DatabaseName| session.who.may(Role::Read, Some(name)).is_ok();
    for database in databases.filter(|database| seen(&database.name)) {
        let mut names = vec![Topic::parse(database.name.as_str())];
        if database.state == DatabaseState::Awake {
            let categories = categories(session, &database.name).await;
            let topic = |category: &String| Topic::of_category(&database.name, category);
            names.extend(categories.iter().map(topic));
        }
        let room = TOPICS_MAX - topics.len();
        topics.extend(names.iter().flatten().map(described).take(room));
    }
    topics
}

/// The categories of a database that is awake, by name.
async fn categories(session: &Session, name: &DatabaseName) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let Ok(database) = session.database(Role::Read, name).await else {
        return found; // a listing leaves out what cannot be read; who names it is told why
    };
    let mut after: Option<String> = None;
    while found.len() < CATEGORIES_MAX {
        let Ok(page) = database.streams(String::new(), after.take(), 1).await else {
            break;
        };
        let Some(stream) = page.streams.first() else {
            break;
        };
        let category = stream.name.category().to_owned();
        after = Some(format!("{category}0")); // what comes after all of `category/`: 0 follows /
        found.insert(category);
    }
    found
}

fn described(topic: &Topic) -> MetadataResponseTopic {
    let partition = |index| {
        MetadataResponsePartition::default()
            .with_partition_index(index)
            .with_leader_id(BROKER)
            .with_leader_epoch(-1)
            .with_replica_nodes(vec![BROKER])
            .with_isr_nodes(vec![BROKER])
    };
    MetadataResponseTopic::default()
        .with_name(Some(TopicName(StrBytes::from_string(topic.name()))))
        .with_is_internal(topic.database.is_system())
        .with_partitions((0..topic.partitions()).map(partition).collect())
}

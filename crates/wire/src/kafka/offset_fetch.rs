//! `OffsetFetch`: how far a group has read.

use std::collections::BTreeMap;

use headwater_event::Text;
use headwater_node::{Cursor, Cursors, DatabaseName, Role};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::offset_fetch_response::{
    OffsetFetchResponsePartition, OffsetFetchResponseTopic,
};
use kafka_protocol::messages::{OffsetFetchResponse, TopicName};
use kafka_protocol::protocol::StrBytes;

use crate::kafka::groups::not_available;
use crate::kafka::reader::{Malformed, Reader};
use crate::kafka::renumber;
use crate::kafka::session::Session;
use crate::kafka::topic::{Served, Topic};

/// The group, and the topics that were asked for; none is all.
type Asked = (StrBytes, Option<Vec<(StrBytes, Vec<i32>)>>);

pub(crate) fn read(mut reader: Reader) -> Result<Asked, Malformed> {
    let group = reader.string()?;
    let topics = reader.nullable_list(|reader| {
        let topic = (reader.string()?, reader.list(Reader::i32)?);
        reader.tags()?;
        Ok(topic)
    })?;
    Ok((group, topics))
}

pub(crate) async fn answer(
    session: &Session,
    reader: Reader,
) -> Result<OffsetFetchResponse, Malformed> {
    let (group, topics) = read(reader)?;
    let group = session.group(group);
    let (cursors, error) = match cursors(session, &group).await {
        Ok(cursors) => (cursors, 0),
        Err(error) => (Cursors::new(), error.code()),
    };
    let topics = match topics {
        Some(topics) => topics,
        None => all(session, &cursors),
    };
    let told = topics.into_iter().map(|(name, indexes)| {
        let topic = session.topic(Role::Read, &name);
        let partition = |index: i32| match &topic {
            Err(ResponseError::TopicAuthorizationFailed) => {
                told(index, None, ResponseError::TopicAuthorizationFailed.code())
            }
            Err(_) => told(index, None, error),
            Ok(topic) => {
                let of = topic.cursor_of(index);
                told(
                    index,
                    of.and_then(|of| renumber::find(&cursors, &of)),
                    error,
                )
            }
        };
        OffsetFetchResponseTopic::default()
            .with_partitions(indexes.into_iter().map(partition).collect())
            .with_name(TopicName(name))
    });
    Ok(OffsetFetchResponse::default()
        .with_topics(told.collect())
        .with_error_code(error))
}

/// How far the group has read. Asking does not make one.
async fn cursors(session: &Session, group: &StrBytes) -> Result<Cursors, ResponseError> {
    let app = &session.app;
    let held = app.groups.peek(group, |entry| entry.cursors.all().cloned());
    match held.flatten() {
        Some(cursors) => Ok(cursors),
        None => app.node.cursors(group).await.map_err(not_available),
    }
}

fn told(index: i32, cursor: Option<Cursor>, error: i16) -> OffsetFetchResponsePartition {
    let next = cursor.as_ref().map(|cursor| i64::try_from(cursor.next));
    let note = cursor.map_or_else(String::new, |cursor| cursor.note);
    OffsetFetchResponsePartition::default()
        .with_partition_index(index)
        .with_committed_offset(next.and_then(Result::ok).unwrap_or(-1))
        .with_committed_leader_epoch(-1)
        .with_metadata(Some(StrBytes::from_string(note)))
        .with_error_code(error)
}

/// All topics that the group has read, of databases that are there and that the client may read.
fn all(session: &Session, cursors: &Cursors) -> Vec<(StrBytes, Vec<i32>)> {
    let databases = session.app.node.list();
    let seen = |name: &DatabaseName| session.who.may(Role::Read, Some(name)).is_ok();
    let mut topics: BTreeMap<String, Vec<i32>> = BTreeMap::new();
    for of in cursors.keys() {
        let found = databases.iter().find(|one| one.id == of.database);
        let Some(found) = found.filter(|one| seen(&one.name)) else {
            continue;
        };
        let topic = Topic {
            database: found.name.clone(),
            category: of.category.as_deref().map(Text::from),
        };
        let served = Served::new(topic, found);
        let is_read = |index: &i32| {
            let of = served.cursor_of(*index);
            of.is_some_and(|of| renumber::find(cursors, &of).is_some())
        };
        topics
            .entry(served.topic.name())
            .or_insert_with(|| served.partitions().filter(is_read).collect());
    }
    let named = |(name, parts)| (StrBytes::from_string(name), parts);
    topics.into_iter().map(named).collect()
}

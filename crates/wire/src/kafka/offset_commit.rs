//! `OffsetCommit`: how far a group has read. It is answered at once and kept soon after: see
//! `cursors`.

use headwater_node::{Cursor, CursorOf, Role};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::offset_commit_response::{
    OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use kafka_protocol::messages::{OffsetCommitResponse, TopicName};
use kafka_protocol::protocol::StrBytes;

use crate::kafka::group::State;
use crate::kafka::groups::Entry;
use crate::kafka::reader::{Malformed, Reader};
use crate::kafka::session::Session;
use crate::kafka::topic::Served;

pub(crate) struct Asked {
    group: StrBytes,
    generation: i32,
    member: StrBytes,
    instance: Option<StrBytes>,
    topics: Vec<(StrBytes, Vec<Partition>)>,
}

struct Partition {
    index: i32,
    offset: i64,
    note: Option<StrBytes>,
}

pub(crate) fn read(mut reader: Reader, version: i16) -> Result<Asked, Malformed> {
    let group = reader.string()?;
    let generation = reader.i32()?;
    let member = reader.string()?;
    let instance = match version >= 7 {
        true => reader.nullable_string()?,
        false => None,
    };
    if version <= 4 {
        reader.i64()?; // how long it is to be kept: it always is
    }
    let topics = reader.list(|reader| {
        let name = reader.string()?;
        let partitions = reader.list(|reader| {
            let (index, offset) = (reader.i32()?, reader.i64()?);
            if version >= 6 {
                reader.i32()?; // the epoch of a leader that does not change
            }
            let note = reader.nullable_string()?;
            reader.tags()?;
            Ok(Partition {
                index,
                offset,
                note,
            })
        })?;
        reader.tags()?;
        Ok((name, partitions))
    })?;
    Ok(Asked {
        group,
        generation,
        member,
        instance,
        topics,
    })
}

pub(crate) async fn answer(
    session: &Session,
    reader: Reader,
    version: i16,
) -> Result<OffsetCommitResponse, Malformed> {
    let asked = read(reader, version)?;
    let group = session.group(asked.group);
    let app = &session.app;
    let mut topics = Vec::with_capacity(asked.topics.len());
    for (name, partitions) in asked.topics {
        let topic = session.topic(Role::Read, &name);
        let indexes: Vec<i32> = partitions.iter().map(|one| one.index).collect();
        let set = app.groups.with_cursors(&app.node, &group, |entry, now| {
            let instance = asked.instance.as_ref();
            entry.group.check_instance(&asked.member, instance)?;
            check(entry, asked.generation, &asked.member, now)?;
            let set = partitions.into_iter().map(|partition| {
                let (of, cursor) = cursor(&topic, partition)?;
                entry.cursors.set(of, cursor, now)
            });
            Ok(set.collect::<Vec<_>>())
        });
        let set = match set.await {
            Ok(set) => set,
            Err(error) => vec![Err(error); indexes.len()],
        };
        let told = indexes.into_iter().zip(set).map(|(index, set)| {
            OffsetCommitResponsePartition::default()
                .with_partition_index(index)
                .with_error_code(set.err().map_or(0, |error| error.code()))
        });
        let topic = OffsetCommitResponseTopic::default().with_name(TopicName(name));
        topics.push(topic.with_partitions(told.collect()));
    }
    Ok(OffsetCommitResponse::default().with_topics(topics))
}

/// Who is no member may move the cursors of a group that has none.
fn check(
    entry: &mut Entry,
    generation: i32,
    member: &StrBytes,
    now: tokio::time::Instant,
) -> Result<(), ResponseError> {
    if generation < 0 && entry.group.state == State::Empty {
        return Ok(());
    }
    entry.group.check_member(member, generation, now)?;
    match entry.group.state {
        State::Sharing => Err(ResponseError::RebalanceInProgress),
        _ => Ok(()),
    }
}

fn cursor(
    topic: &Result<Served, ResponseError>,
    partition: Partition,
) -> Result<(CursorOf, Cursor), ResponseError> {
    let topic = topic.as_ref().map_err(|error| *error)?;
    let of = topic.cursor_of(partition.index);
    let next = u64::try_from(partition.offset);
    let cursor = Cursor {
        next: next.map_err(|_| ResponseError::OffsetOutOfRange)?,
        note: partition
            .note
            .map(|note| note.to_string())
            .unwrap_or_default(),
    };
    Ok((of.ok_or(ResponseError::UnknownTopicOrPartition)?, cursor))
}

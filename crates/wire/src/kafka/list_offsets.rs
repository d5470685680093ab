//! `ListOffsets`: the first and the next offset of a partition, and the first one since an instant.

use headwater_event::{Error, Position, Timestamp};
use headwater_node::{DatabaseHandle, Direction, Read, Role};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use kafka_protocol::messages::{ListOffsetsResponse, TopicName};
use kafka_protocol::protocol::StrBytes;

use crate::kafka::code;
use crate::kafka::offset;
use crate::kafka::reader::{Malformed, Reader};
use crate::kafka::session::Session;
use crate::kafka::topic::Topic;

/// Instead of an instant: the next offset, the first one, that of the latest event.
const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const LAST: i64 = -3;

/// There is no such offset.
const NONE: i64 = -1;

pub(crate) struct Asked {
    topic: StrBytes,
    /// Number and instant.
    partitions: Vec<(i32, i64)>,
}

/// An offset, and when its event was recorded, in milliseconds, where that was asked for.
struct Place {
    offset: i64,
    millis: i64,
}

pub(crate) fn read(mut reader: Reader, version: i16) -> Result<Vec<Asked>, Malformed> {
    reader.i32()?; // a replica's number
    if version >= 2 {
        reader.i8()?; // isolation: nothing here is uncommitted
    }
    let topics = reader.list(|reader| {
        let topic = reader.string()?;
        let partitions = reader.list(|reader| {
            let index = reader.i32()?;
            if version >= 4 {
                reader.i32()?; // the epoch of a leader that does not change
            }
            let instant = reader.i64()?;
            reader.tags()?;
            Ok((index, instant))
        })?;
        reader.tags()?;
        Ok(Asked { topic, partitions })
    })?;
    Ok(topics)
}

/// Wakes a database unless its head is known.
pub(crate) async fn answer(
    session: &Session,
    reader: Reader,
    version: i16,
) -> Result<ListOffsetsResponse, Malformed> {
    let mut topics = Vec::new();
    for asked in read(reader, version)? {
        let topic = session.topic(Role::Read, &asked.topic);
        let mut partitions = Vec::with_capacity(asked.partitions.len());
        for (index, instant) in asked.partitions {
            let found = match &topic {
                Ok(served) if served.has(index) => place(session, &served.topic, instant).await,
                Ok(_) => Err(ResponseError::UnknownTopicOrPartition),
                Err(error) => Err(*error),
            };
            partitions.push(told(index, found));
        }
        let topic = ListOffsetsTopicResponse::default().with_name(TopicName(asked.topic));
        topics.push(topic.with_partitions(partitions));
    }
    Ok(ListOffsetsResponse::default().with_topics(topics))
}

fn told(index: i32, found: Result<Place, ResponseError>) -> ListOffsetsPartitionResponse {
    let told = ListOffsetsPartitionResponse::default()
        .with_partition_index(index)
        .with_leader_epoch(-1);
    match found {
        Ok(place) => told.with_offset(place.offset).with_timestamp(place.millis),
        Err(error) => told
            .with_error_code(error.code())
            .with_offset(NONE)
            .with_timestamp(NONE),
    }
}

async fn place(session: &Session, topic: &Topic, instant: i64) -> Result<Place, ResponseError> {
    let at = |offset| Place {
        offset,
        millis: NONE,
    };
    let found = match instant {
        EARLIEST => Ok(at(offset::FIRST)),
        LATEST => head(session, topic)
            .await
            .map(|head| at(offset::after(head))),
        LAST => since(session, topic, None).await,
        0.. => since(session, topic, Some(instant)).await,
        _ => return Err(ResponseError::InvalidRequest),
    };
    found.map_err(|error| code::of_read(&error))
}

/// The head of a topic's database, which is woken if its head is not known.
async fn head(session: &Session, topic: &Topic) -> Result<Position, Error> {
    match session.app.node.known_head(&topic.database)? {
        Some(head) => Ok(head),
        None => Ok(session.database(Role::Read, &topic.database).await?.head()),
    }
}

/// The first event that was recorded at this millisecond or later, or without one the last event.
/// It is the first of the whole log: those of a category have no offset before it.
async fn since(session: &Session, topic: &Topic, millis: Option<i64>) -> Result<Place, Error> {
    let _pass = session.app.reads.pass().await?;
    let database = session.database(Role::Read, &topic.database).await?;
    let position = match millis {
        None => database.head(),
        Some(millis) => {
            let before = millis.saturating_mul(1_000).saturating_sub(1);
            let before = Timestamp::from_micros(before).unwrap_or(Timestamp::MAX);
            database.position_at(before).await?.next()
        }
    };
    match recorded_at(&database, position).await? {
        Some(recorded_at) => Ok(Place {
            offset: offset::of(position),
            millis: recorded_at.as_micros().div_euclid(1_000),
        }),
        None => Ok(Place {
            offset: NONE,
            millis: NONE,
        }),
    }
}

/// When the event at this position was recorded, if there is one.
async fn recorded_at(
    database: &DatabaseHandle,
    position: Position,
) -> Result<Option<Timestamp>, Error> {
    if position == Position::ZERO || position > database.head() {
        return Ok(None);
    }
    let read = Read {
        direction: Direction::Forward {
            after: Position(position.0 - 1),
        },
        limit: 1,
        ..Read::default()
    };
    let page = database.read(None, read).await?;
    Ok(page.events.first().map(|event| event.recorded_at))
}

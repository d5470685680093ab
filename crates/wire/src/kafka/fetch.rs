//! `Fetch`: records from offsets on; waits for them if there are none.
//!
//! Waiting is no use of a database: one that is asleep stays so, and one that is awake falls asleep,
//! until somebody appends.

use std::time::Duration;

use futures::future::select_all;
use headwater_node::Role;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use kafka_protocol::messages::{BrokerId, FetchResponse, TopicName};
use kafka_protocol::protocol::StrBytes;
use tokio::time::{Instant, sleep, sleep_until};

use crate::gate::{Growing, Reserved, SMALL_BODY_BYTES};
use crate::kafka::offset;
use crate::kafka::reader::{Malformed, Reader};
use crate::kafka::session::Session;
use crate::kafka::walk::{Filled, Part, Walk};

/// Bytes of records of one answer, about, whatever a client asks for: at least one record.
const BYTES_MAX: usize = 4 << 20;

/// The longest wait, whatever a client asks for.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// Before records are looked for again that were too few.
const PAUSE: Duration = Duration::from_millis(10);

pub(crate) struct Asked {
    wait_max: Duration,
    bytes_min: usize,
    bytes_max: usize,
    topics: Vec<AskedTopic>,
}

struct AskedTopic {
    name: StrBytes,
    parts: Vec<Part>,
}

pub(crate) fn read(mut reader: Reader, version: i16) -> Result<Asked, Malformed> {
    reader.i32()?; // a replica's number
    let wait_max = Duration::from_millis(u64::try_from(reader.i32()?).unwrap_or(0));
    let bytes_min = usize::try_from(reader.i32()?).unwrap_or(0);
    let bytes_max = usize::try_from(reader.i32()?).unwrap_or(0);
    reader.i8()?; // isolation: nothing here is uncommitted
    if version >= 7 {
        reader.i32()?; // a session and its epoch: none is ever opened, so every fetch is whole
        reader.i32()?;
    }
    let topics = reader.list(|reader| {
        let name = reader.string()?;
        let parts = reader.list(|reader| part(reader, version))?;
        reader.tags()?;
        Ok(AskedTopic { name, parts })
    })?;
    Ok(Asked {
        wait_max: wait_max.min(WAIT_MAX),
        bytes_min,
        bytes_max: bytes_max.min(BYTES_MAX),
        topics,
    })
}

fn part(reader: &mut Reader, version: i16) -> Result<Part, Malformed> {
    let index = reader.i32()?;
    if version >= 9 {
        reader.i32()?; // the epoch of a leader that does not change
    }
    let offset = reader.i64()?;
    if version >= 12 {
        reader.i32()?; // the epoch of what was fetched last
    }
    if version >= 5 {
        reader.i64()?; // where a replica's log begins
    }
    let bytes_max = usize::try_from(reader.i32()?).unwrap_or(0);
    reader.tags()?;
    Ok(Part::new(index, offset, bytes_max.min(BYTES_MAX)))
}

/// Answers when there are as many bytes as were asked for, when something cannot be read, or when
/// the client has waited as long as it wanted. The room that the answer takes is given with it; where
/// others hold it all, the answer is small.
pub(crate) async fn answer(
    session: &Session,
    reader: Reader,
    version: i16,
) -> Result<(FetchResponse, Reserved), Malformed> {
    let asked = read(reader, version)?;
    let until = Instant::now() + asked.wait_max;
    let mut refused = Vec::new();
    let mut walks = Vec::new();
    for topic in asked
        .topics
        .into_iter()
        .filter(|topic| !topic.parts.is_empty())
    {
        match session.topic(Role::Read, &topic.name) {
            Ok(served) => match session.app.settling.until(served.database) {
                Some(end) if served.topic.category.is_some() => {
                    session.rest(end.min(until)).await; // it asks again at once
                    refused.push(nothing_of(topic, ResponseError::NotLeaderOrFollower));
                }
                _ => walks.push((topic.name, Walk::new(served, topic.parts))),
            },
            Err(error) => refused.push(nothing_of(topic, error)),
        }
    }
    let mut room = Growing::default();
    loop {
        let bytes_max = match room.grow(asked.bytes_max, &session.app.answers) {
            Ok(()) => asked.bytes_max.max(1),
            Err(_) => SMALL_BODY_BYTES, // at most what was asked for, which is more
        };
        let mut left = bytes_max;
        for (_, walk) in &mut walks {
            walk.look(session, left).await;
            left = left.saturating_sub(walk.found_bytes());
        }
        let found: usize = walks.iter().map(|(_, walk)| walk.found_bytes()).sum();
        room.shrink(found);
        let failed = !refused.is_empty() || walks.iter().any(|(_, walk)| walk.has_failed());
        let full = !walks.iter().any(|(_, walk)| walk.is_open());
        let enough = full || found >= asked.bytes_min || found >= bytes_max;
        if failed || enough || !wait(session, &walks, until, found > 0).await {
            break;
        }
    }
    let found = walks
        .into_iter()
        .map(|(name, walk)| told(name, walk.finish()));
    let told = FetchResponse::default().with_responses(refused.into_iter().chain(found).collect());
    Ok((told, room.into_reserved()))
}

/// Waits for one of the heads to move on; says whether it did so in time.
async fn wait(
    session: &Session,
    walks: &[(StrBytes, Walk)],
    until: Instant,
    pausing: bool,
) -> bool {
    if walks.is_empty() || Instant::now() >= until {
        return false;
    }
    let node = &session.app.node;
    let moving = walks
        .iter()
        .map(|(_, walk)| Box::pin(node.head_beyond(walk.database(), walk.scanned())));
    let moved = async {
        if pausing {
            sleep(PAUSE).await; // a commit at a time would be looked at again and again
        }
        let _ = select_all(moving).await; // a failure is met again by who looks
    };
    tokio::select! {
        () = moved => true,
        () = sleep_until(until) => false,
        () = session.stopped() => false,
    }
}

fn nothing_of(topic: AskedTopic, error: ResponseError) -> FetchableTopicResponse {
    let nothing = |part: Part| Filled {
        index: part.index,
        records: bytes::Bytes::new(),
        next: -1,
        error: Some(error),
    };
    let filled = topic.parts.into_iter().map(nothing).collect();
    told(topic.name, filled)
}

fn told(name: StrBytes, filled: Vec<Filled>) -> FetchableTopicResponse {
    let partitions = filled.into_iter().map(|part| {
        PartitionData::default()
            .with_partition_index(part.index)
            .with_error_code(part.error.map_or(0, |error| error.code()))
            .with_high_watermark(part.next)
            .with_last_stable_offset(part.next)
            .with_log_start_offset(offset::FIRST)
            .with_aborted_transactions(None)
            .with_preferred_read_replica(BrokerId(-1))
            .with_records(Some(part.records))
    });
    FetchableTopicResponse::default()
        .with_topic(TopicName(name))
        .with_partitions(partitions.collect())
}

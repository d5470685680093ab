//! `Produce`: each record is an event, each batch an append.
//!
//! Whatever `acks` says, what is answered is durable. The partition that a producer chose is not
//! used but for its sequence numbers: the key decides where a record is read.

use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use headwater_event::{Append, Appended, CheckedAppend, Error, Kind, Outcome};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::produce_response::{
    BatchIndexAndErrorMessage, PartitionProduceResponse, TopicProduceResponse,
};
use kafka_protocol::messages::{ProduceResponse, TopicName};
use kafka_protocol::protocol::StrBytes;
use tokio::sync::OwnedSemaphorePermit;

use crate::gate::SMALL_BODY_BYTES;
use crate::kafka::code;
use crate::kafka::compression::Compression;
use crate::kafka::event;
use crate::kafka::list_offsets::{FIRST, offset_after};
use crate::kafka::reader::{Malformed, Reader};
use crate::kafka::records::{self, Producer, SentBatch};
use crate::kafka::sequences;
use crate::kafka::session::Session;
use crate::kafka::topic::Topic;

struct Asked {
    transactional: bool,
    answered: bool,
    timeout: Duration,
    topics: Vec<AskedTopic>,
}

struct AskedTopic {
    name: StrBytes,
    /// Number and records.
    partitions: Vec<(i32, Bytes)>,
}

/// Why a batch was not written, and which of its records is the reason.
struct Refused {
    code: ResponseError,
    error: Error,
    record: Option<usize>,
}

impl From<Error> for Refused {
    fn from(error: Error) -> Refused {
        let code = match error.code() {
            records::CORRUPT => ResponseError::CorruptMessage,
            records::TRANSACTION => ResponseError::TransactionalIdAuthorizationFailed,
            _ => code::of_write(&error),
        };
        Refused {
            code,
            error,
            record: None,
        }
    }
}

fn read(reader: Reader, version: i16) -> Result<Asked, Malformed> {
    let mut reader = reader.flexible(version >= 9);
    let transactional = reader.nullable_string()?.is_some();
    let acks = reader.i16()?;
    let timeout = Duration::from_millis(u64::try_from(reader.i32()?).unwrap_or(0));
    let topics = reader.list(|reader| {
        let name = reader.string()?;
        let partitions = reader.list(|reader| {
            let index = reader.i32()?;
            let records = reader.nullable_bytes()?.unwrap_or_default();
            reader.tags()?;
            Ok((index, records))
        })?;
        reader.tags()?;
        Ok(AskedTopic { name, partitions })
    })?;
    Ok(Asked {
        transactional,
        answered: acks != 0,
        timeout,
        topics,
    })
}

/// Writes all batches of the request, each by itself; nothing is answered to `acks=0`.
pub(crate) async fn answer(
    session: &Session,
    reader: Reader,
    version: i16,
) -> Result<Option<ProduceResponse>, Malformed> {
    let asked = read(reader, version)?;
    let deadline = asked.timeout.min(session.app.limits.append_wait_max);
    let transactional = asked.transactional;
    let topics = asked.topics.into_iter().map(async |asked| {
        let topic = Topic::find(&session.app.node, &asked.name);
        let partitions = asked.partitions.into_iter().map(async |(index, bytes)| {
            let topic = topic.as_ref();
            let written = match transactional {
                true => Err(records::no_transactions().into()),
                false => write(session, topic, index, bytes, deadline).await,
            };
            told(index, written)
        });
        TopicProduceResponse::default()
            .with_name(TopicName(asked.name))
            .with_partition_responses(join_all(partitions).await)
    });
    let told = ProduceResponse::default().with_responses(join_all(topics).await);
    Ok(asked.answered.then_some(told))
}

fn told(index: i32, written: Result<Appended, Refused>) -> PartitionProduceResponse {
    let told = PartitionProduceResponse::default()
        .with_index(index)
        .with_log_append_time_ms(-1);
    let refused = match written {
        Ok(appended) => {
            return told
                .with_base_offset(offset_after(appended.first) - 1)
                .with_log_start_offset(FIRST);
        }
        Err(refused) => refused,
    };
    let text = StrBytes::from_string(refused.error.to_string());
    tracing::debug!(error = %refused.error, "a batch of records was refused");
    let record = refused.record.map(|at| {
        BatchIndexAndErrorMessage::default()
            .with_batch_index(i32::try_from(at).unwrap_or(i32::MAX))
            .with_batch_index_error_message(Some(text.clone()))
    });
    told.with_error_code(refused.code.code())
        .with_base_offset(-1)
        .with_log_start_offset(-1)
        .with_record_errors(record.into_iter().collect())
        .with_error_message(Some(text))
}

async fn write(
    session: &Session,
    topic: Option<&Topic>,
    partition: i32,
    bytes: Bytes,
    deadline: Duration,
) -> Result<Appended, Refused> {
    let topic = topic.filter(|topic| topic.has(partition));
    let topic = topic.ok_or_else(unknown_topic)?;
    let batch = SentBatch::read(bytes)?;
    let (producer, count) = (batch.producer, batch.count);
    let sequences = &session.app.sequences;
    if producer.is_some_and(|producer| !sequences.allow(producer, topic, partition)) {
        return Err(out_of_order());
    }
    let written = append(session, topic, partition, batch, deadline).await;
    let decided = match &written {
        Ok(_) => true,
        Err(refused) => !refused.code.is_retriable(),
    };
    match producer {
        Some(producer) if decided => sequences.decided(producer, topic, partition, count),
        Some(producer) => sequences.postponed(producer, topic, partition),
        None => {}
    }
    written
}

async fn append(
    session: &Session,
    topic: &Topic,
    partition: i32,
    batch: SentBatch,
    deadline: Duration,
) -> Result<Appended, Refused> {
    let (append, _reserved) = made(session, topic, partition, batch).await?;
    let database = session.app.node.database(&topic.database).await?;
    match database.append_checked(append, Some(deadline)).await? {
        Outcome::Appended(appended) => Ok(appended),
        Outcome::Conflict(conflict) => {
            let error = Error::new(Kind::Conflict, conflict.code(), conflict.to_string())
                .expected("an id that is not in the log, or all records as they were");
            Err(error.into())
        }
    }
}

/// Memory for the events of a batch, held until they are written.
type Reserved = Option<OwnedSemaphorePermit>;

/// What an event takes beside the bytes of its record, about.
const EVENT_BYTES: usize = 300;

/// The append of a batch. It is made elsewhere than on a lane, a few at a time, unless it is small:
/// nobody knows how large records become that are packed.
async fn made(
    session: &Session,
    topic: &Topic,
    partition: i32,
    batch: SentBatch,
) -> Result<(CheckedAppend, Reserved), Refused> {
    let small = batch.len() + batch.count * EVENT_BYTES <= SMALL_BODY_BYTES;
    if small && batch.compression == Compression::None {
        return Ok((events(topic, partition, &batch)?, None));
    }
    let turn = session.app.decompressions.clone().acquire_owned().await;
    let (app, topic) = (session.app.clone(), topic.clone());
    let making = tokio::task::spawn_blocking(move || {
        let _turn = turn; // given back when it is done, also if nobody waits any more
        let batch = match batch.compression {
            Compression::None => batch,
            _ => batch.decompressed()?,
        };
        let reserved = app
            .bodies
            .reserve(batch.len() + batch.count * EVENT_BYTES)?;
        Ok((events(&topic, partition, &batch)?, reserved))
    });
    making.await.unwrap_or_else(|error| {
        let told = "the records could not be read";
        Err(Error::new(Kind::Internal, "panicked", told)
            .caused_by(error)
            .into())
    })
}

fn events(topic: &Topic, partition: i32, batch: &SentBatch) -> Result<CheckedAppend, Refused> {
    let mut events = Vec::new();
    for (at, record) in batch.records().enumerate() {
        let producer = batch.producer.map(|producer| Producer {
            sequence: sequences::after(producer.sequence, at),
            ..producer
        });
        let event = record.and_then(|record| {
            let event = event::of_record(topic, partition, record, producer)?;
            event.check()?;
            Ok(event)
        });
        events.push(event.map_err(|error| Refused {
            record: Some(at),
            ..error.into()
        })?);
    }
    Ok(Append::of(events).checked()?)
}

fn unknown_topic() -> Refused {
    let error = Error::new(
        Kind::NotFound,
        "unknown_topic",
        "there is no such partition",
    )
    .expected("the name of a database, or database.category, with partitions 0 to 7")
    .action("create the database first; its categories need not be created");
    error.into()
}

fn out_of_order() -> Refused {
    let error = Error::new(
        Kind::Conflict,
        "out_of_order",
        "a batch of this producer is missing before this one",
    );
    Refused {
        code: ResponseError::OutOfOrderSequenceNumber,
        error,
        record: None,
    }
}

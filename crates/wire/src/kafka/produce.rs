//! `Produce`: each record is an event, each batch an append.
//!
//! Whatever `acks` says, what is answered is durable. The partition that a producer chose is not
//! used but for its sequence numbers: the key decides where a record is read.

use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use headwater_event::{Append, Appended, CheckedAppend, Error, Kind, NewEvent, Outcome};
use headwater_node::Role;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::produce_response::{
    BatchIndexAndErrorMessage, PartitionProduceResponse, TopicProduceResponse,
};
use kafka_protocol::messages::{ProduceResponse, TopicName};
use kafka_protocol::protocol::StrBytes;

use crate::gate::{Reserved, SMALL_BODY_BYTES};
use crate::kafka::code;
use crate::kafka::compression::Compression;
use crate::kafka::event;
use crate::kafka::offset;
use crate::kafka::reader::{Malformed, Reader};
use crate::kafka::records::{self, Producer, Record, SentBatch};
use crate::kafka::request::Refusal;
use crate::kafka::sequences;
use crate::kafka::session::Session;
use crate::kafka::topic::Topic;

pub(crate) struct Asked {
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

pub(crate) fn read(mut reader: Reader) -> Result<Asked, Malformed> {
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
) -> Result<Option<ProduceResponse>, Refusal> {
    let asked = read(reader)?;
    let deadline = asked.timeout.min(session.app.limits.append_wait_max);
    let transactional = asked.transactional;
    let topics = asked.topics.into_iter().map(async |asked| {
        let topic = session.topic(Role::Write, &asked.name);
        let partitions = asked.partitions.into_iter().map(async |(index, bytes)| {
            let written = match &topic {
                _ if transactional => Err(records::no_transactions().into()),
                Ok(served) => write(session, &served.topic, index, bytes, deadline).await,
                Err(error) => Err(no_topic(*error)),
            };
            told(index, written)
        });
        TopicProduceResponse::default()
            .with_name(TopicName(asked.name))
            .with_partition_responses(join_all(partitions).await)
    });
    let topics = join_all(topics).await;
    if !asked.answered && topics.iter().any(has_failed) {
        // Who asked for no answer learns by its connection that something was not written.
        return Err(Refusal::Lost);
    }
    let told = ProduceResponse::default().with_responses(topics);
    Ok(asked.answered.then_some(told))
}

fn has_failed(topic: &TopicProduceResponse) -> bool {
    let mut partitions = topic.partition_responses.iter();
    partitions.any(|partition| partition.error_code != 0)
}

fn told(index: i32, written: Result<Appended, Refused>) -> PartitionProduceResponse {
    let told = PartitionProduceResponse::default()
        .with_index(index)
        .with_log_append_time_ms(-1);
    let refused = match written {
        Ok(appended) => {
            return told
                .with_base_offset(offset::of(appended.first))
                .with_log_start_offset(offset::FIRST);
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
    topic: &Topic,
    partition: i32,
    bytes: Bytes,
    deadline: Duration,
) -> Result<Appended, Refused> {
    if !topic.takes(partition) {
        return Err(unknown_topic().into());
    }
    let batch = SentBatch::read(bytes)?;
    let (producer, count) = (batch.producer, batch.count);
    let sequences = &session.app.sequences;
    if producer.is_some_and(|producer| !sequences.allow(producer, topic, partition)) {
        return Err(out_of_order());
    }
    let written = append(session, topic, partition, batch, deadline).await;
    match (producer, &written) {
        (Some(producer), Ok(_)) => sequences.written(producer, topic, partition, count),
        (Some(producer), Err(_)) => sequences.refused(producer, topic, partition),
        (None, _) => {}
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
    let database = session.database(Role::Write, &topic.database).await?;
    match database.append_checked(append, Some(deadline)).await? {
        Outcome::Appended(appended) => Ok(appended),
        Outcome::Conflict(conflict) => {
            let error = Error::new(Kind::Conflict, conflict.code(), conflict.to_string())
                .expected("an id that is not in the log, or all records as they were");
            Err(error.into())
        }
    }
}

/// What an event takes beside the bytes of its record, about.
const EVENT_BYTES: usize = 300;

/// The append of a batch, and memory for its events, held until they are written. It is made
/// elsewhere than on a lane, a few at a time, unless it is small: nobody knows how large records
/// become that are packed.
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
        let batch = batch.decompressed()?;
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

/// The events of a batch, as one append that is checked.
fn events(topic: &Topic, partition: i32, batch: &SentBatch) -> Result<CheckedAppend, Refused> {
    let read = read_events(topic, partition, batch, false);
    match read.and_then(|events| Ok(Append::of(events).checked()?)) {
        Ok(append) => Ok(append.holding(batch.len())),
        // Once more, to name the first record that is a reason, if it is one record that is.
        Err(refused) => Err(read_events(topic, partition, batch, true)
            .err()
            .unwrap_or(refused)),
    }
}

/// The events of a batch, each of which is `checked` by itself if that is asked for.
fn read_events(
    topic: &Topic,
    partition: i32,
    batch: &SentBatch,
    checked: bool,
) -> Result<Vec<NewEvent>, Refused> {
    let read = |(at, record): (usize, Result<Record, Error>)| {
        let producer = batch.producer.map(|producer| Producer {
            sequence: sequences::after(producer.sequence, at),
            ..producer
        });
        let event = record.and_then(|record| {
            let event = event::of_record(topic, partition, record, producer)?;
            if checked {
                event.check()?;
            }
            Ok(event)
        });
        event.map_err(|error| Refused {
            record: Some(at),
            ..error.into()
        })
    };
    batch.records().enumerate().map(read).collect()
}

/// Why a topic is not written to.
fn no_topic(code: ResponseError) -> Refused {
    let error = match code {
        ResponseError::TopicAuthorizationFailed => forbidden(),
        _ => unknown_topic(),
    };
    Refused {
        code,
        error,
        record: None,
    }
}

fn forbidden() -> Error {
    Error::invalid("forbidden", "the key may not write to this topic")
        .expected("a key with the role write that reaches its database")
        .action("use another key, or ask whoever looks after the server for one")
}

fn unknown_topic() -> Error {
    Error::new(
        Kind::NotFound,
        "unknown_topic",
        "there is no such partition",
    )
    .expected("the name of a database, with the partition 0, or database.category, with those that Metadata lists")
    .action("create the database first; its categories need not be created")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::batch::Batch;
    use headwater_node::DatabaseName;

    /// What two records with these values become.
    fn of_values(values: [&str; 2]) -> (SentBatch, Result<CheckedAppend, Refused>) {
        let topic = Topic {
            database: DatabaseName::system(),
            category: Some("account".into()),
        };
        let mut batch = Batch::new(0);
        for (offset, value) in (0..).zip(values) {
            batch.push(offset, 0, Some(b"42"), value.as_bytes(), &[]);
        }
        let batch = SentBatch::read(batch.finish(1)).unwrap();
        let events = events(&topic, 0, &batch);
        (batch, events)
    }

    #[test]
    fn an_append_counts_for_the_batch_that_its_events_are_slices_of() {
        let (batch, append) = of_values(["{}", "[]"]);
        let append = append.ok().unwrap();
        assert_eq!(append.events.len(), 2);
        assert_eq!(append.held(), batch.len());
    }

    #[test]
    fn the_first_record_that_is_no_event_is_named() {
        for (values, record) in [(["{", "["], 0), (["{}", "["], 1)] {
            let refused = of_values(values).1.err().unwrap();
            assert_eq!(refused.record, Some(record));
            assert_eq!(refused.code, ResponseError::InvalidRecord);
        }
    }
}

//! An event as a record: the CloudEvents Kafka binding in binary mode
//! (<https://github.com/cloudevents/spec>, kafka-protocol-binding 1.0.2, section 3.2).
//!
//! | header | |
//! |---|---|
//! | `ce_specversion` | `1.0` |
//! | `ce_id`, `ce_type` | id and type of the event |
//! | `ce_source` | `/databases/<name>` |
//! | `ce_subject`, `ce_revision` | its stream, and its place there |
//! | `ce_time`, `ce_recordedtime` | when it happened and was recorded, to the microsecond |
//! | `ce_position` | its place in the log |
//! | `content-type` | of the value |
//! | `tag` | one for each tag |
//! | `metadata` | a JSON object |

use headwater_event::{Event, JSON};

use crate::kafka::batch::{Batch, Header};
use crate::kafka::offset;
use crate::kafka::topic::Topic;

/// The names of the headers, for both ways.
pub(crate) mod name {
    pub(crate) const SPEC_VERSION: &str = "ce_specversion";
    pub(crate) const ID: &str = "ce_id";
    pub(crate) const TYPE: &str = "ce_type";
    pub(crate) const SOURCE: &str = "ce_source";
    pub(crate) const SUBJECT: &str = "ce_subject";
    pub(crate) const TIME: &str = "ce_time";
    pub(crate) const RECORDED_TIME: &str = "ce_recordedtime";
    pub(crate) const POSITION: &str = "ce_position";
    pub(crate) const REVISION: &str = "ce_revision";
    pub(crate) const CONTENT_TYPE: &str = "content-type";
    pub(crate) const TAG: &str = "tag";
    pub(crate) const METADATA: &str = "metadata";
    /// What CloudEvents calls an attribute begins so.
    pub(crate) const ATTRIBUTE: &str = "ce_";
}

/// Writes an event as the next record of a batch.
pub(crate) fn write(batch: &mut Batch, topic: &Topic, source: &str, event: &Event) {
    let id = event.id.to_string();
    let (position, revision) = (event.position.to_string(), event.revision.to_string());
    let (time, recorded) = (event.occurred_at.to_string(), event.recorded_at.to_string());
    let content_type = event.content_type.as_deref().unwrap_or(JSON);
    let mut headers: Vec<Header<'_>> = vec![
        (name::SPEC_VERSION, b"1.0"),
        (name::ID, id.as_bytes()),
        (name::TYPE, event.event_type.as_str().as_bytes()),
        (name::SOURCE, source.as_bytes()),
        (name::TIME, time.as_bytes()),
        (name::RECORDED_TIME, recorded.as_bytes()),
        (name::POSITION, position.as_bytes()),
        (name::CONTENT_TYPE, content_type.as_bytes()),
    ];
    if let Some(stream) = &event.stream {
        headers.push((name::SUBJECT, stream.as_str().as_bytes()));
        headers.push((name::REVISION, revision.as_bytes()));
    }
    for tag in &event.tags {
        headers.push((name::TAG, tag.as_str().as_bytes()));
    }
    if let Some(metadata) = &event.metadata {
        headers.push((name::METADATA, metadata.as_bytes()));
    }
    let key = event.stream.as_ref().map(|stream| topic.key_of(stream));
    batch.push(
        offset::of(event.position),
        event.recorded_at.as_micros().div_euclid(1_000),
        key.map(str::as_bytes),
        &event.data,
        &headers,
    );
}

/// The source of the events of a topic's database.
pub(crate) fn source(topic: &Topic) -> String {
    format!("/databases/{}", topic.database)
}

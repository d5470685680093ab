//! A record as an event: the way back of `record`.
//!
//! * The key names the stream: in the topic of a category its key, in that of a database the whole
//!   name.
//! * `ce_type` is the type; without it the category is.
//! * `ce_id` is the id if it is a UUID, else it is one of `ce_source` and becomes a UUIDv5. Without it
//!   the producer and its sequence number make the id; without those the log does.
//! * Headers that are not known become fields of the metadata.

use bytes::Bytes;
use headwater_event::limits::METADATA_BYTES_MAX;
use headwater_event::{
    Error, EventId, EventType, JSON, NewEvent, StreamName, Tag, Text, Timestamp, tag_set,
};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::kafka::record::name;
use crate::kafka::records::{Producer, Record};
use crate::kafka::topic::Topic;

/// The namespace of ids made of producer and sequence, itself
/// `UUIDv5(URL namespace, "headwater:kafka-sequence")`.
const SEQUENCE: Uuid = Uuid::from_u128(0xefd9_ea33_2574_5523_8e58_952f_c6e8_adbd);

/// What the headers of a record say.
#[derive(Default)]
struct Said {
    id: Option<String>,
    event_type: Option<String>,
    source: Option<String>,
    subject: Option<String>,
    time: Option<String>,
    content_type: Option<String>,
    tags: Vec<Tag>,
    metadata: Map<String, Value>,
}

/// The event of a record that was sent to a partition of a topic. What it lacks is said with
/// what was expected.
pub(crate) fn of_record(
    topic: &Topic,
    partition: i32,
    record: Record,
    producer: Option<Producer>,
) -> Result<NewEvent, Error> {
    let mut said = Said::default();
    for (header, value) in &record.headers {
        said.take(header, value.as_ref())
            .map_err(|error| error.field(header.to_string()))?;
    }
    let stream = stream(topic, record.key.as_ref())?;
    let event_type = event_type(topic, stream.as_ref(), said.event_type.take())?;
    let id = said.id(producer.map(|producer| sequence_id(topic, partition, producer)));
    let occurred_at = match &said.time {
        Some(time) => Some(
            time.parse()
                .map_err(|error: Error| error.field(name::TIME))?,
        ),
        None => millis(record.millis),
    };
    let subject = said.subject.take();
    if let Some(subject) =
        subject.filter(|subject| Some(&**subject) != stream.as_ref().map(StreamName::as_str))
    {
        said.metadata.insert("subject".into(), subject.into());
    }
    Ok(NewEvent {
        id,
        stream,
        event_type,
        tags: tag_set(std::mem::take(&mut said.tags))?,
        data: record.value.unwrap_or(Bytes::from_static(b"null")),
        content_type: content_type(said.content_type.take())?,
        metadata: said.metadata(),
        occurred_at,
    })
}

impl Said {
    fn take(&mut self, header: &str, value: Option<&Bytes>) -> Result<(), Error> {
        let text = || text(value);
        match header {
            name::ID => self.id = Some(text()?),
            name::TYPE => self.event_type = Some(text()?),
            name::SOURCE => self.source = Some(text()?),
            name::SUBJECT => self.subject = Some(text()?),
            name::TIME => self.time = Some(text()?),
            name::TAG => self.tags.push(Tag::new(text()?)?),
            name::METADATA => self.metadata.append(&mut object(value)?),
            name::SPEC_VERSION => check_version(&text()?)?,
            // The log gives them anew.
            name::POSITION | name::REVISION | name::RECORDED_TIME => {}
            other if other.eq_ignore_ascii_case(name::CONTENT_TYPE) => {
                self.content_type = Some(text()?);
            }
            other => {
                let field = other.strip_prefix(name::ATTRIBUTE).unwrap_or(other);
                let value = match value {
                    Some(_) => Value::from(text()?),
                    None => Value::Null,
                };
                self.keep(field, value);
            }
        }
        Ok(())
    }

    /// Puts a header into the metadata; one that comes again makes a list.
    fn keep(&mut self, field: &str, value: Value) {
        match self.metadata.get_mut(field) {
            None => {
                self.metadata.insert(field.to_owned(), value);
            }
            Some(Value::Array(all)) => all.push(value),
            Some(one) => *one = Value::Array(vec![one.take(), value]),
        }
    }

    /// The id that the record has, or the one that its producer and sequence make.
    fn id(&mut self, of_sequence: Option<EventId>) -> Option<EventId> {
        let source = self.source.take();
        if let Some(source) = &source {
            self.metadata
                .insert("source".into(), source.as_str().into());
        }
        let Some(id) = self.id.take() else {
            return of_sequence;
        };
        if let Ok(uuid) = id.parse() {
            return Some(uuid);
        }
        let foreign = EventId::foreign(source.as_deref().unwrap_or(""), &id);
        self.metadata.insert("source_id".into(), id.into());
        Some(foreign)
    }

    fn metadata(self) -> Option<Text> {
        (!self.metadata.is_empty()).then(|| Text::from(Value::Object(self.metadata).to_string()))
    }
}

/// The id of a record that its producer numbered: the same whenever it is sent.
fn sequence_id(topic: &Topic, partition: i32, producer: Producer) -> EventId {
    let Producer {
        id,
        epoch,
        sequence,
    } = producer;
    let name = format!("{id}:{epoch}:{partition}:{sequence}:{}", topic.name());
    EventId(Uuid::new_v5(&SEQUENCE, name.as_bytes()))
}

fn stream(topic: &Topic, key: Option<&Bytes>) -> Result<Option<StreamName>, Error> {
    let key = key.map(|key| Text::from_utf8(key.clone())).transpose();
    let key = key.map_err(|_| bad("the key is not text").field("key").expected("UTF-8"))?;
    match (&topic.category, key) {
        (Some(category), Some(key)) => StreamName::new(format!("{category}/{key}")).map(Some),
        (Some(category), None) => Err(bad("the record has no key")
            .field("key")
            .expected(format!("the key of a stream of {category}"))
            .action("send a key; the stream is the category and the key")),
        (None, Some(key)) => StreamName::new(key).map(Some),
        (None, None) => Ok(None),
    }
}

fn event_type(
    topic: &Topic,
    stream: Option<&StreamName>,
    said: Option<String>,
) -> Result<EventType, Error> {
    let category = || match &topic.category {
        Some(category) => Some(category.to_string()),
        None => stream.map(|stream| stream.category().to_owned()),
    };
    match said.or_else(category) {
        Some(text) => EventType::new(text).map_err(|error| error.field(name::TYPE)),
        None => Err(bad("the record has no type")
            .field(name::TYPE)
            .expected("a header ce_type, or a key of which the category is taken")),
    }
}

/// Nothing for JSON, which is what has no content type.
fn content_type(said: Option<String>) -> Result<Option<Text>, Error> {
    let Some(media) = said else {
        return Ok(None);
    };
    let essence = media
        .split(';')
        .next()
        .unwrap_or("")
        .trim()
        .to_ascii_lowercase();
    if essence.starts_with("application/cloudevents") {
        return Err(bad("the record is a CloudEvent in structured mode")
            .field(name::CONTENT_TYPE)
            .found(media)
            .expected("binary mode: the event's attributes as headers that begin with ce_"));
    }
    Ok((essence != JSON).then(|| Text::from(media)))
}

fn check_version(version: &str) -> Result<(), Error> {
    if version.starts_with("1.") {
        return Ok(());
    }
    Err(bad("the record is a CloudEvent of another version")
        .found(version)
        .expected("1.0"))
}

/// When the record was made; a time that cannot be is left out.
fn millis(millis: i64) -> Option<Timestamp> {
    let micros = millis.checked_mul(1_000).filter(|micros| *micros >= 0)?;
    Timestamp::from_micros(micros)
}

fn text(value: Option<&Bytes>) -> Result<String, Error> {
    let bytes = value.ok_or_else(|| bad("the header has no value").expected("text in UTF-8"))?;
    let text = std::str::from_utf8(bytes);
    let text = text.map_err(|_| bad("the header is not text").expected("UTF-8"))?;
    Ok(text.to_owned())
}

fn object(value: Option<&Bytes>) -> Result<Map<String, Value>, Error> {
    let bytes = value.map_or(&b""[..], |bytes| bytes);
    // Before it is read: what is read takes many times the memory of its text.
    if bytes.len() > METADATA_BYTES_MAX {
        return Err(bad("the metadata is too large")
            .found(format!("{} bytes", bytes.len()))
            .expected(format!("at most {METADATA_BYTES_MAX} bytes")));
    }
    serde_json::from_slice(bytes).map_err(|error| {
        bad("the metadata is no object")
            .found(error)
            .expected("a JSON object")
    })
}

fn bad(message: &str) -> Error {
    Error::invalid("bad_record", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic(name: &str) -> Topic {
        let (database, category) = name.split_once('.').unwrap_or((name, ""));
        Topic {
            database: database.parse().unwrap(),
            category: (!category.is_empty()).then(|| Text::from(category)),
        }
    }

    fn record(key: Option<&'static str>, headers: &[(&'static str, &'static str)]) -> Record {
        let header = |(name, value): &(&'static str, &'static str)| {
            (
                Text::from(*name),
                Some(Bytes::from_static(value.as_bytes())),
            )
        };
        Record {
            millis: 1_700_000_000_000,
            key: key.map(|key| Bytes::from_static(key.as_bytes())),
            value: Some(Bytes::from_static(b"{}")),
            headers: headers.iter().map(header).collect(),
        }
    }

    fn event(name: &str, record: Record) -> Result<NewEvent, Error> {
        of_record(&topic(name), 0, record, None)
    }

    #[test]
    fn the_key_names_the_stream_and_its_category_the_type() {
        let opened = event("shop.account", record(Some("42"), &[])).unwrap();
        assert_eq!(opened.stream.unwrap().as_str(), "account/42");
        assert_eq!(opened.event_type.as_str(), "account");
        assert_eq!(
            opened.occurred_at.unwrap().as_micros(),
            1_700_000_000_000_000
        );
        let whole = event("shop", record(Some("account/42"), &[])).unwrap();
        assert_eq!(whole.stream.unwrap().as_str(), "account/42");
        let typed = event("shop", record(None, &[("ce_type", "Noted")])).unwrap();
        assert_eq!((typed.stream, typed.event_type.as_str()), (None, "Noted"));
    }

    #[test]
    fn headers_become_what_they_name() {
        let headers = [
            ("ce_id", "5c6b1d2e-0000-4000-8000-000000000001"),
            ("ce_source", "/billing"),
            ("ce_time", "2026-11-20T10:00:00Z"),
            ("ce_position", "17"),
            ("Content-Type", "application/json; charset=utf-8"),
            ("tag", "customer:7"),
            ("tag", "customer:7"),
            ("metadata", "{\"actor\":\"ada\"}"),
            ("trace", "a"),
            ("trace", "b"),
        ];
        let event = event("shop.account", record(Some("1"), &headers)).unwrap();
        assert_eq!(event.id.unwrap().to_string(), headers[0].1);
        assert_eq!((event.tags.len(), event.content_type), (1, None));
        let metadata: Value = serde_json::from_str(&event.metadata.unwrap()).unwrap();
        let expected =
            serde_json::json!({"actor": "ada", "trace": ["a", "b"], "source": "/billing"});
        assert_eq!(metadata, expected);
    }

    #[test]
    fn a_foreign_id_is_one_of_its_source() {
        let headers = [("ce_id", "17"), ("ce_source", "/billing")];
        let event = event("shop.account", record(Some("1"), &headers)).unwrap();
        assert_eq!(event.id, Some(EventId::foreign("/billing", "17")));
    }

    #[test]
    fn a_sequence_makes_an_id_that_is_always_the_same() {
        let producer = |sequence| Producer {
            id: 9,
            epoch: 0,
            sequence,
        };
        let id = |sequence, partition| {
            let event = of_record(
                &topic("shop.account"),
                partition,
                record(Some("1"), &[]),
                Some(producer(sequence)),
            );
            event.unwrap().id.unwrap()
        };
        assert_eq!(id(1, 0), id(1, 0));
        assert_ne!(id(1, 0), id(2, 0));
        assert_ne!(id(1, 0), id(1, 1));
    }

    #[test]
    fn what_is_no_event_is_refused() {
        let zeros = "0,".repeat(METADATA_BYTES_MAX / 2);
        let large: &'static str = format!("{{\"a\": [{zeros}0]}}").leak();
        for (name, record) in [
            ("shop.account", record(None, &[])),
            ("shop", record(Some("no category"), &[])),
            ("shop", record(None, &[])),
            (
                "shop.account",
                record(Some("1"), &[("ce_specversion", "0.3")]),
            ),
            ("shop.account", record(Some("1"), &[("ce_time", "today")])),
            ("shop.account", record(Some("1"), &[("metadata", "[]")])),
            ("shop.account", record(Some("1"), &[("metadata", large)])),
            (
                "shop.account",
                record(
                    Some("1"),
                    &[("content-type", "application/cloudevents+json")],
                ),
            ),
        ] {
            let error = event(name, record).unwrap_err();
            assert_eq!(error.kind(), headwater_event::Kind::Invalid);
        }
    }
}

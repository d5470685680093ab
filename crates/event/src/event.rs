//! The event: an immutable fact, as a writer gives it and as the log keeps it.

use bytes::Bytes;

use crate::limits::{CONTENT_TYPE_BYTES_MAX, DATA_BYTES_MAX, METADATA_BYTES_MAX, TAGS_MAX};
use crate::{Error, EventId, EventType, Position, Revision, StreamName, Tag, Text, Timestamp};
use crate::{Kind, json};

/// The content type of an event whose data is JSON.
pub const JSON: &str = "application/json";

/// What a writer says happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// Identity, when the writer made one. Without it the journal makes a UUIDv7, and a retry is
    /// a second event.
    pub id: Option<EventId>,
    /// The entity that it belongs to, if any.
    pub stream: Option<StreamName>,
    /// What happened.
    pub event_type: EventType,
    /// A set: sorted and without duplicates, as [`tag_set`] makes it.
    pub tags: Vec<Tag>,
    /// JSON text, or any bytes when `content_type` says otherwise.
    pub data: Bytes,
    /// The media type of `data`; `None` is JSON.
    pub content_type: Option<Text>,
    /// A JSON object as text: causation, correlation, actor, what the writer adds.
    pub metadata: Option<Text>,
    /// When it happened; `None` is the time of the commit.
    pub occurred_at: Option<Timestamp>,
}

impl NewEvent {
    /// An event of this type with JSON data, and nothing else.
    pub fn json(event_type: EventType, data: impl Into<Bytes>) -> NewEvent {
        NewEvent {
            id: None,
            stream: None,
            event_type,
            tags: Vec::new(),
            data: data.into(),
            content_type: None,
            metadata: None,
            occurred_at: None,
        }
    }

    /// The same event in a stream.
    pub fn in_stream(mut self, stream: StreamName) -> NewEvent {
        self.stream = Some(stream);
        self
    }

    /// The same event with these tags.
    pub fn tagged(mut self, tags: Vec<Tag>) -> Result<NewEvent, Error> {
        self.tags = tag_set(tags)?;
        Ok(self)
    }

    /// The same event with this id.
    pub fn with_id(mut self, id: EventId) -> NewEvent {
        self.id = Some(id);
        self
    }

    /// Checks the limits and that JSON is JSON. Names were checked when they were made.
    pub fn check(&self) -> Result<(), Error> {
        self.check_with(json::check)
    }

    /// As [`check`](Self::check), for an event whose JSON was parsed and so is JSON.
    pub(crate) fn check_parsed(&self) -> Result<(), Error> {
        self.check_with(json::check_depth)
    }

    fn check_with(&self, check_json: fn(&[u8]) -> Result<(), Error>) -> Result<(), Error> {
        if self.data.len() > DATA_BYTES_MAX {
            return Err(too_large("data", self.data.len(), DATA_BYTES_MAX));
        }
        match &self.content_type {
            None => check_json(&self.data).map_err(|error| error.field("data"))?,
            Some(media) => check_content_type(media)?,
        }
        if let Some(metadata) = &self.metadata {
            if metadata.len() > METADATA_BYTES_MAX {
                return Err(too_large("metadata", metadata.len(), METADATA_BYTES_MAX));
            }
            check_json(metadata.as_bytes())
                .and_then(|()| json::check_is_object(metadata.as_bytes()))
                .map_err(|error| error.field("metadata"))?;
        }
        check_tag_set(&self.tags)
    }
}

pub(crate) fn too_large(field: &str, found: usize, most: usize) -> Error {
    Error::new(
        Kind::TooLarge,
        "too_large",
        format!("the {field} is too large"),
    )
    .field(field)
    .found(format!("{found} bytes"))
    .expected(format!("at most {most} bytes"))
    .action("keep large things elsewhere and record where they are")
}

fn check_content_type(media: &Text) -> Result<(), Error> {
    let plain = media.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if media.is_empty() || media.len() > CONTENT_TYPE_BYTES_MAX || !plain {
        return Err(Error::invalid("bad_content_type", "the content type cannot be used")
            .field("content_type")
            .found(media)
            .expected(format!(
                "a media type of at most {CONTENT_TYPE_BYTES_MAX} ASCII characters, such as image/png"
            )));
    }
    Ok(())
}

fn check_tag_set(tags: &[Tag]) -> Result<(), Error> {
    if tags.len() > TAGS_MAX {
        return Err(
            Error::invalid("too_many_tags", "the event has too many tags")
                .field("tags")
                .found(tags.len())
                .expected(format!("at most {TAGS_MAX}")),
        );
    }
    if !tags.is_sorted_by(|a, b| a < b) {
        return Err(Error::invalid("bad_tags", "the tags are not a sorted set").field("tags"));
    }
    Ok(())
}

/// Makes the set that an event carries: sorted, each tag once.
pub fn tag_set(mut tags: Vec<Tag>) -> Result<Vec<Tag>, Error> {
    tags.sort();
    tags.dedup();
    check_tag_set(&tags)?;
    Ok(tags)
}

/// An event as the log keeps it. Its text and data share the buffer of the commit they came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Place in the log.
    pub position: Position,
    /// Identity, unique in the log.
    pub id: EventId,
    /// The entity that it belongs to, if any.
    pub stream: Option<StreamName>,
    /// Place in its stream; [`Revision::NONE`] without a stream.
    pub revision: Revision,
    /// What happened.
    pub event_type: EventType,
    /// Sorted, each once.
    pub tags: Vec<Tag>,
    /// The bytes that the writer gave.
    pub data: Bytes,
    /// The media type of `data`; `None` is JSON.
    pub content_type: Option<Text>,
    /// A JSON object as text.
    pub metadata: Option<Text>,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it was committed; never goes back from one event to the next.
    pub recorded_at: Timestamp,
}

impl Event {
    /// Whether `data` is JSON.
    pub fn is_json(&self) -> bool {
        self.content_type.is_none()
    }

    /// The short form that names this event in a conflict or an error.
    pub fn reference(&self) -> EventRef {
        EventRef {
            position: self.position,
            id: self.id,
            event_type: self.event_type.clone(),
            stream: self.stream.clone(),
            revision: self.revision,
        }
    }
}

/// Names an event of the log: where it stands and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRef {
    /// Place in the log.
    pub position: Position,
    /// Identity.
    pub id: EventId,
    /// What happened.
    pub event_type: EventType,
    /// The entity that it belongs to, if any.
    pub stream: Option<StreamName>,
    /// Place in its stream; [`Revision::NONE`] without a stream.
    pub revision: Revision,
}

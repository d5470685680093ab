//! The JSON form of events, queries and appends: what HTTP takes and gives, and what an exported
//! line holds.
//!
//! Data is spliced, never parsed and printed again: the bytes that came in are the bytes that go
//! out.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use bytes::Bytes;
use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::fmt::Hyphenated;

use crate::limits::JSON_DEPTH_MAX;
use crate::{
    Append, Boundary, CheckedAppend, Condition, Error, Event, EventId, EventType, ExpectedRevision,
    NewEvent, Position, Query, QueryItem, Revision, StreamName, Tag, Text, tag_set,
};

// What is read borrows the bytes that it is read from.

/// An append as JSON.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Append))]
#[serde(deny_unknown_fields)]
pub struct AppendBody<'a> {
    /// What happened, in order; at least one event.
    #[serde(borrow)]
    pub events: Vec<EventBody<'a>>,
    /// Where streams must be, by name: `"any"`, `"none"`, `"exists"` or a revision.
    #[serde(default)]
    pub expected_revisions: BTreeMap<String, ExpectedBody>,
    /// The append fails if an event after `after` matches one of these items.
    pub fail_if_events_match: Option<Vec<QueryItemBody>>,
    /// What the writer had read when it decided: only later events are looked at. Goes with
    /// `fail_if_events_match`.
    pub after: Option<u64>,
    /// The log that `after` is a position of; another log answers `other_log`.
    pub log_id: Option<String>,
}

/// An event as a writer gives it.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = NewEvent))]
#[serde(deny_unknown_fields)]
pub struct EventBody<'a> {
    /// Identity: a UUID, or any text together with `source`. A retry with the same id is not a
    /// second event.
    #[serde(borrow)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub id: Option<TextBody<'a>>,
    /// Where a foreign id comes from; kept in the metadata as `source`, the id as `source_id`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub source: Option<TextBody<'a>>,
    /// `category/key`
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub stream: Option<TextBody<'a>>,
    /// What happened.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub r#type: TextBody<'a>,
    /// Labels; a set.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub tags: Vec<TextBody<'a>>,
    /// Any JSON; without it `null`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<serde_json::Value>))]
    pub data: Option<&'a RawValue>,
    /// Bytes that are not JSON, in base64; goes with `content_type`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub data_base64: Option<TextBody<'a>>,
    /// The media type of `data_base64`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub content_type: Option<TextBody<'a>>,
    /// An object: `causation`, `correlation`, `actor`, and whatever the writer adds.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<serde_json::Value>))]
    pub metadata: Option<&'a RawValue>,
    /// When it happened, RFC 3339; without it the time of the commit.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub occurred_at: Option<TextBody<'a>>,
    /// Accepted from exported lines and not used: the log gives it anew.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub position: Option<u64>,
    /// Accepted from exported lines and not used: the log gives it anew.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub revision: Option<u64>,
    /// Accepted from exported lines and not used: the log gives it anew.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub recorded_at: Option<TextBody<'a>>,
}

/// A JSON string, borrowed unless it is escaped.
#[derive(Debug)]
pub struct TextBody<'a>(Cow<'a, str>);

impl TextBody<'_> {
    /// The text; a slice of `body`, which it was read from, where it can be.
    fn into_text(self, body: &Bytes) -> Text {
        match self.0 {
            Cow::Borrowed(text) => Text::slice_of(body, text),
            Cow::Owned(text) => Text::from(text),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for TextBody<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<TextBody<'a>, D::Error> {
        struct Take;

        impl<'de> Visitor<'de> for Take {
            type Value = Cow<'de, str>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Cow<'de, str>, E> {
                Ok(Cow::Borrowed(text))
            }

            fn visit_str<E>(self, text: &str) -> Result<Cow<'de, str>, E> {
                Ok(Cow::Owned(text.to_owned()))
            }
        }

        deserializer.deserialize_str(Take).map(TextBody)
    }
}

/// An expected revision: `"any"`, `"none"`, `"exists"` or a number.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ExpectedRevision))]
#[serde(untagged)]
pub enum ExpectedBody {
    /// Exactly this revision; 0 is `"none"`.
    Number(u64),
    /// `"any"`, `"none"` or `"exists"`.
    Word(String),
}

/// One alternative of a query; all that it names must hold.
#[derive(Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = QueryItem))]
#[serde(deny_unknown_fields, default)]
pub struct QueryItemBody {
    /// The type is one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
    /// All of these tags are there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The event is in this stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// The event is in a stream of this category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
}

/// Reads a JSON body into `T`. Errors name the field, and the line and column of bad syntax.
pub fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Error> {
    // Text that is known to be UTF-8 need not be looked at string by string.
    let read = match std::str::from_utf8(body) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(body),
    };
    read.map_err(|error| explain::<T>(body, &error))
}

/// Reads the body again, slowly, to find the path of the field that is wrong.
fn explain<'a, T: Deserialize<'a>>(body: &'a [u8], error: &serde_json::Error) -> Error {
    if !error.is_data() {
        return Error::invalid("bad_json", "the body is not JSON")
            .found(error)
            .expected("one JSON document in UTF-8");
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    match serde_path_to_error::deserialize::<_, T>(&mut reader) {
        Err(located) => {
            let path = located.path().to_string();
            let error = Error::invalid("bad_request", located.inner().to_string());
            if path == "." {
                error
            } else {
                error.field(path)
            }
        }
        Ok(_) => Error::invalid("bad_request", error.to_string()),
    }
}

/// Reads an append. The limits are checked by [`Append::check`].
pub fn parse_append(body: &[u8]) -> Result<Append, Error> {
    let body = Bytes::copy_from_slice(body);
    parse::<AppendBody<'_>>(&body)?.into_append(&body)
}

/// Reads an append and checks it, as [`Append::checked`] does. Its text and data are slices of the
/// body, and are looked at once.
pub fn parse_checked(body: &Bytes) -> Result<CheckedAppend, Error> {
    let append = parse::<AppendBody<'_>>(body)?.into_append(body)?;
    CheckedAppend::of_parsed(append, body.len())
}

impl AppendBody<'_> {
    /// The append of this body, whose bytes it was read from.
    fn into_append(self, bytes: &Bytes) -> Result<Append, Error> {
        let mut events = Vec::with_capacity(self.events.len());
        for (at, event) in self.events.into_iter().enumerate() {
            let event = event.into_event(bytes);
            events.push(event.map_err(|error| error.within(&format!("events[{at}]")))?);
        }
        Ok(Append {
            events,
            condition: Condition {
                expected: expected(self.expected_revisions)?,
                boundary: boundary(self.fail_if_events_match, self.after)?,
                log_id: self
                    .log_id
                    .map(|id| id.parse())
                    .transpose()
                    .map_err(|error: Error| error.field("log_id"))?,
            },
        })
    }
}

fn expected(
    bodies: BTreeMap<String, ExpectedBody>,
) -> Result<Vec<(StreamName, ExpectedRevision)>, Error> {
    let one = |(name, body): (String, ExpectedBody)| {
        let field = |error: Error| error.field(format!("expected_revisions.{name}"));
        let revision = body.revision().map_err(field)?;
        Ok((StreamName::new(name.as_str()).map_err(field)?, revision))
    };
    bodies.into_iter().map(one).collect()
}

impl ExpectedBody {
    fn revision(&self) -> Result<ExpectedRevision, Error> {
        match self {
            ExpectedBody::Number(0) => Ok(ExpectedRevision::None),
            ExpectedBody::Number(number) => Ok(ExpectedRevision::Exactly(Revision(*number))),
            ExpectedBody::Word(word) => word.parse(),
        }
    }
}

impl std::str::FromStr for ExpectedRevision {
    type Err = Error;

    fn from_str(text: &str) -> Result<ExpectedRevision, Error> {
        match (text, text.parse()) {
            ("any", _) => Ok(ExpectedRevision::Any),
            ("none" | "0", _) => Ok(ExpectedRevision::None),
            ("exists", _) => Ok(ExpectedRevision::Exists),
            (_, Ok(number)) => Ok(ExpectedRevision::Exactly(Revision(number))),
            (_, Err(_)) => Err(Error::invalid(
                "bad_revision",
                "the expected revision cannot be read",
            )
            .found(text)
            .expected("any, none, exists or a number")),
        }
    }
}

fn boundary(
    items: Option<Vec<QueryItemBody>>,
    after: Option<u64>,
) -> Result<Option<Boundary>, Error> {
    match (items, after) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Error::invalid("bad_request", "`after` stands alone")
            .field("after")
            .expected("it together with fail_if_events_match")),
        (Some(items), after) => Ok(Some(Boundary {
            fail_if_events_match: query(items, "fail_if_events_match")?,
            after: Position(after.unwrap_or(0)),
        })),
    }
}

/// The query of these items; errors name the part of `field` they are about.
pub fn query(items: Vec<QueryItemBody>, field: &str) -> Result<Query, Error> {
    let item = |(at, item): (usize, QueryItemBody)| {
        QueryItem::try_from(item).map_err(|error| error.within(&format!("{field}[{at}]")))
    };
    let query = Query {
        items: items
            .into_iter()
            .enumerate()
            .map(item)
            .collect::<Result<_, _>>()?,
    };
    query.check(field)?;
    Ok(query)
}

impl TryFrom<QueryItemBody> for QueryItem {
    type Error = Error;

    fn try_from(body: QueryItemBody) -> Result<QueryItem, Error> {
        Ok(QueryItem {
            types: each("types", body.types, EventType::new)?,
            tags: each("tags", body.tags, Tag::new)?,
            stream: body
                .stream
                .map(StreamName::new)
                .transpose()
                .map_err(|error| error.field("stream"))?,
            category: body.category.map(Text::from),
        })
    }
}

fn each<B, T>(
    field: &str,
    texts: Vec<B>,
    make: impl Fn(B) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let mut made = Vec::with_capacity(texts.len());
    for (at, text) in texts.into_iter().enumerate() {
        made.push(make(text).map_err(|error| error.field(format!("{field}[{at}]")))?);
    }
    Ok(made)
}

impl EventBody<'_> {
    /// The event of this body, whose bytes it was read from.
    fn into_event(self, bytes: &Bytes) -> Result<NewEvent, Error> {
        let (data, content_type) = data(self.data, self.data_base64, self.content_type, bytes)?;
        let (id, metadata) = identity(self.id, self.source, self.metadata, bytes)?;
        Ok(NewEvent {
            id,
            stream: self
                .stream
                .map(|name| StreamName::new(name.into_text(bytes)))
                .transpose()
                .map_err(|error| error.field("stream"))?,
            event_type: EventType::new(self.r#type.into_text(bytes))
                .map_err(|error| error.field("type"))?,
            tags: tag_set(each("tags", self.tags, |tag| {
                Tag::new(tag.into_text(bytes))
            })?)?,
            data,
            content_type,
            metadata,
            occurred_at: self
                .occurred_at
                .map(|text| text.0.parse())
                .transpose()
                .map_err(|error: Error| error.field("occurred_at"))?,
        })
    }
}

/// Reads one event, such as an exported line.
pub fn parse_event(body: &[u8]) -> Result<NewEvent, Error> {
    let body = Bytes::copy_from_slice(body);
    parse::<EventBody<'_>>(&body)?.into_event(&body)
}

fn data(
    json: Option<&RawValue>,
    coded: Option<TextBody<'_>>,
    content_type: Option<TextBody<'_>>,
    bytes: &Bytes,
) -> Result<(Bytes, Option<Text>), Error> {
    let content_type = content_type
        .filter(|media| media.0 != crate::JSON)
        .map(|media| media.into_text(bytes));
    match (json, coded, content_type) {
        (Some(json), None, None) => Ok((bytes.slice_ref(json.get().as_bytes()), None)),
        (None, None, None) => Ok((Bytes::from_static(b"null"), None)),
        (None, Some(coded), Some(media)) => {
            let bytes = BASE64.decode(coded.0.as_bytes()).map_err(|error| {
                Error::invalid("bad_request", "the base64 cannot be read")
                    .field("data_base64")
                    .found(error)
                    .expected("standard base64 with padding (RFC 4648, section 4)")
            })?;
            Ok((Bytes::from(bytes), Some(media)))
        }
        (_, Some(_), None) => Err(
            Error::invalid("bad_request", "the bytes have no media type")
                .field("content_type")
                .found("data_base64 without content_type")
                .expected("data_base64 together with a content_type, or JSON in data"),
        ),
        (_, _, Some(media)) => Err(Error::invalid(
            "bad_request",
            "data that is not JSON goes into data_base64",
        )
        .field("content_type")
        .found(media)
        .expected("data_base64 with this content_type, or data without one")),
    }
}

/// The id, and the metadata with what a foreign id was.
fn identity(
    id: Option<TextBody<'_>>,
    source: Option<TextBody<'_>>,
    metadata: Option<&RawValue>,
    bytes: &Bytes,
) -> Result<(Option<EventId>, Option<Text>), Error> {
    let metadata = metadata.map(|raw| Text::slice_of(bytes, raw.get()));
    let Some(TextBody(id)) = id else {
        return match source {
            None => Ok((None, metadata)),
            Some(_) => Err(Error::invalid("bad_request", "`source` stands alone")
                .field("source")
                .expected("it together with id")),
        };
    };
    match source {
        None => match id.parse() {
            Ok(uuid) => Ok((Some(uuid), metadata)),
            Err(error) => Err(error
                .field("id")
                .action("give the id's source in `source` if it is another system's")),
        },
        Some(TextBody(source)) => {
            let kept = keep_foreign(metadata.as_deref(), &source, &id)?;
            Ok((Some(EventId::foreign(&source, &id)), Some(kept)))
        }
    }
}

fn keep_foreign(metadata: Option<&str>, source: &str, id: &str) -> Result<Text, Error> {
    let text = metadata.unwrap_or("{}");
    check_object(text.as_bytes()).map_err(|error| error.field("metadata"))?;
    let mut object: serde_json::Map<String, serde_json::Value> =
        parse(text.as_bytes()).map_err(|error| error.within("metadata"))?;
    object.insert("source".into(), source.into());
    object.insert("source_id".into(), id.into());
    Ok(Text::from(serde_json::Value::Object(object).to_string()))
}

/// Checks that the bytes are one JSON document that is not nested too deeply.
pub(crate) fn check(bytes: &[u8]) -> Result<(), Error> {
    serde_json::from_slice::<&RawValue>(bytes).map_err(|error| {
        Error::invalid("bad_json", "it is not JSON")
            .found(error)
            .expected("one JSON document in UTF-8, or a content_type that says what it is")
    })?;
    check_depth(bytes)
}

/// Checks that the bytes are one JSON object.
pub(crate) fn check_object(bytes: &[u8]) -> Result<(), Error> {
    check(bytes)?;
    check_is_object(bytes)
}

/// Checks that JSON is not nested too deeply.
pub(crate) fn check_depth(bytes: &[u8]) -> Result<(), Error> {
    if opening(bytes) <= JSON_DEPTH_MAX {
        return Ok(()); // however they are nested
    }
    let depth = depth(bytes);
    if depth > JSON_DEPTH_MAX {
        return Err(Error::invalid("too_deep", "the JSON is nested too deeply")
            .found(format!("{depth} levels"))
            .expected(format!("at most {JSON_DEPTH_MAX}")));
    }
    Ok(())
}

/// How many bytes open a level, in strings too. Counted in bytes, which processors do many of at
/// once.
fn opening(bytes: &[u8]) -> usize {
    let count = |part: &[u8]| {
        let opens = |byte: &u8| u8::from(matches!(byte, b'[' | b'{'));
        part.iter().map(opens).fold(0, u8::wrapping_add)
    };
    bytes
        .chunks(usize::from(u8::MAX))
        .map(|part| usize::from(count(part)))
        .sum()
}

/// Checks that JSON is an object.
pub(crate) fn check_is_object(bytes: &[u8]) -> Result<(), Error> {
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(Error::invalid("bad_metadata", "it is not an object")
            .found(String::from_utf8_lossy(bytes))
            .expected("a JSON object such as {\"actor\": \"ada\"}"));
    }
    Ok(())
}

/// Levels of nesting of bytes that are JSON.
fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0usize, 0usize);
    let (mut quoted, mut escaped) = (false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Writes an event as one JSON object, without a line end.
pub fn write_event(out: &mut Vec<u8>, event: &Event) {
    number(out, "{\"position\":", event.position.0);
    out.extend_from_slice(b",\"id\":\"");
    let mut id = [0; Hyphenated::LENGTH];
    out.extend_from_slice(event.id.0.as_hyphenated().encode_lower(&mut id).as_bytes());
    out.push(b'"');
    if let Some(stream) = &event.stream {
        quoted(out, ",\"stream\":", stream.as_str());
        number(out, ",\"revision\":", event.revision.0);
    }
    quoted(out, ",\"type\":", event.event_type.as_str());
    out.extend_from_slice(b",\"tags\":[");
    for (at, tag) in event.tags.iter().enumerate() {
        quoted(out, if at == 0 { "" } else { "," }, tag.as_str());
    }
    out.extend_from_slice(b"],\"occurred_at\":\"");
    let occurred_at = event.occurred_at.text();
    out.extend_from_slice(&occurred_at);
    out.extend_from_slice(b"\",\"recorded_at\":\"");
    if event.recorded_at == event.occurred_at {
        out.extend_from_slice(&occurred_at); // as most are
    } else {
        out.extend_from_slice(&event.recorded_at.text());
    }
    out.push(b'"');
    if let Some(metadata) = &event.metadata {
        out.extend_from_slice(b",\"metadata\":");
        one_line(out, metadata.as_bytes());
    }
    match &event.content_type {
        None => {
            out.extend_from_slice(b",\"data\":");
            one_line(out, &event.data);
        }
        Some(media) => {
            quoted(out, ",\"content_type\":", media);
            quoted(out, ",\"data_base64\":", &BASE64.encode(&event.data));
        }
    }
    out.push(b'}');
}

/// Splices JSON. Line ends are white space in JSON, and would break lines of NDJSON.
fn one_line(out: &mut Vec<u8>, json: &[u8]) {
    let start = out.len();
    out.extend_from_slice(json);
    for byte in &mut out[start..] {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
}

fn number(out: &mut Vec<u8>, before: &str, mut number: u64) {
    out.extend_from_slice(before.as_bytes());
    let mut digits = [0; 20]; // as many as u64::MAX has
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

fn quoted(out: &mut Vec<u8>, before: &str, text: &str) {
    out.extend_from_slice(before.as_bytes());
    let plain = |byte: u8| byte >= 0x20 && byte != b'"' && byte != b'\\';
    if text.bytes().all(plain) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
        return;
    }
    let written = serde_json::to_writer(&mut *out, text);
    assert!(
        written.is_ok(),
        "a Vec takes every byte and text is always JSON"
    );
}

/// The items of a query in their JSON form.
pub fn query_items(query: &Query) -> Vec<QueryItemBody> {
    let item = |item: &QueryItem| QueryItemBody {
        types: item.types.iter().map(ToString::to_string).collect(),
        tags: item.tags.iter().map(ToString::to_string).collect(),
        stream: item.stream.as_ref().map(ToString::to_string),
        category: item.category.as_ref().map(ToString::to_string),
    };
    query.items.iter().map(item).collect()
}

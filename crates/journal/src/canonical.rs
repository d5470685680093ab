//! The canonical bytes of an append: what is written, and what the chain hashes.
//!
//! ```text
//! append   recorded_at i64 | events u32 | event ...
//! event    id 16 bytes | revision varint, 0 without a stream | content
//! content  flags u8 | type text | stream text? | tags varint | tag text ...
//!          | occurred_at i64? | content type text? | metadata text? | data
//! text     length varint | UTF-8                      data   length varint | bytes
//! ```
//!
//! Numbers are little-endian, instants are microseconds since 1970, a varint is LEB128 in its
//! shortest form. There is exactly one encoding of an append, and the decoder takes no other:
//! two events have the same content exactly when their content bytes are equal.
//!
//! The decoder borrows, allocates nothing, and checks every length against what is left.

use headwater_event::limits::TAGS_MAX;
use headwater_event::{EventId, NewEvent, Revision, Timestamp};
use uuid::Uuid;

const STREAM: u8 = 1;
const OCCURRED_AT: u8 = 2;
const CONTENT_TYPE: u8 = 4;
const METADATA: u8 = 8;
const FLAGS: u8 = STREAM | OCCURRED_AT | CONTENT_TYPE | METADATA;

/// Bytes of `recorded_at` and the number of events.
pub(crate) const APPEND_HEADER_BYTES: usize = 12;
/// The most bytes of a varint.
const VARINT_BYTES_MAX: usize = 10;

/// Bytes that are not an encoding of what they should be; says which part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

/// The most bytes that the events can take as one append, whatever their revisions.
pub(crate) fn append_len_max(events: &[NewEvent]) -> usize {
    APPEND_HEADER_BYTES + events.iter().map(event_len_max).sum::<usize>()
}

fn event_len_max(event: &NewEvent) -> usize {
    let text = |length: usize| varint_len(length as u64) + length;
    let optional = |text_of: Option<usize>| text_of.map_or(0, text);
    16 + VARINT_BYTES_MAX
        + 1
        + text(event.event_type.as_str().len())
        + optional(event.stream.as_ref().map(|stream| stream.as_str().len()))
        + varint_len(event.tags.len() as u64)
        + event
            .tags
            .iter()
            .map(|tag| text(tag.as_str().len()))
            .sum::<usize>()
        + event.occurred_at.map_or(0, |_| 8)
        + optional(event.content_type.as_ref().map(|media| media.len()))
        + optional(event.metadata.as_ref().map(|metadata| metadata.len()))
        + text(event.data.len())
}

/// Writes what stands before the events of an append.
pub(crate) fn put_append_header(out: &mut Vec<u8>, recorded_at: Timestamp, events: u32) {
    out.extend_from_slice(&recorded_at.as_micros().to_le_bytes());
    out.extend_from_slice(&events.to_le_bytes());
}

/// Writes one event.
pub(crate) fn put_event(out: &mut Vec<u8>, id: EventId, revision: Revision, event: &NewEvent) {
    out.extend_from_slice(id.0.as_bytes());
    put_varint(out, revision.0);
    put_content(out, event);
}

/// Writes what the writer gave of an event, but for its id.
pub(crate) fn put_content(out: &mut Vec<u8>, event: &NewEvent) {
    let mut flags = 0;
    flags |= event.stream.as_ref().map_or(0, |_| STREAM);
    flags |= event.occurred_at.map_or(0, |_| OCCURRED_AT);
    flags |= event.content_type.as_ref().map_or(0, |_| CONTENT_TYPE);
    flags |= event.metadata.as_ref().map_or(0, |_| METADATA);
    out.push(flags);
    put_bytes(out, event.event_type.as_str().as_bytes());
    if let Some(stream) = &event.stream {
        put_bytes(out, stream.as_str().as_bytes());
    }
    put_varint(out, event.tags.len() as u64);
    for tag in &event.tags {
        put_bytes(out, tag.as_str().as_bytes());
    }
    if let Some(occurred_at) = event.occurred_at {
        out.extend_from_slice(&occurred_at.as_micros().to_le_bytes());
    }
    if let Some(media) = &event.content_type {
        put_bytes(out, media.as_bytes());
    }
    if let Some(metadata) = &event.metadata {
        put_bytes(out, metadata.as_bytes());
    }
    put_bytes(out, &event.data);
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

pub(crate) fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn varint_len(number: u64) -> usize {
    (64 - (number | 1).leading_zeros() as usize).div_ceil(7)
}

/// What stands before the events of an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AppendHeader {
    pub(crate) recorded_at: Timestamp,
    pub(crate) events: u32,
}

/// An event that borrows the bytes it was decoded from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RawEvent<'a> {
    pub(crate) id: EventId,
    pub(crate) revision: Revision,
    pub(crate) event_type: &'a str,
    pub(crate) stream: Option<&'a str>,
    pub(crate) tags: RawTags<'a>,
    pub(crate) occurred_at: Option<Timestamp>,
    pub(crate) content_type: Option<&'a str>,
    pub(crate) metadata: Option<&'a str>,
    pub(crate) data: &'a [u8],
    /// The content bytes, for comparing.
    pub(crate) content: &'a [u8],
}

/// The tags of an event, checked and still encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RawTags<'a> {
    count: usize,
    encoded: &'a [u8],
}

impl<'a> RawTags<'a> {
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let mut reader = Reader::new(self.encoded);
        // They were read once when the event was decoded.
        (0..self.count).map_while(move |_| reader.text("tag").ok())
    }
}

/// Reads encoded bytes from the front.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    left: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { left: bytes }
    }

    /// How many bytes are left.
    pub(crate) fn left(&self) -> usize {
        self.left.len()
    }

    pub(crate) fn take(&mut self, count: usize, part: &'static str) -> Result<&'a [u8], Malformed> {
        let (taken, left) = self.left.split_at_checked(count).ok_or(Malformed(part))?;
        self.left = left;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(
        &mut self,
        part: &'static str,
    ) -> Result<[u8; N], Malformed> {
        let (taken, left) = self.left.split_first_chunk().ok_or(Malformed(part))?;
        self.left = left;
        Ok(*taken)
    }

    pub(crate) fn u32(&mut self, part: &'static str) -> Result<u32, Malformed> {
        Ok(u32::from_le_bytes(self.array(part)?))
    }

    pub(crate) fn u64(&mut self, part: &'static str) -> Result<u64, Malformed> {
        Ok(u64::from_le_bytes(self.array(part)?))
    }

    pub(crate) fn instant(&mut self, part: &'static str) -> Result<Timestamp, Malformed> {
        Timestamp::from_micros(i64::from_le_bytes(self.array(part)?)).ok_or(Malformed(part))
    }

    #[inline]
    pub(crate) fn varint(&mut self, part: &'static str) -> Result<u64, Malformed> {
        match self.left {
            [byte, left @ ..] if *byte < 0x80 => {
                self.left = left;
                Ok(u64::from(*byte))
            }
            // A last byte of 0 would not be the shortest.
            [first, byte @ 1..0x80, left @ ..] => {
                self.left = left;
                Ok(u64::from(first & 0x7f) | u64::from(*byte) << 7)
            }
            [first, second @ 0x80..=0xff, byte @ 1..0x80, left @ ..] => {
                self.left = left;
                let low = u64::from(first & 0x7f) | u64::from(second & 0x7f) << 7;
                Ok(low | u64::from(*byte) << 14)
            }
            _ => self.long_varint(part),
        }
    }

    fn long_varint(&mut self, part: &'static str) -> Result<u64, Malformed> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array(part)?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let shortest = byte != 0 || shift == 0;
                let fits = shift < 63 || byte == 1;
                return (shortest && fits).then_some(number).ok_or(Malformed(part));
            }
        }
        Err(Malformed(part))
    }

    fn bytes(&mut self, part: &'static str) -> Result<&'a [u8], Malformed> {
        let length = usize::try_from(self.varint(part)?).map_err(|_| Malformed(part))?;
        self.take(length, part)
    }

    pub(crate) fn text(&mut self, part: &'static str) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes(part)?).map_err(|_| Malformed(part))
    }

    pub(crate) fn append_header(&mut self) -> Result<AppendHeader, Malformed> {
        Ok(AppendHeader {
            recorded_at: self.instant("recorded_at")?,
            events: self.u32("the number of events")?,
        })
    }

    pub(crate) fn event(&mut self) -> Result<RawEvent<'a>, Malformed> {
        let id = EventId(Uuid::from_bytes(self.array("the event id")?));
        let revision = Revision(self.varint("the revision")?);
        let start = self.left;
        let [flags] = self.array("the flags")?;
        if flags & !FLAGS != 0 {
            return Err(Malformed("the flags"));
        }
        let event_type = self.text("the type")?;
        let stream = self.optional(flags & STREAM, |r| r.text("the stream"))?;
        if stream.is_some() == (revision == Revision::NONE) {
            return Err(Malformed("the revision"));
        }
        let tags = self.tags()?;
        let occurred_at = self.optional(flags & OCCURRED_AT, |r| r.instant("occurred_at"))?;
        let content_type = self.optional(flags & CONTENT_TYPE, |r| r.text("the content type"))?;
        let metadata = self.optional(flags & METADATA, |r| r.text("the metadata"))?;
        let data = self.bytes("the data")?;
        Ok(RawEvent {
            id,
            revision,
            event_type,
            stream,
            tags,
            occurred_at,
            content_type,
            metadata,
            data,
            content: &start[..start.len() - self.left.len()],
        })
    }

    /// Goes over an event, checking its lengths and no more.
    pub(crate) fn skip_event(&mut self) -> Result<(), Malformed> {
        self.take(16, "the event id")?;
        self.varint("the revision")?;
        let [flags] = self.array("the flags")?;
        self.bytes("the type")?;
        if flags & STREAM != 0 {
            self.bytes("the stream")?;
        }
        for _ in 0..self.varint("the number of tags")? {
            self.bytes("a tag")?;
        }
        if flags & OCCURRED_AT != 0 {
            self.take(8, "occurred_at")?;
        }
        for (flag, part) in [
            (CONTENT_TYPE, "the content type"),
            (METADATA, "the metadata"),
        ] {
            if flags & flag != 0 {
                self.bytes(part)?;
            }
        }
        self.bytes("the data").map(|_| ())
    }

    fn optional<T>(
        &mut self,
        there: u8,
        read: impl FnOnce(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Option<T>, Malformed> {
        (there != 0).then(|| read(self)).transpose()
    }

    fn tags(&mut self) -> Result<RawTags<'a>, Malformed> {
        let count = self.varint("the number of tags")?;
        if count > TAGS_MAX as u64 {
            return Err(Malformed("the number of tags"));
        }
        let start = self.left;
        let mut before = None;
        for _ in 0..count {
            let tag = self.text("a tag")?;
            if before.is_some_and(|before| before >= tag) {
                return Err(Malformed("the order of the tags"));
            }
            before = Some(tag);
        }
        Ok(RawTags {
            count: count as usize, // at most TAGS_MAX
            encoded: &start[..start.len() - self.left.len()],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headwater_event::{EventType, StreamName, Tag, Text, tag_set};
    use proptest::prelude::*;

    fn text() -> impl Strategy<Value = String> {
        "[a-zä€😀 /]{0,200}"
    }

    fn an_event() -> impl Strategy<Value = NewEvent> {
        let tags = proptest::collection::vec("[a-z:0-9]{1,20}", 0..5);
        let stream = proptest::option::of("[a-z]{1,10}/[a-z/0-9]{1,150}");
        let data = proptest::collection::vec(any::<u8>(), 0..400);
        let instant = proptest::option::of(-1_000_000i64..1_000_000);
        let texts = (proptest::option::of(text()), proptest::option::of(text()));
        ("[A-Z][a-z]{0,300}", stream, tags, data, instant, texts).prop_map(
            |(name, stream, tags, data, instant, (content_type, metadata))| NewEvent {
                id: None,
                stream: stream.map(|name| StreamName::new(name).unwrap()),
                event_type: EventType::new(name).unwrap(),
                tags: tag_set(tags.into_iter().map(|tag| Tag::new(tag).unwrap()).collect())
                    .unwrap(),
                data: data.into(),
                content_type: content_type.map(Text::from),
                metadata: metadata.map(Text::from),
                occurred_at: instant.and_then(Timestamp::from_micros),
            },
        )
    }

    /// What a decoded event says, made by hand; `None` where a name is not allowed.
    fn owned(raw: &RawEvent<'_>) -> Option<NewEvent> {
        let tags: Option<Vec<Tag>> = raw.tags.iter().map(|tag| Tag::new(tag).ok()).collect();
        let stream = raw.stream.map(|name| StreamName::new(name).ok());
        Some(NewEvent {
            id: Some(raw.id),
            stream: match stream {
                Some(stream) => Some(stream?),
                None => None,
            },
            event_type: EventType::new(raw.event_type).ok()?,
            tags: tags?,
            data: raw.data.to_vec().into(),
            content_type: raw.content_type.map(Text::from),
            metadata: raw.metadata.map(Text::from),
            occurred_at: raw.occurred_at,
        })
    }

    fn revision_for(event: &NewEvent, revision: u64) -> Revision {
        match event.stream {
            Some(_) => Revision(revision.max(1)),
            None => Revision::NONE,
        }
    }

    proptest! {
        #[test]
        fn an_event_is_read_back(event in an_event(), id: u128, revision: u64) {
            let (id, revision) = (EventId(Uuid::from_u128(id)), revision_for(&event, revision));
            let mut bytes = Vec::new();
            put_event(&mut bytes, id, revision, &event);
            let mut reader = Reader::new(&bytes);
            let raw = reader.event().unwrap();
            prop_assert_eq!(reader.left(), 0);
            prop_assert_eq!((raw.id, raw.revision), (id, revision));
            prop_assert_eq!(owned(&raw), Some(event.clone().with_id(id)));
            let mut content = Vec::new();
            put_content(&mut content, &event);
            prop_assert_eq!(raw.content, &content[..]);
            prop_assert!(bytes.len() <= event_len_max(&event));
        }

        #[test]
        fn a_part_of_an_event_is_no_event(event in an_event(), cut: prop::sample::Index) {
            let mut bytes = Vec::new();
            put_event(&mut bytes, EventId(Uuid::nil()), revision_for(&event, 3), &event);
            bytes.truncate(cut.index(bytes.len()));
            prop_assert!(Reader::new(&bytes).event().is_err());
        }

        /// Whatever is decoded is encoded to the very bytes that it came from: there is one
        /// encoding.
        #[test]
        fn changed_bytes_are_refused_or_mean_what_they_say(
            event in an_event(),
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        ) {
            let mut bytes = Vec::new();
            put_event(&mut bytes, EventId(Uuid::nil()), revision_for(&event, 300), &event);
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            let mut reader = Reader::new(&bytes);
            if let Ok(raw) = reader.event()
                && let Some(event) = owned(&raw)
            {
                let mut again = Vec::new();
                put_event(&mut again, raw.id, raw.revision, &event);
                prop_assert_eq!(&again[..], &bytes[..bytes.len() - reader.left()]);
            }
        }

        #[test]
        fn a_number_has_one_encoding(number: u64, bytes in proptest::collection::vec(any::<u8>(), 0..12)) {
            let mut encoded = Vec::new();
            put_varint(&mut encoded, number);
            prop_assert_eq!(encoded.len(), varint_len(number));
            prop_assert_eq!(Reader::new(&encoded).varint("it"), Ok(number));
            let mut reader = Reader::new(&bytes);
            if let Ok(number) = reader.varint("it") {
                let mut again = Vec::new();
                put_varint(&mut again, number);
                prop_assert_eq!(&again[..], &bytes[..bytes.len() - reader.left()]);
            }
        }
    }

    #[test]
    fn numbers_that_are_too_long_or_too_large_are_refused() {
        for bytes in [
            &[0x80, 0x00][..],
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02],
            &[
                0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01,
            ],
            &[0x80],
        ] {
            assert!(Reader::new(bytes).varint("it").is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn a_length_beyond_the_end_is_refused_without_allocating() {
        let mut bytes = vec![0; 17];
        bytes.push(0); // flags
        put_varint(&mut bytes, u64::MAX); // the length of the type
        assert_eq!(Reader::new(&bytes).event(), Err(Malformed("the type")));
    }
}

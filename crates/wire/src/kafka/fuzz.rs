//! What Kafka's clients send, for fuzzing: up to where the node is asked.

use bytes::Bytes;
use headwater_event::{Event, EventId, NewEvent, Position, Revision, Timestamp};
use kafka_protocol::messages::{ApiKey, RequestHeader};
use kafka_protocol::protocol::Decodable as _;
use uuid::Uuid;

use crate::kafka::api;
use crate::kafka::batch::Batch;
use crate::kafka::header::Header;
use crate::kafka::reader::{Malformed, Reader};
use crate::kafka::records::SentBatch;
use crate::kafka::topic::Topic;
use crate::kafka::{
    create_topics, delete_topics, describe_configs, event, fetch, find_coordinator, join_group,
    leave_group, list_offsets, metadata, offset_commit, offset_fetch, produce, record, sync_group,
};

/// A request, without the size before it. A header that is read here is read the same by others.
pub fn request(bytes: &[u8]) {
    let frame = Bytes::copy_from_slice(bytes);
    let Ok((header, body)) = Header::read(frame.clone()) else {
        return;
    };
    let answered = |key: &ApiKey| api::is_answered(*key, header.version);
    let Some(key) = header.key.filter(answered) else {
        return;
    };
    let version = key.request_header_version(header.version);
    let client = RequestHeader::decode(&mut frame.clone(), version).map(|other| other.client_id);
    assert_eq!(
        client.ok().map(Option::unwrap_or_default).as_ref(),
        Some(&header.client_id)
    );
    let _ = read(key, &header, body);
}

fn read(key: ApiKey, header: &Header, mut body: Reader) -> Result<(), Malformed> {
    let version = header.version;
    match key {
        ApiKey::Produce => produce::read(body).map(drop),
        ApiKey::Fetch => fetch::read(body, version).map(drop),
        ApiKey::ListOffsets => list_offsets::read(body, version).map(drop),
        ApiKey::Metadata => metadata::read(body, version).map(drop),
        ApiKey::OffsetCommit => offset_commit::read(body, version).map(drop),
        ApiKey::OffsetFetch => offset_fetch::read(body).map(drop),
        ApiKey::JoinGroup => {
            join_group::read(std::net::Ipv4Addr::LOCALHOST.into(), header, body).map(drop)
        }
        ApiKey::LeaveGroup => leave_group::read(body, version).map(drop),
        ApiKey::CreateTopics => create_topics::answer(body).map(drop),
        ApiKey::DeleteTopics => delete_topics::answer(body, version).map(drop),
        ApiKey::SyncGroup => sync_group::read(body, version).map(drop),
        ApiKey::FindCoordinator => find_coordinator::read(body, version).map(drop),
        ApiKey::DescribeConfigs => describe_configs::read(body).map(drop),
        // The others have names, or a field or two.
        _ => body.list(Reader::string).map(drop),
    }
}

/// Where the length of a batch ends, its format stands, and what its checksum is of begins.
const LENGTH_END: usize = 12;
const FORMAT_AT: usize = 16;
const CHECKED_AT: usize = 21;

/// A batch of records. Its length, format and checksum are set right first, so that what stands
/// behind them is reached. An event that it holds is the same after it was sent as a record.
pub fn batch(bytes: &[u8]) {
    let mut bytes = bytes.to_vec();
    if bytes.len() > CHECKED_AT {
        let length = (bytes.len() - LENGTH_END) as u32; // a few bytes
        bytes[LENGTH_END - 4..LENGTH_END].copy_from_slice(&length.to_be_bytes());
        bytes[FORMAT_AT] = 2;
        let checksum = crc32c::crc32c(&bytes[CHECKED_AT..]);
        bytes[FORMAT_AT + 1..CHECKED_AT].copy_from_slice(&checksum.to_be_bytes());
    }
    let read = SentBatch::read(Bytes::from(bytes));
    let Ok(batch) = read.and_then(SentBatch::decompressed) else {
        return;
    };
    for topic in ["shop", "shop.account"]
        .iter()
        .filter_map(|name| Topic::parse(name))
    {
        for event in batch.records().map_while(Result::ok) {
            let event = event::of_record(&topic, 0, event, batch.producer);
            if let Ok(event) = event
                && event.check().is_ok()
            {
                check_sent(&topic, event);
            }
        }
    }
}

/// That an event which is sent as a record, and read again, is still the same.
fn check_sent(topic: &Topic, event: NewEvent) {
    let sent = Event {
        position: Position(1),
        id: event.id.unwrap_or(EventId(Uuid::nil())),
        stream: event.stream,
        revision: Revision(1),
        event_type: event.event_type,
        tags: event.tags,
        data: event.data,
        content_type: event.content_type,
        metadata: event.metadata,
        occurred_at: event.occurred_at.unwrap_or(Timestamp::MIN),
        recorded_at: Timestamp::MIN,
    };
    let mut batch = Batch::new(1);
    record::write(&mut batch, topic, &record::source(topic), &sent);
    let batch = SentBatch::read(batch.finish(1));
    let record = batch.and_then(|batch| batch.records().next().transpose());
    let read = record.map(|record| record.map(|record| event::of_record(topic, 0, record, None)));
    let Ok(Some(Ok(read))) = read else {
        panic!("{sent:?} cannot be read again: {read:?}");
    };
    assert_eq!(read.id, Some(sent.id));
    assert_eq!(read.stream, sent.stream);
    assert_eq!(read.event_type, sent.event_type);
    assert_eq!(read.tags, sent.tags);
    assert_eq!(read.data, sent.data);
    assert_eq!(read.content_type, sent.content_type);
    assert_eq!(read.occurred_at, Some(sent.occurred_at));
}

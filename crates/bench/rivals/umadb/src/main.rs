//! A connection to UmaDB: its own protocol, with its own generated client.
//!
//! An event has the same type, tags and data as everywhere. UmaDB has no streams: the name of the
//! stream is a third tag, as its documentation names entities. Each client has a connection of its
//! own, as in UmaDB's benchmarks, with the settings of UmaDB's Rust client.

use headwater_load::{Answer, Appended, EVENT_TYPE, Failure, Order, Session, Unless, Which};
use tonic::transport::{Channel, Endpoint};
use umadb_proto::v1::dcb_client::DcbClient;
use umadb_proto::v1::{AppendCondition, AppendRequest, Event, Query, QueryItem, ReadRequest};

struct UmaDbSession {
    client: DcbClient<Channel>,
}

/// As in the drivers of the others.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Failure> {
    headwater_load::drive::<UmaDbSession>()
}

impl Session for UmaDbSession {
    /// The address is a URL: `http://127.0.0.1:50051`.
    async fn connect(address: &str) -> Result<UmaDbSession, Failure> {
        let channel = Endpoint::from_shared(address.to_owned())?
            .tcp_nodelay(true)
            .initial_stream_window_size(Some(4 << 20))
            .initial_connection_window_size(Some(8 << 20))
            .connect()
            .await?;
        Ok(UmaDbSession {
            client: DcbClient::new(channel),
        })
    }

    async fn append(
        &mut self,
        orders: &[Order],
        unless: Option<&Unless>,
    ) -> Result<Appended, Failure> {
        let condition = unless.map(|unless| AppendCondition {
            fail_if_events_match: Some(tagged(unless.tags.clone())),
            after: unless.after,
        });
        let request = AppendRequest {
            events: orders.iter().map(event).collect(),
            condition,
            tracking_info: None,
        };
        let answer = self.client.append(request).await?.into_inner();
        Ok(Appended {
            last: answer.position,
        })
    }

    async fn read(&mut self, which: &Which) -> Result<Answer, Failure> {
        let query = match which {
            Which::All => None,
            Which::Stream(name) | Which::Tag(name) => Some(tagged(vec![name.clone()])),
        };
        let request = ReadRequest {
            query,
            ..ReadRequest::default()
        };
        let mut messages = self.client.read(request).await?.into_inner();
        let mut answer = Answer::default();
        while let Some(message) = messages.message().await? {
            answer.events += message.events.len() as u64;
            let data = message
                .events
                .iter()
                .filter_map(|event| event.event.as_ref());
            answer.bytes += data.map(|event| event.data.len() as u64).sum::<u64>();
        }
        Ok(answer)
    }
}

fn tagged(tags: Vec<String>) -> Query {
    let item = QueryItem {
        types: Vec::new(),
        tags,
    };
    Query { items: vec![item] }
}

fn event(order: &Order) -> Event {
    let [customer, sku] = order.tags();
    Event {
        event_type: EVENT_TYPE.to_owned(),
        tags: vec![order.stream_name(), customer, sku],
        data: order.data().into_bytes(),
        uuid: String::new(),
        metadata: Vec::new(),
    }
}

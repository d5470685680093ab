//! A page of events: what is asked for, and how it is written.

use axum::http::HeaderValue;
use axum::response::Response;
use bytes::Bytes;
use futures::stream;
use headwater_event::limits::READ_EVENTS_MAX;
use headwater_event::{Error, Event, LogId, Position, Query, json};
use headwater_node::{Direction, Page, Read};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::http::accept::{Accept, JSON, NDJSON};
use crate::http::answer::{self, CHUNK_BYTES};
use crate::http::problem::Problem;

/// Events of a page where nothing else is asked for.
const LIMIT: u64 = 100;

/// Bytes of events of a page, about; the reader goes on with `next`.
const PAGE_BYTES_MAX: usize = 8 << 20;

/// Where a read begins, and how far it goes.
#[derive(Debug, Default)]
pub(crate) struct Span {
    pub(crate) after: Option<u64>,
    pub(crate) before: Option<u64>,
    pub(crate) limit: Option<u64>,
    pub(crate) log_id: Option<LogId>,
}

impl Span {
    /// The read of this span.
    pub(crate) fn read(&self, query: Query) -> Result<Read, Error> {
        let direction = match (self.after, self.before) {
            (Some(_), Some(before)) => {
                return Err(Error::invalid(
                    "bad_request",
                    "a read goes one way: after and before are given",
                )
                .field("before")
                .found(before)
                .expected("either after or before"));
            }
            (after, None) => Direction::Forward {
                after: Position(after.unwrap_or(0)),
            },
            (None, Some(before)) => Direction::Backward {
                before: Position(before),
            },
        };
        Ok(Read {
            query,
            direction,
            limit: limit(self.limit, LIMIT, READ_EVENTS_MAX)?,
            until: None,
            bytes_max: PAGE_BYTES_MAX,
        })
    }
}

/// A limit within its bounds.
pub(crate) fn limit(given: Option<u64>, default: u64, most: usize) -> Result<usize, Error> {
    let limit = given.unwrap_or(default);
    match usize::try_from(limit) {
        Ok(limit) if (1..=most).contains(&limit) => Ok(limit),
        _ => Err(Error::invalid("bad_limit", "the limit is out of bounds")
            .field("limit")
            .found(limit)
            .expected(format!("1 to {most}"))),
    }
}

/// A page of events.
#[derive(Serialize, ToSchema)]
#[schema(as = Page)] // written by hand, in this form
pub(crate) struct PageAnswer {
    /// In the order that was asked for.
    events: Vec<RecordedEvent>,
    /// The position of the last committed event, at the moment of the read.
    head: u64,
    /// The cursor to go on with: the next `after` or `before`.
    next: u64,
    /// Whether there may be more.
    more: bool,
    /// The log that the positions are of.
    log_id: String,
}

/// An event as the log keeps it.
#[derive(Serialize, ToSchema)]
#[schema(as = Event)]
pub(crate) struct RecordedEvent {
    /// Place in the log: 1, 2, 3 ...
    position: u64,
    /// A UUID.
    id: String,
    /// `category/key`, if it is in a stream.
    stream: Option<String>,
    /// Its place in the stream: 1, 2, 3 ...
    revision: Option<u64>,
    /// What happened.
    r#type: String,
    /// Labels.
    tags: Vec<String>,
    /// When it happened, RFC 3339.
    occurred_at: String,
    /// When it was committed, RFC 3339.
    recorded_at: String,
    /// Causation, correlation, actor, and what the writer added.
    metadata: Option<serde_json::Value>,
    /// The data, if it is JSON.
    data: Option<serde_json::Value>,
    /// The media type of data that is not JSON.
    content_type: Option<String>,
    /// Data that is not JSON, in base64.
    data_base64: Option<String>,
}

/// Reads a page and answers it.
pub(crate) async fn answer(
    app: &App,
    name: &headwater_node::DatabaseName,
    span: &Span,
    query: Query,
    accept: Accept,
) -> Result<Response, Problem> {
    let read = span.read(query)?;
    let database = app.node.database(name).await?;
    let page = {
        let _pass = app.reads.pass().await?;
        database.read(span.log_id, read).await?
    };
    Ok(write(page, database.log_id(), accept))
}

fn write(page: Page, log_id: LogId, accept: Accept) -> Response {
    let (head, next) = (page.head.0, page.scanned.0);
    let lines = accept == Accept::Ndjson;
    let (begin, end) = match lines {
        true => (String::new(), String::new()),
        false => (
            "{\"events\":[".to_owned(),
            format!(
                "],\"head\":{head},\"next\":{next},\"more\":{},\"log_id\":\"{log_id}\"}}",
                page.more
            ),
        ),
    };
    let writer = Writer {
        events: page.events.into_iter(),
        begin: Some(begin),
        between: if lines { "" } else { "," },
        after: if lines { "\n" } else { "" },
        end: Some(end),
        first: true,
    };
    let mut response = answer::streamed(if lines { NDJSON } else { JSON }, stream::iter(writer));
    answer::set_log(&mut response, log_id);
    let headers = response.headers_mut();
    headers.insert(answer::HEAD, HeaderValue::from(head));
    headers.insert(answer::NEXT, HeaderValue::from(next));
    response
}

/// Writes events a chunk at a time: a page is not in memory twice.
struct Writer {
    events: std::vec::IntoIter<Event>,
    begin: Option<String>,
    between: &'static str,
    after: &'static str,
    end: Option<String>,
    first: bool,
}

impl Iterator for Writer {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        self.end.as_ref()?;
        let mut out = self.begin.take().unwrap_or_default().into_bytes();
        while out.len() < CHUNK_BYTES {
            let Some(event) = self.events.next() else {
                out.extend_from_slice(self.end.take().unwrap_or_default().as_bytes());
                break;
            };
            if !self.first {
                out.extend_from_slice(self.between.as_bytes());
            }
            self.first = false;
            json::write_event(&mut out, &event);
            out.extend_from_slice(self.after.as_bytes());
        }
        Some(Bytes::from(out))
    }
}

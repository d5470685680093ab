//! A follow: events as they are appended, as server-sent events or NDJSON, with heartbeats that say
//! how far it looked.

use std::io::Write as _;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use futures::{Stream, stream};
use headwater_event::{Error, LogId, Position, Query, json};
use headwater_node::{Batch, DatabaseName, Follow, Identity};
use tokio::sync::watch;

use crate::app::App;
use crate::http::accept::{Accept, EVENT_STREAM, NDJSON};
use crate::http::answer;
use crate::http::page::Span;
use crate::http::problem::Problem;
use crate::metrics::Counted;

const HEARTBEAT_MS: u64 = 15_000;
const HEARTBEAT_MS_MIN: u64 = 100;
const HEARTBEAT_MS_MAX: u64 = 60_000;

const LAST_EVENT_ID: &str = "last-event-id";

/// Where a follow begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor {
    after: Position,
    log_id: Option<LogId>,
}

impl Cursor {
    /// From the parameters, or from the `Last-Event-ID` of a client that comes again with the same
    /// parameters.
    pub(crate) fn of(span: &Span, headers: &HeaderMap) -> Result<Cursor, Error> {
        for (field, given) in [("before", span.before), ("limit", span.limit)] {
            if let Some(found) = given {
                return Err(
                    Error::invalid("bad_request", "a follow has no end and goes forward")
                        .field(field)
                        .found(found)
                        .expected("follow=true without it"),
                );
            }
        }
        match headers.get(LAST_EVENT_ID) {
            Some(value) => Cursor::parse(value.to_str().unwrap_or("")),
            None => Ok(Cursor {
                after: Position(span.after.unwrap_or(0)),
                log_id: span.log_id,
            }),
        }
    }

    /// Reads the `id` of a server-sent event.
    fn parse(id: &str) -> Result<Cursor, Error> {
        let parts = id.split_once(':');
        let read = parts.and_then(|(log, after)| Some((log.parse().ok()?, after.parse().ok()?)));
        match read {
            Some((log_id, after)) => Ok(Cursor {
                after: Position(after),
                log_id: Some(log_id),
            }),
            None => Err(
                Error::invalid("bad_request", "the id to go on from cannot be read")
                    .field(LAST_EVENT_ID)
                    .found(id)
                    .expected("<log id>:<position>, as the id of an event was"),
            ),
        }
    }
}

/// The silence after which a follow says how far it looked.
pub(crate) fn heartbeat(given: Option<u64>) -> Result<Duration, Error> {
    let millis = given.unwrap_or(HEARTBEAT_MS);
    if (HEARTBEAT_MS_MIN..=HEARTBEAT_MS_MAX).contains(&millis) {
        return Ok(Duration::from_millis(millis));
    }
    Err(
        Error::invalid("bad_limit", "the heartbeat is out of bounds")
            .field("heartbeat_ms")
            .found(millis)
            .expected(format!("{HEARTBEAT_MS_MIN} to {HEARTBEAT_MS_MAX}")),
    )
}

/// What a follow is asked for, and by whom.
pub(crate) struct Asked {
    pub(crate) who: Identity,
    pub(crate) query: Query,
    pub(crate) cursor: Cursor,
    pub(crate) heartbeat: Duration,
    pub(crate) accept: Accept,
}

/// Begins a follow.
pub(crate) async fn answer(
    app: &App,
    name: &DatabaseName,
    asked: Asked,
) -> Result<Response, Problem> {
    let database = app.node.database(name).await?;
    let cursor = asked.cursor;
    let follow = database.follow(cursor.log_id, asked.query, cursor.after)?;
    let form = match asked.accept {
        Accept::Ndjson => Form::Lines,
        _ => Form::ServerSent(database.log_id()),
    };
    let following = Following {
        follow,
        who: asked.who,
        form,
        heartbeat: asked.heartbeat,
        stopping: app.stopping.clone(),
        _counted: app.metrics.follower(),
    };
    let mut response = answer::streamed(form.media_type(), following.stream());
    answer::set_log(&mut response, database.log_id());
    Ok(response)
}

struct Following {
    follow: Follow,
    who: Identity,
    form: Form,
    heartbeat: Duration,
    stopping: watch::Receiver<bool>,
    _counted: Counted,
}

impl Following {
    /// Ends when the server stops, or after an error was told: also when the key was revoked.
    fn stream(self) -> impl Stream<Item = Bytes> + Send {
        stream::unfold(Some(self), async |following| {
            let mut following = following?;
            let (bytes, ended) = following.next().await?;
            Some((bytes, (!ended).then_some(following)))
        })
    }

    async fn next(&mut self) -> Option<(Bytes, bool)> {
        if *self.stopping.borrow() {
            return None;
        }
        let (heartbeat, stopping) = (self.heartbeat, &mut self.stopping);
        let pause = async {
            // Each is a reason to say something.
            tokio::select! {
                _ = stopping.wait_for(|stopping| *stopping) => {}
                () = self.who.ended() => {}
                () = tokio::time::sleep(heartbeat) => {}
            }
        };
        let mut out = Vec::new();
        let batch = self.follow.next_or(pause).await;
        let batch = self.who.check_living().and(batch);
        let ended = match batch {
            Ok(batch) => {
                self.form.write_batch(&mut out, &batch);
                false
            }
            Err(error) => {
                self.form.write_error(&mut out, &Problem::from(error));
                true
            }
        };
        Some((out.into(), ended))
    }
}

/// How a follow is written.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// WHATWG HTML, section 9.2; ids are of this log.
    ServerSent(LogId),
    /// NDJSON.
    Lines,
}

impl Form {
    fn media_type(self) -> &'static str {
        match self {
            Form::ServerSent(_) => EVENT_STREAM,
            Form::Lines => NDJSON,
        }
    }

    fn write_batch(self, out: &mut Vec<u8>, batch: &Batch) {
        if batch.events.is_empty() {
            let heartbeat = format!("{{\"scanned\":{},\"head\":{}}}", batch.scanned, batch.head);
            self.write(out, "heartbeat", Some(batch.scanned), |out| {
                out.extend_from_slice(heartbeat.as_bytes());
            });
        }
        for event in &batch.events {
            self.write(out, "event", Some(event.position), |out| {
                json::write_event(out, event);
            });
        }
    }

    fn write_error(self, out: &mut Vec<u8>, problem: &Problem) {
        self.write(out, "error", None, |out| {
            out.extend_from_slice(&problem.to_json());
        });
    }

    fn write(
        self,
        out: &mut Vec<u8>,
        name: &str,
        id: Option<Position>,
        data: impl FnOnce(&mut Vec<u8>),
    ) {
        match self {
            Form::ServerSent(log_id) => {
                if let Some(position) = id {
                    let _ = writeln!(out, "id: {log_id}:{position}"); // a Vec takes everything
                }
                let _ = write!(out, "event: {name}\ndata: "); // as above
                data(out);
                out.extend_from_slice(b"\n\n");
            }
            Form::Lines => {
                let _ = write!(out, "{{\"{name}\":"); // as above
                data(out);
                out.extend_from_slice(b"}\n");
            }
        }
    }
}

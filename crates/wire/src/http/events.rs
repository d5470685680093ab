//! `GET /v1/databases/{db}/events`: a page by query parameters, or a follow.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use headwater_event::json::{self, QueryItemBody};
use headwater_event::{Error, Query};

use crate::app::Shared;
use crate::http::accept::Accept;
use crate::http::access::Who;
use crate::http::body::NoBody;
use crate::http::follow::{self, Cursor};
use crate::http::page::{self, PageAnswer, Span};
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::request::InPath;

/// What the query parameters ask for.
struct Asked {
    query: Query,
    span: Span,
    follow: bool,
    heartbeat_ms: Option<u64>,
}

impl Asked {
    fn of(mut params: Params) -> Result<Asked, Error> {
        let item = QueryItemBody {
            types: params.many("type"),
            tags: params.many("tag"),
            stream: params.one("stream")?,
            category: params.one("category")?,
        };
        let asked = Asked {
            query: query(item)?,
            span: Span {
                after: params.number("after")?,
                before: params.number("before")?,
                limit: params.number("limit")?,
                log_id: params.parsed("log_id")?,
            },
            follow: params.flag("follow")?,
            heartbeat_ms: params.number("heartbeat_ms")?,
        };
        params.finish()?;
        if asked.heartbeat_ms.is_some() && !asked.follow {
            return Err(
                Error::invalid("bad_request", "only a follow has heartbeats")
                    .field("heartbeat_ms")
                    .expected("it together with follow=true"),
            );
        }
        Ok(asked)
    }
}

/// The query of one item; its fields are parameters, each under its own name.
fn query(item: QueryItemBody) -> Result<Query, Error> {
    json::query(vec![item], "query").map_err(|error| {
        let field = error.field_name().unwrap_or_default();
        let name = field.trim_start_matches("query[0].");
        let name = match name.split('[').next().unwrap_or_default() {
            "types" => "type",
            "tags" => "tag",
            other => other,
        };
        let name = name.to_owned();
        error.field(name)
    })
}

/// Reads events, or follows them.
///
/// Parameters are joined by AND, repeated types by OR. With `follow=true` the answer does not end:
/// server-sent events (resumed by `Last-Event-ID`), or NDJSON with `Accept: application/x-ndjson`.
#[utoipa::path(get, path = "/v1/databases/{db}/events", tag = "log", operation_id = "events",
    params(
        ("db" = String, Path, description = "Name of the database"),
        ("stream" = Option<String>, Query, description = "Only this stream, `category/key`"),
        ("category" = Option<String>, Query, description = "Only streams of this category"),
        ("type" = Option<Vec<String>>, Query, description = "Only this type; repeated: one of them"),
        ("tag" = Option<Vec<String>>, Query, description = "Only with this tag; repeated: all of them"),
        ("after" = Option<u64>, Query, description = "Forward from after this position; 0, the default, is the start"),
        ("before" = Option<u64>, Query, description = "Backward from before this position; 0 is the head"),
        ("limit" = Option<u64>, Query, description = "At most so many, 1 to 10000; 100 if not given"),
        ("log_id" = Option<String>, Query, description = "The log that the position is of; another one is refused"),
        ("follow" = Option<bool>, Query, description = "Go on with what is appended from now on"),
        ("heartbeat_ms" = Option<u64>, Query, description = "Silence after which a follow says how far it looked, 100 to 60000; 15000 if not given"),
        ("Last-Event-ID" = Option<String>, Header, description = "Where a follow goes on: the `id` it had last; wins over `after`")),
    responses((status = 200, description = "A page of events, or what follows", content(
        (PageAnswer = "application/json"),
        (page::RecordedEvent = "application/x-ndjson"),
        (String = "text/event-stream")))))]
pub(crate) async fn events(
    State(app): State<Shared>,
    InPath(name): InPath,
    Who(who): Who,
    params: Params,
    accept: Accept,
    headers: HeaderMap,
    _: NoBody,
) -> Result<Response, Problem> {
    let asked = Asked::of(params)?;
    if !asked.follow {
        return page::answer(&app, &name, &asked.span, asked.query, accept).await;
    }
    let cursor = Cursor::of(&asked.span, &headers)?;
    let heartbeat = follow::heartbeat(asked.heartbeat_ms)?;
    let asked = follow::Asked {
        who,
        query: asked.query,
        cursor,
        heartbeat,
        accept,
    };
    follow::answer(&app, &name, asked).await
}

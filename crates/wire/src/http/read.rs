//! `POST /v1/databases/{db}/read`: a page of any query.

use axum::extract::State;
use axum::response::Response;
use headwater_event::Error;
use headwater_event::json::{self, QueryItemBody};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::Shared;
use crate::http::accept::Accept;
use crate::http::body::JsonBytes;
use crate::http::page::{self, PageAnswer, Span};
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::request::InPath;

/// A read.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = Read)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadBody {
    /// Joined by OR; empty is every event.
    #[serde(default)]
    query: Vec<QueryItemBody>,
    /// Forward from after this position; 0, the default, is the start.
    after: Option<u64>,
    /// Backward from before this position; 0 is the head.
    before: Option<u64>,
    /// At most so many, 1 to 10000; 100 if not given.
    limit: Option<u64>,
    /// The log that the position is of; another one is refused.
    log_id: Option<String>,
}

/// Reads events by any query.
#[utoipa::path(post, path = "/v1/databases/{db}/read", tag = "log", operation_id = "read",
    params(("db" = String, Path, description = "Name of the database")),
    request_body(content = ReadBody, content_type = "application/json"),
    responses((status = 200, description = "A page of events", content(
        (PageAnswer = "application/json"),
        (page::RecordedEvent = "application/x-ndjson")))))]
pub(crate) async fn read(
    State(app): State<Shared>,
    InPath(name): InPath,
    params: Params,
    accept: Accept,
    JsonBytes(body): JsonBytes,
) -> Result<Response, Problem> {
    params.finish()?;
    let body: ReadBody = json::parse(&body)?;
    let log_id = body
        .log_id
        .map(|id| id.parse())
        .transpose()
        .map_err(|error: Error| error.field("log_id"))?;
    let span = Span {
        after: body.after,
        before: body.before,
        limit: body.limit,
        log_id,
    };
    let query = json::query(body.query, "query")?;
    page::answer(&app, &name, &span, query, accept).await
}

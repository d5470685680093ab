//! `GET /v1/databases/{db}/streams`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use headwater_event::limits::READ_EVENTS_MAX;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::Shared;
use crate::http::answer;
use crate::http::body::NoBody;
use crate::http::page;
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::request::InPath;

const LIMIT: u64 = 100;

/// A page of streams, by name.
#[derive(Serialize, ToSchema)]
pub(crate) struct Streams {
    streams: Vec<Stream>,
    /// The position of the last committed event, at the moment of the answer.
    head: u64,
    /// The name to go on after; not there on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// The log that the positions are of.
    log_id: String,
}

/// A stream.
#[derive(Serialize, ToSchema)]
pub(crate) struct Stream {
    /// Its name.
    stream: String,
    /// The number of its events.
    revision: u64,
    /// Position of its last event.
    position: u64,
}

/// Lists streams by name.
#[utoipa::path(get, path = "/v1/databases/{db}/streams", tag = "log", operation_id = "streams",
    params(
        ("db" = String, Path, description = "Name of the database"),
        ("prefix" = Option<String>, Query, description = "Only names that begin with this"),
        ("after" = Option<String>, Query, description = "Only names after this one"),
        ("limit" = Option<u64>, Query, description = "At most so many, 1 to 10000; 100 if not given")),
    responses((status = 200, description = "Streams by name", body = Streams)))]
pub(crate) async fn streams(
    State(app): State<Shared>,
    InPath(name): InPath,
    mut params: Params,
    _: NoBody,
) -> Result<Response, Problem> {
    let prefix = params.one("prefix")?.unwrap_or_default();
    let after = params.one("after")?;
    let limit = page::limit(params.number("limit")?, LIMIT, READ_EVENTS_MAX)?;
    params.finish()?;
    let database = app.node.database(&name).await?;
    let page = {
        let _pass = app.reads.pass().await?;
        database.streams(prefix, after, limit).await?
    };
    let last = page.streams.last().map(|stream| stream.name.to_string());
    let body = Streams {
        next: last.filter(|_| page.more),
        head: page.head.0,
        log_id: database.log_id().to_string(),
        streams: page
            .streams
            .iter()
            .map(|stream| Stream {
                stream: stream.name.to_string(),
                revision: stream.revision.0,
                position: stream.last.0,
            })
            .collect(),
    };
    answer::json(StatusCode::OK, &body)
}

//! `POST /v1/databases/{db}/append`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use headwater_event::{Appended, CheckedAppend, Error, Kind, LogId, Outcome, json};
use headwater_node::Role;
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use utoipa::ToSchema;

use crate::app::Shared;
use crate::gate::Reserved;
use crate::http::access::Who;
use crate::http::answer;
use crate::http::body::AppendBytes;
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::request::InPath;
use crate::lanes;

/// A body of more bytes is parsed on a thread for what takes long, so that the other connections of
/// its lane are served meanwhile.
const PARSED_HERE_MAX: usize = 1 << 20;

/// Where an append stands. It is durable.
#[derive(Serialize, ToSchema)]
pub(crate) struct AppendAnswer<'a> {
    /// Position of its first event.
    first: u64,
    /// Position of its last event.
    last: u64,
    /// Where each of its streams is after it.
    #[schema(value_type = std::collections::BTreeMap<String, u64>)]
    revisions: Revisions<'a>,
    /// It was in the log before: nothing was written now.
    repeated: bool,
    /// The log that the positions are of.
    #[schema(value_type = String)]
    log_id: LogId,
}

struct Revisions<'a>(&'a Appended);

impl Serialize for Revisions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let revisions = &self.0.revisions;
        let mut map = serializer.serialize_map(Some(revisions.len()))?;
        for (stream, revision) in revisions {
            map.serialize_entry(stream.as_str(), revision)?;
        }
        map.end()
    }
}

/// Writes events next to each other, all or none, if a condition holds.
///
/// The answer comes when they are durable. To retry safely give each event an `id`: an append whose
/// ids are in the log already answers its first positions and `"repeated": true`.
#[utoipa::path(post, path = "/v1/databases/{db}/append", tag = "log", operation_id = "append",
    params(("db" = String, Path, description = "Name of the database")),
    request_body(content = json::AppendBody<'_>, content_type = "application/json"),
    responses(
        (status = 201, description = "It is in the log, durably", body = AppendAnswer<'_>),
        (status = 200, description = "It was in the log before", body = AppendAnswer<'_>)))]
pub(crate) async fn append(
    State(app): State<Shared>,
    InPath(name): InPath,
    Who(who): Who,
    params: Params,
    body: AppendBytes,
) -> Result<Response, Problem> {
    params.finish()?;
    let (append, _reserved) = parse(body).await?;
    let database = app.node.database_for(&who, Role::Write, &name).await?;
    let wait_max = app.limits.append_wait_max;
    let outcome = match lanes::alone() {
        Some(alone) => {
            alone
                .run(database.append_here(append, Some(wait_max)))
                .await?
        }
        None => database.append_checked(append, Some(wait_max)).await?,
    };
    match outcome {
        Outcome::Conflict(conflict) => Ok(Problem::from(&conflict).into_response()),
        Outcome::Appended(appended) => {
            let status = match appended.repeated {
                true => StatusCode::OK,
                false => StatusCode::CREATED,
            };
            let body = AppendAnswer {
                first: appended.first.0,
                last: appended.last.0,
                revisions: Revisions(&appended),
                repeated: appended.repeated,
                log_id: database.log_id(),
            };
            answer::json(status, &body)
        }
    }
}

/// What the body asks for, and the memory that is reserved for it.
async fn parse(body: AppendBytes) -> Result<(CheckedAppend, Reserved), Error> {
    let AppendBytes { bytes, reserved } = body;
    if bytes.len() <= PARSED_HERE_MAX {
        return Ok((json::parse_checked(&bytes)?, reserved));
    }
    let parsing = tokio::task::spawn_blocking(move || {
        // The memory is given back when it is done, also if nobody waits any more.
        Ok((json::parse_checked(&bytes)?, reserved))
    });
    parsing.await.unwrap_or_else(|error| {
        let told = "the body could not be read";
        Err(Error::new(Kind::Internal, "panicked", told).caused_by(error))
    })
}

//! `/v1/databases/{db}/projections`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use headwater_event::{Position, json};
use headwater_node::{Applied, Building, Failure, Skipped, Status};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::Shared;
use crate::http::answer;
use crate::http::body::{JsonBytes, NoBody, SqlText};
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::request::{InPath, NameInPath};

/// The projections of a database.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProjectionList {
    /// By name.
    projections: Vec<ProjectionStatus>,
}

/// Where a projection stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProjectionStatus {
    /// Its name.
    name: String,
    /// `building`, `live` or `failed`.
    state: String,
    /// The version that answers queries: a hash of its definition.
    version: Option<String>,
    /// The last position that is in its tables.
    position: u64,
    /// The last position of the log.
    head: u64,
    /// `head - position`.
    lag: u64,
    /// Its tables.
    tables: Vec<String>,
    /// The event types that it reads.
    types: Vec<String>,
    /// The version that is being built beside the one that answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    building: Option<BuildingStatus>,
    /// Why it stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<FailureStatus>,
    /// What the machine last refused to folding, which is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
    /// The events that it passes over.
    skipped: Vec<SkippedStatus>,
    /// The text that was applied last.
    #[serde(skip_serializing_if = "Option::is_none")]
    definition: Option<String>,
}

/// A version that is being built.
#[derive(Serialize, ToSchema)]
struct BuildingStatus {
    version: String,
    position: u64,
    head: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<FailureStatus>,
}

/// At which event a projection stopped, and why.
#[derive(Serialize, ToSchema)]
struct FailureStatus {
    /// The event; 0 when none is to blame.
    position: u64,
    event_id: Option<String>,
    r#type: String,
    /// The statement, as the file has it.
    statement: String,
    /// The line of the file that it begins on.
    line: usize,
    /// PostgreSQL's code for what went wrong.
    code: String,
    message: String,
}

/// An event that is passed over.
#[derive(Serialize, ToSchema)]
struct SkippedStatus {
    position: u64,
    reason: String,
}

impl From<Status> for ProjectionStatus {
    fn from(status: Status) -> ProjectionStatus {
        ProjectionStatus {
            name: status.name,
            state: status.state.to_string(),
            version: status.version.map(|version| version.to_string()),
            position: status.position.0,
            head: status.head.0,
            lag: status.lag,
            tables: status.tables,
            types: status.types.iter().map(ToString::to_string).collect(),
            building: status.building.map(BuildingStatus::from),
            failure: status.failure.map(FailureStatus::from),
            trouble: status.trouble,
            skipped: status
                .skipped
                .into_iter()
                .map(SkippedStatus::from)
                .collect(),
            definition: None,
        }
    }
}

impl From<Building> for BuildingStatus {
    fn from(building: Building) -> BuildingStatus {
        BuildingStatus {
            version: building.version.to_string(),
            position: building.position.0,
            head: building.head.0,
            failure: building.failure.map(FailureStatus::from),
        }
    }
}

impl From<Failure> for FailureStatus {
    fn from(failure: Failure) -> FailureStatus {
        FailureStatus {
            position: failure.position.0,
            event_id: failure.event_id.map(|id| id.to_string()),
            r#type: failure.event_type,
            statement: failure.statement,
            line: failure.line,
            code: failure.code,
            message: failure.message,
        }
    }
}

impl From<Skipped> for SkippedStatus {
    fn from(skipped: Skipped) -> SkippedStatus {
        SkippedStatus {
            position: skipped.position.0,
            reason: skipped.reason,
        }
    }
}

/// Where every projection stands.
#[utoipa::path(get, path = "/v1/databases/{db}/projections", tag = "projections",
    operation_id = "list_projections",
    params(("db" = String, Path, description = "Name of the database")),
    responses((status = 200, description = "The projections, by name", body = ProjectionList)))]
pub(crate) async fn list(
    State(app): State<Shared>,
    InPath(database): InPath,
    params: Params,
    _: NoBody,
) -> Result<Response, Problem> {
    params.finish()?;
    let statuses = app.node.database(&database).await?.projections().await?;
    let projections = statuses.into_iter().map(ProjectionStatus::from).collect();
    answer::json(StatusCode::OK, &ProjectionList { projections })
}

/// Where a projection stands, and its text.
#[utoipa::path(get, path = "/v1/databases/{db}/projections/{name}", tag = "projections",
    operation_id = "show_projection",
    params(
        ("db" = String, Path, description = "Name of the database"),
        ("name" = String, Path, description = "Name of the projection")),
    responses((status = 200, description = "The projection", body = ProjectionStatus)))]
pub(crate) async fn show(
    State(app): State<Shared>,
    InPath(database): InPath,
    NameInPath(name): NameInPath,
    params: Params,
    _: NoBody,
) -> Result<Response, Problem> {
    params.finish()?;
    let database = app.node.database(&database).await?;
    let (status, definition) = database.projection(&name).await?;
    let status = ProjectionStatus {
        definition: Some(definition),
        ..status.into()
    };
    answer::json(StatusCode::OK, &status)
}

/// Applies the file of a projection.
///
/// A changed file is built beside the version that answers and takes its place when it has caught
/// up. The same file again does nothing.
#[utoipa::path(put, path = "/v1/databases/{db}/projections/{name}", tag = "projections",
    operation_id = "apply_projection",
    params(
        ("db" = String, Path, description = "Name of the database"),
        ("name" = String, Path, description = "Name of the projection, as in the file")),
    request_body(content = String, content_type = "application/sql"),
    responses(
        (status = 201, description = "It is new, and being folded", body = ProjectionStatus),
        (status = 202, description = "It is built beside the one that answers", body = ProjectionStatus),
        (status = 200, description = "It was applied already", body = ProjectionStatus)))]
pub(crate) async fn apply(
    State(app): State<Shared>,
    InPath(database): InPath,
    NameInPath(name): NameInPath,
    params: Params,
    SqlText(text): SqlText,
) -> Result<Response, Problem> {
    params.finish()?;
    let database = app.node.database(&database).await?;
    let (applied, status) = database.apply(&name, text).await?;
    let code = match applied {
        Applied::Created => StatusCode::CREATED,
        Applied::Building => StatusCode::ACCEPTED,
        Applied::Unchanged => StatusCode::OK,
    };
    answer::json(code, &ProjectionStatus::from(status))
}

/// Removes a projection and its tables.
#[utoipa::path(delete, path = "/v1/databases/{db}/projections/{name}", tag = "projections",
    operation_id = "remove_projection",
    params(
        ("db" = String, Path, description = "Name of the database"),
        ("name" = String, Path, description = "Name of the projection")),
    responses((status = 204, description = "It is removed")))]
pub(crate) async fn remove(
    State(app): State<Shared>,
    InPath(database): InPath,
    NameInPath(name): NameInPath,
    params: Params,
    _: NoBody,
) -> Result<Response, Problem> {
    params.finish()?;
    let database = app.node.database(&database).await?;
    database.remove_projection(&name).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// An event to pass over.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = Skip)]
#[serde(deny_unknown_fields)]
pub(crate) struct SkipBody {
    /// The position at which the projection has stopped.
    position: u64,
    /// Why it may be passed over; kept for those who ask later.
    reason: String,
}

/// Passes over the event at which a projection has stopped.
#[utoipa::path(post, path = "/v1/databases/{db}/projections/{name}/skip", tag = "projections",
    operation_id = "skip_position",
    params(
        ("db" = String, Path, description = "Name of the database"),
        ("name" = String, Path, description = "Name of the projection")),
    request_body(content = SkipBody, content_type = "application/json"),
    responses((status = 200, description = "It goes on", body = ProjectionStatus)))]
pub(crate) async fn skip(
    State(app): State<Shared>,
    InPath(database): InPath,
    NameInPath(name): NameInPath,
    params: Params,
    JsonBytes(body): JsonBytes,
) -> Result<Response, Problem> {
    params.finish()?;
    let body: SkipBody = json::parse(&body)?;
    if body.reason.trim().is_empty() {
        return Err(Problem::new("bad_request", "the reason is empty")
            .field("reason")
            .expected("why the event may be passed over"));
    }
    let database = app.node.database(&database).await?;
    let position = Position(body.position);
    let status = database.skip(&name, position, body.reason).await?;
    answer::json(StatusCode::OK, &ProjectionStatus::from(status))
}

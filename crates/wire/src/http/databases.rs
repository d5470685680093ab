//! `/v1/databases` and `/v1/databases/{db}/settings`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use headwater_event::{Error, json};
use headwater_node::{DatabaseInfo, DatabaseName, DatabaseState, Parts, Role};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::Shared;
use crate::http::access::Who;
use crate::http::answer;
use crate::http::body::{JsonBytes, NoBody};
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::request::InPath;

/// The databases of the node.
#[derive(Serialize, ToSchema)]
pub(crate) struct DatabaseList {
    /// By name.
    databases: Vec<Database>,
}

/// A database.
#[derive(Serialize, ToSchema)]
pub(crate) struct Database {
    /// Its name.
    name: String,
    /// Its identity, which never changes.
    id: String,
    /// The identity of its log, which cursors carry.
    log_id: String,
    /// `asleep`, `waking`, `awake`, `falling_asleep` or `poisoned`.
    state: &'static str,
    /// When it was made, RFC 3339.
    created_at: String,
    /// How many partitions the topic of each of its categories has for Kafka clients.
    partitions: u32,
    /// The position of the last committed event, while it is awake.
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<u64>,
    /// Why it is poisoned.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(flatten)]
    #[schema(inline)]
    figures: Option<Figures>,
}

/// What is known of a database that is shown by itself and could be opened.
#[derive(Serialize, ToSchema)]
struct Figures {
    /// How many events it holds.
    events: u64,
    /// How many appends.
    appends: u64,
    /// How many commits.
    commits: u64,
    /// Bytes of its appends.
    bytes: u64,
    /// How many streams.
    streams: u64,
    /// The hash of everything in it: whoever keeps `head:chain` can prove later that nothing was
    /// changed.
    chain: String,
    /// How many projections it has.
    projections: u64,
}

impl From<DatabaseInfo> for Database {
    fn from(info: DatabaseInfo) -> Database {
        Database {
            name: info.name.to_string(),
            id: info.id.to_string(),
            log_id: info.log_id.to_string(),
            state: info.state.as_str(),
            created_at: info.created_at.to_string(),
            partitions: info.parts.count(),
            head: info.head.map(|head| head.0),
            reason: info.reason.map(|reason| reason.to_string()),
            figures: None,
        }
    }
}

/// Lists the databases that the key reaches; none is woken.
#[utoipa::path(get, path = "/v1/databases", tag = "databases", operation_id = "list_databases",
    responses((status = 200, description = "The databases, by name", body = DatabaseList)))]
pub(crate) async fn list(
    State(app): State<Shared>,
    Who(who): Who,
    params: Params,
    _: NoBody,
) -> Result<Response, Problem> {
    params.finish()?;
    let mut databases = app.node.list();
    databases.retain(|info| who.may(Role::Read, Some(&info.name)).is_ok());
    let databases = databases.into_iter().map(Database::from).collect();
    answer::json(StatusCode::OK, &DatabaseList { databases })
}

/// A database to make.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewDatabase)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateBody {
    /// 1 to 63 of `a` to `z`, `0` to `9`, `-` and `_`, beginning with a letter or digit.
    name: String,
}

/// Makes a database.
#[utoipa::path(post, path = "/v1/databases", tag = "databases", operation_id = "create_database",
    request_body(content = CreateBody, content_type = "application/json"),
    responses((status = 201, description = "It is there, durably", body = Database)))]
pub(crate) async fn create(
    State(app): State<Shared>,
    Who(who): Who,
    params: Params,
    JsonBytes(body): JsonBytes,
) -> Result<Response, Problem> {
    params.finish()?;
    let body: CreateBody = json::parse(&body)?;
    let name: DatabaseName = body
        .name
        .parse()
        .map_err(|error: Error| error.field("name"))?;
    who.may(Role::Admin, Some(&name))?;
    let created = app.node.create(&name).await?;
    answer::json(StatusCode::CREATED, &Database::from(created))
}

/// Shows a database. It is woken, so that a damaged one shows what is wrong.
#[utoipa::path(get, path = "/v1/databases/{db}", tag = "databases", operation_id = "show_database",
    params(("db" = String, Path, description = "Name of the database")),
    responses((status = 200, description = "The database", body = Database)))]
pub(crate) async fn show(
    State(app): State<Shared>,
    InPath(name): InPath,
    params: Params,
    _: NoBody,
) -> Result<Response, Problem> {
    params.finish()?;
    let figures = match app.node.database(&name).await {
        Ok(database) => Some(database.figures().await?),
        Err(_) => None, // its state says why, or it is not there
    };
    let mut shown = Database::from(app.node.show(&name)?);
    if let Some(figures) = figures {
        let log = figures.log;
        shown.state = DatabaseState::Awake.as_str();
        shown.head = Some(log.head.position.0);
        shown.figures = Some(Figures {
            events: log.head.position.0,
            appends: log.appends,
            commits: log.commits,
            bytes: log.bytes,
            streams: log.streams,
            chain: log.head.chain.to_string(),
            projections: figures.projections as u64,
        });
    }
    answer::json(StatusCode::OK, &shown)
}

/// What can be set of a database.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// How many partitions the topic of each of its categories has for Kafka clients, 1 to 256.
    partitions: u32,
}

/// Sets a database. Consumer groups that read it meet anew and go on without missing an event.
#[utoipa::path(put, path = "/v1/databases/{db}/settings", tag = "databases",
    operation_id = "set_database",
    params(("db" = String, Path, description = "Name of the database")),
    request_body(content = Settings, content_type = "application/json"),
    responses((status = 200, description = "The database as it is now, durably", body = Database)))]
pub(crate) async fn set(
    State(app): State<Shared>,
    InPath(name): InPath,
    params: Params,
    JsonBytes(body): JsonBytes,
) -> Result<Response, Problem> {
    params.finish()?;
    let settings: Settings = json::parse(&body)?;
    let parts = Parts::new(settings.partitions)?;
    let before = app.node.show(&name)?;
    if before.parts != parts {
        app.settling.begin(before.id);
    }
    let info = app.node.set_parts(&name, parts).await?;
    answer::json(StatusCode::OK, &Database::from(info))
}

/// Deletes a database with everything in it. Its name is free from then on.
#[utoipa::path(delete, path = "/v1/databases/{db}", tag = "databases",
    operation_id = "delete_database",
    params(("db" = String, Path, description = "Name of the database")),
    responses((status = 204, description = "It is deleted")))]
pub(crate) async fn delete(
    State(app): State<Shared>,
    InPath(name): InPath,
    params: Params,
    _: NoBody,
) -> Result<Response, Problem> {
    params.finish()?;
    app.node.delete(&name).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

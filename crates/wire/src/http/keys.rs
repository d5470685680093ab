//! `/v1/keys`

use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use headwater_event::{Error, json};
use headwater_node::{KeyInfo, KeyName, NewKey};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::Shared;
use crate::http::answer;
use crate::http::body::{JsonBytes, NoBody};
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::request::path_part;
use crate::http::router::KEY_PART;

/// The keys of the server.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeyList {
    /// In the order in which they were made.
    keys: Vec<Key>,
}

/// A key, without its text.
#[derive(Serialize, ToSchema)]
pub(crate) struct Key {
    /// Who uses it.
    name: String,
    /// Its identity, which stands in its text.
    id: String,
    /// `read`, `write` or `admin`.
    role: &'static str,
    /// The one database that it reaches, if it does not reach all.
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<String>,
    /// When it was made, RFC 3339.
    created_at: String,
    /// When it was used last; after a restart this may be an hour too early.
    #[serde(skip_serializing_if = "Option::is_none")]
    used_at: Option<String>,
    /// Since when it opens nothing any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<String>,
}

impl From<KeyInfo> for Key {
    fn from(info: KeyInfo) -> Key {
        Key {
            name: info.name.to_string(),
            id: info.id.to_string(),
            role: info.role.as_str(),
            database: info.database.map(|name| name.to_string()),
            created_at: info.created_at.to_string(),
            used_at: info.used_at.map(|at| at.to_string()),
            revoked_at: info.revoked_at.map(|at| at.to_string()),
        }
    }
}

/// A key that was just made.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeKey {
    /// The text of the key, which nobody is told again.
    key: String,
    #[serde(flatten)]
    #[schema(inline)]
    about: Key,
}

/// A key to make.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewKey)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateBody {
    /// 1 to 63 of `a` to `z`, `0` to `9`, `-` and `_`, beginning with a letter or digit.
    name: String,
    /// `read`, `write` or `admin`.
    role: String,
    /// The one database that it reaches; all, if it is not given.
    database: Option<String>,
}

/// The `{key}` of a path.
pub(crate) struct KeyInPath(KeyName);

impl FromRequestParts<Shared> for KeyInPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<KeyInPath, Problem> {
        Ok(KeyInPath(path_part(parts, KEY_PART, "key")?.parse()?))
    }
}

/// Lists the keys, also those that were revoked.
#[utoipa::path(get, path = "/v1/keys", tag = "keys", operation_id = "list_keys",
    responses((status = 200, description = "The keys, oldest first", body = KeyList)))]
pub(crate) async fn list(
    State(app): State<Shared>,
    params: Params,
    _: NoBody,
) -> Result<Response, Problem> {
    params.finish()?;
    let keys = app.node.keys().list().into_iter().map(Key::from).collect();
    answer::json(StatusCode::OK, &KeyList { keys })
}

/// Makes a key, and tells its text this once. From the first one on, every request needs a key.
#[utoipa::path(post, path = "/v1/keys", tag = "keys", operation_id = "create_key",
    request_body(content = CreateBody, content_type = "application/json"),
    responses((status = 201, description = "It opens what its role says", body = MadeKey)))]
pub(crate) async fn create(
    State(app): State<Shared>,
    params: Params,
    JsonBytes(body): JsonBytes,
) -> Result<Response, Problem> {
    params.finish()?;
    let body: CreateBody = json::parse(&body)?;
    let within = |field: &'static str| move |error: Error| error.field(field);
    let database = body.database.as_deref().map(str::parse).transpose();
    let new = NewKey {
        name: body.name.parse().map_err(within("name"))?,
        role: body.role.parse()?,
        database: database.map_err(within("database"))?,
    };
    let (key, info) = app.node.keys().create(new).await?;
    let about = Key::from(info);
    answer::json(StatusCode::CREATED, &MadeKey { key, about })
}

/// Revokes a key. It opens nothing from then on, also where it is in use.
#[utoipa::path(delete, path = "/v1/keys/{key}", tag = "keys", operation_id = "revoke_key",
    params(("key" = String, Path, description = "Name of the key")),
    responses((status = 204, description = "It is revoked")))]
pub(crate) async fn revoke(
    State(app): State<Shared>,
    KeyInPath(name): KeyInPath,
    params: Params,
    _: NoBody,
) -> Result<Response, Problem> {
    params.finish()?;
    app.node.keys().revoke(&name).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

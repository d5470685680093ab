//! `GET /health`

use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::answer;
use crate::http::body::NoBody;
use crate::http::params::Params;
use crate::http::problem::Problem;

/// The server answers.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`
    status: &'static str,
    /// The version of the server.
    version: &'static str,
}

/// Whether the server answers.
#[utoipa::path(get, path = "/health", tag = "server", operation_id = "health",
    responses((status = 200, description = "The server answers", body = Health)))]
pub(crate) async fn health(params: Params, _: NoBody) -> Result<Response, Problem> {
    params.finish()?;
    let health = Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
    };
    answer::json(StatusCode::OK, &health)
}

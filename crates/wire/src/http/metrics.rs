//! `GET /metrics`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::Shared;
use crate::http::answer;
use crate::http::body::NoBody;
use crate::http::params::Params;
use crate::http::problem::Problem;

/// Figures of the server and of its databases, for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "server", operation_id = "metrics",
    responses((status = 200, description = "Figures", body = String,
        content_type = "text/plain; version=0.0.4")))]
pub(crate) async fn metrics(
    State(app): State<Shared>,
    params: Params,
    _: NoBody,
) -> Result<Response, Problem> {
    params.finish()?;
    let text = app.metrics.text(&app.node);
    Ok(answer::with_type(
        StatusCode::OK,
        "text/plain; version=0.0.4",
        text,
    ))
}

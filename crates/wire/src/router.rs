//! Which request goes where.

use axum::Router;
use axum::http::{Method, Uri};
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use crate::app::{Shared, around};
use crate::problem::Problem;
use crate::{
    append, databases, events, health, metrics, openapi, projections, read, sql, streams, verify,
};

/// All routes, with what stands around each of them.
pub(crate) fn router(app: Shared) -> Router {
    let database = Router::new()
        .route("/", get(databases::show).delete(databases::delete))
        .route("/append", post(append::append))
        .route("/events", get(events::events))
        .route("/read", post(read::read))
        .route("/streams", get(streams::streams))
        .route("/sql", post(sql::sql))
        .route("/verify", post(verify::verify))
        .route("/projections", get(projections::list))
        .route(
            "/projections/{name}",
            get(projections::show)
                .put(projections::apply)
                .delete(projections::remove),
        )
        .route("/projections/{name}/skip", post(projections::skip));
    Router::new()
        .route("/health", get(health::health))
        .route("/metrics", get(metrics::metrics))
        .route("/v1/openapi.json", get(openapi::show))
        .route(
            "/v1/databases",
            get(databases::list).post(databases::create),
        )
        .nest("/v1/databases/{db}", database)
        .fallback(unknown_path)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(app.clone(), around))
        .with_state(app)
}

async fn unknown_path(uri: Uri) -> Problem {
    Problem::new("unknown_path", "there is nothing under this path")
        .found(uri.path())
        .action("GET /v1/openapi.json lists all paths")
}

async fn method_not_allowed(method: Method, uri: Uri) -> Problem {
    Problem::new("method_not_allowed", "the path does not know this method")
        .found(format!("{method} {}", uri.path()))
        .action("the header `allow` lists the methods that it knows")
}

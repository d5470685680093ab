//! One request: who makes it, its count, its path, and a panic turned into a problem.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::extract::{FromRequestParts, Request};
use axum::http::{Method, request::Parts};
use axum::response::{IntoResponse as _, Response};
use futures::FutureExt as _;
use headwater_node::DatabaseName;

use crate::app::Shared;
use crate::http::access;
use crate::http::params;
use crate::http::problem::Problem;
use crate::http::router::{self, DATABASE_PART, NAME_PART};

/// The `{db}` of a path.
pub(crate) struct InPath(pub(crate) DatabaseName);

impl FromRequestParts<Shared> for InPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<InPath, Problem> {
        Ok(InPath(path_part(parts, DATABASE_PART, "db")?.parse()?))
    }
}

/// The `{name}` of a path.
pub(crate) struct NameInPath(pub(crate) String);

impl FromRequestParts<Shared> for NameInPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<NameInPath, Problem> {
        path_part(parts, NAME_PART, "name").map(NameInPath)
    }
}

pub(crate) fn path_part(parts: &Parts, at: usize, name: &str) -> Result<String, Problem> {
    let part = router::parts(parts.uri.path()).nth(at).unwrap_or("");
    params::unescape(part).map_err(|_| {
        Problem::new("bad_request", "the path cannot be read")
            .field(name)
            .expected("percent-encoded UTF-8")
    })
}

/// Answers a request: looks at who makes it, counts, and turns a panic into a problem.
pub(crate) async fn answer(app: Shared, peer: IpAddr, mut request: Request) -> Response {
    let begun = Instant::now();
    let route = router::find(request.uri().path());
    let method = method_name(request.method());
    let response = match access::admit(&app, peer, route, &mut request).await {
        Ok(()) => {
            let answering = router::answer(route, request, app.clone());
            match AssertUnwindSafe(answering).catch_unwind().await {
                Ok(response) => response,
                Err(_) => Problem::panicked().into_response(), // the panic hook has told of it
            }
        }
        Err(problem) => problem.into_response(),
    };
    let route = route.map_or("unknown", |route| route.template);
    app.metrics
        .request(route, method, response.status().as_u16(), begun.elapsed());
    response
}

/// The method as it is counted: one of a few, whatever clients send.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        _ => "OTHER",
    }
}

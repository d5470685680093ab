//! What all requests share, and what stands around each of them.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State};
use axum::http::{HeaderMap, header, request::Parts};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures::FutureExt as _;
use headwater_node::{DatabaseName, Node};
use tokio::sync::watch;

use crate::gate::{BodyBudget, Gate};
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::problem::Problem;

/// What all requests share.
pub(crate) struct App {
    pub(crate) node: Node,
    pub(crate) limits: Limits,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) reads: Gate,
    pub(crate) bodies: BodyBudget,
    /// True once the server is stopping.
    pub(crate) stopping: watch::Receiver<bool>,
}

/// The state of the router.
pub(crate) type Shared = Arc<App>;

/// The `{db}` of a path.
pub(crate) struct InPath(pub(crate) DatabaseName);

impl FromRequestParts<Shared> for InPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<InPath, Problem> {
        Ok(InPath(path_part(parts, app, "db").await?.parse()?))
    }
}

/// The `{name}` of a path.
pub(crate) struct NameInPath(pub(crate) String);

impl FromRequestParts<Shared> for NameInPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<NameInPath, Problem> {
        path_part(parts, app, "name").await.map(NameInPath)
    }
}

async fn path_part(parts: &mut Parts, app: &Shared, part: &str) -> Result<String, Problem> {
    let unreadable = || {
        Problem::new("bad_request", "the path cannot be read")
            .field(part)
            .expected("percent-encoded UTF-8")
    };
    let params = RawPathParams::from_request_parts(parts, app)
        .await
        .map_err(|_| unreadable())?;
    let found = params.iter().find(|(name, _)| *name == part);
    found
        .map(|(_, value)| value.to_owned())
        .ok_or_else(unreadable)
}

/// Stands around each request: looks at the host, counts, and turns a panic into a problem.
pub(crate) async fn around(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let allowed = check_host(request.headers()).and_then(|()| check_origin(request.headers()));
    let response = match allowed {
        Ok(()) => match AssertUnwindSafe(next.run(request)).catch_unwind().await {
            Ok(response) => response,
            Err(_) => Problem::panicked().into_response(), // the panic hook has told of it
        },
        Err(problem) => problem.into_response(),
    };
    let route = route.as_ref().map_or("unknown", MatchedPath::as_str);
    let known = ["GET", "POST", "PUT", "DELETE", "HEAD"].contains(&method.as_str());
    let method = if known { method.as_str() } else { "OTHER" };
    app.metrics
        .request(route, method, response.status().as_u16(), begun.elapsed());
    response
}

/// Refuses a request that a web page made under its own name, which it had led to a loopback
/// address (DNS rebinding): without keys, the name is what tells such a page from a local client.
fn check_host(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(value) = headers.get(header::HOST) else {
        return Ok(());
    };
    let text = value.to_str().unwrap_or("");
    if is_loopback(text) {
        return Ok(());
    }
    Err(Problem::new("bad_host", "the request names another host")
        .field("host")
        .found(String::from_utf8_lossy(value.as_bytes()))
        .expected("localhost, 127.0.0.1 or [::1]")
        .action("ask for the address that the server listens on"))
}

/// Refuses a request that a web page of another origin makes: a browser sends some of them without
/// asking first, and the server would do what they say.
fn check_origin(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(value) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let text = value.to_str().unwrap_or("");
    let host = text.split_once("://").map_or("", |(_, host)| host);
    if is_loopback(host) {
        return Ok(());
    }
    Err(
        Problem::new("bad_origin", "a web page of another origin asks")
            .field("origin")
            .found(String::from_utf8_lossy(value.as_bytes()))
            .expected("no origin, or one of this machine such as http://localhost")
            .action("ask from a program, or from a page that this machine serves"),
    )
}

/// Whether a `Host` header, with or without a port, names this machine's loopback.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(""),
        None => host.split(':').next().unwrap_or(""),
    };
    let address = name.parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost")
        || address.is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_loopback_names_pass() {
        for host in [
            "localhost",
            "LocalHost:80",
            "127.0.0.1:4437",
            "127.9.9.9",
            "[::1]:1",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "example.org",
            "localhost.example.org",
            "10.0.0.1",
            "[::2]",
            "127.0.0.1.example.org",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}

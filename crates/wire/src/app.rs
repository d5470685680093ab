//! What all requests share, and what stands around each of them.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{FromRequestParts, Request};
use axum::http::{HeaderMap, Method, header, request::Parts};
use axum::response::{IntoResponse as _, Response};
use futures::FutureExt as _;
use headwater_node::{DatabaseName, Node};
use tokio::sync::{Semaphore, watch};

use crate::gate::{BodyBudget, Gate};
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::params;
use crate::problem::Problem;
use crate::router::{self, DATABASE_PART, NAME_PART};

/// What all requests share.
pub(crate) struct App {
    pub(crate) node: Node,
    pub(crate) limits: Limits,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) reads: Gate,
    pub(crate) bodies: BodyBudget,
    /// One for each restore that may run.
    pub(crate) restores: Arc<Semaphore>,
    /// True once the server is stopping.
    pub(crate) stopping: watch::Receiver<bool>,
}

/// The state of the router.
pub(crate) type Shared = Arc<App>;

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

fn path_part(parts: &Parts, at: usize, name: &str) -> Result<String, Problem> {
    let part = router::parts(parts.uri.path()).nth(at).unwrap_or("");
    params::unescape(part).map_err(|_| {
        Problem::new("bad_request", "the path cannot be read")
            .field(name)
            .expected("percent-encoded UTF-8")
    })
}

/// Answers a request: looks at the host, counts, and turns a panic into a problem.
pub(crate) async fn answer(app: Shared, request: Request) -> Response {
    let begun = Instant::now();
    let route = router::find(request.uri().path());
    let method = method_name(request.method());
    let allowed = check_host(request.headers()).and_then(|()| check_origin(request.headers()));
    let response = match allowed {
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

//! Which request goes where.
//!
//! The paths are few, and an append should cost little more than its commit: a path is taken apart
//! and matched as a whole, and what answers it is called without a layer between.

use std::pin::Pin;

use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::handler::Handler;
use axum::http::{HeaderValue, Method, header};
use axum::response::{IntoResponse as _, Response};

use crate::app::Shared;
use crate::http::problem::Problem;
use crate::http::{
    append, backup, databases, events, health, metrics, openapi, projections, read, restore, sql,
    stats, streams, verify,
};

/// An answer that is being made.
type Answering = Pin<Box<dyn Future<Output = Response> + Send>>;

/// What answers a request.
type Answer = fn(Request, Shared) -> Answering;

/// A path that the server knows.
#[derive(Clone, Copy)]
pub(crate) struct Route {
    /// As it is documented: `/v1/databases/{db}`
    pub(crate) template: &'static str,
    /// What answers each method. `GET` answers `HEAD` as well.
    methods: &'static [(&'static str, Answer)],
}

/// The most parts of a path.
const PARTS_MAX: usize = 6;

/// The part of a path, counted from 0, that is the `{db}` of its template.
pub(crate) const DATABASE_PART: usize = 2;
/// The part that is its `{name}`.
pub(crate) const NAME_PART: usize = 4;

/// The parts of a path.
pub(crate) fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.strip_prefix('/').unwrap_or(path).split('/')
}

macro_rules! route {
    ($template:literal, $($method:literal => $answer:path),+) => {
        Route {
            template: $template,
            methods: &[$(($method, |request, app| Handler::call($answer, request, app))),+],
        }
    };
}

/// The route of a path; nothing if there is none.
pub(crate) fn find(path: &str) -> Option<Route> {
    let mut found = [""; PARTS_MAX];
    let mut count = 0;
    for part in parts(path) {
        *found.get_mut(count)? = part;
        count += 1;
    }
    match &found[..count] {
        ["health"] => Some(route!("/health", "GET" => health::health)),
        ["metrics"] => Some(route!("/metrics", "GET" => metrics::metrics)),
        ["v1", "openapi.json"] => Some(route!("/v1/openapi.json", "GET" => openapi::show)),
        ["v1", "databases"] => Some(route!("/v1/databases",
            "GET" => databases::list, "POST" => databases::create)),
        ["v1", "databases", db, below @ ..] if !db.is_empty() => of_database(below),
        _ => None,
    }
}

/// The route of what stands below a database.
fn of_database(below: &[&str]) -> Option<Route> {
    Some(match below {
        ["append"] => route!("/v1/databases/{db}/append", "POST" => append::append),
        ["events"] => route!("/v1/databases/{db}/events", "GET" => events::events),
        ["read"] => route!("/v1/databases/{db}/read", "POST" => read::read),
        ["streams"] => route!("/v1/databases/{db}/streams", "GET" => streams::streams),
        ["sql"] => route!("/v1/databases/{db}/sql", "POST" => sql::sql),
        ["stats"] => route!("/v1/databases/{db}/stats", "GET" => stats::stats),
        ["backup"] => route!("/v1/databases/{db}/backup", "POST" => backup::backup),
        ["restore"] => route!("/v1/databases/{db}/restore", "POST" => restore::restore),
        ["verify"] => route!("/v1/databases/{db}/verify", "POST" => verify::verify),
        ["projections"] => route!("/v1/databases/{db}/projections", "GET" => projections::list),
        ["projections", name] if !name.is_empty() => {
            route!("/v1/databases/{db}/projections/{name}", "GET" => projections::show,
                "PUT" => projections::apply, "DELETE" => projections::remove)
        }
        ["projections", name, "skip"] if !name.is_empty() => {
            route!("/v1/databases/{db}/projections/{name}/skip", "POST" => projections::skip)
        }
        [] => route!("/v1/databases/{db}",
            "GET" => databases::show, "DELETE" => databases::delete),
        _ => return None,
    })
}

/// Answers a request whose path has this route.
pub(crate) async fn answer(route: Option<Route>, request: Request, app: Shared) -> Response {
    let Some(route) = route else {
        return unknown_path(&request).into_response();
    };
    match route.answer_to(request.method()) {
        Some(answer) if request.method() == Method::HEAD => {
            without_body(answer(request, app).await)
        }
        Some(answer) => answer(request, app).await,
        None => method_not_allowed(&route, &request),
    }
}

impl Route {
    /// What answers this method.
    fn answer_to(&self, method: &Method) -> Option<Answer> {
        let name = match *method {
            Method::HEAD => "GET",
            _ => method.as_str(),
        };
        let found = self.methods.iter().find(|(known, _)| *known == name);
        found.map(|(_, answer)| *answer)
    }

    /// The methods that it knows, as the header `allow` lists them.
    fn allowed(&self) -> String {
        let names = self.methods.iter().map(|(name, _)| match *name {
            "GET" => "GET,HEAD",
            name => name,
        });
        names.collect::<Vec<_>>().join(",")
    }
}

/// The answer to `HEAD`: as to `GET`, and no body.
fn without_body(mut response: Response) -> Response {
    let length = response.body().size_hint().exact();
    if let Some(length) = length {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_LENGTH, length.into());
    }
    *response.body_mut() = Body::empty();
    response
}

fn unknown_path(request: &Request) -> Problem {
    Problem::new("unknown_path", "there is nothing under this path")
        .found(request.uri().path())
        .action("GET /v1/openapi.json lists all paths")
}

fn method_not_allowed(route: &Route, request: &Request) -> Response {
    let problem = Problem::new("method_not_allowed", "the path does not know this method")
        .found(format!("{} {}", request.method(), request.uri().path()))
        .action("the header `allow` lists the methods that it knows");
    let mut response = problem.into_response();
    if let Ok(value) = HeaderValue::from_str(&route.allowed()) {
        response.headers_mut().insert(header::ALLOW, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use axum::http::Method;

    use super::find;

    const DOCUMENT: &str = include_str!("../../../../docs/openapi.json");

    /// Every method that a document may name, but `HEAD`, which none does.
    const METHODS: [Method; 7] = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::PATCH,
        Method::OPTIONS,
        Method::TRACE,
    ];

    fn template(path: &str) -> Option<&'static str> {
        find(path).map(|route| route.template)
    }

    #[test]
    fn a_path_is_matched_as_a_whole() {
        for path in [
            "/health",
            "/v1/databases",
            "/v1/databases/{db}",
            "/v1/databases/{db}/append",
            "/v1/databases/{db}/projections/{name}",
            "/v1/databases/{db}/projections/{name}/skip",
        ] {
            assert_eq!(template(path), Some(path));
        }
        for path in [
            "",
            "/",
            "/health/",
            "/v1/databases/",
            "/v1/databases/shop/",
            "/v1/databases//append",
            "/v1/databases/shop/append/x",
            "/v1/databases/shop/projections/",
            "/v1/databases/shop/projections//skip",
            "/v1/databases/shop/projections/a/skip/x/y",
        ] {
            assert_eq!(template(path), None, "{path}");
        }
    }
    #[test]
    fn what_is_documented_is_what_is_answered() {
        let document: serde_json::Value = serde_json::from_str(DOCUMENT).unwrap();
        let paths = document["paths"].as_object().unwrap();
        assert!(!paths.is_empty());
        for (path, operations) in paths {
            let documented: BTreeSet<String> = operations
                .as_object()
                .unwrap()
                .keys()
                .map(|name| name.to_uppercase())
                .collect();
            let filled = path.replace("{db}", "shop").replace("{name}", "a");
            let route = find(&filled).unwrap_or_else(|| panic!("{path} leads nowhere"));
            assert_eq!(route.template, path);
            for method in METHODS {
                let is_answered = route.answer_to(&method).is_some();
                let is_documented = documented.contains(method.as_str());
                assert_eq!(is_answered, is_documented, "{method} {path}");
            }
            let has_get = documented.contains("GET");
            assert_eq!(route.answer_to(&Method::HEAD).is_some(), has_get, "{path}");
            let mut allowed = documented;
            if has_get {
                allowed.insert("HEAD".to_owned());
            }
            let listed = route.allowed();
            let listed: Vec<&str> = listed.split(',').collect();
            assert_eq!(listed.len(), allowed.len(), "{path}: {listed:?}");
            assert!(listed.iter().all(|name| allowed.contains(*name)), "{path}");
        }
    }
}

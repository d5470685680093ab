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
use headwater_node::Role;

use crate::app::Shared;
use crate::http::access::Access;
use crate::http::problem::Problem;
use crate::http::{
    append, backup, databases, events, health, keys, metrics, openapi, projections, read, restore,
    sql, stats, streams, verify,
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
    /// What each method needs, and what answers it. `GET` stands for `HEAD` as well.
    methods: &'static [(&'static str, Access, Answer)],
}

/// The most parts of a path.
const PARTS_MAX: usize = 6;

/// The part of a path, counted from 0, that is the `{db}` of its template.
pub(crate) const DATABASE_PART: usize = 2;
/// The part that is its `{key}`.
pub(crate) const KEY_PART: usize = 2;
/// The part that is its `{name}`.
pub(crate) const NAME_PART: usize = 4;

/// The parts of a path.
pub(crate) fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.strip_prefix('/').unwrap_or(path).split('/')
}

/// What needs no key.
const OPEN: Access = Access::Open;
/// What a key of each role may do in its database.
const READ: Access = Access::Database(Role::Read);
const WRITE: Access = Access::Database(Role::Write);
const ADMIN: Access = Access::Database(Role::Admin);
/// What only a key of all databases may do.
const ADMIN_OF_ALL: Access = Access::Server(Role::Admin);
const READ_OF_ALL: Access = Access::Server(Role::Read);
/// What looks itself at which databases a key reaches.
const ADMIN_OF_SOME: Access = Access::Some(Role::Admin);
const READ_OF_SOME: Access = Access::Some(Role::Read);

macro_rules! route {
    ($template:literal, $($method:literal $access:ident => $answer:path),+) => {
        Route {
            template: $template,
            methods: &[$(($method, $access, |request, app| Handler::call($answer, request, app))),+],
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
        ["health"] => Some(route!("/health", "GET" OPEN => health::health)),
        ["metrics"] => Some(route!("/metrics", "GET" READ_OF_ALL => metrics::metrics)),
        ["v1", "openapi.json"] => Some(route!("/v1/openapi.json", "GET" OPEN => openapi::show)),
        ["v1", "databases"] => Some(route!("/v1/databases",
            "GET" READ_OF_SOME => databases::list, "POST" ADMIN_OF_SOME => databases::create)),
        ["v1", "keys"] => Some(route!("/v1/keys",
            "GET" ADMIN_OF_ALL => keys::list, "POST" ADMIN_OF_ALL => keys::create)),
        ["v1", "keys", key] if !key.is_empty() => {
            Some(route!("/v1/keys/{key}", "DELETE" ADMIN_OF_ALL => keys::revoke))
        }
        ["v1", "databases", db, below @ ..] if !db.is_empty() => of_database(below),
        _ => None,
    }
}

/// The route of what stands below a database.
fn of_database(below: &[&str]) -> Option<Route> {
    Some(match below {
        ["append"] => route!("/v1/databases/{db}/append", "POST" WRITE => append::append),
        ["events"] => route!("/v1/databases/{db}/events", "GET" READ => events::events),
        ["read"] => route!("/v1/databases/{db}/read", "POST" READ => read::read),
        ["streams"] => route!("/v1/databases/{db}/streams", "GET" READ => streams::streams),
        ["sql"] => route!("/v1/databases/{db}/sql", "POST" READ => sql::sql),
        ["stats"] => route!("/v1/databases/{db}/stats", "GET" READ => stats::stats),
        ["backup"] => route!("/v1/databases/{db}/backup", "POST" ADMIN => backup::backup),
        ["restore"] => route!("/v1/databases/{db}/restore", "POST" ADMIN => restore::restore),
        ["verify"] => route!("/v1/databases/{db}/verify", "POST" READ => verify::verify),
        ["settings"] => {
            route!("/v1/databases/{db}/settings", "PUT" ADMIN => databases::set)
        }
        ["projections"] => {
            route!("/v1/databases/{db}/projections", "GET" READ => projections::list)
        }
        ["projections", name] if !name.is_empty() => {
            route!("/v1/databases/{db}/projections/{name}", "GET" READ => projections::show,
                "PUT" ADMIN => projections::apply, "DELETE" ADMIN => projections::remove)
        }
        ["projections", name, "skip"] if !name.is_empty() => {
            route!("/v1/databases/{db}/projections/{name}/skip", "POST" ADMIN => projections::skip)
        }
        [] => route!("/v1/databases/{db}",
            "GET" READ => databases::show, "DELETE" ADMIN => databases::delete),
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
        self.of(method).map(|(_, answer)| answer)
    }

    /// What this method needs.
    pub(crate) fn access(&self, method: &Method) -> Option<Access> {
        self.of(method).map(|(access, _)| access)
    }

    fn of(&self, method: &Method) -> Option<(Access, Answer)> {
        let name = match *method {
            Method::HEAD => "GET",
            _ => method.as_str(),
        };
        let mut methods = self.methods.iter();
        let found = methods.find(|(known, ..)| *known == name);
        found.map(|(_, access, answer)| (*access, *answer))
    }

    /// The methods that it knows, as the header `allow` lists them.
    fn allowed(&self) -> String {
        let names = self.methods.iter().map(|(name, ..)| match *name {
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

    use headwater_node::Role;

    use super::{Access, find};

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

    /// The line of a request in the table of docs/security.md.
    fn line(method: &Method, path: &str, access: Access) -> String {
        let role = access.role().map_or("none", Role::as_str);
        let reach = match access {
            Access::Open => "",
            Access::Database(_) => " its database",
            Access::Server(_) => " all databases",
            Access::Some(_) => " what the key reaches",
        };
        format!("| `{method} {path}` | {role} |{reach} |")
    }

    #[test]
    fn the_table_of_keys_is_the_documented_one() {
        const TEXT: &str = include_str!("../../../../docs/security.md");
        let methods = ["GET ", "POST ", "PUT ", "DELETE "];
        let is_row = |line: &&str| {
            let request = line.strip_prefix("| `");
            request.is_some_and(|request| methods.iter().any(|name| request.starts_with(name)))
        };
        let told: BTreeSet<&str> = TEXT.lines().filter(is_row).collect();
        let document: serde_json::Value = serde_json::from_str(DOCUMENT).unwrap();
        let mut true_lines = BTreeSet::new();
        for path in document["paths"].as_object().unwrap().keys() {
            let route = find(path).unwrap();
            for method in METHODS {
                if let Some(access) = route.access(&method) {
                    true_lines.insert(line(&method, path, access));
                }
            }
        }
        assert_eq!(told, true_lines.iter().map(String::as_str).collect());
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

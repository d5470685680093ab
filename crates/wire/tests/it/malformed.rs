//! What is wrong with a request is named: the status, the code and the field.

use reqwest::Method;

use crate::harness::{TestServer, send};

const ID: &str = "01929b9e-7a54-7cc3-a1d7-2a7c5f3a9d10";

/// A request and the problem that it is told.
#[derive(Debug, Default)]
struct Case {
    method: String,
    path: String,
    body: String,
    status: u16,
    code: String,
    field: String,
}

/// The cases of a script; see its head for the form.
fn cases(script: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in script.lines().filter(|line| !line.starts_with('#')) {
        if let Some(body) = line.strip_prefix("    ") {
            body.clone_into(&mut cases.last_mut().unwrap().body);
        } else if let Some((request, problem)) = line.split_once(" => ") {
            let (method, path) = request.split_once(' ').unwrap();
            let mut words = problem.splitn(3, ' ').map(ToOwned::to_owned);
            cases.push(Case {
                method: method.to_owned(),
                path: path.trim_start_matches('-').to_owned(),
                body: String::new(),
                status: words.next().unwrap().parse().unwrap(),
                code: words.next().unwrap(),
                field: words.next().unwrap_or_default(),
            });
        }
    }
    cases
}

#[tokio::test]
async fn each_problem_names_what_is_wrong() {
    let server = TestServer::with_shop().await;
    let cases = cases(include_str!("malformed.txt"));
    assert!(cases.len() > 100);
    for case in cases {
        let method: Method = case.method.parse().unwrap();
        let mut request = server.request(method, &format!("/v1/databases{}", case.path));
        if !case.body.is_empty() {
            request = request.body(case.body.clone());
        }
        let reply = send(request).await;
        let told = format!("{case:?} was told {}", reply.text);
        assert_eq!(reply.status, case.status, "{told}");
        assert_eq!(reply.body["code"], case.code.as_str(), "{told}");
        assert_eq!(
            reply.body["field"].as_str().unwrap_or(""),
            case.field,
            "{told}"
        );
        assert_eq!(
            reply.headers["content-type"], "application/problem+json",
            "{told}"
        );
        for part in ["title", "detail"] {
            assert!(!reply.body[part].as_str().unwrap().is_empty(), "{told}");
        }
    }
    let page = server.get("/v1/databases/shop/events").await.ok(200);
    assert_eq!(page["head"], 0, "nothing was written");
}

#[tokio::test]
async fn of_the_server() {
    let server = TestServer::start().await;
    for (method, path, status, code) in [
        (Method::GET, "/", 404, "unknown_path"),
        (Method::GET, "/v2/databases", 404, "unknown_path"),
        (Method::POST, "/health", 405, "method_not_allowed"),
        (Method::GET, "/health?x=1", 400, "bad_request"),
        (Method::GET, "/metrics?x=1", 400, "bad_request"),
        (Method::POST, "/metrics", 405, "method_not_allowed"),
        (Method::GET, "/v1/openapi.json?x=1", 400, "bad_request"),
        (
            Method::DELETE,
            "/v1/openapi.json",
            405,
            "method_not_allowed",
        ),
    ] {
        send(server.request(method, path))
            .await
            .problem(status, code);
    }
    let reply = send(server.request(Method::POST, "/health")).await;
    assert!(reply.headers["allow"].to_str().unwrap().contains("GET"));
}

#[tokio::test]
async fn bytes_that_are_no_text() {
    let server = TestServer::with_shop().await;
    for (path, field) in [("/append", "log_id"), ("/read", "log_id"), ("/sql", "sql")] {
        let path = format!("/v1/databases/shop{path}");
        let body = [format!("{{\"{field}\":\"").as_bytes(), b"\xff\"}"].concat();
        let reply = send(server.request(Method::POST, &path).body(body)).await;
        reply.problem(400, "bad_json");
    }
    let path = "/v1/databases/shop/projections/a";
    let reply = send(server.request(Method::PUT, path).body(b"\xff".to_vec())).await;
    reply.problem(400, "bad_request");
}

#[tokio::test]
async fn bodies_of_another_media_type() {
    let server = TestServer::with_shop().await;
    for (method, path, media) in [
        (
            Method::POST,
            "/v1/databases",
            "application/x-www-form-urlencoded",
        ),
        (Method::POST, "/v1/databases/shop/append", "text/plain"),
        (Method::POST, "/v1/databases/shop/read", "application/xml"),
        (Method::POST, "/v1/databases/shop/sql", "application/sql"),
        (
            Method::PUT,
            "/v1/databases/shop/projections/a",
            "application/json",
        ),
        (
            Method::POST,
            "/v1/databases/shop/projections/a/skip",
            "text/plain",
        ),
    ] {
        let request = server
            .request(method, path)
            .header("content-type", media)
            .body("{}");
        let problem = send(request).await.problem(415, "unsupported_media_type");
        assert_eq!(problem["field"], "content-type");
        assert_eq!(problem["found"], media);
    }
}

#[tokio::test]
async fn cursors_of_another_log() {
    let server = TestServer::with_shop().await;
    for parameters in ["", "&follow=true", "&before=0"] {
        let path = format!("/v1/databases/shop/events?log_id={ID}{parameters}");
        server.get(&path).await.problem(400, "other_log");
    }
    let body = serde_json::json!({ "log_id": ID });
    server
        .post("/v1/databases/shop/read", &body)
        .await
        .problem(400, "other_log");
    let body = serde_json::json!({ "log_id": ID, "sql": "select 1" });
    server.sql("shop", &body).await.problem(400, "other_log");
    let body = serde_json::json!({ "log_id": ID, "events": [{ "type": "A" }] });
    server.append("shop", &body).await.problem(400, "other_log");
    for (last, code) in [
        (format!("{ID}:0"), "other_log"),
        ("7".to_owned(), "bad_request"),
    ] {
        let request = server.request(Method::GET, "/v1/databases/shop/events?follow=true");
        send(request.header("last-event-id", last))
            .await
            .problem(400, code);
    }
}

#[tokio::test]
async fn hosts_that_are_not_this_one() {
    let server = TestServer::start().await;
    for host in ["example.org", "127.0.0.1.example.org", "10.0.0.1:80"] {
        let request = server.request(Method::GET, "/health").header("host", host);
        let problem = send(request).await.problem(403, "bad_host");
        assert_eq!(problem["found"], host);
    }
    let request = server
        .request(Method::GET, "/health")
        .header("host", "localhost:1");
    send(request).await.ok(200);
}

#[tokio::test]
async fn web_pages_of_other_origins() {
    let server = TestServer::with_shop().await;
    for origin in [
        "https://example.org",
        "null",
        "http://localhost.example.org",
    ] {
        let request = server.request(Method::POST, "/v1/databases/shop/append");
        let request = request
            .header("origin", origin)
            .body(r#"{"events":[{"type":"A"}]}"#);
        let problem = send(request).await.problem(403, "bad_origin");
        assert_eq!(problem["found"], origin);
    }
    let request = server.request(Method::GET, "/v1/databases/shop/events");
    let page = send(request.header("origin", &server.url)).await.ok(200);
    assert_eq!(page["head"], 0);
}

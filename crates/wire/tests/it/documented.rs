//! The documentation is the one in git, and says what the server does. The harness checks each
//! problem that any test meets against it.

use std::path::Path;

use crate::harness::{DOCUMENT, TestServer};

/// To write the file anew: `UPDATE=1 cargo test -p headwater-wire documented`
#[test]
fn the_document_in_git_is_the_one_that_is_served() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, headwater_wire::document()).unwrap();
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == headwater_wire::document(),
        "docs/openapi.json is out of date: UPDATE=1 cargo test -p headwater-wire documented"
    );
}

#[tokio::test]
async fn the_document_is_served() {
    let server = TestServer::start().await;
    assert_eq!(server.get("/v1/openapi.json").await.ok(200), *DOCUMENT);
}

#[test]
fn every_operation_names_itself_and_its_failures() {
    let mut operations = 0;
    for (path, methods) in DOCUMENT["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            operations += 1;
            assert!(operation["operationId"].is_string(), "{method} {path}");
            assert!(operation["summary"].is_string(), "{method} {path}");
            let responses = operation["responses"].as_object().unwrap();
            assert!(
                responses.keys().any(|status| status.starts_with('2')),
                "{method} {path}"
            );
            assert!(responses.contains_key("400"), "{method} {path}");
        }
    }
    assert_eq!(operations, 25);
}

#[tokio::test]
async fn health_and_metrics_tell_of_the_server() {
    let server = TestServer::with_shop().await;
    server.note("shop", 3).await;
    server
        .get("/v1/databases/none")
        .await
        .problem(404, "unknown_database");
    let health = server.get("/health").await.ok(200);
    assert_eq!(health["status"], "ok");
    let reply = server.get("/metrics").await;
    assert_eq!(reply.headers["content-type"], "text/plain; version=0.0.4");
    for line in [
        r#"headwater_requests_total{route="/v1/databases/{db}/append",method="POST",status="201"} 1"#,
        r#"headwater_requests_total{route="/v1/databases/{db}",method="GET",status="404"} 1"#,
        r#"headwater_request_seconds_count{route="/health",method="GET"} 1"#,
        r#"headwater_databases{state="awake"} 1"#,
        "headwater_appends_total 1",
        "headwater_commits_total 1",
        "headwater_append_queue 0",
        "headwater_followers 0",
        "headwater_connections{protocol=\"http\"} 1",
        "headwater_wakes_total 1",
    ] {
        assert!(
            reply.text.lines().any(|found| found == line),
            "{line} in\n{}",
            reply.text
        );
    }
}

//! Sleeping and waking: what a sleeping database holds, and what wakes it.

use std::time::{Duration, Instant};

use headwater_node::Options;
use reqwest::Method;
use serde_json::json;

use crate::harness::{PATIENCE, TestServer};

async fn drowsy() -> TestServer {
    let options = Options {
        sleep_after: Some(Duration::from_millis(100)),
        ..Options::default()
    };
    let server = TestServer::with(options, Default::default()).await;
    server.create("shop").await;
    server
}

async fn wait_for_state(server: &TestServer, name: &str, state: &str) {
    let begun = Instant::now();
    loop {
        let list = server.get("/v1/databases").await.ok(200);
        let databases = list["databases"].as_array().unwrap();
        let found = databases
            .iter()
            .find(|database| database["name"] == name)
            .unwrap();
        if found["state"] == state {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{found}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Files of this process that are open under a database's directory.
fn open_files(server: &TestServer, name: &str) -> usize {
    let place = server.place(name);
    let open = std::fs::read_dir("/proc/self/fd").unwrap();
    open.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
        .filter(|path| path.starts_with(&place))
        .count()
}

/// Threads of this process that work for a log or a read model.
fn threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_to_string(entry.unwrap().path().join("comm")).unwrap_or_default()
    };
    let works = |name: &String| !name.contains("tokio") && !name.starts_with("sleep::");
    tasks.map(name).filter(works).count()
}

#[tokio::test]
async fn a_database_at_rest_holds_no_file_and_no_thread() {
    let server = drowsy().await;
    let path = "/v1/databases/shop/projections/notes";
    let asleep = threads();
    let definition = "-- projection: notes\ncreate table note (id bigint primary key);\n-- on: Noted\ninsert into note (id) values (@position);\n";
    server.put_sql(path, definition).await.ok(201);
    server.note("shop", 3).await;
    let count = json!({ "sql": "select count(*) from note" });
    assert_eq!(
        server.sql("shop", &count).await.ok(200)["rows"],
        json!([[3]])
    );
    assert!(open_files(&server, "shop") > 0);
    assert!(threads() > asleep);

    wait_for_state(&server, "shop", "asleep").await;
    assert_eq!(open_files(&server, "shop"), 0);
    assert_eq!(threads(), asleep);

    server.note("shop", 1).await;
    assert_eq!(
        server.sql("shop", &count).await.ok(200)["rows"],
        json!([[4]])
    );
}

#[tokio::test]
async fn an_append_wakes_the_log_and_not_the_read_models() {
    let server = TestServer::with_shop().await;
    let definition = "-- projection: notes\ncreate table note (id bigint primary key);\n-- on: Noted\ninsert into note (id) values (@position);\n";
    server
        .put_sql("/v1/databases/shop/projections/notes", definition)
        .await
        .ok(201);
    let count = json!({ "sql": "select count(*) from note" });
    server.sql("shop", &count).await.ok(200);
    let directory = server.stop().await;
    let server = TestServer::over(directory, Default::default(), Default::default()).await;
    let models = server.place("shop").join("projections");
    std::fs::remove_dir_all(&models).unwrap();
    server.note("shop", 1).await;
    server.get("/v1/databases/shop/events").await.ok(200);
    assert!(!models.exists(), "nobody asked for them");
    assert_eq!(
        server.sql("shop", &count).await.ok(200)["rows"],
        json!([[1]])
    );
    assert!(models.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_many_wake_is_woken_once() {
    let server = TestServer::with_shop().await;
    let asking = (0..32).map(|_| server.note("shop", 1));
    futures::future::join_all(asking).await;
    let metrics = server.get("/metrics").await.text;
    assert!(metrics.contains("headwater_wakes_total 1\n"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_follow_keeps_awake_and_its_end_does_not() {
    let server = drowsy().await;
    let path = "/v1/databases/shop/events?follow=true";
    let follow = server.request(Method::GET, path).send().await.unwrap();
    tokio::time::sleep(Duration::from_millis(400)).await; // four times as long as it takes
    wait_for_state(&server, "shop", "awake").await;
    drop(follow);
    wait_for_state(&server, "shop", "asleep").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_however_often_it_falls_asleep() {
    let options = Options {
        sleep_after: Some(Duration::from_millis(1)),
        ..Options::default()
    };
    let server = TestServer::with(options, Default::default()).await;
    server.create("shop").await;
    for round in 1..=100 {
        server.note("shop", 1).await;
        if round % 3 == 0 {
            tokio::time::sleep(Duration::from_millis(round % 40)).await;
        }
        let page = server
            .get("/v1/databases/shop/events?before=0&limit=1")
            .await
            .ok(200);
        assert_eq!(page["head"], round);
    }
    assert!(
        !server
            .get("/metrics")
            .await
            .text
            .contains("headwater_wakes_total 1\n")
    );
}

//! Reading, following and listing streams.

use std::time::Duration;

use futures::StreamExt as _;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{PATIENCE, TestServer, send};

/// A database with six events over three streams.
async fn filled() -> TestServer {
    let server = TestServer::with_shop().await;
    let body = json!({ "events": [
        { "type": "A", "stream": "account/1", "tags": ["x", "y"] },
        { "type": "B", "stream": "account/2", "tags": ["x"] },
        { "type": "A", "stream": "order/1", "tags": ["y"] },
        { "type": "C", "tags": ["x", "y"] },
        { "type": "B", "stream": "account/1" },
        { "type": "A", "stream": "account/1" },
    ]});
    server.append("shop", &body).await.ok(201);
    server
}

fn positions(page: &Value) -> Vec<u64> {
    let events = page["events"].as_array().unwrap();
    events
        .iter()
        .map(|event| event["position"].as_u64().unwrap())
        .collect()
}

#[tokio::test]
async fn parameters_choose_events() {
    let server = filled().await;
    for (parameters, expected) in [
        ("", vec![1, 2, 3, 4, 5, 6]),
        ("stream=account/1", vec![1, 5, 6]),
        ("stream=account%2F1&type=A", vec![1, 6]),
        ("category=account", vec![1, 2, 5, 6]),
        ("type=B&type=C", vec![2, 4, 5]),
        ("tag=x&tag=y", vec![1, 4]),
        ("tag=x&type=B", vec![2]),
        ("after=4", vec![5, 6]),
        ("after=0&limit=2", vec![1, 2]),
        ("before=0&limit=2", vec![6, 5]),
        ("before=3", vec![2, 1]),
        ("category=account&before=6", vec![5, 2, 1]),
        ("type=None", vec![]),
        ("after=6", vec![]),
    ] {
        let page = server
            .get(&format!("/v1/databases/shop/events?{parameters}"))
            .await
            .ok(200);
        assert_eq!(positions(&page), expected, "{parameters}");
        assert_eq!(page["head"], 6, "{parameters}");
    }
}

#[tokio::test]
async fn pages_go_on_where_they_ended() {
    let server = filled().await;
    for (way, first, expected) in [
        ("after", 0, vec![1, 2, 5, 6]),
        ("before", 0, vec![6, 5, 2, 1]),
    ] {
        let (mut seen, mut cursor) = (Vec::new(), json!(first));
        loop {
            let path = format!("/v1/databases/shop/events?category=account&limit=3&{way}={cursor}");
            let page = server.get(&path).await.ok(200);
            seen.extend(positions(&page));
            cursor = page["next"].clone();
            if page["more"] == false {
                break;
            }
        }
        assert_eq!(seen, expected, "{way}");
    }
}

#[tokio::test]
async fn a_query_of_several_items_is_posted() {
    let server = filled().await;
    let body = json!({
        "query": [{ "types": ["C"] }, { "stream": "account/1", "types": ["B"] }],
        "after": 0,
    });
    let page = server.post("/v1/databases/shop/read", &body).await.ok(200);
    assert_eq!(positions(&page), [4, 5]);
    let backward = json!({ "query": [], "before": 3, "limit": 1 });
    let page = server
        .post("/v1/databases/shop/read", &backward)
        .await
        .ok(200);
    assert_eq!(positions(&page), [2]);
}

#[tokio::test]
async fn lines_carry_the_cursor_in_headers() {
    let server = filled().await;
    let request = server.request(Method::GET, "/v1/databases/shop/events?limit=2");
    let reply = send(request.header("accept", "application/x-ndjson")).await;
    assert_eq!(reply.headers["content-type"], "application/x-ndjson");
    assert_eq!(reply.headers["headwater-head"], "6");
    assert_eq!(reply.headers["headwater-next"], "2");
    let lines = reply.lines();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1]["stream"], "account/2");
}

#[tokio::test]
async fn large_pages_arrive_whole() {
    let server = TestServer::with_shop().await;
    for _ in 0..5 {
        server.note("shop", 2_000).await;
    }
    let page = server
        .get("/v1/databases/shop/events?limit=10000")
        .await
        .ok(200);
    assert_eq!(positions(&page), (1..=10_000).collect::<Vec<_>>());
    assert_eq!(page["more"], false);
}

#[tokio::test]
async fn streams_are_listed_by_name_and_page() {
    let server = filled().await;
    let all = server.get("/v1/databases/shop/streams").await.ok(200);
    assert_eq!(
        all["streams"],
        json!([
            { "stream": "account/1", "revision": 3, "position": 6 },
            { "stream": "account/2", "revision": 1, "position": 2 },
            { "stream": "order/1", "revision": 1, "position": 3 },
        ])
    );
    assert!(all.get("next").is_none());
    let page = server
        .get("/v1/databases/shop/streams?prefix=account/&limit=1")
        .await
        .ok(200);
    assert_eq!(page["next"], "account/1");
    let path = "/v1/databases/shop/streams?prefix=account/&after=account/1";
    let page = server.get(path).await.ok(200);
    assert_eq!(page["streams"][0]["stream"], "account/2");
}

/// A server-sent event.
#[derive(Debug, Default)]
struct Sent {
    id: String,
    event: String,
    data: Value,
}

/// Reads server-sent events until `enough` says so.
async fn follow(
    server: &TestServer,
    parameters: &str,
    last: Option<&str>,
    mut enough: impl FnMut(&[Sent]) -> bool,
) -> Vec<Sent> {
    let path = format!("/v1/databases/shop/events?follow=true&{parameters}");
    let mut request = server
        .request(Method::GET, &path)
        .header("accept", "text/event-stream");
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let (mut chunks, mut text, mut sent) = (response.bytes_stream(), String::new(), Vec::new());
    while !enough(&sent) {
        let chunk = tokio::time::timeout(PATIENCE, chunks.next()).await.unwrap();
        text.push_str(std::str::from_utf8(&chunk.unwrap().unwrap()).unwrap());
        while let Some((whole, rest)) = text.split_once("\n\n") {
            sent.push(parse(whole));
            text = rest.to_owned();
        }
    }
    sent
}

fn parse(text: &str) -> Sent {
    let mut sent = Sent::default();
    for line in text.lines() {
        let (field, value) = line.split_once(": ").unwrap();
        match field {
            "id" => sent.id = value.to_owned(),
            "event" => sent.event = value.to_owned(),
            "data" => sent.data = serde_json::from_str(value).unwrap(),
            other => panic!("a field {other}"),
        }
    }
    sent
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follow_resumes_without_gap_or_repeat_while_writes_go_on() {
    const EVENTS: usize = 600;
    let server = TestServer::with_shop().await;
    let writing = async {
        for _ in 0..EVENTS / 3 {
            let body = json!({ "events": [{ "type": "A" }, { "type": "B" }, { "type": "A" }] });
            server.append("shop", &body).await.ok(201);
        }
    };
    let following = async {
        let (mut seen, mut last) = (Vec::new(), None::<String>);
        let wanted = EVENTS / 3 * 2;
        while seen.len() < wanted {
            // Hang up after a few each time, and come again with the id of the last one.
            let few = (wanted - seen.len()).min(7);
            let count = |sent: &[Sent]| sent.iter().filter(|one| one.event == "event").count();
            let sent = follow(&server, "type=A", last.as_deref(), |sent| {
                count(sent) >= few
            })
            .await;
            for one in sent.iter().filter(|one| one.event == "event").take(few) {
                seen.push(one.data["position"].as_u64().unwrap());
                last = Some(one.id.clone());
            }
        }
        seen
    };
    let ((), seen) = tokio::join!(writing, following);
    let expected: Vec<u64> = (1..=EVENTS as u64)
        .filter(|position| position % 3 != 2)
        .collect();
    assert_eq!(seen, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn heartbeats_say_how_far_a_filtered_follow_has_looked() {
    let server = filled().await;
    let beaten = |sent: &[Sent]| sent.iter().any(|one| one.event == "heartbeat");
    let sent = follow(&server, "type=C&heartbeat_ms=100", None, beaten).await;
    assert_eq!(sent[0].data["position"], 4);
    let beat = sent.last().unwrap();
    assert_eq!(beat.data, json!({ "scanned": 6, "head": 6 }));
    assert!(beat.id.ends_with(":6"), "{}", beat.id);

    // To go on from there misses nothing.
    let last = beat.id.clone();
    server
        .append("shop", &json!({ "events": [{ "type": "C" }] }))
        .await
        .ok(201);
    let sent = follow(&server, "type=C", Some(&last), |sent| !sent.is_empty()).await;
    assert_eq!(sent[0].data["position"], 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follow_comes_as_lines_too() {
    let server = filled().await;
    let path = "/v1/databases/shop/events?follow=true&after=5&heartbeat_ms=100";
    let request = server
        .request(Method::GET, path)
        .header("accept", "application/x-ndjson");
    let response = request.send().await.unwrap();
    let (mut chunks, mut text) = (response.bytes_stream(), String::new());
    while text.lines().count() < 2 {
        let chunk = tokio::time::timeout(PATIENCE, chunks.next()).await.unwrap();
        text.push_str(std::str::from_utf8(&chunk.unwrap().unwrap()).unwrap());
    }
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["event"]["position"], 6);
    assert_eq!(
        lines[1],
        json!({ "heartbeat": { "scanned": 6, "head": 6 } })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_ends_follows_and_finishes_what_was_accepted() {
    let mut server = TestServer::with_shop().await;
    let path = "/v1/databases/shop/events?follow=true";
    let response = server.request(Method::GET, path).send().await.unwrap();
    let mut chunks = response.bytes_stream();

    // An append whose body is under way when the server is asked to stop.
    let (more, rest) = tokio::sync::mpsc::channel::<Result<&str, std::io::Error>>(1);
    let body = reqwest::Body::wrap_stream(futures::stream::unfold(rest, async |mut rest| {
        Some((rest.recv().await?, rest))
    }));
    let request = server
        .request(Method::POST, "/v1/databases/shop/append")
        .body(body);
    let appending = tokio::spawn(send(request));
    more.send(Ok(r#"{"events":[{"type":"#)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await; // it has arrived
    server.begin_stop();
    while chunks.next().await.is_some() {} // the follow ends
    more.send(Ok(r#""Late"}]}"#)).await.unwrap();
    drop(more);
    appending.await.unwrap().ok(201);

    assert!(server.request(Method::GET, "/health").send().await.is_err());
    let directory = server.stop().await;
    let server = TestServer::over(directory, Default::default(), Default::default()).await;
    let page = server.get("/v1/databases/shop/events").await.ok(200);
    assert_eq!(page["events"][0]["type"], "Late");
}

//! What is more than the server gives: 413, 408, 429, 503, 431.

use std::time::Duration;

use headwater_event::limits::{APPEND_EVENTS_MAX, DATA_BYTES_MAX};
use headwater_wire::{Limits, Server};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{PATIENCE, TestServer, http, send};

async fn limited(limits: Limits) -> TestServer {
    let server = TestServer::with(Default::default(), limits).await;
    server.create("shop").await;
    server
}

/// Writes bytes to the server, and reads what it says until it hangs up.
async fn raw(server: &TestServer, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut told = String::new();
    let reading = stream.read_to_string(&mut told);
    tokio::time::timeout(PATIENCE, reading)
        .await
        .unwrap()
        .unwrap();
    told
}

fn body_of(told: &str) -> Value {
    let (_, body) = told.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

#[tokio::test]
async fn an_append_of_32_mib_fits_and_more_does_not() {
    let server = TestServer::with_shop().await;
    let text = "x".repeat(DATA_BYTES_MAX - 2);
    let mebibytes = |count: usize| {
        let event = json!({ "type": "Large", "data": text });
        json!({ "events": vec![event; count] })
    };
    server.append("shop", &mebibytes(31)).await.ok(201);
    let problem = server
        .append("shop", &mebibytes(33))
        .await
        .problem(413, "too_large");
    assert_eq!(problem["field"], "events");
    let one = json!({ "events": [{ "type": "Large", "data": format!("{text}x") }] });
    let problem = server.append("shop", &one).await.problem(413, "too_large");
    assert_eq!(problem["field"], "events[0].data");
    let many = json!({ "events": vec![json!({ "type": "A" }); APPEND_EVENTS_MAX + 1] });
    server.append("shop", &many).await.problem(413, "too_large");

    // A page has as many of them as fit, and says that there are more.
    let page = server
        .get("/v1/databases/shop/events?limit=100")
        .await
        .ok(200);
    assert!(page["events"].as_array().unwrap().len() < 31);
    assert_eq!(page["more"], true);
}

#[tokio::test]
async fn bodies_are_bounded_announced_or_not() {
    let server = limited(Limits {
        append_body_bytes_max: 1000,
        body_bytes_max: 500,
        ..Limits::default()
    })
    .await;
    for (path, most) in [("/append", 1000), ("/read", 500), ("/sql", 500)] {
        let path = format!("/v1/databases/shop{path}");
        let announced = server
            .request(Method::POST, &path)
            .body(" ".repeat(most + 1));
        send(announced).await.problem(413, "too_large");
        let parts = vec![
            Ok::<_, std::io::Error>(" ".repeat(most)),
            Ok(" ".to_owned()),
        ];
        let chunked = reqwest::Body::wrap_stream(futures::stream::iter(parts));
        send(server.request(Method::POST, &path).body(chunked))
            .await
            .problem(413, "too_large");
        let fits = server.request(Method::POST, &path).body(" ".repeat(most));
        send(fits).await.problem(400, "bad_json");
    }
}

#[tokio::test]
async fn a_request_that_does_not_arrive_is_told_so() {
    let server = limited(Limits {
        header_timeout: Duration::from_millis(200),
        body_timeout: Duration::from_millis(200),
        ..Limits::default()
    })
    .await;
    let told = raw(&server, b"GET /health HTTP/1.1\r\nhost: loc").await;
    assert!(told.starts_with("HTTP/1.1 408"), "{told}");
    assert_eq!(body_of(&told)["code"], "timeout");
    let head =
        b"POST /v1/databases/shop/append HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{";
    let told = raw(&server, head).await;
    assert!(told.starts_with("HTTP/1.1 408"), "{told}");
    assert_eq!(body_of(&told)["code"], "timeout");
    assert_eq!(
        raw(&server, b"").await,
        "",
        "an idle connection is closed without a word"
    );
}

#[tokio::test]
async fn heads_are_bounded() {
    let server = limited(Limits {
        header_bytes_max: 8192,
        ..Limits::default()
    })
    .await;
    let head = format!(
        "GET /health HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n",
        "y".repeat(9000)
    );
    let told = raw(&server, head.as_bytes()).await;
    assert!(told.starts_with("HTTP/1.1 431"), "{told}");
    let told = raw(&server, b"nonsense\r\n\r\n").await;
    assert!(told.starts_with("HTTP/1.1 400"), "{told}");
}

#[tokio::test]
async fn connections_are_bounded() {
    let server = limited(Limits {
        connections_max: 2,
        ..Limits::default()
    })
    .await;
    let mut open = TcpStream::connect(server.address()).await.unwrap(); // the client has the other
    open.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await
        .unwrap();
    let mut first = [0; 12];
    open.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    let told = raw(&server, b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    assert!(told.starts_with("HTTP/1.1 503"), "{told}");
    assert!(
        told.to_lowercase().contains("\r\nretry-after: 1\r\n"),
        "{told}"
    );
    assert_eq!(body_of(&told)["code"], "overloaded");
    drop(open);
    server.get("/health").await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_wait_for_their_turn_and_not_for_ever() {
    let server = limited(Limits {
        reads_max: 1,
        reads_waiting_max: 1,
        read_wait_max: Duration::from_millis(300),
        ..Limits::default()
    })
    .await;
    let endless =
        "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n";
    let long = json!({ "sql": endless, "timeout_ms": 3000 });
    let short = json!({ "sql": "select 1" });
    let later = async || {
        tokio::time::sleep(Duration::from_millis(150)).await;
        let (waited, refused) = tokio::join!(server.sql("shop", &short), async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            server.get("/v1/databases/shop/events").await
        });
        waited.problem(503, "overloaded");
        refused.problem(429, "busy");
        server.note("shop", 1).await; // appends need no turn
    };
    let (ended, ()) = tokio::join!(server.sql("shop", &long), later());
    ended.problem(400, "sql_error");
    server.sql("shop", &short).await.ok(200);
}

#[tokio::test]
async fn the_memory_of_large_bodies_is_bounded() {
    let server = limited(Limits {
        large_bodies_bytes_max: 100 << 10,
        ..Limits::default()
    })
    .await;
    // One that has begun holds its memory.
    let mut held = TcpStream::connect(server.address()).await.unwrap();
    let head = "POST /v1/databases/shop/append HTTP/1.1\r\nhost: localhost\r\ncontent-length: 90000\r\nexpect: 100-continue\r\n\r\n";
    held.write_all(head.as_bytes()).await.unwrap();
    let mut begun = [0; 25];
    held.read_exact(&mut begun).await.unwrap();
    assert_eq!(&begun, b"HTTP/1.1 100 Continue\r\n\r\n");
    let large = json!({ "events": [{ "type": "A", "data": "x".repeat(80_000) }] });
    let refused = server.append("shop", &large).await;
    refused.problem(503, "overloaded");
    server.note("shop", 1).await; // small ones pass
    drop(held);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_takes_nothing_is_let_go() {
    let server = limited(Limits {
        stall_max: Duration::from_millis(200),
        ..Limits::default()
    })
    .await;
    let large = json!({ "type": "Large", "data": "x".repeat(DATA_BYTES_MAX - 2) });
    let events = json!({ "events": vec![large; 7] });
    server.append("shop", &events).await.ok(201);
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let head = "GET /v1/databases/shop/events HTTP/1.1\r\nhost: localhost\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let begun = std::time::Instant::now();
    loop {
        let metrics = server.get("/metrics").await.text;
        if metrics.contains("headwater_connections_total{protocol=\"http\"} 2\n")
            && metrics.contains("headwater_connections{protocol=\"http\"} 1\n")
        {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "{metrics}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut told = Vec::new();
    let read = stream.read_to_end(&mut told).await;
    assert!(
        read.is_err() || told.len() < 7 << 20,
        "it did not get all of it"
    );
}

#[tokio::test]
async fn only_loopback_is_listened_on() {
    let server = TestServer::start().await;
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"] {
        let listen = [http(address)];
        let refused = Server::bind(
            server.node.clone(),
            &listen,
            headwater_wire::Options::default(),
        );
        let error = refused.await.err().unwrap();
        assert_eq!(error.code(), "not_loopback", "{address}");
        assert!(error.to_string().contains("key"), "{error}");
    }
    let listen = [http(server.address())];
    let taken = Server::bind(
        server.node.clone(),
        &listen,
        headwater_wire::Options::default(),
    );
    assert_eq!(taken.await.err().unwrap().code(), "cannot_listen");
}

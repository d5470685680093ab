//! Backups over HTTP: streams that are cut, changed, of another version, and callers that leave.

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use headwater_node::parts::{self, Part, PartsReader};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{PATIENCE, Reply, TestServer, send};

const OCTETS: &str = "application/octet-stream";
const BACKUP: &str = "/v1/databases/shop/backup";

/// The bytes of a backup of `shop`.
async fn backup(server: &TestServer, body: &Value) -> Vec<u8> {
    let request = server.request(Method::POST, BACKUP).json(body);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    assert_eq!(answer.headers()["content-type"], OCTETS);
    answer.bytes().await.unwrap().to_vec()
}

async fn restore(server: &TestServer, name: &str, bytes: &[u8]) -> Reply {
    let request = server.request(Method::POST, &format!("/v1/databases/{name}/restore"));
    send(request.header("content-type", OCTETS).body(bytes.to_vec())).await
}

fn parts_of(bytes: &[u8]) -> Vec<Part> {
    let mut reader = PartsReader::default();
    reader.push(bytes);
    let mut parts = Vec::new();
    while let Some(part) = reader.part().unwrap() {
        parts.push(part);
    }
    reader.finish().unwrap();
    parts
}

/// A server with a database `shop` of two segments.
async fn with_two_segments() -> (TestServer, Vec<u8>) {
    let server = TestServer::with_shop().await;
    server.note("shop", 40).await;
    backup(&server, &json!({})).await;
    server.note("shop", 40).await;
    let bytes = backup(&server, &json!({})).await;
    (server, bytes)
}

fn count(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, |entries| entries.count())
}

/// Nothing is there but `shop`.
async fn is_tidy(server: &TestServer) {
    let begun = Instant::now();
    let (databases, marks) = (
        server.root().join("databases"),
        server.root().join("restoring"),
    );
    while (count(&databases), count(&marks)) != (1, 0) {
        assert!(begun.elapsed() < PATIENCE, "something is left");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let list = server.get("/v1/databases").await.ok(200);
    assert_eq!(list["databases"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_database_is_restored_from_the_stream_of_its_backup() {
    let (server, bytes) = with_two_segments().await;
    let reply = restore(&server, "again", &bytes).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let restored = reply.lines().pop().unwrap();
    let shop = server.get("/v1/databases/shop").await.ok(200);
    let again = server.get("/v1/databases/again").await.ok(200);
    for what in ["head", "chain", "events", "appends", "bytes"] {
        assert_eq!(restored["restored"][what], shop[what], "{what}");
        assert_eq!(again[what], shop[what], "{what}");
    }
    assert_eq!(restored["restored"]["log_id"], again["log_id"]);
    assert_ne!(again["log_id"], shop["log_id"]);
    let cursor = format!("events?after=3&log_id={}", shop["log_id"].as_str().unwrap());
    server
        .get(&format!("/v1/databases/again/{cursor}"))
        .await
        .problem(400, "other_log");
    let events = |reply: Reply| reply.ok(200)["events"].clone();
    let page = "events?limit=1000";
    assert_eq!(
        events(server.get(&format!("/v1/databases/again/{page}")).await),
        events(server.get(&format!("/v1/databases/shop/{page}")).await)
    );
    server.note("again", 1).await;
    assert_eq!(count(&server.root().join("restoring")), 0);
}

#[tokio::test]
async fn settings_go_with_a_backup_and_are_bounded_there() {
    let server = TestServer::with_shop().await;
    let parts = headwater_node::Parts::new(16).unwrap();
    server
        .node
        .set_parts(&"shop".parse().unwrap(), parts)
        .await
        .unwrap();
    let bytes = backup(&server, &json!({ "segments": [] })).await;
    restore(&server, "again", &bytes).await.ok(200);
    assert_eq!(
        server.get("/v1/databases/again").await.ok(200)["partitions"],
        16
    );
    let fact = parts::fact(br#"{"SettingsChanged":{"parts":0}}"#);
    let at = bytes
        .windows(17)
        .position(|part| part == b"{\"SettingsChanged")
        .unwrap();
    let begin = at
        - (fact
            .windows(17)
            .position(|part| part == b"{\"SettingsChanged")
            .unwrap());
    let end = begin + parts::fact(br#"{"SettingsChanged":{"parts":16}}"#).len();
    let changed = [&bytes[..begin], &fact, &bytes[end..]].concat();
    restore(&server, "changed", &changed).await.refused();
}

#[tokio::test]
async fn segments_that_the_caller_has_are_not_sent() {
    let (server, bytes) = with_two_segments().await;
    let all = parts_of(&bytes);
    let Part::Manifest(_, manifest) = &all[0] else {
        panic!("{:?}", all[0]);
    };
    let held: Vec<Value> = manifest
        .segments
        .iter()
        .map(|info| json!({ "name": info.name.to_string(), "bytes": info.bytes, "footer_crc": info.footer_crc }))
        .collect();
    let sent = |parts: &[Part]| {
        let is_segment = |part: &&Part| matches!(part, Part::SegmentEnd(_));
        parts.iter().filter(is_segment).count()
    };
    assert_eq!((held.len(), sent(&all)), (2, 2));
    for (segments, count) in [(json!(held[..1]), 1), (json!(held), 0), (json!([]), 2)] {
        let bytes = backup(&server, &json!({ "segments": segments })).await;
        assert_eq!(sent(&parts_of(&bytes)), count);
    }
    // The same name with another length or checksum is another segment.
    for (field, value) in [("bytes", 1), ("footer_crc", 1)] {
        let mut other = held[0].clone();
        other[field] = json!(value);
        let bytes = backup(&server, &json!({ "segments": [other] })).await;
        assert_eq!(sent(&parts_of(&bytes)), 2, "{field}");
    }
    let body = json!({ "segments": [{ "name": "a", "bytes": 1, "footer_crc": 1 }] });
    let problem = server
        .post(BACKUP, &body)
        .await
        .problem(400, "bad_segment_name");
    assert_eq!(problem["field"], "segments[0].name");
    server
        .post(BACKUP, &json!({ "others": 1 }))
        .await
        .problem(400, "bad_request");
}

#[tokio::test]
async fn a_stream_that_is_cut_or_changed_anywhere_is_refused_and_leaves_nothing() {
    let (server, bytes) = with_two_segments().await;
    // Each kind of place: in the start, a head, the manifest, a segment, its checksum, the end.
    let manifest = parts::start().len();
    let segment = bytes.len() - parts::end().len();
    let places = [
        0,
        1,
        manifest,
        manifest + 20,
        manifest + 100,
        segment - 4,
        segment - 1,
        segment,
        segment + 1,
    ];
    let spread = (0..bytes.len()).step_by(bytes.len() / 25);
    for at in places.into_iter().chain(spread).chain([bytes.len() - 1]) {
        restore(&server, "cut", &bytes[..at]).await.refused();
        let mut changed = bytes.clone();
        changed[at] ^= 0x40;
        restore(&server, "changed", &changed).await.refused();
    }
    let longer = [&bytes[..], b"more"].concat();
    restore(&server, "longer", &longer).await.refused();
    is_tidy(&server).await;
    restore(&server, "whole", &bytes).await.ok(200);
}

impl Reply {
    /// It says `bad_backup`, with its status or in its last line.
    #[track_caller]
    fn refused(self) {
        let problem = match self.status {
            200 => self.lines().pop().unwrap()["error"].clone(),
            _ => self.body,
        };
        assert_eq!(problem["code"], "bad_backup", "{}", self.text);
        assert_eq!(problem["status"], 400);
    }
}

/// Good parts that do not belong together.
#[tokio::test]
async fn segments_of_another_log_are_refused() {
    let (server, bytes) = with_two_segments().await;
    let (other, other_bytes) = with_two_segments().await;
    drop(other);
    let segments = |bytes: &[u8]| -> Vec<Vec<u8>> {
        let mut all: Vec<Vec<u8>> = Vec::new();
        for part in parts_of(bytes) {
            match part {
                Part::Segment(_) => all.push(Vec::new()),
                Part::Bytes(bytes) => all.last_mut().unwrap().extend_from_slice(&bytes),
                _ => {}
            }
        }
        all
    };
    let Part::Manifest(log_id, manifest) = parts_of(&bytes).remove(0) else {
        panic!("no manifest");
    };
    let mut mixed = [parts::start(), parts::manifest(log_id, &manifest)].concat();
    for (at, info) in manifest.segments.iter().enumerate() {
        let from = if at == 0 { &other_bytes } else { &bytes };
        let mut content = segments(from).remove(at);
        content.resize(info.bytes as usize, 0);
        mixed.extend(parts::segment(info));
        mixed.extend_from_slice(&content);
        mixed.extend(parts::checksum(0, &content).to_le_bytes());
    }
    mixed.extend(parts::end());
    restore(&server, "mixed", &mixed).await.refused();
    is_tidy(&server).await;
}

#[tokio::test]
async fn what_cannot_be_restored_says_so() {
    let (server, bytes) = with_two_segments().await;
    restore(&server, "shop", &bytes)
        .await
        .problem(409, "database_exists");
    restore(&server, "_system", &bytes)
        .await
        .problem(403, "system_database");
    restore(&server, "No", &bytes)
        .await
        .problem(400, "bad_database_name");
    let mut newer = bytes.clone();
    newer[8..12].copy_from_slice(&2u32.to_le_bytes());
    let crc = parts::checksum(0, &newer[..12]);
    newer[12..16].copy_from_slice(&crc.to_le_bytes());
    restore(&server, "newer", &newer)
        .await
        .problem(500, "newer_format");
    let request = server.request(Method::POST, "/v1/databases/json/restore");
    send(request.json(&json!({})))
        .await
        .problem(415, "unsupported_media_type");
    server
        .post("/v1/databases/none/backup", &json!({}))
        .await
        .problem(404, "unknown_database");
    let failed = [parts::start(), parts::failure(br#"{"code":"storage"}"#)].concat();
    restore(&server, "failed", &failed).await.refused();
    is_tidy(&server).await;
}

#[tokio::test]
async fn a_caller_that_leaves_leaves_nothing() {
    let (server, bytes) = with_two_segments().await;
    for part in [0, bytes.len() / 2, bytes.len() - 1] {
        let mut stream = std::net::TcpStream::connect(server.address()).unwrap();
        let head = format!(
            "POST /v1/databases/left/restore HTTP/1.1\r\nhost: localhost\r\ncontent-type: {OCTETS}\r\ncontent-length: {}\r\n\r\n",
            bytes.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&bytes[..part]).unwrap();
        // It has begun when it is marked.
        let begun = Instant::now();
        while count(&server.root().join("restoring")) == 0 {
            assert!(begun.elapsed() < PATIENCE, "it does not begin");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        drop(stream);
        is_tidy(&server).await;
    }
}

/// The answer has begun, so the failure is its last part.
#[tokio::test]
async fn a_segment_that_is_damaged_at_the_source_is_told_in_the_stream() {
    let (server, bytes) = with_two_segments().await;
    let Part::Manifest(_, manifest) = parts_of(&bytes).remove(0) else {
        panic!("no manifest");
    };
    let file = server
        .place("shop")
        .join("log")
        .join(manifest.segments[1].name.to_string());
    let file = std::fs::OpenOptions::new().write(true).open(file).unwrap();
    file.set_len(manifest.segments[1].bytes / 2).unwrap();
    let parts = parts_of(&backup(&server, &json!({})).await);
    let Some(Part::Failure(why)) = parts.last() else {
        panic!("{:?}", parts.last());
    };
    let problem: Value = serde_json::from_slice(why).unwrap();
    assert_eq!(problem["code"], "damaged");
    assert!(problem["detail"].as_str().unwrap().contains(".segment"));
}

/// What a crash left of a restore is removed when the node is opened, and a mark of a database that was
/// recorded is only a mark.
#[tokio::test]
async fn what_a_crash_left_of_a_restore_is_removed() {
    let (server, _) = with_two_segments().await;
    let known = server.place("shop");
    let (databases, marks) = (
        server.root().join("databases"),
        server.root().join("restoring"),
    );
    let directory = server.stop().await;
    let left = databases.join("01a2046b-132e-70f5-bdd6-f7d00843a6a4");
    std::fs::create_dir_all(left.join("log")).unwrap();
    std::fs::write(left.join("log/manifest"), "half").unwrap();
    std::fs::create_dir_all(&marks).unwrap();
    for place in [&left, &known] {
        std::fs::write(marks.join(place.file_name().unwrap()), "").unwrap();
    }
    let server = TestServer::over(directory, Default::default(), Default::default()).await;
    is_tidy(&server).await;
    assert!(known.is_dir());
    let shop = server.get("/v1/databases/shop").await.ok(200);
    assert_eq!(shop["events"], 80);
}

/// As many as run at once have begun and hold their turn; one more is told before it sends anything.
#[tokio::test]
async fn restores_are_bounded_in_number() {
    let (server, bytes) = with_two_segments().await;
    let mut begun = Vec::new();
    for number in 0..4 {
        let head = format!(
            "POST /v1/databases/slow-{number}/restore HTTP/1.1\r\nhost: localhost\r\n\
             content-type: {OCTETS}\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\r\n",
            bytes.len()
        );
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = [0; 25];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
        begun.push(stream);
    }
    let refused = restore(&server, "fifth", &bytes).await;
    refused.problem(503, "overloaded");
    drop(begun);
    is_tidy(&server).await;
    let begun = Instant::now();
    loop {
        let reply = restore(&server, "fifth", &bytes).await;
        if reply.status == 200 {
            break;
        }
        reply.problem(503, "overloaded");
        assert!(begun.elapsed() < PATIENCE, "no turn was given back");
    }
}

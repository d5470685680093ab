//! What is told of a log's bytes and of its upkeep, and holding a log against what was kept of it.

use std::path::Path;
use std::time::{Duration, Instant};

use headwater_node::{JournalOptions, Options};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{PATIENCE, Reply, TestServer, send};

/// A server whose logs are sealed every few events.
async fn sealing() -> TestServer {
    let options = Options {
        journal: JournalOptions {
            piece_bytes: 4 << 10,
            ..JournalOptions::default()
        },
        ..Options::default()
    };
    TestServer::with(options, Default::default()).await
}

/// Appends until the log has so many segments, and waits until nothing is left to do.
async fn fill(server: &TestServer, segments: usize) -> Value {
    let begun = Instant::now();
    loop {
        assert!(begun.elapsed() < PATIENCE);
        let stats = server.get("/v1/databases/shop/stats").await.ok(200);
        let rests = |work: &Value| work["state"] == "idle";
        if stats["segments"].as_array().unwrap().len() < segments {
            server.note("shop", 50).await;
        } else if stats["tail"]["pieces_waiting"] == 0
            && stats["merge_debt"]["segments"] == 0
            && rests(&stats["sealing"])
            && rests(&stats["merging"])
        {
            return stats;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn verify(server: &TestServer, against: Option<&str>) -> Reply {
    let request = server.request(Method::POST, "/v1/databases/shop/verify");
    send(request.query(&against.map_or(vec![], |kept| vec![("against", kept)]))).await
}

/// The line that an auditor keeps.
async fn kept(server: &TestServer) -> String {
    let lines = verify(server, None).await.lines();
    let verified = &lines.last().unwrap()["verified"];
    let chain = verified["chain"].as_str().unwrap();
    format!("{}:{chain}", verified["head"])
}

fn directory_bytes(path: &Path) -> u64 {
    let entries = std::fs::read_dir(path).unwrap();
    entries
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum()
}

#[tokio::test]
async fn the_parts_add_up_to_the_files() {
    let server = sealing().await;
    server.create("shop").await;
    let empty = server.get("/v1/databases/shop/stats").await.ok(200);
    assert_eq!(empty["head"], 0);
    assert_eq!(empty["write_amplification"]["value"], 0.0);
    assert_eq!(empty["segments"], json!([]));

    let stats = fill(&server, 3).await;
    let bytes = stats["bytes"].as_object().unwrap();
    let whole = ["appends", "disk"];
    let parts = bytes
        .iter()
        .filter(|(name, _)| !whole.contains(&name.as_str()));
    let sum: u64 = parts.map(|(_, bytes)| bytes.as_u64().unwrap()).sum();
    assert_eq!(bytes["disk"], sum);
    assert_eq!(sum, directory_bytes(&server.place("shop").join("log")));

    let of = |list: &str, field: &str| -> u64 {
        let list = stats[list].as_array().unwrap().iter();
        list.map(|one| one[field].as_u64().unwrap()).sum()
    };
    assert_eq!(of("levels", "bytes"), of("segments", "bytes"));
    assert_eq!(
        of("levels", "segments"),
        stats["segments"].as_array().unwrap().len() as u64
    );
    let appends = of("segments", "appends") + stats["tail"]["appends"].as_u64().unwrap();
    assert_eq!(bytes["appends"], appends);
    assert_eq!(stats["segments"][0]["first"], 1);

    let head = stats["head"].as_u64().unwrap();
    assert_eq!(
        stats["largest_types"],
        json!([{ "name": "Noted", "events": head }])
    );
    assert_eq!(
        stats["largest_streams"],
        json!([{ "name": "note/1", "events": head }])
    );
    let number = |path: &str| stats.pointer(path).unwrap().as_f64().unwrap();
    assert_eq!(number("/bytes_per_event"), sum as f64 / head as f64);
    let segment_bytes = of("segments", "bytes") as f64;
    assert_eq!(
        number("/segment_ratio"),
        of("segments", "appends") as f64 / segment_bytes
    );
    assert!(number("/data_ratio") > number("/segment_ratio"));
    assert!(number("/write_amplification/value") > 1.0);
    assert!(number("/write_amplification/value") <= number("/write_amplification/max"));
    assert_eq!(number("/merge_debt/segments_free"), 128.0);
}

#[tokio::test]
async fn metrics_tell_of_upkeep_and_wake_nobody() {
    let server = sealing().await;
    server.create("shop").await;
    server.create("other").await;
    let stats = fill(&server, 2).await;
    let metrics = server.get("/metrics").await.text;
    let value = |name: &str| -> f64 {
        let line = metrics
            .lines()
            .find(|line| line.split(' ').next() == Some(name));
        let line = line.unwrap_or_else(|| panic!("no {name} in\n{metrics}"));
        line.split(' ').nth(1).unwrap().parse().unwrap()
    };
    let told = |path: &str| stats.pointer(path).unwrap().as_f64().unwrap();
    assert_eq!(value("headwater_log_bytes"), told("/bytes/appends"));
    assert_eq!(
        value("headwater_appended_bytes_total"),
        told("/bytes/appends")
    );
    assert_eq!(value("headwater_tail_bytes"), told("/bytes/tail"));
    assert_eq!(value("headwater_unsealed_pieces"), 0.0);
    assert_eq!(value("headwater_merge_debt_segments"), 0.0);
    assert_eq!(value("headwater_merge_debt_bytes"), 0.0);
    assert_eq!(
        value("headwater_sealed_bytes_total"),
        told("/sealing/bytes")
    );
    assert_eq!(
        value("headwater_merged_bytes_total"),
        told("/merging/bytes")
    );
    for (name, path) in [
        (
            "headwater_write_amplification",
            "/write_amplification/value",
        ),
        (
            "headwater_space_amplification",
            "/space_amplification/value",
        ),
    ] {
        assert_eq!(value(name), told(path));
    }
    assert_eq!(
        value(r#"headwater_upkeep_failures_total{work="sealing"}"#),
        0.0
    );
    assert_eq!(
        value(r#"headwater_upkeep_failures_total{work="merging"}"#),
        0.0
    );
    assert_eq!(
        value("headwater_slowed_seconds_total"),
        told("/slowed/seconds")
    );
    // `other` sleeps, and goes on sleeping.
    assert_eq!(value(r#"headwater_databases{state="asleep"}"#), 1.0);
    let listed = server.get("/v1/databases").await.ok(200);
    assert_eq!(listed["databases"][0]["name"], "other");
    assert_eq!(listed["databases"][0]["state"], "asleep");
    assert!(!metrics.contains("shop"), "names are no labels");
}

/// The storage cannot take segments: a directory stands where the first one is to be made.
#[tokio::test]
async fn a_failure_of_sealing_is_shown() {
    let server = sealing().await;
    server.create("shop").await;
    server.note("shop", 100).await;
    let log = server.place("shop").join("log");
    let first = log.join("00000000000000000001-00000000000000000100.segment");
    std::fs::create_dir_all(first.join("in the way")).unwrap();
    let begun = Instant::now();
    let failing = loop {
        assert!(begun.elapsed() < PATIENCE);
        server.note("shop", 1).await;
        let stats = server.get("/v1/databases/shop/stats").await.ok(200);
        if stats["sealing"]["state"] == "failing" {
            break stats["sealing"].clone();
        }
    };
    assert!(failing["failures"].as_u64().unwrap() > 0);
    let error = &failing["last_failure"]["error"];
    assert_eq!(error["code"], "storage", "{error}");
    assert!(
        error["detail"].as_str().unwrap().contains(".segment"),
        "{error}"
    );
    let metrics = server.get("/metrics").await.text;
    assert!(!metrics.contains("headwater_upkeep_failures_total{work=\"sealing\"} 0\n"));

    std::fs::remove_dir_all(first).unwrap();
    let stats = fill(&server, 1).await;
    assert_eq!(stats["sealing"]["last_failure"]["error"]["code"], "storage");
}

#[tokio::test]
async fn a_log_holds_against_every_line_that_was_kept_of_it() {
    let server = sealing().await;
    server.create("shop").await;
    let mut lines = vec![kept(&server).await];
    assert!(lines[0].starts_with("0:00"));
    for segments in 1..4 {
        fill(&server, segments).await;
        lines.push(kept(&server).await);
    }
    for line in &lines {
        let told = verify(&server, Some(line)).await.lines();
        assert!(
            told.last().unwrap()["verified"].is_object(),
            "{line}: {told:?}"
        );
    }
}

/// The log is put back to an older copy of itself, and goes on differently from there. All of its
/// own checks hold.
#[tokio::test]
async fn a_log_with_another_history_is_found_by_a_line_that_was_kept() {
    let restart =
        async |directory| TestServer::over(directory, Default::default(), Default::default()).await;
    let server = TestServer::with_shop().await;
    server.note("shop", 20).await;
    let early = kept(&server).await;
    let log = server.place("shop").join("log");
    let directory = server.stop().await;
    let copy = directory.path().join("copy");
    copy_files(&log, &copy);

    let server = restart(directory).await;
    server.note("shop", 5).await;
    let line = kept(&server).await;
    assert!(line.starts_with("25:"));
    let directory = server.stop().await;
    std::fs::remove_dir_all(&log).unwrap();
    copy_files(&copy, &log);

    let server = restart(directory).await;
    let last = |reply: Reply| reply.lines().pop().unwrap();
    let dropped = last(verify(&server, Some(&line)).await);
    assert_eq!(dropped["error"]["code"], "position_ahead");
    let other = json!({ "events": vec![json!({ "type": "Forged" }); 5] });
    server.append("shop", &other).await.ok(201);
    let changed = last(verify(&server, Some(&line)).await);
    assert_eq!(changed["error"]["code"], "chain_differs");
    assert_eq!(changed["error"]["expected"], line);
    let found = changed["error"]["found"].as_str().unwrap();
    assert_eq!(found, kept(&server).await, "by itself the log is whole");
    let held = last(verify(&server, Some(&early)).await);
    assert!(
        held["verified"].is_object(),
        "up to there it is the same: {held}"
    );
}

fn copy_files(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[tokio::test]
async fn a_line_that_does_not_hold_is_explained() {
    let server = TestServer::with_shop().await;
    server.note("shop", 3).await;
    let first = kept(&server).await;
    server.note("shop", 2).await;
    let hash = first.split_once(':').unwrap().1;

    for bad in [
        "",
        "3",
        hash,
        "3:abc",
        &format!("x:{hash}"),
        &format!("-1:{hash}"),
    ] {
        let problem = verify(&server, Some(bad)).await.problem(400, "bad_request");
        assert_eq!(problem["field"], "against");
        assert!(
            problem["expected"]
                .as_str()
                .unwrap()
                .contains("POSITION:HASH")
        );
    }
    let error = |reply: Reply| reply.lines().pop().unwrap()["error"].clone();
    let ahead = error(verify(&server, Some(&format!("9:{hash}"))).await);
    assert_eq!(ahead["code"], "position_ahead");
    assert!(ahead["found"].as_str().unwrap().starts_with("5:"));
    assert_eq!(ahead["expected"], format!("9:{hash}"));
    assert!(ahead["action"].is_string());
    // The hash of position 3 is not that of 5, and position 4 is inside of an append.
    for position in [5, 4] {
        let wrong = format!("{position}:{hash}");
        let error = error(verify(&server, Some(&wrong)).await);
        assert_eq!(error["code"], "chain_differs", "{error}");
        assert_eq!(error["status"], 409);
        assert_eq!(error["position"], position);
        assert_eq!(error["expected"], wrong);
        assert_ne!(error["found"], wrong);
        assert!(error["action"].is_string());
    }
}

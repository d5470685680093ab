//! Faults as a user sees them: damage, torn tails, full and read-only disks, panics, two nodes.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use headwater_journal::disk::fs::{File, Fs, StdFs};
use headwater_journal::{Fault, Map, MemoryStorage};
use headwater_node::env::SystemEnv;
use headwater_node::{DiskStorages, MemoryStorages, Node, Options};
use serde_json::json;

use crate::harness::TestServer;
use crate::postgres::{LONG, Raw, framed};

const SECTOR: usize = 512;

/// The one file of a log.
fn commits(place: &Path) -> PathBuf {
    let entries = std::fs::read_dir(place.join("log")).unwrap();
    let mut files = entries.map(|entry| entry.unwrap().path());
    let is_commits = |path: &PathBuf| path.extension().is_some_and(|end| end == "commits");
    files.find(is_commits).unwrap()
}

fn change(file: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(file).unwrap();
    change(&mut bytes);
    std::fs::write(file, bytes).unwrap();
}

/// Stops, changes the file of `shop`, and starts again.
async fn restarted(server: TestServer, changed: impl FnOnce(&mut Vec<u8>)) -> TestServer {
    let file = commits(&server.place("shop"));
    let directory = server.stop().await;
    change(&file, changed);
    TestServer::over(directory, Default::default(), Default::default()).await
}

#[tokio::test]
async fn a_flipped_byte_is_named_each_time_and_harms_nobody_else() {
    let server = TestServer::with_shop().await;
    server.create("other").await;
    let marked = json!({ "events": [{ "type": "Marked", "data": "find-me" }] });
    server.append("shop", &marked).await.ok(201);
    server.note("shop", 3).await;
    server.note("other", 1).await;
    let server = restarted(server, |bytes| {
        let at = bytes
            .windows(7)
            .position(|window| window == b"find-me")
            .unwrap();
        bytes[at] ^= 1;
    })
    .await;

    for _ in 0..2 {
        let problem = server
            .get("/v1/databases/shop/events")
            .await
            .problem(500, "damaged");
        let detail = problem["detail"].as_str().unwrap();
        assert!(
            detail.contains(".commits") || detail.contains("commit 1"),
            "{detail}"
        );
        assert!(!problem["action"].as_str().unwrap().is_empty());
    }
    let event = json!({ "events": [{ "type": "A" }] });
    server.append("shop", &event).await.problem(500, "damaged");
    let shown = server.get("/v1/databases/shop").await.ok(200);
    assert_eq!(shown["state"], "poisoned");
    assert!(!shown["reason"].as_str().unwrap().is_empty());
    let list = server.get("/v1/databases").await.ok(200);
    assert_eq!(list["databases"][1]["state"], "poisoned");
    server.note("other", 1).await;

    // It can still be deleted.
    server.delete("/v1/databases/shop").await.ok(204);
}

#[tokio::test]
async fn a_torn_tail_is_cut_and_what_was_before_it_stays() {
    let server = TestServer::with_shop().await;
    server.note("shop", 3).await;
    let large = json!({ "events": [{ "type": "Large", "data": "x".repeat(4 * SECTOR) }] });
    server.append("shop", &large).await.ok(201);
    let server = restarted(server, |bytes| {
        let last = bytes.iter().rposition(|byte| *byte != 0).unwrap();
        let sector = last / SECTOR * SECTOR;
        bytes[sector..].fill(0); // as a crash leaves it that came before the sync
    })
    .await;
    let page = server.get("/v1/databases/shop/events").await.ok(200);
    assert_eq!(page["head"], 3);
    assert_eq!(server.note("shop", 1).await["first"], 4);
}

#[tokio::test]
async fn a_log_that_is_gone_is_not_made_anew() {
    let server = TestServer::with_shop().await;
    server.note("shop", 1).await;
    let log = server.place("shop").join("log");
    let directory = server.stop().await;
    std::fs::remove_dir_all(log).unwrap();
    let server = TestServer::over(directory, Default::default(), Default::default()).await;
    server
        .get("/v1/databases/shop/events")
        .await
        .problem(500, "damaged");
    let event = json!({ "events": [{ "type": "A" }] });
    server.append("shop", &event).await.problem(500, "damaged");
}

/// A server whose logs are in memory, with the databases `shop` and `other`, and the log of `shop`.
pub async fn in_memory() -> (TestServer, Arc<MemoryStorage>) {
    let storages = Arc::new(MemoryStorages::default());
    let options = Options {
        storages: storages.clone(),
        ..Options::default()
    };
    let server = TestServer::with(options, Default::default()).await;
    server.create("shop").await;
    server.create("other").await;
    let log = storages.log(&server.place("shop").join("log")).unwrap();
    (server, log)
}

#[tokio::test]
async fn a_full_disk_refuses_appends_until_there_is_room() {
    let (server, log) = in_memory().await;
    server.note("shop", 3).await;
    log.set_capacity(Some(0));
    let event = json!({ "events": [{ "type": "A", "data": "more" }] });
    for _ in 0..3 {
        server
            .append("shop", &event)
            .await
            .problem(507, "disk_full");
    }
    assert_eq!(
        server.get("/v1/databases/shop/events").await.ok(200)["head"],
        3
    );
    server.note("other", 1).await;
    log.set_capacity(None);
    assert_eq!(server.append("shop", &event).await.ok(201)["first"], 4);
}

#[tokio::test]
async fn a_panic_closes_one_database_and_the_next_use_opens_it_again() {
    let (server, log) = in_memory().await;
    server.note("shop", 3).await;
    server.note("other", 1).await;
    log.inject(Fault::Panic);
    let event = json!({ "events": [{ "type": "A" }] });
    let reply = server.append("shop", &event).await;
    assert!([500, 503].contains(&reply.status), "{}", reply.text);
    let code = reply.body["code"].clone();
    assert!(["poisoned", "internal", "panicked", "unavailable"].contains(&code.as_str().unwrap()));

    assert_eq!(server.note("other", 1).await["first"], 2);
    // Its log is opened again; a commit that was never acknowledged may be there or not.
    let begun = std::time::Instant::now();
    let head = loop {
        let reply = server.get("/v1/databases/shop/events").await;
        if reply.status == 200 {
            break reply.body["head"].as_u64().unwrap();
        }
        assert!(begun.elapsed() < crate::harness::PATIENCE, "{}", reply.text);
    };
    assert_eq!(
        server.append("shop", &event).await.ok(201)["first"],
        head + 1
    );
    let metrics = server.get("/metrics").await.text;
    assert!(
        metrics.contains("headwater_databases{state=\"awake\"} 2"),
        "{metrics}"
    );
    assert!(metrics.contains("headwater_wakes_total 3"), "{metrics}");
}

#[tokio::test]
async fn damage_that_is_met_while_reading_closes_the_database() {
    let (server, log) = in_memory().await;
    server.note("shop", 3).await;
    assert!(log.flip(headwater_journal::Seq(1), 300));
    let request = server.request(reqwest::Method::POST, "/v1/databases/shop/verify");
    let lines = crate::harness::send(request).await.lines();
    assert_eq!(lines.last().unwrap()["error"]["code"], "damaged");
    server
        .get("/v1/databases/shop/events")
        .await
        .problem(500, "damaged");
    assert_eq!(
        server.get("/v1/databases/shop").await.ok(200)["state"],
        "poisoned"
    );
    server.note("other", 1).await;
}

/// Files that can be read and, once `locked`, neither made nor removed.
struct ReadOnly {
    locked: AtomicBool,
}

impl ReadOnly {
    fn refuse(&self) -> io::Result<()> {
        match self.locked.load(Ordering::Relaxed) {
            true => Err(io::ErrorKind::ReadOnlyFilesystem.into()),
            false => Ok(()),
        }
    }
}

impl Fs for ReadOnly {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        self.refuse()?; // to write, as it asks for
        StdFs.open(path)
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        self.refuse()?;
        StdFs.create(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.refuse()?;
        StdFs.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.refuse()?;
        StdFs.remove(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        StdFs.list(dir)
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        self.refuse()?;
        StdFs.create_dir(dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        StdFs.sync_dir(dir)
    }
}

#[tokio::test]
async fn a_read_only_directory_is_named() {
    let fs = Arc::new(ReadOnly {
        locked: AtomicBool::new(false),
    });
    let options = Options {
        storages: Arc::new(DiskStorages::new(fs.clone())),
        ..Options::default()
    };
    let server = TestServer::with(options, Default::default()).await;
    server.create("shop").await;
    fs.locked.store(true, Ordering::Relaxed);
    let reply = server
        .post("/v1/databases", &json!({ "name": "more" }))
        .await;
    let problem = reply.problem(503, "not_writable");
    assert!(
        problem["detail"].as_str().unwrap().contains("databases"),
        "{problem}"
    );
    server
        .get("/v1/databases/shop/events")
        .await
        .problem(503, "not_writable");
    fs.locked.store(false, Ordering::Relaxed);
    server.note("shop", 1).await;
    server.create("more").await;
}

#[tokio::test]
async fn a_directory_has_one_node() {
    let server = TestServer::start().await;
    server.node.set_address(&server.url).unwrap();
    let second = Node::open(server.root(), Arc::new(SystemEnv), Options::default()).await;
    let error = second.err().unwrap();
    assert_eq!(error.code(), "locked");
    assert!(error.to_string().contains(&server.url), "{error}");
    let root = server.root();
    let directory = server.stop().await;
    let third = Node::open(root, Arc::new(SystemEnv), Options::default())
        .await
        .unwrap();
    third.shutdown().await;
    drop(directory);
}

/// Files that can be held, so that nothing becomes durable until they are let go.
#[derive(Default)]
struct Slow {
    held: Arc<AtomicBool>,
}

impl Slow {
    fn file(&self, file: Arc<dyn File>) -> Arc<dyn File> {
        let held = Arc::clone(&self.held);
        Arc::new(SlowFile { file, held })
    }
}

impl Fs for Slow {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        StdFs.open(path).map(|file| self.file(file))
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        StdFs.create(path).map(|file| self.file(file))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        StdFs.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        StdFs.remove(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        StdFs.list(dir)
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        StdFs.create_dir(dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        StdFs.sync_dir(dir)
    }
}

struct SlowFile {
    file: Arc<dyn File>,
    held: Arc<AtomicBool>,
}

impl File for SlowFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.file.write_at(bytes, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        while self.held.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.file.sync_data()
    }

    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn map(&self, offset: u64, length: usize) -> io::Result<Option<Map>> {
        self.file.map(offset, length)
    }
}

#[tokio::test]
async fn what_is_being_written_is_not_called_off() {
    let fs = Arc::new(Slow::default());
    let options = Options {
        storages: Arc::new(DiskStorages::new(fs.clone())),
        ..Options::default()
    };
    let server = TestServer::with(options, Default::default()).await;
    server.create("shop").await;
    let mut raw = Raw::begin(&server).await;
    let query = |sql: &str| framed(Some(b'Q'), format!("{sql}\0").as_bytes());
    // As a client does that takes one row at a time, whatever the statement is.
    let in_parts = |sql: &str| {
        [
            framed(Some(b'P'), format!("\0{sql}\0\0\0").as_bytes()),
            framed(Some(b'B'), b"\0\0\0\0\0\0\0\0"),
            framed(Some(b'E'), b"\0\0\0\0\x01"),
            framed(Some(b'S'), b""),
        ]
        .concat()
    };
    let insert = "insert into event (type) values ('A')";
    raw.send(&query("set statement_timeout = '1ms'")).await;
    raw.until_ready().await;
    raw.send(&query(&format!("prepare one as {insert}"))).await;
    raw.until_ready().await;
    for (before, sql) in [
        (String::new(), insert),
        (String::new(), "execute one"),
        (format!("begin; {insert}"), "commit"),
    ] {
        raw.send(&query(&before)).await;
        raw.until_ready().await;
        fs.held.store(true, Ordering::Relaxed);
        raw.send(&in_parts(sql)).await;
        tokio::time::sleep(Duration::from_millis(50)).await; // far longer than it has
        fs.held.store(false, Ordering::Relaxed);
        assert_eq!(raw.until_ready().await, "12CZ", "{sql}");
    }
    let page = server.get("/v1/databases/shop/events").await.ok(200);
    assert_eq!(page["head"], 3);
    // Queries are called off all the same.
    raw.send(&query(&format!("prepare long as {LONG}"))).await;
    raw.until_ready().await;
    for sql in [LONG, "execute long"] {
        raw.send(&in_parts(sql)).await;
        assert_eq!(raw.until_ready().await, "12EZ", "{sql}");
    }
    server.stop().await;
}

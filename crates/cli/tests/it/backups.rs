//! Backups with the real binary: taken under load, taken again, cut off, damaged, restored.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::json;

use crate::support::{Place, Ran, http, runtime};

const ACCOUNTS: &str = "-- projection: accounts
create table account (id text primary key, email text);
-- on: AccountOpened
insert into account (id, email) values (@key, :email);
";

/// A line of a report: `chain     12:ab...`.
fn said(ran: &Ran, label: &str) -> String {
    let line = ran.stdout.lines().find(|line| line.starts_with(label));
    let line = line.unwrap_or_else(|| panic!("no {label} in {}", ran.stdout));
    line[label.len()..].trim().to_owned()
}

fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(dir).unwrap().map(Result::unwrap);
    let file = |entry: std::fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        (name, std::fs::read(entry.path()).unwrap())
    };
    entries.map(file).collect()
}

/// Appends events of about a kilobyte each, that do not pack.
fn fill(place: &Place, from: u64, count: u64) {
    let line = |number: u64| {
        let mut random = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut text = String::new();
        while text.len() < 1_000 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            text.push_str(&format!("{random:016x}"));
        }
        let event = json!({
            "id": number.to_string(),
            "source": "test",
            "type": "AccountOpened",
            "stream": format!("account/{number}"),
            "data": { "email": text },
        });
        format!("{event}\n")
    };
    let lines: String = (from..from + count).map(line).collect();
    place.run_with(&["import", "-d", "shop"], &lines).ok();
}

fn backup(place: &Place) -> Ran {
    place.run(["backup", "-d", "shop", place.path("copy").to_str().unwrap()])
}

fn restore(place: &Place, from: &str, name: &str) -> Ran {
    place.run(["restore", "-d", name, place.path(from).to_str().unwrap()])
}

/// What is exported of the first so many events.
fn exported(place: &Place, database: &str, count: usize) -> Vec<String> {
    let exported = place.run(["export", "-d", database]).ok();
    exported
        .stdout
        .lines()
        .take(count)
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_database_is_backed_up_under_load_and_restored_into_a_running_server() {
    let place = Place::new();
    let server = place.serve();
    place.run(["database", "create", "shop"]).ok();
    let file = place.file("accounts.sql", ACCOUNTS);
    place
        .run(["projection", "apply", "-d", "shop", file.to_str().unwrap()])
        .ok();
    fill(&place, 1, 500);
    let (stop, written) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let runtime = runtime();
    let url = format!("{}/v1/databases/shop/append", server.url);
    let load = {
        let (stop, written) = (stop.clone(), written.clone());
        runtime.spawn(async move {
            let http = http();
            while !stop.load(Ordering::SeqCst) {
                let event = json!({ "type": "Noted", "stream": "note/1", "data": {} });
                let body = json!({ "events": [event, event] }).to_string();
                let request = http.post(&url).header("content-type", "application/json");
                let answer = request.body(body).send().await.unwrap();
                assert!(answer.status().is_success());
                written.fetch_add(2, Ordering::SeqCst);
            }
        })
    };
    let mut chains = Vec::new();
    for round in 0..3 {
        let before = written.load(Ordering::SeqCst);
        while written.load(Ordering::SeqCst) == before {
            std::thread::yield_now();
        }
        let ran = backup(&place).ok();
        let (head, _) = said(&ran, "chain")
            .split_once(':')
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .unwrap();
        assert!(head.parse::<u64>().unwrap() >= 500 + before);
        let skipped = said(&ran, "skipped");
        assert_eq!(skipped.starts_with("0 segments"), round == 0, "{skipped}");
        assert!(!said(&ran, "sent").starts_with("0 "));
        chains.push(said(&ran, "chain"));
    }
    let chain = chains.pop().unwrap();
    let restored = restore(&place, "copy", "again").ok();
    assert_eq!(said(&restored, "chain"), chain);
    assert_eq!(said(&restored, "projections"), "1");
    stop.store(true, Ordering::SeqCst);
    runtime.block_on(load).unwrap();
    let verified = place.run(["verify", "-d", "again"]).ok();
    assert_eq!(said(&verified, "chain"), chain);
    let again = exported(&place, "again", usize::MAX);
    assert_eq!(again, exported(&place, "shop", again.len()));
    let count = "select count(*) as n, count(email) as m from account";
    let rows = place.run(["sql", "-d", "again", "-o", "json", count]).ok();
    assert_eq!(rows.json()[0], json!({ "n": 500, "m": 500 }));
    // Appends go on behind it, and a retry is remembered.
    fill(&place, 499, 4);
    let end = place
        .run(["append", "-d", "again", r#"{"type":"Ended"}"#])
        .ok();
    assert_eq!(end.json()[0]["first"], again.len() as u64 + 1);
    assert_eq!(server.terminate(), Some(0));
    // And without a server.
    restore(&place, "copy", "third").ok();
    assert_eq!(
        said(&place.run(["verify", "-d", "third"]).ok(), "chain"),
        chain
    );
}

#[test]
fn a_backup_that_is_there_stays_whole_when_the_next_one_is_killed() {
    let place = Place::new();
    let server = place.serve();
    place.run(["database", "create", "shop"]).ok();
    fill(&place, 1, 2_000);
    let chain = said(&backup(&place).ok(), "chain");
    let kept = files(&place.path("copy"));
    let mut killed = 0;
    for round in 0..8u64 {
        fill(&place, 2_001 + 1_000 * round, 1_000);
        let copy = place.path("copy");
        let mut command = place.command(["backup", "-d", "shop"]);
        let mut child = command
            .arg(&copy)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Until it has begun to write, and then a little more of it each time.
        while child.try_wait().unwrap().is_none() && files_that_are_new(&copy, &kept) <= round / 2 {
            std::thread::yield_now();
        }
        killed += u64::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        if std::fs::read(copy.join("backup")).unwrap() != kept["backup"] {
            break; // it was done, and the earlier one is gone as it should be
        }
        for (name, bytes) in &kept {
            assert_eq!(&std::fs::read(copy.join(name)).unwrap(), bytes, "{name}");
        }
    }
    assert!(killed > 0, "none was killed");
    if std::fs::read(place.path("copy/backup")).unwrap() == kept["backup"] {
        let restored = restore(&place, "copy", "earlier").ok();
        assert_eq!(said(&restored, "chain"), chain);
    }
    let last = said(&backup(&place).ok(), "chain");
    let left = files(&place.path("copy"));
    assert!(
        left.keys().all(|name| !name.ends_with("unnamed")),
        "{:?}",
        left.keys()
    );
    assert_eq!(said(&restore(&place, "copy", "later").ok(), "chain"), last);
    drop(server);
}

fn files_that_are_new(dir: &Path, kept: &BTreeMap<String, Vec<u8>>) -> u64 {
    let entries = std::fs::read_dir(dir).unwrap();
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter(|name| !kept.contains_key(name)).count() as u64
}

#[test]
fn damage_of_any_byte_of_a_backup_is_found() {
    let place = Place::new();
    let server = place.serve();
    place.run(["database", "create", "shop"]).ok();
    let file = place.file("accounts.sql", ACCOUNTS);
    place
        .run(["projection", "apply", "-d", "shop", file.to_str().unwrap()])
        .ok();
    fill(&place, 1, 40);
    backup(&place).ok();
    let copy = place.path("copy");
    for (name, bytes) in files(&copy) {
        let step = bytes.len() / 12;
        for at in (0..bytes.len())
            .step_by(step.max(1))
            .chain([bytes.len() - 1])
        {
            let mut changed = bytes.clone();
            changed[at] ^= 0x04;
            std::fs::write(copy.join(&name), &changed).unwrap();
            restore(&place, "copy", "bad").fails(1, &["not as it was written"]);
        }
        std::fs::write(copy.join(&name), &bytes[..bytes.len() - 1]).unwrap();
        restore(&place, "copy", "bad").fails(1, &["not as it was written"]);
        std::fs::remove_file(copy.join(&name)).unwrap();
        restore(&place, "copy", "bad").fails(1, &[]);
        std::fs::write(copy.join(&name), &bytes).unwrap();
    }
    assert!(!place.run(["database", "list"]).ok().stdout.contains("bad"));
    let databases = std::fs::read_dir(place.data().join("databases")).unwrap();
    assert_eq!(
        databases.count(),
        1,
        "nothing is left of what was not restored"
    );
    assert_eq!(
        std::fs::read_dir(place.data().join("restoring"))
            .unwrap()
            .count(),
        0
    );
    restore(&place, "copy", "good").ok();
    restore(&place, "copy", "good").fails(1, &["database_exists"]);
    drop(server);
}

#[test]
fn a_directory_of_something_else_is_refused() {
    let place = Place::new();
    let server = place.serve();
    place.run(["database", "create", "shop"]).ok();
    place.run(["database", "create", "other"]).ok();
    fill(&place, 1, 3);
    let copy = place.path("copy");
    backup(&place).ok();
    let kept = files(&copy);
    // Another log's.
    place
        .run(["backup", "-d", "other", copy.to_str().unwrap()])
        .fails(1, &["another log"]);
    assert_eq!(files(&copy), kept);
    // A directory of a log, which looks much the same.
    let databases = std::fs::read_dir(place.data().join("databases")).unwrap();
    for database in databases {
        let log = database.unwrap().path().join("log");
        let before = files(&log);
        let ran = place.run(["backup", "-d", "shop", log.to_str().unwrap()]);
        ran.fails(1, &["no directory of a backup"]);
        assert_eq!(files(&log), before);
    }
    let empty = place.path("empty");
    std::fs::create_dir(&empty).unwrap();
    restore(&place, "empty", "new").fails(1, &["there is no backup"]);
    restore(&place, "nowhere", "new").fails(1, &["there is no backup"]);
    let held = std::fs::File::open(&copy).unwrap();
    held.lock().unwrap();
    backup(&place).fails(1, &["in use"]);
    drop(held);
    backup(&place).ok();
    drop(server);
}

/// The data was put back from an older copy, as after a disk failed: the backup knows more.
#[test]
fn a_backup_is_never_replaced_by_an_older_or_another_history() {
    let place = Place::new();
    let data = |from: &str, to: &str| {
        let copied = std::process::Command::new("cp")
            .args(["-a", from, to])
            .status();
        assert!(copied.unwrap().success());
    };
    let (live, older) = (place.data(), place.path("older"));
    let (live, older) = (live.to_str().unwrap(), older.to_str().unwrap());
    place.run(["database", "create", "shop"]).ok();
    fill(&place, 1, 3);
    data(live, older);
    fill(&place, 4, 3);
    backup(&place).ok();
    let kept = files(&place.path("copy"));
    std::fs::remove_dir_all(live).unwrap();
    data(older, live);
    backup(&place).fails(1, &["position_ahead", "ends before", "stays as it is"]);
    assert_eq!(files(&place.path("copy")), kept);
    fill(&place, 100, 9);
    backup(&place).fails(1, &["chain_differs", "stays as it is"]);
    assert_eq!(files(&place.path("copy")), kept);
    restore(&place, "copy", "again").ok();
}

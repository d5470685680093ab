//! `kill -9` under load, again and again, while the log is sealed and merged: what was acknowledged
//! is there, exactly once.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use headwater_journal::{Manifest, SegmentName};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Place, Serve, http, runtime};

const WRITERS: u64 = 8;
/// So small that each life seals some of it.
const SMALL_TAIL: [&str; 2] = ["--tail-max", "64KiB"];

/// How often the server is killed; more often in the long mode of `./check`.
fn kills() -> u32 {
    match std::env::var_os("HEADWATER_LONG") {
        Some(_) => 1_000,
        None => 100,
    }
}

/// Where the server is now, and whether the writers go on.
struct Stage {
    url: Mutex<String>,
    stop: AtomicBool,
}

#[test]
fn kills_lose_nothing_and_repeat_nothing() {
    let place = Place::new();
    let server = place.serve_with(&SMALL_TAIL);
    place.run(["database", "create", "shop"]).ok();
    let stage = Arc::new(Stage {
        url: Mutex::new(server.url.clone()),
        stop: AtomicBool::new(false),
    });
    let runtime = runtime();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| runtime.spawn(write(writer, stage.clone())))
        .collect();
    let (server, interrupted) = kill_again_and_again(&place, server, &stage);
    stage.stop.store(true, Ordering::SeqCst);
    let mut acknowledged = HashMap::new();
    for writer in writers {
        acknowledged.extend(runtime.block_on(writer).unwrap());
    }
    assert!(
        acknowledged.len() > 10 * kills() as usize,
        "too little load"
    );
    assert!(
        interrupted.sealing > 0 && interrupted.merging > 0,
        "{interrupted:?}"
    );
    check_sealed(&place, acknowledged.len() as u64);
    check(&place, &acknowledged);
    place.run(["verify", "-d", "shop"]).ok();
    assert_eq!(server.terminate(), Some(0));
}

/// How many kills hit the server while it made a segment or was about to remove what one replaced.
#[derive(Debug, Default)]
struct Interrupted {
    sealing: u32,
    merging: u32,
}

/// Kills the server at moments that differ each time, and starts it on the same data. At two of three
/// it waits until a segment is being made, of the tail or of segments.
fn kill_again_and_again(place: &Place, mut server: Serve, stage: &Stage) -> (Serve, Interrupted) {
    let mut interrupted = Interrupted::default();
    for round in 0..kills() {
        std::thread::sleep(Duration::from_micros(
            u64::from(round * 7_919 % 100) * 2_500,
        ));
        wait_for_work(place, |work| match round % 3 {
            0 => true,
            1 => work.sealing > 0,
            _ => work.merging > 0,
        });
        server.kill();
        let work = work(place);
        interrupted.sealing += u32::from(work.sealing > 0);
        interrupted.merging += u32::from(work.merging > 0);
        server = place.serve_with(&SMALL_TAIL);
        *stage.url.lock().unwrap() = server.url.clone();
    }
    (server, interrupted)
}

/// Waits for work of this kind; not for long, if there is none.
fn wait_for_work(place: &Place, is_it: impl Fn(&Interrupted) -> bool) {
    let begun = Instant::now();
    while !is_it(&work(place)) && begun.elapsed() < Duration::from_secs(1) {
        std::thread::sleep(Duration::from_micros(100));
    }
}

/// Segments that are there, whole or in part, and that no manifest names: those behind its end come
/// of sealing, the others of merging.
fn work(place: &Place) -> Interrupted {
    let mut work = Interrupted::default();
    for manifest_path in files_named("manifest", &place.data()) {
        // What is read before the manifest may be named by it by then, and not the other way round.
        let names = names_in(manifest_path.parent().unwrap());
        let Some(manifest) = read_manifest(&manifest_path) else {
            continue;
        };
        let of_name = |name: &String| {
            let (range, _) = name.split_once(".segment")?;
            format!("{range}.segment").parse::<SegmentName>().ok()
        };
        for name in names.iter().filter_map(of_name) {
            let is_named = manifest.segment(name).is_some();
            let is_behind = name.first > manifest.end().position;
            work.sealing += u32::from(is_behind);
            work.merging += u32::from(!is_behind && !is_named);
        }
    }
    work
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
    entries
        .map(|entry| name(entry).to_string_lossy().into_owned())
        .collect()
}

fn read_manifest(path: &Path) -> Option<Manifest> {
    let bytes = std::fs::read(path).ok()?;
    Some(Manifest::decode(&bytes).ok()?.1)
}

/// Appends one after another, each until it is acknowledged; tells the position of each event.
async fn write(writer: u64, stage: Arc<Stage>) -> HashMap<Uuid, u64> {
    let http = http();
    let mut acknowledged = HashMap::new();
    for number in 0.. {
        if stage.stop.load(Ordering::SeqCst) {
            break;
        }
        let ids: Vec<Uuid> = (0..1 + number % 3)
            .map(|at| Uuid::from_u64_pair(writer, 4 * number + at))
            .collect();
        let body = body(writer, number, &ids).to_string();
        let first = until_acknowledged(&http, &stage, body).await;
        acknowledged.extend((first..).zip(ids).map(|(position, id)| (id, position)));
    }
    acknowledged
}

fn body(writer: u64, number: u64, ids: &[Uuid]) -> Value {
    let event = |id: &Uuid| {
        json!({
            "id": id,
            "type": "OrderPlaced",
            "stream": format!("order/{writer}"),
            "data": { "number": number },
        })
    };
    json!({ "events": ids.iter().map(event).collect::<Vec<_>>() })
}

/// The first position of the append, however often it had to be sent.
async fn until_acknowledged(http: &reqwest::Client, stage: &Stage, body: String) -> u64 {
    let begun = Instant::now();
    loop {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "no server answers"
        );
        let url = stage.url.lock().unwrap().clone();
        let sent = http
            .post(format!("{url}/v1/databases/shop/append"))
            .header("content-type", "application/json")
            .body(body.clone())
            .send()
            .await;
        match sent {
            Ok(answer) if answer.status().is_success() => {
                if let Ok(answer) = answer.json::<Value>().await {
                    return answer["first"].as_u64().unwrap();
                }
            }
            Ok(answer) if answer.status().is_client_error() => {
                panic!("{}", answer.text().await.unwrap())
            }
            _ => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

/// Every acknowledged event is where the acknowledgement said; there is no other; positions have
/// no gaps.
fn check(place: &Place, acknowledged: &HashMap<Uuid, u64>) {
    let read = place.run(["read", "-d", "shop", "--all"]).ok();
    let mut found = HashMap::new();
    for (position, event) in (1u64..).zip(read.json()) {
        assert_eq!(event["position"], position);
        let id: Uuid = event["id"].as_str().unwrap().parse().unwrap();
        assert_eq!(found.insert(id, position), None, "{id} is there twice");
    }
    assert_eq!(found.len(), acknowledged.len());
    for (id, position) in acknowledged {
        assert_eq!(found.get(id), Some(position), "{id}");
    }
}

/// Most of the log is in segments, and many of them were merged.
fn check_sealed(place: &Place, events: u64) {
    let manifests = files_named("manifest", &place.data());
    let decode = |path: PathBuf| Manifest::decode(&std::fs::read(path).unwrap()).unwrap().1;
    let largest = manifests.into_iter().map(decode);
    let largest = largest.max_by_key(|manifest| manifest.end().position);
    let manifest = largest.expect("a log was sealed");
    let level = manifest.segments.iter().map(|segment| segment.level).max();
    let sealed = manifest.end().position.0;
    assert!(sealed * 2 > events, "{sealed} of {events} events");
    assert!(level > Some(0), "nothing was merged");
}

fn files_named(name: &str, folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_named(name, &path));
        } else if path.file_name().is_some_and(|it| it == name) {
            found.push(path);
        }
    }
    found
}

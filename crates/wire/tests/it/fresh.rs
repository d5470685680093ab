//! Read your writes: a query after an append sees it, while others move the head.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::harness::TestServer;

const PAIRS: usize = 10_000;
const READERS: usize = 8;

const NOTES: &str = "-- projection: notes
create table note (id text primary key, count bigint not null);
-- on: Counted
insert into note (id, count) values (@key, @revision)
on conflict (id) do update set count = excluded.count;
";

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_appends_are_seen_by_the_query_after_them() {
    let server = Arc::new(TestServer::with_shop().await);
    let path = "/v1/databases/shop/projections/notes";
    server.put_sql(path, NOTES).await.ok(201);
    let done = Arc::new(AtomicBool::new(false));
    let others = (0..2).map(|_| tokio::spawn(move_the_head(server.clone(), done.clone())));
    let others: Vec<_> = others.collect();
    let readers = (0..READERS).map(|at| tokio::spawn(append_and_ask(server.clone(), at)));
    for reader in readers.collect::<Vec<_>>() {
        reader.await.unwrap();
    }
    done.store(true, Ordering::Relaxed);
    for other in others {
        assert!(other.await.unwrap() > 0, "the head moved meanwhile");
    }
}

async fn append_and_ask(server: Arc<TestServer>, at: usize) {
    let key = format!("reader-{at}");
    let event = json!({ "events": [{ "type": "Counted", "stream": format!("note/{key}") }] });
    let question = json!({ "sql": "select count from note where id = $1", "params": [key] });
    for written in 1..=PAIRS / READERS {
        let appended = server.append("shop", &event).await.ok(201);
        let answer = server.sql("shop", &question).await.ok(200);
        assert_eq!(answer["rows"], json!([[written]]), "{answer}");
        assert!(answer["position"].as_u64() >= appended["last"].as_u64());
    }
}

async fn move_the_head(server: Arc<TestServer>, done: Arc<AtomicBool>) -> usize {
    let events = json!({ "events": [
        { "type": "Counted", "stream": "note/other" },
        { "type": "Noise" },
    ]});
    let mut count = 0;
    while !done.load(Ordering::Relaxed) {
        server.append("shop", &events).await.ok(201);
        count += 1;
    }
    count
}

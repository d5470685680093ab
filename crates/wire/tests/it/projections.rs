//! Projections: applied, changed, failed, skipped, removed.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{PATIENCE, TestServer};

const PATH: &str = "/v1/databases/shop/projections/notes";

const NOTES: &str = "-- projection: notes
create table note (id bigint primary key, text text not null);
-- on: Noted
insert into note (id, text) values (@position, :text);
";

const LONGER: &str = "-- projection: notes
create table note (id bigint primary key, text text not null, kind text not null);
-- on: Noted
insert into note (id, text, kind) values (@position, :text, @type);
";

/// Asks until the status is as wanted.
async fn wait(server: &TestServer, wanted: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let status = server.get(PATH).await.ok(200);
        if wanted(&status) {
            return status;
        }
        assert!(begun.elapsed() < PATIENCE, "{status}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_projection_is_applied_once_and_changed_beside_itself() {
    let server = TestServer::with_shop().await;
    server.note("shop", 50).await;
    let status = server.put_sql(PATH, NOTES).await.ok(201);
    assert_eq!(status["name"], "notes");
    assert_eq!(status["tables"], json!(["note"]));
    assert_eq!(status["types"], json!(["Noted"]));
    assert_eq!(status["version"].as_str().unwrap().len(), 16);
    let live = wait(&server, |status| {
        status["state"] == "live" && status["lag"] == 0
    })
    .await;
    assert_eq!(live["definition"], NOTES);
    server.put_sql(PATH, NOTES).await.ok(200);

    server.put_sql(PATH, LONGER).await.ok(202);
    let version = live["version"].clone();
    let switched = wait(&server, |status| status["version"] != version).await;
    assert_eq!(switched["position"], 50);
    let body = json!({ "sql": "select count(*), min(kind) from note" });
    assert_eq!(
        server.sql("shop", &body).await.ok(200)["rows"],
        json!([[50, "Noted"]])
    );

    let list = server.get("/v1/databases/shop/projections").await.ok(200);
    assert_eq!(list["projections"].as_array().unwrap().len(), 1);
    assert_eq!(
        server.get("/v1/databases/shop").await.ok(200)["projections"],
        1
    );
}

#[tokio::test]
async fn a_removed_projection_takes_its_tables_along() {
    let server = TestServer::with_shop().await;
    server.put_sql(PATH, NOTES).await.ok(201);
    server.delete(PATH).await.ok(204);
    server.delete(PATH).await.problem(404, "unknown_projection");
    server.get(PATH).await.problem(404, "unknown_projection");
    let body = json!({ "sql": "select * from note" });
    let problem = server.sql("shop", &body).await.problem(400, "sql_error");
    assert_eq!(problem["sqlstate"], "42P01");
}

#[tokio::test]
async fn a_failed_projection_names_its_event_and_goes_on_when_it_is_skipped() {
    let server = TestServer::with_shop().await;
    server.put_sql(PATH, NOTES).await.ok(201);
    let bad = json!({ "events": [
        { "type": "Noted", "data": { "text": "fine" } },
        { "type": "Noted", "data": { "tekst": "wrong" } },
        { "type": "Noted", "data": { "text": "fine too" } },
    ]});
    server.append("shop", &bad).await.ok(201);
    let count = json!({ "sql": "select count(*) from note" });
    let problem = server
        .sql("shop", &count)
        .await
        .problem(503, "projection_failed");
    assert!(
        problem["detail"].as_str().unwrap().contains("notes"),
        "{problem}"
    );
    let status = wait(&server, |status| status["state"] == "failed").await;
    assert_eq!(status["failure"]["position"], 2);
    assert_eq!(status["failure"]["type"], "Noted");
    assert_eq!(status["failure"]["line"], 4);
    assert!(
        status["failure"]["message"]
            .as_str()
            .unwrap()
            .contains("text"),
        "{status}"
    );

    // Appends, and queries of other tables, go on.
    server.note("shop", 1).await;
    let log = json!({ "sql": "select count(*) from event" });
    assert_eq!(server.sql("shop", &log).await.ok(200)["rows"], json!([[4]]));

    let skip = format!("{PATH}/skip");
    let other = json!({ "position": 1, "reason": "no" });
    server.post(&skip, &other).await.problem(409, "not_failed");
    let right = json!({ "position": 2, "reason": "a slip of the deploy of Monday" });
    server.post(&skip, &right).await.ok(200);
    assert_eq!(
        server.sql("shop", &count).await.ok(200)["rows"],
        json!([[3]])
    );
    let status = wait(&server, |status| status["state"] == "live").await;
    assert_eq!(
        status["skipped"],
        json!([{ "position": 2, "reason": right["reason"] }])
    );
}

#[tokio::test]
async fn what_was_decided_is_recorded_and_outlives_the_read_models() {
    let server = TestServer::with_shop().await;
    server.put_sql(PATH, NOTES).await.ok(201);
    server.note("shop", 5).await;
    let count = json!({ "sql": "select count(*) from note" });
    assert_eq!(
        server.sql("shop", &count).await.ok(200)["rows"],
        json!([[5]])
    );
    let page = server
        .get("/v1/databases/_system/events?tag=projection:notes")
        .await
        .ok(200);
    assert_eq!(page["events"][0]["type"], "ProjectionApplied");
    assert_eq!(page["events"][0]["data"]["definition"], NOTES);

    let models = server.place("shop").join("projections");
    let directory = server.stop().await;
    assert!(models.exists());
    std::fs::remove_dir_all(models).unwrap();
    let server = TestServer::over(directory, Default::default(), Default::default()).await;
    assert_eq!(
        server.sql("shop", &count).await.ok(200)["rows"],
        json!([[5]])
    );
}

#[tokio::test]
async fn a_file_that_is_not_well_formed_says_where() {
    let server = TestServer::with_shop().await;
    let text = NOTES.replace("bigint", "bigword");
    let problem = server
        .put_sql(PATH, &text)
        .await
        .problem(400, "bad_projection");
    assert_eq!(problem["line"], 2);
    let other = NOTES.replace("projection: notes", "projection: other");
    let problem = server
        .put_sql(PATH, &other)
        .await
        .problem(400, "bad_projection");
    assert_eq!(problem["field"], "name");
    server.put_sql(PATH, NOTES).await.ok(201);
    let path = "/v1/databases/shop/projections/more";
    let same_table = NOTES.replace("projection: notes", "projection: more");
    server
        .put_sql(path, &same_table)
        .await
        .problem(409, "table_exists");
}

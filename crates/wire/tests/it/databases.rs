//! Making, listing, showing and deleting databases; names; what `_system` tells.

use reqwest::Method;
use serde_json::json;

use crate::harness::{TestServer, send};

#[tokio::test]
async fn a_database_is_made_listed_shown_and_deleted() {
    let server = TestServer::start().await;
    let made = server.create("shop").await;
    assert_eq!(made["name"], "shop");
    assert_eq!(made["state"], "asleep");
    server.note("shop", 3).await;

    let listed = server.get("/v1/databases").await.ok(200);
    assert_eq!(listed["databases"].as_array().unwrap().len(), 1);
    assert_eq!(listed["databases"][0]["id"], made["id"]);
    assert_eq!(listed["databases"][0]["head"], 3);

    let shown = server.get("/v1/databases/shop").await.ok(200);
    assert_eq!(shown["state"], "awake");
    assert_eq!(shown["events"], 3);
    assert_eq!(shown["appends"], 1);
    assert_eq!(shown["projections"], 0);
    assert_eq!(shown["chain"].as_str().unwrap().len(), 64);

    let place = server.place("shop");
    assert!(place.exists());
    server.delete("/v1/databases/shop").await.ok(204);
    assert!(!place.exists());
    server
        .get("/v1/databases/shop")
        .await
        .problem(404, "unknown_database");
    server
        .delete("/v1/databases/shop")
        .await
        .problem(404, "unknown_database");

    let again = server.create("shop").await;
    assert_ne!(again["id"], made["id"]);
    let page = server.get("/v1/databases/shop/events").await.ok(200);
    assert_eq!(page["events"], json!([]));
}

#[tokio::test]
async fn a_name_is_given_once_however_many_ask_at_the_same_time() {
    let server = TestServer::start().await;
    let body = json!({ "name": "shop" });
    let asked = (0..16).map(|_| server.post("/v1/databases", &body));
    let replies = futures::future::join_all(asked).await;
    let made = replies.iter().filter(|reply| reply.status == 201).count();
    assert_eq!(made, 1);
    for reply in replies.into_iter().filter(|reply| reply.status != 201) {
        reply.problem(409, "database_exists");
    }
    let directories = std::fs::read_dir(server.root().join("databases")).unwrap();
    assert_eq!(
        directories.count(),
        1,
        "those that lost leave nothing behind"
    );
}

#[tokio::test]
async fn databases_are_there_after_a_restart() {
    let server = TestServer::start().await;
    let shop = server.create("shop").await;
    server.create("gone").await;
    server.note("shop", 2).await;
    server.delete("/v1/databases/gone").await.ok(204);
    let directory = server.stop().await;

    let server = TestServer::over(directory, Default::default(), Default::default()).await;
    let listed = server.get("/v1/databases").await.ok(200);
    assert_eq!(listed["databases"].as_array().unwrap().len(), 1);
    assert_eq!(listed["databases"][0]["id"], shop["id"]);
    assert_eq!(listed["databases"][0]["state"], "asleep");
    let page = server.get("/v1/databases/shop/events").await.ok(200);
    assert_eq!(page["head"], 2);
    assert_eq!(page["log_id"], shop["log_id"]);
}

#[tokio::test]
async fn the_number_of_partitions_is_set_kept_and_bounded() {
    let server = TestServer::start().await;
    assert_eq!(server.create("shop").await["partitions"], 8);
    server.create("bank").await;
    let set = async |server: &TestServer, name: &str, body: &serde_json::Value| {
        let request = server.request(Method::PUT, &format!("/v1/databases/{name}/settings"));
        send(request.json(body)).await
    };
    let sixteen = json!({ "partitions": 16 });
    let answered = set(&server, "shop", &sixteen).await.ok(200);
    assert_eq!(answered["partitions"], 16);
    for count in [json!(0), json!(257), json!(u32::MAX)] {
        let refused = set(&server, "shop", &json!({ "partitions": count })).await;
        let problem = refused.problem(400, "bad_partitions");
        assert_eq!(problem["field"], "partitions");
        assert_eq!(problem["expected"], "a number from 1 to 256");
    }
    for body in [
        json!({}),
        json!({ "partitions": "8" }),
        json!({ "partitions": 8, "more": 1 }),
    ] {
        set(&server, "shop", &body)
            .await
            .problem(400, "bad_request");
    }
    set(&server, "none", &sixteen)
        .await
        .problem(404, "unknown_database");
    set(&server, "_system", &sixteen)
        .await
        .problem(403, "system_database");
    let recorded = server
        .get("/v1/databases/_system/events?type=SettingsChanged")
        .await;
    let recorded = recorded.ok(200);
    assert_eq!(recorded["events"].as_array().unwrap().len(), 1);
    set(&server, "shop", &sixteen).await.ok(200);
    let shown = server.get("/v1/databases/shop").await.ok(200);
    assert_eq!(shown["partitions"], 16);
    let directory = server.stop().await;

    let server = TestServer::over(directory, Default::default(), Default::default()).await;
    let listed = server.get("/v1/databases").await.ok(200);
    let of = |at: usize| {
        (
            &listed["databases"][at]["name"],
            &listed["databases"][at]["partitions"],
        )
    };
    assert_eq!(of(0), (&json!("bank"), &json!(8)));
    assert_eq!(of(1), (&json!("shop"), &json!(16)));
    server.delete("/v1/databases/shop").await.ok(204);
    assert_eq!(server.create("shop").await["partitions"], 8, "another one");
}

#[tokio::test]
async fn files_of_a_deleted_database_are_removed_at_the_next_start() {
    let server = TestServer::with_shop().await;
    let place = server.place("shop");
    server.delete("/v1/databases/shop").await.ok(204);
    let directory = server.stop().await;
    std::fs::create_dir_all(place.join("log")).unwrap(); // as if the process had ended before

    let server = TestServer::over(directory, Default::default(), Default::default()).await;
    assert!(!place.exists());
    server.stop().await;
}

#[tokio::test]
async fn system_can_be_read_and_not_written() {
    let server = TestServer::with_shop().await;
    let page = server
        .get("/v1/databases/_system/events?tag=name:shop")
        .await
        .ok(200);
    assert_eq!(page["events"][0]["type"], "DatabaseCreated");
    assert_eq!(page["events"][0]["data"]["name"], "shop");
    let counted = json!({ "sql": "select count(*) from event" });
    let rows = server.sql("_system", &counted).await.ok(200);
    assert_eq!(rows["rows"], json!([[1]]));

    let event = json!({ "events": [{ "type": "DatabaseDeleted" }] });
    server
        .append("_system", &event)
        .await
        .problem(403, "system_database");
    server
        .delete("/v1/databases/_system")
        .await
        .problem(403, "system_database");
    let name = json!({ "name": "_system" });
    server
        .post("/v1/databases", &name)
        .await
        .problem(403, "system_database");
    let path = "/v1/databases/_system/projections/a";
    server
        .put_sql(path, "-- projection: a")
        .await
        .problem(403, "system_database");
}

#[tokio::test]
async fn a_log_that_is_verified_says_so() {
    let server = TestServer::with_shop().await;
    server.note("shop", 10).await;
    let reply = server.post("/v1/databases/shop/verify", &json!(null)).await;
    reply.problem(400, "bad_request"); // it takes no body
    let request = server.request(reqwest::Method::POST, "/v1/databases/shop/verify");
    let lines = crate::harness::send(request).await.lines();
    let verified = &lines.last().unwrap()["verified"];
    assert_eq!(verified["events"], 10);
    let shown = server.get("/v1/databases/shop").await.ok(200);
    assert_eq!(verified["chain"], shown["chain"]);
    assert!(lines[0]["progress"]["head"].is_number());
}

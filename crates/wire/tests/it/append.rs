//! Appending: what is answered when it is written, repeated or in conflict.

use serde_json::json;

use crate::harness::{TestServer, send};

const ID: &str = "01929b9e-7a54-7cc3-a1d7-2a7c5f3a9d10";

#[tokio::test]
async fn an_append_answers_where_it_stands() {
    let server = TestServer::with_shop().await;
    let body = json!({ "events": [
        { "type": "AccountOpened", "stream": "account/ada", "data": { "email": "ada@example.org" } },
        { "type": "OrderPlaced", "stream": "order/1", "tags": ["customer:ada"] },
        { "type": "AccountOpened", "stream": "account/ada" },
        { "type": "Seen" },
    ]});
    let answer = server.append("shop", &body).await.ok(201);
    assert_eq!((&answer["first"], &answer["last"]), (&json!(1), &json!(4)));
    assert_eq!(
        answer["revisions"],
        json!({ "account/ada": 2, "order/1": 1 })
    );
    assert_eq!(answer["repeated"], false);
    let shown = server.get("/v1/databases/shop").await.ok(200);
    assert_eq!(answer["log_id"], shown["log_id"]);
}

#[tokio::test]
async fn a_retry_is_not_a_second_append() {
    let server = TestServer::with_shop().await;
    let body = json!({ "events": [{ "id": ID, "type": "Noted", "data": 1 }] });
    let first = server.append("shop", &body).await.ok(201);
    server.note("shop", 1).await;
    let again = server.append("shop", &body).await.ok(200);
    assert_eq!(again["repeated"], true);
    assert_eq!(again["first"], first["first"]);

    let other = json!({ "events": [{ "id": ID, "type": "Noted", "data": 2 }] });
    let problem = server
        .append("shop", &other)
        .await
        .problem(409, "id_reused");
    assert_eq!(problem["id"], ID);
    assert_eq!(problem["event"]["position"], 1);
    assert_eq!(
        server.get("/v1/databases/shop/events").await.ok(200)["head"],
        2
    );
}

#[tokio::test]
async fn a_conflict_names_the_event_in_the_way() {
    let server = TestServer::with_shop().await;
    let open = json!({
        "events": [{ "type": "AccountOpened", "stream": "account/ada", "tags": ["email:a"] }],
        "expected_revisions": { "account/ada": "none" },
    });
    server.append("shop", &open).await.ok(201);
    let problem = server
        .append("shop", &open)
        .await
        .problem(409, "revision_conflict");
    assert_eq!(problem["stream"], "account/ada");
    assert_eq!(problem["expected"], "none");
    assert_eq!(problem["found"], "1");
    assert_eq!(problem["event"]["position"], 1);
    assert_eq!(problem["event"]["type"], "AccountOpened");
    assert_eq!(problem["event"]["revision"], 1);
    assert!(problem["detail"].as_str().unwrap().contains("account/ada"));

    let claim = json!({
        "events": [{ "type": "AccountOpened", "stream": "account/eve", "tags": ["email:a"] }],
        "fail_if_events_match": [{ "types": ["AccountOpened"], "tags": ["email:a"] }],
        "after": 0,
    });
    let problem = server
        .append("shop", &claim)
        .await
        .problem(409, "boundary_conflict");
    assert_eq!(problem["after"], 0);
    assert_eq!(problem["event"]["stream"], "account/ada");

    let mut later = claim;
    later["after"] = json!(1);
    assert_eq!(server.append("shop", &later).await.ok(201)["first"], 2);
}

#[tokio::test]
async fn what_is_refused_writes_nothing_of_it() {
    let server = TestServer::with_shop().await;
    let body = json!({ "events": [{ "type": "Fine" }, { "type": "" }] });
    let problem = server.append("shop", &body).await.problem(400, "bad_name");
    assert_eq!(problem["field"], "events[1].type");
    assert_eq!(
        server.get("/v1/databases/shop/events").await.ok(200)["head"],
        0
    );
}

#[tokio::test]
async fn data_comes_back_as_it_was_given() {
    let server = TestServer::with_shop().await;
    let text = r#"{"events":[
        {"type":"A","data":{"b":1.10,  "a":[1.0e2, "\u00e4"]},"metadata":{"actor":"ada"}},
        {"type":"B","content_type":"image/png","data_base64":"AAH/"},
        {"id":"7","source":"old","type":"C","occurred_at":"1999-12-31T23:59:59+01:00"}]}"#;
    let request = server.request(reqwest::Method::POST, "/v1/databases/shop/append");
    send(request.body(text)).await.ok(201);
    let page = server.get("/v1/databases/shop/events").await;
    assert!(
        page.text
            .contains(r#""data":{"b":1.10,  "a":[1.0e2, "\u00e4"]}"#),
        "{}",
        page.text
    );
    let events = page.ok(200)["events"].clone();
    assert_eq!(events[0]["metadata"], json!({ "actor": "ada" }));
    assert_eq!(events[1]["data_base64"], "AAH/");
    assert_eq!(events[1]["content_type"], "image/png");
    assert_eq!(
        events[2]["metadata"],
        json!({ "source": "old", "source_id": "7" })
    );
    assert_eq!(events[2]["occurred_at"], "1999-12-31T22:59:59.000000Z");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_at_one_stream_win_one_after_the_other() {
    let server = TestServer::with_shop().await;
    let body = |expected: usize| {
        json!({
            "events": [{ "type": "Counted", "stream": "counter/1" }],
            "expected_revisions": { "counter/1": expected },
        })
    };
    for round in 0..8 {
        let (server, body) = (&server, body(round));
        let racing = (0..16).map(|_| server.append("shop", &body));
        let replies = futures::future::join_all(racing).await;
        let won = replies.iter().filter(|reply| reply.status == 201).count();
        assert_eq!(won, 1, "round {round}");
    }
    assert_eq!(
        server.get("/v1/databases/shop/events").await.ok(200)["head"],
        8
    );
}

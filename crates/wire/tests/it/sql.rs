//! Queries: forms of answers, parameters, positions, the past, limits.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{TestServer, send};

const ACCOUNTS: &str = "-- projection: accounts
create table account (id text primary key, email text not null, opened timestamptz not null);
-- on: AccountOpened
insert into account (id, email, opened) values (@key, :email, @recorded_at);
-- on: EmailChanged
update account set email = :email where id = @key;
";

/// Two accounts, one of which has changed its email at position 3.
async fn accounts() -> TestServer {
    let server = TestServer::with_shop().await;
    server
        .put_sql("/v1/databases/shop/projections/accounts", ACCOUNTS)
        .await
        .ok(201);
    let body = json!({ "events": [
        { "type": "AccountOpened", "stream": "account/ada", "data": { "email": "ada@old" } },
        { "type": "AccountOpened", "stream": "account/bob", "data": { "email": "bob@old" } },
        { "type": "EmailChanged", "stream": "account/ada", "data": { "email": "ada@new" } },
    ]});
    server.append("shop", &body).await.ok(201);
    server
}

async fn rows(server: &TestServer, body: Value) -> Value {
    server.sql("shop", &body).await.ok(200)["rows"].clone()
}

#[tokio::test]
async fn an_answer_has_columns_rows_and_a_position() {
    let server = accounts().await;
    let sql = "select id, email from account where id = $1";
    let answer = server
        .sql("shop", &json!({ "sql": sql, "params": ["ada"] }))
        .await
        .ok(200);
    let columns = json!([{ "name": "id", "type": "text" }, { "name": "email", "type": "text" }]);
    assert_eq!(answer["columns"], columns);
    assert_eq!(answer["rows"], json!([["ada", "ada@new"]]));
    assert_eq!(answer["position"], 3);
    assert_eq!(answer["consistency"], "fresh");
    let page = server.get("/v1/databases/shop/events").await.ok(200);
    assert_eq!(answer["log_id"], page["log_id"]);
}

#[tokio::test]
async fn rows_come_as_lines_too() {
    let server = accounts().await;
    let request = server.request(Method::POST, "/v1/databases/shop/sql");
    let body = json!({ "sql": "select id from account order by id" });
    let reply = send(request.header("accept", "application/x-ndjson").json(&body)).await;
    let lines = reply.lines();
    assert_eq!(lines[0]["columns"][0]["name"], "id");
    assert_eq!(lines[0]["position"], 3);
    assert_eq!(
        lines[1..],
        [json!(["ada"]), json!(["bob"]), json!({ "rows": 2 })]
    );
}

#[tokio::test]
async fn the_past_is_asked_by_position_and_by_time() {
    let server = accounts().await;
    let sql = "select email from account where id = 'ada'";
    assert_eq!(
        rows(&server, json!({ "sql": sql, "at": 2 })).await,
        json!([["ada@old"]])
    );
    assert_eq!(
        rows(&server, json!({ "sql": sql, "at": 0 })).await,
        json!([])
    );
    let time = "1999-01-01T00:00:00Z";
    assert_eq!(
        rows(&server, json!({ "sql": sql, "at": time })).await,
        json!([])
    );
    let ahead = json!({ "sql": sql, "at": 4 });
    server
        .sql("shop", &ahead)
        .await
        .problem(400, "position_ahead");
}

#[tokio::test]
async fn the_log_is_a_table() {
    let server = accounts().await;
    let sql = "select position, type, key from event where category = 'account' and position > 1 order by position";
    let expected = json!([[2, "AccountOpened", "bob"], [3, "EmailChanged", "ada"]]);
    assert_eq!(rows(&server, json!({ "sql": sql })).await, expected);
}

#[tokio::test]
async fn a_refused_statement_says_where_and_why() {
    let server = accounts().await;
    let body = json!({ "sql": "select nothing from account" });
    let problem = server.sql("shop", &body).await.problem(400, "sql_error");
    assert_eq!(problem["sqlstate"], "42703");
    assert_eq!(problem["sql_position"], 8);
    let body = json!({ "sql": "delete from account" });
    let problem = server.sql("shop", &body).await.problem(400, "sql_error");
    assert!(problem["sqlstate"].is_string());
    assert_eq!(
        rows(&server, json!({ "sql": "select count(*) from account" })).await,
        json!([[2]])
    );
}

#[tokio::test]
async fn what_takes_too_long_or_too_much_is_ended() {
    let server = accounts().await;
    let endless =
        "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n";
    let body = json!({ "sql": endless, "timeout_ms": 200 });
    let problem = server.sql("shop", &body).await.problem(400, "sql_error");
    assert_eq!(problem["sqlstate"], "57014");
    let body = json!({ "sql": "select id from account", "max_rows": 1 });
    server.sql("shop", &body).await.problem(413, "too_large");
}

#[tokio::test]
async fn a_position_that_does_not_come_is_waited_for_until_the_deadline() {
    let server = accounts().await;
    let body = json!({ "sql": "select 1", "wait_for": 9, "timeout_ms": 200 });
    server.sql("shop", &body).await.problem(503, "deadline");
    let body = json!({ "sql": "select count(*) from account", "wait_for": 4 });
    let (answer, _) = tokio::join!(server.sql("shop", &body), server.note("shop", 1));
    assert_eq!(answer.ok(200)["position"], 4);
}

#[tokio::test]
async fn an_eventual_answer_says_which_position_it_has() {
    let server = accounts().await;
    let body = json!({ "sql": "select count(*) from account", "consistency": "eventual" });
    let answer = server.sql("shop", &body).await.ok(200);
    assert!(answer["position"].as_u64().unwrap() <= 3);
    assert_eq!(answer["consistency"], "eventual");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_ends_its_query() {
    let limits = headwater_wire::Limits {
        reads_max: 1,
        ..Default::default()
    };
    let server = TestServer::with(Default::default(), limits).await;
    server.create("shop").await;
    let endless =
        "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n";
    let body = json!({ "sql": endless, "timeout_ms": 60000 });
    let request = server
        .request(Method::POST, "/v1/databases/shop/sql")
        .json(&body);
    let gone = request
        .timeout(std::time::Duration::from_millis(300))
        .send()
        .await;
    assert!(gone.unwrap_err().is_timeout());
    // The only turn is free again, long before the query would have ended by itself.
    assert_eq!(
        rows(&server, json!({ "sql": "select 1" })).await,
        json!([[1]])
    );
}

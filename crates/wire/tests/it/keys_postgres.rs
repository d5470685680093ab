//! Keys over PostgreSQL's protocol: who may do what, and what happens to those who may not.

use std::time::Instant;

use reqwest::Method;
use serde_json::json;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls};

use crate::harness::{PATIENCE, TestServer, send};
use crate::keys::Needs::{self, Here};
use crate::keys::Role::{Read, Write};
use crate::keys::{all_keys, changed, guarded, make, pauses};

/// Statements, and what they need: what a person expects.
const STATEMENTS: &[(&str, Needs)] = &[
    ("select 1", Here(Read)),
    ("select count(*) from event", Here(Read)),
    ("explain select count(*) from event", Here(Read)),
    (
        "copy (select position from event limit 0) to stdout",
        Here(Read),
    ),
    ("listen account; unlisten *", Here(Read)),
    ("show headwater.position", Here(Read)),
    ("begin; commit", Here(Read)),
    (
        "begin; declare c cursor for select count(*) from event; fetch 1 from c; close c; commit",
        Here(Read),
    ),
    (
        "begin; set transaction read only; savepoint s; select 1; rollback to savepoint s; \
         release savepoint s; rollback",
        Here(Read),
    ),
    (
        "prepare p as select count(*) from event; execute p; deallocate p",
        Here(Read),
    ),
    (
        "set headwater.consistency = 'eventual'; reset headwater.consistency",
        Here(Read),
    ),
    ("discard all", Here(Read)),
    (
        "insert into event (stream, type, data) values ('a/1', 'Noted', '{}')",
        Here(Write),
    ),
    (
        "begin; insert into event (stream, type, data) values ('a/1', 'Noted', '{}'); commit",
        Here(Write),
    ),
];

/// The two ways a client has to send a statement.
#[derive(Clone, Copy, Debug)]
enum Protocol {
    Simple,
    Extended,
}

impl Protocol {
    /// Sends the statements of a text; the first that fails is the last. Prepared ones are described
    /// before they run, one after the other.
    async fn run(self, client: &Client, text: &str) -> Result<(), tokio_postgres::Error> {
        match self {
            Protocol::Simple => match client.batch_execute(text).await {
                // It is answered with rows, for which this client asks by the other protocol alone.
                Err(error) if text.starts_with("copy") && error.code().is_none() => Ok(()),
                told => told,
            },
            Protocol::Extended => {
                for statement in text.split("; ") {
                    let prepared = client.prepare(statement).await?;
                    if statement.starts_with("copy") {
                        let rows = client.copy_out(&prepared).await?;
                        let _: Vec<_> = futures::TryStreamExt::try_collect(rows).await?;
                    } else {
                        client.execute(&prepared, &[]).await?;
                    }
                }
                Ok(())
            }
        }
    }
}

fn in_both_protocols() -> impl Iterator<Item = (&'static (&'static str, Needs), Protocol)> {
    let protocols = [Protocol::Simple, Protocol::Extended];
    let each = STATEMENTS.iter();
    each.flat_map(move |statement| protocols.map(|protocol| (statement, protocol)))
}

fn config(server: &TestServer, user: &str, key: &str, database: &str) -> Config {
    let address = server.postgres();
    let mut config = Config::new();
    config
        .host(address.ip().to_string())
        .port(address.port())
        .user(user)
        .password(key)
        .dbname(database)
        .connect_timeout(PATIENCE);
    config
}

async fn connect(config: &Config) -> Result<Client, SqlState> {
    let told = |error: tokio_postgres::Error| error.code().cloned().unwrap_or(SqlState::WARNING);
    let (client, connection) = config.connect(NoTls).await.map_err(told)?;
    tokio::spawn(connection);
    Ok(client)
}

#[tokio::test]
async fn each_key_opens_what_the_table_says_and_nothing_else() {
    let (server, root) = guarded().await;
    for key in all_keys(&server, &root).await {
        for on in ["shop", "_system"] {
            let of = key.of.as_deref();
            let connected = connect(&config(&server, &key.name, &key.text, on)).await;
            let client = match (connected, Here(Read).are_met(key.role, of, on)) {
                (Ok(client), true) => client,
                (Err(code), false) => {
                    assert_eq!(code, SqlState::INSUFFICIENT_PRIVILEGE, "{}", key.name);
                    continue;
                }
                (connected, met) => panic!("{} on {on}: {met}, {connected:?}", key.name),
            };
            for ((statement, needs), protocol) in in_both_protocols() {
                let told = protocol.run(&client, statement).await;
                let code = told.err().map(|error| {
                    let code = error.code().cloned();
                    code.unwrap_or_else(|| panic!("{statement} by {protocol:?}: {error:?}"))
                });
                let met = needs.are_met(key.role, of, on);
                let expected = match (met, on, needs) {
                    // Whoever may: nobody appends to the node's own log.
                    (true, "_system", Here(Write)) => Some(SqlState::READ_ONLY_SQL_TRANSACTION),
                    (true, ..) => None,
                    (false, ..) => Some(SqlState::INSUFFICIENT_PRIVILEGE),
                };
                assert_eq!(
                    code, expected,
                    "{statement} on {on} with {} by {protocol:?}",
                    key.name
                );
                client.batch_execute("rollback").await.unwrap();
            }
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn without_a_key_or_with_a_wrong_one_nothing_is_done_and_nothing_wakes() {
    let (server, root) = guarded().await;
    let changed = changed(&root);
    let begun = Instant::now();
    for (user, key) in [
        ("root", "x"),
        ("root", &*changed),
        ("till", &*root),
        ("root", ""),
    ] {
        for how in ["scram", "password"] {
            let mut config = config(&server, user, key, "shop");
            config.options(format!("-c headwater.sign_in={how}"));
            let code = connect(&config).await.unwrap_err();
            // A client that has no password gives up by itself.
            let expected = match key {
                "" => [SqlState::INVALID_PASSWORD, SqlState::WARNING],
                _ => [SqlState::INVALID_PASSWORD, SqlState::INVALID_PASSWORD],
            };
            assert!(expected.contains(&code), "{user} {key} {how}: {code:?}");
        }
    }
    assert!(begun.elapsed() >= pauses(6), "each is told later");
    let mut unknown = config(&server, "root", &root, "shop");
    unknown.options("-c headwater.sign_in=md5");
    let code = connect(&unknown).await.unwrap_err();
    assert_eq!(code, SqlState::INVALID_PARAMETER_VALUE);

    let metrics = send(server.request(Method::GET, "/metrics").bearer_auth(&root))
        .await
        .text;
    let refused = metrics
        .lines()
        .find(|line| line.contains("keys_refused_total{protocol=\"postgres\"}"));
    let refused = refused.and_then(|line| line.rsplit(' ').next()?.parse::<u32>().ok());
    assert!(refused >= Some(6), "{metrics}");
    assert!(metrics.contains("\nheadwater_wakes_total 0\n"));
    server.stop().await;
}

#[tokio::test]
async fn the_name_of_the_key_is_the_user_and_the_actor() {
    let (server, root) = guarded().await;
    let till = json!({ "name": "till-3", "role": "write", "database": "shop" });
    let till = make(&server, &root, &till).await;
    for how in ["scram", "password"] {
        let mut config = config(&server, "till-3", &till, "shop");
        let client = connect(config.options(format!("-c headwater.sign_in={how}")))
            .await
            .unwrap();
        let row = client
            .query_one("select current_user::text", &[])
            .await
            .unwrap();
        assert_eq!(row.get::<_, &str>(0), "till-3");
        let insert = "insert into event (stream, type, data) values ('a/1', 'Noted', '{}')";
        client.execute(insert, &[]).await.unwrap();
        let forged = "insert into event (type, metadata) values ('Noted', '{\"actor\": \"root\"}')";
        let error = client.execute(forged, &[]).await.unwrap_err();
        let words = error.as_db_error().unwrap().message();
        assert!(words.contains("actor"), "{words}");
    }
    let read = server.request(Method::GET, "/v1/databases/shop/events");
    let page = send(read.bearer_auth(&till)).await.ok(200);
    for event in page["events"].as_array().unwrap() {
        assert_eq!(event["metadata"]["actor"], "till-3");
    }
    let listed = server.request(Method::GET, "/v1/keys").bearer_auth(&root);
    let listed = send(listed).await.ok(200);
    assert!(listed["keys"][1]["used_at"].is_string(), "{listed}");
    server.stop().await;
}

#[tokio::test]
async fn a_connection_ends_with_its_key_and_one_without_when_keys_are_needed() {
    let server = TestServer::with_shop().await;
    let nobody = connect(&config(&server, "ada", "any", "shop"))
        .await
        .unwrap();
    nobody.batch_execute("listen account").await.unwrap();
    let made = json!({ "name": "root", "role": "admin" });
    let made = server.post("/v1/keys", &made).await.ok(201);
    let root = made["key"].as_str().unwrap().to_owned();
    wait_until_closed(&nobody).await;

    let till = make(&server, &root, &json!({ "name": "till", "role": "read" })).await;
    let client = connect(&config(&server, "till", &till, "shop"))
        .await
        .unwrap();
    client.batch_execute("begin; select 1").await.unwrap();
    let revoked = server.request(Method::DELETE, "/v1/keys/till");
    send(revoked.bearer_auth(&root)).await.ok(204);
    wait_until_closed(&client).await;
    let code = connect(&config(&server, "till", &till, "shop"))
        .await
        .unwrap_err();
    assert_eq!(code, SqlState::INVALID_PASSWORD);
    server.stop().await;
}

#[tokio::test]
async fn what_runs_is_broken_off_when_its_key_is_revoked() {
    let (server, root) = guarded().await;
    let till = make(&server, &root, &json!({ "name": "till", "role": "read" })).await;
    let client = connect(&config(&server, "till", &till, "shop"))
        .await
        .unwrap();
    let long = "select count(*) from generate_series(1, 90000) as a, generate_series(1, 90000) as b \
                where (a + b) % 7 = 1";
    let body =
        json!({ "sql": "select n from generate_series(1, 1000000) as n", "max_rows": 1_000_000 });
    let request = server
        .request(Method::POST, "/v1/databases/shop/sql")
        .json(&body);
    let request = request
        .header("accept", "application/x-ndjson")
        .bearer_auth(&till);
    let mut answer = request.send().await.unwrap();
    answer.chunk().await.unwrap().unwrap();
    let revoking = async {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await; // the query runs by then
        let revoked = server.request(Method::DELETE, "/v1/keys/till");
        send(revoked.bearer_auth(&root)).await.ok(204);
    };
    let (ran, ()) = tokio::join!(client.query_one(long, &[]), revoking);
    let code = ran.unwrap_err().code().cloned();
    assert_eq!(code, Some(SqlState::ADMIN_SHUTDOWN));
    wait_until_closed(&client).await;
    let mut rest = Vec::new();
    while let Some(chunk) = answer.chunk().await.unwrap() {
        rest.extend_from_slice(&chunk);
    }
    let rest = String::from_utf8(rest).unwrap();
    let last = rest.lines().last().unwrap();
    assert!(last.contains("\"code\":\"bad_key\""), "{last}");
    server.stop().await;
}

async fn wait_until_closed(client: &Client) {
    let closed = async {
        while !client.is_closed() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, closed).await.unwrap();
}

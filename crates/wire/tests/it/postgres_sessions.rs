//! What docs/postgres.md says of a session: which state it sees, and what it is told of an append.

use std::time::Duration;

use headwater_journal::Fault;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::faults::in_memory;
use crate::harness::TestServer;
use crate::postgres::{code, connect, text, with_accounts};

const COUNT: &str = "select count(*) from account";

async fn set(client: &Client, setting: &str) {
    client.batch_execute(setting).await.unwrap();
}

#[tokio::test]
async fn an_eventual_answer_is_where_a_projection_has_stopped() {
    let server = with_accounts().await;
    let client = connect(&server, "shop").await;
    assert_eq!(text(&client, COUNT).await, "2");
    let twice = "insert into event (stream, type, data)
                 values ('account/ada', 'AccountOpened', '{\"email\": \"ada\"}')";
    client.batch_execute(twice).await.unwrap();
    let stopped = SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE;
    assert_eq!(code(client.simple_query(COUNT).await), stopped);

    set(&client, "set headwater.consistency = 'eventual'").await;
    assert_eq!(
        text(&client, "show headwater.consistency").await,
        "eventual"
    );
    assert_eq!(text(&client, COUNT).await, "2");
    assert_eq!(text(&client, "show headwater.position").await, "2");
    let row = client.query_one(COUNT, &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 2);

    set(&client, "set headwater.consistency = 'fresh'").await;
    assert_eq!(code(client.simple_query(COUNT).await), stopped);
    set(&client, "begin; set local headwater.consistency = eventual").await;
    assert_eq!(text(&client, COUNT).await, "2");
    set(&client, "commit").await;
    assert_eq!(text(&client, "show headwater.consistency").await, "fresh");
    assert_eq!(code(client.simple_query(COUNT).await), stopped);
    let unknown = client.batch_execute("set headwater.consistency = 'late'");
    assert_eq!(code(unknown.await), SqlState::INVALID_PARAMETER_VALUE);
    server.stop().await;
}

#[tokio::test]
async fn a_database_is_named_as_of_a_time() {
    let server = TestServer::with_shop().await;
    server.note("shop", 1).await;
    let client = connect(&server, "shop").await;
    let moment = "select to_char(recorded_at, 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') from event";
    let first = text(&client, moment).await;
    // The second event is of a later moment, whatever the clock tells apart.
    tokio::time::sleep(Duration::from_millis(20)).await;
    server.note("shop", 1).await;

    let count = "select count(*) from event";
    for (database, expected) in [
        ("shop", "2"),
        (&*format!("shop@{first}"), "1"),
        ("shop@2000-01-01T00:00:00Z", "0"),
    ] {
        let client = connect(&server, database).await;
        assert_eq!(text(&client, count).await, expected, "{database}");
    }
    let past = connect(&server, &format!("shop@{first}")).await;
    assert_eq!(text(&past, count).await, "1");
    assert_eq!(text(&past, "show headwater.position").await, "1");
    assert_eq!(text(&past, "show headwater.at").await, first);
    let insert = past.batch_execute("insert into event (type) values ('A')");
    assert_eq!(code(insert.await), SqlState::READ_ONLY_SQL_TRANSACTION);
    set(&client, &format!("set headwater.at = '{first}'")).await;
    assert_eq!(text(&client, count).await, "1");
    server.stop().await;
}

/// An append whose id makes it safe to try again.
#[tokio::test]
async fn what_a_transaction_looks_at_is_fixed_by_its_first_query() {
    let (server, _log) = in_memory().await;
    let client = connect(&server, "shop").await;
    for id in 1..=3 {
        client.batch_execute(&noted(id, "a")).await.unwrap();
    }
    let count = "select count(*) from event";
    client.batch_execute("begin").await.unwrap();
    set(&client, "set headwater.at = '1'").await;
    assert_eq!(text(&client, count).await, "1", "nothing was asked before");
    for change in ["set headwater.at = '2'", "reset headwater.at"] {
        client.batch_execute("savepoint before").await.unwrap();
        let error = client.batch_execute(change).await.unwrap_err();
        assert_eq!(error.code(), Some(&SqlState::ACTIVE_SQL_TRANSACTION));
        let back = "rollback to savepoint before";
        client.batch_execute(back).await.unwrap();
        assert_eq!(text(&client, count).await, "1", "{change}");
    }
    client.batch_execute("rollback").await.unwrap();
    assert_eq!(text(&client, count).await, "3");
    server.stop().await;
}

fn noted(id: u8, text: &str) -> String {
    format!(
        "insert into event (id, stream, type, data)
         values ('00000000-0000-4000-8000-0000000000{id:02}', 'note/1', 'Noted', '\"{text}\"')
         returning position"
    )
}

#[tokio::test]
async fn an_id_is_used_for_one_event_only() {
    let server = TestServer::with_shop().await;
    let client = connect(&server, "shop").await;
    assert_eq!(text(&client, &noted(1, "a")).await, "1");
    assert_eq!(text(&client, &noted(1, "a")).await, "1", "the same again");
    for by in ["simple", "extended"] {
        let other = noted(1, "b");
        let told = match by {
            "simple" => client.simple_query(&other).await.map(|_| ()),
            _ => client.query(&other, &[]).await.map(|_| ()),
        };
        let error = told.unwrap_err();
        let error = error.as_db_error().unwrap();
        assert_eq!(error.code(), &SqlState::UNIQUE_VIOLATION, "{by}");
        let detail = error.detail().unwrap();
        assert!(detail.contains("already exists"), "{detail}");
        assert!(detail.contains("at position 1"), "{detail}");
    }
    assert_eq!(text(&client, "select count(*) from event").await, "1");
    server.stop().await;
}

#[tokio::test]
async fn an_append_that_nobody_knows_of_is_told_and_can_be_tried_again() {
    let (server, log) = in_memory().await;
    let client = connect(&server, "shop").await;
    assert_eq!(text(&client, &noted(1, "a")).await, "1");
    for _ in 0..5 {
        log.inject(Fault::UnknownLost);
    }
    let error = client.query(&noted(2, "b"), &[]).await.unwrap_err();
    let error = error.as_db_error().unwrap();
    assert_eq!(error.code(), &SqlState::TRANSACTION_RESOLUTION_UNKNOWN);
    assert!(
        error.hint().unwrap().contains("same event ids"),
        "{error:?}"
    );

    // Until the writer knows what came of the first, nobody knows of another either.
    let again = async {
        loop {
            match client.query(&noted(2, "b"), &[]).await {
                Ok(rows) => return rows[0].get::<_, i64>(0),
                Err(error) => {
                    let unknown = SqlState::TRANSACTION_RESOLUTION_UNKNOWN;
                    assert_eq!(error.code(), Some(&unknown));
                }
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let position = tokio::time::timeout(crate::harness::PATIENCE, again).await;
    assert_eq!(position.unwrap(), 2);
    assert_eq!(text(&client, "select count(*) from event").await, "2");
    server.stop().await;
}

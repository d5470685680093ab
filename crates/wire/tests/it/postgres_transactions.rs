//! Transactions, cursors and settings as PostgreSQL has them, with the client that others are made of.

use tokio_postgres::error::{ErrorPosition, SqlState};

use crate::harness::TestServer;
use crate::postgres::{code, connect, text, with_accounts};

const COUNT: &str = "select count(*) from event";

#[tokio::test]
async fn what_a_transaction_expects_of_a_stream_counts_its_own_events() {
    let server = TestServer::with_shop().await;
    let client = connect(&server, "shop").await;
    let first = "insert into event (stream, type) values ('a/1', 'A');";
    let second = |expected: &str| {
        format!(
            "insert into event (stream, type, expected_revision) values ('a/1', 'A', {expected});"
        )
    };
    // Of a stream that is empty, and then of one that has two events.
    for (before, right, wrong) in [(0, "1", ["0", "2"]), (2, "3", ["0", "2"])] {
        for expected in wrong {
            let all = format!("begin; {first} {} commit", second(expected));
            let told = code(client.batch_execute(&all).await);
            assert_eq!(told, SqlState::T_R_SERIALIZATION_FAILURE, "{expected}");
            client.batch_execute("rollback").await.unwrap();
            assert_eq!(text(&client, COUNT).await, before.to_string());
        }
        let all = format!("begin; {first} {} commit", second(right));
        client.batch_execute(&all).await.unwrap();
        assert_eq!(text(&client, COUNT).await, (before + 2).to_string());
    }
    server.stop().await;
}

#[tokio::test]
async fn a_message_that_cannot_be_read_to_its_end_does_nothing() {
    let server = TestServer::with_shop().await;
    let client = connect(&server, "shop").await;
    let all = "begin; insert into event (type) values ('A'); commit; selec 1";
    let error = client.batch_execute(all).await.unwrap_err();
    let error = error.as_db_error().unwrap();
    assert_eq!(error.code(), &SqlState::SYNTAX_ERROR);
    assert_eq!(error.position(), Some(&ErrorPosition::Original(55)));
    assert_eq!(text(&client, COUNT).await, "0");
    server.stop().await;
}

#[tokio::test]
async fn a_column_may_have_the_name_of_a_word_of_insert() {
    let server = TestServer::with_shop().await;
    let client = connect(&server, "shop").await;
    let insert = "insert into event (type) select conflict from (select 'A' as conflict) t";
    client.batch_execute(insert).await.unwrap();
    let insert = "insert into event (type) select 'A' on conflict do nothing";
    let told = client.batch_execute(insert).await;
    assert_eq!(code(told), SqlState::FEATURE_NOT_SUPPORTED);
    assert_eq!(text(&client, COUNT).await, "1");
    server.stop().await;
}

#[tokio::test]
async fn a_cursor_takes_parameters() {
    let server = with_accounts().await;
    let mut client = connect(&server, "shop").await;
    let transaction = client.transaction().await.unwrap();
    let declare = "declare found cursor for select id from account where id = $1";
    transaction.execute(declare, &[&"ada"]).await.unwrap();
    let rows = transaction.query("fetch all from found", &[]).await;
    let rows = rows.unwrap();
    let ids: Vec<&str> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(ids, ["ada"]);
    transaction.commit().await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_cursor_lives_as_long_as_the_savepoint_that_it_was_declared_behind() {
    let server = with_accounts().await;
    let client = connect(&server, "shop").await;
    let run = async |sql: &str| client.batch_execute(sql).await.unwrap();
    run("begin; declare outer cursor for select id from account order by id").await;
    assert_eq!(text(&client, "fetch outer").await, "ada");
    run("savepoint a; declare inner cursor for select id from account order by id").await;
    let failing = client.batch_execute("select 1 / 0").await;
    assert_eq!(code(failing), SqlState::DIVISION_BY_ZERO);
    let failed = client.batch_execute("fetch outer").await;
    assert_eq!(code(failed), SqlState::IN_FAILED_SQL_TRANSACTION);
    run("rollback to a").await;
    assert_eq!(text(&client, "fetch outer").await, "bob");
    let gone = client.batch_execute("fetch inner").await;
    assert_eq!(code(gone), SqlState::INVALID_CURSOR_NAME);

    // What a savepoint that is released has declared is the transaction's.
    run("rollback to a; savepoint b; declare kept cursor for select id from account order by id")
        .await;
    run("release b; savepoint c; rollback to c").await;
    assert_eq!(text(&client, "fetch kept").await, "ada");
    run("rollback").await;
    server.stop().await;
}

#[tokio::test]
async fn a_setting_lasts_as_long_as_it_was_set_for() {
    let server = TestServer::with_shop().await;
    let client = connect(&server, "shop").await;
    let shown = async || text(&client, "show statement_timeout").await;
    for (set, expected) in [
        (
            "set local statement_timeout = '5s'; set statement_timeout = '9s'",
            "9s",
        ),
        (
            "set statement_timeout = '8s'; set local statement_timeout = '5s'",
            "8s",
        ),
        ("set local statement_timeout = '5s'", "8s"),
        (
            "savepoint a; set statement_timeout = '1s'; rollback to a",
            "8s",
        ),
        ("savepoint a; set statement_timeout = '7s'; release a", "7s"),
        ("set local statement_timeout = '5s'; reset all", "1min"),
    ] {
        client
            .batch_execute(&format!("begin; {set}"))
            .await
            .unwrap();
        client.batch_execute("commit").await.unwrap();
        assert_eq!(shown().await, expected, "{set}");
    }
    client
        .batch_execute("begin; set statement_timeout = '5s'")
        .await
        .unwrap();
    client
        .batch_execute("savepoint a; set statement_timeout = '6s'")
        .await
        .unwrap();
    client.batch_execute("rollback to a").await.unwrap();
    assert_eq!(shown().await, "5s");
    client.batch_execute("rollback").await.unwrap();
    assert_eq!(shown().await, "1min");
    server.stop().await;
}

#[tokio::test]
async fn settings_are_the_same_in_every_way_to_ask_for_them() {
    let server = TestServer::with_shop().await;
    let client = connect(&server, "shop").await;
    let set = "set application_name = 'till'; set search_path = a; set headwater.at = '0'";
    client.batch_execute(set).await.unwrap();
    for name in [
        "application_name",
        "search_path",
        "headwater.at",
        "lc_collate",
        "timezone",
    ] {
        let shown = text(&client, &format!("show {name}")).await;
        let current = format!("select current_setting('{name}')");
        assert_eq!(text(&client, &current).await, shown, "{name}");
        let listed = format!("select setting from pg_settings where lower(name) = '{name}'");
        assert_eq!(text(&client, &listed).await, shown, "{name}");
    }
    server.stop().await;
}

#[tokio::test]
async fn what_is_looked_at_does_not_change_within_a_transaction() {
    let server = TestServer::with_shop().await;
    server.note("shop", 2).await;
    let client = connect(&server, "shop").await;
    for (begun, change) in [
        (
            "begin; set headwater.at = '1'; select count(*) from event",
            "reset all",
        ),
        (
            "begin; insert into event (type) values ('A')",
            "set headwater.at = '1'",
        ),
    ] {
        client.batch_execute(begun).await.unwrap();
        let told = client.batch_execute(change).await;
        assert_eq!(code(told), SqlState::ACTIVE_SQL_TRANSACTION, "{change}");
        client.batch_execute("rollback").await.unwrap();
    }
    assert_eq!(text(&client, COUNT).await, "2");
    server.stop().await;
}

#[tokio::test]
async fn a_place_is_that_of_the_whole_statement() {
    let server = with_accounts().await;
    let client = connect(&server, "shop").await;
    for (statement, place) in [
        ("copy (select nope from account) to stdout", 14),
        ("explain select nope from account", 16),
        ("insert into event (type) select nope from account", 33),
        ("declare c cursor for select nope from account", 29),
    ] {
        let prepared = client.prepare(statement).await.map(drop);
        let run = client.batch_execute(&format!("begin; {statement}")).await;
        client.batch_execute("rollback").await.unwrap();
        for (told, shift) in [(prepared, 0), (run, 7)] {
            let error = told.unwrap_err();
            let error = error.as_db_error().unwrap();
            assert_eq!(error.code(), &SqlState::UNDEFINED_COLUMN, "{statement}");
            let expected = ErrorPosition::Original(place + shift);
            assert_eq!(error.position(), Some(&expected), "{statement}");
        }
    }
    server.stop().await;
}

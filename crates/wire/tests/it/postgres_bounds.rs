//! What a client of PostgreSQL's protocol cannot make the server do.

use std::time::Duration;

use headwater_wire::Limits;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;

use crate::harness::{PATIENCE, TestServer};
use crate::postgres::{LONG, Raw, code, connect, framed, text};

fn parse(name: &str, sql: &str) -> Vec<u8> {
    framed(Some(b'P'), format!("{name}\0{sql}\0\0\0").as_bytes())
}

#[tokio::test]
async fn a_statement_does_not_execute_itself() {
    let server = TestServer::with_shop().await;
    let mut raw = Raw::begin(&server).await;
    let sync = framed(Some(b'S'), b"");
    raw.send(&[parse("", "select 1"), parse("", "execute \"\""), sync].concat())
        .await;
    assert_eq!(raw.until_ready().await, "11Z");
    raw.send(&framed(Some(b'Q'), b"execute \"\"\0")).await;
    assert_eq!(raw.until_ready().await, "EZ");
    server.stop().await;
}

#[tokio::test]
async fn a_semicolon_at_the_end_changes_nothing() {
    let server = TestServer::with_shop().await;
    let client = connect(&server, "shop").await;
    for sql in [
        "begin;",
        "commit ; -- done",
        "show timezone;",
        ";set application_name = 'x';",
    ] {
        client.execute(sql, &[]).await.unwrap();
    }
    let insert = "insert into event (stream, type) values ($1, $2);";
    let statement = client.prepare(insert).await.unwrap();
    assert_eq!(statement.params(), [Type::TEXT, Type::TEXT]);
    let appended = client.execute(&statement, &[&"note/1", &"Noted"]).await;
    assert_eq!(appended.unwrap(), 1);
    let two = client.prepare("select 1; select 2").await;
    assert_eq!(code(two.map(drop)), SqlState::SYNTAX_ERROR);
    let error = client.prepare("; select 'ä', nothing;").await.unwrap_err();
    let place = error.as_db_error().unwrap().position().cloned();
    let expected = tokio_postgres::error::ErrorPosition::Original(15);
    assert_eq!(place, Some(expected));
    server.stop().await;
}

#[tokio::test]
async fn memory_for_a_large_message_is_asked_for_before_it_comes() {
    let limits = Limits {
        large_bodies_bytes_max: 1 << 20,
        ..Limits::default()
    };
    let server = TestServer::with(headwater_node::Options::default(), limits).await;
    server.create("shop").await;
    let (mut first, mut second) = (Raw::begin(&server).await, Raw::begin(&server).await);
    let begun = &framed(Some(b'Q'), &vec![b' '; 1 << 20])[..100];
    first.send(begun).await;
    // The other one is refused once the first holds all there is.
    loop {
        second.send(begun).await;
        let refused = tokio::time::timeout(Duration::from_millis(20), second.rest()).await;
        match refused {
            Ok(said) => {
                assert!(said.windows(6).any(|part| part == b"C57P03"), "{said:?}");
                break;
            }
            Err(_) => {
                first = second; // it came before the first
                second = Raw::begin(&server).await;
            }
        }
    }
    drop(first);
    let mut third = Raw::begin(&server).await;
    third.send(&framed(Some(b'd'), &[0; 20_000])).await;
    let said = third.rest().await;
    assert!(said.windows(6).any(|part| part == b"C08P01"));
    server.stop().await;
}

#[tokio::test]
async fn memory_for_values_is_asked_for_by_what_they_take() {
    let limits = Limits {
        large_bodies_bytes_max: 1 << 20,
        ..Limits::default()
    };
    let server = TestServer::with(headwater_node::Options::default(), limits).await;
    server.create("shop").await;
    let mut raw = Raw::begin(&server).await;
    let numbers = format!("{{{}0}}", "1e999,".repeat(1_000)); // a thousand digits each
    let bind = |portal: &str| {
        let length = (numbers.len() as u32).to_be_bytes();
        let begin = format!("{portal}\0\0\0\0\0\x01");
        let body = [begin.as_bytes(), &length, numbers.as_bytes(), b"\0\0"].concat();
        framed(Some(b'B'), &body)
    };
    let sync = framed(Some(b'S'), b"");
    let close = framed(Some(b'C'), b"Pa\0");
    let parse = parse("", "select $1::numeric[]");
    raw.send(&[parse, bind("a"), close, bind("b"), bind("c"), sync].concat())
        .await;
    assert_eq!(raw.until_ready().await, "1232EZ");
    server.stop().await;
}

#[tokio::test]
async fn what_is_skipped_is_not_looked_at() {
    let server = TestServer::with_shop().await;
    let mut raw = Raw::begin(&server).await;
    let malformed = framed(Some(b'B'), b"\0\0\xff\xff");
    let sync = framed(Some(b'S'), b"");
    raw.send(&[malformed.clone(), malformed, sync].concat())
        .await;
    assert_eq!(raw.until_ready().await, "EZ");
    server.stop().await;
}

#[tokio::test]
async fn a_portal_without_a_sync_does_not_stay_for_ever() {
    let limits = Limits {
        idle_in_transaction_max: Duration::from_millis(50),
        ..Limits::default()
    };
    let server = TestServer::with(headwater_node::Options::default(), limits).await;
    server.create("shop").await;
    let mut raw = Raw::begin(&server).await;
    let bind = framed(Some(b'B'), b"\0\0\0\0\0\0\0\0");
    raw.send(&[parse("", "select 1"), bind, framed(Some(b'H'), b"")].concat())
        .await;
    let said = raw.rest().await;
    assert!(said.windows(6).any(|part| part == b"C25P03"), "{said:?}");
    server.stop().await;
}

#[tokio::test]
async fn times_and_settings_are_not_dropped_silently() {
    let server = TestServer::with_shop().await;
    let client = connect(&server, "shop").await;
    let many = "set application_name = 'x'; ".repeat(300);
    client.batch_execute(&many).await.unwrap();
    let too_many = ";a".repeat(10_001);
    let refused = client.batch_execute(&too_many).await;
    assert_eq!(code(refused), SqlState::PROGRAM_LIMIT_EXCEEDED);
    client
        .batch_execute("begin; set statement_timeout = '3s'; savepoint a")
        .await
        .unwrap();
    let refused = client
        .batch_execute("set local statement_timeout = 'x'")
        .await;
    assert_eq!(code(refused), SqlState::INVALID_PARAMETER_VALUE);
    client.batch_execute("rollback to a; commit").await.unwrap();
    assert_eq!(text(&client, "show statement_timeout").await, "3s");
    server.stop().await;
}

#[tokio::test]
async fn a_client_is_told_that_its_settings_went_back() {
    let server = TestServer::with_shop().await;
    let mut raw = Raw::begin(&server).await;
    let failing = b"set application_name = 'x'; select nothing\0";
    raw.send(&framed(Some(b'Q'), failing)).await;
    assert_eq!(raw.until_ready().await, "SCESZ");
    server.stop().await;
}

#[tokio::test]
async fn a_client_hears_of_its_own_append_before_the_next_statement_may_come() {
    let server = TestServer::with_shop().await;
    let mut raw = Raw::begin(&server).await;
    raw.send(&framed(Some(b'Q'), b"listen note\0")).await;
    assert_eq!(raw.until_ready().await, "CZ");
    let insert = b"insert into event (stream, type) values ('note/1', 'Noted')\0";
    raw.send(&framed(Some(b'Q'), insert)).await;
    assert_eq!(raw.until_ready().await, "CAZ");
    raw.send(&framed(Some(b'Q'), b"begin\0")).await;
    assert_eq!(raw.until_ready().await, "CZ");
    server.note("shop", 1).await;
    raw.send(&framed(Some(b'Q'), b"select 1\0")).await;
    assert_eq!(raw.until_ready().await, "TDCZ", "not within a block");
    raw.send(&framed(Some(b'Q'), b"commit\0")).await;
    assert_eq!(raw.until_ready().await, "CAZ");
    server.stop().await;
}

#[tokio::test]
async fn what_a_client_that_is_gone_waits_for_is_called_off() {
    let server = TestServer::with_shop().await;
    let declare = format!("begin; declare c cursor for {LONG}");
    let append = format!("insert into event (type) select n::text from ({LONG}) as long (n)");
    for (before, word, sql) in [
        (declare.as_str(), "fetch", "fetch c"),
        ("begin", "insert", append.as_str()),
    ] {
        let mut raw = Raw::begin(&server).await;
        let query = |sql: &str| framed(Some(b'Q'), format!("{sql}\0").as_bytes());
        raw.send(&query(before)).await;
        raw.until_ready().await;
        raw.send(&query(sql)).await;
        drop(raw);
        let lost = format!("{{command=\"{word}\",sqlstate=\"08006\"}} 1\n");
        let noticed = async {
            while !server.get("/metrics").await.text.contains(&lost) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, noticed).await.unwrap();
    }
    server.stop().await;
}

#[tokio::test]
async fn cursors_that_wait_are_bounded() {
    let limits = Limits {
        resting_max: 1,
        ..Limits::default()
    };
    let server = TestServer::with(headwater_node::Options::default(), limits).await;
    server.create("shop").await;
    let client = connect(&server, "shop").await;
    let declare = |name| format!("declare {name} cursor for select 1");
    client.batch_execute("begin").await.unwrap();
    client.batch_execute(&declare("a")).await.unwrap();
    let refused = client.batch_execute(&declare("b")).await;
    assert_eq!(code(refused), SqlState::INSUFFICIENT_RESOURCES);
    client.batch_execute("rollback; begin").await.unwrap();
    client.batch_execute(&declare("b")).await.unwrap();
    client.batch_execute("fetch all b").await.unwrap();
    client.batch_execute(&declare("c")).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn memory_for_what_is_fetched_is_asked_for() {
    let limits = Limits {
        large_bodies_bytes_max: 1 << 20,
        ..Limits::default()
    };
    let server = TestServer::with(headwater_node::Options::default(), limits).await;
    server.create("shop").await;
    let client = connect(&server, "shop").await;
    let declare =
        "begin; declare c cursor for select repeat('x', 1000) from generate_series(1, 3000)";
    client.batch_execute(declare).await.unwrap();
    for _ in 0..3 {
        // What one fetch has taken is given back before the next.
        let rows = client.simple_query("fetch 700 c").await.unwrap();
        assert!(rows.len() > 700);
    }
    client.batch_execute("rollback").await.unwrap();
    client.batch_execute(declare).await.unwrap();
    let refused = client.batch_execute("fetch all c").await;
    assert_eq!(code(refused), SqlState::CANNOT_CONNECT_NOW);
    server.stop().await;
}

#[tokio::test]
async fn a_transaction_tells_whether_it_only_reads() {
    let server = TestServer::with_shop().await;
    let client = connect(&server, "shop").await;
    let show = "show transaction_read_only";
    assert_eq!(text(&client, show).await, "off");
    let set = "begin; set transaction_read_only = on";
    client.batch_execute(set).await.unwrap();
    assert_eq!(text(&client, show).await, "on");
    let refused = client
        .batch_execute("insert into event (type) values ('a')")
        .await;
    assert_eq!(code(refused), SqlState::READ_ONLY_SQL_TRANSACTION);
    client.batch_execute("rollback").await.unwrap();
    assert_eq!(text(&client, show).await, "off");
    assert_eq!(text(&connect(&server, "shop@0").await, show).await, "on");
    let refused = client.batch_execute("commit and chain").await;
    assert_eq!(code(refused), SqlState::NO_ACTIVE_SQL_TRANSACTION);
    server.stop().await;
}

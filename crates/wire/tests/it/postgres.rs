//! PostgreSQL's protocol, with the client that others are made of, and with bytes of our own.

use std::time::Duration;

use headwater_node::Options;
use headwater_wire::Limits;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{FromSql, ToSql, Type};
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use crate::harness::{Dice, PATIENCE, TestServer};

const ACCOUNTS: &str = "\
-- projection: accounts
create table account (
  id text primary key, email text not null, logins int not null, opened timestamptz not null);

-- on: AccountOpened
insert into account values (@key, :email, 0, @recorded_at);

-- on: LoggedIn
update account set logins = logins + 1 where id = @key;
";

pub async fn connect(server: &TestServer, database: &str) -> Client {
    try_connect(server, database).await.unwrap()
}

async fn try_connect(server: &TestServer, database: &str) -> Result<Client, tokio_postgres::Error> {
    let address = server.postgres();
    let mut config = Config::new();
    config
        .host(address.ip().to_string())
        .port(address.port())
        .user("ada")
        .dbname(database)
        .connect_timeout(PATIENCE);
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

pub async fn with_accounts() -> TestServer {
    let server = TestServer::with_shop().await;
    let path = "/v1/databases/shop/projections/accounts";
    server.put_sql(path, ACCOUNTS).await.ok(201);
    let client = connect(&server, "shop").await;
    for name in ["ada", "bob"] {
        let email = json!({ "email": format!("{name}@example.org") });
        client
            .execute(
                "insert into event (stream, type, data) values ($1, 'AccountOpened', $2::jsonb)",
                &[&format!("account/{name}"), &Json(email.to_string())],
            )
            .await
            .unwrap();
    }
    server
}

/// A text that is sent as `jsonb`.
#[derive(Debug)]
struct Json(String);

impl ToSql for Json {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut tokio_postgres::types::private::BytesMut,
    ) -> Result<tokio_postgres::types::IsNull, Box<dyn std::error::Error + Sync + Send>> {
        out.extend_from_slice(&[1]);
        out.extend_from_slice(self.0.as_bytes());
        Ok(tokio_postgres::types::IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::JSONB
    }

    tokio_postgres::types::to_sql_checked!();
}

/// The code of the error that the server answered.
#[track_caller]
pub fn code<T: std::fmt::Debug>(answer: Result<T, tokio_postgres::Error>) -> SqlState {
    let error = answer.unwrap_err();
    error.code().unwrap_or_else(|| panic!("{error:?}")).clone()
}

pub async fn text(client: &Client, sql: &str) -> String {
    let messages = client.simple_query(sql).await.unwrap();
    let row = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    row.unwrap().to_owned()
}

#[tokio::test]
async fn a_statement_is_described_and_answered_in_both_formats() {
    let server = with_accounts().await;
    let client = connect(&server, "shop").await;
    let statement = client
        .prepare("select id, logins, opened from account where id = $1 and logins < $2")
        .await
        .unwrap();
    assert_eq!(statement.params(), [Type::TEXT, Type::INT4]);
    let types: Vec<&Type> = statement
        .columns()
        .iter()
        .map(|column| column.type_())
        .collect();
    assert_eq!(types, [&Type::TEXT, &Type::INT4, &Type::TIMESTAMPTZ]);

    let rows = client.query(&statement, &[&"ada", &7]).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].get::<_, i32>("logins"), 0);
    let opened: std::time::SystemTime = rows[0].get("opened");
    assert!(opened.elapsed().unwrap() < PATIENCE);

    let email = text(&client, "select email from account where id = 'bob'").await;
    assert_eq!(email, "bob@example.org");
    assert_eq!(text(&client, "show headwater.position").await, "2");
    server.stop().await;
}

#[tokio::test]
async fn types_travel_in_binary() {
    let server = TestServer::with_shop().await;
    let client = connect(&server, "shop").await;
    let row = client
        .query_one(
            "select $1::boolean, $2::int, $3::bigint, $4::double precision, $5::text,
                    $6::bytea, $7::timestamptz, null::date",
            &[
                &true,
                &-7,
                &i64::MIN,
                &0.1,
                &"ä\n",
                &vec![0_u8, 255],
                &std::time::UNIX_EPOCH,
            ],
        )
        .await
        .unwrap();
    assert!(row.get::<_, bool>(0));
    assert_eq!((row.get::<_, i32>(1), row.get::<_, i64>(2)), (-7, i64::MIN));
    assert_eq!((row.get::<_, f64>(3), row.get::<_, &str>(4)), (0.1, "ä\n"));
    assert_eq!(row.get::<_, Vec<u8>>(5), [0, 255]);
    assert_eq!(
        row.get::<_, std::time::SystemTime>(6),
        std::time::UNIX_EPOCH
    );
    assert_eq!(row.columns()[7].type_(), &Type::DATE);
    server.stop().await;
}

#[tokio::test]
async fn arrays_travel_in_binary() {
    let server = TestServer::with_shop().await;
    let client = connect(&server, "shop").await;
    let numbers = vec![Some(7), None, Some(-7)];
    let (words, empty) = (vec!["a b", "\"", "ä", "null", ""], Vec::<i64>::new());
    let bytes = vec![vec![0_u8, 255], Vec::new()];
    let row = client
        .query_one(
            "select $1::int[], $2::text[], $3::bigint[], $4::bytea[], 2 = any ($5::float8[])",
            &[&numbers, &words, &empty, &bytes, &vec![1.0, 2.0]],
        )
        .await
        .unwrap();
    assert_eq!(row.get::<_, Vec<Option<i32>>>(0), numbers);
    assert_eq!(row.get::<_, Vec<&str>>(1), words);
    assert_eq!(row.get::<_, Vec<i64>>(2), empty);
    assert_eq!(row.get::<_, Vec<Vec<u8>>>(3), bytes);
    assert!(row.get::<_, bool>(4));
    server.stop().await;
}

#[tokio::test]
async fn intervals_travel_in_binary() {
    let server = TestServer::with_shop().await;
    let client = connect(&server, "shop").await;
    let sql = "select $1::interval, $1::interval::text";
    for (span, text) in [
        (Span(0, 0, 0), "00:00:00"),
        (Span(1, -3, 7_200_000_001), "1 mon -3 days +02:00:00.000001"),
        (Span(-14, 0, -1), "-1 years -2 mons -00:00:00.000001"),
    ] {
        let row = client.query_one(sql, &[&span]).await.unwrap();
        assert_eq!(row.get::<_, Span>(0), span);
        assert_eq!(row.get::<_, &str>(1), text);
    }
    let least = client.query_one(sql, &[&Span(0, 0, i64::MIN)]).await;
    assert_eq!(code(least), SqlState::DATETIME_FIELD_OVERFLOW);
    server.stop().await;
}

/// An interval of months, days and microseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Span(i32, i32, i64);

impl ToSql for Span {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut tokio_postgres::types::private::BytesMut,
    ) -> Result<tokio_postgres::types::IsNull, Box<dyn std::error::Error + Sync + Send>> {
        out.extend_from_slice(&self.2.to_be_bytes());
        out.extend_from_slice(&self.1.to_be_bytes());
        out.extend_from_slice(&self.0.to_be_bytes());
        Ok(tokio_postgres::types::IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::INTERVAL
    }

    tokio_postgres::types::to_sql_checked!();
}

impl<'a> FromSql<'a> for Span {
    fn from_sql(
        _: &Type,
        bytes: &'a [u8],
    ) -> Result<Span, Box<dyn std::error::Error + Sync + Send>> {
        let (micros, rest) = bytes.split_at(8);
        let (days, months) = rest.split_at(4);
        Ok(Span(
            i32::from_be_bytes(months.try_into()?),
            i32::from_be_bytes(days.try_into()?),
            i64::from_be_bytes(micros.try_into()?),
        ))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::INTERVAL
    }
}

#[tokio::test]
async fn an_insert_into_event_appends() {
    let server = TestServer::with_shop().await;
    let client = connect(&server, "shop").await;
    let rows = client
        .query(
            "insert into event (stream, type, data, tags, expected_revision) values
             ('note/1', 'Noted', '{\"text\": \"a\"}', '[\"x\"]', 0),
             ('note/2', 'Noted', null, null, null),
             ('note/1', $1, '{\"text\": \"b\"}', '[\"y\"]', null)
             returning position, revision, stream",
            &[&"Renoted"],
        )
        .await
        .unwrap();
    let told: Vec<(i64, i64, &str)> = rows
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect();
    assert_eq!(told, [(1, 1, "note/1"), (2, 1, "note/2"), (3, 2, "note/1")]);

    let again = "insert into event (stream, type, expected_revision) values ('note/1', 'Noted', 0)";
    let error = client.execute(again, &[]).await.unwrap_err();
    let error = error.as_db_error().unwrap();
    assert_eq!(error.code(), &SqlState::T_R_SERIALIZATION_FAILURE);
    let detail = error.detail().unwrap();
    assert!(
        detail.contains("expected revision none, found 2"),
        "{detail}"
    );
    assert!(detail.contains("at position 3"), "{detail}");

    let plain = "insert into event (stream, type) values ('plain/1', 'Noted')";
    let answers = client.simple_query(plain).await.unwrap();
    assert!(
        matches!(answers[..], [SimpleQueryMessage::CommandComplete(1)]),
        "{answers:?}"
    );

    let selected = "insert into event (stream, type, data)
                    select 'copy/' || key, type, data from event where position = 1";
    assert_eq!(client.execute(selected, &[]).await.unwrap(), 1);
    assert_eq!(
        text(&client, "select stream from event where position = 5").await,
        "copy/1"
    );
    assert_eq!(
        text(
            &client,
            "select data ->> 'text' from event where position = 5"
        )
        .await,
        "a"
    );

    let mixed = "insert into event (stream, type, data) values ($1, upper($2), $3)";
    let mixed = client.prepare(mixed).await.unwrap();
    assert_eq!(mixed.params(), [Type::TEXT, Type::TEXT, Type::JSONB]);
    let data = Json(json!({ "text": "b" }).to_string());
    let written = client.execute(&mixed, &[&"mixed/1", &"noted", &data]).await;
    assert_eq!(written.unwrap(), 1);
    assert_eq!(
        text(
            &client,
            "select type || (data ->> 'text') from event where position = 6"
        )
        .await,
        "NOTEDb"
    );

    for refused in [
        "update event set type = 'x'",
        "insert into note values (1)",
        "drop table event",
    ] {
        let error = client.batch_execute(refused).await.unwrap_err();
        let error = error.as_db_error().unwrap();
        assert_eq!(error.code(), &SqlState::FEATURE_NOT_SUPPORTED);
        assert!(error.hint().unwrap().contains("insert into event") || refused.starts_with("drop"));
    }
    server.stop().await;
}

#[tokio::test]
async fn a_transaction_reads_one_position_and_writes_one_append() {
    let server = with_accounts().await;
    let mut client = connect(&server, "shop").await;
    let other = connect(&server, "shop").await;
    let count = "select count(*) from account";

    let transaction = client.transaction().await.unwrap();
    assert_eq!(
        transaction
            .query_one(count, &[])
            .await
            .unwrap()
            .get::<_, i64>(0),
        2
    );
    let open = "insert into event (stream, type, data) values ('account/eve', 'AccountOpened', '{\"email\": \"e\"}')";
    other.batch_execute(open).await.unwrap();
    assert_eq!(
        other.query_one(count, &[]).await.unwrap().get::<_, i64>(0),
        3
    );
    assert_eq!(
        transaction
            .query_one(count, &[])
            .await
            .unwrap()
            .get::<_, i64>(0),
        2
    );
    let events = "select count(*) from event";
    assert_eq!(
        transaction
            .query_one(events, &[])
            .await
            .unwrap()
            .get::<_, i64>(0),
        2
    );

    let login = "insert into event (stream, type, expected_revision) values ('account/ada', 'LoggedIn', $1)";
    transaction.execute(login, &[&1_i64]).await.unwrap();
    transaction.execute(login, &[&2_i64]).await.unwrap();
    assert_eq!(
        other.query_one(events, &[]).await.unwrap().get::<_, i64>(0),
        3
    );
    transaction.commit().await.unwrap();
    assert_eq!(
        text(&other, "select logins from account where id = 'ada'").await,
        "2"
    );

    // What is given up is not written, and a failure gives it up.
    let transaction = client.transaction().await.unwrap();
    transaction.execute(login, &[&3_i64]).await.unwrap();
    transaction.rollback().await.unwrap();
    let transaction = client.transaction().await.unwrap();
    transaction.execute(login, &[&3_i64]).await.unwrap();
    assert_eq!(
        code(transaction.query("select 1 / 0", &[]).await),
        SqlState::DIVISION_BY_ZERO
    );
    assert_eq!(
        code(transaction.query("select 1", &[]).await),
        SqlState::IN_FAILED_SQL_TRANSACTION
    );
    transaction.commit().await.unwrap();
    assert_eq!(
        text(&other, "select logins from account where id = 'ada'").await,
        "2"
    );

    let returning = "begin; insert into event (type) values ('a') returning position";
    assert_eq!(
        code(client.batch_execute(returning).await),
        SqlState::FEATURE_NOT_SUPPORTED
    );
    client.batch_execute("rollback").await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn statements_of_one_message_are_one_transaction() {
    let server = TestServer::with_shop().await;
    let client = connect(&server, "shop").await;
    let insert = "insert into event (type) values ('a');";
    client
        .batch_execute(&format!("{insert} {insert}"))
        .await
        .unwrap();
    assert_eq!(text(&client, "select count(*) from event").await, "2");
    let failing = format!("{insert} select 1; -- ä\n select nothing; {insert}");
    let error = client.batch_execute(&failing).await.unwrap_err();
    let error = error.as_db_error().unwrap();
    assert_eq!(error.code(), &SqlState::UNDEFINED_COLUMN);
    let wanted = failing.find("nothing").unwrap() - 1; // one character of two bytes
    let tokio_postgres::error::ErrorPosition::Original(found) = error.position().unwrap() else {
        panic!("no position");
    };
    assert_eq!(*found as usize, wanted + 1);
    assert_eq!(text(&client, "select count(*) from event").await, "2");
    server.stop().await;
}

#[tokio::test]
async fn the_past_answers_under_its_own_name() {
    let server = with_accounts().await;
    let past = connect(&server, "shop@1").await;
    assert_eq!(text(&past, "select count(*) from account").await, "1");
    assert_eq!(text(&past, "show headwater.position").await, "1");
    let insert = "insert into event (type) values ('a')";
    assert_eq!(
        code(past.batch_execute(insert).await),
        SqlState::READ_ONLY_SQL_TRANSACTION
    );
    past.batch_execute("set headwater.at = ''").await.unwrap();
    assert_eq!(text(&past, "select count(*) from account").await, "2");
    past.batch_execute("reset headwater.at").await.unwrap();
    assert_eq!(text(&past, "select count(*) from account").await, "1");

    for unknown in ["nothing", "shop@", "SHOP", "a/b"] {
        let refused = try_connect(&server, unknown).await;
        assert_eq!(
            code(refused.map(|_| ())),
            SqlState::UNDEFINED_DATABASE,
            "{unknown}"
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn rows_come_in_parts_and_a_cursor_waits() {
    let server = TestServer::with_shop().await;
    server.note("shop", 1000).await;
    let mut client = connect(&server, "shop").await;
    let transaction = client.transaction().await.unwrap();
    let query = "select position from event order by position";
    let portal = transaction.bind(query, &[]).await.unwrap();
    let mut seen = 0;
    loop {
        let rows = transaction.query_portal(&portal, 300).await.unwrap();
        if rows.is_empty() {
            break;
        }
        for row in rows {
            seen += 1;
            assert_eq!(row.get::<_, i64>(0), seen);
        }
    }
    assert_eq!(seen, 1000);
    transaction
        .batch_execute(&format!("declare c cursor for {query}"))
        .await
        .unwrap();
    transaction.batch_execute("move 998 from c").await.unwrap();
    let rows = transaction
        .simple_query("fetch forward 10 from c")
        .await
        .unwrap();
    assert_eq!(rows.len(), 4, "{rows:?}"); // columns, two rows, and the end
    transaction.batch_execute("close c").await.unwrap();
    assert_eq!(
        code(transaction.batch_execute("fetch c").await),
        SqlState::INVALID_CURSOR_NAME
    );
    server.stop().await;
}

#[tokio::test]
async fn a_statement_whose_table_changed_is_planned_again() {
    let server = with_accounts().await;
    let client = connect(&server, "shop").await;
    let statement = client
        .prepare("select id, logins from account order by id")
        .await
        .unwrap();
    let path = "/v1/databases/shop/projections/accounts";
    let wider = ACCOUNTS.replace("logins int", "logins bigint");
    server.put_sql(path, &wider).await.ok(202);
    loop {
        match client.query(&statement, &[]).await {
            Ok(rows) => assert_eq!(rows[0].get::<_, i32>(1), 0), // not replaced yet
            Err(error) => {
                assert_eq!(error.code(), Some(&SqlState::FEATURE_NOT_SUPPORTED));
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let rows = client
        .query("select id, logins from account order by id", &[])
        .await
        .unwrap();
    assert_eq!(rows[0].get::<_, i64>(1), 0);
    server.stop().await;
}

/// A statement that takes long, unless somebody ends it.
pub const LONG: &str =
    "with recursive t (n) as (select 1 union all select n + 1 from t where n < 2000000000)
                    select count(*) from t";

#[tokio::test]
async fn what_runs_is_called_off() {
    let server = TestServer::with_shop().await;
    let client = connect(&server, "shop").await;
    let cancel = client.cancel_token();
    let running = tokio::spawn(async move { client.simple_query(LONG).await.map(drop) });
    while !running.is_finished() {
        cancel.cancel_query(NoTls).await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(code(running.await.unwrap()), SqlState::QUERY_CANCELED);

    let client = connect(&server, "shop").await;
    client
        .batch_execute("set statement_timeout = '50ms'")
        .await
        .unwrap();
    assert_eq!(
        code(client.batch_execute(LONG).await),
        SqlState::QUERY_CANCELED
    );
    server.stop().await;
}

#[tokio::test]
async fn each_part_of_a_cursor_has_its_time() {
    let server = TestServer::with_shop().await;
    let client = connect(&server, "shop").await;
    let declare = format!(
        "set statement_timeout = '1s'; begin;
         declare few cursor for select * from generate_series(1, 2) order by 1;
         declare long cursor for {LONG}"
    );
    client.batch_execute(&declare).await.unwrap();
    assert_eq!(text(&client, "fetch few").await, "1");
    tokio::time::sleep(Duration::from_millis(1200)).await; // the client's, not the cursor's
    assert_eq!(text(&client, "fetch few").await, "2");
    let late = client.simple_query("fetch long").await;
    assert_eq!(code(late), SqlState::QUERY_CANCELED);
    server.stop().await;
}

#[tokio::test]
async fn rows_are_copied_out() {
    let server = with_accounts().await;
    let client = connect(&server, "shop").await;
    let sql = "copy (select id, email from account order by id) to stdout (format csv, header)";
    let stream = client.copy_out(sql).await.unwrap();
    let chunks: Vec<_> = futures::TryStreamExt::try_collect(stream).await.unwrap();
    let text: Vec<u8> = chunks.concat();
    let expected = "id,email\nada,ada@example.org\nbob,bob@example.org\n";
    assert_eq!(String::from_utf8(text).unwrap(), expected);
    let plan = text_of_all(&client, "explain select * from account where id = 'ada'").await;
    assert!(plan.contains("Read model accounts at position 2"), "{plan}");
    assert!(plan.contains("SEARCH"), "{plan}");
    server.stop().await;
}

#[tokio::test]
async fn what_was_prepared_is_explained_in_json() {
    let server = with_accounts().await;
    let client = connect(&server, "shop").await;
    let prepare = "prepare by_id as select email from account where id = $1";
    client.batch_execute(prepare).await.unwrap();
    let explain = "explain (verbose, format json) execute by_id (null)";
    let statement = client.prepare(explain).await.unwrap();
    assert_eq!(statement.columns()[0].type_(), &Type::JSON);
    let plan = text_of_all(&client, explain).await;
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let lines = plan[0]["Plan"]["Lines"].as_array().unwrap();
    let says = |text: &str| {
        lines
            .iter()
            .any(|line| line.as_str().unwrap().contains(text))
    };
    assert!(says("Read model accounts") && says("SEARCH"), "{plan}");
    for (refused, state) in [
        (
            "explain execute nothing",
            SqlState::INVALID_SQL_STATEMENT_NAME,
        ),
        ("explain execute by_id", SqlState::SYNTAX_ERROR),
    ] {
        assert_eq!(code(client.batch_execute(refused).await), state);
    }
    server.stop().await;
}

async fn text_of_all(client: &Client, sql: &str) -> String {
    let messages = client.simple_query(sql).await.unwrap();
    let lines = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn listeners_are_told() {
    let server = TestServer::with_shop().await;
    let mut config = Config::new();
    let address = server.postgres();
    config
        .host(address.ip().to_string())
        .port(address.port())
        .user("ada")
        .dbname("shop");
    let (client, mut connection) = config.connect(NoTls).await.unwrap();
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(Ok(message)) = std::future::poll_fn(|cx| connection.poll_message(cx)).await {
            if let tokio_postgres::AsyncMessage::Notification(notification) = message {
                let text = (
                    notification.channel().to_owned(),
                    notification.payload().to_owned(),
                );
                told.send(text).unwrap();
            }
        }
    });
    server.note("shop", 1).await;
    client.batch_execute("listen account").await.unwrap();
    server.note("shop", 1).await;
    let other = connect(&server, "shop").await;
    let insert = "insert into event (stream, type) values ('account/1', 'A')";
    other.batch_execute(insert).await.unwrap();
    let notification = tokio::time::timeout(PATIENCE, heard.recv()).await.unwrap();
    assert_eq!(
        notification.unwrap(),
        ("account".to_owned(), "3".to_owned())
    );
    client
        .batch_execute("unlisten account; listen note")
        .await
        .unwrap();
    other.batch_execute(insert).await.unwrap();
    server.note("shop", 1).await;
    let notification = tokio::time::timeout(PATIENCE, heard.recv()).await.unwrap();
    assert_eq!(notification.unwrap(), ("note".to_owned(), "5".to_owned()));
    // Each commit is told, also those that came while nothing could be.
    client.batch_execute("begin").await.unwrap();
    for notes in [1, 1, 2] {
        server.note("shop", notes).await;
    }
    client.batch_execute("commit").await.unwrap();
    for position in ["6", "7", "9"] {
        let notification = tokio::time::timeout(PATIENCE, heard.recv()).await.unwrap();
        assert_eq!(notification.unwrap().1, position);
    }
    server.stop().await;
}

#[tokio::test]
async fn settings_are_kept_shown_and_refused() {
    let server = TestServer::with_shop().await;
    let client = connect(&server, "shop").await;
    let session = text(&client, "select current_user || '@' || current_database()").await;
    assert_eq!(session, "ada@shop");
    assert!(
        text(&client, "show server_version")
            .await
            .contains("Headwater")
    );
    client
        .batch_execute("begin; set local statement_timeout = '3s'")
        .await
        .unwrap();
    assert_eq!(text(&client, "show statement_timeout").await, "3s");
    client.batch_execute("commit").await.unwrap();
    assert_eq!(text(&client, "show statement_timeout").await, "1min");
    client
        .batch_execute("begin; set application_name = 'x'; rollback")
        .await
        .unwrap();
    assert_eq!(text(&client, "show application_name").await, "");
    assert_eq!(
        code(client.simple_query("show nothing").await),
        SqlState::UNDEFINED_OBJECT
    );
    assert_eq!(
        code(client.batch_execute("set nothing = 1").await),
        SqlState::UNDEFINED_OBJECT
    );
    client
        .batch_execute("set headwater.wait_for = 7; set statement_timeout = '20ms'")
        .await
        .unwrap();
    let late = client.simple_query("select count(*) from event").await;
    assert_eq!(code(late), SqlState::QUERY_CANCELED);
    client.batch_execute("discard all").await.unwrap();
    assert_eq!(text(&client, "select count(*) from event").await, "0");
    server.stop().await;
}

#[tokio::test]
async fn idle_connections_are_told_of_the_end_and_keep_nothing_awake() {
    let options = Options {
        sleep_after: Some(Duration::from_millis(20)),
        ..Options::default()
    };
    let limits = Limits {
        connections_max: 4, // one is of HTTP
        ..Limits::default()
    };
    let mut server = TestServer::with(options, limits).await;
    server.create("shop").await;
    let client = connect(&server, "shop").await;
    assert_eq!(text(&client, "select count(*) from event").await, "0");
    let asleep = ("asleep", 1);
    while !server.node.stats().databases.contains(&asleep) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let _other = connect(&server, "shop").await;
    let mut raw = Raw::begin(&server).await;
    let refused = try_connect(&server, "shop").await;
    assert_eq!(code(refused.map(|_| ())), SqlState::TOO_MANY_CONNECTIONS);
    server.begin_stop();
    let farewell = raw.rest().await;
    assert!(
        farewell.windows(6).any(|part| part == b"C57P01"),
        "{farewell:?}"
    );
    drop(client);
    server.stop().await;
}

/// A connection without a client.
pub struct Raw {
    stream: TcpStream,
}

impl Raw {
    async fn open(server: &TestServer) -> Raw {
        let stream = TcpStream::connect(server.postgres()).await.unwrap();
        Raw { stream }
    }

    /// One that may send statements.
    pub async fn begin(server: &TestServer) -> Raw {
        let mut raw = Raw::open(server).await;
        let mut body = 196_608_u32.to_be_bytes().to_vec();
        body.extend_from_slice(b"user\0ada\0database\0shop\0\0");
        raw.send(&framed(None, &body)).await;
        raw.until_ready().await;
        raw
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// The kinds of the messages up to `ReadyForQuery`.
    pub async fn until_ready(&mut self) -> String {
        let mut kinds = String::new();
        loop {
            let kind = self.stream.read_u8().await.unwrap();
            let length = self.stream.read_u32().await.unwrap();
            let mut body = vec![0; length as usize - 4];
            self.stream.read_exact(&mut body).await.unwrap();
            kinds.push(char::from(kind));
            if kind == b'Z' {
                return kinds;
            }
        }
    }

    /// Everything up to the end of the connection.
    pub async fn rest(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let reading = self.stream.read_to_end(&mut bytes);
        let _ = tokio::time::timeout(PATIENCE, reading).await.unwrap(); // however it ended
        bytes
    }
}

pub fn framed(kind: Option<u8>, body: &[u8]) -> Vec<u8> {
    let mut frame: Vec<u8> = kind.into_iter().collect();
    frame.extend_from_slice(&(body.len() as u32 + 4).to_be_bytes());
    frame.extend_from_slice(body);
    frame
}

#[tokio::test]
async fn the_beginning_is_negotiated() {
    let server = TestServer::with_shop().await;
    for question in [80_877_103_u32, 80_877_104] {
        let mut raw = Raw::open(&server).await;
        raw.send(&framed(None, &question.to_be_bytes())).await;
        assert_eq!(raw.stream.read_u8().await.unwrap(), b'N');
        let mut body = 196_610_u32.to_be_bytes().to_vec(); // 3.2
        body.extend_from_slice(b"user\0ada\0database\0shop\0_pq_.x\0y\0TimeZone\0Mars\0\0");
        raw.send(&framed(None, &body)).await;
        let kinds = raw.until_ready().await;
        assert!(kinds.starts_with("vR") && kinds.ends_with("KNZ"), "{kinds}");
    }
    server.stop().await;
}

#[tokio::test]
async fn after_an_error_nothing_is_done_until_sync() {
    let server = TestServer::with_shop().await;
    let mut raw = Raw::begin(&server).await;
    let parse = |sql: &str| framed(Some(b'P'), format!("\0{sql}\0\0\0").as_bytes());
    let bind = framed(Some(b'B'), b"\0\0\0\0\0\0\0\0");
    let execute = framed(Some(b'E'), b"\0\0\0\0\0");
    let sync = framed(Some(b'S'), b"");
    let good = [
        parse("select 1"),
        bind.clone(),
        execute.clone(),
        sync.clone(),
    ]
    .concat();
    let bad = [
        parse("select x"),
        bind.clone(),
        execute.clone(),
        framed(Some(b'Q'), b"select 1\0"),
        sync.clone(),
    ]
    .concat();
    raw.send(&bad).await;
    assert_eq!(raw.until_ready().await, "EZ");
    raw.send(&good).await;
    assert_eq!(raw.until_ready().await, "12DCZ");
    raw.send(&[execute.clone(), sync.clone()].concat()).await; // its portal ended with the sync
    assert_eq!(raw.until_ready().await, "EZ");
    raw.send(&framed(Some(b'Q'), b" ; \0")).await;
    assert_eq!(raw.until_ready().await, "IZ");
    raw.send(&[parse(""), bind, execute, sync].concat()).await;
    assert_eq!(raw.until_ready().await, "12IZ");
    raw.send(&framed(Some(b'X'), b"")).await;
    assert!(raw.rest().await.is_empty());
    server.stop().await;
}

#[tokio::test]
async fn whatever_bytes_come_others_do_not_feel_it() {
    let server = TestServer::with_shop().await;
    let other = connect(&server, "shop").await;
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let session: Vec<u8> = [
        framed(Some(b'P'), b"s\0select $1::int\0\0\x01\0\0\0\x17"),
        framed(
            Some(b'B'),
            b"p\0s\0\0\x01\0\x01\0\x01\0\0\0\x04\0\0\0\x07\0\x01\0\x01",
        ),
        framed(Some(b'D'), b"Pp\0"),
        framed(Some(b'E'), b"p\0\0\0\0\x01"),
        framed(Some(b'C'), b"Ss\0"),
        framed(Some(b'H'), b""),
        framed(Some(b'S'), b""),
        framed(Some(b'Q'), b"select 1; begin; commit\0"),
    ]
    .concat();
    for round in 0..200 {
        let mut raw = if round % 4 == 0 {
            Raw::open(&server).await
        } else {
            Raw::begin(&server).await
        };
        let mut bytes = session.clone();
        match round % 3 {
            0 => bytes.iter_mut().for_each(|byte| *byte = dice.next() as u8),
            1 => bytes.truncate(dice.next() as usize % session.len()),
            _ => {
                for _ in 0..1 + dice.next() % 4 {
                    let at = dice.next() as usize % bytes.len();
                    bytes[at] = dice.next() as u8;
                }
            }
        }
        let _ = raw.stream.write_all(&bytes).await; // it may have been closed before the last byte
        let _ = raw.stream.shutdown().await;
        raw.rest().await;
    }
    for frame in [
        framed(Some(b'Q'), b"select 1"),        // no zero at the end
        framed(Some(b'Q'), b"select '\xff'\0"), // no UTF-8
        framed(Some(b'B'), b"\0\0\xff\xff"),
        framed(Some(b'E'), b"\0"),
        framed(Some(b'D'), b"X\0"),
    ] {
        let mut raw = Raw::begin(&server).await;
        raw.send(&frame).await;
        raw.send(&framed(Some(b'S'), b"")).await;
        assert!(raw.until_ready().await.starts_with('E'));
    }
    let mut raw = Raw::begin(&server).await;
    raw.send(b"Q\xff\xff\xff\xff").await;
    let farewell = raw.rest().await;
    assert!(farewell.windows(6).any(|part| part == b"C08P01"));
    assert_eq!(text(&other, "select 1").await, "1");
    let metrics = server.get("/metrics").await.text;
    assert!(metrics.contains("\nheadwater_connection_panics_total 0\n"));
    server.stop().await;
}

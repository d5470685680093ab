//! The catalogs tell of the tables that are live, and of the session; nothing is folded for that.

use headwater_projection::Request;
use serde_json::json;

use crate::rows;
use crate::support::{ACCOUNTS, Database};

#[test]
fn the_catalogs_are_answered_while_a_projection_stands_still() {
    let database = Database::new();
    database.apply(ACCOUNTS).unwrap();
    // The fold stops here: there is no email.
    database.append("AccountOpened", "account/ada", "{}");
    let stopped = database.query(Request::new("select id from account"));
    assert!(stopped.is_err(), "{stopped:?}");
    assert_eq!(
        database.rows(
            "select relname from pg_catalog.pg_class \
             where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1"
        ),
        rows![["account"], ["event"]]
    );
    assert_eq!(
        database.rows(
            "select a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull \
             from pg_attribute a where a.attrelid = 'account'::regclass order by a.attnum limit 2"
        ),
        rows![["id", "text", true], ["email", "text", true]]
    );
}

#[test]
fn a_session_is_told_of_itself() {
    let database = Database::new();
    let answer = database
        .query(Request {
            database: "shop".to_owned(),
            user: "ada".to_owned(),
            ..Request::new(
                "select current_database(), current_user, now() = current_timestamp, \
                 now() > timestamptz '2020-01-01 00:00:00+00', \
                 (select datname from pg_database), (select rolname from pg_roles)",
            )
        })
        .unwrap();
    let expected = json!(["shop", "ada", true, true, "shop", "ada"]);
    assert_eq!(json!(answer.rows[0]), expected);
}

#[test]
fn a_projection_knows_neither_clock_nor_catalog() {
    let database = Database::new();
    let text = |statement: &str| {
        format!(
            "-- projection: p\ncreate table t (id text primary key);\n-- on: Opened\n{statement};\n"
        )
    };
    for statement in [
        "insert into t (id) values (now()::text)",
        "insert into t (id) select relname from pg_class",
        "insert into t (id) values (current_user)",
        "insert into t (id) values ('t'::regclass::text)",
    ] {
        let refused = database.apply(&text(statement));
        assert!(refused.is_err(), "{statement}: {refused:?}");
    }
    let statement = "insert into t (id) values (@key)"; // the rest of the text is right
    database.apply(&text(statement)).unwrap();
}

//! The way through: append, apply, query.

use headwater_projection::{Applied, State};

use crate::rows;
use crate::support::{ACCOUNTS, Database, TALLY};

#[test]
fn what_was_appended_is_in_the_tables_at_once() {
    let database = Database::new();
    assert_eq!(database.apply(ACCOUNTS).unwrap(), Applied::Created);
    database.append(
        "AccountOpened",
        "account/ada",
        r#"{"email":"ada@example.org"}"#,
    );
    assert_eq!(
        database.rows("select id, email, name from account"),
        rows![["ada", "ada@example.org", null]]
    );
    database.append(
        "EmailChanged",
        "account/ada",
        r#"{"email":"ada@example.net"}"#,
    );
    database.append(
        "AccountOpened",
        "account/bob",
        r#"{"email":"b@x","name":"Bob"}"#,
    );
    assert_eq!(
        database.rows("select id, email, name from account order by id"),
        rows![["ada", "ada@example.net", null], ["bob", "b@x", "Bob"]]
    );
    database.append("AccountClosed", "account/ada", "{}");
    assert_eq!(database.rows("select id from account"), rows![["bob"]]);
    assert_eq!(database.wait_live("accounts").state, State::Live);
}

#[test]
fn one_query_over_two_projections_and_the_log_sees_one_position() {
    let database = Database::new();
    database.apply(ACCOUNTS).unwrap();
    database.apply(TALLY).unwrap();
    for n in 0..10 {
        database.append("AccountOpened", &format!("account/{n}"), r#"{"email":"e"}"#);
    }
    assert_eq!(
        database.rows(
            "select (select count(*) from account), (select n from tally), (select count(*) from event)"
        ),
        rows![[10, 10, 10]]
    );
}

//! Handlers: what a projection does to its tables.

use headwater_sql::{ParamSource, Type, Value, compile_handler};

use crate::database::{Database, given, text};

const ACCOUNT: &str = "create table account (id text primary key, email text not null, name text,
    opened timestamptz not null, logins int not null default 0, active bool default true)";

fn accounts() -> Database {
    let database = Database::new(&[ACCOUNT]);
    for (id, email) in [("ada", "ada@x.org"), ("bob", "bob@x.org")] {
        database
            .handle(
                "insert into account (id, email, name, opened) values (@key, :email, :name?, @recorded_at)",
                &given(&[
                    ("@key", text(id)),
                    (":email", text(email)),
                    ("@recorded_at", Value::Timestamptz(1_000_000)),
                ]),
            )
            .unwrap();
    }
    database
}

#[test]
fn an_insert_stores_fields_and_envelope() {
    let database = accounts();
    assert_eq!(
        database.rows("select * from account order by id"),
        [
            "ada|ada@x.org|null|1970-01-01 00:00:01+00|0|t",
            "bob|bob@x.org|null|1970-01-01 00:00:01+00|0|t",
        ]
    );
}

#[test]
fn placeholders_are_typed_by_where_they_stand() {
    let database = accounts();
    let handler = compile_handler(
        "update account set logins = logins + :n, name = :n2?, opened = @occurred_at where id = @key and active = :on",
        &database.catalog,
    )
    .unwrap();
    let types: Vec<Type> = handler.params.iter().map(|param| param.ty).collect();
    assert_eq!(
        types,
        [
            Type::Int,
            Type::Text,
            Type::Timestamptz,
            Type::Text,
            Type::Bool
        ]
    );
    assert_eq!(
        handler.params[1].source,
        ParamSource::Field {
            name: "n2".to_owned(),
            optional: true
        }
    );
    assert_eq!(handler.table, "account");
}

//! Placeholders are found in code and nowhere else.

use headwater_sql::{EnvelopeField, ParamSource, compile_handler};
use proptest::prelude::*;

use crate::database::Database;

const NOTE: &str = "create table note (id text, body text, \"odd :a name\" text, doc jsonb)";

fn sources(sql: &str) -> Vec<ParamSource> {
    let database = Database::new(&[NOTE]);
    let handler = compile_handler(sql, &database.catalog);
    let handler = handler.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    handler
        .params
        .into_iter()
        .map(|param| param.source)
        .collect()
}

fn field(name: &str, optional: bool) -> ParamSource {
    ParamSource::Field {
        name: name.to_owned(),
        optional,
    }
}

#[test]
fn casts_and_operators_survive() {
    for (sql, expected) in [
        ("update note set body = :a::text", vec![field("a", false)]),
        ("update note set body = :a?::text", vec![field("a", true)]),
        (
            "update note set body='x'||:a||:b?||'y'",
            vec![field("a", false), field("b", true)],
        ),
        (
            "delete from note where doc @> '{}' and doc <@ :a",
            vec![field("a", false)],
        ),
        (
            "delete from note where doc ? 'x' or doc ? :a?",
            vec![field("a", true)],
        ),
        (
            "delete from note where @data @> doc and id=@key",
            vec![
                ParamSource::Envelope(EnvelopeField::Data),
                ParamSource::Envelope(EnvelopeField::Key),
            ],
        ),
        (
            "delete from note where \"odd :a name\" = E'\\':b' or id = $$:c @d$$",
            vec![],
        ),
        (
            "delete from note where id = 'it''s :a' /* :b /* @c */ :d */ -- :e",
            vec![],
        ),
    ] {
        assert_eq!(sources(sql), expected, "{sql}");
    }
}

#[test]
fn every_part_of_the_envelope_has_a_placeholder() {
    for envelope in EnvelopeField::ALL {
        let sql = format!("delete from note where body = @{}::text", envelope.name());
        assert_eq!(sources(&sql), [ParamSource::Envelope(envelope)]);
    }
}

proptest! {
    /// Whatever stands in a string is data, in each way to write a string.
    #[test]
    fn strings_are_never_touched(content in "[a-z:@? \"\n-]{0,12}") {
        let database = Database::new(&[NOTE]);
        for quoted in [format!("'{content}'"), format!("E'{content}'"), format!("$q${content}$q$")] {
            let sql = format!("insert into note (id, body) values (:id, {quoted})");
            let handler = compile_handler(&sql, &database.catalog).unwrap();
            prop_assert_eq!(handler.params.len(), 1);
            database.conn.execute(&handler.sqlite, ["k"]).unwrap();
            let stored: String = database
                .conn
                .query_row("select body from note", [], |row| row.get(0))
                .unwrap();
            prop_assert_eq!(&stored, &content);
            database.run("delete from note");
        }
    }

    /// Comments are skipped whole, and quoted names are names.
    #[test]
    fn comments_are_never_touched(content in "[a-z:@? '\"]{0,12}") {
        let sql = format!("/* {content} */ delete from note -- {content}\n where id = :id");
        prop_assert_eq!(sources(&sql), vec![field("id", false)]);
    }

    /// No text makes the compiler panic.
    #[test]
    fn any_text_is_answered(text in "([a-z0-9_]{1,6}|[ '\"():;,.@$?*+=<>|/\\\\\n-]| select | from | where |note){0,24}") {
        let database = Database::new(&[NOTE]);
        let _ = compile_handler(&text, &database.catalog);
        let _ = headwater_sql::compile_query(&text, &database.catalog, &[]);
        let _ = headwater_sql::split_statements(&text);
        let _ = headwater_sql::create_table(&text);
    }
}

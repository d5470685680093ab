//! The table `event`: right, and without reading more of the log than the question needs.

use std::time::Duration;

use headwater_event::{EventType, NewEvent, Position, StreamName, Tag};
use headwater_journal::env::{Env, SystemEnv};
use headwater_projection::{At, Params, Request};
use serde_json::json;

use crate::rows;
use crate::support::{ACCOUNTS, Database, event};

/// 10,000 events: of ten streams in two categories, of five types, in 100 appends.
fn filled() -> Database {
    let database = Database::new();
    for append in 0..100 {
        let one = |n: u64| {
            let category = if n.is_multiple_of(2) { "even" } else { "odd" };
            event(
                &format!("Type{}", n % 5),
                &format!("{category}/{}", n % 10),
                &format!(r#"{{"n":{n}}}"#),
            )
        };
        database.append_all((append * 100..(append + 1) * 100).map(one).collect());
    }
    database
}

/// An event with every part, and one with none that can be left out.
fn two_events() -> Database {
    let database = Database::new();
    let tags = vec![Tag::new("b").unwrap(), Tag::new("a").unwrap()];
    database.append_all(vec![
        NewEvent {
            metadata: Some(r#"{"actor": "ada",  "a":1.0}"#.into()),
            occurred_at: Some("2024-02-29T12:30:00.5Z".parse().unwrap()),
            ..NewEvent::json(
                EventType::new("Opened").unwrap(),
                r#"{"z": 10000000000000000000001, "a": [1, 2]}"#,
            )
            .in_stream(StreamName::new("account/a/b").unwrap())
            .tagged(tags)
            .unwrap()
        },
        NewEvent {
            content_type: Some("image/png".into()),
            ..NewEvent::json(EventType::new("Seen").unwrap(), vec![0x89, 0x50])
        },
    ]);
    database
}

#[test]
fn it_has_every_part_of_an_event() {
    let database = two_events();
    assert_eq!(
        database.rows(
            "select position, stream, category, key, revision, type, tags::text, data::text, \
             content_type, metadata::text, occurred_at from event where position = 1"
        ),
        rows![[
            1,
            "account/a/b",
            "account",
            "a/b",
            1,
            "Opened",
            "[\"a\", \"b\"]",
            "{\"a\": [1, 2], \"z\": 10000000000000000000001}",
            "application/json",
            "{\"a\": 1.0, \"actor\": \"ada\"}",
            "2024-02-29T12:30:00.5Z"
        ]]
    );
    let page = database
        .journal
        .read(&headwater_journal::Read::default())
        .unwrap();
    let ids: Vec<String> = page
        .events
        .iter()
        .map(|event| event.id.to_string())
        .collect();
    assert_eq!(
        database.rows("select id from event order by position"),
        rows![[(ids[0])], [(ids[1])]]
    );
}

#[test]
fn what_an_event_has_not_is_null_or_empty() {
    let database = two_events();
    assert_eq!(
        database.rows(
            "select stream, category, key, revision, tags::text, data, bytes, content_type, \
             metadata::text, occurred_at = recorded_at from event where type = 'Seen'"
        ),
        rows![[
            null,
            null,
            null,
            null,
            "[]",
            null,
            "\\x8950",
            "image/png",
            "{}",
            true
        ]]
    );
}

#[test]
fn json_that_jsonb_cannot_hold_is_null_and_stands_in_nobodys_way() {
    let database = Database::new();
    for data in [r#""\ud800""#, r#"{"a":"x\u0000y"}"#, r#"{"a":1}"#] {
        database.append("Noted", "note/1", data);
    }
    assert_eq!(
        database.rows("select position, data is null, bytes is null from event order by 1"),
        rows![[1, true, false], [2, true, false], [3, false, false]]
    );
}

#[test]
fn only_what_is_asked_for_is_read() {
    let database = filled();
    // The condition, how many events match it, how many may be read.
    let cases: &[(&str, usize, u64)] = &[
        ("where position = 5000", 1, 1),
        ("where position > 9990", 10, 10),
        ("where position >= 9990", 11, 11),
        ("where position < 10", 9, 9),
        ("where position <= 10", 10, 10),
        ("where position between 500 and 509", 10, 10),
        ("where 9990 < position and position < 9995", 4, 4),
        ("where position in (1, 5000, 10000)", 3, 3),
        ("where stream = 'even/4'", 1_000, 1_000),
        ("where category = 'odd' and position <= 100", 50, 50),
        ("where type = 'Type3'", 2_000, 2_000),
        ("where type in ('Type1', 'Type2')", 4_000, 4_000),
        (
            "where type = 'Type4' and stream = 'even/4' and position > 9000",
            100,
            100,
        ),
        ("where stream = 'odd/4'", 0, 0),
        ("where stream = 'even'", 0, 0),
        ("where type = ''", 0, 0),
        ("where position > 10000", 0, 0),
        ("where position = null", 0, 0),
        ("where position < -9223372036854775807", 0, 0),
        ("order by position desc limit 10", 10, 32),
        ("order by position limit 10", 10, 32),
        ("where type = 'Type1' order by position desc limit 3", 3, 32),
        (
            "where position > 100 order by position desc limit 10",
            10,
            32,
        ),
        ("where position > 9995 order by position desc", 5, 5),
        ("order by position desc, type limit 1", 1, 32),
    ];
    for (condition, matching, read_max) in cases {
        let answer = database
            .query(Request::new(format!(
                "select position from event {condition}"
            )))
            .unwrap();
        assert_eq!(answer.rows.len(), *matching, "{condition}");
        assert!(
            answer.events_read <= *read_max,
            "{condition}: {} were read",
            answer.events_read
        );
    }
    let last = database
        .query(Request::new("select max(position) from event"))
        .unwrap();
    assert_eq!(last.rows, rows![[10000]]);
    assert!(last.events_read <= 32, "{} were read", last.events_read);
}

#[test]
fn an_event_is_found_by_its_id_without_a_scan() {
    let database = filled();
    let id_at = |position: u64| {
        let id = format!("select id from event where position = {position}");
        database.rows(&id)[0][0].as_str().unwrap().to_owned()
    };
    let (one, other) = (id_at(7), id_at(9_001));
    let nobody = "018f0000-0000-7000-8000-000000000001";
    let cases: &[(String, &[u64], u64)] = &[
        (format!("id = '{one}'"), &[7], 1),
        (format!("id = '{other}'::uuid"), &[9_001], 1),
        (
            format!("id in ('{one}', '{other}', '{nobody}')"),
            &[7, 9_001],
            2,
        ),
        (format!("id = '{nobody}'"), &[], 0),
        (format!("id = '{one}' and position > 7"), &[], 0),
        (format!("id = '{one}' and id = '{other}'"), &[], 0),
        (format!("id = '{one}' and stream = 'odd/7'"), &[], 1),
    ];
    for (condition, positions, read_max) in cases {
        let sql = format!("select position from event where {condition} order by position");
        let answer = database.query(Request::new(sql)).unwrap();
        let found = answer.rows.iter().map(|row| row[0].as_u64().unwrap());
        assert_eq!(found.collect::<Vec<_>>(), *positions, "{condition}");
        let read = answer.events_read;
        assert!(read <= *read_max, "{condition}: {read} were read");
    }
    let before = Request {
        at: Some(At::Position(Position(8_000))),
        ..Request::new(format!("select position from event where id = '{other}'"))
    };
    assert!(
        database.query(before).unwrap().rows.is_empty(),
        "it came later"
    );
}

#[test]
fn what_is_pushed_down_answers_as_what_is_not() {
    let database = filled();
    for condition in [
        "position > 17 and position <= 33",
        "position >= 17 and position < 33",
        "position = 20",
        "type = 'Type3' and position < 50",
        "type in ('Type3', 'Type0', 'None') and stream in ('odd/3', 'even/0') and position < 200",
        "category = 'odd' and type = 'Type2' and position < 300",
        "stream = 'odd/7' and type = 'Type3'",
        "position > 2 and position > 9980.5",
        "position < 20 and position = 30",
    ] {
        for order in ["position", "position desc"] {
            let pushed = format!(
                "select position, type, stream from event where {condition} order by {order}"
            );
            // A condition on an expression is not pushed down.
            let plain = condition
                .replace("position", "(position + 0)")
                .replace("type", "(type || '')")
                .replace("stream", "(stream || '')")
                .replace("category", "(category || '')");
            let plain =
                format!("select position, type, stream from event where {plain} order by {order}");
            assert_eq!(database.rows(&pushed), database.rows(&plain), "{condition}");
        }
    }
}

#[test]
fn times_of_recording_are_ranges_of_positions() {
    let database = Database::new();
    let mut times = Vec::new();
    for n in 0..4 {
        database.append_all(
            (0..25)
                .map(|_| event("N", &format!("n/{n}"), "{}"))
                .collect(),
        );
        times.push(database.journal.head().recorded_at.to_string());
        SystemEnv.sleep(Duration::from_millis(2));
    }
    let count = |condition: &str, time: &str| {
        let request = Request {
            params: Params::Json(vec![json!(time)]),
            ..Request::new(format!(
                "select count(*) from event where recorded_at {condition} $1"
            ))
        };
        let answer = database.query(request).unwrap();
        (answer.rows[0][0].as_u64().unwrap(), answer.events_read)
    };
    assert_eq!(count("<", &times[1]), (25, 25));
    assert_eq!(count("<=", &times[1]), (50, 50));
    assert_eq!(count("=", &times[1]), (25, 25));
    assert_eq!(count(">=", &times[1]), (75, 75));
    assert_eq!(count(">", &times[1]), (50, 50));
    assert_eq!(count(">", "9999-01-01T00:00:00Z"), (0, 0));
    assert_eq!(count("<", "0001-01-01T00:00:00Z"), (0, 0));
}

#[test]
fn it_joins_with_tables_and_reads_each_event_by_its_position() {
    let database = filled();
    database
        .apply(
            &ACCOUNTS
                .replace("AccountOpened", "Type0")
                .replace("@key, :email", "'k' || @position, 'e'"),
        )
        .unwrap();
    let answer = database
        .query(Request::new(
            "select e.position from account a join event e on e.position = cast(substr(a.id, 2) as bigint) \
             where a.id in ('k1', 'k6') order by 1",
        ))
        .unwrap();
    assert_eq!(answer.rows, rows![[1], [6]]);
    assert!(answer.events_read <= 2, "{} were read", answer.events_read);
}

#[test]
fn as_of_an_earlier_position_later_events_are_not_there() {
    let database = filled();
    let ask = |at: u64, sql: &str| {
        let request = Request {
            at: Some(At::Position(Position(at))),
            ..Request::new(sql)
        };
        let answer = database.query(request).unwrap();
        assert_eq!(answer.position, Position(at));
        answer.rows
    };
    for at in [0, 1, 99, 100, 101, 10_000] {
        assert_eq!(
            ask(at, "select count(*), coalesce(max(position), 0) from event"),
            rows![[at, at]]
        );
        let last = ask(
            at,
            "select position from event order by position desc limit 1",
        );
        assert_eq!(last.len(), usize::from(at > 0));
    }
}

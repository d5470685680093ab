//! What PostgreSQL reads and prints as text, for each type; and how it maps the cases of letters.

use headwater_sql::{Type, Value, install};
use postgres::Client;

use super::engines::query_postgres;
use super::headwater::Headwater;
use super::postgres_server::PostgresServer;

/// Texts to read as every type: right, wrong and borderline for one or the other.
const TEXTS: &[&str] = &[
    "",
    " ",
    "0",
    "1",
    "-1",
    "+1",
    " 42 ",
    "007",
    "2147483647",
    "2147483648",
    "-2147483648",
    "-2147483649",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "1.5",
    "-1.5",
    ".5",
    "5.",
    ".",
    "-",
    "+",
    "--1",
    "1e3",
    "1E-3",
    "1e",
    "1e+",
    "1e400",
    "1e-400",
    "-1e400",
    "4.9e-324",
    "2.4e-324",
    "1.7976931348623157e308",
    "1.8e308",
    "1e15",
    "123456789012345678",
    "0.1",
    "0.0001",
    "0.00001",
    "1e22",
    "1e23",
    "-0",
    "-0.0",
    "1.10",
    "1.100e1",
    "000.100",
    "Infinity",
    "-infinity",
    "inf",
    "NaN",
    "nan",
    "0x10",
    "1_000",
    "1,5",
    "1 2",
    "true",
    "TRUE",
    "t",
    "tr",
    "truex",
    "false",
    "f",
    "fa",
    "yes",
    "y",
    "no",
    "n",
    "on",
    "of",
    "off",
    "o",
    " t ",
    "2024-02-29",
    "2023-02-29",
    "2024-2-9",
    "2024-13-01",
    "2024-00-10",
    "2024-01-32",
    "2024-01-00",
    "0001-01-01",
    "0000-01-01",
    "9999-12-31",
    "10000-01-01",
    "24-01-01",
    "20240229",
    "2024-02-29 ",
    "2024-02-29 12:30",
    "2024-02-29 12:30:45",
    "2024-02-29T12:30:45Z",
    "2024-02-29 12:30:45.123456",
    "2024-02-29 12:30:45.1234565",
    "2024-02-29 12:30:45.1234575",
    "2024-02-29 12:30:45.9999999",
    "2024-02-29 12:30:45+02",
    "2024-02-29 12:30:45 +02:30",
    "2024-02-29 12:30:45-0330",
    "2024-02-29 12:30:45+15:59:59",
    "2024-02-29 12:30:45+16",
    "2024-02-29 23:59:60",
    "2024-02-29 23:59:61",
    "2024-02-29 24:00:00",
    "2024-02-29 24:00:01",
    "2024-02-29 25:00:00",
    "2024-02-29 12:60:00",
    "2024-02-29 1:02:03",
    "2024-02-29 12",
    "2024-02-29 12:30:45 UTC",
    "0001-01-01 00:00:00+01",
    "9999-12-31 23:59:59-01",
    "9999-12-31 23:59:59.9999999",
    "now",
    "today",
    "epoch",
    "infinity",
    "January 8, 1999",
    "yesterdayish",
    "12:30",
    "null",
    "NULL",
    "\"a\"",
    "\"a",
    "[]",
    "[1, 2]",
    "[1,]",
    "{}",
    "{\"b\":1,\"a\":2}",
    "{\"a\":1,\"a\":2}",
    "{\"aa\":1,\"b\":2}",
    "{\"a\":1.0,\"b\":1.00e2}",
    "{a:1}",
    "{\"a\" 1}",
    "[1e2, 1E-2, -0, -0.0, 1.50]",
    "[01]",
    "[1.]",
    "[.5]",
    "[-]",
    "[1e400]",
    "\"\\u00e9\"",
    "\"\\u0000\"",
    "\"\\ud834\\udd1e\"",
    "\"\\ud834\"",
    "\"\\udd1e\"",
    "\"\\x\"",
    "\"\\/\\b\\f\\n\\r\\t\\\\\\\"\"",
    "\"\u{1}\"",
    "\"\u{7f}é𝄞\"",
    "\"\\u001f\"",
    "tRue",
    "truefalse",
    "[true,false,null]",
    "[1 2]",
    "{\"a\":[{\"b\":{}}]}",
    "  {}  ",
    "{} x",
    "\t1\n",
    "12345678901234567890123456789012345678901234567890",
    "0.00000000000000000000000000000000000001",
    "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
    "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}",
    "a0eebc999c0b4ef8bb6d6bb9bd380a11",
    "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11",
    "a0eebc99-9c0b4ef8bb6d-6bb9bd380a11",
    "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1",
    "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a111",
    "-a0eebc999c0b4ef8bb6d6bb9bd380a11",
    "a0eebc999c0b4ef8bb6d6bb9bd380a11-",
    "g0eebc999c0b4ef8bb6d6bb9bd380a11",
    "\\x",
    "\\x00ff",
    "\\xDEADbeef",
    "\\x de ad",
    "\\xd e",
    "\\xabc",
    "\\xzz",
    "\\\\",
    "\\",
    "\\001",
    "\\400",
    "\\12",
    "abc",
    "é",
    "a\\000b",
];

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[test]
fn texts_are_read_and_printed_as_postgresql_does() {
    let server = PostgresServer::start();
    let mut client = server.connect();
    let headwater = Headwater::new();
    let (mut answered, mut disagreements) = (0, Vec::new());
    for text in TEXTS {
        for ty in Type::ALL {
            let literal = format!("select {}::{} as x", quoted(text), ty.catalog_name());
            let cast = format!(
                "select t::{} as x from (values ({}::text)) v(t)",
                ty.catalog_name(),
                quoted(text)
            );
            for sql in [literal, cast] {
                let found = headwater.query(&sql);
                let expected = query_postgres(&mut client, &sql);
                if found.is_refused() {
                    continue;
                }
                answered += 1;
                if !found.agrees_with(&expected) {
                    disagreements.push(format!(
                        "{sql}\n    PostgreSQL: {}\n    Headwater:  {}",
                        expected.describe(),
                        found.describe()
                    ));
                }
            }
        }
    }
    assert!(answered > 2000, "only {answered} texts were answered");
    assert!(
        disagreements.is_empty(),
        "{} disagree:\n{}",
        disagreements.len(),
        disagreements.join("\n")
    );
}

#[test]
fn doubles_print_the_digits_postgresql_prints() {
    let server = PostgresServer::start();
    let mut client = server.connect();
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut doubles = vec![
        0.0,
        1e23,
        9e22,
        5e-324,
        2f64.powi(-44),
        1e15,
        1e16,
        0.1 + 0.2,
        f64::MAX,
        f64::MIN_POSITIVE,
    ];
    doubles.extend((-1074..1024).map(|exponent| 2f64.powi(exponent)));
    doubles.extend((0..4000).map(|_| {
        // splitmix64, so that every run sees the same numbers.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        f64::from_bits((mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb))
    }));
    doubles.retain(|double| double.is_finite());
    let literals: Vec<String> = doubles
        .iter()
        .map(|double| format!("'{double:.17e}'"))
        .collect();
    let sql = format!(
        "select unnest(array[{}]::float8[])::text",
        literals.join(",")
    );
    let expected = column(&mut client, &sql);
    for (double, expected) in doubles.iter().zip(expected) {
        assert_eq!(
            Value::Double(*double).to_text(),
            Some(expected),
            "{double:e}"
        );
    }
}

#[test]
fn cases_of_letters_are_mapped_as_in_postgresql() {
    let server = PostgresServer::start();
    let mut client = server.connect();
    let conn = rusqlite::Connection::open_in_memory().unwrap();
    install(&conn).unwrap();
    let mut map = conn
        .prepare("select hw_lower(?1) || ' ' || hw_upper(?1)")
        .unwrap();
    let sql = "select lower(chr(i)) || ' ' || upper(chr(i)) from generate_series(1, 1114111) i
               where i not between 55296 and 57343 order by i";
    let expected = column(&mut client, sql);
    let characters = ('\u{1}'..=char::MAX).collect::<Vec<_>>();
    assert_eq!(characters.len(), expected.len());
    let mut disagreements = Vec::new();
    for (character, expected) in characters.iter().zip(expected) {
        let found: String = map
            .query_row([character.to_string()], |row| row.get(0))
            .unwrap();
        if found != expected {
            disagreements.push(format!(
                "U+{:04X} {character}: {expected} but {found}",
                u32::from(*character)
            ));
        }
    }
    assert!(
        disagreements.is_empty(),
        "{} disagree:\n{}",
        disagreements.len(),
        disagreements.join("\n")
    );
}

#[test]
fn words_begin_behind_the_characters_that_postgresql_takes_for_no_letter() {
    let server = PostgresServer::start();
    let mut client = server.connect();
    let conn = rusqlite::Connection::open_in_memory().unwrap();
    install(&conn).unwrap();
    let mut map = conn.prepare("select hw_initcap(?1 || 'x')").unwrap();
    let sql = "select initcap(chr(i) || 'x') from generate_series(1, 1114111) i
               where i not between 55296 and 57343 order by i";
    let (mut answered, mut disagreements) = (0, Vec::new());
    for (character, expected) in ('\u{1}'..=char::MAX).zip(column(&mut client, sql)) {
        let found = map.query_row([character.to_string()], |row| row.get::<_, String>(0));
        let Ok(found) = found else {
            continue; // refused
        };
        answered += 1;
        if found != expected {
            disagreements.push(format!("{character:?}: {expected} but {found}"));
        }
    }
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n"));
    assert!(answered > 2_000, "only {answered} are answered");
}

/// The first column of a query's rows.
fn column(client: &mut Client, sql: &str) -> Vec<String> {
    client
        .query(sql, &[])
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect()
}

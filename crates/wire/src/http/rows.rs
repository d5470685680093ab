//! Rows as JSON.
//!
//! | SQL | JSON |
//! |---|---|
//! | boolean | true or false |
//! | integer, bigint, numeric | a number with all its digits |
//! | double precision | a number; `"Infinity"` and `"-Infinity"` as text |
//! | timestamp with time zone | text, RFC 3339 in UTC with six digits of the fraction |
//! | date, uuid | text |
//! | jsonb | the JSON itself |
//! | bytea | text, `\x` and hexadecimal digits |

use std::io::Write as _;

use headwater_sql::Value;
use jiff::SignedDuration;
use jiff::civil::{Date, DateTime};

/// Midnight of 1970-01-01.
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

const SECONDS_PER_DAY: i64 = 86_400;

/// Writes a row as a JSON array.
pub(crate) fn write_row(out: &mut Vec<u8>, row: &[Value]) {
    out.push(b'[');
    for (at, value) in row.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_value(out, value);
    }
    out.push(b']');
}

fn write_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(value) => plain(out, value),
        Value::Int(value) => plain(out, value),
        Value::BigInt(value) => plain(out, value),
        Value::Double(value) => double(out, *value),
        Value::Numeric(text) | Value::Jsonb(text) => plain(out, text),
        Value::Text(text) => quoted(out, text),
        Value::Timestamptz(micros) => quoted(out, &timestamp(*micros)),
        Value::Date(days) => quoted(out, &date(*days)),
        Value::Uuid(uuid) => quoted(out, &uuid.to_string()),
        Value::Bytea(bytes) => hexadecimal(out, bytes),
        Value::SmallInt(value) => plain(out, value),
        Value::Oid(value) => plain(out, value),
        Value::Array(..) => plain(out, value.to_json()),
        Value::Interval(text) | Value::Other(_, text) => quoted(out, text),
    }
}

fn plain(out: &mut Vec<u8>, value: impl std::fmt::Display) {
    let _ = write!(out, "{value}"); // a Vec takes everything
}

fn quoted(out: &mut Vec<u8>, text: &str) {
    let _ = serde_json::to_writer(out, text); // a Vec takes everything, and text is always JSON
}

fn double(out: &mut Vec<u8>, value: f64) {
    if value.is_finite() {
        let _ = serde_json::to_writer(out, &value); // as above
    } else {
        quoted(out, if value > 0.0 { "Infinity" } else { "-Infinity" });
    }
}

fn hexadecimal(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(b"\"\\\\x");
    for byte in bytes {
        let _ = write!(out, "{byte:02x}"); // as above
    }
    out.push(b'"');
}

/// Years 0001 to 9999, as SQL has them; the calendar ends where they do.
fn timestamp(micros: i64) -> String {
    let instant = EPOCH.saturating_add(SignedDuration::from_micros(micros));
    format!("{instant:.6}Z")
}

fn date(days: i32) -> String {
    let since = SignedDuration::from_secs(i64::from(days) * SECONDS_PER_DAY);
    let day: Date = EPOCH.saturating_add(since).date();
    day.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_its_form() {
        let row = [
            Value::Null,
            Value::Bool(true),
            Value::BigInt(i64::MIN),
            Value::Double(0.1),
            Value::Double(f64::NEG_INFINITY),
            Value::Numeric("12345678901234567890.10".to_owned()),
            Value::Text("a\"\n".to_owned()),
            Value::Timestamptz(1_700_000_000_000_001),
            Value::Timestamptz(-62_135_596_800_000_000),
            Value::Date(-1),
            Value::Date(2_932_896),
            Value::Uuid(uuid::Uuid::nil()),
            Value::Jsonb(r#"{"a": 1}"#.to_owned()),
            Value::Bytea(vec![0, 255]),
        ];
        let mut out = Vec::new();
        write_row(&mut out, &row);
        let expected = r#"[null,true,-9223372036854775808,0.1,"-Infinity",12345678901234567890.10,"a\"\n","2023-11-14T22:13:20.000001Z","0001-01-01T00:00:00.000000Z","1969-12-31","9999-12-31","00000000-0000-0000-0000-000000000000",{"a": 1},"\\x00ff"]"#;
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}

//! Laws of values: each survives its text, its JSON and SQLite.

use headwater_sql::{Type, Value};
use proptest::prelude::*;
use rusqlite::types::ValueRef;
use serde_json::json;

/// Microseconds of 0001-01-01 00:00:00 and 9999-12-31 23:59:59.999999.
const MICROS: std::ops::RangeInclusive<i64> = -62_135_596_800_000_000..=253_402_300_799_999_999;
const DAYS: std::ops::RangeInclusive<i32> = -719_162..=2_932_896;

fn text() -> impl Strategy<Value = String> {
    any::<String>().prop_map(|text| text.replace('\0', ""))
}

fn document() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|b| json!(b)),
        any::<i64>().prop_map(|n| json!(n)),
        (-1e9..1e9).prop_map(|n: f64| json!(n)),
        text().prop_map(|s| json!(s)),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
            prop::collection::vec((text(), inner), 0..5)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

fn value() -> impl Strategy<Value = (Type, Value)> {
    prop_oneof![
        any::<bool>().prop_map(|v| (Type::Bool, Value::Bool(v))),
        any::<i32>().prop_map(|v| (Type::Int, Value::Int(v))),
        any::<i64>().prop_map(|v| (Type::BigInt, Value::BigInt(v))),
        any::<f64>()
            .prop_filter("no NaN", |v| !v.is_nan())
            .prop_map(|v| (Type::Double, Value::Double(v))),
        text().prop_map(|v| (Type::Text, Value::Text(v))),
        MICROS.prop_map(|v| (Type::Timestamptz, Value::Timestamptz(v))),
        DAYS.prop_map(|v| (Type::Date, Value::Date(v))),
        any::<u128>().prop_map(|v| (Type::Uuid, Value::Uuid(uuid::Uuid::from_u128(v)))),
        any::<Vec<u8>>().prop_map(|v| (Type::Bytea, Value::Bytea(v))),
        (any::<i64>(), 0..12u32).prop_map(|(digits, scale)| {
            let text = format!("{digits}e-{scale}");
            (
                Type::Numeric,
                Value::from_text(Type::Numeric, &text).unwrap(),
            )
        }),
        document().prop_map(|v| {
            (
                Type::Jsonb,
                Value::from_text(Type::Jsonb, &v.to_string()).unwrap(),
            )
        }),
    ]
}

proptest! {
    #[test]
    fn a_value_survives_its_text((ty, value) in value()) {
        prop_assert_eq!(Value::from_text(ty, &value.to_text().unwrap())?, value);
    }

    #[test]
    fn a_value_survives_its_json_text((ty, value) in value()) {
        let text = value.to_json_text();
        let read = match ty {
            Type::Jsonb => Value::from_text(ty, &text),
            _ => Value::from_json(ty, &serde_json::from_str(&text).unwrap()),
        };
        prop_assert_eq!(read?, value);
    }

    #[test]
    fn a_value_survives_sqlite((ty, value) in value()) {
        let stored = value.to_sqlite();
        prop_assert_eq!(Value::from_sqlite(ty, ValueRef::from(&stored))?, value);
    }

    #[test]
    fn canonical_jsonb_is_canonical(document in document(), indent: bool) {
        let text = if indent { serde_json::to_string_pretty(&document).unwrap() } else { document.to_string() };
        let once = Value::from_text(Type::Jsonb, &text)?.to_text().unwrap();
        let twice = Value::from_text(Type::Jsonb, &once)?.to_text().unwrap();
        prop_assert_eq!(&once, &twice);
        prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&once).unwrap(), document);
    }
}

#[test]
fn the_first_and_last_moment_are_in_the_language_and_their_neighbours_are_refused() {
    for (text, micros) in [
        ("0001-01-01 00:00:00+00", *MICROS.start()),
        ("9999-12-31 23:59:59.999999+00", *MICROS.end()),
    ] {
        assert_eq!(
            Value::from_text(Type::Timestamptz, text).unwrap(),
            Value::Timestamptz(micros)
        );
        assert_eq!(Value::Timestamptz(micros).to_text().unwrap(), text);
    }
    for text in [
        "0001-01-01 00:00:00+01",
        "9999-12-31 23:59:59-01",
        "10000-01-01 00:00:00",
    ] {
        assert_eq!(
            Value::from_text(Type::Timestamptz, text)
                .unwrap_err()
                .sqlstate(),
            "0A000",
            "{text}"
        );
    }
}

#[test]
fn json_of_another_kind_is_refused_by_name() {
    for (ty, json, sqlstate, message) in [
        (
            Type::Int,
            json!("1"),
            "22023",
            "expected a JSON number for integer, found a JSON string",
        ),
        (
            Type::Int,
            json!(1.5),
            "22023",
            "expected integer, found the JSON number 1.5",
        ),
        (
            Type::Int,
            json!(2_147_483_648_i64),
            "22003",
            "value \"2147483648\" is out of range for type integer",
        ),
        (
            Type::BigInt,
            json!(u64::MAX),
            "22003",
            "value \"18446744073709551615\" is out of range for type bigint",
        ),
        (
            Type::Text,
            json!(1),
            "22023",
            "expected a JSON string for text, found a JSON number",
        ),
        (
            Type::Text,
            json!("a\0"),
            "22021",
            "invalid byte sequence for encoding \"UTF8\": 0x00",
        ),
        (
            Type::Bool,
            json!(0),
            "22023",
            "expected a JSON boolean for boolean, found a JSON number",
        ),
        (
            Type::Timestamptz,
            json!("2024-01-01"),
            "22007",
            "\"2024-01-01\" is not a timestamp of RFC 3339",
        ),
        (
            Type::Timestamptz,
            json!("2024-01-01 10:00:00Z"),
            "22007",
            "\"2024-01-01 10:00:00Z\" is not a timestamp of RFC 3339",
        ),
        (
            Type::Date,
            json!("2024-02-30"),
            "22008",
            "date/time field value out of range: \"2024-02-30\"",
        ),
        (
            Type::Bytea,
            json!("abc"),
            "22P02",
            "a bytea in JSON must be \"\\\\x\" and hexadecimal digits",
        ),
        (
            Type::Uuid,
            json!("x"),
            "22P02",
            "invalid input syntax for type uuid: \"x\"",
        ),
        (
            Type::Jsonb,
            json!("\0"),
            "22P05",
            "unsupported Unicode escape sequence",
        ),
    ] {
        let error = Value::from_json(ty, &json).unwrap_err();
        assert_eq!(
            (error.sqlstate(), error.message()),
            (sqlstate, message),
            "{ty} from {json}"
        );
    }
}

#[test]
fn json_null_is_null_and_numbers_of_documents_keep_their_digits() {
    for ty in Type::ALL {
        assert_eq!(Value::from_json(ty, &json!(null)).unwrap(), Value::Null);
    }
    let exact = "{\"n\": 1.10, \"big\": 123456789012345678901234567890}";
    let value = Value::from_text(Type::Jsonb, exact).unwrap();
    assert_eq!(value.to_json_text(), exact);
}

#[test]
fn a_stored_value_of_another_type_is_an_internal_error() {
    for (ty, stored) in [
        (Type::Int, ValueRef::Integer(1 << 40)),
        (Type::Bool, ValueRef::Integer(2)),
        (Type::Text, ValueRef::Blob(b"a")),
        (Type::Uuid, ValueRef::Blob(b"short")),
    ] {
        assert_eq!(
            Value::from_sqlite(ty, stored).unwrap_err().sqlstate(),
            "XX000"
        );
    }
}

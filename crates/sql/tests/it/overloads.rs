//! Functions and operators that tables of overloads decide, and casts, with every combination of
//! the types of columns, numeric and a literal: where Headwater accepts a call, PostgreSQL accepts
//! it with the same type; where Headwater says that there is none, PostgreSQL says so too. The
//! other types (`smallint`, arrays, intervals ...) are up to the corpus.

use std::collections::BTreeSet;

use headwater_sql::Type;
use postgres::Client;

use super::engines::{Outcome, describe_postgres};
use super::headwater::Headwater;
use super::postgres_server::PostgresServer;

const FUNCTIONS: &[&str] = &[
    "abs",
    "ascii",
    "avg",
    "bit_length",
    "bool_and",
    "bool_or",
    "btrim",
    "ceil",
    "ceiling",
    "char_length",
    "character_length",
    "chr",
    "coalesce",
    "concat",
    "concat_ws",
    "count",
    "date_part",
    "date_trunc",
    "decode",
    "encode",
    "every",
    "exp",
    "floor",
    "format",
    "greatest",
    "initcap",
    "jsonb_agg",
    "jsonb_array_length",
    "jsonb_build_array",
    "jsonb_build_object",
    "jsonb_extract_path",
    "jsonb_extract_path_text",
    "jsonb_object_agg",
    "jsonb_pretty",
    "jsonb_strip_nulls",
    "jsonb_typeof",
    "least",
    "left",
    "length",
    "ln",
    "log",
    "log10",
    "lower",
    "lpad",
    "ltrim",
    "max",
    "md5",
    "min",
    "mod",
    "nullif",
    "octet_length",
    "pow",
    "power",
    "quote_literal",
    "quote_nullable",
    "regexp_count",
    "regexp_like",
    "regexp_match",
    "regexp_split_to_array",
    "regexp_substr",
    "repeat",
    "replace",
    "reverse",
    "right",
    "round",
    "rpad",
    "rtrim",
    "sign",
    "split_part",
    "sqrt",
    "starts_with",
    "string_agg",
    "strpos",
    "substr",
    "substring",
    "sum",
    "to_hex",
    "to_jsonb",
    "to_timestamp",
    "translate",
    "trunc",
    "upper",
];

const WINDOW_FUNCTIONS: &[&str] = &[
    "cume_dist",
    "dense_rank",
    "first_value",
    "lag",
    "last_value",
    "lead",
    "nth_value",
    "ntile",
    "percent_rank",
    "rank",
    "row_number",
    "sum",
    "avg",
    "count",
    "max",
];

const OPERATORS: &[&str] = &[
    "+",
    "-",
    "*",
    "/",
    "%",
    "^",
    "||",
    "=",
    "<>",
    "<",
    ">=",
    "&",
    "|",
    "#",
    "<<",
    ">>",
    "->",
    "->>",
    "#>",
    "#>>",
    "@>",
    "<@",
    "?",
    "?|",
    "?&",
    "like",
    "ilike",
    "is distinct from",
];

const FUNCTIONS_OF_THREE: &[&str] = &[
    "lpad",
    "make_date",
    "regexp_match",
    "regexp_replace",
    "replace",
    "split_part",
    "substr",
    "substring",
    "translate",
];

/// All types, and a literal of unknown type.
fn arguments() -> Vec<String> {
    let known = Type::ALL
        .iter()
        .map(|ty| format!("null::{}", ty.catalog_name()));
    known.chain(["null".to_owned()]).collect()
}

fn calls() -> Vec<String> {
    let all = arguments();
    let pairs: Vec<(&String, &String)> = all
        .iter()
        .flat_map(|a| all.iter().map(move |b| (a, b)))
        .collect();
    let mut calls = Vec::new();
    for name in FUNCTIONS {
        calls.extend(all.iter().map(|a| format!("{name}({a})")));
        calls.extend(pairs.iter().map(|(a, b)| format!("{name}({a}, {b})")));
    }
    for name in WINDOW_FUNCTIONS {
        calls.push(format!("{name}() over ()"));
        calls.extend(all.iter().map(|a| format!("{name}({a}) over ()")));
        calls.extend(
            pairs
                .iter()
                .map(|(a, b)| format!("{name}({a}, {b}) over ()")),
        );
    }
    for operator in OPERATORS {
        calls.extend(pairs.iter().map(|(a, b)| format!("{a} {operator} {b}")));
    }
    for operator in ["-", "+", "not "] {
        calls.extend(all.iter().map(|a| format!("{operator}{a}")));
    }
    calls.extend(three_arguments());
    calls.extend(casts());
    calls
}

fn three_arguments() -> Vec<String> {
    let some = [
        "null::text",
        "null::int",
        "null::bigint",
        "null::numeric",
        "null::bytea",
        "null",
    ];
    let mut calls = Vec::new();
    for name in FUNCTIONS_OF_THREE {
        for a in some {
            for b in some {
                calls.extend(some.iter().map(|c| format!("{name}({a}, {b}, {c})")));
            }
        }
    }
    calls
}

fn casts() -> Vec<String> {
    let to = |from: &String| {
        let from = from.clone();
        Type::ALL.map(|to| format!("({from})::{}", to.catalog_name()))
    };
    let mut casts: Vec<String> = arguments().iter().flat_map(to).collect();
    for field in ["year", "epoch", "hour"] {
        casts.extend(
            arguments()
                .iter()
                .map(|a| format!("extract({field} from {a})")),
        );
    }
    casts
}

#[test]
fn every_call_has_the_type_postgresql_gives_it() {
    let server = PostgresServer::start();
    let mut client = server.connect();
    let headwater = Headwater::new();
    let (mut answered, mut disagreements) = (BTreeSet::new(), Vec::new());
    for call in calls() {
        match compare(&call, &mut client, &headwater) {
            Ok(true) => answered.extend(name(&call)),
            Ok(false) => {}
            Err(disagreement) => disagreements.push(disagreement),
        }
    }
    let never: Vec<_> = [FUNCTIONS, WINDOW_FUNCTIONS, FUNCTIONS_OF_THREE]
        .into_iter()
        .flatten()
        .filter(|name| !answered.contains(**name))
        .collect();
    assert!(
        never.is_empty(),
        "never answered, whatever the arguments: {never:?}"
    );
    assert!(
        disagreements.is_empty(),
        "{} disagree:\n{}",
        disagreements.len(),
        disagreements.join("\n")
    );
}

/// The function of a call.
fn name(call: &str) -> Option<String> {
    call.split_once('(').map(|(name, _)| name.to_owned())
}

/// Whether Headwater accepts the call, if both agree about it. A refusal (0A000) always agrees.
fn compare(call: &str, client: &mut Client, headwater: &Headwater) -> Result<bool, String> {
    let sql = format!("select {call}");
    let found = headwater.describe(&sql);
    if found.is_refused() {
        return Ok(false);
    }
    let expected = describe_postgres(client, &sql);
    match found.agrees_with(&expected) {
        true => Ok(matches!(found, Outcome::Rows(_))),
        false => Err(format!(
            "{call}\n    PostgreSQL: {}\n    Headwater:  {}",
            expected.describe(),
            found.describe()
        )),
    }
}

//! Random statements of a grammar, which PostgreSQL 15 and Headwater must answer alike.
//!
//! One seed is a list of statements over the tables of `tests/random/fixture.sql`. Compared are the
//! names and types of columns, the rows in their order, and the SQLSTATE of an error; Headwater may
//! refuse (0A000). `HEADWATER_SEEDS=1000` runs so many seeds, and `HEADWATER_SEEDS=40..50` these.

mod dice;
mod grammar;
mod scope;
mod writer;

use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use postgres::Client;

use super::corpus::{difference, fill};
use super::engines::{Outcome, query_postgres};
use super::headwater::Headwater;
use super::postgres_server::PostgresServer;
use grammar::Grammar;
use writer::{Statement, Writer};

/// Statements of a seed.
const STATEMENTS: usize = 100;
/// Seeds of `./check`, and of its long mode.
const SEEDS: u64 = 20;
const SEEDS_LONG: u64 = 1_000;
const REPLAY: &str = "cargo nextest run --release -p headwater-sql random";
/// Disagreements that are shown.
const SHOWN_MAX: usize = 20;

/// What came of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    /// Both gave the same rows.
    Same,
    /// Both failed alike.
    Failed,
    /// Headwater refused.
    Refused,
    /// Whether it fails, and where, depends on what PostgreSQL chooses to compute first.
    Open,
    Different,
}

#[test]
fn random_statements_are_answered_as_postgresql_answers() {
    let server = PostgresServer::start();
    let mut client = server.connect();
    let mut headwater = Headwater::new();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/random/fixture.sql");
    fill(&fixture, &mut client, &mut headwater);
    let grammar = Grammar::read();
    let (mut counts, mut disagreements) = (BTreeMap::new(), Vec::new());
    for seed in seeds() {
        let mut writer = Writer::new(&grammar, seed);
        for _ in 0..STATEMENTS {
            let statement = writer.statement();
            let (expected, found) = both(&statement, &mut client, &headwater);
            let verdict = judge(&statement, &expected, &found);
            *counts.entry(verdict).or_insert(0) += 1;
            if verdict == Verdict::Different {
                let replay = format!("HEADWATER_SEEDS={seed}..{} {REPLAY}", seed + 1);
                let difference = difference(&statement.sql, &expected, &found, &headwater);
                disagreements.push(format!("{difference}\n    {replay}"));
            }
        }
    }
    let count: usize = counts.values().sum();
    assert!(
        disagreements.is_empty(),
        "{} of {count} statements disagree ({counts:?}):\n\n{}",
        disagreements.len(),
        disagreements[..disagreements.len().min(SHOWN_MAX)].join("\n\n")
    );
    let same = counts.get(&Verdict::Same).copied().unwrap_or_default();
    assert!(
        same * 2 > count,
        "less than half have rows to compare: {counts:?}"
    );
}

fn seeds() -> Range<u64> {
    let usual = || match std::env::var_os("HEADWATER_LONG") {
        Some(_) => 0..SEEDS_LONG,
        None => 0..SEEDS,
    };
    let asked = std::env::var("HEADWATER_SEEDS").ok();
    asked.map_or_else(usual, |asked| {
        let (first, end) = asked.split_once("..").unwrap_or(("0", &asked));
        match (first.parse(), end.parse()) {
            (Ok(first), Ok(end)) => first..end,
            _ => panic!("HEADWATER_SEEDS is {asked:?}: expected 1000, or 40..50"),
        }
    })
}

/// What both engines make of a statement.
fn both(statement: &Statement, client: &mut Client, headwater: &Headwater) -> (Outcome, Outcome) {
    let found = catch_unwind(AssertUnwindSafe(|| headwater.query(&statement.sql)));
    let mut found =
        found.unwrap_or_else(|_| Outcome::Failed("panic".to_owned(), String::new(), None));
    if found.is_refused() {
        return (Outcome::Done, found);
    }
    let mut expected = query_postgres(client, &statement.sql);
    if !statement.ordered {
        expected.sort();
        found.sort();
    }
    (expected, found)
}

fn judge(statement: &Statement, expected: &Outcome, found: &Outcome) -> Verdict {
    if found.is_refused() {
        return Verdict::Refused;
    }
    match (expected, found) {
        _ if found.agrees_with(expected) => match found {
            Outcome::Failed(..) => Verdict::Failed,
            _ => Verdict::Same,
        },
        // Too much for one of them.
        _ if is_class(expected, &["54", "57"]) || is_class(found, &["54", "57"]) => Verdict::Open,
        // Of several faults each tells the one that it finds first.
        (Outcome::Failed(..), Outcome::Failed(..)) if !statement.simple => Verdict::Open,
        _ if !statement.risky => Verdict::Different,
        (Outcome::Failed(..), Outcome::Failed(..))
            if is_class(expected, &["22"]) && is_class(found, &["22"]) =>
        {
            Verdict::Open
        }
        (_, Outcome::Rows(_)) if is_class(expected, &["22"]) && may_skip(statement) => {
            Verdict::Open
        }
        (Outcome::Rows(_), _) if is_class(found, &["22"]) && may_skip(statement) => Verdict::Open,
        _ => Verdict::Different,
    }
}

fn is_class(outcome: &Outcome, classes: &[&str]) -> bool {
    matches!(outcome, Outcome::Failed(state, ..) if classes.contains(&&state[..2]))
}

/// Whether there may be a part whose value is not asked for: PostgreSQL may fail over a constant in
/// it, and it does not look at the rest of what has a null for an argument.
fn may_skip(statement: &Statement) -> bool {
    let words = [
        "case", "coalesce", " and ", " or ", " in ", "any (", "all (", "greatest", "null",
        "(select ",
    ];
    !statement.simple || words.iter().any(|word| statement.sql.contains(word))
}

//! The corpus: statements that PostgreSQL 15 and Headwater must answer alike.
//!
//! `tests/corpus/*.sql` are paragraphs, one scenario each, over the tables of `fixture.sql`. A
//! scenario is one or several statements, each ended by `;` at the end of a line; it runs in a
//! transaction of both engines, which is then rolled back. Compared are the names and types of
//! columns, the rows (in order if the last clause is an `order by`, else as a multiset), the
//! contents of a table after it was written, and the SQLSTATE of an error with the character that
//! it blames, if both blame one; `-- another place` means that they do not agree on it. Where the
//! parser stumbles (42601) the place is not compared. A scenario may open with
//! a comment; `-- refused` means that Headwater refuses it (0A000) where PostgreSQL answers, and
//! `-- refused, 22012` where PostgreSQL fails with that.
//! What is so is listed in docs/refusals.md, which `HEADWATER_UPDATE_REFUSALS=1` writes anew.

use std::fs;
use std::path::Path;

use postgres::Client;

use super::engines::{Outcome, execute_postgres, query_postgres};
use super::headwater::{Headwater, first_word};
use super::postgres_server::PostgresServer;

/// Where statements are listed that PostgreSQL answers and Headwater does not.
const REFUSALS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/refusals.md");

/// What stands above them.
const REFUSALS_HEAD: &str = "\
# Statements that are refused

Of the [corpus](../crates/sql/tests/corpus) that runs against PostgreSQL 15 and against Headwater: every statement that
PostgreSQL answers and Headwater does not, with what it says instead. The error is 0A000. [sql.md](sql.md) tells the same by subjects. A test makes this page.
";

/// A statement that Headwater does not answer, and what it says.
struct Refusal {
    file: String,
    sql: String,
    says: String,
}

/// One paragraph of a file of the corpus.
struct Scenario {
    file: String,
    line: usize,
    /// What PostgreSQL makes of what Headwater refuses: empty, or the SQLSTATE it fails with.
    refused: Option<String>,
    /// Whether an error of it blames another character than PostgreSQL does.
    another_place: bool,
    statements: Vec<String>,
}

#[test]
fn the_corpus_answers_as_postgresql_answers() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let server = PostgresServer::start();
    let mut client = server.connect();
    let mut headwater = Headwater::new();
    fill(&directory.join("fixture.sql"), &mut client, &mut headwater);
    let mut files: Vec<_> = fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut count = 0;
    let mut disagreements = Vec::new();
    let mut refusals = Vec::new();
    for scenario in files
        .iter()
        .filter(|f| !f.ends_with("fixture.sql"))
        .flat_map(|f| scenarios(f))
    {
        count += scenario.statements.len();
        disagreements.extend(run(&scenario, &mut client, &mut headwater, &mut refusals));
    }
    assert!(
        count >= 4_000,
        "the corpus has shrunk to {count} statements"
    );
    assert!(
        disagreements.is_empty(),
        "{} of {count} statements disagree:\n\n{}",
        disagreements.len(),
        disagreements.join("\n\n")
    );
    check_listed(&refusals);
}

/// Holds the published list against what was refused.
fn check_listed(refusals: &[Refusal]) {
    let mut page = REFUSALS_HEAD.to_owned();
    let mut file = "";
    for refusal in refusals {
        if refusal.file != file {
            file = &refusal.file;
            let title = file.trim_end_matches(".sql").replace('_', " ");
            page += &format!("\n## {title}\n\n");
        }
        page += &format!("* `{}`: {}\n", refusal.sql, refusal.says);
    }
    if std::env::var_os("HEADWATER_UPDATE_REFUSALS").is_some() {
        fs::write(REFUSALS, &page).unwrap();
    }
    let kept = fs::read_to_string(REFUSALS).unwrap_or_default();
    assert!(
        kept == page,
        "docs/refusals.md is old: run this test with HEADWATER_UPDATE_REFUSALS=1"
    );
}

/// Makes the tables of a file in both engines.
pub(crate) fn fill(fixture: &Path, client: &mut Client, headwater: &mut Headwater) {
    for statement in scenarios(fixture).iter().flat_map(|s| &s.statements) {
        let made = execute_postgres(client, statement);
        assert_eq!(made, Outcome::Done, "{statement}");
        assert_eq!(headwater.execute(statement), Outcome::Done, "{statement}");
    }
}

/// Runs a scenario in both engines and tells the first disagreement.
fn run(
    scenario: &Scenario,
    client: &mut Client,
    headwater: &mut Headwater,
    refusals: &mut Vec<Refusal>,
) -> Option<String> {
    client.batch_execute("begin").unwrap();
    let catalog = headwater.begin();
    let disagreement = compare(scenario, client, headwater, refusals);
    client.batch_execute("rollback").unwrap();
    headwater.undo(catalog);
    disagreement.map(|what| format!("{}:{}: {what}", scenario.file, scenario.line))
}

fn compare(
    scenario: &Scenario,
    client: &mut Client,
    headwater: &mut Headwater,
    refusals: &mut Vec<Refusal>,
) -> Option<String> {
    for sql in &scenario.statements {
        let (expected, found) = both(sql, client, headwater);
        if found.is_refused() && !expected.is_refused() {
            let state = match &expected {
                Outcome::Failed(state, ..) => state,
                _ => "",
            };
            if state.is_empty() {
                refusals.extend(scenario.refusal(sql, &found));
            }
            let is_marked = scenario.refused.as_deref() == Some(state);
            return (!is_marked).then(|| difference(sql, &expected, &found, headwater));
        }
        if !found.agrees_with(&expected) {
            return Some(difference(sql, &expected, &found, headwater));
        }
        if matches!(expected, Outcome::Failed(..)) {
            let agree = found.blames_another(&expected) == scenario.another_place;
            return (!agree).then(|| difference(sql, &expected, &found, headwater));
        }
    }
    scenario.refused.as_ref().map(|_| {
        format!(
            "marked as refused, but answered:\n    {}",
            scenario.statements.join("\n    ")
        )
    })
}

impl Scenario {
    fn refusal(&self, sql: &str, found: &Outcome) -> Option<Refusal> {
        let Outcome::Failed(_, message, _) = found else {
            return None;
        };
        let words: Vec<&str> = sql.split_whitespace().collect();
        Some(Refusal {
            file: self.file.clone(),
            sql: words.join(" ").trim_end_matches(';').to_owned(),
            says: message.clone(),
        })
    }
}

/// What both engines make of a statement; of one that writes, the table afterwards.
fn both(sql: &str, client: &mut Client, headwater: &mut Headwater) -> (Outcome, Outcome) {
    let (mut expected, mut found) = match first_word(sql).trim_start_matches('(') {
        "select" | "with" | "values" | "table" => {
            (query_postgres(client, sql), headwater.query(sql))
        }
        _ => (execute_postgres(client, sql), headwater.execute(sql)),
    };
    if let (Some(table), Outcome::Done, Outcome::Done) = (written_table(sql), &expected, &found) {
        let contents = format!("select * from {table}");
        (expected, found) = (
            query_postgres(client, &contents),
            headwater.query(&contents),
        );
    }
    if !is_ordered(sql) {
        expected.sort();
        found.sort();
    }
    (expected, found)
}

/// The table after `insert into`, `update` or `delete from`.
fn written_table(sql: &str) -> Option<&str> {
    let at = match first_word(sql).as_str() {
        "insert" | "delete" => 2,
        "update" => 1,
        _ => return None,
    };
    sql.split_whitespace()
        .nth(at)
        .map(|word| word.split('(').next().unwrap_or(word))
}

/// Whether an `order by` stands outside of all parentheses.
fn is_ordered(sql: &str) -> bool {
    let mut depth = 0;
    let outside: String = sql
        .chars()
        .filter(|character| {
            depth += i32::from(*character == '(') - i32::from(*character == ')');
            depth == 0
        })
        .collect();
    outside
        .to_lowercase()
        .split_whitespace()
        .collect::<Vec<_>>()
        .windows(2)
        .any(|w| w == ["order", "by"])
}

/// What each engine answered, and how Headwater came to it.
pub(crate) fn difference(
    sql: &str,
    expected: &Outcome,
    found: &Outcome,
    headwater: &Headwater,
) -> String {
    format!(
        "{sql}\n    PostgreSQL: {}\n    Headwater:  {}\n    SQLite was asked: {}",
        expected.describe(),
        found.describe(),
        headwater.translation(sql)
    )
}

/// The statements of a file of one statement in a paragraph: line, comments, text.
pub(crate) fn paragraphs(path: &Path) -> Vec<(usize, Vec<String>, String)> {
    let text = fs::read_to_string(path).unwrap();
    let mut found = Vec::new();
    let mut paragraph: Vec<&str> = Vec::new();
    for (index, line) in text.lines().chain([""]).enumerate() {
        if !line.trim().is_empty() {
            paragraph.push(line);
            continue;
        }
        let (comments, lines): (Vec<&str>, Vec<&str>) =
            paragraph.iter().partition(|line| line.starts_with("--"));
        let sql = lines.join("\n").trim_end_matches(';').to_owned();
        if !sql.is_empty() {
            let comments = comments.into_iter().map(str::to_owned).collect();
            found.push((index + 1 - paragraph.len(), comments, sql));
        }
        paragraph.clear();
    }
    found
}

/// The paragraphs of a file.
fn scenarios(path: &Path) -> Vec<Scenario> {
    let file = path.file_name().unwrap().to_string_lossy().into_owned();
    let text = fs::read_to_string(path).unwrap();
    let mut scenarios = Vec::new();
    let mut paragraph: Vec<&str> = Vec::new();
    for (index, line) in text.lines().chain([""]).enumerate() {
        if !line.trim().is_empty() {
            paragraph.push(line);
            continue;
        }
        scenarios.extend(scenario(&file, index + 1 - paragraph.len(), &paragraph));
        paragraph.clear();
    }
    scenarios
}

fn scenario(file: &str, line: usize, paragraph: &[&str]) -> Option<Scenario> {
    let (comments, lines): (Vec<&str>, Vec<&str>) =
        paragraph.iter().partition(|line| line.starts_with("--"));
    let body = lines.join("\n") + "\n";
    let statements: Vec<String> = body
        .split(";\n")
        .map(|statement| statement.trim().to_owned())
        .filter(|statement| !statement.is_empty())
        .collect();
    (!statements.is_empty()).then(|| Scenario {
        file: file.to_owned(),
        line,
        refused: comments
            .iter()
            .find_map(|comment| comment.strip_prefix("-- refused"))
            .map(|what| what.strip_prefix(", ").unwrap_or_default().to_owned()),
        another_place: comments.contains(&"-- another place"),
        statements,
    })
}

//! What a statement asks for: a query, which the node answers, or one of the commands around it.

use headwater_sql::OutputColumn;

use crate::postgres::copy::CopyOptions;
use crate::postgres::extended::{plan_column, text_column};
use crate::postgres::failure::Failure;
use crate::postgres::insert::Insert;
use crate::postgres::words::{Word, Words};

/// A statement, as far as the session must know it.
#[derive(Clone, Debug)]
pub(crate) enum Command {
    /// Nothing but blanks and comments.
    Empty,
    /// A query.
    Query,
    /// An append.
    Insert(Box<Insert>),
    /// `begin`, `start transaction`; and whether it only reads, if that is said.
    Begin { read_only: Option<bool> },
    /// `commit`, `end`; and whether a transaction follows at once.
    Commit { chain: bool },
    /// `rollback`, `abort`
    Rollback { chain: bool },
    /// `savepoint`
    Savepoint(String),
    /// `release savepoint`
    Release(String),
    /// `rollback to savepoint`
    RollbackTo(String),
    /// `set`; no value goes back to the default.
    Set {
        local: bool,
        name: String,
        value: Option<String>,
    },
    /// `set transaction`
    SetTransaction { read_only: Option<bool> },
    /// `set session characteristics`
    SetCharacteristics { read_only: Option<bool> },
    /// `reset`; no name is all of them.
    Reset(Option<String>),
    /// `show`; no name is all of them.
    Show(Option<String>),
    /// `explain`: what is explained begins after so many bytes and has so many. It is a query, or an
    /// `execute` of one.
    Explain {
        query: usize,
        length: usize,
        as_json: bool,
    },
    /// `copy (query) to stdout`: the query begins after so many bytes and has so many.
    Copy {
        query: usize,
        length: usize,
        options: CopyOptions,
    },
    /// `declare`: a cursor over what stands after so many bytes.
    Declare { name: String, query: usize },
    /// `fetch`, `move`
    Fetch {
        name: String,
        count: Option<u64>,
        moves: bool,
    },
    /// `close`; no name is all of them.
    CloseCursor(Option<String>),
    /// `prepare`: a statement that stands after so many bytes, and the names of types.
    Prepare {
        name: String,
        types: Vec<String>,
        query: usize,
    },
    /// `execute`: values as they were written.
    Execute {
        name: String,
        values: Vec<Option<String>>,
    },
    /// `deallocate`; no name is all of them.
    Deallocate(Option<String>),
    /// `discard all`, or a part of it.
    Discard { all: bool },
    /// `listen`
    Listen(String),
    /// `unlisten`; no name is all of them.
    Unlisten(Option<String>),
}

/// Bytes of a statement that is no append, as the parser of queries bounds them too.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// Commands that change what Headwater does not let anybody change, with what to do instead.
const WRITES: &[&str] = &["insert", "update", "delete", "merge", "truncate"];
const DEFINITIONS: &[&str] = &[
    "create", "alter", "drop", "comment", "refresh", "reindex", "import",
];
/// Commands of PostgreSQL that have no meaning here.
const FOREIGN: &[&str] = &[
    "analyze",
    "call",
    "checkpoint",
    "cluster",
    "do",
    "grant",
    "load",
    "lock",
    "notify",
    "reassign",
    "revoke",
    "security",
    "vacuum",
];

impl Command {
    /// Reads a statement. What PostgreSQL knows and Headwater does not is refused by name, with
    /// what to do instead.
    pub(crate) fn parse(sql: &str) -> Result<Command, Failure> {
        let mut words = Words::new(sql);
        let first = match words.peek()? {
            Word::End => return Ok(Command::Empty),
            Word::Plain(word) => word,
            Word::Symbol("(") => return Ok(Command::Query),
            _ => return Err(words.unexpected()),
        };
        if is_query(&first) {
            return Ok(Command::Query);
        }
        if sql.len() > TEXT_BYTES_MAX && first != "insert" {
            let message = format!("the statement has {} bytes", sql.len());
            return Err(Failure::new("54001", message)
                .detail(format!("Expected at most {TEXT_BYTES_MAX}.")));
        }
        let begin = words.clone();
        words.next()?;
        let command = match first.as_str() {
            "insert" => return Insert::parse(sql).map(|insert| Command::Insert(Box::new(insert))),
            "begin" => transaction_modes(&mut words).map(|read_only| Command::Begin { read_only }),
            "start" => {
                words.expect("transaction")?;
                transaction_modes(&mut words).map(|read_only| Command::Begin { read_only })
            }
            "commit" | "end" => chain(&mut words).map(|chain| Command::Commit { chain }),
            "rollback" | "abort" => rollback(&mut words),
            "savepoint" => words.name().map(Command::Savepoint),
            "release" => {
                words.take("savepoint");
                words.name().map(Command::Release)
            }
            "set" => set(&mut words),
            "reset" => setting_or_all(&mut words).map(Command::Reset),
            "show" => setting_or_all(&mut words).map(Command::Show),
            "explain" => return explain(words),
            "copy" => copy(sql, &mut words),
            "declare" => return declare(words),
            "fetch" | "move" => fetch(&mut words, first == "move"),
            "close" => name_or_all(&mut words).map(Command::CloseCursor),
            "prepare" => return prepare(words),
            "execute" => execute(&mut words),
            "deallocate" => {
                words.take("prepare");
                name_or_all(&mut words).map(Command::Deallocate)
            }
            "discard" => discard(&mut words),
            "listen" => words.whole_name().map(Command::Listen),
            "unlisten" => match words.take_symbol("*") {
                true => Ok(Command::Unlisten(None)),
                false => (words.whole_name()).map(|name| Command::Unlisten(Some(name))),
            },
            other => Err(refused(other, &begin)),
        }?;
        words.end()?;
        Ok(command)
    }

    /// The columns of its rows, if they are always the same.
    pub(crate) fn own_columns(&self) -> Option<Vec<OutputColumn>> {
        match self {
            Command::Explain { as_json, .. } => Some(vec![plan_column(*as_json)]),
            Command::Show(None) => Some(["name", "setting", "description"].map(text_column).into()),
            _ => None,
        }
    }

    /// The word for it, where statements are counted.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Command::Query => "select",
            Command::Insert(_) => "insert",
            Command::Copy { .. } => "copy",
            Command::Fetch { .. } => "fetch",
            _ => "other",
        }
    }
}

/// Why a command is not done.
fn refused(word: &str, begin: &Words<'_>) -> Failure {
    let shown = word.to_uppercase();
    if WRITES.contains(&word) {
        return Failure::new(
            "0A000",
            format!("{shown} of a table is not part of Headwater's SQL"),
        )
        .detail("Tables are folded from the log of events by projections, and by nothing else.")
        .hint("Append an event instead: insert into event (stream, type, data) values (...).");
    }
    if DEFINITIONS.contains(&word) {
        return Failure::unsupported(shown)
            .detail("Tables belong to projections.")
            .hint("Apply a projection: headwater projection apply FILE.");
    }
    match FOREIGN.contains(&word) {
        true => Failure::unsupported(shown),
        false => begin.unexpected(),
    }
}

/// Refuses a write of anything but the table `event`.
pub(crate) fn refused_write(word: &str) -> Failure {
    refused(word, &Words::new(""))
}

/// Isolation levels and the like. Whatever level is asked for, all statements see one position;
/// what is given is whether only reads may follow.
fn transaction_modes(words: &mut Words<'_>) -> Result<Option<bool>, Failure> {
    let _ = words.take("transaction") || words.take("work");
    let mut read_only = None;
    loop {
        if words.take("isolation") {
            words.expect("level")?;
            isolation_level(words)?;
        } else if words.take("read") {
            read_only = Some(words.take("only"));
            if read_only == Some(false) {
                words.expect("write")?;
            }
        } else if words.take("not") {
            words.expect("deferrable")?;
        } else if !words.take("deferrable") {
            return Ok(read_only);
        }
        words.take_symbol(",");
    }
}

fn isolation_level(words: &mut Words<'_>) -> Result<(), Failure> {
    if words.take("repeatable") {
        return words.expect("read");
    }
    let is_known = match words.take("read") {
        true => words.take("committed") || words.take("uncommitted"),
        false => words.take("serializable"),
    };
    match is_known {
        true => Ok(()),
        false => Err(words.unexpected()),
    }
}

fn chain(words: &mut Words<'_>) -> Result<bool, Failure> {
    let _ = words.take("transaction") || words.take("work");
    if !words.take("and") {
        return Ok(false);
    }
    let chain = !words.take("no");
    words.expect("chain").map(|()| chain)
}

fn rollback(words: &mut Words<'_>) -> Result<Command, Failure> {
    let chain = chain(words)?;
    if !words.take("to") {
        return Ok(Command::Rollback { chain });
    }
    words.take("savepoint");
    words.name().map(Command::RollbackTo)
}

fn set(words: &mut Words<'_>) -> Result<Command, Failure> {
    let local = words.take("local");
    let _ = words.take("session");
    if words.take("characteristics") {
        words.expect("as")?;
        words.expect("transaction")?;
        let read_only = transaction_modes(words)?;
        return Ok(Command::SetCharacteristics { read_only });
    }
    if words.take("transaction") {
        let read_only = transaction_modes(words)?;
        return Ok(Command::SetTransaction { read_only });
    }
    if words.take("time") {
        words.expect("zone")?;
        let value = value(words)?;
        let name = "timezone".to_owned();
        return Ok(Command::Set { local, name, value });
    }
    if words.take("names") {
        let value = value(words)?;
        let name = "client_encoding".to_owned();
        return Ok(Command::Set { local, name, value });
    }
    let name = setting(words)?;
    if !words.take("to") {
        words.expect_symbol("=")?;
    }
    let value = value(words)?;
    Ok(Command::Set { local, name, value })
}

/// `name` or `headwater.name`
fn setting(words: &mut Words<'_>) -> Result<String, Failure> {
    let mut name = words.name()?;
    while words.take_symbol(".") {
        name = format!("{name}.{}", words.name()?);
    }
    Ok(name)
}

/// The value of a setting: a list of words, or nothing for `default`.
fn value(words: &mut Words<'_>) -> Result<Option<String>, Failure> {
    if words.take("default") {
        return Ok(None);
    }
    let mut values = Vec::new();
    loop {
        let sign = if words.take_symbol("-") { "-" } else { "" };
        match words.next()? {
            Word::Plain(text) | Word::Text(text) => values.push(text),
            Word::Number(text) => values.push(format!("{sign}{text}")),
            Word::Quoted(text) => values.push(format!("\"{text}\"")),
            _ => return Err(words.unexpected()),
        }
        if !words.take_symbol(",") {
            return Ok(Some(values.join(", ")));
        }
    }
}

fn setting_or_all(words: &mut Words<'_>) -> Result<Option<String>, Failure> {
    if words.take("all") {
        return Ok(None);
    }
    if words.take("transaction") {
        words.expect("isolation")?;
        words.expect("level")?;
        return Ok(Some("transaction_isolation".to_owned()));
    }
    if words.take("time") {
        words.expect("zone")?;
        return Ok(Some("timezone".to_owned()));
    }
    setting(words).map(Some)
}

fn name_or_all(words: &mut Words<'_>) -> Result<Option<String>, Failure> {
    match words.take("all") {
        true => Ok(None),
        false => words.name().map(Some),
    }
}

/// Options may stand in parentheses; `analyze` would run the statement, which is not done here.
fn explain(mut words: Words<'_>) -> Result<Command, Failure> {
    let mut as_json = false;
    if words.take_symbol("(") {
        loop {
            as_json |= explain_option(&mut words)?;
            if !words.take_symbol(",") {
                break;
            }
        }
        words.expect_symbol(")")?;
    }
    if words.take("analyze") || words.take("analyse") {
        return Err(explain_analyze());
    }
    words.take("verbose");
    let query = match words.peek()? {
        Word::Plain(word) if word == "execute" => words.place(),
        _ => query_after(&words)?,
    };
    let length = words.rest().len();
    Ok(Command::Explain {
        query,
        length,
        as_json,
    })
}

fn explain_analyze() -> Failure {
    Failure::unsupported("EXPLAIN ANALYZE").hint("Write EXPLAIN alone.")
}

/// `name [value]`. Those that only add to PostgreSQL's plan add nothing here. Whether it asks for JSON.
fn explain_option(words: &mut Words<'_>) -> Result<bool, Failure> {
    let name = words.name()?;
    let value = match words.peek()? {
        Word::Plain(value) | Word::Text(value) | Word::Number(value) => {
            words.next()?;
            value.to_ascii_lowercase()
        }
        _ => "on".to_owned(),
    };
    match name.as_str() {
        "analyze" | "analyse" if matches!(value.as_str(), "off" | "false" | "0") => Ok(false),
        "analyze" | "analyse" => Err(explain_analyze()),
        "format" if matches!(value.as_str(), "text" | "json") => Ok(value == "json"),
        "format" => Err(
            Failure::unsupported(format!("EXPLAIN in the format {value}"))
                .hint("The formats are text and json."),
        ),
        "verbose" | "costs" | "settings" | "buffers" | "wal" | "timing" | "summary" => Ok(false),
        _ => {
            let message = format!("unrecognized EXPLAIN option \"{name}\"");
            Err(Failure::new("42601", message))
        }
    }
}

/// Where the query begins that stands next; nothing else may.
fn query_after(words: &Words<'_>) -> Result<usize, Failure> {
    let begins = match words.peek()? {
        Word::Plain(word) => is_query(&word),
        word => word == Word::Symbol("("),
    };
    match begins {
        true => Ok(words.place()),
        false => Err(Failure::unsupported("anything but a query there")
            .hint("Write SELECT, VALUES, WITH or TABLE.")),
    }
}

/// Whether a query begins with this word.
fn is_query(word: &str) -> bool {
    matches!(word, "select" | "values" | "with" | "table")
}

fn copy(sql: &str, words: &mut Words<'_>) -> Result<Command, Failure> {
    if !words.take_symbol("(") {
        return Err(Failure::unsupported("COPY of a table")
            .hint("Write COPY (SELECT ...) TO STDOUT; append events with insert into event."));
    }
    let query = words.place();
    let mut depth = 1_usize;
    let mut end = query;
    while depth > 0 {
        end = words.place();
        match words.next()? {
            Word::Symbol("(") => depth += 1,
            Word::Symbol(")") => depth -= 1,
            Word::End => return Err(words.unexpected()),
            _ => {}
        }
    }
    query_after(&Words::new(&sql[query..end]))?;
    words.expect("to")?;
    words.expect("stdout")?;
    Ok(Command::Copy {
        query,
        length: end - query,
        options: CopyOptions::parse(words)?,
    })
}

fn declare(mut words: Words<'_>) -> Result<Command, Failure> {
    let name = words.name()?;
    loop {
        if words.take("scroll") {
            return Err(Failure::unsupported("a cursor that scrolls"));
        } else if words.take("no") {
            words.expect("scroll")?;
        } else if words.take("cursor") {
            break;
        } else if words.take("binary") {
            return Err(
                Failure::unsupported("a binary cursor").hint("Bind a portal with binary formats.")
            );
        } else if !(words.take("insensitive") || words.take("asensitive")) {
            return Err(words.unexpected());
        }
    }
    if words.take("with") {
        return Err(
            Failure::unsupported("a cursor WITH HOLD").hint("Use it within BEGIN and COMMIT.")
        );
    }
    if words.take("without") {
        words.expect("hold")?;
    }
    words.expect("for")?;
    let query = query_after(&words)?;
    Ok(Command::Declare { name, query })
}

/// `fetch [next | forward [count | all] | count | all] [from | in] name`
fn fetch(words: &mut Words<'_>, moves: bool) -> Result<Command, Failure> {
    let forward = words.take("forward");
    let mut count = Some(1);
    if words.take("all") {
        count = None;
    } else if words.take_symbol("-") {
        return Err(forward_only());
    } else if let Word::Number(digits) = words.peek()? {
        words.next()?;
        count = Some(digits.parse().map_err(|_| words.unexpected())?);
        if count == Some(0) {
            return Err(Failure::unsupported("to fetch the current row anew"));
        }
    } else if !forward {
        let backward = ["prior", "first", "last", "absolute", "relative", "backward"];
        if matches!(words.peek()?, Word::Plain(word) if backward.contains(&word.as_str())) {
            return Err(forward_only());
        }
        words.take("next");
    }
    let _ = words.take("from") || words.take("in");
    let name = words.name()?;
    Ok(Command::Fetch { name, count, moves })
}

fn forward_only() -> Failure {
    Failure::new("55000", "cursor can only scan forward")
}

/// `prepare name [(types)] as statement`
fn prepare(mut words: Words<'_>) -> Result<Command, Failure> {
    let name = words.name()?;
    let mut types = Vec::new();
    if words.take_symbol("(") {
        loop {
            let mut ty = words.name()?;
            while let Word::Plain(word) = words.peek()? {
                words.next()?;
                ty = format!("{ty} {word}");
            }
            types.push(ty);
            if !words.take_symbol(",") {
                break;
            }
        }
        words.expect_symbol(")")?;
    }
    words.expect("as")?;
    let query = words.place();
    Ok(Command::Prepare { name, types, query })
}

/// `execute name [(values)]`, where values are constants.
fn execute(words: &mut Words<'_>) -> Result<Command, Failure> {
    let name = words.name()?;
    let mut values = Vec::new();
    if words.take_symbol("(") {
        loop {
            let sign = if words.take_symbol("-") { "-" } else { "" };
            values.push(match words.next()? {
                Word::Text(text) => Some(text),
                Word::Number(number) => Some(format!("{sign}{number}")),
                Word::Plain(word) if word == "null" => None,
                Word::Plain(word) if word == "true" || word == "false" => Some(word),
                _ => return Err(Failure::unsupported("EXECUTE with anything but constants")),
            });
            if !words.take_symbol(",") {
                break;
            }
        }
        words.expect_symbol(")")?;
    }
    Ok(Command::Execute { name, values })
}

fn discard(words: &mut Words<'_>) -> Result<Command, Failure> {
    if words.take("all") {
        return Ok(Command::Discard { all: true });
    }
    for part in ["plans", "sequences", "temp", "temporary"] {
        if words.take(part) {
            return Ok(Command::Discard { all: false });
        }
    }
    Err(words.unexpected())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(sql: &str) -> String {
        Command::parse(sql).unwrap_err().sqlstate().to_owned()
    }

    #[test]
    fn commands_are_told_apart() {
        let is = |sql: &str| format!("{:?}", Command::parse(sql).unwrap());
        for (sql, expected) in [
            (" -- nothing\n", "Empty"),
            ("/* a */ select 1", "Query"),
            ("(select 1)", "Query"),
            (
                "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
                "Begin { read_only: Some(true) }",
            ),
            (
                "start transaction read write",
                "Begin { read_only: Some(false) }",
            ),
            ("end", "Commit { chain: false }"),
            ("commit and chain", "Commit { chain: true }"),
            ("rollback work and no chain", "Rollback { chain: false }"),
            ("ROLLBACK TO SAVEPOINT a", "RollbackTo(\"a\")"),
            (
                "set session characteristics as transaction read only",
                "SetCharacteristics { read_only: Some(true) }",
            ),
            (
                "show transaction isolation level",
                "Show(Some(\"transaction_isolation\"))",
            ),
            (
                "show headwater.position",
                "Show(Some(\"headwater.position\"))",
            ),
            ("reset all", "Reset(None)"),
            (
                "explain (costs off) select 1",
                "Explain { query: 20, length: 8, as_json: false }",
            ),
            (
                "explain (verbose, format json) execute p (null)",
                "Explain { query: 31, length: 16, as_json: true }",
            ),
            (
                "declare c no scroll cursor for select 1",
                "Declare { name: \"c\", query: 31 }",
            ),
            (
                "fetch forward all from c",
                "Fetch { name: \"c\", count: None, moves: false }",
            ),
            (
                "fetch 10 c",
                "Fetch { name: \"c\", count: Some(10), moves: false }",
            ),
            (
                "move next in c",
                "Fetch { name: \"c\", count: Some(1), moves: true }",
            ),
            ("unlisten *", "Unlisten(None)"),
            ("deallocate prepare all", "Deallocate(None)"),
        ] {
            assert_eq!(is(sql), expected, "{sql}");
        }
        assert_eq!(
            is("set local search_path to a, \"B\""),
            "Set { local: true, name: \"search_path\", value: Some(\"a, \\\"B\\\"\") }"
        );
        assert_eq!(
            is("prepare p (int, double precision) as select $1"),
            "Prepare { name: \"p\", types: [\"int\", \"double precision\"], query: 37 }"
        );
    }

    #[test]
    fn what_cannot_be_done_is_named() {
        for sql in [
            "update account set id = 1",
            "create table t (a int)",
            "vacuum",
            "copy account to stdout",
            "explain analyze select 1",
            "declare c scroll cursor for select 1",
            "insert into account values (1)",
            "declare c binary cursor for select 1",
            "explain (format xml) select 1",
            "explain listen a",
            "explain (costs off, analyze) select 1",
        ] {
            assert_eq!(refusal(sql), "0A000", "{sql}");
        }
        for sql in [
            "selec 1",
            "commit now",
            "set a",
            "1",
            "fetch",
            "copy (select 1 to stdout",
            "explain (nonsense) select 1",
            "begin isolation level snapshot",
            "begin isolation level read",
        ] {
            assert_eq!(refusal(sql), "42601", "{sql}");
        }
        assert_eq!(refusal("fetch prior from c"), "55000");
        assert_eq!(refusal("fetch -1 from c"), "55000");
        assert_eq!(refusal("fetch forward -1 from c"), "55000");
        assert_eq!(refusal("fetch 0 from c"), "0A000");
        let long = "c".repeat(100);
        match Command::parse(&format!("listen {long}")).unwrap() {
            Command::Listen(category) => assert_eq!(category, long),
            other => panic!("{other:?}"),
        }
        let long = format!("set a = '{}'", "a".repeat(TEXT_BYTES_MAX));
        assert_eq!(refusal(&long), "54001");
    }
}

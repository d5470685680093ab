//! The file of a projection: tables, and what each event type does to them.
//!
//! ```sql
//! -- projection: accounts
//! create table account (id text primary key, email text not null);
//!
//! -- on: AccountOpened
//! insert into account (id, email) values (@key, :email);
//!
//! -- on: AccountClosed, AccountForgotten
//! delete from account where id = @key;
//! ```
//!
//! A line `-- projection:` names it and stands before every statement. Tables and indexes come
//! before the first line `-- on:`; every statement after one runs, in the order of the file, for
//! each event of the types that the line names.
//!
//! Invariants of a [`Definition`]: the name fits a file name, every statement compiles against the
//! tables of the same file, SQLite takes what it is compiled to, there is at least one table and
//! one handler.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use headwater_event::EventType;
use headwater_sql::{Catalog, Handler, Index, StatementText, Table};

use crate::DefinitionError;
use crate::definition_error::line_of;
use crate::marker::{Marker, MarkerKind, markers};
use crate::rehearsal::Rehearsal;

const TYPES_EXPECTED: &str =
    "event types with commas between them, such as `-- on: AccountOpened, AccountRenamed`";

/// Bytes of a projection's name.
pub const NAME_BYTES_MAX: usize = 63;

/// Tables of read models with a name that begins so are Headwater's own.
pub(crate) const RESERVED_PREFIX: &str = "_headwater";

/// The version of a definition: the BLAKE3 hash of its text.
///
/// It prints as its first 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version([u8; 32]);

impl Version {
    pub(crate) fn of(text: &str) -> Version {
        Version(*blake3::hash(text.as_bytes()).as_bytes())
    }

    /// The whole hash.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0[..8]
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A projection as its file defines it, checked and translated. A clone shares everything.
#[derive(Clone)]
pub struct Definition {
    inner: Arc<Inner>,
}

struct Inner {
    name: String,
    text: String,
    version: Version,
    tables: Vec<Arc<Table>>,
    indexes: Vec<Index>,
    statements: Vec<HandlerStatement>,
    /// The statements of each event type, in the order of the file.
    by_type: HashMap<String, Vec<usize>>,
    types: Vec<EventType>,
}

/// One statement that runs for each event of some types.
#[derive(Debug)]
pub(crate) struct HandlerStatement {
    /// As the file has it.
    pub(crate) text: String,
    /// The line of the file that it begins on, counted from 1.
    pub(crate) line: usize,
    /// As SQLite takes it.
    pub(crate) handler: Handler,
}

impl Definition {
    /// Reads and checks the text of a projection's file.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line and column and what was expected.
    pub fn parse(text: &str) -> Result<Definition, DefinitionError> {
        let markers = markers(text);
        let statements = headwater_sql::split_statements(text)
            .map_err(|error| DefinitionError::from_sql(text, 0, &error))?;
        check_apart(&markers, &statements)?;
        let name = name(text, &markers, statements.first())?;
        let first_on = first_on(text, &markers)?;
        let split = statements.partition_point(|statement| statement.offset < first_on);
        let schema = Schema::read(text, &statements[..split])?;
        let handlers = Handlers::read(text, &markers, &statements[split..], &schema)?;
        Ok(Definition {
            inner: Arc::new(Inner {
                name,
                text: text.to_owned(),
                version: Version::of(text),
                tables: schema.tables,
                indexes: schema.indexes,
                statements: handlers.statements,
                by_type: handlers.by_type,
                types: handlers.types,
            }),
        })
    }

    /// The name that a text gives itself, also when the rest of it is not well formed.
    pub(crate) fn name_in(text: &str) -> Result<String, DefinitionError> {
        name(text, &markers(text), None)
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// The text of the file.
    pub fn text(&self) -> &str {
        &self.inner.text
    }

    /// The version: the hash of the text.
    pub fn version(&self) -> Version {
        self.inner.version
    }

    /// The tables, in the order of the file.
    pub fn tables(&self) -> &[Arc<Table>] {
        &self.inner.tables
    }

    /// The event types that are read, sorted.
    pub fn types(&self) -> &[EventType] {
        &self.inner.types
    }

    pub(crate) fn indexes(&self) -> &[Index] {
        &self.inner.indexes
    }

    pub(crate) fn statements_of(
        &self,
        event_type: &str,
    ) -> impl Iterator<Item = &HandlerStatement> {
        let of_type = self.inner.by_type.get(event_type);
        of_type
            .into_iter()
            .flatten()
            .map(|index| &self.inner.statements[*index])
    }

    pub(crate) fn statement_count(&self) -> usize {
        self.inner.statements.len()
    }
}

impl fmt::Debug for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name(), self.version())
    }
}

/// Refuses markers that stand inside a statement: its semicolon is missing.
fn check_apart(
    markers: &[Marker<'_>],
    statements: &[StatementText<'_>],
) -> Result<(), DefinitionError> {
    for marker in markers {
        let before = statements.partition_point(|statement| statement.offset < marker.offset);
        let Some(statement) = before.checked_sub(1).map(|at| &statements[at]) else {
            continue;
        };
        let end = statement.offset + statement.text.len();
        if marker.offset < end {
            let message = format!(
                "the statement that begins on line {} has no end before this line",
                statement.line
            );
            return Err(DefinitionError::on_line(marker.line, message)
                .expected("a semicolon after the statement"));
        }
    }
    Ok(())
}

fn name(
    text: &str,
    markers: &[Marker<'_>],
    first_statement: Option<&StatementText<'_>>,
) -> Result<String, DefinitionError> {
    let mut names = markers
        .iter()
        .filter(|marker| marker.kind == MarkerKind::Projection);
    let Some(marker) = names.next() else {
        return Err(DefinitionError::on_line(1, "the projection has no name")
            .expected("a line such as `-- projection: accounts` before the first statement"));
    };
    if let Some(second) = names.next() {
        return Err(
            DefinitionError::on_line(second.line, "the projection is named twice").expected(
                format!(
                    "one line `-- projection:`; the first stands on line {}",
                    marker.line
                ),
            ),
        );
    }
    if first_statement.is_some_and(|statement| statement.offset < marker.offset) {
        return Err(
            DefinitionError::on_line(marker.line, "the name comes after a statement")
                .expected("the line `-- projection:` before the first statement"),
        );
    }
    if !is_name(marker.value) {
        let found = format!("the projection cannot be named `{}`", marker.value);
        return Err(DefinitionError {
            column: marker.value_column(text),
            ..DefinitionError::on_line(marker.line, found)
        }
        .expected(format!(
            "1 to {NAME_BYTES_MAX} of a-z, 0-9, `_` and `-`, the first a letter or digit"
        )));
    }
    Ok(marker.value.to_owned())
}

/// Whether a projection may have this name.
fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    name.len() <= NAME_BYTES_MAX
        && name.bytes().next().is_some_and(plain)
        && name
            .bytes()
            .all(|byte| plain(byte) || matches!(byte, b'_' | b'-'))
}

/// Where the first handler begins.
fn first_on(text: &str, markers: &[Marker<'_>]) -> Result<usize, DefinitionError> {
    markers
        .iter()
        .find(|marker| marker.kind == MarkerKind::On)
        .map(|marker| marker.offset)
        .ok_or_else(|| {
            let last = text.lines().count().max(1);
            DefinitionError::on_line(last, "no event type is handled")
                .expected("a line such as `-- on: AccountOpened`, and after it what the event does")
        })
}

/// Tables and indexes.
struct Schema {
    tables: Vec<Arc<Table>>,
    indexes: Vec<Index>,
    catalog: Catalog,
    rehearsal: Rehearsal,
}

impl Schema {
    fn read(text: &str, statements: &[StatementText<'_>]) -> Result<Schema, DefinitionError> {
        let rehearsal =
            Rehearsal::begin().map_err(|error| DefinitionError::from_sql(text, 0, &error))?;
        let mut schema = Schema {
            tables: Vec::new(),
            indexes: Vec::new(),
            catalog: Catalog::new(),
            rehearsal,
        };
        for statement in statements {
            match created(statement.text) {
                Some(Created::Table) => schema.table(text, statement)?,
                Some(Created::Index) => schema.index(text, statement)?,
                None => {
                    return Err(DefinitionError::on_line(
                        statement.line,
                        "this statement belongs to no event type",
                    )
                    .expected("`create table` or `create index` before the first line `-- on:`"));
                }
            }
        }
        if schema.tables.is_empty() {
            return Err(DefinitionError::on_line(1, "the projection has no table")
                .expected("`create table` before the first line `-- on:`"));
        }
        Ok(schema)
    }

    fn table(&mut self, text: &str, statement: &StatementText<'_>) -> Result<(), DefinitionError> {
        let refused = |error| DefinitionError::from_sql(text, statement.offset, &error);
        let table = Arc::new(headwater_sql::create_table(statement.text).map_err(refused)?);
        let lower = table.name.to_ascii_lowercase(); // SQLite does not tell `T` from `t`
        if lower == "event" || lower.starts_with(RESERVED_PREFIX) {
            let message = format!("the table name \"{}\" is Headwater's own", table.name);
            return Err(DefinitionError::on_line(statement.line, message)
                .expected("another name; `event` is the table of all events in every database"));
        }
        self.catalog
            .add(None, Arc::clone(&table))
            .map_err(refused)?;
        self.rehearsal
            .create(&table.sqlite_ddl())
            .map_err(refused)?;
        self.tables.push(table);
        Ok(())
    }

    fn index(&mut self, text: &str, statement: &StatementText<'_>) -> Result<(), DefinitionError> {
        let refused = |error| DefinitionError::from_sql(text, statement.offset, &error);
        let index = headwater_sql::create_index(statement.text, &self.catalog).map_err(refused)?;
        let taken = self.indexes.iter().any(|other| other.name == index.name)
            || self.catalog.get(&index.name).is_some();
        if taken {
            let message = format!("there is a table or index \"{}\" already", index.name);
            return Err(DefinitionError::on_line(statement.line, message)
                .expected("a different name for each index"));
        }
        // So that `on conflict` may name the columns of a unique one.
        self.catalog.add_index(&index).map_err(refused)?;
        self.rehearsal.create(&index.sqlite).map_err(refused)?;
        self.indexes.push(index);
        Ok(())
    }
}

enum Created {
    Table,
    Index,
}

fn created(statement: &str) -> Option<Created> {
    let mut words = statement
        .split_ascii_whitespace()
        .map(str::to_ascii_lowercase);
    let words = [words.next()?, words.next()?];
    match [words[0].as_str(), words[1].as_str()] {
        ["create", "index" | "unique"] => Some(Created::Index),
        ["create", _] => Some(Created::Table),
        _ => None,
    }
}

/// What each event type does.
struct Handlers {
    statements: Vec<HandlerStatement>,
    by_type: HashMap<String, Vec<usize>>,
    types: Vec<EventType>,
}

impl Handlers {
    fn read(
        text: &str,
        markers: &[Marker<'_>],
        statements: &[StatementText<'_>],
        schema: &Schema,
    ) -> Result<Handlers, DefinitionError> {
        let mut handlers = Handlers {
            statements: Vec::new(),
            by_type: HashMap::new(),
            types: Vec::new(),
        };
        let sections: Vec<&Marker<'_>> = markers
            .iter()
            .filter(|marker| marker.kind == MarkerKind::On)
            .collect();
        for (at, marker) in sections.iter().enumerate() {
            let end = sections.get(at + 1).map_or(text.len(), |next| next.offset);
            let of_section: Vec<_> = statements
                .iter()
                .filter(|statement| (marker.offset..end).contains(&statement.offset))
                .collect();
            handlers.section(text, marker, &of_section, schema)?;
        }
        let types: BTreeSet<EventType> = handlers.types.drain(..).collect();
        handlers.types = types.into_iter().collect();
        Ok(handlers)
    }

    fn section(
        &mut self,
        text: &str,
        marker: &Marker<'_>,
        statements: &[&StatementText<'_>],
        schema: &Schema,
    ) -> Result<(), DefinitionError> {
        let types = section_types(text, marker)?;
        if statements.is_empty() {
            let message = format!("nothing is done on {}", marker.value);
            return Err(DefinitionError::on_line(marker.line, message)
                .expected("`insert`, `update` or `delete` after this line"));
        }
        for statement in statements {
            let refused = |error| DefinitionError::from_sql(text, statement.offset, &error);
            let handler =
                headwater_sql::compile_handler(statement.text, &schema.catalog).map_err(refused)?;
            schema.rehearsal.prepare(&handler.sqlite).map_err(refused)?;
            for event_type in &types {
                let of_type = self.by_type.entry(event_type.to_string()).or_default();
                of_type.push(self.statements.len());
            }
            self.statements.push(HandlerStatement {
                text: statement.text.to_owned(),
                line: line_of(text, statement.offset),
                handler,
            });
        }
        self.types.extend(types);
        Ok(())
    }
}

fn section_types(text: &str, marker: &Marker<'_>) -> Result<Vec<EventType>, DefinitionError> {
    let mut types: Vec<EventType> = Vec::new();
    for name in marker.value.split(',').map(str::trim) {
        let wrong = |message: String| DefinitionError {
            column: marker.value_column(text),
            ..DefinitionError::on_line(marker.line, message)
        };
        let event_type = EventType::new(name)
            .map_err(|error| wrong(error.message().to_owned()).expected(TYPES_EXPECTED))?;
        if types.contains(&event_type) {
            return Err(wrong(format!("{event_type} is named twice")).expected("each type once"));
        }
        types.push(event_type);
    }
    Ok(types)
}

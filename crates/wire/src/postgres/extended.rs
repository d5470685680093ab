//! The extended protocol: statements that are prepared, described, given values, and run in parts.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use headwater_node::Role;
use headwater_sql::{OutputColumn, Type, Value, split_statements};
use pgwire::messages::data::{NoData, ParameterDescription};
use pgwire::messages::extendedquery::{
    BindComplete, CloseComplete, ParseComplete, PortalSuspended,
};
use pgwire::messages::response::EmptyQueryResponse;

use crate::gate::Reserved;
use crate::postgres::command::Command;
use crate::postgres::execute::{self, Taking};
use crate::postgres::failure::Failure;
use crate::postgres::frontend::{Bind, Frontend, Parse, Target};
use crate::postgres::insert::Source;
use crate::postgres::rows;
use crate::postgres::running::Running;
use crate::postgres::session::{Ended, Session};
use crate::postgres::settings::Settings;
use crate::postgres::types::ParamType;
use crate::postgres::values::{self, Format};

/// Statements, and portals, of one connection.
const STATEMENTS_MAX: usize = 1_000;
const PORTALS_MAX: usize = 100;

/// Bytes of all statements of one connection: their names, texts, and what was read of them.
const STATEMENT_BYTES_MAX: usize = 4 << 20;

/// Bytes of a name that the protocol gives to a statement or portal.
const NAME_BYTES_MAX: usize = 1_000;

/// A statement that was prepared.
pub(crate) struct Statement {
    pub(crate) sql: String,
    pub(crate) command: Command,
    pub(crate) params: Vec<ParamType>,
    /// As they were described; `None` if there are none.
    pub(crate) columns: Option<Vec<OutputColumn>>,
    /// Bytes that it has in memory, about.
    bytes: usize,
}

/// A statement with values for its parameters.
pub(crate) struct Portal {
    pub(crate) statement: Arc<Statement>,
    pub(crate) params: Vec<(Type, Value)>,
    /// Of each column; text where none is given.
    formats: Vec<Format>,
    state: State,
    /// How many savepoints there were when it was made.
    pub(crate) depth: usize,
    /// Memory for the values, if they are large: as much as came, and what they take beyond that.
    _reserved: [Reserved; 2],
}

enum State {
    Ready,
    Running(Box<Running>),
    /// It ran to its end, with or without rows.
    Done {
        had_rows: bool,
    },
}

impl Statement {
    pub(crate) fn new(
        sql: String,
        command: Command,
        params: Vec<ParamType>,
        columns: Option<Vec<OutputColumn>>,
    ) -> Statement {
        let read = match &command {
            Command::Insert(insert) => insert.bytes(),
            _ => 0,
        };
        let bytes =
            sql.len() + read + size_of_val(&params[..]) + columns.as_deref().map_or(0, size_of_val);
        Statement {
            sql,
            command,
            params,
            columns,
            bytes,
        }
    }
}

impl Portal {
    /// A cursor over a query, as `declare` makes it.
    pub(crate) fn cursor(statement: Statement, running: Running) -> Portal {
        Portal {
            statement: Arc::new(statement),
            params: Vec::new(),
            formats: Vec::new(),
            state: State::Running(Box::new(running)),
            depth: 0,
            _reserved: [None, None],
        }
    }

    /// Whether nothing has run in it.
    pub(crate) fn is_unused(&self) -> bool {
        matches!(self.state, State::Ready)
    }

    /// What runs in it.
    pub(crate) fn running(&mut self) -> Option<&mut Running> {
        match &mut self.state {
            State::Running(running) => Some(running),
            _ => None,
        }
    }
}

impl Session {
    /// Answers a message of the extended protocol.
    pub(crate) async fn extended(
        &mut self,
        message: Frontend,
        reserved: Reserved,
    ) -> Result<(), Ended> {
        match message {
            Frontend::Parse(parse) => self.parse(parse).await,
            Frontend::Bind(bind) => Ok(self.bind(bind, reserved)?),
            Frontend::Describe(target) => Ok(self.describe(&target)?),
            Frontend::Execute { portal, rows_max } => self.execute(&portal, rows_max).await,
            Frontend::Close(target) => {
                match target {
                    Target::Statement(name) => drop(self.statements.remove(&name)),
                    Target::Portal(name) => drop(self.portals.remove(&name)),
                }
                self.client.say(&CloseComplete::new());
                Ok(())
            }
            _ => Ok(()), // the others were answered before
        }
    }

    async fn parse(&mut self, parse: Parse) -> Result<(), Ended> {
        let Parse { name, sql, types } = parse;
        if !name.is_empty() && self.statements.contains_key(&name) {
            let message = format!("prepared statement \"{name}\" already exists");
            return Err(Failure::new("42P05", message).into());
        }
        let declared = types.into_iter().map(ParamType::declared);
        let declared: Vec<_> = declared.collect::<Result<_, Failure>>()?;
        let prepared = self.prepare(sql, &declared).await;
        if prepared.is_err() {
            self.count("parse", &prepared);
        }
        self.keep_statement(name, prepared?)?;
        self.client.say(&ParseComplete::new());
        Ok(())
    }

    /// Keeps a statement under a name, within the bounds of a connection.
    pub(crate) fn keep_statement(
        &mut self,
        name: String,
        statement: Statement,
    ) -> Result<(), Failure> {
        check_name(&name)?;
        self.statements.remove(&name);
        let known = self.statements.iter();
        let bytes: usize = known.map(|(name, known)| name.len() + known.bytes).sum();
        if self.statements.len() >= STATEMENTS_MAX
            || bytes + name.len() + statement.bytes > STATEMENT_BYTES_MAX
        {
            return Err(Failure::new("54000", "the connection has prepared too much")
                .detail(format!(
                    "Expected at most {STATEMENTS_MAX} statements of {STATEMENT_BYTES_MAX} bytes together."
                ))
                .hint("Close statements that are not used, and give large values as parameters."));
        }
        self.statements.insert(name, Arc::new(statement));
        Ok(())
    }

    /// Reads a statement and finds out what it takes and gives. The node is asked, so that tables
    /// and types are those that there are; no read model is folded.
    pub(crate) async fn prepare(
        &mut self,
        text: String,
        declared: &[Option<ParamType>],
    ) -> Result<Statement, Ended> {
        let sql = only_statement(text)?;
        let read = self.read_statement(&sql, declared).await;
        self.note_unanswered(&sql, &read);
        let (command, params, columns) = read?;
        Ok(Statement::new(sql, command, params, columns))
    }

    async fn read_statement(
        &mut self,
        sql: &str,
        declared: &[Option<ParamType>],
    ) -> Result<(Command, Vec<ParamType>, Option<Vec<OutputColumn>>), Ended> {
        let command = Command::parse(sql)?;
        self.refuse_if_failed(&command)?;
        let given = || declared.iter().flatten().copied().collect();
        let (params, columns) = match &command {
            Command::Query => {
                let (params, columns) = self.describe_query(sql.to_owned(), declared).await?;
                (params, Some(columns))
            }
            Command::Copy { query, length, .. } | Command::Explain { query, length, .. } => {
                let (begin, text) = (*query, &sql[*query..query + length]);
                let inner = Command::parse(text);
                let inner = inner.map_err(|failure| execute::after(failure.into(), sql, begin))?;
                let params = match inner {
                    Command::Execute { .. } => given(),
                    _ => {
                        self.describe_part(sql, begin..query + length, declared)
                            .await?
                    }
                };
                (params, command.own_columns())
            }
            Command::Declare { query, .. } => {
                let part = *query..sql.len();
                (self.describe_part(sql, part, declared).await?, None)
            }
            Command::Insert(insert) => {
                let params = match insert.source {
                    Source::Rows(_) => insert.params(declared)?,
                    Source::Query { begin, length, .. } => {
                        let (part, known) = (begin..begin + length, insert.known(declared));
                        self.describe_part(sql, part, &known).await?
                    }
                };
                let columns = insert.output();
                (params, (!columns.is_empty()).then_some(columns))
            }
            Command::Fetch { name, moves, .. } => {
                let columns = self.cursor(name)?.statement.columns.clone();
                (given(), columns.filter(|_| !moves))
            }
            Command::Execute { name, .. } => (given(), self.named(name)?.columns.clone()),
            Command::Show(Some(name)) => (given(), Some(vec![text_column(Settings::name(name)?)])),
            other => (given(), other.own_columns()),
        };
        Ok((command, params, columns))
    }

    /// What a query takes that is a part of a longer statement.
    async fn describe_part(
        &mut self,
        sql: &str,
        part: Range<usize>,
        declared: &[Option<ParamType>],
    ) -> Result<Vec<ParamType>, Ended> {
        let begin = part.start;
        let described = self.describe_query(sql[part].to_owned(), declared).await;
        let described = described.map_err(|failure| execute::after(failure.into(), sql, begin));
        Ok(described?.0)
    }

    async fn describe_query(
        &mut self,
        sql: String,
        declared: &[Option<ParamType>],
    ) -> Result<(Vec<ParamType>, Vec<OutputColumn>), Failure> {
        let database = self.use_for(Role::Read).await?;
        let known = declared.iter().map(|param| param.map(|param| param.ty));
        let described = database.describe(sql, known.collect()).await?;
        let param = |(at, ty): (usize, &Type)| match declared.get(at) {
            Some(Some(declared)) if declared.ty == *ty => *declared,
            _ => ParamType::of(*ty),
        };
        let params = described.params.iter().enumerate().map(param);
        Ok((params.collect(), described.columns))
    }

    fn bind(&mut self, bind: Bind, reserved: Reserved) -> Result<(), Failure> {
        let statement = self.named(&bind.statement)?;
        self.refuse_if_failed(&statement.command)?;
        if !bind.portal.is_empty() && self.portals.contains_key(&bind.portal) {
            let message = format!("cursor \"{}\" already exists", bind.portal);
            return Err(Failure::new("42P03", message));
        }
        let (given, wanted) = (bind.values.len(), statement.params.len());
        if given != wanted {
            let message = format!(
                "bind message supplies {given} parameters, but prepared statement \"{}\" requires {wanted}",
                bind.statement
            );
            return Err(Failure::new("08P01", message));
        }
        let formats = Format::each(&bind.formats, given)?;
        let mut params = Vec::with_capacity(given);
        let (mut came, mut taken) = (0, 0);
        for ((text, param), format) in bind.values.iter().zip(&statement.params).zip(formats) {
            let value = match text {
                None => Value::Null,
                Some(bytes) => values::read(*param, format, bytes)?,
            };
            came += text.as_ref().map_or(0, Bytes::len);
            taken += rows::bytes(std::slice::from_ref(&value));
            params.push((param.ty, value));
        }
        let more = self.app.bodies.reserve(taken.saturating_sub(came))?;
        let columns = statement.columns.as_ref().map_or(0, Vec::len);
        let formats = match columns {
            0 => Vec::new(),
            columns => Format::each(&bind.result_formats, columns)?,
        };
        let portal = Portal {
            statement,
            params,
            formats,
            state: State::Ready,
            depth: 0,
            _reserved: [reserved, more],
        };
        self.keep_portal(bind.portal, portal)?;
        self.client.say(&BindComplete::new());
        Ok(())
    }

    /// Keeps a portal or cursor under a name, within the bounds of a connection.
    pub(crate) fn keep_portal(&mut self, name: String, mut portal: Portal) -> Result<(), Failure> {
        check_name(&name)?;
        portal.depth = self.transaction.depth();
        self.portals.remove(&name); // the unnamed one is replaced
        if self.portals.len() >= PORTALS_MAX {
            return Err(
                Failure::new("54000", "the connection has too many open portals")
                    .detail(format!("Expected at most {PORTALS_MAX}.")),
            );
        }
        self.portals.insert(name, portal);
        Ok(())
    }

    fn describe(&mut self, target: &Target) -> Result<(), Failure> {
        let (statement, formats) = match target {
            Target::Statement(name) => {
                let statement = self.named(name)?;
                let types = statement.params.iter().map(|param| param.oid).collect();
                self.client.say(&ParameterDescription::new(types));
                (statement, Vec::new())
            }
            Target::Portal(name) => {
                let portal = self.cursor(name)?;
                (Arc::clone(&portal.statement), portal.formats.clone())
            }
        };
        match &statement.columns {
            Some(columns) => self.client.say(&rows::description(columns, &formats)),
            None => self.client.say(&NoData::new()),
        }
        Ok(())
    }

    /// The statement with this name.
    pub(crate) fn named(&self, name: &str) -> Result<Arc<Statement>, Failure> {
        self.statements.get(name).cloned().ok_or_else(|| {
            let message = match name {
                "" => "unnamed prepared statement does not exist".to_owned(),
                name => format!("prepared statement \"{name}\" does not exist"),
            };
            Failure::new("26000", message)
        })
    }

    /// The portal or cursor with this name.
    pub(crate) fn cursor(&mut self, name: &str) -> Result<&mut Portal, Failure> {
        self.portals.get_mut(name).ok_or_else(|| no_cursor(name))
    }

    /// The same, which is not there from now on.
    pub(crate) fn take_cursor(&mut self, name: &str) -> Result<Portal, Failure> {
        self.portals.remove(name).ok_or_else(|| no_cursor(name))
    }

    async fn execute(&mut self, name: &str, rows_max: u32) -> Result<(), Ended> {
        let statement = Arc::clone(&self.cursor(name)?.statement);
        self.refuse_if_failed(&statement.command)?;
        // It is not there while it runs, because a fetch in it takes rows from another.
        let mut portal = self.take_cursor(name)?;
        let word = portal.statement.command.word();
        let ended = self.execute_portal(&mut portal, rows_max).await;
        self.backend.end();
        self.count(word, &ended);
        self.note_unanswered(&portal.statement.sql, &ended);
        if ended.is_ok() && !portal.ends_transaction() {
            self.portals.insert(name.to_owned(), portal);
        }
        ended
    }

    /// Runs a portal, as far as is asked for. A query that is read in parts has time for each of
    /// them. Nothing else is broken off here: an append goes on, and its client must hear of it.
    async fn execute_portal(&mut self, portal: &mut Portal, rows_max: u32) -> Result<(), Ended> {
        let in_parts = match portal.running() {
            Some(running) => running.cancel().is_some(),
            None => rows_max > 0 && self.is_query(&portal.statement.command),
        };
        match in_parts {
            true => {
                let within = self.settings.statement_timeout();
                execute::within(within, self.take_part(portal, rows_max)).await
            }
            false => self.take_part(portal, rows_max).await,
        }
    }

    /// Whether it is a query, or executes one.
    fn is_query(&self, command: &Command) -> bool {
        match command {
            Command::Query => true,
            Command::Execute { name, .. } => self
                .statements
                .get(name)
                .is_some_and(|statement| matches!(statement.command, Command::Query)),
            _ => false,
        }
    }

    async fn take_part(&mut self, portal: &mut Portal, rows_max: u32) -> Result<(), Ended> {
        let statement = Arc::clone(&portal.statement);
        if matches!(statement.command, Command::Empty) {
            self.client.say(&EmptyQueryResponse::new());
            return Ok(());
        }
        let mut running = match std::mem::replace(&mut portal.state, State::Done { had_rows: true })
        {
            State::Running(mut running) => {
                running.go_on(&self.app.reads).await?;
                running
            }
            State::Ready => {
                let params = std::mem::take(&mut portal.params);
                let taking = match rows_max {
                    0 => Taking::Streamed,
                    _ => Taking::InParts,
                };
                let (sql, command) = (&statement.sql, &statement.command);
                let begun = self.start(sql, command, params, taking).await?;
                check_columns(&statement, &begun)?;
                self.begin_copy(&begun)?;
                Box::new(begun)
            }
            State::Done { had_rows: true } => {
                let columns = statement.columns.clone().unwrap_or_default();
                Box::new(Running::empty(columns))
            }
            State::Done { had_rows: false } => {
                return Err(Failure::new("55000", "portal cannot be run").into());
            }
        };
        if let Some(cancel) = running.cancel() {
            self.backend.begin(cancel);
        }
        running.count_from_here();
        let rows_max = if running.copy.is_some() { 0 } else { rows_max };
        if self
            .write_rows(&mut running, &portal.formats, rows_max.into())
            .await?
        {
            self.end_copy(&running);
            self.complete(&running);
            portal.state = State::Done {
                had_rows: running.columns.is_some(),
            };
        } else {
            running.rest(&self.app.resting)?;
            self.client.say(&PortalSuspended::new());
            portal.state = State::Running(running);
        }
        Ok(())
    }
}

impl Portal {
    /// Whether nothing of the transaction is left after it, itself included.
    fn ends_transaction(&self) -> bool {
        matches!(
            self.statement.command,
            Command::Commit { .. } | Command::Rollback { .. } | Command::Discard { .. }
        )
    }
}

/// Tables may have changed since the statement was described: the client must not take one type
/// for another.
fn check_columns(statement: &Statement, running: &Running) -> Result<(), Failure> {
    let same = match (&statement.columns, &running.columns) {
        _ if running.copy.is_some() => true,
        (Some(described), Some(found)) => {
            described.len() == found.len() && described.iter().zip(found).all(|(a, b)| a.ty == b.ty)
        }
        (described, found) => described.is_some() == found.is_some(),
    };
    match same {
        true => Ok(()),
        false => Err(
            Failure::new("0A000", "cached plan must not change result type")
                .hint("Prepare the statement again."),
        ),
    }
}

fn no_cursor(name: &str) -> Failure {
    let message = match name {
        "" => "portal \"\" does not exist".to_owned(),
        name => format!("cursor \"{name}\" does not exist"),
    };
    Failure::new("34000", message)
}

fn check_name(name: &str) -> Result<(), Failure> {
    match name.len() <= NAME_BYTES_MAX {
        true => Ok(()),
        false => Err(
            Failure::new("54000", "the name is too long").detail(format!(
                "Found {} bytes, expected at most {NAME_BYTES_MAX}.",
                name.len()
            )),
        ),
    }
}

/// The one statement of a text, without its semicolon. Blanks stand for what was before it, so that
/// places are those of the text.
fn only_statement(text: String) -> Result<String, Failure> {
    match split_statements(&text)?[..] {
        [] => Ok(String::new()),
        [only] => {
            let before = text[..only.offset].chars().count();
            Ok(" ".repeat(before) + only.text)
        }
        _ => Err(Failure::new(
            "42601",
            "cannot insert multiple commands into a prepared statement",
        )),
    }
}

/// The column of a plan.
pub(crate) fn plan_column(as_json: bool) -> OutputColumn {
    let ty = if as_json { Type::Json } else { Type::Text };
    let name = "QUERY PLAN".to_owned();
    OutputColumn { name, ty }
}

/// A column of texts.
pub(crate) fn text_column(name: &str) -> OutputColumn {
    OutputColumn {
        name: name.to_owned(),
        ty: Type::Text,
    }
}

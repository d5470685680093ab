//! Cursors and prepared statements, as SQL has them.

use headwater_sql::{Type, Value};

use crate::gate::Growing;
use crate::postgres::command::Command;
use crate::postgres::execute::{Taking, Values, after, within};
use crate::postgres::extended::{Portal, Statement};
use crate::postgres::failure::Failure;
use crate::postgres::rows;
use crate::postgres::running::Running;
use crate::postgres::session::{Ended, Session};
use crate::postgres::types::ParamType;

/// Rows that one `FETCH` may give, and their bytes, because they are gathered before they are sent.
const FETCH_ROWS_MAX: usize = 100_000;
const FETCH_BYTES_MAX: usize = 64 << 20;

impl Session {
    pub(crate) async fn of_cursor(
        &mut self,
        sql: &str,
        command: &Command,
        params: Values,
        taking: Taking,
    ) -> Result<Running, Ended> {
        let timeout = self.settings.statement_timeout();
        match command {
            Command::Declare { name, query } => {
                within(timeout, self.declare(sql, name, *query, params)).await
            }
            Command::Fetch { name, count, moves } => {
                within(timeout, self.fetch(name, *count, *moves)).await
            }
            Command::CloseCursor(name) => {
                match name {
                    None => self.portals.clear(),
                    Some(name) => drop(self.take_cursor(name)?),
                }
                Ok(Running::done("CLOSE CURSOR"))
            }
            Command::Prepare { name, types, query } => {
                let declared = types.iter().map(|name| {
                    let ty = Type::parse(name).ok_or_else(|| {
                        Failure::new("42704", format!("type \"{name}\" does not exist"))
                    })?;
                    Ok(Some(ParamType::of(ty)))
                });
                let declared = declared.collect::<Result<Vec<_>, Failure>>()?;
                if self.statements.contains_key(name) {
                    let message = format!("prepared statement \"{name}\" already exists");
                    return Err(Failure::new("42P05", message).into());
                }
                let prepared = self.prepare(sql[*query..].to_owned(), &declared).await;
                let statement = prepared.map_err(|ended| after(ended, sql, *query))?;
                refuse_if_other(&statement.command, "PREPARE")?;
                self.keep_statement(name.clone(), statement)?;
                Ok(Running::done("PREPARE"))
            }
            Command::Execute { name, values } => {
                let statement = self.named(name)?;
                refuse_if_other(&statement.command, "EXECUTE")?;
                let params = given(name, &statement, values)?;
                self.start(&statement.sql, &statement.command, params, taking)
                    .await
            }
            Command::Deallocate(None) => {
                self.statements.clear();
                Ok(Running::done("DEALLOCATE ALL"))
            }
            Command::Deallocate(Some(name)) => {
                self.named(name)?;
                self.statements.remove(name);
                Ok(Running::done("DEALLOCATE"))
            }
            _ => Ok(Running::done("")),
        }
    }

    async fn declare(
        &mut self,
        sql: &str,
        name: &str,
        query: usize,
        params: Values,
    ) -> Result<Running, Ended> {
        if !self.transaction.is_open() {
            let message = "DECLARE CURSOR can only be used in transaction blocks";
            return Err(Failure::new("25P01", message).into());
        }
        if self.portals.contains_key(name) {
            let message = format!("cursor \"{name}\" already exists");
            return Err(Failure::new("42P03", message).into());
        }
        let begun = self.within(sql, query..sql.len(), params, Taking::InParts);
        let mut running = begun.await?;
        running.rest(&self.app.resting)?;
        let (text, columns) = (sql[query..].to_owned(), running.columns.clone());
        let statement = Statement::new(text, Command::Query, Vec::new(), columns);
        self.keep_portal(name.to_owned(), Portal::cursor(statement, running))?;
        Ok(Running::done("DECLARE CURSOR"))
    }

    /// Takes rows from a cursor: as many as are asked for, within what one answer may hold.
    async fn fetch(
        &mut self,
        name: &str,
        count: Option<u64>,
        moves: bool,
    ) -> Result<Running, Ended> {
        let mut portal = self.take_cursor(name)?; // one whose fetch fails is no more
        if portal.is_unused() {
            return Err(
                Failure::unsupported("FETCH from a portal that was not executed")
                    .hint("Execute it, or declare a cursor.")
                    .into(),
            );
        }
        let columns = portal.statement.columns.clone().unwrap_or_default();
        let mut rows = Vec::new();
        let (mut taken, mut bytes, mut reserved) = (0, 0, Growing::default());
        let wanted = count.unwrap_or(u64::MAX);
        if let Some(running) = portal.running() {
            if let Some(cancel) = running.cancel() {
                self.backend.begin(cancel);
            }
            running.go_on(&self.app.reads).await?;
            while taken < wanted && self.fill(running).await? {
                while taken < wanted
                    && let Some(row) = running.take()
                {
                    taken += 1;
                    if !moves {
                        bytes += rows::bytes(&row);
                        rows.push(row);
                    }
                }
                if rows.len() > FETCH_ROWS_MAX || bytes > FETCH_BYTES_MAX {
                    return Err(Failure::new("54000", "FETCH of too much at once")
                        .detail(format!(
                            "Expected at most {FETCH_ROWS_MAX} rows of {FETCH_BYTES_MAX} bytes together."
                        ))
                        .hint("Fetch in smaller parts, or run the query without a cursor.")
                        .into());
                }
                reserved.grow(bytes, &self.app.bodies)?;
            }
            running.rest(&self.app.resting)?;
        }
        self.portals.insert(name.to_owned(), portal);
        match moves {
            true => Ok(Running::moved(taken)),
            false => Ok(Running::fetched(columns, rows, reserved)),
        }
    }
}

/// Refuses what is neither a query nor an append. A statement that the protocol prepared may be
/// anything, and one that executes itself would never end.
fn refuse_if_other(command: &Command, word: &str) -> Result<(), Failure> {
    match command {
        Command::Query | Command::Insert(_) => Ok(()),
        _ => Err(Failure::unsupported(format!(
            "{word} of anything but a query or an append"
        ))),
    }
}

/// The values of `execute`, as the statement's parameters have them.
pub(crate) fn given(
    name: &str,
    statement: &Statement,
    values: &[Option<String>],
) -> Result<Values, Failure> {
    if values.len() != statement.params.len() {
        let message = format!("wrong number of parameters for prepared statement \"{name}\"");
        return Err(Failure::new("42601", message).detail(format!(
            "Expected {} parameters but got {}.",
            statement.params.len(),
            values.len()
        )));
    }
    let value = |(param, text): (&ParamType, &Option<String>)| {
        let value = match text {
            Some(text) => Value::from_text(param.ty, text)?,
            None => Value::Null,
        };
        Ok((param.ty, value))
    };
    statement.params.iter().zip(values).map(value).collect()
}

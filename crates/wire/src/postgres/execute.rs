//! Running a statement.

use std::ops::Range;
use std::time::Duration;

use headwater_node::{At, Params, Request, Role};
use headwater_sql::{Type, Value};

use crate::postgres::client::Lost;
use crate::postgres::command::Command;
use crate::postgres::failure::Failure;
use crate::postgres::running::Running;
use crate::postgres::session::{Ended, Session};
use crate::postgres::settings::STATEMENT_TIMEOUT_MAX;

/// Values of parameters, with their types.
pub(crate) type Values = Vec<(Type, Value)>;

/// How the rows of a query are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taking {
    /// While they are made, however many there are.
    Streamed,
    /// The same, with pauses that the client makes.
    InParts,
    /// All of them before anything is done with them, so that they must fit into memory.
    Gathered,
}

impl Session {
    /// Runs a statement, up to where its rows can be taken.
    pub(crate) async fn start(
        &mut self,
        sql: &str,
        command: &Command,
        params: Values,
        taking: Taking,
    ) -> Result<Running, Ended> {
        self.refuse_if_failed(command)?;
        match command {
            Command::Query => self.query(sql, params, taking).await,
            Command::Insert(insert) => self.insert(sql, insert, params).await,
            Command::Copy {
                query,
                length,
                options,
            } => {
                let query = *query..query + length;
                let running = self.within(sql, query, params, Taking::Streamed).await?;
                options.check(running.columns.as_deref().unwrap_or_default())?;
                Ok(running.copied(options.clone()))
            }
            Command::Explain {
                query,
                length,
                as_json,
            } => {
                let text = &sql[*query..query + length];
                self.explain(text, params, *as_json)
                    .await
                    .map_err(|ended| after(ended, sql, *query))
            }
            Command::Begin { .. }
            | Command::Commit { .. }
            | Command::Rollback { .. }
            | Command::Savepoint(_)
            | Command::Release(_)
            | Command::RollbackTo(_)
            | Command::SetTransaction { .. } => self.of_transaction(command).await,
            Command::Declare { .. }
            | Command::Fetch { .. }
            | Command::CloseCursor(_)
            | Command::Prepare { .. }
            | Command::Execute { .. }
            | Command::Deallocate(_) => {
                Box::pin(self.of_cursor(sql, command, params, taking)).await
            }
            Command::Listen(_) | Command::Unlisten(_) => self.of_listening(command).await,
            other => Ok(self.of_settings(other)?),
        }
    }

    /// In a transaction that failed nothing is done but ending it.
    pub(crate) fn refuse_if_failed(&self, command: &Command) -> Result<(), Failure> {
        let ends = matches!(
            command,
            Command::Commit { .. }
                | Command::Rollback { .. }
                | Command::RollbackTo(_)
                | Command::Empty
        );
        match self.transaction.is_failed() && !ends {
            false => Ok(()),
            true => Err(Failure::new(
                "25P02",
                "current transaction is aborted, commands ignored until end of transaction block",
            )),
        }
    }

    /// Runs a query that is a part of a longer statement.
    pub(crate) async fn within(
        &mut self,
        sql: &str,
        part: Range<usize>,
        params: Values,
        taking: Taking,
    ) -> Result<Running, Ended> {
        let begin = part.start;
        let answered = self.query(&sql[part], params, taking).await;
        answered.map_err(|ended| after(ended, sql, begin))
    }

    /// Runs a query, up to where its rows can be taken.
    pub(crate) async fn query(
        &mut self,
        sql: &str,
        params: Values,
        taking: Taking,
    ) -> Result<Running, Ended> {
        self.ask(self.request(sql, params, taking)).await
    }

    /// Asks the database, up to where rows can be taken. What was asked first in a transaction
    /// fixes its position.
    pub(crate) async fn ask(&mut self, request: Request) -> Result<Running, Ended> {
        let app = self.app.clone();
        let cancel = request.cancel.clone();
        self.backend.begin(cancel.clone());
        let stall_max = match self.transaction.is_block() {
            true => app.limits.idle_in_transaction_max, // as long as it may wait between fetches
            false => app.limits.stall_max,
        };
        let (name, who) = (self.database.clone(), self.who.clone());
        let answering = async {
            let database = app.node.database_for(&who, Role::Read, &name).await?;
            let pass = app.reads.pass().await?;
            let answer = database.query(request, stall_max).await?;
            Ok::<_, Failure>((answer, pass))
        };
        let (answer, pass) = tokio::select! {
            biased; // what is answered at once waits for nothing
            answered = answering => answered?,
            () = self.client.gone() => return Err(Lost::Gone.into()),
        };
        self.reflected = Some(answer.position);
        if self.transaction.is_open() && self.transaction.position.is_none() {
            self.transaction.position = Some(answer.position);
        }
        Ok(Running::query(answer, cancel, pass))
    }

    pub(crate) fn request(&self, sql: &str, params: Values, taking: Taking) -> Request {
        let mut request = Request::new(sql);
        request.params = Params::Typed(params);
        request.user = self.settings.user().to_owned();
        request.settings = Some(self.settings.clone());
        request.consistency = self.settings.consistency();
        request.wait_for = self.settings.wait_for();
        request.timeout = match taking {
            Taking::InParts => STATEMENT_TIMEOUT_MAX,
            Taking::Streamed | Taking::Gathered => self.settings.statement_timeout(),
        };
        let fixed = self.transaction.position.map(At::Position);
        request.at = fixed.or_else(|| self.settings.at());
        if taking != Taking::Gathered {
            request.rows_max = usize::MAX;
            request.bytes_max = usize::MAX;
        }
        request
    }
}

/// What a part of a statement ends with, if it ends in time.
pub(crate) async fn within<T>(
    timeout: Duration,
    part: impl Future<Output = Result<T, Ended>>,
) -> Result<T, Ended> {
    let ended = tokio::time::timeout(timeout, part).await;
    ended.unwrap_or_else(|_| {
        let message = "canceling statement due to statement timeout";
        Err(Failure::new("57014", message)
            .hint("Give it more time, or let it read less.")
            .into())
    })
}

/// The same end of a part of a statement, which begins after so many bytes.
pub(crate) fn after(ended: Ended, sql: &str, begin: usize) -> Ended {
    match ended {
        Ended::Failure(failure) => failure.after(sql[..begin].chars().count()).into(),
        lost => lost,
    }
}

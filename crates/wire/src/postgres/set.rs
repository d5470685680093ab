//! `SET`, `RESET`, `SHOW` and `DISCARD`.

use std::sync::Arc;

use headwater_node::RowBatch;
use headwater_sql::{Type, Value};
use pgwire::messages::startup::ParameterStatus;

use crate::postgres::command::Command;
use crate::postgres::extended::text_column;
use crate::postgres::failure::Failure;
use crate::postgres::running::{Running, Tag};
use crate::postgres::session::Session;
use crate::postgres::settings::{Settings, reported_names};

impl Session {
    pub(crate) fn of_settings(&mut self, command: &Command) -> Result<Running, Failure> {
        match command {
            Command::Set { local, name, value } => {
                if Settings::name(name)? == "transaction_read_only" {
                    let read_only = match value {
                        Some(value) => Value::from_text(Type::Bool, value)? == Value::Bool(true),
                        None => self.settings.read_only(),
                    };
                    return Ok(self.set_read_only(read_only));
                }
                if *local && !self.transaction.is_block() {
                    self.warn("25P01", "SET LOCAL can only be used in transaction blocks");
                    return Ok(Running::done("SET"));
                }
                self.check_not_fixed(name)?;
                let told = self.change(*local, |settings| match value {
                    Some(value) => settings.set(name, value),
                    None => settings.reset(name),
                })?;
                self.tell(told);
                Ok(Running::done("SET"))
            }
            Command::SetCharacteristics { read_only } => {
                if let Some(read_only) = read_only {
                    let value = if *read_only { "on" } else { "off" };
                    let told = self.change(false, |settings| {
                        settings.set("default_transaction_read_only", value)
                    })?;
                    self.tell(told);
                }
                Ok(Running::done("SET"))
            }
            Command::Reset(Some(name)) => {
                self.check_not_fixed(name)?;
                let told = self.change(false, |settings| settings.reset(name))?;
                self.tell(told);
                Ok(Running::done("RESET"))
            }
            Command::Reset(None) => {
                let mut after = Settings::clone(&self.settings);
                after.reset_all();
                if after.get("headwater.at")? != self.settings.get("headwater.at")? {
                    self.check_not_fixed("headwater.at")?;
                }
                self.reset_all()?;
                Ok(Running::done("RESET"))
            }
            Command::Show(Some(name)) => {
                let value = self.shown(name)?;
                let columns = vec![text_column(Settings::name(name)?)];
                Ok(Running::rows(
                    columns,
                    vec![vec![Value::Text(value)]],
                    Tag::Word("SHOW"),
                ))
            }
            Command::Show(None) => self.show_all(),
            Command::Discard { all } => self.discard(*all),
            _ => Ok(Running::done("")),
        }
    }

    /// Changes the settings: until the transaction ends, or also after it.
    fn change<T>(
        &mut self,
        local: bool,
        change: impl Fn(&mut Settings) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let changed = change(Arc::make_mut(&mut self.settings))?;
        if let (false, Some(kept)) = (local, self.transaction.kept()) {
            change(Arc::make_mut(kept))?;
        }
        Ok(changed)
    }

    fn reset_all(&mut self) -> Result<(), Failure> {
        for name in self.change(false, |settings| Ok(settings.reset_all()))? {
            self.tell(Some(name));
        }
        Ok(())
    }

    /// The value of a setting, as `show` prints it.
    fn shown(&self, name: &str) -> Result<String, Failure> {
        if Settings::name(name)? == "headwater.position" {
            return Ok(self
                .reflected
                .map_or(String::new(), |position| position.to_string()));
        }
        if Settings::name(name)? == "transaction_read_only" {
            let value = if self.is_read_only() { "on" } else { "off" };
            return Ok(value.to_owned());
        }
        self.settings.get(name).map(str::to_owned)
    }

    /// `set transaction read only`, which is `set transaction_read_only` in other words.
    pub(crate) fn set_read_only(&mut self, read_only: bool) -> Running {
        match self.transaction.is_block() {
            true => self.transaction.read_only = read_only,
            false => self.warn(
                "25P01",
                "SET TRANSACTION can only be used in transaction blocks",
            ),
        }
        Running::done("SET")
    }

    /// An error if a setting says what the statements of the block look at, and some did already or
    /// append.
    fn check_not_fixed(&self, name: &str) -> Result<(), Failure> {
        if Settings::name(name)? != "headwater.at" {
            return Ok(());
        }
        let detail = match self.transaction.position {
            Some(position) => format!("All statements of this one reflect position {position}."),
            None if self.transaction.writes() => "This one appends to the present.".to_owned(),
            None => return Ok(()),
        };
        let message = "headwater.at must be set before any query of a transaction";
        Err(Failure::new("25001", message)
            .detail(detail)
            .hint("End the transaction first."))
    }

    fn show_all(&self) -> Result<Running, Failure> {
        let columns = ["name", "setting", "description"].map(text_column).into();
        let row = |name: &str| {
            let texts = [name.to_owned(), self.shown(name)?, String::new()];
            Ok(texts.map(Value::Text).into())
        };
        let rows = Settings::names()
            .map(row)
            .collect::<Result<RowBatch, Failure>>()?;
        Ok(Running::rows(columns, rows, Tag::Word("SHOW")))
    }

    fn discard(&mut self, all: bool) -> Result<Running, Failure> {
        if !all {
            return Ok(Running::done("DISCARD"));
        }
        if self.transaction.is_block() {
            let message = "DISCARD ALL cannot run inside a transaction block";
            return Err(Failure::new("25001", message));
        }
        self.statements.clear();
        self.portals.clear();
        self.stop_listening();
        self.reset_all()?;
        Ok(Running::done("DISCARD ALL"))
    }

    /// Tells the client the value of a setting that it is told of.
    fn tell(&mut self, name: Option<&'static str>) {
        if let Some(name) = name {
            let value = self.settings.get(name).unwrap_or_default().to_owned();
            self.client
                .say(&ParameterStatus::new(name.to_owned(), value));
        }
    }

    /// Tells the client what differs from before.
    pub(crate) fn tell_changes(&mut self, before: &Settings) {
        for name in reported_names() {
            if before.get(name).ok() != self.settings.get(name).ok() {
                self.tell(Some(name));
            }
        }
    }
}

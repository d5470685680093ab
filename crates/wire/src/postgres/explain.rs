//! `EXPLAIN`: what a query will be asked of, and how SQLite will run it.

use std::collections::HashMap;

use headwater_node::{DatabaseHandle, Role};
use headwater_sql::{Type, Value};

use crate::postgres::command::Command;
use crate::postgres::cursor::given;
use crate::postgres::execute::{Taking, Values};
use crate::postgres::extended::plan_column;
use crate::postgres::failure::Failure;
use crate::postgres::running::{Running, Tag};
use crate::postgres::session::{Ended, Session};

impl Session {
    /// Tells the read models that a query names, where they stand, and the steps of SQLite.
    pub(crate) async fn explain(
        &mut self,
        sql: &str,
        params: Values,
        as_json: bool,
    ) -> Result<Running, Ended> {
        let (sql, params) = self.explained(sql, params)?;
        let database = self.use_for(Role::Read).await?;
        let types = params.iter().map(|(ty, _)| Some(*ty)).collect();
        let described = database.describe(sql.clone(), types).await?;
        // A statement with parameters may be explained before it is given values.
        let nulls = described.params.iter().map(|ty| (*ty, Value::Null));
        let params = if params.is_empty() {
            nulls.collect()
        } else {
            params
        };
        let mut lines = of_models(&database, &described.projections).await?;
        let mut request = self.request(&sql, params, Taking::Gathered);
        request.explain = true;
        let running = self.ask(request).await?;
        let position = self.reflected.unwrap_or_default(); // which it was just told
        lines.push(format!("SQLite, at position {position}:"));
        let mut depths: HashMap<i64, usize> = HashMap::new();
        let steps = self.all(running).await?;
        lines.extend(steps.iter().filter_map(|row| step(row, &mut depths)));
        let rows = match as_json {
            true => vec![vec![Value::Other(Type::Json, in_json(&lines))]],
            false => lines
                .into_iter()
                .map(|line| vec![Value::Text(line)])
                .collect(),
        };
        let columns = vec![plan_column(as_json)];
        Ok(Running::rows(columns, rows, Tag::Word("EXPLAIN")))
    }

    /// The query that is explained, which may be one that was prepared and is given its values.
    fn explained(&self, sql: &str, params: Values) -> Result<(String, Values), Failure> {
        let Command::Execute { name, values } = Command::parse(sql)? else {
            return Ok((sql.to_owned(), params));
        };
        let statement = self.named(&name)?;
        match statement.command {
            Command::Query => Ok((statement.sql.clone(), given(&name, &statement, &values)?)),
            _ => Err(Failure::unsupported("EXPLAIN of anything but a query")),
        }
    }
}

/// The read models with these names, and where they stand.
async fn of_models(database: &DatabaseHandle, names: &[String]) -> Result<Vec<String>, Failure> {
    if names.is_empty() {
        return Ok(vec!["No read model: the log, or nothing".to_owned()]);
    }
    let statuses = database.projections().await?;
    let named = statuses
        .iter()
        .filter(|status| names.contains(&status.name));
    let line = |status: &headwater_node::Status| {
        format!(
            "Read model {} at position {}, {} events behind the head",
            status.name, status.position, status.lag
        )
    };
    Ok(named.map(line).collect())
}

/// The lines where clients look for a plan.
fn in_json(lines: &[String]) -> String {
    serde_json::json!([{ "Plan": { "Node Type": "Headwater", "Lines": lines } }]).to_string()
}

/// A step of SQLite, under the one that it belongs to.
fn step(row: &[Value], depths: &mut HashMap<i64, usize>) -> Option<String> {
    let [
        Value::BigInt(id),
        Value::BigInt(parent),
        _,
        Value::Text(detail),
    ] = row
    else {
        return None;
    };
    let depth = depths.get(parent).map_or(0, |depth| depth + 1);
    depths.insert(*id, depth);
    Some(format!("{}->  {detail}", "  ".repeat(depth + 1)))
}

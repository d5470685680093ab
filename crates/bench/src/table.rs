//! A connection to the table of orders, in PostgreSQL's protocol: to a read model of Headwater or to a
//! table of PostgreSQL, by the same client.

use headwater_load::{Answer, Appended, Failure, Order, Session, Unless, Which};
use tokio_postgres::{Client, NoTls, Statement};

/// The projection that keeps the table.
pub(crate) const PROJECTION: &str = include_str!("placed.sql");

/// What follows the table in the file of the projection.
const HANDLER: &str = "-- on:";

/// The rows of PostgreSQL's table, from the events that its own table has.
const ROWS: &str = "
insert into placed (id, customer, sku, quantity, price_cents)
select (data->>'order')::bigint, (data->>'customer')::bigint, data->>'sku',
    (data->>'quantity')::bigint, (data->>'price_cents')::bigint
from event;
";

const FIND: &str = "select customer, sku, quantity, price_cents from placed where id = $1";

/// The same table in PostgreSQL, with the same rows.
pub(crate) fn in_postgres() -> String {
    let table = PROJECTION.split(HANDLER).next().unwrap_or_default();
    format!("drop table if exists placed;{table}{ROWS}")
}

/// A connection, and the statement that it has prepared.
pub(crate) struct TableSession {
    client: Client,
    find: Statement,
}

impl Session for TableSession {
    /// The address is that of `libpq`: `host=127.0.0.1 port=4281 user=bench dbname=bench`.
    async fn connect(address: &str) -> Result<TableSession, Failure> {
        let (client, connection) = tokio_postgres::connect(address, NoTls).await?;
        tokio::task::spawn_local(connection);
        let find = client.prepare(FIND).await?;
        Ok(TableSession { client, find })
    }

    async fn append(&mut self, _: &[Order], _: Option<&Unless>) -> Result<Appended, Failure> {
        Err("this driver does not append".into())
    }

    async fn read(&mut self, _: &Which) -> Result<Answer, Failure> {
        Err("this driver does not read events".into())
    }

    async fn find(&mut self, order: u64) -> Result<u64, Failure> {
        let id = i64::try_from(order)?;
        let row = self.client.query_one(&self.find, &[&id]).await?;
        let customer: i64 = row.try_get(0)?;
        let _: (&str, i64, i64) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        Ok(u64::try_from(customer)?)
    }
}

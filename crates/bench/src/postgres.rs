//! A connection to PostgreSQL: a table of events, as people build it.
//!
//! An append is one statement that was prepared, and a transaction by itself. One with a condition
//! calls a function that takes an advisory lock for each tag of the event and of the condition, in
//! order, and then looks and inserts: so the condition holds among such appends at the same time,
//! and those of other tags share a sync. (At the isolation level `serializable` without locks,
//! whose predicate locks cover pages of the index, nearly every append had to be tried again.)
//!
//! What the table does not promise: positions without gaps that become visible in order, and the
//! answer of the first time where an event is sent again. That is an error, as its revision is
//! taken.

use std::pin::pin;

use futures::TryStreamExt as _;
use headwater_load::{Answer, Appended, EVENT_TYPE, Failure, Order, Session, Unless, Which};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Statement};

/// The table.
pub(crate) const SCHEMA: &str = "
create table event (
    position bigint generated always as identity primary key,
    id uuid not null default gen_random_uuid(),
    stream text not null,
    revision bigint not null,
    type text not null,
    tags text[] not null,
    data json not null,
    recorded_at timestamptz not null default now(),
    unique (stream, revision)
);
create index event_tags on event using gin (tags) with (fastupdate = off);

create or replace function append_unless(
    new_stream text, new_revision bigint, new_type text, new_tags text[], new_data json,
    unless_tags text[], unless_after bigint
) returns bigint language plpgsql as $$
declare
    written bigint;
begin
    perform pg_advisory_xact_lock(key) from (
        select distinct hashtextextended(tag, 0) as key
        from unnest(new_tags || unless_tags) as tag
        order by key
    ) as keys;
    -- Not `exists`: its plan hopes for a match early in the table, and reads all of it.
    if (
        select count(*) from event where tags @> unless_tags and position > unless_after
    ) > 0 then
        return null;
    end if;
    insert into event (stream, revision, type, tags, data)
    values (new_stream, new_revision, new_type, new_tags, new_data)
    returning position into written;
    return written;
end $$;
";

const APPEND_ONE: &str = "insert into event (stream, revision, type, tags, data) \
    values ($1, $2, $3, array[$4::text, $5::text], $6::text::json) returning position";

const APPEND_MANY: &str = "with written as (\
    insert into event (stream, revision, type, tags, data) \
    select stream, revision, $3, array[customer, sku], data::json \
    from unnest($1::text[], $2::bigint[], $4::text[], $5::text[], $6::text[]) \
        as new (stream, revision, customer, sku, data) \
    returning position) select max(position) from written";

const APPEND_UNLESS: &str = "select append_unless($1::text, $2::bigint, $3::text, \
    array[$4::text, $5::text], $6::text::json, $7::text[], $8::bigint)";

const COLUMNS: &str = "position, id, stream, revision, type, tags, data::text, recorded_at";

/// A connection, and the statements that it has prepared.
pub(crate) struct PostgresSession {
    client: Client,
    append_one: Statement,
    append_many: Statement,
    append_unless: Statement,
    read_all: Statement,
    read_stream: Statement,
    read_tag: Statement,
}

impl Session for PostgresSession {
    /// The address is that of `libpq`: `host=/directory user=postgres dbname=postgres`.
    async fn connect(address: &str) -> Result<PostgresSession, Failure> {
        let (client, connection) = tokio_postgres::connect(address, NoTls).await?;
        tokio::task::spawn_local(connection);
        let read = |condition: &str| {
            let sql = format!("select {COLUMNS} from event {condition} order by position");
            let client = &client;
            async move { client.prepare(&sql).await }
        };
        Ok(PostgresSession {
            append_one: client.prepare(APPEND_ONE).await?,
            append_many: client.prepare(APPEND_MANY).await?,
            append_unless: client.prepare(APPEND_UNLESS).await?,
            read_all: read("").await?,
            read_stream: read("where stream = $1").await?,
            read_tag: read("where tags @> array[$1::text]").await?,
            client,
        })
    }

    async fn append(
        &mut self,
        orders: &[Order],
        unless: Option<&Unless>,
    ) -> Result<Appended, Failure> {
        match (orders, unless) {
            ([order], None) => self.append_one(order).await,
            ([order], Some(unless)) => self.append_unless(order, unless).await,
            (orders, None) => self.append_many(orders).await,
            (_, Some(_)) => Err("a condition for several events is not measured".into()),
        }
    }

    async fn read(&mut self, which: &Which) -> Result<Answer, Failure> {
        let (statement, parameter) = match which {
            Which::All => (&self.read_all, None),
            Which::Stream(name) => (&self.read_stream, Some(name)),
            Which::Tag(name) => (&self.read_tag, Some(name)),
        };
        let rows = self.client.query_raw(statement, parameter).await?;
        let mut rows = pin!(rows);
        let mut answer = Answer::default();
        while let Some(row) = rows.try_next().await? {
            let data: &str = row.try_get(6)?;
            answer.events += 1;
            answer.bytes += data.len() as u64;
        }
        Ok(answer)
    }
}

impl PostgresSession {
    async fn append_one(&self, order: &Order) -> Result<Appended, Failure> {
        let columns = Columns::of(order);
        let row = self
            .client
            .query_one(&self.append_one, &columns.list())
            .await?;
        appended(row.try_get(0)?)
    }

    async fn append_unless(&self, order: &Order, unless: &Unless) -> Result<Appended, Failure> {
        let columns = Columns::of(order);
        let after = i64::try_from(unless.after.unwrap_or(0))?;
        let mut parameters: Vec<&(dyn ToSql + Sync)> = columns.list().to_vec();
        parameters.extend([&unless.tags as &(dyn ToSql + Sync), &after]);
        let row = self
            .client
            .query_one(&self.append_unless, &parameters)
            .await?;
        let written: Option<i64> = row.try_get(0)?;
        appended(written.ok_or("a condition did not hold")?)
    }

    async fn append_many(&self, orders: &[Order]) -> Result<Appended, Failure> {
        let streams: Vec<String> = orders.iter().map(Order::stream_name).collect();
        let revisions: Vec<i64> = orders.iter().map(revision).collect();
        let (customers, skus): (Vec<String>, Vec<String>) =
            orders.iter().map(Order::tags).map(|[a, b]| (a, b)).unzip();
        let data: Vec<String> = orders.iter().map(Order::data).collect();
        let row = self
            .client
            .query_one(
                &self.append_many,
                &[&streams, &revisions, &EVENT_TYPE, &customers, &skus, &data],
            )
            .await?;
        appended(row.try_get(0)?)
    }
}

/// One event as the table has it.
struct Columns {
    stream: String,
    revision: i64,
    tags: [String; 2],
    data: String,
}

impl Columns {
    fn of(order: &Order) -> Columns {
        Columns {
            stream: order.stream_name(),
            revision: revision(order),
            tags: order.tags(),
            data: order.data(),
        }
    }

    fn list(&self) -> [&(dyn ToSql + Sync); 6] {
        let [customer, sku] = &self.tags;
        [
            &self.stream,
            &self.revision,
            &EVENT_TYPE,
            customer,
            sku,
            &self.data,
        ]
    }
}

fn revision(order: &Order) -> i64 {
    i64::try_from(order.revision).unwrap_or(i64::MAX)
}

fn appended(position: i64) -> Result<Appended, Failure> {
    Ok(Appended {
        last: u64::try_from(position)?,
    })
}

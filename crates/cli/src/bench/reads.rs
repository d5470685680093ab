//! Reading all, in two protocols, reading streams, folding, asking for rows, opening: on one database
//! of a known size.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use headwater_event::limits::READ_EVENTS_MAX;

use crate::bench::load::{Connection as _, Http, Load, get};
use crate::bench::rows::{Rows, question};
use crate::bench::samples::Samples;
use crate::bench::{CUSTOMERS, body, consume, percentiles};
use crate::client::Client;
use crate::command::projection;
use crate::failure::Failure;
use crate::local::{LocalServer, Opened, Options};
use crate::output::{self, counted, grouped};
use crate::progress::rate;

/// The database that is filled.
pub(super) const DATABASE: &str = "bench";

/// Events in one append while the database is filled.
const FILL_EVENTS: u64 = 100;

/// Events of each stream.
const STREAM_EVENTS: u64 = 100;

/// How often the database is opened again.
const OPENS: u32 = 5;

/// How many streams are read.
const STREAM_READS: u64 = 2_000;

/// How many ask for rows at once.
const ROW_CLIENTS: [usize; 2] = [1, 16];

const ORDERS: &str = include_str!("orders.sql");

/// A line of the table.
fn line(cells: [&str; 5]) -> String {
    let [what, rate, p50, p99, p999] = cells;
    format!("{what:<34} {rate:>19} {p50:>9} {p99:>9} {p999:>9}")
}

fn row(what: &str, rate: &str, samples: &mut Samples) -> Result<(), Failure> {
    let [p50, p99, p999] = percentiles(samples);
    output::print(line([what, rate, &p50, &p99, &p999]))
}

/// Fills a database with so many events, and measures.
pub(super) async fn run(scratch: &Path, events: u64, time: Duration) -> Result<(), Failure> {
    let root = scratch.join("reads");
    let server = open(&root).await?;
    let client = Client::new(server.address().into())?;
    fill(&client, events).await?;
    output::print(format!(
        "A database of {}, appended {FILL_EVENTS} at once; one client, where not more are told.\n",
        counted(events, "event")
    ))?;
    output::print(line(["", "rate", "p50", "p99", "p99.9"]))?;
    read_all(server.address(), events).await?;
    if let Some(address) = server.kafka() {
        consume_all(address, events).await?;
    }
    read_streams(server.address(), events).await?;
    fold(&client, events).await?;
    if let Some(address) = server.postgres() {
        ask_for_rows(address, time).await?;
    }
    server.stop().await?;
    open_again(&root).await
}

async fn open(root: &Path) -> Result<LocalServer, Failure> {
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let options = Options {
        postgres: Some(any_port),
        kafka: Some(any_port),
        ..Options::listening(any_port)
    };
    match LocalServer::open(root, options).await? {
        Opened::Here(server) => Ok(server),
        Opened::Elsewhere(_) => Err(Failure::new("the scratch directory is in use")),
    }
}

/// Appends events of as many streams as give each [`STREAM_EVENTS`], in turn.
async fn fill(client: &Client, events: u64) -> Result<(), Failure> {
    client.create_database(DATABASE).await?;
    let streams = events / STREAM_EVENTS;
    for first in (0..events).step_by(FILL_EVENTS as usize) {
        let start = (first % streams) as usize; // below the number of streams
        let numbers = start..start + FILL_EVENTS as usize;
        // Without ids a repeated request would append twice; the number of events would tell.
        client.append(DATABASE, body(numbers)).await?;
    }
    let head = client.database(DATABASE).await?.head;
    match head {
        Some(head) if head == events => Ok(()),
        other => Err(Failure::new("the database was not filled as it should be")
            .found(format!("{other:?} events"))
            .expected(events)),
    }
}

/// The whole log, page by page, as NDJSON.
async fn read_all(address: SocketAddr, events: u64) -> Result<(), Failure> {
    let mut client = Http::connect(address).await?;
    let mut samples = Samples::default();
    let mut bytes = 0;
    let begun = Instant::now();
    for after in (0..events).step_by(READ_EVENTS_MAX) {
        let started = Instant::now();
        let path = format!("/v1/databases/{DATABASE}/events?after={after}&limit={READ_EVENTS_MAX}");
        bytes += client.request(&get(&path)).await?;
        samples.add(started.elapsed());
    }
    let took = begun.elapsed();
    let megabytes = bytes as f64 / took.as_secs_f64() / 1e6;
    row(
        &format!("read all, {READ_EVENTS_MAX} events a page"),
        &format!("{} events/s", grouped(rate(events, took))),
        &mut samples,
    )?;
    output::print(format!("  that is {megabytes:.0} MB/s of JSON"))
}

/// The whole log, as a consumer of Kafka has it.
async fn consume_all(address: SocketAddr, events: u64) -> Result<(), Failure> {
    let mut consumed = consume::all(address, DATABASE, events).await?;
    let rate = rate(events, consumed.took);
    let megabytes = consumed.bytes as f64 / consumed.took.as_secs_f64() / 1e6;
    row(
        "consume all, Kafka's protocol",
        &format!("{} events/s", grouped(rate)),
        &mut consumed.samples,
    )?;
    output::print(format!("  that is {megabytes:.0} MB/s of records"))
}

/// Rows of the read model by their primary key, each with a query of its own.
async fn ask_for_rows(address: SocketAddr, time: Duration) -> Result<(), Failure> {
    for clients in ROW_CLIENTS {
        let load = Load {
            address,
            requests: (0..CUSTOMERS).map(question).collect::<Arc<[_]>>(),
            clients,
            time,
        };
        let mut outcome = load.run::<Rows>().await?;
        let what = match clients {
            1 => "row by primary key, SQL".to_owned(),
            clients => format!("the same, {clients} clients"),
        };
        let rate = rate(outcome.samples.count(), outcome.took);
        let rate = format!("{} queries/s", grouped(rate));
        row(&what, &rate, &mut outcome.samples)?;
    }
    Ok(())
}

/// One stream after another, whole.
async fn read_streams(address: SocketAddr, events: u64) -> Result<(), Failure> {
    let mut client = Http::connect(address).await?;
    let mut samples = Samples::default();
    let begun = Instant::now();
    for number in 0..STREAM_READS {
        let stream = number * 7919 % (events / STREAM_EVENTS);
        let path =
            format!("/v1/databases/{DATABASE}/events?stream=order/{stream}&limit={STREAM_EVENTS}");
        let started = Instant::now();
        client.request(&get(&path)).await?;
        samples.add(started.elapsed());
    }
    row(
        &format!("read one stream, {STREAM_EVENTS} events"),
        &format!("{} streams/s", grouped(rate(STREAM_READS, begun.elapsed()))),
        &mut samples,
    )
}

/// The whole log into a new read model.
async fn fold(client: &Client, events: u64) -> Result<(), Failure> {
    let begun = Instant::now();
    client.apply(DATABASE, "orders", ORDERS).await?;
    projection::caught_up(client, DATABASE, "orders", "folding").await?;
    let took = begun.elapsed();
    output::print(line([
        "fold into a table",
        &format!("{} events/s", grouped(rate(events, took))),
        "",
        "",
        "",
    ]))
}

/// From nothing to the first answer, several times.
async fn open_again(root: &Path) -> Result<(), Failure> {
    let mut samples = Samples::default();
    let mut total = Duration::ZERO;
    for _ in 0..OPENS {
        let started = Instant::now();
        let server = open(root).await?;
        Client::new(server.address().into())?
            .database(DATABASE)
            .await?;
        samples.add(started.elapsed());
        total += started.elapsed();
        server.stop().await?;
    }
    row(
        "open node and database",
        &format!("{:.1} opens/s", f64::from(OPENS) / total.as_secs_f64()),
        &mut samples,
    )
}

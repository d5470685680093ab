//! Appends: some clients, some events in each.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::args::Bench;
use crate::bench::disk::RawDisk;
use crate::bench::load::{Http, Load, post};
use crate::bench::{body, percentiles, short};
use crate::client::Client;
use crate::failure::Failure;
use crate::local::{LocalServer, Opened, Options};
use crate::output::{self, grouped};
use crate::progress::{rate, seconds};

/// What is measured.
pub(super) struct Grid {
    clients: Vec<usize>,
    batches: Vec<usize>,
    /// How long one measurement takes.
    pub(super) time: Duration,
    raw_time: Duration,
}

impl Grid {
    /// What the arguments ask for.
    pub(super) fn of(args: &Bench) -> Grid {
        let given = |asked: &[NonZeroUsize], usual: &[usize], quick: &[usize]| match asked {
            [] if args.quick => quick.to_vec(),
            [] => usual.to_vec(),
            asked => asked.iter().map(|count| count.get()).collect(),
        };
        let time = if args.quick {
            args.time.min(Duration::from_secs(1))
        } else {
            args.time
        };
        Grid {
            clients: given(&args.clients, &[1, 16, 64, 256], &[1, 64]),
            batches: given(&args.batch, &[1, 100, 1000], &[1, 100]),
            time,
            raw_time: time / 5,
        }
    }
}

/// A line of the table.
fn line(cells: [&str; 9]) -> String {
    let [
        clients,
        batch,
        appends,
        events,
        p50,
        p99,
        p999,
        raw,
        raw_p50,
    ] = cells;
    format!(
        "{clients:>7} {batch:>6} {appends:>10} {events:>10} {p50:>9} {p99:>9} {p999:>9}  \
         {raw:>9} {raw_p50:>9}"
    )
}

/// Measures the whole grid, each with a database of its own.
pub(super) async fn run(scratch: &Path, grid: &Grid) -> Result<(), Failure> {
    output::print(format!(
        "Appends for {} each, durable before they are answered. Beside them the raw disk: one\n\
         write and fdatasync of the bytes of one append, one after another.\n",
        seconds(grid.time)
    ))?;
    output::print(line([
        "clients",
        "batch",
        "appends/s",
        "events/s",
        "p50",
        "p99",
        "p99.9",
        "syncs/s",
        "p50",
    ]))?;
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let options = Options::listening(any_port);
    let server = match LocalServer::open(&scratch.join("appends"), options).await? {
        Opened::Here(server) => server,
        Opened::Elsewhere(_) => return Err(Failure::new("the scratch directory is in use")),
    };
    let client = Client::new(server.address().into())?;
    let mut disk = RawDisk::open(scratch)?;
    for batch in &grid.batches {
        for clients in &grid.clients {
            let cell = Cell {
                address: server.address(),
                clients: *clients,
                batch: *batch,
            };
            cell.measure(&client, &mut disk, grid).await?;
        }
    }
    server.stop().await
}

/// One measurement.
struct Cell {
    address: SocketAddr,
    clients: usize,
    batch: usize,
}

impl Cell {
    async fn measure(
        &self,
        client: &Client,
        disk: &mut RawDisk,
        grid: &Grid,
    ) -> Result<(), Failure> {
        let Cell { clients, batch, .. } = *self;
        let bytes = body(0..batch).len();
        let mut raw = disk.measure(bytes, grid.raw_time)?;
        let database = format!("bench-{clients}-{batch}");
        client.create_database(&database).await?;
        let mut outcome = self.load(&database, grid.time).run::<Http>().await?;
        client.delete_database(&database).await?;
        let appends = outcome.samples.count();
        let [p50, p99, p999] = percentiles(&mut outcome.samples);
        output::print(line([
            &clients.to_string(),
            &batch.to_string(),
            &grouped(rate(appends, outcome.took)),
            &grouped(rate(appends * batch as u64, outcome.took)),
            &p50,
            &p99,
            &p999,
            &grouped(rate(raw.count(), grid.raw_time)),
            &short(raw.permille(500)),
        ]))
    }

    /// Requests of different streams, some for each client, so that no two hit the same one at
    /// once.
    fn load(&self, database: &str, time: Duration) -> Load {
        const REQUESTS_MAX: usize = 1024;
        const BYTES_MAX: usize = 16 << 20;
        let path = format!("/v1/databases/{database}/append");
        let one = body(0..self.batch).len();
        let count = REQUESTS_MAX.min(BYTES_MAX / one).max(1);
        let requests: Arc<[Vec<u8>]> = (0..count)
            .map(|number| post(&path, &body(number * self.batch..(number + 1) * self.batch)))
            .collect();
        Load {
            address: self.address,
            requests,
            clients: self.clients,
            time,
        }
    }
}

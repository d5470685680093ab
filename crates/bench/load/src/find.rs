//! Rows of a table, asked for one at a time by their primary key.

use std::time::{Duration, Instant};

use crate::drive::{Failure, Session};
use crate::job::{Find, Outcome};
use crate::order::{Orders, mix};
use crate::samples::Samples;

/// From when on questions are counted, and until when they are asked.
#[derive(Clone, Copy)]
struct Times {
    counted_from: Instant,
    end: Instant,
}

/// What one connection did.
struct Done {
    samples: Samples,
    asked: u64,
}

/// Asks on every connection, one question after another, until it is time.
pub(crate) async fn run<S: Session>(
    orders: Orders,
    find: Find,
    sessions: Vec<S>,
) -> Result<Outcome, Failure> {
    if orders.filled == 0 {
        return Err("a table without rows is not asked".into());
    }
    let counted_from = Instant::now() + Duration::from_secs_f64(find.warm);
    let times = Times {
        counted_from,
        end: counted_from + Duration::from_secs_f64(find.counted),
    };
    let client = |(number, session)| tokio::task::spawn_local(ask(session, number, orders, times));
    let tasks: Vec<_> = (0_u64..).zip(sessions).map(client).collect();
    let (mut samples, mut asked) = (Samples::default(), 0);
    for task in tasks {
        let done = task.await??;
        samples.extend(done.samples);
        asked += done.asked;
    }
    Ok(Outcome {
        requests: samples.count(),
        seconds: counted_from.elapsed().as_secs_f64(),
        requests_all: asked,
        latency: samples.latency(),
        ..Outcome::default()
    })
}

/// One connection. Every row of the table is as likely as any other.
async fn ask<S: Session>(
    mut session: S,
    client: u64,
    orders: Orders,
    times: Times,
) -> Result<Done, Failure> {
    let (mut samples, mut asked) = (Samples::default(), 0);
    loop {
        let started = Instant::now();
        if started >= times.end {
            return Ok(Done { samples, asked });
        }
        let number = mix(client << 32 | asked) % orders.filled;
        let customer = session.find(number).await?;
        if started >= times.counted_from {
            samples.add(started.elapsed());
        }
        asked += 1;
        let expected = orders.order(number).customer;
        if customer != expected {
            let wrong = format!("order {number} is of customer {customer}, not {expected}");
            return Err(wrong.into());
        }
    }
}

//! `compare`: everybody in turns, on the same machine, in one run.

mod about;
mod filled;
mod lab;
mod points;
mod steady;
mod volume;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use headwater_load::{Failure, Job};

use crate::args::{Compare, Work};
use crate::compare::lab::{Lab, Label};
use crate::plan::{self, BATCH_CLIENTS, CLIENTS, PACES};
use crate::results::{Contender, Spread};

/// Everybody who appends.
const ALL: [Contender; 4] = [
    Contender::Headwater,
    Contender::UmaDb,
    Contender::PostgreSql,
    Contender::Disk,
];

/// Everybody with a server.
const SERVERS: [Contender; 3] = [
    Contender::Headwater,
    Contender::UmaDb,
    Contender::PostgreSql,
];

/// Measures what was asked for.
pub(crate) fn run(args: Compare) -> Result<(), Failure> {
    let usual = [
        Work::Append,
        Work::Paced,
        Work::Batch,
        Work::Sealing,
        Work::Filled,
        Work::Points,
        Work::Embedded,
    ];
    let mut works = match args.only.is_empty() {
        true => usual.to_vec(),
        false => args.only.clone(),
    };
    if args.only.is_empty() && (args.volume.is_some() || args.volume_rivals > 0) {
        works.push(Work::Volume);
    }
    if args.only.is_empty() && args.steady_minutes.is_some() {
        works.push(Work::Steady);
    }
    if works.contains(&Work::Steady)
        && args
            .steady_minutes
            .is_none_or(|minutes| !(minutes > 0.0 && minutes.is_finite()))
    {
        return Err("a steady load needs a time: --steady-minutes".into());
    }
    if works.contains(&Work::Volume) {
        volume::check(&args)?;
    }
    let mut lab = Lab::open(args)?;
    for work in works {
        lab.begin(work)?;
        match work {
            Work::Append => append(&mut lab)?,
            Work::Paced => paced(&mut lab)?,
            Work::Batch => batch(&mut lab)?,
            Work::Sealing => sealing(&mut lab)?,
            Work::Filled => filled::run(&mut lab)?,
            Work::Points => points::run(&mut lab)?,
            Work::Volume => volume::run(&mut lab)?,
            Work::Steady => steady::run(&mut lab)?,
            Work::Embedded => embedded(&mut lab)?,
        }
    }
    lab.clean()
}

/// Appends of one event, each of its own stream, by more and more clients.
fn append(lab: &mut Lab) -> Result<(), Failure> {
    for round in 1..=lab.rounds {
        for clients in CLIENTS {
            let case = clients_case(clients);
            let label = Label {
                work: Work::Append,
                case: &case,
                round,
            };
            everybody(lab, &label, clients, 1, lab.seconds)?;
        }
    }
    Ok(())
}

pub(crate) fn clients_case(clients: usize) -> String {
    match clients {
        1 => "1 client".to_owned(),
        clients => format!("{clients} clients"),
    }
}

/// Appends of many events, for long.
fn batch(lab: &mut Lab) -> Result<(), Failure> {
    for round in 1..=lab.rounds {
        for batch in [100, 1_000] {
            let case = format!("{batch} events");
            let label = Label {
                work: Work::Batch,
                case: &case,
                round,
            };
            everybody(lab, &label, BATCH_CLIENTS, batch, lab.long_seconds)?;
        }
    }
    Ok(())
}

/// Appends of one event, long enough for the log to be sealed many times.
fn sealing(lab: &mut Lab) -> Result<(), Failure> {
    for round in 1..=lab.rounds {
        let label = Label {
            work: Work::Sealing,
            case: "16 clients",
            round,
        };
        everybody(lab, &label, 16, 1, lab.long_seconds)?;
    }
    Ok(())
}

/// One measurement of each contender, on an empty database.
fn everybody(
    lab: &mut Lab,
    label: &Label<'_>,
    clients: usize,
    batch: u64,
    seconds: f64,
) -> Result<(), Failure> {
    for contender in lab.turns(&ALL, label.round) {
        if contender == Contender::Disk {
            let outcome = lab.disk.measure(clients, batch, seconds)?;
            lab.note(label, contender, outcome.into(), BTreeMap::new())?;
        } else {
            let job = plan::appending(clients, batch, seconds);
            on_new(lab, label, contender, job)?;
        }
    }
    Ok(())
}

/// Loads a new database, and tells also for how long the server was busy afterwards.
fn on_new(lab: &mut Lab, label: &Label<'_>, contender: Contender, job: Job) -> Result<(), Failure> {
    let server = lab.fresh(contender)?;
    let loaded = lab.load(contender, &server, job)?;
    let mut figures = BTreeMap::new();
    if label.work == Work::Batch || label.work == Work::Sealing {
        figures.insert("settled_seconds".to_owned(), server.settle());
    }
    server.stop()?;
    lab.note(label, contender, loaded, figures)
}

/// Latency where requests come whether or not others are answered.
fn paced(lab: &mut Lab) -> Result<(), Failure> {
    let most: BTreeMap<Contender, f64> = SERVERS
        .into_iter()
        .filter_map(|contender| Some((contender, most_appends(lab, contender)?)))
        .collect();
    if most.is_empty() {
        return Err("a pace is a part of what `append` measures: measure that first".into());
    }
    for round in 1..=lab.rounds {
        for percent in PACES {
            let case = format!("{percent} %");
            let label = Label {
                work: Work::Paced,
                case: &case,
                round,
            };
            for contender in lab.turns(&SERVERS, round) {
                let Some(most) = most.get(&contender) else {
                    continue;
                };
                let job = plan::paced(most * f64::from(percent) / 100.0, lab.seconds);
                on_new(lab, &label, contender, job)?;
            }
        }
    }
    Ok(())
}

/// The most appends in a second, with as many clients as that takes.
fn most_appends(lab: &Lab, contender: Contender) -> Option<f64> {
    let run = lab.run(Work::Append)?;
    let rates = run.cases().into_iter().filter_map(|case| {
        let rounds = run.rounds(case, contender, |of| {
            Some(of.outcome.requests as f64 / of.outcome.seconds)
        });
        Spread::of(rounds.into_values()).map(|spread| spread.median)
    });
    rates.max_by(f64::total_cmp)
}

/// The journal without a server, in a process of its own.
fn embedded(lab: &mut Lab) -> Result<(), Failure> {
    let mut process = Command::new(&lab.programs.bench)
        .args(["embedded", "--json", "--events", &lab.events.to_string()])
        .args(["--seconds", &lab.seconds.to_string()])
        .args(["--rounds", &lab.rounds.to_string(), "--scratch"])
        .arg(&lab.args.scratch)
        .stdout(Stdio::piped())
        .spawn()?;
    let stdout = process.stdout.take().ok_or("a process has no stdout")?;
    for line in BufReader::new(stdout).lines() {
        lab.note_printed(Work::Embedded, serde_json::from_str(&line?)?)?;
    }
    match process.wait()?.success() {
        true => Ok(()),
        false => Err("the measurement of the journal failed".into()),
    }
}

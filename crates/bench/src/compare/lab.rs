//! The bench that everything is measured on: programs, settings, directories, and the results.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use headwater_load::{Failure, Job, Outcome};

use crate::args::{Compare, Work};
use crate::compare::SERVERS;
use crate::compare::about::{about, memory};
use crate::disk::RawDisk;
use crate::results::{Contender, Look, Measure, Results, Run};
use crate::server::{Driver, Place, Programs, Server, Settings};

/// Seconds for which the raw disk is measured before the rivals are set up.
const DISK_SECONDS: f64 = 2.0;

/// The directory of a database that is empty when it is measured.
const NEW: &str = "new";

/// The file that the raw disk is measured with.
const RAW_DISK: &str = "raw-disk";

/// Everything that a measurement needs.
pub(super) struct Lab {
    pub(super) args: Compare,
    pub(super) rounds: u32,
    pub(super) seconds: f64,
    pub(super) long_seconds: f64,
    pub(super) events: u64,
    pub(super) programs: Programs,
    pub(super) settings: Settings,
    pub(super) disk: RawDisk,
    results: Results,
}

/// What is known of a measurement before it is made.
pub(super) struct Label<'a> {
    pub(super) work: Work,
    pub(super) case: &'a str,
    pub(super) round: u32,
}

impl Lab {
    pub(super) fn open(args: Compare) -> Result<Lab, Failure> {
        std::fs::create_dir_all(&args.scratch)?;
        let quick = args.quick;
        let programs = Programs {
            bench: std::env::current_exe()?,
            headwater: whole(&args.headwater)?,
            umadb: args.umadb.clone(),
            umadb_driver: args.umadb_driver.clone(),
            postgres: args.postgres.clone(),
        };
        let mut disk = RawDisk::open(&args.scratch.join(RAW_DISK))?;
        let sync = disk.measure(1, 1, DISK_SECONDS)?.latency.p50;
        let settings = Settings::advised(memory(), sync);
        Ok(Lab {
            rounds: args.rounds.unwrap_or(if quick { 3 } else { 5 }),
            seconds: args.seconds.unwrap_or(if quick { 1.0 } else { 8.0 }),
            long_seconds: args.long_seconds.unwrap_or(if quick { 3.0 } else { 60.0 }),
            events: args
                .events
                .unwrap_or(if quick { 300_000 } else { 10_000_000 }),
            results: Results::load(&args.results)?,
            args,
            programs,
            settings,
            disk,
        })
    }

    /// Forgets what was measured of a work before, and notes what is from now on.
    pub(super) fn begin(&mut self, work: Work) -> Result<(), Failure> {
        let options = format!(
            "rounds: {}; {} s each ({} s for batches and sealing), {} events filled",
            self.rounds, self.seconds, self.long_seconds, self.events
        );
        let run = Run {
            about: about(&self.programs, &self.settings, options),
            measures: Vec::new(),
        };
        self.results.works.insert(work.name().to_owned(), run);
        writeln!(std::io::stderr(), "\n{}", work.name())?;
        Ok(())
    }

    /// What was measured of a work.
    pub(super) fn run(&self, work: Work) -> Option<&Run> {
        self.results.works.get(work.name())
    }

    /// The contenders of a work, in the order of a round: each one is first once.
    pub(super) fn turns(&self, all: &[Contender], round: u32) -> Vec<Contender> {
        let asked = &self.args.contenders;
        let mut turns: Vec<_> = all.to_vec();
        turns.retain(|one| asked.is_empty() || asked.contains(one));
        let first = round as usize % turns.len().max(1);
        turns.rotate_left(first);
        turns
    }

    /// The directory of a contender for a purpose.
    pub(super) fn place(&self, contender: Contender, purpose: &str) -> Place {
        let name = format!("{}-{purpose}", contender.name().to_lowercase());
        Place {
            contender,
            directory: self.args.scratch.join(name),
        }
    }

    /// A server with an empty database.
    pub(super) fn fresh(&self, contender: Contender) -> Result<Server, Failure> {
        let place = self.place(contender, NEW);
        place.fresh(&self.programs, &self.settings)
    }

    /// Removes what was written to be measured, and nothing else: the directory may be anybody's.
    pub(super) fn clean(self) -> Result<(), Failure> {
        for contender in SERVERS {
            self.place(contender, NEW).clear()?;
        }
        Ok(std::fs::remove_file(self.args.scratch.join(RAW_DISK))?)
    }

    /// Loads a server, and tells how long both sides worked.
    pub(super) fn load(
        &self,
        contender: Contender,
        server: &Server,
        mut job: Job,
    ) -> Result<Loaded, Failure> {
        job.address = server.address().to_owned();
        let mut driver = Driver::start(contender, &self.programs, &job)?;
        let before = (server.cpu_seconds(), driver.cpu_seconds());
        driver.go()?;
        let outcome = driver.outcome()?;
        let after = (server.cpu_seconds(), driver.cpu_seconds());
        driver.end()?;
        Ok(Loaded {
            outcome,
            server_cpu: after.0 - before.0,
            load_cpu: after.1 - before.1,
            looks: Vec::new(),
        })
    }

    /// Notes a measurement, says it, and saves all.
    pub(super) fn note(
        &mut self,
        label: &Label<'_>,
        contender: Contender,
        loaded: Loaded,
        figures: BTreeMap<String, f64>,
    ) -> Result<(), Failure> {
        let measure = Measure {
            case: label.case.to_owned(),
            contender,
            round: label.round,
            outcome: loaded.outcome,
            server_cpu: loaded.server_cpu,
            load_cpu: loaded.load_cpu,
            looks: loaded.looks,
            figures,
        };
        say(&measure)?;
        if let Some(run) = self.results.works.get_mut(label.work.name()) {
            run.measures.push(measure);
        }
        self.results.save(&self.args.results)
    }

    /// Notes a measurement that was printed by another process.
    pub(super) fn note_printed(&mut self, work: Work, measure: Measure) -> Result<(), Failure> {
        say(&measure)?;
        if let Some(run) = self.results.works.get_mut(work.name()) {
            run.measures.push(measure);
        }
        self.results.save(&self.args.results)
    }
}

/// What came of a load.
#[derive(Default)]
pub(super) struct Loaded {
    pub(super) outcome: Outcome,
    pub(super) server_cpu: f64,
    pub(super) load_cpu: f64,
    /// What was seen of the server meanwhile, if anybody looked.
    pub(super) looks: Vec<Look>,
}

impl From<Outcome> for Loaded {
    fn from(outcome: Outcome) -> Loaded {
        Loaded {
            outcome,
            ..Loaded::default()
        }
    }
}

fn whole(path: &std::path::Path) -> Result<PathBuf, Failure> {
    path.canonicalize().map_err(|_| {
        let path = path.display();
        format!("{path} is not there: cargo build --release -p headwater").into()
    })
}

/// One line for whoever watches.
fn say(measure: &Measure) -> Result<(), Failure> {
    let outcome = &measure.outcome;
    let per_second = |count: u64| count as f64 / outcome.seconds.max(1e-9);
    let micros = 1e6 * measure.server_cpu / outcome.requests_all.max(1) as f64;
    let figures: Vec<String> = measure
        .figures
        .iter()
        .map(|(name, figure)| format!("{name} {figure:.2}"))
        .collect();
    writeln!(
        std::io::stderr(),
        "  {} {:<40} {:<20} {:>9.0} req/s {:>10.0} ev/s  p50 {:>9.1}  p99 {:>9.1}  p99.9 {:>9.1} µs  \
         server {micros:>7.1} µs/req  {:.2} s {}",
        measure.round,
        measure.case,
        measure.contender.name(),
        per_second(outcome.requests),
        per_second(outcome.events),
        outcome.latency.p50,
        outcome.latency.p99,
        outcome.latency.p999,
        outcome.seconds,
        figures.join("  "),
    )?;
    Ok(())
}

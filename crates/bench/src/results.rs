//! What was measured: one file of JSON, from which the tables and charts are made.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use headwater_load::{Failure, Outcome};
use serde::{Deserialize, Serialize};

/// Everything, by the name of the work.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Results {
    /// The latest run of each work.
    pub(crate) works: BTreeMap<String, Run>,
}

/// One run of one work.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    /// Where, when and with what.
    pub(crate) about: About,
    /// Each measurement.
    pub(crate) measures: Vec<Measure>,
}

/// Where, when and with what something was measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct About {
    /// The day, UTC.
    pub(crate) date: String,
    /// The revision of Headwater, as git names it.
    pub(crate) commit: String,
    /// The machine, in a few words.
    pub(crate) machine: String,
    /// What was asked for.
    pub(crate) options: String,
    /// Versions, by contender.
    pub(crate) versions: BTreeMap<String, String>,
    /// Settings, by contender.
    pub(crate) settings: BTreeMap<String, String>,
}

/// One measurement of one contender.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Measure {
    /// What was measured within the work: `16 clients`.
    pub(crate) case: String,
    /// Whose figures these are.
    pub(crate) contender: Contender,
    /// In which round, from 1 on.
    pub(crate) round: u32,
    /// What the load saw.
    pub(crate) outcome: Outcome,
    /// Processor seconds of the server.
    pub(crate) server_cpu: f64,
    /// Processor seconds of the load.
    pub(crate) load_cpu: f64,
    /// Figures of this work alone, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) figures: BTreeMap<String, f64>,
    /// What was seen of the server while it worked, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) looks: Vec<Look>,
}

/// What was seen of a server at one moment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Look {
    /// Seconds since the start.
    pub(crate) seconds: f64,
    /// Figures, by name.
    pub(crate) figures: BTreeMap<String, f64>,
}

/// Who is measured.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum,
)]
pub(crate) enum Contender {
    /// Headwater, over HTTP.
    Headwater,
    /// The journal of Headwater, in the process of its user.
    Embedded,
    /// UmaDB, over gRPC.
    #[value(name = "umadb")]
    UmaDb,
    /// PostgreSQL, over its own protocol.
    #[value(name = "postgresql")]
    PostgreSql,
    /// The disk alone.
    Disk,
}

impl Contender {
    /// As people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Contender::Headwater => "Headwater",
            Contender::Embedded => "Headwater, embedded",
            Contender::UmaDb => "UmaDB",
            Contender::PostgreSql => "PostgreSQL",
            Contender::Disk => "raw disk",
        }
    }
}

impl Results {
    /// Those of a file; none when it is not there.
    pub(crate) fn load(path: &Path) -> Result<Results, Failure> {
        if !path.exists() {
            return Ok(Results::default());
        }
        let text = fs::read(path)?;
        serde_json::from_slice(&text).map_err(|error| {
            let path = path.display();
            format!("{path} is not what `compare` writes: {error}; move it away").into()
        })
    }

    /// Writes them, one measurement a line, so that git shows what has changed.
    pub(crate) fn save(&self, path: &Path) -> Result<(), Failure> {
        let mut works = Vec::new();
        for (name, run) in &self.works {
            let measures = run.measures.iter().map(serde_json::to_string);
            let measures = measures.collect::<Result<Vec<_>, _>>()?.join(",\n");
            works.push(format!(
                "{}:{{\"about\":{},\n\"measures\":[\n{measures}\n]}}",
                serde_json::to_string(name)?,
                serde_json::to_string(&run.about)?,
            ));
        }
        let text = format!("{{\"works\":{{\n{}\n}}}}\n", works.join(",\n"));
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        fs::write(path, text)?;
        Ok(())
    }
}

impl Run {
    /// The cases, in the order in which they were measured.
    pub(crate) fn cases(&self) -> Vec<&str> {
        let mut cases = Vec::new();
        for measure in &self.measures {
            if !cases.contains(&measure.case.as_str()) {
                cases.push(&measure.case);
            }
        }
        cases
    }

    /// Who was measured.
    pub(crate) fn contenders(&self) -> Vec<Contender> {
        let mut found: Vec<_> = self.measures.iter().map(|of| of.contender).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// A figure of each round in which it was taken.
    pub(crate) fn rounds(
        &self,
        case: &str,
        contender: Contender,
        figure: impl Fn(&Measure) -> Option<f64>,
    ) -> BTreeMap<u32, f64> {
        let these = self.measures.iter();
        let these = these.filter(|of| of.case == case && of.contender == contender);
        these
            .filter_map(|of| Some((of.round, figure(of)?)))
            .collect()
    }
}

/// The middle of some figures, and how far they lie apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Spread {
    /// Of these; none of none.
    pub(crate) fn of(figures: impl IntoIterator<Item = f64>) -> Option<Spread> {
        let mut sorted: Vec<f64> = figures.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let middle = sorted.len() / 2;
        let median = match sorted.len() % 2 {
            0 => f64::midpoint(sorted[middle - 1], sorted[middle]),
            _ => sorted[middle],
        };
        Some(Spread { median, min, max })
    }

    /// How many times the second is the first, round by round.
    pub(crate) fn ratio(above: &BTreeMap<u32, f64>, below: &BTreeMap<u32, f64>) -> Option<Spread> {
        let pairs = above.iter();
        Spread::of(pairs.filter_map(|(round, above)| {
            let below = below.get(round).filter(|below| **below > 0.0)?;
            Some(above / below)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_of_the_same_round() {
        let above = BTreeMap::from([(1, 10.0), (2, 30.0), (3, 50.0)]);
        let below = BTreeMap::from([(1, 5.0), (2, 10.0), (4, 1.0)]);
        let ratio = Spread::ratio(&above, &below).unwrap();
        assert_eq!((ratio.median, ratio.min, ratio.max), (2.5, 2.0, 3.0));
        assert_eq!(Spread::ratio(&above, &BTreeMap::new()), None);
    }

    #[test]
    fn results_come_back() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("results.json");
        let measure = Measure {
            case: "16 clients".to_owned(),
            contender: Contender::UmaDb,
            round: 1,
            outcome: Outcome::default(),
            server_cpu: 0.5,
            load_cpu: 0.25,
            figures: BTreeMap::new(),
            looks: Vec::new(),
        };
        let about = About {
            date: "2026-01-01".to_owned(),
            commit: "abc".to_owned(),
            machine: "one".to_owned(),
            options: String::new(),
            versions: BTreeMap::new(),
            settings: BTreeMap::new(),
        };
        let run = Run {
            about,
            measures: vec![measure],
        };
        let results = Results {
            works: BTreeMap::from([("append".to_owned(), run)]),
        };
        results.save(&path).unwrap();
        let read = Results::load(&path).unwrap();
        let run = &read.works["append"];
        assert_eq!(run.cases(), ["16 clients"]);
        assert_eq!(run.contenders(), [Contender::UmaDb]);
        let cpu = run.rounds("16 clients", Contender::UmaDb, |of| Some(of.server_cpu));
        assert_eq!(cpu, BTreeMap::from([(1, 0.5)]));
    }
}

//! What Headwater tells of its upkeep while it works.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use headwater_load::Failure;

use crate::results::Look;
use crate::server::memory::own_bytes;
use crate::server::request;

/// How often it is asked.
const PAUSE: Duration = Duration::from_secs(5);

/// What is kept of its metrics.
const FIGURES: [&str; 8] = [
    "appended_bytes_total",
    "sealed_bytes_total",
    "merged_bytes_total",
    "space_amplification",
    "unsealed_pieces",
    "merge_debt_segments",
    "slowed_seconds_total",
    "segments",
];

/// Asks again and again until it is ended.
pub(crate) struct UpkeepWatch {
    stop: Sender<()>,
    thread: JoinHandle<Vec<Look>>,
}

impl UpkeepWatch {
    /// Watches the server that is this process, at this host and port.
    pub(crate) fn start(process: u32, host: String) -> Result<UpkeepWatch, Failure> {
        let (stop, stopped) = mpsc::channel();
        let begun = Instant::now();
        let thread = thread::Builder::new().spawn(move || {
            let mut looks = Vec::new();
            while stopped.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                let Ok(answer) = request(&host, "GET /metrics", "text/plain", "") else {
                    continue; // the next look may be answered
                };
                let mut figures = figures(&answer);
                figures.insert("memory_bytes".to_owned(), own_bytes(process) as f64);
                looks.push(Look {
                    seconds: begun.elapsed().as_secs_f64(),
                    figures,
                });
            }
            looks
        })?;
        Ok(UpkeepWatch { stop, thread })
    }

    /// Everything that was seen.
    pub(crate) fn end(self) -> Result<Vec<Look>, Failure> {
        drop(self.stop);
        let looks = self.thread.join();
        Ok(looks.map_err(|_| "what watched a server has panicked")?)
    }
}

/// The figures that are kept of an answer in Prometheus's text format.
fn figures(answer: &str) -> BTreeMap<String, f64> {
    let lines = answer.lines().filter_map(|line| {
        let (name, figure) = line.strip_prefix("headwater_")?.split_once(' ')?;
        let figure = figure.trim().parse().ok()?;
        FIGURES.contains(&name).then(|| (name.to_owned(), figure))
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_metrics() {
        let answer = "HTTP/1.1 200 OK\r\n\r\n# TYPE headwater_segments gauge\nheadwater_segments 7\n\
                      headwater_connections{protocol=\"http\"} 1\nheadwater_cache_bytes 9\n";
        let kept = figures(answer);
        assert_eq!(kept, BTreeMap::from([("segments".to_owned(), 7.0)]));
    }
}

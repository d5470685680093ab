//! How much memory a server takes while it works.

use std::fs;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::server::process;

/// How often it is looked.
const PAUSE: Duration = Duration::from_millis(500);

/// Looks again and again until it is dropped.
pub(crate) struct MemoryWatch {
    most: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl MemoryWatch {
    pub(crate) fn start(process: u32) -> io::Result<MemoryWatch> {
        let (most, stop) = (
            Arc::new(AtomicU64::new(0)),
            Arc::new(AtomicBool::new(false)),
        );
        let (seen, ended) = (Arc::clone(&most), Arc::clone(&stop));
        let thread = thread::Builder::new().spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                seen.fetch_max(own_bytes(process), Ordering::Relaxed);
                thread::sleep(PAUSE);
            }
        })?;
        Ok(MemoryWatch {
            most,
            stop,
            thread: Some(thread),
        })
    }

    /// The most that was seen, in bytes.
    pub(crate) fn most(&self) -> u64 {
        self.most.load(Ordering::Relaxed)
    }
}

impl Drop for MemoryWatch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // it only looks
        }
    }
}

/// Bytes of memory that a process and its children have for themselves: without the page cache, and
/// so without mapped files.
pub(crate) fn own_bytes(process: u32) -> u64 {
    process::with_children(process)
        .into_iter()
        .filter_map(|process| fs::read_to_string(format!("/proc/{process}/status")).ok())
        .map(|status| anonymous_bytes(&status))
        .sum()
}

/// `RssAnon` of a `/proc/<pid>/status`.
fn anonymous_bytes(status: &str) -> u64 {
    let mut lines = status.lines();
    let line = lines.find_map(|line| line.strip_prefix("RssAnon:"));
    let kib = line.and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_its_own_counts() {
        let status = "Name:\tx\nVmRSS:\t  9000 kB\nRssAnon:\t    1234 kB\nRssFile:\t 7766 kB\n";
        assert_eq!(anonymous_bytes(status), 1234 << 10);
        assert_eq!(anonymous_bytes("Name:\tx\n"), 0);
        assert!(own_bytes(std::process::id()) > 0);
    }
}

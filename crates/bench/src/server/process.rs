//! What the operating system tells of processes and directories.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// Ticks of processor time in a second, as `/proc` counts them (`USER_HZ`).
const TICKS: f64 = 100.0;

/// How long a server may take to stop.
const STOP_MAX: Duration = Duration::from_secs(300);

/// Processor seconds of a process, of its children that ended, and of those that did not.
pub(crate) fn cpu_seconds(process: u32) -> f64 {
    let stats = with_children(process).into_iter().filter_map(Stat::of);
    let ticks: u64 = stats.map(|stat| stat.own + stat.ended_children).sum();
    ticks as f64 / TICKS
}

/// A process, its children, and theirs.
pub(crate) fn with_children(process: u32) -> Vec<u32> {
    let all = all_processes();
    let mut found = vec![process];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        let children = all.iter().filter(|(_, stat)| stat.parent == parent);
        found.extend(children.map(|(child, _)| *child));
        next += 1;
    }
    found
}

/// A line of `/proc/<pid>/stat`.
struct Stat {
    parent: u32,
    own: u64,
    ended_children: u64,
}

impl Stat {
    fn of(process: u32) -> Option<Stat> {
        Stat::parse(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
    }

    fn parse(line: &str) -> Option<Stat> {
        // The name is in parentheses and may hold anything: the fields follow the last one.
        let (_, rest) = line.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
        Some(Stat {
            parent: fields.get(1)?.parse().ok()?,
            own: number(11)? + number(12)?,
            ended_children: number(13)? + number(14)?,
        })
    }
}

fn all_processes() -> Vec<(u32, Stat)> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let processes = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    processes
        .filter_map(|process| Some((process, Stat::of(process)?)))
        .collect()
}

/// Bytes that the files below a directory take on the disk, but for directories of this name.
pub(crate) fn disk_bytes(directory: &Path, without: Option<&str>) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        if !metadata.is_dir() {
            bytes += metadata.blocks() * 512; // the unit of st_blocks
        } else if without.is_none_or(|name| entry.file_name() != name) {
            bytes += disk_bytes(&entry.path(), without)?;
        }
    }
    Ok(bytes)
}

/// Waits until a process has done nothing for a while; how many seconds it was busy.
pub(crate) fn settle(process: u32) -> f64 {
    const QUIET: Duration = Duration::from_secs(3);
    let begun = Instant::now();
    let (mut busy_until, mut last) = (begun, cpu_seconds(process));
    while busy_until.elapsed() < QUIET {
        std::thread::sleep(Duration::from_millis(500));
        let now = cpu_seconds(process);
        // Timers and heartbeats take a tick now and then.
        if now - last > 2.0 / TICKS {
            busy_until = Instant::now();
        }
        last = now;
    }
    (busy_until - begun).as_secs_f64()
}

/// Sends a signal to a process that this one has started, and waits for its end.
pub(crate) fn stop(process: &mut Child, signal: &str) -> io::Result<()> {
    if process.try_wait()?.is_some() {
        return Ok(()); // its number may be another's by now
    }
    Command::new("kill")
        .args([signal, &process.id().to_string()])
        .status()?;
    let begun = Instant::now();
    while process.try_wait()?.is_none() {
        if begun.elapsed() > STOP_MAX {
            process.kill()?;
            process.wait()?;
            return Err(io::Error::other("a server did not stop and was killed"));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}

/// The first line that a program prints, or nothing.
pub(crate) fn first_line(program: &Path, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map_or_else(|_| Vec::new(), |output| output.stdout);
    let text = String::from_utf8_lossy(&text);
    text.lines().next().unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_follow_the_name() {
        let line = "77 (a b) c) S 5 77 77 0 -1 4194560 1 2 3 4 100 50 7 3 20 0 1 0 9 1 2";
        let stat = Stat::parse(line).unwrap();
        assert_eq!((stat.parent, stat.own, stat.ended_children), (5, 150, 10));
    }

    #[test]
    fn bytes_of_files_are_counted() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("left-out")).unwrap();
        fs::write(directory.path().join("left-out/a"), vec![1; 8192]).unwrap();
        fs::write(directory.path().join("b"), vec![1; 8192]).unwrap();
        let all = disk_bytes(directory.path(), None).unwrap();
        let some = disk_bytes(directory.path(), Some("left-out")).unwrap();
        assert!(some > 0 && all > some, "{all} {some}");
    }
}

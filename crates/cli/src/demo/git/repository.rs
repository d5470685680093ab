//! A repository, as the `git` on this machine tells it.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::demo::git::log::{Commit, Commits, FORMAT};
use crate::failure::Failure;

/// A repository and the commit whose history is looked at.
pub(super) struct Repository {
    path: PathBuf,
    /// The directory that people know it by.
    pub(super) name: String,
    /// The commit's name.
    pub(super) tip: String,
}

impl Repository {
    /// Finds the repository around `path` and the commit that `revision` names.
    pub(super) fn open(path: &Path, revision: &str) -> Result<Repository, Failure> {
        if !path.is_dir() {
            return Err(
                Failure::new(format!("{} is not a directory", path.display()))
                    .expected("a directory inside a git repository"),
            );
        }
        let directory = run(path, &["rev-parse", "--show-toplevel"])
            .or_else(|_| run(path, &["rev-parse", "--absolute-git-dir"]))
            .map_err(|failure| {
                failure
                    .while_doing(&format!("{} has no history to record", path.display()))
                    .expected("a directory inside a git repository")
            })?;
        let wanted = format!("{revision}^{{commit}}");
        let tip = run(
            path,
            &["rev-parse", "--verify", "--end-of-options", &wanted],
        );
        let tip = tip.map_err(|failure| {
            failure
                .while_doing(&format!("{directory} has no commit {revision}"))
                .expected("a repository with at least one commit, or another --revision")
        })?;
        let name = Path::new(&directory)
            .file_name()
            .unwrap_or(OsStr::new("root"));
        Ok(Repository {
            path: path.to_owned(),
            name: name.to_string_lossy().trim_end_matches(".git").to_owned(),
            tip,
        })
    }

    /// How many commits along first parents come after `last`; all of them without one.
    pub(super) fn count_after(&self, last: Option<&str>) -> Result<u64, Failure> {
        let list = run(&self.path, &["rev-list", "--first-parent", &self.tip])?;
        let mut lines = list.lines();
        match last {
            None => Ok(lines.count() as u64),
            Some(last) => match lines.position(|sha| sha == last) {
                Some(place) => Ok(place as u64),
                None => Err(
                    Failure::new("the recorded history is not the start of this one")
                        .found(format!("a record that ends with commit {last}"))
                        .expected(format!("a commit on the first parents of {}", self.tip))
                        .advice("record into another --database; what is recorded never changes"),
                ),
            },
        }
    }

    /// The commits along first parents after `last`, oldest first.
    pub(super) fn log(&self, last: Option<&str>) -> Result<Log, Failure> {
        let errors = tempfile::tempfile()?;
        let mut git = git(&self.path);
        // Everything that a user's settings could change in this output is said.
        git.args([
            "-c",
            "log.diffMerges=separate",
            "-c",
            "log.showSignature=false",
        ])
        .args([
            "log",
            "--first-parent",
            "--reverse",
            "-m",
            "--root",
            "--raw",
            "-z",
        ])
        .args([
            "--no-abbrev",
            "--no-renames",
            "--no-relative",
            "-O/dev/null",
        ])
        .args([
            "--ignore-submodules=none",
            "--no-color",
            "--no-notes",
            "--no-ext-diff",
        ])
        .args(["--encoding=UTF-8", &format!("--format={FORMAT}"), &self.tip]);
        if let Some(last) = last {
            git.arg(format!("^{last}"));
        }
        let mut child = git
            .arg("--")
            .stdout(Stdio::piped())
            .stderr(errors.try_clone()?)
            .spawn()
            .map_err(|error| missing(&error))?;
        let stdout = child.stdout.take();
        let stdout = stdout.ok_or_else(|| Failure::new("git's output cannot be read"))?;
        Ok(Log {
            commits: Commits::new(BufReader::with_capacity(1 << 18, stdout)),
            child,
            errors,
        })
    }

    /// What `git ls-tree -r` counts in a commit.
    pub(super) fn files_in(&self, sha: &str) -> Result<u64, Failure> {
        let tree = run(&self.path, &["ls-tree", "-r", "-z", "--full-tree", sha])?;
        Ok(tree.bytes().filter(|byte| *byte == 0).count() as u64)
    }
}

/// A running `git log`.
pub(super) struct Log {
    commits: Commits<BufReader<ChildStdout>>,
    child: Child,
    errors: File,
}

impl Log {
    /// The next commit, or `None` when git has ended well.
    pub(super) fn next(&mut self) -> Result<Option<Commit>, Failure> {
        let read = self.commits.next();
        if let Ok(Some(commit)) = read {
            return Ok(Some(commit));
        }
        if self.child.wait()?.success() && read.is_ok() {
            return Ok(None);
        }
        let mut said = String::new();
        self.errors.rewind()?;
        self.errors.read_to_string(&mut said)?;
        let failure = Failure::new("git log failed");
        Err(match read {
            Err(error) if said.is_empty() => failure.caused_by(&error),
            _ => failure.found(said.trim()),
        })
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        // It may have ended already, and nobody can be told here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn git(path: &Path) -> Command {
    let mut git = Command::new("git");
    git.arg("-C")
        .arg(path)
        .stdin(Stdio::null())
        .env("LC_ALL", "C");
    // They would point git to another repository, as within a hook.
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
        git.env_remove(name);
    }
    git
}

/// Runs git to its end; what it printed, without white space at the end.
fn run(path: &Path, args: &[&str]) -> Result<String, Failure> {
    let output = git(path)
        .args(args)
        .output()
        .map_err(|error| missing(&error))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().next().unwrap_or_default();
        return Err(Failure::new(said.trim_start_matches("fatal: ")));
    }
    Ok(String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned())
}

fn missing(error: &io::Error) -> Failure {
    Failure::new("git cannot be started")
        .caused_by(error)
        .advice("install git, and check that it is in PATH")
}

//! `demo git` is true: at every commit along first parents, the read model `files` as of that
//! commit is `git ls-tree -r` of it: path, mode and blob.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::git_history::{self, Change, History, git};
use crate::support::{Place, Serve, http, runtime};

/// Mode and blob by path.
type Tree = BTreeMap<Vec<u8>, (String, String)>;

/// What git says of a commit.
fn git_tree(repository: &Path, sha: &str) -> Tree {
    let listed = git(repository, &["ls-tree", "-r", "-z", "--full-tree", sha]);
    let entries = listed
        .split(|byte| *byte == 0)
        .filter(|entry| !entry.is_empty());
    entries
        .map(|entry| {
            let tab = entry.iter().position(|byte| *byte == b'\t').unwrap();
            let head = std::str::from_utf8(&entry[..tab]).unwrap();
            let parts: Vec<&str> = head.split_whitespace().collect();
            let value = (parts[0].to_owned(), parts[2].to_owned());
            (entry[tab + 1..].to_vec(), value)
        })
        .collect()
}

/// The commits along first parents, oldest first.
fn commits(repository: &Path) -> Vec<String> {
    let args = ["rev-list", "--first-parent", "--reverse", "HEAD"];
    let listed = String::from_utf8(git(repository, &args)).unwrap();
    listed.lines().map(str::to_owned).collect()
}

/// A recorded repository.
struct Recorded {
    server: Serve,
    runtime: tokio::runtime::Runtime,
    http: reqwest::Client,
}

impl Recorded {
    fn ask(&self, body: &Value) -> Value {
        let url = format!("{}/v1/databases/history/sql", self.server.url);
        self.runtime.block_on(async {
            let answer = self.http.post(url).json(body).send().await.unwrap();
            assert!(
                answer.status().is_success(),
                "{}",
                answer.text().await.unwrap()
            );
            answer.json().await.unwrap()
        })
    }

    /// Each commit, and the position of the last event of its append.
    fn commits(&self) -> Vec<(String, u64)> {
        let sql = "select position, data ->> 'sha', (data ->> 'changes')::bigint from event \
                   where type = 'CommitMade' order by position";
        let answer = self.ask(&json!({ "sql": sql }));
        let rows = answer["rows"].as_array().unwrap().iter();
        rows.map(|row| {
            let last = row[0].as_u64().unwrap() + row[2].as_u64().unwrap();
            (row[1].as_str().unwrap().to_owned(), last)
        })
        .collect()
    }

    /// What the read model says as of a position.
    fn tree(&self, position: u64) -> Tree {
        let sql = "select path, path_base64, mode, blob from files";
        let answer = self.ask(&json!({ "sql": sql, "at": position }));
        assert_eq!(answer["position"], position);
        let rows = answer["rows"].as_array().unwrap().iter();
        rows.map(|row| {
            let path = match &row[1] {
                Value::String(exact) => BASE64_STANDARD.decode(exact).unwrap(),
                _ => row[0].as_str().unwrap().as_bytes().to_vec(),
            };
            let text = |at: usize| row[at].as_str().unwrap().to_owned();
            (path, (text(2), text(3)))
        })
        .collect()
    }
}

fn record(place: &Place, repository: &Path) -> Recorded {
    let server = place.serve();
    place
        .run([
            "demo".as_ref(),
            "git".as_ref(),
            repository.as_os_str(),
            "-d".as_ref(),
            "history".as_ref(),
        ])
        .ok();
    Recorded {
        server,
        runtime: runtime(),
        http: http(),
    }
}

/// Records the repository, and compares every commit.
fn compare(repository: &Path) -> usize {
    let place = Place::new();
    let recorded = record(&place, repository);
    let expected = commits(repository);
    let found = recorded.commits();
    let shas: Vec<&String> = found.iter().map(|(sha, _)| sha).collect();
    assert_eq!(shas, expected.iter().collect::<Vec<_>>());
    for (sha, position) in &found {
        assert_eq!(
            recorded.tree(*position),
            git_tree(repository, sha),
            "commit {sha}"
        );
    }
    found.len()
}

#[test]
fn the_projects_own_history() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    if !repository.join(".git").exists() {
        // An archive of the sources has no history; the command must say so.
        let says = ["not a git repository", "expected"];
        let path = repository.to_str().unwrap();
        Place::new().run(["demo", "git", path]).fails(1, &says);
        return;
    }
    assert!(compare(&repository) > 0);
}

#[test]
fn a_history_of_everything_that_git_has() {
    let place = Place::new();
    let repository = place.path("everything");
    git_history::everything(&repository, "sha1");
    assert_eq!(compare(&repository), 12);
}

#[test]
fn a_history_with_sha256_names() {
    let place = Place::new();
    let repository = place.path("sha256");
    git_history::everything(&repository, "sha256");
    assert_eq!(compare(&repository), 12);
}

#[test]
fn random_histories() {
    for seed in 0..4 {
        let place = Place::new();
        let repository = place.path("random");
        git_history::random(&repository, seed, 40);
        assert!(compare(&repository) > 10, "seed {seed}");
    }
}

#[test]
fn a_shallow_clone() {
    let place = Place::new();
    let whole = place.path("whole");
    git_history::everything(&whole, "sha1");
    let shallow = place.path("shallow");
    let from = format!("file://{}", whole.display());
    git(
        place.path("").as_path(),
        &[
            "clone",
            "-q",
            "--bare",
            "--depth=3",
            &from,
            shallow.to_str().unwrap(),
        ],
    );
    assert_eq!(compare(&shallow), 3);
}

#[test]
fn settings_of_the_user_change_nothing() {
    let place = Place::new();
    let repository = place.path("settings");
    git_history::everything(&repository, "sha1");
    let order = place.file("order", "src\nREADME.md\n");
    let settings = [
        ("diff.renames", "copies"),
        ("diff.noprefix", "true"),
        ("diff.orderFile", order.to_str().unwrap()),
        ("diff.ignoreSubmodules", "all"),
        ("diff.relative", "true"),
        ("diff.submodule", "log"),
        ("log.diffMerges", "off"),
        ("log.showRoot", "false"),
        ("log.showSignature", "true"),
        ("log.decorate", "full"),
        ("core.abbrev", "7"),
        ("color.ui", "always"),
        ("format.pretty", "oneline"),
    ];
    for (name, value) in settings {
        git(&repository, &["config", name, value]);
    }
    assert_eq!(compare(&repository), 12);
}

#[test]
fn run_again_it_records_only_what_is_new() {
    let place = Place::new();
    let repository = place.path("growing");
    git_history::everything(&repository, "sha1");
    let server = place.serve();
    let path = repository.to_str().unwrap();
    let middle = &commits(&repository)[5];
    let demo = ["demo", "git", path, "-d", "history"];
    let head = || place.run(["database", "show", "history"]).ok().stdout;
    let first = place
        .run([&demo[..], &["--revision", middle]].concat())
        .ok();
    assert!(first.stdout.contains("6 new commits"), "{}", first.stdout);
    let second = place.run(demo).ok();
    let says = "6 new commits (6 recorded before)";
    assert!(second.stdout.contains(says), "{}", second.stdout);
    let before = head();
    let third = place.run(demo).ok();
    let says = "0 new commits (12 recorded before)";
    assert!(third.stdout.contains(says), "{}", third.stdout);
    assert_eq!(head(), before);
    drop(server);
}

#[test]
fn another_history_is_refused() {
    let place = Place::new();
    let (one, other) = (place.path("one"), place.path("other"));
    git_history::everything(&one, "sha1");
    git_history::random(&other, 1, 3);
    let demo = |path: &Path| place.run(["demo", "git", path.to_str().unwrap(), "-d", "history"]);
    demo(&one).ok();
    demo(&other).fails(1, &["the recorded history is not the start", "--database"]);
}

#[test]
fn what_is_no_repository_is_named() {
    let place = Place::new();
    let empty = place.path("empty");
    std::fs::create_dir(&empty).unwrap();
    let demo = |path: &Path| place.run(["demo", "git", path.to_str().unwrap()]);
    demo(&empty).fails(1, &["not a git repository", empty.to_str().unwrap()]);
    demo(&place.path("nothing")).fails(1, &["is not a directory"]);
    git(&empty, &["init", "-q"]);
    demo(&empty).fails(1, &["has no commit HEAD"]);
}

#[test]
fn git_that_is_missing_is_named() {
    let place = Place::new();
    let ran = place
        .command(["demo", "git", "."])
        .env("PATH", "")
        .output()
        .unwrap();
    crate::support::Ran::from(ran).fails(1, &["git cannot be started", "install git"]);
}

#[test]
fn a_commit_of_many_paths_is_one_append() {
    let place = Place::new();
    let repository = place.path("many");
    let paths: Vec<Vec<u8>> = (0..5_000)
        .map(|n| format!("d{}/f{n}", n % 50).into_bytes())
        .collect();
    let puts: Vec<Change<'_>> = paths
        .iter()
        .map(|path| Change::Put("100644", path, "x"))
        .collect();
    let mut history = History::new(&repository, "sha1");
    history.commit("main", None, &puts);
    history.finish();
    assert_eq!(compare(&repository), 1);
}

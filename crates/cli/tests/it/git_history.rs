//! Repositories that are made up: `git fast-import` takes histories that no working tree could
//! hold.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Runs git in a directory, away from the settings of the machine.
pub(crate) fn git(directory: &Path, args: &[&str]) -> Vec<u8> {
    let output = command(directory, args).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {args:?}: {said}");
    output.stdout
}

fn command(directory: &Path, args: &[&str]) -> Command {
    let mut git = Command::new("git");
    git.arg("-C")
        .arg(directory)
        .args(args)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE");
    git
}

/// A repository that is written commit by commit.
pub(crate) struct History {
    directory: PathBuf,
    script: Vec<u8>,
    marks: u32,
    seconds: u64,
    /// The mark of the last commit of each branch.
    tips: BTreeMap<&'static str, u32>,
    gitlink: String,
}

impl History {
    /// A new repository with names of this kind: `sha1` or `sha256`.
    pub(crate) fn new(directory: &Path, format: &str) -> History {
        std::fs::create_dir_all(directory).unwrap();
        git(
            directory,
            &[
                "init",
                "-q",
                "-b",
                "main",
                &format!("--object-format={format}"),
            ],
        );
        History {
            directory: directory.to_owned(),
            script: Vec::new(),
            marks: 0,
            seconds: 1_700_000_000,
            tips: BTreeMap::new(),
            gitlink: "5".repeat(if format == "sha256" { 64 } else { 40 }),
        }
    }

    /// Writes a commit of these changes on a branch, with the tip of another as second parent if
    /// one is named.
    pub(crate) fn commit(
        &mut self,
        branch: &'static str,
        merges: Option<&'static str>,
        changes: &[Change<'_>],
    ) {
        self.marks += 1;
        self.seconds += 1_000_000;
        let (mark, seconds) = (self.marks, self.seconds);
        let mut head = format!("commit refs/heads/{branch}\nmark :{mark}\n");
        for (role, name) in [("author", "Ada \"A\" Löv"), ("committer", "Bob")] {
            writeln!(head, "{role} {name} <{role}@example.org> {seconds} +0200").unwrap();
        }
        let message = format!("Commit {mark}\n\nwith a body");
        writeln!(head, "data {}\n{message}", message.len()).unwrap();
        if let Some(tip) = self.tips.get(branch) {
            writeln!(head, "from :{tip}").unwrap();
        }
        if let Some(other) = merges {
            writeln!(head, "merge :{}", self.tips[other]).unwrap();
        }
        self.script.extend_from_slice(head.as_bytes());
        for change in changes {
            self.change(change);
        }
        self.tips.insert(branch, mark);
    }

    fn change(&mut self, change: &Change<'_>) {
        let mut line = Vec::new();
        match change {
            Change::Put(mode, path, _) => {
                write!(line, "M {mode} inline ").unwrap();
                quote(&mut line, path);
            }
            Change::Submodule(path) => {
                write!(line, "M 160000 {} ", self.gitlink).unwrap();
                quote(&mut line, path);
            }
            Change::Remove(path) => {
                line.extend_from_slice(b"D ");
                quote(&mut line, path);
            }
        }
        line.push(b'\n');
        if let Change::Put(_, _, text) = change {
            write!(line, "data {}\n{text}\n", text.len()).unwrap();
        }
        self.script.extend_from_slice(&line);
    }

    /// Starts a branch at the tip of another.
    pub(crate) fn branch(&mut self, name: &'static str, from: &'static str) {
        let tip = self.tips[from];
        self.tips.insert(name, tip);
        let reset = format!("reset refs/heads/{name}\nfrom :{tip}\n\n");
        self.script.extend_from_slice(reset.as_bytes());
    }

    /// Hands everything to git.
    pub(crate) fn finish(self) {
        let args = ["fast-import", "--quiet", "--done"];
        let mut child = command(&self.directory, &args)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(&self.script).unwrap();
        input.write_all(b"done\n").unwrap();
        drop(input);
        assert!(child.wait().unwrap().success(), "git fast-import failed");
    }
}

/// One change of a tree.
pub(crate) enum Change<'a> {
    /// Mode, path, content.
    Put(&'a str, &'a [u8], &'a str),
    /// Another repository's commit.
    Submodule(&'a [u8]),
    Remove(&'a [u8]),
}

/// A path as `git fast-import` takes any: in quotes, with octal digits.
fn quote(line: &mut Vec<u8>, path: &[u8]) {
    line.push(b'"');
    for byte in path {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => line.push(*byte),
            other => write!(line, "\\{other:03o}").unwrap(),
        }
    }
    line.push(b'"');
}

/// Every kind of name, entry and change that git has.
pub(crate) fn everything(directory: &Path, format: &str) {
    use Change::{Put, Remove, Submodule};
    let mut history = History::new(directory, format);
    let long = [b"deep/".repeat(40), b"x".repeat(210)].concat();
    let long_odd = [b"\xff\n".repeat(60), b"/y".to_vec()].concat();
    let plain: Vec<Change<'_>> = [&b"README.md"[..], b"src/main.rs", b"src/lib.rs", b"a"]
        .into_iter()
        .map(|path| Put("100644", path, "one"))
        .collect();
    history.commit("main", None, &plain);
    let odd: [&[u8]; 14] = [
        b" leading and trailing ",
        b"quote\"s'`",
        b"new\nline",
        b"tab\ttab",
        b"back\\slash",
        b"per%cent%41",
        b"invalid\xff\xfe",
        b"half\xe2\x82",
        b"\x01\x02\x7f",
        b":colon",
        "höhe/日本/🌊".as_bytes(),
        "c1\u{85}control".as_bytes(),
        b"%blake3:x",
        b"-dash",
    ];
    let puts: Vec<Change<'_>> = odd.iter().map(|path| Put("100644", path, "odd")).collect();
    history.commit("main", None, &puts);
    history.commit(
        "main",
        None,
        &[Put("100644", &long, "long"), Put("100644", &long_odd, "l")],
    );
    history.commit("main", None, &[]);
    history.commit(
        "main",
        None,
        &[
            Put("100755", b"src/main.rs", "one"),
            Put("120000", b"link", "README.md"),
            Put("120000", b"a", "to-a-link"),
            Submodule(b"vendor/other"),
        ],
    );
    history.branch("topic", "main");
    history.commit(
        "topic",
        None,
        &[Put("100644", b"topic", "t"), Remove(b"README.md")],
    );
    history.commit(
        "main",
        None,
        &[Put("100644", b"src/lib.rs", "two"), Remove(b"new\nline")],
    );
    history.commit(
        "main",
        Some("topic"),
        &[Put("100644", b"topic", "t"), Remove(b"README.md")],
    );
    history.commit(
        "main",
        None,
        &[Put("100644", b"a/b/c", "directory"), Remove(b"link")],
    );
    history.commit(
        "main",
        None,
        &[Put("100644", b"src", "file"), Remove(b"vendor/other")],
    );
    let removals: Vec<Change<'_>> = odd[5..9].iter().map(|path| Remove(path)).collect();
    history.commit("main", None, &removals);
    history.commit(
        "main",
        None,
        &[
            Put("100644", &long, "longer"),
            Put("100644", b"vendor/other", "no submodule any more"),
            Put("100644", b"new\nline", "again"),
            Remove(&long_odd),
        ],
    );
    history.branch("other", "main");
    history.commit("other", None, &[Put("100755", b"a/b/c", "directory")]);
    // A merge that takes nothing from the other side.
    history.commit("main", Some("other"), &[]);
    history.finish();
}

/// A history of random changes over few paths, so that they meet often.
pub(crate) fn random(directory: &Path, seed: u64, commits: u32) {
    let mut history = History::new(directory, "sha1");
    let mut state = seed;
    let mut below = |end: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % end
    };
    let names: [&[u8]; 8] = [
        b"a", b"b", b"a/x", b"a/y", b"b/\xff", b"b/c/d", b"c d", b"%41",
    ];
    history.commit("main", None, &[]);
    history.branch("side", "main");
    for _ in 0..commits {
        let texts: Vec<String> = (0..4).map(|_| below(5).to_string()).collect();
        let changes: Vec<Change<'_>> = texts[..below(4) as usize]
            .iter()
            .map(|text| {
                let path = names[below(names.len() as u64) as usize];
                match below(7) {
                    0 | 1 => Change::Remove(path),
                    2 => Change::Submodule(path),
                    3 => Change::Put("120000", path, text),
                    4 => Change::Put("100755", path, text),
                    _ => Change::Put("100644", path, text),
                }
            })
            .collect();
        let (branch, merges) = match below(5) {
            0 => ("side", None),
            1 => ("side", Some("main")),
            2 => ("main", Some("side")),
            _ => ("main", None),
        };
        history.commit(branch, merges, &changes);
    }
    history.finish();
}

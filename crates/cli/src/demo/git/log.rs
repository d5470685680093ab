//! What `git log --raw -z` prints, commit by commit.
//!
//! Everything is separated by zero bytes: the fields of the header that [`FORMAT`] asks for, then
//! for each changed path `:mode mode blob blob status` and the path. The first field begins with
//! the byte 1, which tells a header from a change.

use std::io::{self, BufRead};

/// The argument of `--format`: the fields of [`Commit`], in order.
pub(super) const FORMAT: &str =
    "format:%x01%H%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%s%x00";

/// One commit and its changes against its first parent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Commit {
    /// Its name in hexadecimal, SHA-1 or SHA-256.
    pub(super) sha: String,
    /// The names of its parents.
    pub(super) parents: Vec<String>,
    pub(super) author: Person,
    pub(super) committer: Person,
    /// The first paragraph of the message, on one line.
    pub(super) subject: String,
    /// In git's order.
    pub(super) changes: Vec<Change>,
}

/// Who did something, and when.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) email: String,
    /// Seconds since 1970; `None` when the commit has no date that git can read.
    pub(super) seconds: Option<i64>,
}

/// One changed path.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// Exactly as in the tree.
    pub(super) path: Vec<u8>,
    pub(super) kind: ChangeKind,
}

/// What happened to it, and what is there now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ChangeKind {
    Added(Entry),
    Changed(Entry),
    Removed,
}

/// What a path holds: as `git ls-tree` shows it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Six octal digits: a file, an executable, a link, or another repository's commit.
    pub(super) mode: String,
    /// The object's name.
    pub(super) blob: String,
}

/// Reads commits from git's output.
pub(super) struct Commits<R> {
    tokens: R,
    /// The first field of the next header.
    next: Option<Vec<u8>>,
}

impl<R: BufRead> Commits<R> {
    pub(super) fn new(output: R) -> Commits<R> {
        Commits {
            tokens: output,
            next: None,
        }
    }

    /// The next commit, or `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Commit>> {
        let first = match self.next.take() {
            Some(first) => first,
            None => match self.token()? {
                Some(first) => first,
                None => return Ok(None),
            },
        };
        let sha = match first.split_first() {
            Some((1, sha)) => text(sha),
            _ => return Err(unexpected("a commit", &first)),
        };
        let mut commit = Commit {
            sha,
            parents: self
                .field()?
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
            author: self.person()?,
            committer: self.person()?,
            subject: self.field()?,
            changes: Vec::new(),
        };
        while let Some(token) = self.token()? {
            match token.trim_ascii_start() {
                [] => {}
                [1, ..] => {
                    self.next = Some(token);
                    break;
                }
                [b':', ..] => commit.changes.push(self.change(&token)?),
                _ => return Err(unexpected("a change", &token)),
            }
        }
        Ok(Some(commit))
    }

    fn person(&mut self) -> io::Result<Person> {
        Ok(Person {
            name: self.field()?,
            email: self.field()?,
            seconds: self.field()?.parse().ok(),
        })
    }

    fn change(&mut self, token: &[u8]) -> io::Result<Change> {
        let line = text(token);
        let parts: Vec<&str> = line.trim_start_matches(['\n', ':']).split(' ').collect();
        let [_, mode, _, blob, status] = parts.as_slice() else {
            return Err(unexpected("a change", token));
        };
        let entry = Entry {
            mode: (*mode).to_owned(),
            blob: (*blob).to_owned(),
        };
        let kind = match *status {
            "A" => ChangeKind::Added(entry),
            "M" | "T" => ChangeKind::Changed(entry),
            "D" => ChangeKind::Removed,
            _ => return Err(unexpected("A, M, T or D", token)),
        };
        let path = self.required("a path")?;
        Ok(Change { path, kind })
    }

    fn field(&mut self) -> io::Result<String> {
        self.required("a field of a commit")
            .map(|token| text(&token))
    }

    fn required(&mut self, what: &str) -> io::Result<Vec<u8>> {
        self.token()?.ok_or_else(|| unexpected(what, b"the end"))
    }

    /// The bytes up to the next zero, or `None` at the end.
    fn token(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut token = Vec::new();
        if self.tokens.read_until(0, &mut token)? == 0 {
            return Ok(None);
        }
        if token.last() == Some(&0) {
            token.pop();
        }
        Ok(Some(token))
    }
}

/// Names and subjects are shown, never compared: what is not UTF-8 in them is replaced.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn unexpected(what: &str, found: &[u8]) -> io::Error {
    let found = String::from_utf8_lossy(&found[..found.len().min(100)]).into_owned();
    io::Error::other(format!("git printed {found:?} where {what} was expected"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "c1\0p1 p2\0Ada\0ada@example.org\x00100\0Bob\0bob@example.org\x00200\0Subject\0";

    #[test]
    fn commits_have_changes_or_none() {
        let output = format!(
            "\u{1}{HEADER}\n:000000 100644 000 b1 A\0a\nb\0:100644 000000 b2 000 D\0:x\0\0\
             \u{1}{HEADER}\0\u{1}{HEADER}\n:100644 120000 b1 b2 T\0\u{1}l\0"
        );
        let mut commits = Commits::new(output.as_bytes());
        let first = commits.next().unwrap().unwrap();
        assert_eq!(first.parents, ["p1", "p2"]);
        assert_eq!(first.committer.seconds, Some(200));
        assert_eq!(first.subject, "Subject");
        let paths: Vec<&[u8]> = first.changes.iter().map(|c| c.path.as_slice()).collect();
        assert_eq!(paths, [b"a\nb".as_slice(), b":x"]);
        assert_eq!(first.changes[1].kind, ChangeKind::Removed);
        assert_eq!(commits.next().unwrap().unwrap().changes, []);
        let last = commits.next().unwrap().unwrap();
        assert_eq!(last.changes[0].path, b"\x01l");
        assert!(matches!(&last.changes[0].kind, ChangeKind::Changed(e) if e.mode == "120000"));
        assert_eq!(commits.next().unwrap(), None);
    }

    #[test]
    fn output_that_breaks_off_is_an_error() {
        for broken in [
            "\u{1}c1\0p1\0Ada",
            "words",
            &format!("\u{1}{HEADER}\n:1 2 3\0a\0"),
        ] {
            assert!(Commits::new(broken.as_bytes()).next().is_err(), "{broken}");
        }
    }
}

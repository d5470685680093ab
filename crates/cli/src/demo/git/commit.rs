//! A commit as an append.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use headwater_event::Timestamp;
use headwater_event::limits::APPEND_EVENTS_MAX;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::demo::git::log::{Change, ChangeKind, Commit, Person};
use crate::demo::git::path;
use crate::failure::Failure;

/// The stream of all commits: its revision is their number.
pub(super) const HISTORY: &str = "history/first-parent";

/// The namespace of the events' ids: `UUIDv5(URL namespace, "headwater:git")`.
const IDS: Uuid = Uuid::from_u128(0xc04e_2f02_dc98_5c7b_9005_ecff_ccdd_9c22);

/// The body of the append: `CommitMade`, then one event for each changed path, if exactly
/// `recorded` commits were recorded before. The ids follow from the commit, so the append may be
/// repeated at any time.
pub(super) fn append(commit: &Commit, recorded: u64) -> Result<Value, Failure> {
    if commit.changes.len() >= APPEND_EVENTS_MAX {
        return Err(Failure::new(format!("commit {} is too large", commit.sha))
            .found(format!("{} changed paths", commit.changes.len()))
            .expected(format!(
                "at most {}: a commit is one append, and an append has at most \
                 {APPEND_EVENTS_MAX} events",
                APPEND_EVENTS_MAX - 1
            ))
            .advice("record a history that does not have it"));
    }
    let occurred_at = commit.committer.instant();
    let mut events = vec![made(commit)];
    events.extend(commit.changes.iter().map(|change| changed(commit, change)));
    for (at, event) in events.iter_mut().enumerate() {
        let id = Uuid::new_v5(&IDS, format!("{}:{at}", commit.sha).as_bytes());
        event["id"] = id.to_string().into();
        event["tags"] = json!([format!("commit:{}", commit.sha)]);
        if let Some(instant) = &occurred_at {
            event["occurred_at"] = instant.clone().into();
        }
    }
    Ok(json!({ "events": events, "expected_revisions": { HISTORY: recorded } }))
}

fn made(commit: &Commit) -> Value {
    json!({
        "type": "CommitMade",
        "stream": HISTORY,
        "data": {
            "sha": commit.sha,
            "parents": commit.parents,
            "author": commit.author.name,
            "author_email": commit.author.email,
            "authored_at": commit.author.instant(),
            "committer": commit.committer.name,
            "committer_email": commit.committer.email,
            "subject": commit.subject,
            "changes": commit.changes.len(),
        },
    })
}

fn changed(commit: &Commit, change: &Change) -> Value {
    let mut data = Map::new();
    match std::str::from_utf8(&change.path) {
        Ok(text) => {
            data.insert("path".to_owned(), text.into());
        }
        Err(_) => {
            let exact = BASE64_STANDARD.encode(&change.path);
            data.insert("path".to_owned(), path::escaped(&change.path).into());
            data.insert("path_base64".to_owned(), exact.into());
        }
    }
    let name = match &change.kind {
        ChangeKind::Added(_) => "FileAdded",
        ChangeKind::Changed(_) => "FileChanged",
        ChangeKind::Removed => "FileRemoved",
    };
    if let ChangeKind::Added(entry) | ChangeKind::Changed(entry) = &change.kind {
        data.insert("mode".to_owned(), entry.mode.as_str().into());
        data.insert("blob".to_owned(), entry.blob.as_str().into());
    }
    data.insert("commit".to_owned(), commit.sha.as_str().into());
    json!({ "type": name, "stream": path::stream(&change.path), "data": data })
}

impl Person {
    /// The moment in RFC 3339, if the log can hold it.
    fn instant(&self) -> Option<String> {
        let micros = self.seconds?.checked_mul(1_000_000)?;
        Timestamp::from_micros(micros).map(|instant| instant.to_string())
    }
}

#[cfg(test)]
mod tests {
    use headwater_event::json::parse_append;

    use super::*;
    use crate::demo::git::log::Entry;

    fn commit(changes: Vec<Change>) -> Commit {
        let person = |seconds| Person {
            name: "Ada".to_owned(),
            email: "ada@example.org".to_owned(),
            seconds,
        };
        Commit {
            sha: "c1".to_owned(),
            parents: vec![],
            author: person(Some(0)),
            committer: person(Some(i64::MAX)),
            subject: "Subject".to_owned(),
            changes,
        }
    }

    fn added(path: &[u8]) -> Change {
        Change {
            path: path.to_owned(),
            kind: ChangeKind::Added(Entry {
                mode: "100644".to_owned(),
                blob: "b1".to_owned(),
            }),
        }
    }

    #[test]
    fn a_commit_is_an_append_that_the_log_takes() {
        let body = append(&commit(vec![added(b"a\xff"), added(b"b")]), 7).unwrap();
        let append = parse_append(body.to_string().as_bytes()).unwrap();
        append.check().unwrap();
        assert_eq!(append.events.len(), 3);
        assert_eq!(body["events"][1]["data"]["path"], "a%FF");
        assert_eq!(body["events"][1]["data"]["path_base64"], "Yf8=");
        assert!(body["events"][2]["data"].get("path_base64").is_none());
        assert_eq!(body["expected_revisions"][HISTORY], 7);
    }

    #[test]
    fn ids_follow_from_the_commit() {
        let one = append(&commit(vec![added(b"a")]), 0).unwrap();
        let two = append(&commit(vec![added(b"a")]), 0).unwrap();
        assert_eq!(one, two);
        assert_ne!(one["events"][0]["id"], one["events"][1]["id"]);
    }

    #[test]
    fn a_commit_that_does_not_fit_is_refused() {
        let changes = (0..APPEND_EVENTS_MAX).map(|n| added(n.to_string().as_bytes()));
        let failure = append(&commit(changes.collect()), 0).unwrap_err();
        assert!(failure.to_string().contains("100000 changed paths"));
    }
}

//! Problem documents (RFC 9457): how a server says what it could not do.

use reqwest::Response;
use serde::Deserialize;

/// What a server said.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Problem {
    /// The HTTP status.
    pub(crate) status: u16,
    /// Stable, for programs.
    pub(crate) code: String,
    title: String,
    detail: String,
    field: Option<String>,
    found: Option<String>,
    expected: Option<String>,
    action: Option<String>,
    /// The position that it is about.
    pub(crate) position: Option<u64>,
    /// The event in the way of an append.
    pub(crate) event: Option<Event>,
    sqlstate: Option<String>,
    /// The line of a projection's file.
    line: Option<u64>,
    /// Where in the query, in characters from 1.
    pub(crate) sql_position: Option<usize>,
    hint: Option<String>,
}

/// Names an event of the log.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Event {
    /// Its place in the log.
    pub(crate) position: u64,
    /// Its id.
    pub(crate) id: String,
    r#type: String,
    stream: Option<String>,
    revision: Option<u64>,
}

impl Problem {
    /// Reads the answer to a request that failed, whatever it is.
    pub(crate) async fn read(response: Response) -> Problem {
        let status = response.status().as_u16();
        let body = response.bytes().await.unwrap_or_default();
        Problem::of(status, &body)
    }

    /// Reads the body of an answer with a status that says no.
    pub(super) fn of(status: u16, body: &[u8]) -> Problem {
        match serde_json::from_slice::<Problem>(body) {
            Ok(problem) if !problem.code.is_empty() => problem,
            _ => Problem {
                status,
                code: "no_problem_document".to_owned(),
                title: format!("the server answered {status}"),
                found: Some(String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned()),
                action: Some("check that --server is a Headwater of this version".to_owned()),
                ..Problem::default()
            },
        }
    }

    /// The sentence that says what is wrong, without the parts that have a line of their own.
    pub(crate) fn sentence(&self) -> String {
        let text = match self.detail.as_str() {
            "" => &self.title,
            detail => detail,
        };
        let parts = [
            self.field.as_ref().map(|part| format!("{part}: ")),
            self.found.as_ref().map(|part| format!("; found {part}")),
            self.expected
                .as_ref()
                .map(|part| format!("; expected {part}")),
            self.action.as_ref().map(|part| format!("; {part}")),
        ];
        let told = parts.iter().flatten();
        let rest = told.fold(text.to_owned(), |text, part| text.replacen(part, "", 1));
        rest.trim_end_matches('.').to_owned()
    }

    /// The labelled lines under the sentence.
    pub(crate) fn lines(&self) -> Vec<(&'static str, String)> {
        let status = format!("{} (HTTP {})", self.code, self.status);
        let parts = [
            ("field", self.field.clone()),
            ("found", self.found.clone()),
            ("expected", self.expected.clone()),
            ("to do", self.action.clone()),
            ("hint", self.hint.clone()),
            ("line", self.line.map(|line| line.to_string())),
        ];
        let mut lines: Vec<(&'static str, String)> = parts
            .into_iter()
            .filter_map(|(label, part)| Some((label, part?)))
            .filter(|(_, part)| !part.is_empty())
            .collect();
        match (&self.event, self.position) {
            (Some(event), _) => lines.push(("in the way", event.describe())),
            (None, Some(position)) => lines.push(("position", position.to_string())),
            (None, None) => {}
        }
        if let Some(sqlstate) = &self.sqlstate {
            lines.push(("sqlstate", sqlstate.clone()));
        }
        lines.push(("code", status));
        lines
    }
}

impl Event {
    /// `AccountOpened in account/1 at revision 1, position 12, id 0192...`
    fn describe(&self) -> String {
        let place = match (&self.stream, self.revision) {
            (Some(stream), Some(revision)) => format!(" in {stream} at revision {revision}"),
            (Some(stream), None) => format!(" in {stream}"),
            (None, _) => String::new(),
        };
        format!(
            "{}{place}, position {}, id {}",
            self.r#type, self.position, self.id
        )
    }
}

#[cfg(test)]
mod tests {
    use crate::failure::Failure;

    use super::*;

    #[test]
    fn a_conflict_names_the_event_in_the_way_and_has_its_own_exit_code() {
        let problem: Problem = serde_json::from_str(
            r#"{"status":409,"code":"boundary_conflict","title":"t","detail":"a match at position 7","after":0,"event":{"position":7,"id":"x","type":"AccountOpened",
            "stream":"account/1","revision":1}}"#,
        )
        .unwrap();
        let failure = Failure::from(problem);
        assert_eq!(failure.exit_code(), 3);
        let text = failure.to_string();
        assert!(text.contains("AccountOpened in account/1 at revision 1, position 7, id x"));
        assert!(text.contains("boundary_conflict (HTTP 409)"));
    }

    #[test]
    fn nothing_is_said_twice() {
        let problem: Problem = serde_json::from_str(
            r#"{"status":400,"code":"bad_name","detail":"stream: no key; found x; expected y",
            "field":"stream","found":"x","expected":"y"}"#,
        )
        .unwrap();
        assert_eq!(
            Failure::from(problem).to_string(),
            "error: no key\n  field     stream\n  found     x\n  expected  y\n  \
             code      bad_name (HTTP 400)"
        );
    }
}

//! What a server logs.

use std::fs::File;

use serde_json::Value;

use crate::support::{Place, Serve};

/// What a server with this format logs on stderr while it is used and stopped.
fn logged(format: &str) -> String {
    let place = Place::new();
    let path = place.path("stderr");
    let mut command = place.command(["serve", "--listen", "127.0.0.1:0", "--log", format]);
    command.stderr(File::create(&path).unwrap());
    let server = Serve::wait_for("listening on ", command);
    place.run(["database", "create", "shop"]).ok();
    place.run(["append", "-d", "shop", r#"{"type":"A"}"#]).ok();
    assert_eq!(server.terminate(), Some(0));
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn logs_are_objects_when_machines_read_them() {
    let lines = logged("json");
    let messages: Vec<String> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|line| line["fields"]["message"].to_string())
        .collect();
    assert!(
        messages.iter().any(|message| message.contains("stopping")),
        "{lines}"
    );
}

#[test]
fn logs_are_lines_without_colour_when_no_terminal_reads_them() {
    let lines = logged("text");
    assert!(
        lines.contains("INFO") && lines.contains("stopping"),
        "{lines}"
    );
    assert!(!lines.contains('\u{1b}'), "{lines}");
}

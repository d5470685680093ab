//! `demo`: it runs to its end, again and again, and what it prints can be pasted.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::support::Place;

const ACCOUNTS: &str = "1500";

#[test]
fn it_runs_to_the_end_and_can_be_run_again() {
    let place = Place::new();
    let first = place.run(DEMO).ok().stdout;
    for text in [
        "answered 201",
        "answered 409",
        "boundary_conflict",
        "1,000 emails",
        "deploy",
    ] {
        assert!(first.contains(text), "no {text:?} in\n{first}");
    }
    for line in first.lines() {
        // The server's own words are one string of JSON, which cannot be broken.
        let words = line.trim_start().starts_with("\"detail\":");
        let path = line.contains(place.data().to_str().unwrap());
        assert!(
            words || path || line.chars().count() <= 100,
            "too wide: {line}"
        );
        assert!(
            !line.contains('\u{1b}'),
            "colour without a terminal: {line}"
        );
    }
    let again = place.run(DEMO).ok().stdout;
    assert!(again.contains("started anew"), "{again}");
}

/// What an act prints: from its title on.
fn act<'a>(printed: &'a str, title: &str) -> &'a str {
    let begin = printed.find(title);
    let begin = begin.unwrap_or_else(|| panic!("no {title:?} in\n{printed}"));
    &printed[begin..]
}

const DEMO: [&str; 6] = [
    "demo",
    "--exit",
    "--listen",
    "127.0.0.1:0",
    "--accounts",
    ACCOUNTS,
];

#[test]
fn the_last_act_asks_the_same_events_in_three_protocols() {
    let printed = Place::new().run(DEMO).ok().stdout;
    let act = act(&printed, "One log, three protocols");
    let (http, others) = act.split_once("   psql -Xw postgres://").unwrap();
    let (psql, kcat) = others.split_once("   kcat -b ").unwrap();
    // Lines that begin with the position of an event and its stream.
    let told = |text: &str| -> Vec<(u64, String)> {
        let lines = text.lines().filter_map(|line| {
            let mut words = line.split([' ', '|']).filter(|word| !word.is_empty());
            let position = words.next()?.parse().ok()?;
            let stream = words.next().filter(|word| word.starts_with("account/"))?;
            Some((position, stream.to_owned()))
        });
        lines.collect()
    };
    let over_http = told(http);
    assert_eq!(over_http.len(), 3, "{act}");
    assert_eq!(told(psql), over_http, "{act}");
    assert_eq!(told(kcat), over_http, "{act}");
    assert_eq!(
        act.matches("SignedIn").count(),
        6,
        "the types, but for Kafka: {act}"
    );
}

#[test]
fn without_psql_and_kcat_it_shows_their_commands() {
    let place = Place::new();
    let mut command = place.command(DEMO);
    command.env("PATH", place.path("nothing"));
    let printed = crate::support::Ran::from(command.output().unwrap())
        .ok()
        .stdout;
    let act = act(&printed, "One log, three protocols");
    for text in [
        "   psql -Xw postgres://",
        "psql is not installed here",
        "   kcat -b 127.0.0.1:",
        "kcat is not installed here",
        "What to try next",
    ] {
        assert!(act.contains(text), "no {text:?} in\n{act}");
    }
}

#[test]
fn where_keys_are_needed_the_last_act_leaves_the_commands_to_the_reader() {
    let place = Place::new();
    place
        .run(["key", "create", "--name", "root", "--role", "admin"])
        .ok();
    let printed = place.run(DEMO).ok().stdout;
    let act = act(&printed, "One log, three protocols");
    assert_eq!(act.matches("the key as password").count(), 2, "{act}");
}

#[test]
fn another_database_of_that_name_is_left_alone() {
    let place = Place::new();
    place.run(["database", "create", "demo"]).ok();
    place
        .run(["append", "-d", "demo", r#"{"type":"Mine"}"#])
        .ok();
    place
        .run(["demo", "--exit", "--listen", "127.0.0.1:0"])
        .fails(1, &["other events", "--data"]);
    assert_eq!(place.run(["read", "-d", "demo"]).ok().json().len(), 1);
}

#[test]
fn what_it_prints_can_be_pasted() {
    let place = Place::new();
    let mut child = place
        .command(["demo", "--listen", "127.0.0.1:0", "--accounts", ACCOUNTS])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut printed = String::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if line.contains("stays up at") {
            break;
        }
        printed.push_str(&line);
        printed.push('\n');
    }
    let commands = curl_commands(&printed);
    let answers: Vec<String> = commands.iter().map(|command| shell(command)).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(commands.len() >= 7, "{printed}");
    for (command, answer) in commands.iter().zip(&answers) {
        let taken = command.contains("/append") && answer.contains("boundary_conflict");
        assert_eq!(answer.contains("\"status\":"), taken, "{command}\n{answer}");
    }
    assert_eq!(
        answers
            .iter()
            .filter(|a| a.contains("boundary_conflict"))
            .count(),
        1
    );
}

/// The commands among the lines: from `curl` on, as far as the shell's quotes reach.
fn curl_commands(printed: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut lines = printed.lines();
    while let Some(line) = lines.next() {
        let Some(command) = line.strip_prefix("   curl ") else {
            continue;
        };
        let mut command = format!("curl {command}");
        while !is_whole(&command) {
            let more = lines.next().unwrap();
            command.push('\n');
            command.push_str(more.strip_prefix("   ").unwrap_or(more));
        }
        commands.push(command);
    }
    commands
}

fn is_whole(command: &str) -> bool {
    if command.contains("<<'SQL'") {
        return command.ends_with("\nSQL");
    }
    !command.ends_with('\\') && command.matches('\'').count().is_multiple_of(2)
}

fn shell(command: &str) -> String {
    let output = Command::new("sh").args(["-c", command]).output().unwrap();
    assert!(
        output.status.success(),
        "{command}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

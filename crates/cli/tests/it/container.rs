//! The container files say commands and options that there are. Whether the image builds cannot be
//! tried here.

use std::path::Path;

use crate::support::{Ran, headwater};

fn text(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::fs::read_to_string(root.join(name)).unwrap()
}

/// The lists of words in brackets: `["serve", "--listen", "0.0.0.0:4280"]`.
fn lists(text: &str) -> Vec<Vec<String>> {
    let from = |line: &str| Some(line[line.find('[')?..].to_owned());
    let lists = text.lines().filter_map(from);
    lists
        .filter_map(|list| serde_json::from_str(&list).ok())
        .collect()
}

/// The lines of comments that run a command of the container.
fn told(text: &str) -> Vec<Vec<String>> {
    let lines = text.lines().filter(|line| line.starts_with('#'));
    let after = |line: &str| {
        let (_, words) = line.split_once(" headwater ")?;
        let words = words.split_whitespace().map(str::to_owned);
        Some(words.collect()).filter(|words: &Vec<String>| words[0] != ".") // what is built
    };
    lines.filter_map(after).collect()
}

/// Every option must stand in the help of its command.
fn check(words: &[String]) {
    let options = words.iter().filter(|word| word.starts_with("--"));
    let command: Vec<&String> = words
        .iter()
        .take_while(|word| !word.starts_with("--"))
        .collect();
    let help = headwater().args(&command).arg("--help").output().unwrap();
    let help = Ran::from(help).ok().stdout;
    for option in options {
        let stands = help.split_whitespace().any(|word| word == option);
        assert!(stands, "{command:?} has no {option}");
    }
}

#[test]
fn what_the_container_files_run_is_there() {
    let mut checked = Vec::new();
    for file in ["Dockerfile", "compose.yaml"] {
        let text = text(file);
        for mut words in lists(&text).into_iter().chain(told(&text)) {
            words.retain(|word| word != "CMD" && word != "headwater");
            if words.is_empty() {
                continue; // the entry point
            }
            check(&words);
            checked.push(words[0].clone());
        }
    }
    for command in ["serve", "health", "key"] {
        let times = checked.iter().filter(|checked| *checked == command).count();
        assert_eq!(times, 2, "{command} in each file, of {checked:?}");
    }
}

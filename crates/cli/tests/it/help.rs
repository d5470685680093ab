//! The help texts are kept in `help/`, one file for each command; these must be what is printed.
//!
//! `HEADWATER_UPDATE_HELP=1 cargo nextest run -p headwater help` writes them anew.

use std::path::{Path, PathBuf};

use crate::support::{Ran, headwater};

/// Every command, as its words.
fn commands() -> Vec<Vec<&'static str>> {
    let words = [
        "",
        "serve",
        "demo",
        "demo git",
        "append",
        "read",
        "follow",
        "sql",
        "projection",
        "projection apply",
        "projection list",
        "projection show",
        "projection skip",
        "projection remove",
        "database",
        "database create",
        "database list",
        "database show",
        "database set",
        "database delete",
        "health",
        "key",
        "key create",
        "key list",
        "key revoke",
        "import",
        "export",
        "stats",
        "verify",
        "backup",
        "restore",
        "bench",
    ];
    words
        .iter()
        .map(|words| words.split_whitespace().collect())
        .collect()
}

fn file(words: &[&str]) -> PathBuf {
    let name = std::iter::once(&"headwater").chain(words).copied();
    let name = name.collect::<Vec<_>>().join("-");
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("help/{name}.txt"))
}

#[test]
fn the_help_texts_are_the_ones_in_git() {
    let update = std::env::var_os("HEADWATER_UPDATE_HELP").is_some();
    for words in commands() {
        let help = headwater().args(&words).arg("--help").output().unwrap();
        let help = Ran::from(help).ok().stdout;
        let path = file(&words);
        if update {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &help).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(
            help,
            kept,
            "{} differs; see the top of this file",
            path.display()
        );
    }
}

#[test]
fn every_command_has_a_help_text() {
    for words in commands() {
        let help = headwater().args(&words).arg("--help").output().unwrap();
        let help = Ran::from(help).ok().stdout;
        let Some((_, list)) = help.split_once("\nCommands:\n") else {
            continue;
        };
        let listed = list.lines().take_while(|line| !line.trim().is_empty());
        // Longer descriptions go on in lines that are indented more.
        let names = listed.filter(|line| !line.starts_with("   "));
        for name in names.filter_map(|line| line.split_whitespace().next()) {
            let mut whole = words.clone();
            whole.push(name);
            assert!(name == "help" || commands().contains(&whole), "{whole:?}");
        }
    }
}

#[test]
fn help_does_not_show_what_this_machine_has_set() {
    let help = headwater()
        .args(["sql", "--help"])
        .env("HEADWATER_DATA", "/somewhere/private")
        .output()
        .unwrap();
    assert!(!Ran::from(help).ok().stdout.contains("private"));
}

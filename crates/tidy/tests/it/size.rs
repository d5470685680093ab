//! Functions fit on a screen and files hold one noun.

use std::path::Path;

use crate::repository::{files, short};

const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_MAX: usize = 1000;

/// Functions of a source text as (line, name, lines), found by indentation as rustfmt leaves it.
fn functions(text: &str) -> Vec<(usize, String, usize)> {
    let mut found = Vec::new();
    let mut open: Vec<(usize, usize, String)> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let indent = line.len() - line.trim_start().len();
        if let Some(name) = function_name(line.trim_start()) {
            let ends = line.ends_with(';') || (line.contains('{') && line.ends_with('}'));
            if !ends {
                open.push((indent, at, name));
            }
        } else if line.trim_start().starts_with('}') {
            while open
                .last()
                .is_some_and(|(start_indent, ..)| *start_indent >= indent)
            {
                let (start_indent, start, name) = open.pop().expect("it was there");
                if start_indent == indent {
                    found.push((start + 1, name, at - start + 1));
                }
            }
        }
    }
    found
}

fn function_name(line: &str) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let at = words.iter().position(|word| *word == "fn")?;
    let modifiers = words[..at].iter().all(|word| {
        word.starts_with("pub")
            || ["async", "const", "unsafe", "extern", "\"C\""].contains(word)
            || word.ends_with(')')
    });
    let name = words.get(at + 1)?.split(['(', '<']).next()?;
    modifiers.then(|| name.to_owned())
}

#[test]
fn the_measure_measures() {
    let text = "impl A {\n    pub(crate) fn long() {\n        if x {\n        }\n    }\n}\n";
    assert_eq!(functions(text), [(2, "long".to_owned(), 4)]);
}

#[test]
fn functions_fit_on_a_screen() {
    let mut long = Vec::new();
    // A table of cases in a test may be as long as it has cases.
    let is_test = |file: &Path| short(file).contains("/tests/");
    for file in files(".rs").iter().filter(|file| !is_test(file)) {
        let text = std::fs::read_to_string(file).unwrap();
        for (line, name, lines) in functions(&text) {
            if lines > FUNCTION_LINES_MAX {
                long.push(format!("{}:{line} {name} has {lines} lines", short(file)));
            }
        }
    }
    assert!(
        long.is_empty(),
        "over {FUNCTION_LINES_MAX} lines:\n{}",
        long.join("\n")
    );
}

#[test]
fn files_hold_one_noun() {
    for file in files(".rs") {
        let lines = std::fs::read_to_string(&file).unwrap().lines().count();
        assert!(
            lines <= FILE_LINES_MAX,
            "{} has {lines} lines",
            short(&file)
        );
    }
}

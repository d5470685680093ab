//! Cutting a text into statements.

use headwater_sql::split_statements;
use proptest::prelude::*;

fn texts(text: &str) -> Vec<&str> {
    let statements = split_statements(text).unwrap();
    statements.iter().map(|statement| statement.text).collect()
}

#[test]
fn semicolons_inside_anything_do_not_cut() {
    assert_eq!(
        texts(
            "select ';', E'\\';', \";\", $$;$$, $t$ ; $$ ; $t$ /* ; /* ; */ ; */ -- ;\n; b ;; ;c"
        ),
        [
            "select ';', E'\\';', \";\", $$;$$, $t$ ; $$ ; $t$",
            "b",
            "c",
        ]
    );
}

#[test]
fn a_name_with_dollars_opens_no_string() {
    assert_eq!(texts("a$b$; c$b$"), ["a$b$", "c$b$"]);
}

#[test]
fn places_are_told() {
    let text = "-- a comment\n\n  one;\n/* two\nlines */ two";
    let statements = split_statements(text).unwrap();
    let places: Vec<(usize, usize)> = statements.iter().map(|s| (s.line, s.offset)).collect();
    assert_eq!(places, [(3, 16), (5, 37)]);
    assert_eq!(&text[37..40], "two");
}

#[test]
fn what_does_not_end_is_named() {
    for (text, message, position) in [
        ("select 'a", "unterminated quoted string", 8),
        ("ü; \"b", "unterminated quoted identifier", 4),
        ("x /* /* */", "unterminated /* comment", 3),
        ("$a$ $b$", "unterminated dollar-quoted string", 1),
    ] {
        let error = split_statements(text).unwrap_err();
        assert_eq!(error.sqlstate(), "42601");
        assert_eq!(error.message(), message);
        assert_eq!(error.position(), Some(position), "{text}");
    }
}

proptest! {
    /// Statements come in order, do not overlap, and between them stands nothing but blanks,
    /// semicolons and comments.
    #[test]
    fn nothing_is_lost(text in "([a-z]{1,3}|'[;a]{0,3}'|\"[;b]\"|--[;c]{0,2}\n|/\\*;\\*/|;|[ \n]){0,20}") {
        let mut end = 0;
        let code = |text: &str| {
            let mut rest = text.to_owned();
            while let Some(start) = rest.find("--") {
                let length = rest[start..].find('\n').unwrap_or(rest.len() - start);
                rest.replace_range(start..start + length, "");
            }
            rest.replace("/*;*/", "")
        };
        for statement in split_statements(&text).unwrap() {
            let between = code(&text[end..statement.offset]);
            prop_assert!(between.chars().all(|c| c.is_whitespace() || c == ';'), "{:?}", between);
            end = statement.offset + statement.text.len();
            prop_assert_eq!(&text[statement.offset..end], statement.text);
        }
        prop_assert!(code(&text[end..]).chars().all(|c| c.is_whitespace() || c == ';'));
    }
}

#[test]
fn a_text_of_semicolons_does_not_fill_the_memory() {
    let error = split_statements(&"a;".repeat(10_001)).unwrap_err();
    assert_eq!(error.sqlstate(), "54000");
    let text = "a;\n".repeat(10_000);
    assert_eq!(
        split_statements(&text).unwrap().last().unwrap().line,
        10_000
    );
}

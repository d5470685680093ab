//! The grammar of expressions, read from `tests/random/grammar.txt`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

pub(super) struct Grammar(BTreeMap<String, Vec<Production>>);

/// One of the texts that a name may become.
pub(super) struct Production {
    pub(super) text: String,
    /// Whether it may fail while it runs.
    pub(super) risky: bool,
}

impl Production {
    pub(super) fn is_leaf(&self) -> bool {
        !self.text.contains('{')
    }
}

impl Grammar {
    pub(super) fn read() -> Grammar {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/random/grammar.txt");
        let mut rules: BTreeMap<String, Vec<Production>> = BTreeMap::new();
        let mut name = String::new();
        for line in fs::read_to_string(path).unwrap().lines() {
            match line.strip_prefix("  ") {
                Some(text) => rules
                    .entry(name.clone())
                    .or_default()
                    .push(production(text)),
                None if line.starts_with('#') => {}
                None => name = line.to_owned(),
            }
        }
        Grammar(rules)
    }

    /// What a name may become. Without `risky`, nothing that may fail.
    pub(super) fn productions(&self, name: &str, risky: bool) -> Vec<&Production> {
        let all = self.0.get(name);
        let all = all.unwrap_or_else(|| panic!("the grammar has no \"{name}\""));
        let allowed = all.iter().filter(|production| risky || !production.risky);
        allowed.collect()
    }
}

fn production(text: &str) -> Production {
    let (risky, text) = match text.strip_prefix("! ") {
        Some(text) => (true, text),
        None => (false, text),
    };
    Production {
        text: text.to_owned(),
        risky,
    }
}

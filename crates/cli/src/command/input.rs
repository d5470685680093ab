//! What is read from files and stdin.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal as _, Read as _};
use std::path::Path;

use crate::failure::Failure;

/// The whole text of a file, or of stdin for `-`.
pub(crate) fn text(path: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    lines(Some(path))?
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(path, &error))?;
    String::from_utf8(bytes).map_err(|error| {
        Failure::new(format!("{} is not text", path.display()))
            .caused_by(&error)
            .expected("UTF-8")
    })
}

/// A reader of a file, or of stdin for `-` and for nothing.
pub(crate) fn lines(path: Option<&Path>) -> Result<Box<dyn BufRead + Send>, Failure> {
    match path {
        Some(path) if path != Path::new("-") => {
            let file = File::open(path).map_err(|error| unreadable(path, &error))?;
            Ok(Box::new(BufReader::with_capacity(1 << 20, file)))
        }
        _ => {
            if io::stdin().is_terminal() {
                eprintln!("reading from the terminal; end with ctrl-d");
            }
            Ok(Box::new(BufReader::with_capacity(1 << 20, io::stdin())))
        }
    }
}

/// How long the input is, if that can be known.
pub(crate) fn length(path: Option<&Path>) -> Option<u64> {
    let metadata = path?.metadata().ok()?;
    metadata.is_file().then_some(metadata.len())
}

/// A file that cannot be read.
pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("{} cannot be read", path.display()))
        .caused_by(error)
        .advice("check the path and its permissions")
}

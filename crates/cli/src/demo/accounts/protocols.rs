//! The last act: the same events in all three protocols, with programs that people have.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::connect::Connection;
use crate::demo::accounts::DATABASE;
use crate::demo::accounts::acts::{Stage, say, scene, show};
use crate::demo::accounts::call::Call;
use crate::failure::Failure;

/// Events that are shown.
const EVENTS: u64 = 3;

/// Where a server speaks PostgreSQL's protocol, and Kafka's, unless it was told otherwise.
const POSTGRES_PORT: u16 = 4281;
const KAFKA_PORT: u16 = 4282;

/// How long a program may take. The act goes on without it.
const PROGRAM_MAX: Duration = Duration::from_secs(10);

/// Where the server speaks what; it is not known of a server that runs elsewhere.
#[derive(Clone, Copy)]
pub(super) struct Addresses {
    postgres: Option<SocketAddr>,
    kafka: Option<SocketAddr>,
    /// It asks for a key, which the demo may show over HTTP alone.
    ask_for_keys: bool,
}

impl Addresses {
    pub(super) fn of(connection: &Connection) -> Addresses {
        Addresses {
            postgres: connection.postgres(),
            kafka: connection.kafka(),
            ask_for_keys: connection.asks_for_keys(),
        }
    }
}

/// A program that speaks a protocol, as it is called.
struct Program {
    name: &'static str,
    arguments: Vec<String>,
    /// Why it is left to the reader to run it, if it is.
    left: Option<&'static str>,
}

/// What came of it.
enum Ran {
    /// What it printed.
    Told(String),
    /// Why it did not.
    Failed(String),
    /// It is not installed.
    Missing,
}

impl Stage<'_> {
    /// The last events over HTTP, PostgreSQL's protocol and Kafka's.
    pub(super) async fn speak_three_protocols(&self, addresses: Addresses) -> Result<(), Failure> {
        scene("5", "One log, three protocols")?;
        say(&format!(
            "Nothing was written twice: tools that know nothing of Headwater ask the same log. Its last
{EVENTS} events, over HTTP:"
        ))?;
        let head = self.client.database(DATABASE).await?.head.unwrap_or(EVENTS);
        let before = head.saturating_sub(EVENTS);
        let sql = format!(
            "select position, stream, type, data from event where position > {before} order by 1"
        );
        self.ask(&Call::sql(DATABASE, &sql, &[], None)).await?;
        say("The same question with psql, over PostgreSQL's protocol:")?;
        psql(addresses, &sql).play().await?;
        say("And with kcat, over Kafka's, where a position is an offset:")?;
        kcat(addresses, before + 1).play().await
    }
}

fn psql(addresses: Addresses, sql: &str) -> Program {
    let address = aim(addresses.postgres, POSTGRES_PORT);
    let url = format!("postgres://ada@{address}/{DATABASE}");
    Program {
        name: "psql",
        // No file of the reader's, and no question for a password.
        arguments: ["-Xw", &url, "-c", sql].map(str::to_owned).into(),
        left: addresses.left(addresses.postgres),
    }
}

fn kcat(addresses: Addresses, offset: u64) -> Program {
    let brokers = aim(addresses.kafka, KAFKA_PORT).to_string();
    let (offset, count) = (offset.to_string(), EVENTS.to_string());
    let arguments = [
        "-b",
        &brokers,
        "-C",
        "-t",
        DATABASE,
        "-o",
        &offset,
        "-c",
        &count,
        "-q",
        "-f",
        r"%o  %k  %s\n",
    ];
    Program {
        name: "kcat",
        arguments: arguments.map(str::to_owned).into(),
        left: addresses.left(addresses.kafka),
    }
}

impl Addresses {
    /// Why a program is left to the reader to run.
    fn left(self, address: Option<SocketAddr>) -> Option<&'static str> {
        match address {
            None => Some(
                "That is for you to run: this server runs in another process, and the port of the
command is the usual one.",
            ),
            Some(_) if self.ask_for_keys => Some(
                "That is for you to run, with the name of a key as user and the key as password: the
server asks for one.",
            ),
            Some(_) => None,
        }
    }
}

fn aim(address: Option<SocketAddr>, usual: u16) -> SocketAddr {
    address.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, usual)))
}

impl Program {
    /// Shows the command, and what it prints if it is there. That it is not, or fails, ends nothing.
    async fn play(&self) -> Result<(), Failure> {
        show(&self.shown())?;
        if let Some(why) = self.left {
            return say(why);
        }
        match self.run().await {
            Ran::Told(text) => {
                let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
                show(&lines.join("\n"))
            }
            Ran::Failed(why) => say(&format!("{} did not get it: {why}", self.name)),
            Ran::Missing => say(&format!(
                "{} is not installed here; where it is, paste that.",
                self.name
            )),
        }
    }

    /// As a shell takes it.
    fn shown(&self) -> String {
        let arguments = self.arguments.iter().map(|argument| quoted(argument));
        let words: Vec<String> = arguments.collect();
        match words.split_last() {
            // What is long has a line of its own.
            Some((last, words)) if last.len() > 20 => {
                format!("{} {} \\\n  {last}", self.name, words.join(" "))
            }
            _ => format!("{} {}", self.name, words.join(" ")),
        }
    }

    async fn run(&self) -> Ran {
        let mut command = Command::new(self.name);
        command
            .args(&self.arguments)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        match tokio::time::timeout(PROGRAM_MAX, command.output()).await {
            Ok(Ok(output)) if output.status.success() => {
                Ran::Told(String::from_utf8_lossy(&output.stdout).into_owned())
            }
            Ok(Ok(output)) => {
                let told = String::from_utf8_lossy(&output.stderr);
                Ran::Failed(told.trim().to_owned())
            }
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => Ran::Missing,
            Ok(Err(error)) => Ran::Failed(error.to_string()),
            Err(_) => Ran::Failed(format!("it took longer than {PROGRAM_MAX:?}")),
        }
    }
}

/// An argument as a shell takes it.
fn quoted(argument: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:@=".contains(letter);
    match argument.chars().all(is_plain) {
        true => argument.to_owned(),
        false => format!("'{}'", argument.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_quoted_for_the_shell() {
        let addresses = Addresses {
            postgres: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 7))),
            kafka: None,
            ask_for_keys: false,
        };
        assert_eq!(
            psql(addresses, "select 'x' from event").shown(),
            "psql -Xw postgres://ada@127.0.0.1:7/demo -c \\\n  'select '\\''x'\\'' from event'"
        );
        assert_eq!(
            kcat(addresses, 9).shown(),
            r"kcat -b 127.0.0.1:4282 -C -t demo -o 9 -c 3 -q -f '%o  %k  %s\n'"
        );
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_ends_nothing() {
        let program = Program {
            name: "headwater-has-no-such-program",
            arguments: Vec::new(),
            left: None,
        };
        assert!(matches!(program.run().await, Ran::Missing));
        program.play().await.unwrap();
    }
}

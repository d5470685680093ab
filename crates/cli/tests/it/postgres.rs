//! PostgreSQL clients as people have them. `./check` installs them.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::{Place, Ran, Serve};

const ACCOUNTS: &str = "\
-- projection: accounts
create table account (id text primary key, email text not null, name text, opened timestamptz not null);

-- on: AccountOpened
insert into account (id, email, name, opened) values (@key, :email, :name?, @recorded_at);

-- on: Renamed
update account set name = :name where id = @key;
";

/// A server with a database `shop` that speaks PostgreSQL's protocol.
fn serve(place: &Place) -> Serve {
    Serve::wait_for("listening on postgres://", serve_command(place))
}

/// Makes the database, and the command that serves it.
fn serve_command(place: &Place) -> Command {
    place.run(["database", "create", "shop"]).ok();
    let accounts = place.file("accounts.sql", ACCOUNTS);
    let apply = ["projection", "apply", "-d", "shop"];
    let apply = apply
        .map(Into::into)
        .into_iter()
        .chain([accounts.into_os_string()]);
    place.run(apply).ok();
    let options = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--postgres",
        "127.0.0.1:0",
    ];
    place.command(options)
}

fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

/// A client that connects to the server.
fn client(program: impl AsRef<std::ffi::OsStr>, server: &Serve) -> Command {
    let (host, port) = server.url.rsplit_once(':').unwrap();
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("PGHOST", host)
        .env("PGPORT", port)
        .env("PGUSER", "me")
        .env("PGDATABASE", "shop");
    command
}

#[test]
fn psql_says_what_it_should() {
    let place = Place::new();
    let server = serve(&place);
    let (_, port) = server.url.rsplit_once(':').unwrap();
    let script = clients().join("session.sql");
    // One stream for both, as a terminal shows them.
    let shell = "exec psql -X -A -v name=bob -f \"$0\" 2>&1";
    let mut command = client("sh", &server);
    let ran = Ran::from(command.arg("-c").arg(shell).arg(&script).output().unwrap()).ok();
    let said = ran
        .stdout
        .replace(&format!("psql:{}:", script.display()), "line ")
        .replace(&format!("at port \"{port}\""), "at port \"PORT\"");
    let path = clients().join("session.txt");
    if std::env::var_os("HEADWATER_UPDATE_PSQL").is_some() {
        std::fs::write(&path, &said).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert!(
        said == expected,
        "psql says otherwise; HEADWATER_UPDATE_PSQL=1 writes this into session.txt:\n{said}"
    );
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn psql_calls_a_statement_off_when_it_is_interrupted() {
    let place = Place::new();
    let server = serve(&place);
    let long =
        "with recursive t(n) as (select 1 union all select n + 1 from t where n < 2000000000)
                select count(*) from t";
    let mut psql = client("psql", &server)
        .args(["-X", "-A", "-t", "-c", "select 'ready'", "-c", long])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    let stdout = psql.stdout.as_mut().unwrap();
    BufReader::new(stdout).read_line(&mut said).unwrap();
    assert_eq!(said, "ready\n");
    // The first may come before the statement is sent.
    while psql.try_wait().unwrap().is_none() {
        let pid = psql.id().to_string();
        Command::new("kill").args(["-INT", &pid]).status().unwrap();
        std::thread::sleep(Duration::from_millis(20));
    }
    let ended = psql.wait_with_output().unwrap();
    let told = String::from_utf8(ended.stderr).unwrap();
    assert!(
        told.contains("canceling statement due to user request"),
        "{told}"
    );
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn a_question_about_the_catalogs_that_is_not_answered_is_logged_once() {
    let place = Place::new();
    let path = place.path("stderr");
    let mut command = serve_command(&place);
    command.stderr(std::fs::File::create(&path).unwrap());
    let server = Serve::wait_for("listening on postgres://", command);
    for sql in [
        "select pg_unknown_function(oid) from pg_class",
        "select pg_unknown_function(oid) from pg_class",
        "select nothing from pg_catalog.pg_class",
        "select nothing from account",
        "select relname from pg_class where 1 / 0 = 1",
    ] {
        let ask = |sql: &str| {
            let asked = client("psql", &server).args(["-X", "-c", sql]).output();
            asked.unwrap().status.success()
        };
        assert!(!ask(sql), "{sql}");
        ask(&format!("prepare p as {sql}"));
    }
    assert_eq!(server.terminate(), Some(0));
    let logged = std::fs::read_to_string(path).unwrap();
    let of = |text: &str| logged.lines().filter(|line| line.contains(text)).count();
    // A statement and the text that prepares it are two.
    let noted = "a question about the catalogs was not answered";
    assert_eq!(of(noted), 4, "{logged}");
    assert_eq!(of("pg_unknown_function()"), 2, "{logged}");
    assert_eq!(of("nothing from account"), 0, "{logged}");
}

/// Where `./check` installs clients.
fn installed(path: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/clients");
    let path = target.join(path);
    let shown = path.display();
    assert!(path.exists(), "there is no {shown}: ./check installs it");
    path
}

#[test]
fn psycopg_finds_what_it_needs() {
    let place = Place::new();
    let server = serve(&place);
    let mut command = client(installed("python/bin/python"), &server);
    command.arg(clients().join("psycopg_session.py")).arg("");
    Ran::from(command.output().unwrap()).ok();
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn sqlalchemy_finds_what_it_needs() {
    let place = Place::new();
    let server = serve(&place);
    let mut command = client(installed("python/bin/python"), &server);
    command.arg(clients().join("sqlalchemy_session.py"));
    Ran::from(command.output().unwrap()).ok();
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn node_postgres_finds_what_it_needs() {
    let place = Place::new();
    let server = serve(&place);
    let mut command = client("node", &server);
    command
        .env("NODE_PATH", installed("node/node_modules"))
        .arg(clients().join("node_pg.js"));
    Ran::from(command.output().unwrap()).ok();
    assert_eq!(server.terminate(), Some(0));
}

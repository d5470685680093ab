//! Every command, from its arguments to what it prints and its exit code.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::{Place, headwater};

const ACCOUNTS: &str = "\
-- projection: accounts
create table account (id text primary key, email text not null);

-- on: AccountOpened
insert into account (id, email) values (@key, :email);

-- on: EmailChanged
update account set email = :email where id = @key;
";

/// A place with a database that has three events.
fn shop() -> Place {
    let place = Place::new();
    place.run(["database", "create", "shop"]).ok();
    let opened = |n: u32| {
        json!({
            "type": "AccountOpened", "stream": format!("account/{n}"), "tags": [format!("n:{n}")],
            "data": { "email": format!("{n}@example.org") },
        })
    };
    let events = format!("{}\n{}\n{}\n", opened(1), opened(2), opened(3));
    place.run_with(&["append", "-d", "shop"], &events).ok();
    place
}

fn positions(events: &[Value]) -> Vec<u64> {
    events
        .iter()
        .map(|event| event["position"].as_u64().unwrap())
        .collect()
}

#[test]
fn databases_are_created_listed_shown_and_deleted() {
    let place = shop();
    let list = place.run(["database", "list"]).ok();
    assert!(list.stdout.contains("shop"), "{}", list.stdout);
    let show = place.run(["database", "show", "shop"]).ok();
    assert!(show.stdout.contains("head        3"), "{}", show.stdout);
    assert!(show.stdout.contains("partitions  8"), "{}", show.stdout);
    let set = |count| place.run(["database", "set", "shop", "--partitions", count]);
    let told = set("16").ok().stderr;
    assert!(told.contains("has 16 partitions"), "{told}");
    set("257").fails(1, &["257", "1 to 256", "bad_partitions"]);
    let list = place.run(["database", "list"]).ok();
    assert!(list.stdout.contains("partitions") && list.stdout.contains("16"));
    place
        .run(["database", "create", "shop"])
        .fails(1, &["shop", "database_exists"]);
    place
        .run(["database", "create", "Shop!"])
        .fails(1, &["expected"]);
    place
        .run(["database", "delete", "shop"])
        .fails(2, &["3 events", "--yes"]);
    place.run(["database", "delete", "shop", "--yes"]).ok();
    place
        .run(["database", "show", "shop"])
        .fails(1, &["shop", "HTTP 404"]);
}

#[test]
fn events_are_appended_from_arguments_files_and_stdin() {
    let place = Place::new();
    place.run(["database", "create", "shop"]).ok();
    let first = |ran: crate::support::Ran| ran.ok().json()[0]["first"].as_u64().unwrap();
    assert_eq!(
        first(place.run(["append", "-d", "shop", r#"{"type":"A"}"#])),
        1
    );
    let file = place.file("events.json", r#"[{"type":"B"},{"type":"C"}]"#);
    let file = file.to_str().unwrap();
    assert_eq!(first(place.run(["append", "-d", "shop", "-f", file])), 2);
    let stdin = "{\"type\":\"D\"}\n{\"type\":\"E\"}\n";
    assert_eq!(first(place.run_with(&["append", "-d", "shop"], stdin)), 4);
    let event = [
        "append",
        "-d",
        "shop",
        "--type",
        "F",
        "--stream",
        "f/1",
        "--tag",
        "x",
        "--tag",
        "y",
        "--metadata",
        r#"{"actor":"ada"}"#,
        "--occurred-at",
        "2020-01-01T00:00:00Z",
        "--id",
        "01929b9e-7a54-7cc3-a1d7-2a7c5f3a9d10",
        r#"{"n":1}"#,
    ];
    let appended = place.run(event).ok().json();
    assert_eq!(appended[0]["revisions"], json!({ "f/1": 1 }));
    let again = place.run(event).ok().json();
    assert_eq!(
        (&again[0]["first"], &again[0]["repeated"]),
        (&json!(6), &json!(true))
    );
    let read = place
        .run(["read", "-d", "shop", "--stream", "f/1"])
        .ok()
        .json();
    assert_eq!(read[0]["tags"], json!(["x", "y"]));
    assert_eq!(read[0]["metadata"]["actor"], "ada");
    assert_eq!(read[0]["occurred_at"], "2020-01-01T00:00:00.000000Z");
    assert_eq!(read[0]["data"], json!({ "n": 1 }));
}

#[test]
fn a_condition_that_does_not_hold_has_its_own_exit_code() {
    let place = shop();
    let append =
        |more: &[&str]| place.run([&["append", "-d", "shop", "--type", "X"][..], more].concat());
    let none = ["--stream", "account/1", "--expect", "account/1=none"];
    append(&none).fails(
        3,
        &["account/1", "in the way", "position 1", "revision_conflict"],
    );
    append(&["--stream", "account/1", "--expect", "account/1=1"]).ok();
    let tagged = ["--fail-if", "type=AccountOpened tag=n:2"];
    append(&tagged).fails(3, &["boundary_conflict", "position 2"]);
    append(&[&tagged[..], &["--after", "2"]].concat()).ok();
    append(&["--fail-if", r#"{"tags":["n:9"]}"#]).ok();
    assert_eq!(place.run(["read", "-d", "shop"]).ok().json().len(), 6);
}

#[test]
fn what_cannot_be_appended_is_explained() {
    let place = shop();
    let append = |event: &str| place.run(["append", "-d", "shop", event]);
    append("{").fails(2, &["not JSON"]);
    append(r#"{"type":"A","strem":"a/1"}"#).fails(1, &["strem", "events[0]"]);
    append(r#"{"type":"A","stream":"a"}"#).fails(1, &["events[0].stream", "category/key"]);
    place
        .run_with(&["append", "-d", "shop"], "")
        .fails(2, &["no events"]);
    place
        .run(["append", "-d", "nowhere", r#"{"type":"A"}"#])
        .fails(1, &["nowhere", "HTTP 404"]);
    place.run(["append", "{}"]).fails(2, &["--database"]);
    assert_eq!(place.run(["read", "-d", "shop"]).ok().json().len(), 3);
}

#[test]
fn events_are_read_forward_backward_and_by_query() {
    let place = shop();
    let read = |more: &[&str]| {
        positions(
            &place
                .run([&["read", "-d", "shop"][..], more].concat())
                .ok()
                .json(),
        )
    };
    assert_eq!(read(&[]), [1, 2, 3]);
    assert_eq!(read(&["--after", "1", "-n", "1"]), [2]);
    assert_eq!(read(&["--before", "0", "-n", "2"]), [3, 2]);
    assert_eq!(read(&["--before", "3"]), [2, 1]);
    assert_eq!(read(&["--stream", "account/2"]), [2]);
    assert_eq!(read(&["--category", "account", "--tag", "n:3"]), [3]);
    assert_eq!(
        read(&["--type", "AccountOpened", "--type", "Other"]),
        [1, 2, 3]
    );
    assert_eq!(
        read(&["--query", r#"[{"tags":["n:1"]},{"stream":"account/3"}]"#]),
        [1, 3]
    );
    place
        .run(["read", "-d", "shop", "--after", "9"])
        .fails(1, &["position_ahead"]);
}

#[test]
fn a_reader_that_goes_away_ends_the_command_quietly() {
    let place = Place::new();
    place.run(["database", "create", "shop"]).ok();
    let lines: String = (0..5_000)
        .map(|n| format!("{{\"type\":\"A\",\"data\":{n}}}\n"))
        .collect();
    place.run_with(&["append", "-d", "shop"], &lines).ok();
    let mut read = place
        .command(["read", "-d", "shop", "--all"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let head = Command::new("head")
        .args(["-n", "1"])
        .stdin(read.stdout.take().unwrap())
        .output()
        .unwrap();
    assert_eq!(head.stdout.iter().filter(|byte| **byte == b'\n').count(), 1);
    let ran = crate::support::Ran::from(read.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_follower_sees_the_past_and_then_what_is_appended() {
    let place = shop();
    let server = place.serve();
    let follow = place
        .command(["follow", "-d", "shop", "--after", "1", "-n", "4"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    place
        .run(["append", "-d", "shop", r#"[{"type":"A"},{"type":"B"}]"#])
        .ok();
    let ran = crate::support::Ran::from(follow.wait_with_output().unwrap()).ok();
    assert_eq!(positions(&ran.json()), [2, 3, 4, 5]);
    drop(server);
}

#[test]
fn tables_are_queried_as_table_and_as_json() {
    let place = shop();
    let file = place.file("accounts.sql", ACCOUNTS);
    place
        .run(["projection", "apply", "-d", "shop", file.to_str().unwrap()])
        .ok();
    let sql = "select id, email from account order by id limit 2";
    let table = place.run(["sql", "-d", "shop", sql]).ok();
    assert_eq!(
        table.stdout,
        "id  email\n──  ─────────────\n1   1@example.org\n2   2@example.org\n"
    );
    assert!(
        table.stderr.contains("2 rows as of position 3"),
        "{}",
        table.stderr
    );
    let query = place.file("query.sql", "select email from account\nwhere id = $1");
    let query = query.to_str().unwrap();
    let rows = [
        "sql", "-d", "shop", "-f", query, "-p", "\"2\"", "-o", "json",
    ];
    assert_eq!(
        place.run(rows).ok().json(),
        [json!({ "email": "2@example.org" })]
    );
    let change = [
        "append",
        "-d",
        "shop",
        "--type",
        "EmailChanged",
        "--stream",
        "account/1",
        r#"{"email":""}"#,
    ];
    place.run(change).ok();
    let at = |at: &str| {
        let sql = "select email from account where id = '1'";
        place
            .run(["sql", "-d", "shop", sql, "-o", "json", "--at", at])
            .ok()
            .json()
    };
    assert_eq!(at("3"), [json!({ "email": "1@example.org" })]);
    assert_eq!(at("4"), [json!({ "email": "" })]);
    let wrong = ["sql", "-d", "shop", "select id\nfrom nowhere"];
    place.run(wrong).fails(1, &["nowhere", "42P01"]);
}

#[test]
fn projections_are_applied_shown_and_removed() {
    let place = shop();
    let file = place.file("accounts.sql", ACCOUNTS);
    let apply = ["projection", "apply", "-d", "shop", file.to_str().unwrap()];
    let first = place.run(apply).ok();
    assert!(
        first.stderr.contains("accounts is live at position 3"),
        "{}",
        first.stderr
    );
    let again = place.run(apply).ok();
    assert!(
        again.stderr.contains("has this definition already"),
        "{}",
        again.stderr
    );
    let list = place.run(["projection", "list", "-d", "shop"]).ok();
    assert!(list.stdout.contains("accounts    live"), "{}", list.stdout);
    let show = place
        .run(["projection", "show", "-d", "shop", "accounts"])
        .ok();
    assert!(
        show.stdout.contains("create table account"),
        "{}",
        show.stdout
    );
    place
        .run(["projection", "remove", "-d", "shop", "accounts"])
        .ok();
    place
        .run(["projection", "show", "-d", "shop", "accounts"])
        .fails(1, &["accounts", "HTTP 404"]);
    let nameless = place.file("nameless.sql", "create table a (id text primary key);");
    place
        .run([
            "projection",
            "apply",
            "-d",
            "shop",
            nameless.to_str().unwrap(),
        ])
        .fails(1, &["nameless.sql", "-- projection:"]);
}

#[test]
fn a_projection_that_stops_says_where_and_goes_on_after_a_skip() {
    let place = shop();
    place
        .run([
            "append",
            "-d",
            "shop",
            "--type",
            "AccountOpened",
            "--stream",
            "account/4",
            "{}",
        ])
        .ok();
    let file = place.file("accounts.sql", ACCOUNTS);
    place
        .run(["projection", "apply", "-d", "shop", file.to_str().unwrap()])
        .fails(
            1,
            &["accounts stopped", "position 4", "email", "skip accounts 4"],
        );
    let list = place.run(["projection", "list", "-d", "shop"]).ok();
    assert!(list.stdout.contains("failed"), "{}", list.stdout);
    let skip = [
        "projection",
        "skip",
        "-d",
        "shop",
        "accounts",
        "4",
        "--reason",
        "a test account",
    ];
    place.run(skip).ok();
    let show = place
        .run(["projection", "show", "-d", "shop", "accounts"])
        .ok();
    assert!(show.stdout.contains("a test account"), "{}", show.stdout);
    let rows = place
        .run(["sql", "-d", "shop", "select id from account", "-o", "json"])
        .ok();
    assert_eq!(rows.json().len(), 3);
}

#[test]
fn a_changed_definition_that_stops_leaves_the_one_before_and_can_be_mended() {
    let place = shop();
    let file = place.file("accounts.sql", ACCOUNTS);
    let apply = ["projection", "apply", "-d", "shop", file.to_str().unwrap()];
    place.run(apply).ok();
    place.file("accounts.sql", &ACCOUNTS.replace(":email);", ":mail);"));
    let says = [
        "the new version of projection accounts stopped",
        "position 1",
        "mail",
    ];
    place.run(apply).fails(1, &says);
    let sql = [
        "sql",
        "-d",
        "shop",
        "select email from account where id = '1'",
        "-o",
        "json",
    ];
    let row = json!({ "email": "1@example.org" });
    assert_eq!(place.run(sql).ok().json(), [row]);
    place.file(
        "accounts.sql",
        &ACCOUNTS.replace(":email);", "upper(:email));"),
    );
    place.run(apply).ok();
    let row = json!({ "email": "1@EXAMPLE.ORG" });
    assert_eq!(place.run(sql).ok().json(), [row]);
}

#[test]
fn a_projection_that_stopped_is_mended_by_a_changed_definition() {
    let place = shop();
    let broken = ACCOUNTS.replace(":email);", ":mail);");
    let file = place.file("accounts.sql", &broken);
    let apply = ["projection", "apply", "-d", "shop", file.to_str().unwrap()];
    place.run(apply).fails(1, &["projection accounts stopped"]);
    place.file("accounts.sql", ACCOUNTS);
    place.run(apply).ok();
    let list = place.run(["projection", "list", "-d", "shop"]).ok();
    assert!(list.stdout.contains("live"), "{}", list.stdout);
}

#[test]
fn an_export_is_imported_and_gives_the_same_events() {
    let place = shop();
    let file = place.path("events.ndjson");
    let file = file.to_str().unwrap();
    place.run(["export", "-d", "shop", file]).ok();
    place
        .run(["export", "-d", "shop", file])
        .fails(1, &[file, "--resume"]);
    place.run(["database", "create", "copy"]).ok();
    let first = place
        .run(["import", "-d", "copy", file, "--batch", "2"])
        .ok();
    assert!(
        first.stderr.contains("imported 3 events"),
        "{}",
        first.stderr
    );
    let again = place.run(["import", "-d", "copy", file]).ok();
    assert!(
        again.stderr.contains("3 of them were there before"),
        "{}",
        again.stderr
    );
    let home = place.run(["import", "-d", "shop", file]).ok();
    assert!(
        home.stderr.contains("3 of them were there before"),
        "{}",
        home.stderr
    );
    let without_time = |mut event: Value| {
        event.as_object_mut().unwrap().remove("recorded_at");
        event
    };
    let read = |database: &str| -> Vec<Value> {
        let events = place.run(["read", "-d", database]).ok().json();
        events.into_iter().map(without_time).collect()
    };
    assert_eq!(read("copy"), read("shop"));
}

#[test]
fn an_interrupted_import_goes_on_without_repeating() {
    let place = Place::new();
    place.run(["database", "create", "shop"]).ok();
    let lines: Vec<String> = (0..25)
        .map(|n| format!("{{\"type\":\"A\",\"stream\":\"a/{}\",\"data\":{n}}}", n % 3))
        .collect();
    let import = |lines: &[String], batch: &str| {
        let args = ["import", "-d", "shop", "--source", "crm", "--batch", batch];
        place.run_with(&args, &lines.join("\n"))
    };
    import(&lines[..13], "5").ok();
    let rest = import(&lines, "8").ok();
    assert!(
        rest.stderr.contains("13 of them were there before"),
        "{}",
        rest.stderr
    );
    let events = place.run(["read", "-d", "shop"]).ok().json();
    let data: Vec<u64> = events
        .iter()
        .map(|event| event["data"].as_u64().unwrap())
        .collect();
    assert_eq!(data, (0..25).collect::<Vec<_>>());
    let mut changed = lines.clone();
    changed[20] = "{\"type\":\"A\",\"data\":\"other\"}".to_owned();
    import(&changed, "8").fails(3, &["line 21", "id_reused"]);
    let mut broken = lines;
    broken[7] = "{".to_owned();
    import(&broken, "8").fails(1, &["line 8 is not an event"]);
}

#[test]
fn an_interrupted_export_goes_on_after_its_last_whole_line() {
    let place = shop();
    let path = place.path("events.ndjson");
    let file = path.to_str().unwrap();
    place.run(["export", "-d", "shop", file]).ok();
    let whole = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 30]).unwrap();
    let resumed = place.run(["export", "-d", "shop", file, "--resume"]).ok();
    assert!(
        resumed.stderr.contains("exported 1 event "),
        "{}",
        resumed.stderr
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), whole);
    place.run(["database", "create", "other"]).ok();
    place.run(["append", "-d", "other", r#"{"type":"A"}"#]).ok();
    place
        .run(["export", "-d", "other", file, "--resume"])
        .fails(1, &["is of another log"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), whole);
}

#[test]
fn verify_reports_the_chain() {
    let place = shop();
    let report = place.run(["verify", "-d", "shop"]).ok().stdout;
    assert!(report.contains("events    3"), "{report}");
    assert!(report.contains("chain     3:"), "{report}");
}

/// What an auditor does: keeps the line, and pastes it back later.
#[test]
fn verify_holds_a_log_against_the_line_that_was_kept() {
    let place = shop();
    let verify = ["verify", "-d", "shop"];
    let report = place.run(verify).ok().stdout;
    let line = report
        .lines()
        .find_map(|line| line.strip_prefix("chain"))
        .unwrap()
        .trim();
    place.run(["append", "-d", "shop", r#"{"type":"A"}"#]).ok();
    let against = |line: &str| place.run(verify.into_iter().chain(["--against", line]));
    let held = against(line).ok().stdout;
    assert!(held.contains(&format!("against   {line} holds")), "{held}");
    against("3:abc").fails(
        1,
        &["against", "found     3:abc", "expected  POSITION:HASH"],
    );
    let (_, hash) = line.split_once(':').unwrap();
    against(&format!("9:{hash}")).fails(1, &["ends before", "found     4:", "expected  9:"]);

    // The database is made anew, with other events.
    place.run(["database", "delete", "shop", "--yes"]).ok();
    place.run(["database", "create", "shop"]).ok();
    for _ in 0..4 {
        place.run(["append", "-d", "shop", r#"{"type":"A"}"#]).ok();
    }
    place.run(verify).ok();
    against(line).fails(
        1,
        &[
            "changed, inserted or dropped",
            "found     3:",
            &format!("expected  {line}"),
            "to do     compare with a backup",
        ],
    );
}

#[test]
fn stats_show_where_the_bytes_are() {
    let place = shop();
    let table = place.run(["stats", "-d", "shop"]).ok().stdout;
    for text in [
        "events    3 in ",
        "write amplification      1.00    1.00",
        "segments to be merged",
        "sealing       idle",
    ] {
        assert!(table.contains(text), "no {text:?} in\n{table}");
    }
    let json = place.run(["stats", "-d", "shop", "-o", "json"]).ok().json();
    let bytes = &json[0]["bytes"];
    assert_eq!(bytes["disk"], bytes["tail"], "nothing is sealed yet");
    let tail = format!("{}  100.0 %", bytes["tail"]);
    assert!(table.replace(',', "").contains(&tail), "{table}");
    place
        .run(["stats", "-d", "none"])
        .fails(1, &["unknown_database"]);
}

#[test]
fn stats_of_a_sealed_log_show_its_segments_and_what_is_largest() {
    let place = Place::new();
    let server = place.serve_with(&["--tail-max", "64KiB"]);
    place.run(["database", "create", "shop"]).ok();
    let line = |n: u64| {
        let stream = if n.is_multiple_of(2) { 0 } else { n };
        format!("{{\"type\":\"Noted\",\"stream\":\"note/{stream}\",\"data\":{{\"n\":{n}}}}}\n")
    };
    let lines: String = (0..3_000).map(line).collect();
    place
        .run_with(&["import", "-d", "shop", "--source", "notes"], &lines)
        .ok();
    let is_sealed = || {
        let json = place.run(["stats", "-d", "shop", "-o", "json"]).ok().json();
        json[0]["bytes"]["disk"] != json[0]["bytes"]["tail"]
    };
    let begun = std::time::Instant::now();
    while !is_sealed() {
        assert!(begun.elapsed().as_secs() < 30, "nothing is sealed");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let table = place.run(["stats", "-d", "shop", "--segments"]).ok().stdout;
    let row = |of: &[&str]| {
        let mut rows = table
            .lines()
            .map(|row| row.split_whitespace().collect::<Vec<_>>());
        assert!(rows.any(|row| row == of), "no {of:?} in\n{table}");
    };
    row(&["first", "last", "level", "bytes", "appended"]);
    row(&["largest", "stream", "events"]);
    row(&["note/0", "1,500"]);
    row(&["Noted", "3,000"]);
    let first = table.lines().find(|row| row.trim_start().starts_with("1 "));
    assert!(first.is_some(), "the first segment begins at 1:\n{table}");
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn verify_names_a_byte_that_was_flipped() {
    let place = shop();
    let log = file_with(&place.data().join("databases"), b"3@example.org");
    let mut bytes = std::fs::read(&log).unwrap();
    let found = bytes
        .windows(13)
        .position(|part| part == b"3@example.org")
        .unwrap();
    bytes[found] ^= 1;
    std::fs::write(&log, bytes).unwrap();
    place.run(["verify", "-d", "shop"]).fails(1, &["damaged"]);
}

/// The file under a directory that holds these bytes.
fn file_with(directory: &std::path::Path, holds: &[u8]) -> std::path::PathBuf {
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if std::fs::read(&path)
                .unwrap()
                .windows(holds.len())
                .any(|part| part == holds)
            {
                return path;
            }
        }
    }
    panic!("no file holds {}", String::from_utf8_lossy(holds));
}

#[test]
fn options_have_environment_variables() {
    let place = shop();
    let mut read = place.command(["read"]);
    read.env("HEADWATER_DATABASE", "shop")
        .env("HEADWATER_LIMIT", "2");
    let ran = crate::support::Ran::from(read.output().unwrap()).ok();
    assert_eq!(positions(&ran.json()), [1, 2]);
}

#[test]
fn bench_measures_and_leaves_nothing_behind() {
    let place = Place::new();
    let bench = [
        "bench",
        "--quick",
        "--time",
        "50ms",
        "--clients",
        "2",
        "--batch",
        "3",
    ];
    let table = place.run(bench).ok().stdout;
    for text in [
        "appends/s",
        "syncs/s",
        "read all",
        "consume all",
        "fold into a table",
        "row by primary key",
        "16 clients",
        "open node",
    ] {
        assert!(table.contains(text), "no {text:?} in\n{table}");
    }
    assert_eq!(std::fs::read_dir(place.data()).unwrap().count(), 0);
}

/// As the README has it: no options, in a directory where nothing is.
#[test]
fn the_default_data_directory_is_made_where_one_stands() {
    let place = Place::new();
    let mut command = headwater();
    command
        .args(["database", "create", "shop"])
        .current_dir(place.path(""));
    let ran = command.output().unwrap();
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    assert!(place.path("headwater-data/system/log").is_dir());
}

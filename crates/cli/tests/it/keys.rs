//! Keys on the command line.

use crate::support::{Place, Ran, headwater};

const CREATE_ROOT: [&str; 6] = ["key", "create", "--name", "root", "--role", "admin"];

/// Runs a command against the server that has the data directory, with a key or none.
fn run(place: &Place, key: Option<&str>, args: &[&str]) -> Ran {
    let mut command = place.command(args);
    if let Some(key) = key {
        command.env("HEADWATER_KEY", key);
    }
    Ran::from(command.output().unwrap())
}

#[test]
fn who_has_the_files_needs_no_key_and_who_asks_a_server_does() {
    let place = Place::new();
    let made = place.run(CREATE_ROOT).ok();
    let root = made.stdout.trim();
    assert!(root.starts_with("hw_") && made.stdout.lines().count() == 1);
    assert!(made.stderr.contains("it is not shown again"));
    place.run(["database", "create", "shop"]).ok();
    place
        .run(["append", "-d", "shop", r#"{"type":"Noted"}"#])
        .ok();

    place.run(["health"]).fails(1, &["no server has"]);
    let _server = place.serve();
    place.run(["health"]).ok(); // anybody may ask that
    run(&place, None, &["database", "list"]).fails(1, &["the server asks for a key"]);
    let wrong = "hw_0123456789abcdef_wrong";
    run(&place, Some(wrong), &["database", "list"]).fails(1, &["the key is not one"]);
    let till = [
        "key", "create", "--name", "till", "--role", "write", "-d", "shop",
    ];
    let till = run(&place, Some(root), &till).ok().stdout;
    let append = ["append", "-d", "shop", r#"{"type":"Noted"}"#];
    run(&place, Some(till.trim()), &append).ok();
    let delete = ["database", "delete", "shop", "--yes"];
    run(&place, Some(till.trim()), &delete).fails(1, &["may not do this", "role admin"]);

    let read = run(&place, Some(root), &["read", "-d", "shop"]).ok().json();
    assert_eq!(read[0].get("metadata"), None, "nobody was asked");
    assert_eq!(read[1]["metadata"]["actor"], "till");

    run(&place, Some(root), &["key", "revoke", "till"]).ok();
    run(&place, Some(till.trim()), &append).fails(1, &["was revoked"]);
    let listed = run(&place, Some(root), &["key", "list"]).ok();
    assert!(listed.stderr.contains("2 keys"));
    assert!(!listed.stdout.contains("hw_"));
}

#[test]
fn without_a_key_the_server_stays_on_this_machine() {
    let place = Place::new();
    let mut serve = headwater();
    serve.args(["serve", "--listen", "0.0.0.0:0", "--data"]);
    let ran = Ran::from(serve.arg(place.data()).output().unwrap());
    ran.fails(1, &["loopback", "headwater key create"]);
}

#[test]
fn the_first_key_can_make_others() {
    let place = Place::new();
    let read = ["key", "create", "--name", "a", "--role", "read"];
    place.run(read).fails(1, &["the first key", "admin"]);
    place.run(CREATE_ROOT).ok();
    place.run(read).ok();
    place.run(read).fails(1, &["there is a key a already"]);
}

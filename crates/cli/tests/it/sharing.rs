//! Several processes and one data directory.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::{Place, Ran, headwater};

#[test]
fn a_second_command_uses_the_server_that_has_the_directory() {
    let place = Place::new();
    let server = place.serve();
    place.run(["database", "create", "shop"]).ok();
    let appended = place.run(["append", "-d", "shop", r#"{"type":"A"}"#]).ok();
    assert_eq!(appended.json()[0]["first"], 1);
    // The same event, over the server's own address.
    let read = headwater()
        .args(["read", "-d", "shop", "--server", &server.url])
        .output()
        .unwrap();
    assert_eq!(Ran::from(read).ok().json().len(), 1);
    assert_eq!(server.terminate(), Some(0));
    // And without the server.
    assert_eq!(place.run(["read", "-d", "shop"]).ok().json().len(), 1);
}

#[test]
fn commands_without_a_server_take_turns() {
    let place = Place::new();
    place.run(["database", "create", "shop"]).ok();
    let append = || {
        place
            .command(["append", "-d", "shop", r#"{"type":"A"}"#])
            .output()
    };
    let count = 16;
    std::thread::scope(|scope| {
        let commands: Vec<_> = (0..count).map(|_| scope.spawn(append)).collect();
        for command in commands {
            Ran::from(command.join().unwrap().unwrap()).ok();
        }
    });
    assert_eq!(place.run(["read", "-d", "shop"]).ok().json().len(), count);
}

#[test]
fn a_second_server_on_one_directory_is_told_who_has_it() {
    let place = Place::new();
    let server = place.serve();
    let says = [
        "another process serves the data directory",
        &server.url,
        "--data",
    ];
    place
        .run(["serve", "--listen", "127.0.0.1:0"])
        .fails(1, &says);
}

#[test]
fn a_server_that_was_killed_leaves_no_lock_behind() {
    let place = Place::new();
    place.serve().kill();
    place.run(["database", "create", "shop"]).ok();
    assert_eq!(place.serve().terminate(), Some(0));
}

#[test]
fn another_address_than_loopback_is_refused() {
    let place = Place::new();
    place
        .run(["serve", "--listen", "0.0.0.0:0"])
        .fails(1, &["loopback", "expected", "to do"]);
}

#[test]
fn an_address_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    Place::new()
        .run(["serve", "--listen", &address])
        .fails(1, &[&address, "to do"]);
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    let place = Place::new();
    let path = place.data();
    let says = [
        "there is no data directory",
        path.to_str().unwrap(),
        "--server",
    ];
    place.run(["read", "-d", "shop"]).fails(1, &says);
    assert!(!path.exists(), "reading made a directory");
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let ran = headwater()
        .args(["database", "list", "--server", &url])
        .output()
        .unwrap();
    Ran::from(ran).fails(1, &["no server answers at", &url, "headwater serve"]);
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    let place = Place::new();
    place.run(["database", "create", "shop"]).ok();
    let data = place.data();
    let modes = ReadOnly::make(&data);
    if std::fs::write(data.join("probe"), "").is_ok() {
        // Root may write everywhere; the directory is then made unusable in another way.
        drop(modes);
        let blocked = place.file("blocked", "a file, where a directory should be");
        let ran = headwater()
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(&blocked)
            .output()
            .unwrap();
        Ran::from(ran).fails(1, &[blocked.to_str().unwrap()]);
        return;
    }
    place
        .run(["serve", "--listen", "127.0.0.1:0"])
        .fails(1, &[data.to_str().unwrap()]);
}

/// A directory without the right to write, until it is dropped.
struct ReadOnly<'a>(&'a std::path::Path);

impl ReadOnly<'_> {
    fn make(path: &std::path::Path) -> ReadOnly<'_> {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o555)).unwrap();
        ReadOnly(path)
    }
}

impl Drop for ReadOnly<'_> {
    fn drop(&mut self) {
        let usual = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(self.0, usual).unwrap();
    }
}

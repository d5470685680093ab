//! Who may ask: only who names this machine as the host, and no page of another origin.

use std::net::IpAddr;

use axum::http::{HeaderMap, header};

use crate::http::problem::Problem;

/// Refuses a request that a web page made under its own name, which it had led to a loopback
/// address (DNS rebinding): without keys, the name is what tells such a page from a local client.
pub(super) fn check_host(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(value) = headers.get(header::HOST) else {
        return Ok(());
    };
    let text = value.to_str().unwrap_or("");
    if is_loopback(text) {
        return Ok(());
    }
    Err(Problem::new("bad_host", "the request names another host")
        .field("host")
        .found(String::from_utf8_lossy(value.as_bytes()))
        .expected("localhost, 127.0.0.1 or [::1]")
        .action("ask for the address that the server listens on"))
}

/// Refuses a request that a web page of another origin makes: a browser sends some of them without
/// asking first, and the server would do what they say.
pub(super) fn check_origin(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(value) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let text = value.to_str().unwrap_or("");
    let host = text.split_once("://").map_or("", |(_, host)| host);
    if is_loopback(host) {
        return Ok(());
    }
    Err(
        Problem::new("bad_origin", "a web page of another origin asks")
            .field("origin")
            .found(String::from_utf8_lossy(value.as_bytes()))
            .expected("no origin, or one of this machine such as http://localhost")
            .action("ask from a program, or from a page that this machine serves"),
    )
}

/// Whether a `Host` header, with or without a port, names this machine's loopback.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(""),
        None => host.split(':').next().unwrap_or(""),
    };
    let address = name.parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost")
        || address.is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_loopback_names_pass() {
        for host in [
            "localhost",
            "LocalHost:80",
            "127.0.0.1:4437",
            "127.9.9.9",
            "[::1]:1",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "example.org",
            "localhost.example.org",
            "10.0.0.1",
            "[::2]",
            "127.0.0.1.example.org",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}

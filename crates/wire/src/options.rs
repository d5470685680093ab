//! How a server speaks, whatever it speaks.

use std::str::FromStr;

use headwater_event::Error;

use crate::limits::Limits;
use crate::tls::Tls;

/// How a server speaks.
#[derive(Debug, Default)]
pub struct Options {
    /// What it gives to its clients at most.
    pub limits: Limits,
    /// The certificate, if there is one: connections from other machines must be under TLS then, and
    /// those from this machine may be.
    pub tls: Option<Tls>,
    /// What Kafka clients are told to connect to. Else it is the name by which they asked for the
    /// server under TLS, or the address that they reached.
    pub advertised: Option<Advertised>,
}

/// A name or address, and perhaps a port, under which clients reach a server: behind a gateway or out
/// of a container that is not what the server listens on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advertised {
    /// A name, or an address without brackets.
    pub host: String,
    /// The port that the server listens on, if there is none.
    pub port: Option<u16>,
}

impl FromStr for Advertised {
    type Err = Error;

    fn from_str(text: &str) -> Result<Advertised, Error> {
        read(text).ok_or_else(|| {
            Error::invalid("bad_address", "this is no name of a server")
                .found(format!("{text:?}"))
                .expected(
                    "a name or address and perhaps a port, as in db.example.org:4282 or [::1]",
                )
        })
    }
}

fn read(text: &str) -> Option<Advertised> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            match port {
                "" => (host, None),
                port => (host, Some(port.strip_prefix(':')?)),
            }
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
    let usable = !host.is_empty() && host.len() <= 253 && host.bytes().all(plain);
    let port = port.map(str::parse).transpose().ok()?;
    usable.then(|| Advertised {
        host: host.to_owned(),
        port,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_read_with_and_without_a_port() {
        for (text, host, port) in [
            ("db.example.org", "db.example.org", None),
            ("db.example.org:4282", "db.example.org", Some(4282)),
            ("10.0.0.7:1", "10.0.0.7", Some(1)),
            ("[::1]", "::1", None),
            ("[2001:db8::1]:4282", "2001:db8::1", Some(4282)),
        ] {
            let expected = Advertised {
                host: host.to_owned(),
                port,
            };
            assert_eq!(text.parse::<Advertised>().unwrap(), expected, "{text}");
        }
        for bad in [
            "", ":1", "a b", "::1", "[::1", "[a]", "[::1]1", "a:", "a:70000", "a:b",
        ] {
            assert_eq!(
                bad.parse::<Advertised>().unwrap_err().code(),
                "bad_address",
                "{bad}"
            );
        }
    }
}

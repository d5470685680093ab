//! Where a server is.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use reqwest::Url;

/// The address of a server: `http://HOST:PORT`, or `https`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerUrl(Url);

impl ServerUrl {
    /// Whether it is reached under TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The address with a path of these segments, each encoded as a URL needs it.
    pub(crate) fn join(&self, segments: &[&str]) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(segments);
        } // cannot fail: only addresses with a host are accepted
        url
    }
}

impl From<SocketAddr> for ServerUrl {
    fn from(address: SocketAddr) -> ServerUrl {
        let text = format!("http://{address}");
        // A socket address after http:// is a URL, whatever its numbers.
        #[allow(clippy::expect_used)]
        ServerUrl(text.parse().expect("a socket address makes a URL"))
    }
}

impl FromStr for ServerUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<ServerUrl, String> {
        let whole = if text.contains("://") {
            text.to_owned()
        } else {
            format!("http://{text}")
        };
        let url: Url = whole
            .parse()
            .map_err(|error| format!("{error}; expected a URL such as http://127.0.0.1:4280"))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            let expected = "expected http:// or https:// and a host, as in http://127.0.0.1:4280";
            return Err(expected.to_owned());
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err("expected nothing after the port, as in http://127.0.0.1:4280".to_owned());
        }
        Ok(ServerUrl(url))
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_may_be_left_out() {
        for text in [
            "http://127.0.0.1:4280",
            "127.0.0.1:4280",
            "http://127.0.0.1:4280/",
        ] {
            let url: ServerUrl = text.parse().unwrap();
            assert_eq!(url.to_string(), "http://127.0.0.1:4280");
        }
    }

    #[test]
    fn what_is_no_address_of_a_server_is_refused() {
        for text in [
            "https://localhost/v1",
            "http://localhost/v1",
            "ftp://x",
            "",
            "http://",
        ] {
            assert!(text.parse::<ServerUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn segments_are_encoded() {
        let url: ServerUrl = "localhost:1".parse().unwrap();
        assert_eq!(
            url.join(&["v1", "a/b?c d"]).as_str(),
            "http://localhost:1/v1/a%2Fb%3Fc%20d"
        );
    }
}

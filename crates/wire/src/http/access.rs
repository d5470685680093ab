//! What a request needs, and who makes it.

use std::net::IpAddr;

use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use headwater_node::{DatabaseName, Identity, Role};

use crate::app::{App, Shared};
use crate::http::host::{check_host, check_origin};
use crate::http::params;
use crate::http::problem::Problem;
use crate::http::router::{self, DATABASE_PART, Route};
use crate::protocol::Protocol;

/// What a request needs, once the server asks for keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nothing.
    Open,
    /// A key of this role, for the database of the path.
    Database(Role),
    /// A key of this role, for all databases.
    Server(Role),
    /// A key of this role; the request says for which databases.
    Some(Role),
}

impl Access {
    /// The role that is needed, if a key is.
    pub(crate) fn role(self) -> Option<Role> {
        match self {
            Access::Open => None,
            Access::Database(role) | Access::Server(role) | Access::Some(role) => Some(role),
        }
    }

    fn check(self, who: &Identity, path: &str) -> Result<(), Problem> {
        match self {
            Access::Open => {}
            Access::Database(role) => who.may(role, database(path).as_ref())?,
            Access::Server(role) => who.may(role, None)?,
            Access::Some(role) => who.has_role(role)?,
        }
        Ok(())
    }
}

/// The database of the path; nothing if it cannot be one.
fn database(path: &str) -> Option<DatabaseName> {
    let part = router::parts(path).nth(DATABASE_PART)?;
    params::unescape(part).ok()?.parse().ok()
}

/// Who makes a request.
pub(crate) struct Who(pub(crate) Identity);

impl FromRequestParts<Shared> for Who {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Who, Problem> {
        match parts.extensions.remove::<Identity>() {
            Some(who) => Ok(Who(who)),
            None => Ok(Who(app.node.keys().nobody()?)),
        }
    }
}

/// Lets a request in, or refuses it; nothing of its body was read, and no database woken.
///
/// Without keys, the names of host and origin tell a local program from a web page that wants to
/// be taken for one. With keys they do not matter: a web page has no key to send.
pub(crate) async fn admit(
    app: &App,
    peer: IpAddr,
    route: Option<Route>,
    request: &mut Request,
) -> Result<(), Problem> {
    let keys = app.node.keys();
    if !keys.are_needed() {
        check_host(request.headers())?;
        return check_origin(request.headers());
    }
    let access = route.and_then(|route| route.access(request.method()));
    let Some(access) = access.filter(|access| *access != Access::Open) else {
        return Ok(()); // or nothing answers it
    };
    let who = match key_of(request.headers())? {
        Some(text) => {
            let shown = keys.of_text(text).await;
            app.admit(Protocol::Http, peer, shown).await?
        }
        None => keys.nobody()?,
    };
    access.check(&who, request.uri().path())?;
    request.extensions_mut().insert(who);
    Ok(())
}

/// The key that a request shows (RFC 6750, section 2.1).
fn key_of(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let parts = value.to_str().ok().and_then(|text| text.split_once(' '));
    match parts {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(key.trim())),
        _ => Err(Problem::new(
            "key_needed",
            "the header shows no key in a way that the server knows",
        )
        .field("authorization")
        .expected("Bearer, a space, and the text of the key")),
    }
}

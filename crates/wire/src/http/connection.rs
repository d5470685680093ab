//! One connection: requests one after the other, until it ends or the server stops.

use std::convert::Infallible;
use std::pin::Pin;

use axum::body::Body;
use axum::response::IntoResponse as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};

use crate::app::Shared;
use crate::http::problem::Problem;
use crate::http::request;
use crate::socket::Socket;
use crate::stall::Stalling;

/// A head of this size is always taken: hyper needs the room.
const HEADER_BYTES_MIN: usize = 8192;

/// Serves the connection until it ends. When the server stops, the request that is being answered
/// is answered, and no other is read.
pub(crate) async fn serve(socket: Socket, app: Shared) {
    if socket.must_be_secure(app.tls.as_ref()) {
        return farewell(socket, tls_needed()).await;
    }
    let (limits, peer) = (app.limits.clone(), socket.peer());
    let mut stopping = app.stopping.clone();
    let answer = service_fn(|request: hyper::Request<Incoming>| {
        let app = app.clone();
        async move { Ok::<_, Infallible>(request::answer(app, peer, request.map(Body::new)).await) }
    });
    let socket = Stalling::new(socket, limits.stall_max);
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(limits.header_bytes_max.max(HEADER_BYTES_MIN))
        .serve_connection(TokioIo::new(socket), answer);
    let stopped = async {
        let _ = stopping.wait_for(|stopping| *stopping).await; // or the server is gone
    };
    let ended = tokio::select! {
        ended = &mut connection => Some(ended),
        () = stopped => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            Pin::new(&mut connection).graceful_shutdown();
            (&mut connection).await
        }
    };
    let Err(error) = ended else { return };
    let parts = connection.into_parts();
    if error.is_timeout() && !parts.read_buf.is_empty() {
        let problem = Problem::new("timeout", "the head of the request did not arrive in time")
            .expected(format!("all of it within {:?}", limits.header_timeout));
        farewell(parts.io.into_inner().into_inner(), problem).await;
    } else {
        tracing::debug!(%error, %peer, "a connection ended early");
    }
}

/// Tells a client that the server speaks with as many as it can.
pub(crate) async fn refuse(socket: Socket, connections_max: usize) {
    let problem = Problem::new("overloaded", "the server has too many connections")
        .expected(format!("at most {connections_max}"))
        .action("try again after a pause, or keep connections and use them again");
    farewell(socket, problem).await;
}

fn tls_needed() -> Problem {
    Problem::new("tls_needed", "the server speaks TLS to other machines")
        .found("a plain connection")
        .action("ask for https:// instead of http://")
}

/// Writes a problem outside of any request, and closes.
async fn farewell(socket: Socket, problem: Problem) {
    let response = problem.closing().into_response();
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX)
        .await
        .unwrap_or_default(); // bytes in memory
    let mut answer = format!("HTTP/1.1 {}\r\n", parts.status);
    for (name, value) in &parts.headers {
        answer.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap_or("")));
    }
    answer.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    let words = [answer.as_bytes(), &body].concat();
    socket.farewell(&words).await;
}

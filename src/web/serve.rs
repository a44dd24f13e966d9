//! The socket side of the web face: HTTP/1 alone, connections counted and given
//! up at shutdown.
//!
//! The HTTP library speaks HTTP/2 as well as soon as any crate of the program
//! asks for it, and the client does; behind a reverse proxy nobody needs it, and
//! it is more to attack. So the protocol is chosen here.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};

use super::slots::{Slot, Slots};

/// After the word to stop, answers under way may take so long.
const GRACE_PERIOD: Duration = Duration::from_secs(10);
/// Longest time for the header section of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// Bytes of the header section of a request.
const MAX_HEADER: usize = 64 * 1024;
/// Longest life of a connection: who reads its answer byte by byte loses it.
const MAX_AGE: Duration = Duration::from_mins(5);
/// Pause after the system refused to accept, for example without free file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// Serves until `stop`, then lets answers under way finish.
pub(super) async fn until(
    listener: TcpListener,
    router: Router,
    slots: Slots,
    stop: impl Future<Output = ()>,
) {
    let slots = Arc::new(slots);
    let connections = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &slots) => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((socket, peer, Some(slot))) => {
                serve(&connections, socket, peer, router.clone(), slot);
            }
            // Its client has too many connections.
            Ok((.., None)) => {}
            Err(error) if is_about_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    // A connection that stays open must not hold up the end.
    let _ = tokio::time::timeout(GRACE_PERIOD, connections.shutdown()).await;
}

/// Waits for room, then for the next connection.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<Slots>,
) -> std::io::Result<(TcpStream, SocketAddr, Option<Slot>)> {
    let permit = slots.permit().await;
    let (socket, peer) = listener.accept().await?;
    let slot = permit.and_then(|permit| slots.take(peer.ip().to_canonical(), permit));
    Ok((socket, peer, slot))
}

fn serve(
    connections: &GracefulShutdown,
    socket: TcpStream,
    peer: SocketAddr,
    router: Router,
    slot: Slot,
) {
    let pages = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        pages.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEADER)
        .serve_connection(TokioIo::new(socket), service);
    let connection = connections.watch(connection);
    // An error is the client's: it went away, or what it said was no HTTP/1.
    tokio::spawn(async move {
        let _ = tokio::time::timeout(MAX_AGE, connection).await;
        drop(slot);
    });
}

fn is_about_one_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::Notify;

    use super::*;

    /// Serves the router; returns its address, the word to stop, and the task.
    async fn served(router: Router) -> (SocketAddr, Arc<Notify>, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = Arc::new(Notify::new());
        let told = Arc::clone(&stop);
        let serving =
            until(listener, router, Slots::new(Vec::new()), async move { told.notified().await });
        (address, stop, tokio::spawn(serving))
    }

    async fn said_to(address: SocketAddr, words: &[u8]) -> Vec<u8> {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(words).await.unwrap();
        let mut answer = Vec::new();
        // A reset after the answer is an answer as well.
        let _ = socket.read_to_end(&mut answer).await;
        answer
    }

    #[tokio::test]
    async fn only_http_1_is_spoken_and_the_peer_is_known() {
        let peer = get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.ip().to_string());
        let (address, _stop, _serving) = served(Router::new().route("/", peer)).await;
        let one = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        let answer = String::from_utf8(said_to(address, one).await).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("127.0.0.1"), "{answer}");
        // The preface of HTTP/2 and an empty SETTINGS frame (RFC 9113 3.4).
        let two = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
        let answer = said_to(address, two).await;
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 "), "{answer:?}");
    }

    #[tokio::test]
    async fn an_answer_under_way_is_finished_after_the_word_to_stop() {
        let (entered, leave) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (told, waits) = (Arc::clone(&entered), Arc::clone(&leave));
        let slow = get(async move || {
            told.notify_one();
            waits.notified().await;
            "done"
        });
        let (address, stop, serving) = served(Router::new().route("/", slow)).await;
        let asking = tokio::spawn(async move {
            said_to(address, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await
        });
        entered.notified().await;
        stop.notify_one();
        leave.notify_one();
        let answer = String::from_utf8(asking.await.unwrap()).unwrap();
        assert!(answer.ends_with("done"), "{answer}");
        serving.await.unwrap();
    }
}

//! A web server on loopback that does what it is told, byte by byte: good,
//! slow, broken and hostile answers. It speaks no HTTP of its own; each answer
//! is a list of acts on the socket.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails the test")]

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// One thing the server does on a connection after it has read a request.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Writes the bytes.
    Write(Vec<u8>),
    /// Writes one byte at a time with a pause before each, for ever again.
    Drip(Vec<u8>, Duration),
    /// Writes the bytes again and again at full speed until the client leaves.
    Flood(Vec<u8>),
    /// Waits.
    Pause(Duration),
    /// Says nothing more but keeps the connection.
    Hang,
    /// Ends the connection properly.
    Close,
    /// Ends the connection with a reset.
    Reset,
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The path and query.
    pub(crate) path: String,
    /// Request line and fields.
    pub(crate) head: String,
    /// Number of the connection, from 0.
    pub(crate) connection: usize,
}

impl Asked {
    /// The value of a field.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (field, value) = line.split_once(':')?;
            field.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// How many answers were given, and all of them.
type Script = (usize, Vec<Vec<Act>>);

#[derive(Default)]
struct Shared {
    answers: Mutex<HashMap<String, Script>>,
    asked: Mutex<Vec<Asked>>,
    flooded: Mutex<u64>,
}

/// The server; it ends with this value.
pub(crate) struct FeedServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl FeedServer {
    /// A server on 127.0.0.1.
    pub(crate) async fn start() -> Self {
        Self::start_at("127.0.0.1:0").await
    }

    /// A server on that address.
    pub(crate) async fn start_at(address: &str) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::<Shared>::default();
        let served = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            for connection in 0.. {
                let Ok((socket, _)) = listener.accept().await else { return };
                tokio::spawn(serve(socket, connection, Arc::clone(&served)));
            }
        });
        Self { address, shared, task }
    }

    /// The URL of a path here.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The port it listens on.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Appends an answer for `path`. They are given in order, the last for ever.
    pub(crate) fn on(&self, path: &str, acts: impl IntoIterator<Item = Act>) -> &Self {
        let mut answers = self.shared.answers.lock().unwrap();
        answers.entry(path.to_owned()).or_default().1.push(acts.into_iter().collect());
        self
    }

    /// What was asked for, in order.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// Bytes that floods could get rid of.
    pub(crate) fn flooded(&self) -> u64 {
        *self.shared.flooded.lock().unwrap()
    }
}

impl Drop for FeedServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A whole answer with its length.
pub(crate) fn response(status: u16, fields: &[(&str, &str)], body: impl AsRef<[u8]>) -> Act {
    let body = body.as_ref();
    let mut bytes = head(status, fields);
    let end = bytes.len() - 2;
    bytes.truncate(end);
    bytes.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
    bytes.extend_from_slice(body);
    Act::Write(bytes)
}

/// Status line and fields, without a length.
pub(crate) fn head(status: u16, fields: &[(&str, &str)]) -> Vec<u8> {
    let lines = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
    let text: String = std::iter::once(format!("HTTP/1.1 {status} X\r\n")).chain(lines).collect();
    (text + "\r\n").into_bytes()
}

/// One chunk of a chunked body.
pub(crate) fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    chunk
}

async fn serve(mut socket: TcpStream, connection: usize, shared: Arc<Shared>) {
    while let Some(head) = read_head(&mut socket).await {
        let path = head.split(' ').nth(1).unwrap_or("").to_owned();
        shared.asked.lock().unwrap().push(Asked { path: path.clone(), head, connection });
        let acts = {
            let mut answers = shared.answers.lock().unwrap();
            answers.get_mut(&path).map(|(next, list)| {
                let acts = list[(*next).min(list.len() - 1)].clone();
                *next += 1;
                acts
            })
        };
        let acts = acts.unwrap_or_else(|| vec![response(404, &[], "nobody scripted this")]);
        for act in acts {
            if !perform(act, &mut socket, &shared).await {
                return;
            }
        }
    }
}

/// Does the act; whether the connection lives on.
async fn perform(act: Act, socket: &mut TcpStream, shared: &Shared) -> bool {
    match act {
        Act::Write(bytes) => socket.write_all(&bytes).await.is_ok(),
        Act::Drip(bytes, pause) => {
            for byte in bytes.into_iter().cycle() {
                tokio::time::sleep(pause).await;
                if socket.write_all(&[byte]).await.is_err() {
                    break;
                }
            }
            false
        }
        Act::Flood(bytes) => {
            while socket.write_all(&bytes).await.is_ok() {
                *shared.flooded.lock().unwrap() += bytes.len() as u64;
            }
            false
        }
        Act::Pause(pause) => {
            tokio::time::sleep(pause).await;
            true
        }
        Act::Hang => {
            let _ = socket.read(&mut [0; 64]).await;
            false
        }
        Act::Close => {
            let _ = socket.shutdown().await;
            false
        }
        Act::Reset => {
            let _ = socket.set_zero_linger();
            false
        }
    }
}

async fn read_head(socket: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.ok()?);
        assert!(head.len() < 1 << 20, "a request head of a megabyte");
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}

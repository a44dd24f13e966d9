//! A program that takes messages by HTTP, keeps what it was told, and answers by a script.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What is done with a request that came whole. Without a script it is taken.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reply {
    /// A status and a text.
    Say(u16, &'static str),
    /// Taken, after a while.
    Late(Duration),
    /// Nothing, and the connection stays.
    Stall,
    /// Nothing, and the connection is closed.
    Drop,
}

/// A request as it came, whatever was answered.
#[derive(Debug, Clone)]
pub(crate) struct Posted {
    /// Request line and header fields.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    pub(crate) is_taken: bool,
}

impl Posted {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

#[derive(Default)]
struct State {
    script: VecDeque<Reply>,
    posted: Vec<Posted>,
    open: usize,
    most_open: usize,
}

pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, Arc::clone(&shared)));
            }
        });
        Self { address, state }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn then(&self, reply: Reply) {
        self.state.lock().unwrap().script.push_back(reply);
    }

    pub(crate) fn calm(&self) {
        self.state.lock().unwrap().script.clear();
    }

    pub(crate) fn posted(&self) -> Vec<Posted> {
        self.state.lock().unwrap().posted.clone()
    }

    /// Most requests that were in hand at once.
    pub(crate) fn most_open(&self) -> usize {
        self.state.lock().unwrap().most_open
    }
}

async fn serve(mut socket: TcpStream, state: Arc<Mutex<State>>) {
    while let Some((head, body)) = read(&mut socket).await {
        let reply = {
            let mut state = state.lock().unwrap();
            state.open += 1;
            state.most_open = state.most_open.max(state.open);
            let reply = state.script.pop_front().unwrap_or(Reply::Say(204, ""));
            let is_taken = matches!(reply, Reply::Say(200..=299, _) | Reply::Late(_));
            state.posted.push(Posted { head, body, is_taken });
            reply
        };
        let answer = match reply {
            Reply::Say(status, text) => Some((status, text)),
            Reply::Late(pause) => {
                tokio::time::sleep(pause).await;
                Some((204, ""))
            }
            Reply::Stall => {
                let _ = socket.read(&mut [0; 64]).await;
                None
            }
            Reply::Drop => None,
        };
        state.lock().unwrap().open -= 1;
        let Some((status, text)) = answer else { return };
        let length = text.len();
        let answer = format!("HTTP/1.1 {status} x\r\nContent-Length: {length}\r\n\r\n{text}");
        if socket.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(socket: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.ok()?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let length = head.lines().find_map(|line| {
        line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok()
    });
    let mut body = vec![0; length.unwrap_or(0)];
    socket.read_exact(&mut body).await.ok()?;
    Some((head, body))
}

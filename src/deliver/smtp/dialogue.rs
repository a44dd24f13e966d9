//! One side of an SMTP dialogue: a command goes out, one reply comes in, and
//! only a reply that its state knows is believed.
//!
//! lettre's own connection takes any 2xx or 3xx for a yes and keeps what it has
//! read beyond a reply, across STARTTLS too: one stray line then shifts every
//! later answer by one, and refused mails count as sent.

use std::future::Future;
use std::io;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time;

use super::failure::Failure;
use super::reply::{self, Reply};
use crate::deliver::Step;

/// Most bytes of one reply. The longest honest one lists some extensions.
const MOST_BYTES: usize = 64 << 10;

/// A socket, encrypted or not.
pub(super) trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Socket for T {}

/// The socket and what was read beyond the last reply.
pub(super) struct Dialogue {
    stream: Box<dyn Socket>,
    buffer: Vec<u8>,
    scanned: usize,
}

impl Dialogue {
    pub(super) fn new(stream: Box<dyn Socket>) -> Self {
        Self { stream, buffer: Vec::new(), scanned: 0 }
    }

    /// Gives the socket back for the handshake. Fails if anything was said beyond
    /// the last reply: it would count as said under TLS (CVE-2011-0411).
    pub(super) fn into_quiet_stream(self) -> Result<Box<dyn Socket>, Failure> {
        if self.buffer.is_empty() {
            Ok(self.stream)
        } else {
            Err(Failure::Tls("it said more before the handshake than it was asked".to_owned()))
        }
    }

    /// Returns whether the other side has said nothing since its last reply, not even
    /// that it closes. Looks without waiting.
    pub(super) fn is_quiet(&mut self) -> bool {
        if !self.buffer.is_empty() {
            return false;
        }
        let mut byte = [0];
        // Nothing to be read is the only good sign: data is a stray reply, none an end.
        self.stream.read(&mut byte).now_or_never().is_none()
    }

    /// Says `command` and waits for its reply within `limit`. A code among `yes`
    /// is returned, a refusal is an error; any other reply belongs to another
    /// command, and nothing on this connection can be believed any more.
    pub(super) async fn ask(
        &mut self,
        command: &str,
        yes: &[u16],
        step: Step,
        limit: Duration,
    ) -> Result<Reply, Failure> {
        if !self.buffer.is_empty() {
            return Err(Failure::broken(step, "it answers what it was not asked"));
        }
        let asking = async {
            self.stream.write_all(command.as_bytes()).await?;
            self.stream.flush().await?;
            self.read().await
        };
        let reply = within(limit, step, asking).await?;
        judged(reply, yes, step)
    }

    /// Waits for a reply that nobody asked for: the greeting.
    pub(super) async fn listen(
        &mut self,
        yes: &[u16],
        step: Step,
        limit: Duration,
    ) -> Result<Reply, Failure> {
        let reply = within(limit, step, self.read()).await?;
        judged(reply, yes, step)
    }

    async fn read(&mut self) -> io::Result<Reply> {
        let mut piece = [0; 4096];
        loop {
            let taken = reply::take(&mut self.buffer, &mut self.scanned);
            if let Some(reply) = taken.map_err(io::Error::other)? {
                return Ok(reply);
            }
            if self.buffer.len() > MOST_BYTES {
                return Err(io::Error::other("a reply without end"));
            }
            let length = self.stream.read(&mut piece).await?;
            if length == 0 {
                return Err(io::Error::other("it closed the connection"));
            }
            self.buffer.extend_from_slice(&piece[..length]);
        }
    }
}

fn judged(reply: Reply, yes: &[u16], step: Step) -> Result<Reply, Failure> {
    if yes.contains(&reply.code) {
        Ok(reply)
    } else if reply.refuses() {
        Err(Failure::Refused { step, code: reply.code, said: reply.text() })
    } else {
        Err(Failure::broken(step, format!("{} is no answer to that", reply.code)))
    }
}

/// Waits for one step within its limit.
pub(super) async fn within<T>(
    limit: Duration,
    step: Step,
    doing: impl Future<Output = io::Result<T>>,
) -> Result<T, Failure> {
    match time::timeout(limit, doing).await {
        Ok(outcome) => outcome.map_err(|error| Failure::broken(step, error.to_string())),
        Err(_) => Err(Failure::broken(step, format!("no answer within {} s", limit.as_secs_f32()))),
    }
}

//! One connection: the states of an SMTP session, each with a limit of its own.
//!
//! lettre's connection bounds nothing but the TCP connect and believes too much
//! (see `dialogue`), so the session is ours; lettre spells the commands and
//! the login.

use std::time::{Duration, Instant};

use lettre::Address;
use lettre::transport::smtp::authentication::Mechanism;
use lettre::transport::smtp::commands::{Auth, Data, Ehlo, Mail, Rcpt, Rset, Starttls};
use lettre::transport::smtp::response::Response;
use tokio::net::TcpStream;
use tokio::time;

use super::bounded::Bounded;
use super::dialogue::{Dialogue, Socket, within};
use super::endpoint::{Encryption, Endpoint, Tls};
use super::failure::Failure;
use super::trouble::explained;
use crate::deliver::{Examined, Gate, Step};

/// Challenges of one login; LOGIN has two.
const MOST_CHALLENGES: usize = 3;

/// A connection that is ready for a transaction.
pub(super) struct Connection {
    dialogue: Dialogue,
    extensions: Vec<String>,
    /// Of the server, with TLS.
    certificate: Option<Vec<u8>>,
    sent: u32,
    is_reusable: bool,
    used: Instant,
}

impl Connection {
    /// Connects, greets, encrypts and logs in.
    pub(super) async fn open(endpoint: &Endpoint) -> Result<Self, Failure> {
        Self::over(Box::new(Bounded::new(connect(endpoint).await?)), endpoint).await
    }

    /// Does the same over a stream that is open.
    pub(super) async fn over(
        stream: Box<dyn Socket>,
        endpoint: &Endpoint,
    ) -> Result<Self, Failure> {
        let limit = endpoint.step_timeout;
        let (stream, mut certificate) = match (endpoint.encryption, &endpoint.tls) {
            (Encryption::Implicit, Some(tls)) => encrypted(stream, tls, limit).await?,
            _ => (stream, None),
        };
        let mut dialogue = Dialogue::new(stream);
        dialogue.listen(&[220], Step::Greeting, limit).await?;
        let mut extensions = hello(&mut dialogue, endpoint).await?;
        if let (Encryption::Starttls, Some(tls)) = (endpoint.encryption, &endpoint.tls) {
            if !extensions.iter().any(|line| line == "STARTTLS") {
                return Err(Failure::Tls(explained("it does not offer STARTTLS")));
            }
            dialogue.ask(&Starttls.to_string(), &[220], Step::Tls, limit).await?;
            let stream = dialogue.into_quiet_stream()?;
            let (stream, shown) = encrypted(stream, tls, limit).await?;
            (dialogue, certificate) = (Dialogue::new(stream), shown);
            // What was offered in the clear counts no more (RFC 3207 4.2).
            extensions = hello(&mut dialogue, endpoint).await?;
        }
        if endpoint.credentials.is_some() {
            login(&mut dialogue, &extensions, endpoint).await?;
        }
        let used = now();
        Ok(Self { dialogue, extensions, certificate, sent: 0, is_reusable: true, used })
    }

    /// Returns what the server said of itself.
    pub(super) fn examined(self, host: String) -> Examined {
        Examined { host, certificate: self.certificate, extensions: self.extensions }
    }

    /// Runs one transaction with one recipient.
    pub(super) async fn send(
        &mut self,
        endpoint: &Endpoint,
        sender: &Address,
        recipient: &Address,
        message: &str,
        gate: Gate<'_>,
    ) -> Result<(), Failure> {
        let outcome = self.transact(endpoint, sender, recipient, message, gate).await;
        self.sent = self.sent.saturating_add(1);
        match &outcome {
            // 421: the server closes (RFC 5321 3.8).
            Err(Failure::Refused { code: 421, .. }) => self.is_reusable = false,
            // The transaction is over either way.
            Ok(()) | Err(Failure::Refused { step: Step::Content, .. }) => {}
            Err(Failure::Refused { .. } | Failure::Withdrawn) => {
                let reset = Rset.to_string();
                let resetting =
                    self.dialogue.ask(&reset, &[250], Step::Sender, endpoint.step_timeout);
                self.is_reusable = resetting.await.is_ok();
            }
            Err(_) => self.is_reusable = false,
        }
        self.used = now();
        outcome
    }

    async fn transact(
        &mut self,
        endpoint: &Endpoint,
        sender: &Address,
        recipient: &Address,
        message: &str,
        gate: Gate<'_>,
    ) -> Result<(), Failure> {
        let limit = endpoint.step_timeout;
        let mail = Mail::new(Some(sender.clone()), Vec::new()).to_string();
        self.dialogue.ask(&mail, &[250], Step::Sender, limit).await?;
        let rcpt = Rcpt::new(recipient.clone(), Vec::new()).to_string();
        self.dialogue.ask(&rcpt, &[250, 251], Step::Recipient, limit).await?;
        // The last moment: after the dot the message is the server's.
        if !gate().await {
            return Err(Failure::Withdrawn);
        }
        self.dialogue.ask(&Data.to_string(), &[354], Step::Data, limit).await?;
        // In one write with its final dot: two would wait for each other (Nagle).
        let content = stuffed(message);
        match self.dialogue.ask(&content, &[250], Step::Content, endpoint.timeout).await {
            Ok(_) => Ok(()),
            Err(Failure::Broken { reason, .. }) => Err(Failure::Unanswered(reason)),
            Err(failure) => Err(failure),
        }
    }

    /// Returns whether the server has said nothing since its last answer.
    pub(super) fn is_quiet(&mut self) -> bool {
        self.dialogue.is_quiet()
    }

    /// Returns whether another transaction may follow.
    pub(super) const fn is_reusable(&self) -> bool {
        self.is_reusable
    }

    /// Transactions so far.
    pub(super) const fn sent(&self) -> u32 {
        self.sent
    }

    /// Returns how long ago it was used.
    pub(super) fn idle_for(&self) -> Duration {
        now().saturating_duration_since(self.used)
    }
}

#[expect(clippy::disallowed_methods, reason = "only the age of a kept connection, no date")]
fn now() -> Instant {
    Instant::now()
}

async fn connect(endpoint: &Endpoint) -> Result<TcpStream, Failure> {
    let address = (endpoint.host.as_str(), endpoint.port);
    let stream = match time::timeout(endpoint.step_timeout, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(Failure::broken(Step::Connect, error.to_string())),
        Err(_) => return Err(Failure::broken(Step::Connect, "timed out")),
    };
    // Without it the final dot waits for the acknowledgement of what stands before it.
    stream.set_nodelay(true).map_err(|error| Failure::broken(Step::Connect, error.to_string()))?;
    Ok(stream)
}

/// Returns the socket after the handshake, with the certificate that was shown in it. What fails in
/// it, but for time, is for the operator to mend.
async fn encrypted(
    stream: Box<dyn Socket>,
    tls: &Tls,
    limit: Duration,
) -> Result<(Box<dyn Socket>, Option<Vec<u8>>), Failure> {
    let shaking = tls.connector.connect(tls.name.clone(), stream);
    match time::timeout(limit, shaking).await {
        Ok(Ok(stream)) => {
            let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
            let certificate = shown.map(|certificate| certificate.to_vec());
            Ok((Box::new(stream), certificate))
        }
        Ok(Err(error)) => Err(Failure::Tls(explained(&error.to_string()))),
        Err(_) => within(Duration::ZERO, Step::Tls, std::future::pending()).await,
    }
}

/// Says EHLO, or HELO to who does not know it (RFC 5321 3.2). Returns the
/// extensions in capitals.
async fn hello(dialogue: &mut Dialogue, endpoint: &Endpoint) -> Result<Vec<String>, Failure> {
    let limit = endpoint.step_timeout;
    let ehlo = Ehlo::new(endpoint.hello.clone()).to_string();
    match dialogue.ask(&ehlo, &[250], Step::Greeting, limit).await {
        Ok(reply) => Ok(reply.lines.iter().skip(1).map(|line| line.to_uppercase()).collect()),
        Err(Failure::Refused { code: 500..=504 | 550, .. }) => {
            let helo = format!("HELO {}\r\n", endpoint.hello);
            dialogue.ask(&helo, &[250], Step::Greeting, limit).await?;
            Ok(Vec::new())
        }
        Err(failure) => Err(failure),
    }
}

async fn login(
    dialogue: &mut Dialogue,
    extensions: &[String],
    endpoint: &Endpoint,
) -> Result<(), Failure> {
    let Some(credentials) = &endpoint.credentials else { return Ok(()) };
    let offers = |word: &str| {
        let lines = extensions.iter().filter_map(|line| line.strip_prefix("AUTH"));
        lines.flat_map(|rest| rest.split([' ', '='])).any(|offered| offered == word)
    };
    let mechanism = if offers("PLAIN") {
        Mechanism::Plain
    } else if offers("LOGIN") {
        Mechanism::Login
    } else {
        let why = "the server offers neither AUTH PLAIN nor AUTH LOGIN";
        return Err(Failure::Login(why.to_owned()));
    };
    let odd = |_| Failure::Login("the server asks in the login what nobody knows".to_owned());
    let limit = endpoint.step_timeout;
    let mut command = Auth::new(mechanism, credentials.clone(), None).map_err(odd)?.to_string();
    for _ in 0..MOST_CHALLENGES {
        let reply = dialogue.ask(&command, &[235, 334], Step::Login, limit).await?;
        if reply.code == 235 {
            return Ok(());
        }
        let challenge = format!("334 {}\r\n", reply.text());
        let challenge: Response = challenge.parse().map_err(|_| {
            Failure::Login("the server asks in the login what nobody knows".to_owned())
        })?;
        command = Auth::new_from_response(mechanism, credentials.clone(), &challenge)
            .map_err(odd)?
            .to_string();
    }
    Err(Failure::Login("the login does not come to an end".to_owned()))
}

/// Returns the message with its dots doubled (RFC 5321 4.5.2) and its end.
fn stuffed(message: &str) -> String {
    // The end brings its own line end; the message's would arrive as an empty line.
    let message = message.strip_suffix("\r\n").unwrap_or(message);
    let first = if message.starts_with('.') { "." } else { "" };
    format!("{first}{}\r\n.\r\n", message.replace("\r\n.", "\r\n.."))
}

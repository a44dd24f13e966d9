//! One connection: every step with a limit of its own.
//!
//! lettre bounds nothing but the TCP connect and leaves Nagle's algorithm on,
//! which costs 40 ms a mail; so the socket is ours, the steps are called one
//! by one, and each is waited for only so long.

use std::future::Future;
use std::time::{Duration, Instant};

use lettre::Address;
use lettre::transport::smtp::authentication::Mechanism;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use tokio::net::TcpStream;
use tokio::time;

use super::bounded::Bounded;
use super::trouble::explained;
use super::{Encryption, Settings, Step};

/// What went wrong, before it is judged.
#[derive(Debug)]
pub(super) enum Failure {
    /// An address or the message cannot be said in SMTP.
    Unsendable(String),
    /// The server answered no.
    Refused { step: Step, code: u16, said: String },
    /// The connection broke, timed out, or the answer was no SMTP.
    Broken { step: Step, reason: String },
    /// TLS is not to be had, or not with this certificate.
    Tls(String),
    /// No way to log in that both sides know.
    Login(String),
    /// The message went out with its final dot, no answer came.
    Unanswered(String),
}

impl Failure {
    pub(super) fn broken(step: Step, reason: impl Into<String>) -> Self {
        Self::Broken { step, reason: reason.into() }
    }
}

/// A connection that is ready for a transaction.
pub(super) struct Connection {
    inner: AsyncSmtpConnection,
    sent: u32,
    is_reusable: bool,
    used: Instant,
}

impl Connection {
    /// Connects, greets, encrypts and logs in.
    pub(super) async fn open(settings: &Settings) -> Result<Self, Failure> {
        let limit = settings.step_timeout;
        let implicit =
            settings.tls.as_ref().filter(|_| settings.encryption == Encryption::Implicit);
        let mut inner = if let Some(tls) = implicit {
            // The socket is lettre's here: it takes no stream that is encrypted already.
            let connecting = AsyncSmtpConnection::connect_tokio1(
                (settings.host.as_str(), settings.port),
                Some(limit),
                &settings.hello,
                Some(tls.clone()),
                None,
            );
            within(limit, Step::Greeting, connecting).await.map_err(tls_failure)?
        } else {
            let stream = Bounded::new(connect(settings).await?);
            let greeting =
                AsyncSmtpConnection::connect_with_transport(Box::new(stream), &settings.hello);
            within(limit, Step::Greeting, greeting).await?
        };
        if let (Encryption::Starttls, Some(tls)) = (settings.encryption, &settings.tls) {
            if !inner.can_starttls() {
                return Err(Failure::Tls(explained("it does not offer STARTTLS")));
            }
            let upgrading = inner.starttls(tls.clone(), &settings.hello);
            within(limit, Step::Tls, upgrading).await.map_err(tls_failure)?;
        }
        if let Some(credentials) = &settings.credentials {
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            let knows = mechanisms.iter().any(|m| inner.server_info().supports_auth_mechanism(*m));
            if !knows {
                return Err(Failure::Login(
                    "the server offers neither AUTH PLAIN nor AUTH LOGIN".to_owned(),
                ));
            }
            within(limit, Step::Login, inner.auth(&mechanisms, credentials)).await?;
        }
        Ok(Self { inner, sent: 0, is_reusable: true, used: now() })
    }

    /// One transaction with one recipient.
    pub(super) async fn send(
        &mut self,
        settings: &Settings,
        sender: &Address,
        recipient: &Address,
        message: &str,
    ) -> Result<(), Failure> {
        let outcome = self.transact(settings, sender, recipient, message).await;
        self.sent = self.sent.saturating_add(1);
        match &outcome {
            // 421: the server closes (RFC 5321 3.8).
            Err(Failure::Refused { code: 421, .. }) => self.is_reusable = false,
            // The transaction is over either way.
            Ok(()) | Err(Failure::Refused { step: Step::Content, .. }) => {}
            Err(Failure::Refused { .. }) => {
                let reset = self.inner.command(Rset);
                self.is_reusable = within(settings.step_timeout, Step::Sender, reset).await.is_ok();
            }
            Err(_) => self.is_reusable = false,
        }
        self.used = now();
        outcome
    }

    async fn transact(
        &mut self,
        settings: &Settings,
        sender: &Address,
        recipient: &Address,
        message: &str,
    ) -> Result<(), Failure> {
        let limit = settings.step_timeout;
        let mail = Mail::new(Some(sender.clone()), Vec::new());
        within(limit, Step::Sender, self.inner.command(mail)).await?;
        let rcpt = Rcpt::new(recipient.clone(), Vec::new());
        within(limit, Step::Recipient, self.inner.command(rcpt)).await?;
        within(limit, Step::Data, self.inner.command(Data)).await?;
        // In one write with its final dot: two would wait for each other
        // (Nagle) where the socket is not ours.
        let content = self.inner.command(stuffed(message));
        match within(settings.timeout, Step::Content, content).await {
            Ok(_) => Ok(()),
            Err(Failure::Broken { reason, .. }) => Err(Failure::Unanswered(reason)),
            Err(failure) => Err(failure),
        }
    }

    /// Whether another transaction may follow.
    pub(super) fn is_reusable(&self) -> bool {
        self.is_reusable && !self.inner.has_broken()
    }

    /// Transactions so far.
    pub(super) const fn sent(&self) -> u32 {
        self.sent
    }

    /// How long ago it was used.
    pub(super) fn idle_for(&self) -> Duration {
        now().saturating_duration_since(self.used)
    }
}

#[expect(clippy::disallowed_methods, reason = "only the age of a kept connection, no date")]
fn now() -> Instant {
    Instant::now()
}

async fn connect(settings: &Settings) -> Result<TcpStream, Failure> {
    let address = (settings.host.as_str(), settings.port);
    let stream = match time::timeout(settings.step_timeout, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(Failure::broken(Step::Connect, error.to_string())),
        Err(_) => return Err(Failure::broken(Step::Connect, "timed out")),
    };
    // Without it the final dot waits for the acknowledgement of what stands before it.
    stream.set_nodelay(true).map_err(|error| Failure::broken(Step::Connect, error.to_string()))?;
    Ok(stream)
}

/// Waits for one step within its limit and sorts its failure.
async fn within<T>(
    limit: Duration,
    step: Step,
    doing: impl Future<Output = Result<T, lettre::transport::smtp::Error>>,
) -> Result<T, Failure> {
    let Ok(outcome) = time::timeout(limit, doing).await else {
        return Err(Failure::broken(step, format!("no answer within {} s", limit.as_secs_f32())));
    };
    outcome.map_err(|error| match error.status() {
        Some(code) => Failure::Refused { step, code: u16::from(code), said: innermost(&error) },
        None => Failure::broken(step, innermost(&error)),
    })
}

/// The innermost cause: what the server said, or what the system or TLS says.
/// lettre's own words around it repeat each other.
fn innermost(error: &lettre::transport::smtp::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}

/// The message with its dots doubled (RFC 5321 4.5.2) and its end.
fn stuffed(message: &str) -> String {
    // The end brings its own line end; the message's would arrive as an empty line.
    let message = message.strip_suffix("\r\n").unwrap_or(message);
    let first = if message.starts_with('.') { "." } else { "" };
    format!("{first}{}\r\n.\r\n", message.replace("\r\n.", "\r\n.."))
}

/// What speaks of certificates and handshakes is for the operator to mend.
fn tls_failure(failure: Failure) -> Failure {
    match failure {
        Failure::Broken { reason, .. }
            if ["certificate", "handshake", "tls", "alert", "corrupt message"]
                .iter()
                .any(|word| reason.to_lowercase().contains(word)) =>
        {
            Failure::Tls(explained(&reason))
        }
        other => other,
    }
}

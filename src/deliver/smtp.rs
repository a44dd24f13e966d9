//! Mails to a relay or mail server by SMTP (RFC 5321), one recipient per transaction.

mod bounded;
mod connection;
mod dialogue;
mod endpoint;
mod failure;
mod reply;
mod trouble;

use std::fmt;
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::extension::ClientId;
use rustls::pki_types::ServerName;
use secrecy::ExposeSecret as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Mutex, Semaphore};
use tokio_rustls::TlsConnector;

use self::connection::Connection;
pub use self::endpoint::Encryption;
use self::endpoint::{Endpoint, Tls};
use self::failure::Failure;
use super::{
    Channel, ChannelContext, Examined, Gate, Kind, Outgoing, SendError, Step, message, tls,
    without_addresses,
};
use crate::model::settings::{Bound, NamedFile, Secret, Settings as _, judge, settings};
use crate::model::{BoxFuture, Envelope, Payload, Reader, Rendered, is_loopback};

/// The registry's line.
pub const KIND: Kind = Kind {
    name: "smtp",
    summary: "hands mails to a relay or mail server",
    fields: SmtpSettings::fields,
    judge: judge::<SmtpSettings>,
    build,
};

settings! {
    /// The relay or mail server.
    pub struct SmtpSettings in "mail.smtp" checked by check {
        /// The relay.
        host: String = "localhost", HOST;
        /// Its port; where none is written 25, or 587 and 465 by `tls`.
        port: u16 = 25, Bound::Range(1, 65_535);
        /// "none" (loopback only, else also set insecure = true), "starttls", "implicit".
        tls: Encryption = "none";
        /// Mails may go readable for everyone on the way.
        insecure: bool = false;
        /// User; "" = no login.
        username: Option<String> = "";
        /// File with the user's password.
        password_file: Secret = "", Bound::Credential("smtp-password");
        /// PEM of your own CA, if the server's certificate comes from one.
        ca_file: NamedFile = "";
        /// Name we greet with; "" = the machine's.
        hello: Option<String> = "";
        /// Connections at once.
        connections: usize = 2, Bound::Range(1, 50);
        /// Mails a minute; 0 = no limit.
        per_minute: Option<NonZero<u32>> = 0, Bound::Range(0, 1_000_000);
        /// Limit of each reply up to DATA.
        step_timeout: Duration = "60s", Bound::NotZero;
        /// Limit after the final dot. When it passes nobody knows whether the mail was
        /// taken, so keep it long.
        timeout: Duration = "10m", Bound::NotZero;
    }
}

const HOST: Bound = Bound::Text("a host name or address", |text| {
    let is_wrong = |c: char| c.is_whitespace() || c.is_control() || "/@".contains(c);
    let complaint = || format!("`{text}` is no host name; the port is a key of its own");
    if text.contains(is_wrong) { Err(complaint()) } else { Ok(()) }
});

/// The port follows the encryption (RFC 5321 4.5.4.2, RFC 6409 3.1, RFC 8314 3.3).
fn check(settings: &mut SmtpSettings, reader: &mut Reader<'_>) {
    if settings.host.trim().is_empty() {
        reader.problem("host", "must be a host name or address");
    }
    if !reader.has("port") {
        settings.port = match settings.tls {
            Encryption::None => 25,
            Encryption::Starttls => 587,
            Encryption::Implicit => 465,
        };
    }
}

/// A kept connection is closed after this many messages: some servers count.
const MESSAGES_PER_CONNECTION: u32 = 100;
/// A kept connection is not used again after this long: servers and firewalls
/// drop silent ones, often without a word.
const IDLE_LIMIT: Duration = Duration::from_secs(30);

/// The channel.
pub struct Smtp {
    endpoint: Endpoint,
    dkim: Option<Arc<message::dkim::Signer>>,
    connections: usize,
    slots: Semaphore,
    kept: std::sync::Mutex<Vec<Connection>>,
    /// Between two messages at least this long; its lock is held while waiting.
    pace: Option<(Duration, Mutex<()>)>,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Field by field: the credentials must never be among them.
        f.debug_struct("Smtp")
            .field("host", &self.endpoint.host)
            .field("port", &self.endpoint.port)
            .field("encryption", &self.endpoint.encryption)
            .field("has_login", &self.endpoint.credentials.is_some())
            .finish_non_exhaustive()
    }
}

fn build(reader: &mut Reader<'_>, context: &ChannelContext<'_>) -> Option<Box<dyn Channel>> {
    let settings = SmtpSettings::read(reader)?;
    let mut is_sound = judge_secrecy(&settings, reader);
    let credentials = match (&settings.username, &settings.password_file.value) {
        (None, _) => None,
        (Some(user), Some(password)) => {
            Some(Credentials::new(user.clone(), password.expose_secret().to_owned()))
        }
        (Some(_), None) => {
            reader.problem(
                "username",
                "no password for it: set `password_file`, or give the credential `smtp-password`",
            );
            is_sound = false;
            None
        }
    };
    let tls = match settings.tls {
        Encryption::None => None,
        Encryption::Starttls | Encryption::Implicit => Some(tls_parameters(reader, &settings)?),
    };
    if !is_sound {
        return None;
    }
    Some(Box::new(Smtp {
        dkim: context.dkim.clone(),
        connections: settings.connections,
        slots: Semaphore::new(settings.connections),
        kept: std::sync::Mutex::new(Vec::new()),
        pace: settings.per_minute.map(|rate| (Duration::from_mins(1) / rate.get(), Mutex::new(()))),
        endpoint: Endpoint {
            host: settings.host,
            port: settings.port,
            encryption: settings.tls,
            tls,
            hello: settings.hello.map_or_else(ClientId::default, ClientId::Domain),
            credentials,
            step_timeout: settings.step_timeout,
            timeout: settings.timeout,
        },
    }))
}

/// Returns whether nothing secret goes over a network in clear text.
fn judge_secrecy(settings: &SmtpSettings, reader: &mut Reader<'_>) -> bool {
    if settings.tls != Encryption::None || is_loopback(&settings.host) {
        return true;
    }
    if !settings.insecure {
        let host = &settings.host;
        reader.problem(
            "tls",
            format!("`none` sends mails readable for everyone on the way to `{host}`: use `starttls` or `implicit`, or also set `insecure = true`"),
        );
    }
    if settings.username.is_some() {
        reader.problem(
            "username",
            "a password is never sent without TLS: use `starttls` or `implicit`",
        );
    }
    settings.insecure && settings.username.is_none()
}

fn tls_parameters(reader: &mut Reader<'_>, settings: &SmtpSettings) -> Option<Tls> {
    let config = tls::config(reader, &settings.ca_file)?;
    match ServerName::try_from(settings.host.clone()) {
        Ok(name) => Some(Tls { connector: TlsConnector::from(config), name }),
        Err(error) => {
            let host = &settings.host;
            reader.problem("host", format!("no certificate can be for `{host}`: {error}"));
            None
        }
    }
}

impl Channel for Smtp {
    fn examine(&self) -> Option<BoxFuture<'_, Result<Examined, SendError>>> {
        Some(Box::pin(async move {
            let opened = Connection::open(&self.endpoint).await;
            let connection = opened.map_err(|failure| verdict(failure, &[]))?;
            Ok(connection.examined(self.endpoint.host.clone()))
        }))
    }

    fn connections(&self) -> usize {
        self.connections
    }

    fn encode(&self, envelope: &Envelope, rendered: &Rendered) -> Result<Payload, SendError> {
        message::build(envelope, rendered, self.dkim.as_deref())
    }

    fn send<'a>(&'a self, mail: Outgoing<'a>) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async move {
            let open = || -> BoxFuture<'static, bool> { Box::pin(async { true }) };
            self.send_through(mail, &open).await
        })
    }

    fn send_through<'a>(
        &'a self,
        mail: Outgoing<'a>,
        gate: Gate<'a>,
    ) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async move {
            let outcome = self.hand_over(mail.sender, mail.recipient, mail.payload, gate).await;
            outcome.map_err(|failure| verdict(failure, &[mail.sender, mail.recipient]))
        })
    }
}

impl Smtp {
    async fn hand_over(
        &self,
        sender: &str,
        recipient: &str,
        payload: &Payload,
        gate: Gate<'_>,
    ) -> Result<(), Failure> {
        let (message, sender, recipient) = checked(sender, recipient, payload)?;
        let Ok(_slot) = self.slots.acquire().await else {
            return Err(Failure::broken(Step::Connect, "the channel is closed"));
        };
        if let Some((interval, lock)) = &self.pace {
            let _turn = lock.lock().await;
            tokio::time::sleep(*interval).await;
        }
        if let Some(mut connection) = self.take_kept() {
            match connection.send(&self.endpoint, &sender, &recipient, message, gate).await {
                // The server closed a kept connection, or says that it carried
                // enough (421): nothing was said yet that could be doubled, so
                // a fresh one may try. What it says there counts.
                Err(
                    Failure::Broken { step: Step::Sender, .. }
                    | Failure::Refused { step: Step::Sender, code: 421, .. },
                ) => {}
                outcome => {
                    self.keep(connection);
                    return outcome;
                }
            }
        }
        let mut connection = Connection::open(&self.endpoint).await?;
        let outcome = connection.send(&self.endpoint, &sender, &recipient, message, gate).await;
        self.keep(connection);
        outcome
    }

    fn take_kept(&self) -> Option<Connection> {
        let mut kept = self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        while let Some(mut connection) = kept.pop() {
            // A server that has spoken meanwhile says that it closes, or is out of step.
            if is_fresh(connection.idle_for(), connection.sent()) && connection.is_quiet() {
                return Some(connection);
            }
        }
        None
    }

    fn keep(&self, connection: Connection) {
        if connection.is_reusable() && is_fresh(Duration::ZERO, connection.sent()) {
            let mut kept = self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            kept.push(connection);
        }
    }
}

/// Hands one message over in a session over `stream`, in the clear: what hostile servers say is
/// tried without a network. Each step has a minute.
pub async fn converse(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    login: Option<(&str, &str)>,
    sender: &str,
    recipient: &str,
    payload: &Payload,
) -> Result<(), SendError> {
    const LIMIT: Duration = Duration::from_mins(1);
    let login = login.map(|(user, password)| (user.to_owned(), password.to_owned()));
    let settings = Endpoint {
        host: String::new(),
        port: 0,
        encryption: Encryption::None,
        tls: None,
        hello: ClientId::default(),
        credentials: login.map(|(user, password)| Credentials::new(user, password)),
        step_timeout: LIMIT,
        timeout: LIMIT,
    };
    let talk = async {
        let (message, from, to) = checked(sender, recipient, payload)?;
        let mut connection = Connection::over(Box::new(stream), &settings).await?;
        let open = || -> BoxFuture<'static, bool> { Box::pin(async { true }) };
        connection.send(&settings, &from, &to, message, &open).await
    };
    talk.await.map_err(|failure| verdict(failure, &[sender, recipient]))
}

/// Returns whether a connection may be used again.
fn is_fresh(idle: Duration, sent: u32) -> bool {
    idle < IDLE_LIMIT && sent < MESSAGES_PER_CONNECTION
}

/// Returns what can be said in SMTP of a message: its text and its envelope.
fn checked<'a>(
    sender: &str,
    recipient: &str,
    payload: &'a Payload,
) -> Result<(&'a str, Address, Address), Failure> {
    let mailbox = |address: &str, role: &str| {
        // Without SMTPUTF8 (RFC 6531) nothing but ASCII may be said.
        if !address.is_ascii() {
            return Err(Failure::Unsendable(format!("the {role} is not ASCII")));
        }
        address
            .parse::<Address>()
            .map_err(|_| Failure::Unsendable(format!("the {role} is malformed")))
    };
    let message = wire_text(payload)?;
    Ok((message, mailbox(sender, "envelope sender")?, mailbox(recipient, "recipient")?))
}

/// Returns what may go over the wire: ASCII in lines that end in CRLF. A bare CR or LF
/// would let careless servers see an end or a command within a message.
fn wire_text(payload: &Payload) -> Result<&str, Failure> {
    let bytes = &payload.0;
    let is_sound = bytes.iter().enumerate().all(|(at, byte)| match byte {
        b'\r' => bytes.get(at + 1) == Some(&b'\n'),
        b'\n' => at > 0 && bytes[at - 1] == b'\r',
        byte => byte.is_ascii(),
    });
    let text = std::str::from_utf8(bytes).ok().filter(|_| is_sound);
    text.ok_or_else(|| {
        Failure::Unsendable("the message is not ASCII in lines with CRLF".to_owned())
    })
}

/// Returns what a failure means (RFC 5321 4.2.1, 4.5.4.1).
fn verdict(failure: Failure, addresses: &[&str]) -> SendError {
    match failure {
        Failure::Unsendable(reason) => {
            SendError::Permanent { step: Step::Recipient, code: None, reason }
        }
        Failure::Withdrawn => SendError::Withdrawn,
        Failure::Unanswered(reason) => {
            SendError::Unknown { reason: without_addresses(&reason, addresses) }
        }
        Failure::Tls(reason) => SendError::Misconfigured {
            step: Step::Tls,
            code: None,
            reason: without_addresses(&reason, addresses),
        },
        Failure::Login(reason) => SendError::Misconfigured {
            step: Step::Login,
            code: None,
            reason: without_addresses(&reason, addresses),
        },
        Failure::Broken { step, reason } => {
            let reason = without_addresses(&reason, addresses);
            match step {
                Step::Connect | Step::Greeting | Step::Tls | Step::Login => {
                    SendError::Unreachable { step, code: None, reason }
                }
                // A lost connection is as good as a 451 (RFC 5321 3.8).
                _ => SendError::Transient { step, code: None, reason },
            }
        }
        Failure::Refused { step, code, said } => {
            let said = without_addresses(&said, addresses);
            let reason = format!("{code} {said}").trim_end().to_owned();
            let code_given = Some(code);
            let is_permanent = code >= 500;
            match step {
                Step::Recipient | Step::Data | Step::Content if is_permanent => {
                    SendError::Permanent { step, code: code_given, reason }
                }
                Step::Recipient | Step::Data | Step::Content | Step::Sender if !is_permanent => {
                    SendError::Transient { step, code: code_given, reason }
                }
                _ if is_permanent => SendError::Misconfigured { step, code: code_given, reason },
                _ => SendError::Unreachable { step, code: code_given, reason },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_connection_is_used_for_half_a_minute_and_a_hundred_messages() {
        assert!(is_fresh(Duration::from_secs(29), 99));
        assert!(!is_fresh(Duration::from_secs(30), 1));
        assert!(!is_fresh(Duration::ZERO, 100));
    }

    #[test]
    fn a_refusal_is_the_recipients_only_where_it_names_one() {
        let at = |step, code| {
            verdict(Failure::Refused { step, code, said: "no".into() }, &["a@b.de", "c@d.de"])
        };
        for step in [Step::Greeting, Step::Tls, Step::Login, Step::Sender] {
            assert!(at(step, 550).needs_the_operator(), "{step}");
        }
        for step in [Step::Recipient, Step::Data, Step::Content] {
            assert!(matches!(at(step, 550), SendError::Permanent { .. }), "{step}");
            assert!(matches!(at(step, 450), SendError::Transient { .. }), "{step}");
        }
        assert!(matches!(at(Step::Greeting, 421), SendError::Unreachable { .. }));
        assert!(matches!(at(Step::Sender, 451), SendError::Transient { .. }));
        assert!(at(Step::Content, 421).pauses_all());
    }

    #[test]
    fn nothing_but_ascii_lines_goes_over_the_wire() {
        let wire = |bytes: &[u8]| wire_text(&Payload(bytes.to_vec())).is_ok();
        assert!(wire(b"a\r\n.\r\nb\r\n") && wire(b""));
        for bad in [&b"a\nb"[..], b"a\rb", b"\n", b"a\r", b"a\r\r\n", "ä".as_bytes(), b"\xff"] {
            assert!(!wire(bad), "{bad:?}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for host in ["localhost", "127.0.0.1", "127.9.9.9", "::1"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.example.de", "10.0.0.1", "mail.example.de", "0.0.0.0"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}

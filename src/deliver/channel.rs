//! What a channel is, what it is handed and what it answers.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::message::dkim::Signer;
use crate::model::settings::{Field, Shown};
use crate::model::{BoxFuture, Envelope, Payload, Reader, Rendered, Retry};

/// One way out, as the registry lists it.
pub struct Kind {
    /// The word of `mail.channel = "…"`; its table is `[mail.<name>]`.
    pub name: &'static str,
    /// One line for the documentation.
    pub summary: &'static str,
    /// Returns the keys of its table.
    pub fields: fn() -> Vec<Field>,
    /// Returns what holds by its table, of which only the types are judged: `settings::judge`.
    pub judge: fn(&mut Reader<'_>) -> Vec<Shown>,
    /// Takes the kind's own keys from its table. Reports problems to the
    /// reader and returns nothing if it cannot work with what is left.
    pub build: fn(&mut Reader<'_>, &ChannelContext<'_>) -> Option<Box<dyn Channel>>,
}

/// What a channel may need besides its own table.
pub struct ChannelContext<'a> {
    /// Where the program keeps its data.
    pub data_dir: &'a Path,
    /// Signs what is encoded; none if the relay signs.
    pub dkim: Option<Arc<Signer>>,
}

/// A way out for frozen messages.
pub trait Channel: Send + Sync + fmt::Debug {
    /// Makes a message of words. The same input gives the same bytes.
    fn encode(&self, envelope: &Envelope, rendered: &Rendered) -> Result<Payload, SendError>;

    /// Hands one message over to one recipient; `Ok` means the other side
    /// answers for it now. Ends within the limits of the channel's settings.
    fn send<'a>(&'a self, mail: Outgoing<'a>) -> BoxFuture<'a, Result<(), SendError>>;

    /// Hands one message over like [`Channel::send`], but asks `gate` at the last
    /// moment before the message itself is said. Fails with
    /// [`SendError::Withdrawn`] if the gate is closed by then.
    fn send_through<'a>(
        &'a self,
        mail: Outgoing<'a>,
        gate: Gate<'a>,
    ) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async move {
            if !gate().await {
                return Err(SendError::Withdrawn);
            }
            self.send(mail).await
        })
    }

    /// Asks the mail server what it can do, without sending anything; none where there is no
    /// server.
    fn examine(&self) -> Option<BoxFuture<'_, Result<Examined, SendError>>> {
        None
    }

    /// Returns whether what it hands over is mail, whose way is lined with SPF, DKIM and DMARC.
    fn is_mail(&self) -> bool {
        true
    }

    /// Returns how many messages may be on their way at once.
    fn connections(&self) -> usize {
        1
    }
}

/// What a mail server said of itself, after the login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// Its name in the config.
    pub host: String,
    /// Its certificate (DER), which was found valid for the name; none without TLS.
    pub certificate: Option<Vec<u8>>,
    /// Its extensions in capitals, such as `SIZE 10240000`.
    pub extensions: Vec<String>,
}

/// A frozen message as a channel needs it.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// MAIL FROM.
    pub sender: &'a str,
    /// RCPT TO.
    pub recipient: &'a str,
    /// Without angle brackets.
    pub message_id: &'a str,
    /// The bytes.
    pub payload: &'a Payload,
}

impl<'a> Outgoing<'a> {
    /// Returns the message that was encoded for an envelope.
    pub fn new(envelope: &'a Envelope, payload: &'a Payload) -> Self {
        let Envelope { sender, recipient, message_id, .. } = envelope;
        Self { sender, recipient, message_id, payload }
    }
}

/// Returns whether a message may still go out.
pub type Gate<'a> = &'a (dyn Fn() -> BoxFuture<'static, bool> + Send + Sync);

/// Where in the exchange something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Finding and connecting to the host.
    Connect,
    /// Greeting and EHLO.
    Greeting,
    /// STARTTLS and the TLS handshake.
    Tls,
    /// AUTH.
    Login,
    /// MAIL FROM.
    Sender,
    /// RCPT TO.
    Recipient,
    Data,
    /// The message and its final dot.
    Content,
    /// Writing a file.
    File,
    /// A request by HTTP.
    Post,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connect",
            Self::Greeting => "greeting",
            Self::Tls => "TLS",
            Self::Login => "login",
            Self::Sender => "MAIL FROM",
            Self::Recipient => "RCPT TO",
            Self::Data => "DATA",
            Self::Content => "message",
            Self::File => "file",
            Self::Post => "POST",
        })
    }
}

/// Why a message was not handed over. No variant holds an address or a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Refused for now (4xx), or the connection broke before the final dot.
    #[error("refused for now at {step}: {reason}")]
    Transient {
        /// Where.
        step: Step,
        /// The reply code (RFC 5321 4.2), if there was a reply.
        code: Option<u16>,
        /// What was said, without addresses.
        reason: String,
    },
    /// Refused for good (5xx) for this recipient or this message.
    #[error("refused for good at {step}: {reason}")]
    Permanent {
        /// Where.
        step: Step,
        /// The reply code.
        code: Option<u16>,
        /// What was said, without addresses.
        reason: String,
    },
    /// The final dot went out, the answer did not come: it may have arrived
    /// (RFC 1047). The same bytes are sent again.
    #[error("no answer after the message, it may have arrived: {reason}")]
    Unknown {
        /// How the answer failed to come.
        reason: String,
    },
    /// The other side cannot be reached or serves nobody just now.
    #[error("cannot be reached at {step}: {reason}")]
    Unreachable {
        /// Where.
        step: Step,
        /// The reply code, if there was a reply.
        code: Option<u16>,
        /// What happened.
        reason: String,
    },
    /// Refused in a way that is nobody's but the config's fault: every other
    /// message would fare the same.
    #[error("refused by the server at {step}: {reason}")]
    Misconfigured {
        /// Where.
        step: Step,
        /// The reply code, if there was a reply.
        code: Option<u16>,
        /// What was said, without addresses.
        reason: String,
    },
    /// Somebody put a hold on it, or it is no longer to be sent. Nothing of it was said.
    #[error("withdrawn before it was sent")]
    Withdrawn,
    /// No message can be made of it.
    #[error("cannot be made a message: {reason}")]
    Invalid {
        /// What is wrong.
        reason: String,
    },
}

impl SendError {
    /// Returns whether trying again can help.
    pub const fn retry(&self) -> Retry {
        match self {
            Self::Permanent { .. } | Self::Invalid { .. } => Retry::Never,
            Self::Transient { .. }
            | Self::Unknown { .. }
            | Self::Unreachable { .. }
            | Self::Misconfigured { .. }
            | Self::Withdrawn => Retry::Later,
        }
    }

    /// Returns whether every other message would fare the same, so that all sending
    /// should rest: the recipient is not to blame.
    pub const fn pauses_all(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Misconfigured { .. } => true,
            Self::Transient { code, .. } => matches!(code, Some(421)),
            Self::Permanent { .. }
            | Self::Unknown { .. }
            | Self::Withdrawn
            | Self::Invalid { .. } => false,
        }
    }

    /// Returns whether the other side serves as many connections as it wants to, if it
    /// serves any just now. Some refuse one more for good, and some only at the login.
    pub const fn is_crowded(&self) -> bool {
        match self {
            Self::Unreachable { step, .. } => {
                matches!(step, Step::Connect | Step::Greeting | Step::Login)
            }
            Self::Misconfigured { step, .. } => matches!(step, Step::Greeting),
            Self::Transient { code, .. } => matches!(code, Some(421)),
            _ => false,
        }
    }

    /// Returns whether the text was refused for good, and not its recipient.
    pub const fn refuses_the_text(&self) -> bool {
        matches!(self, Self::Permanent { step: Step::Data | Step::Content, .. })
    }

    /// Returns whether a person must act before it can work again.
    pub const fn needs_the_operator(&self) -> bool {
        matches!(self, Self::Misconfigured { .. })
    }

    /// Returns the reply code, if there was a reply.
    pub const fn code(&self) -> Option<u16> {
        match self {
            Self::Transient { code, .. }
            | Self::Permanent { code, .. }
            | Self::Unreachable { code, .. }
            | Self::Misconfigured { code, .. } => *code,
            Self::Unknown { .. } | Self::Withdrawn | Self::Invalid { .. } => None,
        }
    }

    /// Returns what the operator can do.
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Misconfigured { step: Step::Login, .. } => {
                Some("check `mail.smtp.username` and the credential `smtp-password`")
            }
            // Its reason says what to do: the ways to fail are too different.
            Self::Misconfigured { step: Step::Tls, .. } => None,
            Self::Misconfigured { step: Step::Sender, .. } => Some(
                "the server does not take mail from this sender: check `mail.from` and `mail.bounce_address`",
            ),
            Self::Misconfigured { step: Step::File, .. } => {
                Some("check that `service.data_dir` is writable and not full")
            }
            Self::Misconfigured { step: Step::Post, .. } => {
                Some("check the address, the token and the key of `[mail.webhook]`")
            }
            Self::Misconfigured { .. } => Some("check `[mail.smtp]`"),
            Self::Unreachable { step: Step::Post, .. } => {
                Some("check the address of `[mail.webhook]`, and that the program there runs")
            }
            Self::Unreachable { .. } => {
                Some("check `mail.smtp.host` and `port`, and that the server runs")
            }
            Self::Transient { .. }
            | Self::Permanent { .. }
            | Self::Unknown { .. }
            | Self::Withdrawn
            | Self::Invalid { .. } => None,
        }
    }
}

/// Returns what another program said, fit for logs and the database: one short line
/// without control characters, and without anything that is or was made from
/// one of the `addresses` of the exchange.
pub(crate) fn without_addresses(said: &str, addresses: &[&str]) -> String {
    let line: String = said.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let locals: Vec<String> = addresses
        .iter()
        .filter_map(|address| address.rsplit_once('@'))
        .map(|(local, _)| local.to_lowercase())
        .filter(|local| local.len() >= 3)
        .collect();
    let words: Vec<&str> = line
        .split_whitespace()
        .map(|word| {
            let lower = word.to_lowercase();
            let names = lower.contains('@') || locals.iter().any(|local| lower.contains(local));
            if names { "…" } else { word }
        })
        .collect();
    words.join(" ").chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_is_kept_without_whom_it_names() {
        let said = "5.1.1 <petra.mueller@x.de>:\r\n user Petra.Mueller unknown (r+abc@y.de)\u{7}";
        assert_eq!(
            without_addresses(said, &["petra.mueller@x.de", "r+abc@y.de"]),
            "5.1.1 … user … unknown …"
        );
        assert!(without_addresses(&"x ".repeat(5000), &[]).len() <= 200);
    }

    #[test]
    fn only_the_servers_and_the_configs_faults_stop_everything() {
        let transient =
            |code| SendError::Transient { step: Step::Data, code, reason: String::new() };
        assert!(!transient(Some(451)).pauses_all());
        assert!(transient(Some(421)).pauses_all());
        let permanent =
            SendError::Permanent { step: Step::Recipient, code: Some(550), reason: String::new() };
        assert_eq!((permanent.retry(), permanent.pauses_all()), (Retry::Never, false));
        let config =
            SendError::Misconfigured { step: Step::Login, code: Some(535), reason: String::new() };
        assert_eq!((config.retry(), config.pauses_all()), (Retry::Later, true));
        assert!(config.needs_the_operator() && config.hint().is_some());
    }

    #[test]
    fn who_refuses_one_connection_more_is_crowded_and_who_refuses_a_message_is_not() {
        let reason = String::new;
        let away = |step, code| SendError::Unreachable { step, code, reason: reason() };
        let no = |step, code| SendError::Misconfigured { step, code, reason: reason() };
        let later = |step, code| SendError::Transient { step, code, reason: reason() };
        for (error, is_crowded) in [
            (away(Step::Connect, None), true),
            (away(Step::Greeting, None), true),
            (away(Step::Greeting, Some(421)), true),
            (away(Step::Greeting, Some(450)), true),
            (away(Step::Login, Some(454)), true),
            (no(Step::Greeting, Some(554)), true),
            (no(Step::Login, Some(535)), false),
            (no(Step::Sender, Some(550)), false),
            (away(Step::Tls, None), false),
            (later(Step::Sender, Some(421)), true),
            (later(Step::Content, Some(452)), false),
        ] {
            assert_eq!(error.is_crowded(), is_crowded, "{error}");
        }
    }
}

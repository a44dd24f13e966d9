//! `[mail]`: from whom, by which channel, and how stubbornly.

use std::fmt;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use super::fetch::positive;
use super::{Context, count, is_example, optional_text, secrets};
use crate::deliver::message::dkim::Signer;
use crate::deliver::{Channel, ChannelContext, KINDS};
use crate::model::{Reader, Table};

/// `[mail]`.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// The From field.
    pub from: Mailbox,
    /// Address of the Reply-To field.
    pub reply_to: Option<String>,
    /// Who is told of broken sources and mail faults.
    pub admin: Option<String>,
    /// mailto: address of List-Unsubscribe.
    pub unsubscribe_address: Option<String>,
    /// Folder whose templates override the embedded ones.
    pub templates: Option<PathBuf>,
    /// Address whose local part carries bounce tokens; none = the From address.
    pub bounce_address: Option<String>,
    /// Name of the channel.
    pub channel: String,
    /// Before the first retry.
    pub retry_first: Duration,
    /// Ceiling of the time between retries.
    pub retry_max: Duration,
    /// Age at which a message is dead.
    pub give_up: Duration,
    /// Most messages a minute to the addresses of one domain; none = no limit.
    pub domain_per_minute: Option<NonZero<u32>>,
    /// `[mail.smtp]`, for `config show`: the channel reads its table itself.
    pub smtp: SmtpSettings,
}

/// A display name and an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// Display name, decoded; may be empty.
    pub name: String,
    /// Address.
    pub address: String,
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_empty() {
            return f.write_str(&self.address);
        }
        write!(f, "{} <{}>", self.name, self.address)
    }
}

/// How the way to the mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// Not at all: loopback, or `insecure = true`.
    None,
    /// STARTTLS, required (RFC 3207).
    StartTls,
    /// From the first byte (RFC 8314 3.3).
    Implicit,
}

/// `[mail.smtp]`.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// The smarthost.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Encryption.
    pub tls: Tls,
    /// Whether `tls = "none"` is meant although the host is another machine.
    pub insecure: bool,
    /// User; none = no authentication.
    pub username: Option<String>,
    /// The user's password.
    pub password: Option<SecretString>,
    /// A further CA, as PEM, for a smarthost with a certificate of an own CA.
    pub ca_file: Option<PathBuf>,
    /// Name to greet with; none = the machine's.
    pub hello: Option<String>,
    /// Most connections at once.
    pub connections: usize,
    /// Most messages a minute; none = no limit.
    pub per_minute: Option<usize>,
    /// Limit of each reply up to DATA.
    pub step_timeout: Duration,
    /// Limit after the final dot; its expiry means "unknown", never "failed".
    pub timeout: Duration,
}

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

/// The settings, and the chosen channel unless its table is at fault.
pub(super) fn read(
    mut reader: Reader<'_>,
    context: &mut Context<'_>,
    data_dir: &Path,
) -> (MailSettings, Option<Box<dyn Channel>>) {
    let names: Vec<&'static str> = KINDS.iter().map(|kind| kind.name).collect();
    let channel = reader.choice("channel", &names).unwrap_or("maildir").to_owned();
    let from = from(&mut reader);
    let host = from.address.rsplit_once('@').map_or("", |(_, host)| host);
    if channel == "smtp" && is_example(host) {
        let place = reader.place_of("from").clone();
        let message = "still is the example's address: mail servers will refuse it";
        context.warn(Some(place), "mail.from", message);
    }
    let reply_to = if reader.has("reply_to") {
        address(&mut reader, "reply_to")
    } else {
        Some("redaktion@example.de".to_owned())
    };
    let admin = address(&mut reader, "admin");
    let unsubscribe_address = address(&mut reader, "unsubscribe_address");
    let bounce_address = address(&mut reader, "bounce_address");
    let templates = optional_text(&mut reader, "templates").map(|text| context.path(&text));
    if let Some(folder) = &templates
        && context.files.list(folder).map_or(true, |files| files.is_empty())
    {
        reader.problem("templates", format!("no templates in `{}`", folder.display()));
    }
    let retry_first = positive(&mut reader, "retry_first", 5 * MINUTE);
    let retry_max = positive(&mut reader, "retry_max", 4 * HOUR);
    let give_up = positive(&mut reader, "give_up", 48 * HOUR);
    let domain_per_minute = reader.integer("domain_per_minute", 0..=100_000).unwrap_or(0);
    let domain_per_minute = u32::try_from(domain_per_minute).ok().and_then(NonZero::new);
    if retry_first > retry_max {
        reader.problem("retry_first", "must not be longer than `retry_max`");
    }
    if retry_first > give_up {
        reader.problem("give_up", "must not be shorter than `retry_first`");
    }
    let empty = Table { place: reader.place().clone(), entries: Vec::new() };
    let smtp = reader.table("smtp").unwrap_or(&empty);
    let smtp = if channel == "smtp" {
        // The channel itself is the judge of the table it uses.
        read_smtp(Reader::new(smtp, "mail.smtp", &mut Vec::new()), context)
    } else {
        read_smtp(reader.inner(smtp, "smtp"), context)
    };
    if let Some(maildir) = reader.table("maildir") {
        reader.inner(maildir, "maildir").finish();
    }
    let signer = reader.table("dkim").map(|table| {
        let mut reader = reader.inner(table, "dkim");
        let signer = Signer::build(&mut reader, context.directory);
        reader.finish();
        signer
    });
    let password = smtp.password.clone();
    let secret = |name: &str| {
        let password = password.as_ref().filter(|_| name == "smtp-password");
        password.map(|password| password.expose_secret().to_owned())
    };
    let built = KINDS.iter().find(|kind| kind.name == channel).and_then(|kind| {
        let table = reader.table(kind.name).unwrap_or(&empty);
        let mut reader = reader.inner(table, kind.name);
        let dkim = signer.clone().flatten();
        let channel_context =
            ChannelContext { data_dir, config_dir: context.directory, secret: &secret, dkim };
        let built = (kind.build)(&mut reader, &channel_context);
        if built.is_some() {
            reader.finish();
        }
        built
    });
    // A signer that was asked for and failed must not become mails without signature.
    let built = built.filter(|_| !matches!(signer, Some(None)));
    reader.finish();
    let settings = MailSettings {
        from,
        reply_to,
        admin,
        unsubscribe_address,
        templates,
        bounce_address,
        channel,
        retry_first,
        retry_max,
        give_up,
        domain_per_minute,
        smtp,
    };
    (settings, built)
}

fn read_smtp(mut reader: Reader<'_>, context: &mut Context<'_>) -> SmtpSettings {
    let host = optional_text(&mut reader, "host").unwrap_or_else(|| "localhost".to_owned());
    if host.contains(|c: char| c.is_whitespace() || c.is_control() || "/@".contains(c)) {
        reader.problem("host", format!("`{host}` is no host name; the port is a key of its own"));
    }
    let tls = match reader.choice("tls", &["none", "starttls", "implicit"]) {
        Some("starttls") => Tls::StartTls,
        Some("implicit") => Tls::Implicit,
        _ => Tls::None,
    };
    // RFC 5321 4.5.4.2, RFC 6409 3.1, RFC 8314 3.3.
    let usual = match tls {
        Tls::None => 25,
        Tls::StartTls => 587,
        Tls::Implicit => 465,
    };
    let port = reader.integer("port", 1..=65_535).and_then(|port| u16::try_from(port).ok());
    let port = port.unwrap_or(usual);
    let insecure = reader.boolean("insecure").unwrap_or(false);
    let username = optional_text(&mut reader, "username");
    let password = secrets::read(
        &mut reader,
        context,
        "password_file",
        "AMTSBOTE_SMTP_PASSWORD",
        "smtp-password",
    );
    let ca_file = optional_text(&mut reader, "ca_file").map(|text| context.path(&text));
    if let Some(path) = &ca_file
        && let Err(error) = context.files.read(path)
    {
        reader.problem("ca_file", format!("cannot read `{}`: {error}", path.display()));
    }
    let hello = optional_text(&mut reader, "hello");
    let connections = count(&mut reader, "connections", 50, 2);
    let per_minute = reader.integer("per_minute", 0..=100_000).unwrap_or(0);
    let per_minute = usize::try_from(per_minute).ok().filter(|limit| *limit > 0);
    let step_timeout = positive(&mut reader, "step_timeout", MINUTE);
    let timeout = positive(&mut reader, "timeout", 10 * MINUTE);
    reader.finish();
    SmtpSettings {
        host,
        port,
        tls,
        insecure,
        username,
        password,
        ca_file,
        hello,
        connections,
        per_minute,
        step_timeout,
        timeout,
    }
}

/// `Name <address>`, or the address alone.
fn from(reader: &mut Reader<'_>) -> Mailbox {
    let default = Mailbox {
        name: "Kommunal-IT-Meldungen".to_owned(),
        address: "meldungen@example.de".to_owned(),
    };
    let Some(text) = reader.text("from") else { return default };
    let (name, address) = match text.trim().strip_suffix('>').and_then(|text| text.split_once('<'))
    {
        Some((name, address)) => (name.trim(), address.trim()),
        None => ("", text.trim()),
    };
    let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name);
    if is_address(address) && !name.contains(|c: char| c.is_control() || "<>".contains(c)) {
        return Mailbox { name: name.to_owned(), address: address.to_owned() };
    }
    reader.problem(
        "from",
        format!("`{text}` is no sender such as `Kommunal-IT-Meldungen <meldungen@example.de>`"),
    );
    default
}

fn address(reader: &mut Reader<'_>, key: &'static str) -> Option<String> {
    let text = optional_text(reader, key)?;
    if is_address(&text) {
        return Some(text);
    }
    reader.problem(key, format!("`{text}` is no address such as `redaktion@example.de`"));
    None
}

/// What a mail server takes in an envelope; lettre's own rule lets more pass.
fn is_address(text: &str) -> bool {
    let printable =
        text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"(),:;[]\\".contains(&byte));
    printable && text.len() <= 254 && text.parse::<lettre::Address>().is_ok()
}

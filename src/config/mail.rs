//! `[mail]`: from whom, by which channel, and how stubbornly.

use std::fmt;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::checks::is_example;
use crate::deliver::message::dkim::{DkimSettings, Signer};
use crate::deliver::{Channel, ChannelContext, KINDS};
use crate::model::settings::{Bound, Settings as _, Shown, TextSetting, settings};
use crate::model::{Reader, Table};
use crate::outbox;

settings! {
    /// From whom mails come, by which channel, and how stubbornly.
    pub struct MailSettings in "mail" checked by check {
        /// The From field.
        from: Mailbox = "Kommunal-IT-Meldungen <meldungen@example.de>";
        /// Where answers go.
        reply_to: Option<String> = "redaktion@example.de", ADDRESS;
        /// Who is told of broken sources and mail faults; "" = only log and status.
        admin: Option<String> = "", ADDRESS;
        /// A source that cannot be read is told of at the third attempt, or once that has lasted so long.
        notify_after: Duration = "6h", Bound::NotZero;
        /// mailto: address for leaving, read by `amtsbote mail-in`; "" = web only.
        unsubscribe_address: Option<String> = "", ADDRESS;
        /// For example "news@post.example.de": newsletters for a source of kind "mail" come to
        /// news+ID@…, read by `amtsbote mail-in`; "" = none.
        news_address: Option<String> = "", ADDRESS;
        /// Folder with templates that replace the built-in ones of the same name.
        templates: Option<PathBuf> = "";
        /// For example "r@post.example.de": the envelope sender becomes r+TOKEN@…, so
        /// that returned mails can be told apart; "" = the From address.
        bounce_address: Option<String> = "", ADDRESS;
        /// "maildir" writes mails as files under data_dir/mail; "smtp" sends them; "webhook"
        /// posts them as JSON to another program.
        channel: String = "maildir", Bound::OneOf(channels);
        /// Most mails a minute to the addresses of one domain; 0 = no limit. For a server
        /// that delivers itself; a relay has limits of its own.
        domain_per_minute: Option<NonZero<u32>> = 0, Bound::Range(0, 100_000);
        ..outbox: outbox::Settings;
    }
}

fn channels() -> Vec<&'static str> {
    KINDS.iter().map(|kind| kind.name).collect()
}

fn check(settings: &mut MailSettings, reader: &mut Reader<'_>) {
    if settings.channel == "smtp" && is_example(settings.from.domain()) {
        let message = "still is the example's address: mail servers will refuse it";
        reader.warn("from", message);
    }
    if let Some(folder) = &settings.templates
        && reader.around().list(folder).map_or(true, |files| files.is_empty())
    {
        reader.problem("templates", format!("no templates in `{}`", folder.display()));
    }
}

/// A display name and an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// Display name, decoded; may be empty.
    pub name: String,
    pub address: String,
}

impl Mailbox {
    /// Returns the domain of the address, for Message-IDs and List-Id.
    pub fn domain(&self) -> &str {
        self.address.rsplit('@').next().unwrap_or_default()
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_empty() {
            return f.write_str(&self.address);
        }
        write!(f, "{} <{}>", self.name, self.address)
    }
}

/// `Name <address>`, or the address alone.
impl TextSetting for Mailbox {
    const FORM: &'static str = "name and address";

    fn parse(text: &str) -> Result<Self, String> {
        let inner = text.trim().strip_suffix('>').and_then(|text| text.split_once('<'));
        let (name, address) = inner.unwrap_or(("", text));
        let (name, address) = (name.trim(), address.trim());
        let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name);
        let is_plain = !name.contains(|c: char| c.is_control() || "<>".contains(c));
        if is_plain && is_address(address) {
            return Ok(Self { name: name.to_owned(), address: address.to_owned() });
        }
        Err(format!("`{text}` is no sender such as `Kommunal-IT-Meldungen <meldungen@example.de>`"))
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

const ADDRESS: Bound = Bound::Text("a mail address", |text| {
    let complaint = || format!("`{text}` is no address such as `redaktion@example.de`");
    if is_address(text) { Ok(()) } else { Err(complaint()) }
});

/// Returns whether a mail server takes the address in an envelope; lettre's own rule lets more pass.
pub(super) fn is_address(text: &str) -> bool {
    let printable =
        text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"(),:;[]\\".contains(&byte));
    printable && text.len() <= 254 && text.parse::<lettre::Address>().is_ok()
}

/// The chosen way out, and what holds for each.
#[derive(Debug, Default)]
pub(super) struct Channels {
    /// What signs mails, if we do it ourselves.
    pub(super) signer: Option<Arc<Signer>>,
    /// The chosen one, unless its table is at fault.
    pub(super) chosen: Option<Box<dyn Channel>>,
    /// Every channel that has keys, with its keys.
    pub(super) shown: Vec<(&'static str, Vec<Shown>)>,
}

/// Reads `[mail]` and the tables of all channels in it. Each channel judges its own table: the
/// chosen one in full, the others only by the types of their keys.
pub(super) fn read(mut reader: Reader<'_>, data_dir: &Path) -> (Option<MailSettings>, Channels) {
    let settings = MailSettings::read(&mut reader);
    let chosen = settings.as_ref().map(|settings| settings.channel.as_str());
    let empty = Table { place: reader.place().clone(), entries: Vec::new() };
    let signer = reader.table("dkim").map(|table| {
        let mut reader = reader.inner(table, "dkim");
        let signer = DkimSettings::read(&mut reader)
            .and_then(|settings| Signer::build(&settings, &mut reader));
        reader.finish();
        signer
    });
    let mut channels = Channels::default();
    for kind in KINDS {
        let written = reader.table(kind.name);
        let table = written.unwrap_or(&empty);
        let mut unheard = Vec::new();
        let mut silent = Reader::within(reader.around(), table, "", &mut unheard);
        let shown = (kind.judge)(&mut silent);
        if !shown.is_empty() {
            channels.shown.push((kind.name, shown));
        }
        let mut reader = reader.inner(table, kind.name);
        if chosen == Some(kind.name) {
            let dkim = signer.clone().flatten();
            channels.chosen = (kind.build)(&mut reader, &ChannelContext { data_dir, dkim });
        } else if written.is_some() {
            (kind.judge)(&mut reader);
        } else {
            continue;
        }
        reader.finish();
    }
    if matches!(signer, Some(None)) {
        // A signer that was asked for and failed must not become mails without signature.
        channels.chosen = None;
    }
    channels.signer = signer.flatten();
    reader.finish();
    (settings, channels)
}

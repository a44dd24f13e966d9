//! `config show`: what holds, as TOML, with secrets masked.

use std::fmt::Write as _;
use std::num::NonZero;
use std::time::Duration;

use secrecy::SecretString;

use super::{Config, DEFAULTS, Tls};
use crate::model::{Content, Network, Table, Value};

/// What stands where a secret would.
const MASK: &str = "********";

/// The shipped files one after the other, valid TOML together.
pub fn defaults() -> String {
    let sections: Vec<String> =
        DEFAULTS.iter().map(|(name, text)| format!("# ---- {name}\n\n{text}")).collect();
    sections.join("\n")
}

impl Config {
    /// The config as TOML: with `defaults` the shipped files, else every key
    /// that holds now, from whatever file or default it comes. Secrets are masked.
    pub fn show(&self, defaults: bool) -> String {
        if defaults { self::defaults() } else { self.effective() }
    }

    fn effective(&self) -> String {
        let mut page = Page::default();
        let service = &self.service;
        page.table("service");
        page.text("name", &service.name);
        page.text("public_url", &service.public_url);
        page.text("contact", &service.contact);
        page.text("operator", &service.operator);
        page.text("imprint_url", service.imprint_url.as_deref().unwrap_or_default());
        page.text("privacy_url", service.privacy_url.as_deref().unwrap_or_default());
        page.text("accessibility_url", service.accessibility_url.as_deref().unwrap_or_default());
        page.text("data_dir", &service.data_dir.display().to_string());
        page.text("timezone", service.timezone.name());
        page.text("holidays", &service.land);
        page.secret("key", service.key.as_ref());
        let fetch = &self.fetch;
        page.table("fetch");
        page.duration("interval", fetch.interval);
        page.duration("min_interval", fetch.min_interval);
        page.duration("max_interval", fetch.max_interval);
        page.duration("max_retry_after", fetch.max_retry_after);
        page.duration("timeout", fetch.timeout);
        page.bytes("max_bytes", fetch.max_bytes);
        page.value("concurrency", fetch.concurrency);
        page.value("per_host", fetch.per_host);
        page.duration("host_spacing", fetch.host_spacing);
        page.text("proxy", fetch.proxy.as_deref().unwrap_or_default());
        page.text("user_agent", &fetch.user_agent);
        page.networks("allow_private", &fetch.allow_private);
        self.show_mail(&mut page);
        let web = &self.web;
        page.table("web");
        page.text("listen", &web.listen.map(|listen| listen.to_string()).unwrap_or_default());
        page.value("subscribe", web.subscribe);
        page.networks("status", &web.status);
        page.networks("trusted_proxies", &web.trusted_proxies);
        let retention = &self.retention;
        page.table("retention");
        page.period("pending", retention.pending);
        page.period("proof", retention.proof);
        page.period("bodies", retention.bodies);
        page.period("outbox", retention.outbox);
        page.period("bounces", retention.bounces);
        page.period("items", retention.items);
        for plan in &self.series {
            page.row("series");
            page.text("id", plan.series.id.as_str());
            page.text("title", &plan.series.title);
            page.text("schedule", plan.calendar.as_str());
            page.value("max_items", plan.series.max_items);
            page.value("max_items_per_topic", plan.series.max_items_per_topic);
        }
        for name in ["source", "topic"] {
            if let Some(Value { content: Content::Array(rows), .. }) = self.tree.get(name) {
                for row in rows {
                    if let Content::Table(table) = &row.content {
                        page.row(name);
                        page.written(name, table);
                    }
                }
            }
        }
        page.out
    }

    fn show_mail(&self, page: &mut Page) {
        let mail = &self.mail;
        page.table("mail");
        page.text("from", &mail.from.to_string());
        page.text("reply_to", mail.reply_to.as_deref().unwrap_or_default());
        page.text("admin", mail.admin.as_deref().unwrap_or_default());
        page.text("unsubscribe_address", mail.unsubscribe_address.as_deref().unwrap_or_default());
        let templates = mail.templates.as_ref().map(|path| path.display().to_string());
        page.text("templates", &templates.unwrap_or_default());
        page.text("bounce_address", mail.bounce_address.as_deref().unwrap_or_default());
        page.text("channel", &mail.channel);
        page.duration("retry_first", mail.retry_first);
        page.duration("retry_max", mail.retry_max);
        page.duration("give_up", mail.give_up);
        page.value("domain_per_minute", mail.domain_per_minute.map_or(0, NonZero::get));
        let smtp = &mail.smtp;
        page.table("mail.smtp");
        page.text("host", &smtp.host);
        page.value("port", smtp.port);
        let tls = match smtp.tls {
            Tls::None => "none",
            Tls::StartTls => "starttls",
            Tls::Implicit => "implicit",
        };
        page.text("tls", tls);
        page.value("insecure", smtp.insecure);
        page.text("username", smtp.username.as_deref().unwrap_or_default());
        page.secret("password", smtp.password.as_ref());
        let ca_file = smtp.ca_file.as_ref().map(|path| path.display().to_string());
        page.text("ca_file", &ca_file.unwrap_or_default());
        page.text("hello", smtp.hello.as_deref().unwrap_or_default());
        page.value("connections", smtp.connections);
        page.value("per_minute", smtp.per_minute.unwrap_or_default());
        page.duration("step_timeout", smtp.step_timeout);
        page.duration("timeout", smtp.timeout);
    }
}

/// TOML in the making. Writing to a String cannot fail, so results are dropped.
#[derive(Default)]
struct Page {
    out: String,
}

impl Page {
    fn table(&mut self, name: &str) {
        let gap = if self.out.is_empty() { "" } else { "\n" };
        let _ = writeln!(self.out, "{gap}[{name}]");
    }

    fn row(&mut self, name: &str) {
        let gap = if self.out.is_empty() { "" } else { "\n" };
        let _ = writeln!(self.out, "{gap}[[{name}]]");
    }

    fn value(&mut self, key: &str, value: impl std::fmt::Display) {
        let _ = writeln!(self.out, "{key} = {value}");
    }

    fn text(&mut self, key: &str, text: &str) {
        self.value(key, quoted(text));
    }

    /// Not a key that may be written: where it comes from is a file or the environment.
    fn secret(&mut self, key: &str, secret: Option<&SecretString>) {
        if secret.is_some() {
            let _ = writeln!(self.out, "# {key} = {}", quoted(MASK));
        }
    }

    fn duration(&mut self, key: &str, span: Duration) {
        self.text(key, &in_units(span));
    }

    fn period(&mut self, key: &str, span: Option<Duration>) {
        self.text(key, &span.map(in_units).unwrap_or_default());
    }

    fn bytes(&mut self, key: &str, bytes: u64) {
        let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
        let (size, unit) = units
            .into_iter()
            .find(|(size, _)| bytes > 0 && bytes.is_multiple_of(*size))
            .unwrap_or((1_u64, "B"));
        self.text(key, &format!("{}{unit}", bytes / size));
    }

    fn networks(&mut self, key: &str, networks: &[Network]) {
        let list: Vec<String> =
            networks.iter().map(|network| quoted(&network.to_string())).collect();
        self.value(key, format!("[{}]", list.join(", ")));
    }

    /// A table as it was written: keys first, then the tables in it.
    fn written(&mut self, path: &str, table: &Table) {
        let is_table = |value: &Value| matches!(value.content, Content::Table(_));
        for (key, _, value) in table.entries.iter().filter(|(_, _, value)| !is_table(value)) {
            self.value(&key_text(key), inline(value, false));
        }
        for (key, _, value) in &table.entries {
            let Content::Table(inner) = &value.content else { continue };
            // Header fields may hold tokens.
            if key == "headers" {
                self.value(&key_text(key), inline(value, true));
                continue;
            }
            let path = format!("{path}.{}", key_text(key));
            self.table(&path);
            self.written(&path, inner);
        }
    }
}

fn inline(value: &Value, masked: bool) -> String {
    match &value.content {
        Content::Text(_) if masked => quoted(MASK),
        Content::Text(text) => quoted(text),
        Content::Integer(number) => number.to_string(),
        Content::Float(number) => format!("{number:?}"),
        Content::Boolean(boolean) => boolean.to_string(),
        Content::Date => quoted(""),
        Content::Array(values) => {
            let values: Vec<String> = values.iter().map(|value| inline(value, masked)).collect();
            format!("[{}]", values.join(", "))
        }
        Content::Table(table) => {
            let entries: Vec<String> = table
                .entries
                .iter()
                .map(|(key, _, value)| format!("{} = {}", key_text(key), inline(value, masked)))
                .collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

fn key_text(key: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    if !key.is_empty() && key.bytes().all(bare) { key.to_owned() } else { quoted(key) }
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn in_units(span: Duration) -> String {
    let milliseconds = span.as_millis();
    if !milliseconds.is_multiple_of(1000) {
        return format!("{milliseconds}ms");
    }
    let seconds = span.as_secs();
    let units = [(31_536_000, "y"), (86_400, "d"), (3600, "h"), (60, "m")];
    let (size, unit) = units
        .into_iter()
        .find(|(size, _)| seconds > 0 && seconds.is_multiple_of(*size))
        .unwrap_or((1_u64, "s"));
    format!("{}{unit}", seconds / size)
}

//! `config show`: what holds, as TOML, with secrets masked.

use std::fmt::Write as _;

use super::{Config, DEFAULTS};
use crate::model::settings::{Settings, Shown};
use crate::model::{Content, Table, Value};

/// What stands where a secret would.
const MASK: &str = "********";

/// Returns the shipped files one after the other, valid TOML together.
pub fn defaults() -> String {
    let sections: Vec<String> =
        DEFAULTS.iter().map(|(name, text)| format!("# ---- {name}\n\n{text}")).collect();
    sections.join("\n")
}

impl Config {
    /// Returns the config as TOML: with `defaults` the shipped files, else every key
    /// that holds now, from whatever file or default it comes. Secrets are masked.
    pub fn show(&self, defaults: bool) -> String {
        if defaults { self::defaults() } else { self.effective() }
    }

    fn effective(&self) -> String {
        let mut page = Page::default();
        page.settings(&self.service);
        page.secret("key", self.service.key.0.is_some());
        page.settings(&self.fetch);
        page.settings(&self.mail);
        for (name, shown) in &self.channels {
            page.table(&format!("mail.{name}"));
            page.shown(shown);
        }
        page.settings(&self.web);
        page.settings(&self.retention);
        for plan in &self.series {
            page.row("series");
            page.shown(&plan.shown());
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

    /// Writes a table with every key.
    fn settings<S: Settings>(&mut self, settings: &S) {
        self.table(S::PATH);
        self.shown(&settings.shown());
    }

    fn shown(&mut self, shown: &[Shown]) {
        for Shown { key, content, has_secret } in shown {
            self.value(key, inline(content, false));
            self.secret(key.trim_end_matches("_file"), *has_secret);
        }
    }

    /// Writes a secret as a remark: where it comes from is a file or the environment.
    fn secret(&mut self, key: &str, is_given: bool) {
        if is_given {
            let _ = writeln!(self.out, "# {key} = {}", quoted(MASK));
        }
    }

    /// Writes a table as it was given: keys first, then the tables in it.
    fn written(&mut self, path: &str, table: &Table) {
        let is_table = |value: &Value| matches!(value.content, Content::Table(_));
        for (key, _, value) in table.entries.iter().filter(|(_, _, value)| !is_table(value)) {
            self.value(&key_text(key), inline(&value.content, false));
        }
        for (key, _, value) in &table.entries {
            let Content::Table(inner) = &value.content else { continue };
            // Header fields may hold tokens.
            if key == "headers" {
                self.value(&key_text(key), inline(&value.content, true));
                continue;
            }
            let path = format!("{path}.{}", key_text(key));
            self.table(&path);
            self.written(&path, inner);
        }
    }
}

/// Returns a value as TOML on one line.
pub(super) fn inline(content: &Content, masked: bool) -> String {
    match content {
        Content::Text(_) if masked => quoted(MASK),
        Content::Text(text) => quoted(text),
        Content::Integer(number) => number.to_string(),
        Content::Float(number) => format!("{number:?}"),
        Content::Boolean(boolean) => boolean.to_string(),
        Content::Date => quoted(""),
        Content::Array(values) => {
            let values: Vec<String> =
                values.iter().map(|value| inline(&value.content, masked)).collect();
            format!("[{}]", values.join(", "))
        }
        Content::Table(table) => {
            let entries: Vec<String> = table
                .entries
                .iter()
                .map(|(key, _, value)| {
                    format!("{} = {}", key_text(key), inline(&value.content, masked))
                })
                .collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

fn key_text(key: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    if !key.is_empty() && key.bytes().all(bare) { key.to_owned() } else { quoted(key) }
}

/// Returns a basic string of TOML.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

//! The shipped file and the manual pages, made of the tables of settings.

use std::fmt::Write as _;

use super::show::inline;
use super::{FetchSettings, MailSettings, Retention, SeriesPlan, ServiceSettings, WebSettings};
use crate::deliver::message::dkim::DkimSettings;
use crate::model::settings::{Bound, Field, Settings};
use crate::model::{Content, Detail, SourceSettings, TopicRules, WordList};
use crate::{deliver, source};

/// A table as the manual and the shipped file list it.
struct Listed {
    /// `[fetch]` or `[[series]]`.
    head: String,
    about: &'static str,
    fields: Vec<Field>,
    /// Stands in the shipped file as comments: it has keys without a default.
    is_optional: bool,
}

impl Listed {
    fn table<S: Settings>() -> Self {
        Self::named(format!("[{}]", S::PATH), S::ABOUT, S::fields())
    }

    fn row<S: Settings>() -> Self {
        Self {
            is_optional: false,
            ..Self::named(format!("[[{}]]", S::PATH), S::ABOUT, S::fields())
        }
    }

    fn named(head: String, about: &'static str, fields: Vec<Field>) -> Self {
        let is_optional = fields.iter().any(|field| field.default.is_none());
        Self { head, about, fields, is_optional }
    }
}

/// Returns every table of `amtsbote.toml`.
fn tables() -> Vec<Listed> {
    let mut tables = vec![
        Listed::table::<ServiceSettings>(),
        Listed::table::<FetchSettings>(),
        Listed::table::<MailSettings>(),
    ];
    for kind in deliver::KINDS {
        let fields = (kind.fields)();
        if !fields.is_empty() {
            tables.push(Listed::named(format!("[mail.{}]", kind.name), kind.summary, fields));
        }
    }
    tables.extend([
        Listed::table::<DkimSettings>(),
        Listed::table::<WebSettings>(),
        Listed::table::<Retention>(),
        Listed::row::<SeriesPlan>(),
    ]);
    tables
}

const HEAD: &str = r#"# amtsbote: the service itself. Every key stands here at its default, so a key
# may be deleted without changing anything. Sources are in sources.toml, topics
# in topics.toml; files in conf.d/ are read last, add rows to the lists and
# override single keys.
#
#   amtsbote check          shows every problem of all files at once
#   amtsbote config show    shows what holds now, secrets masked
#
# Durations: "90s" "15m" "2h" "7d" "2y". Sizes: "512KiB" "10MiB". Paths are
# relative to this folder. Secrets never stand here: they come from the files
# that keys ending in _file name (%d/NAME is a systemd credential), from the
# credentials smtp-password and amtsbote-key, or from AMTSBOTE_SMTP_PASSWORD and
# AMTSBOTE_KEY.
"#;

/// The row of `[[series]]` that is shipped; its keys without a default.
const FIRST_SERIES: [(&str, &str); 3] =
    [("id", "taeglich"), ("title", "Kommunal-IT am Morgen"), ("schedule", "arbeitstags 07:00")];

/// Returns `config/amtsbote.toml`: every key at its default below its help.
pub fn shipped_file() -> String {
    let mut text = HEAD.to_owned();
    for table in tables() {
        text.push('\n');
        text.push_str(&listed(&table));
    }
    text
}

/// Returns a table with every key at its default below its help, as the shipped file has it.
pub fn table_text(head: &str, about: &'static str, fields: Vec<Field>) -> String {
    listed(&Listed::named(head.to_owned(), about, fields))
}

fn listed(table: &Listed) -> String {
    // Writing to a String cannot fail.
    let mut text = String::new();
    let mark = if table.is_optional { "# " } else { "" };
    for line in lines(table.about) {
        let _ = writeln!(text, "# {line}");
    }
    let _ = writeln!(text, "{mark}{}", table.head);
    for field in &table.fields {
        for line in lines(field.help) {
            let _ = writeln!(text, "# {line}");
        }
        let first = FIRST_SERIES.iter().find(|(key, _)| *key == field.key);
        let shown = match (&field.default, first) {
            (Some(default), _) => inline(default, false),
            (None, first) => inline(&Content::from(first.map_or("", |(_, value)| *value)), false),
        };
        let _ = writeln!(text, "{mark}{} = {shown}", field.key);
    }
    text
}

fn lines(help: &str) -> impl Iterator<Item = &str> {
    help.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// Returns the manual pages of the files: name and text.
pub fn man_pages() -> Vec<(&'static str, String)> {
    let kinds: String = source::KINDS
        .iter()
        .map(|kind| {
            format!(
                ".SS \"kind = \\(dq{}\\(dq\"\n{}\n.PP\n.nf\n{}\n.fi\n",
                kind.name,
                escaped(kind.summary),
                escaped(kind.example.trim_end())
            )
        })
        .collect();
    let sources = [Listed::row::<SourceSettings>(), Listed::table::<Detail>()];
    let topics = [Listed::row::<TopicRules>(), Listed::row::<WordList>()];
    let (terms, see_also) = TERMS.split_once(SEE_ALSO).unwrap_or((TERMS, ""));
    let toml = "settings of the service: amtsbote.toml";
    vec![
        ("amtsbote.toml.5", page("amtsbote.toml", toml, &listing(&tables()))),
        (
            "amtsbote-sources.5",
            page("amtsbote-sources", "what is polled: sources.toml", &(listing(&sources) + &kinds)),
        ),
        ("amtsbote-topics.5", format!("{terms}.SH KEYS\n{}{SEE_ALSO}{see_also}", listing(&topics))),
    ]
}

/// The term language, which no table of settings knows.
const TERMS: &str = include_str!("../../docs/amtsbote-topics.5");
const SEE_ALSO: &str = ".SH SEE ALSO\n";

fn page(name: &str, about: &str, tables: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let title = name.to_uppercase();
    format!(
        ".TH {title} 5 \"\" \"amtsbote {version}\" \"File formats\"\n.SH NAME\n{name} \\- {about}\n\
         .SH TABLES\n{tables}{SEE_ALSO}.BR amtsbote (1),\n.BR amtsbote\\-check (1),\n\
         .BR amtsbote.toml (5),\n.BR amtsbote\\-sources (5),\n.BR amtsbote\\-topics (5)\n"
    )
}

fn listing(tables: &[Listed]) -> String {
    // Writing to a String cannot fail.
    let mut text = String::new();
    for table in tables {
        let _ = writeln!(text, ".SS {}", table.head);
        for line in lines(table.about) {
            let _ = writeln!(text, "{}", escaped(line));
        }
        for field in &table.fields {
            let _ = writeln!(text, ".TP\n.B {}\n{}", field.key, escaped(&describe(field)));
            for line in lines(field.help) {
                let _ = writeln!(text, "{}", escaped(line));
            }
        }
    }
    text
}

/// Returns type, bounds and default in one sentence.
fn describe(field: &Field) -> String {
    let mut text = field.form.clone();
    match field.bound {
        Bound::Any => {}
        Bound::Range(from, to) => text.push_str(&format!(", {from} to {to}")),
        Bound::NotZero => text.push_str(", not zero or empty"),
        Bound::OneOf(words) => text.push_str(&format!(", one of {}", words().join(", "))),
        Bound::Text(what, _) => text.push_str(&format!(", {what}")),
        Bound::Credential(name) => {
            text.push_str(&format!(", or else the credential {name}"));
        }
        Bound::Inherited(key) => return format!("{text}; default: that of {key}."),
    }
    match &field.default {
        None => text.push_str("; must be written."),
        Some(default) => text.push_str(&format!("; default {}.", inline(default, false))),
    }
    text
}

/// Makes text safe for roff.
fn escaped(text: &str) -> String {
    let lines: Vec<String> = text
        .lines()
        .map(|line| {
            let line = line.replace('\\', "\\e").replace('-', "\\-");
            if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line }
        })
        .collect();
    lines.join("\n")
}

//! How results are printed: tables for people, JSON lines for machines.

use std::borrow::Cow;
use std::fmt;
use std::io::{IsTerminal as _, Write as _};

use chrono_tz::Tz;
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

use crate::model::{Timestamp, counted};
use crate::text::{harmless, harmless_line, steers};

/// Where results go, and in which shape.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// One JSON object a line.
    pub json: bool,
    /// No talk.
    pub quiet: bool,
    /// Zone of times for people.
    pub zone: Tz,
}

impl Output {
    /// Prints a line of the result.
    pub fn line(&self, text: &str) -> anyhow::Result<()> {
        writeln!(std::io::stdout().lock(), "{}", harmless(text))?;
        Ok(())
    }

    /// Prints bytes of the result as they are.
    pub fn bytes(&self, bytes: &[u8]) -> anyhow::Result<()> {
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(bytes)?;
        stdout.flush()?;
        Ok(())
    }

    /// Prints an object of the result, on a line of its own.
    pub fn object(&self, value: &Value) -> anyhow::Result<()> {
        writeln!(std::io::stdout().lock(), "{}", escaped(&value.to_string()))?;
        Ok(())
    }

    /// Says what is not the result.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            let _ = writeln!(std::io::stderr().lock(), "{}", harmless(text));
        }
    }

    /// Prints each of `entries` as an object for machines, or as a row of a table for people.
    pub fn list<T, const N: usize>(
        &self,
        headings: [&str; N],
        entries: &[T],
        object: impl Fn(&T) -> Value,
        row: impl Fn(&T) -> [String; N],
    ) -> anyhow::Result<()> {
        if !self.json {
            return self.table(headings, entries.iter().map(row));
        }
        entries.iter().try_for_each(|entry| self.object(&object(entry)))
    }

    /// Prints rows under their headings. On a terminal wide columns fold, so that a row fits;
    /// elsewhere a row is one line, so that it can be searched.
    pub fn table<const N: usize>(
        &self,
        headings: [&str; N],
        rows: impl IntoIterator<Item = [String; N]>,
    ) -> anyhow::Result<()> {
        let terminal = std::io::stdout().is_terminal().then(terminal_size::terminal_size).flatten();
        self.line(&table(headings, rows, terminal.map(|(width, _)| width.0)))
    }

    /// Returns a time for people: `2025-12-09 07:00`; a dash if there is none.
    pub fn time(&self, at: Option<Timestamp>) -> String {
        at.map_or_else(
            || "-".to_owned(),
            |at| at.utc().with_timezone(&self.zone).format("%Y-%m-%d %H:%M").to_string(),
        )
    }
}

/// Returns the lines of a table that is at most `width` columns wide.
fn table<const N: usize>(
    headings: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
    width: Option<u16>,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(headings);
    for row in rows {
        table.add_row(row.map(|cell| harmless_line(&cell).into_owned()));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    table.trim_fmt()
}

/// Returns a time for machines: RFC 3339, or null.
pub(super) fn json_time(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| Value::String(at.rfc3339()))
}

/// Returns the same JSON with an escape for each character that could steer a terminal: such stand
/// only within its strings, and JSON itself leaves most of them as they are.
fn escaped(json: &str) -> Cow<'_, str> {
    if !json.chars().any(steers) {
        return Cow::Borrowed(json);
    }
    let mut text = String::with_capacity(json.len() + 32);
    for character in json.chars() {
        if steers(character) {
            text.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            text.push(character);
        }
    }
    Cow::Owned(text)
}

/// Returns how much a digest holds, and how many mails were made of it.
pub(super) fn composed(outcome: &Value) -> String {
    let number = |name: &str| outcome[name].as_u64().unwrap_or(0);
    let entries = counted(number("entries"), "entry", "entries");
    format!("{entries}, {}", counted(number("messages"), "mail", "mails"))
}

/// Returns the names with commas between; none means all of them.
pub(super) fn names_or_all<T: fmt::Display>(names: &[T]) -> String {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    if names.is_empty() { "all".to_owned() } else { names.join(",") }
}

/// Returns at most so many characters, for columns.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(most.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_folds_to_the_width_of_the_terminal_and_stays_a_line_a_row_elsewhere() {
        let rows = || [["kitu", "the list is found by its structure"].map(str::to_owned)];
        assert_eq!(
            table(["ID", "REMARK"], rows(), None),
            "ID    REMARK\nkitu  the list is found by its structure"
        );
        let narrow = table(["ID", "REMARK"], rows(), Some(24));
        assert_eq!(narrow, "ID    REMARK\nkitu  the list is\n      found by its\n      structure");
    }

    #[test]
    fn hostile_text_in_json_is_escaped_and_reads_back_as_it_was() {
        let value = serde_json::json!({ "title": "a\u{1b}[31mb\u{202e}c\u{9b}\td\n\u{feff}" });
        let json = value.to_string();
        let json = escaped(&json);
        assert!(!json.chars().any(steers), "{json}");
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), value);
    }

    #[test]
    fn a_column_is_cut_at_a_character() {
        assert_eq!(cut("Straße", 4), "Str…");
        assert_eq!(cut("Ort", 4), "Ort");
    }
}

//! How results are printed: tables for people, JSON lines for machines.

use std::io::{IsTerminal as _, Write as _};

use chrono_tz::Tz;
use serde_json::Value;

use crate::model::Timestamp;

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
    /// A line of the result.
    pub fn line(&self, text: &str) -> anyhow::Result<()> {
        let mut stdout = std::io::stdout().lock();
        if stdout.is_terminal() {
            writeln!(stdout, "{}", harmless(text))?;
        } else {
            writeln!(stdout, "{text}")?;
        }
        Ok(())
    }

    /// Bytes of the result, as they are.
    pub fn bytes(&self, bytes: &[u8]) -> anyhow::Result<()> {
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(bytes)?;
        stdout.flush()?;
        Ok(())
    }

    /// An object of the result, on a line of its own.
    pub fn object(&self, value: &Value) -> anyhow::Result<()> {
        writeln!(std::io::stdout().lock(), "{value}")?;
        Ok(())
    }

    /// Talk: what is not the result.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            let _ = writeln!(std::io::stderr().lock(), "{}", harmless(text));
        }
    }

    /// Rows under their headings, columns aligned.
    pub fn table(&self, headings: &[&str], rows: &[Vec<String>]) -> anyhow::Result<()> {
        let width = |column: usize| {
            rows.iter()
                .map(|row| row[column].chars().count())
                .chain([headings[column].chars().count()])
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..headings.len()).map(width).collect();
        let line = |cells: &mut dyn Iterator<Item = &str>| {
            let padded: Vec<String> = cells
                .zip(&widths)
                .map(|(cell, width)| {
                    let fill = width.saturating_sub(cell.chars().count());
                    format!("{cell}{}", " ".repeat(fill))
                })
                .collect();
            padded.join("  ").trim_end().to_owned()
        };
        self.line(&line(&mut headings.iter().copied()))?;
        for row in rows {
            self.line(&line(&mut row.iter().map(String::as_str)))?;
        }
        Ok(())
    }

    /// A time for people: `2025-12-09 07:00`; a dash if there is none.
    pub fn time(&self, at: Option<Timestamp>) -> String {
        at.map_or_else(
            || "-".to_owned(),
            |at| at.utc().with_timezone(&self.zone).format("%Y-%m-%d %H:%M").to_string(),
        )
    }
}

/// A time for machines: RFC 3339, or null.
pub(super) fn json_time(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| Value::String(at.rfc3339()))
}

/// Text that cannot steer a terminal: control and bidi characters are shown, not obeyed.
pub(super) fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => c,
            c if c.is_control() => '\u{fffd}',
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                '\u{fffd}'
            }
            c => c,
        })
        .collect()
}

/// `1 entry`, `7 entries`; of a number in JSON, where nothing counts as none.
pub(super) fn counted(number: &Value, one: &str, many: &str) -> String {
    let number = number.as_u64().unwrap_or(0);
    format!("{number} {}", if number == 1 { one } else { many })
}

/// At most so many characters, for columns.
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
    fn hostile_text_cannot_steer_a_terminal() {
        assert_eq!(harmless("a\u{1b}[31mb\u{202e}c\td"), "a\u{fffd}[31mb\u{fffd}c\td");
        assert_eq!(cut("Straße", 4), "Str…");
        assert_eq!(cut("Ort", 4), "Ort");
    }
}

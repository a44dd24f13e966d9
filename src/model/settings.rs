//! Settings as they were written, with the place of every key and value.
//!
//! The config's files become a tree of [`Value`]s; whoever owns a table (the
//! config, a kind of source, a channel) takes its keys out with a [`Reader`],
//! which collects problems instead of stopping at the first, and reports every
//! key that nobody took. No file format is known here.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Where something was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// File name as the admin knows it.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Something wrong with the settings, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where; none if a file is missing altogether.
    pub place: Option<Place>,
    /// Dotted path of the key, for example `source.kitu.interval`; may be empty.
    pub path: String,
    /// What is wrong, lower case, no full stop.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}  ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// Where it begins.
    pub place: Place,
    /// What it is.
    pub content: Content,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number with a point.
    Float(f64),
    /// True or false.
    Boolean(bool),
    /// A list.
    Array(Vec<Value>),
    /// A table.
    Table(Table),
    /// A date or time: no key of ours takes one.
    Date,
}

impl Content {
    const fn name(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Boolean(_) => "true or false",
            Self::Array(_) => "a list",
            Self::Table(_) => "a table",
            Self::Date => "a date",
        }
    }
}

/// A table: its keys in the order written.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Where it begins.
    pub place: Place,
    /// Key, its place, its value.
    pub entries: Vec<(String, Place, Value)>,
}

impl Table {
    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries.iter().find(|(name, ..)| name == key).map(|(_, _, value)| value)
    }
}

/// Takes the keys out of one table. Each method notes the key as known, so
/// that [`Reader::finish`] can report the rest with a suggestion.
pub struct Reader<'a> {
    table: &'a Table,
    path: String,
    known: Vec<&'static str>,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Reader<'a> {
    /// Reads `table`, whose dotted path is `path`.
    pub fn new(table: &'a Table, path: impl Into<String>, problems: &'a mut Vec<Problem>) -> Self {
        Self { table, path: path.into(), known: Vec::new(), problems }
    }

    /// Replaces the path, once the table's own id is known.
    pub fn rename(&mut self, path: impl Into<String>) {
        self.path = path.into();
    }

    /// The table that is read.
    pub fn table_itself(&self) -> &'a Table {
        self.table
    }

    /// Where the table begins.
    pub fn place(&self) -> &'a Place {
        &self.table.place
    }

    /// Where the value of `key` stands, else where the table begins.
    pub fn place_of(&self, key: &str) -> &'a Place {
        self.table.get(key).map_or(&self.table.place, |value| &value.place)
    }

    /// The dotted path of `key`.
    pub fn path_of(&self, key: &str) -> String {
        match (self.path.is_empty(), key.is_empty()) {
            (true, _) => key.to_owned(),
            (false, true) => self.path.clone(),
            (false, false) => format!("{}.{key}", self.path),
        }
    }

    /// Reports a problem with `key`, at its value or at the table.
    pub fn problem(&mut self, key: &str, message: impl Into<String>) {
        let place = self.place_of(key).clone();
        self.problem_at(place, key, message);
    }

    /// Reports a problem with `key` at `place`.
    pub fn problem_at(&mut self, place: Place, key: &str, message: impl Into<String>) {
        let path = self.path_of(key);
        self.problems.push(Problem { place: Some(place), path, message: message.into() });
    }

    /// Whether `key` is there; does not take it.
    pub fn has(&self, key: &str) -> bool {
        self.table.get(key).is_some()
    }

    /// The value of `key` as it is.
    pub fn value(&mut self, key: &'static str) -> Option<&'a Value> {
        self.known.push(key);
        self.table.get(key)
    }

    /// Text.
    pub fn text(&mut self, key: &'static str) -> Option<String> {
        let value = self.value(key)?;
        match &value.content {
            Content::Text(text) => Some(text.clone()),
            other => self.mismatch(key, value, "text", other),
        }
    }

    /// Text that must be there and not be empty.
    pub fn required_text(&mut self, key: &'static str) -> Option<String> {
        if !self.has(key) {
            self.known.push(key);
            self.problem(key, format!("missing key `{key}`"));
            return None;
        }
        let text = self.text(key)?;
        if text.trim().is_empty() {
            self.problem(key, "must not be empty");
            return None;
        }
        Some(text)
    }

    /// True or false.
    pub fn boolean(&mut self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        match &value.content {
            Content::Boolean(boolean) => Some(*boolean),
            other => self.mismatch(key, value, "true or false", other),
        }
    }

    /// A whole number within `range`.
    pub fn integer(
        &mut self,
        key: &'static str,
        range: std::ops::RangeInclusive<i64>,
    ) -> Option<i64> {
        let value = self.value(key)?;
        match &value.content {
            Content::Integer(number) if range.contains(number) => Some(*number),
            Content::Integer(number) => {
                self.problem(
                    key,
                    format!("must be {} to {}, not {number}", range.start(), range.end()),
                );
                None
            }
            other => self.mismatch(key, value, "a whole number", other),
        }
    }

    /// A number, whole or not.
    pub fn number(&mut self, key: &'static str) -> Option<f64> {
        let value = self.value(key)?;
        match &value.content {
            #[expect(clippy::cast_precision_loss, reason = "settings are small numbers")]
            Content::Integer(number) => Some(*number as f64),
            Content::Float(number) => Some(*number),
            other => self.mismatch(key, value, "a number", other),
        }
    }

    /// A list of texts, each with its place.
    pub fn texts(&mut self, key: &'static str) -> Option<Vec<(String, Place)>> {
        let value = self.value(key)?;
        let Content::Array(values) = &value.content else {
            return self.mismatch(key, value, "a list of texts", &value.content);
        };
        let mut texts = Vec::with_capacity(values.len());
        for value in values {
            match &value.content {
                Content::Text(text) => texts.push((text.clone(), value.place.clone())),
                other => {
                    let message = format!("expected text, found {}", other.name());
                    self.problem_at(value.place.clone(), key, message);
                }
            }
        }
        Some(texts)
    }

    /// A duration such as `"90s"`, `"15m"`, `"2h"`, `"7d"`.
    pub fn duration(&mut self, key: &'static str) -> Option<Duration> {
        let text = self.text(key)?;
        let parsed = parse_duration(&text);
        if parsed.is_none() {
            self.problem(
                key,
                format!("`{text}` is not a duration such as `90s`, `15m`, `2h` or `7d`"),
            );
        }
        parsed
    }

    /// A size such as `"512KiB"` or `"10MiB"`, in bytes.
    pub fn bytes(&mut self, key: &'static str) -> Option<u64> {
        let text = self.text(key)?;
        let parsed = parse_bytes(&text);
        if parsed.is_none() {
            self.problem(key, format!("`{text}` is not a size such as `512KiB` or `10MiB`"));
        }
        parsed
    }

    /// One of `choices`.
    pub fn choice(&mut self, key: &'static str, choices: &[&'static str]) -> Option<&'static str> {
        let text = self.text(key)?;
        let found = choices.iter().copied().find(|choice| *choice == text);
        if found.is_none() {
            let listed: Vec<String> = choices.iter().map(|choice| format!("`{choice}`")).collect();
            let message = format!(
                "`{text}` is not one of {}{}",
                listed.join(", "),
                suggestion(&text, choices)
            );
            self.problem(key, message);
        }
        found
    }

    /// A table within this one.
    pub fn table(&mut self, key: &'static str) -> Option<&'a Table> {
        let value = self.value(key)?;
        match &value.content {
            Content::Table(table) => Some(table),
            other => self.mismatch(key, value, "a table", other),
        }
    }

    /// A list of tables (`[[key]]`).
    pub fn tables(&mut self, key: &'static str) -> Vec<&'a Table> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Content::Array(values) = &value.content else {
            let message = format!("expected `[[{key}]]`, found {}", value.content.name());
            self.problem(key, message);
            return Vec::new();
        };
        let mut tables = Vec::new();
        for value in values {
            match &value.content {
                Content::Table(table) => tables.push(table),
                other => {
                    let message = format!("expected `[[{key}]]`, found {}", other.name());
                    self.problem_at(value.place.clone(), key, message);
                }
            }
        }
        tables
    }

    /// A reader of a table within this one, sharing its list of problems.
    pub fn inner<'b>(&'b mut self, table: &'b Table, key: &str) -> Reader<'b> {
        let path = self.path_of(key);
        Reader { table, path, known: Vec::new(), problems: self.problems }
    }

    /// Reports every key that nobody took.
    pub fn finish(self) {
        for (key, place, _) in &self.table.entries {
            if self.known.contains(&key.as_str()) {
                continue;
            }
            self.problems.push(Problem {
                place: Some(place.clone()),
                path: self.path.clone(),
                message: format!("unknown key `{key}`{}", suggestion(key, &self.known)),
            });
        }
    }

    fn mismatch<T>(
        &mut self,
        key: &str,
        value: &Value,
        expected: &str,
        found: &Content,
    ) -> Option<T> {
        let message = format!("expected {expected}, found {}", found.name());
        self.problem_at(value.place.clone(), key, message);
        None
    }
}

/// `, did you mean …?` if one of `known` is near `word`, else nothing.
pub fn suggestion(word: &str, known: &[&str]) -> String {
    known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count() / 4)
        .min()
        .map(|(_, candidate)| format!(", did you mean `{candidate}`?"))
        .unwrap_or_default()
}

/// `90s`, `15m`, `2h`, `7d`, `2y`; a year has 365 days.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let seconds: u64 = match &text[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "y" => 31_536_000,
        "ms" => return digits.parse().ok().map(Duration::from_millis),
        _ => return None,
    };
    let number: u64 = digits.parse().ok()?;
    number.checked_mul(seconds).map(Duration::from_secs)
}

/// `512KiB`, `10MiB`, `1GiB`, `4096B`.
pub fn parse_bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor: u64 = match &text[digits.len()..] {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    let number: u64 = digits.trim_end().parse().ok()?;
    number.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(line: u32) -> Place {
        Place { file: "a.toml".into(), line, column: 1 }
    }

    fn table(entries: &[(&str, Content)]) -> Table {
        Table {
            place: place(1),
            entries: (2..)
                .zip(entries)
                .map(|(line, (key, content))| {
                    let value = Value { place: place(line), content: content.clone() };
                    ((*key).to_owned(), place(line), value)
                })
                .collect(),
        }
    }

    #[test]
    fn every_problem_is_reported_with_its_place_and_the_rest_is_still_read() {
        let table = table(&[
            ("interval", Content::Text("2 weeks".into())),
            ("treshold", Content::Integer(3)),
            ("rank", Content::Integer(9)),
            ("name", Content::Text("KITU".into())),
        ]);
        let mut problems = Vec::new();
        let mut reader = Reader::new(&table, "source.kitu", &mut problems);
        assert_eq!(reader.duration("interval"), None);
        assert_eq!(reader.number("threshold"), None);
        assert_eq!(reader.integer("rank", 1..=3), None);
        assert_eq!(reader.text("name").as_deref(), Some("KITU"));
        reader.finish();
        let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "a.toml:2:1  source.kitu.interval: `2 weeks` is not a duration such as `90s`, `15m`, `2h` or `7d`",
                "a.toml:4:1  source.kitu.rank: must be 1 to 3, not 9",
                "a.toml:3:1  source.kitu: unknown key `treshold`, did you mean `threshold`?",
            ]
        );
    }

    #[test]
    fn durations_and_sizes_name_their_unit() {
        assert_eq!(parse_duration("90s"), Some(Duration::from_secs(90)));
        assert_eq!(parse_duration("7d"), Some(Duration::from_hours(168)));
        assert_eq!(parse_duration("0s"), Some(Duration::ZERO));
        for bad in ["", "s", "1", "1w", "-1s", "1.5h", "99999999999999999999y"] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
        assert_eq!(parse_bytes("10MiB"), Some(10 << 20));
        assert_eq!(parse_bytes("10MB"), None);
    }
}

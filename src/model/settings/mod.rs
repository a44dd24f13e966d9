//! Settings as they were written, with the place of every key and value.
//!
//! The config's files become a tree of [`Value`]s; whoever owns a table (the
//! config, a kind of source, a channel) takes its keys out with a [`Reader`],
//! which collects problems instead of stopping at the first, and reports every
//! key that nobody took. Which keys a table has stands in one list
//! (`settings!`). No file format is known here.

mod reader;
mod table;
mod types;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use reader::{Nothing, Reader, Surroundings, not_one_of, suggestion};
pub use table::{Bound, Field, Setting, Settings, Shown, TextSetting, judge};
pub(crate) use table::{settings, words};
pub use types::{NamedFile, Secret, secret_of};

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
    /// It works all the same.
    pub is_doubt: bool,
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
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number with a point.
    Float(f64),
    /// True or false.
    Boolean(bool),
    /// A list.
    Array(Vec<Value>),
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

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Content {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<f64> for Content {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<bool> for Content {
    fn from(boolean: bool) -> Self {
        Self::Boolean(boolean)
    }
}

impl<const N: usize> From<[&str; N]> for Content {
    fn from(texts: [&str; N]) -> Self {
        let place = Place { file: "".into(), line: 0, column: 0 };
        let value = |text: &&str| Value { place: place.clone(), content: (*text).into() };
        Self::Array(texts.iter().map(value).collect())
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
    /// Returns the value of `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries.iter().find(|(name, ..)| name == key).map(|(_, _, value)| value)
    }
}

/// Reads `90s`, `15m`, `2h`, `7d`, `2y`; a year has 365 days.
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

/// Reads `512KiB`, `10MiB`, `1GiB`, `4096B`.
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
#[expect(unreachable_pub, reason = "tables of settings are public")]
mod tests {
    use super::*;

    settings! {
        /// A table.
        pub struct Kept in "source" {
            /// A span.
            interval: Duration = "2h";
            /// A number.
            threshold: f64 = 3.0;
            /// A whole number.
            rank: u8 = 3, Bound::Range(1, 3);
            /// Text.
            name: String = "";
        }
    }

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
        let read = Kept::read(&mut reader).unwrap();
        reader.finish();
        assert_eq!((read.interval, read.rank), (Duration::from_hours(2), 3), "the defaults");
        assert_eq!((read.threshold, read.name.as_str()), (3.0, "KITU"));
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

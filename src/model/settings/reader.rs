//! Takes the keys out of one table of the config, and reports what is wrong with them.

use std::io;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::{Content, Place, Problem, Table, Value};

/// Takes the keys out of one table. Each method notes the key as known, so
/// that [`Reader::finish`] can report the rest with a suggestion.
pub struct Reader<'a> {
    pub(super) table: &'a Table,
    path: String,
    known: Vec<&'static str>,
    problems: &'a mut Vec<Problem>,
    around: &'a dyn Surroundings,
}

impl<'a> Reader<'a> {
    /// Reads `table`, whose dotted path is `path` and which refers to nothing outside.
    pub fn new(table: &'a Table, path: impl Into<String>, problems: &'a mut Vec<Problem>) -> Self {
        Self::within(&Nothing, table, path, problems)
    }

    /// Reads `table`, whose dotted path is `path`.
    pub fn within(
        around: &'a dyn Surroundings,
        table: &'a Table,
        path: impl Into<String>,
        problems: &'a mut Vec<Problem>,
    ) -> Self {
        Self { table, path: path.into(), known: Vec::new(), problems, around }
    }

    /// Returns what the settings may refer to.
    pub fn around(&self) -> &'a dyn Surroundings {
        self.around
    }

    /// Replaces the path, once the table's own id is known.
    pub fn rename(&mut self, path: impl Into<String>) {
        self.path = path.into();
    }

    /// Returns where the table begins.
    pub fn place(&self) -> &'a Place {
        &self.table.place
    }

    /// Returns where the value of `key` stands, else where the table begins.
    pub fn place_of(&self, key: &str) -> &'a Place {
        self.table.get(key).map_or(&self.table.place, |value| &value.place)
    }

    /// Returns the dotted path of `key`.
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
        let message = message.into();
        self.problems.push(Problem { place: Some(place), path, message, is_doubt: false });
    }

    /// Reports that `key` works, though not as anyone would want it.
    pub fn warn(&mut self, key: &str, message: impl Into<String>) {
        let (place, path) = (Some(self.place_of(key).clone()), self.path_of(key));
        self.problems.push(Problem { place, path, message: message.into(), is_doubt: true });
    }

    /// Returns whether `key` is there; does not take it.
    pub fn has(&self, key: &str) -> bool {
        self.table.get(key).is_some()
    }

    /// Returns the value of `key` as it is.
    pub fn value(&mut self, key: &'static str) -> Option<&'a Value> {
        self.known.push(key);
        self.table.get(key)
    }

    /// Reads text.
    pub fn text(&mut self, key: &'static str) -> Option<String> {
        let value = self.value(key)?;
        match &value.content {
            Content::Text(text) => Some(text.clone()),
            _ => self.mismatch(key, value, "text"),
        }
    }

    /// Returns text that must be there and not be empty.
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

    /// Returns a list of texts, each with its place.
    pub fn texts(&mut self, key: &'static str) -> Option<Vec<(String, Place)>> {
        let value = self.value(key)?;
        let Content::Array(values) = &value.content else {
            return self.mismatch(key, value, "a list of texts");
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

    /// Reads true or false.
    pub fn flag(&mut self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        match &value.content {
            Content::Boolean(flag) => Some(*flag),
            _ => self.mismatch(key, value, "true or false"),
        }
    }

    /// Returns one of `choices`.
    pub fn choice(&mut self, key: &'static str, choices: &[&'static str]) -> Option<&'static str> {
        let text = self.text(key)?;
        let found = choices.iter().copied().find(|choice| *choice == text);
        if found.is_none() {
            self.problem(key, not_one_of(&text, choices));
        }
        found
    }

    /// Returns a table within this one.
    pub fn table(&mut self, key: &'static str) -> Option<&'a Table> {
        let value = self.value(key)?;
        match &value.content {
            Content::Table(table) => Some(table),
            _ => self.mismatch(key, value, "a table"),
        }
    }

    /// Returns a list of tables (`[[key]]`).
    pub fn tables(&mut self, key: &'static str) -> Vec<&'a Table> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Content::Array(values) = &value.content else {
            let found = match &value.content {
                Content::Table(_) => format!("`[{key}]`: one table; there may be several"),
                other => other.name().to_owned(),
            };
            self.problem(key, format!("expected `[[{key}]]`, found {found}"));
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

    /// Returns a reader of a table within this one, sharing its list of problems.
    pub fn inner<'b>(&'b mut self, table: &'b Table, key: &str) -> Reader<'b> {
        let path = self.path_of(key);
        Reader { table, path, known: Vec::new(), problems: self.problems, around: self.around }
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
                is_doubt: false,
            });
        }
    }

    /// Reports a value of another type.
    pub fn mismatch<T>(&mut self, key: &str, value: &Value, expected: &str) -> Option<T> {
        let found = value.content.name();
        // The commonest way to get there.
        let remedy = match &value.content {
            Content::Text(text) if text.parse::<f64>().is_ok() || text.parse::<bool>().is_ok() => {
                format!(": write {text} without quotation marks")
            }
            Content::Integer(number) if expected != "a table" => {
                format!(": write {number} as text in quotation marks, with its unit if it has one")
            }
            _ => String::new(),
        };
        self.problem_at(
            value.place.clone(),
            key,
            format!("expected {expected}, found {found}{remedy}"),
        );
        None
    }
}

/// Returns `, did you mean …?` if one of `known` is near `word`, else nothing.
pub fn suggestion(word: &str, known: &[&str]) -> String {
    known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count() / 4)
        .min()
        .map(|(_, candidate)| format!(", did you mean `{candidate}`?"))
        .unwrap_or_default()
}

/// Returns the complaint about a word that is not one of `choices`.
pub fn not_one_of(text: &str, choices: &[&str]) -> String {
    let listed: Vec<String> = choices.iter().map(|choice| format!("`{choice}`")).collect();
    format!("`{text}` is not one of {}{}", listed.join(", "), suggestion(text, choices))
}

/// What settings may refer to: files beside them, and what the process was given.
pub trait Surroundings {
    /// Returns the folder that relative paths are relative to.
    fn directory(&self) -> &Path;

    /// Returns the folder for data that the system gave; it wins over a configured one.
    fn state_dir(&self) -> Option<&Path>;

    /// Returns all bytes of a file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Returns the files of a folder.
    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>>;

    /// Returns whether every user of the machine may read the file.
    fn is_public(&self, path: &Path) -> bool;

    /// Returns all bytes of the credential of that name (systemd.exec(5)).
    fn credential(&self, name: &str) -> io::Result<Vec<u8>>;

    /// Returns the secret of that name from the environment, else from a credential; none if it was
    /// not given. Fails if it cannot be read.
    fn secret(&self, name: &str) -> Result<Option<SecretString>, String>;
}

/// No surroundings at all.
#[derive(Debug, Clone, Copy)]
pub struct Nothing;

impl Surroundings for Nothing {
    fn directory(&self) -> &Path {
        Path::new("")
    }

    fn state_dir(&self) -> Option<&Path> {
        None
    }

    fn read(&self, _: &Path) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn list(&self, _: &Path) -> io::Result<Vec<PathBuf>> {
        Ok(Vec::new())
    }

    fn is_public(&self, _: &Path) -> bool {
        false
    }

    fn credential(&self, _: &str) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn secret(&self, _: &str) -> Result<Option<SecretString>, String> {
        Ok(None)
    }
}

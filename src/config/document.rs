//! One TOML file → a table that knows the place of everything in it; several → one.

use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::syntax::complaint;
use crate::model::{Content, Place, Problem, Table, Value};

/// Reads one file. A file with a fault of syntax gives its problems and no table.
pub(super) fn parse(file: &Arc<str>, bytes: &[u8]) -> Result<Table, Vec<Problem>> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let places = Places::new(file, std::str::from_utf8(valid).unwrap_or_default());
            return Err(vec![Problem {
                place: Some(places.at(valid.len())),
                path: String::new(),
                message: "not UTF-8; save the file in that encoding".to_owned(),
                is_doubt: false,
            }]);
        }
    };
    let places = Places::new(file, text);
    let (document, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(places.table(places.at(0), document.get_ref()));
    }
    let mut problems: Vec<Problem> = Vec::new();
    for error in &errors {
        let at = error.span().map_or(0, |span| span.start);
        let place = places.at(at);
        // What follows on a line that is broken already follows from that.
        let is_known = |known: &Problem| known.place.as_ref().is_some_and(|p| p.line == place.line);
        if problems.iter().any(is_known) {
            continue;
        }
        let said = error.message().trim().replace('\n', ", ");
        let message = complaint(&said, text, at);
        let path = String::new();
        problems.push(Problem { place: Some(place), path, message, is_doubt: false });
    }
    Err(problems)
}

/// Adds `other` to `base`: rows to lists of tables, keys to tables; any other key replaces.
pub(super) fn merge(base: &mut Table, other: Table, problems: &mut Vec<Problem>) {
    for (key, place, value) in other.entries {
        let Some((_, base_place, present)) =
            base.entries.iter_mut().find(|(name, ..)| *name == key)
        else {
            base.entries.push((key, place, value));
            continue;
        };
        match (&mut present.content, value.content) {
            (Content::Table(present), Content::Table(added)) => merge(present, added, problems),
            (Content::Array(present), Content::Array(added))
                if holds_tables(present) || holds_tables(&added) =>
            {
                present.extend(added);
            }
            (Content::Array(_), Content::Table(_)) | (Content::Table(_), Content::Array(_)) => {
                problems.push(Problem {
                    place: Some(place),
                    message: format!("`{key}` is written another way at {base_place}: `[{key}]` is one table, `[[{key}]]` a row of a list"),
                    path: key,
                    is_doubt: false,
                });
            }
            (content, replacement) => {
                *content = replacement;
                present.place = value.place;
                *base_place = place;
            }
        }
    }
}

fn holds_tables(values: &[Value]) -> bool {
    values.iter().any(|value| matches!(value.content, Content::Table(_)))
}

/// Turns byte offsets of one file into lines and columns.
struct Places<'a> {
    file: &'a Arc<str>,
    text: &'a str,
    /// Offset of each line's beginning.
    lines: Vec<usize>,
}

impl<'a> Places<'a> {
    fn new(file: &'a Arc<str>, text: &'a str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(0).chain(breaks.map(|(offset, _)| offset + 1)).collect();
        Self { file, text, lines }
    }

    fn at(&self, offset: usize) -> Place {
        let offset = offset.min(self.text.len());
        let line = self.lines.partition_point(|start| *start <= offset).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or_default();
        let column = self.text.get(start..offset).map_or(1, |before| before.chars().count() + 1);
        Place {
            file: Arc::clone(self.file),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
        }
    }

    fn table(&self, place: Place, table: &DeTable<'_>) -> Table {
        let mut entries: Vec<(String, Place, Value)> = table
            .iter()
            .map(|(key, value)| {
                let place = self.at(value.span().start);
                let value = Value { content: self.content(&place, value.get_ref()), place };
                (key.get_ref().to_string(), self.at(key.span().start), value)
            })
            .collect();
        // The parser sorts by name; people think in the order they wrote.
        entries.sort_by(|one, other| one.1.cmp(&other.1));
        Table { place, entries }
    }

    fn content(&self, place: &Place, value: &DeValue<'_>) -> Content {
        match value {
            DeValue::String(text) => Content::Text(text.to_string()),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or(Content::Float(f64::INFINITY), Content::Integer),
            DeValue::Float(number) => Content::Float(number.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(boolean) => Content::Boolean(*boolean),
            DeValue::Datetime(_) => Content::Date,
            DeValue::Array(values) => Content::Array(
                values
                    .iter()
                    .map(|value| {
                        let place = self.at(value.span().start);
                        Value { content: self.content(&place, value.get_ref()), place }
                    })
                    .collect(),
            ),
            DeValue::Table(table) => Content::Table(self.table(place.clone(), table)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Table {
        parse(&"a.toml".into(), text.as_bytes()).unwrap()
    }

    #[test]
    fn keys_and_values_know_their_line_and_their_column_in_characters() {
        let table = parsed("[service]\n\"Straße\" = \"ß\" # x\n[[source]]\nid = 'kitu'\n");
        let Content::Table(service) = &table.get("service").unwrap().content else { panic!() };
        let (_, key, value) = &service.entries[0];
        assert_eq!(
            (key.to_string(), value.place.to_string()),
            ("a.toml:2:1".into(), "a.toml:2:12".into())
        );
        let Content::Array(rows) = &table.get("source").unwrap().content else { panic!() };
        assert_eq!(rows[0].place.to_string(), "a.toml:3:1");
    }

    #[test]
    fn faults_of_syntax_are_located() {
        let problems = parse(&"a.toml".into(), b"a = 1\nb = \na = 2\n").unwrap_err();
        assert!(
            problems.iter().any(|problem| problem.place.as_ref().unwrap().line == 2),
            "{problems:?}"
        );
        let problems = parse(&"a.toml".into(), b"a = 1\nb = \"\xff\"").unwrap_err();
        assert_eq!(
            problems[0].to_string(),
            "a.toml:2:6  not UTF-8; save the file in that encoding"
        );
    }

    #[test]
    fn later_files_add_rows_and_override_single_keys() {
        let mut base = parsed("[web]\nlisten = '1'\nstatus = ['a']\n[[source]]\nid = 'a'\n");
        let mut problems = Vec::new();
        merge(&mut base, parsed("[web]\nstatus = ['b']\n[[source]]\nid = 'b'\n"), &mut problems);
        assert_eq!(problems, []);
        let Content::Table(web) = &base.get("web").unwrap().content else { panic!() };
        assert_eq!(web.get("listen").unwrap().content, Content::Text("1".into()));
        let Content::Array(status) = &web.get("status").unwrap().content else { panic!() };
        assert_eq!(status.len(), 1);
        let Content::Array(rows) = &base.get("source").unwrap().content else { panic!() };
        assert_eq!(rows.len(), 2);
        merge(&mut base, parsed("\n[source]\nid = 'c'\n"), &mut problems);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].place.as_ref().unwrap().line, 2);
    }
}

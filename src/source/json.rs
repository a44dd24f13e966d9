//! Kind `json`: items of a programming interface, or of the data that a page carries.
//!
//! Where the parts of an item stand is said by JSON pointers (RFC 6901), by a preset, or
//! found out by what the document holds.

use std::fmt;

use chrono_tz::Tz;
use serde_json::Value;
use url::Url;

use crate::extract::json::weigh;
use crate::extract::records::{self, Fields};
use crate::extract::{scripts, sniff};
use crate::model::{Budget, Extraction, ReadBy, Reader, Response, SourceSettings};
use crate::source::{Kind, Source, SourceError};

pub(super) const KIND: Kind = Kind {
    name: "json",
    summary: "items of a JSON document, or of JSON within a page, by JSON pointers or found",
    example: r#"[[source]]
id = "verband"
name = "Verband"
kind = "json"
url = "https://www.verband.example/wp-json/wp/v2/posts?per_page=20"
[source.json]
preset = "wordpress"              # or "drupal" (JSON:API), "ckan" (package_search, GovData), or pointers:
# list = "/result/items"          # the array of items; "" is the document itself
# title = "/title"
# link = "/url"                   # or a text made of pointers: "/meldung/{/slug}"
# date = "/published"
# text = "/body"                  # the whole text, as HTML
# summary = "/teaser"
# id = "/id"
"#,
    build,
};

/// A known interface: where the parts of its items stand.
struct Preset {
    name: &'static str,
    list: &'static str,
    /// In the order of [`KEYS`].
    parts: [&'static [&'static str]; 6],
}

const PRESETS: &[Preset] = &[
    Preset {
        name: "wordpress",
        list: "",
        parts: [
            &["/title/rendered"],
            &["/link"],
            &["/date"],
            &["/content/rendered"],
            &["/excerpt/rendered"],
            &["/guid/rendered"],
        ],
    },
    Preset {
        name: "drupal",
        list: "/data",
        parts: [
            &["/attributes/title"],
            &["/attributes/path/alias", "/node/{/attributes/drupal_internal__nid}"],
            &["/attributes/field_date", "/attributes/created"],
            &["/attributes/body/processed", "/attributes/body/value"],
            &["/attributes/body/summary"],
            &["/id"],
        ],
    },
    Preset {
        name: "ckan",
        list: "/result/results",
        parts: [
            &["/title"],
            &["/dataset/{/name}"],
            &["/metadata_created", "/metadata_modified"],
            &["/notes"],
            &[],
            &["/id"],
        ],
    },
];

/// Returns the names of the interfaces that are known.
pub fn presets() -> impl Iterator<Item = &'static str> {
    PRESETS.iter().map(|preset| preset.name)
}

/// Keys of the parts.
const KEYS: [&str; 6] = ["title", "link", "date", "text", "summary", "id"];

fn build(reader: &mut Reader<'_>, settings: &SourceSettings) -> Option<Box<dyn Source>> {
    let mut fields = None;
    if let Some(table) = reader.table("json") {
        let mut inner = reader.inner(table, "json");
        fields = settings_of(&mut inner);
        let is_sound = fields.is_some() || table.entries.is_empty();
        inner.finish();
        if !is_sound {
            return None;
        }
    }
    Some(Box::new(Json { fields, zone: settings.timezone }))
}

fn settings_of(reader: &mut Reader<'_>) -> Option<Fields> {
    let names: Vec<&'static str> = presets().collect();
    let preset = if reader.has("preset") { Some(reader.choice("preset", &names)?) } else { None };
    let preset = PRESETS.iter().find(|known| Some(known.name) == preset);
    let list = reader.text("list");
    let own = KEYS.map(|key| reader.text(key));
    let mut is_sound = true;
    for (key, pointer) in ["list"].iter().chain(&KEYS).zip(std::iter::once(&list).chain(&own)) {
        let Some(pointer) = pointer else { continue };
        if !(pointer.is_empty() || pointer.starts_with('/') || pointer.contains("{/")) {
            reader.problem(key, format!("`{pointer}` is no JSON pointer such as `/title`"));
            is_sound = false;
        }
    }
    if preset.is_none() {
        for (key, pointer) in [("title", &own[0]), ("link", &own[1])] {
            if pointer.is_none() {
                reader.problem(key, format!("missing key `{key}`, as no `preset` is named"));
                is_sound = false;
            }
        }
    }
    let list = list.unwrap_or_else(|| preset.map_or("", |preset| preset.list).to_owned());
    let mut parts = own.into_iter().enumerate().map(|(at, own)| match own {
        Some(own) => vec![own],
        None => preset
            .map_or(&[] as &[_], |preset| preset.parts[at])
            .iter()
            .map(|&p| p.to_owned())
            .collect(),
    });
    let mut next = || parts.next().unwrap_or_default();
    let fields = Fields {
        list,
        title: next(),
        link: next(),
        date: next(),
        text: next(),
        summary: next(),
        id: next(),
    };
    is_sound.then_some(fields)
}

struct Json {
    /// Where the parts stand; nothing: to be found out.
    fields: Option<Fields>,
    zone: Tz,
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Json").field("fields", &self.fields).finish_non_exhaustive()
    }
}

impl Source for Json {
    fn accept(&self) -> &'static str {
        "application/json, application/vnd.api+json, text/html;q=0.5, */*;q=0.1"
    }

    fn extract(&self, response: &Response) -> Result<Extraction, SourceError> {
        let decoded = sniff::decode(&response.body, response.headers.get("content-type"));
        let base = Url::parse(&response.final_url).ok();
        let budget = Budget::for_document(decoded.text.len());
        if decoded.text.trim_start().starts_with(['{', '[']) {
            weigh(&decoded.text, &budget)?;
        }
        let documents: Vec<Value> = match serde_json::from_str(decoded.text.trim()) {
            Ok(value) => vec![value],
            Err(error) if decoded.text.trim_start().starts_with(['{', '[']) => {
                return Err(SourceError::Unreadable { reason: error.to_string() });
            }
            Err(_) => scripts::data(&decoded.text),
        };
        let items = match &self.fields {
            Some(fields) => documents
                .iter()
                .find_map(|value| records::read(value, fields, base.as_ref(), self.zone, &budget)),
            None => {
                let mut lists = Vec::new();
                for value in &documents {
                    lists.extend(records::find(value, base.as_ref(), self.zone, &budget)?);
                }
                lists.into_iter().next().map(|list| list.items)
            }
        };
        budget.check()?;
        let Some(items) = items else {
            let what = match (&self.fields, documents.is_empty()) {
                (_, true) => "the answer holds no JSON".to_owned(),
                (Some(fields), _) => format!("`list` (`{}`) points at no array", fields.list),
                (None, _) => "no array of items with titles and addresses".to_owned(),
            };
            return Err(SourceError::NotAFeed { found: what });
        };
        let mut notes = decoded.notes;
        if !items.is_empty() && items.iter().all(|item| item.title.is_none()) {
            notes.push("no item has a title: does `title` point at it?".to_owned());
        }
        let incomplete = response.truncated;
        Ok(Extraction { items, read_by: ReadBy::Data, notes, incomplete, ..Extraction::default() })
    }

    /// It may be a page, or lie beside what robots are kept out of.
    fn obeys_robots(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Headers;

    fn of_preset(name: &str) -> Json {
        let preset = PRESETS.iter().find(|preset| preset.name == name).unwrap();
        let part = |at: usize| preset.parts[at].iter().map(|&p| p.to_owned()).collect();
        let fields = Fields {
            list: preset.list.to_owned(),
            title: part(0),
            link: part(1),
            date: part(2),
            text: part(3),
            summary: part(4),
            id: part(5),
        };
        Json { fields: Some(fields), zone: chrono_tz::Europe::Berlin }
    }

    fn read(json: &Json, body: &str) -> Result<Vec<(String, String, bool)>, SourceError> {
        let response = Response {
            status: 200,
            final_url: "https://stadt.example/api".to_owned(),
            is_redirected: false,
            moved: None,
            headers: Headers::new(),
            body: body.as_bytes().to_vec(),
            truncated: false,
        };
        let told = |raw: crate::model::RawItem| {
            (raw.title.unwrap_or_default(), raw.link.unwrap_or_default(), raw.published.is_some())
        };
        Ok(json.extract(&response)?.items.into_iter().map(told).collect())
    }

    #[test]
    fn each_preset_reads_what_its_interface_answers() {
        for (preset, body, link) in [
            (
                "wordpress",
                r#"[{"id":7,"date":"2026-11-02T08:00:00","guid":{"rendered":"https://stadt.example/?p=7"},"link":"https://stadt.example/neues/",
                "title":{"rendered":"M&#252;ll &amp; mehr"},"content":{"rendered":"<p>x</p>"},"excerpt":{"rendered":""}}]"#,
                "https://stadt.example/neues/",
            ),
            (
                "drupal",
                r#"{"data":[{"type":"node--article","id":"u-7","attributes":{"title":"Müll &amp; mehr","created":"2026-11-02T08:00:00+01:00",
                "drupal_internal__nid":7,"path":{"alias":null},"body":{"processed":"<p>x</p>"}}}]}"#,
                "https://stadt.example/node/7",
            ),
            (
                "ckan",
                r#"{"success":true,"result":{"count":1,"results":[{"id":"u-7","name":"muell","title":"Müll &amp; mehr",
                "metadata_created":"2026-11-02T08:00:00.123456","notes":"x"}]}}"#,
                "https://stadt.example/dataset/muell",
            ),
        ] {
            let items = read(&of_preset(preset), body).unwrap();
            assert_eq!(items, [("Müll &amp; mehr".to_owned(), link.to_owned(), true)], "{preset}");
        }
    }

    #[test]
    fn what_nobody_described_is_found_and_what_is_none_is_an_error() {
        let unknown = Json { fields: None, zone: chrono_tz::UTC };
        let list = r#"{"a":{"b":[{"title":"Neues Portal","url":"/1","date":"2026-11-02"},{"title":"Brücke zu","url":"/2","date":"2026-11-01"}]}}"#;
        assert_eq!(read(&unknown, list).unwrap().len(), 2);
        let page = format!("<p>x</p><script type=application/json>{list}</script>");
        assert_eq!(read(&unknown, &page).unwrap().len(), 2);
        for (body, said) in
            [("{\"a\":1}", "no array of items"), ("<p>x</p>", "no JSON"), ("{\"a\":", "EOF")]
        {
            let error = read(&unknown, body).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        let error = read(&of_preset("ckan"), "{\"success\":false}").unwrap_err().to_string();
        assert!(error.contains("`/result/results`"), "{error}");
    }
}

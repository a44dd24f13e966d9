//! A `[[source]]` block as `check` accepts it.

use std::collections::{HashMap, HashSet};

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};
use url::Url;

use super::proposal::Proposal;
use crate::config::Config;
use crate::source::page::Pins;

/// What a block says.
pub(super) struct Block {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) kind: &'static str,
    /// The table of its kind.
    pub(super) own: Option<Table>,
    pub(super) url: String,
    /// What is proposed beside, with its reasons.
    pub(super) proposal: Proposal,
}

impl Block {
    /// Returns a feed at that URL.
    pub(super) fn feed(id: &str, url: &str) -> Self {
        let (id, name, url) = (id.to_owned(), name_of(url), url.to_owned());
        Self { id, name, kind: "feed", own: None, url, proposal: Proposal::default() }
    }

    /// Returns a page at that URL whose list is found by itself, or pinned.
    pub(super) fn page(id: &str, url: &str, pins: Option<Pins>) -> Self {
        Self { kind: "page", own: pins.as_ref().map(pins_table), ..Self::feed(id, url) }
    }

    /// Returns it as TOML; everything quoted as it must be.
    pub(super) fn to_toml(&self) -> String {
        let mut table = Table::new();
        table["id"] = value(&self.id);
        let Proposal { name, rank, interval, initial } = &self.proposal;
        table["name"] = value(name.as_ref().unwrap_or(&self.name));
        table["kind"] = value(self.kind);
        table["url"] = value(&self.url);
        let mut reasoned = |key: &str, value: toml_edit::Value, why: &str| {
            table[key] = Item::Value(value.decorated(" ", format!(" # {why}")));
        };
        if let Some((rank, why)) = rank {
            reasoned("rank", (*rank).into(), why);
        }
        if let Some((interval, why)) = interval {
            reasoned("interval", (*interval).into(), why);
        }
        if let Some((initial, why)) = initial {
            reasoned("initial", initial.as_str().into(), why);
        }
        if let Some(own) = &self.own {
            table[self.kind] = Item::Table(own.clone());
        }
        of_table(table)
    }
}

/// Returns `[source.page]` with the selectors.
pub(super) fn pins_table(pins: &Pins) -> Table {
    let Pins { list, item, title, link, date } = pins;
    let mut page = Table::new();
    for (key, css) in
        [("list", list), ("item", item), ("title", title), ("link", link), ("date", date)]
    {
        if !css.is_empty() {
            page[key] = value(css);
        }
    }
    page
}

/// Returns the table as a block of its own.
pub(super) fn of_table(table: Table) -> String {
    let mut table = table;
    table.set_position(None);
    let mut rows = ArrayOfTables::new();
    rows.push(table);
    let mut document = DocumentMut::new();
    document["source"] = Item::ArrayOfTables(rows);
    document.to_string().trim_start().to_owned()
}

/// Returns a name for readers: the host.
fn name_of(url: &str) -> String {
    let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.map_or_else(|| url.to_owned(), |host| host.trim_start_matches("www.").to_owned())
}

/// Ids that are taken. It remembers for each host up to which number they are: a list of
/// 60,000 feeds of one host must not try them all before each.
#[derive(Debug, Clone, Default)]
pub(in crate::cli) struct Ids {
    taken: HashSet<String>,
    next: HashMap<String, usize>,
}

impl Ids {
    /// Returns the ids of the config.
    pub(in crate::cli) fn of(config: &Config) -> Self {
        let taken = config.sources.iter().map(|source| source.settings.id.to_string());
        Self { taken: taken.collect(), next: HashMap::new() }
    }

    /// Returns an id made of the URL's host that is not taken.
    pub(super) fn free(&self, url: &str) -> String {
        self.after(&stem(url)).1
    }

    /// Takes it.
    pub(super) fn take(&mut self, url: &str) -> String {
        let stem = stem(url);
        let (number, id) = self.after(&stem);
        self.next.insert(stem, number + 1);
        self.taken.insert(id.clone());
        id
    }

    /// Takes an id as it is.
    pub(super) fn insert(&mut self, id: String) {
        self.taken.insert(id);
    }

    fn after(&self, stem: &str) -> (usize, String) {
        let mut number = self.next.get(stem).copied().unwrap_or(1);
        loop {
            let id = if number == 1 { stem.to_owned() } else { format!("{stem}-{number}") };
            if !self.taken.contains(&id) {
                return (number, id);
            }
            number += 1;
        }
    }
}

/// Returns the beginning of ids for the URL's host.
fn stem(url: &str) -> String {
    let stem: String = name_of(url)
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .take(36)
        .collect();
    let stem = stem.trim_matches('-');
    if stem.is_empty() { "source".to_owned() } else { stem.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_quotes_what_a_url_may_hold() {
        let pins = Pins { list: "#a".into(), item: "li".into(), ..Pins::default() };
        let block = Block::page("a", "https://a.example/?q=\"x\"", Some(pins)).to_toml();
        let toml: toml::Table = block.parse().unwrap();
        let source = &toml["source"][0];
        assert_eq!(source["url"].as_str(), Some("https://a.example/?q=\"x\""));
        assert_eq!(source["page"]["list"].as_str(), Some("#a"));
        assert_eq!(source["page"].get("date"), None);
        assert!(block.starts_with("[[source]]\nid = \"a\"\n"), "{block}");
    }

    #[test]
    fn what_is_proposed_stands_in_the_block_with_its_reason() {
        let mut block = Block::feed("a", "https://a.example/");
        block.proposal = Proposal {
            name: Some("Stadt Musterau".to_owned()),
            rank: Some((1, "an authority, by `stadt`".to_owned())),
            interval: Some(("6h", "4 items in 30 days".to_owned())),
            initial: Some(("none".to_owned(), "nothing of the last 7 days".to_owned())),
        };
        assert_eq!(
            block.to_toml(),
            "[[source]]\nid = \"a\"\nname = \"Stadt Musterau\"\nkind = \"feed\"\nurl = \"https://a.example/\"\n\
             rank = 1 # an authority, by `stadt`\ninterval = \"6h\" # 4 items in 30 days\n\
             initial = \"none\" # nothing of the last 7 days\n"
        );
    }

    #[test]
    fn an_id_is_well_formed_and_free() {
        let mut ids = Ids::default();
        ids.insert("a-example".to_owned());
        ids.insert("a-example-2".to_owned());
        assert_eq!(ids.free("https://www.a.example/"), "a-example-3");
        assert_eq!(ids.take("https://www.a.example/"), "a-example-3");
        assert_eq!(ids.take("https://a.example/x"), "a-example-4");
        for url in ["http://[::1]:80/", "http://127.0.0.1:9/x", "http://ü.example/", "x"] {
            let id = Ids::default().free(url);
            assert!(crate::model::is_well_formed_id(&id), "{url} {id}");
        }
    }

    #[test]
    fn the_ids_of_a_list_of_one_host_are_tried_once_each() {
        let mut ids = Ids::default();
        for number in 0..60_000 {
            ids.take(&format!("https://a.example/{number}"));
        }
        assert_eq!(ids.taken.len(), 60_000);
        assert_eq!(ids.next.get("a-example"), Some(&60_001), "the next try is the free one");
    }
}

//! Who an item is within its source.
//!
//! guid → number in the address → canonical link → title and date as the
//! source gave them. Never by chance, never of `now`. An equal title alone
//! makes two items of a document one only if nothing else sets them apart.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;

use url::Url;

use super::identity::{self, hash, link_name, named};
use super::url::{begins, canonical, canonical_with_fragment};
use crate::model::{IdentityPolicy, Key, RawItem, SourceSettings};
use crate::text;

/// The keys of one document's items.
#[derive(Debug)]
pub struct Keyed<'a> {
    /// One key per item, in order. Items of equal key are one item listed twice.
    pub keys: Vec<Key>,
    /// What the operator should know.
    pub notes: Vec<String>,
    facts: Vec<Facts<'a>>,
    policy: IdentityPolicy,
    /// Made when first asked for: it takes a hash of all texts.
    bearers: OnceCell<HashMap<Key, Option<usize>>>,
}

/// Names each item of one document. Where a name is borne by items that differ
/// it is refined by the link, then by the content, with a note.
pub fn keys<'a>(items: &'a [RawItem], settings: &SourceSettings) -> Keyed<'a> {
    let page = Rc::from(canonical(&settings.url));
    let facts: Vec<Facts<'_>> = items.iter().map(|raw| Facts::of(raw, settings, &page)).collect();
    let mut keys: Vec<String> =
        facts.iter().map(|facts| facts.first_name(settings.identity)).collect();
    let mut notes = Vec::new();
    refine(&mut keys, &facts, "its link", &mut notes, Facts::link_hash);
    refine(&mut keys, &facts, "its title and text", &mut notes, Facts::full_content);
    Keyed {
        keys: keys.into_iter().map(Key).collect(),
        notes,
        facts,
        policy: settings.identity,
        bearers: OnceCell::new(),
    }
}

impl Keyed<'_> {
    /// Returns further names under which the item at `index` may be stored already, best
    /// first. To be looked up among the keys and the aliases of the same source
    /// if the key is unknown, so that guids that change at each poll bring no new
    /// items. What is found counts only if the item [bears the name
    /// alone](Self::is_alone).
    pub fn fallbacks(&self, index: usize) -> Vec<Key> {
        let Some((facts, key)) = self.facts.get(index).zip(self.keys.get(index)) else {
            return Vec::new();
        };
        facts.further_names(self.policy).map(Key).filter(|name| name != key).collect()
    }

    /// Returns whether no other item of the document answers to the name, as its key or
    /// as a further name. Items of the same key are one.
    pub fn is_alone(&self, index: usize, name: &Key) -> bool {
        let bearers = self.bearers.get_or_init(|| self.bearers());
        let bearer = bearers.get(name).copied().flatten().and_then(|first| self.keys.get(first));
        bearer.is_some() && bearer == self.keys.get(index)
    }

    /// Returns the first bearer of each name; none where items of different keys bear it.
    fn bearers(&self) -> HashMap<Key, Option<usize>> {
        let borne = self.keys.iter().cloned().enumerate();
        let offered = self.facts.iter().enumerate().flat_map(|(index, facts)| {
            facts.further_names(self.policy).map(move |name| (index, Key(name)))
        });
        let mut bearers = HashMap::new();
        for (index, name) in borne.chain(offered) {
            let first = bearers.entry(name).or_insert(Some(index));
            if first.is_some_and(|first| self.keys.get(first) != self.keys.get(index)) {
                *first = None;
            }
        }
        bearers
    }
}

/// Returns the hash of what the item says, blind to white space and dates: while it is the
/// same, nothing needs to be cleaned again.
pub fn raw_hash(item: &RawItem) -> i64 {
    // Gathered first: a sum takes many small pieces slowly.
    let mut said = String::with_capacity(1024);
    let mut field = |text: &str| {
        let from = said.len();
        text::push_single_spaced(&mut said, text);
        said.push_str(if said.len() > from { " \0" } else { "\0" });
    };
    for text in [&item.guid, &item.link, &item.title, &item.summary_html, &item.body_html] {
        field(text.as_deref().unwrap_or_default());
    }
    for enclosure in &item.enclosures {
        field(&enclosure.url);
        field(enclosure.title.as_deref().unwrap_or_default());
        if let Some(length) = enclosure.length {
            field(&length.to_string());
        }
    }
    text::checksum64(said.as_bytes()).cast_signed()
}

/// What can tell an item apart.
#[derive(Debug)]
struct Facts<'a> {
    raw: &'a RawItem,
    guid: Option<String>,
    system: Option<String>,
    link: Option<String>,
    /// The source's own page, canonical.
    page: Rc<str>,
    /// Where the link leads. Most items have a guid, and nobody asks.
    place: OnceCell<Option<Place>>,
}

impl<'a> Facts<'a> {
    fn of(raw: &'a RawItem, settings: &SourceSettings, page: &Rc<str>) -> Self {
        let link = raw
            .link
            .as_deref()
            .filter(|link| !link.trim().is_empty())
            .map(|link| unmirrored(link, settings));
        Self {
            raw,
            guid: raw.guid.as_deref().and_then(guid_name),
            system: link.as_deref().and_then(identity::key_of_url),
            link,
            page: Rc::clone(page),
            place: OnceCell::new(),
        }
    }

    fn place(&self) -> Option<&Place> {
        let place = || self.link.as_deref().map(|link| Place::of(link, &self.page));
        self.place.get_or_init(place).as_ref()
    }

    fn title(&self) -> String {
        one_line(self.raw.title.as_deref())
    }

    fn date(&self) -> i64 {
        self.raw.published.map_or(0, |date| date.at.0)
    }

    /// Returns the hash of title and date; of the texts where there is no title.
    fn content(&self) -> String {
        let (title, date) = (self.title(), self.date());
        if title.is_empty() {
            let [summary, body] = self.texts();
            hash(format!("{summary}\0{body}\0{date}").as_bytes())
        } else {
            hash(format!("{title}\0{date}").as_bytes())
        }
    }

    /// Returns the hash of all it says. Reads the texts, so it is asked only where it is needed.
    fn full_content(&self) -> String {
        let [summary, body] = self.texts();
        hash(format!("{}\0{}\0{summary}\0{body}", self.title(), self.date()).as_bytes())
    }

    fn texts(&self) -> [String; 2] {
        [&self.raw.summary_html, &self.raw.body_html].map(|html| one_line(html.as_deref()))
    }

    fn first_name(&self, policy: IdentityPolicy) -> String {
        // A number of iKISS comes before a guid: its feeds have none of their own.
        let ikiss = || self.system.clone().filter(|name| name.starts_with("ikiss:"));
        let place = || self.place().map(|place| link_name(&place.spelled));
        let link = || self.system.clone().or_else(place);
        let content = || format!("content:{}", self.content());
        match policy {
            IdentityPolicy::Auto => {
                ikiss().or_else(|| self.guid.clone()).or_else(link).unwrap_or_else(content)
            }
            IdentityPolicy::Guid => self.guid.clone().or_else(link).unwrap_or_else(content),
            IdentityPolicy::Link => link().or_else(|| self.guid.clone()).unwrap_or_else(content),
            IdentityPolicy::Content => content(),
        }
    }

    /// Returns the first name told apart by the link, by the content, and by both; then
    /// the names of the item's own page, unless the config says what it is known by.
    fn further_names(&self, policy: IdentityPolicy) -> impl Iterator<Item = String> {
        let first = self.first_name(policy);
        let (refined, content) = (format!("{first}|{}", self.link_hash()), self.full_content());
        let names = [refined.clone(), format!("{first}|{content}"), format!("{refined}|{content}")];
        let place = self.place().filter(|place| policy == IdentityPolicy::Auto && place.is_own);
        let system = self.system.clone().filter(|_| place.is_some());
        let of_page = system.into_iter().chain(place.map(|place| link_name(&place.spelled)));
        names.into_iter().chain(of_page.filter(move |name| *name != first))
    }

    fn link_hash(&self) -> String {
        self.place().map_or_else(String::new, |place| hash(place.spelled.as_bytes()))
    }
}

/// Gives the bearers of a name names of their own where they differ.
fn refine<'a>(
    keys: &mut [String],
    facts: &[Facts<'a>],
    by: &str,
    notes: &mut Vec<String>,
    part: impl Fn(&Facts<'a>) -> String,
) {
    let mut bearers: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, key) in keys.iter().enumerate() {
        bearers.entry(key.clone()).or_default().push(index);
    }
    let mut groups: Vec<(String, Vec<usize>)> =
        bearers.into_iter().filter(|(_, indices)| indices.len() > 1).collect();
    groups.sort();
    let mut repeated = 0;
    for (name, indices) in groups {
        let first = &facts[indices[0]];
        let title = text::fold(&first.title());
        let by_system = first.system.as_deref().is_some_and(|system| name.starts_with(system));
        let differ = indices.iter().any(|index| {
            let other = &facts[*index];
            text::fold(&other.title()) != title
                || (!by_system && other.place() != first.place())
                || (other.link.is_none() && other.full_content() != first.full_content())
        });
        let parts: Vec<String> = indices.iter().map(|index| part(&facts[*index])).collect();
        if !differ || parts.iter().all(|part| *part == parts[0]) {
            continue;
        }
        repeated += indices.len();
        for (index, part) in indices.into_iter().zip(parts) {
            keys[index] = format!("{name}|{part}");
        }
    }
    if repeated > 0 {
        notes.push(format!(
            "{repeated} different items share an identity with another: each is also told by {by}"
        ));
    }
}

/// Returns `guid:…` of what the source calls its own id. White space around it and the
/// scheme of a URL flip between polls; everything else is opaque.
fn guid_name(guid: &str) -> Option<String> {
    let guid = guid.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    if guid.is_empty() {
        return None;
    }
    if begins(guid, "http://") {
        return Some(named("guid", &format!("https://{}", &guid[7..])));
    }
    Some(named("guid", guid))
}

/// Where a link leads, seen from the source's own page.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    /// Canonical; the fragment counts only on the source's own page.
    spelled: String,
    /// Whether one item is there, not a list or a start page.
    is_own: bool,
}

impl Place {
    fn of(link: &str, page: &str) -> Self {
        let plain = canonical(link);
        if plain == page {
            let spelled = canonical_with_fragment(link);
            let is_own = spelled != page;
            return Self { spelled, is_own };
        }
        let is_own = identity::is_specific(&plain);
        Self { spelled: plain, is_own }
    }
}

/// Returns the link with a mirror's host replaced by the source's own.
pub(super) fn unmirrored(link: &str, settings: &SourceSettings) -> String {
    let link = link.trim();
    if settings.aliases.is_empty() {
        return link.to_owned();
    }
    let own = Url::parse(&settings.url).ok();
    match (Url::parse(link), own.as_ref().and_then(Url::host_str)) {
        (Ok(mut url), Some(own))
            if url.host_str().is_some_and(|host| {
                settings.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(host))
            }) =>
        {
            if url.set_host(Some(own)).is_err() {
                return link.to_owned();
            }
            url.into()
        }
        _ => link.to_owned(),
    }
}

/// Returns the name of the item's own page, if it has one.
pub(super) fn own_page(link: &str, settings: &SourceSettings) -> Option<String> {
    let place = Place::of(&unmirrored(link, settings), &canonical(&settings.url));
    place.is_own.then(|| link_name(&place.spelled))
}

fn one_line(text: Option<&str>) -> String {
    let mut line = String::new();
    text::push_single_spaced(&mut line, text.unwrap_or_default());
    line
}

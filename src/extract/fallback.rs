//! A tolerant reading of feeds, for what strict parsers refuse or leave out:
//! torn documents, Atom 0.3, RSS 0.90, CDF, RDF items without a link, markup
//! that nobody escaped.
//!
//! It walks the tokens once and holds no tree: an entry, and in it one field at
//! a time. Rules of precedence are those of the readers that people are used to:
//! the last web link wins, a permanent guid is a link, a second description is the text.

use chrono_tz::Tz;
use url::Url;

use crate::model::{Budget, Date, Enclosure, RawItem, Resource};

use super::convert::{
    MOST_PARTS, absolute, add_enclosure, escaped, non_empty, non_empty_owned, plain,
};
use super::markup::{Dialect, Token, Tokens, attribute};
use super::vocabulary::{Field, Name, Names, Space, field_of};
use super::{html, markup, value};
use crate::text::date;

/// Entries after which the scan stops: memory is bounded whatever a document holds.
pub(super) const MOST_ENTRIES: usize = 50_000;

/// What the scan found.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// The entries that are complete.
    pub(super) items: Vec<RawItem>,
    /// The document ended inside an entry or before its root's end.
    pub(super) incomplete: bool,
}

/// Reads every entry of `text`, whose references are sound (see `repair`).
pub(super) fn scan(text: &str, base: Option<&Url>, zone: Tz, budget: &Budget) -> Scan {
    let mut scanner = Scanner {
        text,
        zone,
        budget,
        names: Names::default(),
        bases: Bases { feed: base.cloned(), ..Bases::default() },
        language: None,
        open: None,
        items: Vec::new(),
        ended: false,
    };
    scanner.run();
    Scan { incomplete: !scanner.ended || scanner.open.is_some(), items: scanner.items }
}

/// `xml:base` by level. Three levels are all that feeds use, and need no nesting to be known.
#[derive(Debug, Default)]
struct Bases {
    feed: Option<Url>,
    entry: Option<Url>,
    field: Option<Url>,
}

impl Bases {
    fn nearest(&self) -> Option<&Url> {
        self.field.as_ref().or(self.entry.as_ref()).or(self.feed.as_ref())
    }
}

/// An entry that is being read, with what decides between its parts.
#[derive(Debug, Default)]
struct Open {
    item: RawItem,
    /// A guid that is a link, for an entry without one.
    permanent: Option<String>,
    /// A link of another kind than a web page.
    other_link: Option<String>,
    title_rank: u8,
    summary_rank: u8,
    created: Option<Date>,
    core_date: Option<Date>,
}

/// A field whose end has not come yet.
struct OpenField<'a> {
    field: Field,
    name: &'a str,
    attributes: &'a str,
    start: usize,
    depth: usize,
}

struct Scanner<'a> {
    text: &'a str,
    zone: Tz,
    budget: &'a Budget,
    names: Names<'a>,
    bases: Bases,
    language: Option<String>,
    open: Option<Open>,
    items: Vec<RawItem>,
    ended: bool,
}

impl<'a> Scanner<'a> {
    fn run(&mut self) {
        let mut tokens = Tokens::new(self.text, Dialect::Xml, self.budget);
        let mut field: Option<OpenField<'a>> = None;
        loop {
            let before = tokens.position();
            let Some(token) = tokens.next() else { break };
            if self.items.len() >= MOST_ENTRIES {
                break;
            }
            match token {
                Token::Start { name, attributes, is_empty } => {
                    self.names.declare(attributes);
                    let resolved = self.names.resolve(name);
                    if let Some(inside) = &mut field {
                        if !self.ends_field(inside.field, resolved) {
                            inside.depth += usize::from(name == inside.name && !is_empty);
                            continue;
                        }
                        if let Some(torn) = field.take() {
                            self.close_field(&torn, before);
                        }
                    }
                    field = self.start(resolved, name, attributes, is_empty, tokens.position());
                }
                Token::End { name } => {
                    if let Some(inside) = &mut field {
                        if name == inside.name {
                            if inside.depth > 0 {
                                inside.depth -= 1;
                                continue;
                            }
                            if let Some(whole) = field.take() {
                                self.close_field(&whole, before);
                            }
                            continue;
                        }
                        let resolved = self.names.resolve(name);
                        if !(resolved.is_entry() || resolved.is_root()) {
                            continue;
                        }
                        if let Some(torn) = field.take() {
                            self.close_field(&torn, before);
                        }
                    }
                    self.end(self.names.resolve(name));
                }
                Token::Text(_) | Token::Cdata(_) => {}
            }
        }
    }

    /// Returns whether a start tag inside a field can only mean that its end is missing.
    fn ends_field(&self, field: Field, name: Name<'_>) -> bool {
        if self.open.is_none() {
            return true;
        }
        if field == Field::Skipped || field == Field::Author {
            return name.is_entry() && name.space == Space::Plain;
        }
        if name.is_entry() {
            return field != Field::Body;
        }
        match (field, field_of(name)) {
            (_, None) => false,
            (Field::Title { .. }, Some(next)) => {
                !matches!(next, Field::Title { .. } | Field::Body | Field::Skipped)
            }
            (Field::Summary { .. }, Some(next)) => {
                matches!(next, Field::Published | Field::Guid | Field::Encoded | Field::CoreDate)
            }
            (Field::Body | Field::Encoded, Some(next)) => {
                matches!(next, Field::Published | Field::Guid)
            }
            _ => true,
        }
    }

    fn start(
        &mut self,
        name: Name<'_>,
        written: &'a str,
        attributes: &'a str,
        is_empty: bool,
        after: usize,
    ) -> Option<OpenField<'a>> {
        if name.is_entry() {
            self.finish_entry();
            self.bases.entry = self.base_of(attributes);
            self.open = Some(self.new_entry(attributes));
            if is_empty {
                self.finish_entry();
            }
            return None;
        }
        let budget = self.budget;
        // Each attribute that is asked for is looked for among all.
        let _ = budget.step(attributes.len() * 8);
        let Some(open) = &mut self.open else {
            if name.is_root() || name.local() == "channel" {
                if let Some(base) = attribute(attributes, "xml:base") {
                    self.bases.feed = join(self.bases.feed.as_ref(), base, budget);
                }
                self.language =
                    attribute(attributes, "xml:lang").and_then(non_empty).or(self.language.take());
            } else if matches!((name.space, name.local()), (Space::Plain | Space::Dc, "language")) {
                let rest = self.text.get(after..).unwrap_or_default();
                let end = rest.find('<').unwrap_or(rest.len());
                self.language =
                    rest.get(..end.min(40)).and_then(non_empty).or(self.language.take());
            }
            return None;
        };
        let field = field_of(name)?;
        let field_base = attribute(attributes, "xml:base");
        self.bases.field = field_base.and_then(|base| {
            join(self.bases.entry.as_ref().or(self.bases.feed.as_ref()), base, budget)
        });
        match field {
            Field::Link => {
                if let Some(href) = attribute(attributes, "href") {
                    add_link(
                        open,
                        attributes,
                        &absolute(value::decoded(href).trim(), self.bases.nearest(), budget),
                    );
                    return None;
                }
            }
            Field::Category => {
                let term = attribute(attributes, "label")
                    .filter(|label| !label.trim().is_empty())
                    .or(attribute(attributes, "term"));
                if let Some(term) = term {
                    add_category(open, &value::decoded(term), budget);
                }
            }
            Field::Enclosure => {
                add_file(open, attributes, self.bases.nearest(), budget);
                return None;
            }
            _ => {}
        }
        (!is_empty).then_some(OpenField {
            field,
            name: written,
            attributes,
            start: after,
            depth: 0,
        })
    }

    fn end(&mut self, name: Name<'_>) {
        if name.is_entry() {
            self.finish_entry();
        } else if name.is_root() {
            self.ended = true;
            self.finish_entry();
        }
    }

    fn base_of(&self, attributes: &str) -> Option<Url> {
        attribute(attributes, "xml:base")
            .and_then(|base| join(self.bases.feed.as_ref(), base, self.budget))
    }

    fn new_entry(&self, attributes: &str) -> Open {
        let mut open = Open::default();
        let base = self.bases.entry.as_ref().or(self.bases.feed.as_ref());
        open.item.language = attribute(attributes, "xml:lang").and_then(non_empty);
        let about = markup::attributes(attributes)
            .find(|(name, _)| *name == "about" || name.ends_with(":about"))
            .map(|(_, value)| value);
        if let Some(about) = about {
            let about = value::decoded(about);
            open.item.guid = non_empty(&about);
            open.permanent = address(&about);
        }
        // CDF keeps them as attributes.
        if let Some(href) = attribute(attributes, "href") {
            open.item.link = non_empty(&absolute(value::decoded(href).trim(), base, self.budget));
        }
        if let Some(modified) = attribute(attributes, "lastmod") {
            open.item.updated = date::parse(modified, self.zone);
        }
        open
    }

    fn finish_entry(&mut self) {
        let Some(open) = self.open.take() else { return };
        self.bases.entry = None;
        self.bases.field = None;
        let Open { mut item, permanent, other_link, created, core_date, .. } = open;
        item.link = item.link.or(other_link).or(permanent);
        item.updated = item.updated.or(core_date);
        item.published = item.published.or(core_date).or(item.updated).or(created);
        item.language = item.language.or_else(|| self.language.clone());
        self.items.push(item);
    }

    fn close_field(&mut self, closed: &OpenField<'a>, end: usize) {
        let inside = self.text.get(closed.start..end).unwrap_or_default();
        let (zone, budget) = (self.zone, self.budget);
        let Some(open) = &mut self.open else { return };
        let base = self.bases.nearest();
        let date = || date::parse(&value::text(inside, budget), zone);
        match closed.field {
            Field::Title { rank } => {
                let found = value::read(inside, closed.attributes, value::Default::Guess, budget);
                if let Some(title) =
                    plain(&found.content, found.is_html, budget).filter(|_| rank > open.title_rank)
                {
                    open.item.title = Some(title);
                    open.title_rank = rank;
                }
            }
            Field::Link => {
                if let Some(link) = non_empty(&value::text(inside, budget)) {
                    open.item.link = Some(absolute(&link, base, budget));
                }
            }
            Field::Guid => {
                let guid = value::text(inside, budget);
                let is_permanent = attribute(closed.attributes, "ispermalink")
                    .is_none_or(|word| word.trim().eq_ignore_ascii_case("true"));
                if let Some(guid) = non_empty(&guid) {
                    if is_permanent {
                        open.permanent = address(&guid);
                    }
                    open.item.guid = Some(guid);
                }
            }
            Field::Published => open.item.published = date().or(open.item.published),
            Field::Updated => open.item.updated = date().or(open.item.updated),
            Field::Created => open.created = date().or(open.created),
            Field::CoreDate => open.core_date = date().or(open.core_date),
            Field::Summary { rank } => {
                let html =
                    html_of(value::read(inside, closed.attributes, value::Default::Guess, budget));
                if html.is_none() || rank < open.summary_rank {
                } else if rank == open.summary_rank && open.item.body_html.is_none() {
                    // A second description holds the whole text.
                    open.item.body_html = html;
                } else if rank > open.summary_rank {
                    open.item.summary_html = html;
                    open.summary_rank = rank;
                }
            }
            Field::Encoded | Field::Body => {
                let default = if closed.field == Field::Body {
                    value::Default::Guess
                } else {
                    value::Default::Html
                };
                if let Some(html) = html_of(value::read(inside, closed.attributes, default, budget))
                {
                    open.item.body_html.get_or_insert(html);
                }
            }
            Field::Author => add_author(open, inside, budget),
            Field::Category => add_category(open, &value::text(inside, budget), budget),
            Field::Language => {
                open.item.language =
                    non_empty(&value::text(inside, budget)).or(open.item.language.take());
            }
            Field::Enclosure | Field::Skipped => {}
        }
        self.bases.field = None;
    }
}

fn html_of(found: value::Found) -> Option<String> {
    if found.is_html { non_empty_owned(found.content) } else { escaped(&found.content) }
}

fn add_link(open: &mut Open, attributes: &str, href: &str) {
    let rel = attribute(attributes, "rel").unwrap_or("alternate").trim();
    let kind = attribute(attributes, "type");
    let is_page = kind.is_none_or(|kind| kind.contains("html"));
    if href.is_empty() {
    } else if rel.eq_ignore_ascii_case("enclosure") {
        add_enclosure(
            &mut open.item.enclosures,
            Enclosure {
                url: href.to_owned(),
                media_type: kind.and_then(non_empty),
                length: attribute(attributes, "length")
                    .and_then(|length| length.trim().parse().ok()),
                title: attribute(attributes, "title")
                    .map(|title| value::decoded(title).into_owned()),
            },
        );
    } else if rel.eq_ignore_ascii_case("alternate") || rel.ends_with("/alternate") {
        let target = if is_page { &mut open.item.link } else { &mut open.other_link };
        *target = Some(href.to_owned());
    }
}

fn add_file(open: &mut Open, attributes: &str, base: Option<&Url>, budget: &Budget) {
    let Some(url) = attribute(attributes, "url").or_else(|| attribute(attributes, "href")) else {
        return;
    };
    add_enclosure(
        &mut open.item.enclosures,
        Enclosure {
            url: absolute(value::decoded(url).trim(), base, budget),
            media_type: attribute(attributes, "type").and_then(non_empty),
            length: attribute(attributes, "length")
                .or_else(|| attribute(attributes, "filesize"))
                .and_then(|length| length.trim().parse().ok()),
            title: None,
        },
    );
}

fn add_category(open: &mut Open, words: &str, budget: &Budget) {
    let categories = &mut open.item.categories;
    if let Some(category) =
        non_empty(&html::to_text(words, budget).text).filter(|_| categories.len() < MOST_PARTS)
        && !categories.contains(&category)
    {
        categories.push(category);
    }
}

fn add_author(open: &mut Open, inside: &str, budget: &Budget) {
    let name = value::child(inside, "name", budget)
        .or_else(|| value::child(inside, "email", budget))
        .unwrap_or(inside);
    let authors = &mut open.item.authors;
    if let Some(author) = non_empty(&html::to_text(&value::text(name, budget), budget).text)
        .filter(|_| authors.len() < MOST_PARTS)
    {
        authors.push(author);
    }
}

/// Returns the address that a permanent id is, as it stands: by RSS any guid that does
/// not deny it, by custom Atom's ids too. Normalising keeps http and https only,
/// so that a mere name never becomes a link that leads nowhere.
fn address(id: &str) -> Option<String> {
    let id = id.trim();
    (!id.is_empty() && !id.contains(char::is_whitespace)).then(|| id.to_owned())
}

fn join(base: Option<&Url>, reference: &str, budget: &Budget) -> Option<Url> {
    let reference = value::decoded(reference);
    let reference = reference.trim();
    let Some(base) = base else { return Url::parse(reference).ok() };
    budget.spend(Resource::Bytes, base.as_str().len()).ok()?;
    base.join(reference).ok()
}

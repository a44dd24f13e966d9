//! What a page says of itself outside its text: `<title>`, meta elements, JSON-LD.

use scraper::{ElementRef, Html};
use serde_json::Value;

use crate::extract::{records, scripts};
use crate::model::{Budget, Exhausted};
use crate::text::{clean_line, fold};

/// Most objects of JSON-LD that are looked at.
const MOST_OBJECTS: usize = 2_000;
const LONGEST: usize = 500;

/// Claims of the page about its article.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// Titles that name the article alone: Open Graph, JSON-LD and their like.
    pub(super) titles: Vec<String>,
    /// `<title>`, with the name of the site in most cases.
    pub(super) title: String,
    pub(super) site: String,
    /// Dates of publication, best first.
    pub(super) published: Vec<String>,
    /// A date that is one of anything: `meta name=date`.
    pub(super) dated: Vec<String>,
    pub(super) modified: Vec<String>,
    pub(super) authors: Vec<String>,
    pub(super) language: Option<String>,
    /// The text as JSON-LD repeats it.
    pub(super) body: Option<String>,
    /// Files that JSON-LD names for it.
    pub(super) files: Vec<Media>,
    /// Articles that JSON-LD describes.
    articles: usize,
}

/// A medium that JSON-LD names for an article.
#[derive(Debug, Default)]
pub(super) struct Media {
    pub(super) address: String,
    pub(super) name: String,
    /// Its media type, if it is said.
    pub(super) kind: String,
}

/// Reads the claims. `source` is the page as text: its tree has lost the scripts.
pub(super) fn read(page: &Html, source: &str) -> Head {
    let mut head = Head::default();
    for value in scripts::linked_data(source) {
        linked_data(&value, &mut head);
    }
    if head.articles > 1 {
        // Of several articles nothing says whose files they are.
        head.files = Vec::new();
    }
    let mut seen = 0;
    for element in page.root_element().descendent_elements() {
        seen += 1;
        match element.value().name() {
            "html" => head.language = element.attr("lang").map(str::to_owned),
            "title" if head.title.is_empty() && !is_in_drawing(element) => {
                head.title = clean_line(&element.text().collect::<String>(), LONGEST);
            }
            "meta" => meta(element, &mut head),
            // Some systems write meta elements into the body, but never far into it.
            _ if seen > 3_000 => break,
            _ => {}
        }
    }
    head
}

/// Reads the claims of the data from which scripts draw the page.
///
/// Fails if that costs more than `budget`.
pub(super) fn read_program_data(
    head: &mut Head,
    source: &str,
    budget: &Budget,
) -> Result<(), Exhausted> {
    for value in scripts::data(source) {
        if let Some(prose) = records::article(&value, budget)? {
            push(&mut head.titles, clean_line(&prose.title, LONGEST));
            prose.date.into_iter().for_each(|date| push(&mut head.published, date));
            head.body = Some(prose.html);
            break;
        }
    }
    Ok(())
}

fn is_in_drawing(element: ElementRef<'_>) -> bool {
    element.parent().and_then(ElementRef::wrap).is_some_and(|parent| parent.value().name() == "svg")
}

fn meta(element: ElementRef<'_>, head: &mut Head) {
    let Some(content) = element.attr("content").map(|text| clean_line(text, LONGEST)) else {
        return;
    };
    if content.is_empty() {
        return;
    }
    let name = ["property", "name", "itemprop", "http-equiv"]
        .into_iter()
        .find_map(|key| element.attr(key));
    let Some(name) = name.map(str::to_ascii_lowercase) else { return };
    match name.as_str() {
        "og:title" | "twitter:title" | "dc.title" | "dcterms.title" | "headline" | "title" => {
            push(&mut head.titles, content);
        }
        "og:site_name" | "application-name" if head.site.is_empty() => head.site = content,
        "article:published_time"
        | "og:article:published_time"
        | "datepublished"
        | "dcterms.issued"
        | "dc.date.issued"
        | "dcterms.created"
        | "dc.date.created"
        | "publish-date"
        | "publish_date"
        | "pubdate"
        | "publication_date"
        | "article.published"
        | "sailthru.date"
        | "parsely-pub-date"
        | "published_time"
        | "date.created"
        | "creation_date"
        | "datecreated" => {
            push(&mut head.published, content);
        }
        "date" | "dc.date" | "dcterms.date" | "og:pubdate" => push(&mut head.dated, content),
        "article:modified_time"
        | "og:updated_time"
        | "last-modified"
        | "dcterms.modified"
        | "dc.date.modified"
        | "datemodified"
        | "revised" => push(&mut head.modified, content),
        "author" | "article:author" | "dc.creator" | "dcterms.creator"
            if !content.contains("://") =>
        {
            push(&mut head.authors, content);
        }
        _ => {}
    }
}

fn push(list: &mut Vec<String>, value: String) {
    if !value.is_empty() && list.len() < 10 && !list.contains(&value) {
        list.push(value);
    }
}

fn linked_data(value: &Value, head: &mut Head) {
    let mut waiting = vec![value];
    let mut seen = 0;
    while let Some(value) = waiting.pop() {
        seen += 1;
        if seen > MOST_OBJECTS {
            return;
        }
        match value {
            Value::Array(values) => waiting.extend(values.iter().rev().take(200)),
            Value::Object(object) => {
                let is = |wanted: &str| match object.get("@type") {
                    Some(Value::String(kind)) => kind.ends_with(wanted),
                    Some(Value::Array(kinds)) => {
                        kinds.iter().filter_map(Value::as_str).any(|kind| kind.ends_with(wanted))
                    }
                    _ => false,
                };
                let is_article =
                    is("Article") || is("Posting") || is("PressRelease") || is("Report");
                if is_article {
                    article(object, head);
                } else if is("WebPage")
                    && let Some(date) = text(object, "datePublished")
                {
                    push(&mut head.dated, date);
                }
                for key in ["@graph", "mainEntity", "mainEntityOfPage"] {
                    waiting.extend(object.get(key));
                }
            }
            _ => {}
        }
    }
}

/// Returns the files that an article's media are: no pictures, films or sounds.
fn media(object: &serde_json::Map<String, Value>) -> impl Iterator<Item = Media> {
    const MOST: usize = 40;
    let named = ["associatedMedia", "encoding", "encodings"].into_iter();
    let values = named.filter_map(|key| object.get(key)).flat_map(|value| match value {
        Value::Array(values) => values.iter().take(MOST).collect(),
        one => vec![one],
    });
    values.filter_map(Value::as_object).filter_map(|media| {
        let said = |key| text(media, key).unwrap_or_default();
        let address = text(media, "contentUrl").or_else(|| text(media, "url"))?;
        let (name, kind) = (said("name"), said("encodingFormat"));
        (said("@type") != "ImageObject").then_some(Media { address, name, kind })
    })
}

fn article(object: &serde_json::Map<String, Value>, head: &mut Head) {
    head.articles += 1;
    head.files.extend(media(object));
    for key in ["headline", "name"] {
        if let Some(title) = text(object, key) {
            push(&mut head.titles, title);
            break;
        }
    }
    for key in ["datePublished", "dateCreated"] {
        if let Some(date) = text(object, key) {
            push(&mut head.published, date);
        }
    }
    if let Some(date) = text(object, "dateModified") {
        push(&mut head.modified, date);
    }
    let authors = match object.get("author") {
        Some(Value::Array(authors)) => authors.iter().collect(),
        Some(author) => vec![author],
        None => Vec::new(),
    };
    for author in authors {
        let name = match author {
            Value::String(name) => Some(name.clone()),
            Value::Object(author) => text(author, "name"),
            _ => None,
        };
        if let Some(name) = name.filter(|name| !name.contains("://")) {
            push(&mut head.authors, clean_line(&name, 100));
        }
    }
    if let Some(Value::String(body)) = object.get("articleBody") {
        head.body.get_or_insert_with(|| body.clone());
    }
}

fn text(object: &serde_json::Map<String, Value>, key: &str) -> Option<String> {
    let text = object.get(key)?.as_str()?;
    let text = clean_line(&htmlize::unescape(text), LONGEST);
    (!text.is_empty()).then_some(text)
}

impl Head {
    /// Returns the parts of `<title>` between the marks that set the name of the site apart.
    pub(super) fn parts(&self) -> Vec<&str> {
        let mut parts = vec![self.title.as_str()];
        for mark in [" | ", " – ", " - ", " — ", " :: ", " · ", " » ", " › ", " « ", " / ", ": "]
        {
            if self.title.contains(mark) && parts.len() < 20 {
                parts.extend(self.title.split(mark).map(str::trim));
                // Of three parts the first two may be the title.
                parts.extend(self.title.rsplit_once(mark).map(|(front, _)| front.trim()));
                parts.extend(self.title.split_once(mark).map(|(_, tail)| tail.trim()));
            }
        }
        parts
    }

    /// Returns whether words are the name of the site.
    pub(super) fn is_site(&self, words: &str) -> bool {
        !self.site.is_empty() && fold(words.trim()) == fold(&self.site)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::document;

    #[test]
    fn linked_data_of_an_article_is_found_wherever_it_is_nested() {
        let source = r#"<title>T | Stadt</title><script type="application/ld+json">
            {"@graph":[{"@type":"WebSite","name":"Stadt"},{"@type":["NewsArticle"],"headline":"Der
            Titel &amp; mehr","datePublished":"2026-01-02","author":[{"name":"A. Muster"}]}]}</script>
            <script type='application/ld+json'>{broken</script>"#;
        let head =
            read(&document::parse(source, &crate::model::Budget::for_document(0)).unwrap(), source);
        assert_eq!(head.titles, ["Der Titel & mehr"]);
        assert_eq!(head.published, ["2026-01-02"]);
        assert_eq!(head.authors, ["A. Muster"]);
        assert_eq!(head.title, "T | Stadt");
    }
}

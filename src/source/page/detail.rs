//! The page of one item, asked for what its list lacks.

use chrono_tz::Tz;
use scraper::ElementRef;

use super::read::{first_date, words};
use super::selectors::Picks;
use crate::extract::{article, document, html, sniff};
use crate::model::{Budget, Date, Detail, Enclosure, Response};
use crate::source::SourceError;

/// What an item's own page adds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DetailRead {
    /// Its title as HTML, as a raw item has it.
    pub title: Option<String>,
    /// Its text as HTML: every match, in document order.
    pub body_html: Option<String>,
    /// Its date.
    pub published: Option<Date>,
    /// Files that belong to its text.
    pub documents: Vec<Enclosure>,
    /// Names in its author line.
    pub authors: Vec<String>,
    /// Number of the press release.
    pub number: Option<String>,
    /// BCP 47 tag.
    pub language: Option<String>,
    /// What the operator should know: selectors that found nothing.
    pub notes: Vec<String>,
}

/// Reads the page of one item by its structure. `hint` is the title that the
/// list gave it.
///
/// Fails if the page would cost too much.
pub fn read_article(
    response: &Response,
    hint: Option<&str>,
    zone: Tz,
) -> Result<DetailRead, SourceError> {
    let budget = Budget::for_document(response.body.len());
    let decoded = sniff::decode(&response.body, response.headers.get("content-type"));
    let hint = hint.map(html::text_of);
    let article =
        article::read(&decoded.text, &response.final_url, hint.as_deref(), zone, &budget)?;
    Ok(DetailRead {
        title: article.title.as_deref().map(html::escape),
        body_html: article.body_html,
        published: article.published,
        documents: article.documents,
        authors: article.authors,
        number: article.number,
        language: article.language,
        notes: decoded.notes,
    })
}

/// Reads the page of one item by selectors. Fails only if the page would cost too
/// much; a selector that finds nothing is a note.
pub fn read_detail(
    response: &Response,
    detail: &Detail,
    zone: Tz,
) -> Result<DetailRead, SourceError> {
    let budget = Budget::for_document(response.body.len());
    let decoded = sniff::decode(&response.body, response.headers.get("content-type"));
    let page = document::parse(&decoded.text, &budget)?;
    let root = page.root_element();
    let mut read = DetailRead { notes: decoded.notes, ..DetailRead::default() };
    if let Some(picks) = sound(detail.title.as_deref(), "title", &mut read.notes) {
        let title =
            picks.find(root).map(|found| words(found.element)).find(|title| !title.is_empty());
        note_missing(title.is_none(), "title", &picks, &mut read.notes);
        read.title = title.as_deref().map(html::escape);
    }
    if let Some(picks) = sound(detail.text.as_deref(), "text", &mut read.notes) {
        let html = picks.all(root).map(|element: ElementRef<'_>| element.inner_html());
        let html = html.collect::<Vec<_>>().join("\n");
        note_missing(html.trim().is_empty(), "text", &picks, &mut read.notes);
        read.body_html = Some(html).filter(|html| !html.trim().is_empty());
    }
    if let Some(picks) = sound(detail.date.as_deref(), "date", &mut read.notes) {
        read.published = first_date(root, &picks, zone);
        note_missing(read.published.is_none(), "date", &picks, &mut read.notes);
    }
    Ok(read)
}

/// Returns what is wrong with the selectors of `[source.detail]`: key and message.
pub fn check_detail(detail: &Detail) -> Vec<(&'static str, String)> {
    [("text", &detail.text), ("date", &detail.date), ("title", &detail.title)]
        .into_iter()
        .filter_map(|(key, text)| Some((key, Picks::parse(text.as_deref()?).err()?)))
        .collect()
}

/// Returns the selector, if there is one. One that does not parse was reported at load.
fn sound(text: Option<&str>, key: &str, notes: &mut Vec<String>) -> Option<Picks> {
    Picks::parse(text?).map_err(|error| notes.push(format!("detail.{key}: {error}"))).ok()
}

fn note_missing(is_missing: bool, key: &str, picks: &Picks, notes: &mut Vec<String>) {
    if is_missing {
        notes.push(format!("`{}` (detail.{key}) found nothing on the item's page", picks.source));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Headers;

    #[test]
    fn the_page_of_an_item_adds_title_text_and_date() {
        let response = Response {
            status: 200,
            final_url: "https://a.de/x".into(),
            is_redirected: false,
            moved: None,
            headers: Headers::new(),
            body: b"<h1 class=t>Der ganze &lt;Titel&gt;</h1><div class=news-text><p>Eins</p></div>\
                <div class=news-text><p>Zwei</p></div><p class=end>Magdeburg, den 24.11.2025</p>"
                .to_vec(),
            truncated: false,
        };
        let detail = Detail {
            text: Some(".news-text".into()),
            date: Some("time@datetime, .end".into()),
            title: Some("h1".into()),
        };
        let read = read_detail(&response, &detail, chrono_tz::Europe::Berlin).unwrap();
        assert_eq!(read.title.as_deref(), Some("Der ganze &lt;Titel&gt;"));
        assert_eq!(read.body_html.as_deref(), Some("<p>Eins</p>\n<p>Zwei</p>"));
        assert_eq!(
            read.published.map(|date| date.at.rfc3339()[..10].to_owned()).as_deref(),
            Some("2025-11-23")
        );
        assert_eq!(read.notes, Vec::<String>::new());

        let blind = Detail { text: Some(".gone".into()), ..Detail::default() };
        let read = read_detail(&response, &blind, chrono_tz::Europe::Berlin).unwrap();
        assert_eq!(read.notes, ["`.gone` (detail.text) found nothing on the item's page"]);
        let wrong = Detail { date: Some("p[".into()), ..Detail::default() };
        assert_eq!(check_detail(&wrong).len(), 1);
        assert_eq!(check_detail(&detail), []);
    }
}

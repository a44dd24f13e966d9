//! An item's own page: its text, title, date, files.
//!
//! The text is where sentences are, not where a class name says so: the element
//! whose sentences outweigh its links by most. Headings, lists and tables inside
//! it stay in order; what stands beside it, leads elsewhere or acts on the page
//! is left out. Rules name structure and words that readers see; class names
//! are weighed only where most of the text lies elsewhere.

mod dated;
mod elements;
mod files;
mod filter;
mod head;
mod page;
mod region;
mod title;
mod walk;

use chrono_tz::Tz;

use crate::extract::{ExtractError, document, html};
use crate::model::{Budget, Date, Enclosure, Exhausted};

#[cfg(test)]
mod tests;

/// What an item's own page says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Article {
    /// Title in plain text.
    pub title: Option<String>,
    /// The text as simple HTML: paragraphs, headings, list items, rows.
    pub body_html: Option<String>,
    /// Date of publication.
    pub published: Option<Date>,
    /// Files that belong to the text.
    pub documents: Vec<Enclosure>,
    /// Names in the author line.
    pub authors: Vec<String>,
    /// Number of the press release: `158/2025`.
    pub number: Option<String>,
    /// BCP 47 tag as the page gives it.
    pub language: Option<String>,
}

/// Reads the page at `url`. `hint` is the title that a list gave the item,
/// possibly shortened.
///
/// Fails if the page would cost more than `budget` has; a page without a text is an
/// article without one.
pub fn read(
    html: &str,
    url: &str,
    hint: Option<&str>,
    zone: Tz,
    budget: &Budget,
) -> Result<Article, ExtractError> {
    let tree = document::parse(html, budget)?;
    let mut head = head::read(&tree, html);
    let base = document::base_url(&tree, url);
    let page = walk::read(&tree, budget)?;
    drop(tree);
    if page.blocks.iter().all(|block| !block.is_prose()) && head.body.is_none() {
        head::read_program_data(&mut head, html, budget)?;
    }
    let mut region = region::find(&page, &head);
    let title = title::find(&page, &head, &region, hint);
    let heading = title.as_ref().and_then(|title| title.block);
    region.extend(&page, heading);
    let kept = filter::text(&page, &region, heading);
    let dated = dated::find(&page, &head, &region, &kept, heading, url, zone);
    let mut documents = files::find(&page, &region, heading, base.as_ref(), budget);
    files::add_named(&mut documents, &head.files, base.as_ref(), budget);
    budget.check()?;
    let mut authors = dated.authors;
    for author in head.authors {
        if authors.len() < 5
            && !authors.contains(&author)
            && !head.site.eq_ignore_ascii_case(&author)
        {
            authors.push(author);
        }
    }
    Ok(Article {
        title: title.map(|title| title.words),
        body_html: kept.html(&page).or_else(|| head.body.as_deref().and_then(paragraphs)),
        published: dated.published,
        documents,
        authors,
        number: dated.number,
        language: head.language,
    })
}

/// Returns text that only data for scripts holds, on pages that scripts fill; as HTML where it is.
fn paragraphs(text: &str) -> Option<String> {
    const LONGEST: usize = 40_000;
    let text = text.get(..text.floor_char_boundary(LONGEST))?;
    if text.contains("</p>") || text.contains("<br") {
        return Some(text.to_owned());
    }
    let escaped = html::escape(text);
    let lines = escaped.lines().map(str::trim).filter(|line| !line.is_empty());
    let html: String = lines.map(|line| format!("<p>{line}</p>\n")).collect();
    (!html.is_empty()).then_some(html)
}

impl From<Exhausted> for ExtractError {
    fn from(exhausted: Exhausted) -> Self {
        Self::TooMuch { reason: exhausted.to_string() }
    }
}

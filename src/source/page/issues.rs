//! A page that lists the issues of a newsletter: each issue is asked for once and split into its
//! stories.

use chrono_tz::Tz;
use scraper::{Html, Selector};
use url::Url;

use crate::extract::{article, html};
use crate::model::{Budget, Cursor, RawItem, Response};
use crate::source::newsletter::{Readers, of_html, split};
use crate::source::{MARK, SourceError, Walk, WalkEnd};
use crate::text::{fold, hash64};

/// Most issues that are asked for in one poll; older ones at the next.
const MOST: usize = 3;
/// Most issues that are remembered.
const MOST_KNOWN: usize = 100;
/// Mark of the issues that were read.
const KNOWN: &str = "issues";

/// The way from the list to the issues that were not read yet.
pub(super) struct Visit<F> {
    /// Reads the list.
    list: F,
    known: Vec<String>,
    /// Issues that are to be asked for, the newest last.
    left: Vec<RawItem>,
    asked: Option<RawItem>,
    /// Issues that could not be read: as the list says them.
    unread: Vec<RawItem>,
}

impl<F: Fn(&Response) -> Vec<RawItem> + Send> Visit<F> {
    pub(super) fn new(list: F, cursor: &Cursor) -> Self {
        let known = cursor.values.get(&format!("{MARK}{KNOWN}"));
        let known = known.map(|known| known.split(' ').map(str::to_owned).collect());
        let known = known.unwrap_or_default();
        Self { list, known, left: Vec::new(), asked: None, unread: Vec::new() }
    }
}

impl<F: Fn(&Response) -> Vec<RawItem> + Send> Walk for Visit<F> {
    fn next(&mut self, answer: Option<&Response>) -> Option<String> {
        match (self.asked.take(), answer) {
            (Some(asked), Some(_)) => self.known.insert(0, mark(&asked)),
            // It is asked for again at the next poll.
            (Some(asked), None) => self.unread.push(asked),
            (None, list) => {
                let issues = list.map(&self.list).unwrap_or_default().into_iter();
                self.left = issues
                    .filter(|issue| issue.link.is_some() && !self.known.contains(&mark(issue)))
                    .take(MOST)
                    .collect();
                self.left.reverse();
            }
        }
        self.asked = self.left.pop();
        self.asked.as_ref().and_then(|issue| issue.link.clone())
    }

    fn end(&self) -> WalkEnd {
        let known: Vec<&str> = self.known.iter().map(String::as_str).take(MOST_KNOWN).collect();
        let marks = vec![(KNOWN, known.join(" "))];
        WalkEnd { marks, items: self.unread.clone(), ..WalkEnd::default() }
    }
}

fn mark(issue: &RawItem) -> String {
    format!("{:016x}", hash64(issue.link.as_deref().unwrap_or_default().as_bytes()))
}

/// Reads the stories of an issue; the issue itself where none can be told apart.
pub(super) fn stories(
    tree: &Html,
    source: &str,
    page: &str,
    base: Option<&Url>,
    zone: Tz,
    budget: &Budget,
) -> Result<Vec<RawItem>, SourceError> {
    let readers = Readers::of_page(base);
    let content = content(tree);
    let blocks = of_html(content.as_ref().unwrap_or(tree), source, &readers, budget)?;
    let found = split(&blocks).stories;
    let whole = article::read(source, page, None, zone, budget)?;
    let published = whole.published;
    let items = found.into_iter().filter(|story| !story.text.is_empty()).map(|story| {
        let text: String = story
            .text
            .iter()
            .map(|text| format!("<p>{}</p>\n", html::escape(text).replace('\n', "<br>")))
            .collect();
        RawItem {
            // What has no page of its own stands on that of its issue.
            guid: story.link.is_none().then(|| format!("{page}#{}", fold(&story.title))),
            title: Some(html::escape(&story.title)),
            link: story.link.or_else(|| Some(page.to_owned())),
            summary_html: Some(text),
            published,
            ..RawItem::default()
        }
    });
    let items: Vec<RawItem> = items.collect();
    Ok(if items.is_empty() {
        vec![RawItem {
            title: whole.title.map(|title| html::escape(&title)),
            link: Some(page.to_owned()),
            body_html: whole.body_html,
            published,
            ..RawItem::default()
        }]
    } else {
        items
    })
}

/// Returns the main part of a page alone, if it says which it is.
fn content(tree: &Html) -> Option<Html> {
    let main = Selector::parse("main, [role=main], #content, #main, #inhalt").ok()?;
    Some(Html::parse_fragment(&tree.select(&main).next()?.html()))
}

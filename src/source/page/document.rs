//! A page as a tree, built within bounds.

use html5ever::driver::{ParseOpts, parse_document};
use html5ever::tendril::TendrilSink as _;
use scraper::{Html, HtmlTreeSink, Selector};
use url::Url;

use crate::extract::html;
use crate::source::SourceError;

/// Most bytes of a page, decoded or not.
pub(super) const MAX_BYTES: usize = 5 << 20;
/// Deepest nesting: trees are walked from every node upwards.
const MAX_DEPTH: usize = 512;
/// Most nodes. Formatting that is never closed is opened again in each
/// paragraph, so that a page of 5 MiB could mean hundreds of millions.
const MAX_NODES: usize = 500_000;
/// The tree is looked at each time so many bytes have been read.
const STEP: usize = 4 << 10;

/// Reads `text` into a tree.
pub(super) fn parse(text: &str) -> Result<Html, SourceError> {
    let too_much = |reason: String| Err(SourceError::TooMuch { reason });
    if text.len() > MAX_BYTES {
        return too_much(format!("more than {} MiB", MAX_BYTES >> 20));
    }
    if !html::depth_within(text, MAX_DEPTH) {
        return too_much(format!("nested deeper than {MAX_DEPTH}"));
    }
    let mut parser = parse_document(HtmlTreeSink::new(Html::new_document()), ParseOpts::default());
    let mut rest = text;
    while !rest.is_empty() {
        let mut end = rest.len().min(STEP);
        while !rest.is_char_boundary(end) {
            end += 1;
        }
        let (chunk, tail) = rest.split_at(end);
        parser.process(chunk.into());
        rest = tail;
        let nodes = parser.tokenizer.sink.sink.0.borrow().tree.values().len();
        if nodes > MAX_NODES {
            return too_much(format!("more than {MAX_NODES} elements"));
        }
    }
    Ok(parser.finish())
}

/// What links on the page are relative to: its `<base href>`, else its own URL.
pub(super) fn base_url(page: &Html, own: &str) -> Option<Url> {
    let own = Url::parse(own).ok();
    let named = Selector::parse("base[href]")
        .ok()
        .and_then(|selector| page.select(&selector).next()?.attr("href").map(str::to_owned));
    match (named, own) {
        (Some(named), Some(own)) => Some(own.join(named.trim()).unwrap_or(own)),
        (Some(named), None) => Url::parse(named.trim()).ok(),
        (None, own) => own,
    }
    .filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// A link of the page as an absolute URL, if it leads to a page or file.
pub(super) fn resolve(href: &str, base: Option<&Url>) -> Option<String> {
    let href = href.trim();
    if href.is_empty() {
        return None;
    }
    let url = match base {
        Some(base) => base.join(href).ok()?,
        None => Url::parse(href).ok()?,
    };
    matches!(url.scheme(), "http" | "https").then(|| url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_would_grow_without_bound_is_refused() {
        let fonts: String = (0..400).fold(String::new(), |all, n| format!("{all}<font id={n}>"));
        let bomb = format!("<p>{fonts}</p>{}", "<p>x</p>".repeat(20_000));
        assert!(matches!(parse(&bomb), Err(SourceError::TooMuch { .. })));
        assert!(matches!(parse(&"<div>".repeat(600)), Err(SourceError::TooMuch { .. })));
        assert!(parse(&"<div>x</div>".repeat(2_000)).is_ok());
    }

    #[test]
    fn links_follow_the_base_of_the_page() {
        let page = parse("<base href='/a/b/'>").unwrap();
        let base = base_url(&page, "https://x.de/q");
        assert_eq!(resolve("c", base.as_ref()).as_deref(), Some("https://x.de/a/b/c"));
        assert_eq!(resolve("mailto:a@b.de", base.as_ref()), None);
        let page = parse("<base href='javascript:x'>").unwrap();
        assert_eq!(base_url(&page, "https://x.de/q"), None);
    }
}

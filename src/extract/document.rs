//! A page as a tree, built within bounds.

use ego_tree::NodeRef;
use html5ever::driver::{ParseOpts, parse_document};
use html5ever::tendril::TendrilSink as _;
use scraper::{Html, HtmlTreeSink, Node, Selector};
use url::Url;

use super::attributes::Attributes;
use super::{ExtractError, html};
use crate::model::{Budget, Resource};

/// Most bytes of a page, decoded or not.
pub const MAX_BYTES: usize = 5 << 20;
/// Deepest nesting: trees are walked from every node upwards.
const MAX_DEPTH: usize = 512;
/// Longest address that others are relative to; the same that a redirect may have.
const MAX_BASE: usize = 8_000;
/// Most attributes of one tag: the parser compares each with all before it.
const MAX_ATTRIBUTES: usize = 256;
/// Most tags of elements of which a page has one: what they have in common is gathered there,
/// and each attribute moves those that are there already.
const MAX_ROOTS: usize = 100;
/// The tree is looked at each time so many bytes have been read.
const STEP: usize = 4 << 10;
/// Elements whose content no selector of ours reads, and comments.
const UNREAD: [(&str, &str); 3] = [("<!--", "-->"), ("<script", "</script"), ("<style", "</style")];

/// Who looks at the nodes of a tree, on the way in and on the way out.
pub trait Visitor<'a> {
    /// Why it cannot go on.
    type Error;

    /// Looks at a node, and takes it from a budget. Returns whether its children are looked at
    /// too, and it is left again.
    fn enter(&mut self, node: NodeRef<'a, Node>) -> Result<bool, Self::Error>;

    /// Leaves a node whose children were looked at.
    fn leave(&mut self, node: NodeRef<'a, Node>);
}

/// Shows a tree to a visitor, in the order of the document. Without recursion: a page may be
/// deep. Fails if the visitor does.
pub fn visit<'a, V: Visitor<'a>>(tree: &'a Html, visitor: &mut V) -> Result<(), V::Error> {
    let root = tree.tree.root();
    let mut node = root;
    loop {
        if visitor.enter(node)? {
            if let Some(child) = node.first_child() {
                node = child;
                continue;
            }
            visitor.leave(node);
        }
        loop {
            if node == root {
                return Ok(());
            }
            if let Some(sibling) = node.next_sibling() {
                node = sibling;
                break;
            }
            let Some(parent) = node.parent() else { return Ok(()) };
            node = parent;
            visitor.leave(node);
        }
    }
}

/// Reads `text` into a tree.
///
/// The nodes are taken from `budget`: formatting that is never closed is opened again in
/// each paragraph, so that a page of 5 MiB could mean hundreds of millions. Each tag is
/// as many steps as elements are open, because the parser may look through all of them.
///
/// Fails if the page is larger or deeper than any honest one.
pub fn parse(text: &str, budget: &Budget) -> Result<Html, ExtractError> {
    let too_much = |reason: String| Err(ExtractError::TooMuch { reason });
    if text.len() > MAX_BYTES {
        return too_much(format!("more than {} MiB", MAX_BYTES >> 20));
    }
    if !html::depth_within(text, MAX_DEPTH, budget) {
        return too_much(format!("nested deeper than {MAX_DEPTH}"));
    }
    if roots(text) > MAX_ROOTS {
        return too_much(format!("more than {MAX_ROOTS} tags `html` or `body`"));
    }
    let mut parser = parse_document(HtmlTreeSink::new(Html::new_document()), ParseOpts::default());
    let text = without_unread(text);
    let mut rest = text.as_str();
    let mut before = 0;
    let mut attributes = Attributes::default();
    while !rest.is_empty() {
        let mut end = rest.len().min(STEP);
        while !rest.is_char_boundary(end) {
            end += 1;
        }
        let (chunk, tail) = rest.split_at(end);
        if attributes.read(chunk.as_bytes()) > MAX_ATTRIBUTES {
            return too_much(format!("a tag with more than {MAX_ATTRIBUTES} attributes"));
        }
        parser.process(chunk.into());
        rest = tail;
        let (nodes, depth) = {
            let page = parser.tokenizer.sink.sink.0.borrow();
            (page.tree.values().len(), depth(&page))
        };
        budget.spend(Resource::Nodes, nodes.saturating_sub(before))?;
        // Ends that close nothing deceive the count of tags that was made before.
        if depth > MAX_DEPTH {
            return too_much(format!("nested deeper than {MAX_DEPTH}"));
        }
        budget.step(chunk.matches('<').count() * depth + chunk.len())?;
        before = nodes;
    }
    Ok(parser.finish())
}

/// Returns how many elements the newest node stands in, counted a little beyond the bound.
fn depth(page: &Html) -> usize {
    let newest = page.tree.nodes().next_back();
    newest.map_or(0, |node| node.ancestors().take(MAX_DEPTH + 1).count())
}

/// Returns how many tags of elements a page has of which there is one.
fn roots(text: &str) -> usize {
    let is_root = |at: &usize| {
        let name = text.as_bytes().get(at + 1..at + 5);
        name.is_some_and(|name| {
            name.eq_ignore_ascii_case(b"html") || name.eq_ignore_ascii_case(b"body")
        })
    };
    memchr::memchr_iter(b'<', text.as_bytes()).filter(is_root).count()
}

/// Returns the text without scripts, styles and comments, which make up half of many
/// pages. Where this scan and the parser differ (a comment's mark within an
/// attribute) a hostile page loses text of its own.
fn without_unread(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    // An end that is missing once is missing for all that follows.
    let mut is_closed = [true; UNREAD.len()];
    let mut from = 0;
    while let Some(mark) = lower[at..].find('<').map(|offset| at + offset) {
        at = mark + 1;
        for ((start, end), is_closed) in UNREAD.iter().zip(&mut is_closed) {
            if !*is_closed || !lower[mark..].starts_with(start) {
                continue;
            }
            match lower[mark + start.len()..].find(end) {
                Some(offset) => {
                    let close = mark + start.len() + offset;
                    kept.push_str(&text[from..mark]);
                    // The parser shall see that words were parted here.
                    kept.push_str("<!---->");
                    from = if end.starts_with('<') {
                        lower[close..].find('>').map_or(text.len(), |end| close + end + 1)
                    } else {
                        close + end.len()
                    };
                    at = from;
                }
                None => *is_closed = false,
            }
            break;
        }
    }
    kept.push_str(&text[from..]);
    kept
}

/// Returns what links on the page are relative to: its `<base href>`, else its own URL.
pub fn base_url(page: &Html, own: &str) -> Option<Url> {
    let own = Url::parse(own).ok();
    let is_short = |href: &&str| href.len() <= MAX_BASE;
    let named = Selector::parse("base[href]").ok().and_then(|selector| {
        page.select(&selector).next()?.attr("href").filter(is_short).map(str::to_owned)
    });
    match (named, own) {
        (Some(named), Some(own)) => Some(own.join(named.trim()).unwrap_or(own)),
        (Some(named), None) => Url::parse(named.trim()).ok(),
        (None, own) => own,
    }
    .filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// Returns a link of the page as an absolute URL, if it leads to a page or file. Its
/// bytes are taken from `budget`; when none are left, no link leads anywhere, and whoever
/// made the budget must not believe the result.
pub fn resolve(href: &str, base: Option<&Url>, budget: &Budget) -> Option<String> {
    let href = href.trim();
    if href.is_empty() {
        return None;
    }
    let length = href.len() + base.map_or(0, |base| base.as_str().len());
    budget.spend(Resource::Bytes, length).ok()?;
    let url = match base {
        Some(base) => base.join(href).ok()?,
        None => Url::parse(href).ok()?,
    };
    matches!(url.scheme(), "http" | "https").then(|| url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Html, ExtractError> {
        parse(text, &Budget::for_document(text.len()))
    }

    #[test]
    fn a_page_that_would_grow_without_bound_is_refused() {
        let fonts: String = (0..400).fold(String::new(), |all, n| format!("{all}<font id={n}>"));
        let bomb = format!("<p>{fonts}</p>{}", "<p>x</p>".repeat(20_000));
        assert!(matches!(parsed(&bomb), Err(ExtractError::TooMuch { .. })));
        assert!(matches!(parsed(&"<div>".repeat(600)), Err(ExtractError::TooMuch { .. })));
        assert!(parsed(&"<div>x</div>".repeat(2_000)).is_ok());
    }

    #[test]
    fn a_tag_with_attributes_without_end_is_refused_and_a_large_one_is_not() {
        let attributes = (0..300).fold(String::new(), |all, n| format!("{all}a{n:x}/"));
        for end in ["", ">", "'>"] {
            let page = format!("<p>x</p><script>'</script><p {attributes}{end}");
            assert!(matches!(parsed(&page), Err(ExtractError::TooMuch { .. })), "{end}");
        }
        let image = format!("<img src='data:image/png;base64,{}'>", "QUJD/kVG+".repeat(60_000));
        let state = format!("<div data-page=\"{}\">x</div>", "{'a': 1, 'b/c': 2} ".repeat(40_000));
        let script = format!("<script>{}</script>", "var a = 'b'; ".repeat(20_000));
        let comment = format!("<!-- {} -->", "a b ".repeat(20_000));
        let prose = "Wort für Wort. ".repeat(20_000);
        for large in [image, state, script, comment, prose] {
            assert!(parsed(&format!("<p>{large}</p>")).is_ok(), "{}", &large[..20]);
        }
    }

    #[test]
    fn a_root_that_is_said_again_and_again_is_refused() {
        let page = |times: usize| {
            (0..times).fold(String::new(), |all, n| format!("{all}<p>x<Body a{n:x}>"))
        };
        assert!(parsed(&page(50)).is_ok());
        assert!(matches!(parsed(&page(200)), Err(ExtractError::TooMuch { .. })));
    }

    #[test]
    fn scripts_styles_and_comments_are_left_out() {
        assert_eq!(
            without_unread("a<!-- b -->c<SCRIPT src=x>d<!--</Script >e<style>f</style>g<!-- h"),
            "a<!---->c<!---->e<!---->g<!-- h"
        );
        assert_eq!(without_unread("<script>unclosed"), "<script>unclosed");
    }

    #[test]
    fn links_follow_the_base_of_the_page() {
        let budget = Budget::for_document(0);
        let page = parsed("<base href='/a/b/'>").unwrap();
        let base = base_url(&page, "https://x.de/q");
        assert_eq!(resolve("c", base.as_ref(), &budget).as_deref(), Some("https://x.de/a/b/c"));
        assert_eq!(resolve("mailto:a@b.de", base.as_ref(), &budget), None);
        let page = parsed("<base href='javascript:x'>").unwrap();
        assert_eq!(base_url(&page, "https://x.de/q"), None);
    }

    #[test]
    fn ends_that_close_nothing_hide_no_depth() {
        for piece in ["<div></b>", "<div></i></span>", "<section></a>"] {
            let deep = piece.repeat(2_000);
            assert!(matches!(parsed(&deep), Err(ExtractError::TooMuch { .. })), "{piece}");
        }
    }

    #[test]
    fn a_base_that_no_address_can_have_is_none_and_long_ones_run_out() {
        let page = parsed(&format!("<base href='/{}/'>", "b".repeat(100_000))).unwrap();
        let own = "https://x.de/q";
        assert_eq!(base_url(&page, own).unwrap().as_str(), own);
        let base = Url::parse(&format!("https://x.de/{}/", "b".repeat(7_000))).ok();
        let budget = Budget::for_document(30_000);
        let resolved = (0..2_000).filter_map(|n| resolve(&n.to_string(), base.as_ref(), &budget));
        assert!(resolved.map(|url| url.len()).sum::<usize>() < 5 << 20);
        assert_eq!(budget.check().unwrap_err().resource, Resource::Bytes);
    }
}

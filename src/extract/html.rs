//! Plain text out of HTML, in one pass without a tree.
//!
//! Makes text, not safe HTML: what it returns is escaped wherever it is shown.

use std::borrow::Cow;

use super::markup::{Dialect, Token, Tokens, attribute};
use super::reference;
use crate::model::Budget;
use crate::text::push_single_spaced;

/// Most links that are kept of one text.
const MOST_LINKS: usize = 50;

/// What a reader sees of a piece of HTML.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HtmlText {
    /// The text: a line per block, runs of white space as one blank.
    pub text: String,
    /// Targets of links as written, references decoded, at most 50, each once.
    pub links: Vec<String>,
}

/// Returns the text of `html` in linear time. Blocks become lines; scripts, styles,
/// templates, drawings, captions and the alternative texts of images are
/// dropped; references are decoded once.
pub fn to_text(html: &str, budget: &Budget) -> HtmlText {
    let mut written = Lines::default();
    if !html.bytes().any(|byte| matches!(byte, b'<' | b'&')) {
        written.push(html);
        return HtmlText { text: written.finish(), links: Vec::new() };
    }
    let mut links = Vec::new();
    let mut tokens = Tokens::new(html, Dialect::Html, budget);
    // The element that hides everything up to its end, and how deep it nests in itself.
    let mut hidden: Option<(&'static str, usize)> = None;
    let mut after_end = false;
    while let Some(token) = tokens.next() {
        let ended = std::mem::take(&mut after_end);
        match token {
            Token::Text(text) | Token::Cdata(text) => {
                if hidden.is_none() {
                    written.push(&htmlize::unescape(text));
                }
            }
            Token::Start { name, attributes, is_empty } => {
                let name = LowerCase::new(name);
                let name = name.as_str();
                if let Some(opaque) = known(OPAQUE, name) {
                    // `<script/>` is none in HTML, but in the XHTML of feeds it is.
                    if !is_empty {
                        tokens.skip_past_end_of(opaque);
                    }
                    continue;
                }
                match &mut hidden {
                    Some((hider, depth)) => {
                        *depth += usize::from(*hider == name && !is_empty);
                        continue;
                    }
                    None if !is_empty => hidden = known(HIDDEN, name).map(|hider| (hider, 1)),
                    None => {}
                }
                if is_block(name) {
                    written.break_line();
                } else if ended && parts_words(name)
                    || matches!(name, "td" | "th" | "img" | "input")
                {
                    written.part_words();
                }
                if name == "a"
                    && links.len() < MOST_LINKS
                    && let Some(target) = attribute(attributes, "href")
                {
                    let target = htmlize::unescape_attribute(target.trim()).into_owned();
                    if !target.is_empty() && !links.contains(&target) {
                        links.push(target);
                    }
                }
            }
            Token::End { name } => {
                let name = LowerCase::new(name);
                let name = name.as_str();
                if let Some((hider, depth)) = &mut hidden {
                    if *hider == name {
                        *depth -= 1;
                    }
                    // A caption that is not closed ends with its figure at the latest.
                    if *depth == 0 || (*hider == "figcaption" && name == "figure") {
                        hidden = None;
                        written.part_words();
                    }
                    continue;
                }
                if is_block(name) {
                    written.break_line();
                }
                after_end = true;
            }
        }
    }
    HtmlText { text: written.finish(), links }
}

/// Returns the text of a piece that was read out of a document within its budget. The
/// piece is bounded by it, and its text costs a step or two for each byte.
pub fn text_of(piece: &str) -> String {
    read_piece(piece).text
}

/// Returns the text and the links of such a piece.
pub fn read_piece(piece: &str) -> HtmlText {
    to_text(piece, &Budget::for_document(piece.len()))
}

/// Returns plain text as HTML.
pub fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    reference::push_escaped(&mut html, text);
    html
}

/// Returns targets of the links of `html` as written, each with the markup between its
/// tags, at most 500. Links whose inside is longer than a name of anything are left out.
pub fn anchors<'a>(html: &'a str, budget: &Budget) -> Vec<(&'a str, &'a str)> {
    const MOST: usize = 500;
    const LONGEST_WORDS: usize = 2400;
    let mut anchors = Vec::new();
    let mut tokens = Tokens::new(html, Dialect::Html, budget);
    let mut open: Option<(&'a str, usize)> = None;
    let mut begin = 0;
    while let Some(token) = tokens.next() {
        match token {
            Token::Start { name, attributes, is_empty } if name.eq_ignore_ascii_case("a") => {
                let target = attribute(attributes, "href").map(str::trim);
                open = target.filter(|_| !is_empty).map(|target| (target, tokens.position()));
            }
            Token::End { name } if name.eq_ignore_ascii_case("a") => {
                if let Some((target, from)) = open.take()
                    && let Some(words) = html.get(from..begin)
                    && words.len() <= LONGEST_WORDS
                {
                    anchors.push((target, words));
                    if anchors.len() == MOST {
                        break;
                    }
                }
            }
            _ => {}
        }
        begin = tokens.position();
    }
    anchors
}

/// Returns what a page or a feed calls its site, else itself: `og:site_name`, else the first
/// `title`. Nothing behind the first text of a page or the first entry of a feed is looked at.
pub fn title(document: &str, budget: &Budget) -> Option<String> {
    const LONGEST: usize = 2000;
    let mut tokens = Tokens::new(document, Dialect::Html, budget);
    let mut title: Option<String> = None;
    let mut open = None;
    let mut begin = 0;
    while let Some(token) = tokens.next() {
        match token {
            Token::Start { name, attributes, .. } => {
                let name = LowerCase::new(name);
                match name.as_str() {
                    "title" if title.is_none() => open = Some(tokens.position()),
                    "meta" if attribute(attributes, "property") == Some("og:site_name") => {
                        let named = attribute(attributes, "content").map(text_of);
                        if let Some(named) = named.filter(|named| !named.trim().is_empty()) {
                            return Some(named);
                        }
                    }
                    "body" | "item" | "entry" => break,
                    _ => {}
                }
            }
            Token::End { name } if name.eq_ignore_ascii_case("title") => {
                if let Some(from) = open.take() {
                    let words = document.get(from..begin).filter(|words| words.len() <= LONGEST);
                    let words = words.unwrap_or_default().trim();
                    let cdata =
                        words.strip_prefix("<![CDATA[").and_then(|words| words.strip_suffix("]]>"));
                    title = Some(text_of(cdata.unwrap_or(words)));
                }
            }
            _ => {}
        }
        begin = tokens.position();
    }
    title.filter(|title| !title.trim().is_empty())
}

/// Returns whether elements of `html` nest at most `max` deep, so that a tree may be
/// built of it. Void elements and those that close themselves do not count.
pub fn depth_within(html: &str, max: usize, budget: &Budget) -> bool {
    let mut tokens = Tokens::new(html, Dialect::Html, budget);
    let mut depth = 0_usize;
    while let Some(token) = tokens.next() {
        match token {
            Token::Start { name, is_empty, .. } => {
                let name = LowerCase::new(name);
                let name = name.as_str();
                if let Some(opaque) = known(OPAQUE, name).filter(|_| !is_empty) {
                    tokens.skip_past_end_of(opaque);
                } else if !VOID.contains(&name) && !CLOSED_BY_THE_NEXT.contains(&name) {
                    depth += 1;
                    if depth > max {
                        return false;
                    }
                }
            }
            Token::End { name } => {
                let name = LowerCase::new(name);
                if !CLOSED_BY_THE_NEXT.contains(&name.as_str()) && !VOID.contains(&name.as_str()) {
                    depth = depth.saturating_sub(1);
                }
            }
            Token::Text(_) | Token::Cdata(_) => {}
        }
    }
    true
}

/// Elements whose inside is no markup and no text for readers.
const OPAQUE: &[&str] =
    &["script", "style", "iframe", "noembed", "noframes", "xmp", "textarea", "title"];

/// Elements whose inside is markup that readers do not see, or captions.
const HIDDEN: &[&str] = &[
    "template",
    "noscript",
    "svg",
    "math",
    "figcaption",
    "object",
    "head",
    "select",
    "datalist",
    "video",
    "audio",
    "canvas",
];

const VOID: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
];

/// Elements that the next of their kind closes, so that they nest without depth.
const CLOSED_BY_THE_NEXT: &[&str] =
    &["p", "li", "dt", "dd", "tr", "td", "th", "option", "thead", "tbody", "tfoot", "optgroup"];

fn known(list: &[&'static str], name: &str) -> Option<&'static str> {
    list.iter().find(|known| **known == name).copied()
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "br"
            | "hr"
            | "li"
            | "ul"
            | "ol"
            | "dl"
            | "dt"
            | "dd"
            | "table"
            | "tr"
            | "thead"
            | "tbody"
            | "tfoot"
            | "caption"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "section"
            | "article"
            | "header"
            | "footer"
            | "nav"
            | "aside"
            | "main"
            | "blockquote"
            | "pre"
            | "form"
            | "fieldset"
            | "legend"
            | "figure"
            | "figcaption"
            | "address"
            | "details"
            | "summary"
            | "option"
            | "center"
            | "body"
            | "html"
            | "hgroup"
            | "menu"
            | "dir"
    )
}

/// Returns whether an element stands for itself: two of them side by side are two words.
/// Not so `b` or `em`, which may begin inside a word.
fn parts_words(name: &str) -> bool {
    matches!(
        name,
        "a" | "span" | "label" | "button" | "time" | "strong" | "small" | "cite" | "code"
    )
}

/// A tag's name in lower case, without an allocation where it is short already.
struct LowerCase<'a>(Cow<'a, str>);

impl<'a> LowerCase<'a> {
    fn new(name: &'a str) -> Self {
        // No element of HTML has a longer name; a longer one is compared as it stands.
        if name.len() <= 32 && name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Self(Cow::Owned(name.to_ascii_lowercase()))
        } else {
            Self(Cow::Borrowed(name))
        }
    }

    fn as_str(&self) -> &str {
        &self.0
    }
}

/// Text that grows by lines, without blank ones and blanks at their ends.
#[derive(Default)]
struct Lines {
    text: String,
    gap: Gap,
}

#[derive(Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    #[default]
    None,
    Blank,
    Break,
}

impl Lines {
    fn push(&mut self, text: &str) {
        let words = text.trim_start();
        if words.len() < text.len() {
            self.part_words();
        }
        if words.is_empty() {
            return;
        }
        if !self.text.is_empty() {
            match self.gap {
                Gap::None => {}
                Gap::Blank => self.text.push(' '),
                Gap::Break => self.text.push('\n'),
            }
        }
        push_single_spaced(&mut self.text, words);
        let ends_with_blank = words.ends_with(char::is_whitespace);
        self.gap = if ends_with_blank { Gap::Blank } else { Gap::None };
    }

    fn break_line(&mut self) {
        self.gap = Gap::Break;
    }

    fn part_words(&mut self) {
        self.gap = self.gap.max(Gap::Blank);
    }

    fn finish(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(html: &str) -> String {
        to_text(html, &Budget::for_document(html.len())).text
    }

    #[test]
    fn blocks_become_lines_and_words_stay_apart() {
        for (html, expected) in [
            ("Kurz", "Kurz"),
            (" a \n b\u{a0}c ", "a b c"),
            (
                "<p>Erster <b>fetter</b> Satz.</p><p>Zweiter<br>Ende.</p>",
                "Erster fetter Satz.\nZweiter\nEnde.",
            ),
            ("<b>Ü</b>bung", "Übung"),
            ("<td>a</td><td>b</td>", "a b"),
            ("<span>a</span><span>b</span>", "a b"),
            ("a<br/><br/>b<ul><li>c<li>d</ul>", "a\nb\nc\nd"),
            ("a < b & c <3", "a < b & c <3"),
            ("&lt;b&gt; &amp;amp; &bdquo;x&ldquo; &copy", "<b> &amp; „x“ ©"),
            ("<DIV>a</DIV>b", "a\nb"),
            ("<![CDATA[<p>a</p>", "a"),
        ] {
            assert_eq!(text(html), expected, "{html}");
        }
    }

    #[test]
    fn what_readers_do_not_see_is_dropped() {
        for html in [
            "a<script>if (a<b) '</p>'</script> b",
            "a<style>p{}</style> b",
            "a<svg><title>x</title><path/></svg> b",
            "a<!-- x --> b",
            "a<img alt='x' src=y> b",
            "a<figure><img><figcaption>x</figcaption></figure>b",
            "a<noscript><p>x</p></noscript> b",
            "a<template>x<template>y</template>z</template> b",
        ] {
            assert_eq!(text(html).replace('\n', " "), "a b", "{html}");
        }
        assert_eq!(text("a<script>x"), "a");
    }

    #[test]
    fn targets_of_links_are_collected_once() {
        let html =
            "<a href='/a?b=1&amp;c=2'>x</a><a HREF=\" /a?b=1&amp;c=2 \">y</a><a name=z>z</a>";
        assert_eq!(to_text(html, &Budget::for_document(0)).links, ["/a?b=1&c=2"]);
        let many = (0..99).map(|number| format!("<a href={number}>")).collect::<Vec<_>>().concat();
        assert_eq!(to_text(&many, &Budget::for_document(many.len())).links.len(), 50);
    }

    #[test]
    fn anchors_know_their_target_and_their_words() {
        let html = "<p><a class=x href='/a.pdf'>Die <b>Studie</b></a><A HREF=/b>B</A><a name=z>z</a><a href=\"/c\">";
        assert_eq!(
            anchors(html, &Budget::for_document(0)),
            [("/a.pdf", "Die <b>Studie</b>"), ("/b", "B")]
        );
        let slash = anchors("<a href=/aktuell/>Aktuelles</a>", &Budget::for_document(0));
        assert_eq!(slash, [("/aktuell/", "Aktuelles")]);
        assert_eq!(
            anchors("<a href=x><a href=y>Y</a></a>", &Budget::for_document(0)),
            [("y", "Y")]
        );
    }

    #[test]
    fn a_document_says_how_it_or_its_site_is_called() {
        for (document, expected) in [
            (
                "<html><head><title>Aktuelles &amp; Neues | Stadt</title></head><body>",
                "Aktuelles & Neues | Stadt",
            ),
            (
                "<title>A</title><meta property=\"og:site_name\" content=\"Stadt Ort\"><body>",
                "Stadt Ort",
            ),
            (
                "<rss><channel><title><![CDATA[Stadt & Land]]></title><item><title>B</title>",
                "Stadt & Land",
            ),
            ("<feed><entry><title>B</title>", ""),
            ("<title> </title><p>", ""),
        ] {
            let title = title(document, &Budget::for_document(document.len()));
            assert_eq!(title.unwrap_or_default(), expected, "{document}");
        }
    }

    #[test]
    fn depth_is_judged_without_a_tree() {
        assert!(depth_within(&"<p><br>".repeat(10_000), 5, &Budget::for_document(0)));
        assert!(depth_within(&"<div><p>x</p></div>".repeat(1000), 1, &Budget::for_document(0)));
        assert!(!depth_within(&"<div>".repeat(300), 256, &Budget::for_document(0)));
    }
}

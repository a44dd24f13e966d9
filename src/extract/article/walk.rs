//! From the tree of a page to its blocks, in one walk.

use scraper::{ElementRef, Html, Node};

use super::elements::{is_comments, is_hidden, is_layout_table, is_suspect};
use super::page::{Anchor, Block, Element, Kind, Moment, Page};
use crate::extract::ExtractError;
use crate::extract::document::{self, Visitor};
use crate::extract::html::escape;
use crate::model::{Budget, Resource};
use crate::text::clean_line;

/// Longest text of one block, in characters; a longer one is cut.
const LONGEST_BLOCK: usize = 20_000;

/// Elements without text for readers, with all they hold.
const SKIPPED: &[&str] = &[
    "script", "style", "noscript", "template", "svg", "math", "head", "iframe", "object", "select",
    "datalist", "textarea", "button", "canvas", "video", "audio", "nav", "dialog", "label", "map",
    "menu", "title", "progress", "meter", "dir",
];

const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "caption",
    "center",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "html",
    "legend",
    "li",
    "main",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "ul",
];

/// Reads the tree. Fails if the budget runs out.
pub(super) fn read(html: &Html, budget: &Budget) -> Result<Page, ExtractError> {
    let mut walk = Walk { page: Page::default(), open: Vec::new(), line: Line::default(), budget };
    walk.page.elements.push(Element {
        name: "html",
        parent: 0,
        blocks: 0..0,
        is_suspect: false,
        is_comments: false,
        is_aside: false,
        is_page_header: false,
    });
    document::visit(html, &mut walk)?;
    walk.flush();
    let end = walk.page.blocks.len();
    walk.page.elements[0].blocks = 0..end;
    Ok(walk.page)
}

type NodeRef<'a> = ego_tree::NodeRef<'a, Node>;

struct Open {
    name: &'static str,
    element: usize,
    is_block: bool,
    /// A table that holds the page's layout, not data.
    is_layout: bool,
    anchor: Option<usize>,
}

/// Text of the block that is being read.
#[derive(Default)]
struct Line {
    text: String,
    html: String,
    linked: usize,
    has_words: bool,
}

struct Walk<'a> {
    page: Page,
    open: Vec<Open>,
    line: Line,
    budget: &'a Budget,
}

fn known(list: &[&'static str], name: &str) -> Option<&'static str> {
    list.iter().find(|known| **known == name).copied()
}

impl<'a> Visitor<'a> for Walk<'_> {
    type Error = ExtractError;

    fn enter(&mut self, node: NodeRef<'a>) -> Result<bool, ExtractError> {
        self.budget.spend(Resource::Nodes, 1)?;
        match node.value() {
            Node::Text(text) => {
                self.budget.step(text.len())?;
                self.words(text);
                Ok(false)
            }
            Node::Element(_) => {
                let Some(element) = ElementRef::wrap(node) else { return Ok(false) };
                Ok(self.open(element))
            }
            _ => Ok(true),
        }
    }

    fn leave(&mut self, node: NodeRef<'a>) {
        let Some(element) = ElementRef::wrap(node) else { return };
        let name = element.value().name();
        let Some(is_block) = self.open.last().map(|open| open.is_block) else { return };
        if is_block {
            self.flush();
        }
        let Some(open) = self.open.pop() else { return };
        if open.is_block {
            self.page.elements[open.element].blocks.end = self.page.blocks.len();
        } else {
            if open.name == "a" {
                if self.line.html.contains('<') && open.anchor.is_some() {
                    self.line.html.push_str("</a>");
                }
                if let Some(anchor) = open.anchor {
                    let words = clean_line(&self.page.anchors[anchor].words, 300);
                    self.page.anchors[anchor].words = words;
                }
            }
            if matches!(name, "a" | "span" | "time" | "strong" | "small" | "td" | "th")
                && !is_inside_word(node)
            {
                self.line.text.push(' ');
                self.line.html.push(' ');
            }
        }
    }
}

impl Walk<'_> {
    /// Begins a node. Returns whether its children are to be read.
    fn open(&mut self, element: ElementRef<'_>) -> bool {
        let name = element.value().name();
        self.moment(element);
        if known(SKIPPED, name).is_some() || is_hidden(element) {
            return false;
        }
        match name {
            "br" => {
                self.line_break();
                return false;
            }
            "hr" => {
                self.flush();
                return false;
            }
            "img" | "input" | "wbr" => {
                self.line.text.push(' ');
                return false;
            }
            _ => {}
        }
        let is_cell = matches!(name, "td" | "th");
        let in_layout = is_cell
            && self
                .open
                .iter()
                .rev()
                .find(|open| open.name == "table")
                .is_some_and(|table| table.is_layout);
        if is_cell && !in_layout {
            self.line.text.push(' ');
            self.line.html.push(' ');
        }
        let is_block = known(BLOCKS, name).filter(|_| !is_cell || in_layout);
        if let Some(name) = is_block {
            self.flush();
            let index = self.page.elements.len();
            let parent = self.element();
            let at = self.page.blocks.len();
            let is_article_part =
                self.open.iter().any(|open| matches!(open.name, "article" | "main"));
            let role = element.attr("role").unwrap_or_default();
            self.page.elements.push(Element {
                name,
                parent,
                blocks: at..at,
                is_comments: name != "body" && is_comments(element),
                is_suspect: !matches!(name, "html" | "body" | "main" | "article")
                    && is_suspect(element),
                is_aside: matches!(name, "aside" | "footer")
                    || matches!(role, "complementary" | "contentinfo"),
                is_page_header: name == "header" && !is_article_part || role == "banner",
            });
            let is_layout = name == "table" && is_layout_table(element);
            self.open.push(Open { name, element: index, is_block: true, is_layout, anchor: None });
            return true;
        }
        let anchor = (name == "a").then(|| self.anchor(element)).flatten();
        let static_name = if name == "a" { "a" } else { "" };
        let element = self.element();
        self.open.push(Open {
            name: static_name,
            element,
            is_block: false,
            is_layout: false,
            anchor,
        });
        true
    }

    fn element(&self) -> usize {
        self.open.last().map_or(0, |open| open.element)
    }

    fn anchor(&mut self, element: ElementRef<'_>) -> Option<usize> {
        const MOST: usize = 20_000;
        let href = element.attr("href")?.trim();
        if self.page.anchors.len() >= MOST {
            return None;
        }
        let media_type = element.attr("type").map(str::to_owned);
        let block = self.page.blocks.len();
        self.page.anchors.push(Anchor {
            href: href.to_owned(),
            words: String::new(),
            title: element.attr("title").unwrap_or_default().to_owned(),
            is_download: element.attr("download").is_some(),
            media_type,
            block,
            element: self.element(),
        });
        self.line.html.push_str("<a href=\"");
        self.line.html.push_str(&escape(href).replace('"', "&quot;"));
        self.line.html.push_str("\">");
        Some(self.page.anchors.len() - 1)
    }

    fn words(&mut self, text: &str) {
        if text.trim().is_empty() {
            if !text.is_empty() {
                self.line.text.push(' ');
                self.line.html.push(' ');
            }
            return;
        }
        let link = self.open.iter().rev().find(|open| open.name == "a").map(|open| open.anchor);
        if let Some(anchor) = link {
            self.line.linked += text.chars().filter(|c| !c.is_whitespace()).count();
            if let Some(anchor) = anchor {
                let words = &mut self.page.anchors[anchor].words;
                if words.len() < 1_000 {
                    words.push_str(text);
                    words.push(' ');
                }
            }
        }
        self.line.has_words = true;
        // A line break in the source is a blank.
        let is_pre = self.open.iter().any(|open| open.name == "pre");
        if is_pre {
            self.line.text.push_str(text);
        } else {
            self.line.text.extend(text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }));
        }
        self.line.html.push_str(&escape(text));
    }

    /// Two breaks part paragraphs, one parts lines.
    fn line_break(&mut self) {
        if self.line.text.trim_end_matches([' ', '\u{a0}']).ends_with('\n') {
            self.flush();
        } else {
            self.line.text.push('\n');
            self.line.html.push_str("<br>");
        }
    }

    fn flush(&mut self) {
        if !self.line.has_words {
            self.line.text.clear();
            // Links without words yet may belong to the next block.
            self.line.html.clear();
            self.line.linked = 0;
            return;
        }
        let Line { text, html, linked, .. } = std::mem::take(&mut self.line);
        let lines = text.split('\n').map(|line| clean_line(line, LONGEST_BLOCK));
        let text = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
        if text.is_empty() {
            return;
        }
        let kind = self.kind();
        let is_beside = self.open.iter().any(|open| {
            let element = &self.page.elements[open.element];
            element.is_aside || element.is_page_header
        });
        let length = text.chars().filter(|c| !c.is_whitespace()).count();
        let element = self.element();
        let html = html.trim().to_owned();
        let linked = linked.min(length);
        self.page.blocks.push(Block { kind, text, html, length, linked, element, is_beside });
    }

    fn kind(&self) -> Kind {
        for open in self.open.iter().rev().filter(|open| open.is_block) {
            match open.name {
                "h1" => return Kind::Heading(1),
                "h2" => return Kind::Heading(2),
                "h3" => return Kind::Heading(3),
                "h4" => return Kind::Heading(4),
                "h5" | "h6" => return Kind::Heading(5),
                "figcaption" => return Kind::Caption,
                "li" | "dd" | "dt" => return Kind::Item,
                "tr" => return Kind::Row,
                "table" if !open.is_layout => return Kind::Row,
                // A paragraph inside a cell of data is part of its row.
                "td" | "th" | "div" | "section" | "article" | "main" | "body"
                    if !self.in_data_table() =>
                {
                    return Kind::Paragraph;
                }
                _ => {}
            }
        }
        Kind::Paragraph
    }

    fn in_data_table(&self) -> bool {
        self.open
            .iter()
            .rev()
            .find(|open| open.name == "table")
            .is_some_and(|table| !table.is_layout)
    }

    fn moment(&mut self, element: ElementRef<'_>) {
        const MOST: usize = 500;
        let property =
            element.attr("itemprop").or_else(|| element.attr("property")).unwrap_or_default();
        let is_publication = property.contains("datePublished") || property.contains("dateCreated");
        let is_change = property.contains("dateModified");
        let is_time = element.value().name() == "time";
        if !(is_time || is_publication || is_change) || self.page.moments.len() >= MOST {
            return;
        }
        let said = ["datetime", "content"].into_iter().find_map(|name| element.attr(name));
        let value = match said {
            Some(value) => value.to_owned(),
            None => element.text().take(20).collect(),
        };
        self.page.moments.push(Moment {
            value,
            block: self.page.blocks.len(),
            is_publication: is_publication || is_time && element.attr("pubdate").is_some(),
            is_change,
        });
    }
}

/// Returns whether an inline element ends inside a word: `<b>Ü</b>bung`.
fn is_inside_word(node: NodeRef<'_>) -> bool {
    let Some(next) = node.next_sibling() else { return false };
    next.value()
        .as_text()
        .is_some_and(|text| text.chars().next().is_some_and(|c| !c.is_whitespace()))
}

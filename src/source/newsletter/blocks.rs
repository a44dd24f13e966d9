//! A newsletter as a row of blocks, each with its weight and its links.

use std::collections::HashMap;

use ego_tree::NodeRef;
use scraper::{ElementRef, Html, Node};

use super::address::{Readers, target};
use super::style::{Style, classes, style_of};
use crate::extract::document::{self, Visitor};
use crate::model::{Budget, Exhausted, Resource};
use crate::text::clean_line;

/// Most characters of a block.
const LONGEST: usize = 4_000;

/// Fewest cells of a row that holds data.
const LEAST_CELLS: usize = 3;

/// A link of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::source) struct Link {
    /// Where it leads without the reader; none if it leads nowhere or only a mailer knows.
    pub(in crate::source) url: Option<String>,
    /// Its words, or those of its picture.
    pub(in crate::source) words: String,
    /// It holds a picture and no words.
    pub(in crate::source) is_picture: bool,
    /// Characters of the block that stand outside links.
    pub(in crate::source) is_alone: bool,
}

/// A run of text that no block element parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::source) struct Block {
    pub(in crate::source) text: String,
    pub(in crate::source) links: Vec<Link>,
    /// How much it stands out: size in pixels, doubled (0: none is said), and one more if it is bold.
    pub(in crate::source) weight: u16,
    /// It is a heading by its element.
    pub(in crate::source) is_heading: bool,
    /// All of it is one link.
    pub(in crate::source) is_linked: bool,
    pub(in crate::source) mark: Mark,
    /// Number of the link that holds it and other blocks; 0: none does.
    pub(in crate::source) card: usize,
    /// Number of the row of many cells that holds it; 0: none does.
    pub(in crate::source) row: usize,
}

/// What shows that a block may be a title, besides size and weight.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(in crate::source) enum Mark {
    #[default]
    None,
    /// A picture shows the words.
    Picture,
    /// `* Titel`
    Bullet,
    /// `3. Titel`
    Number,
    /// `TITEL`
    Loud,
    /// `+++ Titel +++`
    Frame,
    /// A rule below it.
    Rule,
    /// The first line of a paragraph.
    First,
    /// A line between blank ones.
    Line,
    /// A cell of a table whose rows have a cell for the link.
    Cell,
}

const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tbody",
    "td",
    "th",
    "tr",
    "ul",
];

/// Reads the blocks of a part in HTML; `source` is the same as text, since the tree has lost its
/// style sheets.
pub(in crate::source) fn of_html(
    tree: &Html,
    source: &str,
    readers: &Readers,
    budget: &Budget,
) -> Result<Vec<Block>, Exhausted> {
    let classes = classes(source, budget)?;
    let (blocks, line) = (Vec::new(), Line::default());
    let mut reading = Reading {
        blocks,
        line,
        readers,
        classes,
        styles: vec![Style::default()],
        budget,
        opened: 0,
        rows: Vec::new(),
        counted: 0,
    };
    document::visit(tree, &mut reading)?;
    reading.flush();
    Ok(reading.blocks)
}

/// The block that is being read.
#[derive(Default)]
struct Line {
    text: String,
    links: Vec<Link>,
    linked: usize,
    letters: usize,
    bold: usize,
    /// Characters by size.
    sizes: Vec<(u16, usize)>,
    is_heading: bool,
    /// Letters and bold ones of its first line, if others follow.
    head: Option<(usize, usize)>,
    /// Where the first letters stand that are not bold.
    bold_until: Option<usize>,
    /// The link that is open.
    open: Option<Link>,
    /// Its number, if it was open before.
    card: usize,
}

struct Reading<'a> {
    blocks: Vec<Block>,
    line: Line,
    readers: &'a Readers,
    /// Rules of the style sheets by the name of their class.
    classes: HashMap<&'a str, &'a str>,
    /// Of the elements that are open, the usual one below them.
    styles: Vec<Style>,
    budget: &'a Budget,
    /// Links so far.
    opened: usize,
    /// Of the rows of tables that are open, the block they begin with and their cells.
    rows: Vec<(usize, usize)>,
    /// Rows of many cells so far.
    counted: usize,
}

impl Line {
    fn words(&mut self, text: &str, style: Style) {
        if !style.is_bold && self.bold_until.is_none() && text.contains(char::is_alphanumeric) {
            self.bold_until = Some(self.text.len());
        }
        self.text.extend(text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }));
        let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
        self.letters += letters;
        if let Some(link) = &mut self.open {
            self.linked += letters;
            link.words.push_str(text);
        }
        self.bold += if style.is_bold { letters } else { 0 };
        self.is_heading |= style.is_heading && letters > 0;
        match self.sizes.iter_mut().find(|(size, _)| *size == style.size) {
            Some((_, count)) => *count += letters,
            None => self.sizes.push((style.size, letters)),
        }
    }
}

impl<'a> Visitor<'a> for Reading<'_> {
    type Error = Exhausted;

    fn enter(&mut self, node: NodeRef<'a, Node>) -> Result<bool, Exhausted> {
        self.budget.spend(Resource::Nodes, 1)?;
        let Some(style) = self.styles.last().copied() else { return Ok(false) };
        match node.value() {
            Node::Text(text) => {
                self.budget.step(text.len())?;
                if !style.is_hidden {
                    self.line.words(text, style);
                    self.addresses(text);
                }
                Ok(false)
            }
            Node::Element(_) => {
                let Some(element) = ElementRef::wrap(node) else { return Ok(false) };
                let style = style_of(element, style, &self.classes);
                let goes_in = self.open(element, style);
                if goes_in {
                    self.styles.push(style);
                }
                Ok(goes_in)
            }
            _ => Ok(true),
        }
    }

    fn leave(&mut self, node: NodeRef<'a, Node>) {
        let Node::Element(element) = node.value() else { return };
        let is_parted =
            self.styles.len() > 1 && self.styles.pop().is_some_and(|style| style.is_parted);
        let name = element.name();
        if name == "a" {
            self.end_link();
        }
        if is_parted || BLOCKS.contains(&name) {
            self.flush();
        }
        if name == "tr"
            && let Some((from, cells)) = self.rows.pop()
            && cells >= LEAST_CELLS
        {
            self.counted += 1;
            for block in self.blocks.iter_mut().skip(from) {
                block.row = self.counted;
            }
        }
    }
}

impl Reading<'_> {
    fn open(&mut self, element: ElementRef<'_>, style: Style) -> bool {
        let name = element.value().name();
        if style.is_hidden
            || matches!(
                name,
                "script"
                    | "style"
                    | "head"
                    | "title"
                    | "noscript"
                    | "template"
                    | "nav"
                    | "aside"
                    | "form"
                    | "footer"
            )
        {
            return false;
        }
        if style.is_parted || BLOCKS.contains(&name) {
            self.flush();
        }
        match name {
            "tr" => self.rows.push((self.blocks.len(), 0)),
            "td" => {
                if let Some((_, cells)) = self.rows.last_mut() {
                    *cells += 1;
                }
            }
            // Two breaks part paragraphs.
            "br" if self.line.text.trim_end_matches(' ').ends_with('\n') => self.flush(),
            "br" => {
                let line = &mut self.line;
                if line.head.is_none() && line.letters > 0 {
                    line.head = Some((line.letters, line.bold));
                }
                line.text.push('\n');
            }
            "img" => {
                if let Some(link) = &mut self.line.open
                    && link.words.trim().is_empty()
                {
                    link.is_picture = true;
                    link.words = element.attr("alt").unwrap_or_default().to_owned();
                }
            }
            "a" => {
                self.end_link();
                let href = element.attr("href").unwrap_or_default();
                self.opened += 1;
                self.line.open = Some(Link {
                    url: target(href, self.readers),
                    words: String::new(),
                    is_picture: false,
                    is_alone: false,
                });
            }
            _ => {}
        }
        true
    }

    /// Takes addresses for links that are written as text.
    fn addresses(&mut self, text: &str) {
        if self.line.open.is_some() || !text.contains("://") {
            return;
        }
        for word in text.split_whitespace() {
            let address = word.trim_matches(['<', '>', '(', ')', '"', ',', ';', '.']);
            if address.starts_with("https://") || address.starts_with("http://") {
                self.line.linked += address.chars().filter(|c| c.is_alphanumeric()).count();
                self.line.links.push(Link {
                    url: target(address, self.readers),
                    words: address.to_owned(),
                    is_picture: false,
                    is_alone: false,
                });
            }
        }
    }

    fn end_link(&mut self) {
        let Some(link) = self.line.open.take() else { return };
        let words = clean_line(&link.words, 300);
        if !words.is_empty() || link.is_picture {
            self.line.links.push(Link { words, ..link });
        }
    }

    fn flush(&mut self) {
        // A link round several blocks is that of each.
        let open = self.line.open.clone();
        self.end_link();
        let mut line = std::mem::take(&mut self.line);
        let card = if open.is_some() { self.opened } else { line.card };
        self.line.card = if open.is_some() { self.opened } else { 0 };
        self.line.open = open.map(|link| Link { words: String::new(), is_picture: false, ..link });
        let text = paragraph(&line.text);
        if text.is_empty() {
            // A picture that is a link belongs to the next block.
            line.links.retain(|link| link.is_picture && link.url.is_some());
            self.line.links = line.links;
            return;
        }
        self.blocks.extend(line.links.iter().filter_map(shown));
        let most = line.sizes.iter().max_by_key(|(_, count)| *count);
        let size = most.map_or(0, |(size, _)| *size);
        let is_bold = |bold: usize, letters: usize| bold * 10 >= letters * 9 && letters > 0;
        let rest = line.letters.saturating_sub(line.linked);
        for link in &mut line.links {
            link.is_alone = rest < 12;
        }
        let weight = size * 2 + u16::from(is_bold(line.bold, line.letters));
        // `<b>Der Titel</b> – der Text dazu`.
        if let Some((head, below)) = bold_lead(&line) {
            let (own, links) =
                line.links.into_iter().partition(|link| head.contains(link.words.as_str()));
            let is_heading = line.is_heading;
            let is_linked = false;
            self.blocks.push(Block {
                text: head,
                links: own,
                weight: size * 2 + 1,
                is_heading,
                is_linked,
                card,
                ..Block::default()
            });
            self.blocks.push(Block { text: below, links, weight: size * 2, ..Block::default() });
            return;
        }
        // A first line that is bold, or all a link, heads the lines below it.
        if let Some((head, below)) = text.split_once('\n')
            && let Some((letters, bold)) = line.head
        {
            let own: Vec<Link> =
                line.links.extract_if(.., |link| head.contains(link.words.as_str())).collect();
            let is_linked = own.iter().any(|link| link.words == head);
            let below_is_bold = is_bold(line.bold - bold, line.letters - letters);
            if is_linked || is_bold(bold, letters) && !below_is_bold {
                let below_weight = size * 2 + u16::from(below_is_bold);
                self.blocks.push(Block {
                    text: head.to_owned(),
                    links: own.into_iter().map(|link| Link { is_alone: true, ..link }).collect(),
                    weight: size * 2 + u16::from(is_bold(bold, letters)),
                    is_heading: line.is_heading,
                    is_linked,
                    card,
                    ..Block::default()
                });
                self.blocks.push(Block {
                    text: below.to_owned(),
                    links: line.links,
                    weight: below_weight,
                    ..Block::default()
                });
                return;
            }
            line.links.splice(0..0, own);
        }
        self.blocks.push(Block {
            text,
            is_linked: line.linked > 0 && rest * 10 <= line.letters,
            links: line.links,
            weight,
            is_heading: line.is_heading,
            card,
            ..Block::default()
        });
    }
}

/// What a picture shows that is a link: it may be the title.
fn shown(link: &Link) -> Option<Block> {
    let is_shown = link.is_picture && link.words.split_whitespace().count() > 1;
    is_shown.then(|| Block {
        text: link.words.clone(),
        links: vec![Link { is_picture: false, is_alone: true, ..link.clone() }],
        mark: Mark::Picture,
        ..Block::default()
    })
}

/// The bold words that a block begins with, if a mark sets them apart from what follows.
fn bold_lead(line: &Line) -> Option<(String, String)> {
    let (head, below) = line.text.split_at_checked(line.bold_until?)?;
    let (head, below) = (clean_line(head, LONGEST), paragraph(below));
    let marks = [':', '–', '—', '-', '.'];
    let is_apart = head.ends_with(marks) || below.starts_with(marks);
    let head = head.trim_end_matches(marks).trim_end().to_owned();
    let below = below.trim_start_matches(marks).trim_start().to_owned();
    let is_one = !line.text.get(..line.bold_until?)?.contains('\n');
    (is_apart && is_one && head.split_whitespace().count() > 1 && below.chars().count() > 20)
        .then_some((head, below))
}

/// The text of a block: lines without blanks at their ends.
fn paragraph(text: &str) -> String {
    let lines = text.split('\n').map(|line| clean_line(line, LONGEST));
    let lines: Vec<String> = lines.filter(|line| !line.is_empty()).take(60).collect();
    lines.join("\n")
}

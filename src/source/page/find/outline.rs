//! The tree of a page as flat lists in document order, so that every question
//! about a stretch of it is a search in a sorted list.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Range;

use ego_tree::NodeRef;
use scraper::{ElementRef, Html, Node};

use crate::extract::document::{self, Visitor};
use crate::model::{Budget, Exhausted, Resource};
use crate::text;

/// A stretch of the page: places from the first to the last, the last not included.
pub(super) type Span = Range<u32>;

/// No element.
pub(super) const NONE: usize = usize::MAX;

/// Words in the classes and the id of what stands round the content. A hint only:
/// many pages have none of them.
const CHROME_WORDS: &[&str] = &[
    "nav",
    "navi",
    "navigation",
    "navbar",
    "menu",
    "menue",
    "breadcrumb",
    "breadcrumbs",
    "pager",
    "pagination",
    "paginator",
    "cookie",
    "consent",
    "footer",
    "social",
    "share",
    "sitemap",
    "tagcloud",
    "toolbar",
    "login",
    "search",
    "suche",
];

/// Words in the classes of pictures that move, and of columns beside the content.
const ASIDE_WORDS: &[&str] =
    &["sidebar", "aside", "slider", "carousel", "swiper", "slick", "slideshow", "marginal"];

/// Classes of text that only screen readers speak.
const SPOKEN_ONLY: &[&str] = &[
    "sr-only",
    "visually-hidden",
    "visuallyhidden",
    "screen-reader-text",
    "aural",
    "hide-accessible",
    "invisible",
    "element-invisible",
    "show-for-sr",
    "u-hidden-visually",
    "hidden-text",
];

/// An element.
#[derive(Debug)]
pub(super) struct El<'a> {
    pub(super) node: ElementRef<'a>,
    pub(super) name: &'a str,
    /// Index of its parent.
    pub(super) parent: usize,
    /// Index of the element before it beside it.
    pub(super) prev: usize,
    /// Index of the next element after all inside it.
    pub(super) next: usize,
    pub(super) span: Span,
    /// It stands in a navigation, a footer, a form: no list is looked for in it.
    pub(super) is_chrome: bool,
    /// Its classes, or those of one it stands in, say that it is not the content.
    pub(super) is_doubtful: bool,
    /// It stands beside the content.
    pub(super) is_aside: bool,
    /// Only screen readers speak it.
    pub(super) is_spoken: bool,
    /// Hash of its name and classes, without what counts or alternates.
    pub(super) kind: u64,
}

/// A text node that is not blank.
#[derive(Debug)]
pub(super) struct Piece<'a> {
    /// The element it stands in.
    pub(super) el: usize,
    pub(super) at: u32,
    pub(super) text: &'a str,
}

/// The page.
#[derive(Debug)]
pub(super) struct Outline<'a> {
    pub(super) els: Vec<El<'a>>,
    pub(super) pieces: Vec<Piece<'a>>,
    /// Indices of `a` with an address.
    pub(super) anchors: Vec<usize>,
}

impl<'a> Outline<'a> {
    pub(super) fn of(page: &'a Html, budget: &Budget) -> Result<Self, Exhausted> {
        let outline = Self { els: Vec::new(), pieces: Vec::new(), anchors: Vec::new() };
        let mut reading =
            Reading { outline, open: Vec::new(), last: HashMap::new(), at: 0, budget };
        document::visit(page, &mut reading)?;
        let mut outline = reading.outline;
        outline.mark_nested_menus(budget)?;
        Ok(outline)
    }

    /// Returns whether a header or footer here belongs to an item or a section of the content.
    fn is_in_content(&self, el: usize) -> bool {
        self.ancestors(el)
            .any(|el| matches!(self.els[el].name, "article" | "main" | "section" | "li"))
    }

    /// Lists of links within lists of links are menus, whatever stands round them.
    fn mark_nested_menus(&mut self, budget: &Budget) -> Result<(), Exhausted> {
        let mut menus = Vec::new();
        let mut el = 0;
        while el < self.els.len() {
            let is_list = matches!(self.els[el].name, "ul" | "ol");
            budget.step(if is_list { self.els[el].next - el } else { 1 })?;
            if is_list && self.is_nested_menu(el) {
                menus.push(el);
                el = self.els[el].next;
            } else {
                el += 1;
            }
        }
        for menu in menus {
            let next = self.els[menu].next;
            for el in &mut self.els[menu..next] {
                el.is_chrome = true;
            }
        }
        Ok(())
    }

    fn is_nested_menu(&self, el: usize) -> bool {
        let items: Vec<usize> = self.children(el).collect();
        let nested = items
            .iter()
            .filter(|item| {
                self.inside(**item).any(|el| {
                    matches!(self.els[el].name, "ul" | "ol") && self.els[el].next > el + 2
                })
            })
            .count();
        let span = &self.els[el].span;
        let has_prose = self.pieces_in(span).iter().any(|piece| {
            piece.text.len() > 30 && !self.ancestors(piece.el).any(|el| self.els[el].name == "a")
        });
        nested * 2 > items.len() && nested > 1 && !has_prose
    }

    pub(super) fn children(&self, el: usize) -> impl Iterator<Item = usize> + '_ {
        let end = self.els[el].next;
        let mut at = el + 1;
        std::iter::from_fn(move || {
            (at < end).then(|| {
                let child = at;
                at = self.els[child].next;
                child
            })
        })
    }

    /// Returns the elements before it beside it, the nearest first.
    pub(super) fn before(&self, el: usize) -> impl Iterator<Item = usize> + '_ {
        let prev = |el: usize| Some(self.els[el].prev).filter(|prev| *prev != NONE);
        std::iter::successors(prev(el), move |el| prev(*el))
    }

    /// Returns all elements inside, in order, without the element itself.
    pub(super) fn inside(&self, el: usize) -> Range<usize> {
        el + 1..self.els[el].next
    }

    /// Returns the element and all it stands in, from the inside.
    pub(super) fn ancestors(&self, el: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(Some(el).filter(|el| *el != NONE), |el| {
            Some(self.els[*el].parent).filter(|parent| *parent != NONE)
        })
    }

    /// Returns the elements that begin within the span, in order.
    pub(super) fn els_in(&self, span: &Span) -> Range<usize> {
        let from = self.els.partition_point(|el| el.span.start < span.start);
        let to = self.els.partition_point(|el| el.span.start < span.end);
        from..to
    }

    pub(super) fn pieces_in(&self, span: &Span) -> &[Piece<'a>] {
        let from = self.pieces.partition_point(|piece| piece.at < span.start);
        let to = self.pieces.partition_point(|piece| piece.at < span.end);
        &self.pieces[from..to]
    }

    pub(super) fn anchors_in(&self, span: &Span) -> &[usize] {
        let from = self.anchors.partition_point(|el| self.els[*el].span.start < span.start);
        let to = self.anchors.partition_point(|el| self.els[*el].span.start < span.end);
        &self.anchors[from..to]
    }

    /// Returns the text of a stretch on one line, at most `most` characters, without
    /// what only screen readers speak.
    pub(super) fn words(&self, span: &Span, most: usize) -> String {
        self.joined(self.pieces_in(span).iter().filter(|piece| !self.els[piece.el].is_spoken), most)
    }

    /// Pieces as one line: words of different elements are set apart, but not
    /// those that only formatting parts.
    pub(super) fn joined<'b>(
        &self,
        pieces: impl Iterator<Item = &'b Piece<'a>>,
        most: usize,
    ) -> String
    where
        'a: 'b,
    {
        let mut words = String::new();
        let mut last: Option<&Piece<'_>> = None;
        for piece in pieces {
            if last.is_some_and(|last| self.is_parted(last, piece)) {
                words.push(' ');
            }
            words.push_str(piece.text);
            last = Some(piece);
            if words.len() > most.saturating_mul(8) {
                break;
            }
        }
        text::clean_line(&words, most)
    }

    fn is_parted(&self, before: &Piece<'_>, after: &Piece<'_>) -> bool {
        let is_formatting = |el: usize| {
            matches!(
                self.els[el].name,
                "b" | "i" | "em" | "strong" | "u" | "sub" | "sup" | "mark" | "wbr" | "abbr"
            )
        };
        if before.el == after.el {
            return self.els_in(&(before.at..after.at)).any(|el| !is_formatting(el));
        }
        let plain = |el: usize, other: usize| el == other || is_formatting(el);
        !(plain(before.el, after.el) && plain(after.el, before.el)
            || is_formatting(before.el) && self.els[before.el].parent == after.el
            || is_formatting(after.el) && self.els[after.el].parent == before.el)
    }
}

/// The page while it is read.
struct Reading<'a, 'b> {
    outline: Outline<'a>,
    /// Indices of the elements that are open.
    open: Vec<usize>,
    /// The last child of each element so far.
    last: HashMap<usize, usize>,
    /// Elements and texts so far.
    at: u32,
    budget: &'b Budget,
}

impl<'a> Visitor<'a> for Reading<'a, '_> {
    type Error = Exhausted;

    fn enter(&mut self, node: NodeRef<'a, Node>) -> Result<bool, Exhausted> {
        self.budget.step(1)?;
        let mut goes_in = true;
        match node.value() {
            Node::Element(element) if is_silent(element.name()) => goes_in = false,
            Node::Element(_) => {
                if let Some(element) = ElementRef::wrap(node) {
                    self.open(element)?;
                }
            }
            Node::Text(text) => {
                if let Some(el) = self.open.last()
                    && !text.trim().is_empty()
                {
                    self.outline.pieces.push(Piece { el: *el, at: self.at, text });
                }
            }
            _ => return Ok(true),
        }
        self.at += 1;
        Ok(goes_in)
    }

    fn leave(&mut self, node: NodeRef<'a, Node>) {
        if !node.value().is_element() {
            return;
        }
        let end = self.outline.els.len();
        if let Some(el) = self.open.pop().and_then(|el| self.outline.els.get_mut(el)) {
            (el.next, el.span.end) = (end, self.at);
        }
    }
}

impl<'a> Reading<'a, '_> {
    fn open(&mut self, node: ElementRef<'a>) -> Result<(), Exhausted> {
        self.budget.spend(Resource::Nodes, 1)?;
        let outline = &mut self.outline;
        let parent = self.open.last().copied().unwrap_or(NONE);
        let name = node.value().name();
        let prev = std::mem::replace(self.last.entry(parent).or_insert(NONE), outline.els.len());
        let (mut is_chrome, mut is_doubtful, mut is_aside, mut is_spoken) =
            outline.els.get(parent).map_or((false, false, false, false), |parent| {
                (parent.is_chrome, parent.is_doubtful, parent.is_aside, parent.is_spoken)
            });
        let role = node.attr("role").unwrap_or_default();
        is_chrome |= matches!(
            name,
            "nav" | "footer" | "dialog" | "select" | "button" | "label" | "svg" | "datalist"
        ) && !(name == "footer" && outline.is_in_content(parent))
            || matches!(
                role,
                "navigation"
                    | "banner"
                    | "contentinfo"
                    | "search"
                    | "dialog"
                    | "menu"
                    | "menubar"
                    | "alertdialog"
            )
            || name == "form" && !is_busy(node, 3)
            || name == "header" && !outline.is_in_content(parent) && is_busy(node, 4);
        is_aside |= name == "aside" || role == "complementary";
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        let page_wide = matches!(name, "html" | "body" | "main");
        let mut classes: Vec<&str> = node.value().classes().take(40).collect();
        is_spoken |= classes.iter().any(|class| SPOKEN_ONLY.contains(class));
        let named = classes.iter().copied().chain(node.value().id());
        for word in named.flat_map(|name| name.split(['-', '_', ' '])).take(80) {
            if !page_wide {
                is_doubtful |= CHROME_WORDS.iter().any(|chrome| word.eq_ignore_ascii_case(chrome));
                is_aside |= ASIDE_WORDS.iter().any(|aside| word.eq_ignore_ascii_case(aside));
            }
        }
        classes.retain(|class| tells_kind(class));
        classes.sort_unstable();
        classes.hash(&mut hasher);
        if name == "a" && node.attr("href").is_some() {
            outline.anchors.push(outline.els.len());
        }
        let el = El {
            node,
            name,
            parent,
            prev,
            next: outline.els.len() + 1,
            span: self.at..self.at + 1,
            is_chrome,
            is_doubtful,
            is_aside,
            is_spoken,
            kind: hasher.finish(),
        };
        self.open.push(outline.els.len());
        outline.els.push(el);
        Ok(())
    }
}

/// Elements whose content nobody reads.
fn is_silent(name: &str) -> bool {
    matches!(name, "head" | "script" | "style" | "template" | "noscript" | "iframe" | "object")
}

/// Returns whether an element holds a menu or so many links: a page's head does, and a form that
/// goes round a whole list.
fn is_busy(element: ElementRef<'_>, least: usize) -> bool {
    let mut links = 0;
    for inner in element.descendent_elements().take(2_000) {
        match inner.value().name() {
            "nav" | "form" if element.value().name() == "header" => return true,
            "a" => links += 1,
            _ => {}
        }
        if links >= least {
            return true;
        }
    }
    false
}

/// Returns whether a class says what an element is: not one that counts or alternates.
fn tells_kind(class: &str) -> bool {
    !class.bytes().any(|byte| byte.is_ascii_digit())
        && !matches!(
            class,
            "odd" | "even" | "first" | "last" | "active" | "gerade" | "ungerade" | "lazyload"
        )
}

//! A page as a row of blocks: headings, paragraphs, list items, table rows, in
//! the order in which they are read.
//!
//! Every element is a range of that row, so that all questions about a part of
//! the page are answered by sums over a range, without a second walk.

use std::ops::Range;

/// The role of a block in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Heading(u8),
    Paragraph,
    Item,
    Row,
    Caption,
}

/// A run of text that no block element parts.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) kind: Kind,
    /// Cleaned; line breaks are those of `<br>`.
    pub(super) text: String,
    /// The same as HTML, with its links.
    pub(super) html: String,
    /// Characters of the text.
    pub(super) length: usize,
    /// Characters of it inside links.
    pub(super) linked: usize,
    /// The innermost block element it stands in.
    pub(super) element: usize,
    /// It stands beside the text: in an aside, a footer, a page's header.
    pub(super) is_beside: bool,
}

impl Block {
    /// Returns whether most of it is links.
    pub(super) fn is_linked(&self) -> bool {
        self.linked * 10 >= self.length * 7
    }

    /// Returns whether it is told in sentences, as articles are.
    pub(super) fn is_prose(&self) -> bool {
        let unlinked = self.length.saturating_sub(self.linked);
        let is_text = matches!(self.kind, Kind::Paragraph | Kind::Item);
        if !is_text || unlinked < 30 || self.linked * 2 > self.length {
            return false;
        }
        let ends = self.text.trim_end_matches(['“', '"', '”', '«', '»', ')', ' ']);
        let has_end = ends.ends_with(['.', '!', '?', ':', '…']);
        unlinked >= 120 || has_end && self.text.contains(' ')
    }
}

/// An element that makes blocks, as a range of them.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) name: &'static str,
    pub(super) parent: usize,
    pub(super) blocks: Range<usize>,
    /// Its class or id speaks of furniture: weighed, never believed alone.
    pub(super) is_suspect: bool,
    /// Its class or id speaks of comments, which may be longer than the text.
    pub(super) is_comments: bool,
    /// `aside`, `footer`, a sidebar by its role.
    pub(super) is_aside: bool,
    /// A page's own header, not that of an article.
    pub(super) is_page_header: bool,
}

/// A link to anywhere.
#[derive(Debug)]
pub(super) struct Anchor {
    pub(super) href: String,
    pub(super) words: String,
    pub(super) title: String,
    /// `download` attribute or a media type that says file.
    pub(super) is_download: bool,
    pub(super) media_type: Option<String>,
    pub(super) block: usize,
    pub(super) element: usize,
}

/// A `time` element or a dated property.
#[derive(Debug)]
pub(super) struct Moment {
    pub(super) value: String,
    pub(super) block: usize,
    /// `datePublished`, against any other time.
    pub(super) is_publication: bool,
    /// `dateModified`.
    pub(super) is_change: bool,
}

/// The page as it is read from top to bottom.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) blocks: Vec<Block>,
    pub(super) elements: Vec<Element>,
    pub(super) anchors: Vec<Anchor>,
    pub(super) moments: Vec<Moment>,
}

impl Page {
    /// Returns the smallest element that holds both.
    pub(super) fn common(&self, a: usize, b: usize) -> usize {
        let mut at = a;
        let holds = |outer: usize| {
            let (outer, inner) = (&self.elements[outer].blocks, &self.elements[b].blocks);
            outer.start <= inner.start && inner.end <= outer.end
        };
        while at != 0 && !(at <= b && holds(at)) {
            at = self.elements[at].parent;
        }
        at
    }

    /// Returns whether `inner` is `outer` or stands inside it.
    pub(super) fn is_inside(&self, inner: usize, outer: usize) -> bool {
        let mut at = inner;
        while at > outer {
            at = self.elements[at].parent;
        }
        at == outer
    }
}

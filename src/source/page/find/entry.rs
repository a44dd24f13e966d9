//! An entry of a list, and which words may be its title.

use super::dates::How;
use super::ground::Ground;
use super::outline::{Outline, Piece, Span};
use crate::model::Date;
use crate::text::leads_on;

pub(super) const MAX_TITLE: usize = 400;

/// One entry of a list as far as the page says it.
#[derive(Debug, Clone, Default)]
pub(super) struct Entry {
    pub(super) span: Span,
    pub(super) title: String,
    /// The element whose words the title is; `NONE`: bare text.
    pub(super) title_el: usize,
    pub(super) title_span: Span,
    /// The title is a heading.
    pub(super) is_headed: bool,
    pub(super) link: Option<String>,
    /// The anchor of the link.
    pub(super) link_el: usize,
    pub(super) date: Option<Date>,
    pub(super) date_el: usize,
    pub(super) how: Option<How>,
    /// The date was counted from the day of reading.
    pub(super) is_near: bool,
    /// The date is of an event, by its words.
    pub(super) is_event: bool,
    pub(super) teaser: String,
    pub(super) category: Option<String>,
}

pub(super) fn is_heading(name: &str) -> bool {
    matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}

pub(super) fn heads<'a>(outline: &'a Outline<'_>, span: &Span) -> impl Iterator<Item = usize> + 'a {
    outline.els_in(span).filter(|el| {
        let el = &outline.els[*el];
        is_heading(el.name) || el.node.attr("role") == Some("heading")
    })
}

/// Returns whether words can be a title: two words or a long one.
pub(super) fn is_telling(words: &str) -> bool {
    let letters = words.chars().filter(|c| c.is_alphabetic()).count();
    letters >= 9 || letters >= 4 && words.split_whitespace().count() >= 2
}

/// Returns whether words are a title, not only a link that leads on.
pub(in crate::source) fn is_title(words: &str) -> bool {
    is_telling(words) && !leads_on(words)
}

/// Returns the words of a title without a date or label that stands in elements of its own,
/// and without what an anchor that only leads on says.
pub(super) fn shown_title(ground: &Ground<'_>, span: &Span) -> String {
    let words = ground.outline.joined(shown(ground, span), MAX_TITLE);
    words.trim_start_matches(['|', '·', '–', ':', '/', '»', '›', ' ']).to_owned()
}

/// Returns the pieces whose words a title is made of.
pub(super) fn shown<'a>(
    ground: &'a Ground<'_>,
    span: &Span,
) -> impl Iterator<Item = &'a Piece<'a>> {
    let outline = ground.outline;
    let pieces = outline.pieces_in(span);
    let many = pieces.len() > 1;
    pieces.iter().filter(move |piece| {
        let el = &outline.els[piece.el];
        let is_lone_date = many
            && (ground.is_pure_date(piece.at)
                || el.name == "time"
                || ground.is_parted_date(piece.at));
        !el.is_spoken && !is_lone_date && el.name != "small"
    })
}

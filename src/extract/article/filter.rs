//! The blocks of a region that are its text.

use super::page::{Block, Kind, Page};
use super::region::Region;
use crate::extract::file::{format_of_ending, size_in};
use crate::text::furniture::{
    LONGEST_LINE, heads_a_box, heads_files, is_action, is_consent, is_line, is_tail, lower,
};
use crate::text::{date, fold, words};

/// Blocks that are the text, and blocks near it that tell of it.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// Indices of blocks, ascending.
    pub(super) blocks: Vec<usize>,
    /// Lines with date, author or number, at the beginning or end.
    pub(super) notes: Vec<usize>,
}

impl Kept {
    /// Returns the text as HTML.
    pub(super) fn html(&self, page: &Page) -> Option<String> {
        let mut html = String::new();
        for index in &self.blocks {
            let block = &page.blocks[*index];
            let (open, close) = match block.kind {
                Kind::Heading(_) => ("<h2>", "</h2>\n"),
                Kind::Item => ("<li>", "</li>\n"),
                _ => ("<p>", "</p>\n"),
            };
            html.push_str(open);
            html.push_str(&block.html);
            html.push_str(close);
        }
        (!html.is_empty()).then_some(html)
    }
}

/// Chooses the blocks. `heading` is the block of the title.
pub(super) fn text(page: &Page, region: &Region, heading: Option<usize>) -> Kept {
    let range = region.range.clone();
    let mut kept = Kept::default();
    if region.is_empty {
        return kept;
    }
    let title = heading.map(|index| fold(&page.blocks[index].text));
    let last_prose = range
        .clone()
        .rev()
        .find(|index| !region.is_out[*index] && page.blocks[*index].is_prose())
        .unwrap_or(range.start);
    let first_prose = first_prose(page, region);
    let begin = match heading {
        // A title inside the text would cut what stands above it.
        Some(index) if index < first_prose => range.start.max(index + 1),
        _ => range.start,
    };
    let mut box_level: Option<u8> = None;
    let mut in_files = false;
    for index in begin..range.end {
        let block = &page.blocks[index];
        if let Kind::Heading(level) = block.kind
            && !region.is_out[index]
        {
            if heads_files(&block.text) {
                in_files = true;
                box_level = None;
                continue;
            }
            if heads_a_box(&block.text) {
                if index > last_prose || ends_the_text(page, region, index, range.end) {
                    break;
                }
                box_level = Some(level);
                continue;
            }
            in_files = false;
            if box_level.is_some_and(|open| level <= open) {
                box_level = None;
            }
        }
        // In a box a text without links may be the article's, but one below a link is a teaser.
        let is_teaser = || index > 0 && page.blocks[index - 1].is_linked();
        let is_boxed =
            box_level.is_some() && (!block.is_prose() || block.linked > 0 || is_teaser());
        if region.is_out[index] || is_boxed {
            continue;
        }
        if !block.is_prose() && (in_files || names_a_file(page, index)) {
            continue;
        }
        if title.as_ref().is_some_and(|title| kept.blocks.is_empty() && fold(&block.text) == *title)
        {
            continue;
        }
        match role(block, index < first_prose, index > last_prose) {
            Role::Text => kept.blocks.push(index),
            Role::Note => kept.notes.push(index),
            Role::Furniture => {}
            Role::End => {
                if index > usize::midpoint(range.start, range.end) {
                    break;
                }
            }
        }
    }
    drop_bare_headings(page, &mut kept);
    kept
}

/// Returns whether a block is part of a file's entry: its name, size or format.
fn names_a_file(page: &Page, index: usize) -> bool {
    let block = &page.blocks[index];
    if block.length > 120 || matches!(block.kind, Kind::Row | Kind::Heading(_)) {
        return false;
    }
    let is_name =
        block.text.rsplit_once('.').is_some_and(|(_, ending)| format_of_ending(ending).is_some())
            && !block.text.contains(". ");
    let is_size = size_in(&block.text).is_some() && words(&block.text).count() <= 8;
    // The name in a line above the link „Download“.
    let is_title = (index + 1..=index + 2).any(|next| {
        page.blocks.get(next).is_some_and(|next| {
            next.is_linked()
                && heads_files(&next.text)
                && page.elements[next.element].parent == page.elements[block.element].parent
        })
    });
    is_name || is_size || is_title || follows_a_name(page, index)
}

/// Returns whether the next block is the name of a file.
fn follows_a_name(page: &Page, index: usize) -> bool {
    page.blocks.get(index + 1).is_some_and(|next| {
        next.length < 100
            && next
                .text
                .rsplit_once('.')
                .is_some_and(|(_, ending)| format_of_ending(ending).is_some())
            && !next.text.contains(' ')
    })
}

/// A line with fewer characters dates or signs the text although it ends like a sentence.
const SHORT: usize = 60;

enum Role {
    Text,
    Note,
    Furniture,
    /// Nothing behind it is text.
    End,
}

fn role(block: &Block, is_before: bool, is_after: bool) -> Role {
    let lower = lower(&block.text, LONGEST_LINE + 1);
    if block.kind == Kind::Caption || is_action(&block.text) || lower.is_empty() {
        return Role::Furniture;
    }
    if !matches!(block.kind, Kind::Heading(_) | Kind::Row) && is_tail(&lower) {
        return if is_after || !block.is_prose() { Role::End } else { Role::Furniture };
    }
    if is_line(&lower) || is_consent(&block.text) && (is_before || is_after) {
        return Role::Furniture;
    }
    if block.is_linked() && !matches!(block.kind, Kind::Heading(_)) {
        return Role::Furniture;
    }
    let is_short = block.length < SHORT;
    if matches!(block.kind, Kind::Paragraph | Kind::Item)
        && (is_short || !block.is_prose())
        && is_note(&block.text)
    {
        return Role::Note;
    }
    if matches!(block.kind, Kind::Paragraph | Kind::Item) && !block.is_prose() {
        if is_before && block.kind == Kind::Paragraph {
            return if block.length > 60 { Role::Text } else { Role::Note };
        }
        // Words without a sentence behind the last one: tags, names of buttons.
        let is_word = block.length < 40 && !block.text.ends_with(['.', '!', '?', ':', '“', '"']);
        if is_after && block.kind == Kind::Paragraph && is_word {
            return Role::Note;
        }
    }
    Role::Text
}

/// Returns the first block told in sentences inside the region.
pub(super) fn first_prose(page: &Page, region: &Region) -> usize {
    let range = region.range.clone();
    range
        .clone()
        .find(|index| !region.is_out[*index] && page.blocks[*index].is_prose())
        .unwrap_or(range.start)
}

/// Returns whether a short line only dates or signs the text.
pub(super) fn is_note(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "am",
        "ab",
        "aktualisiert",
        "autor",
        "autorin",
        "az",
        "bearbeitet",
        "bis",
        "datum",
        "den",
        "der",
        "die",
        "erstellt",
        "erschienen",
        "geändert",
        "letzte",
        "letzter",
        "meldung",
        "mitteilung",
        "nr",
        "nummer",
        "online",
        "pm",
        "presse",
        "pressemitteilung",
        "pressemeldung",
        "presseinformation",
        "publiziert",
        "seit",
        "stand",
        "uhr",
        "um",
        "update",
        "verändert",
        "veröffentlicht",
        "veröffentlichung",
        "vom",
        "von",
        "zuletzt",
        "zu",
        "montag",
        "dienstag",
        "mittwoch",
        "donnerstag",
        "freitag",
        "samstag",
        "sonnabend",
        "sonntag",
        "mo",
        "di",
        "mi",
        "do",
        "fr",
        "sa",
        "so",
        "uhrzeit",
        "änderung",
        "aktualisierung",
        "published",
        "updated",
        "by",
        "on",
        "posted",
        "admin",
        "redaktion",
        "lesezeit",
        "minuten",
        "min",
        "kategorie",
        "kategorien",
        "rubrik",
        "schlagwörter",
        "stichworte",
        "tags",
        "aktuelles",
        "nachricht",
        "news",
    ];
    if text.chars().count() > 110 {
        return false;
    }
    let lower = text.to_lowercase();
    let first = lower.split(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty());
    let opens = first.is_some_and(|first| {
        matches!(
            first,
            "autor"
                | "autorin"
                | "kategorie"
                | "kategorien"
                | "schlagwörter"
                | "stichworte"
                | "tags"
                | "lesezeit"
                | "stand"
                | "rubrik"
        )
    });
    if opens && text.chars().count() <= 80 {
        return true;
    }
    // A line that begins with „von“ and holds a name.
    if matches!(first, Some("von" | "by"))
        && text.split_whitespace().count() <= 6
        && !text.ends_with(['.', '!', '?'])
    {
        return true;
    }
    if date::parse(text, chrono_tz::UTC).is_none() {
        return false;
    }
    let other = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty() && !word.bytes().any(|byte| byte.is_ascii_digit()))
        .filter(|word| !WORDS.contains(word) && !is_month(word))
        .count();
    other <= 2
}

fn is_month(word: &str) -> bool {
    word.chars().count() >= 3
        && crate::text::MONTHS.iter().any(|month| month.to_lowercase().starts_with(word))
}

/// Returns whether what follows a box's heading is less than what precedes it.
fn ends_the_text(page: &Page, region: &Region, from: usize, end: usize) -> bool {
    page.blocks[from..end]
        .iter()
        .zip(&region.is_out[from..end])
        .filter(|(block, is_out)| !**is_out && block.is_prose())
        .count()
        == 0
}

/// A heading without text below it heads what was left out.
fn drop_bare_headings(page: &Page, kept: &mut Kept) {
    let mut blocks: Vec<usize> = Vec::with_capacity(kept.blocks.len());
    for index in kept.blocks.iter().rev() {
        let is_bare = match (page.blocks[*index].kind, blocks.last()) {
            (Kind::Heading(_), None) => true,
            (Kind::Heading(level), Some(next)) => {
                matches!(page.blocks[*next].kind, Kind::Heading(other) if other <= level)
            }
            _ => false,
        };
        if !is_bare {
            blocks.push(*index);
        }
    }
    blocks.reverse();
    kept.blocks = blocks;
}

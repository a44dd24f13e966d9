//! Words above the titles of a list that name no entry: its category, the ministry, a rubric.

use super::entry::{Entry, heads, is_title, shown, shown_title};
use super::ground::Ground;
use super::outline::{NONE, Outline, Span};
use crate::text;

/// Fewest entries whose words are compared.
const LEAST: usize = 3;
/// Longest kicker, in characters.
const LONGEST: usize = 60;
/// Words in the classes of kickers. A hint only: what repeats is one without them.
const NAMES: &[&str] = &[
    "kicker",
    "dachzeile",
    "overline",
    "topline",
    "eyebrow",
    "roofline",
    "spitzmarke",
    "rubrik",
    "category",
    "kategorie",
    "rubric",
];

/// Returns how many headings of each item say the same in all: a kicker above the title.
pub(super) fn repeated_heads(outline: &Outline<'_>, items: &[Span]) -> usize {
    if items.len() < LEAST {
        return 0;
    }
    let mut firsts: Vec<String> = items
        .iter()
        .filter_map(|span| {
            let heads: Vec<usize> = heads(outline, span).collect();
            (heads.len() > 1).then(|| outline.words(&outline.els[heads[0]].span, 100))
        })
        .collect();
    if firsts.len() * 2 < items.len() {
        return 0;
    }
    let all = firsts.len();
    firsts.sort_unstable();
    firsts.dedup();
    usize::from(firsts.len() * 2 <= all)
}

/// Takes kickers out of titles: the part that titles of several parts begin with, if most say the
/// same there, or its class names it.
pub(super) fn set_apart(ground: &Ground<'_>, entries: &mut [Entry]) {
    let outline = ground.outline;
    let firsts: Vec<Option<usize>> =
        entries.iter().map(|entry| first_part(ground, entry)).collect();
    let mut said: Vec<String> =
        firsts.iter().flatten().map(|el| outline.words(&outline.els[*el].span, LONGEST)).collect();
    let all = said.len();
    if all == 0 || all * 2 < entries.len() {
        return;
    }
    said.sort_unstable();
    said.dedup();
    let repeats = all >= LEAST && said.len() * 2 <= all;
    for (entry, first) in entries.iter_mut().zip(firsts) {
        let Some(first) = first.filter(|el| repeats || is_named(outline, *el)) else { continue };
        let rest = outline.els[first].span.end..entry.title_span.end;
        let words = shown_title(ground, &rest);
        if is_title(&words) {
            entry.category = Some(outline.words(&outline.els[first].span, LONGEST));
            entry.title = words;
        }
    }
}

/// Returns the element of the first words of a title that has further ones behind it.
fn first_part(ground: &Ground<'_>, entry: &Entry) -> Option<usize> {
    let outline = ground.outline;
    if entry.title_el == NONE {
        return None;
    }
    let mut pieces = shown(ground, &entry.title_span);
    let first = pieces.next()?;
    let last = pieces.last()?;
    let part = outline
        .ancestors(first.el)
        .take_while(|el| *el != entry.title_el && outline.els[*el].span.end <= last.at)
        .last()?;
    let words = outline.words(&outline.els[part].span, LONGEST + 1);
    (words.chars().count() <= LONGEST && text::words(&words).count() > 0).then_some(part)
}

fn is_named(outline: &Outline<'_>, el: usize) -> bool {
    let classes = outline.els[el].node.value().classes().take(20);
    classes
        .flat_map(|class| class.split(['-', '_']))
        .any(|word| NAMES.iter().any(|name| word.eq_ignore_ascii_case(name)))
}

//! Selectors that pin a list that was found, so that an admin can make it the last word.

use std::collections::HashSet;

use scraper::{ElementRef, Html, Selector};

use super::ground::Ground;
use super::outline::{NONE, Outline};
use super::weigh::Choice;

/// Values of the keys of `[source.page]`; empty: left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pins {
    /// Selector of the element that holds the items.
    pub list: String,
    /// Selector of an item inside it.
    pub item: String,
    /// Selector of its title.
    pub title: String,
    /// Selector of its link, with the attribute.
    pub link: String,
    /// Selector of its date, with an attribute where one holds it.
    pub date: String,
}

/// Returns selectors that find the items of `choice` and nothing else, if the page gives
/// any: items that are stretches of siblings have none.
pub(super) fn pins(ground: &Ground<'_>, page: &Html, choice: &Choice) -> Option<Pins> {
    let outline = ground.outline;
    let els: Vec<usize> = choice
        .entries
        .iter()
        .map(|entry| {
            let el = outline.els_in(&entry.span).next()?;
            (outline.els[el].span == entry.span).then_some(el)
        })
        .collect::<Option<_>>()?;
    let (list, item) = list_and_item(outline, page, &els)?;
    let title = common(outline, &els, |at| choice.entries[at].title_el).unwrap_or_default();
    let link = link(outline, &els, choice, &title).unwrap_or_default();
    let date = date(outline, &els, choice).unwrap_or_default();
    Some(Pins { list, item, title, link, date })
}

fn list_and_item(outline: &Outline<'_>, page: &Html, els: &[usize]) -> Option<(String, String)> {
    let wanted: HashSet<_> = els.iter().map(|el| outline.els[*el].node.id()).collect();
    let first = *els.first()?;
    let last = *els.last()?;
    let holders = outline
        .ancestors(outline.els[first].parent)
        .filter(|el| outline.els[*el].span.end >= outline.els[last].span.end)
        .take(5);
    let items: Vec<String> = names(outline.els[first].node);
    for holder in holders {
        for list in names(outline.els[holder].node) {
            let Ok(list_css) = Selector::parse(&list) else {
                continue;
            };
            let mut lists = page.select(&list_css);
            let (Some(found), None) = (lists.next(), lists.next()) else {
                continue;
            };
            if found.id() != outline.els[holder].node.id() {
                continue;
            }
            for item in &items {
                let Ok(item_css) = Selector::parse(item) else {
                    continue;
                };
                let found: HashSet<_> = found.select(&item_css).map(|item| item.id()).collect();
                if found == wanted {
                    return Some((list, item.clone()));
                }
            }
        }
    }
    None
}

/// Selectors that may name an element, the most telling first.
fn names(node: ElementRef<'_>) -> Vec<String> {
    let name = node.value().name();
    let is_plain = |word: &&str| {
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        digits < 3
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            && word.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
    };
    let mut names = Vec::new();
    names.extend(node.value().id().filter(|id| is_plain(id)).map(|id| format!("#{id}")));
    let classes: Vec<&str> = node.value().classes().filter(is_plain).take(6).collect();
    names.extend(classes.iter().map(|class| format!("{name}.{class}")));
    if classes.len() > 1 {
        names.push(format!("{name}.{}", classes.join(".")));
    }
    names.push(name.to_owned());
    names
}

/// Returns the selector whose first match inside each item is the element that `of` names for it.
fn common(outline: &Outline<'_>, els: &[usize], of: impl Fn(usize) -> usize) -> Option<String> {
    let target = of(0);
    if target == NONE {
        return None;
    }
    names(outline.els[target].node).into_iter().find(|name| {
        Selector::parse(name).is_ok_and(|css| {
            els.iter().enumerate().all(|(at, el)| {
                let first = outline.els[*el].node.select(&css).next().map(|found| found.id());
                of(at) != NONE && first == Some(outline.els[of(at)].node.id())
            })
        })
    })
}

fn link(outline: &Outline<'_>, els: &[usize], choice: &Choice, title: &str) -> Option<String> {
    if choice.entries.iter().any(|entry| entry.link_el == NONE) {
        return None;
    }
    if els.iter().zip(&choice.entries).all(|(el, entry)| *el == entry.link_el) {
        return Some("@href".to_owned());
    }
    let of = |at: usize| choice.entries[at].link_el;
    let within = format!("{title} a");
    let is_within = !title.is_empty()
        && Selector::parse(&within).is_ok_and(|css| {
            els.iter().enumerate().all(|(at, el)| {
                let first = outline.els[*el].node.select(&css).next().map(|found| found.id());
                first == Some(outline.els[of(at)].node.id())
            })
        });
    let css = if is_within { Some(within) } else { common(outline, els, of) };
    css.map(|css| format!("{css}@href"))
}

fn date(outline: &Outline<'_>, els: &[usize], choice: &Choice) -> Option<String> {
    let of = |at: usize| choice.entries[at].date_el;
    let css = common(outline, els, of)?;
    let is_marked =
        els.iter().enumerate().all(|(at, _)| outline.els[of(at)].node.attr("datetime").is_some());
    Some(if is_marked { format!("{css}@datetime") } else { css })
}

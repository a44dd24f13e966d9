//! What an element's attributes and children say of its role.

use scraper::ElementRef;

const ROLES_SKIPPED: &[&str] =
    &["navigation", "search", "dialog", "alertdialog", "menu", "menubar", "tablist", "toolbar"];

/// Parts of class names and ids by which systems of all kinds mark furniture.
const SUSPECT: &[&str] = &[
    "breadcrumb",
    "comment",
    "consent",
    "cookie",
    "disqus",
    "newsletter",
    "pagination",
    "pager",
    "promo",
    "recommend",
    "related",
    "share",
    "sharing",
    "sidebar",
    "social",
    "sponsor",
    "subscribe",
    "advert",
    "paywall",
    "author-box",
    "authorbox",
    "outbrain",
    "taboola",
    "tag-list",
    "taglist",
    "skip-link",
    "caption",
    "copyright",
    "disclaimer",
    "meistgelesen",
    "most-read",
    "mostread",
    "popular",
    "popup",
    "modal",
    "overlay",
    "trending",
];

/// Class names of text that only screen readers speak.
const SPOKEN: &[&str] =
    &["sr-only", "visually-hidden", "visuallyhidden", "screen-reader-text", "aural"];

/// Returns whether a table lays out the page: a cell of its holds blocks.
pub(super) fn is_layout_table<'a>(table: ElementRef<'a>) -> bool {
    let rows = table.children().flat_map(|child| {
        let is_group = ElementRef::wrap(child)
            .is_some_and(|child| matches!(child.value().name(), "tbody" | "thead" | "tfoot"));
        let own = (!is_group).then_some(child);
        let inner = is_group.then(|| child.children()).into_iter().flatten();
        own.into_iter().chain(inner)
    });
    let cells = rows.take(50).flat_map(|row| row.children().take(10)).filter_map(ElementRef::wrap);
    cells.filter(|cell| matches!(cell.value().name(), "td" | "th")).any(|cell| {
        let mut breaks = 0;
        let children =
            |element: ElementRef<'a>| element.children().take(200).filter_map(ElementRef::wrap);
        // Pages of that age set the type of a whole cell.
        let set = |child: ElementRef<'a>| {
            let is_type = matches!(child.value().name(), "font" | "span" | "center");
            is_type.then(|| children(child)).into_iter().flatten()
        };
        children(cell).flat_map(|child| std::iter::once(child).chain(set(child))).any(|child| {
            match child.value().name() {
                "table" | "h1" | "h2" | "h3" | "h4" | "form" | "section" | "article" => true,
                // Words in a cell may stand in one paragraph or division; an article in several.
                "p" | "div" | "br" => {
                    breaks += 1;
                    breaks > 3
                }
                _ => false,
            }
        })
    })
}

pub(super) fn is_hidden(element: ElementRef<'_>) -> bool {
    let role = element.attr("role").unwrap_or_default();
    if ROLES_SKIPPED.contains(&role) || element.attr("hidden").is_some() {
        return true;
    }
    let style = element.attr("style").unwrap_or_default();
    if element.attr("aria-hidden") == Some("true")
        || style.contains("display:none")
        || style.contains("display: none")
    {
        return true;
    }
    element.value().classes().any(|class| SPOKEN.contains(&class))
}

/// Returns whether class or id are those of comments.
pub(super) fn is_comments(element: ElementRef<'_>) -> bool {
    is_named(element, &["comment", "disqus", "respond"])
}

/// Returns whether class or id speak of furniture.
pub(super) fn is_suspect(element: ElementRef<'_>) -> bool {
    is_named(element, SUSPECT)
}

fn is_named(element: ElementRef<'_>, parts: &[&str]) -> bool {
    let named = |text: &str| {
        let lower = text.to_ascii_lowercase();
        parts.iter().any(|part| lower.contains(part))
    };
    element.attr("class").is_some_and(named) || element.attr("id").is_some_and(named)
}
